//! How many failures each workload survives, for people.

use std::fmt::Write;

use holdfast_proof::Report;
use holdfast_proof::tolerance::{ToleranceReport, WorkloadTolerance};

use crate::table::Grid;
use crate::{domain, prove, words};

/// The whole answer; the table holds every workload.
pub fn human(report: &Report, tolerance: &ToleranceReport) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{}\n", answer(report, tolerance));
    let mut grid = Grid::new(&["NAMESPACE", "WORKLOAD", "SURVIVES", "BROKEN BY"], &[2]);
    for workload in &tolerance.workloads {
        grid.row([
            workload.object.namespace.clone(),
            prove::short(&workload.object),
            survives(workload, tolerance.up_to),
            broken_by(workload),
        ]);
    }
    for line in grid.lines() {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(
        out,
        "\nSURVIVES: any so many {} at once, PROVED; beside it a smallest set that breaks it.\n",
        failing(report, 2)
    );
    prove::closing(&mut out, report, 0);
    out
}

/// One sentence that answers.
pub(super) fn answer(report: &Report, tolerance: &ToleranceReport) -> String {
    let all = words::count(tolerance.workloads.len(), "workload", "workloads");
    let any = |most: usize| format!("any {} {}", words::number(most), failing(report, most));
    let most = tolerance.proved.unwrap_or(0);
    if most >= tolerance.up_to {
        return format!("all {all} survive {}", any(most));
    }
    let survives = |one: &&WorkloadTolerance| one.proved.is_some_and(|proved| proved > most);
    let others = tolerance.workloads.iter().filter(|one| !survives(one));
    let names: Vec<&str> = others.map(|one| one.object.name.as_str()).collect();
    let does = if names.len() == 1 { "does not" } else { "do not" };
    let further = format!(
        "{} of {all} survive {}; {} {does}",
        tolerance.workloads.len() - names.len(),
        any(most + 1),
        words::list(&names, 4)
    );
    if most == 0 { further } else { format!("all {all} survive {}. {further}", any(most)) }
}

/// What fails: `node`, `nodes`, `zones` in the words of its label.
fn failing(report: &Report, count: usize) -> String {
    let one = count == 1;
    match report.checked.domains.as_ref().map(|domains| &domains.label) {
        None => if one { "node" } else { "nodes" }.to_owned(),
        Some(None) => if one { "domain" } else { "domains" }.to_owned(),
        Some(Some(label)) => {
            format!("{} of {label}", if one { "value" } else { "values" })
        }
    }
}

pub(super) fn survives(workload: &WorkloadTolerance, up_to: usize) -> String {
    match workload.proved {
        None => "–".to_owned(),
        Some(most) if most >= up_to || workload.unknown.is_some() => format!("≥{most}"),
        Some(most) => most.to_string(),
    }
}

pub(super) fn broken_by(workload: &WorkloadTolerance) -> String {
    let named = |domains: &[String], fail: &[String]| match domain::failed(domains, fail) {
        None => "nothing: it is so today".to_owned(),
        Some(failed) => failed,
    };
    let mut parts = Vec::new();
    if let Some(doubt) = &workload.unknown {
        let why = prove::doubt_reason(doubt.reason, doubt.detail.as_deref().unwrap_or_default());
        let what = named(&doubt.domains, &doubt.fail);
        parts.push(format!("UNKNOWN with {what}: {why}"));
    }
    if let Some(culprits) = &workload.broken_by {
        parts.push(named(&culprits.domains, &culprits.fail));
    }
    parts.join("; ")
}
