//! States that a run may come by again and again.
//!
//! A run that never ends stays, from some moment on, among states that lead to each other, in one
//! strong component of those that are listed, and takes a step there that is sure to come. It
//! passes nobody over for ever: where somebody's turn it is in every state of the component and all
//! that may come of it leads out, every run leaves. All states of the other components may come
//! again.

use std::collections::BTreeSet;

use holdfast_failover::Actor;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// A step from one listed state to another, by their numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) turn: Turn,
}

/// Who takes a step, if somebody is sure to take one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Turn {
    /// The step may never come.
    Idle,
    /// One of the control plane.
    Of(Actor),
    /// The next of joined events comes.
    Event,
}

/// The numbers of those that may come again, of so many.
pub(crate) fn states(count: usize, ways: &[Way]) -> BTreeSet<usize> {
    // Whoever comes back does so by a step to a state that was listed before.
    if ways.iter().all(|way| way.from < way.to) {
        return BTreeSet::new();
    }
    let mut graph = DiGraph::<(), ()>::with_capacity(count, ways.len());
    let nodes: Vec<NodeIndex> = (0..count).map(|_| graph.add_node(())).collect();
    let mut leaving = vec![Vec::new(); count];
    for way in ways {
        graph.add_edge(nodes[way.from], nodes[way.to], ());
        leaving[way.from].push((way.to, way.turn));
    }
    let mut again = BTreeSet::new();
    for component in kosaraju_scc(&graph) {
        let component: BTreeSet<usize> = component.into_iter().map(NodeIndex::index).collect();
        if may_stay(&component, &leaving) {
            again.extend(component);
        }
    }
    again
}

/// Whether a run may stay in a component for ever.
fn may_stay(component: &BTreeSet<usize>, leaving: &[Vec<(usize, Turn)>]) -> bool {
    let is_sure = |(_, turn): &&(usize, Turn)| *turn != Turn::Idle;
    let mut stays = false;
    let mut always: Option<BTreeSet<Turn>> = None;
    for state in component {
        let sure = || leaving[*state].iter().filter(is_sure);
        let inner: BTreeSet<Turn> =
            sure().filter(|(to, _)| component.contains(to)).map(|(_, turn)| *turn).collect();
        stays |= !inner.is_empty();
        let outer: BTreeSet<Turn> =
            sure().map(|(_, turn)| *turn).filter(|turn| !inner.contains(turn)).collect();
        always = Some(match always {
            Some(known) => known.intersection(&outer).copied().collect(),
            None => outer,
        });
    }
    stays && always.is_none_or(|always| always.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(from: usize, to: usize, turn: Turn) -> Way {
        Way { from, to, turn }
    }

    const SOMEBODY: Turn = Turn::Event;

    #[test]
    fn what_only_goes_on_never_comes_again() {
        let ways = [way(0, 1, SOMEBODY), way(0, 2, SOMEBODY), way(1, 2, SOMEBODY)];
        assert!(states(3, &ways).is_empty());
    }

    #[test]
    fn a_run_may_stay_where_it_comes_back() {
        let ways = [way(0, 1, SOMEBODY), way(1, 2, SOMEBODY), way(2, 1, SOMEBODY)];
        assert_eq!(states(3, &ways), [1, 2].into());
    }

    #[test]
    fn a_state_may_lead_to_itself() {
        assert_eq!(states(1, &[way(0, 0, SOMEBODY)]), [0].into());
    }

    #[test]
    fn what_may_never_come_keeps_no_run_going() {
        let ways = [way(0, 1, Turn::Idle), way(1, 0, Turn::Idle), way(1, 2, SOMEBODY)];
        assert!(states(3, &ways).is_empty());
    }

    #[test]
    fn nobody_is_passed_over_for_ever() {
        let other = Turn::Of(Actor::default());
        let round = [way(0, 1, other), way(1, 0, other)];
        let both = [&round[..], &[way(0, 2, SOMEBODY), way(1, 2, SOMEBODY)]].concat();
        assert!(states(3, &both).is_empty());
        let one = [&round[..], &[way(0, 2, SOMEBODY)]].concat();
        assert_eq!(states(3, &one), [0, 1].into(), "it is not his turn all the time");
        let inner = [&both[..], &[way(1, 0, SOMEBODY)]].concat();
        assert_eq!(states(3, &inner), [0, 1].into(), "what he does may lead back");
    }
}
