//! `InterPodAffinity`: pods near pods and far from pods, wished for or required, in both
//! directions.
//!
//! Models `pkg/scheduler/framework/plugins/interpodaffinity/{plugin,filtering,scoring}.go`
//! (v1.36.3).
//!
//! What one pod class means to another follows from the cluster alone and is worked out once a
//! class ([`Relations`]); a cycle then only walks the pods that mean something to the one it
//! places.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::{ClassId, Cluster, InstanceId, Labels, NodeId, Symbol};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::{Context, MAX_NODE_SCORE, Verdict};
use crate::needs::Need;
use crate::node_info::{NodeInfo, residents};
use crate::plugin::{Plugin, Profile};
use crate::reason::{Code, Reason};
use crate::room::{Bond, BondKind};
use crate::tally::Tally;
use crate::topology::{Topologies, TopologyId};

/// Turns down a pod whose own affinity does not parse.
pub(crate) fn pre_filter(context: &Context<'_>) -> Result<(), Reason> {
    let Context { spec_id, spec, .. } = *context;
    let parses = [&spec.pod_affinity, &spec.pod_anti_affinity].iter().all(|affinity| {
        affinity.required_faults.is_empty() && affinity.preferred_faults.is_empty()
    });
    if parses { Ok(()) } else { Err(Reason::PodAffinityUnparsable(spec_id)) }
}

/// What each class means to each other class, worked out on demand.
#[derive(Debug)]
pub(crate) struct Compiled {
    of_class: Box<[OnceLock<Relations>]>,
    reach: Reach,
}

/// Whom the terms of a class may mean, by namespace: most mean their own alone.
#[derive(Debug, Default)]
struct Reach {
    /// Classes by namespace.
    members: BTreeMap<Symbol, Vec<ClassId>>,
    /// Classes with terms that name the namespace.
    spoken_of: BTreeMap<Symbol, Vec<ClassId>>,
    /// Classes with terms that select namespaces by labels.
    far: Vec<ClassId>,
    /// How many classes there are.
    count: usize,
}

impl Reach {
    fn new(cluster: &Cluster) -> Self {
        let mut reach = Self { count: cluster.classes().len(), ..Self::default() };
        for (at, class) in cluster.classes().enumerate() {
            let id = ClassId::at(at);
            reach.members.entry(class.namespace).or_default().push(id);
            let (namespaces, far) = meant(cluster, id);
            if far {
                reach.far.push(id);
            }
            for namespace in namespaces {
                reach.spoken_of.entry(namespace).or_default().push(id);
            }
        }
        reach
    }

    /// Every class that may mean something to the class or to which it may, sorted.
    fn of(&self, cluster: &Cluster, class: ClassId) -> Vec<ClassId> {
        let (namespaces, far) = meant(cluster, class);
        if far {
            return (0..self.count).map(ClassId::at).collect();
        }
        let near = namespaces.iter().filter_map(|namespace| self.members.get(namespace));
        let speaking = self.spoken_of.get(&cluster.class(class).namespace);
        let mut all: Vec<ClassId> =
            near.chain(speaking).chain([&self.far]).flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The namespaces that the terms of a class name, and whether some select others by labels.
fn meant(cluster: &Cluster, class: ClassId) -> (BTreeSet<Symbol>, bool) {
    let spec = cluster.spec_of(class);
    let terms = [&spec.pod_affinity, &spec.pod_anti_affinity].into_iter().flat_map(|affinity| {
        affinity.required.iter().chain(affinity.preferred.iter().map(|(_, term)| term))
    });
    let mut namespaces = BTreeSet::new();
    let mut far = false;
    for term in terms {
        namespaces.extend(term.namespaces.iter().copied());
        far |= term.namespace_selector != LabelSelector::Nothing;
    }
    (namespaces, far)
}

/// What the other classes mean to one incoming class.
#[derive(Debug, Default)]
struct Relations {
    /// The classes that mean anything, sorted, and which effect they have.
    effect_of: Vec<(ClassId, u32)>,
    /// The distinct effects.
    effects: Vec<Effect>,
    /// Topologies of the required affinity terms, in order.
    affinity: Box<[TopologyId]>,
    /// Topologies of the required anti-affinity terms, in order.
    anti_affinity: Box<[TopologyId]>,
    /// The incoming class meets its own required affinity.
    self_affine: bool,
}

/// What a running pod of one class does to an incoming pod of another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Effect {
    /// Topologies within which its required anti-affinity keeps the incoming pod off.
    repels: Vec<TopologyId>,
    /// It meets all of the incoming pod's required affinity.
    attracts: bool,
    /// Topologies within which the incoming pod's required anti-affinity keeps off from it.
    repelled: Vec<TopologyId>,
    /// Weights that it adds to the nodes of its domains.
    scores: Vec<(TopologyId, i64)>,
}

impl Effect {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Compiled {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        Self {
            of_class: cluster.classes().map(|_| OnceLock::new()).collect(),
            reach: Reach::new(cluster),
        }
    }

    fn relations(
        &self,
        cluster: &Cluster,
        topologies: &Topologies,
        profile: &Profile,
        class: ClassId,
    ) -> &Relations {
        self.of_class[class.index()].get_or_init(|| {
            let pair = Pairing { cluster, topologies, profile, incoming: class };
            pair.relations(&self.reach)
        })
    }
}

/// Works out the relations of one incoming class.
struct Pairing<'a> {
    cluster: &'a Cluster,
    topologies: &'a Topologies,
    profile: &'a Profile,
    incoming: ClassId,
}

impl Pairing<'_> {
    fn relations(&self, reach: &Reach) -> Relations {
        let spec = self.cluster.spec_of(self.incoming);
        let near = |terms: &[PodAffinityTerm]| {
            terms.iter().map(|term| self.topologies.find(term.topology_key)).collect()
        };
        let mut effects = IndexSet::<Effect, FxBuildHasher>::default();
        let mut effect_of = Vec::new();
        for other in reach.of(self.cluster, self.incoming) {
            let effect = self.effect(other);
            if !effect.is_nothing() {
                let at = effects.insert_full(effect).0;
                effect_of.push((other, u32::try_from(at).expect("fewer effects than classes")));
            }
        }
        Relations {
            effect_of,
            effects: effects.into_iter().collect(),
            affinity: near(&spec.pod_affinity.required),
            anti_affinity: near(&spec.pod_anti_affinity.required),
            self_affine: self.attracted_to(self.incoming),
        }
    }

    fn effect(&self, other: ClassId) -> Effect {
        let (mine, theirs) = (self.cluster.spec_of(self.incoming), self.cluster.spec_of(other));
        let key = |term: &PodAffinityTerm| self.topologies.find(term.topology_key);
        let mut effect = Effect { attracts: self.attracted_to(other), ..Effect::default() };
        for term in &theirs.pod_anti_affinity.required {
            if self.is_meant_by(term) {
                effect.repels.push(key(term));
            }
        }
        for term in &mine.pod_anti_affinity.required {
            if self.means(term, other) {
                effect.repelled.push(key(term));
            }
        }
        let mut score = |term: &PodAffinityTerm, weight: i32| {
            effect.scores.push((key(term), i64::from(weight)));
        };
        for (affinity, sign) in [(&mine.pod_affinity, 1), (&mine.pod_anti_affinity, -1)] {
            for (weight, term) in &affinity.preferred {
                if self.means(term, other) {
                    score(term, weight.wrapping_mul(sign));
                }
            }
        }
        if !self.listens_to_wishes() {
            return effect;
        }
        if self.profile.hard_pod_affinity_weight > 0 {
            for term in &theirs.pod_affinity.required {
                if self.is_meant_by(term) {
                    score(term, self.profile.hard_pod_affinity_weight);
                }
            }
        }
        for (affinity, sign) in [(&theirs.pod_affinity, 1), (&theirs.pod_anti_affinity, -1)] {
            for (weight, term) in &affinity.preferred {
                if self.is_meant_by(term) {
                    score(term, weight.wrapping_mul(sign));
                }
            }
        }
        effect
    }

    /// Whether what running pods wish of the incoming one counts (`PreScore`).
    fn listens_to_wishes(&self) -> bool {
        let spec = self.cluster.spec_of(self.incoming);
        let wishes = [&spec.pod_affinity, &spec.pod_anti_affinity]
            .iter()
            .any(|affinity| !affinity.preferred.is_empty());
        wishes || !self.profile.ignores_wishes_of_others
    }

    /// Whether a pod of `other` meets every required affinity term; without terms none does.
    fn attracted_to(&self, other: ClassId) -> bool {
        let terms = &self.cluster.spec_of(self.incoming).pod_affinity.required;
        !terms.is_empty() && terms.iter().all(|term| self.means(term, other))
    }

    /// Whether a term of the incoming pod means pods of `other`.
    ///
    /// Upstream adds the namespaces that the selector matches to those that are named, then matches
    /// the selector once more against no labels at all (`mergeAffinityTermNamespacesIfNotEmpty`
    /// clears a copy).
    fn means(&self, term: &PodAffinityTerm, other: ClassId) -> bool {
        let class = self.cluster.class(other);
        let symbols = self.cluster.symbols();
        let labels = self.cluster.labels(class.labels);
        let namespace = self.cluster.namespace_labels(class.namespace);
        term.matches(class.namespace, namespace, labels, symbols)
            || term.matches(class.namespace, &Labels::default(), labels, symbols)
    }

    /// Whether a term of a running pod means the incoming pod.
    fn is_meant_by(&self, term: &PodAffinityTerm) -> bool {
        let class = self.cluster.class(self.incoming);
        term.matches(
            class.namespace,
            self.cluster.namespace_labels(class.namespace),
            self.cluster.labels(class.labels),
            self.cluster.symbols(),
        )
    }
}

impl Relations {
    fn effect(&self, class: ClassId) -> Option<&Effect> {
        let at = self.effect_of.binary_search_by_key(&class, |(known, _)| *known).ok()?;
        Some(&self.effects[self.effect_of[at].1 as usize])
    }
}

/// The counts of one cycle: upstream's `preFilterState` and `preScoreState` in one.
#[derive(Clone, Debug)]
pub(crate) struct State<'a> {
    relations: &'a Relations,
    existing: Tally,
    affinity: Tally,
    anti_affinity: Tally,
    scores: Tally,
    /// `PreFilter` found nothing to filter by, and nothing is updated any more.
    skips_filter: bool,
}

impl<'a> State<'a> {
    /// Counts the pods of all nodes.
    pub(crate) fn new(context: &Context<'a>) -> Self {
        let Context { cluster, compiled, placement, .. } = *context;
        let relations = compiled.affinity.relations(
            cluster,
            &compiled.topologies,
            &compiled.profile,
            context.class,
        );
        let mut state = Self {
            relations,
            existing: Tally::default(),
            affinity: Tally::default(),
            anti_affinity: Tally::default(),
            scores: Tally::default(),
            skips_filter: false,
        };
        for (class, effect) in &relations.effect_of {
            let effect = &relations.effects[*effect as usize];
            for (_, node) in residents(placement, *class) {
                state.count(&compiled.topologies, effect, node, 1);
                for &(topology, weight) in &effect.scores {
                    state.scores.add(&compiled.topologies, topology, node, weight);
                }
            }
        }
        state.skips_filter = state.existing.is_zero()
            && relations.affinity.is_empty()
            && relations.anti_affinity.is_empty();
        state
    }

    fn count(&mut self, topologies: &Topologies, effect: &Effect, node: NodeId, times: i64) {
        for &topology in &effect.repels {
            self.existing.add(topologies, topology, node, times);
        }
        if effect.attracts {
            for &topology in &self.relations.affinity {
                self.affinity.add(topologies, topology, node, times);
            }
        }
        for &topology in &effect.repelled {
            self.anti_affinity.add(topologies, topology, node, times);
        }
    }

    /// Counts a pod of `class` more or less on `node` (`AddPod`, `RemovePod`).
    pub(crate) fn update(
        &mut self,
        context: &Context<'_>,
        class: ClassId,
        node: NodeId,
        times: i64,
    ) {
        if self.skips_filter {
            return;
        }
        let relations = self.relations;
        if let Some(effect) = relations.effect(class) {
            self.count(&context.compiled.topologies, effect, node, times);
        }
    }

    /// Whether pods of `class` have any effect.
    pub(crate) fn counts(&self, class: ClassId) -> bool {
        self.relations.effect(class).is_some()
    }

    /// Whether no pod of the class may ever come to the node: somebody near it is in the way, or
    /// nobody is near whom it wants, nor can be.
    pub(crate) fn bars(&self, context: &Context<'_>, node: NodeId) -> bool {
        if self.skips_filter {
            return false;
        }
        let (relations, topologies) = (self.relations, &context.compiled.topologies);
        let repelled = |id: &TopologyId| self.anti_affinity.at(topologies, *id, node) > 0;
        let joins = relations.self_affine && relations.affinity.len() > 1;
        relations.anti_affinity.iter().any(repelled)
            || self.existing.on(topologies, node).any(|count| count > 0)
            || !joins && !self.affinity_holds(topologies, node)
    }

    /// Within what pods of the class keep off from each other, and within what they stay together.
    pub(crate) fn bonds(&self, context: &Context<'_>) -> Vec<Bond> {
        let relations = self.relations;
        let filters = &context.compiled.profile.filters;
        let Some(effect) = relations.effect(context.class) else { return Vec::new() };
        if !filters.contains(&Plugin::InterPodAffinity) {
            return Vec::new();
        }
        let mut apart: Vec<TopologyId> =
            effect.repels.iter().chain(&effect.repelled).copied().collect();
        apart.sort_unstable();
        apart.dedup();
        let apart = apart.into_iter().map(|topology| Bond { kind: BondKind::Apart, topology });
        let only = match *relations.affinity {
            [only] if relations.self_affine && self.affinity.is_zero() => Some(only),
            _ => None,
        };
        let together = only.map(|topology| Bond { kind: BondKind::Together, topology });
        apart.chain(together).collect()
    }

    /// Counts a pod of `class` more on `node`, as the next cycle would find it.
    pub(crate) fn count_in(&mut self, context: &Context<'_>, class: ClassId, node: NodeId) {
        let (relations, topologies) = (self.relations, &context.compiled.topologies);
        let Some(effect) = relations.effect(class) else { return };
        self.count(topologies, effect, node, 1);
        for &(topology, weight) in &effect.scores {
            self.scores.add(topologies, topology, node, weight);
        }
        self.skips_filter &= self.existing.is_zero();
    }

    /// Turns down nodes that break a required term of the pod, or of a pod that runs.
    pub(crate) fn filter(
        &self,
        context: &Context<'_>,
        node: &NodeInfo<'_>,
        reasons: &mut Vec<Reason>,
    ) -> Verdict {
        if self.skips_filter {
            return Ok(());
        }
        let topologies = &context.compiled.topologies;
        if !self.affinity_holds(topologies, node.id) {
            reasons.push(Reason::PodAffinity);
            return Err(Code::UnschedulableAndUnresolvable);
        }
        let near_repelled = self
            .relations
            .anti_affinity
            .iter()
            .any(|&topology| self.anti_affinity.at(topologies, topology, node.id) > 0);
        if near_repelled {
            reasons.push(Reason::PodAntiAffinity);
            return Err(Code::Unschedulable);
        }
        if self.existing.on(topologies, node.id).any(|count| count > 0) {
            reasons.push(Reason::ExistingAntiAffinity);
            return Err(Code::Unschedulable);
        }
        Ok(())
    }

    /// The required terms that find nobody in the node's domains, and who is there that must not
    /// be.
    pub(crate) fn needs(&self, context: &Context<'_>, node: &NodeInfo<'_>) -> Vec<Need> {
        if self.skips_filter {
            return Vec::new();
        }
        let topologies = &context.compiled.topologies;
        let mut needs = Vec::new();
        if !self.affinity_holds(topologies, node.id) {
            for (term, &id) in self.relations.affinity.iter().enumerate() {
                if topologies.get(id).domain(node.id).is_none() {
                    needs.push(Need::Topology(topologies.key(id)));
                } else if self.affinity.at(topologies, id, node.id) <= 0
                    && !(self.affinity.is_zero() && self.relations.self_affine)
                {
                    needs.push(Need::Near(term));
                }
            }
        }
        let mut own = self.relations.anti_affinity.to_vec();
        own.sort_unstable();
        own.dedup();
        own.retain(|id| self.anti_affinity.at(topologies, *id, node.id) > 0);
        for id in own {
            let pods = self.in_domain(context, node, id, |effect| effect.repelled.contains(&id));
            needs.push(Need::Away(topologies.key(id), pods));
        }
        for id in self.existing.positive(topologies, node.id) {
            let pods = self.in_domain(context, node, id, |effect| effect.repels.contains(&id));
            needs.push(Need::Repelled(topologies.key(id), pods));
        }
        needs
    }

    /// The pods in the node's domain that have an effect.
    fn in_domain(
        &self,
        context: &Context<'_>,
        node: &NodeInfo<'_>,
        id: TopologyId,
        has: impl Fn(&Effect) -> bool,
    ) -> Vec<InstanceId> {
        let Context { cluster, placement, compiled, .. } = *context;
        let topology = compiled.topologies.get(id);
        let domain = topology.domain(node.id);
        let mut pods = Vec::new();
        for other in cluster.node_ids().filter(|other| topology.domain(*other) == domain) {
            let usage = if other == node.id { node.usage } else { placement.node(other) };
            let counts = |pod: &InstanceId| {
                self.relations.effect(placement.instance(*pod).class).is_some_and(&has)
            };
            if usage.exists {
                pods.extend(usage.pods.iter().copied().filter(counts));
            }
        }
        pods
    }

    /// Every required affinity term finds a pod in the node's domain; or no pod anywhere is meant,
    /// the pod means itself, and the node has all the labels: the first pod of a self-affine group.
    fn affinity_holds(&self, topologies: &Topologies, node: NodeId) -> bool {
        let terms = &self.relations.affinity;
        if terms.iter().any(|&topology| topologies.get(topology).domain(node).is_none()) {
            return false;
        }
        let found = terms.iter().all(|&topology| self.affinity.at(topologies, topology, node) > 0);
        found || (self.affinity.is_zero() && self.relations.self_affine)
    }

    /// Whether any pod has a say in the score.
    pub(crate) fn scores(&self) -> bool {
        !self.scores.is_untouched()
    }

    /// The weights of the node's domains, below zero if it is rather avoided.
    pub(crate) fn score(&self, context: &Context<'_>, node: NodeId) -> i64 {
        self.scores.on(&context.compiled.topologies, node).fold(0, i64::wrapping_add)
    }
}

/// Scales from the lowest to the highest score.
#[expect(clippy::cast_precision_loss, reason = "as upstream's float64(int64)")]
pub(crate) fn normalize(scores: &mut [i64]) {
    let lowest = scores.iter().copied().min().unwrap_or(0);
    let highest = scores.iter().copied().max().unwrap_or(0);
    let range = highest.wrapping_sub(lowest);
    for score in scores {
        let scaled = if range > 0 {
            MAX_NODE_SCORE as f64 * (score.wrapping_sub(lowest) as f64 / range as f64)
        } else {
            0.0
        };
        *score = scaled as i64;
    }
}
