//! What happens to machines, and what the node lifecycle controller makes of it.
//!
//! Models, at v1.36.3: `pkg/controller/nodelifecycle/node_lifecycle_controller.go` (conditions and
//! taints), `pkg/controller/podgc/gc_controller.go` (pods of nodes that are gone or out of service)
//! and `pkg/controller/daemon/daemon_controller.go` (pods for nodes that come back). What happens
//! then are the steps of [`Dynamics`](crate::Dynamics).

use holdfast_cluster::placement::{LifecycleTaints, Whereabouts};
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};

use crate::controllers;

/// The nodes stop at once: no kubelet is heard, no pod on them serves. The node objects stay, and
/// are tainted as unreachable.
pub fn fail(cluster: &Cluster, placement: &mut Placement, nodes: &[NodeId]) {
    silence(cluster, placement, nodes, false);
}

/// The nodes run on, but the control plane no longer hears them: to it they are like failed ones,
/// and their pods cannot be told to end.
pub fn cut_off(cluster: &Cluster, placement: &mut Placement, nodes: &[NodeId]) {
    silence(cluster, placement, nodes, true);
}

fn silence(cluster: &Cluster, placement: &mut Placement, nodes: &[NodeId], runs: bool) {
    for &node in nodes {
        placement.change_node(cluster, node, |flags| {
            flags.reachable = false;
            flags.cut_off = runs;
            flags.lost = true;
            // One that has just come back keeps the taints it still has.
            flags.taints.leaving = false;
            flags.taints.unreachable = true;
        });
    }
    taint_silent(cluster, placement);
}

/// Whenever a node comes or goes the lifecycle controller looks at all of them anew: one that is
/// silent but untainted, as its zone was down or all were, may be tainted after all.
fn taint_silent(cluster: &Cluster, placement: &mut Placement) {
    for node in cluster.node_ids() {
        let usage = placement.node(node);
        let silent = usage.exists && !usage.reachable && !usage.taints.unreachable;
        let unready = usage.exists && usage.reachable && !usage.healthy && !usage.taints.not_ready;
        if silent || unready {
            placement.change_node(cluster, node, |flags| {
                flags.taints.unreachable |= silent;
                flags.taints.not_ready |= unready;
            });
        }
    }
}

/// The nodes are heard and healthy again, whatever they were: failed, cut off, not ready, out of
/// service, or deleted, in which case they come back as the export had them. Pods that were marked
/// for deletion end as steps; the others serve again.
pub fn recover(cluster: &Cluster, placement: &mut Placement, nodes: &[NodeId]) {
    for &node in nodes {
        let is_new = !placement.node(node).exists;
        placement.change_node(cluster, node, |flags| {
            flags.exists = true;
            flags.reachable = true;
            flags.healthy = true;
            flags.cut_off = false;
            flags.lost = false;
            let old = flags.taints;
            flags.taints = if is_new {
                // A node that registers anew has none.
                LifecycleTaints { replace: true, ..LifecycleTaints::default() }
            } else {
                // What it has the lifecycle controller takes off when it next looks.
                LifecycleTaints { leaving: true, ..standing(cluster, node, old) }
            };
        });
        if is_new {
            make_daemons(cluster, placement, node);
        }
    }
    taint_silent(cluster, placement);
}

/// The taints of a node that came back are taken off.
pub fn clear(cluster: &Cluster, placement: &mut Placement, node: NodeId) {
    placement.change_node(cluster, node, |flags| {
        flags.taints = LifecycleTaints { replace: true, ..LifecycleTaints::default() };
    });
}

/// The node objects are deleted, and with them every pod of theirs.
pub fn delete(cluster: &Cluster, placement: &mut Placement, nodes: &[NodeId]) {
    for &node in nodes {
        placement.change_node(cluster, node, |flags| {
            flags.exists = false;
            flags.reachable = false;
            flags.draining = None;
        });
    }
    taint_silent(cluster, placement);
    for &node in nodes {
        remove_pods(cluster, placement, node);
    }
}

/// The nodes are marked out-of-service (`node.kubernetes.io/out-of-service:NoExecute`): their pods
/// are deleted without waiting for a kubelet.
pub fn take_out_of_service(cluster: &Cluster, placement: &mut Placement, nodes: &[NodeId]) {
    for &node in nodes {
        placement.change_node(cluster, node, |flags| flags.taints.out_of_service = true);
    }
    for &node in nodes {
        remove_pods(cluster, placement, node);
    }
}

/// Nothing new is scheduled there (`kubectl cordon`), or may be again.
pub fn cordon(cluster: &Cluster, placement: &mut Placement, nodes: &[NodeId], cordoned: bool) {
    for &node in nodes {
        placement.change_node(cluster, node, |flags| {
            flags.unschedulable = cordoned;
            if !flags.taints.replace {
                flags.taints = standing(cluster, node, flags.taints);
            }
            if !cordoned {
                flags.draining = None;
            }
        });
    }
}

/// Somebody drains the nodes: they are cordoned, and the pods they have are evicted as the budgets
/// allow (`kubectl drain --ignore-daemonsets --delete-emptydir-data --force`).
pub fn drain(cluster: &Cluster, placement: &mut Placement, nodes: &[NodeId]) {
    cordon(cluster, placement, nodes, true);
    let next = InstanceId::at(placement.instances().len());
    for &node in nodes {
        placement.change_node(cluster, node, |flags| flags.draining = Some(next));
    }
}

/// The taints of its lifecycle that a node of the export has, together with those it got since.
fn standing(cluster: &Cluster, node: NodeId, since: LifecycleTaints) -> LifecycleTaints {
    let known = cluster.known();
    let has = |key| cluster.node(node).taints.iter().any(|taint| taint.key == key);
    LifecycleTaints {
        replace: true,
        leaving: false,
        not_ready: since.not_ready || has(known.not_ready),
        unreachable: since.unreachable || has(known.unreachable),
        out_of_service: since.out_of_service || has(known.out_of_service),
    }
}

/// Whoever drained gave up: what is left stays.
pub fn stop_draining(cluster: &Cluster, placement: &mut Placement) {
    for node in cluster.node_ids() {
        if placement.node(node).draining.is_some() {
            placement.change_node(cluster, node, |flags| flags.draining = None);
        }
    }
}

/// Deletes the pods of a node at once. Static pods go with it, too: they are their kubelet's.
fn remove_pods(cluster: &Cluster, placement: &mut Placement, node: NodeId) {
    for pod in placement.node(node).pods.clone() {
        placement.remove(cluster, pod);
        controllers::after_loss(cluster, placement, pod);
    }
}

/// Pods of DaemonSets that ran on a node before it was deleted are made again once it is back;
/// static pods run there again.
fn make_daemons(cluster: &Cluster, placement: &mut Placement, node: NodeId) {
    for id in placement.instance_ids() {
        let instance = *placement.instance(id);
        let kind = cluster.workload(instance.workload).kind;
        let Some(origin) = instance.origin.filter(|origin| InstanceId::from(*origin) == id) else {
            continue;
        };
        let was_here = cluster.pod(origin).node == Some(cluster.node(node).name);
        if instance.whereabouts != Whereabouts::Gone || !was_here {
            continue;
        }
        match kind {
            WorkloadKind::DaemonSet => {
                let class = cluster.pod(origin).replacement;
                placement.add(cluster, class, instance.workload, Some(origin));
            }
            WorkloadKind::StaticPod => placement.change(cluster, id, |instance| {
                instance.whereabouts = Whereabouts::On(node);
                instance.terminating = false;
            }),
            _ => {}
        }
    }
}
