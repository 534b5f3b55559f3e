//! What is looked for beside a proof, and told with it.

use holdfast_planner::report::RemediesReport;
use serde::Serialize;

/// What was found beside a proof.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// By workload, in the report's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<RemediesReport>,
    /// Refuted workloads for which nobody looked for one.
    #[serde(skip_serializing_if = "is_zero")]
    pub remedies_not_asked: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
