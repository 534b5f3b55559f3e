//! Events that come one after another, each once all is quiet, against the oracle's runs from
//! every place of rest to the next; and joined ones, against all runs of [`crate::joined`].

use holdfast_certificate::format::{Certificate, Claim, Course as Listed, Move, State, Summary};
use holdfast_certificate::verify;
use holdfast_cluster::{Cluster, NodeId, Placement};
use holdfast_failover::{Dynamics, Event, Joined};
use holdfast_proof::certify::{Certified, Found, certify_sequences};
use holdfast_proof::report::VerdictName;
use holdfast_proof::sequence::{Course, Sequencer};
use holdfast_proof::verdict::Ground;
use holdfast_proof::{Prover, Settings, Subject, Verdict};
use proptest::test_runner::TestCaseError;

use crate::check::{read, ready};
use crate::joined;
use crate::oracle::{Custom, Oracle};
use crate::plan::Plan;
use crate::render;

/// States that the prover may see.
const STATES: usize = 20_000;

/// Fewer of them than there are.
const HASTY: [usize; 2] = [1, 12];

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
    /// Recoveries that are proved although not all states were seen.
    pub(crate) hasty: u64,
    /// Claims that a certificate shows, and those decided that it does not.
    pub(crate) certified: u64,
    pub(crate) left_out: u64,
    /// Certificates that somebody tampered with, and those among them that are accepted.
    pub(crate) tampered: u64,
    pub(crate) believed: u64,
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

/// `A + B`, `A + B; C` or `A; B + C`, of events by number.
pub(crate) fn check_joined(
    plan: &Plan,
    (shape, kinds): (usize, [usize; 3]),
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let (cluster, deployment) = joined::prepared(plan);
    let at = [plan.pair.0, plan.pair.1, plan.pair.0 + 1];
    let event = |which: usize| joined::event(plan, deployment, kinds[which], at[which]);
    let (Some(one), Some(two), Some(three)) = (event(0), event(1), event(2)) else {
        return Ok(());
    };
    let one = Joined::from(one);
    let events = match shape {
        0 => vec![one.and(two)],
        1 => vec![one.and(two), Joined::from(three)],
        2 => vec![one, Joined::from(two).and(three)],
        _ => vec![one.and(two).and(three)],
    };
    compare(&cluster, &events, tally, |dynamics| {
        let told = joined::Brute { dynamics, cluster: &cluster }.follow(&events)?;
        Some(Truth { at_once: told.at_once.concat(), ends: told.ends })
    })
}

fn follow(plan: &Plan, events: &[Event], tally: &mut Tally) -> Result<(), TestCaseError> {
    let cluster = read(&render::objects(plan));
    let story: Vec<Joined> = events.iter().cloned().map(Joined::from).collect();
    compare(&cluster, &story, tally, |_| {
        truth(&Oracle::new(&cluster, ORACLE_STATES), Placement::of(&cluster), events)
    })
}

/// Compares what is told of the events, and what is certified, with what is so.
fn compare(
    cluster: &Cluster,
    events: &[Joined],
    tally: &mut Tally,
    truth: impl FnOnce(&Dynamics<'_>) -> Option<Truth>,
) -> Result<(), TestCaseError> {
    let settings = Settings { states_per_set: STATES, ..Settings::default() };
    let sequencer = Sequencer::new(Dynamics::new(cluster), settings);
    let Ok((courses, _)) = sequencer.follow(events) else { return Ok(()) };
    let Some(truth) = truth(sequencer.dynamics()) else {
        tally.too_large += 1;
        return Ok(());
    };
    let subjects = &sequencer.subjects().subjects;
    let short = |(subject, course): (&Subject, &Course)| Short {
        immediately: truth.at_once.iter().any(|state| ready(state, subject) == 0),
        recovered: truth.ends.iter().any(|end| ready(end, subject) < course.desired),
    };
    let short: Vec<Short> = subjects.iter().zip(&courses).map(short).collect();
    certified(cluster, events, (&courses, &short), tally)?;
    for ((subject, course), short) in subjects.iter().zip(&courses).zip(short) {
        let told =
            format!("{:?} after {events:?}", cluster.text(cluster.workload(subject.root).name));
        agrees(&course.immediately, short.immediately, tally)
            .map_err(|why| TestCaseError::fail(format!("immediately {told}: {why}")))?;
        agrees(&course.recovered, short.recovered, tally)
            .map_err(|why| TestCaseError::fail(format!("recovered {told}: {why}")))?;
        fewest(course, subject, &truth)
            .map_err(|why| TestCaseError::fail(format!("{told}: {why}")))?;
    }
    HASTY.into_iter().try_for_each(|states| hasty(cluster, (events, states), &truth, tally))
}

/// With too few states to see all of them what is told is told by bounds, and true all the same.
fn hasty(
    cluster: &Cluster,
    (events, states_per_set): (&[Joined], usize),
    truth: &Truth,
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let settings = Settings { states_per_set, ..Settings::default() };
    let sequencer = Sequencer::new(Dynamics::new(cluster), settings);
    let Ok((courses, _)) = sequencer.follow(events) else { return Ok(()) };
    for (subject, course) in sequencer.subjects().subjects.iter().zip(&courses) {
        let none = truth.at_once.iter().any(|state| ready(state, subject) == 0);
        let short = truth.ends.iter().any(|end| ready(end, subject) < course.desired);
        let name = cluster.text(cluster.workload(subject.root).name);
        let mut told = Tally::default();
        agrees(&course.immediately, none, &mut told)
            .and_then(|()| agrees(&course.recovered, short, &mut told))
            .map_err(|why| format!("{name:?} after {events:?} of {states_per_set} states: {why}"))
            .map_err(TestCaseError::fail)?;
        tally.hasty += u64::from(course.recovered == Verdict::Proved(Ground::Bound));
    }
    Ok(())
}

/// Whether a claim fails in some run.
#[derive(Clone, Copy)]
struct Short {
    immediately: bool,
    recovered: bool,
}

/// What was decided has a certificate that the second reader accepts, read back from its bytes; and
/// whatever it accepts once somebody tampered with it is true.
fn certified(
    cluster: &Cluster,
    events: &[Joined],
    (courses, short): (&[Course], &[Short]),
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let settings = Settings { states_per_set: STATES, ..Settings::default() };
    let prover = Prover::new(cluster, settings);
    let found: Vec<Found> = courses
        .iter()
        .map(|course| Found {
            immediately: VerdictName::from(&course.immediately),
            recovered: VerdictName::from(&course.recovered),
        })
        .collect();
    let Certified { certificate, left_out } =
        certify_sequences(&prover, &[events.to_vec()], &found);
    let bytes = serde_json::to_vec(&certificate).expect("a certificate is written");
    let certificate: Certificate = serde_json::from_slice(&bytes).expect("and read");
    if let Err(flaw) = verify(cluster, &certificate) {
        let text = format!("after {events:?} not accepted: {flaw:?}\n{certificate:#?}");
        return Err(TestCaseError::fail(text));
    }
    let claims = certificate.workloads.iter().flat_map(|one| [&one.immediately, &one.recovered]);
    tally.certified += claims.filter(|claim| **claim != Claim::Unknown).count() as u64;
    tally.left_out += left_out.len() as u64;
    for (name, tampered) in tampered(&certificate) {
        tally.tampered += 1;
        if verify(cluster, &tampered).is_err() {
            continue;
        }
        tally.believed += 1;
        let is_true = |claim: &Claim, short: bool| match claim {
            Claim::Proved => !short,
            Claim::Refuted { .. } => short,
            Claim::Unknown => true,
        };
        let all = tampered.workloads.iter().zip(short);
        let mut all = all.map(|(claims, short)| {
            is_true(&claims.immediately, short.immediately)
                && is_true(&claims.recovered, short.recovered)
        });
        if !all.all(|is_true| is_true) {
            let text = format!("after {events:?} accepted with {name}:\n{tampered:#?}");
            return Err(TestCaseError::fail(text));
        }
    }
    Ok(())
}

fn counted(certificate: &Certificate) -> Summary {
    let claims = certificate.workloads.iter().flat_map(|one| [&one.immediately, &one.recovered]);
    let count = |such: fn(&&Claim) -> bool| claims.clone().filter(such).count();
    Summary {
        proved: count(|claim| **claim == Claim::Proved),
        refuted: count(|claim| matches!(claim, Claim::Refuted { .. })),
        unknown: count(|claim| **claim == Claim::Unknown),
    }
}

/// Ways to tamper with a certificate of one sequence that leave its question what it is.
fn tampered(whole: &Certificate) -> Vec<(&'static str, Certificate)> {
    let mut all = Vec::new();
    let mut lie = |name, change: &mut dyn FnMut(&mut Certificate)| {
        let mut changed = whole.clone();
        change(&mut changed);
        changed.summary = counted(&changed);
        if changed != *whole {
            all.push((name, changed));
        }
    };
    for at in 0..whole.workloads.len() {
        lie("a claim that is none", &mut |it| it.workloads[at].recovered = Claim::Proved);
        lie("another that is none", &mut |it| it.workloads[at].immediately = Claim::Proved);
        lie("the run of the other claim", &mut |it| {
            let one = &mut it.workloads[at];
            std::mem::swap(&mut one.immediately, &mut one.recovered);
        });
        lie("a shorter run", &mut |it| {
            let one = &mut it.workloads[at];
            for claim in [&mut one.immediately, &mut one.recovered] {
                if let Claim::Refuted { run } = claim
                    && let Some(passage) = &mut run.through
                {
                    passage.stages.pop();
                }
            }
        });
        lie("a run that counts fewer", &mut |it| {
            if let Claim::Refuted { run } = &mut it.workloads[at].recovered {
                run.ready = run.ready.saturating_sub(1);
                run.wanted += 1;
            }
        });
    }
    lie("no courses", &mut |it| it.courses.clear());
    lie("no starts", &mut |it| it.starts.clear());
    for Listed(stages) in &whole.courses {
        for (stage, lists) in stages.iter().enumerate() {
            lie("a place of rest less", &mut |it| {
                it.courses[0].0[stage].pop();
            });
            lie("a place of rest twice", &mut |it| {
                let again = it.courses[0].0[stage].last().cloned();
                it.courses[0].0[stage].extend(again);
            });
            (0..lists.len()).for_each(|rest| lie_about_states((stage, rest), &mut lie));
        }
    }
    all
}

/// The same with the states listed from one place of rest on.
fn lie_about_states(
    (stage, rest): (usize, usize),
    lie: &mut impl FnMut(&'static str, &mut dyn FnMut(&mut Certificate)),
) {
    lie("a state less", &mut |it| {
        it.courses[0].0[stage][rest].pop();
    });
    lie("no states", &mut |it| it.courses[0].0[stage][rest].clear());
    lie("another step", &mut |it| {
        let steps = it.steps.len();
        if let Some(State(_, step)) = it.courses[0].0[stage][rest].last_mut() {
            *step = (*step + 1) % steps;
        }
    });
    lie("without a moment at which an event comes", &mut |it| {
        without_a_moment(it, (stage, rest));
    });
    lie("claims that are none, and without such a moment", &mut |it| {
        without_a_moment(it, (stage, rest));
        for one in &mut it.workloads {
            (one.immediately, one.recovered) = (Claim::Proved, Claim::Proved);
        }
    });
    lie("states turned round", &mut |it| it.courses[0].0[stage][rest].reverse());
}

/// Cuts off a list where one of joined events comes last.
fn without_a_moment(certificate: &mut Certificate, (stage, rest): (usize, usize)) {
    let come = certificate.steps.iter().position(|step| *step == Move::Come);
    let list = &mut certificate.courses[0].0[stage][rest];
    if let Some(at) = list.iter().rposition(|State(_, by)| Some(*by) == come) {
        list.truncate(at);
    }
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
