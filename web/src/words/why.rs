//! What is said of a pod that waits for a node.

pub(crate) const WHY: &str = "Why";
pub(crate) const POD: &str = "Pod";
pub(crate) const NODE: &str = "Node";
pub(crate) const FITS: &str = "What would make it fit";
pub(crate) const FITS_NOW: &str = "it fits";
pub(crate) const TOTAL: &str = "Total";
pub(crate) const PASSES: &str = "passes";
pub(crate) const OBJECTS: &str = "objects";
pub(crate) const CLOSE: &str = "Close why";

/// What pressing the button of a pod does.
pub(crate) fn ask(pod: &str) -> String {
    format!("Why {pod} waits")
}

/// What a table is about.
pub(crate) fn table(pod: &str) -> String {
    format!("Nodes and what each says to {pod}")
}

/// Filters that have no column.
pub(crate) fn others(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "One more filter objects to no node.".to_owned(),
        count => format!("{count} more filters object to no node."),
    }
}
