//! `SchedulingGates`: a pod with gates does not enter the queue.
//!
//! Models `pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go` (v1.36.3).

use holdfast_cluster::{PodSpec, Symbol};

/// The gates that hold the pod back, if any.
pub(crate) fn pre_enqueue(spec: &PodSpec) -> Option<&[Symbol]> {
    (!spec.gates.is_empty()).then_some(&*spec.gates)
}
