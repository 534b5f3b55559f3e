//! What can be done with volumes, for people.

use std::fmt::Write;

use holdfast_proof::outcome::StepOutcome;

use crate::words;

/// Nothing where no volume is kept on the nodes; else those that cannot be written.
pub(super) fn tell(out: &mut String, step: &StepOutcome) {
    let total = step.storage.len();
    let troubled: Vec<_> = step.storage.iter().filter(|(_, it)| it.worst != "writable").collect();
    let writable = total - troubled.len();
    if total == 0 {
        return;
    }
    // Writing to a string cannot fail, here and below.
    let volumes = words::count(total, "volume", "volumes");
    let _ = writeln!(out, "Of {volumes} kept on the nodes {writable} can be written");
    for (claim, volume) in troubled {
        let _ = if volume.best == volume.worst {
            writeln!(out, "  {claim} is {}", volume.worst)
        } else {
            writeln!(out, "  {claim} is {} or {}", volume.best, volume.worst)
        };
    }
}
