//! Pods that go round for ever: a node's own taint lets them in for a while, evicts them, and lets
//! them in again (`tolerationSeconds`).

mod objects;

use holdfast_certificate::format::Claim;
use holdfast_certificate::{Broken, Flaw};
use holdfast_cluster::{Cluster, NodeId};
use holdfast_failover::Step;
use holdfast_proof::certify::{OneByOne, certify};
use holdfast_proof::possible::after::Asker;
use holdfast_proof::possible::{Answer, Why};
use holdfast_proof::report::Question;
use holdfast_proof::rules::Refusal;
use holdfast_proof::verdict::Ground;
use holdfast_proof::{Doubt, FailureSet, Prover, Settings, Summary, Verdict};
use objects::cluster;
use serde_json::{Value, json};

fn node(name: &str, tainted: bool) -> Value {
    let mut node = objects::node(name);
    if tainted {
        node["spec"] = json!({"taints": [{"key": "maintenance", "effect": "NoExecute"}]});
    }
    node
}

/// A `ReplicaSet` of one pod, on a node; with seconds it bears the taint for so long.
fn set(name: &str, home: &str, cpu: &str, seconds: Option<u32>) -> Vec<Value> {
    let borne = json!({
        "key": "maintenance", "operator": "Exists", "effect": "NoExecute",
        "tolerationSeconds": seconds,
    });
    let spec = json!({
        "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}],
        "tolerations": if seconds.is_some() { vec![borne] } else { Vec::new() },
    });
    objects::replica_set(name, &[home], &spec)
}

/// What becomes of each workload, by name, when the first node fails.
fn recovered(cluster: &Cluster, settings: Settings) -> Vec<(String, Verdict)> {
    let mut prover = Prover::new(cluster, settings);
    prover.foresee(1);
    let set = FailureSet::new(vec![NodeId(0)]);
    let examination = prover.examine(&mut prover.workspace(), &set);
    let subjects = prover.subjects().subjects.iter();
    let name = |at: usize| {
        let root = prover.subjects().subjects[at].root;
        cluster.text(cluster.workload(root).name).to_owned()
    };
    let verdict = |(at, _)| {
        let finding = examination.findings.get(&at);
        (name(at), finding.map_or(prover.standing(at), Clone::clone).recovered)
    };
    subjects.enumerate().map(verdict).collect()
}

const REFUTED: Verdict = Verdict::Refuted;
const ENDLESS: Verdict = Verdict::Unknown(Doubt::Endless);

fn told(verdicts: &[(&str, Verdict)]) -> Vec<(String, Verdict)> {
    verdicts.iter().map(|(name, verdict)| ((*name).to_owned(), verdict.clone())).collect()
}

#[test]
fn a_node_that_evicts_again_is_no_home() {
    let mut objects = vec![node("a", false), node("b", true), node("c", true)];
    objects.extend(set("web", "a", "1", Some(30)));
    let cluster = cluster(objects);
    for bounds in [true, false] {
        let settings = Settings { bounds, ..Settings::default() };
        assert_eq!(recovered(&cluster, settings), told(&[("web", REFUTED)]));
    }
    let prover = Prover::new(&cluster, Settings::default());
    let set = FailureSet::new(vec![NodeId(0)]);
    let examination = prover.examine(&mut prover.workspace(), &set);
    let run = prover.whole_run(0, &set, &examination.findings[&0]);
    assert_eq!((run.ready, run.desired), (0, 1));
    let kinds: Vec<&str> = run
        .again
        .iter()
        .map(|step| match step {
            Step::Schedule { .. } => "schedule",
            Step::Evict { .. } => "evict",
            Step::End { .. } => "end",
            _ => "other",
        })
        .collect();
    assert!(kinds.len() == 3 && ["schedule", "evict", "end"].iter().all(|k| kinds.contains(k)));
}

/// The filters let the pod in there, and it does not stay.
#[test]
fn a_node_that_evicts_again_is_no_answer() {
    let mut objects = vec![node("a", false), node("b", true), node("c", true)];
    objects.extend(set("web", "a", "1", Some(30)));
    let possible = |objects: &[Value]| {
        let cluster = cluster(objects.to_vec());
        let prover = Prover::new(&cluster, Settings::default());
        let set = FailureSet::new(vec![NodeId(0)]);
        Asker::new(&prover, 2).ask(0, &set, 0).expect("a question is left").everybody
    };
    let answer = possible(&objects);
    let Answer::No(Why::NoNode { nodes, .. }) = answer else { panic!("{answer:?}") };
    let evicts = |(_, refusal): &(NodeId, Refusal)| matches!(refusal, Refusal::Evicts(_));
    assert!(nodes.len() == 2 && nodes.iter().all(evicts), "{nodes:?}");
    objects.push(node("d", false));
    let Answer::Yes(found) = possible(&objects) else { panic!("it is possible") };
    assert_eq!(found.moved.iter().map(|seat| seat.node).collect::<Vec<_>>(), [NodeId(3)]);
}

#[test]
fn who_bears_the_taint_for_ever_stays() {
    let mut objects = vec![node("a", false), node("b", true), node("c", true)];
    objects.extend(set("web", "a", "1", Some(30)));
    for object in &mut objects {
        for spec in ["/spec", "/spec/template/spec"] {
            if let Some(borne) = object.pointer_mut(&format!("{spec}/tolerations/0")) {
                borne.as_object_mut().unwrap().remove("tolerationSeconds");
            }
        }
    }
    let proved = Verdict::Proved(Ground::Bound);
    assert_eq!(recovered(&cluster(objects), Settings::default()), told(&[("web", proved)]));
}

/// Chance may lead to the node that keeps it, or never.
#[test]
fn a_way_out_that_may_be_missed_for_ever_leaves_it_open() {
    let mut objects = vec![node("a", false), node("b", true), node("c", false)];
    objects.extend(set("web", "a", "1", Some(30)));
    assert_eq!(recovered(&cluster(objects), Settings::default()), told(&[("web", ENDLESS)]));
}

/// Others that go round for ever keep nobody from a place that is open all the time.
#[test]
fn nobody_is_passed_over_for_ever() {
    let mut objects = vec![node("a", false), node("b", true), node("c", false)];
    objects.extend(set("web", "a", "3", Some(30)));
    objects.extend(set("api", "a", "1", None));
    objects[2]["status"]["allocatable"]["cpu"] = json!("2");
    let proved = Verdict::Proved(Ground::Explored);
    let verdicts = recovered(&cluster(objects), Settings::default());
    assert_eq!(verdicts, told(&[("api", proved), ("web", REFUTED)]));
}

/// What is proved of runs that go round is certified by all states that may come, and only that.
#[test]
fn the_states_of_runs_that_go_round_are_listed() {
    let mut objects = vec![node("a", false), node("b", true), node("c", false)];
    objects.extend(set("web", "a", "3", Some(30)));
    objects.extend(set("api", "a", "1", None));
    objects[2]["status"]["allocatable"]["cpu"] = json!("2");
    let cluster = cluster(objects);
    let prover = Prover::new(&cluster, Settings::default());
    let (set, mut workspace) = (FailureSet::new(vec![NodeId(0)]), prover.workspace());
    let mut summary = Summary::new(&prover);
    for set in [FailureSet::default(), set.clone()] {
        summary.add(&set, &prover.examine(&mut workspace, &set));
    }
    summary.finish();
    let certified = certify(&prover, &Question::Set(set), &summary, &OneByOne);
    let certified = certified.expect("nobody asks to stop");
    assert_eq!(certified.left_out, []);
    let certificate = certified.certificate;
    let accepted = holdfast_certificate::verify(&cluster, &certificate).expect("it is accepted");
    assert!(accepted.states > 0);
    let [api, web] = &certificate.workloads[..] else { panic!("two workloads") };
    assert_eq!((&api.name[..], &api.recovered), ("api", &Claim::Proved));
    assert!(matches!(web.recovered, Claim::Refuted { .. }), "{web:?}");

    let mut other = certificate.clone();
    other.workloads[1].recovered = Claim::Proved;
    other.summary.proved += 1;
    other.summary.refuted -= 1;
    let flaw = holdfast_certificate::verify(&cluster, &other).expect_err("web never recovers");
    assert!(matches!(flaw, Flaw::Set { whose: Some(_), .. }), "{flaw:?}");

    let mut other = certificate.clone();
    other.sets[0].states.pop();
    let flaw = holdfast_certificate::verify(&cluster, &other).expect_err("a state is missing");
    assert!(matches!(flaw, Flaw::Set { what: Broken::Missing(_), .. }), "{flaw:?}");
}

/// Where they fill a node now and then, whoever needs it may never be in time.
#[test]
fn who_goes_round_may_stand_in_the_way_of_others() {
    let mut objects = vec![node("a", false), node("b", true)];
    objects.extend(set("web", "a", "1", Some(30)));
    objects.extend(set("api", "a", "1", Some(1)));
    let bears = json!([{"key": "maintenance", "operator": "Exists"}]);
    for object in &mut objects {
        if object.pointer("/metadata/labels/app") == Some(&json!("api")) {
            object["spec"]["tolerations"] = bears.clone();
        } else if object["metadata"]["name"] == "api" {
            object["spec"]["template"]["spec"]["tolerations"] = bears.clone();
        }
    }
    objects[1]["status"]["allocatable"]["cpu"] = json!("2");
    let verdicts = recovered(&cluster(objects), Settings::default());
    assert_eq!(verdicts, told(&[("api", ENDLESS), ("web", REFUTED)]));
}

/// A cluster that goes round today is never at rest, and nothing is known of it.
#[test]
fn a_start_without_rest_is_named() {
    let mut objects = vec![node("a", false), node("b", true)];
    objects.extend(set("web", "b", "1", Some(30)));
    objects[0]["spec"]["unschedulable"] = json!(true);
    objects[0]["spec"]["taints"] =
        json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]);
    assert_eq!(recovered(&cluster(objects), Settings::default()), told(&[("web", ENDLESS)]));
}
