//! A policy of what a cluster survives, so that the gate starts green.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::holdfast::{Run, fixtures, folder, report, run, run_in, write};
use crate::sample;

/// Runs the command in a folder of its own, in which the cluster lies.
fn init(test: &str, cluster: &str, more: &[&str]) -> (PathBuf, Run) {
    let folder = folder(&format!("init-{test}"));
    fs::copy(fixtures().join(cluster), folder.join("cluster.json")).unwrap();
    let run = run_in(&folder, &[&["init", "cluster.json"], more].concat());
    (folder, run)
}

fn policy(folder: &Path) -> String {
    fs::read_to_string(folder.join("holdfast.yaml")).unwrap()
}

/// The report of `check` with the policy that was written, which must hold.
fn checked(folder: &Path, more: &[&str]) -> Value {
    let words = [&["check", "cluster.json", "-o", "json"], more].concat();
    run_in(folder, &words).ended(0).json()
}

/// Whatever is written holds, and all that holds is written.
#[test]
fn the_gate_starts_green_for_every_plan() {
    for (plan, cluster) in [
        ("homelab", "homelab/cluster.json"),
        ("zero-spof", "zero-spof/after-longhorn.json"),
        ("data-platform", "data-platform/option-a.json"),
        ("k3s", "k3s/after.json"),
        ("edge", "edge/cluster.json"),
    ] {
        let assumptions = fixtures().join(plan).join("assumptions.yaml");
        let assumptions = ["--assumptions", assumptions.to_str().unwrap()];
        for more in [&[][..], &assumptions] {
            let (folder, run) = init(&format!("{plan}-green"), cluster, more);
            run.ended(0);
            // The policy names the assumptions.
            let gate = checked(&folder, &[]);
            assert_eq!(gate["findings"], json!([]), "{plan}");
            let words = [&["cluster.json"], more].concat();
            let proved =
                crate::holdfast::run_in(&folder, &[&["prove", "-o", "json"], &words[..]].concat());
            let proved = proved.json();
            let count = |claim: &str| {
                let all = proved["workloads"].as_array().unwrap().iter();
                all.filter(|one| one[claim]["verdict"] == "PROVED").count() as u64
            };
            for (name, claim) in
                [("immediately", "immediately"), ("by-rule", "byRule"), ("recovered", "recovered")]
            {
                let told = gate["requirements"].as_array().unwrap();
                let told = told.iter().find(|one| one["name"] == name);
                let held = told.map_or(0, |one| one["hold"].as_u64().unwrap());
                assert_eq!(held, count(claim), "{plan}: {name}");
            }
        }
    }
}

/// A policy elsewhere names the assumptions from where it is.
#[test]
fn assumptions_are_found_from_the_policy() {
    let folder = folder("init-below");
    let copy = |from: &str, to: &str| {
        write(&folder, to, std::fs::read(fixtures().join(from)).unwrap());
    };
    copy("edge/cluster.json", "cluster.json");
    copy("edge/assumptions.yaml", "given/assumptions.yaml");
    std::fs::create_dir_all(folder.join("ci/gate")).unwrap();
    let (file, policy) = ("given/assumptions.yaml", "ci/gate/holdfast.yaml");
    let init = ["init", "cluster.json", "--assumptions", file, "--policy", policy];
    run_in(&folder, &init).ended(0);
    let written = std::fs::read_to_string(folder.join(policy)).unwrap();
    assert!(written.contains("assumptions: \"../../given/assumptions.yaml\"\n"), "{written}");
    run_in(&folder, &["check", "cluster.json", "--policy", policy]).ended(0);
}

#[test]
fn what_is_left_out_is_named_with_its_reason() {
    let (folder, run) = init("edge", "edge/cluster.json", &[]);
    assert_snapshot!("edge-told", run.ended(0).transcript());
    assert_snapshot!("edge", policy(&folder));
}

/// Two zones, of which one holds all of a workload that survives any one node.
#[test]
fn zones_fail_as_a_whole_where_there_are_several() {
    let folder = folder("init-zones");
    let mut objects = sample::objects();
    for (at, node) in objects.iter_mut().filter(|one| one["kind"] == "Node").enumerate() {
        let zone = if at == 0 { "a" } else { "b" };
        node["metadata"]["labels"]["topology.kubernetes.io/zone"] = zone.into();
    }
    write(&folder, "cluster.json", sample::list(&objects).to_string());
    run_in(&folder, &["init", "cluster.json"]).ended(0);
    assert_snapshot!("zones", policy(&folder));
    assert_eq!(checked(&folder, &[])["scenarios"].as_array().unwrap().len(), 2);
}

#[test]
fn a_policy_that_is_there_stays_unless_forced() {
    let (folder, run) = init("there", "edge/cluster.json", &[]);
    run.ended(0);
    let first = policy(&folder);
    write(&folder, "holdfast.yaml", "mine");
    let refused = run_in(&folder, &["init", "cluster.json"]).ended(2);
    assert!(refused.stderr.contains("holdfast.yaml is there already"), "{}", refused.stderr);
    assert_eq!(policy(&folder), "mine");
    run_in(&folder, &["init", "cluster.json", "--force"]).ended(0);
    assert_eq!(policy(&folder), first);
    let printed = run_in(&folder, &["init", "cluster.json", "--policy", "-"]).ended(0);
    assert_eq!(printed.stdout, first);
    run_in(&folder, &["init", "cluster.json", "--policy", "other.yaml"]).ended(0);
    assert_eq!(fs::read_to_string(folder.join("other.yaml")).unwrap(), first);
    let nowhere = run_in(&folder, &["init", "cluster.json", "--policy", "no/policy.yaml"]).ended(2);
    assert!(nowhere.stderr.contains("there is no folder no"), "{}", nowhere.stderr);
}

#[test]
fn where_nothing_is_proved_nothing_is_written() {
    let folder = folder("init-nothing");
    let mut objects = sample::objects();
    let only = sample::name(&first_node()).to_owned();
    objects.retain(|one| match one["kind"].as_str() {
        Some("Node") => sample::name(one) == only,
        Some("Pod") => one["spec"]["nodeName"] == only.as_str(),
        _ => true,
    });
    // A DaemonSet wants no pod where no node is.
    objects.retain(|one| !sample::name(one).starts_with("agent"));
    write(&folder, "cluster.json", sample::list(&objects).to_string());
    let told = report(&folder, &["cluster.json"], 1);
    assert!(told["workloads"].as_array().unwrap().iter().all(|one| one["verdict"] != "PROVED"));
    let nothing = run_in(&folder, &["init", "cluster.json"]).ended(3);
    assert!(nothing.stderr.contains("nothing to require"), "{}", nothing.stderr);
    assert!(!folder.join("holdfast.yaml").exists());
    let empty = run(&["init", "hostile/empty-list.json", "--policy", "-"]).ended(3);
    assert_eq!(empty.stdout, "");
}

fn first_node() -> Value {
    sample::objects().into_iter().find(|one| one["kind"] == "Node").unwrap()
}
