//! The way between two layouts, for people and for spreadsheets.

use std::fmt::Write;

use holdfast_planner::migration::{Risk, Step};
use holdfast_planner::report::MigrateReport;
use holdfast_planner::report::migrate::{StandReport, StepReport};
use holdfast_proof::report::VerdictName;

use crate::format::Format;
use crate::prove::verdict;
use crate::sheet::Sheet;
use crate::words;

/// The width of running text.
const WIDTH: usize = 96;

/// The answer in a format that is not JSON; `names` are those of the layouts.
pub fn render(report: &MigrateReport, names: &[String; 2], format: Format) -> String {
    match format {
        Format::Csv => table(report, names, true).csv(),
        Format::Markdown => format!(
            "**{}**\n\n{}\n{}\n",
            answer(report, names),
            table(report, names, false).markdown(),
            paragraphs(report, names).join("\n\n")
        ),
        _ => {
            let mut out = words::wrap(&answer(report, names), WIDTH).join("\n") + "\n";
            // Writing to a string cannot fail, here and below.
            let _ = write!(out, "\n{}", table(report, names, false).human());
            for text in paragraphs(report, names) {
                let _ = writeln!(out, "\n{}", words::wrap(&text, WIDTH).join("\n"));
            }
            out
        }
    }
}

/// One sentence that answers.
fn answer(report: &MigrateReport, [from, to]: &[String; 2]) -> String {
    let count = |is: VerdictName| report.steps.iter().filter(|step| step.safe == is).count();
    let steps = words::count(report.steps.len(), "step", "steps");
    let mut parts = vec![format!("{} PROVED safe", words::number(count(VerdictName::Proved)))];
    let risky = count(VerdictName::Refuted);
    if risky > 0 {
        parts.push(format!("{} at risk", words::number(risky)));
    }
    let unknown = count(VerdictName::Unknown);
    if unknown > 0 {
        parts.push(format!("{} UNKNOWN", words::number(unknown)));
    }
    let most = report.steps.iter().map(|step| &step.then).chain([&report.from]);
    let most = most.max_by_key(|then| (then.nodes, then.cpu_milli)).unwrap_or(&report.from);
    format!(
        "from {from} to {to} in {steps}: {}; on the way there are up to {} with {} CPU and {}",
        words::list(&parts, 3),
        words::count(most.nodes, "node", "nodes"),
        words::cpu(most.cpu_milli),
        words::bytes(most.memory)
    )
}

fn table(report: &MigrateReport, [from, to]: &[String; 2], plain: bool) -> Sheet {
    let headings =
        ["#", "step", "safe", "nodes", "cpu", "memory", "etcd", "stops", "survive", "risks"];
    let shown = if plain { headings.len() } else { headings.len() - 1 };
    let mut sheet = Sheet::new(&headings[..shown], &[0, 3, 4, 5, 6]);
    let mut row = |at: String, what: String, safe: String, then: &StandReport, risks: String| {
        let memory = if plain { then.memory.to_string() } else { words::bytes(then.memory) };
        let stops = if then.stops_control_plane.is_empty() {
            "–".to_owned()
        } else {
            words::list(&then.stops_control_plane, 4)
        };
        let survive = format!("{} of {}", then.surviving, then.workloads);
        let (nodes, cpu) = (then.nodes.to_string(), words::cpu(then.cpu_milli));
        let etcd = then.etcd.to_string();
        let cells = [at, what, safe, nodes, cpu, memory, etcd, stops, survive, risks];
        sheet.row(cells.into_iter().take(shown));
    };
    let none = || "–".to_owned();
    row(none(), from.clone(), none(), &report.from, String::new());
    for (at, one) in report.steps.iter().enumerate() {
        let risks: Vec<String> = one.risks.iter().map(risk).collect();
        let (number, safe) = ((at + 1).to_string(), verdict(one.safe).to_owned());
        row(number, step(&one.step), safe, &one.then, risks.join("; "));
    }
    row(none(), to.clone(), none(), &report.to, String::new());
    sheet
}

fn paragraphs(report: &MigrateReport, [from, to]: &[String; 2]) -> Vec<String> {
    let steps = report.steps.iter().enumerate();
    let before = |at: usize| at.checked_sub(1).map_or(&[][..], |at| &report.steps[at].risks);
    let mut all: Vec<String> = steps.filter_map(|(at, one)| of_step(at, one, before(at))).collect();
    for (names, said) in [
        (&report.gives_up, format!("What survives any one node in {from} and not in {to}")),
        (&report.wins, format!("What survives any one node in {to} and not in {from}")),
        (
            &report.unreached,
            format!(
                "What survives any one node in {to} and is not PROVED to behind the last step, \
                 as nobody moves what runs already"
            ),
        ),
    ] {
        if !names.is_empty() {
            all.push(format!("{said}: {}.", short(names)));
        }
    }
    if !report.complete {
        all.push("Interrupted: not every step was looked at.".to_owned());
    }
    all.push(
        "STOPS: hosts whose loss alone stops the control plane. SURVIVE: workloads that are PROVED \
         to survive any one node behind the step. A step is PROVED safe where every run of it ends \
         with everything up, the one that is told misses nothing for a moment, and what is PROVED \
         of both layouts is PROVED behind it. Behind a step the cluster is as the scheduler leaves \
         it, nodes that tie by name."
            .to_owned(),
    );
    all
}

fn of_step(at: usize, one: &StepReport, before: &[Risk]) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let changed = &one.workloads_changed;
    for (verb, names) in
        [("adds", &changed.added), ("changes", &changed.changed), ("takes away", &changed.removed)]
    {
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| words::short_name(name)).collect();
            parts.push(format!("{verb} {}", words::list(&names, 8)));
        }
    }
    for this in &one.risks {
        parts.push(if lasts(this, before) { still(this) } else { risk(this) });
    }
    (!parts.is_empty()).then(|| format!("{}. {}: {}.", at + 1, step(&one.step), parts.join("; ")))
}

/// Whether a risk was told of the step before.
fn lasts(risk: &Risk, before: &[Risk]) -> bool {
    let waits = |risk: &Risk| match risk {
        Risk::Waits { workloads, .. } => Some(workloads.clone()),
        _ => None,
    };
    before.iter().any(|known| known == risk || waits(risk).is_some() && waits(known) == waits(risk))
}

/// A risk that was told before, in short.
fn still(this: &Risk) -> String {
    match this {
        Risk::Waits { workloads, .. } => format!("as before, {} wait", short(workloads)),
        Risk::ControlPlaneStops { etcd, .. } => {
            format!("as before, etcd has {}", words::count(*etcd, "member", "members"))
        }
        other => risk(other),
    }
}

/// What is done.
fn step(step: &Step) -> String {
    match step {
        Step::Join { node, member: true } => format!("{node} joins the control plane"),
        Step::Join { node, member: false } => format!("{node} joins"),
        Step::Promote { node } => format!("{node} becomes a member of the control plane"),
        Step::Workloads => "workloads change".to_owned(),
        Step::Node { node } => format!("{node} changes"),
        Step::Cordon { nodes } => format!("cordon {}", words::list(nodes, 4)),
        Step::Drain { node } => format!("drain {node}"),
        Step::Resign { node } => format!("{node} leaves the control plane"),
        Step::Remove { node, member: true } => format!("remove {node} from etcd, and stop it"),
        Step::Remove { node, member: false } => format!("remove {node}"),
    }
}

/// What may go wrong.
fn risk(risk: &Risk) -> String {
    match risk {
        Risk::ControlPlaneDown => "the control plane does not act".to_owned(),
        Risk::ControlPlaneStops { hosts, etcd } => {
            let hosts = words::list(hosts, 6);
            format!(
                "with {} of etcd the loss of any one of {hosts} stops the control plane",
                words::count(*etcd, "member", "members")
            )
        }
        Risk::ClaimLost { workloads } => {
            format!("{} do not survive any one node until later", short(workloads))
        }
        Risk::ClaimUnknown { workloads } => {
            format!("whether {} survive any one node is not known", short(workloads))
        }
        Risk::Interrupted { workloads } => {
            format!("for a moment no pod serves of {}", short(workloads))
        }
        Risk::OneLeft { workloads } => {
            format!("for a moment one pod alone serves of {}", short(workloads))
        }
        Risk::Waits { workloads, message } => {
            let why = message.as_ref().map(|why| format!(" ({})", why.trim_end_matches('.')));
            format!("{} may not come back{}", short(workloads), why.unwrap_or_default())
        }
        Risk::DrainBlocked { workloads } => {
            format!("the drain does not end: a budget keeps {}", short(workloads))
        }
        Risk::RolloutStuck { workloads } => {
            format!("the rollout of {} may get stuck", short(workloads))
        }
        Risk::NotFollowed => "not every run was followed".to_owned(),
    }
}

/// Names alone, the first few.
fn short(workloads: &[String]) -> String {
    let name = |key: &String| key.rsplit('/').next().unwrap_or(key).to_owned();
    words::list(&workloads.iter().map(name).collect::<Vec<String>>(), 6)
}
