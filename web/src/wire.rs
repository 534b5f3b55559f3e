//! What page and worker say to each other: JSON text, and beside it the files that are meant, which
//! the worker reads itself, or bytes that change hands as they are.

use holdfast_session::changes::Change;
use holdfast_session::protocol::{Reply, Request};
use holdfast_session::prove::Prove;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::arriving::Piece;
use crate::desk::Handed;
use crate::samples::Sample;
use crate::scene::Scene;

/// What the page asks for, with a number by which it knows the answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: u32,
    /// Nobody looks at the cluster of this worker: it is not to be shown.
    pub(crate) quiet: bool,
    pub(crate) ask: Ask,
}

/// What may be asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Open the files that come with the order.
    OpenFiles,
    /// Open what was pasted.
    OpenText(String),
    /// Open one of the clusters that come with the page.
    OpenSample(Sample),
    /// The cluster that is open, with these changes and no others.
    Change(Vec<Change>),
    /// Of the cluster that is open.
    Session(Request),
    /// What all parts of a sweep come to, which come with the order.
    Join { question: Prove, format: String },
}

/// What the worker says, and in answer to which order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Word {
    pub(crate) id: u32,
    pub(crate) tell: Tell,
    /// Bytes that come with it, if any.
    #[serde(skip)]
    pub(crate) beside: JsValue,
}

/// What may be said.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Tell {
    /// Orders may come: those sent before would be lost.
    Ready,
    /// So many bytes of a file are read.
    Reading { name: String, read: f64, size: f64 },
    /// All is read, and being made sense of.
    Understanding { bytes: f64 },
    /// So many sets of failed nodes are done, of all.
    Checked { done: u64, all: u64 },
    /// A piece of the scene that the next of these two words is about.
    Piece(Piece),
    /// What was opened, and what was told on the way.
    Opened {
        name: String,
        #[serde(skip)]
        scene: Box<Scene>,
        told: String,
        /// The policy that was among it.
        policy: Option<Handed>,
        /// How many bytes of memory the worker takes.
        memory: f64,
    },
    /// The cluster with the changes.
    Changed {
        #[serde(skip)]
        scene: Box<Scene>,
    },
    /// What the cluster that is open says. Of a part of a sweep what was found comes beside, which
    /// nobody reads but who joins the parts.
    Reply(Box<Reply>),
    /// It cannot be done, what may help, and what was told on the way.
    Refused { text: String, hint: Option<String>, told: String },
    /// The engine has a bug, and this worker is of no use any more.
    Broken { text: String },
}
