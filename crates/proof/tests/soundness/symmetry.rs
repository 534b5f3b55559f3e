//! One of the sets that nothing can tell apart stands for all: the report is the same.

use holdfast_cluster::{Cluster, NodeId};
use holdfast_failover::{Dynamics, Event, Joined};
use holdfast_proof::report::Question;
use holdfast_proof::sequence::{alike, orders};
use holdfast_proof::{Prover, Report, Sequencer, Settings, Summary, Symmetry};
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use crate::check::Tally;

/// The report over all pairs, and all orders of two failures, with symmetry and without.
pub(crate) fn changes_nothing(prover: &Prover<'_>, tally: &mut Tally) -> Result<(), TestCaseError> {
    let cluster = prover.cluster();
    if prover.symmetry().classes() == cluster.nodes().len() {
        return Ok(());
    }
    // Where only the first of many places of rest are looked at, these are not the same for all
    // alike, and a set may stay open that another decides.
    if !prover.starts().complete {
        return Ok(());
    }
    let question = Question::AnyNodes(2.min(cluster.nodes().len()));
    let (with, without) = (Settings { symmetry: true, ..prover.settings() }, prover.settings());
    let without = Settings { symmetry: false, ..without };
    let (one, all) = (report(cluster, with, &question), report(cluster, without, &question));
    let count = |report: &Value, key: &str| report["checked"][key].as_u64().unwrap_or(0);
    let left_out = count(&all, "sets") - count(&one, "setsUpToSymmetry");
    tally.alike += left_out;
    if told(&one) != told(&all) {
        let text = format!("with symmetry\n{:#}\nwithout\n{:#}", told(&one), told(&all));
        return Err(TestCaseError::fail(text));
    }
    orders_are_alike(cluster, with)
}

fn report(cluster: &Cluster, settings: Settings, question: &Question) -> Value {
    let mut prover = Prover::new(cluster, settings);
    prover.foresee(2);
    let nodes: Vec<NodeId> = cluster.node_ids().collect();
    let mut workspace = prover.workspace();
    let mut summary = Summary::new(&prover);
    for (set, count) in question.orbits(&nodes, prover.symmetry()) {
        summary.add_orbit((&set, count), &prover.examine(&mut workspace, &set));
    }
    summary.finish();
    serde_json::to_value(Report::new(&prover, question, &summary)).expect("a report is written")
}

/// All but how much was searched.
fn told(report: &Value) -> Value {
    let mut report = report.clone();
    let checked = report["checked"].as_object_mut().expect("it is told");
    checked.retain(|key, _| key != "states" && key != "setsUpToSymmetry");
    report
}

/// Orders that nothing can tell apart come to the same.
fn orders_are_alike(cluster: &Cluster, settings: Settings) -> Result<(), TestCaseError> {
    let sequencer = Sequencer::new(Dynamics::new(cluster), settings);
    let fail = |node| Joined::from(Event::Fail(vec![node]));
    let events: Vec<Joined> = cluster.node_ids().take(3).map(fail).collect();
    let orders = orders(events.len());
    let first = alike(&Symmetry::of(sequencer.dynamics()), &events, &orders);
    let follow = |order: &[usize]| {
        let events: Vec<Joined> = order.iter().map(|at| events[*at].clone()).collect();
        // Which of the nodes does not fail, as it did before, goes by its name.
        sequencer.follow(&events).ok().map(|(courses, _)| courses)
    };
    for (at, order) in orders.iter().enumerate().filter(|(at, _)| first[*at] != *at) {
        let (own, other) = (follow(order), follow(&orders[first[at]]));
        if own != other {
            let text = format!("order {order:?}: {own:?}, but {:?}: {other:?}", orders[first[at]]);
            return Err(TestCaseError::fail(text));
        }
    }
    Ok(())
}
