//! Recorded failovers, read for what they show and by none of Holdfast's own readers: what is
//! judged has no say in what it is judged by.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ruzstd::decoding::StreamingDecoder;
use serde::Deserialize;
use serde_json::Value;

/// One story as it was played on a real control plane.
pub struct Recording {
    /// `KIND-SEED-NUMBER`, or `plan-NAME`.
    pub name: String,
    /// The start, then what was done.
    pub steps: Vec<Step>,
    /// What stood in the cluster at rest after each step.
    pub exports: Vec<Export>,
}

/// What was done.
#[derive(Deserialize)]
pub struct Step {
    /// What, in the words of `live`'s README.
    #[serde(rename = "do")]
    pub verb: String,
    /// To what.
    #[serde(default)]
    pub args: Vec<String>,
    /// kubectl's words where it gave up.
    pub error: Option<String>,
    /// Why the cluster was not at rest when time was up.
    pub restless: Option<String>,
}

/// What the cluster looked like after a step.
#[derive(Default)]
pub struct Export {
    /// What `kubectl get -A -o json` printed.
    pub objects: Vec<u8>,
    /// What the real scheduler says of that very state.
    pub decisions: Vec<u8>,
}

impl Recording {
    /// The recordings in a folder, by name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn paths(folder: &Path) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(".tar.zst") {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    /// Unpacks a recording.
    ///
    /// # Errors
    /// When it is damaged or lacks a part.
    pub fn open(path: &Path) -> Result<Self> {
        Self::unpack(path).with_context(|| path.display().to_string())
    }

    fn unpack(path: &Path) -> Result<Self> {
        let mut archive = tar::Archive::new(StreamingDecoder::new(fs::File::open(path)?)?);
        let mut steps: Vec<Step> = Vec::new();
        let mut exports: BTreeMap<usize, Export> = BTreeMap::new();
        for entry in archive.entries()? {
            let mut entry = entry?;
            let member = entry.path()?.into_owned();
            let member = member.file_name().unwrap_or_default().to_string_lossy();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            if member == "steps.json" {
                steps = serde_json::from_slice(&bytes)?;
            } else if let Some(number) = member.split('-').next().and_then(|n| n.parse().ok()) {
                let export = exports.entry(number).or_default();
                let decides = member.ends_with(".decisions.json");
                *(if decides { &mut export.decisions } else { &mut export.objects }) = bytes;
            }
        }
        ensure!(!steps.is_empty(), "it has no steps.json");
        ensure!(exports.keys().copied().eq(0..steps.len()), "it lacks an export");
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let name = file.trim_end_matches(".tar.zst").to_owned();
        Ok(Self { name, steps, exports: exports.into_values().collect() })
    }
}

/// How a workload stood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Pods that served.
    pub ready: u32,
    /// Pods that waited for a node.
    pub pending: u32,
    /// Pods that were marked for deletion and still there.
    pub terminating: u32,
}

/// A pod that the real scheduler finds no node for.
#[derive(Debug)]
pub struct Waiting {
    /// `NAMESPACE/NAME`.
    pub pod: String,
    /// `KIND/NAMESPACE/NAME`.
    pub workload: String,
    /// The scheduler's words.
    pub message: String,
}

/// What an export shows.
#[derive(Debug, Default)]
pub struct State {
    /// By `KIND/NAMESPACE/NAME`; those that have pods.
    pub workloads: BTreeMap<String, Standing>,
    /// Pods by node; all nodes that are there, and those that pods still name.
    pub nodes: BTreeMap<String, u32>,
    /// In the order of the decisions.
    pub waiting: Vec<Waiting>,
}

impl State {
    /// Reads what an export shows.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn of(export: &Export) -> Result<Self> {
        let objects: Value = serde_json::from_slice(&export.objects)?;
        let decisions: Value = serde_json::from_slice(&export.decisions)?;
        let items = || objects["items"].as_array().into_iter().flatten();
        let of_kind = |kind: &'static str| items().filter(move |item| item["kind"] == kind);
        let sets: BTreeMap<String, &Value> =
            of_kind("ReplicaSet").map(|set| (key(set), set)).collect();
        let mut state = Self::default();
        for node in of_kind("Node") {
            state.nodes.insert(text(&node["metadata"]["name"]).to_owned(), 0);
        }
        let mut workloads = BTreeMap::new();
        for pod in of_kind("Pod") {
            if !matches!(text(&pod["status"]["phase"]), "Succeeded" | "Failed") {
                let workload = workload_of(pod, &sets);
                state.add(pod, &workload);
                workloads.insert(key(pod), workload);
            }
        }
        for decided in decisions["pods"].as_array().into_iter().flatten() {
            let pod = text(&decided["pod"]);
            if decided["result"] == "unschedulable"
                && let Some(workload) = workloads.get(pod).cloned()
            {
                let message = text(&decided["message"]).to_owned();
                state.waiting.push(Waiting { pod: pod.to_owned(), workload, message });
            }
        }
        Ok(state)
    }

    fn add(&mut self, pod: &Value, workload: &str) {
        let standing = self.workloads.entry(workload.to_owned()).or_default();
        let ends = pod["metadata"].get("deletionTimestamp").is_some();
        let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
        let ready =
            |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
        if ends {
            standing.terminating += 1;
        } else if conditions.into_iter().any(ready) {
            standing.ready += 1;
        }
        match text(&pod["spec"]["nodeName"]) {
            "" if ends => {}
            "" => standing.pending += 1,
            node => *self.nodes.entry(node.to_owned()).or_default() += 1,
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `NAMESPACE/NAME`.
fn key(object: &Value) -> String {
    let metadata = &object["metadata"];
    format!("{}/{}", text(&metadata["namespace"]), text(&metadata["name"]))
}

/// The workload that people know a pod by: of a ReplicaSet's pod the Deployment, even where the
/// ReplicaSet is gone and has left its name only.
fn workload_of(pod: &Value, sets: &BTreeMap<String, &Value>) -> String {
    let namespace = text(&pod["metadata"]["namespace"]);
    let owner = &pod["metadata"]["ownerReferences"][0];
    let (kind, name) = (text(&owner["kind"]), text(&owner["name"]));
    if owner.is_null() {
        return format!("Pod/{}", key(pod));
    }
    if kind != "ReplicaSet" {
        return format!("{kind}/{namespace}/{name}");
    }
    let deployment = match sets.get(&format!("{namespace}/{name}")) {
        Some(set) => set["metadata"]["ownerReferences"][0]["name"].as_str(),
        None => name.rsplit_once('-').map(|(deployment, _)| deployment),
    };
    match deployment {
        Some(deployment) => format!("Deployment/{namespace}/{deployment}"),
        None => format!("ReplicaSet/{namespace}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, owner: &Value, node: Option<&str>, ready: bool) -> Value {
        let conditions = json!([{"type": "Ready", "status": if ready { "True" } else { "False" }}]);
        json!({
            "kind": "Pod",
            "metadata": {"namespace": "a", "name": name, "ownerReferences": owner},
            "spec": {"nodeName": node},
            "status": {"conditions": conditions},
        })
    }

    fn owner(kind: &str, name: &str) -> Value {
        json!([{"kind": kind, "name": name}])
    }

    fn state(items: &[Value], decisions: &Value) -> State {
        let objects = json!({ "items": items }).to_string().into_bytes();
        State::of(&Export { objects, decisions: decisions.to_string().into_bytes() }).unwrap()
    }

    #[test]
    fn pods_count_for_whom_people_know_them_by() {
        let set = |name: &str, owner: &Value| {
            let metadata = json!({"namespace": "a", "name": name, "ownerReferences": owner});
            json!({"kind": "ReplicaSet", "metadata": metadata})
        };
        let none = json!(null);
        let pods = [
            set("own-5f", &owner("Deployment", "own")),
            set("bare-5f", &none),
            pod("own-5f-x", &owner("ReplicaSet", "own-5f"), Some("n"), true),
            pod("bare-5f-x", &owner("ReplicaSet", "bare-5f"), Some("n"), true),
            pod("gone-5f-x", &owner("ReplicaSet", "gone-5f"), Some("n"), true),
            pod("db-0", &owner("StatefulSet", "db"), Some("n"), true),
            pod("lone", &none, Some("n"), true),
        ];
        let state = state(&pods, &json!({}));
        let keys: Vec<&str> = state.workloads.keys().map(String::as_str).collect();
        let wanted = [
            "Deployment/a/gone",
            "Deployment/a/own",
            "Pod/a/lone",
            "ReplicaSet/a/bare-5f",
            "StatefulSet/a/db",
        ];
        assert_eq!(keys, wanted);
        assert_eq!(state.nodes["n"], 5);
    }

    #[test]
    fn a_pod_on_its_way_out_is_neither_ready_nor_pending() {
        let set = owner("StatefulSet", "db");
        let mut leaving = pod("db-0", &set, Some("n"), true);
        leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        let mut done = pod("db-3", &set, Some("n"), false);
        done["status"]["phase"] = json!("Succeeded");
        let waits = pod("db-1", &set, None, false);
        let pods = [leaving, waits, pod("db-2", &set, Some("n"), false), done];
        let decisions = json!({"pods": [
            {"pod": "a/db-1", "result": "unschedulable", "message": "no room"},
            {"pod": "a/db-9", "result": "unschedulable", "message": "of a pod that is not there"},
        ]});
        let state = state(&pods, &decisions);
        let standing = Standing { ready: 0, pending: 1, terminating: 1 };
        assert_eq!(state.workloads["StatefulSet/a/db"], standing);
        assert_eq!(state.nodes["n"], 2);
        assert_eq!(state.waiting.len(), 1);
        assert_eq!(state.waiting[0].message, "no room");
    }
}
