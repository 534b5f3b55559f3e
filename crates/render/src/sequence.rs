//! What events that come one after another break, for people.

use std::fmt::Write;

use holdfast_proof::report::sequences::Break;
use holdfast_proof::report::{Checked, Report, VerdictName, WorkloadReport};

use crate::{prove, words};

/// What the answer is about; `None` where nothing comes after anything.
pub fn asked(checked: &Checked) -> Option<String> {
    match (&checked.sequence, &checked.orders) {
        (Some(events), _) => Some(events.join("; ")),
        (None, Some(names)) => {
            Some(format!("the failure of {}, in any order", words::list(names, 6)))
        }
        (None, None) => None,
    }
}

/// How much was looked at.
pub fn looked_at(checked: &Checked) -> Option<String> {
    let count =
        |one, many| words::count(usize::try_from(checked.sets).unwrap_or(usize::MAX), one, many);
    match (&checked.sequence, &checked.orders) {
        (Some(_), _) => Some(count("sequence", "sequences")),
        (None, Some(names)) => Some(format!(
            "{} of {}",
            count("order", "orders"),
            words::count(names.len(), "failure", "failures")
        )),
        (None, None) => None,
    }
}

/// Where each workload breaks.
pub fn breaks(out: &mut String, report: &Report, width: usize) {
    let broken = report.workloads.iter().filter_map(|w| Some((w, w.broken.as_ref()?)));
    for (at, (workload, broken)) in broken.enumerate() {
        // Writing to a string cannot fail, here and below.
        if at == 0 {
            let _ = writeln!(out, "Where it breaks\n");
        }
        tell(out, workload, broken, width);
    }
}

fn tell(out: &mut String, workload: &WorkloadReport, broken: &Break, width: usize) {
    const INDENT: &str = "  ";
    let name = prove::short(&workload.object);
    let _ = writeln!(out, "{}/{name}", workload.object.namespace);
    let ready = match broken.desired {
        0 => format!("{} ready", broken.ready),
        desired => format!("{} of {desired} ready", broken.ready),
    };
    let (when, rest) = broken.sequence.split_at(broken.after.min(broken.sequence.len()));
    let since = if when.is_empty() { "today".to_owned() } else { when.join("; ") };
    let text = match broken.claim {
        "immediately" if when.is_empty() => format!("today: {ready}"),
        "immediately" => format!("right after {since}: {ready}"),
        _ if when.is_empty() && rest.is_empty() => format!("today: {ready} at rest"),
        _ if when.is_empty() => {
            format!("today, and still after {}: {ready} at rest", rest.join("; "))
        }
        _ if rest.is_empty() => format!("after {since}: {ready} at rest"),
        _ => format!("from {since} on, and still after {}: {ready} at rest", rest.join("; ")),
    };
    for text in std::iter::once(&text).chain(&broken.messages) {
        for line in words::wrap(text, width - INDENT.len()) {
            let _ = writeln!(out, "{INDENT}{line}");
        }
    }
    if workload.recovered.refuted > 0 && workload.recovered.verdict == VerdictName::Refuted {
        let others = workload.recovered.refuted - 1;
        if others > 0 {
            let more = usize::try_from(others).unwrap_or(usize::MAX);
            let more = words::count(more, "other order", "other orders");
            let _ = writeln!(out, "{INDENT}and in {more}");
        }
    }
    out.push('\n');
}
