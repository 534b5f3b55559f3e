//! What was asked of a cluster, what came of it, and how the same is asked of a changed one.

use holdfast_cluster::{Cluster, NodeId};
use holdfast_proof::report::Question;
use holdfast_proof::{Domain, Domains, FailureSet, Prover, Settings, Summary};

/// Examines every set of a question. The command does so on all cores, a test one by one
/// ([`one_by_one`]).
pub type Sweep<'s> = dyn Fn(&Prover<'_>, &Question) -> Summary + Sync + 's;

/// A question, and what came of it.
#[derive(Clone, Copy)]
pub struct Asked<'a, 'c> {
    /// The prover of the cluster as it is.
    pub prover: &'a Prover<'c>,
    /// What was asked of it.
    pub question: &'a Question,
    /// What came of it.
    pub summary: &'a Summary,
    /// How questions are answered.
    pub sweep: &'a Sweep<'a>,
    /// How hard the prover tries where something was changed.
    pub settings: Settings,
}

impl<'c> Asked<'_, 'c> {
    /// The cluster as it is.
    pub fn cluster(&self) -> &'c Cluster {
        self.prover.cluster()
    }

    /// The same question about a changed cluster, whose nodes have other ids: a node that was added
    /// may fail like any other, and one that is gone does not.
    pub fn of(&self, changed: &Cluster) -> Question {
        match self.question {
            Question::AnyNodes(most) => Question::AnyNodes((*most).min(changed.nodes().len())),
            Question::Set(set) => Question::Set(self.carry(set, changed)),
            Question::AnyDomains(domains, most) => {
                let domains = match &domains.label {
                    Some(label) => Domains::of_label(changed, label),
                    None => self.listed(domains, changed),
                };
                let most = (*most).min(domains.all.len());
                Question::AnyDomains(domains, most)
            }
        }
    }

    /// The same machines, as far as they are still there.
    pub fn carry(&self, set: &FailureSet, changed: &Cluster) -> FailureSet {
        FailureSet::new(self.nodes(set.nodes(), changed)).and_machines(set.machines().to_vec())
    }

    fn nodes(&self, nodes: &[NodeId], changed: &Cluster) -> Vec<NodeId> {
        let named = |node: &NodeId| changed.node_named(self.cluster().node(*node).name);
        nodes.iter().filter_map(named).collect()
    }

    fn listed(&self, domains: &Domains, changed: &Cluster) -> Domains {
        let domain = |one: &Domain| Domain {
            name: one.name.clone(),
            nodes: self.nodes(&one.nodes, changed),
            machines: one.machines.clone(),
        };
        Domains { label: None, all: domains.all.iter().map(domain).collect() }
    }
}

/// Examines the sets of a question one after another, until it is `stopped`: what was examined by
/// then is told, and is not all.
pub fn one_by_one(prover: &Prover<'_>, question: &Question, stopped: impl Fn() -> bool) -> Summary {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    let mut workspace = prover.workspace();
    let mut summary = Summary::new(prover);
    for (set, count) in question.orbits(&nodes, prover.symmetry()) {
        if stopped() {
            summary.complete = false;
            break;
        }
        summary.add_orbit((&set, count), &prover.examine(&mut workspace, &set));
    }
    summary.finish();
    summary
}
