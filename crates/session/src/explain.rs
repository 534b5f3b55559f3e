//! `explain`: what the scheduler decides for each pending pod, and why.

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{InstanceId, Placement};
use holdfast_ingest::Loaded;
use holdfast_render::explain::Scope;
use holdfast_render::story::{Explained, Story};
use holdfast_render::{self as render, Format};
use holdfast_scheduler::trace;
use holdfast_scheduler::{Release, Scheduler, Words, release};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::exit;
use crate::failure::{Failure, nearest};
use crate::names::node_named;

/// What is to be explained, as the flags of the command say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Explain {
    /// This pod as if it were pending, instead of those that are.
    pub pod: Option<String>,
    /// This node alone is shown.
    pub node: Option<String>,
    /// Every node is shown, also in large clusters.
    pub all: bool,
    /// The words of this release, instead of the cluster's own.
    #[serde(skip)]
    pub release: Option<Release>,
    /// People are told, so that needs are asked for.
    #[serde(skip)]
    pub for_people: bool,
}

/// What was explained.
pub struct Explanation {
    /// Pod by pod.
    pub explained: Vec<Explained>,
    node: Option<String>,
    all: bool,
    emulation: String,
}

impl Explain {
    /// Explains it of a cluster.
    ///
    /// # Errors
    /// An unknown pod or node, or nothing that waits for a node.
    pub fn ask(&self, loaded: &Loaded) -> Result<Explanation, Failure> {
        let cluster = &loaded.cluster;
        if let Some(name) = &self.node {
            node_named(cluster, "--node", name)?;
        }
        let release = self.release.unwrap_or_else(|| Release::of(cluster));
        let teller = Explainer {
            scheduler: Scheduler::new(cluster),
            words: Words { cluster, release },
            tells: self.for_people,
        };
        let mut placement = Placement::of(cluster);
        let explained = match &self.pod {
            Some(name) => vec![teller.one(&mut placement, name)?],
            None => teller.pending(&mut placement),
        };
        if explained.is_empty() {
            return Err(Failure::nothing("no pod waits for a node")
                .hint("--pod NAMESPACE/NAME explains any pod as if it did"));
        }
        let emulation = render::explain::emulation(release, release::version(cluster));
        Ok(Explanation { explained, node: self.node.clone(), all: self.all, emulation })
    }
}

impl Answer for Explanation {
    fn text(&self, format: Format) -> String {
        let scope = match &self.node {
            Some(name) => Scope::Node(name),
            None if self.all => Scope::All,
            None => Scope::Some,
        };
        match format {
            Format::Human => render::explain::human(&self.explained, scope) + &self.emulation,
            Format::Ndjson => lines(&self.explained),
            _ => render::json(&self.explained),
        }
    }

    fn code(&self) -> u8 {
        exit::HOLDS
    }
}

/// What pods are explained with.
struct Explainer<'c> {
    scheduler: Scheduler<'c>,
    words: Words<'c>,
    /// People are told, so that needs are asked for.
    tells: bool,
}

impl Explainer<'_> {
    /// Every pending pod in the order of the queue, each bound before the next is decided.
    fn pending(&self, placement: &mut Placement) -> Vec<Explained> {
        let cluster = self.words.cluster;
        let mut explained = Vec::new();
        for pod in holdfast_scheduler::queue::order(cluster, placement) {
            let found = self.explain(placement, pod);
            let node = found.trace.node.as_deref().and_then(|name| cluster.find(name));
            explained.push(found);
            if let Some(node) = node.and_then(|name| cluster.node_named(name)) {
                placement.bind(cluster, pod, node);
            }
        }
        explained
    }

    /// One pod, as if it were pending and everything else stood where it stands.
    fn one(&self, placement: &mut Placement, name: &str) -> Result<Explained, Failure> {
        let cluster = self.words.cluster;
        let names: Vec<(InstanceId, String)> = placement
            .instance_ids()
            .filter(|pod| placement.instance(*pod).whereabouts != Whereabouts::Gone)
            .map(|pod| (pod, trace::pod_name(cluster, placement, pod)))
            .collect();
        let Some((pod, _)) = names.iter().find(|(_, known)| known == name) else {
            let failure = Failure::usage(format!("--pod: there is no living pod {name}"));
            let near = nearest(name, names.iter().map(|(_, known)| known.as_str()));
            return Err(match near {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure.hint("name it as NAMESPACE/NAME, as kubectl get pods -A shows it"),
            });
        };
        let bound = placement.instance(*pod).node();
        placement.change(cluster, *pod, |instance| {
            instance.whereabouts = Whereabouts::Pending;
            instance.terminating = false;
        });
        let mut explained = self.explain(placement, *pod);
        explained.story.runs_on = bound.map(|node| cluster.node_name(node).to_owned());
        Ok(explained)
    }

    fn explain(&self, placement: &Placement, pod: InstanceId) -> Explained {
        let decision = self.scheduler.decide(placement, pod);
        let story = if self.tells {
            Story::of(&self.scheduler, self.words, placement, &decision)
        } else {
            Story::default()
        };
        Explained { trace: trace::of(self.words, placement, &decision), story }
    }
}

/// Traces, one a line.
fn lines(explained: &[Explained]) -> String {
    let line = |one| serde_json::to_string(one).expect("traces are plain data") + "\n";
    explained.iter().map(line).collect()
}
