//! Where everything is at one moment of a run.

use std::collections::BTreeMap;

use holdfast_session::aftermath::{Aftermath, NodeFate};
use holdfast_session::overview::{Amounts, NodeView, PodState};

use crate::scene::Scene;

/// What a cell of the map says of its pod. Each has a colour and a shape of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// Serves where it was.
    Up,
    /// Bound where it was, and does not serve.
    Down,
    /// Serves on a node that it was not on before.
    Moved,
    /// Bound to a node that it was not on before, and not ready yet.
    Starting,
    /// In the scheduling queue.
    Pending,
    /// Its node has failed.
    Lost,
    /// Marked for deletion.
    Ending,
}

impl Mark {
    pub(crate) const ALL: [Self; 7] = [
        Self::Up,
        Self::Down,
        Self::Moved,
        Self::Starting,
        Self::Pending,
        Self::Lost,
        Self::Ending,
    ];
}

/// How a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeState {
    Ready,
    NotReady,
    Failed,
    CutOff,
    Cordoned,
    Deleted,
}

/// A pod of the map, by its place: those of the export come first, then those that the run makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) mark: Mark,
    pub(crate) pod: u32,
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    pub(crate) nodes: Vec<NodeStanding>,
    pub(crate) pending: Vec<Cell>,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NodeStanding {
    pub(crate) state: NodeState,
    pub(crate) requested: Amounts,
    pub(crate) cells: Vec<Cell>,
}

/// Where a pod is, and how.
type Place = (Option<u32>, PodState);

impl Standing {
    /// After so many frames of a run; without a run, as it is in the export.
    pub(crate) fn after(scene: &Scene, run: Option<&Aftermath>, frames: usize) -> Self {
        let overview = &scene.overview;
        let mut nodes: Vec<NodeStanding> = overview.nodes.iter().map(NodeStanding::of).collect();
        if frames > 0 {
            for fate in run.iter().flat_map(|run| &run.nodes) {
                let node = &mut nodes[fate.node as usize];
                node.state = NodeState::after(*fate, node.state);
            }
        }
        let mut changed: BTreeMap<u32, Place> = BTreeMap::new();
        for frame in run.iter().flat_map(|run| run.frames.iter().take(frames)) {
            changed.extend(frame.pods.iter().map(|pod| (pod.pod, (pod.node, pod.state))));
        }
        let mut standing = Self { nodes, pending: Vec::new() };
        let pods = overview.pods.nodes.iter().copied().zip(overview.pods.states.iter().copied());
        for (at, was) in pods.enumerate() {
            let at = at as u32;
            let now = changed.remove(&at);
            if let Some(now) = now {
                standing.ask(scene.asks(run, at), was, now);
            }
            standing.put(at, was.0, now.unwrap_or(was));
        }
        // What is left was made in the run.
        for (at, now) in changed {
            standing.ask(scene.asks(run, at), (None, PodState::Gone), now);
            standing.put(at, None, now);
        }
        standing
    }

    /// Moves what a pod asks for from where it was to where it is.
    fn ask(&mut self, asks: Amounts, was: Place, now: Place) {
        for ((node, state), sign) in [(was, -1), (now, 1)] {
            if let (Some(node), true) = (node, state != PodState::Gone) {
                let requested = &mut self.nodes[node as usize].requested;
                requested.cpu_milli += sign * asks.cpu_milli;
                requested.memory += sign * asks.memory;
                requested.pods += sign * asks.pods;
            }
        }
    }

    fn put(&mut self, pod: u32, was: Option<u32>, (node, state): Place) {
        let failed = node.is_some_and(|it| self.nodes[it as usize].state == NodeState::Failed);
        let stayed = was == node;
        let mark = match state {
            PodState::Gone => return,
            PodState::Pending => Mark::Pending,
            PodState::Terminating => Mark::Ending,
            PodState::Ready if stayed => Mark::Up,
            PodState::Ready => Mark::Moved,
            PodState::NotReady if failed => Mark::Lost,
            PodState::NotReady if stayed => Mark::Down,
            PodState::NotReady => Mark::Starting,
        };
        let cell = Cell { mark, pod };
        match node {
            Some(node) => self.nodes[node as usize].cells.push(cell),
            None => self.pending.push(cell),
        }
    }

    /// How many pods each mark stands for, without those that are none.
    pub(crate) fn tally(&self) -> Vec<(Mark, usize)> {
        let cells = || self.nodes.iter().flat_map(|node| &node.cells).chain(&self.pending);
        let mut counts = Mark::ALL.map(|mark| (mark, 0));
        cells().for_each(|cell| counts[cell.mark as usize].1 += 1);
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

impl NodeStanding {
    fn of(node: &NodeView) -> Self {
        let state = match (node.ready, node.cordoned) {
            (false, _) => NodeState::NotReady,
            (true, true) => NodeState::Cordoned,
            (true, false) => NodeState::Ready,
        };
        Self { state, requested: node.requested, cells: Vec::new() }
    }
}

impl NodeState {
    /// After a run, if it was so before.
    fn after(fate: NodeFate, before: Self) -> Self {
        match fate {
            NodeFate { exists: false, .. } => Self::Deleted,
            NodeFate { cut_off: true, .. } => Self::CutOff,
            NodeFate { serves: false, .. } if before == Self::NotReady => Self::NotReady,
            NodeFate { serves: false, .. } => Self::Failed,
            NodeFate { cordoned: true, .. } => Self::Cordoned,
            NodeFate { .. } => Self::Ready,
        }
    }
}
