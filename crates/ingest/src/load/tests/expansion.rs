//! Pods that controllers would make.

use holdfast_cluster::Cluster;
use holdfast_cluster::pod::Phase;
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::workload::{Losses, WorkloadKind};

use super::{loaded, node, pod, rules, spec, workload};
use crate::{Options, Rule, Source, load};

fn names(cluster: &Cluster) -> Vec<&str> {
    cluster.pods().iter().map(|pod| cluster.text(pod.name)).collect()
}

/// A workload of `apps/v1` with this spec on top of a template of one container.
fn apps(kind: &str, name: &str, spec: &str) -> String {
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"{kind}","metadata":{{"name":"{name}"}},"spec":{{{spec}
        "selector":{{"matchLabels":{{"app":"{name}"}}}},"template":{{"metadata":{{"labels":
        {{"app":"{name}"}}}},"spec":{{"containers":[{{"name":"c"}}]}}}}}}}}"#
    )
}

#[test]
fn rendered_deployments_get_their_pods() {
    let text =
        [node("a"), apps("Deployment", "web", r#""replicas":2,"#), apps("Deployment", "one", "")];
    let loaded = loaded(&text.concat());
    let cluster = &loaded.cluster;
    assert_eq!(cluster.pods().len(), 3, "replicas default to 1");
    for pod in cluster.pods() {
        assert!(pod.expanded && pod.phase == Phase::Pending && pod.node.is_none());
    }
    let first = &cluster.pods()[0];
    let set = cluster.workload(first.workload);
    assert_eq!((set.kind, set.desired), (WorkloadKind::ReplicaSet, 2));
    assert_eq!(cluster.text(first.name), format!("{}-0", cluster.text(set.name)));
    let root = cluster.workload(cluster.root(first.workload));
    assert_eq!((root.kind, cluster.text(root.name)), (WorkloadKind::Deployment, "web"));
    assert!(root.selector.matches(cluster.labels_of(first.class), cluster.symbols()));
    let hash = cluster.find("pod-template-hash").unwrap();
    assert!(cluster.labels_of(first.class).get(hash).is_some());
    let seconds: Vec<_> =
        cluster.spec_of(first.class).tolerations.iter().map(|t| t.seconds).collect();
    assert_eq!(seconds, [Some(300), Some(300)], "admission's default tolerations");
    assert_eq!(rules(&loaded), [Rule::PodsExpanded]);
}

#[test]
fn nothing_is_made_when_not_asked_for() {
    let text = [node("a"), apps("ReplicaSet", "web", r#""replicas":2,"#)].concat();
    let loaded =
        load(vec![Source::named("x", text)], &Options { expand: false, ..Options::default() });
    assert_eq!(loaded.cluster.pods().len(), 0);
}

#[test]
fn only_what_is_missing_is_made() {
    let set = r#"{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web-1",
    "ownerReferences":
        [{"apiVersion":"apps/v1","kind":"Deployment","name":"web","controller":true}]},
        "spec":{"replicas":3,
        "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c"}]}}}}"#;
    let pod = |name: &str, phase: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","ownerReferences":
            [{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","controller":true}}]}},
            "spec":{{"nodeName":"a"}},"status":{{"phase":"{phase}"}}}}"#
        )
    };
    let text = [
        node("a"),
        apps("Deployment", "web", r#""replicas":3,"#),
        set.to_owned(),
        pod("web-1-x", "Running"),
        pod("web-1-0", "Failed"),
    ];
    let loaded = loaded(&text.concat());
    assert_eq!(names(&loaded.cluster), ["web-1-x", "web-1-0", "web-1-1", "web-1-2"]);
    let told = &loaded.diagnostics[0];
    assert_eq!((told.rule, told.detail.as_str()), (Rule::PodsExpanded, "2 pods lacked"));
    assert_eq!(told.object.as_ref().unwrap().kind, "Deployment");
}

#[test]
fn stateful_sets_number_pods_and_claims() {
    let more = r#""replicas":2,"ordinals":{"start":1},
    "volumeClaimTemplates":[{"metadata":{"name":"data"},
        "spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}],"#;
    let loaded = loaded(&[node("a"), apps("StatefulSet", "db", more)].concat());
    let cluster = &loaded.cluster;
    assert_eq!(names(cluster), ["db-1", "db-2"]);
    let name = cluster.find("data-db-1").unwrap();
    let own = PodVolume::Claim { name, read_only: false, ephemeral: false };
    assert_eq!(*spec(cluster, "db-1").volumes, [own]);
    let claim = &cluster.objects().claims[&(cluster.find("default").unwrap(), name)];
    assert_eq!((claim.request, claim.bound), (1 << 30, false));
    let label = cluster.find("statefulset.kubernetes.io/pod-name").unwrap();
    assert_eq!(cluster.labels_of(pod(cluster, "db-1").class).get(label), cluster.find("db-1"));
}

#[test]
fn daemon_sets_run_where_they_belong() {
    let tainted = |taints: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{taints}"}},"spec":{{"taints":
            [{{"key":"{taints}","effect":"NoSchedule"}}]}}}}"#
        )
    };
    let text = [
        node("a"),
        tainted("dedicated"),
        tainted("node.kubernetes.io/unschedulable"),
        apps("DaemonSet", "agent", ""),
    ];
    let loaded = loaded(&text.concat());
    let cluster = &loaded.cluster;
    assert_eq!(names(cluster), ["agent-a", "agent-node.kubernetes.io/unschedulable"]);
    assert_eq!(workload(cluster, WorkloadKind::DaemonSet, "agent").desired, 2);
    let affinity = spec(cluster, "agent-a").node_affinity.required.as_ref().unwrap();
    let a = cluster.node(cluster.node_named(cluster.find("a").unwrap()).unwrap());
    assert!(affinity.matches(a.name, &a.labels, cluster.symbols()));
    assert!(!affinity.matches(cluster.find("dedicated").unwrap(), &a.labels, cluster.symbols()));
}

#[test]
fn jobs_run_and_cron_jobs_wait() {
    let job = |name: &str, spec: &str, status: &str| {
        format!(
            r#"{{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"{name}"}},"spec":{{{spec}
            "template":{{"spec":{{"restartPolicy":"Never"}}}}}},"status":{{{status}}}}}"#
        )
    };
    let text = [
        node("a"),
        job("once", "", ""),
        job("many", r#""parallelism":3,"completions":5,"#, r#""succeeded":3"#),
        job("done", "", r#""conditions":[{"type":"Complete","status":"True"}]"#),
        job("held", r#""suspend":true,"#, ""),
        r#"{"apiVersion":"batch/v1beta1","kind":"CronJob","metadata":{"name":"nightly"},"spec":{}}"#
            .to_owned(),
    ];
    let loaded = loaded(&text.concat());
    assert_eq!(names(&loaded.cluster), ["once-0", "many-0", "many-1"]);
    assert!(workload(&loaded.cluster, WorkloadKind::Job, "done").inactive);
    assert!(workload(&loaded.cluster, WorkloadKind::Job, "held").inactive);
}

#[test]
fn autoscalers_reach_their_targets() {
    let autoscaler = |target: &str| {
        format!(
            r#"{{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":
            {{"name":"{target}"}},"spec":{{"minReplicas":3,"maxReplicas":9,"scaleTargetRef":
            {{"apiVersion":"apps/v1","kind":"Deployment","name":"{target}"}}}}}}"#
        )
    };
    let text = [node("a"), apps("Deployment", "web", ""), autoscaler("web"), autoscaler("gone")];
    let loaded = loaded(&text.concat());
    let cluster = &loaded.cluster;
    let web = workload(cluster, WorkloadKind::Deployment, "web");
    assert_eq!((web.autoscaled, web.desired), (Some((3, 9)), 3));
    assert_eq!(cluster.pods().len(), 3, "lifted to the lowest count at once");
    assert_eq!(rules(&loaded), [Rule::PodsExpanded, Rule::AutoscalerWithoutTarget]);
}

/// `SetDefaults_Job` and `matchPodFailurePolicy`: the first rule that speaks of disruptions, or
/// may, decides.
#[test]
fn jobs_say_how_many_losses_they_bear() {
    let of = |spec: &str| {
        let text = format!(
            r#"{{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"j"}},"spec":{{{spec}
            "template":{{"spec":{{"containers":[{{"name":"c"}}]}}}}}},"status":{{"failed":1}}}}"#
        );
        let loaded = loaded(&(node("a") + &text));
        let job = workload(&loaded.cluster, WorkloadKind::Job, "j");
        (job.losses, job.replaces_ended)
    };
    let policy = |rules: &str| format!(r#""podFailurePolicy":{{"rules":[{rules}]}},"#);
    let disrupted = |action: &str| {
        format!(r#"{{"action":"{action}","onPodConditions":[{{"type":"DisruptionTarget"}}]}}"#)
    };
    let codes = r#"{"action":"FailJob","onExitCodes":{"operator":"In","values":[1]}}"#;
    let other = r#"{"action":"FailJob","onPodConditions":[{"type":"Other"}]}"#;
    assert_eq!(of(""), (Losses::Counted(5), false), "six by default, one is gone");
    assert_eq!(of(r#""backoffLimit":2,"#), (Losses::Counted(1), false));
    assert_eq!(of(r#""backoffLimitPerIndex":2,"#), (Losses::Unknown, false));
    assert_eq!(of(&policy(&disrupted("Ignore"))), (Losses::Ignored, true));
    assert_eq!(of(&policy(&disrupted("Count"))), (Losses::Counted(5), true));
    assert_eq!(of(&policy(&disrupted("FailJob"))), (Losses::Counted(0), true));
    let both = format!("{other},{},{codes}", disrupted("Ignore"));
    assert_eq!(of(&policy(&both)), (Losses::Ignored, true), "the first that matches");
    let before = format!("{codes},{}", disrupted("Ignore"));
    assert_eq!(of(&policy(&before)), (Losses::Unknown, true));
}

/// `GetDeletionCostFromPodAnnotations`: what is no plain number costs nothing.
#[test]
fn deletion_costs_are_plain_numbers() {
    for (written, cost) in
        [("-7", -7), ("0", 0), ("12", 12), ("+3", 0), ("08", 0), ("x", 0), ("9999999999", 0)]
    {
        let text = format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p","annotations":{{
            "controller.kubernetes.io/pod-deletion-cost":"{written}"}}}},
            "spec":{{"containers":[{{"name":"c"}}]}}}}"#
        );
        let loaded = loaded(&(node("a") + &text));
        assert_eq!(loaded.cluster.pods()[0].deletion_cost, cost, "{written}");
    }
}
