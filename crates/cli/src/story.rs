//! What there is to tell people about a decision, besides its trace.

use holdfast_cluster::pod::Unmodelled;
use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_scheduler::{Decision, Need, Plugin, Scheduler, Words, message};

use crate::render::needs::{Phrase, Speaker};

/// From so many nodes on the scheduler looks at some of them only (`minFeasibleNodesToFind`).
const SAMPLING_FROM: usize = 100;

/// The story of one decision.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// What the pod's `PodScheduled` condition would say; `None` if it is scheduled.
    pub condition: Option<String>,
    /// What the pod needs wherever it goes.
    pub pod_needs: Vec<String>,
    /// Every node, by name, with what it lacks.
    pub nodes: Vec<NodeStory>,
    /// The node the pod runs on, if it is asked about as if it did not.
    pub runs_on: Option<String>,
    /// What to bear in mind.
    pub notes: Vec<String>,
}

/// What one node lacks, and which plugin asks for it.
#[derive(Clone, Debug)]
pub struct NodeStory {
    /// The node's name.
    pub name: String,
    /// What would have to change.
    pub needs: Vec<(&'static str, Phrase)>,
}

impl Story {
    /// The story of a decision, and of what every filter would need.
    pub fn of(
        scheduler: &Scheduler<'_>,
        words: Words<'_>,
        placement: &Placement,
        decision: &Decision,
    ) -> Self {
        let cluster = words.cluster;
        let needs = scheduler.needs(placement, decision.pod);
        let spec = cluster.spec_of(placement.instance(decision.pod).class);
        let speaker = Speaker { words, placement, spec };
        let nodes = needs.nodes.iter().map(|(node, needs)| NodeStory {
            name: cluster.node_name(*node).to_owned(),
            needs: needs
                .iter()
                .filter(|(_, need)| !is_said(need, needs))
                .map(|(plugin, need)| (plugin.name(), speaker.of_node(need)))
                .collect(),
        });
        Self {
            condition: message::of_condition(words, decision),
            pod_needs: needs.pod.iter().filter_map(|need| speaker.of_pod(need)).collect(),
            nodes: nodes.collect(),
            runs_on: None,
            notes: notes(cluster, placement, decision.pod),
        }
    }

    /// How many nodes let the pod in.
    pub fn fitting(&self) -> usize {
        self.nodes.iter().filter(|node| node.needs.is_empty()).count()
    }
}

/// Whether a need is met with another: pods of a kind often keep off from each other both ways.
fn is_said(need: &Need, needs: &[(Plugin, Need)]) -> bool {
    let Need::Repelled(key, pods) = need else { return false };
    needs.iter().any(|(_, other)| match other {
        Need::Away(known, gone) => known == key && pods.iter().all(|pod| gone.contains(pod)),
        _ => false,
    })
}

fn notes(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> Vec<String> {
    let spec = cluster.spec_of(placement.instance(pod).class);
    let mut notes = Vec::new();
    if spec.scheduler_name != cluster.known().default_scheduler {
        notes.push(format!(
            "It asks for the scheduler {}, whose decisions are not known: this is what \
             kube-scheduler would do.",
            cluster.text(spec.scheduler_name)
        ));
    }
    for part in &spec.unmodelled {
        let note = match part {
            Unmodelled::ResourceClaims => {
                "It claims devices (spec.resourceClaims), which are not modelled: where those are \
                 lacking is UNKNOWN."
            }
            Unmodelled::SchedulingGroup => {
                "It is scheduled with a group, which is not modelled: whether the group fits is \
                 UNKNOWN."
            }
            // What these come to is decided, and told with the decision.
            Unmodelled::UnparsableNodePreference
            | Unmodelled::UnparsableSpread
            | Unmodelled::UntranslatableDisk => continue,
        };
        notes.push(note.to_owned());
    }
    notes
}

/// How many nodes that fit the scheduler is content with (`numFeasibleNodesToFind` of
/// `pkg/scheduler/schedule_one.go`, v1.36.3).
pub fn enough(nodes: usize) -> usize {
    if nodes < SAMPLING_FROM {
        return nodes;
    }
    let percentage = 50_usize.saturating_sub(nodes / 125).max(5);
    (nodes * percentage / 100).max(SAMPLING_FROM)
}

#[cfg(test)]
mod tests {
    use super::enough;

    #[test]
    fn large_clusters_are_sampled() {
        assert_eq!(enough(99), 99);
        assert_eq!(enough(128), 100);
        assert_eq!(enough(1000), 420);
        assert_eq!(enough(5000), 500);
        assert_eq!(enough(15_000), 750);
    }
}
