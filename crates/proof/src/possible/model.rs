//! The question in numbers: kinds of pods, nodes that serve, and what is left of them.
//!
//! Everything in here bounds from above. A pod may always stay where it serves, whatever a rule
//! would say if it came anew: its node is open to it, the node's room is at least what those who
//! may stay there ask for, and where two who mind each other are near already they may remain so.
//! Whoever does come was let in by the filter, with all that was there: so what is on the node then
//! fits, and all who mind each other are apart.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, Symbol};
use holdfast_failover::eviction;
use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use super::company::Company;
use super::demand::{Demand, Item};
use super::{Separation, Wanted};
use crate::rules::{Blocked, Refusal, Resource, Rules};

/// Pods that can go to the same nodes and ask for the same.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) class: ClassId,
    /// What one of them asks for, in the order of [`Model::resources`].
    pub(super) asks: Vec<i64>,
    /// The nodes that it may be on: a position in [`Model::areas`].
    pub(super) area: usize,
    /// The pods, as positions in the demand.
    pub(super) items: Vec<usize>,
}

/// The part of a domain's name that is not the separation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Domain {
    Node(NodeId),
    Value(Symbol),
}

/// The question in numbers.
#[derive(Clone, Debug)]
pub(super) struct Model<'a> {
    pub(super) rules: Rules<'a>,
    pub(super) placement: Placement,
    /// The nodes that serve.
    pub(super) nodes: Vec<NodeId>,
    pub(super) resources: Vec<Resource>,
    /// What is left on each node, in the order of the resources.
    pub(super) left: Vec<Vec<i64>>,
    pub(super) kinds: Vec<Kind>,
    /// Sets of positions in `nodes`, sorted.
    pub(super) areas: Vec<Vec<usize>>,
    /// What keeps pods of two kinds apart, the lower kind first.
    pub(super) apart: BTreeMap<(usize, usize), BTreeSet<Separation>>,
    /// Domains in which pods who mind each other are near already.
    pub(super) excused: BTreeSet<(Separation, Domain)>,
    /// By item.
    pub(super) wanted: Vec<Wanted>,
    /// By item, as a position in `nodes`.
    pub(super) homes: Vec<Option<usize>>,
    /// Classes of pods that are there and that no argument rests on: others may count them.
    pub(super) loose_classes: BTreeSet<ClassId>,
    company: Company,
}

impl<'a> Model<'a> {
    pub(super) fn of(cluster: &'a Cluster, placement: &Placement, demand: &Demand) -> Self {
        let fixed: BTreeSet<InstanceId> = demand.fixed.iter().copied().collect();
        let rules = Rules::new(cluster, placement, |id| fixed.contains(&id));
        let serves = |node: &NodeId| placement.node(*node).serves();
        let nodes: Vec<NodeId> = cluster.node_ids().filter(serves).collect();
        let at = |node: NodeId| nodes.binary_search(&node).ok();
        let homes = demand.items.iter().map(|item| item.home.and_then(at)).collect();
        let unsure = demand.items.iter().filter(|item| !item.firm);
        let loose_items = unsure.clone().filter_map(|item| item.wanted.pod);
        let loose = demand.optional.iter().chain(&demand.fixed).copied().chain(loose_items);
        let of_loose = loose.map(|id| placement.instance(id).class);
        let mut model = Self {
            loose_classes: of_loose.chain(unsure.map(|item| item.wanted.class)).collect(),
            rules,
            placement: placement.clone(),
            resources: Vec::new(),
            left: Vec::new(),
            kinds: Vec::new(),
            areas: Vec::new(),
            apart: BTreeMap::new(),
            excused: BTreeSet::new(),
            company: Company::default(),
            wanted: demand.items.iter().map(|item| item.wanted).collect(),
            homes,
            nodes,
        };
        model.sort_pods(&demand.items);
        model.measure();
        model.separate();
        model
    }

    pub(super) fn cluster(&self) -> &'a Cluster {
        self.rules.cluster()
    }

    /// The pods of a kind.
    pub(super) fn pods(&self, items: &[usize]) -> Vec<Wanted> {
        items.iter().map(|item| self.wanted[*item]).collect()
    }

    /// How many pods of a kind there are.
    pub(super) fn count(&self, kind: usize) -> u64 {
        self.kinds[kind].items.len() as u64
    }

    /// Why a pod of the class is refused by a node, or evicted again from there, room included.
    pub(super) fn refusal(
        &self,
        class: ClassId,
        blocked: &Blocked,
        node: NodeId,
    ) -> Option<Refusal> {
        let refused = self.rules.refusal(class, blocked, node, Some(&self.placement));
        let refused = refused.or_else(|| {
            let spec = self.cluster().spec_of(class);
            let cause = eviction::cause(self.cluster(), &self.placement, node, spec);
            cause.map(Refusal::Evicts)
        });
        let refused = refused.or_else(|| self.company.lacks(self, class, node));
        refused.or_else(|| {
            let asks = self.rules.asks(self.cluster().spec_of(class));
            asks.into_iter().find_map(|(resource, needed)| {
                let available = self.rules.left(resource, node);
                let short = needed > available;
                short.then_some(Refusal::Room { resource, needed, available })
            })
        })
    }

    /// Divides the firm items into kinds.
    fn sort_pods(&mut self, items: &[Item]) {
        let mut open: BTreeMap<ClassId, Vec<usize>> = BTreeMap::new();
        let mut resources = BTreeSet::new();
        let firm: Vec<usize> = (0..items.len()).filter(|at| items[*at].firm).collect();
        for class in firm.iter().map(|at| items[*at].wanted.class) {
            if open.contains_key(&class) {
                continue;
            }
            let blocked = self.rules.blocked(class);
            let takes = |at: &usize| self.refusal(class, &blocked, self.nodes[*at]).is_none();
            open.insert(class, (0..self.nodes.len()).filter(takes).collect());
            let asks = self.rules.asks(self.cluster().spec_of(class));
            resources.extend(asks.into_iter().map(|(resource, _)| resource));
        }
        self.resources = resources.into_iter().collect();
        self.company = Company::of(self, items, &open);
        for (class, nodes) in &mut open {
            nodes.retain(|at| self.company.lacks(self, *class, self.nodes[*at]).is_none());
        }
        let mut areas = IndexSet::<Vec<usize>, FxBuildHasher>::default();
        let mut kinds = IndexMap::<(ClassId, usize), Vec<usize>, FxBuildHasher>::default();
        for at in firm {
            let class = items[at].wanted.class;
            let mut area = open[&class].clone();
            if let Some(home) = self.homes[at]
                && let Err(place) = area.binary_search(&home)
            {
                area.insert(place, home);
            }
            let area = areas.insert_full(area).0;
            kinds.entry((class, area)).or_default().push(at);
        }
        self.areas = areas.into_iter().collect();
        let kind = |((class, area), items): ((ClassId, usize), Vec<usize>)| {
            let asked: BTreeMap<Resource, i64> =
                self.rules.asks(self.cluster().spec_of(class)).into_iter().collect();
            let of = |resource| asked.get(resource).copied().unwrap_or(0);
            Kind { class, asks: self.resources.iter().map(of).collect(), area, items }
        };
        self.kinds = kinds.into_iter().map(kind).collect();
    }

    /// What is left on each node for pods that can move, and at least what may stay there.
    fn measure(&mut self) {
        let of_node = |node: &NodeId| -> Vec<i64> {
            self.resources.iter().map(|one| self.rules.left(*one, *node).max(0)).collect()
        };
        let mut left: Vec<Vec<i64>> = self.nodes.iter().map(of_node).collect();
        let mut staying = vec![vec![0_i64; self.resources.len()]; self.nodes.len()];
        for kind in &self.kinds {
            for home in kind.items.iter().filter_map(|item| self.homes[*item]) {
                for (sum, asks) in staying[home].iter_mut().zip(&kind.asks) {
                    *sum = sum.saturating_add(*asks);
                }
            }
        }
        for (left, staying) in left.iter_mut().flatten().zip(staying.iter().flatten()) {
            *left = (*left).max(*staying);
        }
        self.left = left;
    }

    /// The domain of a node.
    pub(super) fn domain(&self, by: Separation, node: usize) -> Option<Domain> {
        let node = self.nodes[node];
        match by {
            Separation::Label(key) => self.cluster().node(node).labels.get(key).map(Domain::Value),
            Separation::Port(_) => Some(Domain::Node(node)),
        }
    }

    /// What keeps two kinds apart.
    pub(super) fn between(
        &self,
        one: usize,
        other: usize,
    ) -> impl Iterator<Item = Separation> + '_ {
        let found = self.apart.get(&(one.min(other), one.max(other)));
        found.into_iter().flatten().copied()
    }

    fn separate(&mut self) {
        let spec = |kind: usize| self.cluster().spec_of(self.kinds[kind].class);
        let speaks = |kind: usize| {
            let spec = spec(kind);
            !spec.pod_anti_affinity.required.is_empty() || !spec.host_ports.is_empty()
        };
        let mut apart = BTreeMap::new();
        for one in (0..self.kinds.len()).filter(|kind| speaks(*kind)) {
            for other in (0..self.kinds.len()).filter(|other| *other >= one || !speaks(*other)) {
                let classes = (self.kinds[one].class, self.kinds[other].class);
                let labels = self.rules.apart(classes.0, classes.1).into_iter();
                let port = self.rules.shared_port(classes.0, classes.1);
                let by: BTreeSet<Separation> =
                    labels.map(Separation::Label).chain(port.map(Separation::Port)).collect();
                if !by.is_empty() {
                    apart.insert((one.min(other), one.max(other)), by);
                }
            }
        }
        self.apart = apart;
        let mut excused = BTreeSet::new();
        for ((one, other), by) in &self.apart {
            for by in by {
                let near = |kind: usize| {
                    let homes = self.kinds[kind].items.iter().filter_map(|item| self.homes[*item]);
                    homes.filter_map(|home| self.domain(*by, home))
                };
                let first: BTreeSet<Domain> = near(*one).collect();
                let both: Vec<Domain> = if one == other {
                    let mut seen = BTreeSet::new();
                    near(*one).filter(|domain| !seen.insert(*domain)).collect()
                } else {
                    near(*other).filter(|domain| first.contains(domain)).collect()
                };
                excused.extend(both.into_iter().map(|domain| (*by, domain)));
            }
        }
        self.excused = excused;
    }
}
