//! What a change makes of a cluster at once, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, and says where")]

use holdfast_cluster::change::{
    BudgetChange, Edit, NewNode, Refused, StrategyChange, ValueOperator,
};
use holdfast_cluster::pod::Phase;
use holdfast_cluster::taint::Effect;
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::{Change, Cluster, Pod, WorkloadId};
use holdfast_ingest::{Options, Source, load};
use serde_json::{Value, json};

fn node(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name } },
        "status": {
            "allocatable": { "cpu": "4", "memory": "8Gi", "pods": "110" },
            "images": [{ "names": ["x:1"], "sizeBytes": 1 }],
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    })
}

fn maker(kind: &str, name: &str, owner: Option<&str>, more: &Value) -> Value {
    let mut spec = json!({
        "replicas": 1, "selector": { "matchLabels": { "app": name } },
        "template": {
            "metadata": { "labels": { "app": name } },
            "spec": { "containers": [{ "name": "c", "image": "x:1" }] },
        },
    });
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    let owners = owner.map(|owner| {
        json!([{ "apiVersion": "apps/v1", "kind": "Deployment", "name": owner,
                 "controller": true }])
    });
    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": { "name": name, "namespace": "a", "ownerReferences": owners }, "spec": spec,
    })
}

fn pod(name: &str, kind: &str, owner: &str, node: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "a", "labels": { "app": owner },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": kind, "name": owner,
                                  "controller": true }],
        },
        "spec": {
            "nodeName": node, "containers": [{ "name": "c", "image": "x:1" }],
            "volumes": [{ "name": "data", "persistentVolumeClaim": {
                "claimName": format!("data-{name}") } }],
        },
        "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

/// Two nodes; a StatefulSet with a pod and its claim; a Deployment; a DaemonSet on both nodes.
fn cluster() -> Cluster {
    let surge = json!({ "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": {
        "maxSurge": 1, "maxUnavailable": 0 } } });
    let items = json!([
        node("n1"),
        node("n2"),
        maker("StatefulSet", "db", None, &json!({})),
        pod("db-0", "StatefulSet", "db", "n1"),
        { "apiVersion": "v1", "kind": "PersistentVolumeClaim",
          "metadata": { "name": "data-db-0", "namespace": "a" },
          "spec": { "volumeName": "pv", "resources": { "requests": { "storage": "1Gi" } } },
          "status": { "phase": "Bound" } },
        maker("Deployment", "web", None, &json!({})),
        maker("ReplicaSet", "web-1", Some("web"), &json!({})),
        pod("web-1-a", "ReplicaSet", "web-1", "n2"),
        maker("DaemonSet", "agent", None, &json!({})),
        pod("agent-1", "DaemonSet", "agent", "n1"),
        pod("agent-2", "DaemonSet", "agent", "n2"),
        maker("DaemonSet", "surging", None, &surge),
    ]);
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    load(vec![Source::named("export", list.to_string())], &Options::default()).cluster
}

fn workload(cluster: &Cluster, name: &str) -> WorkloadId {
    let is_called = |id: &WorkloadId| cluster.text(cluster.workload(*id).name) == name;
    cluster.workload_ids().find(is_called).unwrap()
}

fn pods<'c>(cluster: &'c Cluster, of: &str) -> Vec<&'c Pod> {
    let id = workload(cluster, of);
    cluster.pods().iter().filter(|pod| pod.workload == id).collect()
}

fn tolerate() -> Edit {
    Edit::Tolerate {
        key: Some("x".into()),
        operator: ValueOperator::Exists,
        value: String::new(),
        effect: Some(Effect::NoSchedule),
        seconds: None,
    }
}

#[test]
fn a_stateful_set_makes_its_next_pod_with_a_claim_of_its_own() {
    let before = cluster();
    let scale = Change::Replicas { workload: workload(&before, "db"), replicas: 2 };
    let after = before.changed(&[scale]).unwrap();
    let all = pods(&after, "db");
    let made = all[1];
    assert_eq!((all.len(), after.text(made.name), made.phase), (2, "db-1", Phase::Pending));
    let volumes = &after.spec_of(made.class).volumes;
    let PodVolume::Claim { name, .. } = volumes[0] else { panic!("{volumes:?}") };
    assert_eq!(after.text(name), "data-db-1");
    let claim = &after.objects().claims[&(after.class(made.class).namespace, name)];
    assert!(!claim.bound && claim.volume.is_none(), "nobody has found a volume for it yet");
}

#[test]
fn a_template_that_changes_begins_a_rollout() {
    let before = cluster();
    let edit = |name| Change::Template { workload: workload(&before, name), edit: tolerate() };
    let after = before.changed(&[edit("web"), edit("db"), edit("agent")]).unwrap();
    assert_eq!(after.owned(workload(&after, "web")).len(), 2, "the next ReplicaSet is there");
    assert!(pods(&after, "web-1").iter().all(|pod| !pod.outdated), "of the old one they are");
    for set in ["db", "agent"] {
        for pod in pods(&after, set) {
            let bears = |class| after.spec_of(class).tolerations.len();
            assert!(pod.outdated && bears(pod.replacement) == bears(pod.class) + 1, "{set}");
        }
    }
    let same = before.changed(&[]).unwrap();
    assert_eq!(same.workloads(), before.workloads());
}

#[test]
fn a_node_that_comes_is_empty_but_for_daemons_and_one_that_goes_takes_its_pods() {
    let before = cluster();
    let like = before.node(before.node_ids().next().unwrap()).name;
    let zone = ("zone".to_owned(), "z".to_owned());
    let new = NewNode { name: "n0".into(), like, labels: vec![zone] };
    let after = before.changed(&[Change::AddNode(new)]).unwrap();
    let added = after.node(after.node_named(after.find("n0").unwrap()).unwrap());
    let label = |key: &str| added.labels.get(after.find(key).unwrap()).map(|it| after.text(it));
    assert_eq!((label("kubernetes.io/hostname"), label("zone")), (Some("n0"), Some("z")));
    assert!(added.images.is_empty());
    let agents = pods(&after, "agent");
    assert_eq!((agents.len(), after.text(agents[2].name)), (3, "agent-n0"));
    let gone = before.changed(&[Change::RemoveNode(like)]).unwrap();
    assert_eq!(gone.nodes().len(), 1);
    assert_eq!(pods(&gone, "db")[0].phase, Phase::Failed);
    let other = before.node(before.node_ids().nth(1).unwrap()).name;
    let moved = before.changed(&[Change::RemoveNode(other)]).unwrap();
    assert_eq!(pods(&moved, "web-1").len(), 2, "another is made for the one that is lost");
}

#[test]
fn a_budget_has_the_status_that_its_controller_gives_it() {
    let before = cluster();
    let workload = workload(&before, "db");
    let budget = |rule| Change::Budget { workload, name: "db".into(), rule };
    let allowed = |changes: &[Change]| {
        let after = before.changed(changes).unwrap();
        after.objects().budgets.iter().map(|one| one.disruptions_allowed).collect::<Vec<i64>>()
    };
    assert_eq!(allowed(&[budget(BudgetChange::MinAvailable(1))]), [0]);
    assert_eq!(allowed(&[budget(BudgetChange::MaxUnavailable(1))]), [1]);
    let twice = [BudgetChange::MinAvailable(1), BudgetChange::MinAvailable(0)].map(budget);
    assert_eq!(allowed(&twice), [1], "the later of one name");
}

#[test]
fn what_cannot_be_told_is_refused_by_name() {
    let before = cluster();
    let [web, set, agent, surges, db] =
        ["web", "web-1", "agent", "surging", "db"].map(|name| workload(&before, name));
    let edit = |workload, edit| Change::Template { workload, edit };
    let node = before.nodes()[0].name;
    let twin = NewNode { name: "n2".into(), like: node, labels: Vec::new() };
    let nowhere = before.workload(web).name;
    let selector = Edit::NodeSelector { key: "a".into(), value: None };
    let zero = Edit::Requests { cpu_milli: Some(0), memory: None };
    let recreate = StrategyChange::Recreate;
    for (change, why) in [
        (Change::Replicas { workload: agent, replicas: 1 }, Refused::NoScale(agent)),
        (Change::Replicas { workload: set, replicas: 1 }, Refused::NoScale(set)),
        (edit(set, tolerate()), Refused::NoTemplate(set)),
        (edit(surges, tolerate()), Refused::Surges(surges)),
        (edit(agent, selector), Refused::PicksNodes(agent)),
        (edit(web, Edit::RequirePreferred), Refused::NothingPreferred(web)),
        (edit(web, zero), Refused::NoAmount(web)),
        (Change::Strategy { workload: db, strategy: recreate }, Refused::NoStrategy(db)),
        (Change::AddNode(twin), Refused::NodeExists(before.nodes()[1].name)),
        (Change::RemoveNode(nowhere), Refused::NoNode(nowhere)),
    ] {
        assert_eq!(before.changed(std::slice::from_ref(&change)).err(), Some(why), "{change:?}");
    }
}

/// A strategic merge would keep what the new constraint does not say: the list is replaced.
#[test]
fn a_constraint_that_is_replaced_leaves_nothing_behind() {
    let labels = json!({ "app": "web" });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "default" },
        "spec": {
            "replicas": 2, "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "containers": [{ "name": "c", "image": "i" }],
                    "topologySpreadConstraints": [{
                        "maxSkew": 1, "minDomains": 2, "topologyKey": "zone",
                        "whenUnsatisfiable": "DoNotSchedule",
                        "labelSelector": { "matchLabels": labels },
                    }],
                },
            },
        },
    });
    let source = Source::named("export", deployment.to_string());
    let cluster = load(vec![source], &Options::default()).cluster;
    let workload = cluster.workload_ids().next().expect("the Deployment");
    let spread = |key: &str| Change::Template {
        workload,
        edit: Edit::Spread { topology_key: key.into(), max_skew: 1, hard: true },
    };
    let list = |change: Change| {
        let after = cluster.changed(std::slice::from_ref(&change)).expect("it can be made");
        let patches = holdfast_planner::patch::patches(&cluster, &after, &[change]);
        let patch = patches[0].patch.clone().expect("a patch");
        patch["spec"]["template"]["spec"]["topologySpreadConstraints"].clone()
    };
    let replaced = list(spread("zone"));
    assert_eq!(replaced[0], json!({ "$patch": "replace" }));
    assert_eq!(replaced[1].get("minDomains"), None);
    assert_eq!(list(spread("rack")).as_array().map(Vec::len), Some(1), "it is merged");
}
