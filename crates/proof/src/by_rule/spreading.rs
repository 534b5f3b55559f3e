//! What strict topology spread leaves to some domains.
//!
//! Models what `pkg/scheduler/framework/plugins/podtopologyspread/filtering.go` (v1.36.3) amounts
//! to for pods that count themselves and nobody else, and that come one after the other: when the
//! last pod came to a domain it held, with that pod, at most `maxSkew` more than the emptiest one
//! did. The emptiest only fills up after that. So in the end, with `m` pods in the emptiest domain,
//! every domain holds `m` to `m + maxSkew`, or those who were there before and stayed; and all
//! together hold the pods that there are: `domains * m` of them are spoken for.
//!
//! Where some leave in between, the emptiest domain may be emptier in the end than when the others
//! filled up. Yet whoever came found no more than `others / domains` pods in the emptiest, so that
//! no domain ever held more than `maxSkew` above that, but for those who were there before.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::selector::{LabelSelector, Operator};
use holdfast_cluster::spread::{InclusionPolicy, SpreadConstraint};
use holdfast_cluster::taint::Effect;
use holdfast_cluster::{ClassId, LabelsId, NodeId, Plugin, PodSpec, Symbol, WorkloadId};

use super::{Bounds, ByRule, Kind};
use crate::rules::strict;
use crate::subject::Subject;

/// One constraint that all pods of a workload share and that counts all of them and nobody else.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) key: Symbol,
    pub(super) max_skew: i32,
    /// The domains that are sure to count.
    counted: BTreeSet<u32>,
    /// There are too few domains: the emptiest is taken to hold nobody.
    too_few: bool,
    /// Taints of nodes do not change which domains count.
    steady: bool,
    /// How many pods there may be at once while some come and others go. Otherwise they come with
    /// none leaving in between.
    among: Option<u32>,
    /// How many of the pods all nodes of a domain hold, by domain.
    pub(super) capacity: Vec<u64>,
    /// How many of them are there today, and may stay.
    pub(super) staying: Vec<u64>,
}

/// The constraints of a workload that bound.
pub(super) fn rules(by_rule: &ByRule<'_>, subject: &Subject, kinds: &[Kind]) -> Vec<Rule> {
    let spec = |kind: &Kind| by_rule.cluster().spec_of(kind.class);
    let Some(first) = kinds.first().map(spec) else { return Vec::new() };
    // The parts of a spec that say who is counted and where.
    let alike = |other: &PodSpec| {
        other.spread == first.spread
            && other.node_selector == first.node_selector
            && other.node_affinity == first.node_affinity
            && other.tolerations == first.tolerations
    };
    let filters = |kind: &Kind| by_rule.rules.filters(spec(kind), Plugin::PodTopologySpread);
    if strict(first).next().is_none() || !kinds.iter().all(|k| alike(spec(k)) && filters(k)) {
        return Vec::new();
    }
    let classes: Vec<ClassId> = kinds.iter().map(|kind| kind.class).collect();
    strict(first)
        .filter(|one| {
            counts_all(by_rule, one, &classes) && !by_rule.counts_others(one, subject, classes[0])
        })
        .map(|one| Rule::new(by_rule, first, one))
        .collect()
}

/// Whether every pod of these classes counts. An empty selector counts nobody
/// (`countPodsMatchSelector`).
fn counts_all(by_rule: &ByRule<'_>, constraint: &SpreadConstraint, classes: &[ClassId]) -> bool {
    let cluster = by_rule.cluster();
    !constraint.selector.is_everything()
        && constraint.faults.is_empty()
        && classes
            .iter()
            .all(|class| constraint.selector.matches(cluster.labels_of(*class), cluster.symbols()))
}

impl ByRule<'_> {
    /// Whether the constraint counts pods of any other workload.
    fn counts_others(
        &self,
        constraint: &SpreadConstraint,
        subject: &Subject,
        class: ClassId,
    ) -> bool {
        let cluster = self.cluster();
        let namespace = cluster.class(class).namespace;
        let Some(known) = self.labelled.get(&namespace) else { return false };
        let foreign = |(labels, roots): (&LabelsId, &Vec<WorkloadId>)| {
            roots.iter().any(|root| *root != subject.root)
                && constraint.selector.matches(cluster.labels(*labels), cluster.symbols())
        };
        let LabelSelector::All(requirements) = &constraint.selector else { return false };
        // Whoever is selected has one of the values of any requirement that lists them.
        let listed = requirements.iter().filter_map(|one| match &one.operator {
            Operator::In(values) => Some((one.key, &**values)),
            _ => None,
        });
        let posted = |(key, values): (Symbol, &[Symbol])| -> Vec<u32> {
            let of_value = |value: &Symbol| self.postings.get(&(namespace, key, *value));
            values.iter().filter_map(of_value).flatten().copied().collect()
        };
        match listed.map(posted).min_by_key(Vec::len) {
            Some(posted) => {
                posted.iter().filter_map(|at| known.get_index(*at as usize)).any(foreign)
            }
            None => known.iter().any(foreign),
        }
    }
}

impl Rule {
    fn new(by_rule: &ByRule<'_>, spec: &PodSpec, constraint: &SpreadConstraint) -> Self {
        let cluster = by_rule.cluster();
        let topology = &by_rule.topologies[&constraint.topology_key];
        let honors = |policy| policy == InclusionPolicy::Honor;
        let counts = |node: &NodeId| {
            let there = cluster.node(*node);
            let labelled = strict(spec).all(|one| there.labels.get(one.topology_key).is_some());
            let affine =
                !honors(constraint.node_affinity_policy) || spec.selects(there, cluster.symbols());
            let bears = |taint: &&holdfast_cluster::taint::Taint| {
                let mut all = spec.tolerations.iter();
                all.any(|one| one.tolerates(taint, cluster.symbols(), false))
            };
            let mut taints =
                there.taints.iter().filter(|taint| taint.effect != Effect::PreferNoSchedule);
            labelled
                && affine
                && (!honors(constraint.node_taints_policy) || taints.all(|t| bears(&t)))
        };
        let domains = cluster.node_ids().filter(counts);
        let counted = domains.filter_map(|node| topology.domain[node.index()]).collect();
        let wanted = constraint.min_domains.unwrap_or(1);
        let too_few = i64::try_from(topology.size).is_ok_and(|size| size < i64::from(wanted));
        Self {
            key: constraint.topology_key,
            max_skew: constraint.max_skew,
            counted,
            too_few,
            steady: !honors(constraint.node_taints_policy),
            among: None,
            capacity: Vec::new(),
            staying: Vec::new(),
        }
    }

    /// The rule for pods that come and go in any order, of which there are so many at once at most;
    /// `None` where nothing is known of it.
    pub(super) fn lasting(&self, among: u32) -> Option<Self> {
        self.steady.then(|| Self { among: Some(among), ..self.clone() })
    }

    /// It says nothing of who came and went before.
    pub(super) fn lasts(&self) -> bool {
        self.among.is_some()
    }

    /// Takes down how many of the pods the nodes of each domain hold, and how many today.
    pub(super) fn measure(&mut self, by_rule: &ByRule<'_>, bounds: &Bounds<'_, '_>) {
        let topology = &by_rule.topologies[&self.key];
        self.capacity = vec![0; topology.size];
        self.staying = vec![0; topology.size];
        for (domain, cap) in topology.domain.iter().zip(&bounds.caps) {
            if let Some(domain) = domain {
                self.capacity[*domain as usize] += u64::from(*cap);
            }
        }
        for (node, there) in &bounds.today {
            if let Some(domain) = topology.domain[node.index()] {
                self.staying[domain as usize] += u64::from(there.pods);
            }
        }
    }

    /// How many of so many pods the emptiest domain holds at most.
    fn fullest_minimum(&self, pods: u64) -> u64 {
        if self.too_few || self.counted.is_empty() {
            return 0;
        }
        let least = self.counted.iter().map(|domain| self.capacity[*domain as usize]).min();
        least.unwrap_or(0).min(pods / self.counted.len() as u64)
    }

    /// How many pods the nodes hold at most.
    pub(super) fn held(&self, bounds: &Bounds<'_, '_>, nodes: &[NodeId]) -> u32 {
        let topology = &bounds.of.topologies[&self.key];
        let mut chosen: BTreeMap<u32, u64> = BTreeMap::new();
        // Nobody comes to a node without the label, yet some may be there.
        let mut elsewhere = 0;
        for node in nodes {
            let cap = u64::from(bounds.caps[node.index()]);
            match topology.domain[node.index()] {
                Some(domain) => *chosen.entry(domain).or_default() += cap,
                None => elsewhere += cap,
            }
        }
        let desired = u64::from(bounds.desired);
        let skew = u64::from(self.max_skew.max(0).unsigned_abs());
        // With `m` in the emptiest domain: what the domains may hold grows with `m`, what is left
        // of all pods for them falls.
        let may_hold = |m: u64| -> u64 {
            let most = |domain: &u32| (m + skew).max(self.staying[*domain as usize]);
            chosen.iter().map(|(domain, sum)| (*sum).min(most(domain))).sum::<u64>() + elsewhere
        };
        if let Some(among) = self.among {
            // Who comes last finds one fewer, and a domain fills up only while that is so.
            let m = self.fullest_minimum(u64::from(among).saturating_sub(1));
            return u32::try_from(may_hold(m).min(desired)).unwrap_or(u32::MAX);
        }
        let is_left = |m: u64| {
            let spoken_for = m * self.counted.len() as u64;
            let within: u64 = chosen.values().map(|sum| (*sum).min(m)).sum::<u64>() + elsewhere;
            (desired.saturating_sub(spoken_for) + within).min(desired)
        };
        let (mut low, mut high) = (0, self.fullest_minimum(desired));
        let last = high;
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if may_hold(middle) <= is_left(middle) { low = middle } else { high = middle - 1 }
        }
        let at = |m: u64| may_hold(m).min(is_left(m));
        let held = at(low).max(at((low + 1).min(last)));
        u32::try_from(held).unwrap_or(u32::MAX)
    }
}
