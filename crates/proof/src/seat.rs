//! Placements as lists of pods and nodes, and whether the scheduler's filters let them in.

use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, PodId, WorkloadId};
use holdfast_scheduler::{Scheduler, Scratch};

/// A pod that is put somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    /// The pod whose place it takes; `None` for one that its controller has yet to make.
    pub from: Option<InstanceId>,
    /// What it asks for.
    pub class: ClassId,
    /// What makes it.
    pub workload: WorkloadId,
    /// The pod of the export that it is made after.
    pub origin: Option<PodId>,
    /// Where it goes.
    pub node: NodeId,
}

/// Takes the pods of `seats` and of `left_out` away, and puts the former where they belong, one by
/// one, each let in by every filter; the order in which that works, or none. The placement is left
/// as it is then, for the caller to take back.
///
/// Pods go in the order given, those that are not let in yet after the others. That finds an order
/// wherever pods only ever make it harder for those after them, and most others: a pod may need
/// company, or wait until its domain is not the fullest.
pub fn put(
    scheduler: &Scheduler<'_>,
    placement: &mut Placement,
    seats: &[Seat],
    left_out: &[InstanceId],
    scratch: &mut Scratch,
) -> Option<Vec<Seat>> {
    let cluster = scheduler.cluster();
    for id in seats.iter().filter_map(|seat| seat.from).chain(left_out.iter().copied()) {
        placement.remove(cluster, id);
    }
    let mut waiting: Vec<(Seat, InstanceId)> =
        seats.iter().map(|seat| (*seat, make(cluster, placement, seat))).collect();
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|(seat, pod)| {
            let fits = scheduler.feasible(placement, *pod, scratch).contains(&seat.node);
            if fits {
                placement.bind(cluster, *pod, seat.node);
                order.push(*seat);
            }
            !fits
        });
        if waiting.len() == before {
            return None;
        }
    }
    Some(order)
}

/// Makes the pod of a seat, pending.
pub(crate) fn make(cluster: &Cluster, placement: &mut Placement, seat: &Seat) -> InstanceId {
    placement.add(cluster, seat.class, seat.workload, seat.origin)
}
