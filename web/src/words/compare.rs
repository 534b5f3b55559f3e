//! What is said of A and B.

use holdfast_session::compare::Serving;

use super::several;

pub(crate) const TAB: &str = "A and B";
pub(crate) const SAYS: &str = "Keep what stands now as A, do something else, and see here what \
                               differs.";
pub(crate) const KEEP: &str = "Keep as A";
pub(crate) const KEEP_ANEW: &str = "Keep this as A instead";
pub(crate) const SWAP: &str = "Swap A and B";
pub(crate) const FORGET: &str = "Forget A";
pub(crate) const NOTHING: &str = "nothing was done";
pub(crate) const TOTALS: &str = "Totals";
pub(crate) const WORKLOADS: &str = "Pods that serve";
pub(crate) const MOVED: &str = "On another node";
pub(crate) const NEWLY: &str = "Pending in B alone";
pub(crate) const BEFORE: &str = "Pending in A alone";
pub(crate) const NO_DIFFERENCE: &str = "No pod and no workload differs.";
pub(crate) const OF: &str = "Of";
pub(crate) const A: &str = "A";
pub(crate) const B: &str = "B";
pub(crate) const CHANGE: &str = "B against A";
pub(crate) const REQUESTED: [&str; 3] = ["CPU requested", "Memory requested", "Pods"];
pub(crate) const HEADROOM: [&str; 3] = ["CPU left", "Memory left", "Places for pods left"];

/// How many pods of a workload serve.
pub(crate) fn serving(serving: Serving) -> String {
    format!("{} of {}", serving.ready, serving.desired)
}

/// What differs, in one sentence.
pub(crate) fn summary(moved: usize, pending: usize, fewer: i64, more: i64) -> String {
    let mut parts = Vec::new();
    if moved > 0 {
        parts.push(format!("{} on another node", several(moved, "pod is", "pods are")));
    }
    if pending > 0 {
        parts.push(format!("{} newly Pending", several(pending, "pod is", "pods are")));
    }
    if fewer > 0 {
        parts.push(format!("{} lost", several(fewer as usize, "replica is", "replicas are")));
    }
    if more > 0 {
        parts.push(format!("{} gained", several(more as usize, "replica is", "replicas are")));
    }
    if parts.is_empty() { NO_DIFFERENCE.to_owned() } else { format!("In B {}.", parts.join(", ")) }
}
