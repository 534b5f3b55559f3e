//! The answers to `plan`, for people.

use std::fmt::Write;

use holdfast_planner::patch::Patch;
use holdfast_planner::report::{
    OutcomeReport, PlanReport, RefusedReport, RemediesReport, TogetherReport, TriedReport,
};
use holdfast_proof::report::{Report, VerdictName};

use crate::written::{Written, WrittenObject};
use crate::{prove, remedy, words};

/// The width of running text.
const WIDTH: usize = 96;

/// The answer to `plan repair`; `report` is what is proved of the cluster as it is.
pub fn repair(report: &Report, plan: &PlanReport, written: Option<&Written>) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{}\n", answer(report, plan));
    for workload in &plan.workloads {
        of_workload(&mut out, workload);
    }
    together(&mut out, &plan.together);
    if let Some(done) = written {
        in_manifests(&mut out, done);
    }
    let _ = writeln!(
        out,
        "Every remedy was proved: the change is applied, the rollout that it begins is followed \
         to\nits end in every order, and then all that was asked is proved anew. No claim that \
         is PROVED\ntoday is lost by one. Cheapest first: rules, pods, copies of volumes, nodes."
    );
    out
}

fn answer(report: &Report, plan: &PlanReport) -> String {
    let failure = prove::failure_words(report);
    let refuted = plan.workloads.len();
    if refuted == 0 {
        return match report.verdict {
            VerdictName::Proved => format!("nothing to repair: every workload survives {failure}"),
            _ => format!(
                "nothing to repair: nothing is REFUTED by {failure}, though not all is \
                          PROVED"
            ),
        };
    }
    let whole = |workload: &&RemediesReport| {
        workload.remedies.first().is_some_and(|remedy| remedy.leaves.is_empty())
    };
    let repaired = plan.workloads.iter().filter(whole).count();
    let some = |workload: &&RemediesReport| !whole(workload) && !workload.remedies.is_empty();
    let partly = plan.workloads.iter().filter(some).count();
    let does = if refuted == 1 { "does" } else { "do" };
    let workloads = words::count(refuted, "workload", "workloads");
    let mut text = format!(
        "{workloads} {does} not survive {failure}: {} can be repaired",
        words::number(repaired)
    );
    if partly > 0 {
        let _ = write!(text, ", {} in part", words::number(partly));
    }
    text
}

fn of_workload(out: &mut String, workload: &RemediesReport) {
    let object = &workload.object;
    let refuted = words::list(&workload.refuted, 2);
    let name = prove::short(object);
    let _ = writeln!(out, "{}/{name} · REFUTED {refuted}", object.namespace);
    for (at, one) in workload.remedies.iter().enumerate() {
        let label = format!("{}.", at + 1);
        hang(out, &label, &remedy::with_limits(one));
        lines(out, &one.patches);
    }
    if workload.remedies.is_empty() {
        hang(out, "–", &none(workload));
    }
    out.push('\n');
}

/// Why there is no remedy: what was tried, by what came of it.
fn none(workload: &RemediesReport) -> String {
    if workload.tried.is_empty() {
        return "no remedy: nothing that may be changed here helps against why it fails".to_owned();
    }
    let tried = words::count(workload.proposals, "proposal", "proposals");
    let mut text = format!("no remedy among {tried}");
    if workload.left > 0 {
        let _ = write!(text, ", {} more not tried", words::thousands(workload.left as u64));
    }
    let mut causes: Vec<(String, Vec<String>)> = Vec::new();
    for TriedReport { changes, outcome } in &workload.tried {
        let (why, what) = (outcome_words(outcome), remedy::sentence(changes));
        match causes.iter_mut().find(|(known, _)| *known == why) {
            Some((_, all)) => all.push(what),
            None => causes.push((why, vec![what])),
        }
    }
    for (why, what) in causes {
        let first = &what[0];
        let more = match what.len() - 1 {
            0 => String::new(),
            more => format!(" (and {} more)", words::thousands(more as u64)),
        };
        let _ = write!(text, "; {first}{more}: {why}");
    }
    text
}

fn outcome_words(outcome: &OutcomeReport) -> String {
    match outcome {
        OutcomeReport::Refused { why } => refused(why),
        OutcomeReport::Unsettled => {
            "there are more ways for its rollout to end than the budget allows".to_owned()
        }
        OutcomeReport::Stuck => "its rollout may get stuck".to_owned(),
        OutcomeReport::NoHelp => "it fails as before, or nobody knows".to_owned(),
        OutcomeReport::Unproved => "it may fail elsewhere".to_owned(),
        OutcomeReport::Breaks { workloads } => {
            format!("what is PROVED of {} would be lost", words::list(workloads, 3))
        }
        OutcomeReport::Helps => "it helps in part".to_owned(),
    }
}

/// Why a change cannot be made, or told.
pub fn refused(why: &RefusedReport) -> String {
    let about = why.about.as_deref().unwrap_or("the volume");
    match why.reason {
        "no-scale" => format!("{about} has no count of its own"),
        "no-template" => format!("{about} does not make its pods from a template"),
        "not-in-export" => {
            format!("{about} itself is not in the export, so how it rolls out is not known")
        }
        "surges" => format!("{about} makes new pods beside the old ones, which is not followed"),
        "no-strategy" => format!("{about} cannot roll out that way"),
        "pods-differ" => format!("the pods of {about} differ in what they ask for"),
        "several-containers" => format!("the pods of {about} have several containers"),
        "nothing-preferred" => format!("{about} prefers no anti-affinity"),
        "unparsable" => format!("the affinity of {about} does not parse"),
        "no-selector" => format!("{about} has no selector of its own pods"),
        "no-pods" => format!("{about} has no pod that tells what its next ones ask for"),
        "picks-nodes" => format!("which nodes {about} runs on would change"),
        "no-amount" => "an amount must be more than zero".to_owned(),
        "node-exists" => format!("there is a {about} already"),
        "control-plane" => format!("{about} is a part of the control plane"),
        "no-node" | "no-budget" => format!("there is no {about}"),
        _ => "how many copies there are is not known".to_owned(),
    }
}

fn together(out: &mut String, together: &TogetherReport) {
    if together.changes.is_empty() {
        return;
    }
    let verdict = match together.verdict {
        VerdictName::Proved => "everything is PROVED".to_owned(),
        VerdictName::Refuted | VerdictName::Unknown => {
            format!("not proved is {}", words::list(&together.left, 6))
        }
    };
    for line in words::wrap(&format!("Together, as far as that was proved; then {verdict}:"), WIDTH)
    {
        let _ = writeln!(out, "{line}");
    }
    lines(out, &together.patches);
    out.push('\n');
}

fn in_manifests(out: &mut String, done: &Written) {
    if done.written.is_empty() {
        out.push_str("Nothing was written: no manifest says what is to be changed.\n");
    } else {
        out.push_str("Written:\n");
    }
    for WrittenObject { file, object } in &done.written {
        let _ = writeln!(out, "     {}/{} in {file}", object.namespace, prove::short(object));
    }
    if !done.by_hand.is_empty() {
        let left =
            format!("Left to be done, as no manifest says it: {}", remedy::sentence(&done.by_hand));
        for line in words::wrap(&left, WIDTH) {
            let _ = writeln!(out, "{line}");
        }
    }
    out.push('\n');
}

fn lines(out: &mut String, patches: &[Patch]) {
    for line in patches.iter().filter_map(|patch| patch.kubectl.as_ref()) {
        let _ = writeln!(out, "     {line}");
    }
}

fn hang(out: &mut String, label: &str, text: &str) {
    for (at, line) in words::wrap(text, WIDTH - 5).into_iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        let _ = writeln!(out, "  {label:<3}{line}");
    }
}
