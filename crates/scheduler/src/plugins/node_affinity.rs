//! `NodeAffinity`: node selector and node affinity, required and preferred, and what the profile
//! adds to them.
//!
//! Models `pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go` and
//! `k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go` (v1.36.3).

use std::sync::OnceLock;

use holdfast_cluster::affinity;
use holdfast_cluster::selector::{NodeSelector, NodeSelectorTerm, Operator, Requirement};
use holdfast_cluster::{Cluster, Labels, Node, NodeId, SpecId, Symbol};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::Verdict;
use crate::bits::Bits;
use crate::needs::Need;
use crate::reason::{Code, Reason};

/// Every distinct wish about nodes, with the nodes that meet it.
#[derive(Debug)]
pub(crate) struct Compiled {
    of_spec: Box<[u32]>,
    wishes: Box<[Wish]>,
    /// What the profile asks of every node besides.
    added: Wish,
}

/// A node selector and a node affinity against every node.
#[derive(Debug)]
pub(crate) struct Wish {
    selector: Labels,
    affinity: affinity::NodeAffinity,
    matching: OnceLock<Bits>,
    scores: OnceLock<Box<[i64]>>,
    /// The nodes that the affinity names outright.
    pub(crate) named: Named,
}

/// The nodes that a required affinity names in `matchFields`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// None: all are eligible.
    All,
    /// These; names that no node has are left out.
    Only(Box<[NodeId]>),
    /// Each term asks for two different names at once.
    Conflict,
}

impl Compiled {
    pub(crate) fn new(cluster: &Cluster, added: &affinity::NodeAffinity) -> Self {
        let mut distinct = IndexSet::<(&Labels, &affinity::NodeAffinity), FxBuildHasher>::default();
        let of_spec = cluster
            .specs()
            .map(|spec| {
                let (at, _) = distinct.insert_full((&spec.node_selector, &spec.node_affinity));
                u32::try_from(at).expect("fewer wishes than specs")
            })
            .collect();
        let wishes = distinct
            .iter()
            .map(|&(selector, affinity)| Wish::new(cluster, selector, affinity))
            .collect();
        Self { of_spec, wishes, added: Wish::new(cluster, &Labels::default(), added) }
    }

    /// A spec's wish.
    pub(crate) fn of(&self, spec: SpecId) -> &Wish {
        &self.wishes[self.of_spec[spec.index()] as usize]
    }

    /// Turns down nodes that node selector or required affinity do not match, the profile's own
    /// first.
    pub(crate) fn filter(
        &self,
        cluster: &Cluster,
        spec: SpecId,
        node: NodeId,
        reasons: &mut Vec<Reason>,
    ) -> Verdict {
        if !self.added.matches(cluster, node) {
            reasons.push(Reason::AddedNodeAffinity);
            return Err(Code::UnschedulableAndUnresolvable);
        }
        if self.of(spec).matches(cluster, node) {
            return Ok(());
        }
        reasons.push(Reason::NodeAffinity);
        Err(Code::UnschedulableAndUnresolvable)
    }

    /// What the node lacks, of what the profile asks and of what the pod does.
    pub(crate) fn needs(&self, cluster: &Cluster, spec: SpecId, node: NodeId) -> Vec<Need> {
        let mut needs = self.added.needs(cluster, node);
        let own = self.of(spec).needs(cluster, node);
        needs.extend(own.into_iter().filter(|need| !needs.contains(need)).collect::<Vec<_>>());
        needs
    }

    /// Whether there is anything to score.
    pub(crate) fn scores(&self, spec: SpecId) -> bool {
        self.added.prefers() || self.of(spec).prefers()
    }

    /// The weights of the preferred terms that match the node.
    pub(crate) fn score(&self, cluster: &Cluster, spec: SpecId, node: NodeId) -> i64 {
        let own = self.of(spec).score(cluster, node);
        if self.added.prefers() { own + self.added.score(cluster, node) } else { own }
    }
}

impl Wish {
    fn new(cluster: &Cluster, selector: &Labels, affinity: &affinity::NodeAffinity) -> Self {
        Self {
            selector: selector.clone(),
            affinity: affinity.clone(),
            matching: OnceLock::new(),
            scores: OnceLock::new(),
            named: named(cluster, affinity.required.as_ref()),
        }
    }

    /// Whether the node meets node selector and required affinity (`RequiredNodeAffinity.Match`).
    pub(crate) fn matches(&self, cluster: &Cluster, node: NodeId) -> bool {
        if self.selector.is_empty() && self.affinity.required.is_none() {
            return true;
        }
        let matching = self.matching.get_or_init(|| {
            let nodes = cluster.nodes();
            Bits::of(nodes.len(), |at| self.judge(cluster, &nodes[at]))
        });
        matching.contains(node.index())
    }

    fn judge(&self, cluster: &Cluster, node: &Node) -> bool {
        let selected = self.selector.iter().all(|(key, value)| node.labels.get(key) == Some(value));
        let required = self.affinity.required.as_ref();
        selected
            && required
                .is_none_or(|required| required.matches(node.name, &node.labels, cluster.symbols()))
    }

    /// The labels that the node lacks: those of the selector, and of the required affinity those of
    /// the term that lacks fewest.
    fn needs(&self, cluster: &Cluster, node: NodeId) -> Vec<Need> {
        if self.matches(cluster, node) {
            return Vec::new();
        }
        let node = cluster.node(node);
        let lacking =
            self.selector.iter().filter(|(key, value)| node.labels.get(*key) != Some(*value));
        let mut needs: Vec<Need> = lacking
            .map(|(key, value)| {
                Need::Label(Requirement { key, operator: Operator::In([value].into()) })
            })
            .collect();
        let required = self.affinity.required.as_ref();
        let unmet = required
            .filter(|required| !required.matches(node.name, &node.labels, cluster.symbols()));
        if let Some(unmet) = unmet {
            let terms = unmet.terms.iter().filter_map(|term| lacks(cluster, term, node));
            let least = terms.min_by_key(|lacks| {
                let by_name = lacks.iter().filter(|need| matches!(need, Need::Name(_))).count();
                (by_name, lacks.len())
            });
            needs.extend(least.unwrap_or_else(|| vec![Need::Affinity]));
        }
        needs
    }

    /// Whether it has preferred terms.
    fn prefers(&self) -> bool {
        !self.affinity.preferred.is_empty()
    }

    fn score(&self, cluster: &Cluster, node: NodeId) -> i64 {
        let scores = self
            .scores
            .get_or_init(|| cluster.nodes().iter().map(|node| self.weigh(cluster, node)).collect());
        scores[node.index()]
    }

    fn weigh(&self, cluster: &Cluster, node: &Node) -> i64 {
        self.affinity
            .preferred
            .iter()
            .filter(|(_, term)| term.matches(node.name, &node.labels, cluster.symbols()))
            .map(|(weight, _)| i64::from(*weight))
            .sum()
    }
}

/// What the node lacks to be selected by a term; `None` if no node ever is.
fn lacks(cluster: &Cluster, term: &NodeSelectorTerm, node: &Node) -> Option<Vec<Need>> {
    let mut requirements = term.expressions.iter().chain(&term.fields);
    let empty = term.expressions.is_empty() && term.fields.is_empty();
    if empty || requirements.any(|wanted| wanted.operator == Operator::Invalid) {
        return None;
    }
    let symbols = cluster.symbols();
    let labels = term.expressions.iter().filter(|wanted| !wanted.matches(&node.labels, symbols));
    let names = term.fields.iter().filter(|wanted| !wanted.admits(Some(node.name), symbols));
    Some(labels.cloned().map(Need::Label).chain(names.cloned().map(Need::Name)).collect())
}

/// What `PreFilter` makes of `matchFields`: terms are alternatives, the requirements of one add up.
fn named(cluster: &Cluster, required: Option<&NodeSelector>) -> Named {
    let Some(required) = required.filter(|required| !required.terms.is_empty()) else {
        return Named::All;
    };
    let mut names = Vec::new();
    for term in &required.terms {
        let Some(of_term) = names_of(cluster, term) else { return Named::All };
        names.extend(of_term);
    }
    if names.is_empty() {
        return Named::Conflict;
    }
    let mut nodes: Vec<NodeId> =
        names.into_iter().filter_map(|name| cluster.node_named(name)).collect();
    nodes.sort_unstable();
    nodes.dedup();
    Named::Only(nodes.into())
}

/// The names that one term allows, `None` if it does not speak of names.
fn names_of(cluster: &Cluster, term: &NodeSelectorTerm) -> Option<Vec<Symbol>> {
    let mut names: Option<Vec<Symbol>> = None;
    for field in &term.fields {
        let Operator::In(values) = &field.operator else { continue };
        if field.key != cluster.known().metadata_name {
            continue;
        }
        names = Some(match names {
            None => values.to_vec(),
            Some(before) => before.into_iter().filter(|name| values.contains(name)).collect(),
        });
    }
    names
}
