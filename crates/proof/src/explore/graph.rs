//! The explored graph: states, and the ways between them.
//!
//! A run is a path of it. Where a run may go round for ever there is a component with a way in it
//! that is sure to be taken, or another in its stead: no state of it is quiet for good.

use std::collections::{BTreeSet, VecDeque};

use holdfast_failover::Actor;
use indexmap::IndexSet;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{EdgeFiltered, EdgeRef};
use rustc_hash::FxBuildHasher;

use super::Entry;
use crate::verdict::Doubt;

/// A state, by its number.
pub(crate) type StateId = NodeIndex;

/// A step from one state to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Way {
    /// It, or another that is, comes next; others may never come.
    pub(crate) sure: bool,
    /// Why nobody knows whether it can be taken.
    pub(crate) doubt: Option<Doubt>,
    /// Whose turn it is.
    pub(crate) actor: Actor,
}

/// States in canonical form, and the ways between them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    states: IndexSet<Box<[Entry]>, FxBuildHasher>,
    ways: DiGraph<(), Way>,
}

impl Graph {
    /// Takes down a state and how it was come to; its number, and whether it is new.
    pub(crate) fn enter(
        &mut self,
        state: Box<[Entry]>,
        from: Option<(StateId, Way)>,
    ) -> (StateId, bool) {
        let (at, is_new) = self.states.insert_full(state);
        if is_new {
            self.ways.add_node(());
        }
        let id = StateId::new(at);
        if let Some((before, way)) = from {
            self.ways.add_edge(before, id, way);
        }
        (id, is_new)
    }

    /// How many states there are.
    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }

    /// The number of a state.
    pub(crate) fn find(&self, state: &[Entry]) -> Option<StateId> {
        self.states.get_index_of(state).map(StateId::new)
    }

    /// The shortest routes from a state on, over ways that are kept.
    pub(crate) fn routes(&self, from: StateId, keep: impl Fn(&Way) -> bool) -> Routes {
        let mut routes =
            Routes { from, before: vec![None; self.len()], far: vec![None; self.len()] };
        routes.far[from.index()] = Some(0);
        let mut open = VecDeque::from([(from, 0)]);
        while let Some((at, far)) = open.pop_front() {
            for way in self.ways.edges(at).filter(|way| keep(way.weight())) {
                let next = way.target();
                if routes.far[next.index()].is_none() {
                    routes.far[next.index()] = Some(far + 1);
                    routes.before[next.index()] = Some(at);
                    open.push_back((next, far + 1));
                }
            }
        }
        routes
    }

    /// The components in which a run may go round for ever, nobody being passed over for ever:
    /// where somebody has his turn in every state, and all that he may do leads out, a run
    /// leaves.
    pub(crate) fn loops(&self) -> Vec<Vec<StateId>> {
        let mut found = self.components(|_| true);
        found.retain(|states| {
            let inside = |state: StateId| states.binary_search(&state).is_ok();
            let leaving = |state: StateId| -> BTreeSet<Actor> {
                let ways = self.ways.edges(state).map(|way| (way.target(), way.weight()));
                let sure = ways.filter(|(_, way)| way.sure);
                let inner: BTreeSet<Actor> =
                    sure.clone().filter(|(to, _)| inside(*to)).map(|(_, way)| way.actor).collect();
                sure.map(|(_, way)| way.actor).filter(|actor| !inner.contains(actor)).collect()
            };
            let mut each = states.iter().map(|state| leaving(*state));
            let first = each.next().unwrap_or_default();
            let always = each.fold(first, |known, own| known.intersection(&own).copied().collect());
            always.is_empty()
        });
        found
    }

    /// The components that a run which takes sure ways alone never leaves, and of which every way
    /// is known: who comes there goes round for ever, and may come by each state of it again and
    /// again.
    pub(crate) fn traps(&self) -> Vec<Vec<StateId>> {
        let mut found = self.components(|way| way.sure);
        found.retain(|states| {
            let inside = |state: StateId| states.binary_search(&state).is_ok();
            let mut ways = states.iter().flat_map(|state| self.ways.edges(*state));
            ways.all(|way| {
                let (stays, Way { sure, doubt, .. }) = (inside(way.target()), *way.weight());
                !sure || stays && doubt.is_none()
            })
        });
        found
    }

    /// The strong components with a sure way in them, over ways that are kept; the states of each
    /// in their order.
    fn components(&self, keep: impl Fn(&Way) -> bool) -> Vec<Vec<StateId>> {
        let kept = EdgeFiltered::from_fn(&self.ways, |way| keep(way.weight()));
        let mut found = tarjan_scc(&kept);
        for states in &mut found {
            states.sort_unstable();
        }
        found.retain(|states| {
            let inside = |state: StateId| states.binary_search(&state).is_ok();
            let mut ways = states.iter().flat_map(|state| self.ways.edges(*state));
            ways.any(|way| way.weight().sure && inside(way.target()))
        });
        found
    }

    /// The shortest way round over sure ways, from a state of a trap and back to it, that state
    /// last.
    pub(crate) fn round(&self, from: StateId) -> Vec<StateId> {
        let routes = self.routes(from, |way| way.sure);
        let last = self
            .ways
            .edges_directed(from, petgraph::Direction::Incoming)
            .filter(|way| way.weight().sure)
            .filter_map(|way| Some((routes.far(way.source())?, way.source())))
            .min();
        let (_, last) = last.expect("a trap has a way back to each of its states");
        let mut round = routes.to(last);
        round.push(from);
        round
    }
}

/// The shortest routes from one state.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    from: StateId,
    before: Vec<Option<StateId>>,
    far: Vec<Option<usize>>,
}

impl Routes {
    /// How many ways lead to a state, if any do.
    pub(crate) fn far(&self, state: StateId) -> Option<usize> {
        self.far[state.index()]
    }

    /// The states on the way to a state that can be come to, itself last, the first one left out.
    pub(crate) fn to(&self, state: StateId) -> Vec<StateId> {
        let before = |at: &StateId| self.before[at.index()];
        let mut route: Vec<StateId> = std::iter::successors(Some(state), before).collect();
        debug_assert_eq!(route.last(), Some(&self.from), "it can be come to");
        route.pop();
        route.reverse();
        route
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SURE: Way = Way { sure: true, doubt: None, actor: Actor([0; 6]) };
    const IDLE: Way = Way { sure: false, doubt: None, actor: Actor([0; 6]) };

    fn graph(ways: &[(u32, u32, Way)]) -> Graph {
        let state = |at: u32| -> Box<[Entry]> { [[at; 8]].into() };
        let mut graph = Graph::default();
        let most = ways.iter().map(|(from, to, _)| *from.max(to)).max().unwrap();
        for at in 0..=most {
            graph.enter(state(at), None);
        }
        for (from, to, way) in ways {
            graph.enter(state(*to), Some((StateId::new(*from as usize), *way)));
        }
        graph
    }

    #[test]
    fn nobody_is_passed_over_for_ever() {
        let other = Way { actor: Actor([1; 6]), ..SURE };
        let ways = [(0, 1, SURE), (1, 0, SURE), (0, 2, other), (1, 3, other)];
        assert!(graph(&ways).loops().is_empty(), "the other has his turn all the time");
        let [round, back, leave, _] = ways;
        assert_eq!(graph(&[round, back, leave]).loops().len(), 1, "he may never be in time");
    }

    fn numbers(states: &[StateId]) -> Vec<usize> {
        states.iter().map(|state| state.index()).collect()
    }

    #[test]
    fn routes_are_shortest() {
        let graph = graph(&[(0, 1, SURE), (1, 2, SURE), (0, 2, IDLE), (2, 3, SURE)]);
        let start = StateId::new(0);
        assert_eq!(numbers(&graph.routes(start, |_| true).to(StateId::new(3))), [2, 3]);
        assert_eq!(numbers(&graph.routes(start, |way| way.sure).to(StateId::new(3))), [1, 2, 3]);
    }

    #[test]
    fn a_loop_has_a_sure_way_and_a_trap_none_that_leaves() {
        let idle = graph(&[(0, 1, IDLE), (1, 0, IDLE)]);
        assert!(idle.loops().is_empty(), "both states are quiet");
        let left = graph(&[(0, 1, SURE), (1, 0, SURE), (1, 2, SURE)]);
        assert_eq!(left.loops().len(), 1);
        assert!(left.traps().is_empty(), "a run may leave it");
        let closed = graph(&[(0, 1, SURE), (1, 2, SURE), (2, 1, SURE), (2, 3, IDLE)]);
        assert_eq!(closed.traps().iter().map(|it| numbers(it)).collect::<Vec<_>>(), [[1, 2]]);
        assert_eq!(numbers(&closed.round(StateId::new(2))), [1, 2]);
        let doubt = Some(Doubt::Sampling);
        let guessed = graph(&[(0, 1, Way { doubt, ..SURE }), (1, 0, SURE)]);
        assert_eq!((guessed.loops().len(), guessed.traps().len()), (1, 0));
    }
}
