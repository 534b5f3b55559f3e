//! `SchedulingGates`: a pod with gates does not enter the queue.
//!
//! Models `pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go` (v1.36.3).

use holdfast_cluster::Symbol;

use super::Context;

/// The gates that hold the pod back, if any.
pub(crate) fn pre_enqueue<'a>(context: &Context<'a>) -> Option<&'a [Symbol]> {
    let held = context.compiled.profile.holds_gated && !context.spec.gates.is_empty();
    held.then_some(&*context.spec.gates)
}
