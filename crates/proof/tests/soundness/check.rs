//! What must hold of every cluster.

use std::collections::BTreeMap;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use holdfast_failover::{Dynamics, nodes};
use holdfast_ingest::{Options, Source, load};
use holdfast_proof::prover::{Examination, Finding, Workspace};
use holdfast_proof::witness::Witness;
use holdfast_proof::{Doubt, FailureSet, Prover, Settings, Subject, Verdict, bound};
use holdfast_scheduler::Scratch;
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use crate::certify;
use crate::downtime;
use crate::oracle::{Custom, Oracle};
use crate::plan::Plan;
use crate::{render, symmetry};

/// States that the oracle follows before it gives a cluster up, and that the prover may take.
const ORACLE_STATES: usize = 3_000;
const PROVER_STATES: usize = 4_000;

/// What became of the clusters, so that nobody takes comfort in checks that never applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) doubts: BTreeMap<Doubt, u64>,
    pub(crate) clusters: u64,
    /// The oracle gave up on some set.
    pub(crate) too_large: u64,
    pub(crate) proved: u64,
    pub(crate) refuted: u64,
    pub(crate) unknown: u64,
    pub(crate) preemptions: u64,
    /// Runs at whose end a pod waits for a volume that another node holds.
    pub(crate) attaching: u64,
    /// Claims that certificates show, and decided ones that they do not.
    pub(crate) certified: u64,
    pub(crate) left_out: u64,
    /// Sets that the reader checked all at once.
    pub(crate) at_once: u64,
    /// Downtimes of runs that were held against bounds that end.
    pub(crate) timed: u64,
    /// Sets that were decided beforehand.
    pub(crate) foreseen: u64,
    /// Sets that nothing can tell apart from others.
    pub(crate) alike: u64,
    /// Claims that a run refutes which goes round for ever.
    pub(crate) endless: u64,
    /// Answers of the prover to which the oracle's runs disagree among themselves.
    pub(crate) undecided_by_order: u64,
}

type Checked = Result<(), TestCaseError>;

macro_rules! ensure {
    ($holds:expr, $($told:tt)+) => {
        if !$holds {
            return Err(TestCaseError::fail(format!($($told)+)));
        }
    };
}

pub(crate) fn read(objects: &[Value]) -> Cluster {
    let bytes = serde_json::to_vec(&serde_json::json!({
        "apiVersion": "v1", "kind": "List", "items": objects,
    }));
    let source = Source::named("plan.json", bytes.expect("values are written"));
    load(vec![source], &Options::default()).cluster
}

/// What one subject comes to in all runs, over all starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Truth {
    /// In some run of some start fewer serve than are wanted.
    falls_short: bool,
    min: u32,
    max: u32,
    at_once: u32,
}

/// Everything that is checked of one cluster.
pub(crate) fn check(plan: &Plan, tally: &mut Tally) -> Checked {
    let objects = render::objects(plan);
    let cluster = read(&objects);
    let settings = Settings { states_per_set: PROVER_STATES, ..Settings::default() };
    let mut prover = Prover::new(&cluster, settings);
    prover.foresee(2);
    tally.clusters += 1;
    let mut workspace = prover.workspace();
    let oracle = Oracle::new(&cluster, ORACLE_STATES);
    let mut answers = Vec::new();
    for set in sets(plan) {
        let examination = prover.examine(&mut workspace, &set);
        hopeless_pods_stay_pending(&prover, &oracle, &set)?;
        agrees_with_oracle(&prover, &oracle, &set, &examination, tally)?;
        witnesses_replay(&prover, &set, &examination, tally)?;
        downtime::bounds_hold(&prover, &set, &examination, tally)?;
        answers.push((set, examination));
    }
    symmetry::changes_nothing(&prover, tally)?;
    certify::is_accepted(&prover, tally)?;
    workspaces_do_not_wear(&prover, &mut workspace, &answers)?;
    tally.foreseen += answers.iter().filter(|(set, _)| prover.is_foreseen(set)).count() as u64;
    unforeseen_the_same(&cluster, settings, &prover, &answers)?;
    without_bounds_the_same(&cluster, settings, &answers)?;
    order_of_objects_is_nothing(&prover, objects, &answers)
}

pub(crate) fn sets(plan: &Plan) -> Vec<FailureSet> {
    let node = |at: usize| NodeId(u32::try_from(at).expect("few nodes"));
    let mut sets = vec![FailureSet::default()];
    sets.extend((0..plan.nodes.len()).map(|at| FailureSet::new(vec![node(at)])));
    let (one, other) = plan.pair;
    if one != other {
        sets.push(FailureSet::new(vec![node(one), node(other)]));
    }
    sets
}

/// What is known beforehand is what a closer look finds.
fn unforeseen_the_same(
    cluster: &Cluster,
    settings: Settings,
    foreseeing: &Prover<'_>,
    answers: &[(FailureSet, Examination)],
) -> Checked {
    let plain = Prover::new(cluster, settings);
    let mut workspace = plain.workspace();
    for (set, foreseen) in answers.iter().filter(|(set, _)| foreseeing.is_foreseen(set)) {
        let examination = plain.examine(&mut workspace, set);
        for position in 0..plain.subjects().subjects.len() {
            let (finding, verdict) = told(&plain, &examination, position);
            let (expected, beforehand) = told(foreseeing, foreseen, position);
            ensure!(
                std::mem::discriminant(&verdict) == std::mem::discriminant(&beforehand),
                "{position} at {set:?}: {verdict:?}, but beforehand {beforehand:?}"
            );
            let (Some(finding), Some(expected)) = (finding, expected) else { continue };
            ensure!(
                finding.recovered_range == expected.recovered_range
                    && finding.ready_at_once == expected.ready_at_once
                    && finding.surely_at_once == expected.surely_at_once
                    && finding.desired == expected.desired
                    && finding.immediately == expected.immediately,
                "{position} at {set:?}: {finding:?}, but beforehand {expected:?}"
            );
        }
    }
    Ok(())
}

/// PROVED means that every run of the oracle holds, REFUTED that one does not whatever unknown
/// controllers do, and the ranges are the oracle's.
fn agrees_with_oracle(
    prover: &Prover<'_>,
    oracle: &Oracle<'_>,
    set: &FailureSet,
    examination: &Examination,
    tally: &mut Tally,
) -> Checked {
    let has_custom =
        prover.cluster().workloads().iter().any(|w| matches!(w.kind, WorkloadKind::Custom(_)));
    let policies: &[Custom] = if has_custom {
        &[Custom::Either, Custom::Never, Custom::Always]
    } else {
        &[Custom::Either]
    };
    let mut truths = Vec::new();
    for policy in policies {
        let Some(truth) = truths_of(prover, oracle, set, *policy, tally) else {
            tally.too_large += 1;
            return Ok(());
        };
        truths.push(truth);
    }
    for (position, subject) in prover.subjects().subjects.iter().enumerate() {
        let name = prover.cluster().text(prover.cluster().workload(subject.root).name).to_owned();
        let truth = truths[0][position];
        let (finding, told) = told(prover, examination, position);
        match &told {
            Verdict::Proved(_) => {
                tally.proved += 1;
                ensure!(!truth.falls_short, "{name} is {told:?} at {set:?}, yet {truth:?}");
            }
            Verdict::Refuted => {
                tally.refuted += 1;
                for truth in &truths {
                    let truth = truth[position];
                    ensure!(truth.falls_short, "{name} is REFUTED at {set:?}, yet {truth:?}");
                }
            }
            Verdict::Unknown(doubt) => {
                tally.unknown += 1;
                ensure!(*doubt != Doubt::Budget, "{name} at {set:?}: budget of a small cluster");
                *tally.doubts.entry(*doubt).or_default() += 1;
            }
        }
        tally.undecided_by_order += u64::from(truth.min != truth.max);
        let Some(finding) = finding else { continue };
        // Where pods are that may be anywhere only bounds are known, if anything is.
        let complete = prover.starts().complete;
        let bounded = prover.starts().loose.is_none() || finding.ready_at_once <= truth.at_once;
        ensure!(
            finding.ready_at_once == truth.at_once || bounded && !complete,
            "{name} at {set:?}: {} at once, not {truth:?}",
            finding.ready_at_once
        );
        let (least, most) = finding.surely_at_once;
        ensure!(
            least <= truth.at_once && truth.at_once <= most,
            "{name} at {set:?}: surely {least} to {most} at once, not {truth:?}"
        );
        let exact = !matches!(told, Verdict::Unknown(_)) && !has_custom && complete;
        let range = (truth.min, truth.max);
        ensure!(
            !exact || finding.recovered_range == range,
            "{name} at {set:?}: {:?} {:?}, not {range:?}",
            finding.recovered,
            finding.recovered_range
        );
    }
    Ok(())
}

/// The prover's answer for a subject: its finding, or that it stands as it stood.
pub(crate) fn told<'e>(
    prover: &Prover<'_>,
    examination: &'e Examination,
    position: usize,
) -> (Option<&'e Finding>, Verdict) {
    if let Some(finding) = examination.findings.get(&position) {
        return (Some(finding), finding.recovered.clone());
    }
    if let Some(doubt) = examination.untouched_doubt {
        return (None, Verdict::Unknown(doubt));
    }
    (None, prover.standing(position).recovered)
}

/// The truth about every subject after a failure from every place of rest.
fn truths_of(
    prover: &Prover<'_>,
    oracle: &Oracle<'_>,
    set: &FailureSet,
    custom: Custom,
    tally: &mut Tally,
) -> Option<Vec<Truth>> {
    let cluster = prover.cluster();
    let before = oracle.run(&Placement::of(cluster), custom)?;
    let subjects = &prover.subjects().subjects;
    let mut truths: Vec<Option<Truth>> = vec![None; subjects.len()];
    let mut starts: Vec<Placement> = Vec::new();
    for start in before.quiet {
        if !starts.contains(&start) {
            starts.push(start);
        }
    }
    if starts.len() > 24 {
        return None;
    }
    for start in &starts {
        let failed = oracle.fail(start, set.nodes());
        let runs = oracle.run(&failed, custom)?;
        tally.preemptions += u64::from(runs.preempted);
        for (truth, subject) in truths.iter_mut().zip(subjects) {
            let at_once = ready(&failed, subject);
            let desired = desired(cluster, start, set, subject);
            for end in &runs.quiet {
                tally.attaching += u64::from(!end.attaching().is_empty());
                let count = ready(end, subject);
                let known = truth.get_or_insert(Truth {
                    falls_short: false,
                    min: count,
                    max: count,
                    at_once,
                });
                known.falls_short |= count < desired;
                known.min = known.min.min(count);
                known.max = known.max.max(count);
                known.at_once = known.at_once.min(at_once);
            }
        }
    }
    truths.into_iter().collect()
}

pub(crate) fn ready(placement: &Placement, subject: &Subject) -> u32 {
    let mine = placement.instances().iter().filter(|i| subject.members.contains(&i.workload));
    u32::try_from(mine.filter(|instance| instance.ready).count()).expect("few pods")
}

/// What is wanted: the number asked for, but of pods that follow their nodes one for each that is
/// left.
pub(crate) fn desired(
    cluster: &Cluster,
    start: &Placement,
    set: &FailureSet,
    subject: &Subject,
) -> u32 {
    let workload = cluster.workload(subject.root);
    if !matches!(workload.kind, WorkloadKind::DaemonSet | WorkloadKind::StaticPod) {
        return u32::try_from(workload.desired).unwrap_or(0);
    }
    let counts = |id: &InstanceId| {
        let instance = start.instance(*id);
        let heard = instance.node().is_some_and(|node| {
            start.node(node).reachable && !instance.terminating && !set.nodes().contains(&node)
        });
        subject.members.contains(&instance.workload) && (instance.is_pending() || heard)
    };
    u32::try_from(start.instance_ids().filter(counts).count()).expect("few pods")
}

/// The oracle never places a pod that the bound calls hopeless.
fn hopeless_pods_stay_pending(
    prover: &Prover<'_>,
    oracle: &Oracle<'_>,
    set: &FailureSet,
) -> Checked {
    let dynamics: &Dynamics<'_> = prover.dynamics();
    for start in &prover.starts().starts {
        let mut placement = start.placement.clone();
        nodes::fail(prover.cluster(), &mut placement, set.nodes());
        let situation = dynamics.situation(&placement);
        if !situation.acts {
            continue;
        }
        let Some(runs) = oracle.run(&placement, Custom::Either) else { continue };
        dynamics.evict_unnoticed(&mut placement, &situation);
        let evicted = dynamics.evict_all(&mut placement, &situation);
        let gone = bound::leaving::of(&placement, &evicted.pods);
        let excused = |_: &Placement, _| false;
        let uncertain = bound::Uncertain::of(&evicted.uncertain, &gone, &excused);
        let known = start.steady.then_some(start.placement.instances().len());
        let uncertain = bound::Uncertain { known, ..uncertain };
        let cover = bound::cover(dynamics, &mut placement, &mut Scratch::default(), uncertain);
        for pod in cover.hopeless {
            let instance = placement.instance(pod);
            ensure!(
                !runs.placed.contains(&(instance.class, instance.workload)),
                "hopeless {instance:?} is placed after {set:?}"
            );
        }
    }
    Ok(())
}

/// Every refutation has a run that the rules allow and that ends below what is wanted.
fn witnesses_replay(
    prover: &Prover<'_>,
    set: &FailureSet,
    examination: &Examination,
    tally: &mut Tally,
) -> Checked {
    for (position, finding) in &examination.findings {
        if finding.recovered == Verdict::Refuted {
            let witness = prover.whole_run(*position, set, finding);
            tally.endless += u64::from(!witness.again.is_empty());
            ensure!(
                witness.ready < witness.desired,
                "the witness for {position} at {set:?} ends with {} of {}",
                witness.ready,
                witness.desired
            );
            let workspace = &mut prover.workspace();
            let ends = |told: &Witness, _: &Placement| (told.ready, told.desired);
            let told = prover.witness(workspace, *position, (set, finding), ends);
            ensure!(
                told == (witness.ready, witness.desired),
                "what is told of the run for {position} at {set:?} is not how it ends"
            );
        }
    }
    Ok(())
}

/// A workspace that was used says what a new one says, and its placements are as they were.
fn workspaces_do_not_wear(
    prover: &Prover<'_>,
    used: &mut Workspace,
    answers: &[(FailureSet, Examination)],
) -> Checked {
    for (set, before) in answers.iter().rev() {
        let again = prover.examine(used, set);
        ensure!(again == *before, "a used workspace changes its mind at {set:?}");
        let anew = prover.examine(&mut prover.workspace(), set);
        ensure!(anew == *before, "a new workspace knows better at {set:?}");
    }
    ensure!(used.is_pristine(prover), "an examination leaves traces");
    Ok(())
}

/// The bound saves work and changes no answer: what it proves the search proves too.
fn without_bounds_the_same(
    cluster: &Cluster,
    settings: Settings,
    answers: &[(FailureSet, Examination)],
) -> Checked {
    let prover = Prover::new(cluster, Settings { bounds: false, ..settings });
    let mut workspace = prover.workspace();
    for (set, with) in answers {
        let without = prover.examine(&mut workspace, set);
        for (position, finding) in &without.findings {
            let Some(other) = with.findings.get(position) else { continue };
            let (searched, bounded) = (kind(&finding.recovered), kind(&other.recovered));
            let agree = searched == bounded || searched == 'U' || bounded == 'U';
            ensure!(agree, "{position} at {set:?}: searched {searched}, bounded {bounded}");
        }
    }
    Ok(())
}

fn kind(verdict: &Verdict) -> char {
    match verdict {
        Verdict::Proved(_) => 'P',
        Verdict::Refuted => 'R',
        Verdict::Unknown(_) => 'U',
    }
}

/// Objects in another order are the same cluster: only what stands in the verdicts may be compared,
/// since which of two equal runs is told follows from the order.
fn order_of_objects_is_nothing(
    prover: &Prover<'_>,
    mut objects: Vec<Value>,
    answers: &[(FailureSet, Examination)],
) -> Checked {
    objects.reverse();
    let cluster = read(&objects);
    let other = Prover::new(&cluster, prover.settings());
    let mut workspace = other.workspace();
    if !(prover.starts().complete && other.starts().complete) {
        // Which of many starts are kept follows from the order.
        return Ok(());
    }
    let digest = |prover: &Prover<'_>, examination: &Examination| -> Vec<(char, (u32, u32))> {
        let of = |position: usize| {
            let (finding, recovered) = told(prover, examination, position);
            let stands = || prover.standing(position).recovered_range;
            let range = finding.map_or_else(stands, |finding| finding.recovered_range);
            (kind(&recovered), if kind(&recovered) == 'P' { range } else { (0, 0) })
        };
        (0..prover.subjects().subjects.len()).map(of).collect()
    };
    for (set, before) in answers {
        let turned = other.examine(&mut workspace, set);
        let (before, turned) = (digest(prover, before), digest(&other, &turned));
        // Of victims that tie the order picks the ones that are tried: a run that refutes may then
        // be seen or not, but what is proved is proved.
        let missed = |one: char, other: char| one != other && (one == 'P' || other == 'P');
        let differ = before
            .iter()
            .zip(&turned)
            .any(|(one, other)| missed(one.0, other.0) || one.0 == 'P' && one != other);
        ensure!(!differ, "order matters at {set:?}: {before:?} and {turned:?}");
    }
    Ok(())
}
