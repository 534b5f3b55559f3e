//! What holds of every set of up to so many nodes, seen to once for all of them.
//!
//! A failure loses pods, and for most of them others are made. If each of these is sure of a node
//! whichever nodes fail, every run after every such failure ends with the same counts, and a claim
//! holds for all sets where it holds for the set that takes most from it. Why pods are sure:
//!
//! * Before anything fails nothing goes on, and who waits waits in vain ([`calm`]). So whoever
//!   comes afterwards is made for a lost pod ([`losses`]).
//! * Each is like pods of which it is written down which nodes take them, with everything in place.
//!   A node that is left takes them still, until somebody comes: what is lost stays where it is,
//!   marked for deletion, and filters that fewer pods could make stricter are left out.
//! * All that may come asks of each resource for no more than what the nodes lose that lose most of
//!   it, and closes no more domains without paying than the most at odds with the pod that so many
//!   nodes can lose ([`rivals`]). The nodes that fail are closed for nothing.
//! * At the prices written down that does not do to close all ([`crate::prices`]), nor can whole
//!   nodes be closed with it ([`crate::whole`]), at no moment. So whoever comes finds a node at
//!   once, and nobody is preempted.
//!
//! Pods that are not sure do no harm to others where they can preempt nobody ([`harmless`]); of
//! their own workload nothing is proved then. A node that loses other pods is not plain. Sets with
//! such a node are checked one by one, as are those after which evictions are not sure ([`zones`])
//! or nobody acts.

mod calm;
mod harmless;
mod losses;
mod rivals;
mod zones;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use holdfast_cluster::spread::{SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::{ClassId, Cluster, NodeId, Placement, PodSpec};
use holdfast_failover::Dynamics;
use holdfast_scheduler::{KeepSpread, Scratch};

use crate::choices::Choices;
use crate::flaw::{Broken, Flaw};
use crate::format;
use crate::names::Sorts;
use crate::prices::{self, Contest, Prices, lone_spread};
use crate::reader::Start;
use crate::room::{Lost, bears_silence};
use crate::unknown::Unknown;
pub(crate) use losses::Change;
use losses::Losses;
use rivals::Rivals;
use zones::Zones;

/// Members of the control plane, beyond which it is taken to depend on the set.
const MEMBERS_MAX: usize = 16;

/// What is known of every set of up to so many nodes.
pub(crate) struct Headroom {
    most: usize,
    /// Nodes of whose loss everything is known, by node.
    plain: Vec<bool>,
    /// Nodes that carry a part of the control plane, by node; none where no set stops it.
    members: Vec<bool>,
    zones: Zones,
    losses: Losses,
    /// Classes of pods that are sure of a node.
    sure: BTreeSet<ClassId>,
}

/// What the check of written headroom needs.
pub(crate) struct Premises<'p, 'c> {
    pub(crate) dynamics: &'p Dynamics<'c>,
    pub(crate) unknown: &'p Unknown,
    pub(crate) start: &'p Start,
    pub(crate) sorts: &'p Sorts,
    /// Whether the recovery of a subject is claimed to be proved.
    pub(crate) is_proved: &'p dyn Fn(usize) -> bool,
    /// Whose each pod is.
    pub(crate) position: &'p dyn Fn(&holdfast_cluster::Instance) -> Option<usize>,
}

/// Nodes, and what their failure changes of a subject.
pub(crate) struct Worst {
    pub(crate) nodes: Vec<NodeId>,
    pub(crate) change: Change,
}

impl Headroom {
    /// Checks what is written down, for every set of up to `most` nodes.
    pub(crate) fn read(
        premises: &Premises<'_, '_>,
        written: &[format::Headroom],
        most: usize,
    ) -> Result<Self, Flaw> {
        let Premises { dynamics, start, .. } = *premises;
        let cluster = dynamics.cluster();
        let mut scratch = Scratch::default();
        if !calm::is_calm(dynamics, premises.unknown, start, &mut scratch) {
            return Err(Flaw::Headroom(Broken::Unsteady));
        }
        let mut placement = start.placement.clone();
        let losses = Losses::of(dynamics, &mut placement, premises.position);
        let rivals = Rivals::of(cluster, &losses, most);
        let mut sure: BTreeSet<ClassId> = BTreeSet::new();
        for one in written {
            let (nodes, prices) = look_up(cluster, one).map_err(Flaw::Room)?;
            for like in &one.like {
                let class = premises.sorts.class(cluster, like)?;
                let mut room = Room { premises, placement: &mut placement, scratch: &mut scratch };
                let holds = room.is_sure(&losses, &rivals, class, &nodes, (&prices, one.whole));
                if !holds || !sure.insert(class) {
                    return Err(Flaw::Headroom(Broken::NoRoom(like.clone())));
                }
            }
        }
        let harmless = harmless::among(premises, &losses, &mut placement, &mut scratch, &sure);
        let is_plain = |node| {
            losses.all(node, |(class, at)| {
                let open = harmless.contains(class) && !at.is_some_and(premises.is_proved);
                sure.contains(class) || open
            })
        };
        let plain = cluster.node_ids().map(is_plain).collect();
        let members = members(dynamics, &placement, most);
        let zones = Zones::of(cluster, &placement);
        Ok(Self { most, plain, members, zones, losses, sure })
    }

    /// Whether everything is known of what these nodes lose.
    pub(crate) fn covers(&self, dynamics: &Dynamics<'_>, start: &Start, failed: &[NodeId]) -> bool {
        let is_member = |node: &NodeId| self.members[node.index()];
        !failed.is_empty()
            && failed.len() <= self.most
            && failed.iter().all(|node| self.plain[node.index()])
            && self.zones.evict(failed)
            && (!failed.iter().any(is_member)
                || dynamics.control_plane().acts_without(&start.placement, failed))
    }

    /// Whether that is so of all sets.
    pub(crate) fn covers_all(&self) -> bool {
        self.plain.iter().all(|plain| *plain)
            && !self.members.contains(&true)
            && self.zones.always_evict(self.most)
    }

    /// The set of plain nodes whose loss takes most from a subject.
    pub(crate) fn worst(&self, at: usize, takes: impl Fn(&Change) -> i64) -> Worst {
        let of_node = self.losses.of_subject(at).iter();
        let of_node = of_node.filter(|(node, change)| self.is_plain(*node) && takes(change) > 0);
        let mut all: Vec<(NodeId, Change)> = of_node.copied().collect();
        all.sort_unstable_by_key(|(node, change)| (Reverse(takes(change)), *node));
        all.truncate(self.most);
        all.sort_unstable_by_key(|(node, _)| *node);
        let (nodes, changes): (Vec<NodeId>, Vec<Change>) = all.into_iter().unzip();
        Worst { nodes, change: changes.into_iter().sum() }
    }

    /// Whether all pods that are made for a subject once these nodes fail are sure of a node.
    pub(crate) fn brings_back(&self, at: usize, failed: &[NodeId]) -> bool {
        let sure = |node: &NodeId| {
            self.losses.all(*node, |(class, of)| *of != Some(at) || self.sure.contains(class))
        };
        failed.iter().all(sure)
    }

    /// What the failure of these nodes changes of a subject.
    pub(crate) fn change(&self, at: usize, failed: &[NodeId]) -> Change {
        let of_node = self.losses.of_subject(at).iter();
        let lost = of_node.filter(|(node, _)| failed.contains(node)).map(|(_, change)| *change);
        lost.sum()
    }

    fn is_plain(&self, node: NodeId) -> bool {
        self.plain[node.index()]
    }
}

/// The nodes and prices of written headroom; an error names what there is not.
fn look_up(
    cluster: &Cluster,
    written: &format::Headroom,
) -> Result<(BTreeSet<NodeId>, Vec<Prices>), String> {
    let node = |name: &String| {
        let node = cluster.find(name).and_then(|name| cluster.node_named(name));
        node.ok_or_else(|| name.clone())
    };
    let nodes = written.nodes.iter().map(node).collect::<Result<_, String>>()?;
    let prices = written.prices.iter().map(|prices| prices::read(cluster, prices));
    Ok((nodes, prices.collect::<Result<_, String>>()?))
}

/// Nodes that carry a part of the control plane, where the loss of up to `most` may stop it.
fn members(dynamics: &Dynamics<'_>, placement: &Placement, most: usize) -> Vec<bool> {
    let mut members: Vec<NodeId> = dynamics.control_plane().members().collect();
    members.sort_unstable();
    members.dedup();
    let stops = |set: Vec<usize>| {
        let set: Vec<NodeId> = set.iter().map(|at| members[*at]).collect();
        !dynamics.control_plane().acts_without(placement, &set)
    };
    let size = most.min(members.len());
    let stoppable = members.len() > MEMBERS_MAX || Choices::new(members.len(), size).any(stops);
    let mut carry = vec![false; placement.nodes().len()];
    members.iter().filter(|_| stoppable).for_each(|node| carry[node.index()] = true);
    carry
}

/// A pod that is held against what is written down of its like.
struct Room<'r, 'p, 'c> {
    premises: &'r Premises<'p, 'c>,
    placement: &'r mut Placement,
    scratch: &'r mut Scratch,
}

impl Room<'_, '_, '_> {
    /// Whether lost pods of a class are sure of one of these nodes.
    fn is_sure(
        &mut self,
        losses: &Losses,
        rivals: &Rivals<'_>,
        class: ClassId,
        nodes: &BTreeSet<NodeId>,
        (prices, whole): (&[Prices], bool),
    ) -> bool {
        let Premises { dynamics, unknown, .. } = *self.premises;
        let cluster = dynamics.cluster();
        let Some(workload) = losses.made_by(class) else { return false };
        if !takes_what_it_took(cluster, cluster.spec_of(class)) {
            return false;
        }
        let mark = self.placement.mark();
        let pod = self.placement.add(cluster, class, workload, None);
        let lost = Lost::new(dynamics, unknown, &[], self.scratch);
        let is_plain = lost.is_plain(self.placement, pod);
        let lone = lone_spread(cluster.spec_of(class));
        let spread = if lone.is_some() { KeepSpread::No } else { KeepSpread::Yes };
        let taken = is_plain && {
            let look = dynamics.scheduler().look(self.placement, pod, spread);
            look.is_some_and(|mut look| {
                nodes.iter().all(|node| self.placement.node(*node).serves() && look.takes(*node))
            })
        };
        let open: Vec<NodeId> = nodes.iter().copied().collect();
        let placement = &*self.placement;
        let others = rivals.against(class);
        let contest = Contest { cluster, placement, class, lone, open: &open, others: &others };
        let won = taken && contest.is_won(prices, whole);
        self.placement.revert(cluster, mark);
        won
    }
}

/// Whether what takes the pod before a failure takes it after, unless somebody comes: its volumes
/// and its company may be lost, it may go to a lost node, and with several strict constraints lost
/// pods may make the emptiest domain emptier.
fn takes_what_it_took(cluster: &Cluster, spec: &PodSpec) -> bool {
    let strict = |c: &SpreadConstraint| c.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule;
    spec.volumes.is_empty()
        && spec.pod_affinity.required.is_empty()
        && !bears_silence(cluster, spec)
        && (lone_spread(spec).is_some() || !spec.spread.iter().any(strict))
}
