//! Which workloads are back in full after every failure that is asked about.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, NodeId, WorkloadId};
use holdfast_proof::prover::Examination;
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::tolerance::Culprits;
use holdfast_proof::{FailureSet, Prover, Settings, Summary, Verdict};

/// Whether what was found of the sets so far, the last one included, is enough to answer by.
pub type Enough<'e> = dyn FnMut(&Examination) -> bool + 'e;

/// Examines the sets of a question in their order, until enough is known. The command does so on
/// all cores, a test one by one.
pub type Sweep<'s> = dyn Fn(&Prover<'_>, &Question, &mut Enough<'_>) -> Summary + Sync + 's;

/// How questions are answered.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// How hard the prover tries.
    pub settings: Settings,
    /// Examines the sets.
    pub sweep: &'a Sweep<'a>,
}

/// Sets of which nothing is known are enough, where so many were met and none that refutes.
const UNKNOWN_MAX: usize = 8;

/// What is known of every workload that should keep running. Ids of workloads are those of the
/// cluster before it was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// By workload.
    pub of: BTreeMap<WorkloadId, Recovered>,
}

/// Whether as many pods as are wanted serve once all is quiet, after every failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Over all sets.
    pub verdict: VerdictName,
    /// The first set after which it does not, or nobody knows.
    pub but_for: Option<Culprits>,
}

impl Asking<'_> {
    /// What is known of the workloads of a cluster.
    pub fn of(&self, cluster: &Cluster, question: &Question) -> Recovery {
        self.until(cluster, question, |_| false)
    }

    /// The same as far as it takes to tell whether all of those comes back that are `asked` about:
    /// where one does not, nothing is proved of the others.
    pub fn until(
        &self,
        cluster: &Cluster,
        question: &Question,
        asked: impl Fn(WorkloadId) -> bool,
    ) -> Recovery {
        let mut prover = Prover::new(cluster, self.settings);
        if let Question::AnyNodes(most) = question {
            prover.foresee(*most);
        }
        let asked: Vec<bool> =
            prover.subjects().subjects.iter().map(|subject| asked(subject.root)).collect();
        let mut unknown = 0;
        let mut enough = |found: &Examination| {
            let open = found.findings.iter().filter(|(at, _)| asked[**at]);
            let open: Vec<&Verdict> = open
                .map(|(_, finding)| &finding.recovered)
                .filter(|verdict| !matches!(verdict, Verdict::Proved(_)))
                .collect();
            unknown += usize::from(!open.is_empty());
            open.contains(&&Verdict::Refuted) || unknown >= UNKNOWN_MAX
        };
        let summary = (self.sweep)(&prover, question, &mut enough);
        let subjects = prover.subjects().subjects.iter().zip(&summary.subjects);
        let of = subjects.map(|(subject, known)| {
            let known = &known.recovered;
            let verdict = match known.verdict() {
                Verdict::Proved(_) if !summary.complete => VerdictName::Unknown,
                verdict => VerdictName::from(&verdict),
            };
            let refuted = known.counterexample.as_ref().map(|(set, _)| set);
            let set = refuted.or(known.doubt.as_ref().map(|(set, _)| set));
            let but_for = set.map(|set| culprits(cluster, question, set));
            (subject.root, Recovered { verdict, but_for })
        });
        Recovery { of: of.collect() }
    }
}

impl Recovery {
    /// Whether it is proved of a workload.
    pub fn is_proved(&self, workload: WorkloadId) -> bool {
        self.of.get(&workload).is_some_and(|known| known.verdict == VerdictName::Proved)
    }

    /// The workloads of which it is not proved.
    pub fn open(&self) -> impl Iterator<Item = WorkloadId> + '_ {
        self.of.keys().copied().filter(|id| !self.is_proved(*id))
    }

    /// What is known of the workloads after some failure of which it is not proved.
    pub fn unproved(&self) -> BTreeMap<WorkloadId, Recovered> {
        let open = self.open().filter(|id| self.of[id].but_for.is_some());
        open.map(|id| (id, self.of[&id].clone())).collect()
    }

    /// The worst of these workloads, if it is not proved of all of them: REFUTED before UNKNOWN.
    pub fn worst_of(
        &self,
        workloads: impl Iterator<Item = WorkloadId>,
    ) -> Option<(WorkloadId, &Recovered)> {
        let known = workloads.filter_map(|id| Some((id, self.of.get(&id)?)));
        let open = known.filter(|(_, known)| known.verdict != VerdictName::Proved);
        let rank =
            |known: &Recovered| (known.verdict != VerdictName::Refuted, known.but_for.is_none());
        open.min_by_key(|(id, known)| (rank(known), *id))
    }
}

/// Examines the sets of a question one after another.
pub fn one_by_one(prover: &Prover<'_>, question: &Question, enough: &mut Enough<'_>) -> Summary {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    let mut workspace = prover.workspace();
    let mut summary = Summary::new(prover);
    for set in question.sets(&nodes) {
        let found = prover.examine(&mut workspace, &set);
        summary.add(&set, &found);
        if enough(&found) {
            summary.complete = false;
            break;
        }
    }
    summary.finish();
    summary
}

/// A set by names.
pub(crate) fn culprits(cluster: &Cluster, question: &Question, set: &FailureSet) -> Culprits {
    let nodes = set.nodes().iter().map(|node| cluster.node_name(*node));
    let machines = set.machines().iter().map(|name| cluster.text(*name));
    let fail = nodes.chain(machines).map(str::to_owned).collect();
    let domain = |at: &usize| {
        let domains = question.domains()?;
        let name = &domains.all[*at].name;
        Some(match &domains.label {
            Some(label) => format!("{label}={name}"),
            None => name.clone(),
        })
    };
    Culprits { fail, domains: set.domains().iter().filter_map(domain).collect() }
}
