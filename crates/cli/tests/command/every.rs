//! Every command on every published plan, to the letter.

use crate::holdfast::{fixtures, run};

/// The plans, and a node of each.
const PLANS: [(&str, &str, &str); 5] = [
    ("data-platform", "data-platform/option-a.json", "work-1"),
    ("edge", "edge/cluster.json", "worker-1"),
    ("homelab", "homelab/cluster.json", "homelab-02"),
    ("k3s", "k3s/after.json", "k3s2"),
    ("zero-spof", "zero-spof/after-longhorn.json", "cloudserver1"),
];

/// Runs a command on every plan, with what its assumptions say, and keeps what it prints.
fn on_every_plan(name: &str, command: &[&str]) {
    for (plan, cluster, _) in PLANS {
        on(plan, cluster, name, command);
    }
}

fn on(plan: &str, cluster: &str, name: &str, command: &[&str]) {
    let assumptions = format!("{plan}/assumptions.yaml");
    let mut arguments = [command, &[cluster]].concat();
    if fixtures().join(&assumptions).is_file() {
        arguments.extend(["--assumptions", &assumptions]);
    }
    insta::assert_snapshot!(format!("{plan}-{name}"), run(&arguments).transcript());
}

#[test]
fn prove() {
    on_every_plan("prove", &["prove"]);
    on_every_plan("prove-pairs", &["prove", "--nodes", "2"]);
    on_every_plan("prove-tolerance", &["prove", "--tolerance"]);
}

#[test]
fn simulate() {
    for (plan, cluster, node) in PLANS {
        let (fail, recover) = (format!("fail:{node}"), format!("recover:{node}"));
        let events = ["simulate", "--event", &fail, "--event", &recover];
        on(plan, cluster, "simulate", &events);
    }
}

#[test]
fn plan() {
    for question in ["repair", "rebalance", "tolerance"] {
        on_every_plan(&format!("plan-{question}"), &["plan", question]);
    }
    on_every_plan("plan-remove", &["plan", "remove", "--survive", "1"]);
    for (plan, cluster, node) in PLANS {
        on(plan, cluster, "plan-nodes", &["plan", "nodes", "--survive", "1", "--like", node]);
    }
}

/// What needs no assumptions.
#[test]
fn inspect_and_waste() {
    for (plan, cluster, _) in PLANS {
        let told = |command: &[&str]| run(&[command, &[cluster]].concat()).transcript();
        insta::assert_snapshot!(format!("{plan}-inspect"), told(&["inspect"]));
        insta::assert_snapshot!(format!("{plan}-plan-waste"), told(&["plan", "waste"]));
    }
}

#[test]
fn init() {
    for (plan, cluster, _) in PLANS {
        let told = run(&["init", cluster, "--policy", "-"]);
        insta::assert_snapshot!(format!("{plan}-init"), told.transcript());
    }
}
