//! Which of a policy's states the cluster comes to when what has failed has failed.

use holdfast_cluster::{Cluster, NodeId, Symbol};
use holdfast_failover::Event;
use holdfast_ingest::Place;
use holdfast_ingest::policy::{Fails, Form, Policy, Requirement, Scenario};
use holdfast_policy::report::StateReport;
use serde::{Deserialize, Serialize};

use crate::events::{self, Told};
use crate::failure::Failure;

/// What the cluster comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateOf {
    /// When.
    pub when: String,
    /// The best state that is PROVED; absent where none is.
    pub name: Option<String>,
    /// Better ones of which it is not known.
    pub perhaps: Vec<String>,
    /// How many states are better than that, of all that the policy has.
    pub rank: (usize, usize),
}

impl StateOf {
    /// As a policy's report has it.
    pub(crate) fn new(when: String, policy: &Policy, state: &StateReport) -> Self {
        let StateReport { name, perhaps } = state.clone();
        let all = policy.states.len();
        let rank = policy.states.iter().position(|one| Some(&one.name) == name.as_ref());
        Self { when, name, perhaps, rank: (rank.unwrap_or(all), all) }
    }
}

/// The policy that asks nothing but which state these machines leave; nothing without states.
pub(crate) fn asking(policy: &Policy, fail: &[String]) -> Option<Policy> {
    if policy.states.is_empty() || fail.is_empty() {
        return None;
    }
    let nothing = |one: &Requirement| Requirement {
        scenarios: Vec::new(),
        form: Form::default(),
        ..one.clone()
    };
    let place = Place { file: String::new(), line: 1, column: 1 };
    let fails = Fails::These(fail.to_vec());
    Some(Policy {
        scenarios: vec![Scenario { name: fail.join(" + "), place, fails }],
        requirements: policy.requirements.iter().map(nothing).collect(),
        suppressions: Vec::new(),
        ..policy.clone()
    })
}

/// Names of the machines that are down in the end, where nothing but failures and recoveries
/// happen: what else happens is no failure set.
///
/// # Errors
/// Events that make no sense.
pub(crate) fn failed(cluster: &Cluster, typed: &[String]) -> Result<Option<Vec<String>>, Failure> {
    let (mut nodes, mut machines): (Vec<NodeId>, Vec<Symbol>) = (Vec::new(), Vec::new());
    let told = events::parse(cluster, typed)?;
    for named in told.iter().flat_map(Told::all) {
        match &named.event {
            Event::Fail(down) => nodes.extend(down),
            Event::Recover(up) => nodes.retain(|node| !up.contains(node)),
            Event::FailMachines(down, on) => {
                machines.extend(down);
                nodes.extend(on);
            }
            Event::RecoverMachines(up, on) => {
                machines.retain(|machine| !up.contains(machine));
                nodes.retain(|node| !on.contains(node));
            }
            _ => return Ok(None),
        }
    }
    nodes.sort_unstable();
    nodes.dedup();
    let names = nodes.into_iter().map(|node| cluster.node_name(node).to_owned());
    let machines = machines.into_iter().map(|name| cluster.text(name).to_owned());
    Ok(Some(names.chain(machines).collect()))
}
