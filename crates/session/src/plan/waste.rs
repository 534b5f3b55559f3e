//! `plan waste`: what is free and cannot be used.

use holdfast_ingest::Loaded;
use holdfast_planner::report::WasteReport;
use holdfast_render::{self as render, Format};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::exit;

/// The question, as the flags of the command say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Waste {
    /// Every node is shown, also in large clusters.
    pub all: bool,
}

/// What is wasted.
pub struct Wasted {
    /// The report.
    pub report: WasteReport,
    all: bool,
}

impl Waste {
    /// Asks it of a cluster.
    pub fn ask(&self, loaded: &Loaded) -> Wasted {
        let waste = holdfast_planner::waste::Waste::of(&loaded.cluster);
        Wasted { report: WasteReport::new(&loaded.cluster, &waste), all: self.all }
    }
}

impl Answer for Wasted {
    fn text(&self, format: Format) -> String {
        match format {
            Format::Json => render::json(&self.report),
            format => render::plan::waste::render(&self.report, format, self.all),
        }
    }

    fn code(&self) -> u8 {
        exit::HOLDS
    }
}
