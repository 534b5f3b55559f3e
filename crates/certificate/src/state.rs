//! When two states are one.
//!
//! A state is told from others by the pods that changed since a first one, each with what it was
//! and what it is, and by what controllers go for. Pods may change places when nothing tells them
//! apart: one that was bound is always itself; others are known by what they ask for, who made
//! them, where they are and how they stand; nodes by what changes with events. Whose place a pod
//! takes is left out where only its template follows from it: not for pods with volumes, whose
//! claims may name a pod, nor for those of DaemonSets and StatefulSets, which have a home or a
//! number.

use holdfast_cluster::placement::{Mark, Target, Whereabouts};
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Instance, Placement};

/// What tells a state from others.
pub type Key = Box<[[u32; 17]]>;

/// What tells the state of `placement` from others that `base` led to.
pub fn key(cluster: &Cluster, placement: &Placement, base: Mark) -> Key {
    entries(cluster, placement, base).into_boxed_slice()
}

/// The same, however many pods were made since and are gone, and however they stood before they
/// went: no controller, and nobody who decides, looks at them.
pub fn round_key(cluster: &Cluster, placement: &Placement, base: Mark) -> Key {
    let mut entries = entries(cluster, placement, base);
    let is_gone_since = |entry: &[u32; 17]| entry[..9] == [0; 9] && entry[9 + PLACE] == GONE;
    for entry in entries.iter_mut().filter(|entry| is_gone_since(entry)) {
        [entry[9 + FLAGS], entry[9 + KEPT]] = [0; 2];
    }
    entries.sort_unstable();
    entries.dedup_by(|one, other| one == other && is_gone_since(one));
    entries.into_boxed_slice()
}

fn entries(cluster: &Cluster, placement: &Placement, base: Mark) -> Vec<[u32; 17]> {
    let changed = placement.changed_since(base);
    let mut key: Vec<[u32; 17]> = changed
        .iter()
        .filter(|(id, before)| before.as_ref() != Some(placement.instance(*id)))
        .map(|(id, before)| {
            let mut entry = [0; 17];
            if let Some(before) = before {
                entry[..8].copy_from_slice(&record(cluster, before));
                entry[8] = before.node().map_or(0, |_| 1 + id.0);
            }
            entry[9..].copy_from_slice(&record(cluster, placement.instance(*id)));
            entry[14] = entry[14] * 2 + u32::from(placement.is_to_be_drained(*id));
            entry
        })
        .collect();
    key.sort_unstable();
    key.extend(placement.nodes_changed_since(base).into_iter().map(|node| {
        let mut entry = [u32::MAX; 17];
        entry[2..4].copy_from_slice(&[node.0, placement.node(node).standing()]);
        entry
    }));
    key.extend(placement.retargeted_since(base).into_iter().map(|workload| {
        let Target { desired, rollouts, lost } = placement.target(workload);
        let desired = desired as u64;
        let mut entry = [u32::MAX; 17];
        entry[..5].copy_from_slice(&[
            workload.0,
            desired as u32,
            (desired >> 32) as u32,
            rollouts,
            lost,
        ]);
        entry
    }));
    key
}

/// Where in its record a pod's place stands, how it stands, and what is kept free for it; and the
/// place of one that is gone.
const PLACE: usize = 4;
const FLAGS: usize = 5;
const KEPT: usize = 7;
const GONE: u32 = 3;

/// Everything of a pod that may matter, never all zero.
fn record(cluster: &Cluster, pod: &Instance) -> [u32; 8] {
    let Instance { class, workload, origin, ordinal, nominated, .. } = *pod;
    let next = pod.next_class(cluster);
    let numbered = matches!(
        cluster.workload(workload).kind,
        WorkloadKind::DaemonSet | WorkloadKind::StatefulSet
    );
    let exact = numbered || !cluster.spec_of(class).volumes.is_empty();
    let whose = origin.map_or(0, |origin| if exact { 2 + origin.0 } else { 1 });
    let place = match pod.whereabouts {
        Whereabouts::Pending => 1,
        Whereabouts::Unlisted => 2,
        Whereabouts::Gone => GONE,
        Whereabouts::On(node) => 4 + node.0,
    };
    let flags = [
        pod.ready,
        pod.healthy,
        pod.starting,
        pod.attaching,
        pod.starved,
        pod.outdated,
        pod.terminating,
        pod.preempted,
        pod.settling,
    ];
    let flags = flags.into_iter().fold(0, |bits, flag| bits * 2 + u32::from(flag));
    let kept = nominated.map_or(0, |node| 1 + node.0);
    [class.0, next.0, whose, workload.0, place, flags, ordinal, kept]
}
