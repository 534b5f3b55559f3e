//! What must hold in every cluster, on random ones in which the rules meet. Each property cites the
//! upstream file that it follows from (under `pkg/scheduler` of `k8s.io/kubernetes` v1.36.3), and
//! counts the cases in which it had something to say.

mod support;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use holdfast_scheduler::decision::{NodeVerdict, Outcome};
use holdfast_scheduler::{Preemption, Scheduler, Scratch, queue, trace};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use support::wide::{Case, any_case, any_pod, hold};
use support::{candidates, decide, feasible, find, merge, node, pod, running};

fn feasible_names(case: &Case) -> Vec<String> {
    let cluster = case.cluster();
    feasible(&cluster, &decide(&cluster, "p"))
}

/// Whether a change keeps every node that fitted, which it must; telling if it wins one.
fn only_gains(before: &Case, after: &Case) -> Result<bool, TestCaseError> {
    let (before, after) = (feasible_names(before), feasible_names(after));
    prop_assert!(before.iter().all(|node| after.contains(node)), "{before:?} {after:?}");
    Ok(after.len() > before.len() && !before.is_empty())
}

/// The candidates and where preemption helps most, by name.
fn names(cluster: &Cluster) -> (Vec<String>, Vec<(String, bool)>) {
    let decision = decide(cluster, "p");
    let name = |node: &NodeId| cluster.node_name(*node).to_owned();
    let helps = match &decision.preemption {
        Some(Preemption::Helps(found)) => {
            found.iter().map(|one| (name(&one.node), one.best)).collect()
        }
        _ => Vec::new(),
    };
    (candidates(&decision).iter().map(name).collect(), helps)
}

/// `backend/cache/node_tree.go`: upstream walks its nodes in an order that must not matter.
#[test]
fn candidates_do_not_depend_on_the_order_of_nodes() {
    let shuffled =
        any_case(true).prop_flat_map(|case| (Just(case.nodes.clone()).prop_shuffle(), Just(case)));
    hold(shuffled, 300, |(nodes, case)| {
        let other = Case { nodes, ..case.clone() };
        let told = names(&case.cluster());
        prop_assert_eq!(&told, &names(&other.cluster()));
        Ok(case.nodes != other.nodes && told.0.len() + told.1.len() > 0)
    });
}

/// `framework/plugins/tainttoleration/taint_toleration.go`, `Filter`. Where a spread constraint
/// minds taints (`nodeTaintsPolicy: Honor`) it does not hold: a node that is tolerated becomes a
/// domain, perhaps the emptiest.
#[test]
fn a_toleration_more_never_loses_a_node() {
    hold(any_case(false), 150, |case| {
        let mut tolerant = case.clone();
        merge(&mut tolerant.comes, &json!({"spec": {"tolerations": [{"operator": "Exists"}]}}));
        only_gains(&case, &tolerant)
    });
}

/// The same file, from the node's side.
#[test]
fn a_taint_less_never_loses_a_node() {
    hold((any_case(false), any::<Index>()), 20, |(case, which)| {
        let mut clean = case.clone();
        let at = which.index(clean.nodes.len());
        merge(&mut clean.nodes[at], &json!({"spec": {"taints": []}}));
        only_gains(&case, &clean)
    });
}

/// `framework/plugins/noderesources/fit.go`, `fitsRequest`.
#[test]
fn more_capacity_never_loses_a_node() {
    hold(any_case(true), 40, |case| {
        let mut larger = case.clone();
        for node in &mut larger.nodes {
            let more = json!({"cpu": "64", "memory": "64Gi", "pods": "200"});
            merge(node, &json!({"status": {"allocatable": more}}));
        }
        only_gains(&case, &larger)
    });
}

/// `framework/plugins/interpodaffinity/filtering.go`, `satisfyPodAntiAffinity` and
/// `satisfyExistingPodsAntiAffinity`: whoever of two comes first, anti-affinity of either keeps
/// them apart.
#[test]
fn anti_affinity_is_symmetric() {
    let zones = prop::collection::vec(prop::option::of(0..2), 2..6);
    hold((any_pod(false), any_pod(false), zones), 120, |(one, other, zones)| {
        let named = zones.iter().enumerate().map(|(at, zone)| {
            let labels = match zone {
                Some(zone) => json!({"zone": format!("zone{zone}")}),
                None => json!({}),
            };
            let roomy = json!({"cpu": "64", "memory": "64Gi", "example.com/gpu": "8"});
            node(
                &format!("n{at}"),
                &json!({
                "metadata": {"labels": labels}, "status": {"allocatable": roomy}}),
            )
        });
        let nodes: Vec<Value> = named.collect();
        // Nothing but anti-affinity is to speak.
        let only = |patch: &Value| {
            let far = patch["spec"]["affinity"]["podAntiAffinity"].clone();
            json!({"metadata": patch["metadata"], "spec": {"affinity": {"podAntiAffinity": far}}})
        };
        let (one, other) = (only(&one), only(&other));
        let apart = |runs: &Value, comes: &Value| {
            let case = Case {
                nodes: nodes.clone(),
                runs: vec![running("r", "n0", runs)],
                comes: pod("p", comes),
                others: Vec::new(),
            };
            feasible_names(&case)
        };
        let (there, back) = (apart(&one, &other), apart(&other, &one));
        prop_assert_eq!(&there, &back);
        Ok(there.len() < nodes.len())
    });
}

/// `framework/preemption/preemption.go`, `SelectVictimsOnNode` of
/// `framework/plugins/defaultpreemption/default_preemption.go`: no victim is as important as who
/// preempts, and once they are gone there is room.
#[test]
fn preemption_evicts_only_lower_priority_and_makes_room() {
    hold(any_case(true), 60, |case| {
        let cluster = case.cluster();
        let pending = find(&cluster, "p");
        let preemption = decide(&cluster, "p").preemption;
        let Some(Preemption::Helps(found)) = preemption else { return Ok(false) };
        let priority = |placement: &Placement, pod: InstanceId| {
            cluster.spec_of(placement.instance(pod).class).priority
        };
        let scheduler = Scheduler::new(&cluster);
        let mut scratch = Scratch::default();
        let mut placement = Placement::of(&cluster);
        let before = placement.clone();
        prop_assert!(found.iter().any(|candidate| candidate.best));
        for candidate in found {
            let mark = placement.mark();
            prop_assert!(!candidate.victims.is_empty());
            for &victim in &candidate.victims {
                prop_assert!(priority(&placement, victim) < priority(&placement, pending));
                prop_assert_eq!(placement.instance(victim).node(), Some(candidate.node));
                placement.remove(&cluster, victim);
            }
            let room = scheduler.feasible(&placement, pending, &mut scratch);
            prop_assert!(room.contains(&candidate.node));
            placement.revert(&cluster, mark);
        }
        prop_assert_eq!(before, placement);
        Ok(true)
    });
}

/// `framework/plugins/schedulinggates/scheduling_gates.go`, `PreEnqueue`: a gated pod never moves,
/// evicts nobody, and changes nothing for others, whatever else is decided.
#[test]
fn a_gated_pod_never_moves() {
    hold(any_case(true), 350, |mut case| {
        let free = !feasible_names(&case).is_empty();
        merge(&mut case.comes, &json!({"spec": {"schedulingGates": [{"name": "g"}]}}));
        let cluster = case.cluster();
        let decision = decide(&cluster, "p");
        prop_assert_eq!(&decision.outcome, &Outcome::Gated);
        prop_assert_eq!(decision.preemption, None);
        let (scheduler, pod) = (Scheduler::new(&cluster), find(&cluster, "p"));
        let mut placement = Placement::of(&cluster);
        prop_assert!(scheduler.feasible(&placement, pod, &mut Scratch::default()).is_empty());
        trace::decide_all(&scheduler, &mut placement);
        prop_assert_eq!(placement.instance(pod).whereabouts, Whereabouts::Pending);
        Ok(free)
    });
}

/// `backend/cache/snapshot.go`: a cycle decides on a snapshot and leaves no trace in it. Any edits
/// of a fork, taken back, leave a bit-identical placement, on which everything is decided as
/// before, and the same edits lead to the same place again.
#[test]
fn fork_edits_and_revert_are_bit_identical() {
    let edit = (0..6, any::<Index>(), any::<Index>());
    let edits = prop::collection::vec(edit, 1..20);
    hold((any_case(true), edits), 700, |(case, edits)| {
        let cluster = case.cluster();
        let scheduler = Scheduler::new(&cluster);
        let mut placement = Placement::of(&cluster);
        let pod = find(&cluster, "p");
        let (before, told) = (placement.clone(), scheduler.decide(&placement, pod));
        let mark = placement.mark();
        let mut ends = Vec::new();
        for _ in 0..2 {
            for &(kind, who, place) in &edits {
                change(&cluster, &mut placement, kind, who, place);
            }
            ends.push((placement.clone(), scheduler.decide(&placement, pod)));
            placement.revert(&cluster, mark);
            prop_assert_eq!(&placement, &before);
            prop_assert_eq!(placement.mark(), mark);
            prop_assert_eq!(&scheduler.decide(&placement, pod), &told);
        }
        prop_assert_eq!(&ends[0], &ends[1]);
        Ok(ends[0].0 != before)
    });
}

/// One edit of each kind that there is.
fn change(cluster: &Cluster, placement: &mut Placement, kind: i32, who: Index, place: Index) {
    let ids: Vec<InstanceId> = placement.instance_ids().collect();
    let (id, node) = (ids[who.index(ids.len())], NodeId::at(place.index(cluster.nodes().len())));
    match kind {
        0 => placement.remove(cluster, id),
        1 if placement.instance(id).is_pending() => placement.bind(cluster, id, node),
        2 => placement.change_node(cluster, node, |flags| {
            flags.reachable = !flags.reachable;
            flags.taints.unreachable = !flags.taints.unreachable;
        }),
        3 => placement.change_node(cluster, node, |flags| flags.exists = !flags.exists),
        4 => {
            let known = *placement.instance(id);
            placement.add(cluster, known.class, known.workload, known.origin);
        }
        _ => placement.change(cluster, id, |instance| {
            instance.whereabouts = Whereabouts::Pending;
            instance.nominated = Some(node);
            instance.terminating = !instance.terminating;
        }),
    }
}

/// `schedule_one.go`: the fast path and the full one agree along a whole queue, and the past leaves
/// no trace.
#[test]
fn decisions_follow_from_the_placement_alone() {
    hold(any_case(true), 150, |case| {
        let cluster = case.cluster();
        let scheduler = Scheduler::new(&cluster);
        let mut placement = Placement::of(&cluster);
        for id in placement.instance_ids().collect::<Vec<_>>() {
            placement.change(&cluster, id, |instance| instance.whereabouts = Whereabouts::Pending);
        }
        let mark = placement.mark();
        let mut scratch = Scratch::default();
        let mut told = Vec::new();
        for _ in 0..2 {
            let mut round = Vec::new();
            for pod in queue::order(&cluster, &placement) {
                let decision = scheduler.decide(&placement, pod);
                let fast = scheduler.candidates(&placement, pod, &mut scratch).to_vec();
                prop_assert_eq!(&*fast, candidates(&decision));
                if let Outcome::Scheduled { candidates } = &decision.outcome {
                    placement.bind(&cluster, pod, candidates[0]);
                }
                round.push(decision);
            }
            told.push(round);
            placement.revert(&cluster, mark);
        }
        prop_assert_eq!(&told[0], &told[1]);
        Ok(told[0].iter().any(|decision| candidates(decision).len() > 1))
    });
}

/// `framework/runtime/framework.go`, `RunScorePlugins`: scores stay between 0 and 100 times their
/// weight, and add up.
#[test]
fn scores_stay_in_range() {
    hold(any_case(true), 150, |case| {
        let cluster = case.cluster();
        let weights = cluster.scheduling().profiles[0].scores.clone();
        let mut any = false;
        for (_, verdict) in decide(&cluster, "p").nodes {
            let NodeVerdict::Feasible(Some(scores)) = verdict else { continue };
            for (plugin, score) in &scores.by_plugin {
                let weight = weights.iter().find(|(known, _)| known == plugin).map(|(_, w)| *w);
                prop_assert!((0..=100 * weight.unwrap_or(0)).contains(score), "{plugin:?} {score}");
            }
            let sum: i64 = scores.by_plugin.iter().map(|(_, score)| score).sum();
            prop_assert_eq!(scores.total, sum);
            any = true;
        }
        Ok(any)
    });
}
