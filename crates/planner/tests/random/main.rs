//! Random small clusters, those that hold the prover: what a change makes of a cluster is what an
//! edited manifest makes of its export, and every repair, applied to the export, is proved.

#[expect(dead_code, reason = "nodes that fail together are asked about there")]
#[path = "../../../proof/tests/soundness/plan.rs"]
mod plan;
#[path = "../../../proof/tests/soundness/render.rs"]
mod render;

mod altered;
mod moved;
mod plans;
mod removed;

use std::cell::RefCell;

use holdfast_cluster::Cluster;
use holdfast_ingest::{Options, Source, load};
use holdfast_planner::{Asked, Effort, Repairer, asked};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::{Prover, Settings, Summary};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::altered::{Altered, Pick};
use crate::plan::{Family, Plan};

const QUESTION: Question = Question::AnyNodes(1);

fn settings() -> Settings {
    Settings { states_per_set: 2_000, ..Settings::default() }
}

/// Clusters of each test.
fn cases() -> u32 {
    if std::env::var_os("HOLDFAST_LONG").is_some() { 4_000 } else { 400 }
}

fn run<S: Strategy>(
    number: u8,
    strategy: &S,
    check: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config { cases: cases(), failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[number; 32]);
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(strategy, check) {
        panic!("{error}");
    }
}

fn family() -> Family {
    Family { affinity: 0.3, spread: 0.2, priority: 0.2, trouble: 0.05, ..Family::default() }
}

fn export(plan: &Plan) -> Vec<Source> {
    let items = render::objects(plan);
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items });
    vec![Source::named("export", list.to_string())]
}

fn read(sources: Vec<Source>) -> Cluster {
    load(sources, &Options::default()).cluster
}

/// The verdicts on every workload, by kind and name: at once, recovered.
fn verdicts(prover: &Prover<'_>, summary: &Summary) -> Vec<(String, VerdictName, VerdictName)> {
    let cluster = prover.cluster();
    let subjects = prover.subjects().subjects.iter().zip(&summary.subjects);
    let mut all: Vec<_> = subjects
        .map(|(subject, summed)| {
            let workload = cluster.workload(subject.root);
            let name = format!("{:?}/{}", workload.kind, cluster.text(workload.name));
            let name_of = |verdict| VerdictName::from(&verdict);
            (name, name_of(summed.immediately.verdict()), name_of(summed.recovered.verdict()))
        })
        .collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

fn proved(cluster: &Cluster) -> Vec<(String, VerdictName, VerdictName)> {
    let prover = Prover::new(cluster, settings());
    verdicts(&prover, &asked::one_by_one(&prover, &QUESTION, || false))
}

/// A change made to a cluster, and the same edit of its export's text, are one.
#[test]
fn changes_are_edits_of_the_export() {
    let tally = RefCell::new(Tally::default());
    let strategy = (plan::plan(family()), altered::pick());
    run(1, &strategy, |(plan, pick): (Plan, Pick)| {
        let sources = export(&plan);
        let before = read(sources.clone());
        let mut tally = tally.borrow_mut();
        let Some(Altered { change, alteration }) = altered::of(&before, &pick) else {
            return Ok(());
        };
        let changed = before.changed(std::slice::from_ref(&change)).expect("it was made before");
        let edited = altered::edited(sources, vec![alteration]);
        let (one, other) = (proved(&changed), proved(&edited));
        prop_assert_eq!(&one, &other, "{:?}", change);
        tally.same += 1;
        tally.telling += u32::from(one != proved(&before));
        Ok(())
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    assert!(tally.same > 300 && tally.telling > 40, "{tally:?}");
}

/// What repairs a cluster repairs its export, and leaves what was proved.
#[test]
fn repairs_hold_when_they_are_applied() {
    let tally = RefCell::new(Tally::default());
    run(2, &plan::plan(family()), |plan| {
        let sources = export(&plan);
        let cluster = read(sources.clone());
        let prover = Prover::new(&cluster, settings());
        let summary = asked::one_by_one(&prover, &QUESTION, || false);
        let before = verdicts(&prover, &summary);
        let sweep = |prover: &Prover<'_>, question: &Question| {
            asked::one_by_one(prover, question, || false)
        };
        let asked = Asked {
            prover: &prover,
            question: &QUESTION,
            summary: &summary,
            sweep: &sweep,
            settings: settings(),
        };
        let repairer = Repairer { asked, effort: Effort { looks: 24, proofs: 6, remedies: 1 } };
        let mut tally = tally.borrow_mut();
        for position in repairer.refuted() {
            let found = repairer.repair(position);
            tally.none += u32::from(found.found.is_empty());
            let Some(remedy) = found.found.first() else { continue };
            let alterations = altered::applied(&cluster, &remedy.changes);
            let after = proved(&altered::edited(sources.clone(), alterations));
            let workload = cluster.workload(prover.subjects().subjects[position].root);
            let name = format!("{:?}/{}", workload.kind, cluster.text(workload.name));
            let claims = |all: &[(String, VerdictName, VerdictName)], name: &str| {
                let found = all.iter().find(|one| one.0 == name);
                found.map(|(_, at_once, back)| [*at_once, *back])
            };
            let [at_once, back] = claims(&after, &name).expect("it is still there");
            let holds = |meant: bool, verdict| !meant || verdict == VerdictName::Proved;
            prop_assert!(holds(remedy.proves.immediately, at_once), "{remedy:?}");
            prop_assert!(holds(remedy.proves.recovered, back), "{remedy:?}");
            for (other, at_once, back) in &before {
                let now = claims(&after, other).expect("it is still there");
                for (was, is) in [(at_once, now[0]), (back, now[1])] {
                    let kept = *was != VerdictName::Proved || is == VerdictName::Proved;
                    prop_assert!(kept, "{other} was lost by {remedy:?}");
                }
            }
            tally.same += 1;
            tally.telling += u32::from(remedy.leaves.is_empty());
        }
        Ok(())
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    assert!(tally.same > 100 && tally.telling > 50 && tally.none > 0, "{tally:?}");
}

/// How much the tests saw.
#[derive(Debug, Default)]
struct Tally {
    /// Both sides agreed.
    same: u32,
    /// It made a difference.
    telling: u32,
    /// Nothing was found.
    none: u32,
}
