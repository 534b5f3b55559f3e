//! Clusters that have yet to place pods, in more ways than are looked at: what bounds prove of them
//! with these waiting holds wherever they are.

use holdfast_proof::prover::Examination;
use holdfast_proof::{Prover, Settings, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use crate::check::{self, Tally as Whole, read, sets, told};
use crate::plan::{self, Family, Kind, NodePlan, NodeState, Plan, TaintPlan};
use crate::{downtime, render};

/// How many states the prover may see that is to look at too few: it finds no place of rest, or
/// some.
const STATES: [usize; 3] = [1, 12, 60];

/// What was compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) whole: Whole,
    /// Clusters of which not all places of rest were found, and what they have in common was.
    pub(crate) loose: u64,
    /// Those of them in which something rolls out, and with nodes that evict pods.
    pub(crate) rolling: u64,
    pub(crate) evicting: u64,
    /// Sets of which that tells beforehand.
    pub(crate) foreseen: u64,
    /// Claims about failures.
    pub(crate) proved: u64,
    pub(crate) refuted: u64,
    pub(crate) unknown: u64,
}

/// A plan, and how many thousandths of a core the next template of each workload asks for, of those
/// that roll out.
pub(crate) type Waiting = (Plan, Vec<Option<u32>>);

/// Clusters with room, in which some pods wait, some are on nodes that evict them, and some are to
/// be replaced.
pub(crate) fn plans() -> impl Strategy<Value = Waiting> {
    let rolls = vec(proptest::option::weighted(0.4, 1_u32..30), 4);
    let evicting = vec(proptest::bool::weighted(0.15), 5);
    (waiting(), rolls, evicting).prop_map(|(mut plan, rolls, evicting)| {
        for (node, evicts) in plan.nodes.iter_mut().zip(evicting) {
            node.taint = if evicts { Some(TaintPlan::NoExecute) } else { node.taint };
        }
        let rolls = rolls.into_iter().map(|rolls| Some(rolls? * 100)).collect();
        (plan, rolls)
    })
}

fn waiting() -> impl Strategy<Value = Plan> {
    let family = Family { affinity: 0.3, spread: 0.3, priority: 0.2, ..Family::default() };
    let waits = vec(proptest::bool::weighted(0.4), 12);
    (plan::plan(family), waits, 1_i64..4).prop_map(|(mut plan, waits, room)| {
        for node in &mut plan.nodes {
            node.cpu *= room;
            node.pods *= room;
            node.state = NodeState::Ready;
        }
        let homes = plan.workloads.iter_mut().flat_map(|workload| &mut workload.homes);
        for (home, waits) in homes.zip(waits) {
            if waits {
                home.node = None;
                home.terminating = false;
            }
        }
        plan
    })
}

/// The objects of a plan whose workloads begin to roll out.
fn objects(plan: &Plan, rolls: &[Option<u32>]) -> Vec<Value> {
    let mut objects = render::objects(plan);
    for (at, cpu) in rolls.iter().enumerate() {
        let Some(cpu) = cpu else { continue };
        let name = format!("w{at}");
        let is = |object: &Value, kind: &str, name: &str| {
            object["kind"] == kind && object["metadata"]["name"] == name
        };
        let set = objects.iter().find(|it| is(it, "ReplicaSet", &format!("{name}-5d4f")));
        let Some(mut next) = set.cloned() else { continue };
        let asks = json!({"cpu": format!("{cpu}m")});
        next["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"] = asks;
        next["metadata"]["name"] = json!(format!("{name}-6e5a"));
        next["metadata"]["uid"] = json!(format!("u-{name}-6e5a"));
        next["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "2"});
        next["spec"]["replicas"] = json!(0);
        for object in objects.iter_mut().filter(|it| is(it, "Deployment", &name)) {
            object["spec"]["template"] = next["spec"]["template"].clone();
        }
        objects.push(next);
    }
    objects
}

/// Whatever is proved or refuted with few states is so with all of them.
pub(crate) fn check(waiting: &Waiting, tally: &mut Tally) -> Result<(), TestCaseError> {
    let (plan, rolls) = waiting;
    let deployments = plan.workloads.iter().map(|workload| workload.kind == Kind::Deployment);
    let rolls = deployments.zip(rolls).any(|(rolls, cpu)| rolls && cpu.is_some());
    if !rolls {
        check::check(plan, &mut tally.whole)?;
    }
    let loose = tally.loose;
    hold(waiting, tally)?;
    let evicts = |node: &NodePlan| node.taint == Some(TaintPlan::NoExecute);
    if tally.loose > loose {
        tally.rolling += u64::from(rolls);
        tally.evicting += u64::from(plan.nodes.iter().any(evicts));
    }
    Ok(())
}

/// The same as far as the prover itself says.
fn hold((plan, rolls): &Waiting, tally: &mut Tally) -> Result<(), TestCaseError> {
    let cluster = read(&objects(plan, rolls));
    let settings = Settings { states_per_set: 20_000, ..Settings::default() };
    let full = Prover::new(&cluster, settings);
    if !full.starts().complete {
        return Ok(());
    }
    for states_per_set in STATES {
        let few = Settings { states_per_set, ..settings };
        for most in [0, 2] {
            let mut hasty = Prover::new(&cluster, few);
            if hasty.starts().loose.is_none() {
                continue;
            }
            hasty.foresee(most);
            tally.loose += 1;
            let (mut workspace, mut own) = (full.workspace(), hasty.workspace());
            for set in sets(plan) {
                let truth = full.examine(&mut workspace, &set);
                let found = hasty.examine(&mut own, &set);
                let loose = hasty.starts().starts.len();
                tally.foreseen += u64::from(hasty.is_foreseen_from(loose, &set));
                compare((&full, &truth), (&hasty, &found), tally)
                    .map_err(|why| TestCaseError::fail(format!("{why} at {set:?}")))?;
                downtime::bounds_hold(&full, &set, &found, &mut tally.whole)?;
            }
            if !own.is_pristine(&hasty) {
                return Err(TestCaseError::fail("the workspace is worn"));
            }
        }
    }
    Ok(())
}

fn compare(
    (full, truth): (&Prover<'_>, &Examination),
    (hasty, found): (&Prover<'_>, &Examination),
    tally: &mut Tally,
) -> Result<(), String> {
    for position in 0..full.subjects().subjects.len() {
        let (known, verdict) = told(full, truth, position);
        let (own, hasted) = told(hasty, found, position);
        match &hasted {
            Verdict::Proved(_) => tally.proved += 1,
            Verdict::Refuted => tally.refuted += 1,
            Verdict::Unknown(_) => tally.unknown += 1,
        }
        let agree = |one: &Verdict, other: &Verdict| {
            matches!(one, Verdict::Unknown(_))
                || matches!(other, Verdict::Unknown(_))
                || std::mem::discriminant(one) == std::mem::discriminant(other)
        };
        if !agree(&hasted, &verdict) {
            return Err(format!("{position} is {verdict:?}, and in haste {hasted:?}"));
        }
        let standing = full.standing(position);
        let known = known.unwrap_or(&standing);
        let Some(own) = own else { continue };
        if !agree(&own.immediately, &known.immediately)
            || own.ready_at_once > known.ready_at_once
            || own.surely_at_once.0 > known.ready_at_once
            || own.surely_at_once.1 < known.ready_at_once
        {
            return Err(format!("{position} is {known:?}, and in haste {own:?}"));
        }
        let proved = matches!(hasted, Verdict::Proved(_));
        if proved && own.recovered_range.0 > known.recovered_range.0 {
            return Err(format!("{position} is {known:?}, and in haste {own:?}"));
        }
    }
    Ok(())
}
