//! Certificates are written, read back and refused for what they are.

use std::fs;
use std::path::{Path, PathBuf};

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::holdfast::{fixtures, folder, run_in, write};

const CLUSTER: &str = "edge/cluster.json";

const RACKS: &str = "apiVersion: holdfast.dev/v1\nkind: Domains\ndomains:\n  \
                     left: [k3s1, lb-1]\n  right: [k3s1, k3s2]\n";

/// A folder with a fixture as `cluster.json` and its certificate as `proof.json`.
fn certified(test: &str) -> PathBuf {
    let place = folder(test);
    write(&place, "cluster.json", fs::read(fixtures().join(CLUSTER)).unwrap());
    let arguments = ["prove", "--nodes", "2", "--certificate", "proof.json", "cluster.json"];
    let run = run_in(&place, &arguments).ended(1);
    assert!(!run.stderr.contains("does not show"), "{run:?}");
    place
}

fn proof(place: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(place.join("proof.json")).unwrap()).unwrap()
}

#[test]
fn a_certificate_is_accepted_and_follows_its_schema() {
    let place = certified("verify-certificate");
    let run = run_in(&place, &["verify", "proof.json", "cluster.json"]).ended(0);
    assert!(
        run.stdout.starts_with("accepted: 3 claims proved, 41 refuted, 0 left open"),
        "{run:?}"
    );
    let path = fixtures().join("../docs/schemas/holdfast.certificate.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let mut certificate = proof(&place);
    if let Err(error) = schemas.validate(&certificate, schema) {
        panic!("{error}");
    }
    certificate["workloads"][0]["recovered"] = Value::Null;
    assert!(schemas.validate(&certificate, schema).is_err(), "the schema says something");
}

/// Domains by label and from a file, and machines that are no nodes.
#[test]
fn whatever_fails_together_is_certified() {
    let place = folder("verify-domains");
    let k3s = fixtures().join("k3s");
    let input = |name: &str| k3s.join(name).to_str().unwrap().to_owned();
    let (cluster, assumptions) = (input("before.json"), input("assumptions.yaml"));
    write(&place, "racks.yaml", RACKS);
    let path = fixtures().join("../docs/schemas/holdfast.certificate.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let questions: [(&[&str], u64); 3] = [
        (&["--domain", "kubernetes.io/hostname", "--domains", "2"], 11),
        (&["--domain-file", "racks.yaml", "--domains", "2"], 4),
        (&["--fail", "lb-1,k3s1"], 2),
    ];
    for (question, sets) in questions {
        let input = ["--assumptions", &assumptions, &cluster];
        let made = [&["prove", "--certificate", "proof.json"], question, &input].concat();
        let run = run_in(&place, &made).ended(1);
        assert!(!run.stderr.contains("does not show"), "{run:?}");
        assert!(schemas.validate(&proof(&place), schema).is_ok(), "{question:?}");
        let run = run_in(&place, &[&["verify", "proof.json"], &input[..]].concat()).ended(0);
        assert!(run.stdout.contains(&format!("; {sets} failure sets")), "{run:?}");
    }
}

#[test]
fn sequences_of_events_are_certified() {
    let place = folder("verify-sequences");
    let k3s = fixtures().join("k3s");
    let input = |name: &str| k3s.join(name).to_str().unwrap().to_owned();
    let (cluster, assumptions) = (input("before.json"), input("assumptions.yaml"));
    let path = fixtures().join("../docs/schemas/holdfast.certificate.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let input = ["--assumptions", &assumptions, &cluster];
    let events = [
        "fail k3s1; recover k3s1; drain k3s2",
        "rollout deployment/apps/web; cordon k3s3; scale deployment/apps/web=5; fail k3s2",
        "partition k3s3; heal; delete-pod apps/postgres-0; fail lb-1",
        "cordon k3s3; fail k3s1 + fail k3s2",
    ];
    let mut questions: Vec<(Vec<&str>, usize)> =
        events.iter().map(|events| (vec!["--sequence", events], 1)).collect();
    questions.push((vec!["--fail", "k3s1,k3s2,lb-1", "--orders"], 6));
    for (question, sequences) in questions {
        let made = [&["prove", "--certificate", "proof.json"], &question[..], &input].concat();
        let run = run_in(&place, &made).ended(1);
        assert!(!run.stderr.contains("does not show"), "{run:?}");
        assert!(schemas.validate(&proof(&place), schema).is_ok(), "{question:?}");
        let run = run_in(&place, &[&["verify", "proof.json"], &input[..]].concat()).ended(0);
        assert!(run.stdout.contains(&format!("; {sequences} sequence")), "{run:?}");
        let mut turned = proof(&place);
        turned["question"]["sequences"][0].as_array_mut().unwrap().reverse();
        write(&place, "turned.json", turned.to_string());
        let run = run_in(&place, &[&["verify", "turned.json"], &input[..]].concat()).ended(1);
        assert!(run.stdout.starts_with("not accepted: "), "{run:?}");
    }
}

#[test]
fn spaces_and_the_order_of_keys_do_not_matter() {
    let place = certified("verify-and");
    let cluster = fs::read_to_string(place.join("cluster.json")).unwrap();
    let cluster: Value = serde_json::from_str(&cluster).unwrap();
    write(&place, "again.json", turned(&cluster));
    run_in(&place, &["verify", "proof.json", "again.json"]).ended(0);
}

/// JSON with the keys of every object backwards.
fn turned(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(turned).collect::<Vec<_>>().join(","))
        }
        Value::Object(fields) => {
            let fields = fields.iter().rev();
            let fields = fields.map(|(key, value)| format!("{:?}:{}", key, turned(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        value => value.to_string(),
    }
}

#[test]
fn another_input_is_bad_input() {
    let place = certified("verify-input");
    let mut cluster: Value =
        serde_json::from_str(&fs::read_to_string(place.join("cluster.json")).unwrap()).unwrap();
    cluster["items"][0]["metadata"]["labels"]["other"] = "label".into();
    write(&place, "other.json", cluster.to_string());
    let run = run_in(&place, &["verify", "proof.json", "other.json"]).ended(2);
    assert!(run.stderr.contains("the certificate is about another input"), "{run:?}");
    let config = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n\
                  percentageOfNodesToScore: 50\n";
    write(&place, "config.yaml", config);
    let arguments = ["verify", "--scheduler-config", "config.yaml", "proof.json", "cluster.json"];
    run_in(&place, &arguments).ended(2);
}

#[test]
fn what_is_no_certificate_is_bad_input() {
    let place = certified("verify-is");
    let text = fs::read_to_string(place.join("proof.json")).unwrap();
    write(&place, "cut.json", &text[..text.len() / 2]);
    let run = run_in(&place, &["verify", "cut.json", "cluster.json"]).ended(2);
    assert!(run.stderr.contains("cut.json is no certificate, or not all of one"), "{run:?}");
    write(&place, "new.json", text.replace("holdfast.certificate/v1", "holdfast.certificate/v2"));
    let run = run_in(&place, &["verify", "new.json", "cluster.json"]).ended(2);
    assert!(run.stderr.contains("not holdfast.certificate/v1"), "{run:?}");
    let run = run_in(&place, &["verify", "none.json", "cluster.json"]).ended(2);
    assert!(run.stderr.contains("cannot read none.json"), "{run:?}");
}

#[test]
fn what_does_not_follow_is_named() {
    let place = certified("verify-does");
    let mut certificate = proof(&place);
    let workloads = certificate["workloads"].as_array_mut().unwrap();
    let refuted = workloads.iter_mut().find(|one| one["recovered"]["verdict"] == "REFUTED");
    let refuted = refuted.unwrap();
    refuted["recovered"]["run"]["ready"] = 77.into();
    let name = refuted["name"].as_str().unwrap().to_owned();
    write(&place, "wrong.json", certificate.to_string());
    let run = run_in(&place, &["verify", "wrong.json", "cluster.json"]).ended(1);
    assert!(run.stdout.starts_with("not accepted: the run against "), "{run:?}");
    assert!(run.stdout.contains(&name) && run.stdout.contains("the numbers are others"), "{run:?}");
}
