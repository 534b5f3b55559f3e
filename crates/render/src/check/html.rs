//! The report as one page that needs nothing else: no script, no file beside it, no network.
//!
//! The map of failures comes first, a row for each workload and a column for each scenario; every
//! cell says in words what its colour says.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_policy::catalogue::{Id, Page};
use holdfast_policy::report::ScenarioReport;
use holdfast_policy::suppress::Suppressed;
use holdfast_policy::{CheckReport, Finding};
use holdfast_proof::report::{Object, VerdictName};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Findings, reason};
use crate::{domain, prove, words};

/// Nothing is loaded, and nothing runs.
pub(crate) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// How it looks.
pub(crate) const STYLE: &str = include_str!("html.css");
/// Beyond so many rows those of which all is proved are counted.
const ROWS_MAX: usize = 400;

/// A workload in the map, by namespace, kind and name.
type Key<'a> = (&'a str, &'a str, &'a str);
/// How it came out of a scenario: the worst verdict of any requirement, and what was found.
#[derive(Default)]
struct Cell {
    verdict: Option<VerdictName>,
    found: BTreeSet<Id>,
}

/// Which finding stands behind an id in a cell.
type Anchors<'a> = BTreeMap<(Key<'a>, &'a str, Id), &'a str>;

/// The whole report.
pub fn html(report: &CheckReport) -> String {
    let told = Findings::from(report);
    let first = html! { (map(report, &told)) (requirements(report)) };
    document(&told, report.verdict, &first, &html! {})
}

/// A page with the answer on top, the findings between what comes first and what comes last, and
/// what they mean.
pub fn document(
    told: &Findings<'_>,
    verdict: VerdictName,
    first: &Markup,
    last: &Markup,
) -> String {
    let title = format!("holdfast {}", told.command);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) ": " (told.answer) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.command { (title) }
                    h1 { span class=(class(verdict)) { (mark(verdict)) } " " (told.answer) }
                }
                main { (first) (findings(told)) (last) (meanings(told)) }
            }
        }
    };
    page.into_string() + "\n"
}

fn map(report: &CheckReport, told: &Findings<'_>) -> Markup {
    let mut rows: BTreeMap<Key<'_>, BTreeMap<&str, Cell>> = BTreeMap::new();
    for requirement in &report.requirements {
        for judged in &requirement.judged {
            let row = rows.entry(key(&judged.object)).or_default();
            let cell = row.entry(reason::when(requirement)).or_default();
            cell.verdict =
                cell.verdict.into_iter().chain([judged.verdict]).max_by_key(|one| one.rank());
            cell.found.extend(&judged.found);
        }
    }
    let accepted = told.suppressed.iter().map(|one| &one.finding);
    let anchors: Anchors<'_> =
        told.all.iter().copied().chain(accepted).filter_map(anchor).collect();
    let proved = |row: &BTreeMap<&str, Cell>| {
        row.values().all(|cell| cell.verdict == Some(VerdictName::Proved))
    };
    let all = rows.len();
    if all > ROWS_MAX {
        rows.retain(|_, row| !proved(row));
    }
    let left_out = all - rows.len();
    let stands = report.requirements.iter().any(|one| one.scenario.is_none());
    let scenarios = report.scenarios.iter().map(|one| one.name.as_str());
    let columns: Vec<&str> =
        stands.then_some(reason::AS_IT_STANDS).into_iter().chain(scenarios).collect();
    html! {
        section {
            h2 { "Failure map" }
            p.hint {
                "Each cell: the worst that is required of the workload when these machines fail. "
                b.proved { (mark(VerdictName::Proved)) " PROVED" } " in every run, "
                b.refuted { (mark(VerdictName::Refuted)) " REFUTED" } " by a run, "
                b.unknown { (mark(VerdictName::Unknown)) " UNKNOWN" } ", – not asked."
            }
            div.scroll role="region" aria-label="Failure map" tabindex="0" {
                table.map {
                    thead { tr {
                        th scope="col" { "Workload" }
                        @if stands { th scope="col" { (reason::AS_IT_STANDS) } }
                        @for scenario in &report.scenarios { (column(scenario)) }
                    } }
                    tbody { @for (workload, row) in &rows { tr {
                        th scope="row" {
                            (workload.0) "/" wbr; (workload.1.to_lowercase()) "/" wbr; (workload.2)
                        }
                        @for name in &columns {
                            (field((*workload, name), row.get(name), &anchors))
                        }
                    } } }
                }
            }
            @if left_out > 0 {
                p.hint {
                    (words::count(left_out, "workload", "workloads"))
                    " PROVED in every scenario are not shown."
                }
            }
        }
    }
}

fn column(scenario: &ScenarioReport) -> Markup {
    let checked = &scenario.checked;
    let named = checked.fail.as_ref().map(|names| words::list(names, 4));
    let what = named.or_else(|| Some(checked.sequence.as_ref()?.join(", then ")));
    let what = what.unwrap_or_else(|| domain::looked_at(checked));
    html! { th scope="col" { (scenario.name) small { (what) } } }
}

fn anchor(found: &Finding) -> Option<((Key<'_>, &str, Id), &str)> {
    let workload = key(found.object.as_ref()?);
    let scenario = found.scenario.as_deref().unwrap_or(reason::AS_IT_STANDS);
    Some(((workload, scenario, Id::of(&found.fault)), &found.fingerprint))
}

fn field<'a>(
    (workload, scenario): (Key<'a>, &'a str),
    cell: Option<&Cell>,
    anchors: &Anchors<'a>,
) -> Markup {
    let Some((cell, verdict)) = cell.and_then(|cell| Some((cell, cell.verdict?))) else {
        return html! { td.none { "–" } };
    };
    html! {
        td class=(class(verdict)) {
            b { (mark(verdict)) " " (prove::verdict(verdict)) }
            @for id in &cell.found {
                small { @match anchors.get(&(workload, scenario, *id)) {
                    Some(print) => a href=(format!("#f-{print}")) { (id.name()) },
                    None => (id.name()),
                } }
            }
        }
    }
}

fn requirements(report: &CheckReport) -> Markup {
    html! {
        section {
            h2 { "Requirements" }
            div.scroll role="region" aria-label="Requirements" tabindex="0" {
                table {
                    thead { tr {
                        @for name in ["Requirement", "Scenario", "Worth"] {
                            th scope="col" { (name) }
                        }
                        @for name in ["Workloads", "PROVED", "REFUTED", "UNKNOWN"] {
                            th.number scope="col" { (name) }
                        }
                    } }
                    tbody { @for one in &report.requirements { tr {
                        th scope="row" { (one.name) }
                        td { (reason::when(one)) }
                        td { (reason::severity(one.severity)) }
                        @for count in [one.workloads, one.hold, one.fail, one.unknown] {
                            td.number { (count) }
                        }
                    } } }
                }
            }
            p.hint { (words::modelled(&report.kubernetes)) }
        }
    }
}

/// Every finding with its story.
fn findings(told: &Findings<'_>) -> Markup {
    html! {
        section {
            h2 { "Findings" }
            @if told.all.is_empty() { p { "None." } }
            @for found in &told.all { (finding(found, None)) }
        }
        @if !told.suppressed.is_empty() {
            section {
                h2 { "Suppressed" }
                @for one in told.suppressed { (finding(&one.finding, Some(one))) }
            }
        }
    }
}

fn finding(found: &Finding, accepted: Option<&Suppressed>) -> Markup {
    let severity = reason::severity(found.severity);
    let closes = accepted.is_none() && !reason::is_known(found);
    let id = found.fault.id();
    html! {
        article id=(format!("f-{}", found.fingerprint)) class=[closes.then_some(severity)] {
            h3 {
                span.severity { (severity) (reason::standing(found)) } " "
                a href=(format!("#id-{id}")) { (id) }
                @if let Some(object) = reason::object(found) { " " span.object { (object) } }
            }
            p { (reason::what(found)) }
            @if let Some(one) = accepted { p { b { "Accepted " (reason::accepted(one)) } } }
            @if let Some(story) = reason::story(found) { pre { (story.trim_end()) } }
            @if let Some(remedy) = reason::remedy(found) { p { (remedy) } }
            p.hint { code { (found.place) } " · " (reason::background(found)) }
        }
    }
}

/// What the ids mean that were found.
fn meanings(told: &Findings<'_>) -> Markup {
    let accepted = told.suppressed.iter().map(|one| &one.finding);
    let ids = told.all.iter().copied().chain(accepted).map(|found| Id::of(&found.fault));
    let ids: BTreeSet<Id> = ids.collect();
    html! {
        @if !ids.is_empty() {
            section {
                h2 { "What they mean" }
                @for id in ids {
                    @let Page { title, what, why, example, instead } = id.page();
                    article id=(format!("id-{}", id.name())) {
                        h3 { (id.name()) }
                        p { b { (title) "." } " " (marked(what)) }
                        p { (marked(why)) }
                        @for (heading, sample) in [("Example", example), ("Instead", instead)] {
                            p { b { (heading) "." } " " (marked(sample.says)) }
                            pre { (sample.code.trim()) }
                        }
                        p.hint { "From " code { (id.path()) } }
                    }
                }
            }
        }
    }
}

/// Text of the catalogue, whose only marks are backticks around code, and links to other pages.
fn marked(text: &str) -> Markup {
    let linked = |text: &str| match text.split_once("](") {
        Some((before, after)) => {
            let after = after.split_once(')').map_or("", |(_, after)| after);
            format!("{}{after}", before.replace('[', ""))
        }
        None => text.to_owned(),
    };
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (linked(part)) }
        }
    }
}

fn key(object: &Object) -> Key<'_> {
    (&object.namespace, &object.kind, &object.name)
}

/// The name that the stylesheet has for a verdict.
pub(crate) fn class(verdict: VerdictName) -> &'static str {
    match verdict {
        VerdictName::Proved => "proved",
        VerdictName::Unknown => "unknown",
        VerdictName::Refuted => "refuted",
    }
}

/// The mark of a verdict.
pub(crate) fn mark(verdict: VerdictName) -> &'static str {
    match verdict {
        VerdictName::Proved => "✓",
        VerdictName::Unknown => "?",
        VerdictName::Refuted => "✗",
    }
}
