//! The report, version 1: everything with names instead of numbers, for machines and for renderers.
//!
//! The shape is `holdfast.report/v1`; fields are only ever added within the version.

mod cell;
pub mod downtime;
pub mod possible;
pub mod rules;
pub mod sequences;
mod told;

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement, WorkloadId};
use holdfast_failover::Step;
use holdfast_scheduler::{Words, message, release};
use serde::{Deserialize, Serialize};

pub use self::cell::Cell;
use self::downtime::DowntimeReport;
use self::possible::PossibleReport;
use self::rules::ByRuleReport;
use self::told::Told;
use crate::by_rule::claim;
use crate::domain::Domains;
use crate::names;
use crate::outcome::{BoundsOutcome, autoscaled};
use crate::prover::{Prover, Workspace};
use crate::scenario::{FailureSet, sets_up_to};
use crate::subject::{Exclusion, Subjects};
use crate::summary::{ClaimSummary, SubjectSummary, Summary};
use crate::symmetry::{Sort, Symmetry};
use crate::tolerance::ToleranceReport;
use crate::verdict::{Doubt, Ground, Verdict};
use crate::witness::Witness;

/// The whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `holdfast.report/v1`.
    pub schema: &'static str,
    /// The worst verdict of all workloads.
    pub verdict: VerdictName,
    /// What is modelled and what was read.
    pub kubernetes: Kubernetes,
    /// What was asked and how much was looked at.
    pub checked: Checked,
    /// How many workloads came out how.
    pub summary: Counts,
    /// By namespace, name and kind.
    pub workloads: Vec<WorkloadReport>,
    /// How many failures they survive, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<ToleranceReport>,
    /// Workloads that no claim is about.
    pub excluded: Vec<Excluded>,
    /// Workloads whose number of pods is taken to stay where it is, though an autoscaler may
    /// change it within these bounds, by `KIND/NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub autoscaled: BTreeMap<String, BoundsOutcome>,
}

/// A verdict without its reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerdictName {
    /// It holds in every run.
    Proved,
    /// There is a run in which it does not hold.
    Refuted,
    /// Neither is known.
    Unknown,
}

impl VerdictName {
    /// The higher the worse: what is not known may be either.
    pub fn rank(self) -> u8 {
        match self {
            Self::Proved => 0,
            Self::Unknown => 1,
            Self::Refuted => 2,
        }
    }
}

/// Versions.
#[derive(Clone, Debug, Serialize)]
pub struct Kubernetes {
    /// The minor version whose scheduler and controllers are modelled.
    pub emulated: &'static str,
    /// The version of the cluster, where the export tells: the API server's, else the kubelets'
    /// newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
}

/// How much was looked at.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Sets of up to so many nodes; absent where one set was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<usize>,
    /// The set that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail: Option<Vec<String>>,
    /// The domains that may fail; absent where nodes fail one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domains: Option<DomainsReport>,
    /// Events that come one after another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Vec<String>>,
    /// Failures that come one after another, in every order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<Vec<String>>,
    /// Nodes of the cluster.
    pub cluster_nodes: usize,
    /// Failure sets, the empty one not counted; or sequences.
    pub sets: u64,
    /// How many of them there are when those that nothing can tell apart count once; absent where
    /// one was named, or where each was to be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sets_up_to_symmetry: Option<u64>,
    /// States that were searched where counting and bounds did not decide.
    pub states: u64,
    /// Every set that was asked for was looked at.
    pub complete: bool,
    /// Workloads of which nobody asked whether a placement serves them, as that takes long in a
    /// large cluster.
    #[serde(skip_serializing_if = "is_zero")]
    pub possible_not_asked: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Domains that fail as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainsReport {
    /// The label whose values they are; absent where a file lists them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Up to so many fail.
    pub most: usize,
    /// How many there are.
    pub of: usize,
    /// Nodes in none of them, which never fail.
    pub without: Vec<String>,
}

/// Workloads by verdict.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// All.
    pub workloads: usize,
    /// Both claims proved for every set.
    pub survive: usize,
    /// Some claim refuted for some set.
    pub fail: usize,
    /// The others.
    pub unknown: usize,
}

/// What is known of a workload.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadReport {
    /// Kind, namespace and name.
    #[serde(flatten)]
    pub object: Object,
    /// Pods it wants.
    pub desired: u32,
    /// Pods that serve before anything fails.
    pub ready: u32,
    /// The worse of the two below.
    pub verdict: VerdictName,
    /// At least one pod serves as soon as the nodes are gone.
    pub immediately: ClaimReport<AtOnce>,
    /// At least one pod serves as soon as the nodes are gone, wherever the hard rules allow the
    /// pods to be. The verdict on the workload does not rest on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_rule: Option<ByRuleReport>,
    /// As many pods as are wanted serve once all is quiet.
    pub recovered: ClaimReport<Counterexample>,
    /// The fewest pods that any set leaves at once.
    pub ready_at_once: u32,
    /// How long any set keeps it from serving; absent where events come one after another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downtime: Option<DowntimeReport>,
    /// A smallest set that refutes a claim, and how: of two equally small ones that which refutes
    /// the recovery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterexample: Option<Counterexample>,
    /// The worst sequence that refutes a claim, and where; recovery before the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<sequences::Break>,
}

/// An object by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Object {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Object {
    /// A workload.
    pub fn of(cluster: &Cluster, id: WorkloadId) -> Self {
        let workload = cluster.workload(id);
        Self {
            kind: workload.kind.name(cluster).to_owned(),
            namespace: cluster.text(workload.namespace).to_owned(),
            name: cluster.text(workload.name).to_owned(),
        }
    }
}

/// What is known of one claim.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimReport<E> {
    /// Over all sets.
    pub verdict: VerdictName,
    /// How it was proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'static str>,
    /// Sets for which it is proved.
    pub proved: u64,
    /// Sets for which it is refuted.
    pub refuted: u64,
    /// Sets for which nothing is known.
    pub unknown: u64,
    /// Why nothing is known, for the first such set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<DoubtReport>,
    /// A smallest set that refutes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterexample: Option<E>,
}

impl<E> ClaimReport<E> {
    /// How many sets it is about.
    pub fn sets(&self) -> u64 {
        self.proved + self.refuted + self.unknown
    }
}

/// Why nothing is known.
#[derive(Clone, Debug, Serialize)]
pub struct DoubtReport {
    /// A stable word for it.
    pub reason: &'static str,
    /// What is missing or not modelled, where that says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The set.
    pub fail: Vec<String>,
    /// The domains that fail as a whole: `LABEL=VALUE`, or a name of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// The events that have come by then, where they come one after another.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Whether there is a placement that serves the workload after it, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub possible: Option<PossibleReport>,
}

/// The names of what fails in a set: nodes, and machines that are none.
pub fn machines(cluster: &Cluster, set: &FailureSet) -> Vec<String> {
    names::machines(cluster, set)
}

/// A set that leaves too few pods at once.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AtOnce {
    /// The nodes that fail; none where the claim does not hold today.
    pub fail: Vec<String>,
    /// Pods that serve as soon as they are gone.
    pub ready_at_once: u32,
}

impl AtOnce {
    /// The set, and how many pods it leaves.
    pub fn new(cluster: &Cluster, set: &FailureSet, ready_at_once: u32) -> Self {
        Self { fail: machines(cluster, set), ready_at_once }
    }
}

/// A set that refutes a claim, and how.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counterexample {
    /// The nodes that fail, and machines that are no nodes; none where the claim does not hold
    /// today.
    pub fail: Vec<String>,
    /// The domains that fail as a whole: `LABEL=VALUE`, or a name of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// Pods that serve as soon as they are gone.
    pub ready_at_once: u32,
    /// Pods that serve once all is quiet.
    pub ready: u32,
    /// Pods that are wanted then.
    pub desired: u32,
    /// What happens in between, as far as it concerns the workload.
    pub steps: Vec<StepReport>,
    /// How many steps there were in all.
    pub steps_in_all: usize,
    /// What happens from then on again and again, for ever, as far as it concerns the workload.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<StepReport>,
    /// Its pods that wait for a node at the end.
    pub pending: Vec<PendingReport>,
    /// Its pods that cannot end, as nobody hears their node.
    pub terminating: Vec<PodReport>,
    /// Pods that are bound and wait for a volume that another node holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attaching: Vec<PodReport>,
    /// Pods that are bound and cannot use a volume, as too few copies of it are up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub starved: Vec<PodReport>,
    /// Whether there is a placement that serves the workload, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub possible: Option<PossibleReport>,
}

/// A pod by name.
#[derive(Clone, Debug, Serialize)]
pub struct PodReport {
    /// Namespace and name. A pod made anew goes by the pod whose place it takes.
    pub pod: String,
    /// It was made anew.
    pub replacement: bool,
    /// Its node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// A pod that waits for a node.
#[derive(Clone, Debug, Serialize)]
pub struct PendingReport {
    /// The pod.
    #[serde(flatten)]
    pub pod: PodReport,
    /// What its `PodScheduled` condition would say.
    pub message: String,
}

/// A step of a run.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// `evict`, `schedule`, `preempt`, `end` or `give-up`.
    pub action: &'static str,
    /// The pod it happens to.
    #[serde(flatten)]
    pub pod: PodReport,
    /// Who had to go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub victims: Vec<String>,
}

/// A workload that no claim is about.
#[derive(Clone, Debug, Serialize)]
pub struct Excluded {
    /// Kind, namespace and name.
    #[serde(flatten)]
    pub object: Object,
    /// `runs-to-its-end` or `scaled-to-zero`.
    pub reason: &'static str,
}

impl Excluded {
    /// A workload, and why no claim is about it.
    pub fn new(cluster: &Cluster, id: WorkloadId, why: Exclusion) -> Self {
        Self { object: Object::of(cluster, id), reason: exclusion_id(why) }
    }
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Every set of up to so many nodes.
    AnyNodes(usize),
    /// Every set of up to so many domains, each as a whole.
    AnyDomains(Domains, usize),
    /// One set.
    Set(FailureSet),
}

impl Question {
    /// The domains that are asked about.
    pub fn domains(&self) -> Option<&Domains> {
        match self {
            Self::AnyDomains(domains, _) => Some(domains),
            Self::AnyNodes(_) | Self::Set(_) => None,
        }
    }

    /// Every set that it asks about, the empty one first; `nodes` are all nodes.
    pub fn sets<'q>(&'q self, nodes: &'q [NodeId]) -> Box<dyn Iterator<Item = FailureSet> + 'q> {
        match self {
            Self::AnyNodes(most) => Box::new(sets_up_to(nodes, *most)),
            Self::AnyDomains(domains, most) => Box::new(domains.sets_up_to(*most)),
            Self::Set(set) => Box::new([FailureSet::default(), set.clone()].into_iter()),
        }
    }

    /// The first of the sets that nothing can tell apart, each with how many there are; in order,
    /// the empty set first.
    pub fn orbits<'q>(
        &'q self,
        nodes: &'q [NodeId],
        symmetry: &'q Symmetry,
    ) -> Box<dyn Iterator<Item = (FailureSet, u64)> + 'q> {
        match self {
            Self::AnyNodes(_) => Box::new(self.sets(nodes).filter_map(|set| {
                let count = symmetry.count_as_first(set.nodes())?;
                Some((set, count))
            })),
            Self::AnyDomains(..) => {
                let mut counts: BTreeMap<Sort, u64> = BTreeMap::new();
                for set in self.sets(nodes) {
                    *counts.entry(symmetry.sort(&set)).or_default() += 1;
                }
                Box::new(self.sets(nodes).filter_map(move |set| {
                    let count = counts.remove(&symmetry.sort(&set))?;
                    Some((set, count))
                }))
            }
            Self::Set(_) => Box::new(self.sets(nodes).map(|set| (set, 1))),
        }
    }
}

impl Report {
    /// The report on a summary.
    pub fn new(prover: &Prover<'_>, question: &Question, summary: &Summary) -> Self {
        let namer = Namer { cluster: prover.cluster(), domains: question.domains() };
        let claims = claim::claims(prover, question, summary);
        let mut workspace = prover.workspace();
        let mut told = Told::of(&namer, prover, summary, &mut workspace);
        let by_rule = claims.iter().map(|claim| {
            let start = &prover.starts().starts[claim.start].placement;
            namer.by_rule(claim, start)
        });
        let workloads: Vec<WorkloadReport> = by_rule
            .enumerate()
            .map(|(at, by_rule)| {
                namer.workload(prover, summary, (at, by_rule), (&mut told, &mut workspace))
            })
            .collect();
        Self::of(&namer, prover.subjects(), namer.checked(prover, question, summary), workloads)
    }

    /// The report on these workloads, and on those that no claim is about.
    fn of(
        namer: &Namer<'_>,
        subjects: &Subjects,
        checked: Checked,
        workloads: Vec<WorkloadReport>,
    ) -> Self {
        let counts = count(&workloads);
        Self {
            schema: "holdfast.report/v1",
            verdict: overall(&counts),
            kubernetes: Kubernetes::of(namer.cluster),
            checked,
            summary: counts,
            workloads,
            tolerance: None,
            excluded: subjects
                .excluded
                .iter()
                .map(|(id, why)| Excluded::new(namer.cluster, *id, *why))
                .collect(),
            autoscaled: autoscaled(namer.cluster),
        }
    }
}

/// The minor version that is modelled.
pub const EMULATED: &str = "1.36";

impl Kubernetes {
    /// What is modelled, and what a cluster is.
    pub fn of(cluster: &Cluster) -> Self {
        Self { emulated: EMULATED, cluster: version(cluster) }
    }
}

/// The version of the cluster as the export tells it.
pub fn version(cluster: &Cluster) -> Option<String> {
    release::version(cluster).map(str::to_owned)
}

fn count(workloads: &[WorkloadReport]) -> Counts {
    let of = |verdict| workloads.iter().filter(|workload| workload.verdict == verdict).count();
    Counts {
        workloads: workloads.len(),
        survive: of(VerdictName::Proved),
        fail: of(VerdictName::Refuted),
        unknown: of(VerdictName::Unknown),
    }
}

fn overall(counts: &Counts) -> VerdictName {
    if counts.fail > 0 {
        VerdictName::Refuted
    } else if counts.unknown > 0 {
        VerdictName::Unknown
    } else {
        VerdictName::Proved
    }
}

impl From<&Verdict> for VerdictName {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Proved(_) => Self::Proved,
            Verdict::Refuted => Self::Refuted,
            Verdict::Unknown(_) => Self::Unknown,
        }
    }
}

/// A stable word for a ground.
fn ground_id(ground: Ground) -> &'static str {
    match ground {
        Ground::Counted => "counting",
        Ground::Bound => "bound",
        Ground::Explored => "exploration",
    }
}

/// A stable word for a doubt, and what is missing.
pub(crate) fn doubt_id(doubt: Doubt) -> (&'static str, Option<String>) {
    match doubt {
        Doubt::Budget => ("budget", None),
        Doubt::CustomController => ("custom-controller", None),
        Doubt::JobPolicy => ("job-policy", None),
        Doubt::Quota => ("resource-quota", None),
        Doubt::ForeignScheduler => ("foreign-scheduler", None),
        Doubt::ForeignPlugin => ("foreign-plugin", None),
        Doubt::Extender => ("extender", None),
        Doubt::OddProfile(plugin) => ("odd-profile", Some(plugin.name().to_owned())),
        Doubt::Unmodelled(part) => ("not-modelled", Some(format!("{part:?}"))),
        Doubt::Lost(kind) => ("lost-input", Some(format!("{kind:?}"))),
        Doubt::Missing(kind) => ("missing-input", Some(format!("{kind:?}"))),
        Doubt::Choices => ("choices", None),
        Doubt::UnknownResource => ("unknown-resource", None),
        Doubt::Sampling => ("sampling", None),
        Doubt::EvictionsStop => ("evictions-stop", None),
        Doubt::VolumeCopies => ("volume-copies", None),
        Doubt::Endless => ("endless", None),
        Doubt::Unsettled => ("unsettled", None),
    }
}

fn exclusion_id(why: Exclusion) -> &'static str {
    match why {
        Exclusion::RunsToItsEnd => "runs-to-its-end",
        Exclusion::ScaledToZero => "scaled-to-zero",
    }
}

/// Turns numbers into names.
struct Namer<'c> {
    cluster: &'c Cluster,
    domains: Option<&'c Domains>,
}

impl Namer<'_> {
    fn checked(&self, prover: &Prover<'_>, question: &Question, summary: &Summary) -> Checked {
        let (nodes, fail) = match question {
            Question::AnyNodes(most) => (Some(*most), None),
            Question::AnyDomains(..) => (None, None),
            Question::Set(set) => (None, Some(self.machines(set))),
        };
        let domains = match question {
            Question::AnyDomains(domains, most) => Some(DomainsReport {
                label: domains.label.clone(),
                most: *most,
                of: domains.all.len(),
                without: domains
                    .without(self.cluster)
                    .map(|node| self.cluster.node_name(node).to_owned())
                    .collect(),
            }),
            _ => None,
        };
        let (sets, states, complete) = (summary.sets, summary.states, summary.complete);
        let cluster_nodes = self.cluster.nodes().len();
        let several = !matches!(question, Question::Set(_)) && prover.settings().symmetry;
        let sets_up_to_symmetry = several.then_some(summary.examined);
        Checked {
            nodes,
            fail,
            domains,
            sequence: None,
            orders: None,
            cluster_nodes,
            sets,
            sets_up_to_symmetry,
            states,
            complete,
            possible_not_asked: 0,
        }
    }

    fn workload(
        &self,
        prover: &Prover<'_>,
        summary: &Summary,
        (position, by_rule): (usize, ByRuleReport),
        (told, workspace): (&mut Told, &mut Workspace),
    ) -> WorkloadReport {
        let subject = &summary.subjects[position];
        let at_once = subject.immediately.counterexample.as_ref();
        let recovered = told.recovered.remove(&position);
        let longer = told.at_once.remove(&position);
        let at_once = at_once.map(|(set, _)| AtOnce {
            fail: self.machines(set),
            ready_at_once: prover.at_once(workspace, position, set),
        });
        let told = (position, subject);
        let downtime = self.downtime(prover, told, recovered.as_ref(), workspace);
        WorkloadReport {
            object: self.object(prover.subjects().subjects[position].root),
            desired: subject.desired_before(),
            ready: subject.ready_before(),
            verdict: (&summary.verdict(position)).into(),
            immediately: self.claim(&subject.immediately, at_once),
            by_rule: Some(by_rule),
            counterexample: longer.or_else(|| recovered.clone()),
            recovered: self.claim(&subject.recovered, recovered),
            ready_at_once: subject.ready_at_once_min,
            downtime: Some(downtime),
            broken: None,
        }
    }

    fn object(&self, id: WorkloadId) -> Object {
        Object::of(self.cluster, id)
    }

    fn claim<E>(&self, claim: &ClaimSummary, counterexample: Option<E>) -> ClaimReport<E> {
        let verdict = claim.verdict();
        ClaimReport {
            by: match verdict {
                Verdict::Proved(ground) => Some(ground_id(ground)),
                _ => None,
            },
            verdict: (&verdict).into(),
            proved: claim.proved,
            refuted: claim.refuted,
            unknown: claim.unknown,
            doubt: claim.doubt.as_ref().map(|(set, doubt)| {
                let (reason, detail) = doubt_id(*doubt);
                DoubtReport {
                    reason,
                    detail,
                    fail: self.machines(set),
                    domains: self.domains(set),
                    events: Vec::new(),
                    possible: None,
                }
            }),
            counterexample,
        }
    }

    fn machines(&self, set: &FailureSet) -> Vec<String> {
        names::machines(self.cluster, set)
    }

    fn domains(&self, set: &FailureSet) -> Vec<String> {
        let Some(domains) = self.domains else { return Vec::new() };
        let name = |at: &usize| match &domains.label {
            Some(label) => format!("{label}={}", domains.all[*at].name),
            None => domains.all[*at].name.clone(),
        };
        set.domains().iter().map(name).collect()
    }

    fn counterexample(
        &self,
        witness: &Witness,
        end: &Placement,
        position: usize,
        prover: &Prover<'_>,
    ) -> Counterexample {
        let concerns = |pod: InstanceId| {
            let workload = end.instance(pod).workload;
            prover.subjects().position(workload) == Some(position)
        };
        let is_told = |step: &&Step| match step {
            Step::Preempt { pod, victims, .. } => {
                concerns(*pod) || victims.iter().any(|victim| concerns(*victim))
            }
            step => step.pod().is_some_and(concerns),
        };
        let tell = |steps: &[Step]| -> Vec<StepReport> {
            steps.iter().filter(is_told).map(|step| self.step(end, step)).collect()
        };
        let pod = |id: &InstanceId| self.pod(end, *id);
        Counterexample {
            fail: self.machines(&witness.set),
            domains: self.domains(&witness.set),
            ready_at_once: witness.ready_at_once,
            ready: witness.ready,
            desired: witness.desired,
            steps: tell(&witness.steps),
            steps_in_all: witness.steps.len(),
            again: tell(&witness.again),
            pending: witness
                .pending
                .iter()
                .map(|(id, decision)| {
                    let words = message::of_condition(Words::of(self.cluster), decision);
                    PendingReport { pod: pod(id), message: words.unwrap_or_default() }
                })
                // Who goes round finds a node each time.
                .filter(|pending| witness.again.is_empty() || !pending.message.is_empty())
                .collect(),
            terminating: witness.terminating.iter().map(pod).collect(),
            attaching: witness.attaching.iter().map(pod).collect(),
            starved: witness.starved.iter().map(pod).collect(),
            possible: None,
        }
    }

    fn step(&self, end: &Placement, step: &Step) -> StepReport {
        let at = |id: InstanceId, node| PodReport {
            node: Some(self.cluster.node_name(node).to_owned()),
            ..self.pod(end, id)
        };
        let (action, pod) = match step {
            Step::Evict { pod, .. } => ("evict", self.pod(end, *pod)),
            Step::Schedule { pod, node } => ("schedule", at(*pod, *node)),
            Step::Preempt { pod, node, .. } => ("preempt", at(*pod, *node)),
            Step::End { pod, .. } => ("end", self.pod(end, *pod)),
            Step::GiveUp { pod } => ("give-up", self.pod(end, *pod)),
            Step::Drain { pod, .. } => ("drain", self.pod(end, *pod)),
            Step::ScaleDown { pods } => ("scale-down", self.pod(end, pods[0])),
            Step::Renew { pod } => ("renew", self.pod(end, *pod)),
            Step::Attach { pod } => ("attach", self.pod(end, *pod)),
            Step::Clear { .. } => unreachable!("no node comes back while a claim is asked about"),
            Step::Autoscale { .. } => unreachable!("at rest every count is within its bounds"),
            Step::Start { .. } => unreachable!("a pod starts at once where no event joins another"),
        };
        let victims = match step {
            Step::Preempt { victims: pods, .. } | Step::ScaleDown { pods } => {
                pods.iter().map(|victim| self.pod(end, *victim).pod).collect()
            }
            _ => Vec::new(),
        };
        StepReport { action, pod, victims }
    }

    fn pod(&self, placement: &Placement, id: InstanceId) -> PodReport {
        let (pod, replacement) = names::of_pod(self.cluster, placement, id);
        let node = placement.instance(id).node();
        let node = node.map(|node| self.cluster.node_name(node).to_owned());
        PodReport { pod, replacement, node }
    }
}

/// Whether *immediately* is refuted by a smaller set than the recovery, or alone.
fn is_smaller_at_once(subject: &SubjectSummary) -> bool {
    let of = |claim: &ClaimSummary| claim.counterexample.as_ref().map(|(set, _)| set.size());
    match (of(&subject.recovered), of(&subject.immediately)) {
        (Some(recovered), Some(at_once)) => at_once < recovered,
        (recovered, _) => recovered.is_none(),
    }
}
