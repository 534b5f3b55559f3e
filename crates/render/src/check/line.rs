//! A finding piece by piece, for whoever lays it out and says more around it.

use holdfast_policy::Finding;
use serde::{Deserialize, Serialize};

use super::reason;

/// A finding in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// `error` or `warning`.
    pub severity: String,
    /// The stable id.
    pub id: String,
    /// It is not known whether it holds; what is known not to is refuted.
    pub open: bool,
    /// The workload: `shop/deployment/web`.
    pub object: Option<String>,
    /// What is wrong.
    pub what: String,
    /// Which requirement, and in which scenario.
    pub background: String,
    /// The cheapest change that mends it, where one was found.
    pub remedy: Option<String>,
    /// How it comes to that, line by line; empty where the sentence says all.
    pub story: String,
}

impl From<&Finding> for Line {
    fn from(found: &Finding) -> Self {
        Self {
            severity: reason::severity(found.severity).to_owned(),
            id: found.fault.id().to_owned(),
            open: found.fault.is_open(),
            object: reason::object(found),
            what: reason::what(found),
            background: reason::background(found),
            remedy: reason::remedy(found),
            story: reason::story(found).unwrap_or_default(),
        }
    }
}
