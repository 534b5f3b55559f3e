//! The first rungs: pods without a node, sums, and places for pods that must be apart.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Domain, Model};
use super::{Separation, Wanted, Why, cut, shrink, spreading};
use crate::rules::Refusal;
use holdfast_cluster::NodeId;

/// How often an argument is tried with fewer pods.
const TRIES: usize = 2_000;

/// A reason, if counting finds one.
pub(super) fn refute(model: &Model<'_>) -> Option<Why> {
    no_node(model)
        .or_else(|| (0..model.resources.len()).find_map(|resource| sum(model, resource)))
        .or_else(|| cliques(model).iter().find_map(|(by, kinds)| places(model, *by, kinds)))
        .or_else(|| spreading::refute(model))
}

fn no_node(model: &Model<'_>) -> Option<Why> {
    let kind = model.kinds.iter().find(|kind| model.areas[kind.area].is_empty())?;
    let nodes = refusals(model, kind.class);
    Some(Why::NoNode { pod: model.wanted[kind.items[0]], nodes })
}

/// What nodes have against pods of a class.
pub(super) fn refusals(
    model: &Model<'_>,
    class: holdfast_cluster::ClassId,
) -> Vec<(NodeId, Refusal)> {
    let blocked = model.rules.blocked(class);
    let of_node = |node: &NodeId| Some((*node, model.refusal(class, &blocked, *node)?));
    model.nodes.iter().filter_map(of_node).collect()
}

/// The nodes that any of the items may be on.
fn reach(model: &Model<'_>, kinds: &BTreeSet<usize>) -> BTreeSet<usize> {
    let areas: BTreeSet<usize> = kinds.iter().map(|kind| model.kinds[*kind].area).collect();
    areas.iter().flat_map(|area| model.areas[*area].iter().copied()).collect()
}

/// Nodes that are in the same areas: the areas that each group is in, and its nodes.
fn columns(model: &Model<'_>) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut of_node: Vec<Vec<usize>> = vec![Vec::new(); model.nodes.len()];
    for (area, nodes) in model.areas.iter().enumerate() {
        for node in nodes {
            of_node[*node].push(area);
        }
    }
    let mut columns: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for (node, areas) in of_node.into_iter().enumerate() {
        columns.entry(areas).or_default().push(node);
    }
    columns.into_iter().collect()
}

/// Pods that ask for more of a resource than the nodes that they can go to have left.
fn sum(model: &Model<'_>, resource: usize) -> Option<Why> {
    let asked = |kind: usize| i128::from(model.kinds[kind].asks[resource]);
    let mut demands = vec![0_i128; model.areas.len()];
    for (at, kind) in model.kinds.iter().enumerate() {
        demands[kind.area] += asked(at) * kind.items.len() as i128;
    }
    let columns = columns(model);
    let room = |nodes: &Vec<usize>| -> i128 {
        nodes.iter().map(|node| i128::from(model.left[*node][resource])).sum()
    };
    let mut open: Vec<Vec<usize>> = vec![Vec::new(); model.areas.len()];
    for (at, (areas, _)) in columns.iter().enumerate() {
        for area in areas {
            open[*area].push(at);
        }
    }
    let narrow = |amounts: Vec<i128>| -> Option<Vec<u64>> {
        amounts.into_iter().map(|one| u64::try_from(one).ok()).collect()
    };
    let supplies = narrow(columns.iter().map(|(_, nodes)| room(nodes)).collect())?;
    let open: Vec<&[usize]> = open.iter().map(Vec::as_slice).collect();
    let short = cut::short(&narrow(demands)?, &supplies, &open)?;
    let of_kind = |kind: usize| {
        let items = model.kinds[kind].items.iter();
        items.map(move |item| (kind, *item))
    };
    let kinds = (0..model.kinds.len()).filter(|kind| short.contains(&model.kinds[*kind].area));
    let mut pods: Vec<(usize, usize)> = kinds.flat_map(of_kind).collect();
    pods.retain(|(kind, _)| asked(*kind) > 0);
    pods.sort_by_key(|(kind, item)| (asked(*kind), *item));
    let weigh = |pods: &[(usize, usize)]| {
        let kinds = pods.iter().map(|(kind, _)| *kind).collect();
        let nodes = reach(model, &kinds);
        let needed: i128 = pods.iter().map(|(kind, _)| asked(*kind)).sum();
        let available: i128 =
            nodes.iter().map(|node| i128::from(model.left[*node][resource])).sum();
        (needed, available, nodes)
    };
    let holds = |pods: &[(usize, usize)]| {
        let (needed, available, _) = weigh(pods);
        needed > available
    };
    if !holds(&pods) {
        return None;
    }
    let pods = shrink::irreducible(pods, TRIES, holds);
    let (needed, available, nodes) = weigh(&pods);
    Some(Why::Sum {
        pods: wanted(model, &pods),
        nodes: nodes.into_iter().map(|node| model.nodes[node]).collect(),
        resource: model.resources[resource],
        needed: i64::try_from(needed).ok()?,
        available: i64::try_from(available).ok()?,
    })
}

fn wanted(model: &Model<'_>, pods: &[(usize, usize)]) -> Vec<Wanted> {
    let mut items: Vec<usize> = pods.iter().map(|(_, item)| *item).collect();
    items.sort_unstable();
    model.pods(&items)
}

/// Kinds of which no two pods may be in one domain: for each kind that minds itself, or of which
/// there is one pod, those that join it and each other, the first first.
pub(super) fn cliques(model: &Model<'_>) -> Vec<(Separation, Vec<usize>)> {
    let mut near: BTreeMap<Separation, BTreeMap<usize, BTreeSet<usize>>> = BTreeMap::new();
    for ((one, other), by) in &model.apart {
        for by in by {
            let known = near.entry(*by).or_default();
            known.entry(*one).or_default().insert(*other);
            known.entry(*other).or_default().insert(*one);
        }
    }
    let mut cliques = Vec::new();
    for (by, near) in near {
        let alone = |kind: &usize| near[kind].contains(kind) || model.count(*kind) == 1;
        let mut covered = BTreeSet::new();
        for seed in near.keys().filter(|kind| alone(kind)) {
            if covered.contains(seed) {
                continue;
            }
            let mut clique = vec![*seed];
            for other in near[seed].iter().filter(|other| *other != seed && alone(other)) {
                if clique.iter().all(|member| near[member].contains(other)) {
                    clique.push(*other);
                }
            }
            covered.extend(clique.iter().copied());
            cliques.push((by, clique));
        }
    }
    cliques
}

/// Pods of a clique that are more than the domains open to them.
fn places(model: &Model<'_>, by: Separation, clique: &[usize]) -> Option<Why> {
    let mut domains_of: BTreeMap<usize, BTreeSet<Domain>> = BTreeMap::new();
    for kind in clique {
        let area = &model.areas[model.kinds[*kind].area];
        let domains: Option<BTreeSet<Domain>> =
            area.iter().map(|node| model.domain(by, *node)).collect();
        // Where a node has no such domain nothing keeps anybody apart.
        if let Some(domains) = domains {
            domains_of.insert(*kind, domains);
        }
    }
    let mut capacity: BTreeMap<Domain, u64> = BTreeMap::new();
    for (kind, domains) in &domains_of {
        for domain in domains {
            capacity.entry(*domain).or_default();
        }
        // Those who are together today may stay.
        for home in model.kinds[*kind].items.iter().filter_map(|item| model.homes[*item]) {
            if let Some(domain) = model.domain(by, home) {
                *capacity.entry(domain).or_default() += 1;
            }
        }
    }
    for count in capacity.values_mut() {
        *count = (*count).max(1);
    }
    let pods: Vec<(usize, usize)> = domains_of
        .keys()
        .flat_map(|kind| model.kinds[*kind].items.iter().map(move |item| (*kind, *item)))
        .collect();
    let weigh = |pods: &[(usize, usize)]| {
        let kinds: BTreeSet<usize> = pods.iter().map(|(kind, _)| *kind).collect();
        let open: BTreeSet<&Domain> = kinds.iter().flat_map(|kind| &domains_of[kind]).collect();
        open.into_iter().map(|domain| capacity[domain]).sum::<u64>()
    };
    let holds = |pods: &[(usize, usize)]| pods.len() as u64 > weigh(pods);
    let pods = if holds(&pods) { pods } else { short_of_places(model, &domains_of, &capacity)? };
    let pods = shrink::irreducible(pods, TRIES, holds);
    let kinds: BTreeSet<usize> = pods.iter().map(|(kind, _)| *kind).collect();
    let (needed, available) = (pods.len() as u64, weigh(&pods));
    let nodes = reach(model, &kinds).into_iter().map(|node| model.nodes[node]).collect();
    (needed > available).then(|| Why::Apart {
        pods: wanted(model, &pods),
        by,
        nodes,
        needed,
        available,
    })
}

/// Those among pods of a clique who are short of domains, by the cut of a flow.
fn short_of_places(
    model: &Model<'_>,
    domains_of: &BTreeMap<usize, BTreeSet<Domain>>,
    capacity: &BTreeMap<Domain, u64>,
) -> Option<Vec<(usize, usize)>> {
    let distinct: BTreeSet<&BTreeSet<Domain>> = domains_of.values().collect();
    if distinct.len() < 2 {
        return None;
    }
    let positions: BTreeMap<&Domain, usize> =
        capacity.keys().enumerate().map(|(at, domain)| (domain, at)).collect();
    let open: Vec<Vec<usize>> = domains_of
        .values()
        .map(|domains| domains.iter().map(|domain| positions[domain]).collect())
        .collect();
    let kinds: Vec<usize> = domains_of.keys().copied().collect();
    let demands: Vec<u64> = kinds.iter().map(|kind| model.count(*kind)).collect();
    let supplies: Vec<u64> = capacity.values().copied().collect();
    let open: Vec<&[usize]> = open.iter().map(Vec::as_slice).collect();
    let short = cut::short(&demands, &supplies, &open)?;
    let items = |at: &usize| {
        let kind = kinds[*at];
        model.kinds[kind].items.iter().map(move |item| (kind, *item))
    };
    Some(short.iter().flat_map(items).collect())
}
