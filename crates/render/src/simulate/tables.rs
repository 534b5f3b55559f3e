//! Workloads and nodes, before and after each event.

use std::fmt::Write;

use holdfast_proof::outcome::{NodeOutcome, Outcome, RangeOutcome, StepOutcome, WorkloadOutcome};

use crate::table::Grid;
use crate::words;

/// Up to so many nodes all are shown.
const ROWS_MAX: usize = 12;
/// Up to so many events each has a column.
const COLUMNS_MAX: usize = 5;

/// The steps that have a column, with their headings: all of them, or the first and the last.
fn columns(outcome: &Outcome) -> Vec<(String, &StepOutcome)> {
    let steps = &outcome.steps;
    let shown: Vec<usize> = match steps.len() {
        0 => Vec::new(),
        count if count <= COLUMNS_MAX + 1 => (0..count).collect(),
        count => vec![0, count - 1],
    };
    let heading = |at: usize| match at {
        0 => "START".to_owned(),
        _ if steps.len() == 2 => "AFTER".to_owned(),
        at => format!("AFTER {at}"),
    };
    shown.into_iter().map(|at| (heading(at), &steps[at])).collect()
}

/// Ready pods of every workload that changes, or of all.
pub(super) fn workloads(out: &mut String, outcome: &Outcome, all: bool) {
    let columns = columns(outcome);
    let Some(last) = outcome.steps.last() else { return };
    let mut headings = vec!["WORKLOAD".to_owned(), "WANTS".to_owned()];
    headings.extend(columns.iter().map(|(heading, _)| heading.clone()));
    headings.extend(["PENDING".to_owned(), "TERMINATING".to_owned()]);
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let right: Vec<usize> = (1..headings.len()).collect();
    let mut grid = Grid::new(&headings, &right);
    let mut left_out = 0;
    for (name, workload) in &last.workloads {
        let of = |step: &StepOutcome| step.workloads.get(name).map(|w| (w.ready, w.pending));
        let same = outcome.steps.iter().all(|step| of(step) == of(last));
        if !all && same && workload.ready.min >= workload.desired {
            left_out += 1;
            continue;
        }
        let ready = columns.iter().map(|(_, step)| cell(step.workloads.get(name)));
        let head = [words::short_name(name), workload.desired.to_string()];
        let tail = [dash(workload.pending), dash(workload.terminating)];
        grid.row(head.into_iter().chain(ready).chain(tail));
    }
    write(out, grid, left_out, "workload", "workloads");
}

fn cell(workload: Option<&WorkloadOutcome>) -> String {
    workload.map_or_else(|| "–".to_owned(), |workload| range(workload.ready))
}

/// State and pods of every node that changes, or of all.
pub(super) fn nodes(out: &mut String, outcome: &Outcome, all: bool) {
    let columns = columns(outcome);
    let Some(last) = outcome.steps.last() else { return };
    let mut headings = vec!["NODE".to_owned(), "STATE".to_owned()];
    headings.extend(columns.iter().map(|(heading, _)| format!("PODS {heading}")));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let right: Vec<usize> = (2..headings.len()).collect();
    let mut grid = Grid::new(&headings, &right);
    let every = all || last.nodes.len() <= ROWS_MAX;
    let mut left_out = 0;
    for (name, node) in &last.nodes {
        let same = outcome.steps.iter().all(|step| step.nodes.get(name) == Some(node));
        if !every && same {
            left_out += 1;
            continue;
        }
        let pods = columns.iter().map(|(_, step)| {
            step.nodes.get(name).map_or_else(|| "–".to_owned(), |node| range(node.pods))
        });
        grid.row([name.clone(), state(node)].into_iter().chain(pods));
    }
    write(out, grid, left_out, "node", "nodes");
}

/// The state, as kubectl shows it.
fn state(node: &NodeOutcome) -> String {
    let mut text = node.state.to_owned();
    if node.cordoned {
        text.push_str(",SchedulingDisabled");
    }
    if node.cut_off {
        text.push_str(", runs on unheard");
    }
    text
}

fn write(out: &mut String, grid: Grid, left_out: usize, one: &str, many: &str) {
    for line in grid.lines() {
        let _ = writeln!(out, "{line}");
    }
    if left_out > 0 {
        let others = words::count(left_out, one, many);
        let _ = writeln!(out, "{others} stay as they are; --all shows them.");
    }
    out.push('\n');
}

/// `2`, or `1–2`.
pub(super) fn range(range: RangeOutcome) -> String {
    if range.min == range.max {
        range.min.to_string()
    } else {
        format!("{}–{}", range.min, range.max)
    }
}

/// The same, nothing being a dash.
fn dash(counted: RangeOutcome) -> String {
    if counted.max == 0 { "–".to_owned() } else { range(counted) }
}
