//! The outcome of a story, for people.

mod control_plane;
mod storage;

use std::fmt::Write;

use holdfast_proof::outcome::{Outcome, RangeOutcome, StepOutcome};

use crate::render::table::Grid;

/// The whole story.
pub fn human(outcome: &Outcome) -> String {
    let mut out = String::new();
    for step in &outcome.steps {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{}", step.event);
        workloads(&mut out, step);
        control_plane::tell(&mut out, step);
        storage::tell(&mut out, step);
        out.push('\n');
    }
    out
}

fn workloads(out: &mut String, step: &StepOutcome) {
    let mut grid = Grid::new(&["WORKLOAD", "READY", "PENDING", "TERMINATING"], &[1, 2, 3]);
    for (name, workload) in &step.workloads {
        grid.row([
            name.clone(),
            format!("{}/{}", range(workload.ready), workload.desired),
            range(workload.pending),
            range(workload.terminating),
        ]);
    }
    for line in grid.lines() {
        let _ = writeln!(out, "{line}");
    }
}

fn range(range: RangeOutcome) -> String {
    if range.min == range.max {
        range.min.to_string()
    } else {
        format!("{}–{}", range.min, range.max)
    }
}
