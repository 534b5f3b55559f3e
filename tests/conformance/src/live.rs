//! Stories of failover for a real control plane to live through: a cluster, and what befalls it.
//!
//! A kind dwells on one thing that clusters do over time. Its cluster is drawn first and then its
//! steps, as verbs and numbers; which node or workload a number means is settled when the state
//! that the earlier steps leave is known, so that every story can be told.

mod nodes;
mod plans;
mod steps;
mod storage;
mod workloads;

use std::ops::RangeInclusive;

use anyhow::{Context, Result, anyhow};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::shape::Json;

pub use plans::plans;

/// A cluster and what befalls it.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// `KIND-SEED-NUMBER`, or the name of a plan.
    pub name: String,
    /// API objects, as manifests; nodes have a status.
    pub objects: Vec<Value>,
    /// What is done, in this order: `{"do": …, "args": […]}`.
    pub steps: Vec<Value>,
}

impl Story {
    /// The story in one line.
    pub fn line(&self) -> String {
        json!({"name": self.name, "objects": self.objects, "steps": self.steps}).to_string()
    }
}

/// Draws a workload.
type Workload = fn() -> Json;

/// A kind of story.
struct Kind {
    name: &'static str,
    nodes: RangeInclusive<usize>,
    /// How many zones the nodes are in; 0 leaves the label away.
    zones: usize,
    /// What runs there, each as often as its weight says.
    workloads: &'static [(u32, Workload)],
    count: RangeInclusive<usize>,
    /// The volumes there are to claim.
    storage: fn(&[Value]) -> Vec<Value>,
    /// What is done first.
    opening: &'static [&'static str],
    /// What may follow, each as often as it stands here.
    verbs: &'static [&'static str],
    length: RangeInclusive<usize>,
}

const PLAIN: Kind = Kind {
    name: "plain",
    nodes: 3..=5,
    zones: 2,
    workloads: &[(4, workloads::deployment), (1, workloads::stateful_set)],
    count: 4..=8,
    storage: |_| Vec::new(),
    opening: &["fail"],
    verbs: &["fail", "recover", "recover", "forget"],
    length: 1..=3,
};

const KINDS: &[Kind] = &[
    PLAIN,
    Kind { name: "drains", opening: &["drain"], verbs: steps::PLANNED, ..PLAIN },
    Kind {
        name: "rollouts",
        workloads: &[(3, workloads::rolling), (1, workloads::stateful_set)],
        opening: &["rollout"],
        verbs: &["rollout", "rollout", "fail", "cordon", "recover"],
        length: 2..=3,
        ..PLAIN
    },
    Kind {
        name: "preemption",
        nodes: 2..=4,
        workloads: &[(5, workloads::ranked), (1, workloads::stateful_set)],
        count: 5..=9,
        verbs: &["create", "create", "fail", "recover", "scale"],
        length: 2..=3,
        ..PLAIN
    },
    Kind {
        name: "spread",
        nodes: 4..=6,
        zones: 3,
        workloads: &[(1, workloads::spread)],
        count: 3..=6,
        verbs: &["fail", "recover", "rollout", "scale", "delete"],
        length: 2..=3,
        ..PLAIN
    },
    Kind {
        name: "daemons",
        workloads: &[(2, workloads::daemon_set), (1, workloads::deployment)],
        count: 3..=5,
        verbs: &["rollout", "recover", "forget", "drain", "delete", "fail"],
        length: 2..=3,
        ..PLAIN
    },
    Kind {
        name: "stateful",
        workloads: &[(3, workloads::stateful_set), (1, workloads::deployment)],
        count: 2..=5,
        verbs: &["forget", "recover", "delete", "rollout", "out-of-service", "scale"],
        length: 2..=3,
        ..PLAIN
    },
    Kind { name: "tolerations", workloads: &[(1, workloads::tolerating)], count: 5..=8, ..PLAIN },
    Kind {
        name: "zones",
        nodes: 5..=8,
        workloads: &[(4, workloads::deployment), (1, workloads::daemon_set)],
        opening: &["fail-many"],
        verbs: &["fail-many", "recover", "fail", "recover"],
        ..PLAIN
    },
    // More than half of a zone at once, which stops or slows evictions.
    Kind {
        name: "disrupted",
        nodes: 5..=7,
        zones: 1,
        count: 5..=7,
        opening: &["fail-most"],
        verbs: &["recover", "fail", "forget", "recover", "out-of-service"],
        length: 2..=3,
        ..PLAIN
    },
    Kind {
        name: "blackout",
        nodes: 2..=4,
        opening: &["fail-all"],
        verbs: &["recover", "recover", "forget"],
        length: 2..=3,
        ..PLAIN
    },
    Kind {
        name: "jobs",
        workloads: &[(3, workloads::job), (2, workloads::bare_pod), (1, workloads::deployment)],
        count: 4..=7,
        verbs: &["recover", "forget", "drain", "delete", "out-of-service"],
        length: 2..=3,
        ..PLAIN
    },
    Kind {
        name: "volumes",
        workloads: &[(2, storage::claiming), (1, workloads::deployment)],
        count: 3..=5,
        storage: storage::pinned_volumes,
        verbs: &["recover", "forget", "drain", "delete", "out-of-service", "rollout"],
        length: 2..=3,
        ..PLAIN
    },
    Kind {
        name: "attached",
        workloads: &[(3, storage::attaching), (1, workloads::deployment)],
        count: 3..=5,
        storage: storage::attached_volumes,
        verbs: &["recover", "out-of-service", "forget", "drain", "delete", "rollout"],
        length: 2..=3,
        ..PLAIN
    },
    Kind {
        name: "mixed",
        nodes: 3..=6,
        workloads: &[
            (3, workloads::deployment),
            (2, workloads::spread),
            (2, workloads::ranked),
            (1, workloads::tolerating),
            (2, workloads::stateful_set),
            (1, workloads::daemon_set),
            (1, workloads::job),
            (1, workloads::bare_pod),
            (1, storage::claiming),
        ],
        count: 5..=9,
        storage: storage::pinned_volumes,
        verbs: steps::ALL,
        length: 2..=4,
        ..PLAIN
    },
];

impl Kind {
    fn stories(&self) -> BoxedStrategy<(Vec<Value>, Vec<Value>)> {
        let weighted = self.workloads.iter().map(|(weight, workload)| (*weight, workload()));
        let workload = crate::shape::any_of(weighted.collect());
        let parts = (
            vec(nodes::node(), self.nodes.clone()),
            vec(workload.clone(), self.count.clone()),
            // What steps create, should any do.
            vec(workload, 4),
            vec(steps::drawn(self.verbs), self.length.clone()),
            vec(any::<usize>(), self.opening.len()),
        );
        let (zones, storage, opening) = (self.zones, self.storage, self.opening);
        parts
            .prop_map(move |(drawn, workloads, spare, steps, numbers)| {
                let nodes = nodes::named(drawn, zones);
                let first = opening.iter().map(|verb| (*verb).to_owned()).zip(numbers);
                let steps = first.chain(steps).collect();
                let spare = spare.into_iter().enumerate();
                let spare = spare.map(|(at, workload)| workloads::named(workload, "late", at));
                let running = workloads.into_iter().enumerate();
                let running: Vec<Vec<Value>> =
                    running.map(|(at, workload)| workloads::named(workload, "w", at)).collect();
                let steps = steps::settled(steps, &nodes, &running, spare.collect());
                let mut objects = workloads::priority_classes();
                objects.extend(nodes.iter().cloned());
                objects.extend(storage(&nodes));
                objects.extend(running.into_iter().flatten());
                (objects, steps)
            })
            .boxed()
    }
}

/// So many stories of all kinds in turn: the same seed and count give the same stories.
///
/// # Errors
/// When a strategy gives up.
pub fn stories(count: u64, seed: u64) -> Result<Vec<Story>> {
    (0..count).map(|number| story(number, seed)).collect()
}

fn story(number: u64, seed: u64) -> Result<Story> {
    let turn = number % KINDS.len() as u64;
    let kind = KINDS.get(turn as usize).context("a kind of story")?;
    let number = number / KINDS.len() as u64;
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    for (place, byte) in bytes[16..].iter_mut().zip(kind.name.bytes()) {
        *place = byte;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let tree = kind.stories().new_tree(&mut runner).map_err(|reason| anyhow!("draw: {reason}"))?;
    let (objects, steps) = tree.current();
    Ok(Story { name: format!("{}-{seed}-{number}", kind.name), objects, steps })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_is_a_story() {
        assert_eq!(stories(3, 1).unwrap(), stories(3, 1).unwrap());
        assert_ne!(stories(3, 1).unwrap(), stories(3, 2).unwrap());
    }

    #[test]
    fn every_story_can_be_told() {
        for story in stories(KINDS.len() as u64 * 20, 5).unwrap().iter().chain(&plans()) {
            let named = |kind: &str| {
                let objects = story.objects.iter().filter(move |object| object["kind"] == kind);
                objects.map(|object| object["metadata"]["name"].to_string()).collect::<Vec<_>>()
            };
            let nodes: BTreeSet<String> = named("Node").into_iter().collect();
            assert_eq!(nodes.len(), named("Node").len(), "{}", story.name);
            assert!(!story.steps.is_empty(), "{} has no step", story.name);
            for step in &story.steps {
                let verb = step["do"].as_str().unwrap();
                let ofnodes = steps::OF_NODES.contains(&verb);
                for argument in step["args"].as_array().into_iter().flatten() {
                    assert!(!ofnodes || nodes.contains(&argument.to_string()), "{step}");
                }
            }
        }
    }
}
