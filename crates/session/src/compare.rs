//! Two ways that a cluster may stand, side by side: what one has that the other has not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::aftermath::Aftermath;
use crate::overview::{Overview, PodState};

/// Where the pods of a cluster are, by name, once a run is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    pods: BTreeMap<String, At>,
    workloads: BTreeMap<String, Serving>,
}

/// Where a pod is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct At {
    node: Option<String>,
    state: PodState,
}

/// How many pods of a workload serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Serving {
    /// Of these many that are wanted.
    pub desired: i64,
    /// So many.
    pub ready: i64,
}

/// What two sides differ in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// Pods that are on another node: the pod, its node on either side.
    pub moved: Vec<(String, String, String)>,
    /// Pods that wait for a node on the second side alone.
    pub newly_pending: Vec<String>,
    /// Pods that wait for a node on the first side alone.
    pub pending_before: Vec<String>,
    /// Workloads of which not as many pods serve or are wanted, on either side.
    pub workloads: Vec<(String, Serving, Serving)>,
}

impl Side {
    /// Of a cluster, at the end of a run if there is one.
    pub fn of(overview: &Overview, run: Option<&Aftermath>) -> Self {
        let columns = overview.pods.nodes.iter().zip(&overview.pods.states);
        let mut stands: BTreeMap<u32, (Option<u32>, PodState)> =
            (0..).zip(columns.map(|(node, state)| (*node, *state))).collect();
        for frame in run.iter().flat_map(|run| &run.frames) {
            stands.extend(frame.pods.iter().map(|pod| (pod.pod, (pod.node, pod.state))));
        }
        let made: BTreeMap<u32, (Option<u32>, u32)> = run
            .iter()
            .flat_map(|run| &run.made)
            .map(|made| (made.pod, (made.origin, made.workload)))
            .collect();
        let mut side = Self { pods: BTreeMap::new(), workloads: BTreeMap::new() };
        for workload in &overview.workloads {
            let serving = Serving { desired: workload.desired, ready: 0 };
            side.workloads.insert(workload.key(), serving);
        }
        let mut further: BTreeMap<String, usize> = BTreeMap::new();
        for (pod, (node, state)) in stands {
            let known = made.get(&pod).copied();
            let (origin, workload) = match known {
                Some((origin, workload)) => (origin, workload),
                None => (Some(pod), overview.pods.workloads[pod as usize]),
            };
            let maker = &overview.workloads[workload as usize];
            if state == PodState::Ready
                && let Some(serving) = side.workloads.get_mut(&maker.key())
            {
                serving.ready += 1;
            }
            if matches!(state, PodState::Gone | PodState::Terminating) {
                continue;
            }
            let name = if let Some(origin) = origin {
                overview.pods.names[origin as usize].to_owned()
            } else {
                let number = further.entry(maker.key()).or_default();
                *number += 1;
                format!("{} (new, {number})", maker.name)
            };
            let node = node.map(|node| overview.nodes[node as usize].name.clone());
            side.pods.insert(format!("{}/{name}", maker.namespace), At { node, state });
        }
        side
    }

    /// What another side has that this one has not.
    pub fn against(&self, other: &Self) -> Comparison {
        let waits = |side: &Self, pod: &String| {
            side.pods.get(pod).is_some_and(|at| at.state == PodState::Pending)
        };
        let only = |side: &Self, not: &Self| -> Vec<String> {
            let pods = side.pods.keys();
            pods.filter(|pod| waits(side, pod) && !waits(not, pod)).cloned().collect()
        };
        let moved = self.pods.iter().filter_map(|(pod, at)| {
            let (from, to) = (at.node.clone()?, other.pods.get(pod)?.node.clone()?);
            (from != to).then(|| (pod.clone(), from, to))
        });
        let mut names: Vec<&String> = self.workloads.keys().chain(other.workloads.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let serving =
            |side: &Self, name: &String| side.workloads.get(name).copied().unwrap_or_default();
        let workloads = names
            .into_iter()
            .map(|name| (name.clone(), serving(self, name), serving(other, name)))
            .filter(|(_, one, two)| one != two);
        Comparison {
            moved: moved.collect(),
            newly_pending: only(other, self),
            pending_before: only(self, other),
            workloads: workloads.collect(),
        }
    }
}
