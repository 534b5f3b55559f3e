//! What is worse, or better, of the claims about one workload.

use holdfast_ingest::policy::Weight;
use holdfast_proof::report::downtime::SpanReport;
use holdfast_proof::report::{AtOnce, ClaimReport, VerdictName, WorkloadReport};
use holdfast_proof::summary::SubjectSummary;

use super::{Claim, Fault, Side, Why, Worse};

/// What is worse, the worst first.
pub(super) fn worse(
    was: &WorkloadReport,
    is: &WorkloadReport,
    summary: &SubjectSummary,
    after: Side<'_>,
) -> Vec<Worse> {
    let same_sets = was.immediately.sets() == is.immediately.sets();
    let mut all: Vec<Fault> = Vec::new();
    all.extend(at_once(&was.immediately, &is.immediately, same_sets));
    all.extend(recovered(was, is, same_sets));
    all.extend(by_rule(was, is));
    let outage = |one: &WorkloadReport| one.downtime.as_ref().map(|it| it.outage.clone());
    if all.is_empty() {
        all.extend(outage(was).zip(outage(is)).and_then(|(was, is)| down_longer(&was, is)));
    }
    // Refuted before unknown, otherwise in the order above.
    all.sort_by_key(Fault::is_open);
    let mut worse: Vec<Worse> = all.into_iter().map(|fault| (Weight::Error, fault)).collect();
    if worse.is_empty() {
        // It holds as it did, with less to spare.
        let (set, fewest) = &summary.fewest_at_once;
        if is.ready_at_once < was.ready_at_once && *fewest < was.ready_at_once {
            let counterexample = AtOnce::new(&after.loaded.cluster, set, *fewest);
            let (needed, desired) = (was.ready_at_once, is.desired);
            let fault = Fault::TooFewReady { needed, desired, counterexample };
            worse.push((Weight::Warning, fault));
        }
    }
    worse
}

/// What there is to say of a workload that was not there before: that it does not run is an error,
/// that it does not survive is worth a warning.
pub(super) fn of_new(is: &WorkloadReport) -> Vec<Worse> {
    let today = |fail: &[String]| fail.is_empty();
    let mut worse = Vec::new();
    if let Some(example) = &is.recovered.counterexample {
        let weight = if today(&example.fail) { Weight::Error } else { Weight::Warning };
        worse.push((weight, Fault::NotRecovered { counterexample: Box::new(example.clone()) }));
    }
    if let Some(example) = &is.immediately.counterexample {
        worse.push((Weight::Warning, Fault::NoneLeft { counterexample: example.clone() }));
    }
    worse
}

/// What holds now, and did not.
pub(super) fn better(was: &WorkloadReport, is: &WorkloadReport) -> Vec<Claim> {
    let holds = |verdict: VerdictName| verdict == VerdictName::Proved;
    let rule = |one: &WorkloadReport| one.by_rule.as_ref().map(|it| it.verdict);
    let claims = [
        (Claim::Immediately, Some(was.immediately.verdict), Some(is.immediately.verdict)),
        (Claim::Recovered, Some(was.recovered.verdict), Some(is.recovered.verdict)),
        (Claim::ByRule, rule(was), rule(is)),
    ];
    let gained = claims.into_iter().filter_map(|(claim, was, is)| {
        let (was, is) = was.zip(is)?;
        (holds(is) && !holds(was)).then_some(claim)
    });
    gained.collect()
}

/// Whether more is refuted than was: the claim itself, or by more of the same sets.
fn is_more<E>(was: &ClaimReport<E>, is: &ClaimReport<E>, same_sets: bool) -> bool {
    let more = same_sets && is.refuted > was.refuted + was.unknown;
    is.verdict.rank() > was.verdict.rank() || is.verdict == VerdictName::Refuted && more
}

/// Whether it takes no failure any more to refute it.
fn is_today<E>(was: &ClaimReport<E>, is: &ClaimReport<E>, fail: fn(&E) -> &[String]) -> bool {
    let today = |one: &ClaimReport<E>| {
        one.counterexample.as_ref().is_some_and(|example| fail(example).is_empty())
    };
    today(is) && !today(was)
}

fn at_once(was: &ClaimReport<AtOnce>, is: &ClaimReport<AtOnce>, same_sets: bool) -> Option<Fault> {
    let today = is_today(was, is, |example| &example.fail);
    if !today && !is_more(was, is, same_sets) {
        return None;
    }
    Some(match &is.counterexample {
        Some(example) => Fault::NoneLeft { counterexample: example.clone() },
        None => open(Claim::Immediately, is),
    })
}

fn recovered(was: &WorkloadReport, is: &WorkloadReport, same_sets: bool) -> Option<Fault> {
    let today = is_today(&was.recovered, &is.recovered, |example| &example.fail);
    if !today && !is_more(&was.recovered, &is.recovered, same_sets) {
        return None;
    }
    Some(match &is.recovered.counterexample {
        Some(example) => Fault::NotRecovered { counterexample: Box::new(example.clone()) },
        None => open(Claim::Recovered, &is.recovered),
    })
}

fn by_rule(was: &WorkloadReport, is: &WorkloadReport) -> Option<Fault> {
    // Where today's placement does not do, the rules that allow it do not either.
    let today = was.immediately.verdict.rank();
    let (was, is) = was.by_rule.as_ref().zip(is.by_rule.as_ref())?;
    if is.verdict.rank() <= was.verdict.rank().max(today) {
        return None;
    }
    if is.verdict == VerdictName::Refuted {
        return Some(Fault::NotByRule { counterexample: is.clone() });
    }
    Some(Fault::Inconclusive { claim: Claim::ByRule, why: Why::of_rule(is) })
}

fn open<E>(claim: Claim, known: &ClaimReport<E>) -> Fault {
    let why = known.doubt.as_ref().map_or_else(|| Why::of("unsettled"), Why::from);
    Fault::Inconclusive { claim, why }
}

/// It is surely without a pod for longer than it was in any run.
fn down_longer(was: &SpanReport, is: SpanReport) -> Option<Fault> {
    // What nobody declared of both, as how long pods take to start, is the same in both.
    let known = was.for_ever.is_none() && (was.and.is_empty() || was.and == is.and);
    let limit = was.at_most.filter(|_| known)?;
    let longer = is.for_ever.is_some() || is.at_least.is_some_and(|least| least > limit);
    longer.then_some(Fault::DownTooLong { limit, outage: is })
}
