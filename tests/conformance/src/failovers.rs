//! How far stories agree in all, as figures and as a page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::agreement::Agreement;
use crate::replay::{Reading, STATES, Told};

/// A disagreement that is known, and why it is left alone for now.
pub struct Known {
    /// The recording's name.
    pub story: &'static str,
    /// How much was told.
    pub reading: Reading,
    /// The step whose export is read.
    pub from: usize,
    /// Why.
    pub reason: &'static str,
}

/// All that are known.
pub const KNOWN: &[Known] = &[Known {
    story: "plan-homelab",
    reading: Reading::Step,
    from: 4,
    reason: "the export was taken in the middle of a Recreate rollout: the old ReplicaSet wants no \
             pods, the new one comes when the last old pod has gone, which is on a silent node. \
             The engine reads such a Deployment as one that lacks pods.",
}];

impl Known {
    /// Whether it is about this step.
    pub fn is_of(&self, told: &Told) -> bool {
        (self.story, self.reading, self.from) == (&told.story, told.reading, told.from)
    }
}

/// Steps that disagree and are not known to.
pub fn surprises(told: &[Told]) -> Vec<String> {
    let unknown = told.iter().filter(|told| !KNOWN.iter().any(|known| known.is_of(told)));
    unknown.flat_map(lines).collect()
}

/// The differences of a step, a line each.
fn lines(told: &Told) -> Vec<String> {
    let Told { story, from, step, event, agreement, .. } = told;
    let exact = if agreement.exact { "exact" } else { "not exact" };
    let place = format!("{story} from step {from}, step {step} ({event}, {exact})");
    agreement.differences.iter().map(|difference| format!("{place}: {difference}")).collect()
}

/// Steps counted together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Recordings that they are of.
    pub stories: BTreeSet<String>,
    /// Steps compared.
    pub steps: usize,
    /// Those that are exact.
    pub exact: usize,
    /// Ranges, as all that follow: see [`Agreement`].
    pub ranges: usize,
    /// Ranges that hold what was recorded.
    pub contained: usize,
    /// Ranges of one number.
    pub single: usize,
    /// Pods that the real scheduler found no node for.
    pub messages: usize,
    /// Those whose message was told.
    pub matched: usize,
}

impl Sum {
    /// Counts steps.
    pub fn of<'t>(told: impl IntoIterator<Item = &'t Told>) -> Self {
        let mut sum = Self::default();
        for told in told {
            let Agreement { exact, ranges, contained, single, messages, matched, .. } =
                told.agreement;
            sum.stories.insert(told.story.clone());
            sum.steps += 1;
            sum.exact += usize::from(exact);
            sum.ranges += ranges;
            sum.contained += contained;
            sum.single += single;
            sum.messages += messages;
            sum.matched += matched;
        }
        sum
    }

    fn row(&self, name: &str) -> String {
        let Self { stories, steps, exact, ranges, contained, single, messages, matched } = self;
        format!(
            "| {name} | {} | {steps} | {exact} | {ranges} | {contained} | {single} | {messages} | \
             {matched} |\n",
            stories.len()
        )
    }
}

/// A table with a row for everything that `name` tells apart.
fn table(first: &str, told: &[Told], name: impl Fn(&Told) -> String) -> String {
    let mut groups: BTreeMap<String, Vec<&Told>> = BTreeMap::new();
    for told in told {
        groups.entry(name(told)).or_default().push(told);
    }
    let mut text = format!(
        "| {first} | stories | steps | exact | ranges | contained | single | messages | matched |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
    );
    for (name, group) in groups {
        text.push_str(&Sum::of(group).row(&name));
    }
    text
}

/// The page: `docs/failover.md`.
pub fn page(told: &[Told]) -> String {
    let reading = |told: &Told| match told.reading {
        Reading::Story => "whole stories".to_owned(),
        Reading::Step => "step by step".to_owned(),
    };
    // `KIND-SEED-NUMBER`.
    let kind = |told: &Told| told.story.split('-').next().unwrap_or_default().to_owned();
    let mut text = format!("{HEAD}{}", table("reading", told, reading));
    let _ = write!(text, "\n{COLUMNS}");
    let _ = write!(text, "\n## By kind of story\n\n{}", table("kind", told, kind));
    let event = |told: &Told| told.event.clone();
    let _ = write!(text, "\n## By event\n\n{EVENTS}\n{}", table("event", told, event));
    let _ = write!(text, "\n## Where ranges are wider than need be\n\n{}", wide(told));
    let _ = write!(text, "\n## Where the engine is wrong\n\n{}", wrong(told));
    let _ = write!(text, "\n{NOT_COVERED}");
    text
}

/// What inexact steps rest on.
fn wide(told: &[Told]) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for told in told.iter().filter(|told| !told.agreement.exact) {
        let doubts = &told.agreement.doubts;
        if doubts.is_empty() {
            *reasons.entry("an earlier step of the story was not exact").or_default() += 1;
        }
        for doubt in doubts {
            *reasons.entry(doubt).or_default() += 1;
        }
    }
    let mut text =
        format!("A step may take {STATES} states here.\n\n| doubt | steps |\n|---|---:|\n");
    for (reason, steps) in reasons {
        let _ = writeln!(text, "| {reason} | {steps} |");
    }
    text
}

fn wrong(told: &[Told]) -> String {
    let mut text = String::new();
    for line in surprises(told) {
        let _ = writeln!(text, "* {line}");
    }
    for known in KNOWN {
        let lines: Vec<String> =
            told.iter().filter(|told| known.is_of(told)).flat_map(lines).collect();
        if !lines.is_empty() {
            let Known { story, from, reason, .. } = known;
            let _ = writeln!(text, "* {story}, read from step {from}: {reason}");
            for line in lines {
                let _ = writeln!(text, "  * {line}");
            }
        }
    }
    if text.is_empty() { "Nowhere.\n".to_owned() } else { text }
}

const HEAD: &str = "# Agreement with recorded failovers

`cargo xtask conformance failovers --table docs/failover.md` writes this page, and a test holds it
to what the engine says now.

[Recorded failovers](../fixtures/failover/README.md) of a real control plane are told again by the
engine of `holdfast simulate`, in two ways. *Whole stories* begin with the first export and go
through all events, each on what the engine made of those before. *Step by step*, every export is
read anew: it is at rest, and the event that follows leads to the next export.

";

const COLUMNS: &str = "* **exact**: steps whose ranges are said to be no wider than need be.
* **ranges**: ready, pending and terminating of each workload, and the pods of each node;
  **contained** those that hold what was recorded, **single** those of one number, which leave
  nothing open.
* **messages**: pods that the real scheduler finds no node for in that very state; **matched** those
  whose message, to the letter, is among their workload's. In an exact step all must be.
";

const EVENTS: &str = "*At rest* is an export itself, before anything happens.
";

const NOT_COVERED: &str = "## What no recording shows

* A control plane of several members: the recorded ones have one etcd and one API server, outside
  the cluster. Quorum, elections and load balancers are modelled and not compared.
* Partitions: a node that is not heard and lives on.
* CronJobs, autoscalers, pods of custom controllers, devices by claim.
* More than 50 nodes: an unhealthy zone of that size evicts slowly instead of not at all, and beyond
  100 the scheduler looks at some of the nodes only.
* Kubelets: pods are ready as soon as they are bound. Probes, images, evictions under pressure and
  static pods are not played.
* Time: timers were short, so the recordings say what happens and not when.
* Objects that are created, and workloads that are deleted: no event expresses them. What follows is
  told from their own exports.
";
