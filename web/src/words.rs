//! Every sentence that the page says, in one place; those of the first view are in its HTML, which
//! is shown before this is here.

pub(crate) mod compare;
pub(crate) mod moves;
pub(crate) mod policy;
pub(crate) mod sharing;
pub(crate) mod tale;
pub(crate) mod whatif;
pub(crate) mod why;

use holdfast_ingest::Source;
use holdfast_proof::report::VerdictName;
use holdfast_session::aftermath::{Aftermath, Frame};
use holdfast_session::cell::Claim;
use holdfast_session::cells::SetView;
use holdfast_session::overview::Amounts;
use yew::prelude::*;

use crate::answers::Topic;
use crate::cells;
use crate::map::Deed;
use crate::scene::Scene;
use crate::standing::{Cell, Mark, NodeState};
use crate::sweep::Columns;
use crate::timeline::{Part, Span};
use crate::wire::Tell;

pub(crate) const READY: &str = "Ready. Files stay in this tab.";
pub(crate) const OPENING: &str = "Opening…";
pub(crate) const COPIED: &str = "Copied.";
pub(crate) const NOT_COPIED: &str = "The browser did not allow it; select the command and copy it.";
pub(crate) const NOTHING_PASTED: &str = "Nothing was pasted.";
pub(crate) const NO_WORKERS: &str = "This browser starts no workers, and the engine runs in one.";
pub(crate) const BROKEN: &str = "Holdfast has stopped by a bug of its own. Your file is unharmed; \
                                 open it again to go on.";

/// A size as people read it.
pub(crate) fn size(bytes: f64) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let unit = units.iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(
        || format!("{bytes:.0} B"),
        |(unit, name)| format!("{:.1} {name}", bytes / unit),
    )
}

/// How far a file is read.
pub(crate) fn reading(name: &str, read: f64, size: f64) -> String {
    format!("Reading {name}: {} of {}", self::size(read), self::size(size))
}

/// All is read.
pub(crate) fn understanding(bytes: f64) -> String {
    format!("Making sense of {}…", size(bytes))
}

/// A file that no tab has room for.
pub(crate) fn too_large(name: &str, size: f64) -> Tell {
    Tell::Refused {
        text: format!("{name} is {} large, more than a browser tab can hold", self::size(size)),
        hint: Some("pack it with gzip, or ask the holdfast command".into()),
        told: String::new(),
    }
}

/// A file that the browser does not hand over.
pub(crate) fn unreadable(name: &str) -> Tell {
    Tell::Refused {
        text: format!("{name} cannot be read"),
        hint: Some("it may have changed or gone since it was chosen; choose it again".into()),
        told: String::new(),
    }
}

// The map and its table.
pub(crate) const MAP: &str = "Map of nodes";
pub(crate) const TABLE: &str = "Table of nodes";
pub(crate) const NO_LABEL: &str = "without this label";
pub(crate) const CPU: &str = "CPU";
pub(crate) const MEMORY: &str = "Mem";
pub(crate) const PODS: &str = "Pods";
pub(crate) const TAINTS: &str = "Taints";
pub(crate) const PENDING: &str = "Pending";
pub(crate) const NOTHING_PENDING: &str = "No pod waits for a node.";
pub(crate) const FIND_NODE: &str = "Find a node ";
pub(crate) const PREVIOUS: &str = "Previous";
pub(crate) const NEXT: &str = "Next";
pub(crate) const COLUMNS: [&str; 7] = ["Node", "State", "CPU", "Memory", "Pods", "Of them", "Do"];
pub(crate) const CLOSE_PANEL: &str = "Close";
pub(crate) const GROUP_BY: &str = "Group by ";
pub(crate) const NO_GROUPS: &str = "nothing";
pub(crate) const MAP_TAB: &str = "Map";
pub(crate) const TABLE_TAB: &str = "Table";
pub(crate) const MATRIX_TAB: &str = "Matrix";
pub(crate) const TIMELINE_TAB: &str = "Timeline";
pub(crate) const WHAT_IF_TAB: &str = "What if";
pub(crate) const POLICY_TAB: &str = "Policy";
pub(crate) const SHARE_TAB: &str = "Report and link";
pub(crate) const ANSWERS_TAB: &str = "Proofs and plans";
pub(crate) const VIEWS: &str = "Views";

// Workloads against failures.
pub(crate) const MATRIX: &str = "Workloads against failures";
pub(crate) const CLAIMS: &str = "What is claimed";
pub(crate) const FIND_WORKLOAD: &str = "Find a workload ";
pub(crate) const ONLY_OPEN: &str = " only what is not proved";
pub(crate) const WHAT_FAILS: &str = "If this fails: ";
pub(crate) const GO_ON: &str = "Go on";
pub(crate) const HALT: &str = "Stop";
pub(crate) const WORKLOAD: &str = "Workload";
pub(crate) const WORKLOADS: &str = "Workloads";
pub(crate) const FAILURES: &str = "Failures";

// How long workloads are short of pods.
pub(crate) const TIMELINE: &str = "Workloads and how long they are short of pods";
pub(crate) const TIMELINE_COLUMNS: [&str; 4] =
    ["Workload", "Short of pods", "Without any", "What the time goes to"];
pub(crate) const PARTS: &str = "Parts of a downtime";
pub(crate) const NO_RUN: &str = "Nothing has failed yet: fail a node, and see here how long it \
                                 takes until all is back.";
pub(crate) const WORKING_OUT: &str = "Working it out…";
pub(crate) const NOBODY_SHORT: &str = "No workload is short of pods for a moment.";

// Questions that the command answers.
pub(crate) const QUESTIONS: &str = "Questions";
pub(crate) const ASK_SOMETHING: &str = "Ask something: the answer is what the command prints, byte \
                                        for byte.";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const TOLD: &str = "What was told on the way";
pub(crate) const SAVE: &str = "Save as JSON";
pub(crate) const NOT_SAVED: &str = "The browser did not keep the file.";

// What was done, and what it comes to.
pub(crate) const NOTHING_DONE: &str = "Nothing has failed yet. Fail a node: press the power sign \
                                       in its corner, or f on the node.";
pub(crate) const OUTCOME: &str = "What it comes to";
pub(crate) const LEGEND: &str = "Pods by state";
pub(crate) const STORY: &str = "The run, step by step";
pub(crate) const BEFORE: &str = "Before";
pub(crate) const AFTER: &str = "After";
pub(crate) const STEP_BACK: &str = "One step back";
pub(crate) const STEP_ON: &str = "One step on";
pub(crate) const UNDO: &str = "Undo";
pub(crate) const REDO: &str = "Redo";
pub(crate) const RESET: &str = "Start over";
pub(crate) const CLOSE: &str = "Open another";
pub(crate) const THEME: &str = "Theme";
pub(crate) const KEYS: &str = "Keys";
pub(crate) const DONE_SO_FAR: &str = "What has happened, in order";
pub(crate) const COMMAND: &str = "The same with the command";
pub(crate) const PASTED: &str = "pasted.yaml";

/// Keys and what they do.
pub(crate) const KEY_TABLE: [(&str, &str); 8] = [
    ("← → ↑ ↓", "go to another node"),
    ("Enter", "show the node and its pods"),
    ("f", "fail the node, or recover it"),
    ("c", "cordon it, or uncordon it"),
    ("d", "drain it"),
    ("Ctrl+Z", "undo; with Shift, redo"),
    ("Esc", "close the node"),
    ("?", "show these keys"),
];

/// So many nodes.
pub(crate) fn nodes(count: usize) -> String {
    several(count, "node", "nodes")
}

/// So many pods.
pub(crate) fn pods(count: usize) -> String {
    several(count, "pod", "pods")
}

/// A count and its noun.
pub(crate) fn several(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// So many that are not told.
pub(crate) fn more(count: usize) -> String {
    format!("and {count} more")
}

/// One of several pages.
pub(crate) fn page(page: usize, pages: usize) -> String {
    format!("{page} of {pages}")
}

/// How a node is.
pub(crate) fn state(state: NodeState) -> &'static str {
    match state {
        NodeState::Ready => "Ready",
        NodeState::NotReady => "NotReady",
        NodeState::Failed => "Failed",
        NodeState::Cordoned => "Cordoned",
        NodeState::CutOff => "Cut off",
        NodeState::Deleted => "Deleted",
    }
}

/// What is done to a node.
pub(crate) fn deed(deed: Deed) -> &'static str {
    match deed {
        Deed::Fail => "Fail",
        Deed::Recover => "Recover",
        Deed::Cordon => "Cordon",
        Deed::Uncordon => "Uncordon",
        Deed::Drain => "Drain",
        Deed::Delete => "Delete",
    }
}

/// What is done to which node.
pub(crate) fn deed_on(deed: Deed, node: &str) -> String {
    format!("{} {node}", self::deed(deed))
}

/// How a pod is.
pub(crate) fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Up => "up",
        Mark::Down => "not ready",
        Mark::Moved => "moved here",
        Mark::Starting => "starting",
        Mark::Pending => "Pending",
        Mark::Lost => "lost",
        Mark::Ending => "terminating",
        Mark::Left => "gone from here",
    }
}

/// The name that the stylesheet has for a mark.
pub(crate) fn mark_class(mark: Mark) -> &'static str {
    match mark {
        Mark::Up => "up",
        Mark::Down => "down",
        Mark::Moved => "moved",
        Mark::Starting => "starting",
        Mark::Pending => "waiting",
        Mark::Lost => "lost",
        Mark::Ending => "ending",
        Mark::Left => "left",
    }
}

/// A mark as it looks on the map.
pub(crate) fn sign(mark: Mark) -> Html {
    let cell = Cell { mark, pod: 0 };
    let drawn = cells::paths(&[cell], cells::Grid { columns: 1, pitch: 12.0 });
    html! {
        <svg class="sign" viewBox="0 0 10 10" aria-hidden="true">
            { for drawn.into_iter().map(|(mark, d)| html! {
                <path class={mark_class(mark)} {d} />
            }) }
        </svg>
    }
}

/// How many pods are how.
pub(crate) fn tally(cells: &[Cell]) -> String {
    let count = |mark| cells.iter().filter(|cell| cell.mark == mark).count();
    let counts = Mark::ALL.into_iter().map(|mark| (mark, count(mark)));
    let told = counts.filter(|(_, count)| *count > 0);
    told.map(|(mark, count)| format!("{count} {}", self::mark(mark))).collect::<Vec<_>>().join(", ")
}

/// A node for whoever does not see it.
pub(crate) fn tile(state: NodeState, cells: &[Cell], asked: Amounts, gives: Amounts) -> String {
    let pods = if cells.is_empty() { "no pods".to_owned() } else { tally(cells) };
    let (cpu, memory) = (cpu(asked.cpu_milli, gives.cpu_milli), memory(asked.memory, gives.memory));
    format!(", {}: {pods}; CPU {cpu}, memory {memory}", self::state(state))
}

/// Thousandths of a CPU.
pub(crate) fn cpu(asked: i64, of: i64) -> String {
    format!("{} of {}", short(asked as f64 / 1e3), short(of as f64 / 1e3))
}

/// Bytes.
pub(crate) fn memory(asked: i64, of: i64) -> String {
    const GIB: f64 = 1_073_741_824.0;
    format!("{} of {} GiB", short(asked as f64 / GIB), short(of as f64 / GIB))
}

/// Pods.
pub(crate) fn count(asked: i64, of: i64) -> String {
    format!("{asked} of {of}")
}

/// At most one decimal, and none where it says nothing.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// What a pod is called: its own name, or its workload's where the run makes it.
pub(crate) fn pod_name(scene: &Scene, run: Option<&Aftermath>, cell: Cell) -> String {
    let (overview, at) = (&scene.overview, cell.pod as usize);
    let known = overview.pods.names.len();
    let made = at.checked_sub(known).and_then(|at| run?.made.get(at));
    let named =
        if at < known { Some(at) } else { made.and_then(|it| it.origin).map(|it| it as usize) };
    let workload =
        made.map_or_else(|| overview.pods.workloads.get(at), |made| Some(&made.workload));
    let Some(workload) = workload.map(|it| &overview.workloads[*it as usize]) else {
        return String::new();
    };
    // What takes the place of another has a name of its own, that nobody knows yet.
    match named.filter(|_| made.is_none()) {
        Some(pod) => format!("{}/{}", workload.namespace, &overview.pods.names[pod]),
        None => format!("{}/{} (new)", workload.namespace, workload.name),
    }
}

/// What some files are called together.
pub(crate) fn names(files: &[Source]) -> String {
    match files {
        [] => String::new(),
        [file] => file.name.clone(),
        [first, others @ ..] => format!("{} and {} more", first.name, others.len()),
    }
}

/// When something happens.
pub(crate) fn moment(moment: &Frame, last: bool) -> String {
    let text = moment.text.trim_start_matches("── ");
    match (moment.at.map(clock), last) {
        (Some(at), true) => format!("{at}, at the end: {text}"),
        (Some(at), false) => format!("{at}: {text}"),
        (None, true) => format!("At the end: {text}"),
        (None, false) => text.to_owned(),
    }
}

/// Seconds as people say them.
pub(crate) fn clock(seconds: i64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

/// What cannot be done, what may help, and what was told on the way.
pub(crate) fn refused(text: &str, hint: Option<&str>, told: &str) -> String {
    let parts = [Some(text), hint, Some(told.trim())];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Something was asked of no cluster.
pub(crate) fn nothing_open() -> Tell {
    Tell::Refused {
        text: "no cluster is open".into(),
        hint: Some("open an export".into()),
        told: String::new(),
    }
}

/// A question.
pub(crate) fn topic(topic: Topic) -> &'static str {
    match topic {
        Topic::OneNode => "What survives any one node?",
        Topic::TwoNodes => "What survives any two nodes?",
        Topic::Run => "Every way this run may end",
        Topic::Pending => "Why are pods Pending?",
        Topic::Repair => "What repairs it?",
        Topic::Remove => "Which nodes can go?",
        Topic::Rebalance => "What spreads the pods?",
        Topic::Waste => "What cannot be used?",
        Topic::Inspect => "What was understood?",
    }
}

/// Failures that there are columns for.
pub(crate) fn columns(columns: &Columns) -> String {
    match columns {
        Columns::Nodes => "any one node".to_owned(),
        Columns::Pairs => "any two nodes".to_owned(),
        Columns::Domains(label) => format!("all nodes of one {label}"),
    }
}

/// What is claimed of workloads.
pub(crate) fn claim(claim: Claim) -> &'static str {
    match claim {
        Claim::Immediately => "Up at once",
        Claim::ByRule => "Up by rule",
        Claim::Recovered => "Back in full",
    }
}

/// How many sets were looked at, with so many workers who help.
pub(crate) fn swept(done: usize, all: usize, helpers: usize) -> String {
    let sets = several(all, "set", "sets");
    match helpers {
        _ if done == all => format!("All {sets} are proved about."),
        0 => format!("{done} of {sets} are proved about…"),
        _ => format!("{done} of {sets} are proved about, by {} workers…", helpers + 1),
    }
}

/// What fails together; sets that nothing can tell apart share a column.
pub(crate) fn set(set: &SetView) -> String {
    let names = if set.domains.is_empty() { &set.fail } else { &set.domains };
    let name = if names.is_empty() { "nothing".to_owned() } else { names.join(" + ") };
    if set.count > 1 { format!("{name} (1 of {} alike)", set.count) } else { name }
}

/// What pressing a failure does.
pub(crate) fn show_failure(name: &str) -> String {
    format!("Show on the map what happens when {name} fails")
}

/// A workload, `KIND/NAMESPACE/NAME`, as it is read.
pub(crate) fn workload(key: &str) -> String {
    let mut parts = key.splitn(3, '/');
    let (kind, namespace, name) = (parts.next(), parts.next(), parts.next());
    match (kind, namespace, name) {
        (Some(kind), Some(namespace), Some(name)) => format!("{namespace}/{name} · {kind}"),
        _ => key.to_owned(),
    }
}

/// A verdict.
pub(crate) fn verdict(verdict: VerdictName) -> &'static str {
    match verdict {
        VerdictName::Proved => "PROVED",
        VerdictName::Refuted => "REFUTED",
        VerdictName::Unknown => "UNKNOWN",
    }
}

/// The name that the stylesheet has for a verdict.
pub(crate) fn verdict_class(verdict: VerdictName) -> &'static str {
    match verdict {
        VerdictName::Proved => "verdict-proved",
        VerdictName::Refuted => "verdict-refuted",
        VerdictName::Unknown => "verdict-unknown",
    }
}

/// A verdict where there is little room.
pub(crate) fn verdict_sign(verdict: VerdictName) -> &'static str {
    match verdict {
        VerdictName::Proved => "✓",
        VerdictName::Refuted => "✗",
        VerdictName::Unknown => "?",
    }
}

/// How many pods serve as soon as something has failed.
pub(crate) fn ready(ready: u32) -> String {
    format!("{ready} ready at once")
}

/// A part of a downtime.
pub(crate) fn part(part: &str) -> &str {
    match part {
        "detection" => "until it is noticed",
        "toleration" => "tolerated",
        "ending" => "ending",
        "waiting" => "waiting for a node",
        "volume" => "waiting for a volume",
        "start" => "starting",
        other => other,
    }
}

/// What a downtime goes to.
pub(crate) fn parts(parts: &[Part]) -> String {
    let told = parts.iter().map(|one| format!("{} {}", self::part(&one.part), clock(one.seconds)));
    told.collect::<Vec<_>>().join(" + ")
}

/// How long it takes in the run that is told, and in any.
pub(crate) fn span(span: Span) -> String {
    let Some(told) = span.told else { return "not back when all is quiet".to_owned() };
    match (span.min, span.max) {
        (Some(min), Some(max)) if (min, max) == (told, told) => clock(told),
        (Some(min), Some(max)) => format!("{} ({}–{})", clock(told), clock(min), clock(max)),
        (Some(min), None) => format!("{} ({} or more)", clock(told), clock(min)),
        (None, _) => clock(told),
    }
}

/// A question that takes its time.
pub(crate) fn working(topic: Topic, progress: Option<(u64, u64)>) -> String {
    match progress {
        Some((done, all)) => {
            format!("{} {done} of {all} sets of nodes are done.", self::topic(topic))
        }
        None => format!("{} Working it out…", self::topic(topic)),
    }
}

/// What an exit code of the command says.
pub(crate) fn code(code: u8) -> &'static str {
    match code {
        0 => "all of it holds",
        1 => "something is refuted",
        3 => "nothing to check",
        4 => "inconclusive",
        _ => "not answered",
    }
}
