//! What the plans ask to watch for, told by `simulate` as ranges over every order and tie-break.
//!
//! Each test is named for a watch-for of its plan; the READMEs below `fixtures` say what each claim
//! comes to, and which are left to other commands.

mod data_platform;
mod edge;
mod homelab;
mod k3s;
mod zero_spof;

use std::path::Path;

use serde_json::Value;

use crate::claims::{export, file};
use crate::holdfast::{fixtures, folder, run_in, write};

/// A story told, event by event.
struct Story(Value);

/// The story of a plan, with what its assumptions declare; `plan` as in `k3s/after`.
#[track_caller]
fn story(plan: &str, events: &[&str]) -> Story {
    let name = plan.split('/').next().unwrap_or(plan);
    // What option A of plan D assumes names machines that the others do not have.
    let assumed = name != "data-platform" || plan.ends_with("option-a");
    let assumptions = assumed.then(|| format!("{name}/assumptions.yaml"));
    told(&fixtures(), &file(plan), assumptions.as_deref(), events)
}

/// The story of an edited plan, without its assumptions.
#[track_caller]
fn edited(plan: &str, test: &str, edit: impl FnOnce(&mut Value), events: &[&str]) -> Story {
    let mut export = export(plan);
    edit(&mut export);
    let folder = folder(&format!("plans-{}-{test}", plan.replace('/', "-")));
    write(&folder, "cluster.json", export.to_string());
    told(&folder, "cluster.json", None, events)
}

#[track_caller]
fn told(folder: &Path, file: &str, assumptions: Option<&str>, events: &[&str]) -> Story {
    let mut arguments = vec!["simulate", file, "-o", "json"];
    arguments.extend(assumptions.into_iter().flat_map(|file| ["--assumptions", file]));
    arguments.extend(events.iter().flat_map(|event| ["--event", event]));
    Story(run_in(folder, &arguments).ended(0).json())
}

impl Story {
    /// How the cluster stands after so many events.
    #[track_caller]
    fn step(&self, at: usize) -> &Value {
        let step = &self.0["steps"][at];
        assert_eq!(step["exact"], true, "wider than need be: {}", step["doubts"]);
        step
    }

    #[track_caller]
    fn workload(&self, at: usize, name: &str) -> &Value {
        let found = &self.step(at)["workloads"][name];
        assert!(found.is_object(), "no {name}");
        found
    }

    /// Ready and wanted, then what is pending, terminating, attaching and without its volume, where
    /// anything is: `1/2 p1 t1`.
    #[track_caller]
    fn pods(&self, at: usize, name: &str) -> String {
        let workload = self.workload(at, name);
        let mut text = format!("{}/{}", range(&workload["ready"]), workload["desired"]);
        for (letter, field) in
            [('p', "pending"), ('t', "terminating"), ('a', "attaching"), ('s', "starved")]
        {
            let counted = &workload[field];
            if counted["max"].as_u64().is_some_and(|most| most > 0) {
                text.push_str(&format!(" {letter}{}", range(counted)));
            }
        }
        text
    }

    /// What the scheduler says to its pods that wait.
    #[track_caller]
    fn messages(&self, at: usize, name: &str) -> &Value {
        &self.workload(at, name)["messages"]
    }

    /// Whether the control plane acts, and how many of etcd's members are up, are needed and are.
    #[track_caller]
    fn control_plane(&self, at: usize) -> (bool, [u64; 3]) {
        let plane = &self.step(at)["controlPlane"];
        let etcd = ["up", "needed", "of"].map(|field| plane["etcd"][field].as_u64().unwrap());
        (plane["acts"].as_bool().unwrap(), etcd)
    }

    /// State and pods of a node: `Ready 7–8`.
    #[track_caller]
    fn node(&self, at: usize, name: &str) -> String {
        let node = &self.step(at)["nodes"][name];
        format!("{} {}", node["state"].as_str().unwrap(), range(&node["pods"]))
    }

    /// The fewest and the most pods of a node.
    #[track_caller]
    fn node_pods(&self, at: usize, name: &str) -> [u64; 2] {
        let pods = &self.step(at)["nodes"][name]["pods"];
        ["min", "max"].map(|end| pods[end].as_u64().unwrap())
    }

    /// What can be done with a volume at worst.
    #[track_caller]
    fn volume(&self, at: usize, claim: &str) -> &str {
        self.step(at)["storage"][claim]["worst"].as_str().unwrap()
    }

    /// For how long a workload is short of pods, and has none at all, in the run that is told.
    fn seconds(&self, name: &str) -> [Option<i64>; 2] {
        let downtime = &self.0["timeline"]["downtime"][name];
        ["belowDesired", "outage"].map(|field| downtime[field]["told"].as_i64())
    }

    /// What the time goes to: `detection 50, toleration 300, start 20`.
    fn parts(&self, name: &str) -> String {
        let parts = self.0["timeline"]["downtime"][name]["parts"].as_array().unwrap();
        let part = |it: &Value| format!("{} {}", it["part"].as_str().unwrap(), it["seconds"]);
        parts.iter().map(part).collect::<Vec<_>>().join(", ")
    }

    /// Pods that block drains, with their budgets.
    #[track_caller]
    fn blocked(&self, at: usize) -> Vec<String> {
        let all = self.step(at)["blocked"].as_array();
        let one = |it: &Value| it["budgets"][0].as_str().unwrap().to_owned();
        all.into_iter().flatten().map(one).collect()
    }
}

/// `2`, or `1–2`.
fn range(value: &Value) -> String {
    let (min, max) = (&value["min"], &value["max"]);
    if min == max { min.to_string() } else { format!("{min}–{max}") }
}
