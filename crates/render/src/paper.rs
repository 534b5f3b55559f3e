//! What somebody found out about a cluster, as a report to hand on: in Markdown, or as a page that
//! needs nothing else.

mod html;
mod markdown;

use holdfast_proof::report::VerdictName;

use crate::check::Line;
use crate::words;

pub use html::html;
pub use markdown::markdown;

/// Everything that the report says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paper {
    /// What was opened.
    pub name: String,
    /// The files, each with its SHA-256.
    pub files: Vec<(String, String)>,
    /// How many nodes, pods and workloads there are.
    pub size: (usize, usize, usize),
    /// How the cluster was changed before anything happened, in the spelling of the command.
    pub changes: Vec<String>,
    /// What happened, as events are typed.
    pub events: Vec<String>,
    /// What it comes to; absent where nothing was done.
    pub sentence: Option<String>,
    /// The failure map: every node, where something was done.
    pub nodes: Vec<NodeLine>,
    /// Workloads that something becomes of, and those of which something is not proved.
    pub workloads: Vec<WorkloadLine>,
    /// Pods that wait for a node, and what the scheduler says.
    pub pending: Vec<(String, Option<String>)>,
    /// What was proved, so far.
    pub proved: Option<Proved>,
    /// What a policy comes to.
    pub policy: Option<PolicyPart>,
    /// What all of it rests on.
    pub assumed: Vec<String>,
    /// What the input does not say, or is not modelled.
    pub gaps: Vec<String>,
    /// The command that tells the same.
    pub command: String,
    /// Which Kubernetes is modelled.
    pub modelled: String,
}

/// A node, before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeLine {
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: Option<String>,
    /// How it stands.
    pub state: NodeState,
    /// Pods that serve on it before.
    pub before: usize,
    /// Pods that serve on it after, and how many of those came from elsewhere.
    pub after: usize,
    /// Of these, pods that were not on it before.
    pub came: usize,
}

/// How a node stands in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeState {
    /// Pods on it can serve.
    #[default]
    Ready,
    /// They cannot.
    Down,
    /// It runs on, and nobody hears it.
    CutOff,
    /// Nothing new is scheduled there.
    Cordoned,
    /// It is there no more.
    Deleted,
}

/// A workload, before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkloadLine {
    /// `KIND/NAMESPACE/NAME`.
    pub name: String,
    /// How many pods are wanted.
    pub desired: i64,
    /// How many serve before.
    pub before: u32,
    /// How many serve after.
    pub after: u32,
    /// How long it is without any pod, and how long it has fewer than are wanted.
    pub downtime: Option<(Length, Length)>,
    /// Whether a pod serves at once, and all are back, whichever of the sets fails.
    pub verdicts: Option<(VerdictName, VerdictName)>,
}

/// How long something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many seconds.
    Seconds(i64),
    /// It has not ended when all is quiet.
    Never,
}

/// What was proved, so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proved {
    /// The command that proves it.
    pub command: String,
    /// How many sets were looked at.
    pub done: usize,
    /// Of how many.
    pub all: usize,
    /// How many workloads keep a pod at once, in any of the sets that were looked at.
    pub immediately: usize,
    /// How many are back in full.
    pub recovered: usize,
    /// How many workloads there are.
    pub workloads: usize,
}

/// What a policy comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPart {
    /// What it is called.
    pub name: String,
    /// Whether it holds, and the sentence that says so.
    pub answer: (VerdictName, String),
    /// What does not, worst first.
    pub findings: Vec<Line>,
    /// What the cluster comes to, where the policy has states: when, and which.
    pub states: Vec<(String, String)>,
}

impl Length {
    /// As people read it.
    fn told(self) -> String {
        match self {
            Self::Seconds(0) => "–".to_owned(),
            Self::Seconds(seconds) => words::length(seconds),
            Self::Never => "not back".to_owned(),
        }
    }
}

impl NodeState {
    fn told(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Down => "down",
            Self::CutOff => "cut off",
            Self::Cordoned => "cordoned",
            Self::Deleted => "deleted",
        }
    }

    /// The mark that says the same without words.
    fn sign(self) -> &'static str {
        match self {
            Self::Ready => "●",
            Self::Down => "✗",
            Self::CutOff => "≁",
            Self::Cordoned => "◐",
            Self::Deleted => "–",
        }
    }
}

impl Paper {
    /// The first line of it.
    fn title(&self) -> String {
        format!("Holdfast: {}", self.name)
    }

    /// How large the cluster is.
    fn size_told(&self) -> String {
        let (nodes, pods, workloads) = self.size;
        let parts = [
            words::count(nodes, "node", "nodes"),
            words::count(pods, "pod", "pods"),
            words::count(workloads, "workload", "workloads"),
        ];
        words::list(&parts, parts.len())
    }

    /// What it comes to, whatever was done.
    fn answer(&self) -> String {
        let nothing = || "Nothing has happened: the cluster as it stands.".to_owned();
        self.sentence.clone().unwrap_or_else(nothing)
    }

    /// Who made it.
    fn made_by(&self) -> String {
        format!("Holdfast {}. {}", env!("CARGO_PKG_VERSION"), self.modelled)
    }

    /// Whether any node says in which zone it is.
    fn has_zones(&self) -> bool {
        self.nodes.iter().any(|one| one.zone.is_some())
    }

    /// Whether there are columns of downtimes and of verdicts.
    fn columns(&self) -> (bool, bool) {
        let has = |column: fn(&WorkloadLine) -> bool| self.workloads.iter().any(column);
        (has(|one| one.downtime.is_some()), has(|one| one.verdicts.is_some()))
    }
}

impl Proved {
    /// What is known, in a sentence.
    fn told(&self) -> String {
        let sets = words::count(self.all, "set of failures", "sets of failures");
        let looked = if self.done == self.all {
            format!("all {sets}")
        } else {
            format!("{} of {sets}", self.done)
        };
        let so_far = if self.done == self.all { "" } else { ", so far" };
        format!(
            "Of {}, {} keep a pod at once and {} come back in full, in {looked}{so_far}.",
            words::count(self.workloads, "workload", "workloads"),
            words::thousands(self.immediately as u64),
            words::thousands(self.recovered as u64),
        )
    }
}

/// A verdict as it is written.
fn verdict(verdict: VerdictName) -> &'static str {
    match verdict {
        VerdictName::Proved => "PROVED",
        VerdictName::Refuted => "REFUTED",
        VerdictName::Unknown => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests;
