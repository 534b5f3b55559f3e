//! Nodes that can go: brute force over orders of drains, and the exports in which they end.

use std::cell::RefCell;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use holdfast_failover::{Dynamics, Event, Joined, budgets};
use holdfast_ingest::export::{BudgetStatus, End, Moments, export};
use holdfast_ingest::{Options, Source, load};
use holdfast_planner::Asking;
use holdfast_planner::recovery::one_by_one;
use holdfast_planner::remove::{Removal, Remover};
use holdfast_proof::report::Question;
use holdfast_proof::stuck::Stuck;
use holdfast_proof::{Prover, Sequencer, Settings, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::plan::{self, Plan};
use crate::{Tally, export as exported, family, proved, render, run};

fn settings() -> Settings {
    Settings { states_per_set: 1_000, ..Settings::default() }
}

fn asking() -> Asking<'static> {
    Asking {
        settings: settings(),
        sweep: &|prover, question, enough| one_by_one(prover, question, enough),
    }
}

/// What is known of an order, or of all orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Safe,
    Refuted,
    Unknown,
}

/// Brute force: every order of nodes, drained and deleted in turn, and every failure then.
struct Brute<'c> {
    sequencer: Sequencer<'c>,
    nodes: Vec<NodeId>,
    all: Vec<NodeId>,
    start: Placement,
    full: Vec<bool>,
    claimed: Vec<bool>,
    survive: usize,
    best: usize,
    /// The longest order that may be safe for all that is known.
    perhaps: usize,
}

impl Brute<'_> {
    fn events(order: &[NodeId]) -> Vec<Joined> {
        let of = |node: &NodeId| [Event::Drain(vec![*node]), Event::Delete(vec![*node])];
        order.iter().flat_map(of).map(Joined::from).collect()
    }

    fn back(&self, events: &[Joined], asked: &[bool]) -> Known {
        let (courses, _) = self.sequencer.follow(events).expect("it can happen");
        let mut known = Known::Safe;
        for (course, _) in courses.iter().zip(asked).filter(|(_, asked)| **asked) {
            match course.recovered {
                Verdict::Proved(_) => {}
                Verdict::Refuted => return Known::Refuted,
                Verdict::Unknown(_) => known = Known::Unknown,
            }
        }
        known
    }

    fn drains(&self, order: &[NodeId]) -> Known {
        let cluster = self.sequencer.dynamics().cluster();
        let events = Self::events(order);
        let stages = self.sequencer.stages(&events).expect("it can happen");
        let drained = &stages[stages.len() - 2];
        let stuck = drained.stuck.iter().any(|stuck| matches!(stuck, Stuck::Drain { .. }));
        if stuck {
            return if drained.doubts.is_empty() { Known::Refuted } else { Known::Unknown };
        }
        // A pod that bears cordons may be back on the node when that is deleted.
        let last = order.last().expect("there is one");
        let start = &stages[0].example;
        let of_node = |pod: &&InstanceId| {
            let kind = cluster.workload(start.instance(**pod).workload).kind;
            matches!(kind, WorkloadKind::DaemonSet | WorkloadKind::StaticPod)
        };
        let fixed = start.node(*last).pods.iter().filter(of_node).count();
        if !drained.exact || drained.pods[last.index()].max as usize > fixed {
            return Known::Unknown;
        }
        self.back(&events, &self.full)
    }

    fn survives(&self, order: &[NodeId]) -> Known {
        let mut known = Known::Safe;
        let heard = |node: &&NodeId| self.start.node(**node).reachable;
        for node in self.all.iter().filter(heard) {
            if self.survive == 0 || order.contains(node) {
                continue;
            }
            let mut events = Self::events(order);
            events.push(Event::Fail(vec![*node]).into());
            match self.back(&events, &self.claimed) {
                Known::Safe => {}
                Known::Refuted => return Known::Refuted,
                Known::Unknown => known = Known::Unknown,
            }
        }
        known
    }

    fn try_all(&mut self, order: &mut Vec<NodeId>) {
        for node in self.nodes.clone() {
            if order.contains(&node) {
                continue;
            }
            order.push(node);
            match self.drains(order) {
                Known::Refuted => {}
                Known::Unknown => self.perhaps = self.nodes.len(),
                Known::Safe => {
                    match self.survives(order) {
                        Known::Safe => self.best = self.best.max(order.len()),
                        Known::Unknown => self.perhaps = self.perhaps.max(order.len()),
                        Known::Refuted => {}
                    }
                    self.try_all(order);
                }
            }
            order.pop();
        }
    }
}

fn brute(cluster: &Cluster, survive: usize) -> Brute<'_> {
    let prover = Prover::new(cluster, settings());
    let control_plane = prover.dynamics().control_plane();
    let all: Vec<NodeId> = cluster.node_ids().collect();
    let placement = Placement::of(cluster);
    let may =
        |node: &NodeId| control_plane.parts_of(*node) == [0; 3] && placement.node(*node).serves();
    let nodes =
        all.iter().copied().filter(may).filter(|_| control_plane.acts(&placement)).collect();
    let subjects = 0..prover.subjects().subjects.len();
    let full: Vec<bool> = subjects
        .clone()
        .map(|at| matches!(prover.standing(at).recovered, Verdict::Proved(_)))
        .collect();
    let today = asking().of(cluster, &Question::AnyNodes(survive.max(1)));
    let survives = |at: usize| today.is_proved(prover.subjects().subjects[at].root);
    let claimed = subjects.map(|at| full[at] && (survive == 0 || survives(at))).collect();
    let sequencer = Sequencer::new(Dynamics::new(cluster), settings());
    let (best, perhaps) = (0, 0);
    let start = placement.clone();
    let mut brute = Brute { sequencer, nodes, all, start, full, claimed, survive, best, perhaps };
    brute.try_all(&mut Vec::new());
    brute
}

fn removal(cluster: &Cluster, survive: usize) -> Removal {
    let question = (survive > 0).then_some(Question::AnyNodes(survive));
    let question = question.as_ref();
    Remover { cluster, question, asking: asking(), proofs: 2_000 }.remove()
}

/// Bounds may know more than runs that are cut short; what both know is the same.
#[test]
fn as_many_can_go_as_brute_force_finds() {
    let tally = RefCell::new(Tally::default());
    let few = |plan: &Plan| plan.nodes.len() <= 4;
    let strategy = (plan::plan(family()).prop_filter("few nodes", few), 0_usize..2);
    run(3, &strategy, |(plan, survive)| {
        let cluster = crate::read(exported(&plan));
        let found = removal(&cluster, survive);
        let brute = brute(&cluster, survive);
        let mut tally = tally.borrow_mut();
        let size = found.order.len();
        prop_assert!(size >= brute.best, "{found:?}: {} can go", brute.best);
        prop_assert!(brute.best <= found.bound, "{found:?}: {} can go", brute.best);
        prop_assert!(size <= brute.best.max(brute.perhaps), "{found:?}: {} can go", brute.best);
        if !found.order.is_empty() {
            for end in 1..=size {
                let drained = brute.drains(&found.order[..end]);
                prop_assert!(drained != Known::Refuted, "{found:?} at {end}");
            }
            prop_assert!(brute.survives(&found.order) != Known::Refuted, "{found:?}");
        }
        tally.same += u32::from(found.largest);
        tally.telling += u32::from(size > 0);
        tally.none += u32::from(!found.largest);
        Ok(())
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    assert!(tally.same > 200 && tally.telling > 60, "{tally:?}");
}

/// One of the ends of the drains, written as an export and read again, is proved to survive.
#[test]
fn what_is_left_survives_as_an_export() {
    let tally = RefCell::new(Tally::default());
    run(4, &plan::plan(family()), |plan| {
        let loaded = load(exported(&plan), &Options::default());
        let cluster = &loaded.cluster;
        let found = removal(cluster, 1);
        if found.order.is_empty() {
            return Ok(());
        }
        let sequencer = Sequencer::new(Dynamics::new(cluster), settings());
        let stages = sequencer.stages(&Brute::events(&found.order)).expect("it can happen");
        let placement = &stages.last().expect("there is one").example;
        let standings = budgets::standings(cluster, placement).into_iter();
        let end = End {
            placement,
            seconds: 0,
            moments: vec![Moments::default(); placement.instances().len()],
            unscheduled: std::collections::BTreeMap::new(),
            budgets: standings
                .map(|stands| BudgetStatus {
                    healthy: stands.healthy,
                    needed: stands.needed,
                    expected: stands.expected,
                    allowed: stands.allowed,
                })
                .collect(),
        };
        let written = export(exported(&plan), cluster, &loaded.origins, &end);
        let empty: Vec<Value> = render::objects(&plan)
            .into_iter()
            .filter(|object| object["kind"].as_str().is_some_and(|kind| kind.ends_with("List")))
            .collect();
        // What there is none of is not in an export.
        let none = json!({ "apiVersion": "v1", "kind": "List", "items": empty }).to_string();
        let after = crate::read(vec![
            Source::named("end", written.to_string()),
            Source::named("none", none),
        ]);
        prop_assert_eq!(after.nodes().len() + found.order.len(), cluster.nodes().len());
        let unasked: Vec<String> = found
            .short
            .iter()
            .chain(&found.amiss)
            .map(|id| cluster.text(cluster.workload(*id).name).to_owned())
            .collect();
        for (name, _, back) in proved(&after) {
            let asked = !unasked.iter().any(|one| name.ends_with(&format!("/{one}")));
            let lost = asked && back != holdfast_proof::report::VerdictName::Proved;
            prop_assert!(!lost, "{name} is {back:?} without {found:?}, {:?}", proved(cluster));
        }
        let mut tally = tally.borrow_mut();
        tally.same += 1;
        tally.telling += u32::from(found.order.len() > 1);
        Ok(())
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    assert!(tally.same > 40, "{tally:?}");
}
