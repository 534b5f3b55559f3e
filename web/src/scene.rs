//! What the map is drawn from: a cluster, and what its pods ask for.

use holdfast_cluster::Cluster;
use holdfast_session::aftermath::{Aftermath, Made};
use holdfast_session::forms::Choices;
use holdfast_session::overview::{Amounts, Overview};

use crate::grouping;

/// A cluster as it stands in the export.
#[derive(Debug, Default)]
pub(crate) struct Scene {
    pub(crate) overview: Overview,
    /// Labels by which nodes can be put together.
    pub(crate) labels: Vec<String>,
    /// What there is to choose from in forms.
    pub(crate) choices: Choices,
    /// What pods ask for; many ask for the same.
    pub(crate) asks: Vec<Amounts>,
    /// Which of these each pod asks for.
    pub(crate) asked: Vec<u32>,
}

impl Scene {
    /// Of a cluster.
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let (mut asks, mut asked) = (Vec::new(), Vec::new());
        for pod in cluster.pods() {
            let requests = &cluster.spec_of(pod.class).requests;
            let (cpu_milli, memory) = (requests.cpu_milli, requests.memory);
            let ask = Amounts { cpu_milli, memory, pods: 1 };
            let known = asks.iter().rposition(|known| *known == ask);
            asked.push(known.unwrap_or(asks.len()) as u32);
            if known.is_none() {
                asks.push(ask);
            }
        }
        let (overview, choices) = (Overview::of(cluster), Choices::of(cluster));
        Self { labels: grouping::labels(&overview), overview, choices, asks, asked }
    }

    /// What is known of a pod that was made in a run.
    pub(crate) fn made(&self, run: Option<&Aftermath>, pod: u32) -> Option<Made> {
        run?.made.get((pod as usize).checked_sub(self.asked.len())?).copied()
    }

    /// What a pod asks for: that of its own, or of the pod whose place it takes, or else of another
    /// pod of its workload.
    pub(crate) fn asks(&self, run: Option<&Aftermath>, pod: u32) -> Amounts {
        let made = || {
            let made = self.made(run, pod)?;
            let alike = || self.overview.pods.workloads.iter().position(|it| *it == made.workload);
            made.origin.map(|origin| origin as usize).or_else(alike)
        };
        let known = if (pod as usize) < self.asked.len() { Some(pod as usize) } else { made() };
        known.map_or_else(Amounts::default, |pod| self.asks[self.asked[pod] as usize])
    }
}
