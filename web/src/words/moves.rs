//! What is said of pods that move, and of maps side by side.

pub(crate) const BOTH: &str = "Before and after";
pub(crate) const FOLLOW: &str = "Draw the moves of ";
pub(crate) const SELECTED_NODE: &str = "the selected node";
pub(crate) const MAP_BEFORE: &str = "Map of nodes before";
pub(crate) const MAP_AFTER: &str = "Map of nodes after";

/// Where a pod went.
pub(crate) fn went(node: &str) -> String {
    format!("is on {node} now")
}

/// Where a pod came from.
pub(crate) fn came(node: &str) -> String {
    format!("was on {node}")
}
