//! What must hold in every cluster, on random small ones.

mod support;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_scheduler::decision::{NodeVerdict, Outcome};
use holdfast_scheduler::{Preemption, Scheduler, Scratch, queue};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{candidates, cluster, decide, feasible, find, merge, node, pod, running};

/// A few labels, taints and sizes that meet often.
fn any_node() -> impl Strategy<Value = Value> {
    let zone = prop::option::of(0..3);
    let taint =
        prop::option::of((0..2, prop::sample::select(vec!["NoSchedule", "PreferNoSchedule"])));
    (zone, taint, 1..5_i32, any::<bool>()).prop_map(|(zone, taint, cpu, cordoned)| {
        let mut patch = json!({"status": {"allocatable": {"cpu": cpu.to_string(), "pods": "4"}}});
        if let Some(zone) = zone {
            merge(&mut patch, &json!({"metadata": {"labels": {"zone": format!("z{zone}")}}}));
        }
        if let Some((key, effect)) = taint {
            let taint = json!({"key": format!("k{key}"), "effect": effect});
            merge(&mut patch, &json!({"spec": {"taints": [taint]}}));
        }
        merge(&mut patch, &json!({"spec": {"unschedulable": cordoned && cpu == 1}}));
        patch
    })
}

fn any_term() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec!["zone", "kubernetes.io/hostname"]);
    (key, 0..3).prop_map(|(key, app)| {
        json!({"topologyKey": key, "labelSelector": {"matchLabels": {"app": format!("a{app}")}}})
    })
}

fn any_pod() -> impl Strategy<Value = Value> {
    let affinity = prop::option::weighted(0.3, any_term());
    let anti_affinity = prop::option::weighted(0.3, any_term());
    let spread = prop::option::weighted(0.4, (any_term(), 1..3, any::<bool>()));
    let toleration = prop::option::of(0..2);
    let shape = (0..3, 0..8, prop::sample::select(vec![-1, 0, 5, 10]));
    (shape, affinity, anti_affinity, spread, toleration).prop_map(
        |((app, cpu, priority), affinity, anti_affinity, spread, toleration)| {
            let mut patch = support::cpu(&format!("{}m", cpu * 250), priority);
            merge(&mut patch, &json!({"metadata": {"labels": {"app": format!("a{app}")}}}));
            let mut terms = json!({});
            for (kind, term) in [("podAffinity", affinity), ("podAntiAffinity", anti_affinity)] {
                if let Some(term) = term {
                    let required =
                        json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
                    merge(&mut terms, &json!({kind: required}));
                }
            }
            merge(&mut patch, &json!({"spec": {"affinity": terms}}));
            if let Some((mut constraint, skew, hard)) = spread {
                let when = if hard { "DoNotSchedule" } else { "ScheduleAnyway" };
                merge(&mut constraint, &json!({"maxSkew": skew, "whenUnsatisfiable": when}));
                merge(&mut patch, &json!({"spec": {"topologySpreadConstraints": [constraint]}}));
            }
            if let Some(key) = toleration {
                let toleration = json!({"key": format!("k{key}"), "operator": "Exists"});
                merge(&mut patch, &json!({"spec": {"tolerations": [toleration]}}));
            }
            patch
        },
    )
}

prop_compose! {
    /// Nodes `n0…`, running pods `r0…` and the pending pod `p`.
    fn any_case()(
        nodes in prop::collection::vec(any_node(), 1..6),
        runs in prop::collection::vec((any_pod(), any::<prop::sample::Index>()), 0..12),
        comes in any_pod(),
    ) -> (Vec<Value>, Vec<Value>, Value) {
        let name = |at: usize| format!("n{at}");
        let bound = runs.iter().enumerate().map(|(at, (patch, on))| {
            running(&format!("r{at}"), &name(on.index(nodes.len())), patch)
        });
        let nodes_named = nodes.iter().enumerate().map(|(at, patch)| node(&name(at), patch));
        (nodes_named.collect(), bound.collect(), pod("p", &comes))
    }
}

fn together(nodes: &[Value], runs: &[Value], comes: &Value) -> Cluster {
    let mut objects = nodes.to_vec();
    objects.extend_from_slice(runs);
    objects.push(comes.clone());
    cluster(&objects)
}

fn feasible_names(nodes: &[Value], runs: &[Value], comes: &Value) -> Vec<String> {
    let cluster = together(nodes, runs, comes);
    feasible(&cluster, &decide(&cluster, "p"))
}

fn names(cluster: &Cluster) -> Vec<String> {
    let decision = decide(cluster, "p");
    candidates(&decision).iter().map(|node| cluster.node_name(*node).to_owned()).collect()
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    /// Upstream walks its node tree in no order that could matter (`backend/cache/node_tree.go`).
    #[test]
    fn candidates_do_not_depend_on_the_order_of_nodes((nodes, runs, comes) in any_case()) {
        let mut reversed = nodes.clone();
        reversed.reverse();
        prop_assert_eq!(
            names(&together(&nodes, &runs, &comes)),
            names(&together(&reversed, &runs, &comes))
        );
    }

    /// `tainttoleration/taint_toleration.go`; spread constraints may mind which nodes count
    /// (`Honor` does, and is not used here).
    #[test]
    fn a_toleration_more_never_loses_a_node((nodes, runs, comes) in any_case()) {
        let before = feasible_names(&nodes, &runs, &comes);
        let mut tolerant = comes.clone();
        merge(&mut tolerant, &json!({"spec": {"tolerations": [{"operator": "Exists"}]}}));
        let after = feasible_names(&nodes, &runs, &tolerant);
        prop_assert!(before.iter().all(|node| after.contains(node)), "{before:?} {after:?}");
    }

    /// The same from the node's side.
    #[test]
    fn a_taint_less_never_loses_a_node((nodes, runs, comes) in any_case()) {
        let before = feasible_names(&nodes, &runs, &comes);
        let mut clean = nodes.clone();
        for node in &mut clean {
            merge(node, &json!({"spec": {"taints": []}}));
        }
        let after = feasible_names(&clean, &runs, &comes);
        prop_assert!(before.iter().all(|node| after.contains(node)), "{before:?} {after:?}");
    }

    /// `noderesources/fit.go`.
    #[test]
    fn more_capacity_never_loses_a_node((nodes, runs, comes) in any_case()) {
        let before = feasible_names(&nodes, &runs, &comes);
        let mut larger = nodes.clone();
        for node in &mut larger {
            merge(node, &json!({"status": {"allocatable": {"cpu": "64", "pods": "200"}}}));
        }
        let after = feasible_names(&larger, &runs, &comes);
        prop_assert!(before.iter().all(|node| after.contains(node)), "{before:?} {after:?}");
    }

    /// `interpodaffinity/filtering.go`: whoever of two comes first, anti-affinity of either keeps
    /// them apart.
    #[test]
    fn anti_affinity_is_symmetric(one in any_pod(), other in any_pod(), zone in any::<bool>()) {
        let mut nodes = vec![node("n0", &json!({})), node("n1", &json!({}))];
        if zone {
            for node in &mut nodes {
                merge(node, &json!({"metadata": {"labels": {"zone": "z"}}}));
            }
        }
        let strip = |patch: &Value| {
            let mut patch = patch.clone();
            merge(&mut patch, &json!({"spec": {
                "topologySpreadConstraints": [], "affinity": {"podAffinity": null}}}));
            patch
        };
        let (one, other) = (strip(&one), strip(&other));
        let apart = |runs: &Value, comes: &Value| {
            feasible_names(&nodes, &[running("r", "n0", runs)], &pod("p", comes))
        };
        prop_assert_eq!(apart(&one, &other), apart(&other, &one));
    }

    /// `preemption.go`, `isPreemptionAllowed`; and who is evicted does make room.
    #[test]
    fn preemption_evicts_only_lower_priority_and_makes_room((nodes, runs, comes) in any_case()) {
        let cluster = together(&nodes, &runs, &comes);
        let pending = find(&cluster, "p");
        let preemption = decide(&cluster, "p").preemption;
        let Some(Preemption::Helps(found)) = preemption else { return Ok(()) };
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
            for &victim in &candidate.victims {
                prop_assert!(priority(&placement, victim) < priority(&placement, pending));
                placement.remove(&cluster, victim);
            }
            let room = scheduler.feasible(&placement, pending, &mut scratch);
            prop_assert!(room.contains(&candidate.node));
            placement.revert(&cluster, mark);
        }
        prop_assert_eq!(before, placement);
    }

    /// The fast path and the full one agree along a whole queue, and the past leaves no trace:
    /// after a revert everything is decided as before.
    #[test]
    fn decisions_follow_from_the_placement_alone((nodes, runs, comes) in any_case()) {
        let cluster = together(&nodes, &runs, &comes);
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
    }

    /// `schedulinggates/scheduling_gates.go`: a gated pod never moves, and evicts nobody.
    #[test]
    fn a_gated_pod_never_moves((nodes, runs, mut comes) in any_case()) {
        merge(&mut comes, &json!({"spec": {"schedulingGates": [{"name": "g"}]}}));
        let cluster = together(&nodes, &runs, &comes);
        let decision = decide(&cluster, "p");
        prop_assert_eq!(&decision.outcome, &Outcome::Gated);
        prop_assert_eq!(decision.preemption, None);
    }

    /// `framework/runtime/framework.go`: scores stay between 0 and 100 times their weight, and add
    /// up.
    #[test]
    fn scores_stay_in_range((nodes, runs, comes) in any_case()) {
        let cluster = together(&nodes, &runs, &comes);
        let weights = cluster.scheduling().profiles[0].scores.clone();
        for (_, verdict) in decide(&cluster, "p").nodes {
            let NodeVerdict::Feasible(Some(scores)) = verdict else { continue };
            for (plugin, score) in &scores.by_plugin {
                let weight = weights.iter().find(|(known, _)| known == plugin).map(|(_, w)| *w);
                prop_assert!((0..=100 * weight.unwrap_or(0)).contains(score), "{plugin:?} {score}");
            }
            let sum: i64 = scores.by_plugin.iter().map(|(_, score)| score).sum();
            prop_assert_eq!(scores.total, sum);
        }
    }
}
