//! What a layout survives, and what it does not: how many nodes may fail, and whose loss alone
//! breaks something.

use std::collections::BTreeSet;

use holdfast_cluster::{Cluster, NodeId, Placement, WorkloadId};
use holdfast_proof::prover::{Examination, Finding};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::scenario::sets_up_to;
use holdfast_proof::tolerance::{Culprits, ToleranceReport};
use holdfast_proof::{Domain, Domains, FailureSet, Prover, Report, Verdict};

use crate::recovery::{Asking, culprits};

/// What is known of a layout.
#[derive(Clone, Debug)]
pub struct Layout {
    /// How many failures are survived: of nodes, or of domains where these were asked about.
    pub tolerance: ToleranceReport,
    /// Every set that was asked for was looked at.
    pub complete: bool,
    /// How many nodes the control plane stands without; absent where it runs somewhere else.
    pub control_plane: Option<Standing>,
    /// Nodes and machines whose loss alone breaks something, or nobody knows whether it does.
    pub points: Vec<Point>,
}

/// How many nodes the control plane stands without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whichever so many fail; absent where it does not act today.
    pub survives: Option<usize>,
    /// A smallest set without which it does not act, if there is one of up to four nodes.
    pub broken_by: Option<Vec<NodeId>>,
}

/// What the loss of one node or machine does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its name.
    pub name: String,
    /// Workloads about which a claim does not hold then, and does today.
    pub breaks: Vec<WorkloadId>,
    /// Workloads of which it is not known.
    pub unknown: Vec<WorkloadId>,
    /// The control plane does not act then, and does today.
    pub stops_control_plane: bool,
}

/// The most nodes that are taken from the control plane at once.
const LOST_MAX: usize = 4;

impl Layout {
    /// What is known of a cluster, asked about all sets of a question.
    pub fn of(cluster: &Cluster, question: &Question, asking: &Asking<'_>) -> Self {
        let mut prover = Prover::new(cluster, asking.settings);
        if let Question::AnyNodes(most) = question {
            prover.foresee(*most);
        }
        let summary = (asking.sweep)(&prover, question, &mut |_| false);
        let report = Report::new(&prover, question, &summary);
        let points = points(&prover, asking);
        Self {
            tolerance: ToleranceReport::of(&report, question, &summary),
            complete: summary.complete && points.is_some(),
            control_plane: Standing::of(&prover),
            points: points.unwrap_or_default(),
        }
    }

    /// Whether all workloads survive so many failures at once.
    pub fn verdict(&self, most: usize) -> VerdictName {
        let refuted = self
            .tolerance
            .workloads
            .iter()
            .any(|one| one.broken_by.as_ref().is_some_and(|culprits| size(culprits) <= most));
        match self.tolerance.proved {
            _ if refuted => VerdictName::Refuted,
            Some(proved) if proved >= most => VerdictName::Proved,
            _ => VerdictName::Unknown,
        }
    }

    /// How many workloads survive so many failures at once, PROVED.
    pub fn surviving(&self, most: usize) -> usize {
        let survives = |proved: Option<usize>| proved.is_some_and(|proved| proved >= most);
        self.tolerance.workloads.iter().filter(|one| survives(one.proved)).count()
    }

    /// A smallest set that breaks something, and all whose own counterexample it is: of equally
    /// small ones that of the most workloads, then that of the first.
    pub fn broken_by(&self) -> Option<(&Culprits, Vec<usize>)> {
        let broken: Vec<(usize, &Culprits)> = self
            .tolerance
            .workloads
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some((at, one.broken_by.as_ref()?)))
            .collect();
        let by = |culprits: &Culprits| -> Vec<usize> {
            broken.iter().filter(|(_, other)| *other == culprits).map(|(at, _)| *at).collect()
        };
        let each = broken.iter().map(|(_, culprits)| (*culprits, by(culprits)));
        each.min_by_key(|(culprits, all)| (size(culprits), usize::MAX - all.len(), all[0]))
    }
}

impl Standing {
    fn of(prover: &Prover<'_>) -> Option<Self> {
        let control_plane = prover.dynamics().control_plane();
        let nodes: BTreeSet<NodeId> = control_plane.members().collect();
        if nodes.is_empty() {
            return None;
        }
        let nodes: Vec<NodeId> = nodes.into_iter().collect();
        let most = LOST_MAX.min(nodes.len());
        let broken_by = sets_up_to(&nodes, most).find(|set| !acts_without(prover, set));
        let survives = broken_by.as_ref().map_or(Some(most), |set| set.size().checked_sub(1));
        Some(Self { survives, broken_by: broken_by.map(|set| set.nodes().to_vec()) })
    }
}

fn acts_without(prover: &Prover<'_>, set: &FailureSet) -> bool {
    let dynamics = prover.dynamics();
    let mut placement = Placement::of(prover.cluster());
    dynamics.fail_hosts(&mut placement, set.nodes(), set.machines());
    dynamics.control_plane().acts(&placement)
}

/// What the loss of each node and each machine does, as far as it does anything; `None` where
/// somebody interrupted.
fn points(prover: &Prover<'_>, asking: &Asking<'_>) -> Option<Vec<Point>> {
    let cluster = prover.cluster();
    let nodes: Vec<NodeId> = cluster.node_ids().collect();
    let question = Question::AnyDomains(hosts(cluster), 1);
    let mut found: Vec<Examination> = Vec::new();
    (asking.sweep)(prover, &question, &mut |examination| {
        found.push(examination.clone());
        false
    });
    let sets: Vec<FailureSet> = question.sets(&nodes).collect();
    if found.len() < sets.len() {
        return None;
    }
    let standing: Vec<Finding> =
        (0..prover.subjects().subjects.len()).map(|at| prover.standing(at)).collect();
    let acts = acts_without(prover, &FailureSet::new(Vec::new()));
    let point = |(set, found): (&FailureSet, &Examination)| {
        let mut point = Point {
            name: culprits(cluster, &question, set).domains.concat(),
            breaks: Vec::new(),
            unknown: Vec::new(),
            stops_control_plane: acts && !acts_without(prover, set),
        };
        for (at, subject) in prover.subjects().subjects.iter().enumerate() {
            match worst(found.findings.get(&at).unwrap_or(&standing[at])) {
                VerdictName::Refuted if worst(&standing[at]) != VerdictName::Refuted => {
                    point.breaks.push(subject.root);
                }
                VerdictName::Unknown => point.unknown.push(subject.root),
                VerdictName::Proved
                    if found.untouched_doubt.is_some() && !found.findings.contains_key(&at) =>
                {
                    point.unknown.push(subject.root);
                }
                VerdictName::Proved | VerdictName::Refuted => {}
            }
        }
        point
    };
    let all = sets.iter().zip(&found).filter(|(set, _)| !set.is_empty()).map(point);
    Some(all.filter(Point::matters).collect())
}

impl Point {
    fn matters(&self) -> bool {
        self.stops_control_plane || !self.breaks.is_empty() || !self.unknown.is_empty()
    }
}

/// Every node by itself, and every machine with the nodes on it.
fn hosts(cluster: &Cluster) -> Domains {
    let node = |id: NodeId| Domain {
        name: cluster.node_name(id).to_owned(),
        nodes: vec![id],
        machines: Vec::new(),
    };
    let mut all: Vec<Domain> = cluster.node_ids().map(node).collect();
    all.extend(cluster.objects().assumptions.machines.iter().map(|machine| Domain {
        name: cluster.text(machine.name).to_owned(),
        nodes: machine.nodes.iter().filter_map(|name| cluster.node_named(*name)).collect(),
        machines: vec![machine.name],
    }));
    Domains { label: None, all }
}

/// The worse of both claims.
fn worst(finding: &Finding) -> VerdictName {
    let (one, other) = (&finding.immediately, &finding.recovered);
    let worst: &Verdict = if other.is_worse_than(one) { other } else { one };
    VerdictName::from(worst)
}

fn size(culprits: &Culprits) -> usize {
    if culprits.domains.is_empty() { culprits.fail.len() } else { culprits.domains.len() }
}
