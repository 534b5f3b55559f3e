//! What may help, from why a claim was refuted.
//!
//! Nothing is tried blindly. Where a failure leaves no pod at once there are too few pods, or they
//! are too close; where the recovery falls short, the scheduler says of each node why it does not
//! take the pod that waits, or the pod is one that nobody makes again. Each reason has few
//! remedies, and some have none.

mod copies;

use holdfast_cluster::change::{Edit, NewNode, StrategyChange, ValueOperator};
use holdfast_cluster::node::CONTROL_PLANE_ROLES;
use holdfast_cluster::taint::Effect;
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{
    Change, Cluster, InstanceId, Node, NodeId, Placement, PodSpec, Symbol, WorkloadId,
};
use holdfast_proof::FailureSet;
use holdfast_proof::witness::Witness;
use holdfast_scheduler::decision::NodeVerdict;
use holdfast_scheduler::reason::Reason;

use crate::asked::Asked;
use crate::cost;

/// A run that refutes the recovery, and where everything is at its end.
struct Run {
    witness: Witness,
    end: Placement,
}

/// Changes that are made together, or not at all.
pub type Proposal = Vec<Change>;

/// What may make a subject survive, cheapest first: single remedies, and pairs of remedies against
/// different reasons.
pub fn proposals(asked: &Asked<'_, '_>, position: usize) -> Vec<Proposal> {
    let mut proposer = Proposer::new(asked, position);
    proposer.look();
    let Proposer { more, apart, back, .. } = &proposer;
    let none = Vec::new();
    // A rule that keeps pods apart says nothing to one alone.
    let lonely = asked.cluster().workload(proposer.root).desired <= 1;
    let alone = if lonely { &none } else { apart };
    let singles = [more, alone, back].into_iter().flatten();
    let pairs = [(more, apart), (more, back), (alone, back)].into_iter();
    let pairs = pairs.flat_map(|(ones, others)| {
        ones.iter().flat_map(move |one| others.iter().map(move |other| (one, other)))
    });
    let sound = pairs.filter(|(one, other)| !contradict(one, other));
    let pairs = sound.map(|(one, other)| [one.as_slice(), other].concat());
    let mut all: Vec<(u64, Proposal)> = Vec::new();
    for proposal in singles.cloned().chain(pairs) {
        if !all.iter().any(|(_, known)| *known == proposal) {
            all.push((cost::of(asked.cluster(), &proposal), proposal));
        }
    }
    // Stable: of equal cost is what comes first.
    all.sort_by_key(|(cost, _)| *cost);
    all.into_iter().map(|(_, proposal)| proposal).collect()
}

/// Whether two remedies set the same thing.
fn contradict(one: &[Change], other: &[Change]) -> bool {
    let same = |a: &Change, b: &Change| match (a, b) {
        (Change::Replicas { workload: a, .. }, Change::Replicas { workload: b, .. }) => a == b,
        (a, b) => a == b,
    };
    one.iter().any(|a| other.iter().any(|b| same(a, b)))
}

struct Proposer<'a, 'b, 'c> {
    asked: &'a Asked<'b, 'c>,
    cluster: &'c Cluster,
    position: usize,
    root: WorkloadId,
    /// More pods.
    more: Vec<Proposal>,
    /// Rules that keep pods apart.
    apart: Vec<Proposal>,
    /// What brings pods back that wait for a node, or are never made again.
    back: Vec<Proposal>,
}

impl<'a, 'b, 'c> Proposer<'a, 'b, 'c> {
    fn new(asked: &'a Asked<'b, 'c>, position: usize) -> Self {
        let root = asked.prover.subjects().subjects[position].root;
        Self {
            asked,
            cluster: asked.cluster(),
            position,
            root,
            more: Vec::new(),
            apart: Vec::new(),
            back: Vec::new(),
        }
    }

    fn look(&mut self) {
        let summary = &self.asked.summary.subjects[self.position];
        if let Some((set, _)) = &summary.immediately.counterexample {
            self.too_close(set);
        }
        if let Some((set, finding)) = &summary.recovered.counterexample {
            let mut workspace = self.asked.prover.workspace();
            let run = self.asked.prover.witness(
                &mut workspace,
                self.position,
                (set, finding),
                |witness, end| Run { witness: witness.clone(), end: end.clone() },
            );
            self.not_back(&run);
        }
    }

    fn bring_back(&mut self, proposal: Proposal) {
        if !self.back.contains(&proposal) {
            self.back.push(proposal);
        }
    }

    /// All pods that serve are lost at once: they are to be apart, or more.
    fn too_close(&mut self, set: &FailureSet) {
        self.keep_apart();
        // One more than may fail is enough, where they are apart.
        let enough = i64::try_from(set.size()).unwrap_or(i64::MAX).saturating_add(1);
        let wanted = self.cluster.workload(self.root).desired;
        self.more.extend(self.scale(wanted.saturating_add(1).max(enough)));
    }

    /// Rules that keep its pods in different domains.
    fn keep_apart(&mut self) {
        let hostname = self.cluster.text(self.cluster.known().hostname).to_owned();
        let label = self.asked.question.domains().and_then(|domains| domains.label.clone());
        let labels: Vec<String> = label.into_iter().chain([hostname]).collect();
        let prefers = self.spec().is_some_and(|spec| !spec.pod_anti_affinity.preferred.is_empty());
        let apart = |topology_key: &String| Edit::Apart { topology_key: topology_key.clone() };
        let spread = |topology_key: &String| Edit::Spread {
            topology_key: topology_key.clone(),
            max_skew: 1,
            hard: true,
        };
        let prefers = prefers.then_some(Edit::RequirePreferred).into_iter();
        let rules = prefers.chain(labels.iter().map(apart)).chain(labels.iter().map(spread));
        self.apart = rules.filter_map(|rule| self.edit([rule])).collect();
        // Where no node is left for a surge, pods that must be apart are replaced one by one.
        if self.cluster.workload(self.root).kind == WorkloadKind::Deployment {
            let workload = self.root;
            let strategy = StrategyChange::RollingUpdate { max_unavailable: 1, max_surge: 0 };
            let in_turn = Change::Strategy { workload, strategy };
            let strict = self.apart.clone().into_iter();
            self.apart.extend(strict.map(|rule| [rule, vec![in_turn.clone()]].concat()));
        }
    }

    /// Fewer pods than are wanted serve once all is quiet.
    fn not_back(&mut self, run: &Run) {
        for (pod, decision) in &run.witness.pending {
            for (node, verdict) in &decision.nodes {
                let NodeVerdict::Rejected(rejection) = verdict else { continue };
                // A node that is away is not what keeps the pod waiting.
                if run.end.node(*node).serves() {
                    for reason in &rejection.reasons {
                        self.turned_down(run, *pod, *node, *reason);
                    }
                }
            }
        }
        self.bears_for_ever(run);
        for pod in &run.witness.starved {
            self.starved(run, *pod);
        }
    }

    /// What helps against one reason of one node.
    fn turned_down(&mut self, run: &Run, pod: InstanceId, node: NodeId, reason: Reason) {
        let cluster = self.cluster;
        let spec = cluster.spec_of(run.end.instance(pod).class);
        let name = cluster.node(node).name;
        match reason {
            Reason::UntoleratedTaint(taint) if !cluster.known().is_of_lifecycle(taint.key) => {
                let (key, value) = (cluster.text(taint.key), cluster.text(taint.value));
                self.edit_back([tolerate(key, value, taint.effect)]);
            }
            Reason::NodeCordoned => {
                self.bring_back(vec![Change::Cordon { node: name, cordoned: false }]);
            }
            Reason::NodeAffinity => self.label(spec, node),
            Reason::PodAntiAffinity | Reason::ExistingAntiAffinity | Reason::Spread => {
                let wanted = cluster.workload(self.root).desired;
                // Two pods are the fewest of which one is left.
                if let Some(fewer) = self.scale(wanted - 1).filter(|_| wanted > 2) {
                    self.bring_back(fewer);
                }
                self.add_node(&run.witness.set);
            }
            Reason::InsufficientCpu
            | Reason::InsufficientMemory
            | Reason::InsufficientEphemeralStorage
            | Reason::Insufficient(_)
            | Reason::TooManyPods => {
                self.outrank(run, pod, node);
                self.add_node(&run.witness.set);
            }
            _ => {}
        }
    }

    /// The labels that a pod asks for and a node lacks: either may give in.
    fn label(&mut self, spec: &PodSpec, node: NodeId) {
        let cluster = self.cluster;
        let Node { name, labels, .. } = cluster.node(node);
        let lacking = spec.node_selector.iter().filter(|(key, value)| {
            *key != cluster.known().hostname && labels.get(*key) != Some(*value)
        });
        let lacking: Vec<(Symbol, Symbol)> = lacking.collect();
        let text = |symbol| cluster.text(symbol).to_owned();
        let change = |(key, value): &(Symbol, Symbol)| Change::Label {
            node: *name,
            key: text(*key),
            value: Some(text(*value)),
        };
        if !lacking.is_empty() {
            self.bring_back(lacking.iter().map(change).collect());
            let free =
                |(key, _): &(Symbol, Symbol)| Edit::NodeSelector { key: text(*key), value: None };
            self.edit_back(lacking.iter().map(free).collect::<Vec<_>>());
        }
    }

    /// The least important class in use that outranks somebody on a node without room.
    fn outrank(&mut self, run: &Run, pod: InstanceId, node: NodeId) {
        let cluster = self.cluster;
        let own = cluster.spec_of(run.end.instance(pod).class).priority;
        let others = run.end.node(node).pods.iter().map(|id| run.end.instance(*id));
        let lowest = others.map(|other| cluster.spec_of(other.class).priority).min();
        // What a class says of evictions is told by the pods that are of it.
        let evicts = |value| {
            let mut of_class = cluster.specs().filter(|spec| spec.priority == value).peekable();
            of_class.peek().is_some() && of_class.all(|spec| spec.preempts)
        };
        let classes = cluster.objects().priority_classes.iter();
        let higher = classes.filter(|(_, value)| {
            lowest.is_some_and(|lowest| lowest < **value) && **value > own && evicts(**value)
        });
        if let Some((class, value)) =
            higher.min_by_key(|(name, value)| (**value, cluster.text(**name)))
        {
            let (class, value) = (cluster.text(*class).to_owned(), *value);
            self.edit_back([Edit::Priority { class, value, preempts: true }]);
        }
    }

    /// Pods that bear a silent node for ever are never made again.
    fn bears_for_ever(&mut self, run: &Run) {
        let subject = &self.asked.prover.subjects().subjects[self.position];
        let stays = run.end.instances().iter().any(|instance| {
            let silent = |node| !run.end.node(node).reachable;
            subject.members.contains(&instance.workload)
                && instance.node().is_some_and(silent)
                && !instance.terminating
        });
        let acts = self.asked.prover.dynamics().control_plane().acts(&run.end);
        if !stays || !acts || run.witness.ready >= run.witness.desired {
            return;
        }
        let known = self.cluster.known();
        let bounded = |key: Symbol| Edit::Tolerate {
            key: Some(self.cluster.text(key).to_owned()),
            operator: ValueOperator::Exists,
            value: String::new(),
            effect: Some(Effect::NoExecute),
            seconds: Some(AWAY_SECONDS),
        };
        self.edit_back([bounded(known.not_ready), bounded(known.unreachable)]);
    }

    /// Too few copies of a volume are up: one more for each failure.
    fn starved(&mut self, run: &Run, pod: InstanceId) {
        let class = *self.cluster.class(run.end.instance(pod).class);
        let more = u32::try_from(run.witness.set.size()).unwrap_or(u32::MAX);
        for (of, replicas) in copies::of(self.cluster, &class) {
            let replicas = replicas.saturating_add(more);
            self.bring_back(vec![Change::Copies { of, replicas }]);
        }
    }

    /// A node like one of those that fail, or like one of each other kind.
    fn add_node(&mut self, set: &FailureSet) {
        let cluster = self.cluster;
        let failing = set.nodes().iter().copied();
        let others = cluster.node_ids().filter(|node| !set.nodes().contains(node));
        let mut kinds: Vec<NodeId> = Vec::new();
        for node in failing.chain(others) {
            let is_known = kinds.iter().any(|known| self.are_alike(*known, node));
            if !is_known && !self.carries_control_plane(node) {
                kinds.push(node);
            }
        }
        for node in kinds.into_iter().take(KINDS_MAX) {
            let like = cluster.node(node).name;
            let names = (1_u32..).map(|number| format!("{}-new-{number}", cluster.text(like)));
            let is_free = |name: &String| {
                cluster.find(name).is_none_or(|symbol| cluster.node_named(symbol).is_none())
            };
            let mut free = names.filter(is_free);
            let name = free.next().expect("there are more numbers than nodes");
            self.bring_back(vec![Change::AddNode(NewNode { name, like, labels: Vec::new() })]);
        }
    }

    /// Whether one more like either is the same, but for its name.
    fn are_alike(&self, one: NodeId, other: NodeId) -> bool {
        let cluster = self.cluster;
        let (one, other) = (cluster.node(one), cluster.node(other));
        let labels = |node: &Node| -> Vec<(Symbol, Symbol)> {
            node.labels.iter().filter(|(_, value)| *value != node.name).collect()
        };
        one.allocatable == other.allocatable
            && one.pods_allocatable == other.pods_allocatable
            && one.taints == other.taints
            && labels(one) == labels(other)
    }

    fn carries_control_plane(&self, node: NodeId) -> bool {
        let labels = &self.cluster.node(node).labels;
        let role = |role: &&str| self.cluster.find(role);
        CONTROL_PLANE_ROLES.iter().filter_map(role).any(|role| labels.get(role).is_some())
    }

    /// So many pods, where somebody may say so: an autoscaler says so itself.
    fn scale(&self, replicas: i64) -> Option<Proposal> {
        let workload = self.cluster.workload(self.root);
        let kind = matches!(
            workload.kind,
            WorkloadKind::Deployment
                | WorkloadKind::ReplicaSet
                | WorkloadKind::ReplicationController
                | WorkloadKind::StatefulSet
        );
        let replicas = u32::try_from(replicas).ok()?;
        let change = Change::Replicas { workload: self.root, replicas };
        (kind && workload.autoscaled.is_none()).then(|| vec![change])
    }

    /// Edits of its template, where it has one.
    fn edit(&self, edits: impl IntoIterator<Item = Edit>) -> Option<Proposal> {
        let workload = self.cluster.workload(self.root);
        let change = |edit| Change::Template { workload: self.root, edit };
        let read = workload.provenance == Provenance::Read;
        let made = !matches!(workload.kind, WorkloadKind::Pod | WorkloadKind::StaticPod);
        (read && made).then(|| edits.into_iter().map(change).collect())
    }

    fn edit_back(&mut self, edits: impl IntoIterator<Item = Edit>) {
        if let Some(proposal) = self.edit(edits) {
            self.bring_back(proposal);
        }
    }

    /// What its next pod asks for.
    fn spec(&self) -> Option<&'c PodSpec> {
        let members = &self.asked.prover.subjects().subjects[self.position].members;
        let pod = self.cluster.pods().iter().rev().find(|pod| members.contains(&pod.workload))?;
        Some(self.cluster.spec_of(pod.replacement))
    }
}

/// For how long a pod bears a silent node that says nothing about it
/// (`--default-unreachable-toleration-seconds`).
const AWAY_SECONDS: i64 = 300;

/// Nodes of so many kinds are proposed.
const KINDS_MAX: usize = 3;

fn tolerate(key: &str, value: &str, effect: Effect) -> Edit {
    let operator = if value.is_empty() { ValueOperator::Exists } else { ValueOperator::Equal };
    Edit::Tolerate {
        key: Some(key.to_owned()),
        operator,
        value: value.to_owned(),
        effect: Some(effect),
        seconds: None,
    }
}
