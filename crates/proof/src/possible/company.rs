//! Whom required affinity asks for, and where they could be.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::{ClassId, NodeId, Plugin, Symbol};

use super::demand::Item;
use super::model::Model;
use crate::counting;
use crate::rules::Refusal;

/// By class: the topologies of its required affinity, and the domains in which somebody whom the
/// term asks for could be. Classes that mean themselves are left out: the first of a group is let
/// in anywhere (`satisfyPodAffinity`, `interpodaffinity/filtering.go`, v1.36.3).
#[derive(Clone, Debug, Default)]
pub(super) struct Company {
    near: BTreeMap<ClassId, Vec<(Symbol, BTreeSet<Symbol>)>>,
}

impl Company {
    /// `open` holds the nodes of each class, as far as is known without company.
    pub(super) fn of(
        model: &Model<'_>,
        items: &[Item],
        open: &BTreeMap<ClassId, Vec<usize>>,
    ) -> Self {
        let cluster = model.cluster();
        let asks = |class: &&ClassId| {
            let spec = cluster.spec_of(**class);
            !spec.pod_affinity.required.is_empty()
                && model.rules.filters(spec, Plugin::InterPodAffinity)
        };
        // Where pods that a rule may have let in before are, and those of whom little is known.
        let mut there: BTreeMap<ClassId, BTreeSet<usize>> =
            open.iter().map(|(class, nodes)| (*class, nodes.iter().copied().collect())).collect();
        for (item, home) in items.iter().zip(&model.homes) {
            there.entry(item.wanted.class).or_default().extend(*home);
        }
        let all = 0..model.nodes.len();
        for class in &model.loose_classes {
            there.entry(*class).or_default().extend(all.clone());
        }
        let mut near = BTreeMap::new();
        for class in open.keys().filter(asks) {
            let terms = &cluster.spec_of(*class).pod_affinity.required;
            let may_mean = |term: &PodAffinityTerm, other| counting::means(cluster, term, other);
            if terms.iter().all(|term| may_mean(term, *class)) {
                continue;
            }
            let domains = |term: &PodAffinityTerm| {
                let key = term.topology_key;
                let value = |node: NodeId| cluster.node(node).labels.get(key);
                let meant = there.iter().filter(|(other, _)| may_mean(term, **other));
                let nodes = meant.flat_map(|(_, nodes)| nodes).map(|at| model.nodes[*at]);
                // Pods on nodes that do not serve are loose, and may be anybody's company.
                let silent = cluster.node_ids().filter(|id| model.nodes.binary_search(id).is_err());
                let held = silent.filter(|node| {
                    let pods = &model.placement.node(*node).pods;
                    pods.iter().any(|id| may_mean(term, model.placement.instance(*id).class))
                });
                (key, nodes.chain(held).filter_map(value).collect())
            };
            near.insert(*class, terms.iter().map(domains).collect());
        }
        Self { near }
    }

    /// The topology within which nobody can be near a pod of the class on the node.
    pub(super) fn lacks(&self, model: &Model<'_>, class: ClassId, node: NodeId) -> Option<Refusal> {
        let labels = &model.cluster().node(node).labels;
        let met = |(key, domains): &&(Symbol, BTreeSet<Symbol>)| {
            labels.get(*key).is_some_and(|value| domains.contains(&value))
        };
        let unmet = self.near.get(&class)?.iter().find(|term| !met(term))?;
        Some(Refusal::NoCompany(unmet.0))
    }
}
