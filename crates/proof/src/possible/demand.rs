//! Which pods are wanted, and which only may be there.

use std::collections::BTreeSet;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, PodId, WorkloadId};
use holdfast_failover::Dynamics;
use holdfast_failover::storage::Standing;

use super::{Gap, Wanted, Why};
use crate::doubts::Doubts;
use crate::rules::is_fixed;
use crate::seat::{self, Seat};
use crate::subject::{Subject, Subjects, follows_nodes};
use crate::verdict::Doubt;

/// A pod that is wanted, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) wanted: Wanted,
    pub(super) origin: Option<PodId>,
    /// Where it serves now, and may stay.
    pub(super) home: Option<NodeId>,
    /// It is sure that just this pod is wanted, asking for just this: arguments may rest on it.
    pub(super) firm: bool,
    /// What is not known of it, should it have to move.
    pub(super) doubt: Option<Doubt>,
}

impl Item {
    /// The pod on a node.
    pub(super) fn at(&self, node: NodeId) -> Seat {
        let Wanted { pod: from, workload, class } = self.wanted;
        Seat { from, class, workload, origin: self.origin, node }
    }
}

/// Everybody who is wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Demand {
    pub(super) items: Vec<Item>,
    /// Pods that may stay where they are, and may be left out.
    pub(super) optional: Vec<InstanceId>,
    /// Pods that stay where they are.
    pub(super) fixed: Vec<InstanceId>,
    /// What keeps from a yes.
    pub(super) gap: Option<Gap>,
    /// A no that needs no counting.
    pub(super) certain: Option<Why>,
}

impl Demand {
    pub(super) fn of(
        dynamics: &Dynamics<'_>,
        subjects: &Subjects,
        placement: &mut Placement,
        only: Option<usize>,
    ) -> Self {
        let doubts = Doubts::new(dynamics.cluster());
        let mut active = vec![Vec::new(); dynamics.cluster().workloads().len()];
        for id in placement.instance_ids() {
            let instance = placement.instance(id);
            if !instance.terminating && (instance.node().is_some() || instance.is_pending()) {
                active[instance.workload.index()].push(id);
            }
        }
        let mut gather = Gather { dynamics, placement, doubts, active, demand: Self::default() };
        for (at, subject) in subjects.subjects.iter().enumerate() {
            if only.is_none_or(|only| only == at) {
                gather.subject(subject);
            }
        }
        gather.others();
        gather.demand
    }
}

struct Gather<'a, 'c> {
    dynamics: &'a Dynamics<'c>,
    placement: &'a mut Placement,
    doubts: Doubts,
    /// Pods that are not about to leave, by workload.
    active: Vec<Vec<InstanceId>>,
    demand: Demand,
}

impl<'c> Gather<'_, 'c> {
    fn cluster(&self) -> &'c Cluster {
        self.dynamics.cluster()
    }

    fn subject(&mut self, subject: &Subject) {
        let cluster = self.cluster();
        let kind = cluster.workload(subject.root).kind;
        let members = subject.members.iter();
        let mut active: Vec<InstanceId> =
            members.flat_map(|member| self.active[member.index()].iter().copied()).collect();
        active.sort_unstable();
        let mut items: Vec<Item> = active.iter().map(|id| self.item(*id)).collect();
        if follows_nodes(kind) {
            return;
        }
        if kind == WorkloadKind::Pod {
            if let Some(item) = items.iter().find(|item| self.is_lost(item)) {
                self.demand.certain = Some(Why::NothingMakesIt(item.wanted));
            }
            items.retain(|item| self.is_pending(item));
            return self.take(items);
        }
        // Pods on nodes that the export does not hold serve, as far as anybody knows.
        let unlisted = subject.ready(self.placement) as usize
            - active.iter().filter(|id| self.placement.instance(**id).ready).count();
        let desired = subject.desired(cluster, self.placement) as usize;
        let desired = desired.saturating_sub(unlisted);
        let classes: BTreeSet<ClassId> = items.iter().map(|item| item.wanted.class).collect();
        let named = kind == WorkloadKind::StatefulSet;
        if !named && classes.len() > 1 || named && items.len() > desired {
            // A rollout is under way, and nobody knows which of the templates will be asked for.
            for item in &mut items {
                item.firm = false;
            }
        }
        items.sort_by_key(|item| item.home.is_none());
        items.truncate(desired);
        let missing = desired - items.len();
        items.extend(self.missing(subject, missing));
        self.take(items);
    }

    fn take(&mut self, items: Vec<Item>) {
        for item in &items {
            let id = item.wanted.pod;
            let standing = id.map(|id| {
                self.dynamics.storage().standing(self.placement, self.placement.instance(id))
            });
            match standing {
                Some(Standing::Starved) => {
                    self.demand.certain.get_or_insert(Why::Starved(item.wanted));
                }
                Some(Standing::Unknown) => {
                    self.demand.gap.get_or_insert(Gap::Doubt(Doubt::VolumeCopies));
                }
                _ => {}
            }
        }
        self.demand.items.extend(items);
    }

    fn is_pending(&self, item: &Item) -> bool {
        item.wanted.pod.is_none_or(|id| self.placement.instance(id).is_pending())
    }

    /// Whether the pod is bound and will not serve there: one that is not ready today stays so,
    /// unless it waits for a volume.
    fn is_lost(&self, item: &Item) -> bool {
        let Some(id) = item.wanted.pod else { return false };
        let instance = self.placement.instance(id);
        let heard = instance.node().is_some_and(|node| self.placement.node(node).serves());
        let waits = heard && (instance.attaching || instance.starved);
        instance.node().is_some() && !instance.ready && !waits
    }

    /// A pod that is there.
    fn item(&self, id: InstanceId) -> Item {
        let instance = self.placement.instance(id);
        let next = || instance.next_class(self.cluster());
        let class = if instance.is_pending() { instance.class } else { next() };
        let doubt = self.doubts.of_pod(self.cluster(), self.placement, id);
        Item {
            wanted: Wanted { pod: Some(id), workload: instance.workload, class },
            origin: instance.origin,
            home: instance.node().filter(|_| instance.ready),
            firm: doubt.is_none() && class == instance.class,
            doubt,
        }
    }

    /// Pods that their controller has yet to make.
    fn missing(&mut self, subject: &Subject, count: usize) -> Vec<Item> {
        if count == 0 {
            return Vec::new();
        }
        let cluster = self.cluster();
        let short = |id: &&WorkloadId| {
            let wanted = self.placement.target(**id).desired;
            cluster.owned(**id).is_empty() && i64::from(self.placement.tally(**id).active) < wanted
        };
        let maker = subject.members.iter().find(short).copied();
        let template = maker.and_then(|id| Some((id, cluster.workload(id).template?)));
        let named = cluster.workload(subject.root).kind == WorkloadKind::StatefulSet;
        let Some((workload, class)) = template.filter(|_| !named) else {
            self.demand.gap.get_or_insert(Gap::NoTemplate(subject.root));
            return Vec::new();
        };
        let mark = self.placement.mark();
        let wanted = Wanted { pod: None, workload, class };
        let item = Item { wanted, origin: None, home: None, firm: true, doubt: None };
        let pod = seat::make(cluster, self.placement, &item.at(NodeId(0)));
        let doubt = self.doubts.of_pod(cluster, self.placement, pod);
        self.placement.revert(cluster, mark);
        vec![Item { doubt, firm: doubt.is_none(), ..item }; count]
    }

    /// Everybody else who is bound to a node or waits for one.
    fn others(&mut self) {
        let cluster = self.cluster();
        let wanted: BTreeSet<InstanceId> =
            self.demand.items.iter().filter_map(|item| item.wanted.pod).collect();
        for id in self.placement.instance_ids() {
            let instance = self.placement.instance(id);
            if wanted.contains(&id) || (instance.node().is_none() && !instance.is_pending()) {
                continue;
            }
            let bare = cluster.workload(instance.workload).kind == WorkloadKind::Pod
                && instance.node().is_some()
                && !instance.terminating;
            if bare || is_fixed(cluster, self.placement, id) {
                self.demand.fixed.push(id);
            } else {
                self.demand.optional.push(id);
            }
        }
    }
}
