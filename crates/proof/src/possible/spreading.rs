//! Pods that strict topology spread leaves too few places for.
//!
//! Whoever comes to a domain makes it hold, itself included, at most `maxSkew` more than the
//! emptiest domain did then (`pkg/scheduler/framework/plugins/podtopologyspread/filtering.go`,
//! v1.36.3), and nobody leaves while the others come. Domains of nodes that no longer serve count
//! as well, unless their taints keep them out: the emptiest is often one of those.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::spread::{InclusionPolicy, SpreadConstraint};
use holdfast_cluster::taint::{self, Effect};
use holdfast_cluster::{ClassId, NodeId, Plugin, PodSpec, Symbol};

use super::model::Model;
use super::{Separation, Why};
use crate::rules::strict;

/// A reason, if a constraint gives one.
pub(super) fn refute(model: &Model<'_>) -> Option<Why> {
    let mut seen: BTreeSet<ClassId> = BTreeSet::new();
    model.kinds.iter().find_map(|kind| {
        let spec = model.cluster().spec_of(kind.class);
        if !seen.insert(kind.class) || !model.rules.filters(spec, Plugin::PodTopologySpread) {
            return None;
        }
        strict(spec).find_map(|one| short(model, kind.class, one))
    })
}

/// Whether the constraint of the class leaves too few places for all whom it counts.
fn short(model: &Model<'_>, class: ClassId, constraint: &SpreadConstraint) -> Option<Why> {
    let cluster = model.cluster();
    let namespace = cluster.class(class).namespace;
    let counts = |other: ClassId| {
        cluster.class(other).namespace == namespace
            && constraint.selector.matches(cluster.labels_of(other), cluster.symbols())
    };
    if constraint.selector.is_everything() || !counts(class) {
        return None;
    }
    // Others who count may be anywhere, and fill the emptiest domain.
    if model.loose_classes.iter().any(|other| counts(*other)) {
        return None;
    }
    let kinds: Vec<usize> =
        (0..model.kinds.len()).filter(|kind| counts(model.kinds[*kind].class)).collect();
    let spec = cluster.spec_of(class);
    let same = |kind: &usize| {
        let other = cluster.spec_of(model.kinds[*kind].class);
        other.spread == spec.spread
            && other.node_selector == spec.node_selector
            && other.node_affinity == spec.node_affinity
            && other.tolerations == spec.tolerations
    };
    if !kinds.iter().all(same) {
        return None;
    }
    let domains = Domains::of(model, spec, constraint, &kinds);
    let needed: u64 = kinds.iter().map(|kind| model.count(*kind)).sum();
    let (emptiest, available) = domains.places(constraint, needed);
    let mut items: Vec<usize> =
        kinds.iter().flat_map(|kind| model.kinds[*kind].items.iter().copied()).collect();
    items.sort_unstable();
    (needed > available).then(|| Why::Spread {
        pods: model.pods(&items),
        key: constraint.topology_key,
        max_skew: constraint.max_skew,
        emptiest,
        needed,
        available,
    })
}

/// The domains of a constraint.
struct Domains {
    /// How many pods each holds at most, by room and by what keeps them apart.
    capacity: BTreeMap<Symbol, u64>,
    /// How many may stay where they are.
    staying: BTreeMap<Symbol, u64>,
    /// Those that are sure to count.
    counted: BTreeSet<Symbol>,
    /// Every value that the label has.
    all: usize,
}

impl Domains {
    fn of(
        model: &Model<'_>,
        spec: &PodSpec,
        constraint: &SpreadConstraint,
        kinds: &[usize],
    ) -> Self {
        let cluster = model.cluster();
        let value = |node: NodeId| cluster.node(node).labels.get(constraint.topology_key);
        let exists = |node: &NodeId| model.placement.node(*node).exists;
        let existing: Vec<NodeId> = cluster.node_ids().filter(exists).collect();
        let counted =
            existing.iter().copied().filter(|node| counts(model, spec, constraint, *node));
        let mut domains = Self {
            capacity: BTreeMap::new(),
            staying: BTreeMap::new(),
            counted: counted.filter_map(value).collect(),
            all: existing.iter().filter_map(|node| value(*node)).collect::<BTreeSet<_>>().len(),
        };
        let areas = kinds.iter().flat_map(|kind| &model.areas[model.kinds[*kind].area]);
        let nodes: BTreeSet<usize> = areas.copied().collect();
        for node in nodes {
            let fits = fits(model, kinds, node);
            if let Some(value) = value(model.nodes[node]) {
                *domains.capacity.entry(value).or_default() += fits;
            }
        }
        let items = kinds.iter().flat_map(|kind| &model.kinds[*kind].items);
        for home in items.filter_map(|item| model.homes[*item]) {
            // Where the label is missing nobody new comes, yet who is there may stay.
            let value = value(model.nodes[home]).unwrap_or(cluster.known().empty);
            *domains.staying.entry(value).or_default() += 1;
        }
        domains
    }

    /// How many pods the emptiest domain holds at most, and all of them together.
    fn places(&self, constraint: &SpreadConstraint, needed: u64) -> (u64, u64) {
        let wanted = constraint.min_domains.unwrap_or(1);
        let too_few = i64::try_from(self.all).is_ok_and(|all| all < i64::from(wanted));
        let holds = |domain: &Symbol| self.capacity.get(domain).copied().unwrap_or(0);
        let staying = |domain: &Symbol| self.staying.get(domain).copied().unwrap_or(0);
        let most = |domain: &Symbol| holds(domain).max(staying(domain));
        let emptiest = self.counted.iter().map(most).min().unwrap_or(0).min(needed);
        let emptiest = if too_few { 0 } else { emptiest };
        let skew = u64::from(constraint.max_skew.max(0).unsigned_abs());
        let domains: BTreeSet<&Symbol> = self.capacity.keys().chain(self.staying.keys()).collect();
        let available = domains
            .into_iter()
            .map(|domain| holds(domain).min(emptiest.saturating_add(skew)).max(staying(domain)));
        (emptiest, available.fold(0, u64::saturating_add))
    }
}

/// How many pods of these kinds a node holds at most, by the least that one of them asks for.
fn fits(model: &Model<'_>, kinds: &[usize], node: usize) -> u64 {
    let by_room = (0..model.resources.len()).filter_map(|resource| {
        let least = kinds.iter().map(|kind| model.kinds[*kind].asks[resource]).min()?;
        let left = model.left[node][resource].max(0).unsigned_abs();
        (least > 0).then(|| left / least.unsigned_abs())
    });
    let alone = |by: Separation| {
        let domain = model.domain(by, node);
        domain.is_some_and(|domain| !model.excused.contains(&(by, domain)))
    };
    let apart =
        kinds.iter().all(|one| kinds.iter().all(|other| model.between(*one, *other).any(alone)));
    let fits = by_room.min().unwrap_or(u64::MAX);
    if apart { fits.min(1) } else { fits }
}

/// Whether the node is sure to make its domain count (`matchNodeInclusionPolicies`).
fn counts(model: &Model<'_>, spec: &PodSpec, constraint: &SpreadConstraint, node: NodeId) -> bool {
    let cluster = model.cluster();
    let there = cluster.node(node);
    let honors = |policy| policy == InclusionPolicy::Honor;
    let labelled = strict(spec).all(|one| there.labels.get(one.topology_key).is_some());
    let affine = spec.selects(there, cluster.symbols());
    let bears = |taint: &taint::Taint| {
        let mut all = spec.tolerations.iter();
        all.any(|one| one.tolerates(taint, cluster.symbols(), false))
    };
    let usage = model.placement.node(node);
    let mut standing = taint::standing(cluster.known(), there, usage)
        .filter(|taint| taint.effect != Effect::PreferNoSchedule);
    labelled
        && (affine || !honors(constraint.node_affinity_policy))
        && (!honors(constraint.node_taints_policy) || standing.all(|taint| bears(&taint)))
}
