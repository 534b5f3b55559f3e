//! Tries every placement in the plainest way: who stays, who is taken up, who is put where and in
//! which order. It shares no code with what it judges but the scheduler.

use std::collections::BTreeSet;

use holdfast_cluster::taint::Effect;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, PodId, WorkloadId};
use holdfast_failover::Dynamics;
use holdfast_proof::Subject;
use holdfast_proof::seat::Seat;
use holdfast_proof::subject::Subjects;
use holdfast_scheduler::decision::NodeVerdict;

/// States that are looked at.
const STATES_MAX: usize = 6_000;

#[derive(Debug)]
pub(crate) enum Verdict {
    /// A placement, by pod.
    Found(Vec<(ClassId, Option<NodeId>)>),
    None,
    TooLarge,
}

pub(crate) fn belongs_to_nodes(kind: WorkloadKind) -> bool {
    matches!(kind, WorkloadKind::DaemonSet | WorkloadKind::StaticPod)
}

/// The nodes that let the pod in.
fn open(dynamics: &Dynamics<'_>, placement: &Placement, pod: InstanceId) -> Vec<NodeId> {
    let decision = dynamics.scheduler().decide(placement, pod);
    let fits = |(node, verdict): &(NodeId, NodeVerdict)| {
        matches!(verdict, NodeVerdict::Feasible(_)).then_some(*node)
    };
    decision.nodes.iter().filter_map(fits).collect()
}

/// Makes the pod of a seat and puts it there, if it is let in.
pub(crate) fn let_in(dynamics: &Dynamics<'_>, placement: &mut Placement, seat: &Seat) -> bool {
    let cluster = dynamics.cluster();
    let pod = placement.add(cluster, seat.class, seat.workload, seat.origin);
    let fits = open(dynamics, placement, pod).contains(&seat.node);
    if fits {
        placement.bind(cluster, pod, seat.node);
    }
    fits
}

/// Whether no taint that the node has of its own evicts a pod of the class, be it after a while.
pub(crate) fn is_kept(cluster: &Cluster, class: ClassId, node: NodeId) -> bool {
    let taints = cluster.node(node).taints.iter();
    let mut evicting = taints.filter(|taint| taint.effect == Effect::NoExecute);
    evicting.all(|taint| {
        let all = &cluster.spec_of(class).tolerations;
        let bears = all.iter().find(|one| one.tolerates(taint, cluster.symbols(), false));
        bears.is_some_and(|one| one.seconds.is_none())
    })
}

/// A pod that may be put anywhere.
#[derive(Clone, Copy, Debug)]
struct Pod {
    class: ClassId,
    workload: WorkloadId,
    origin: Option<PodId>,
}

/// One pod, and what it is at the beginning: there, and perhaps free to go; or to be made.
#[derive(Clone, Copy, Debug)]
struct Slot {
    pod: Pod,
    there: Option<InstanceId>,
    may_stay: bool,
    /// It may be put somewhere once it was taken away.
    may_move: bool,
    /// It is not taken away.
    fixed: bool,
}

struct Search<'a, 'c, G> {
    dynamics: &'a Dynamics<'c>,
    placement: Placement,
    slots: Vec<Slot>,
    /// Where pods may be put.
    allowed: Vec<NodeId>,
    /// They must not be evicted from there again.
    lasting: bool,
    seen: BTreeSet<Vec<(ClassId, Option<NodeId>)>>,
    /// Called with every state; true ends the search.
    goal: G,
    found: Option<Vec<(ClassId, Option<NodeId>)>>,
}

impl<G: FnMut(&Placement, &[(ClassId, Option<NodeId>)]) -> bool> Search<'_, '_, G> {
    /// Decides who stays; true once the goal is reached, `None` if it grows too large.
    fn begin(&mut self, at: usize, ids: &mut Vec<Option<InstanceId>>) -> Option<bool> {
        let Some(slot) = self.slots.get(at).copied() else { return self.go_on(ids) };
        let cluster = self.dynamics.cluster();
        if slot.may_stay {
            ids.push(slot.there);
            let done = self.begin(at + 1, ids)?;
            ids.pop();
            if done {
                return Some(true);
            }
        }
        if slot.fixed {
            return Some(false);
        }
        let mark = self.placement.mark();
        if let Some(id) = slot.there {
            self.placement.remove(cluster, id);
        }
        ids.push(None);
        let done = self.begin(at + 1, ids);
        ids.pop();
        self.placement.revert(cluster, mark);
        done
    }

    fn go_on(&mut self, ids: &mut Vec<Option<InstanceId>>) -> Option<bool> {
        let node = |id: &InstanceId| self.placement.instance(*id).node();
        let state: Vec<(ClassId, Option<NodeId>)> = self
            .slots
            .iter()
            .zip(&*ids)
            .map(|(slot, id)| {
                let class = id.map_or(slot.pod.class, |id| self.placement.instance(id).class);
                (class, id.as_ref().and_then(node))
            })
            .collect();
        if !self.seen.insert(state.clone()) {
            return Some(false);
        }
        if (self.goal)(&self.placement, &state) {
            self.found = Some(state);
            return Some(true);
        }
        if self.seen.len() > STATES_MAX {
            return None;
        }
        let cluster = self.dynamics.cluster();
        for at in 0..ids.len() {
            let slot = self.slots[at];
            if ids[at].is_some() || !slot.may_move {
                continue;
            }
            let mark = self.placement.mark();
            let Pod { class, workload, origin } = slot.pod;
            let pod = self.placement.add(cluster, class, workload, origin);
            for node in open(self.dynamics, &self.placement, pod) {
                if !self.allowed.contains(&node) || self.lasting && !is_kept(cluster, class, node) {
                    continue;
                }
                let mark = self.placement.mark();
                self.placement.bind(cluster, pod, node);
                ids[at] = Some(pod);
                let done = self.go_on(ids);
                ids[at] = None;
                self.placement.revert(cluster, mark);
                if done != Some(false) {
                    self.placement.revert(cluster, mark);
                    return done;
                }
            }
            self.placement.revert(cluster, mark);
        }
        Some(false)
    }
}

fn made_again(dynamics: &Dynamics<'_>, placement: &Placement, id: InstanceId) -> Pod {
    let instance = placement.instance(id);
    let again = instance.origin.map(|pod| dynamics.cluster().pod(pod).replacement);
    let class = again.unwrap_or(instance.class);
    Pod { class, workload: instance.workload, origin: instance.origin }
}

/// Whether any placement serves all subjects, or one.
pub(crate) fn any_placement(
    dynamics: &Dynamics<'_>,
    subjects: &Subjects,
    placement: &Placement,
    only: Option<usize>,
) -> Verdict {
    let cluster = dynamics.cluster();
    let mut slots = Vec::new();
    for id in placement.instance_ids() {
        let instance = placement.instance(id);
        let kind = cluster.workload(instance.workload).kind;
        let bound = instance.node().is_some();
        if !bound && !instance.is_pending() {
            continue;
        }
        let fixed = bound
            && (kind == WorkloadKind::Pod || belongs_to_nodes(kind))
            && (!instance.terminating || kind == WorkloadKind::Pod);
        let heard = instance.node().is_some_and(|node| placement.node(node).serves());
        slots.push(Slot {
            pod: made_again(dynamics, placement, id),
            there: Some(id),
            may_stay: fixed || heard,
            // What is about to leave is made again as one of those that are missing.
            may_move: !fixed && !instance.terminating,
            fixed,
        });
    }
    for subject in &subjects.subjects {
        for member in &subject.members {
            let wanted = placement.target(*member).desired;
            let missing = wanted - i64::from(placement.tally(*member).active);
            let template = cluster.workload(*member).template;
            let makes = cluster.owned(*member).is_empty();
            if let Some(class) = template.filter(|_| makes && missing > 0) {
                let pod = Pod { class, workload: *member, origin: None };
                let slot = Slot { pod, there: None, may_stay: false, may_move: true, fixed: false };
                slots.extend(std::iter::repeat_n(slot, usize::try_from(missing).unwrap_or(0)));
            }
        }
    }
    let goal = |placement: &Placement, _: &[(ClassId, Option<NodeId>)]| {
        subjects.subjects.iter().enumerate().all(|(at, subject)| {
            let kind = cluster.workload(subject.root).kind;
            only.is_some_and(|only| only != at)
                || belongs_to_nodes(kind)
                || subject.ready(placement) >= subject.desired(cluster, placement)
        })
    };
    let serving = |node: &NodeId| placement.node(*node).serves();
    let allowed = cluster.node_ids().filter(serving).collect();
    let (placement, seen) = (placement.clone(), BTreeSet::new());
    let found = None;
    let mut search =
        Search { dynamics, placement, slots, allowed, lasting: true, seen, goal, found };
    match search.begin(0, &mut Vec::new()) {
        Some(true) => Verdict::Found(search.found.unwrap_or_default()),
        Some(false) => Verdict::None,
        None => Verdict::TooLarge,
    }
}

/// Where the pods of a subject are, in every placement of all of them, with everybody else who can
/// move where they are, or gone; `None` if there are too many.
pub(crate) fn placements(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    subject: &Subject,
) -> Option<Vec<Vec<NodeId>>> {
    let cluster = dynamics.cluster();
    let own = |id: &InstanceId| {
        let instance = placement.instance(*id);
        subject.members.contains(&instance.workload)
            && !instance.terminating
            && (instance.node().is_some() || instance.is_pending())
    };
    let slots: Vec<Slot> = placement
        .instance_ids()
        .filter(own)
        .map(|id| Slot {
            pod: made_again(dynamics, placement, id),
            there: Some(id),
            may_stay: placement.instance(id).node().is_some(),
            may_move: true,
            fixed: false,
        })
        .collect();
    let mut all = Vec::new();
    for alone in [false, true] {
        let mut placement = placement.clone();
        for id in placement.instance_ids().filter(|_| alone) {
            let instance = *placement.instance(id);
            let kind = cluster.workload(instance.workload).kind;
            let fixed = belongs_to_nodes(kind) && !instance.terminating;
            if instance.node().is_some() && !fixed && !own(&id) {
                placement.remove(cluster, id);
            }
        }
        let goal = |_: &Placement, state: &[(ClassId, Option<NodeId>)]| {
            all.extend(state.iter().map(|(_, node)| *node).collect::<Option<Vec<NodeId>>>());
            false
        };
        let allowed = cluster.node_ids().collect();
        let (slots, seen) = (slots.clone(), BTreeSet::new());
        let found = None;
        let mut search =
            Search { dynamics, placement, slots, allowed, lasting: false, seen, goal, found };
        search.begin(0, &mut Vec::new())?;
    }
    Some(all)
}
