//! What a change makes worse, for people: the answer, each finding with what it is due to, then
//! what is better, what has moved and what was changed.

use std::collections::BTreeMap;
use std::fmt::Write;

use holdfast_policy::DiffReport;
use holdfast_policy::changes::{Change, What};
use holdfast_policy::diff::{Better, Moved};
use holdfast_policy::finding::Claim;
use holdfast_proof::report::VerdictName;
use maud::html;

use crate::{check, domain, field, words};

/// So many changed objects, fields and moves are shown.
const SHOWN: usize = 12;

/// The whole report, and what is suppressed where that is asked for.
pub fn human(report: &DiffReport, show_suppressed: bool) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{}\n", answer(report));
    for found in &report.findings {
        check::finding(&mut out, found);
    }
    check::accepted(&mut out, &report.suppressed, report.fixed, show_suppressed);
    out + &besides(report)
}

/// The same where Markdown is shown, in 64 KiB.
pub fn markdown(report: &DiffReport) -> String {
    check::comment(&report.into(), &check::fenced(&besides(report), ""))
}

/// The same as one page.
pub fn html(report: &DiffReport) -> String {
    let last = html! { section { h2 { "Besides" } pre { (besides(report).trim_end()) } } };
    check::document(&report.into(), report.verdict, &html! {}, &last)
}

impl<'a> From<&'a DiffReport> for check::Findings<'a> {
    fn from(report: &'a DiffReport) -> Self {
        Self::new("diff", answer(report), &report.findings, &report.suppressed)
    }
}

/// What there is to say beside findings.
fn besides(report: &DiffReport) -> String {
    let mut out = String::new();
    better(&mut out, &report.better);
    moved(&mut out, &report.moved);
    changed(&mut out, &report.changes);
    let checked = &report.checked;
    let interrupted = if checked.complete { "" } else { ", interrupted" };
    let _ = writeln!(out, "Checked: {}{interrupted}.", domain::looked_at(checked));
    domain::tell_without(&mut out, checked.domains.as_ref(), 96);
    let _ = writeln!(out, "{}", words::modelled(&report.kubernetes));
    out
}

/// One sentence that answers.
fn answer(report: &DiffReport) -> String {
    let counts = &report.counts;
    let told = match report.verdict {
        VerdictName::Refuted => "something is worse",
        VerdictName::Unknown => "something that was known is UNKNOWN",
        VerdictName::Proved if report.findings.is_empty() => "nothing is worse",
        VerdictName::Proved => "nothing is lost, with warnings",
    };
    let each = [
        (counts.worse, "worse"),
        (counts.unknown, "UNKNOWN"),
        (counts.gone, "gone"),
        (counts.better, "better"),
        (counts.same, "same"),
        (counts.added, "new"),
    ];
    let each = each.into_iter().filter(|(count, _)| *count > 0);
    let each: Vec<String> = each.map(|(count, what)| format!("{count} {what}")).collect();
    let all = counts.worse + counts.unknown + counts.better + counts.same + counts.added;
    let all = words::count(all + counts.gone, "workload", "workloads");
    format!("{told}: of {all} {}", each.join(", "))
}

fn better(out: &mut String, all: &[Better]) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "Better");
    for one in all.iter().take(SHOWN) {
        let claims: Vec<&str> = one.claims.iter().map(|claim| holds(*claim)).collect();
        let name = check::name(&one.object);
        let _ = writeln!(out, "  {name}: {} is PROVED now", words::list(&claims, 4));
    }
    more(out, all.len());
}

fn holds(claim: Claim) -> &'static str {
    match claim {
        Claim::Immediately => "immediately",
        Claim::ByRule => "by rule",
        Claim::Recovered => "recovered",
        Claim::MinReady => "enough ready",
        Claim::MaxDowntime => "downtime",
        Claim::RollsOut => "rollout",
        Claim::Carries => "manifest",
        Claim::Headroom => "headroom",
        Claim::ControlPlaneQuorum => "control plane",
        Claim::StorageQuorum => "storage",
    }
}

fn moved(out: &mut String, all: &[Moved]) {
    if all.is_empty() {
        return;
    }
    let nodes = |counts: &BTreeMap<String, u32>| {
        let node = |(node, count): (&String, &u32)| match count {
            1 => node.clone(),
            _ => format!("{node} ({count})"),
        };
        let nodes: Vec<String> = counts.iter().map(node).collect();
        words::list(&nodes, 4)
    };
    let _ = writeln!(out, "Moved");
    for one in all.iter().take(SHOWN) {
        let name = check::name(&one.object);
        let _ = writeln!(out, "  {name}: from {} to {}", nodes(&one.from), nodes(&one.to));
    }
    more(out, all.len());
}

fn changed(out: &mut String, all: &[Change]) {
    if all.is_empty() {
        let _ = writeln!(out, "Nothing that people write was changed.\n");
        return;
    }
    let _ = writeln!(out, "Changed");
    for one in all.iter().take(SHOWN) {
        let name = [&one.kind, &one.namespace, &one.name];
        let name: Vec<&str> =
            name.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let what = match &one.what {
            What::Added => "is new".to_owned(),
            What::Removed => "is gone".to_owned(),
            What::Fields { fields } => {
                words::list(&fields.iter().map(field::changed).collect::<Vec<_>>(), 3)
            }
        };
        let _ = writeln!(out, "  {}: {what}  ({})", name.join("/"), one.place);
    }
    more(out, all.len());
}

fn more(out: &mut String, all: usize) {
    if all > SHOWN {
        let _ = writeln!(out, "  and {} more; -o json has all of them", all - SHOWN);
    }
    out.push('\n');
}
