//! Events by names.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, NodeId, PodId, WorkloadId};
use holdfast_failover::{Event, Joined};

use crate::format::{Certificate, Happening, Question};
use crate::names;
use crate::question::Failed;

/// An event by names, or joined ones.
pub fn told(cluster: &Cluster, joined: &Joined) -> Happening {
    match joined.others() {
        [] => one(cluster, joined.first()),
        _ => Happening::Joined { events: joined.events().map(|it| one(cluster, it)).collect() },
    }
}

fn one(cluster: &Cluster, event: &Event) -> Happening {
    let nodes = |nodes: &[NodeId]| names::nodes(cluster, nodes);
    let hosts = |nodes: &[NodeId], machines: &[holdfast_cluster::Symbol]| {
        let mut failed = Failed { nodes: nodes.to_vec(), machines: machines.to_vec() };
        failed.nodes.sort_unstable();
        failed.nodes.dedup();
        failed.machines.sort_unstable();
        failed.machines.dedup();
        failed.names(cluster)
    };
    match event {
        Event::Fail(all) => Happening::Fail { hosts: hosts(all, &[]) },
        Event::Recover(all) => Happening::Recover { hosts: hosts(all, &[]) },
        Event::FailMachines(machines, all) => Happening::Fail { hosts: hosts(all, machines) },
        Event::RecoverMachines(machines, all) => Happening::Recover { hosts: hosts(all, machines) },
        Event::Delete(all) => Happening::Delete { nodes: nodes(all) },
        Event::OutOfService(all) => Happening::OutOfService { nodes: nodes(all) },
        Event::Cordon(all) => Happening::Cordon { nodes: nodes(all) },
        Event::Uncordon(all) => Happening::Uncordon { nodes: nodes(all) },
        Event::Drain(all) => Happening::Drain { nodes: nodes(all) },
        Event::RemoveMember(all) => Happening::RemoveMember { nodes: nodes(all) },
        Event::Partition(all) => Happening::Partition { nodes: nodes(all) },
        Event::Heal => Happening::Heal,
        Event::Rollout(id) => Happening::Rollout { workload: names::workload(cluster, *id) },
        Event::Scale(id, desired) => {
            Happening::Scale { workload: names::workload(cluster, *id), desired: *desired }
        }
        Event::DeletePod(id) => {
            Happening::DeletePod { pod: names::of_pod(cluster, cluster.pod(*id)) }
        }
    }
}

/// The event of these names, if each of them is one's, or joined ones.
pub(crate) fn find(cluster: &Cluster, happening: &Happening) -> Option<Joined> {
    let Happening::Joined { events } = happening else {
        return find_one(cluster, happening).map(Joined::from);
    };
    let [first, others @ ..] = &events[..] else { return None };
    let joined = Joined::from(find_one(cluster, first)?);
    let joined = others.iter().try_fold(joined, |all, it| Some(all.and(find_one(cluster, it)?)))?;
    (!others.is_empty()).then_some(joined)
}

fn find_one(cluster: &Cluster, happening: &Happening) -> Option<Event> {
    let nodes = |names: &[String]| -> Option<Vec<NodeId>> {
        let node = |name: &String| cluster.node_named(cluster.find(name)?);
        let found: Vec<NodeId> = names.iter().map(node).collect::<Option<_>>()?;
        (!found.is_empty()).then_some(found)
    };
    let hosts = |names: &[String]| Failed::find(cluster, names).filter(|it| !it.is_empty());
    Some(match happening {
        Happening::Fail { hosts: names } => match hosts(names)? {
            Failed { nodes, machines } if machines.is_empty() => Event::Fail(nodes),
            Failed { nodes, machines } => Event::FailMachines(machines, nodes),
        },
        Happening::Recover { hosts: names } => match hosts(names)? {
            Failed { nodes, machines } if machines.is_empty() => Event::Recover(nodes),
            Failed { nodes, machines } => Event::RecoverMachines(machines, nodes),
        },
        Happening::Delete { nodes: names } => Event::Delete(nodes(names)?),
        Happening::OutOfService { nodes: names } => Event::OutOfService(nodes(names)?),
        Happening::Cordon { nodes: names } => Event::Cordon(nodes(names)?),
        Happening::Uncordon { nodes: names } => Event::Uncordon(nodes(names)?),
        Happening::Drain { nodes: names } => Event::Drain(nodes(names)?),
        Happening::RemoveMember { nodes: names } => Event::RemoveMember(nodes(names)?),
        Happening::Partition { nodes: names } => Event::Partition(nodes(names)?),
        Happening::Heal => Event::Heal,
        Happening::Rollout { workload } => Event::Rollout(workload_named(cluster, workload)?),
        Happening::Scale { workload, desired } => {
            Event::Scale(workload_named(cluster, workload)?, *desired)
        }
        Happening::DeletePod { pod } => {
            let mut all = cluster.pods().iter();
            Event::DeletePod(PodId::at(all.position(|one| names::of_pod(cluster, one) == *pod)?))
        }
        Happening::Joined { .. } => return None,
    })
}

/// The events that are joined, or the one that is not.
fn each(happening: &Happening) -> &[Happening] {
    match happening {
        Happening::Joined { events } => events,
        one => std::slice::from_ref(one),
    }
}

fn workload_named(cluster: &Cluster, name: &str) -> Option<WorkloadId> {
    cluster.workload_ids().find(|id| names::workload(cluster, *id) == name)
}

/// How often each workload replaces its pods in the sequence that does so most: the cluster that a
/// certificate is about has the sets for that ([`Cluster::with_rollouts`]).
pub fn rollouts(cluster: &Cluster, certificate: &Certificate) -> BTreeMap<WorkloadId, u32> {
    let mut most = BTreeMap::new();
    let Question::Sequences(sequences) = &certificate.question else { return most };
    for sequence in sequences {
        let mut counts: BTreeMap<WorkloadId, u32> = BTreeMap::new();
        for happening in sequence.iter().flat_map(each) {
            if let Happening::Rollout { workload } = happening
                && let Some(id) = workload_named(cluster, workload)
            {
                *counts.entry(id).or_default() += 1;
            }
        }
        for (id, count) in counts {
            let known = most.entry(id).or_insert(count);
            *known = count.max(*known);
        }
    }
    most
}
