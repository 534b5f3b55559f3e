//! Demands that supplies cannot meet: a flow that falls short, and the cut that shows where.

use std::collections::BTreeSet;

use petgraph::algo::dinics;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

/// Demands which together ask for more than the supplies open to them have; `None` where the
/// demands can be met, if they may be divided.
///
/// `open` lists the supplies of each demand.
pub(super) fn short(demands: &[u64], supplies: &[u64], open: &[&[usize]]) -> Option<Vec<usize>> {
    let mut graph = DiGraph::<(), u64>::new();
    let (source, sink) = (graph.add_node(()), graph.add_node(()));
    let wanting: Vec<NodeIndex> = demands.iter().map(|_| graph.add_node(())).collect();
    let having: Vec<NodeIndex> = supplies.iter().map(|_| graph.add_node(())).collect();
    let total = demands.iter().try_fold(0_u64, |sum, one| sum.checked_add(*one))?;
    for (node, demand) in wanting.iter().zip(demands) {
        graph.add_edge(source, *node, *demand);
    }
    for (node, supply) in having.iter().zip(supplies) {
        graph.add_edge(*node, sink, *supply);
    }
    for (node, open) in wanting.iter().zip(open) {
        for at in *open {
            graph.add_edge(*node, having[*at], total);
        }
    }
    let (flow, on_edge) = dinics(&graph, source, sink);
    if flow >= total {
        return None;
    }
    // Whatever more could flow to is short.
    let mut reached = BTreeSet::from([source]);
    let mut stack = vec![source];
    while let Some(node) = stack.pop() {
        let onward = graph.edges(node).filter(|edge| on_edge[edge.id().index()] < *edge.weight());
        let onward = onward.map(|edge| edge.target());
        let back = graph.edges_directed(node, petgraph::Direction::Incoming);
        let back = back.filter(|edge| on_edge[edge.id().index()] > 0).map(|edge| edge.source());
        let next: Vec<NodeIndex> = onward.chain(back).collect();
        stack.extend(next.into_iter().filter(|node| reached.insert(*node)));
    }
    Some((0..demands.len()).filter(|at| reached.contains(&wanting[*at])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_names_those_who_are_short() {
        // Three who need the first two supplies, and one who has plenty.
        let open: [&[usize]; 4] = [&[0, 1], &[0, 1], &[0, 1], &[1, 2]];
        assert_eq!(short(&[1, 1, 1, 1], &[1, 1, 5], &open), Some(vec![0, 1, 2]));
        assert_eq!(short(&[1, 1, 0, 1], &[1, 1, 5], &open), None);
    }
}
