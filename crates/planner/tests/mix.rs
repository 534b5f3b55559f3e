//! The cheapest mix against every mix that is cheaper: small clusters whose answers are worked out
//! by hand, and random ones of which all mixes are tried.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, and says where")]

mod small;

use std::cell::Cell;
use std::cmp::Reverse;

use holdfast_cluster::change::{Amounts, Shape};
use holdfast_cluster::taint::Effect;
use holdfast_cluster::{Cluster, Placement};
use holdfast_planner::Asking;
use holdfast_planner::mix::{
    Answer, Factor, Grown, Limits, Mix, Mixer, NoMix, Offer, Sold, Solver,
};
use holdfast_planner::nodes::Survive;
use holdfast_planner::recovery::one_by_one;
use holdfast_proof::Settings;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::small::{cluster, spec};

const ZONE: &str = "topology.kubernetes.io/zone";

/// A node with more than enough on which everything runs today.
fn node(name: &str, labels: &Value) -> Value {
    let room = json!({ "cpu": "64", "memory": "256Gi", "pods": "110" });
    let mut all = json!({ "kubernetes.io/hostname": name });
    labels.as_object().into_iter().flatten().for_each(|(key, value)| all[key] = value.clone());
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": name, "labels": all },
        "status": { "allocatable": room, "capacity": room,
            "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

/// A ReplicaSet with so many pods, all on one node.
fn workload(name: &str, replicas: usize, spec: &Value) -> Vec<Value> {
    small::workload(name, &vec!["today"; replicas], spec)
}

fn daemon(cpu: &str) -> Value {
    let labels = json!({ "app": "agent" });
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": { "name": "agent", "namespace": "default" },
        "spec": { "selector": { "matchLabels": labels }, "template": {
            "metadata": { "labels": labels }, "spec": spec(cpu, "0", &Value::Null) } },
    })
}

fn sold(name: &str, (cores, gib, pods): (i64, i64, i64), price: i128, zones: &[&str]) -> Sold {
    let amounts = Amounts { cpu_milli: cores * 1_000, memory: gib << 30, ..Amounts::default() };
    let shape = Shape { capacity: amounts.clone(), allocatable: amounts, pods, ..Shape::default() };
    let zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
    Sold { name: name.to_owned(), shape, price, zones }
}

fn mixer<'a>(cluster: &'a Cluster, sold: &'a [Sold], survive: &'a Survive) -> Mixer<'a> {
    let settings = Settings { states_per_set: 2_000, ..Settings::default() };
    let asking = Asking {
        settings,
        sweep: &|prover, question, enough| one_by_one(prover, question, enough),
    };
    let limits = Limits { tries: 2_000, ranges: 20_000 };
    Mixer { cluster, sold, keep: false, survive, asking, limits, solver: Solver::default() }
}

fn mixed(mixer: &Mixer<'_>) -> Mix {
    match mixer.mix().unwrap() {
        Answer::Mix(mix) => *mix,
        other => panic!("{other:?}"),
    }
}

/// What is bought, by names.
fn bought(mix: &Mix) -> Vec<(&str, Option<&str>, u32)> {
    let all = mix.offers.iter().zip(&mix.counts).filter(|(_, count)| **count > 0);
    all.map(|(offer, count)| (offer.name.as_str(), offer.place.as_deref(), *count)).collect()
}

fn web(replicas: usize) -> Vec<Value> {
    let mut objects = vec![node("today", &Value::Null)];
    objects.extend(workload("web", replicas, &spec("1", "1Gi", &Value::Null)));
    objects
}

#[test]
fn a_large_node_and_a_small_one_are_cheaper_than_either_alone() {
    let cluster = cluster(&web(9));
    let types = [sold("large", (8, 32, 110), 70, &[]), sold("small", (2, 8, 110), 20, &[])];
    let none = mixed(&mixer(&cluster, &types, &Survive::Nodes(0)));
    assert_eq!(bought(&none), [("large", None, 1), ("small", None, 1)], "90, and five small 100");
    assert_eq!((none.price, none.bound), (90, 90));
    let one = mixed(&mixer(&cluster, &types, &Survive::Nodes(1)));
    assert_eq!(bought(&one), [("small", None, 6)], "ten cores are left of six small nodes");
    assert_eq!((one.price, one.bound, one.replaced, one.kept), (120, 120, 1, 0));
    assert!(one.helpless.is_empty());
}

/// No node is full of pods of 900m, and none of the room that is left is worth anything.
#[test]
fn what_no_pod_fills_is_no_room() {
    let mut objects = vec![node("today", &Value::Null)];
    objects.extend(workload("web", 13, &spec("900m", "1Gi", &Value::Null)));
    let cluster = cluster(&objects);
    // Six and two of them, at 100 and 130 each.
    let types = [sold("large", (6, 64, 110), 600, &[]), sold("small", (2, 64, 110), 260, &[])];
    let one = mixed(&mixer(&cluster, &types, &Survive::Nodes(1)));
    assert_eq!(bought(&one), [("large", None, 3), ("small", None, 1)], "and eight small 2080");
    assert_eq!((one.price, one.bound), (2_060, 2_060));
    assert!(one.tried.waits + one.tried.lost + one.tried.unknown <= 4, "{:?}", one.tried);
}

#[test]
fn daemons_and_pod_limits_take_room() {
    let mut objects = web(6);
    objects.push(daemon("500m"));
    let cluster = cluster(&objects);
    let types = [
        sold("few-pods", (8, 32, 3), 30, &[]),
        sold("tiny", (0, 32, 110), 1, &[]),
        sold("two", (2, 8, 110), 20, &[]),
    ];
    let mix = mixed(&mixer(&cluster, &types, &Survive::Nodes(0)));
    assert_eq!(bought(&mix), [("few-pods", None, 3)], "two pods each beside the daemon's");
    let placement = Placement::of(&mix.cluster);
    assert!(mix.cluster.node_ids().all(|node| placement.node(node).pods.len() == 3));
}

#[test]
fn zones_are_where_types_are_sold() {
    let mut objects = web(2);
    let apart = json!({ "affinity": { "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [{ "topologyKey": ZONE,
            "labelSelector": { "matchLabels": { "app": "apart" } } }] } } });
    objects.extend(workload("apart", 2, &spec("1", "1Gi", &apart)));
    let cluster = cluster(&objects);
    let types = [sold("cheap", (4, 16, 110), 20, &["a"]), sold("dear", (4, 16, 110), 30, &["b"])];
    let mix = mixed(&mixer(&cluster, &types, &Survive::Nodes(0)));
    assert_eq!(bought(&mix), [("cheap", Some("a"), 1), ("dear", Some("b"), 1)]);
    let zone = Survive::Domain(ZONE.to_owned());
    let mix = mixed(&mixer(&cluster, &types, &zone));
    let helpless: Vec<&str> =
        (mix.helpless.keys()).map(|id| cluster.text(cluster.workload(*id).name)).collect();
    assert_eq!(helpless, ["apart"], "with one zone left the second has no place");
    assert_eq!(bought(&mix), [("cheap", Some("a"), 1), ("dear", Some("b"), 1)]);
}

#[test]
fn todays_nodes_may_stay() {
    let mut objects = web(63);
    objects.extend(workload("big", 1, &spec("1", "200Gi", &Value::Null)));
    let cluster = cluster(&objects);
    let grown = Grown::of(&cluster, Factor { of: 1_050, each: 1_000 });
    assert_eq!(grown.left, []);
    let types = [sold("small", (2, 256, 110), 20, &[])];
    let nodes = Survive::Nodes(0);
    let mut keeping = mixer(&grown.cluster, &types, &nodes);
    keeping.keep = true;
    let mix = mixed(&keeping);
    assert_eq!(bought(&mix), [("small", None, 3)], "67 and 2 pods, of which 64 fit today");
    assert_eq!((mix.kept, mix.replaced), (1, 0));
    let mix = mixed(&mixer(&grown.cluster, &types, &nodes));
    assert_eq!(bought(&mix), [("small", None, 35)], "69 pods by two");
}

#[test]
fn nodes_of_the_control_plane_stay() {
    let mut objects = web(2);
    objects.push(node("head", &json!({ "node-role.kubernetes.io/control-plane": "" })));
    let cluster = cluster(&objects);
    let types = [sold("small", (2, 8, 110), 20, &[])];
    let mix = mixed(&mixer(&cluster, &types, &Survive::Nodes(0)));
    assert_eq!((mix.price, mix.kept, mix.replaced), (0, 1, 1), "it has room, and no taint");
}

#[test]
fn what_fits_nowhere_is_told() {
    let mut objects = web(1);
    let gpu = json!({ "nodeSelector": { "accelerator": "nvidia" } });
    objects.extend(workload("learn", 1, &spec("9", "1Gi", &gpu)));
    let cluster = cluster(&objects);
    let mut tainted = sold("gpu", (8, 32, 110), 90, &[]);
    tainted.shape.labels.push(("accelerator".to_owned(), "nvidia".to_owned()));
    tainted.shape.taints.push(("gpu".to_owned(), String::new(), Effect::NoSchedule));
    let types = [tainted, sold("large", (16, 32, 110), 100, &[])];
    let Answer::Homeless(homeless) = mixer(&cluster, &types, &Survive::Nodes(1)).mix().unwrap()
    else {
        panic!("it fits nowhere");
    };
    let [(pod, needs)] = homeless.pods.as_slice() else { panic!("{:?}", homeless.pods) };
    assert_eq!(cluster.text(cluster.pod(*pod).name), "learn-0");
    let lacks: Vec<usize> = needs.nodes.iter().map(|(_, needs)| needs.len()).collect();
    assert_eq!((lacks, homeless.alone), (vec![2, 1], true), "CPU and the taint; the label");
}

#[test]
fn a_label_that_no_type_has_is_refused() {
    let cluster = cluster(&web(1));
    let types = [sold("small", (2, 8, 110), 20, &[])];
    let racks = Survive::Domain("rack".to_owned());
    let refused = mixer(&cluster, &types, &racks).mix().map(|_| ());
    assert_eq!(refused, Err(NoMix::Label(vec!["small".to_owned()])));
}

#[test]
fn factors_round_up() {
    let half = Factor { of: 1_500, each: 1_000 };
    assert_eq!([1, 2, 3, 7].map(|count| half.times(count)), [2, 3, 5, 11]);
}

/// A case: what runs, what is sold, and what is to be survived.
#[derive(Clone, Debug)]
struct Case {
    /// Replicas, halves of a core, GiB, rule.
    workloads: Vec<(usize, u32, u32, usize)>,
    /// Cores, GiB, pods, price in tens, zones.
    types: Vec<(i64, i64, i64, i128, usize)>,
    survive: usize,
    daemon: bool,
}

fn any_case() -> impl Strategy<Value = Case> {
    let workload = (1..4_usize, 1..5_u32, 1..4_u32, 0..6_usize);
    let sold = (1..6_i64, 2..9_i64, 2..6_i64, 1..9_i128, 0..3_usize);
    (
        prop::collection::vec(workload, 1..4),
        prop::collection::vec(sold, 1..4),
        0..3_usize,
        any::<bool>(),
    )
        .prop_map(|(workloads, types, survive, daemon)| Case {
            workloads,
            types,
            survive,
            daemon,
        })
}

impl Case {
    fn cluster(&self) -> Cluster {
        let mut objects = vec![node("today", &Value::Null)];
        for (at, (replicas, halves, gib, rule)) in self.workloads.iter().enumerate() {
            let name = format!("w{at}");
            let selector = json!({ "matchLabels": { "app": name } });
            let term = |key: &str| json!([{ "topologyKey": key, "labelSelector": selector }]);
            let required = "requiredDuringSchedulingIgnoredDuringExecution";
            let more = match rule {
                0 => json!({ "affinity": { "podAntiAffinity":
                    { required: term("kubernetes.io/hostname") } } }),
                1 => json!({ "affinity": { "podAntiAffinity": { required: term(ZONE) } } }),
                2 => json!({ "topologySpreadConstraints": [{ "topologyKey": ZONE, "maxSkew": 1,
                    "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector }] }),
                3 => json!({ "nodeSelector": { "type": "t0" } }),
                _ => Value::Null,
            };
            let (cpu, memory) = (format!("{}m", halves * 500), format!("{gib}Gi"));
            objects.extend(workload(&name, *replicas, &spec(&cpu, &memory, &more)));
        }
        if self.daemon {
            objects.push(daemon("250m"));
        }
        cluster(&objects)
    }

    fn sold(&self) -> Vec<Sold> {
        let one =
            |(at, (cores, gib, pods, price, zones)): (usize, &(i64, i64, i64, i128, usize))| {
                let zones: &[&str] = [&["x"][..], &["y"][..], &["x", "y"][..]][*zones];
                let name = format!("t{at}");
                let mut sold = sold(&name, (*cores, *gib, *pods), price * 10, zones);
                sold.shape.labels.push(("type".to_owned(), name));
                sold
            };
        self.types.iter().enumerate().map(one).collect()
    }

    fn survive(&self) -> Survive {
        match self.survive {
            2 => Survive::Domain(ZONE.to_owned()),
            nodes => Survive::Nodes(nodes),
        }
    }
}

/// Every mix that does not cost more.
fn mixes(offers: &[Offer], sold: &[Sold], price: i128) -> Vec<Vec<u32>> {
    let mut all = vec![(Vec::new(), price)];
    for offer in offers {
        let each = sold[offer.sold].price;
        let more = |(counts, left): (Vec<u32>, i128)| {
            (0..=left / each).map(move |count| {
                let mut counts = counts.clone();
                counts.push(u32::try_from(count).unwrap());
                (counts, left - count * each)
            })
        };
        all = all.into_iter().flat_map(more).collect();
    }
    all.into_iter().map(|(counts, _)| counts).collect()
}

fn rank(counts: &[u32], offers: &[Offer], sold: &[Sold]) -> (i128, u32, Reverse<Vec<u32>>) {
    let each = offers.iter().map(|offer| sold[offer.sold].price);
    let price = counts.iter().zip(each).map(|(count, each)| i128::from(*count) * each).sum();
    (price, counts.iter().sum(), Reverse(counts.to_vec()))
}

/// Whether pods of these sizes could be on nodes of these sizes, wherever anybody put them.
fn holds(pods: &[[i64; 3]], nodes: &mut [[i64; 3]]) -> bool {
    let Some((pod, rest)) = pods.split_first() else { return true };
    for at in 0..nodes.len() {
        let before = nodes[at];
        if (0..3).all(|one| before[one] >= pod[one]) && !nodes[..at].contains(&before) {
            (0..3).for_each(|one| nodes[at][one] -= pod[one]);
            if holds(rest, nodes) {
                return true;
            }
            nodes[at] = before;
        }
    }
    false
}

/// What the tests saw.
#[derive(Debug, Default)]
struct Seen {
    compared: Cell<u32>,
    survived: Cell<u32>,
    homeless: Cell<u32>,
    tight: Cell<u32>,
}

fn bump(cell: &Cell<u32>, when: bool) {
    cell.set(cell.get() + u32::from(when));
}

/// Whoever suggests, the answer is the one that integers say is the best.
#[cfg(feature = "highs")]
fn solvers_agree(mixer: &Mixer<'_>, mix: &Mix) -> Result<(), TestCaseError> {
    let other = mixed(&Mixer { solver: Solver::Highs, ..*mixer });
    let told = |mix: &Mix| (mix.counts.clone(), mix.price, mix.bound);
    prop_assert_eq!(told(&other), told(mix), "HiGHS and microlp");
    Ok(())
}

/// Without the other solver there is nobody to disagree.
#[cfg(not(feature = "highs"))]
#[expect(clippy::unnecessary_wraps, reason = "with the other solver they may disagree")]
fn solvers_agree(_: &Mixer<'_>, _: &Mix) -> Result<(), TestCaseError> {
    Ok(())
}

fn check(case: &Case, seen: &Seen) -> Result<(), TestCaseError> {
    let (cluster, sold, survive) = (case.cluster(), case.sold(), case.survive());
    let mixer = mixer(&cluster, &sold, &survive);
    let mix = match mixer.mix().unwrap() {
        Answer::Mix(mix) => mix,
        Answer::Homeless(_) => {
            bump(&seen.homeless, true);
            return Ok(());
        }
        Answer::NotFound(none) => panic!("{none:?}"),
    };
    let offers = mixer.offers();
    let all = mixes(&offers, &sold, mix.price);
    if all.len() > 300 {
        return Ok(());
    }
    prop_assert_eq!(mix.bound, mix.price, "small cases are looked at in full");
    solvers_agree(&mixer, &mix)?;
    let best = rank(&mix.counts, &offers, &sold);
    prop_assert_eq!(best.0, mix.price);
    let does = |counts: &[u32]| {
        let (packed, open) = mixer.held(counts).unwrap();
        packed.waiting.is_empty() && open.keys().all(|id| mix.helpless.contains_key(id))
    };
    prop_assert!(does(&mix.counts), "what is told holds");
    let pods: Vec<[i64; 3]> = case
        .workloads
        .iter()
        .flat_map(|(replicas, halves, gib, _)| {
            std::iter::repeat_n([i64::from(*halves) * 500, i64::from(*gib), 1], *replicas)
        })
        .collect();
    let daemon = if case.daemon { [250, 0, 1] } else { [0; 3] };
    for counts in &all {
        let rank = rank(counts, &offers, &sold);
        prop_assert!(rank >= best || !does(counts), "{counts:?} is better");
        if rank.0 < mix.arithmetic && case.survive == 0 {
            let mut nodes: Vec<[i64; 3]> = Vec::new();
            for (offer, count) in offers.iter().zip(counts) {
                let (cores, gib, pods, ..) = case.types[offer.sold];
                let room = [cores * 1_000 - daemon[0], gib, pods - daemon[2]];
                nodes.extend(std::iter::repeat_n(room, *count as usize));
            }
            let selective = case.workloads.iter().any(|one| one.3 == 3);
            prop_assert!(selective || !holds(&pods, &mut nodes), "{counts:?} holds all");
            bump(&seen.tight, true);
        }
    }
    bump(&seen.compared, true);
    bump(&seen.survived, case.survive > 0 && mix.helpless.is_empty());
    Ok(())
}

#[test]
fn no_mix_is_better_than_the_cheapest() {
    let long = std::env::var_os("HOLDFAST_LONG").is_some();
    let cases = if long { 3_000 } else { 150 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner =
        if long { TestRunner::new(config) } else { TestRunner::new_with_rng(config, rng) };
    let seen = Seen::default();
    if let Err(error) = runner.run(&any_case(), |case| check(&case, &seen)) {
        panic!("{error}");
    }
    println!("{seen:?}");
    assert!(seen.compared.get() * 5 > cases, "{seen:?}");
    assert!(
        seen.survived.get() > 5 && seen.tight.get() > 50 && seen.homeless.get() > 0,
        "{seen:?}"
    );
}
