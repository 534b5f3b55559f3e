//! A sweep cell by cell: what each failure set does to each workload, in parts that several workers
//! share and one joins to the very report of the command.

use holdfast_cluster::NodeId;
use holdfast_proof::by_rule::claim::{Claim, claims_of};
use holdfast_proof::prover::{Examination, Finding};
use holdfast_proof::report::{Object, Question, VerdictName};
use holdfast_proof::{Prover, Summary};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// What a matrix of workloads and failure sets is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matrix {
    /// The workloads that should keep running, `KIND/NAMESPACE/NAME`.
    pub workloads: Vec<String>,
    /// How each stands as long as no set touches it.
    pub standing: Vec<Verdicts>,
    /// The sets, in their order.
    pub sets: Vec<SetView>,
}

/// Machines or domains that fail together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetView {
    /// Names of the nodes and machines; none where nothing fails.
    pub fail: Vec<String>,
    /// Names of the domains that they are, if they are.
    pub domains: Vec<String>,
    /// How many sets nothing can tell apart from it, itself included.
    pub count: u64,
}

/// What is known of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdicts {
    /// At least one pod serves as soon as the set is gone.
    pub immediately: VerdictName,
    /// As many as are wanted serve once all is quiet.
    pub recovered: VerdictName,
    /// How many serve as soon as it is gone.
    pub ready: u32,
}

/// A workload that does not stand as it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Touched {
    /// The position of the workload.
    pub workload: u32,
    /// What is known of it.
    #[serde(flatten)]
    pub verdicts: Verdicts,
}

/// Sets that were examined, one after another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// What it is a part of: a cluster and a question.
    pub of: String,
    /// The position of the first.
    pub from: usize,
    /// What each does; workloads that are not named stand as they stood.
    pub cells: Vec<Vec<Touched>>,
    /// All that was found, for who joins the parts.
    pub found: Vec<Examination>,
}

/// So many sets can be shown and looked through; of more it is asked what they come to.
const SETS_MAX: usize = 50_000;

/// Which machines fail, set by set.
///
/// # Errors
/// More sets than anybody looks through.
pub(crate) fn matrix(prover: &Prover<'_>, question: &Question) -> Result<Matrix, Failure> {
    let cluster = prover.cluster();
    let name = |object: Object| format!("{}/{}/{}", object.kind, object.namespace, object.name);
    let subjects = &prover.subjects().subjects;
    let workloads = subjects.iter().map(|one| name(Object::of(cluster, one.root)));
    let standing = (0..subjects.len()).map(|at| verdicts(&prover.standing(at)));
    let nodes: Vec<NodeId> = cluster.node_ids().collect();
    let all = question.domains();
    if question.orbits(&nodes, prover.symmetry()).nth(SETS_MAX).is_some() {
        return Err(Failure::usage(format!("there are more than {SETS_MAX} such failures"))
            .hint("ask for the proof about all of them, or for fewer"));
    }
    let sets = question.orbits(&nodes, prover.symmetry()).map(|(set, count)| {
        let nodes = set.nodes().iter().map(|node| cluster.node_name(*node));
        let machines = set.machines().iter().map(|name| cluster.text(*name));
        let domain = |at: &usize| all.map(|domains| domains.all[*at].name.clone());
        SetView {
            fail: nodes.chain(machines).map(str::to_owned).collect(),
            domains: set.domains().iter().filter_map(domain).collect(),
            count,
        }
    });
    let (workloads, standing) = (workloads.collect(), standing.collect());
    Ok(Matrix { workloads, standing, sets: sets.collect() })
}

/// Examines sets from a position on, up to another.
pub(crate) fn examine(
    prover: &Prover<'_>,
    question: &Question,
    (of, from, to): (String, usize, usize),
    progress: impl Fn(u64, u64),
) -> Part {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    let sets = question.orbits(&nodes, prover.symmetry()).skip(from);
    let all = to.saturating_sub(from);
    let mut workspace = prover.workspace();
    let mut part = Part { of, from, cells: Vec::new(), found: Vec::new() };
    for (done, (set, _)) in sets.take(all).enumerate() {
        progress(done as u64, all as u64);
        let examination = prover.examine(&mut workspace, &set);
        part.cells.push(cell(prover, &examination));
        part.found.push(examination);
    }
    part
}

/// What is known of *immediately by rule*, set by set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RulePart {
    /// The position of the first set.
    pub from: usize,
    /// The verdict on each workload, for each set.
    pub verdicts: Vec<Vec<VerdictName>>,
}

/// Whether sets leave a pod wherever the rules let the pods be, from a position on, up to another.
pub(crate) fn by_rule(
    prover: &Prover<'_>,
    question: &Question,
    (from, to): (usize, usize),
    progress: impl Fn(u64, u64),
) -> RulePart {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    let sets = question.orbits(&nodes, prover.symmetry()).skip(from);
    let all = to.saturating_sub(from);
    let mut workspace = prover.workspace();
    let mut asked: Vec<(Question, Summary)> = Vec::new();
    for (done, (set, _)) in sets.take(all).enumerate() {
        progress(done as u64, all as u64);
        let mut summary = Summary::new(prover);
        summary.add(&set, &prover.examine(&mut workspace, &set));
        summary.finish();
        asked.push((Question::Set(set), summary));
    }
    let everyone: Vec<usize> = (0..prover.subjects().subjects.len()).collect();
    let asked: Vec<(&Question, &Summary)> = asked.iter().map(|(one, it)| (one, it)).collect();
    let claims = claims_of(prover, &asked, &everyone);
    let verdicts = |claims: Vec<Claim>| claims.iter().map(|one| one.answer.verdict()).collect();
    RulePart { from, verdicts: claims.into_iter().map(verdicts).collect() }
}

/// The workloads that do not stand as they stood: those that are touched, and all of them where
/// nothing is known of the others any more.
fn cell(prover: &Prover<'_>, examination: &Examination) -> Vec<Touched> {
    let touched = |at: usize| {
        let verdicts = match (examination.findings.get(&at), examination.untouched_doubt) {
            (Some(finding), _) => verdicts(finding),
            (None, Some(_)) => doubted(verdicts(&prover.standing(at))),
            (None, None) => return None,
        };
        Some(Touched { workload: u32::try_from(at).expect("few workloads"), verdicts })
    };
    (0..prover.subjects().subjects.len()).filter_map(touched).collect()
}

/// What is left of verdicts on a workload that is not touched where nothing is known of those.
fn doubted(verdicts: Verdicts) -> Verdicts {
    let recovered = match verdicts.recovered {
        VerdictName::Proved => VerdictName::Unknown,
        other => other,
    };
    Verdicts { recovered, ..verdicts }
}

/// What all parts come to. Sets behind the first that is missing are left out, and then it is not
/// all.
///
/// # Errors
/// Parts of something else.
pub(crate) fn join(
    prover: &Prover<'_>,
    question: &Question,
    of: &str,
    parts: &[Part],
) -> Result<Summary, Failure> {
    if parts.iter().any(|part| part.of != of) {
        return Err(Failure::usage("the parts are of another cluster, or of another question")
            .hint("examine all sets anew after a change"));
    }
    let mut parts: Vec<&Part> = parts.iter().collect();
    parts.sort_by_key(|part| part.from);
    let mut summary = Summary::new(prover);
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    for (at, (set, count)) in question.orbits(&nodes, prover.symmetry()).enumerate() {
        let has = |part: &&&Part| (part.from..part.from + part.found.len()).contains(&at);
        // Of the parts that begin before it the last one has it, unless nobody does.
        let reached = parts.partition_point(|part| part.from <= at);
        let Some(part) = parts[..reached].last().filter(has) else {
            summary.complete = false;
            break;
        };
        summary.add_orbit((&set, count), &part.found[at - part.from]);
    }
    summary.finish();
    Ok(summary)
}

fn verdicts(finding: &Finding) -> Verdicts {
    Verdicts {
        immediately: (&finding.immediately).into(),
        recovered: (&finding.recovered).into(),
        ready: finding.ready_at_once,
    }
}
