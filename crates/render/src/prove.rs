//! The report on a proof, for people: the answer first, then the table, then the smallest
//! counterexamples.

pub(super) mod downtime;
mod possible;
pub(crate) mod rules;

use std::fmt::Write;

use holdfast_planner::report::RemediesReport;
use holdfast_proof::report::{
    Checked, Counterexample, DoubtReport, Object, PodReport, Report, StepReport, VerdictName,
    WorkloadReport,
};

use crate::beside::Beside;
use crate::table::Grid;
use crate::{autoscaled, domain, remedy, sequence, words};

/// Up to so many workloads every one is in the table.
const TABLE_MAX: usize = 40;
/// The width of running text.
const WIDTH: usize = 96;
/// Running text below a label starts here.
const INDENT: &str = "            ";

/// The whole report. With `all` every workload is shown, however many there are.
pub fn human(report: &Report, beside: &Beside, all: bool) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{}\n", answer(report));
    let every = all || report.workloads.len() <= TABLE_MAX;
    table(&mut out, report, every);
    downtime::tell(&mut out, report, every, all);
    rules::tell(&mut out, report, every, all);
    counterexamples(&mut out, report, beside);
    sequence::breaks(&mut out, report, WIDTH);
    doubts(&mut out, report);
    closing(&mut out, report, beside.remedies_not_asked);
    out
}

/// One sentence that answers.
fn answer(report: &Report) -> String {
    let failure = failure_words(report);
    let counts = report.summary;
    let survive = |count: usize| if count == 1 { "survives" } else { "survive" };
    let all = words::count(counts.workloads, "workload", "workloads");
    if counts.survive == counts.workloads {
        let all = if counts.workloads == 1 { "the only workload" } else { &format!("all {all}") };
        return format!("{all} {} {failure}", survive(counts.workloads));
    }
    let mut sentence = format!("{} of {all} {} {failure}", counts.survive, survive(counts.survive));
    let named = |verdict| -> Vec<&str> {
        let workloads = report.workloads.iter().filter(|workload| workload.verdict == verdict);
        workloads.map(|workload| workload.object.name.as_str()).collect()
    };
    let (failing, unknown) = (named(VerdictName::Refuted), named(VerdictName::Unknown));
    if !failing.is_empty() {
        let does = if failing.len() == 1 { "does not" } else { "do not" };
        let _ = write!(sentence, "; {} {does}", words::list(&failing, 4));
    }
    if !unknown.is_empty() {
        let is = if unknown.len() == 1 { "is" } else { "are" };
        let _ = write!(sentence, "; {} {is} UNKNOWN", words::list(&unknown, 4));
    }
    sentence
}

pub(super) fn failure_words(report: &Report) -> String {
    if let Some(events) = sequence::asked(&report.checked) {
        return events;
    }
    if let Some(domains) = &report.checked.domains {
        return domain::any(domains);
    }
    match (&report.checked.fail, report.checked.nodes) {
        (Some(names), _) => format!("the failure of {}", words::list(names, 6)),
        (None, Some(1) | None) => "any one node".to_owned(),
        (None, Some(most)) => format!("any {} nodes", words::number(most)),
    }
}

fn table(out: &mut String, report: &Report, every: bool) {
    let mut headings = vec![
        "NAMESPACE",
        "WORKLOAD",
        "READY",
        "AT ONCE",
        "IMMEDIATELY",
        "BY RULE",
        "RECOVERED",
        "BY",
    ];
    let timed = report.workloads.iter().any(|workload| workload.downtime.is_some());
    headings.extend(timed.then_some("DOWN"));
    let mut grid = Grid::new(&headings, &[2, 3]);
    let shown = |workload: &&WorkloadReport| every || workload.verdict != VerdictName::Proved;
    for workload in report.workloads.iter().filter(shown) {
        let cells = [
            workload.object.namespace.clone(),
            short(&workload.object),
            format!("{}/{}", workload.ready, workload.desired),
            format!("≥{}", workload.ready_at_once),
            verdict(workload.immediately.verdict).to_owned(),
            rules::cell(workload.by_rule.as_ref()).to_owned(),
            verdict(workload.recovered.verdict).to_owned(),
            workload.recovered.by.unwrap_or("–").to_owned(),
        ];
        grid.row(cells.into_iter().chain(workload.downtime.as_ref().map(downtime::cell)));
    }
    for line in grid.lines() {
        let _ = writeln!(out, "{line}");
    }
    out.push('\n');
    if !every {
        let proved = words::count(report.summary.survive, "workload", "workloads");
        let _ = writeln!(out, "{proved} PROVED are not shown; --all shows them.\n");
    }
}

/// `deployment/grafana`, as kubectl would address it.
pub fn short(object: &Object) -> String {
    format!("{}/{}", object.kind.to_lowercase(), object.name)
}

pub(super) fn verdict(name: VerdictName) -> &'static str {
    match name {
        VerdictName::Proved => "PROVED",
        VerdictName::Unknown => "UNKNOWN",
        VerdictName::Refuted => "REFUTED",
    }
}

fn counterexamples(out: &mut String, report: &Report, beside: &Beside) {
    let with = report.workloads.iter().filter_map(|w| Some((w, told_first(w)?)));
    let found: Vec<(&WorkloadReport, &Counterexample)> = with.collect();
    if found.is_empty() {
        return;
    }
    let _ = writeln!(out, "Smallest counterexamples\n");
    for (workload, example) in found {
        counterexample(out, workload, example);
        remedy(out, beside.remedies.iter().find(|one| one.object == workload.object));
        out.push('\n');
    }
    possible::for_everybody(out, report);
}

/// The cheapest change that was proved to help.
fn remedy(out: &mut String, found: Option<&RemediesReport>) {
    let Some(found) = found else { return };
    let Some(first) = found.remedies.first() else {
        let tried = words::count(found.proposals, "proposal", "proposals");
        let text = match (found.proposals, found.left) {
            (0, _) => return,
            (_, 0) => format!("none among {tried}"),
            (_, left) => format!("none among {tried}, and {left} more were not tried"),
        };
        labelled(out, "remedy", &text);
        return;
    };
    let mut text = remedy::with_limits(first);
    if !first.leaves.is_empty() && found.left > 0 {
        let _ = write!(text, "; {} more proposals were not tried", found.left);
    }
    labelled(out, "remedy", &text);
    for line in first.patches.iter().filter_map(|patch| patch.kubectl.as_ref()) {
        let _ = writeln!(out, "{INDENT}{line}");
    }
}

fn counterexample(out: &mut String, workload: &WorkloadReport, example: &Counterexample) {
    let object = &workload.object;
    let _ = writeln!(out, "{}/{} · {}", object.namespace, short(object), when(example));
    story(out, &object.kind, example);
    if let Some(asked) = &example.possible {
        let waits = !example.pending.is_empty();
        labelled(out, "possible", &possible::words(asked, waits));
    }
    // Another set may leave nobody at once.
    let at_once = workload.immediately.counterexample.as_ref();
    if let Some(other) = at_once.filter(|other| other.fail != example.fail) {
        let text = format!("none is left at once {}", with_failure(&other.fail));
        labelled(out, "and", &text);
    }
}

/// What happens to a workload of this kind, from the failure to the end.
pub(crate) fn story(out: &mut String, kind: &str, example: &Counterexample) {
    let of = |ready: u32| match example.desired {
        0 => format!("{ready} ready: it runs on the lost nodes alone"),
        desired => format!("{ready} of {desired} ready"),
    };
    let _ = writeln!(out, "  at once   {}", of(example.ready_at_once));
    for step in told(&example.steps) {
        paragraph(out, &step);
    }
    if example.again.is_empty() {
        let _ = writeln!(out, "  at rest   {}", of(example.ready));
    } else {
        let steps = told(&example.again).join("; ");
        labelled(out, "for ever", &format!("again and again: {steps}"));
        let _ = writeln!(out, "  each time {}", of(example.ready));
    }
    // A Deployment's pod that stays Terminating was replaced and is in nobody's way.
    let blocks = |kind: &str| kind != "Deployment" && kind != "ReplicaSet";
    for pod in example.terminating.iter().filter(|_| blocks(kind)) {
        let node = pod.node.as_deref().unwrap_or("its node");
        let mut text = format!("{} stays Terminating: nobody hears {node}", pod.pod);
        if kind == "StatefulSet" {
            text += ". A StatefulSet's pod is made again only when the node comes back, is \
                     deleted or is marked out-of-service";
        }
        paragraph(out, &text);
    }
    for pod in &example.attaching {
        let node = pod.node.as_deref().unwrap_or("its node");
        let text = format!(
            "{} waits on {node} for a volume that is still attached to a silent node",
            name(pod)
        );
        paragraph(out, &text);
    }
    for pod in &example.starved {
        let node = pod.node.as_deref().unwrap_or("its node");
        let text = format!(
            "{} does not serve on {node}: too few copies are up of a volume that it needs",
            name(pod)
        );
        paragraph(out, &text);
    }
    let mut messages: Vec<&str> = example.pending.iter().map(|p| p.message.as_str()).collect();
    messages.dedup();
    for message in messages {
        let pods = example.pending.iter().filter(|pod| pod.message == message).count();
        paragraph(out, &format!("{} Pending: {message}", words::count(pods, "pod", "pods")));
    }
    let waiting = example.pending.len() + example.attaching.len() + example.starved.len();
    let told_of = example.terminating.len() + waiting;
    if example.ready as usize + told_of < example.desired as usize {
        paragraph(out, lost_for_good(kind, &example.fail));
    }
}

/// The run that is told: that against the recovery, if there is one.
fn told_first(workload: &WorkloadReport) -> Option<&Counterexample> {
    workload.recovered.counterexample.as_ref().or(workload.counterexample.as_ref())
}

/// A paragraph with a word beside its first line.
fn labelled(out: &mut String, label: &str, text: &str) {
    for (at, line) in words::wrap(text, WIDTH - INDENT.len()).into_iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        let _ = writeln!(out, "  {label:<10}{line}");
    }
}

/// Why nothing makes up for a pod that is neither pending nor terminating.
fn lost_for_good(kind: &str, fail: &[String]) -> &'static str {
    match kind {
        _ if fail.is_empty() => "some of its pods are not ready today",
        "Pod" => "nothing makes a bare pod again",
        "StaticPod" => "a static pod runs on its own node or nowhere",
        _ => {
            "its pods on the lost nodes are not made again: no control plane acts, or they bear \
              a silent node for ever"
        }
    }
}

pub(super) fn with_failure(fail: &[String]) -> String {
    match fail {
        [] => "already today, with nothing failed".to_owned(),
        [one] => format!("when {one} fails"),
        many => format!("when {} fail", words::list(many, 8)),
    }
}

fn when(example: &Counterexample) -> String {
    match domain::failing(&example.domains, &example.fail) {
        None => "REFUTED already today, with nothing failed".to_owned(),
        Some(failing) => format!("REFUTED when {failing}"),
    }
}

/// Steps in words; a long story keeps its beginning and its end.
fn told(steps: &[StepReport]) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut lines: Vec<String> = steps.iter().map(step).collect();
    if lines.len() > SHOWN {
        let left_out = lines.len() - SHOWN;
        lines.splice(SHOWN / 2..SHOWN / 2 + left_out, [format!("… {left_out} more steps …")]);
    }
    lines
}

fn step(step: &StepReport) -> String {
    let node = step.pod.node.as_deref().unwrap_or("its node");
    let pod = name(&step.pod);
    match step.action {
        "evict" => format!("{pod} is evicted from {node}"),
        "schedule" => format!("{pod} goes to {node}"),
        "preempt" => {
            format!("{} must go from {node} for {pod}", words::list(&step.victims, 4))
        }
        "end" => format!("{pod} ends"),
        "drain" => format!("{pod} is evicted from {node}, which is drained"),
        "scale-down" => format!("{} deleted", words::list(&step.victims, 4)),
        "renew" => format!("{pod} is deleted on {node}, to be made again"),
        "attach" => format!("{pod} gets the volume it waited for"),
        _ => format!("{pod} gives up the node kept free for it"),
    }
}

fn name(pod: &PodReport) -> String {
    if pod.replacement { format!("a pod in place of {}", pod.pod) } else { pod.pod.clone() }
}

fn paragraph(out: &mut String, text: &str) {
    for line in words::wrap(text, WIDTH - INDENT.len()) {
        let _ = writeln!(out, "{INDENT}{line}");
    }
}

fn doubts(out: &mut String, report: &Report) {
    let unknown = report.workloads.iter().filter(|w| w.verdict == VerdictName::Unknown);
    let with = unknown.filter_map(|workload| {
        let (recovered, at_once) = (&workload.recovered.doubt, &workload.immediately.doubt);
        Some((workload, recovered.as_ref().or(at_once.as_ref())?))
    });
    for (at, (workload, doubt)) in with.enumerate() {
        if at == 0 {
            let _ = writeln!(out, "Why UNKNOWN\n");
        }
        let object = &workload.object;
        let _ = writeln!(out, "{}/{}", object.namespace, short(object));
        paragraph(out, &doubt_words(doubt));
        if let Some(asked) = &doubt.possible {
            labelled(out, "possible", &possible::words(asked, false));
        }
        out.push('\n');
    }
}

fn doubt_words(doubt: &DoubtReport) -> String {
    let why = doubt_reason(doubt.reason, doubt.detail.as_deref().unwrap_or_default());
    match domain::failing(&doubt.domains, &doubt.fail) {
        None if !doubt.events.is_empty() => format!("after {}: {why}", doubt.events.join("; ")),
        None => why,
        Some(failing) => format!("when {failing}: {why}"),
    }
}

/// A doubt in words.
pub(super) fn doubt_reason(reason: &str, detail: &str) -> String {
    match reason {
        "budget" => "there are more orders than the budget allows; raise --budget".to_owned(),
        "custom-controller" => {
            "its pods are made by a controller that Kubernetes does not ship".to_owned()
        }
        "job-policy" => {
            "a Job decides by how the containers of a lost pod ended, or index by index, whether \
             it goes on"
                .to_owned()
        }
        "resource-quota" => {
            "a resource quota of its namespace may refuse the pods that come in place of lost ones"
                .to_owned()
        }
        "foreign-scheduler" => "its pods ask for a scheduler that is not modelled".to_owned(),
        "foreign-plugin" => "the scheduler runs a plugin that Kubernetes does not ship".to_owned(),
        "extender" => "the scheduler asks an extender, whose answers nobody knows".to_owned(),
        "odd-profile" => format!("the scheduler's profile leaves out {detail} where it matters"),
        "not-modelled" => format!("its pods use {detail}, which is not modelled"),
        "lost-input" => format!(
            "a part of the input could not be read, and {detail} objects may have been in it"
        ),
        "missing-input" => format!("the export holds no {detail}, on which the answer depends"),
        "unknown-resource" => {
            "its pods ask for a resource that no node lists; a DeviceClass may stand for it, which \
             is not read"
                .to_owned()
        }
        "choices" => "there are more ways to choose whom to delete than are tried".to_owned(),
        "sampling" => {
            "the scheduler looks at some of so many nodes only, perhaps not at these".to_owned()
        }
        "volume-copies" => {
            "where the copies of a volume are nobody knows: enough of them may be up, \
                            or not; declare them with --assumptions"
                .to_owned()
        }
        "endless" => {
            "pods may go round for ever: evicted from a node that lets them in for a while, made \
             again and placed there once more"
                .to_owned()
        }
        "evictions-stop" => "evictions may stop before they reach its pods".to_owned(),
        _ => "the cluster is on the move, and may come to rest in more than one way".to_owned(),
    }
}

/// How many of what was looked at nothing can tell apart, where that is less.
fn up_to_symmetry(checked: &Checked) -> String {
    match checked.sets_up_to_symmetry {
        Some(count) if count < checked.sets => {
            format!(", {} up to symmetry", words::thousands(count))
        }
        _ => String::new(),
    }
}

/// What was looked at, what is modelled, and what is claimed.
pub(super) fn closing(out: &mut String, report: &Report, remedies_not_asked: usize) {
    let checked = &report.checked;
    let states = match checked.states {
        0 => "none needed a search".to_owned(),
        states => format!("{} states searched", words::thousands(states)),
    };
    let looked_at = sequence::looked_at(checked);
    let looked_at = looked_at.unwrap_or_else(|| domain::looked_at(checked));
    let looked_at = looked_at + &up_to_symmetry(checked);
    let _ = writeln!(out, "Checked: {looked_at}; {states}.");
    domain::tell_without(out, checked.domains.as_ref(), WIDTH);
    if checked.possible_not_asked > 0 {
        let number = words::count(checked.possible_not_asked, "workload", "workloads");
        let _ =
            writeln!(out, "Not asked for {number}: is any placement possible? --possible asks.");
    }
    if remedies_not_asked > 0 {
        let number = words::count(remedies_not_asked, "workload", "workloads");
        let _ = writeln!(out, "Not looked for, for {number}: a remedy. --remedies looks for one.");
    }
    if !checked.complete {
        let _ = writeln!(out, "Interrupted: the sets behind these were not looked at.");
    }
    let _ = writeln!(out, "{}", words::modelled(&report.kubernetes));
    if !report.excluded.is_empty() {
        let names: Vec<String> = report.excluded.iter().map(|e| short(&e.object)).collect();
        let left_out = words::list(&names, 6);
        let text = format!("Not asked about: {left_out} (jobs, and what is scaled to zero).");
        for line in words::wrap(&text, WIDTH) {
            let _ = writeln!(out, "{line}");
        }
    }
    autoscaled::tell(out, &report.autoscaled, WIDTH);
    let claim = if sequence::asked(checked).is_some() {
        "Claim: at least one ready pod today and right after each event, and every wanted pod \
         ready once Kubernetes has done all it will do after the last."
    } else {
        "Claim: at least one ready pod as soon as the nodes are gone, and every wanted pod ready \
         once Kubernetes has done all it will do, in any order, with the failed nodes still gone. \
         By rule, which the verdict does not rest on: at least one pod is left wherever the hard \
         rules let the pods be, while all that are wanted run."
    };
    for line in words::wrap(claim, WIDTH) {
        let _ = writeln!(out, "{line}");
    }
}
