//! `inspect`: what was understood of an export.

use holdfast_ingest::{Diagnostic, Loaded};
use holdfast_render::inspect::View;
use holdfast_render::{self as render, Format};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::exit;

/// The question, as the flags of the command say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Inspect {
    /// Every node and workload is shown, also in large clusters.
    pub all: bool,
}

/// What was understood.
pub struct Inspected<'l> {
    view: View,
    diagnostics: &'l [Diagnostic],
    all: bool,
}

impl Inspect {
    /// Asks it of a cluster.
    pub fn ask<'l>(&self, loaded: &'l Loaded) -> Inspected<'l> {
        Inspected { view: View::of(loaded), diagnostics: &loaded.diagnostics, all: self.all }
    }
}

impl Answer for Inspected<'_> {
    fn text(&self, format: Format) -> String {
        match format {
            Format::Human => render::inspect::human(&self.view, self.diagnostics, self.all),
            _ => render::json(&self.view),
        }
    }

    fn code(&self) -> u8 {
        exit::HOLDS
    }
}
