//! Events that come one after another, each once all is quiet, against the oracle's runs from
//! every place of rest to the next.

use holdfast_cluster::{NodeId, Placement};
use holdfast_failover::{Dynamics, Event, Joined};
use holdfast_proof::sequence::{Course, Sequencer};
use holdfast_proof::{Settings, Subject, Verdict};
use proptest::test_runner::TestCaseError;

use crate::check::{read, ready};
use crate::oracle::{Custom, Oracle};
use crate::plan::Plan;
use crate::render;

/// States that the oracle follows between two events, and places of rest that it goes on from.
const ORACLE_STATES: usize = 3_000;
const RESTS_MAX: usize = 24;

/// What became of the claims.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) proved: u64,
    pub(crate) refuted: u64,
    pub(crate) unknown: u64,
    pub(crate) too_large: u64,
}

/// What serves in the states right after each event, and at the end.
struct Truth {
    at_once: Vec<Placement>,
    ends: Vec<Placement>,
}

/// `fail a; fail b` and `fail a; recover a; fail b`.
pub(crate) fn check(plan: &Plan, tally: &mut Tally) -> Result<(), TestCaseError> {
    let node = |at: usize| NodeId(u32::try_from(at).expect("few nodes"));
    let (one, other) = (node(plan.pair.0), node(plan.pair.1));
    if one == other {
        return Ok(());
    }
    let fail = |node| Event::Fail(vec![node]);
    for events in
        [vec![fail(one), fail(other)], vec![fail(one), Event::Recover(vec![one]), fail(other)]]
    {
        follow(plan, &events, tally)?;
    }
    Ok(())
}

fn follow(plan: &Plan, events: &[Event], tally: &mut Tally) -> Result<(), TestCaseError> {
    let cluster = read(&render::objects(plan));
    let settings = Settings { states_per_set: 20_000, ..Settings::default() };
    let sequencer = Sequencer::new(Dynamics::new(&cluster), settings);
    let joined: Vec<Joined> = events.iter().cloned().map(Joined::from).collect();
    let Ok((courses, _)) = sequencer.follow(&joined) else { return Ok(()) };
    let oracle = Oracle::new(&cluster, ORACLE_STATES);
    let Some(truth) = truth(&oracle, Placement::of(&cluster), events) else {
        tally.too_large += 1;
        return Ok(());
    };
    for (subject, course) in sequencer.subjects().subjects.iter().zip(&courses) {
        let told =
            format!("{:?} after {events:?}", cluster.text(cluster.workload(subject.root).name));
        let none = truth.at_once.iter().any(|state| ready(state, subject) == 0);
        agrees(&course.immediately, none, tally)
            .map_err(|why| TestCaseError::fail(format!("immediately {told}: {why}")))?;
        let short = truth.ends.iter().any(|end| ready(end, subject) < course.desired);
        agrees(&course.recovered, short, tally)
            .map_err(|why| TestCaseError::fail(format!("recovered {told}: {why}")))?;
        fewest(course, subject, &truth)
            .map_err(|why| TestCaseError::fail(format!("{told}: {why}")))?;
    }
    Ok(())
}

fn agrees(verdict: &Verdict, falls_short: bool, tally: &mut Tally) -> Result<(), &'static str> {
    match verdict {
        Verdict::Proved(_) => tally.proved += 1,
        Verdict::Refuted => tally.refuted += 1,
        Verdict::Unknown(_) => tally.unknown += 1,
    }
    match verdict {
        Verdict::Proved(_) if falls_short => Err("PROVED, yet some run falls short"),
        Verdict::Refuted if !falls_short => Err("REFUTED, yet no run falls short"),
        _ => Ok(()),
    }
}

/// Where the claim is decided nobody saw fewer pods than there can be.
fn fewest(course: &Course, subject: &Subject, truth: &Truth) -> Result<(), String> {
    let least = truth.ends.iter().map(|end| ready(end, subject)).min().unwrap_or(0);
    let decided = matches!(course.recovered, Verdict::Refuted);
    if decided && course.ready < least {
        return Err(format!("{} seen, but {least} serve in every run", course.ready));
    }
    Ok(())
}

/// All that may come of the events; `None` where it is too much.
fn truth(oracle: &Oracle<'_>, export: Placement, events: &[Event]) -> Option<Truth> {
    let mut states = rests(oracle, vec![export])?;
    let mut at_once = states.clone();
    for event in events {
        let after: Vec<Placement> = states
            .iter()
            .map(|state| match event {
                Event::Fail(nodes) => oracle.fail(state, nodes),
                Event::Recover(nodes) => oracle.recover(state, nodes[0]),
                _ => unreachable!("no other event is drawn"),
            })
            .collect();
        at_once.extend(after.iter().cloned());
        states = rests(oracle, after)?;
    }
    Some(Truth { at_once, ends: states })
}

/// Every place of rest that a run from one of the states comes to.
fn rests(oracle: &Oracle<'_>, from: Vec<Placement>) -> Option<Vec<Placement>> {
    let mut found: Vec<Placement> = Vec::new();
    for state in from {
        for rest in oracle.run(&state, Custom::Either)?.quiet {
            if !found.contains(&rest) {
                found.push(rest);
            }
        }
        if found.len() > RESTS_MAX {
            return None;
        }
    }
    Some(found)
}
