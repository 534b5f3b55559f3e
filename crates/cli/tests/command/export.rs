//! `simulate --export`: what is written is read back as the end of the story.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use holdfast::events::{self, Named};
use holdfast::{export, render};
use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_failover::{Dynamics, Story, Times, story};
use holdfast_ingest::{Loaded, Options, Severity, Source, load};
use holdfast_proof::simulation::Stage;
use holdfast_proof::{Settings, Simulator};
use holdfast_scheduler::message;
use ruzstd::decoding::StreamingDecoder;
use serde_json::Value;

use crate::holdfast::{fixtures, folder, run_in, write};

/// How a cluster stands, by name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Standing {
    /// Ready, pending, terminating and attaching pods by workload; none where all are zero.
    workloads: BTreeMap<String, [u32; 4]>,
    /// Pods, whether it serves, whether it is cordoned, its taints.
    nodes: BTreeMap<String, (usize, bool, bool, Vec<String>)>,
    /// What the scheduler says of the pods that wait, by workload, each with how often.
    messages: BTreeMap<String, BTreeMap<String, u32>>,
}

fn key(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> String {
    let root = cluster.workload(cluster.root(placement.instance(pod).workload));
    let (namespace, name) = (cluster.text(root.namespace), cluster.text(root.name));
    format!("{:?}/{namespace}/{name}", root.kind)
}

fn standing(dynamics: &Dynamics<'_>, placement: &Placement) -> Standing {
    let cluster = dynamics.cluster();
    let mut standing = Standing::default();
    for pod in placement.instance_ids() {
        let instance = placement.instance(pod);
        if instance.whereabouts == Whereabouts::Gone {
            continue;
        }
        let counts =
            [instance.ready, instance.is_pending(), instance.terminating, instance.attaching];
        let key = match cluster.workload(instance.workload).kind {
            // Symbols differ from one reading to the next.
            holdfast_cluster::workload::WorkloadKind::Custom(_) => "custom".to_owned(),
            _ => key(cluster, placement, pod),
        };
        if instance.is_pending() && dynamics.is_ours(placement, pod) {
            let decision = dynamics.scheduler().decide(placement, pod);
            let says = message::of_condition(cluster, &decision).unwrap_or_default();
            *standing.messages.entry(key.clone()).or_default().entry(says).or_default() += 1;
        }
        let known = standing.workloads.entry(key).or_default();
        for (known, counts) in known.iter_mut().zip(counts) {
            *known += u32::from(counts);
        }
    }
    for id in cluster.node_ids() {
        let usage = placement.node(id);
        if usage.exists {
            let taints = holdfast_cluster::taint::standing(cluster.known(), cluster.node(id), usage);
            let taints = taints.map(|taint| {
                format!("{}={}:{:?}", cluster.text(taint.key), cluster.text(taint.value), taint.effect)
            });
            let stands =
                (usage.pods.len(), usage.serves(), usage.unschedulable, taints.collect());
            standing.nodes.insert(cluster.node_name(id).to_owned(), stands);
        }
    }
    standing
}

/// Reads an export that nothing is wrong with.
fn read(name: &str, bytes: &[u8]) -> (Loaded, Vec<Source>) {
    let sources = vec![Source::named(name, bytes)];
    let loaded = load(sources.clone(), &Options::default());
    let wrong = loaded.diagnostics.iter().find(|found| found.severity == Severity::Error);
    assert!(wrong.is_none(), "{name}: {wrong:?}");
    (loaded, sources)
}

fn simulator(cluster: &Cluster) -> Simulator<'_> {
    let settings = Settings { states_per_set: 3_000, ..Settings::default() };
    Simulator::new(Dynamics::new(cluster), settings)
}

fn at_rest(simulator: &Simulator<'_>) -> Stage {
    simulator.run(&[]).unwrap().remove(0)
}

/// The story of those of the events that make sense where they stand.
fn told(dynamics: &Dynamics<'_>, start: &Placement, events: &[Named]) -> (Story, Vec<String>) {
    let mut kept = Vec::new();
    let mut names = Vec::new();
    let mut story = story::tell(dynamics, start, &kept, &Times::default());
    for named in events {
        if named.event.check(dynamics, &story.end).is_ok() {
            kept.push(named.event.clone());
            names.push(named.name.clone());
            story = story::tell(dynamics, start, &kept, &Times::default());
        }
    }
    (story, names)
}

/// Tells a story, writes its end, reads that, and compares. Gives what was written, and the events
/// that were told; nothing where the story never ends.
fn round(name: &str, bytes: &[u8], typed: &[String]) -> Option<(String, Vec<String>)> {
    let (loaded, sources) = read(name, bytes);
    let named = events::parse(&loaded.cluster, typed).map_err(|error| error.to_string()).unwrap();
    let cluster = loaded.cluster.with_rollouts(&events::rollouts(&named));
    let simulator = simulator(&cluster);
    let dynamics = simulator.dynamics();
    let start = at_rest(&simulator).example;
    let (story, names) = told(dynamics, &start, &named);
    let written = export::of(sources, dynamics, &loaded.origins, &story).ok()?;
    let text = render::json(&written);

    let (again, _) = read(name, text.as_bytes());
    let reader = self::simulator(&again.cluster);
    let context = format!("{name} after {names:?}");
    let wanted = standing(dynamics, &story.end);
    let mut placement = Placement::of(&again.cluster);
    reader.dynamics().begin(&mut placement);
    similar(&context, &standing(reader.dynamics(), &placement), &wanted);

    let stage = at_rest(&reader);
    if stage.exact && !stage.restless && is_single(&stage) {
        similar(&context, &standing(reader.dynamics(), &stage.example), &wanted);
    }
    assert_contains(&context, &reader, &stage, &wanted);
    Some((text, names))
}

#[track_caller]
fn similar(context: &str, got: &Standing, wanted: &Standing) {
    assert_eq!(got.nodes, wanted.nodes, "{context}");
    assert_eq!(got.workloads, wanted.workloads, "{context}");
    assert_eq!(got.messages, wanted.messages, "{context}");
}

fn is_single(stage: &Stage) -> bool {
    stage.workloads.iter().all(|ranges| ranges.ready.min == ranges.ready.max)
        && stage.pods.iter().all(|range| range.min == range.max)
}

/// The story's end is among what step 0 of its export may be.
fn assert_contains(context: &str, reader: &Simulator<'_>, stage: &Stage, wanted: &Standing) {
    let cluster = reader.dynamics().cluster();
    for (id, range) in cluster.node_ids().zip(&stage.pods) {
        let pods = wanted.nodes[cluster.node_name(id)].0;
        let contains = (range.min as usize..=range.max as usize).contains(&pods);
        assert!(contains, "{context}: {} {range:?}, not {pods}", cluster.node_name(id));
    }
    for (subject, ranges) in reader.subjects().iter().zip(&stage.workloads) {
        let root = cluster.workload(subject.root);
        let (namespace, name) = (cluster.text(root.namespace), cluster.text(root.name));
        let key = format!("{:?}/{namespace}/{name}", root.kind);
        let Some(counts) = wanted.workloads.get(&key) else { continue };
        for (range, count) in [ranges.ready, ranges.pending, ranges.terminating].iter().zip(counts) {
            assert!((range.min..=range.max).contains(count), "{context}: {key} {ranges:?} {counts:?}");
        }
    }
}

/// A few numbers that look random, the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    fn of<'a>(&mut self, list: &'a [String]) -> &'a str {
        &list[self.below(list.len())]
    }
}

/// Names that events may be about.
struct Names {
    nodes: Vec<String>,
    rolling: Vec<String>,
    scaled: Vec<String>,
    pods: Vec<String>,
}

impl Names {
    fn of(list: &Value) -> Self {
        let items = list["items"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let named = |kinds: &[&str], form: &dyn Fn(&Value) -> String| -> Vec<String> {
            let of_kind = |item: &&Value| {
                let version = item["apiVersion"].as_str().unwrap();
                kinds.contains(&item["kind"].as_str().unwrap()) && !version.contains("longhorn")
            };
            items.iter().filter(of_kind).map(form).collect()
        };
        let full = |item: &Value| {
            format!("{}/{}", text(&item["metadata"]["namespace"]), text(&item["metadata"]["name"]))
        };
        let kind = |item: &Value| format!("{}/{}", text(&item["kind"]), full(item));
        Self {
            nodes: named(&["Node"], &|item| text(&item["metadata"]["name"])),
            rolling: named(&["Deployment", "StatefulSet", "DaemonSet"], &kind),
            scaled: named(&["Deployment", "StatefulSet"], &kind),
            pods: named(&["Pod"], &full),
        }
    }

    fn draw(&self, dice: &mut Dice) -> Vec<String> {
        let count = 1 + dice.below(4);
        (0..count).map(|_| self.event(dice)).collect()
    }

    fn event(&self, dice: &mut Dice) -> String {
        const OF_NODES: [&str; 9] = [
            "fail", "fail", "recover", "delete", "out-of-service", "cordon", "uncordon", "drain",
            "drain",
        ];
        match dice.below(13) {
            9 if !self.rolling.is_empty() => format!("rollout:{}", dice.of(&self.rolling)),
            10 if !self.scaled.is_empty() => {
                let count = dice.below(6);
                format!("scale:{}={count}", dice.of(&self.scaled))
            }
            11 => format!("delete-pod:{}", dice.of(&self.pods)),
            12 => format!("partition:{}", dice.of(&self.nodes)),
            at => format!("{}:{}", OF_NODES[at.min(8)], dice.of(&self.nodes)),
        }
    }
}

/// Rounds of drawn stories; how many ended, and which events were told.
fn rounds(name: &str, bytes: &[u8], count: u64) -> BTreeMap<String, u32> {
    let names = Names::of(&serde_json::from_slice(bytes).unwrap());
    let mut told = BTreeMap::new();
    for seed in 0..count {
        let events = names.draw(&mut Dice(seed));
        for event in round(name, bytes, &events).into_iter().flat_map(|(_, events)| events) {
            let verb = event.split(':').next().unwrap().to_owned();
            *told.entry(verb).or_default() += 1;
        }
    }
    told
}

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(path)).unwrap()
}

#[test]
fn ends_of_drawn_stories_are_read_back() {
    for path in [
        "homelab/cluster.json",
        "edge/cluster.json",
        "k3s/before.json",
        "k3s/after.json",
        "zero-spof/before.json",
        "zero-spof/after-longhorn.json",
        "shapes/cluster.json",
    ] {
        let told = rounds(path, &fixture(path), 12);
        assert!(told.values().sum::<u32>() >= 12, "{path}: only {told:?}");
    }
}

/// What the control plane exported when a recording began.
fn recorded(name: &str) -> Vec<u8> {
    let file = File::open(fixtures().join(format!("failover/{name}.tar.zst"))).unwrap();
    let mut archive = tar::Archive::new(StreamingDecoder::new(file).unwrap());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().ends_with("0-start.json") {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            return bytes;
        }
    }
    panic!("{name} has no start")
}

#[test]
fn ends_of_stories_of_recorded_clusters_are_read_back() {
    for name in [
        "attached-2-0", "blackout-1-0", "daemons-1-0", "disrupted-2-0", "drains-1-0", "jobs-1-0",
        "mixed-2-0", "plain-1-0", "plan-data", "plan-edge", "plan-homelab", "plan-k3s",
        "plan-zero", "preemption-1-0", "rollouts-1-0", "spread-1-0",
    ] {
        let told = rounds(name, &recorded(name), 10);
        assert!(told.values().sum::<u32>() >= 10, "{name}: only {told:?}");
    }
}
