//! What people and machines do to a cluster.

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement, PodId, Symbol, WorkloadId};

use crate::controllers;
use crate::dynamics::Dynamics;
use crate::host::Host;
use crate::nodes;

/// Something that happens from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The nodes stop.
    Fail(Vec<NodeId>),
    /// The nodes are heard and healthy again.
    Recover(Vec<NodeId>),
    /// Machines that are no nodes stop, and the nodes on them with them.
    FailMachines(Vec<Symbol>, Vec<NodeId>),
    /// The machines are back, and the nodes on them.
    RecoverMachines(Vec<Symbol>, Vec<NodeId>),
    /// The node objects are deleted.
    Delete(Vec<NodeId>),
    /// The nodes, which nobody hears, are marked out-of-service.
    OutOfService(Vec<NodeId>),
    /// Nothing new is scheduled on the nodes.
    Cordon(Vec<NodeId>),
    /// etcd forgets the nodes one after another, and they carry the control plane no more.
    RemoveMember(Vec<NodeId>),
    /// Pods may be scheduled there again.
    Uncordon(Vec<NodeId>),
    /// Somebody drains the nodes.
    Drain(Vec<NodeId>),
    /// The nodes lose sight of the rest of the cluster, and run on.
    Partition(Vec<NodeId>),
    /// All nodes that lost sight of the rest are heard again.
    Heal,
    /// A workload replaces its pods one after another (`kubectl rollout restart`).
    Rollout(WorkloadId),
    /// A workload is scaled.
    Scale(WorkloadId, i64),
    /// A pod is deleted.
    DeletePod(PodId),
}

/// Events that are told together: the first comes once all is quiet, and each of the others at any
/// moment after the one before it, be that at once or when all is quiet again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    first: Event,
    others: Vec<Event>,
}

impl From<Event> for Joined {
    /// An event that no other joins.
    fn from(event: Event) -> Self {
        Self { first: event, others: Vec::new() }
    }
}

impl Joined {
    /// One that comes while those before it may still be getting on.
    #[must_use]
    pub fn and(mut self, event: Event) -> Self {
        self.others.push(event);
        self
    }

    /// The one that comes once all is quiet.
    pub fn first(&self) -> &Event {
        &self.first
    }

    /// Those that come at any moment after it, in their order.
    pub fn others(&self) -> &[Event] {
        &self.others
    }

    /// All of them, in their order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// Why an event makes no sense as things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// The node does not exist any more.
    Deleted(NodeId),
    /// The node failed before.
    Failed(NodeId),
    /// There is nothing to recover from.
    Healthy(NodeId),
    /// The machine is down already, or is up.
    Machine(Symbol, bool),
    /// Out-of-service is for nodes that nobody hears; this one is heard.
    Heard(NodeId),
    /// The node is cordoned already, or is not.
    Cordoned(NodeId, bool),
    /// The node is no member of etcd.
    NoMember(NodeId),
    /// etcd does not remove the member: too few would be up of those that are left.
    QuorumLost(NodeId),
    /// Nothing is cut off.
    NothingToHeal,
    /// Without a control plane that acts nobody takes the order.
    NoControlPlane,
    /// The workload does not roll out: its kind does not, or it is paused.
    NoRollout(WorkloadId),
    /// The workload cannot be scaled.
    NoScale(WorkloadId),
    /// What the workload's next pods ask for is not known.
    NoTemplate(WorkloadId),
    /// The pod is gone.
    PodGone(PodId),
}

impl Event {
    /// The nodes it names.
    pub fn nodes(&self) -> &[NodeId] {
        match self {
            Self::Fail(nodes)
            | Self::Recover(nodes)
            | Self::FailMachines(_, nodes)
            | Self::RecoverMachines(_, nodes)
            | Self::Delete(nodes)
            | Self::OutOfService(nodes)
            | Self::Cordon(nodes)
            | Self::Uncordon(nodes)
            | Self::Drain(nodes)
            | Self::RemoveMember(nodes)
            | Self::Partition(nodes) => nodes,
            Self::Heal | Self::Rollout(_) | Self::Scale(..) | Self::DeletePod(_) => &[],
        }
    }

    /// Whether nodes may be lost by it for so long that storage makes new copies elsewhere.
    pub fn takes_nodes(&self) -> bool {
        matches!(
            self,
            Self::Fail(_)
                | Self::FailMachines(..)
                | Self::Delete(_)
                | Self::OutOfService(_)
                | Self::Drain(_)
                | Self::Partition(_)
        )
    }

    /// Whether it is an order to the API server, and not something that just happens.
    fn is_order(&self) -> bool {
        !matches!(
            self,
            Self::Fail(_)
                | Self::Recover(_)
                | Self::FailMachines(..)
                | Self::RecoverMachines(..)
                | Self::RemoveMember(_)
                | Self::Partition(_)
                | Self::Heal
        )
    }

    /// Whether it may happen as things stand.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn check(&self, dynamics: &Dynamics<'_>, placement: &Placement) -> Result<(), Impossible> {
        if self.is_order() && !dynamics.control_plane().acts(placement) {
            return Err(Impossible::NoControlPlane);
        }
        self.nodes().iter().try_for_each(|node| self.check_node(placement, *node))?;
        let cluster = dynamics.cluster();
        match self {
            Self::FailMachines(machines, _) => check_machines(placement, machines, true),
            Self::RecoverMachines(machines, _) => check_machines(placement, machines, false),
            Self::RemoveMember(members) => check_members(dynamics, placement, members),
            Self::Heal if !placement.nodes().iter().any(|node| node.cut_off) => {
                Err(Impossible::NothingToHeal)
            }
            Self::Rollout(workload) => check_rollout(cluster, *workload),
            Self::Scale(workload, _) => check_scale(cluster, *workload),
            Self::DeletePod(pod) => {
                let gone = placement.instance((*pod).into()).whereabouts == Whereabouts::Gone;
                if gone { Err(Impossible::PodGone(*pod)) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    fn check_node(&self, placement: &Placement, id: NodeId) -> Result<(), Impossible> {
        let node = placement.node(id);
        match self {
            Self::Recover(_) if node.exists && node.serves() => Err(Impossible::Healthy(id)),
            Self::Recover(_) | Self::RecoverMachines(..) | Self::RemoveMember(_) => Ok(()),
            _ if !node.exists => Err(Impossible::Deleted(id)),
            Self::Fail(_) | Self::FailMachines(..) | Self::Partition(_) if !node.reachable => {
                Err(Impossible::Failed(id))
            }
            Self::OutOfService(_) if node.reachable => Err(Impossible::Heard(id)),
            Self::Cordon(_) if node.unschedulable => Err(Impossible::Cordoned(id, true)),
            Self::Uncordon(_) if !node.unschedulable => Err(Impossible::Cordoned(id, false)),
            _ => Ok(()),
        }
    }

    /// Lets it happen once all is quiet after the events before it. What follows at once from the
    /// controllers follows here, the rest are [`Step`](crate::Step)s.
    pub fn apply(&self, dynamics: &Dynamics<'_>, placement: &mut Placement) {
        // A drain that could not end has run into its timeout by now.
        nodes::stop_draining(dynamics.cluster(), placement);
        self.join(dynamics, placement);
    }

    /// The same while the event before it may still be getting on: whoever drains goes on.
    pub fn join(&self, dynamics: &Dynamics<'_>, placement: &mut Placement) {
        let cluster = dynamics.cluster();
        match self {
            Self::Fail(silent) => nodes::fail(cluster, placement, silent),
            Self::Recover(back) => nodes::recover(cluster, placement, back),
            Self::FailMachines(machines, silent) => {
                dynamics.fail_hosts(placement, silent, machines);
            }
            Self::RecoverMachines(machines, back) => {
                for name in machines {
                    placement.set_down(*name, false);
                }
                nodes::recover(cluster, placement, back);
            }
            Self::Delete(gone) => nodes::delete(cluster, placement, gone),
            Self::OutOfService(out) => nodes::take_out_of_service(cluster, placement, out),
            Self::Cordon(these) => nodes::cordon(cluster, placement, these, true),
            Self::Uncordon(these) => nodes::cordon(cluster, placement, these, false),
            Self::Drain(these) => nodes::drain(cluster, placement, these),
            Self::RemoveMember(these) => {
                for node in these {
                    placement.change_node(cluster, *node, |flags| flags.resigned = true);
                }
            }
            Self::Partition(these) => partition(dynamics, placement, these),
            Self::Heal => {
                let cut_off: Vec<NodeId> =
                    cluster.node_ids().filter(|node| placement.node(*node).cut_off).collect();
                nodes::recover(cluster, placement, &cut_off);
            }
            Self::Rollout(workload) => roll_out(cluster, placement, *workload),
            Self::Scale(workload, desired) => {
                controllers::scale(cluster, placement, *workload, *desired);
            }
            Self::DeletePod(pod) => delete_pod(cluster, placement, (*pod).into()),
        }
        dynamics.storage().refresh(cluster, placement);
        // Whoever can act again has work that was left.
        dynamics.begin(placement);
    }
}

/// The side that holds the majority of the control plane's members acts; the other is silent to it.
/// Where neither side does nobody acts.
fn partition(dynamics: &Dynamics<'_>, placement: &mut Placement, these: &[NodeId]) {
    let cluster = dynamics.cluster();
    let members: Vec<Host> = dynamics.control_plane().etcd(placement).collect();
    let is_theirs = |member: &Host| matches!(member, Host::Node(node) if these.contains(node));
    let theirs = members.iter().copied().filter(is_theirs).count();
    if theirs * 2 > members.len() {
        let others: Vec<NodeId> = cluster
            .node_ids()
            .filter(|node| !these.contains(node) && placement.node(*node).reachable)
            .collect();
        nodes::cut_off(cluster, placement, &others);
    } else {
        nodes::cut_off(cluster, placement, these);
    }
}

fn check_machines(
    placement: &Placement,
    machines: &[Symbol],
    down: bool,
) -> Result<(), Impossible> {
    match machines.iter().find(|name| placement.is_down(**name) == down) {
        Some(name) => Err(Impossible::Machine(*name, down)),
        None => Ok(()),
    }
}

fn check_members(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    members: &[NodeId],
) -> Result<(), Impossible> {
    let control_plane = dynamics.control_plane();
    let mut after = placement.clone();
    for &member in members {
        if !control_plane.etcd(&after).any(|host| host == Host::Node(member)) {
            return Err(Impossible::NoMember(member));
        }
        if !control_plane.may_remove(&after, member) {
            return Err(Impossible::QuorumLost(member));
        }
        after.change_node(dynamics.cluster(), member, |flags| flags.resigned = true);
    }
    Ok(())
}

fn check_rollout(cluster: &Cluster, id: WorkloadId) -> Result<(), Impossible> {
    let workload = cluster.workload(id);
    // Only what is paused, or does not roll out at all, has no strategy.
    match (workload.strategy, workload.template) {
        (None, _) => Err(Impossible::NoRollout(id)),
        (_, None) => Err(Impossible::NoTemplate(id)),
        _ => Ok(()),
    }
}

fn check_scale(cluster: &Cluster, id: WorkloadId) -> Result<(), Impossible> {
    let workload = cluster.workload(id);
    match workload.kind {
        WorkloadKind::Deployment
        | WorkloadKind::ReplicaSet
        | WorkloadKind::ReplicationController
        | WorkloadKind::StatefulSet => match workload.template {
            None => Err(Impossible::NoTemplate(id)),
            Some(_) => Ok(()),
        },
        _ => Err(Impossible::NoScale(id)),
    }
}

fn roll_out(cluster: &Cluster, placement: &mut Placement, id: WorkloadId) {
    placement.change_target(id, |target| target.rollouts += 1);
    let outdates = cluster.workload(id).kind != WorkloadKind::Deployment;
    for pod in placement.instance_ids() {
        let instance = placement.instance(pod);
        if outdates && instance.workload == id && instance.whereabouts != Whereabouts::Gone {
            placement.change(cluster, pod, |instance| instance.outdated = true);
        }
    }
}

fn delete_pod(cluster: &Cluster, placement: &mut Placement, pod: InstanceId) {
    // In one run of many it may be gone by then.
    if placement.instance(pod).whereabouts == Whereabouts::Gone {
        return;
    }
    controllers::terminate(cluster, placement, pod);
    let workload = placement.instance(pod).workload;
    if controllers::Reaction::of(cluster.workload(workload))
        == controllers::Reaction::ReplaceTerminating
    {
        controllers::lose(cluster, placement, pod);
    }
}
