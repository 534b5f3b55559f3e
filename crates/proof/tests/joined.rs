//! Events that come in the middle of others, worked out by hand.

use holdfast_cluster::{Cluster, NodeId, WorkloadId};
use holdfast_failover::{Dynamics, Event, Joined};
use holdfast_ingest::{Options, Source, load};
use holdfast_proof::simulation::{Range, Stage};
use holdfast_proof::stuck::Stuck;
use holdfast_proof::{Sequencer, Settings, Simulator, Verdict};
use serde_json::{Value, json};

fn read(objects: &[Value]) -> Cluster {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let source = Source::named("list.json", list.to_string().into_bytes());
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "x", "namespace": "default"}, "spec": {}});
    let service = Source::named("service.json", service.to_string().into_bytes());
    load(vec![source, service], &Options::default()).cluster
}

/// A node with room for so many pods of a core.
fn node(name: &str, cores: u32) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {
            "allocatable": {"cpu": cores.to_string(), "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

/// What all pods ask for: a core, and with `apart` a node of their own.
fn pod_spec(apart: bool) -> Value {
    let mut spec = json!({"containers": [
        {"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}},
    ]});
    if apart {
        spec["affinity"] = json!({"podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [{
                "labelSelector": {"matchLabels": {"app": "web"}},
                "topologyKey": "kubernetes.io/hostname",
            }],
        }});
    }
    spec
}

fn workload(kind: &str, name: &str, replicas: usize, apart: bool) -> Value {
    let labels = json!({"app": "web"});
    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(apart)},
        },
    })
}

/// The pods of a workload, one on each of these nodes.
fn pods(kind: &str, owner: &str, homes: &[&str], apart: bool) -> Vec<Value> {
    let pod = |(number, node): (usize, &&str)| {
        let mut spec = pod_spec(apart);
        spec["nodeName"] = json!(node);
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": format!("{owner}-{number}"), "namespace": "default",
                "labels": {"app": "web"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": owner,
                    "uid": owner, "controller": true}],
            },
            "spec": spec,
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        })
    };
    homes.iter().enumerate().map(pod).collect()
}

/// A Deployment with a pod on each of these nodes, which rolls out with one pod more and none
/// missing.
fn deployment(homes: &[&str], apart: bool) -> Vec<Value> {
    let mut deployment = workload("Deployment", "web", homes.len(), apart);
    deployment["spec"]["strategy"] = json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
    let mut set = workload("ReplicaSet", "web-1", homes.len(), apart);
    set["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment",
        "name": "web", "uid": "web", "controller": true}]);
    let mut objects = vec![deployment, set];
    objects.extend(pods("ReplicaSet", "web-1", homes, apart));
    objects
}

/// How the workload `web` or `db` stands after these events, with so many states to try.
fn told(cluster: &Cluster, story: &[Joined], states: usize) -> Stage {
    let settings = Settings { states_per_set: states, ..Settings::default() };
    let simulator = Simulator::new(Dynamics::new(cluster), settings);
    simulator.run(story).expect("the events make sense").pop().expect("a stage an event")
}

/// Ready, pending and terminating pods of the one workload there is.
fn ranges(stage: &Stage) -> [(u32, u32); 3] {
    let of = |range: Range| (range.min, range.max);
    let web = &stage.workloads[0];
    [of(web.ready), of(web.pending), of(web.terminating)]
}

const STATES: usize = 100_000;

/// Of nodes `a`, `b`, `c` by position.
fn fail(node: u32) -> Event {
    Event::Fail(vec![NodeId(node)])
}

fn named(cluster: &Cluster, name: &str) -> WorkloadId {
    let is_it = |id: &WorkloadId| cluster.text(cluster.workload(*id).name) == name;
    cluster.workload_ids().find(is_it).expect("it is in the export")
}

/// Two pods that keep apart, on a and b. The rollout's first new pod can go to c alone.
///
/// * c fails before that pod is there: it stays pending, and the rollout is stuck (2 1 0).
/// * c fails while it starts: the same, and it stays terminating on c (2 1 1).
/// * c fails once it is ready and an old pod, say on a, had to go for it: the second new pod has
///   taken its place or does so now, and the one made in place of that on c finds none as long as
///   the other old pod stays, which it does as nothing may be missing (2 1 1).
/// * c fails once all is done: the place of the last old pod is free (2 0 1).
#[test]
fn a_node_fails_in_the_middle_of_a_rollout() {
    let nodes = ["a", "b", "c"].map(|name| node(name, 4));
    let cluster = read(&[nodes.to_vec(), deployment(&["a", "b"], true)].concat());
    let web = named(&cluster, "web");
    let cluster = cluster.with_rollouts(&[(web, 1)].into());
    let rollout = Event::Rollout(web);
    let alone = |event: &Event| Joined::from(event.clone());
    let before = told(&cluster, &[alone(&fail(2)), alone(&rollout)], STATES);
    let after = told(&cluster, &[alone(&rollout), alone(&fail(2))], STATES);
    let amid = told(&cluster, &[alone(&rollout).and(fail(2))], STATES);
    assert_eq!(ranges(&before), [(2, 2), (1, 1), (0, 0)], "before the surge pod is there");
    assert_eq!(ranges(&after), [(2, 2), (0, 0), (1, 1)], "after the rollout");
    assert_eq!(ranges(&amid), [(2, 2), (0, 1), (0, 1)], "at any moment");
    assert!(before.exact && after.exact && amid.exact, "{:?}", amid.doubts);
    assert!(amid.stuck.contains(&Stuck::Rollout(web)), "in some run it never ends");
    assert!(!after.stuck.contains(&Stuck::Rollout(web)));
}

/// Three pods on three nodes with room for no more, of which two must be there. A drain of a evicts
/// its pod, which finds no place, and then b fails: one is left. If b fails before, the drain is
/// blocked, and two are left.
#[test]
fn a_node_fails_in_the_middle_of_a_drain() {
    let nodes = ["a", "b", "c"].map(|name| node(name, 1));
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"disruptionsAllowed": 1},
    });
    let objects = [nodes.to_vec(), deployment(&["a", "b", "c"], false), vec![budget]].concat();
    let cluster = read(&objects);
    let drain = Joined::from(Event::Drain(vec![NodeId(0)]));
    let after = told(&cluster, &[drain.clone(), Joined::from(fail(1))], STATES);
    let amid = told(&cluster, &[drain.and(fail(1))], STATES);
    assert_eq!(ranges(&after), [(1, 1), (2, 2), (1, 1)]);
    assert_eq!(ranges(&amid), [(1, 2), (1, 2), (1, 1)]);
    assert!(amid.exact, "{:?}", amid.doubts);
    let blocked = |stuck: &Stuck| matches!(stuck, Stuck::Drain { node: NodeId(0), .. });
    assert!(amid.stuck.iter().any(blocked), "in some run");
    assert!(!after.stuck.iter().any(blocked), "whoever drained was done");
}

/// Two pods that keep apart, `db-0` on a and `db-1` on b, c being free. A rollout makes `db-1` anew
/// first. Whatever is on b when it fails is stuck there; there may be none.
#[test]
fn a_node_fails_in_the_middle_of_a_stateful_rollout() {
    let nodes = ["a", "b", "c"].map(|name| node(name, 4));
    let set = workload("StatefulSet", "db", 2, true);
    let objects = [nodes.to_vec(), vec![set], pods("StatefulSet", "db", &["a", "b"], true)];
    let cluster = read(&objects.concat());
    let db = named(&cluster, "db");
    let rollout = Joined::from(Event::Rollout(db));
    let amid = told(&cluster, &[rollout.and(fail(1))], STATES);
    assert_eq!(ranges(&amid), [(1, 2), (0, 0), (0, 1)]);
    assert!(amid.exact, "{:?}", amid.doubts);
    assert!(amid.stuck.contains(&Stuck::Rollout(db)), "if it fails while db-1 ends there");
}

/// A node that comes back while its pods are still being evicted keeps those that were not, and
/// loses the others; three events may be joined, and a drain goes on while the others come.
#[test]
fn several_events_come_in_their_order() {
    let nodes = ["a", "b", "c"].map(|name| node(name, 4));
    let cluster = read(&[nodes.to_vec(), deployment(&["a", "a"], false)].concat());
    let back = Event::Recover(vec![NodeId(0)]);
    let story = [Joined::from(fail(0)).and(back).and(Event::Drain(vec![NodeId(0)]))];
    let stage = told(&cluster, &story, STATES);
    assert_eq!(ranges(&stage), [(2, 2), (0, 0), (0, 0)]);
    assert_eq!((stage.pods[0].min, stage.pods[0].max), (0, 0), "drained in the end");
    let story = [Joined::from(fail(0)).and(Event::Recover(vec![NodeId(0)]))];
    let stage = told(&cluster, &story, STATES);
    assert_eq!(ranges(&stage), [(2, 2), (0, 0), (0, 0)]);
    assert_eq!((stage.pods[0].min, stage.pods[0].max), (0, 2), "neither, one or both evicted");
    assert!(stage.exact, "{:?}", stage.doubts);
}

/// With too few states the ranges are wider and hold what the exact ones hold.
#[test]
fn too_few_states_make_the_ranges_wider() {
    let nodes = ["a", "b", "c"].map(|name| node(name, 4));
    let cluster = read(&[nodes.to_vec(), deployment(&["a", "b"], true)].concat());
    let web = named(&cluster, "web");
    let cluster = cluster.with_rollouts(&[(web, 1)].into());
    let story = [Joined::from(Event::Rollout(web)).and(fail(2)).and(fail(1))];
    let exact = told(&cluster, &story, STATES);
    assert!(exact.exact, "{:?}", exact.doubts);
    for states in [1, 2, 5, 20] {
        let wide = told(&cluster, &story, states);
        assert!(!wide.exact);
        for (known, wide) in ranges(&exact).iter().zip(ranges(&wide)) {
            assert!(wide.0 <= known.0 && known.1 <= wide.1, "{states}: {known:?} in {wide:?}");
        }
    }
}

/// One of two pods is left when either node fails, and none when the other fails before the first
/// pod is made again.
#[test]
fn nobody_may_serve_right_after_a_joined_event() {
    let mut objects: Vec<Value> = ["a", "b", "c"].map(|name| node(name, 4)).into();
    objects.extend(deployment(&["a", "b"], false));
    let cluster = read(&objects);
    let sequencer = Sequencer::new(Dynamics::new(&cluster), Settings::default());
    let immediately = |story: &[Joined]| {
        let (courses, _) = sequencer.follow(story).expect("the events make sense");
        (courses[0].immediately.clone(), courses[0].none_after, courses[0].ready_at_once)
    };
    let (refuted, at, ready) = immediately(&[Joined::from(fail(0)).and(fail(1))]);
    assert_eq!((refuted, at, ready), (Verdict::Refuted, Some(1), 0));
    let (in_turn, at, ready) = immediately(&[Joined::from(fail(0)), Joined::from(fail(1))]);
    assert!(matches!(in_turn, Verdict::Proved(_)) && (at, ready) == (None, 1), "{in_turn:?}");
}
