//! How many fit, how many nodes are needed and what is wasted, against plain counting: small
//! clusters whose answers are worked out by hand, and random ones that are tried out in full.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, and says where")]

mod small;

use std::collections::BTreeSet;

use holdfast_cluster::change::{Amounts, Shape};
use holdfast_cluster::{Cluster, NodeId, Placement, PodId, WorkloadId};
use holdfast_planner::nodes::{Grower, Growth, Limits, Make, Survive};
use holdfast_planner::recovery::one_by_one;
use holdfast_planner::waste::{Reason, Waste};
use holdfast_planner::{Asking, Copies, Fit, NoCopies, Sample, Survival};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::{Domains, Settings};
use holdfast_scheduler::{KeepSpread, Scheduler};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::small::{cluster, spec, workload};

fn node(name: &str, zone: &str, cpu: &str, memory: &str, pods: u32) -> Value {
    let room = json!({ "cpu": cpu, "memory": memory, "pods": pods.to_string() });
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "labels": {
            "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone } },
        "status": { "allocatable": room, "capacity": room,
            "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

fn named(cluster: &Cluster, name: &str) -> WorkloadId {
    let is = |id: &WorkloadId| cluster.text(cluster.workload(*id).name) == name;
    cluster.workload_ids().find(is).unwrap()
}

fn copies(cluster: &Cluster, name: &str) -> Copies {
    Copies::of(cluster, Sample::Workload(named(cluster, name))).unwrap()
}

fn asking() -> Asking<'static> {
    let settings = Settings { states_per_set: 2_000, ..Settings::default() };
    Asking { settings, sweep: &|prover, question, enough| one_by_one(prover, question, enough) }
}

/// Three nodes of four cores, in three zones, and a workload with a pod on each.
fn three() -> Vec<Value> {
    let mut objects: Vec<Value> =
        ["a", "b", "c"].iter().map(|name| node(name, name, "4", "16Gi", 110)).collect();
    objects.extend(workload("web", &["a", "b", "c"], &spec("1", "1Gi", &Value::Null)));
    objects
}

#[test]
fn what_fits_is_more_than_what_survives() {
    let cluster = cluster(&three());
    let copies = copies(&cluster, "web");
    let fit = Fit::of(&copies, 1_000).unwrap();
    assert_eq!((fit.seats.len(), fit.complete), (9, true), "twelve cores, three of them taken");
    let best = fit.best.unwrap();
    assert_eq!((best.found, best.bound), (9, 9));
    let survival = Survival::of(&copies, &fit, &Question::AnyNodes(1), &asking());
    assert_eq!(survival.most, Some(5), "eight cores are left, and three are taken");
    let beyond = survival.beyond.unwrap();
    assert_eq!((beyond.count, beyond.verdict), (6, VerdictName::Refuted));
    let domains = Domains::of_label(&cluster, "topology.kubernetes.io/zone");
    let survival = Survival::of(&copies, &fit, &Question::AnyDomains(domains, 1), &asking());
    assert_eq!(survival.most, Some(5), "each zone is a node");
    let survival = Survival::of(&copies, &fit, &Question::AnyNodes(2), &asking());
    assert_eq!(survival.most, Some(1), "four cores are left, and three are taken");
}

#[test]
fn what_does_not_come_back_today_has_no_number() {
    let mut objects = three();
    let full = spec("3", "1Gi", &Value::Null);
    objects.extend(workload("big", &["a"], &full));
    let cluster = cluster(&objects);
    let copies = copies(&cluster, "web");
    let fit = Fit::of(&copies, 1_000).unwrap();
    let survival = Survival::of(&copies, &fit, &Question::AnyNodes(1), &asking());
    assert_eq!(survival.amiss, [], "three cores are free on b and on c");
    assert_eq!(survival.most, Some(0), "one more takes the last place that big has when a fails");
    let gone = Survival::of(&copies, &fit, &Question::AnyNodes(3), &asking());
    assert_eq!(gone.most, None, "with all nodes gone nothing comes back");
}

#[test]
fn what_has_one_pod_a_node_has_no_copies() {
    let mut objects = three();
    let labels = json!({ "app": "agent" });
    objects.push(json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": { "name": "agent", "namespace": "default" },
        "spec": { "selector": { "matchLabels": labels }, "template": {
            "metadata": { "labels": labels }, "spec": spec("100m", "64Mi", &Value::Null) } },
    }));
    let cluster = cluster(&objects);
    let agent = named(&cluster, "agent");
    let none = Copies::of(&cluster, Sample::Workload(agent)).unwrap_err();
    assert_eq!(none, NoCopies::OnePerNode(agent));
}

/// Required affinity to each other's zone: the scheduler takes the zone that it likes best for the
/// first, which is not the one with the most room.
#[test]
fn the_best_count_may_be_more_than_the_schedulers() {
    let mut objects = vec![node("a", "one", "4", "64Gi", 110)];
    objects.push(node("b", "two", "3", "8Gi", 110));
    objects.push(node("c", "two", "3", "8Gi", 110));
    let near = json!({ "affinity": { "podAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [{
            "topologyKey": "topology.kubernetes.io/zone",
            "labelSelector": { "matchLabels": { "app": "near" } } }] } } });
    objects.extend(workload("near", &[], &spec("1", "1Gi", &near)));
    let cluster = cluster(&objects);
    let fit = Fit::of(&copies(&cluster, "near"), 1_000).unwrap();
    assert_eq!(fit.seats.len(), 4, "all of them on a");
    let best = fit.best.unwrap();
    assert_eq!((best.found, best.bound), (6, 6), "b and c hold more together");
}

#[test]
fn one_node_more_is_the_least() {
    let mut objects: Vec<Value> =
        ["a", "b", "c"].iter().map(|name| node(name, name, "4", "16Gi", 110)).collect();
    let on = ["a", "a", "a", "a", "b", "b", "b", "c", "c", "c"];
    objects.extend(workload("web", &on, &spec("1", "1Gi", &Value::Null)));
    let cluster = cluster(&objects);
    let like = Make::Like(cluster.node(NodeId::at(0)).name);
    let growth = grow(&cluster, &like, &Survive::Nodes(1));
    assert_eq!((growth.counts.as_deref(), growth.bound), (Some(&[1][..]), 1));
    assert!(growth.least && growth.helpless.is_empty());
    let none = growth.tried.iter().find(|tried| tried.counts == [0]).unwrap();
    assert!(none.open.values().all(|known| known.verdict == VerdictName::Refuted));
    let zones = Survive::Domain("topology.kubernetes.io/zone".to_owned());
    let growth = grow(&cluster, &like, &zones);
    let counts = growth.counts.unwrap();
    assert_eq!(counts.iter().sum::<u32>(), 2, "two in one zone may fail together: {counts:?}");
    let allocatable = Amounts { cpu_milli: 1_000, memory: 8 << 30, ..Amounts::default() };
    let shape = Shape { capacity: allocatable.clone(), allocatable, pods: 110, ..Shape::default() };
    let growth = grow(&cluster, &Make::Of("tiny".to_owned(), shape), &Survive::Nodes(1));
    assert_eq!(growth.counts, Some(vec![2]), "two cores are lacking, a core each");
}

fn grow(cluster: &Cluster, make: &Make, survive: &Survive) -> Growth {
    let limits = Limits { nodes: 16, proofs: 64 };
    let grower = Grower { cluster, make, zones: &[], survive, asking: asking(), limits };
    grower.grow().unwrap()
}

#[test]
fn nodes_are_added_in_the_zones_of_their_type_alone() {
    let mut objects = three();
    let on = ["a", "a", "a", "b", "b", "b", "c", "c", "c"];
    let in_a = json!({ "nodeSelector": { "topology.kubernetes.io/zone": "a" } });
    objects.extend(workload("in-a", &["a"], &spec("100m", "1Gi", &in_a)));
    objects.extend(workload("many", &on, &spec("900m", "1Gi", &Value::Null)));
    let cluster = cluster(&objects[..]);
    let allocatable = Amounts { cpu_milli: 4_000, memory: 16 << 30, ..Amounts::default() };
    let shape = Shape { capacity: allocatable.clone(), allocatable, pods: 110, ..Shape::default() };
    let grown = |zones: &[&str]| {
        let zones: Vec<String> = zones.iter().map(|zone| (*zone).to_owned()).collect();
        let (make, survive) = (Make::Of("new".to_owned(), shape.clone()), Survive::Nodes(1));
        let limits = Limits { nodes: 8, proofs: 64 };
        let (zones, asking) = (zones.as_slice(), asking());
        let grower =
            Grower { cluster: &cluster, make: &make, zones, survive: &survive, asking, limits };
        let growth = grower.grow().unwrap();
        let helpless = growth.helpless.keys().map(|id| cluster.text(cluster.workload(*id).name));
        (growth.counts.map(|counts| counts[0]), helpless.map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(grown(&["a"]), (Some(1), Vec::new()));
    assert_eq!(grown(&["b", "a"]), (Some(2), Vec::new()), "the second one is in a");
    assert_eq!(grown(&["b"]), (Some(1), vec!["in-a".to_owned()]));
}

/// What runs random cases, and how many.
fn runner() -> (TestRunner, u32) {
    let long = std::env::var_os("HOLDFAST_LONG").is_some();
    let cases = if long { 4_000 } else { 200 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let runner = if long { TestRunner::new(config) } else { TestRunner::new_with_rng(config, rng) };
    (runner, cases)
}

/// Nodes of so many cores, a workload of so many pods alike, and what new nodes have.
#[derive(Clone, Debug)]
struct Crowd {
    cores: Vec<u32>,
    /// Half cores that each pod asks for.
    halves: u32,
    apart: bool,
    pods: u32,
    new: u32,
    fail: usize,
}

impl Crowd {
    fn any() -> impl Strategy<Value = Self> {
        let nodes = prop::collection::vec(1..5_u32, 1..4);
        (nodes, 1..4_u32, any::<bool>(), 1..12_u32, 1..5_u32, 1..3_usize).prop_map(
            |(cores, halves, apart, pods, new, fail)| {
                let mut one = Self { cores, halves, apart, pods, new, fail };
                one.pods = one.pods.min(one.cores.iter().map(|cores| one.holds(*cores)).sum());
                one
            },
        )
    }

    /// How many of the pods a node holds.
    fn holds(&self, cores: u32) -> u32 {
        let all = cores * 2 / self.halves;
        if self.apart { all.min(1) } else { all }
    }

    /// Whether all pods are back whichever nodes fail, with so many new ones: as they are alike
    /// nobody is in anybody's way, and what is left must hold them all.
    fn survives(&self, added: u32) -> bool {
        let new = std::iter::repeat_n(&self.new, added as usize);
        let mut all: Vec<u32> =
            self.cores.iter().chain(new).map(|cores| self.holds(*cores)).collect();
        all.sort_unstable();
        all.iter().rev().skip(self.fail).sum::<u32>() >= self.pods
    }

    fn export(&self) -> Vec<Value> {
        let names: Vec<String> = (0..self.cores.len()).map(|at| format!("n{at}")).collect();
        let mut objects: Vec<Value> = (names.iter().zip(&self.cores))
            .map(|(name, cores)| node(name, name, &cores.to_string(), "64Gi", 110))
            .collect();
        // One after the other on the nodes, as far as they hold them.
        let mut on = Vec::new();
        for round in 0..self.pods {
            let open =
                names.iter().zip(&self.cores).filter(|(_, cores)| self.holds(**cores) > round);
            on.extend(open.map(|(name, _)| name.as_str()));
        }
        on.truncate(self.pods as usize);
        let term = json!([{ "topologyKey": "kubernetes.io/hostname",
            "labelSelector": { "matchLabels": { "app": "p" } } }]);
        let apart = json!({ "affinity": { "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": term } } });
        let more = if self.apart { apart } else { Value::Null };
        objects.extend(workload("p", &on, &spec(&format!("{}m", self.halves * 500), "1Gi", &more)));
        objects
    }
}

#[test]
fn as_few_nodes_as_counting_says() {
    let (mut runner, cases) = runner();
    let (added, never) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let result = runner.run(&Crowd::any().prop_filter("it runs", |one| one.pods > 0), |crowd| {
        let cluster = cluster(&crowd.export());
        let allocatable = Amounts {
            cpu_milli: i64::from(crowd.new) * 1_000,
            memory: 64 << 30,
            ..Amounts::default()
        };
        let shape =
            Shape { capacity: allocatable.clone(), allocatable, pods: 110, ..Shape::default() };
        let (make, survive) = (Make::Of("new".to_owned(), shape), Survive::Nodes(crowd.fail));
        let limits = Limits { nodes: 64, proofs: 64 };
        let grower = Grower {
            cluster: &cluster,
            make: &make,
            zones: &[],
            survive: &survive,
            asking: asking(),
            limits,
        };
        let growth = grower.grow().unwrap();
        let least = (0..32).find(|count| crowd.survives(*count));
        prop_assert_eq!(growth.counts.map(|counts| counts[0]), least, "{:?}", crowd);
        prop_assert!(growth.least || least.is_none());
        let fewer = least.into_iter().filter(|least| *least > growth.bound).map(|least| least - 1);
        for fewer in fewer {
            let tried = growth.tried.iter().find(|tried| tried.counts == [fewer]).unwrap();
            prop_assert!(tried.open.values().all(|one| one.verdict == VerdictName::Refuted));
            prop_assert!(!tried.open.is_empty());
        }
        added.set(added.get() + u32::from(least.is_some_and(|least| least > 0)));
        never.set(never.get() + u32::from(least.is_none()));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(added.get() * 2 > cases, "{} of {cases} need nodes", added.get());
    assert!(never.get() > 0, "new nodes may be too small for a pod");
}

#[test]
fn what_no_node_helps_is_told() {
    let mut objects = three();
    let bound = json!({ "nodeSelector": { "kubernetes.io/hostname": "a" } });
    objects.extend(workload("pinned", &["a"], &spec("1", "1Gi", &bound)));
    let cluster = cluster(&objects);
    let like = Make::Like(cluster.node(NodeId::at(1)).name);
    let growth = grow(&cluster, &like, &Survive::Nodes(1));
    assert_eq!(growth.counts, None);
    let helpless: Vec<WorkloadId> = growth.helpless.keys().copied().collect();
    assert_eq!(helpless, [named(&cluster, "pinned")]);
}

#[test]
fn what_is_stranded_has_a_reason() {
    let mut objects = vec![
        node("full", "a", "8", "4Gi", 110),
        node("slots", "a", "8", "32Gi", 2),
        node("open", "a", "8", "32Gi", 110),
        node("lean", "a", "8", "3Gi", 110),
    ];
    let web = spec("1", "2Gi", &Value::Null);
    objects.extend(workload("web", &["full", "full", "slots", "slots", "open"], &web));
    let cluster = cluster(&objects);
    let waste = Waste::of(&cluster);
    let of = |name: &str| {
        let is = |one: &&holdfast_planner::waste::NodeWaste| cluster.node_name(one.node) == name;
        waste.nodes.iter().find(is).unwrap()
    };
    let full = of("full");
    assert_eq!((full.stranded.cpu_milli, full.cpu), (6_000, Some(Reason::Memory)));
    let slots = of("slots");
    assert_eq!((slots.stranded.cpu_milli, slots.cpu), (6_000, Some(Reason::Pods)));
    assert_eq!(slots.stranded.memory, 28 << 30);
    let open = of("open");
    assert_eq!((open.stranded.cpu_milli, open.stranded.memory), (0, 16 << 30));
    assert_eq!((open.cpu, open.memory), (None, Some(Reason::Cpu)), "seven cores take 14 of 30 GiB");
    let lean = of("lean");
    assert_eq!((lean.stranded.cpu_milli, lean.cpu), (6_500, Some(Reason::Memory)));
}

/// A random cluster, and a kind of pod that there may be more of.
fn any_case() -> impl Strategy<Value = Vec<Value>> {
    let node_of = (0..2_usize, 1..4_u32, 1..4_u32, 1..5_u32);
    let rule = 0..6_usize;
    (prop::collection::vec(node_of, 1..4), rule, 1..3_u32, 0..2_usize).prop_map(
        |(nodes, rule, cpu, running)| {
            let mut objects = Vec::new();
            let mut names = Vec::new();
            for (at, (zone, cores, gib, pods)) in nodes.into_iter().enumerate() {
                let name = format!("n{at}");
                let zone = ["x", "y"][zone];
                objects.push(node(&name, zone, &cores.to_string(), &format!("{gib}Gi"), pods));
                names.push(name);
            }
            let selector = json!({ "matchLabels": { "app": "p" } });
            let (host, zone) = ("kubernetes.io/hostname", "topology.kubernetes.io/zone");
            let term = |key: &str| json!([{ "topologyKey": key, "labelSelector": selector }]);
            let required = "requiredDuringSchedulingIgnoredDuringExecution";
            let spread = |key: &str, skew: u32| {
                json!({ "topologySpreadConstraints": [{ "topologyKey": key, "maxSkew": skew,
                    "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector }] })
            };
            let more = match rule {
                0 => Value::Null,
                1 => json!({ "affinity": { "podAntiAffinity": { required: term(host) } } }),
                2 => json!({ "affinity": { "podAntiAffinity": { required: term(zone) } } }),
                3 => json!({ "affinity": { "podAffinity": { required: term(zone) } } }),
                4 => spread(zone, 1),
                _ => spread(host, 2),
            };
            let on: Vec<&str> = names.iter().take(running).map(String::as_str).collect();
            let asks = spec(&format!("{}m", cpu * 500), "512Mi", &more);
            objects.extend(workload("p", &on, &asks));
            objects
        },
    )
}

/// The most copies that any order of placing them comes to, each let in by the scheduler's own
/// filters.
fn most(copies: &Copies) -> u64 {
    let all = 16;
    let (cluster, pods) = copies.with(all).unwrap();
    let scheduler = Scheduler::new(&cluster);
    let mut seen = BTreeSet::new();
    let mut open = vec![Vec::<NodeId>::new()];
    let mut most = 0;
    while let Some(seats) = open.pop() {
        most = most.max(seats.len());
        assert!(seats.len() < all as usize, "these clusters are small");
        let seated: Vec<(PodId, NodeId)> =
            pods.iter().copied().zip(seats.iter().copied()).collect();
        let placed = cluster.seated(seated);
        let placement = Placement::of(&placed);
        let next = pods[seats.len()].into();
        let Some(mut look) = scheduler.look(&placement, next, KeepSpread::Yes) else { continue };
        for node in cluster.node_ids().filter(|node| look.takes(*node)) {
            let mut next = seats.clone();
            next.push(node);
            next.sort_unstable();
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    most as u64
}

#[test]
fn the_best_count_is_between_what_is_found_and_the_bound() {
    let (mut runner, cases) = runner();
    let (exact, gaps) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let result = runner.run(&any_case(), |objects| {
        let cluster = cluster(&objects);
        let copies = copies(&cluster, "p");
        let fit = Fit::of(&copies, 100).unwrap();
        let most = most(&copies);
        let best = fit.best.unwrap();
        let told = (best.found, most, best.bound);
        prop_assert!(
            fit.seats.len() as u64 <= told.0 && told.0 <= most && most <= told.2,
            "{told:?}"
        );
        exact.set(exact.get() + u32::from(best.found == best.bound));
        gaps.set(gaps.get() + u32::from(most > fit.seats.len() as u64));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(exact.get() * 10 >= cases * 8, "{} of {cases} are exact", exact.get());
    assert!(gaps.get() > 0, "the scheduler misses some");
}
