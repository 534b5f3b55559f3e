//! Findings in full: the answer first, then the requirements, then each finding with its story.

use std::fmt::Write;

use holdfast_policy::CheckReport;
use holdfast_policy::finding::{Fault, Finding};
use holdfast_policy::report::StateReport;
use holdfast_policy::suppress::Suppressed;
use holdfast_proof::report::VerdictName;

use super::reason;
use crate::table::Grid;
use crate::{domain, words};

/// The whole report, and what is suppressed where that is asked for.
pub fn human(report: &CheckReport, show_suppressed: bool) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{}\n", answer(report));
    table(&mut out, report);
    for found in &report.findings {
        finding(&mut out, found);
    }
    accepted(&mut out, &report.suppressed, report.fixed, show_suppressed);
    closing(&mut out, report);
    out
}

/// How much is suppressed, and how much of a baseline is there no more.
pub fn accepted(
    out: &mut String,
    suppressed: &[Suppressed],
    fixed: Option<usize>,
    show_suppressed: bool,
) {
    if show_suppressed {
        for one in suppressed {
            let sentence = reason::sentence(&one.finding);
            let _ = writeln!(out, "suppressed[{}]: {sentence}", one.finding.fault.id());
            let _ = writeln!(out, "  --> {}", one.finding.place);
            let _ = writeln!(out, "   = {}\n", reason::accepted(one));
        }
    }
    let count = words::count(suppressed.len(), "finding is", "findings are");
    match (suppressed.is_empty(), show_suppressed) {
        (true, _) => {}
        (false, true) => {
            let _ = writeln!(out, "{count} suppressed.");
        }
        (false, false) => {
            let _ = writeln!(out, "{count} suppressed; --show-suppressed tells them.");
        }
    }
    if let Some(fixed) = fixed.filter(|fixed| *fixed > 0) {
        let count = words::count(fixed, "finding", "findings");
        let _ = writeln!(out, "{count} of the baseline are there no more: write it anew.");
    }
}

/// One sentence that answers.
pub(super) fn answer(report: &CheckReport) -> String {
    let sum = |count: fn(&(usize, usize, usize)) -> usize| -> usize {
        let each = report.requirements.iter().map(|one| (one.hold, one.fail, one.unknown));
        each.map(|counts| count(&counts)).sum()
    };
    let (hold, fail, unknown) = (sum(|one| one.0), sum(|one| one.1), sum(|one| one.2));
    let all = words::count(hold + fail + unknown, "claim", "claims");
    let lost = report.findings.iter();
    let lost = lost.filter(|one| matches!(one.fault, Fault::RequirementMatchesNothing { .. }));
    let mut parts = vec![format!("{hold} of {all} PROVED")];
    parts.extend((fail > 0).then(|| format!("{fail} REFUTED")));
    parts.extend((unknown > 0).then(|| format!("{unknown} UNKNOWN")));
    let lost = lost.count();
    let nothing = || words::count(lost, "selector matches nothing", "selectors match nothing");
    parts.extend((lost > 0).then(nothing));
    let holds = match report.verdict {
        VerdictName::Proved if report.findings.is_empty() => "the policy holds",
        VerdictName::Proved => "the policy holds, with warnings",
        VerdictName::Refuted => "the policy does not hold",
        VerdictName::Unknown => "whether the policy holds is UNKNOWN",
    };
    format!("{holds}: {}", parts.join(", "))
}

fn table(out: &mut String, report: &CheckReport) {
    let headings =
        ["REQUIREMENT", "SCENARIO", "WORTH", "WORKLOADS", "PROVED", "REFUTED", "UNKNOWN"];
    let mut grid = Grid::new(&headings, &[3, 4, 5, 6]);
    for one in &report.requirements {
        grid.row([
            one.name.clone(),
            reason::when(one).to_owned(),
            reason::severity(one.severity).to_owned(),
            one.workloads.to_string(),
            one.hold.to_string(),
            one.fail.to_string(),
            one.unknown.to_string(),
        ]);
    }
    for line in grid.lines() {
        let _ = writeln!(out, "{line}");
    }
    out.push('\n');
}

/// One finding, with its story.
pub fn finding(out: &mut String, found: &Finding) {
    let _ = writeln!(out, "{}: {}", reason::label(found), reason::sentence(found));
    let _ = writeln!(out, "  --> {}", found.place);
    let _ = writeln!(out, "   = {}", reason::background(found));
    if let Some(remedy) = reason::remedy(found) {
        let _ = writeln!(out, "   = {remedy}");
    }
    let _ = writeln!(out, "   = help: {}", reason::page(found));
    if let Some(story) = reason::story(found) {
        out.push_str(&story);
    }
    out.push('\n');
}

/// What the cluster comes to in a scenario.
fn state(state: &StateReport) -> String {
    let perhaps = if state.perhaps.is_empty() {
        String::new()
    } else {
        format!(", perhaps {}", words::list(&state.perhaps, 4))
    };
    let name = state.name.as_deref().unwrap_or("none that is PROVED");
    format!(" State: {name}{perhaps}.")
}

fn closing(out: &mut String, report: &CheckReport) {
    for scenario in &report.scenarios {
        let checked = &scenario.checked;
        let looked_at = match &checked.sequence {
            Some(events) => format!("{} in every order", events.join(", then ")),
            None => domain::looked_at(checked),
        };
        let interrupted = if checked.complete { "" } else { ", interrupted" };
        let state = scenario.state.as_ref().map(state).unwrap_or_default();
        let _ = writeln!(out, "Checked: {}: {looked_at}{interrupted}.{state}", scenario.name);
        domain::tell_without(out, checked.domains.as_ref(), 96);
    }
    let _ = writeln!(out, "{}", words::modelled(&report.kubernetes));
}
