//! Controllers over time: stories of small clusters, counted by hand.

use std::collections::BTreeMap;
use std::fmt::Write;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Placement, WorkloadId};
use holdfast_ingest::{Options, Source, load};

use crate::story::{self, Happening, Story};
use crate::{Dynamics, Event, Step, Times};

/// Nodes by name, with room for ten pods that ask for 100m each.
fn nodes(names: &[&str]) -> String {
    let mut text = String::new();
    for name in names {
        let _ = write!(
            text,
            r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{name}",
            "labels":{{"kubernetes.io/hostname":"{name}"}}}},
            "status":{{"allocatable":{{"cpu":"1","memory":"1Gi","pods":"20"}},
            "conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
        );
    }
    text
}

/// A workload of the group `apps`, with these fields in its spec besides.
fn workload(kind: &str, spec: &str) -> String {
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"{kind}","metadata":{{"name":"web"}},
        "spec":{{"selector":{{"matchLabels":{{"app":"web"}}}},{spec},"template":{{
        "metadata":{{"labels":{{"app":"web"}}}},"spec":{{"terminationGracePeriodSeconds":5,
        "containers":[{{"name":"c","resources":{{"requests":{{"cpu":"100m"}}}}}}]}}}}}}}}"#
    )
}

fn read(text: String) -> Cluster {
    load(vec![Source::named("export", text)], &Options::default()).cluster
}

fn of_kind(cluster: &Cluster, kind: WorkloadKind) -> WorkloadId {
    cluster.workload_ids().find(|id| cluster.workload(*id).kind == kind).expect("it is there")
}

/// The cluster at rest, its pods on their nodes.
fn settled(dynamics: &Dynamics<'_>) -> Placement {
    let mut start = Placement::of(dynamics.cluster());
    dynamics.begin(&mut start);
    let mut times = Times::default();
    times.set(crate::Time::ImageStart, 0);
    story::tell(dynamics, &start, &[Event::Heal.into()], &times).end
}

/// What is told of an event, a line each: when, what.
fn lines(story: &Story) -> Vec<String> {
    let what = |happening: &Happening| match happening {
        Happening::Step(Step::Schedule { .. }) => Some("schedule"),
        Happening::Step(Step::ScaleDown { .. }) => Some("scale-down"),
        Happening::Step(Step::Renew { .. }) => Some("renew"),
        Happening::Step(Step::Autoscale { .. }) => Some("autoscale"),
        Happening::Step(Step::End { .. }) => Some("end"),
        Happening::Ready(_) => Some("ready"),
        _ => None,
    };
    let told = story.told.iter();
    told.filter_map(|told| Some(format!("{} {}", told.at, what(&told.what)?))).collect()
}

/// One event on the settled cluster, with images that start in 20 seconds.
fn tell(cluster: &Cluster, event: &Event) -> Vec<String> {
    let dynamics = Dynamics::new(cluster);
    let start = settled(&dynamics);
    lines(&story::tell(&dynamics, &start, &[event.clone().into()], &Times::default()))
}

fn rolled(kind: WorkloadKind, object: &str) -> Vec<String> {
    let cluster = read(nodes(&["a", "b"]) + object);
    let id = of_kind(&cluster, kind);
    let cluster = cluster.with_rollouts(&BTreeMap::from([(id, 1)]));
    tell(&cluster, &Event::Rollout(id))
}

/// One pod more at a time: the next old one goes once the new one is ready for half a minute.
#[test]
fn a_rollout_waits_until_pods_are_available() {
    let object = |seconds: u32| {
        let strategy = r#""strategy":{"rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}"#;
        workload("Deployment", &format!(r#""replicas":2,"minReadySeconds":{seconds},{strategy}"#))
    };
    let at_once = [
        "0 schedule",
        "20 ready",
        "20 scale-down",
        "20 schedule",
        "25 end",
        "40 ready",
        "40 scale-down",
        "45 end",
    ];
    assert_eq!(rolled(WorkloadKind::Deployment, &object(0)), at_once);
    let later = [
        "0 schedule",
        "20 ready",
        "50 scale-down",
        "50 schedule",
        "55 end",
        "70 ready",
        "100 scale-down",
        "105 end",
    ];
    assert_eq!(rolled(WorkloadKind::Deployment, &object(30)), later);
}

/// From the highest number down, each once the one before is ready for ten seconds.
#[test]
fn a_stateful_set_waits_until_pods_are_available() {
    let object = workload("StatefulSet", r#""replicas":2,"minReadySeconds":10"#);
    let told = rolled(WorkloadKind::StatefulSet, &object);
    assert_eq!(told, ["5 end", "5 schedule", "25 ready", "40 end", "40 schedule", "60 ready"]);
}

/// A pod beside the old one, node by node; the old one goes once the next is available.
#[test]
fn a_daemon_set_surges() {
    let object = |update: &str| {
        workload(
            "DaemonSet",
            &format!(r#""minReadySeconds":10,"updateStrategy":{{"rollingUpdate":{update}}}"#),
        )
    };
    let one = rolled(WorkloadKind::DaemonSet, &object(r#"{"maxSurge":1,"maxUnavailable":0}"#));
    let by_one = [
        "0 renew",
        "0 schedule",
        "20 ready",
        "30 renew",
        "30 schedule",
        "35 end",
        "50 ready",
        "65 end",
    ];
    assert_eq!(one, by_one);
    let all = rolled(WorkloadKind::DaemonSet, &object(r#"{"maxSurge":"51%","maxUnavailable":0}"#));
    let at_once = [
        "0 renew",
        "0 renew",
        "0 schedule",
        "0 schedule",
        "20 ready",
        "20 ready",
        "35 end",
        "35 end",
    ];
    assert_eq!(all, at_once);
    let none = rolled(WorkloadKind::DaemonSet, &object(r#"{"maxUnavailable":1}"#));
    let in_turn = [
        "0 renew",
        "5 end",
        "5 schedule",
        "25 ready",
        "35 renew",
        "40 end",
        "40 schedule",
        "60 ready",
    ];
    assert_eq!(none, in_turn);
}

const AUTOSCALER: &str = r#"{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler",
    "metadata":{"name":"web"},"spec":{"minReplicas":2,"maxReplicas":4,
    "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}}"#;

/// A count beyond the bounds is set back when the autoscaler looks, and the pods were made before.
#[test]
fn an_autoscaler_holds_its_bounds() {
    let object = workload("Deployment", r#""replicas":3"#);
    let cluster = read(nodes(&["a", "b"]) + &object + AUTOSCALER);
    let id = of_kind(&cluster, WorkloadKind::Deployment);
    let after = |count: i64| {
        let dynamics = Dynamics::new(&cluster);
        let start = settled(&dynamics);
        let event = Event::Scale(id, count);
        let story = story::tell(&dynamics, &start, &[event.into()], &Times::default());
        (story.end.target(id).desired, lines(&story))
    };
    assert_eq!(after(4), (4, vec!["0 schedule".into(), "20 ready".into()]), "within");
    let (count, told) = after(6);
    assert_eq!(count, 4);
    assert_eq!(
        &told[..5],
        ["0 schedule", "0 schedule", "0 schedule", "15 autoscale", "15 scale-down"]
    );
    let (count, told) = after(1);
    assert_eq!(count, 2);
    let back = ["0 scale-down", "5 end", "5 end", "15 autoscale", "15 schedule", "35 ready"];
    assert_eq!(told, back);
    assert_eq!(after(0).0, 0, "what is scaled to zero is left alone");
}

/// A Job with a pod on each of two nodes, of which `a` fails: how many pods it wants in the end,
/// and how many of them are pending or bound and not to be deleted.
fn after_a_failure(spec: &str) -> (i64, u32) {
    let mut text = nodes(&["a", "b"])
        + &format!(
            r#"{{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"web"}},"spec":{{
            "parallelism":2,"completions":9,{spec},"selector":{{"matchLabels":{{"app":"web"}}}},
            "template":{{"metadata":{{"labels":{{"app":"web"}}}},"spec":{{
            "restartPolicy":"Never","containers":[{{"name":"c"}}]}}}}}},
            "status":{{"failed":1}}}}"#
        );
    for node in ["a", "b"] {
        let _ = write!(
            text,
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{node}","labels":{{
            "app":"web"}},"ownerReferences":[{{"apiVersion":"batch/v1","kind":"Job","name":"web",
            "controller":true}}]}},"spec":{{"nodeName":"{node}","restartPolicy":"Never",
            "containers":[{{"name":"c"}}]}},"status":{{"phase":"Running",
            "conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
        );
    }
    let cluster = read(text);
    let job = of_kind(&cluster, WorkloadKind::Job);
    let dynamics = Dynamics::new(&cluster);
    let start = settled(&dynamics);
    let failed = Event::Fail(vec![holdfast_cluster::NodeId(0)]);
    let end = story::tell(&dynamics, &start, &[failed.into()], &Times::default()).end;
    (end.target(job).desired, end.tally(job).active)
}

#[test]
fn a_job_gives_up_when_it_loses_more_than_it_bears() {
    assert_eq!(after_a_failure(r#""backoffLimit":6"#), (2, 2), "one more is borne");
    assert_eq!(after_a_failure(r#""backoffLimit":2"#), (2, 2), "the second of two");
    assert_eq!(after_a_failure(r#""backoffLimit":1"#), (0, 0), "one failed before");
    let policy = |action: &str| {
        format!(
            r#""backoffLimit":1,"podFailurePolicy":{{"rules":[{{"action":"{action}",
            "onPodConditions":[{{"type":"DisruptionTarget"}}]}}]}}"#
        )
    };
    // The evicted pod has not ended, and what has not ended is not replaced.
    assert_eq!(after_a_failure(&policy("Ignore")), (2, 1));
}
