//! `--event`: what happens to the cluster, as people type it.

use std::collections::BTreeMap;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, NodeId, PodId, WorkloadId};
use holdfast_failover::{Event, Impossible, Joined};

use crate::failure::{Failure, nearest};
use crate::names::node_named;

/// What may be typed, for people who typed something else.
pub const FORMS: &str = "fail:NODES, recover:NODES, delete:NODES, out-of-service:NODES, \
                         cordon:NODES, uncordon:NODES, drain:NODES, upgrade:NODES, \
                         partition:NODES, heal, remove-member:NODES, \
                         rollout:KIND/NAMESPACE/NAME, \
                         scale:KIND/NAMESPACE/NAME=COUNT (or =max, =min: its autoscaler's), \
                         delete-pod:NAMESPACE/NAME; A+B is B at any moment after A";

/// An event and what it goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As it was typed, or the part of it that this is.
    pub name: String,
    /// The event.
    pub event: Event,
}

impl Named {
    /// Joined with no other.
    fn alone(self) -> Told {
        Told { first: self, others: Vec::new() }
    }
}

/// An event, and those that join it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The one that comes once all is quiet.
    pub first: Named,
    /// Those that come at any moment after it, in their order.
    pub others: Vec<Named>,
}

impl Told {
    /// All of them, in their order.
    pub fn all(&self) -> impl Iterator<Item = &Named> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// For the engine.
    pub fn joined(&self) -> Joined {
        let others = self.others.iter().map(|named| named.event.clone());
        others.fold(Joined::from(self.first.event.clone()), Joined::and)
    }
}

/// Reads events in order. An upgrade is four events for each of its nodes; `A+B` are joined.
///
/// # Errors
/// What cannot be understood, or names nothing that is there.
pub fn parse(cluster: &Cluster, typed: &[String]) -> Result<Vec<Told>, Failure> {
    let mut told = Vec::new();
    for text in typed {
        if let Some((first, others)) = text.split_once('+') {
            let first = part(cluster, text, first)?;
            let others = others.split('+').map(|other| part(cluster, text, other));
            told.push(Told { first, others: others.collect::<Result<_, _>>()? });
        } else if let Some(nodes) = text.strip_prefix("upgrade:") {
            for node in self::nodes(cluster, text, nodes)? {
                told.extend(upgrade(cluster, node).map(Named::alone));
            }
        } else {
            told.push(Named { name: text.clone(), event: event(cluster, text)? }.alone());
        }
    }
    Ok(told)
}

/// One of joined events.
fn part(cluster: &Cluster, whole: &str, text: &str) -> Result<Named, Failure> {
    if text.is_empty() {
        return Err(Failure::usage(format!("--event {whole}: an event is missing beside a +"))
            .hint("A+B is B coming at any moment after A, for instance drain:NODE+fail:OTHER"));
    }
    if let Some(nodes) = text.strip_prefix("upgrade:") {
        let what = "an upgrade is four events, one after the other, and cannot be joined";
        return Err(Failure::usage(format!("--event {whole}: {what}"))
            .hint(format!("join one of them, for instance drain:{nodes}+fail:OTHER")));
    }
    Ok(Named { name: text.to_owned(), event: event(cluster, text)? })
}

/// What happens to several nodes at once.
type OfNodes = fn(Vec<NodeId>) -> Event;

/// A node is drained, goes down and comes back, and is used again.
fn upgrade(cluster: &Cluster, node: NodeId) -> impl Iterator<Item = Named> {
    let name = cluster.node_name(node);
    let steps: [(&str, OfNodes); 4] = [
        ("drain", Event::Drain),
        ("fail", Event::Fail),
        ("recover", Event::Recover),
        ("uncordon", Event::Uncordon),
    ];
    steps
        .map(|(verb, event)| Named { name: format!("{verb}:{name}"), event: event(vec![node]) })
        .into_iter()
}

fn event(cluster: &Cluster, text: &str) -> Result<Event, Failure> {
    if text == "heal" {
        return Ok(Event::Heal);
    }
    let Some((verb, what)) = text.split_once(':') else { return Err(unknown(text)) };
    let nodes = || nodes(cluster, text, what);
    match verb {
        "fail" | "recover" => hosts(cluster, text, what, verb == "fail"),
        "delete" => nodes().map(Event::Delete),
        "out-of-service" => nodes().map(Event::OutOfService),
        "cordon" => nodes().map(Event::Cordon),
        "uncordon" => nodes().map(Event::Uncordon),
        "drain" => nodes().map(Event::Drain),
        "partition" => nodes().map(Event::Partition),
        "remove-member" => nodes().map(Event::RemoveMember),
        "rollout" => workload(cluster, text, what).map(Event::Rollout),
        "scale" => scale(cluster, text, what),
        "delete-pod" => pod(cluster, text, what).map(Event::DeletePod),
        _ => Err(unknown(text)),
    }
}

fn unknown(text: &str) -> Failure {
    Failure::usage(format!("--event {text}: there is no such event"))
        .hint(format!("the events are {FORMS}"))
}

/// Nodes by name, or all with a label: `n1,n2` or `topology.kubernetes.io/zone=a`.
fn nodes(cluster: &Cluster, text: &str, what: &str) -> Result<Vec<NodeId>, Failure> {
    let mut found = Vec::new();
    for part in what.split(',') {
        match part.split_once('=') {
            Some((key, value)) => found.extend(labelled(cluster, text, key, value)?),
            None => found.push(node_named(cluster, &format!("--event {text}"), part)?),
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Nodes as above, or machines that assumptions declare, with the nodes on them.
fn hosts(cluster: &Cluster, text: &str, what: &str, fail: bool) -> Result<Event, Failure> {
    let (mut machines, mut found) = (Vec::new(), Vec::new());
    for part in what.split(',') {
        match cluster.machine_named(part) {
            Some(machine) => {
                machines.push(machine.name);
                let named = machine.nodes.iter();
                found.extend(named.filter_map(|name| cluster.node_named(*name)));
            }
            None => found.extend(nodes(cluster, text, part)?),
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(match (machines.is_empty(), fail) {
        (true, true) => Event::Fail(found),
        (true, false) => Event::Recover(found),
        (false, true) => Event::FailMachines(machines, found),
        (false, false) => Event::RecoverMachines(machines, found),
    })
}

fn labelled(cluster: &Cluster, text: &str, key: &str, value: &str) -> Result<Vec<NodeId>, Failure> {
    let wanted = cluster.find(key).zip(cluster.find(value));
    let has = |id: &NodeId| {
        wanted.is_some_and(|(key, value)| cluster.node(*id).labels.get(key) == Some(value))
    };
    let found: Vec<NodeId> = cluster.node_ids().filter(has).collect();
    if found.is_empty() {
        return Err(Failure::usage(format!("--event {text}: no node has the label {key}={value}"))
            .hint("holdfast inspect shows the nodes"));
    }
    Ok(found)
}

/// `KIND/NAMESPACE/NAME`, the kind as kubectl takes it.
/// The workload that a text names, `KIND/NAMESPACE/NAME`; `text` is where it is named.
pub(crate) fn workload(cluster: &Cluster, text: &str, what: &str) -> Result<WorkloadId, Failure> {
    let form = || {
        Failure::usage(format!("--event {text}: {what:?} names no workload"))
            .hint("name it as KIND/NAMESPACE/NAME, for instance deployment/default/web")
    };
    let mut parts = what.split('/');
    let (Some(kind), Some(namespace), Some(name), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(form());
    };
    let kind = match kind.to_lowercase().as_str() {
        "deployment" | "deployments" | "deploy" => WorkloadKind::Deployment,
        "replicaset" | "replicasets" | "rs" => WorkloadKind::ReplicaSet,
        "replicationcontroller" | "replicationcontrollers" | "rc" => {
            WorkloadKind::ReplicationController
        }
        "statefulset" | "statefulsets" | "sts" => WorkloadKind::StatefulSet,
        "daemonset" | "daemonsets" | "ds" => WorkloadKind::DaemonSet,
        _ => return Err(form()),
    };
    let key = |id: &WorkloadId| {
        let workload = cluster.workload(*id);
        format!("{}/{}", cluster.text(workload.namespace), cluster.text(workload.name))
    };
    let alike: Vec<WorkloadId> =
        cluster.workload_ids().filter(|id| cluster.workload(*id).kind == kind).collect();
    let wanted = format!("{namespace}/{name}");
    if let Some(id) = alike.iter().find(|id| key(id) == wanted) {
        return Ok(*id);
    }
    let names: Vec<String> = alike.iter().map(key).collect();
    let failure = Failure::usage(format!("--event {text}: there is no {what}"));
    Err(match nearest(&wanted, names.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint("holdfast inspect shows the workloads"),
    })
}

fn scale(cluster: &Cluster, text: &str, what: &str) -> Result<Event, Failure> {
    let unclear = || {
        Failure::usage(format!("--event {text}: to how many pods?"))
            .hint("for instance scale:deployment/default/web=3")
    };
    let (name, count) = what.rsplit_once('=').ok_or_else(unclear)?;
    if let "min" | "max" = count {
        let id = workload(cluster, text, name)?;
        let Some((least, most)) = cluster.workload(id).autoscaled else {
            return Err(Failure::usage(format!(
                "--event {text}: no HorizontalPodAutoscaler scales {name}"
            ))
            .hint("add horizontalpodautoscalers to the export, or name a number"));
        };
        return Ok(Event::Scale(id, if count == "min" { least } else { most }));
    }
    let count = count.parse().ok().filter(|count| (0..=150_000).contains(count));
    Ok(Event::Scale(workload(cluster, text, name)?, count.ok_or_else(unclear)?))
}

fn pod(cluster: &Cluster, text: &str, what: &str) -> Result<PodId, Failure> {
    let key = |id: PodId| {
        let pod = cluster.pod(id);
        let namespace = cluster.class(pod.class).namespace;
        format!("{}/{}", cluster.text(namespace), cluster.text(pod.name))
    };
    if let Some(id) = cluster.pod_ids().find(|id| key(*id) == what) {
        return Ok(id);
    }
    let names: Vec<String> = cluster.pod_ids().map(key).collect();
    let failure = Failure::usage(format!("--event {text}: there is no pod {what}"));
    Err(match nearest(what, names.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint("name it as NAMESPACE/NAME, as kubectl get pods -A shows it"),
    })
}

/// How many rollouts of each Deployment there are.
pub fn rollouts(story: &[Told]) -> BTreeMap<WorkloadId, u32> {
    let mut counts = BTreeMap::new();
    for named in story.iter().flat_map(Told::all) {
        if let Event::Rollout(id) = named.event {
            *counts.entry(id).or_default() += 1;
        }
    }
    counts
}

/// Why an event makes no sense where it stands, and the way out.
pub fn refused(cluster: &Cluster, event: &Named, why: Impossible) -> Failure {
    let node = |id: NodeId| cluster.node_name(id);
    let workload = |id: WorkloadId| cluster.text(cluster.workload(id).name);
    let (reason, hint) = match why {
        Impossible::Deleted(id) => (
            format!("{} was deleted before", node(id)),
            format!("recover:{} brings it back", node(id)),
        ),
        Impossible::Failed(id) => (
            format!("{} is not heard already", node(id)),
            format!("recover:{} brings it back first", node(id)),
        ),
        Impossible::Healthy(id) => (
            format!("{} is healthy, so there is nothing to recover from", node(id)),
            "a node recovers after fail, delete, out-of-service or partition".to_owned(),
        ),
        Impossible::Machine(name, true) => (
            format!("{} is down already", cluster.text(name)),
            format!("recover:{} brings it back first", cluster.text(name)),
        ),
        Impossible::Machine(name, false) => (
            format!("{} is up, so there is nothing to recover from", cluster.text(name)),
            "a machine recovers after fail".to_owned(),
        ),
        Impossible::Heard(id) => (
            format!("{} is heard; out-of-service is for nodes that are not", node(id)),
            format!("fail:{} first, or drain it", node(id)),
        ),
        Impossible::Cordoned(id, true) => (
            format!("{} is cordoned already", node(id)),
            format!("uncordon:{} lets pods in again", node(id)),
        ),
        Impossible::Cordoned(id, false) => {
            (format!("{} is not cordoned", node(id)), format!("cordon:{} does so", node(id)))
        }
        Impossible::NoMember(id) => (
            format!("{} is no member of etcd", node(id)),
            "holdfast simulate without events shows how many there are; those that no label or \
             static pod shows are declared with --assumptions"
                .to_owned(),
        ),
        Impossible::QuorumLost(id) => (
            format!("etcd does not remove {}: too few of the others are up", node(id)),
            "recover others first".to_owned(),
        ),
        Impossible::NothingToHeal => {
            ("nothing is cut off".to_owned(), "partition:NODES cuts nodes off".to_owned())
        }
        Impossible::NoControlPlane => (
            "no control plane is left that takes the order".to_owned(),
            "recover enough of its members first".to_owned(),
        ),
        Impossible::NoRollout(id) => (
            format!("{} does not roll out by itself", workload(id)),
            "Deployments, StatefulSets and DaemonSets do, unless they are paused".to_owned(),
        ),
        Impossible::NoScale(id) => (
            format!("{} cannot be scaled", workload(id)),
            "Deployments, ReplicaSets and StatefulSets can".to_owned(),
        ),
        Impossible::NoTemplate(id) => (
            format!("what the next pods of {} ask for is not known", workload(id)),
            "add the workload itself to the export, not its pods alone".to_owned(),
        ),
        Impossible::PodGone(_) => {
            ("the pod is gone by then".to_owned(), "name a pod that is still there".to_owned())
        }
    };
    Failure::usage(format!("--event {}: {reason}", event.name)).hint(hint)
}
