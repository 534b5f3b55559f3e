//! What there is to tell people about a decision, besides its trace.

use holdfast_cluster::pod::Unmodelled;
use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_scheduler::trace::DecisionTrace;
use holdfast_scheduler::{Choice, Decision, Need, Plugin, Scheduler, Scratch, Words, message};
use serde::Serialize;

use crate::needs::{Phrase, Speaker};

/// From how many starts a search through some of the nodes is tried.
const STARTS: usize = 512;

/// What was decided for one pod.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The decision trace.
    #[serde(flatten)]
    pub trace: DecisionTrace,
    /// What people are told besides.
    #[serde(skip)]
    pub story: Story,
}

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
    /// The plugins that filter, in order.
    pub filters: Vec<&'static str>,
    /// The plugins that score, in order.
    pub scores: Vec<&'static str>,
    /// What is found where the scheduler does not look at all nodes.
    pub sampled: Option<Sampled>,
    /// What to bear in mind.
    pub notes: Vec<String>,
}

/// The scheduler looks at some of the nodes that take a pod only.
#[derive(Clone, Copy, Debug)]
pub struct Sampled {
    /// At how many.
    pub looked_at: usize,
    /// Of how many.
    pub feasible: usize,
    /// How many of them may be the best of those looked at.
    pub winners: usize,
    /// There may be more of them: not every start was tried.
    pub at_least: bool,
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
        let profile = scheduler.profile_of(placement, decision.pod);
        let profile = profile.unwrap_or(&cluster.scheduling().profiles[0]);
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
            filters: profile.filters.iter().map(|plugin| plugin.name()).collect(),
            scores: profile.scores.iter().map(|(plugin, _)| plugin.name()).collect(),
            sampled: sampled(scheduler, placement, decision.pod),
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

fn sampled(scheduler: &Scheduler<'_>, placement: &Placement, pod: InstanceId) -> Option<Sampled> {
    match scheduler.choose(placement, pod, STARTS, &mut Scratch::default()) {
        Choice::Best(_) => None,
        Choice::Sampled { looked_at, any, reachable } => Some(Sampled {
            looked_at,
            feasible: any.len(),
            winners: reachable.len(),
            at_least: any.len() > STARTS,
        }),
    }
}

fn notes(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> Vec<String> {
    let spec = cluster.spec_of(placement.instance(pod).class);
    let mut notes = Vec::new();
    if cluster.scheduling().profile(spec.scheduler_name).is_none() {
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
