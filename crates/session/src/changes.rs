//! What-if changes as a list, each in the spelling of a flag of the command.

use holdfast_ingest::Source;
use holdfast_planner::shell;
use serde::{Deserialize, Serialize};

use crate::whatif::WhatIf;

/// A change to the cluster before anything is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// Manifests are laid over the export.
    Overlay {
        /// The file that holds them.
        file: String,
        /// What it says.
        text: String,
    },
    /// `KIND/NAMESPACE/NAME.FIELD=VALUE`.
    Set(String),
    /// `NAME=LIKE[,KEY=VALUE]`.
    AddNode(String),
    /// The name of a node.
    Cordon(String),
    /// `NODE:KEY=VALUE:EFFECT`.
    Taint(String),
}

impl Change {
    /// The flag of the command, and its value as a shell takes it.
    pub fn words(&self) -> [String; 2] {
        let (flag, value) = match self {
            Self::Overlay { file, .. } => ("--overlay", file),
            Self::Set(text) => ("--set", text),
            Self::AddNode(text) => ("--add-node", text),
            Self::Cordon(text) => ("--cordon", text),
            Self::Taint(text) => ("--taint", text),
        };
        [flag.to_owned(), shell::word(value)]
    }
}

/// The changes as the command reads them: by kind, each kind in their order.
pub fn what_if(changes: &[Change]) -> WhatIf {
    let mut all = WhatIf::default();
    for change in changes {
        match change.clone() {
            Change::Overlay { file, text } => all.overlay.push(Source::named(file, text)),
            Change::Set(text) => all.set.push(text),
            Change::AddNode(text) => all.add_node.push(text),
            Change::Cordon(text) => all.cordon.push(text),
            Change::Taint(text) => all.taint.push(text),
        }
    }
    all
}
