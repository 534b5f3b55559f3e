//! What does not keep its majority, in words.

use holdfast_policy::finding::{PartName, StarvedVolume};

use crate::prove::with_failure;
use crate::words;

/// The control plane does not act.
pub(super) fn control_plane(
    part: PartName,
    (up, needed, of): (usize, usize, usize),
    fail: &[String],
) -> String {
    let when = with_failure(fail);
    match part {
        PartName::Etcd => {
            format!("etcd has no majority {when}: {up} of {of} members are up, {needed} needed")
        }
        PartName::ApiServers => format!("none of {of} API servers is up {when}"),
        PartName::LoadBalancer => {
            format!("nothing in front of the API servers is up {when}: 0 of {of} hosts")
        }
    }
}

/// Volumes cannot be used: how many, and the first.
pub(super) fn volumes(volumes: &[StarvedVolume]) -> String {
    const TOLD: usize = 4;
    let each = |volume: &StarvedVolume| format!("{} {}", volume.claim, with_failure(&volume.fail));
    let told: Vec<String> = volumes.iter().map(each).collect();
    let count = words::count(volumes.len(), "volume", "volumes");
    format!("{count} cannot be used by the pods that need them: {}", words::list(&told, TOLD))
}
