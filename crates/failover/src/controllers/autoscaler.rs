//! Autoscalers (`HorizontalPodAutoscaler`): the bounds that they hold whatever the metrics say.
//!
//! Models the bounds of `reconcileAutoscaler` of `pkg/controller/podautoscaler/horizontal.go`
//! (v1.36.3), with the feature gate `HPAScaleToZero` off, as it is by default: a count above the
//! highest is set to the highest, one below the lowest to the lowest, and a workload that was
//! scaled to zero is left alone. Between the bounds metrics decide, which nobody knows: the count
//! is taken to stay.

use holdfast_cluster::workload::Provenance;
use holdfast_cluster::{Cluster, Placement, WorkloadId};

/// The count that the workload's autoscaler sets, where the present one is out of its bounds.
pub fn correction(cluster: &Cluster, placement: &Placement, id: WorkloadId) -> Option<i64> {
    let workload = cluster.workload(id);
    let (least, most) = workload.autoscaled?;
    // A count that was taken from the pods alone is no reason to act.
    if workload.provenance == Provenance::Inferred {
        return None;
    }
    match placement.target(id).desired {
        0 => None,
        desired if desired > most => Some(most),
        desired if desired < least => Some(least),
        _ => None,
    }
}
