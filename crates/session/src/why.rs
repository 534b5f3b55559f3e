//! Why a pod waits for a node in a run, node by node and plugin by plugin.

use std::collections::BTreeMap;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{InstanceId, Placement};
use holdfast_failover::Dynamics;
use holdfast_render::explain;
use holdfast_render::story::{Explained, Story};
use holdfast_scheduler::{Release, Words, trace};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// What the scheduler says to a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The pod.
    pub pod: String,
    /// All of it in one sentence.
    pub sentence: String,
    /// What its `PodScheduled` condition says.
    pub condition: Option<String>,
    /// What it needs wherever it goes.
    pub needs: Vec<String>,
    /// The plugins that filter and object to a node, in their order.
    pub filters: Vec<String>,
    /// How many filters object to none.
    pub others: usize,
    /// The plugins that score, in their order; none where there is nothing to choose between.
    pub scores: Vec<String>,
    /// The nodes, those that need least first.
    pub nodes: Vec<NodeWhy>,
}

/// What is said of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeWhy {
    /// The node.
    pub node: String,
    /// The filter that turns the pod down first, in its own words.
    pub reasons: Vec<String>,
    /// What would make it fit, by the plugin that asks for it; nothing where it fits.
    pub needs: Vec<(String, String)>,
    /// Weighted scores by plugin.
    pub scores: BTreeMap<String, i64>,
    /// Their sum.
    pub total: Option<i64>,
}

/// What the scheduler says to a pod where a run ends, as if it waited for a node.
///
/// # Errors
/// A pod that is not there.
pub(crate) fn of(
    dynamics: &Dynamics<'_>,
    mut end: Placement,
    pod: InstanceId,
) -> Result<Why, Failure> {
    let known = pod.index() < end.instances().len();
    if !known || end.instance(pod).whereabouts == Whereabouts::Gone {
        return Err(Failure::usage("the pod is not there any more")
            .hint("look where the run ends, and choose a pod there"));
    }
    let cluster = dynamics.cluster();
    let bound = end.instance(pod).node();
    end.change(cluster, pod, |instance| {
        instance.whereabouts = Whereabouts::Pending;
        instance.terminating = false;
    });
    let words = Words { cluster, release: Release::of(cluster) };
    let scheduler = dynamics.scheduler();
    let decision = scheduler.decide(&end, pod);
    let mut story = Story::of(scheduler, words, &end, &decision);
    story.runs_on = bound.map(|node| cluster.node_name(node).to_owned());
    Ok(told(&Explained { trace: trace::of(words, &end, &decision), story }))
}

fn told(one: &Explained) -> Why {
    let (trace, story) = (&one.trace, &one.story);
    let text = |name: &&str| (*name).to_owned();
    let mut nodes: Vec<NodeWhy> = story
        .nodes
        .iter()
        .map(|node| {
            let said = trace.nodes.get(&node.name);
            let scores = said.iter().flat_map(|said| &said.scores);
            let need = |(plugin, phrase): &(&'static str, holdfast_render::needs::Phrase)| {
                ((*plugin).to_owned(), phrase.of_one())
            };
            NodeWhy {
                node: node.name.clone(),
                reasons: said.map_or_else(Vec::new, |said| said.reasons.clone()),
                needs: node.needs.iter().map(need).collect(),
                scores: scores.map(|(plugin, score)| ((*plugin).to_owned(), *score)).collect(),
                total: said.and_then(|said| said.total),
            }
        })
        .collect();
    nodes.sort_by_key(|node| (node.needs.len(), std::cmp::Reverse(node.total)));
    let objects = |plugin: &&&str| {
        nodes.iter().any(|node| node.needs.iter().any(|(name, _)| name == **plugin))
    };
    let filters: Vec<String> = story.filters.iter().filter(objects).map(text).collect();
    let scored = |plugin: &&&str| nodes.iter().any(|node| node.scores.contains_key(**plugin));
    Why {
        pod: trace.pod.clone(),
        sentence: explain::sentence(one),
        condition: story.condition.clone(),
        needs: story.pod_needs.clone(),
        others: story.filters.len() - filters.len(),
        filters,
        scores: story.scores.iter().filter(scored).map(text).collect(),
        nodes,
    }
}
