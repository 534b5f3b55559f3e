//! What an option names.

use holdfast_cluster::{Cluster, NodeId};
use holdfast_render::words;

use crate::failure::{Failure, nearest};

/// The node that an option names.
///
/// # Errors
/// When there is none of that name.
pub fn node_named(cluster: &Cluster, option: &str, name: &str) -> Result<NodeId, Failure> {
    let known = cluster.find(name).and_then(|symbol| cluster.node_named(symbol));
    known.ok_or_else(|| {
        let nodes: Vec<&str> = cluster.node_ids().map(|id| cluster.node_name(id)).collect();
        let machines = cluster.objects().assumptions.machines.iter();
        let machines: Vec<&str> = machines.map(|machine| cluster.text(machine.name)).collect();
        let failure = Failure::usage(format!("{option}: there is no node named {name:?}"));
        if machines.contains(&name) {
            return failure.hint("it is a machine, which can fail and recover and nothing else");
        }
        match nearest(name, nodes.iter().chain(&machines).copied()) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None if machines.is_empty() => {
                failure.hint(format!("the nodes are {}", words::list(&nodes, 12)))
            }
            None => failure.hint(format!(
                "the nodes are {}, the machines {}",
                words::list(&nodes, 12),
                words::list(&machines, 12)
            )),
        }
    })
}
