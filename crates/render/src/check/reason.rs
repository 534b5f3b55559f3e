//! A finding in words, for every format: what is wrong, of what, and how it comes to that.

use std::fmt::Write;

use holdfast_ingest::policy::{Carry, Weight};
use holdfast_policy::catalogue::Id;
use holdfast_policy::finding::{Claim, Fault, Finding, SelectorReport, Since, Standing, Why};
use holdfast_policy::report::RequirementReport;
use holdfast_policy::suppress::{By, Suppressed};
use holdfast_proof::report::downtime::SpanReport;
use holdfast_proof::report::rules::ByRuleReport;
use holdfast_proof::report::{AtOnce, Counterexample, Excluded, Object};

use super::majority;
use crate::prove::{self, downtime, rules, with_failure};
use crate::{domain, field, remedy, words};

/// `error[too-few-ready]`.
pub(super) fn label(found: &Finding) -> String {
    format!("{}[{}]{}", severity(found.severity), found.fault.id(), standing(found))
}

/// How it stands to a baseline, in brackets, where that is to be said.
pub(super) fn standing(found: &Finding) -> &'static str {
    match found.standing {
        None | Some(Standing::New) => "",
        Some(Standing::Worse) => " (worse than known)",
        Some(Standing::Known) => " (known)",
    }
}

/// Whether the baseline knows it, so that it closes nothing.
pub(super) fn is_known(found: &Finding) -> bool {
    found.standing == Some(Standing::Known)
}

/// Who accepts a finding, and why.
pub(super) fn accepted(one: &Suppressed) -> String {
    let by = match one.by {
        By::Annotation => "an annotation",
        By::Policy => "the policy",
        By::Run => "--suppress",
    };
    format!("by {by}: {}", one.reason)
}

/// What a requirement is worth.
pub(super) fn severity(severity: Weight) -> &'static str {
    match severity {
        Weight::Error => "error",
        Weight::Warning => "warning",
    }
}

/// The scenario of a requirement, or what there is without one.
pub(super) fn when(requirement: &RequirementReport) -> &str {
    requirement.scenario.as_deref().unwrap_or(AS_IT_STANDS)
}

/// What is asked of a cluster in no scenario.
pub(super) const AS_IT_STANDS: &str = "as it stands";

/// Which requirement, and in which scenario; or what has made it worse.
pub(super) fn background(found: &Finding) -> String {
    match (&found.requirement, &found.scenario, &found.since) {
        (Some(name), Some(scenario), _) => format!("requirement {name}, scenario {scenario}"),
        (Some(name), None, _) => format!("requirement {name}"),
        (None, _, Some(since)) => due_to(since),
        (None, _, None) => "found among the suppressions".to_owned(),
    }
}

/// How bad it is: what the baseline knows comes last, errors come before warnings, and what is
/// refuted before what is not known.
pub(super) fn rank(found: &Finding) -> (bool, Weight, bool) {
    (is_known(found), found.severity, found.fault.is_open())
}

/// The workload: `shop/deployment/web`.
pub(super) fn object(found: &Finding) -> Option<String> {
    found.object.as_ref().map(name)
}

/// Where there is more to read on findings of its id.
pub(super) fn page(found: &Finding) -> String {
    Id::of(&found.fault).path()
}

/// How it comes to that, line by line; nothing where the sentence says all.
pub(super) fn story(found: &Finding) -> Option<String> {
    let mut out = String::new();
    match (&found.fault, &found.object) {
        (Fault::NotRecovered { counterexample }, Some(object)) => {
            prove::story(&mut out, &object.kind, counterexample);
        }
        (Fault::NotByRule { counterexample: ByRuleReport { moved: Some(moved), .. } }, _) => {
            rules::story(&mut out, moved);
        }
        _ => return None,
    }
    (!out.is_empty()).then_some(out)
}

/// The cheapest change that mends it, where one was found.
pub(super) fn remedy(found: &Finding) -> Option<String> {
    let remedy = found.remedy.as_ref()?;
    Some(format!("remedy, PROVED: {}", remedy::with_limits(remedy)))
}

/// Everything, as text without marks.
pub(super) fn text(found: &Finding) -> String {
    let mut out = format!("{}\n{}\n", sentence(found), background(found));
    if let Some(story) = story(found) {
        out += &story;
    }
    // Writing to a string cannot fail, here and below.
    if let Some(remedy) = remedy(found) {
        let _ = writeln!(out, "{remedy}");
    }
    let _ = writeln!(out, "See {}", page(found));
    out
}

fn due_to(since: &Since) -> String {
    const FIELDS: usize = 4;
    let own: Vec<String> = since.own.iter().map(field::changed).collect();
    let mut text = match own.as_slice() {
        [] if since.new => "it is new".to_owned(),
        [] => "nothing of its own was changed".to_owned(),
        own => format!("changed: {}", words::list(own, FIELDS)),
    };
    if !since.also.is_empty() {
        let _ = write!(text, "; also {}", words::list(&since.also, FIELDS));
    }
    text
}

/// What is wrong, and of what.
pub fn sentence(found: &Finding) -> String {
    match object(found) {
        Some(object) => format!("{object}: {}", what(found)),
        None => what(found),
    }
}

/// What is wrong, where it is plain of what.
pub(super) fn what(found: &Finding) -> String {
    let kind = found.object.as_ref().map_or("", |object| object.kind.as_str());
    match &found.fault {
        Fault::NoneLeft { counterexample } => none_left(counterexample),
        Fault::NotByRule { counterexample } => not_by_rule(counterexample),
        Fault::NotRecovered { counterexample } => not_recovered(counterexample),
        Fault::TooFewReady { needed, desired, counterexample: AtOnce { fail, ready_at_once } } => {
            format!(
                "{ready_at_once} of {desired} ready at once {}, {needed} needed",
                with_failure(fail)
            )
        }
        Fault::DownTooLong { limit, outage } => down_too_long(kind, *limit, outage),
        Fault::RolloutStuck { messages } => {
            let said: Vec<&str> = messages.iter().map(String::as_str).collect();
            let said = if said.is_empty() { "its new pods wait" } else { &words::list(&said, 2) };
            format!("its rollout does not get on: {said}")
        }
        Fault::RolloutOutage { desired } => {
            format!("a rollout leaves none of {desired} ready for a while, and did not before")
        }
        Fault::DrainsBlocked { expected, needed } => format!(
            "{needed} of {expected} pods must be ready, so none is ever evicted: drains never end"
        ),
        Fault::BudgetOfNothing => "it selects no pod any more".to_owned(),
        Fault::NoHeadroom { wanted, room, fail, whose } => {
            no_headroom((*wanted, *room), fail, whose.as_ref())
        }
        Fault::ControlPlaneLost { part, up, needed, of, fail } => {
            majority::control_plane(*part, (*up, *needed, *of), fail)
        }
        Fault::VolumesStarved { volumes } => majority::volumes(volumes),
        Fault::MustCarry { misses, has } => must_carry(*misses, *has),
        Fault::SpreadTooThin { label, needed, values } => {
            let on = match values.as_slice() {
                [] => "none".to_owned(),
                values => words::list(values, 4),
            };
            format!("its pods are on {} of {needed} values of {label}: {on}", values.len())
        }
        Fault::TooManyOnNode { node, pods, most } => {
            format!("{node} holds {pods} of its pods, {most} allowed")
        }
        Fault::SuppressionExpired { suppresses } => {
            format!("the suppression of {suppresses} has expired")
        }
        Fault::SuppressionUnmatched { suppresses, known: true } => {
            format!("there is no {suppresses} to suppress")
        }
        Fault::SuppressionUnmatched { suppresses, known: false } => {
            format!("no finding has the id {suppresses}, so nothing is suppressed")
        }
        Fault::SuppressionUnclear { suppresses } => format!(
            "the suppression of {suppresses} needs a reason, and if any a day such as \
             `; until 2027-01-31`"
        ),
        Fault::RunsNoMore { scaled_to_zero: true } => "it is scaled to zero".to_owned(),
        Fault::RunsNoMore { scaled_to_zero: false } => "it is there no more".to_owned(),
        Fault::Inconclusive { claim, why } => inconclusive(*claim, why),
        Fault::RequirementMatchesNothing { selector, excluded } => {
            matches_nothing(selector, excluded)
        }
    }
}

/// An object: `shop/deployment/web`.
pub fn name(object: &Object) -> String {
    format!("{}/{}", object.namespace, prove::short(object))
}

fn none_left(example: &AtOnce) -> String {
    format!("no pod is ready at once {}", with_failure(&example.fail))
}

fn not_by_rule(example: &ByRuleReport) -> String {
    let fail = words::list(&example.fail, 4);
    match example.moved.as_deref() {
        None | Some([]) => format!("{fail} may hold all of its pods, as they are placed today"),
        Some(moved) => {
            format!("the rules let {fail} hold all of its pods, as when {}", rules::moves(moved))
        }
    }
}

fn no_headroom((wanted, room): (u32, u32), fail: &[String], whose: Option<&Object>) -> String {
    let room = match room {
        0 => "no more".to_owned(),
        room => format!("only {room} more"),
    };
    let lost = match (fail, whose) {
        ([], _) => "no node takes another today".to_owned(),
        (fail, None) => format!("with another not all come back {}", with_failure(fail)),
        (fail, Some(other)) => {
            format!("with another {} does not come back {}", name(other), with_failure(fail))
        }
    };
    format!("room for {room} of its pods, {wanted} needed: {lost}")
}

fn not_recovered(example: &Counterexample) -> String {
    let Counterexample { ready, desired, .. } = example;
    let again = if example.again.is_empty() { "" } else { ", again and again" };
    match domain::failing(&example.domains, &example.fail) {
        None => format!("{ready} of {desired} ready already today, with nothing failed{again}"),
        Some(failing) => format!("only {ready} of {desired} come back when {failing}{again}"),
    }
}

fn down_too_long(kind: &str, limit: i64, outage: &SpanReport) -> String {
    let fail = with_failure(outage.fail.as_deref().unwrap_or_default());
    let limit = words::length(limit);
    match (outage.for_ever, outage.at_least) {
        (Some(why), _) => {
            format!(
                "without a pod for ever {fail}, {limit} allowed: {}",
                downtime::never(kind, why)
            )
        }
        (None, least) => format!(
            "without a pod for at least {} after a failure, {limit} allowed",
            words::length(least.unwrap_or(0))
        ),
    }
}

fn inconclusive(claim: Claim, why: &Why) -> String {
    let asked = match claim {
        Claim::Immediately => "a pod is ready at once",
        Claim::ByRule => "a pod is left wherever the rules let them be",
        Claim::Recovered => "all come back",
        Claim::MinReady => "enough are ready at once",
        Claim::Carries => "it carries what it must",
        Claim::Headroom => "more of its pods find room",
        Claim::ControlPlaneQuorum => "the control plane keeps its majority",
        Claim::StorageQuorum => "the volumes that pods need can be used",
        Claim::RollsOut => "its rollout comes to an end",
        Claim::MaxDowntime => "it is without a pod for no longer than it may be",
    };
    let when = match why.fail.as_slice() {
        [] => String::new(),
        fail => format!(" {}", with_failure(fail)),
    };
    format!("UNKNOWN whether {asked}{when}: {}", unknown(why))
}

fn unknown(why: &Why) -> String {
    let detail = why.detail.as_deref().unwrap_or_default();
    match (why.reason, &why.outage) {
        ("interrupted", _) => "not every failure was looked at".to_owned(),
        ("ready-unknown", _) => {
            "how many serve is not known: where pods are, or copies of their volumes".to_owned()
        }
        ("start", Some(outage)) => {
            format!("{}, and nobody says how long pods take to start", downtime::bound(outage))
        }
        ("bounds", Some(outage)) => format!(
            "between {} and {}",
            words::length(outage.at_least.unwrap_or(0)),
            words::length(outage.at_most.unwrap_or(0))
        ),
        (reason, Some(_)) => downtime::why_unknown(reason, detail),
        ("freshly-placed", None) => "a rollout may leave more pods on one node".to_owned(),
        ("no-placement-found", None) => {
            "the rules may allow it, but no such placement was found".to_owned()
        }
        ("too-few-places", None) => "not all of its pods can run at once".to_owned(),
        ("not-all-serve", None) => "not all of its pods serve today".to_owned(),
        ("no-copies", None) => {
            "there cannot be more of its pods, or nobody knows of what".to_owned()
        }
        ("not-back-today", None) => {
            "what runs of it today is not proved to come back in full".to_owned()
        }
        ("headroom-unsettled", None) => "it is not known what comes back with them".to_owned(),
        ("control-plane-outside", None) => {
            "no part of it is among the nodes, nor in the assumptions".to_owned()
        }
        ("volumes-outside", None) => {
            "none of them is known to be kept on the nodes; assumptions tell where they are"
                .to_owned()
        }
        ("copies", None) => "where their copies are, or what they take, is not known".to_owned(),
        ("too-many-sets", None) => "there are too many failures to look at each".to_owned(),
        ("no-template", None) => {
            "pods are missing, and nothing in the export says what they would ask for".to_owned()
        }
        (reason, None) => prove::doubt_reason(reason, detail),
    }
}

fn must_carry(misses: Carry, has: Option<i64>) -> String {
    match misses {
        Carry::AntiAffinity => {
            "it carries no required anti-affinity that keeps its own pods apart".to_owned()
        }
        Carry::Budget => "no disruption budget selects its pods".to_owned(),
        Carry::Replicas(least) => {
            let has = usize::try_from(has.unwrap_or(0)).unwrap_or(0);
            format!("{}, {least} needed", words::count(has, "replica", "replicas"))
        }
        Carry::RollingUpdate => "it does not replace its pods a few at a time".to_owned(),
    }
}

fn matches_nothing(selector: &SelectorReport, excluded: &[Excluded]) -> String {
    let terms = selector.terms();
    let said = if terms.is_empty() { "anything".to_owned() } else { words::list(&terms, 6) };
    let mut text = format!("no workload that should keep running is {said}");
    if !excluded.is_empty() {
        let told = |one: &Excluded| {
            let why = match one.reason {
                "scaled-to-zero" => "is scaled to zero",
                _ => "runs to its end",
            };
            format!("{} {why}", name(&one.object))
        };
        let told: Vec<String> = excluded.iter().map(told).collect();
        text = format!("{text}: {}", words::list(&told, 4));
    }
    text
}
