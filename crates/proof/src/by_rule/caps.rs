//! What one node, and one domain, holds at most.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::pod::HostPort;
use holdfast_cluster::{ClassId, NodeId, PodSpec, Symbol};

use super::{Bounds, ByRule, Kind, Most, Today, Why, spreading};
use crate::rules::{Refusal, Resource};
use crate::subject::Subject;

impl<'c> ByRule<'c> {
    /// Puts the bounds of one workload together.
    pub(super) fn bound(
        &self,
        subject: &Subject,
        (desired, together): (u32, Option<u32>),
        kinds: Vec<Kind>,
        today: BTreeMap<NodeId, Today>,
    ) -> Bounds<'_, 'c> {
        let apart = self.apart(&kinds);
        let spreads = spreading::rules(self, subject, &kinds);
        let blocked = kinds.iter().map(|kind| self.rules.blocked(kind.class)).collect();
        let (asked, port) = (self.asked(&kinds), self.common_port(&kinds));
        let mut bounds = Bounds {
            of: self,
            desired,
            kinds,
            blocked,
            asked,
            port,
            takes: Vec::new(),
            caps: Vec::new(),
            today,
            apart,
            spreads,
            together,
        };
        bounds.takes = bounds.all_takes();
        bounds.caps = bounds.all_caps();
        let mut spreads = std::mem::take(&mut bounds.spreads);
        for rule in &mut spreads {
            rule.measure(self, &bounds);
        }
        bounds.spreads = spreads;
        bounds
    }

    /// The labels by which the pods are kept apart, and how many pods of one value there may be:
    /// one of each group of kinds that all mind each other, and all of a kind that does not
    /// mind itself.
    fn apart(&self, kinds: &[Kind]) -> Vec<(Symbol, u32)> {
        let spec = |class: ClassId| self.cluster().spec_of(class);
        if kinds.iter().all(|kind| spec(kind.class).pod_anti_affinity.required.is_empty()) {
            return Vec::new();
        }
        let pairs: Vec<Vec<BTreeSet<Symbol>>> = kinds
            .iter()
            .map(|one| kinds.iter().map(|two| self.rules.apart(one.class, two.class)).collect())
            .collect();
        let keys: BTreeSet<Symbol> = pairs.iter().flatten().flatten().copied().collect();
        let limit = |key: Symbol| {
            let mut groups: Vec<Vec<usize>> = Vec::new();
            let mut limit = 0_u32;
            for (at, kind) in kinds.iter().enumerate() {
                if kind.most > 1 && !pairs[at][at].contains(&key) {
                    limit = limit.saturating_add(kind.most);
                    continue;
                }
                let minds = |other: &usize| pairs[at][*other].contains(&key);
                match groups.iter_mut().find(|group| group.iter().all(minds)) {
                    Some(group) => group.push(at),
                    None => groups.push(vec![at]),
                }
            }
            limit.saturating_add(u32::try_from(groups.len()).unwrap_or(u32::MAX))
        };
        keys.into_iter().map(|key| (key, limit(key))).collect()
    }
}

impl ByRule<'_> {
    /// The least that any of the kinds asks for.
    fn asked(&self, kinds: &[Kind]) -> Vec<(Resource, i64)> {
        let asks = |kind: &Kind| self.rules.asks(self.cluster().spec_of(kind.class));
        let Some((first, others)) = kinds.split_first() else { return Vec::new() };
        let others: Vec<Vec<(Resource, i64)>> = others.iter().map(asks).collect();
        let least = |(resource, asked): (Resource, i64)| {
            let of = |other: &Vec<(Resource, i64)>| {
                other.iter().find(|(one, _)| *one == resource).map(|(_, asked)| *asked)
            };
            let least = others.iter().map(of).try_fold(asked, |least, one| Some(least.min(one?)));
            least.map(|least| (resource, least))
        };
        asks(first).into_iter().filter_map(least).collect()
    }

    /// A port that no two of the pods can have on one node.
    fn common_port(&self, kinds: &[Kind]) -> Option<HostPort> {
        let classes = || kinds.iter().map(|kind| kind.class);
        let clash = |one, other| self.rules.shared_port(one, other);
        let first = classes().next()?;
        let port = clash(first, first)?;
        let all = classes().all(|one| classes().all(|other| clash(one, other).is_some()));
        all.then_some(port)
    }
}

/// What a node holds at most by one reason.
type Cap = (u32, Option<Why>);

impl Bounds<'_, '_> {
    /// How many pods are wanted.
    pub fn desired(&self) -> u32 {
        self.desired
    }

    /// How many pods these nodes, each named once, hold at most.
    pub fn most(&self, nodes: &[NodeId]) -> Most {
        let mut sum = 0_u64;
        let mut why = BTreeSet::new();
        for &node in nodes {
            let (cap, reason) = self.cap_of(node);
            debug_assert_eq!(cap, self.caps[node.index()], "caps are what reasons say");
            sum += u64::from(cap);
            why.extend(reason);
        }
        let mut most = Most {
            pods: u32::try_from(sum).unwrap_or(u32::MAX),
            why: why.into_iter().collect(),
            lasts: true,
        };
        let refusal = |node: &NodeId| self.turned_down(self.taken_by(nodes)?, *node);
        if let Some(refusal) = nodes.first().and_then(refusal) {
            let at_most = self.held_by_kind(nodes);
            most.lower(at_most, Why::Elsewhere { at_most, refusal }, true);
        }
        for &(key, at_most) in &self.apart {
            most.lower(self.held_apart(key, at_most, nodes), Why::Apart { key, at_most }, true);
        }
        // What lasts is the better reason of two that are equally good.
        most.lower(self.desired, Why::NoMorePods, true);
        for rule in &self.spreads {
            let at_most = rule.held(self, nodes);
            let (key, max_skew) = (rule.key, rule.max_skew);
            most.lower(at_most, Why::Spread { key, max_skew, at_most }, rule.lasts());
        }
        most
    }

    /// How many pods the nodes hold with each kind on those that take it.
    pub(super) fn held_by_kind(&self, nodes: &[NodeId]) -> u32 {
        self.taken_by(nodes).map_or(u32::MAX, |taken| self.pods_of(taken))
    }

    /// Which kinds any of the nodes takes, where that is told.
    fn taken_by(&self, nodes: &[NodeId]) -> Option<u64> {
        nodes.iter().try_fold(0, |all, node| Some(all | self.taken(*node)?))
    }

    /// Which kinds a node takes, where that is told.
    pub(super) fn taken(&self, node: NodeId) -> Option<u64> {
        self.takes.get(node.index()).copied()
    }

    /// How many pods there may be of these kinds.
    pub(super) fn pods_of(&self, kinds: u64) -> u32 {
        let each = self.kinds.iter().enumerate().filter(|(at, _)| kinds & (1 << at) != 0);
        each.map(|(_, kind)| kind.most).fold(0, u32::saturating_add)
    }

    /// Which kinds each node takes, where volumes may tell them apart.
    fn all_takes(&self) -> Vec<u64> {
        let cluster = self.of.cluster();
        let has_volumes = |kind: &Kind| !cluster.spec_of(kind.class).volumes.is_empty();
        let told = (2..=u64::BITS as usize).contains(&self.kinds.len());
        if !told || !self.kinds.iter().any(has_volumes) {
            return Vec::new();
        }
        let takes = |node: NodeId| {
            let kinds = self.kinds.iter().zip(&self.blocked).enumerate();
            kinds.fold(0, |all, (at, (kind, blocked))| {
                let open = self.of.rules.refusal(kind.class, blocked, node, None).is_none();
                all | u64::from(open) << at
            }) | self.today.get(&node).map_or(0, |there| there.kinds)
        };
        let all: Vec<u64> = cluster.node_ids().map(takes).collect();
        let every = u64::MAX >> (u64::BITS as usize - self.kinds.len());
        if all.iter().all(|one| *one == every) { Vec::new() } else { all }
    }

    /// How many pods the nodes hold with so many in a domain.
    pub(super) fn held_apart(&self, key: Symbol, at_most: u32, nodes: &[NodeId]) -> u32 {
        let topology = &self.of.topologies[&key];
        let mut domains: BTreeMap<u32, u64> = BTreeMap::new();
        let mut held = 0;
        for &node in nodes {
            let cap = u64::from(self.caps[node.index()]);
            match topology.domain[node.index()] {
                Some(domain) => *domains.entry(domain).or_default() += cap,
                None => held += cap,
            }
        }
        for (domain, sum) in domains {
            let there =
                self.today.iter().filter(|(node, _)| topology.domain[node.index()] == Some(domain));
            let staying: u32 = there.map(|(_, there)| there.pods).sum();
            held += sum.min(u64::from(at_most.max(staying)));
        }
        u32::try_from(held).unwrap_or(u32::MAX)
    }

    /// What every node holds at most. What only the shape of a node decides is worked out once a
    /// shape.
    fn all_caps(&self) -> Vec<u32> {
        let cluster = self.of.cluster();
        let by_labels = self.kinds.iter().zip(&self.blocked).any(|(kind, blocked)| {
            asks_for_labels(cluster.spec_of(kind.class)) || !blocked.is_empty()
        });
        let profiles = &cluster.scheduling().profiles;
        let added = profiles.iter().any(|profile| profile.added_affinity.required.is_some());
        let room: Vec<u32> = self.of.shapes.iter().map(|node| self.room(*node).0).collect();
        let taken: Vec<u32> = if by_labels || added {
            Vec::new()
        } else {
            let by_shape = |(at, node): (usize, &NodeId)| {
                let open = self.refused(*node).is_none();
                if open { room[at] } else { 0 }
            };
            self.of.shapes.iter().enumerate().map(by_shape).collect()
        };
        let mut caps: Vec<u32> = cluster
            .node_ids()
            .map(|node| {
                let shape = self.of.shape_of[node.index()] as usize;
                if let Some(known) = taken.get(shape) {
                    return *known;
                }
                if let Some(taken) = self.taken(node) {
                    return room[shape].min(self.pods_of(taken));
                }
                // A node without room need not be asked for more.
                let open = room[shape] > 0 && self.refused(node).is_none();
                if open { room[shape] } else { 0 }
            })
            .collect();
        for (key, at_most) in self.single() {
            let domain = &self.of.topologies[&key].domain;
            let labelled = caps.iter_mut().zip(domain).filter(|(_, domain)| domain.is_some());
            for (cap, _) in labelled {
                *cap = (*cap).min(at_most);
            }
        }
        for (node, there) in &self.today {
            let cap = &mut caps[node.index()];
            *cap = (*cap).max(there.pods);
        }
        caps
    }

    /// The labels that keep pods apart and that no two nodes share.
    fn single(&self) -> impl Iterator<Item = (Symbol, u32)> + '_ {
        self.apart.iter().copied().filter(|(key, _)| self.of.topologies[key].single)
    }

    /// What a node holds at most, and why.
    fn cap_of(&self, node: NodeId) -> Cap {
        let mut best = match self.refused(node) {
            Some(why) if self.taken(node).is_none_or(|kinds| kinds == 0) => (0, Some(why)),
            _ => self.room(node),
        };
        if let Some((at_most, refusal)) = self.held_there(node)
            && at_most < best.0
        {
            best = (at_most, Some(Why::Elsewhere { at_most, refusal }));
        }
        for (key, at_most) in self.single() {
            let labelled = self.of.topologies[&key].domain[node.index()].is_some();
            if labelled && at_most < best.0 {
                best = (at_most, Some(Why::Apart { key, at_most }));
            }
        }
        match self.today.get(&node) {
            Some(there) if there.pods > best.0 => (there.pods, Some(Why::Staying(there.pods))),
            _ => best,
        }
    }

    /// How many pods of the kinds that it takes there are, and why it turns another down.
    fn held_there(&self, node: NodeId) -> Option<(u32, Refusal)> {
        let taken = self.taken(node)?;
        Some((self.pods_of(taken), self.turned_down(taken, node)?))
    }

    /// Why a node turns down the first kind that is not among these.
    fn turned_down(&self, taken: u64, node: NodeId) -> Option<Refusal> {
        let at = (0..self.kinds.len()).find(|at| taken & (1 << at) == 0)?;
        self.of.rules.refusal(self.kinds[at].class, &self.blocked[at], node, None)
    }

    /// Why the node takes none of the pods, by what the first kind says; `None` where it may take
    /// some.
    fn refused(&self, node: NodeId) -> Option<Why> {
        let mut first = None;
        for (kind, blocked) in self.kinds.iter().zip(&self.blocked) {
            let refusal = self.of.rules.refusal(kind.class, blocked, node, None)?;
            first.get_or_insert(Why::Refused(refusal));
        }
        first
    }

    /// For how many of the pods a node has room, with nothing on it but what cannot move.
    fn room(&self, node: NodeId) -> Cap {
        let mut room: Cap = (self.desired, None);
        let mut lower = |at_most: u32, why: Why| {
            if at_most < room.0 {
                room = (at_most, Some(why));
            }
        };
        for &(resource, asked) in &self.asked {
            let fits = self.of.rules.left(resource, node).max(0) / asked;
            let at_most = u32::try_from(fits).unwrap_or(u32::MAX);
            lower(at_most, Why::Room { resource, at_most });
        }
        if let Some(port) = self.port {
            lower(1, Why::Port(port));
        }
        room
    }
}

impl Most {
    /// Takes a further bound into account, if it is better.
    fn lower(&mut self, pods: u32, why: Why, lasts: bool) {
        if pods < self.pods {
            *self = Self { pods, why: vec![why], lasts };
        }
    }
}

/// Whether more than a node's shape decides about pods of the spec.
fn asks_for_labels(spec: &PodSpec) -> bool {
    !spec.node_selector.is_empty()
        || spec.node_affinity.required.is_some()
        || !spec.volumes.is_empty()
}
