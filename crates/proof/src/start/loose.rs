//! A cluster that has yet to place some pods, which may come to rest in more places than anybody
//! can look at.
//!
//! These pods are taken to wait still when machines fail. Who may be anywhere is no worse a rival
//! than one that may yet go anywhere, and what a failed node keeps of them is told apart
//! ([`Stranded`]). So what bounds say with them waiting holds wherever they are. Of these pods
//! themselves nothing is refuted that way.
//!
//! [`Stranded`]: crate::bound::Stranded

mod coming;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{ClassId, Cluster, Instance, InstanceId, Placement, WorkloadId};
use holdfast_failover::controllers::Reaction;
use holdfast_failover::disruption::Certainty;
use holdfast_failover::eviction::{self, Delay};
use holdfast_failover::times::Seconds;
use holdfast_failover::{Dynamics, Step};
use holdfast_scheduler::Scratch;

use super::Start;
use crate::bound::{self, stranded};
use crate::by_rule::ByRule;
use crate::doubts::Doubts;
use crate::downtime;
use crate::headroom;
use crate::prover::Finding;
use crate::scenario::FailureSet;
use crate::subject::Subjects;
use crate::verdict::{Doubt, Ground, Verdict};
use coming::Coming;

/// The cluster with such pods waiting.
#[derive(Clone, Debug)]
pub struct Loose {
    /// Where it stands.
    pub start: Start,
    /// What these pods are.
    pub(crate) classes: Vec<ClassId>,
    /// The pods, by id.
    pub(crate) pods: Vec<InstanceId>,
    /// Whose they are, by position of the subject.
    owners: BTreeMap<usize, Owner>,
}

/// A subject of which some pods may be anywhere.
#[derive(Clone, Debug, Default)]
struct Owner {
    /// They come back from every node that fails.
    back: bool,
    /// How long they bear the node: the shortest and the longest, of those that do not for ever.
    borne: Option<(Seconds, Seconds)>,
    /// How many of these pods there are.
    pods: u32,
    /// How many pods of the subject a node holds at most, and any two nodes, and so on; nobody
    /// knows of more.
    held: Vec<u32>,
}

/// Of so many nodes it is told how many pods they hold.
const FEW: usize = 3;

impl Loose {
    /// What all places of rest have in common that can be come to from where the cluster begins,
    /// of which one is known, maybe; `None` where more may differ than where pods are placed.
    pub(super) fn of(
        (dynamics, subjects): (&Dynamics<'_>, &Subjects),
        doubts: &Doubts,
        scratch: &mut Scratch,
        begun: &Placement,
        rest: Option<&Placement>,
    ) -> Option<Self> {
        let cluster = dynamics.cluster();
        let mut coming = Coming { dynamics, doubts, scratch };
        let mut placement = coming.come(begun, rest)?;
        let mut pods = Vec::new();
        for pod in coming.placed(&mut placement)? {
            let instance = *placement.instance(pod);
            if cluster.workload(instance.workload).kind == WorkloadKind::DaemonSet {
                // A pod of one node alone is there in the end.
                let &[node] = dynamics.scheduler().feasible(&placement, pod, scratch) else {
                    return None;
                };
                dynamics.apply(&mut placement, &Step::Schedule { pod, node });
            } else if is_told(cluster, &instance) {
                pods.push(pod);
            } else {
                return None;
            }
        }
        let start = super::start(dynamics, subjects, placement, None);
        if !start.steady || !headroom::is_calm(dynamics, &start.placement) {
            return None;
        }
        let mut loose = Self::waiting(cluster, subjects, start, pods);
        loose.count(cluster, subjects);
        Some(loose)
    }

    /// Counts how many pods of each owner some nodes hold at most, wherever they are.
    fn count(&mut self, cluster: &Cluster, subjects: &Subjects) {
        let Self { start, owners, .. } = self;
        let by_rule = ByRule::new(cluster, &start.placement);
        for (position, owner) in owners {
            let bounds = by_rule.bounds(&start.placement, &subjects.subjects[*position]);
            // Others of them may have left meanwhile.
            let lasting = bounds.ok().map(|bounds| bounds.lasting().unwrap_or(bounds));
            if let Some(bounds) = lasting {
                owner.held = (1..=FEW).map(|nodes| bounds.worst(nodes).most.pods).collect();
            }
        }
    }

    /// These pods wait in `start`, and may be anywhere.
    pub(super) fn waiting(
        cluster: &Cluster,
        subjects: &Subjects,
        start: Start,
        pods: Vec<InstanceId>,
    ) -> Self {
        let instances = || pods.iter().map(|pod| start.placement.instance(*pod));
        let of_pod = |it: &Instance| [it.class, it.next_class(cluster)];
        let classes: BTreeSet<ClassId> = instances().flat_map(of_pod).collect();
        let kinds: BTreeSet<(ClassId, WorkloadId)> =
            instances().flat_map(|it| of_pod(it).map(|class| (class, it.workload))).collect();
        let mut owners: BTreeMap<usize, Owner> = BTreeMap::new();
        for (class, workload) in kinds {
            let Some(position) = subjects.position(workload) else { continue };
            let back = stranded::comes_back(cluster, class, workload);
            let owner = owners.entry(position).or_insert(Owner { back, ..Owner::default() });
            owner.back &= back;
            let known = owner.borne.into_iter();
            owner.borne = downtime::range(known.chain(borne(cluster, class)));
        }
        for position in instances().filter_map(|it| subjects.position(it.workload)) {
            owners.entry(position).or_default().pods += 1;
        }
        Self { start, classes: classes.into_iter().collect(), pods, owners }
    }

    /// Whose these pods are, by position of the subject.
    pub(crate) fn positions(&self) -> impl Iterator<Item = usize> {
        self.owners.keys().copied()
    }

    /// Whether pods of the subject may be anywhere.
    pub(crate) fn is_of(&self, position: usize) -> bool {
        self.owners.contains_key(&position)
    }

    /// How long they bear a node that failed.
    pub(crate) fn borne(&self, position: usize) -> Option<(Seconds, Seconds)> {
        self.owners.get(&position)?.borne
    }

    /// What is known of a subject after the failure of `set` wherever these pods are, if a finding
    /// says what is known with them waiting. `sure` says that every eviction from the nodes comes.
    pub(crate) fn heed(&self, position: usize, set: &FailureSet, sure: bool, found: &mut Finding) {
        // All others are where they are at every place of rest.
        let Some(owner) = self.owners.get(&position) else { return };
        let held = match set.nodes().len() {
            0 => owner.held.first().map(|_| 0),
            nodes => owner.held.get(nodes - 1).copied(),
        };
        let all = self.start.ready[position] + owner.pods;
        let left = held.map_or(0, |held| all.saturating_sub(held));
        found.ready_at_once = found.ready_at_once.max(left);
        found.surely_at_once = (found.ready_at_once, u32::MAX);
        if found.ready_at_once > 0 {
            found.immediately = Verdict::Proved(Ground::Bound);
        }
        let all_back = set.nodes().is_empty() || sure && owner.back;
        if !all_back {
            found.doubt(Doubt::Unsettled);
            found.recovered_range.0 = found.recovered_range.0.min(found.ready_at_once);
        }
        for verdict in [&mut found.immediately, &mut found.recovered] {
            if *verdict == Verdict::Refuted {
                *verdict = Verdict::Unknown(Doubt::Unsettled);
            }
        }
    }

    /// Whether every eviction from these nodes comes, as `certainties` say.
    pub(crate) fn evicts(set: &FailureSet, certainties: &[Certainty]) -> bool {
        set.nodes().iter().all(|node| certainties[node.index()] == Certainty::Sure)
    }
}

/// Whether it is known that the pod's controller has as many as it wants, and makes another for
/// every one that it loses, just like it.
fn is_told(cluster: &Cluster, instance: &Instance) -> bool {
    let workload = cluster.workload(instance.workload);
    let lasts = !matches!(workload.kind, WorkloadKind::Job | WorkloadKind::CronJob);
    let again =
        matches!(Reaction::of(workload), Reaction::ReplaceTerminating | Reaction::ReplaceGone);
    let root = cluster.workload(cluster.root(instance.workload));
    lasts
        && again
        && root.provenance == Provenance::Read
        && instance.class == instance.next_class(cluster)
        && !bound::bears_silence(cluster, instance.class)
}

/// How long pods of the class bear a node that fails; `None` where that is for ever.
fn borne(cluster: &Cluster, class: ClassId) -> Option<(Seconds, Seconds)> {
    match eviction::delay_of(cluster, cluster.spec_of(class), cluster.known().unreachable) {
        Delay::After(seconds) => Some((seconds, seconds)),
        Delay::Never => None,
    }
}
