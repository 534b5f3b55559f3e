//! How many nodes must be added, for people and for spreadsheets.

use std::fmt::Write;

use holdfast_planner::report::nodes::{MakeReport, NodesReport, OpenReport, TriedCount};
use holdfast_proof::report::VerdictName;

use crate::format::Format;
use crate::prove::verdict;
use crate::sheet::{Sheet, laid_out};
use crate::{domain, words};

/// The answer in a format that is not JSON.
pub fn render(report: &NodesReport, format: Format) -> String {
    let table = |plain: bool| table(report, plain);
    laid_out(format, &answer(report), table, &paragraphs(report))
}

fn make(report: &NodesReport) -> String {
    match &report.make {
        MakeReport::Like(node) => format!("like {node}"),
        MakeReport::Type(name) => format!("of type {name}"),
    }
}

fn failure(report: &NodesReport) -> String {
    failing(report.domain.as_deref(), report.survive)
}

/// What may fail.
pub(super) fn failing(label: Option<&str>, survive: Option<usize>) -> String {
    match (label, survive) {
        (Some(label), _) => format!("any one {} may fail", domain::short(label)),
        (None, Some(1) | None) => "any one node may fail".to_owned(),
        (None, Some(most)) => format!("any {} nodes may fail", words::number(most)),
    }
}

/// One sentence that answers.
fn answer(report: &NodesReport) -> String {
    let failure = failure(report);
    let all = if report.helpless.is_empty() { "everything" } else { "all but what no node helps" };
    let Some(count) = report.count else {
        return format!(
            "no number of nodes {} that was tried brings anything back when {failure}",
            make(report)
        );
    };
    if count == 0 {
        return format!("no node need be added: {failure}, and {all} comes back");
    }
    let nodes = words::count(count as usize, "node", "nodes");
    let places: Vec<String> =
        report.places.iter().map(|place| format!("{} in {}", place.count, place.value)).collect();
    let places =
        if places.is_empty() { String::new() } else { format!(" ({})", words::list(&places, 8)) };
    let mut text =
        format!("with {nodes} {} added{places} {failure}, and {all} comes back", make(report));
    if let Some(price) = &report.price {
        let _ = write!(text, "; they cost {} {} a {}", price.amount, price.currency, price.per);
    }
    text
}

fn table(report: &NodesReport, plain: bool) -> Sheet {
    let headings = ["added", "verdict", "what does not come back", "when"];
    let mut sheet = Sheet::new(&headings, &[0]);
    for tried in &report.tried {
        let (what, when) = match &tried.open {
            Some(open) => (name(open, plain), when(open)),
            None if plain => (String::new(), String::new()),
            None => ("–".to_owned(), "–".to_owned()),
        };
        sheet.row([count(report, tried), verdict(tried.verdict).to_owned(), what, when]);
    }
    sheet
}

fn count(report: &NodesReport, tried: &TriedCount) -> String {
    if report.domain.is_none() {
        return tried.count.to_string();
    }
    let places: Vec<String> = tried.places.iter().map(u32::to_string).collect();
    places.join("+")
}

fn name(open: &OpenReport, plain: bool) -> String {
    if plain { open.workload.clone() } else { words::short_name(&open.workload) }
}

pub(super) fn when(open: &OpenReport) -> String {
    let known = open.but_for.as_ref();
    let failing = known.and_then(|known| domain::failing(&known.domains, &known.fail));
    failing.unwrap_or_else(|| "today".to_owned())
}

fn paragraphs(report: &NodesReport) -> Vec<String> {
    let mut all = Vec::new();
    if report.count.is_some_and(|count| count > 0) {
        let least = "The least: every smaller number was proved about, and does not do.";
        let some = "Smaller numbers were not all tried; the table shows which.";
        let mut text = if report.least { least } else { some }.to_owned();
        if !report.places.is_empty() {
            text += " In no place could it be one less.";
        }
        if report.tried.iter().any(|tried| tried.verdict == VerdictName::Unknown) {
            text += " UNKNOWN is not REFUTED: with more states (--budget) such a number may do.";
        }
        all.push(text);
    }
    if !report.helpless.is_empty() {
        let one = |open: &OpenReport| {
            let name = words::short_name(&open.workload);
            format!("{name} ({}, {})", verdict(open.verdict), when(open))
        };
        let names: Vec<String> = report.helpless.iter().map(one).collect();
        all.push(format!(
            "What no number that was tried brings back: {}. holdfast plan repair looks for what \
             does.",
            words::list(&names, 8)
        ));
    }
    if !report.zones.is_empty() {
        all.push(format!(
            "The catalogue has them in {}, so they are added there one after the other.",
            words::list(&report.zones, 8)
        ));
    }
    if let Some(price) = &report.price {
        all.push(format!("Prices, as the catalogue says: {}.", price.source));
    }
    all.push(
        "Added nodes are ready and run what DaemonSets put there; they may fail like any other. \
         Pods that wait are scheduled in every order."
            .to_owned(),
    );
    all
}
