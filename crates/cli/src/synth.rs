//! A cluster of any size, made from a seed, as `kubectl get … -o json` would export it.
//!
//! For tests and benchmarks: the same options give the same bytes on every machine, and an object
//! weighs what real ones weigh (about 5 KB a pod and 10 KB a node), so that reading a synthetic
//! export costs what reading a real one costs. The cluster is sound: every bound pod fits on its
//! node and breaks no hard rule of scheduling, so that only the pods that are meant to be pending
//! are.
//!
//! `random` draws numbers from a seed, `plan` says what there is and `place` which pod runs where;
//! `nodes`, `workloads`, `pods` and `storage` write the objects, a function per kind.

mod nodes;
mod place;
mod plan;
mod pods;
mod random;
mod storage;
#[cfg(test)]
mod tests;
mod workloads;

use std::io::{self, Write};

use serde_json::Value;

use plan::Plan;

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many nodes.
    pub nodes: u32,
    /// How many pods, those of DaemonSets and the pending ones included.
    pub pods: u32,
    /// The cluster among all of that size.
    pub seed: u64,
    /// Over how many zones the nodes are spread; at least one.
    pub zones: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { nodes: 10, pods: 200, seed: 0, zones: 3 }
    }
}

/// Writes the export, object by object: memory follows the number of pods, not the bytes.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(out: &mut impl Write, options: &Options) -> io::Result<()> {
    let plan = Plan::new(options);
    out.write_all(br#"{"apiVersion":"v1","items":["#)?;
    let mut first = true;
    each_object(&plan, &mut |object| {
        if !first {
            out.write_all(b",")?;
        }
        first = false;
        serde_json::to_writer(&mut *out, &object).map_err(io::Error::from)
    })?;
    out.write_all(b"],\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"\"}}\n")
}

/// Hands over every object, kind by kind, as kubectl lists them.
fn each_object(plan: &Plan, emit: &mut impl FnMut(Value) -> io::Result<()>) -> io::Result<()> {
    nodes::emit(plan, emit)?;
    workloads::emit(plan, emit)?;
    storage::emit(plan, emit)?;
    pods::emit(plan, emit)
}
