//! `simulate --export`: what is written is read back as the end of the story.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use holdfast::render;
use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_failover::host::Host;
use holdfast_failover::{Dynamics, Joined, Story, Times, story};
use holdfast_ingest::{Loaded, Options, Severity, Source, load};
use holdfast_proof::simulation::Stage;
use holdfast_proof::{Settings, Simulator};
use holdfast_scheduler::message;
use holdfast_session::events::{self, Told};
use holdfast_session::export;
use ruzstd::decoding::StreamingDecoder;
use serde_json::{Value, json};

use crate::holdfast::{fixtures, folder, run, run_in, run_with, write};

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
        // One that is to be deleted waits for nothing any more.
        let waits = instance.attaching && !instance.terminating;
        let counts = [instance.ready, instance.is_pending(), instance.terminating, waits];
        let key = match cluster.workload(instance.workload).kind {
            // Symbols differ from one reading to the next.
            holdfast_cluster::workload::WorkloadKind::Custom(_) => "custom".to_owned(),
            _ => key(cluster, placement, pod),
        };
        if instance.is_pending() && dynamics.is_ours(placement, pod) {
            let decision = dynamics.scheduler().decide(placement, pod);
            let says =
                message::of_condition(holdfast_scheduler::wording::Words::of(cluster), &decision)
                    .unwrap_or_default();
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
            let taints =
                holdfast_cluster::taint::standing(cluster.known(), cluster.node(id), usage);
            let taints = taints.map(|taint| {
                format!(
                    "{}={}:{:?}",
                    cluster.text(taint.key),
                    cluster.text(taint.value),
                    taint.effect
                )
            });
            let stands = (usage.pods.len(), usage.serves(), usage.unschedulable, taints.collect());
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
fn told(dynamics: &Dynamics<'_>, start: &Placement, events: &[Told]) -> (Story, Vec<String>) {
    let mut kept = Vec::new();
    let mut names = Vec::new();
    let mut story = story::tell(dynamics, start, &kept, &Times::default());
    for Told { first: named, .. } in events {
        if named.event.check(dynamics, &story.end).is_ok() {
            kept.push(Joined::from(named.event.clone()));
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
    let happened =
        events::parse(&loaded.cluster, typed).map_err(|error| error.to_string()).unwrap();
    let cluster = loaded.cluster.with_rollouts(&events::rollouts(&happened));
    let simulator = simulator(&cluster);
    let dynamics = simulator.dynamics();
    let start = at_rest(&simulator).example;
    let (story, names) = told(dynamics, &start, &happened);
    let written = export::of(sources, dynamics, &loaded.origins, &story).ok()?;
    let text = render::json(&written);

    let (again, _) = read(name, text.as_bytes());
    let reader = self::simulator(&again.cluster);
    let context = format!("{name} after {names:?}");
    let wanted = standing(dynamics, &story.end);
    let mut placement = Placement::of(&again.cluster);
    reader.dynamics().begin(&mut placement);
    similar(&context, &standing(reader.dynamics(), &placement), &wanted);

    let acts = reader.dynamics().control_plane().acts(&placement);
    if acts != dynamics.control_plane().acts(&story.end) {
        // Of members that were deleted an export knows nothing: the others may be enough then.
        let mut members = dynamics.control_plane().etcd(&story.end);
        let is_deleted = |host| matches!(host, Host::Node(node) if !story.end.node(node).exists);
        assert!(acts && members.any(is_deleted), "{context}");
        return Some((text, names));
    }
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
        for (range, count) in [ranges.ready, ranges.pending, ranges.terminating].iter().zip(counts)
        {
            assert!(
                (range.min..=range.max).contains(count),
                "{context}: {key} {ranges:?} {counts:?}"
            );
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
            "fail",
            "fail",
            "recover",
            "delete",
            "out-of-service",
            "cordon",
            "uncordon",
            "drain",
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
    let times = if std::env::var_os("HOLDFAST_LONG").is_some() { 10 } else { 1 };
    for seed in 0..count * times {
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
        "attached-2-0",
        "blackout-1-0",
        "daemons-1-0",
        "disrupted-2-0",
        "drains-1-0",
        "jobs-1-0",
        "mixed-2-0",
        "plain-1-0",
        "plan-data",
        "plan-edge",
        "plan-homelab",
        "plan-k3s",
        "plan-zero",
        "preemption-1-0",
        "rollouts-1-0",
        "spread-1-0",
    ] {
        let told = rounds(name, &recorded(name), 12);
        assert!(told.values().sum::<u32>() >= 10, "{name}: only {told:?}");
    }
}

/// Nodes, a Secret, and workloads whose pods nobody has made yet.
fn manifests() -> String {
    let node = |name: &str| {
        json!({ "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name } },
            "status": { "allocatable": { "cpu": "4", "memory": "8Gi", "pods": "110" },
                "conditions": [{ "type": "Ready", "status": "True" },
                    { "type": "MemoryPressure", "status": "False" }] } })
    };
    let workload = |kind: &str, name: &str, more: Value| {
        let mut spec = json!({ "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } },
                "spec": { "containers": [{ "name": "main", "image": "main",
                    "resources": { "requests": { "cpu": "500m" } } }] } } });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "apiVersion": "apps/v1", "kind": kind,
            "metadata": { "name": name, "namespace": "shop" }, "spec": spec })
    };
    let claim = json!({ "metadata": { "name": "data" }, "spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
        "resources": { "requests": { "storage": "1Gi" } } } });
    let objects = [
        node("a"),
        node("b"),
        node("c"),
        json!({ "apiVersion": "v1", "kind": "Secret", "data": { "hunter2": "hunter2" },
            "metadata": { "name": "token", "namespace": "shop" } }),
        json!({ "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": { "name": "fast" }, "provisioner": "fast.example.com",
            "volumeBindingMode": "WaitForFirstConsumer" }),
        json!({ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "minAvailable": 1, "selector": { "matchLabels": { "app": "web" } } } }),
        workload("Deployment", "web", json!({ "replicas": 3 })),
        workload(
            "StatefulSet",
            "db",
            json!({ "replicas": 2, "serviceName": "db",
            "volumeClaimTemplates": [claim] }),
        ),
        workload("DaemonSet", "agent", json!({})),
    ];
    crate::sample::list(&objects).to_string()
}

/// The objects of one kind.
fn of_kind<'l>(list: &'l Value, kind: &str) -> Vec<&'l Value> {
    let items = list["items"].as_array().unwrap().iter();
    items.filter(|item| item["kind"] == kind).collect()
}

fn names<'l>(objects: &[&'l Value]) -> Vec<&'l str> {
    objects.iter().map(|object| object["metadata"]["name"].as_str().unwrap()).collect()
}

#[test]
fn what_manifests_make_is_written() {
    let typed = ["rollout:deployment/shop/web", "fail:c", "cordon:a"].map(String::from);
    let (text, _) = round("manifests", manifests().as_bytes(), &typed).unwrap();
    let again = round("manifests", manifests().as_bytes(), &typed).unwrap().0;
    assert_eq!(text, again, "the same story gives the same bytes");
    assert!(!text.contains("hunter2") && !text.contains("Secret"));
    let list: Value = serde_json::from_str(&text).unwrap();

    let sets = of_kind(&list, "ReplicaSet");
    assert_eq!(names(&sets).last(), Some(&"web-rollout-1"));
    let set = sets.last().unwrap();
    assert_eq!(set["spec"]["replicas"], 3);
    let hash = &set["spec"]["selector"]["matchLabels"]["pod-template-hash"];
    assert_eq!(hash, "rollout-1");
    assert_eq!(set["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    let deployment = of_kind(&list, "Deployment")[0];
    assert_eq!(set["metadata"]["ownerReferences"][0]["name"], "web");
    let restarted = |object: &Value| {
        let template = &object["spec"]["template"]["metadata"]["annotations"];
        template["kubectl.kubernetes.io/restartedAt"].as_str().unwrap().to_owned()
    };
    assert_eq!(restarted(set), restarted(deployment));

    let pods = of_kind(&list, "Pod");
    let living = pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    for pod in living.filter(|pod| pod["metadata"]["labels"]["app"] == "web") {
        assert_eq!(&pod["metadata"]["labels"]["pod-template-hash"], hash);
        assert_eq!(pod["metadata"]["ownerReferences"][0]["uid"], set["metadata"]["uid"]);
    }
    let db = pods.iter().find(|pod| pod["metadata"]["name"] == "db-0").unwrap();
    let claim = &db["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"];
    assert_eq!(claim, "data-db-0");
    assert!(names(&of_kind(&list, "PersistentVolumeClaim")).contains(&"data-db-0"));
    let status = &of_kind(&list, "PodDisruptionBudget")[0]["status"];
    let counts = ["currentHealthy", "desiredHealthy", "disruptionsAllowed"];
    assert_eq!(counts.map(|field| status[field].as_i64()), [Some(3), Some(1), Some(2)]);

    let nodes = of_kind(&list, "Node");
    assert_eq!(nodes[0]["spec"]["unschedulable"], true);
    let said = |node: &Value, kind: &str| {
        let conditions = node["status"]["conditions"].as_array().unwrap();
        let found = conditions.iter().find(|condition| condition["type"] == kind).unwrap();
        (found["status"].as_str().unwrap().to_owned(), found["reason"].clone())
    };
    for kind in ["Ready", "MemoryPressure"] {
        assert_eq!(said(nodes[2], kind), ("Unknown".to_owned(), "NodeStatusUnknown".into()));
    }
    let written = nodes[2]["spec"]["taints"].as_array().unwrap();
    assert!(written.iter().all(|taint| taint["key"] == "node.kubernetes.io/unreachable"));
    assert_eq!(written.len(), 2);
}

#[test]
fn rollouts_go_on_where_an_export_ends() {
    let typed = ["rollout:deployment/shop/web".to_owned()];
    let (once, _) = round("manifests", manifests().as_bytes(), &typed).unwrap();
    let (twice, _) = round("once", once.as_bytes(), &typed).unwrap();
    let list: Value = serde_json::from_str(&twice).unwrap();
    let sets = of_kind(&list, "ReplicaSet");
    let replicas: Vec<_> = sets.iter().map(|set| set["spec"]["replicas"].as_i64()).collect();
    assert_eq!(names(&sets), ["web-rollout-1", "web-rollout-2"]);
    assert_eq!(replicas, [Some(0), Some(3)]);
    let mut pods = names(&of_kind(&list, "Pod"));
    let count = pods.len();
    pods.sort_unstable();
    pods.dedup();
    assert_eq!(pods.len(), count, "no two pods have one name");
}

#[test]
fn commands_read_what_simulate_wrote() {
    let folder = folder("export");
    write(&folder, "cluster.json", fixture("homelab/cluster.json"));
    let event = ["--event", "fail:homelab-04"];
    let told = ["simulate", "cluster.json", "-o", "json", "--export", "end.json"];
    let told: Vec<&str> = told.into_iter().chain(event).collect();
    let story = run_in(&folder, &told);
    let last = story.json()["steps"][1].clone();
    let end = run_in(&folder, &["simulate", "end.json", "-o", "json"]).ended(0).json();
    let first = &end["steps"][0];
    for (node, stands) in last["nodes"].as_object().unwrap() {
        assert_eq!(first["nodes"][node]["state"], stands["state"], "{node}");
    }
    for (workload, stands) in last["workloads"].as_object().unwrap() {
        let got = &first["workloads"][workload];
        for count in ["ready", "pending", "terminating"] {
            let number = |of: &Value, end: &str| of[count][end].as_i64().unwrap();
            let within = number(stands, "min")..=number(stands, "max");
            assert!(within.contains(&number(got, "min")), "{workload} {count}: {got} {stands}");
        }
        assert_eq!(got["messages"], stands["messages"], "{workload}");
    }
    // What explain says of a pod that waits stands in its condition.
    let written: Value =
        serde_json::from_slice(&std::fs::read(folder.join("end.json")).unwrap()).unwrap();
    let explained = run_in(&folder, &["explain", "end.json", "-o", "json"]).ended(0).json();
    assert!(!explained.as_array().unwrap().is_empty());
    for pod in explained.as_array().unwrap() {
        let named = |object: &&Value| {
            let text = |field: &str| object["metadata"][field].as_str().unwrap();
            pod["pod"] == format!("{}/{}", text("namespace"), text("name"))
        };
        let found = of_kind(&written, "Pod").into_iter().find(named).unwrap();
        let conditions = found["status"]["conditions"].as_array().unwrap();
        let says = conditions.iter().find(|known| known["type"] == "PodScheduled").unwrap();
        assert_eq!((&says["status"], &says["reason"]), (&"False".into(), &"Unschedulable".into()));
        let message = says["message"].as_str().unwrap();
        assert!(message.starts_with(pod["message"].as_str().unwrap()), "{message}");
    }
    assert!(run_in(&folder, &["prove", "end.json"]).code.is_some_and(|code| code != 2));
}

#[test]
fn an_export_needs_a_folder_and_an_input_only_once() {
    let nowhere = ["simulate", "edge/cluster.json", "--export", "no/such/folder.json"];
    let refused = run(&nowhere).ended(2);
    assert!(refused.stderr.contains("there is no folder no/such"), "{}", refused.stderr);
    let folder = folder("export-stdin");
    let path = folder.join("end.json");
    let arguments = ["simulate", "-", "--export", path.to_str().unwrap()];
    let run = run_with(manifests().as_bytes(), &arguments);
    assert!(run.code == Some(0) || run.code == Some(4), "{}", run.transcript());
    assert!(path.is_file());
}
