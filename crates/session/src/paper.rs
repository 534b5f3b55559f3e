//! The report that somebody hands on: what was opened, what was done, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_ingest::Loaded;
use holdfast_proof::report::{Kubernetes, VerdictName};
use holdfast_proof::timeline::{Downtime, Span};
use holdfast_render::inspect::View;
use holdfast_render::paper::{
    self, Length, NodeLine, NodeState, Paper, PolicyPart, Proved, WorkloadLine,
};
use holdfast_render::{Format, simulate, words};
use serde::{Deserialize, Serialize};

use crate::aftermath::{Aftermath, Fate, PodFate};
use crate::changes::Change;
use crate::digest;
use crate::failure::Failure;
use crate::judged::Judged;
use crate::overview::{Overview, PodState};
use crate::prove::Prove;
use crate::session::Files;
use crate::simulate::Simulate;

/// What the report is to be about, besides what the session holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PaperAsked {
    /// What was opened, as people call it.
    pub name: String,
    /// What happened, as events are typed.
    pub events: Vec<String>,
    /// What was proved so far.
    pub proved: Option<SoFar>,
    /// The policy by its name, and what it comes to.
    pub policy: Option<(String, Judged)>,
}

/// What was proved so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoFar {
    /// What is proved.
    pub question: Prove,
    /// How many sets were looked at, of how many.
    pub sets: (usize, usize),
    /// The workloads, `KIND/NAMESPACE/NAME`, each with the worst that is known of it: whether a pod
    /// serves at once, and whether all are back.
    pub workloads: Vec<(String, VerdictName, VerdictName)>,
}

/// What a session holds.
pub(crate) struct Of<'a> {
    pub(crate) loaded: &'a Loaded,
    pub(crate) files: &'a Files,
    pub(crate) changes: &'a [Change],
    /// What became of it, where anything was done.
    pub(crate) aftermath: Option<&'a Aftermath>,
    /// The command that tells the same, and the one that proves what was proved.
    pub(crate) commands: (String, String),
}

impl PaperAsked {
    /// The report in a format.
    ///
    /// # Errors
    /// A format that it does not have, and events that make no sense.
    pub(crate) fn text(&self, of: &Of<'_>, format: Format) -> Result<String, Failure> {
        let write = match format {
            Format::Markdown => paper::markdown,
            Format::Html => paper::html,
            _ => {
                return Err(Failure::usage("there is no report in this format")
                    .hint("the formats are markdown and html"));
            }
        };
        Ok(write(&self.paper(of)?))
    }

    fn paper(&self, of: &Of<'_>) -> Result<Paper, Failure> {
        let Of { loaded, files, changes, aftermath, commands } = of;
        let overview = Overview::of(&loaded.cluster);
        let mut paper = Paper {
            name: self.name.clone(),
            files: digest::each(&files.exports),
            size: size(&overview),
            changes: changes.iter().map(|change| change.words().join(" ")).collect(),
            events: self.events.clone(),
            sentence: aftermath.map(|aftermath| aftermath.sentence.clone()),
            proved: self.proved.as_ref().map(|so_far| proved(so_far, commands.1.clone())),
            policy: self.policy.as_ref().and_then(|(name, judged)| policy(name, judged)),
            gaps: View::of(loaded).gaps(),
            command: commands.0.clone(),
            modelled: words::modelled(&Kubernetes::of(&loaded.cluster)),
            ..Paper::default()
        };
        if let Some(file) = &files.assumptions {
            paper.assumed.push(format!("What {} says.", file.name));
        }
        let mut downtime = BTreeMap::new();
        if !self.events.is_empty() {
            let asked = Simulate { events: self.events.clone(), ..Simulate::default() };
            let outcome = asked.ask(loaded, None)?.outcome;
            paper.gaps.extend(simulate::doubts_told(&outcome));
            if let Some(timeline) = outcome.timeline {
                paper.assumed.extend(simulate::times_told(&timeline));
                downtime = timeline.downtime;
            }
        }
        if let Some(aftermath) = aftermath {
            paper.nodes = nodes(&overview, aftermath);
            paper.pending = pending(&overview, aftermath);
        }
        paper.workloads = workloads(&overview, *aftermath, &downtime, self.proved.as_ref());
        Ok(paper)
    }
}

fn size(overview: &Overview) -> (usize, usize, usize) {
    let there = overview.pods.states.iter().filter(|state| **state != PodState::Gone);
    (overview.nodes.len(), there.count(), overview.workloads.len())
}

fn proved(so_far: &SoFar, command: String) -> Proved {
    let count = |claim: fn(&(String, VerdictName, VerdictName)) -> VerdictName| {
        so_far.workloads.iter().filter(|one| claim(one) == VerdictName::Proved).count()
    };
    Proved {
        command,
        done: so_far.sets.0,
        all: so_far.sets.1,
        immediately: count(|one| one.1),
        recovered: count(|one| one.2),
        workloads: so_far.workloads.len(),
    }
}

/// What a policy comes to; nothing where it makes no sense.
fn policy(name: &str, judged: &Judged) -> Option<PolicyPart> {
    let states = judged.states.iter().map(|state| {
        let name = state.name.clone().unwrap_or_else(|| "none that is PROVED".to_owned());
        (state.when.clone(), name)
    });
    Some(PolicyPart {
        name: name.to_owned(),
        answer: judged.answer.clone()?,
        findings: judged.findings.iter().map(|found| found.line.clone()).collect(),
        states: states.collect(),
    })
}

/// Every node with the pods that serve on it, before and after.
fn nodes(overview: &Overview, aftermath: &Aftermath) -> Vec<NodeLine> {
    let mut lines: Vec<NodeLine> = overview
        .nodes
        .iter()
        .map(|node| NodeLine {
            name: node.name.clone(),
            zone: node.zone.clone(),
            state: match (node.ready, node.cordoned) {
                (false, _) => NodeState::Down,
                (true, true) => NodeState::Cordoned,
                (true, false) => NodeState::Ready,
            },
            ..NodeLine::default()
        })
        .collect();
    for (node, state) in overview.pods.nodes.iter().zip(&overview.pods.states) {
        if let (Some(node), PodState::Ready) = (node, state) {
            lines[*node as usize].before += 1;
            lines[*node as usize].after += 1;
        }
    }
    for pod in &aftermath.pods {
        moved(overview, pod, &mut lines);
    }
    for fate in &aftermath.nodes {
        lines[fate.node as usize].state = match fate {
            fate if !fate.exists => NodeState::Deleted,
            fate if fate.cut_off => NodeState::CutOff,
            fate if !fate.serves => NodeState::Down,
            fate if fate.cordoned => NodeState::Cordoned,
            _ => NodeState::Ready,
        };
    }
    lines
}

/// Takes a pod from the node on which it served, and puts it where it serves.
fn moved(overview: &Overview, pod: &PodFate, lines: &mut [NodeLine]) {
    let before = pod.origin.map(|origin| overview.pods.states[origin as usize]);
    if let (Some(from), Some(PodState::Ready)) = (pod.from, before) {
        lines[from as usize].after -= 1;
    }
    let serves = matches!(pod.fate, Fate::Moved | Fate::Renewed | Fate::Placed | Fate::New);
    if let (Some(to), true) = (pod.to, serves) {
        lines[to as usize].after += 1;
        lines[to as usize].came += usize::from(pod.from != pod.to);
    }
}

fn pending(overview: &Overview, aftermath: &Aftermath) -> Vec<(String, Option<String>)> {
    let waits = aftermath.pods.iter().filter(|pod| pod.fate == Fate::Pending);
    let told = waits.map(|pod| {
        let workload = &overview.workloads[pod.workload as usize];
        let known = pod.origin.filter(|origin| *origin == pod.pod);
        let name = known.map(|pod| &overview.pods.names[pod as usize]);
        let name = match name {
            Some(name) => format!("{}/{name}", workload.namespace),
            None => format!("{}/{} (new)", workload.namespace, workload.name),
        };
        (name, pod.why.clone())
    });
    told.collect()
}

/// Workloads that something becomes of, and those of which something is not proved: those of which
/// nothing is left come first, then those that lose most.
fn workloads(
    overview: &Overview,
    aftermath: Option<&Aftermath>,
    downtime: &BTreeMap<String, Downtime>,
    so_far: Option<&SoFar>,
) -> Vec<WorkloadLine> {
    let mut ready = vec![0; overview.workloads.len()];
    for (workload, state) in overview.pods.workloads.iter().zip(&overview.pods.states) {
        ready[*workload as usize] += u32::from(*state == PodState::Ready);
    }
    let fates = aftermath.into_iter().flat_map(|aftermath| &aftermath.workloads);
    let fates: BTreeMap<usize, (u32, u32)> =
        fates.map(|fate| (fate.workload as usize, (fate.before, fate.after))).collect();
    let touched = aftermath.into_iter().flat_map(|aftermath| &aftermath.pods);
    let touched: BTreeSet<usize> = touched.map(|pod| pod.workload as usize).collect();
    let verdicts: BTreeMap<&str, (VerdictName, VerdictName)> = so_far
        .into_iter()
        .flat_map(|so_far| &so_far.workloads)
        .map(|(name, at_once, back)| (name.as_str(), (*at_once, *back)))
        .collect();
    let in_part = so_far.is_some_and(|so_far| so_far.sets.0 < so_far.sets.1);
    // What holds in some of the sets may not hold in all.
    let weakened = |known: VerdictName| match known {
        VerdictName::Proved if in_part => VerdictName::Unknown,
        known => known,
    };
    let mut lines = Vec::new();
    for (at, one) in overview.workloads.iter().enumerate() {
        let name = one.key();
        let known = verdicts.get(name.as_str()).copied();
        let holds = known.is_none_or(|it| it == (VerdictName::Proved, VerdictName::Proved));
        let time = downtime.get(&name);
        if holds && time.is_none() && !fates.contains_key(&at) && !touched.contains(&at) {
            continue;
        }
        let (before, after) = fates.get(&at).copied().unwrap_or((ready[at], ready[at]));
        let downtime = time.map(|one| (length(one.outage), length(one.below_desired)));
        let desired = one.desired;
        let verdicts = known.map(|(at_once, back)| (weakened(at_once), weakened(back)));
        lines.push(WorkloadLine { name, desired, before, after, downtime, verdicts });
    }
    let rank = |one: &WorkloadLine| {
        let is_left = one.before == 0 || one.after > 0;
        (is_left, i64::from(one.after) - i64::from(one.before), one.name.clone())
    };
    lines.sort_by_key(rank);
    lines
}

fn length(span: Span) -> Length {
    span.told.map_or(Length::Never, Length::Seconds)
}
