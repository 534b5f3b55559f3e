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
    /// It was here, and is not any more.
    Left,
}

impl Mark {
    pub(crate) const ALL: [Self; 8] = [
        Self::Up,
        Self::Down,
        Self::Moved,
        Self::Starting,
        Self::Pending,
        Self::Lost,
        Self::Ending,
        Self::Left,
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
    /// Pods that are on another node than before.
    pub(crate) moves: Vec<Move>,
}

/// A pod that is on another node than it, or the pod whose place it takes, was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) pod: u32,
    /// The position of its workload.
    pub(crate) workload: u32,
    pub(crate) from: u32,
    pub(crate) to: u32,
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
        let mut changed: BTreeMap<u32, Place> = BTreeMap::new();
        for frame in run.iter().flat_map(|run| run.frames.iter().take(frames)) {
            for fate in &frame.nodes {
                let node = &mut nodes[fate.node as usize];
                node.state = NodeState::after(*fate, node.state);
            }
            changed.extend(frame.pods.iter().map(|pod| (pod.pod, (pod.node, pod.state))));
        }
        let mut standing = Self { nodes, pending: Vec::new(), moves: Vec::new() };
        let pods = overview.pods.nodes.iter().copied().zip(overview.pods.states.iter().copied());
        for (at, was) in pods.enumerate() {
            let at = at as u32;
            let now = changed.remove(&at);
            if let Some(now) = now {
                standing.ask(scene.asks(run, at), was, now);
            }
            let workload = overview.pods.workloads[at as usize];
            standing.put((at, workload), was.0, now.unwrap_or(was));
        }
        // What is left was made in the run.
        for (at, now) in changed {
            standing.ask(scene.asks(run, at), (None, PodState::Gone), now);
            standing.made(scene, run, at, now);
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

    /// Puts a pod where it is, and marks where it left.
    fn put(&mut self, (pod, workload): (u32, u32), was: Option<u32>, now: Place) {
        let node = now.0.filter(|_| now.1 != PodState::Gone);
        if let Some(from) = was.filter(|_| was != node) {
            self.nodes[from as usize].cells.push(Cell { mark: Mark::Left, pod });
        }
        self.go((pod, workload), was, node);
        self.stand(pod, was == node, now);
    }

    /// Puts a pod that was made in the run, which counts as having been where the pod was whose
    /// place it takes.
    fn made(&mut self, scene: &Scene, run: Option<&Aftermath>, pod: u32, now: Place) {
        let Some(made) = scene.made(run, pod) else { return };
        let was = made.origin.and_then(|origin| scene.overview.pods.nodes[origin as usize]);
        let node = now.0.filter(|_| now.1 != PodState::Gone);
        if let Some(node) = node.filter(|_| was == node) {
            // Who is made again where it was has not left.
            let cells = &mut self.nodes[node as usize].cells;
            cells.retain(|cell| cell.mark != Mark::Left || Some(cell.pod) != made.origin);
        }
        self.go((pod, made.workload), was, node);
        let starts = now.1 == PodState::NotReady && was == node;
        self.stand(pod, was == node && !starts, now);
    }

    /// Takes down that a pod is elsewhere than it was.
    fn go(&mut self, (pod, workload): (u32, u32), was: Option<u32>, now: Option<u32>) {
        if let (Some(from), Some(to)) = (was, now)
            && from != to
        {
            self.moves.push(Move { pod, workload, from, to });
        }
    }

    /// Marks how a pod is, on its node or among those that wait for one.
    fn stand(&mut self, pod: u32, stayed: bool, (node, state): Place) {
        let failed = node.is_some_and(|it| self.nodes[it as usize].state == NodeState::Failed);
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
    /// After a step of a run, if it was so before.
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
