//! What was found of a certificate, in words.

use std::fmt::Write as _;

use holdfast_certificate::flaw::{Broken, ClaimName, Whose};
use holdfast_certificate::format::{Certificate, Move};
use holdfast_certificate::{Accepted, Flaw};

use super::words;

/// That it was accepted, and what it claims.
pub fn accepted(certificate: &Certificate, found: Accepted) -> String {
    let counts = certificate.summary;
    let at_once = match found.at_once {
        0 => String::new(),
        some => format!(" ({some} of them at once)"),
    };
    let asked = match found.sequences {
        0 => words::count(found.sets as usize, "failure set", "failure sets"),
        some => words::count(some as usize, "sequence", "sequences"),
    };
    format!(
        "accepted: {} proved, {} refuted, {} left open; {asked}{at_once} and {} checked\n",
        words::count(counts.proved, "claim", "claims"),
        counts.refuted,
        counts.unknown,
        words::count(found.states as usize, "state", "states"),
    )
}

/// How many verdicts that a certificate does not show are named.
const NAMED: usize = 10;

/// Which verdicts a certificate does not show, a line each, and of many how many more.
pub fn left_out(left_out: &[Whose]) -> String {
    let line = |whose| format!("note: the certificate does not show {}\n", self::whose(whose));
    let mut text: String = left_out.iter().take(NAMED).map(line).collect();
    let more = left_out.len().saturating_sub(NAMED);
    if more > 0 {
        let _ = writeln!(text, "note: nor {more} more that were decided");
    }
    text
}

/// What does not follow.
pub fn flaw(flaw: &Flaw) -> String {
    match flaw {
        Flaw::Schema(told) => {
            format!("the certificate is of schema {told:?}, not holdfast.certificate/v1")
        }
        Flaw::Input { told, read } => {
            format!("the certificate is about another input: it names {told}, this is {read}")
        }
        Flaw::Question => {
            "it asks about what there is not, or tells the courses of other events".to_owned()
        }
        Flaw::Workload(name) => {
            format!("its workloads are not those of the input: look at {name}")
        }
        Flaw::Summary => "its summary does not count what it claims".to_owned(),
        Flaw::LostInput => {
            "it claims something although parts of the input could not be read".to_owned()
        }
        Flaw::Room(name) => {
            format!("a room speaks of {name:?}, which there is not, or asks too high a price")
        }
        Flaw::Headroom(what) => format!("whichever nodes fail: {}", broken(what)),
        Flaw::Start(what) => format!("before anything fails: {}", broken(what)),
        Flaw::Run { whose: who, what } => {
            format!("the run against {}: {}", whose(who), broken(what))
        }
        Flaw::Set { fail, whose: who, what } => {
            let fail = match &fail[..] {
                [] => "while nothing fails".to_owned(),
                names => format!("when {} fail", names.join(", ")),
            };
            let who = who.as_ref().map(|who| format!(", {}", whose(who))).unwrap_or_default();
            format!("{fail}{who}: {}", broken(what))
        }
        Flaw::Sequence { number, whose: who, what } => {
            let who = who.as_ref().map(|who| format!(", {}", whose(who))).unwrap_or_default();
            format!("in sequence {}{who}: {}", number + 1, broken(what))
        }
    }
}

fn whose(whose: &Whose) -> String {
    let claim = match whose.claim {
        ClaimName::Immediately => "immediately",
        ClaimName::Recovered => "recovered",
    };
    format!("{} ({claim})", whose.workload)
}

fn broken(what: &Broken) -> String {
    match what {
        Broken::Step(step) => format!("a step cannot come there: {}", told(step)),
        Broken::Missing(step) => {
            format!("a step leads to a state that is not listed: {}", told(step))
        }
        Broken::Order(at) => {
            format!("number {at} of the list follows none of those before it, or no step")
        }
        Broken::Twice(at) => format!("state {at} is listed twice"),
        Broken::Coarse => "more can happen there than can be listed".to_owned(),
        Broken::Unrest => "the run ends before all is quiet".to_owned(),
        Broken::NoReturn(at) => {
            format!("from state {at} of those that should come again and again none leads back")
        }
        Broken::NoRest => "the cluster may never come to rest".to_owned(),
        Broken::From(at) => format!("state {at} is no place of rest to start from"),
        Broken::TooFew { ready, wanted } => format!("{ready} of {wanted} pods serve"),
        Broken::Counts { ready, wanted } => {
            format!("the numbers are others: {ready} of {wanted} pods serve")
        }
        Broken::Uncounted => {
            "its end is counted, and headroom does not tell what the failure does".to_owned()
        }
        Broken::Enough => "enough pods serve at the end".to_owned(),
        Broken::NoRoom(pod) => format!("{pod} may find no place for all that is written down"),
        Broken::Unsteady => {
            "pods may be preempted or made that nothing written down accounts for".to_owned()
        }
        Broken::NotKnown => {
            "it rests on what is not known of a scheduler, a controller, volumes or scores"
                .to_owned()
        }
        Broken::Needless => {
            "evidence is given twice, or for a failure that is not asked about".to_owned()
        }
    }
}

fn told(step: &Move) -> String {
    match step {
        Move::Evict { pod, .. } => format!("{pod} is evicted"),
        Move::Schedule { pod, node } => format!("{pod} goes to {node}"),
        Move::Preempt { pod, node, victims } => {
            format!("{} make room for {pod} on {node}", victims.join(", "))
        }
        Move::End { pod, .. } => format!("{pod} ends"),
        Move::GiveUp { pod } => format!("no node is kept free for {pod}"),
        Move::ScaleDown { pods } => format!("{} are scaled down", pods.join(", ")),
        Move::Autoscale { workload, desired } => format!("{workload} is scaled to {desired}"),
        Move::Renew { pod } => format!("{pod} is renewed"),
        Move::Attach { pod } => format!("{pod} gets its volume"),
        Move::Drain { pod, .. } => format!("{pod} is drained"),
        Move::Clear { node } => format!("{node} loses its taints"),
        Move::Start { pod } => format!("{pod} starts"),
        Move::Come => "the next event comes".to_owned(),
    }
}
