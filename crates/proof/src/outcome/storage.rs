//! What can be done with volumes, with names.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, Placement};
use holdfast_failover::Storage;
use holdfast_failover::storage::Access;
use serde::Serialize;

/// What can be done with a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct VolumeOutcome {
    /// At best: `writable`, `readable`, `unavailable` or `lost`.
    pub best: &'static str,
    /// At worst; the same where it is known.
    pub worst: &'static str,
}

/// By namespace and name of the claim; those alone whose volumes are kept on the nodes.
pub(super) fn storage(
    cluster: &Cluster,
    storage: &Storage,
    placement: &Placement,
) -> BTreeMap<String, VolumeOutcome> {
    let claims = storage.claims(placement);
    let named = claims.map(|((namespace, name), access)| {
        let name = format!("{}/{}", cluster.text(namespace), cluster.text(name));
        (name, VolumeOutcome { best: word(access.best), worst: word(access.worst) })
    });
    named.collect()
}

fn word(access: Access) -> &'static str {
    match access {
        Access::Writable => "writable",
        Access::Readable => "readable",
        Access::Unavailable => "unavailable",
        Access::Lost => "lost",
    }
}
