//! Constraints, compiled: which classes each of them counts, and the system's own for pods without
//! any.

use std::sync::OnceLock;

use holdfast_cluster::profile::DefaultSpread;
use holdfast_cluster::selector::{LabelSelector, Operator, Requirement};
use holdfast_cluster::spread::{InclusionPolicy, SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{ClassId, Cluster, NodeId, Placement, PodSpec, Symbol, WorkloadId};
use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use crate::bits::Bits;
use crate::node_info::{NodeInfo, residents};
use crate::plugins::Context;
use crate::reason::Reason;
use crate::topology::{Topologies, TopologyId};

/// Fails where a required constraint does not parse.
pub(crate) fn pre_filter(context: &Context<'_>) -> Result<(), Reason> {
    if is_unparsable(context.spec, WhenUnsatisfiable::DoNotSchedule) {
        return Err(Reason::HardSpreadUnparsable(context.spec_id));
    }
    Ok(())
}

/// Whether a preferred constraint does not parse.
pub(crate) fn soft_is_unparsable(spec: &PodSpec) -> bool {
    is_unparsable(spec, WhenUnsatisfiable::ScheduleAnyway)
}

fn is_unparsable(spec: &PodSpec, when: WhenUnsatisfiable) -> bool {
    let mut of_sort = spec.spread.iter().filter(|known| known.when_unsatisfiable == when);
    of_sort.any(|constraint| !constraint.faults.is_empty())
}

/// The plans of every pod class, and of its workload where that adds to the selector.
#[derive(Debug)]
pub(crate) struct Compiled {
    plans: IndexMap<(ClassId, WorkloadId), OnceLock<Plan>, FxBuildHasher>,
}

/// The constraints of a pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// `DoNotSchedule`, in order.
    pub(crate) hard: Constraints,
    /// `ScheduleAnyway`, in order.
    pub(crate) soft: Constraints,
    /// Scoring leaves out nodes without all the labels; not so by the system's own constraints.
    pub(crate) needs_all_labels: bool,
}

/// Constraints and the distinct sets of pods that they count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constraints {
    /// The constraints.
    pub(crate) list: Vec<Constraint>,
    /// What they count: constraints often share a selector.
    pub(crate) groups: Vec<Group>,
}

/// The pods that a selector means, in the namespace of the pod that has it.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The classes it matches.
    matching: Bits,
    /// An empty selector matches everything, yet nothing is counted by it
    /// (`countPodsMatchSelector`).
    empty: bool,
}

/// A compiled constraint.
#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    /// How many more pods than the emptiest domain one may hold.
    pub(crate) max_skew: i32,
    /// Its domains.
    pub(crate) topology: TopologyId,
    /// The domains are single nodes by definition: upstream counts them as such.
    pub(crate) by_hostname: bool,
    /// With fewer domains the emptiest counts as zero.
    pub(crate) min_domains: i32,
    /// Nodes that node selector and affinity exclude are no domains.
    honors_affinity: bool,
    /// Nodes with taints that are not tolerated are no domains.
    honors_taints: bool,
    /// What it counts: a position in [`Constraints::groups`].
    pub(crate) group: usize,
    /// It counts the pod itself.
    pub(crate) counts_self: bool,
}

impl Compiled {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let mut pairs = IndexSet::<(ClassId, WorkloadId), FxBuildHasher>::default();
        for pod in cluster.pods() {
            pairs.insert((pod.class, pod.workload));
            pairs.insert((pod.replacement, pod.workload));
        }
        for id in cluster.workload_ids() {
            pairs.extend(cluster.workload(id).template.map(|class| (class, id)));
        }
        Self { plans: pairs.into_iter().map(|pair| (pair, OnceLock::new())).collect() }
    }
}

/// A pod's plan: compiled once, or on the spot for a pair that the cluster does not suggest.
#[derive(Clone, Debug)]
pub(crate) enum PlanRef<'a> {
    Known(&'a Plan),
    Own(Box<Plan>),
}

impl std::ops::Deref for PlanRef<'_> {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        match self {
            Self::Known(plan) => plan,
            Self::Own(plan) => plan,
        }
    }
}

/// The constraints that hold for the pod of a cycle.
pub(crate) fn plan_of<'a>(context: &Context<'a>) -> PlanRef<'a> {
    let workload = context.placement.instance(context.pod).workload;
    match context.compiled.spread.plans.get(&(context.class, workload)) {
        Some(plan) => PlanRef::Known(plan.get_or_init(|| plan_for(context, workload))),
        None => PlanRef::Own(Box::new(plan_for(context, workload))),
    }
}

fn plan_for(context: &Context<'_>, workload: WorkloadId) -> Plan {
    let spec = context.spec;
    if !spec.spread.is_empty() {
        let of = |when| {
            let wanted = spec.spread.iter().filter(move |known| known.when_unsatisfiable == when);
            compile(context, wanted)
        };
        return Plan {
            hard: of(WhenUnsatisfiable::DoNotSchedule),
            soft: of(WhenUnsatisfiable::ScheduleAnyway),
            needs_all_labels: true,
        };
    }
    let defaults = defaults(context, workload);
    let of = |when| {
        let wanted = defaults.iter().filter(move |known| known.when_unsatisfiable == when);
        compile(context, wanted)
    };
    let default_spread = &context.compiled.profile.default_spread;
    Plan {
        hard: of(WhenUnsatisfiable::DoNotSchedule),
        soft: of(WhenUnsatisfiable::ScheduleAnyway),
        needs_all_labels: *default_spread != DefaultSpread::System,
    }
}

fn compile<'s>(
    context: &Context<'_>,
    constraints: impl Iterator<Item = &'s SpreadConstraint>,
) -> Constraints {
    let mut groups = IndexMap::<&LabelSelector, Group, FxBuildHasher>::default();
    let mut list = Vec::new();
    for constraint in constraints {
        let entry = groups.entry(&constraint.selector);
        let group = entry.index();
        let counts_self = constraint.selector.matches(context.labels, context.cluster.symbols());
        entry.or_insert_with(|| Group::new(context, &constraint.selector));
        list.push(Constraint {
            max_skew: constraint.max_skew,
            topology: context.compiled.topologies.find(constraint.topology_key),
            by_hostname: constraint.topology_key == context.cluster.known().hostname,
            min_domains: constraint.min_domains.unwrap_or(1),
            honors_affinity: constraint.node_affinity_policy == InclusionPolicy::Honor,
            honors_taints: constraint.node_taints_policy == InclusionPolicy::Honor,
            group,
            counts_self,
        });
    }
    Constraints { list, groups: groups.into_values().collect() }
}

impl Group {
    fn new(context: &Context<'_>, selector: &LabelSelector) -> Self {
        let cluster = context.cluster;
        let classes: Vec<_> = cluster.classes().collect();
        let matching = Bits::of(classes.len(), |at| {
            classes[at].namespace == context.namespace
                && selector.matches(cluster.labels(classes[at].labels), cluster.symbols())
        });
        Self { matching, empty: selector.is_everything() }
    }

    /// Whether pods of the class are counted.
    pub(crate) fn counts(&self, class: ClassId) -> bool {
        !self.empty && self.matches(class)
    }

    /// Whether pods of the class are meant, by an empty selector too.
    pub(crate) fn matches(&self, class: ClassId) -> bool {
        self.matching.contains(class.index())
    }
}

impl Constraint {
    /// Whether the node's domain counts for the pod (`matchNodeInclusionPolicies`).
    pub(crate) fn includes(&self, context: &Context<'_>, node: &NodeInfo<'_>) -> bool {
        let Context { cluster, compiled, spec_id, .. } = *context;
        if self.honors_affinity && !compiled.node_affinity.of(spec_id).matches(cluster, node.id) {
            return false;
        }
        !self.honors_taints || compiled.taints.of(spec_id).untolerated(cluster, node).is_none()
    }
}

impl Constraints {
    /// How many pods of each node each group counts, by group and node (`countPodsMatchSelector`):
    /// those that are being deleted are not counted.
    pub(crate) fn count(&self, placement: &Placement) -> Vec<Vec<i64>> {
        let mut counts = vec![vec![0; placement.nodes().len()]; self.groups.len()];
        for (group, counts) in self.groups.iter().zip(&mut counts) {
            if group.empty {
                continue;
            }
            for class in group.matching.members().map(ClassId::at) {
                for (instance, node) in residents(placement, class) {
                    counts[node.index()] += i64::from(!instance.terminating);
                }
            }
        }
        counts
    }

    /// Whether the node has the label of every constraint.
    pub(crate) fn labelled(&self, topologies: &Topologies, node: NodeId) -> bool {
        self.list
            .iter()
            .all(|constraint| topologies.get(constraint.topology).domain(node).is_some())
    }
}

/// The constraints of pods that have none, if anything says which pods belong together
/// (`buildDefaultConstraints`).
fn defaults(context: &Context<'_>, workload: WorkloadId) -> Vec<SpreadConstraint> {
    let listed = match &context.compiled.profile.default_spread {
        DefaultSpread::System => system_defaults(context),
        DefaultSpread::List(constraints) => constraints.to_vec(),
    };
    if listed.is_empty() {
        return listed;
    }
    let requirements = default_selector(context, workload);
    if requirements.is_empty() {
        return Vec::new();
    }
    let selector = LabelSelector::All(requirements.into());
    let select = |one| SpreadConstraint { selector: selector.clone(), ..one };
    listed.into_iter().map(select).collect()
}

/// The system's own constraints (`systemDefaultConstraints`).
fn system_defaults(context: &Context<'_>) -> Vec<SpreadConstraint> {
    let known = context.cluster.known();
    [(known.hostname, 3), (known.zone, 5)]
        .into_iter()
        .map(|(topology_key, max_skew)| SpreadConstraint {
            max_skew,
            topology_key,
            when_unsatisfiable: WhenUnsatisfiable::ScheduleAnyway,
            selector: LabelSelector::Nothing,
            faults: [].into(),
            min_domains: None,
            node_affinity_policy: InclusionPolicy::Honor,
            node_taints_policy: InclusionPolicy::Ignore,
        })
        .collect()
}

/// The selectors of the pod's Services and of the controller that owns it, together
/// (`DefaultSelector`). A workload that the export lacks adds nothing.
fn default_selector(context: &Context<'_>, workload: WorkloadId) -> Vec<Requirement> {
    let cluster = context.cluster;
    let mut labels = IndexMap::<Symbol, Symbol, FxBuildHasher>::default();
    for service in &cluster.objects().services {
        let selects = |(key, value)| context.labels.get(key) == Some(value);
        if service.namespace == context.namespace && service.selector.iter().all(selects) {
            labels.extend(service.selector.iter());
        }
    }
    let owner = cluster.workload(workload);
    let mut of_owner: &[Requirement] = match &owner.selector {
        LabelSelector::All(of_owner) if owner.provenance == Provenance::Read => of_owner,
        _ => &[],
    };
    match owner.kind {
        // Its selector is a map of labels, and replaces what a Service says of the same label.
        WorkloadKind::ReplicationController => {
            labels.extend(of_owner.iter().filter_map(wanted_label));
            of_owner = &[];
        }
        WorkloadKind::ReplicaSet | WorkloadKind::StatefulSet => {}
        _ => of_owner = &[],
    }
    let mut requirements: Vec<Requirement> = labels
        .into_iter()
        .map(|(key, value)| Requirement { key, operator: Operator::In([value].into()) })
        .collect();
    requirements.extend(of_owner.iter().cloned());
    requirements
}

/// The label that a requirement asks for with one value.
fn wanted_label(requirement: &Requirement) -> Option<(Symbol, Symbol)> {
    match &requirement.operator {
        Operator::In(values) => Some((requirement.key, *values.first()?)),
        _ => None,
    }
}
