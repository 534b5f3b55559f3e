//! `PodTopologySpread`: pods of a kind spread evenly over domains, required or preferred.
//!
//! Models `pkg/scheduler/framework/plugins/podtopologyspread/{plugin,common,filtering,scoring}.go`
//! and `DefaultSelector` of `pkg/scheduler/framework/plugins/helper/spread.go` (v1.36.3).

mod constraint;
mod filtering;
mod scoring;

pub(crate) use constraint::{Compiled, pre_filter, soft_is_unparsable};
pub(crate) use filtering::State as FilterState;
pub(crate) use scoring::{Counted, State as ScoreState, normalize};
