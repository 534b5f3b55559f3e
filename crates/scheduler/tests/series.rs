//! Copies of a pod, placed one after the other: as fast as that goes, they end where full cycles
//! put them.

mod support;

use holdfast_cluster::{Cluster, NodeId, Placement};
use holdfast_scheduler::{Scheduler, Scratch, Turn};
use serde_json::{Value, json};
use support::wide::{any_case, any_case_with_volumes, hold};
use support::{cluster, find, node, pod};

/// More copies than any of these clusters takes.
const MOST: usize = 400;

/// Full cycles: one for each copy, with all that ran before in its place.
fn one_by_one(cluster: &Cluster) -> Vec<NodeId> {
    let (scheduler, mut placement) = (Scheduler::new(cluster), Placement::of(cluster));
    let (mut turn, mut scratch) = (Turn::default(), Scratch::default());
    let mut pod = find(cluster, "p");
    let mut all = Vec::new();
    while all.len() < MOST {
        let Some(node) = scheduler.pick(&placement, pod, &mut turn, &mut scratch) else { break };
        placement.bind(cluster, pod, node);
        let bound = *placement.instance(pod);
        pod = placement.add(cluster, bound.class, bound.workload, None);
        all.push(node);
    }
    all
}

fn series(cluster: &Cluster) -> Vec<NodeId> {
    let (scheduler, placement) = (Scheduler::new(cluster), Placement::of(cluster));
    scheduler.series(&placement, find(cluster, "p")).take(MOST).collect()
}

#[test]
fn copies_go_where_full_cycles_put_them() {
    hold(any_case(true), 200, |case| {
        let cluster = case.cluster();
        let all = one_by_one(&cluster);
        proptest::prop_assert_eq!(&series(&cluster), &all);
        Ok(all.len() > 1)
    });
    hold(any_case_with_volumes(), 40, |case| {
        let cluster = case.cluster();
        let all = one_by_one(&cluster);
        proptest::prop_assert_eq!(&series(&cluster), &all);
        Ok(all.len() > 1)
    });
}

/// Up to a hundred nodes the first of the best is taken.
#[test]
fn the_first_copy_goes_to_the_first_of_the_best() {
    hold(any_case(true), 400, |case| {
        let cluster = case.cluster();
        let (scheduler, placement) = (Scheduler::new(&cluster), Placement::of(&cluster));
        let mut scratch = Scratch::default();
        let best = scheduler.candidates(&placement, find(&cluster, "p"), &mut scratch).first();
        let series = series(&cluster);
        // One that a node is kept free for goes there; its copies do not.
        proptest::prop_assert_eq!(series.first(), best);
        Ok(best.is_some())
    });
}

/// Nodes of three zones and two sizes, some of them less liked.
fn large(count: u32) -> Vec<Value> {
    let one = |at: u32| {
        let taint = json!([{"key": "old", "effect": "PreferNoSchedule"}]);
        let patch = json!({
            "metadata": {"labels": {"topology.kubernetes.io/zone": format!("z{}", at % 3)}},
            "spec": {"taints": if at.is_multiple_of(7) { taint } else { json!([]) }},
            "status": {"allocatable": {"cpu": format!("{}", 2 + at % 5), "pods": "4"}},
        });
        node(&format!("n{at:03}"), &patch)
    };
    (0..count).map(one).collect()
}

#[test]
fn a_search_among_some_of_the_nodes_goes_on_where_it_ended() {
    let spread = |when: &str| {
        json!({"maxSkew": 2, "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": when, "labelSelector": {"matchLabels": {"app": "a"}}})
    };
    let apart = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
        [{"topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": {"app": "a"}}}]}});
    let wish = json!({"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
        [{"weight": 10, "podAffinityTerm": {"topologyKey": "topology.kubernetes.io/zone",
            "labelSelector": {"matchLabels": {"app": "a"}}}}]}});
    let asks = json!([{"name": "c", "image": "i", "resources": {"requests": {"cpu": "900m"}}}]);
    let tolerates = json!([{"key": "old", "operator": "Exists"}]);
    let specs = [
        (json!({"containers": asks, "tolerations": tolerates}), 280),
        (json!({"containers": asks}), 280),
        (json!({"containers": asks, "topologySpreadConstraints": [spread("DoNotSchedule")]}), 280),
        (json!({"containers": asks, "topologySpreadConstraints": [spread("ScheduleAnyway")]}), 280),
        (json!({"containers": asks, "affinity": apart}), 130),
        (json!({"containers": asks, "affinity": wish}), 280),
    ];
    for (spec, least) in specs {
        let mut objects = large(130);
        objects.push(pod("p", &json!({"metadata": {"labels": {"app": "a"}}, "spec": spec})));
        let cluster = cluster(&objects);
        let all = one_by_one(&cluster);
        assert!(all.len() >= least, "{} copies of {spec}", all.len());
        assert_eq!(series(&cluster), all, "{spec}");
    }
}
