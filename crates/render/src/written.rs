//! What `plan repair --write` did with patches.

use holdfast_planner::report::ChangeReport;
use holdfast_proof::report::Object;
use serde::Serialize;

/// What was done with patches.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    /// Objects whose manifest says now what it is to say, in the order of the patches.
    pub written: Vec<WrittenObject>,
    /// What no manifest says.
    pub by_hand: Vec<ChangeReport>,
}

/// An object whose manifest was edited.
#[derive(Clone, Debug, Serialize)]
pub struct WrittenObject {
    /// The file.
    pub file: String,
    /// The object.
    #[serde(flatten)]
    pub object: Object,
}
