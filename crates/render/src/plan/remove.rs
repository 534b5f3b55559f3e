//! Which nodes can go, for people and for spreadsheets.

use std::fmt::Write;

use holdfast_planner::report::remove::{KeptReport, RemoveReport, Share};
use holdfast_proof::report::VerdictName;

use super::bar::bar;
use super::steps;
use crate::format::Format;
use crate::prove::verdict;
use crate::sheet::Sheet;
use crate::{domain, words};

/// The answer in a format that is not JSON.
pub fn render(report: &RemoveReport, format: Format) -> String {
    let answer = steps::Answer {
        sentence: answer(report),
        table: table(report),
        below: (format == Format::Human).then(|| loads(report)).flatten(),
        commands: &report.commands,
        paragraphs: paragraphs(report),
    };
    steps::render(&answer, format)
}

/// One sentence that answers.
fn answer(report: &RemoveReport) -> String {
    let fails = match (&report.domain, report.survive) {
        (Some(label), _) => format!(", and then any one {} may fail", domain::short(label)),
        (None, Some(0) | None) => String::new(),
        (None, Some(1)) => ", and then any one node may fail".to_owned(),
        (None, Some(most)) => {
            format!(", and then any {} nodes may fail", words::number(most))
        }
    };
    let found = report.nodes.len();
    let how_many = match (found, report.largest) {
        (0, true) => "no node can go".to_owned(),
        (0, false) => format!("no node was found that can go, of at most {}", report.bound),
        (found, true) => {
            format!("{} can go, and no more", words::count(found, "node", "nodes"))
        }
        (found, false) => format!(
            "{} can go; whether more can is not known, at most {}",
            words::count(found, "node", "nodes"),
            report.bound
        ),
    };
    if found == 0 {
        return format!("{how_many} such that all that runs comes back{fails}");
    }
    format!("{how_many}: drained one after the other all that runs comes back{fails}")
}

fn table(report: &RemoveReport) -> Sheet {
    let mut sheet = Sheet::new(&["step", "node", "evicts", "why it stays"], &[0, 2]);
    for (at, gone) in report.nodes.iter().enumerate() {
        let step = (at + 1).to_string();
        sheet.row([step, gone.node.clone(), gone.evicts.to_string(), String::new()]);
    }
    for kept in &report.kept {
        sheet.row([String::new(), kept.node.clone(), String::new(), why(kept)]);
    }
    sheet
}

/// How full all nodes are together before and after.
fn loads(report: &RemoveReport) -> Option<Sheet> {
    if report.loads.is_empty() {
        return None;
    }
    let mut sheet = Sheet::new(&["requested", "before", "after", ""], &[1, 2]);
    for load in &report.loads {
        let percent = |share: Share| {
            let (requested, all) = (i128::from(share.requested), i128::from(share.allocatable));
            requested * 100 / all.max(1)
        };
        let (before, after) = (percent(load.before), percent(load.after));
        let resource = if load.resource == "cpu" { "CPU" } else { load.resource };
        let told = [resource.to_owned(), format!("{before}%"), format!("{after}%")];
        sheet.row([&told[..], &[bar(before, after, 100)]].concat());
    }
    Some(sheet)
}

/// What is too scarce without a node: who asks for it, and what is left.
fn scarce(kept: &KeptReport) -> String {
    let Some(lack) = &kept.lack else { return "too little is left without it".to_owned() };
    let amount = |amount: i128| i64::try_from(amount).unwrap_or(i64::MAX);
    let (needed, left) = (amount(lack.needed), amount(lack.left));
    let needs = if lack.pods == 1 { "1 pod needs" } else { &format!("{} pods need", lack.pods) };
    match kept.scarce {
        Some("cpu") => {
            let (needed, left) = (words::cpu(needed), words::cpu(left));
            format!("{needs} {needed} CPU, and {left} is left without it")
        }
        Some("memory") => {
            let (needed, left) = (words::bytes_up(needed), words::bytes_down(left));
            format!("{needs} {needed} of memory, and {left} is left without it")
        }
        Some("pods") => format!("{needs} room, and there is room for {left} without it"),
        _ => {
            let apart = if lack.pods == 1 { "a node that takes it" } else { "a node each" };
            format!("{needs} {apart}, and {left} of those may be left without it")
        }
    }
}

/// Why a node stays.
fn why(kept: &KeptReport) -> String {
    let pod = kept.pod.as_deref().unwrap_or("a pod that is made on the way");
    let workload = || words::short_name(kept.workload.as_deref().unwrap_or_default());
    let of = kept.of.map_or("not proved", |known| match known {
        VerdictName::Unknown => "not proved",
        other => verdict(other),
    });
    match kept.reason {
        "control-plane" => "it carries the control plane".to_owned(),
        "not-ready" => "it is not ready: nobody ends its pods in good order".to_owned(),
        "budget" => {
            format!("budget {} does not let {pod} go", words::list(&kept.budgets, 1))
        }
        "two-budgets" => format!(
            "budgets {} both select {pod}, and the eviction API refuses",
            words::list(&kept.budgets, 2)
        ),
        "nothing-makes-it" => format!("nothing makes {pod} again"),
        "nowhere-else" => format!("no other node takes {pod}"),
        "sums" => scarce(kept),
        "drain-stuck" => format!("a budget may hold {pod}, and the drain does not end ({of})"),
        "not-emptied" => "its pods may not be gone once it is drained".to_owned(),
        "not-back" => format!("{} is not back in full once it is drained ({of})", workload()),
        "not-survived" => {
            let failing = kept
                .but_for
                .as_ref()
                .and_then(|known| domain::failing(&known.domains, &known.fail));
            let when = failing.unwrap_or_else(|| "something fails".to_owned());
            format!("without it {} does not come back, {when} ({of})", workload())
        }
        "no-control-plane" => "no control plane acts, and nobody drains anything".to_owned(),
        _ => "not tried: the budget ran out, or the cluster is too large".to_owned(),
    }
}

fn paragraphs(report: &RemoveReport) -> Vec<String> {
    let mut all = Vec::new();
    let mut text = match report.by {
        Some("bound") => {
            "Proved by bounds: whatever the order of drains and evictions, every pod finds a node."
                .to_owned()
        }
        Some(_) => "Proved by following every run of this order of drains; in another order it \
                    may not hold."
            .to_owned(),
        None => String::new(),
    };
    if !report.largest {
        let _ = write!(
            text,
            "{}What keeps the others is told for the nodes above being gone; sums leave {} at \
             most.",
            if text.is_empty() { "" } else { " " },
            words::count(report.bound, "node", "nodes")
        );
    }
    if !text.is_empty() {
        all.push(text);
    }
    let listed = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| words::short_name(name)).collect();
        words::list(&names, 8)
    };
    if !report.amiss.is_empty() {
        all.push(format!(
            "Not proved to survive that today, so asked only to run in full after the drains: {}.",
            listed(&report.amiss)
        ));
    }
    if !report.short.is_empty() {
        all.push(format!(
            "Not in full today, so nothing is asked about it: {}.",
            listed(&report.short)
        ));
    }
    if !report.nodes.is_empty() {
        all.push(
            "Before each drain all must be ready again. Evictions wait for budgets; what has one \
             pod and no budget is away until its next one is ready."
                .to_owned(),
        );
    }
    all
}
