//! StatefulSets: pods with a number, never two of one, made and deleted in their order.
//!
//! Models `updateStatefulSet`, `processReplica` and `processCondemned` of
//! `pkg/controller/statefulset/stateful_set_control.go` (v1.36.3), with the feature gate
//! `MaxUnavailableStatefulSet` off, as it is by default.

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::{Provenance, Strategy};
use holdfast_cluster::{Cluster, InstanceId, Placement, Workload, WorkloadId};

/// Takes every step that the set may take as its pods stand: makes missing pods, deletes those
/// beyond the number it wants, and deletes outdated ones.
pub fn sync(cluster: &Cluster, placement: &mut Placement, set: WorkloadId) {
    // A pod that is not bound is gone as soon as it is deleted, and lets the next step follow.
    loop {
        let before = placement.mark();
        look(cluster, placement, set);
        if placement.mark() == before {
            return;
        }
    }
}

/// Takes back the pods that were made of a manifest before it was their turn: an ordered set makes
/// one only once all of lower numbers are ready.
pub fn hold_back(cluster: &Cluster, placement: &mut Placement, set: WorkloadId) {
    if cluster.workload(set).parallel {
        return;
    }
    let mut may_make = true;
    for id in living(placement, set) {
        let instance = *placement.instance(id);
        let made = instance.origin.filter(|origin| InstanceId::from(*origin) == id);
        let early = made.is_some_and(|pod| cluster.pod(pod).expanded) && instance.is_pending();
        if early && !may_make {
            placement.remove(cluster, id);
        }
        may_make &= instance.is_available();
    }
}

/// One look of the controller.
fn look(cluster: &Cluster, placement: &mut Placement, set: WorkloadId) {
    let workload = cluster.workload(set);
    let mut pods = living(placement, set);
    let progress = make_missing(cluster, placement, set, &mut pods);
    if progress == Progress::Waits && !workload.parallel {
        return;
    }
    if !condemn(cluster, placement, workload, set, &pods) {
        update(cluster, placement, workload, &pods);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// All pods are there and ready.
    Complete,
    /// One is missing, not ready, or ending.
    Waits,
}

/// The pods of the set that are there, by number.
fn living(placement: &Placement, set: WorkloadId) -> Vec<InstanceId> {
    let mut pods: Vec<InstanceId> = placement
        .of_workload(set)
        .into_iter()
        .filter(|id| placement.instance(*id).whereabouts != Whereabouts::Gone)
        .collect();
    pods.sort_by_key(|id| placement.instance(*id).ordinal);
    pods
}

fn ordinals(placement: &Placement, workload: &Workload, set: WorkloadId) -> std::ops::Range<u32> {
    let wanted = placement.target(set).desired.max(0);
    let end = i64::from(workload.first_ordinal).saturating_add(wanted);
    workload.first_ordinal..u32::try_from(end).unwrap_or(u32::MAX)
}

/// Makes missing pods: all of them at once where the set allows it, else one, once those of lower
/// numbers are ready.
fn make_missing(
    cluster: &Cluster,
    placement: &mut Placement,
    set: WorkloadId,
    pods: &mut Vec<InstanceId>,
) -> Progress {
    let workload = cluster.workload(set);
    // Of a set that is known from its pods alone the numbers are the pods' own.
    let known = workload.provenance == Provenance::Read;
    let numbers: Vec<u32> = if known {
        ordinals(placement, workload, set).collect()
    } else if placement.target(set).desired > 0 {
        numbers_ever(placement, set)
    } else {
        Vec::new()
    };
    let mut progress = Progress::Complete;
    for number in numbers {
        let there = pods.iter().find(|id| placement.instance(**id).ordinal == number);
        let available = there.is_some_and(|id| placement.instance(*id).is_available());
        if there.is_none() {
            pods.extend(make(cluster, placement, set, number));
        }
        if !available {
            progress = Progress::Waits;
            if !workload.parallel {
                return progress;
            }
        }
    }
    progress
}

/// The numbers of all pods the set has or had.
fn numbers_ever(placement: &Placement, set: WorkloadId) -> Vec<u32> {
    let of_set = placement.of_workload(set).into_iter();
    let mut numbers: Vec<u32> = of_set.map(|id| placement.instance(id).ordinal).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Makes the pod of this number: as the one before it was to be replaced, else from the template.
fn make(
    cluster: &Cluster,
    placement: &mut Placement,
    set: WorkloadId,
    number: u32,
) -> Option<InstanceId> {
    let origin = placement.of_workload(set).into_iter().find_map(|id| {
        let instance = placement.instance(id);
        instance.origin.filter(|_| instance.ordinal == number)
    });
    let class = origin.map(|pod| cluster.pod(pod).replacement);
    let class = class.or(cluster.workload(set).template)?;
    let made = placement.add(cluster, class, set, origin);
    placement.change(cluster, made, |instance| instance.ordinal = number);
    Some(made)
}

/// Deletes pods beyond the number that is wanted, the highest first; whether there are any.
fn condemn(
    cluster: &Cluster,
    placement: &mut Placement,
    workload: &Workload,
    set: WorkloadId,
    pods: &[InstanceId],
) -> bool {
    if workload.provenance == Provenance::Inferred {
        return false;
    }
    let wanted = ordinals(placement, workload, set);
    let condemned: Vec<InstanceId> = pods
        .iter()
        .rev()
        .copied()
        .filter(|id| !wanted.contains(&placement.instance(*id).ordinal))
        .collect();
    for &id in &condemned {
        if !placement.instance(id).terminating {
            super::terminate(cluster, placement, id);
        }
        if !workload.parallel {
            break;
        }
    }
    !condemned.is_empty()
}

/// Deletes the outdated pod of the highest number, once all above it are ready.
fn update(cluster: &Cluster, placement: &mut Placement, workload: &Workload, pods: &[InstanceId]) {
    let Some(Strategy::Ordered { partition }) = workload.strategy else { return };
    for &id in pods.iter().rev() {
        let instance = placement.instance(id);
        if instance.ordinal < workload.first_ordinal.saturating_add(partition) {
            return;
        }
        if instance.outdated && !instance.terminating {
            super::terminate(cluster, placement, id);
            return;
        }
        if !instance.is_available() {
            return;
        }
    }
}
