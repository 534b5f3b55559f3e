//! Whose number of pods is taken to stay, though metrics may change it.

use std::collections::BTreeMap;
use std::fmt::Write;

use holdfast_proof::outcome::BoundsOutcome;

use crate::words;

/// One sentence on all of them, if there are any.
pub fn tell(out: &mut String, all: &BTreeMap<String, BoundsOutcome>, width: usize) {
    if all.is_empty() {
        return;
    }
    let of = |(name, bounds): (&String, &BoundsOutcome)| {
        format!("{} ({}–{})", words::short_name(name), bounds.min, bounds.max)
    };
    let names: Vec<String> = all.iter().map(of).collect();
    let text = format!(
        "Assumed: autoscalers leave as many pods as there are to {}. Otherwise try holdfast \
         simulate --event scale:WORKLOAD=max.",
        words::list(&names, 6)
    );
    for line in words::wrap(&text, width) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{line}");
    }
}
