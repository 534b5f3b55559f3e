//! A scene in pieces: each is small enough that taking it in is no pause that anybody notices, and
//! what is done between two of them does not wait for the rest.

use holdfast_session::forms::Choices;
use holdfast_session::overview::{Amounts, NodeView, WorkloadView};
use serde::{Deserialize, Serialize};

use crate::freight;
use crate::scene::Scene;

/// Nodes and workloads in a piece.
const NODES: usize = 250;
const WORKLOADS: usize = 1_000;

/// Some of a scene.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) enum Piece {
    /// Nothing that is not here.
    #[default]
    Nothing,
    /// The next nodes.
    Nodes(Vec<NodeView>),
    /// The next workloads.
    Workloads(Vec<WorkloadView>),
    /// All pods, as the bytes that come with it, what they may ask for, labels to group by, and
    /// what forms offer.
    Pods { asks: Vec<Amounts>, labels: Vec<String>, choices: Choices },
}

/// Hands the pieces of a scene over, each with the bytes that come with it.
pub(crate) fn send(scene: Scene, mut each: impl FnMut(Piece, &[u8])) {
    let Scene { overview, labels, choices, asks, asked } = scene;
    for nodes in overview.nodes.chunks(NODES) {
        each(Piece::Nodes(nodes.to_vec()), &[]);
    }
    for workloads in overview.workloads.chunks(WORKLOADS) {
        each(Piece::Workloads(workloads.to_vec()), &[]);
    }
    each(Piece::Pods { asks, labels, choices }, &freight::pack(&overview.pods, &asked));
}

/// What has arrived.
#[derive(Debug, Default)]
pub(crate) struct Arriving(Scene);

impl Arriving {
    /// Takes in the next piece.
    pub(crate) fn take(&mut self, piece: Piece, bytes: &[u8]) {
        let scene = &mut self.0;
        match piece {
            Piece::Nothing => {}
            Piece::Nodes(nodes) => scene.overview.nodes.extend(nodes),
            Piece::Workloads(workloads) => scene.overview.workloads.extend(workloads),
            Piece::Pods { asks, labels, choices } => {
                (scene.asks, scene.labels, scene.choices) = (asks, labels, choices);
                (scene.overview.pods, scene.asked) = freight::unpack(bytes).unwrap_or_default();
            }
        }
    }

    /// All of it; the next scene begins anew.
    pub(crate) fn scene(&mut self) -> Scene {
        std::mem::take(&mut self.0)
    }
}
