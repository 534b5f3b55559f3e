//! What must hold, and whether it does: a policy against what was proved.
//!
//! A [`Gate`] is told scenario by scenario what the prover found, and judges every requirement of
//! the policy by it. What does not hold, and what nobody knows, are [`finding`]s: data without a
//! word of prose, each with a stable id and a fingerprint that outlives moved lines.
//!
//! * [`diff`]: what a change makes worse, without a policy.
//! * [`changes`]: what it changes, field by field.
//! * [`gate`]: requirements against scenarios.
//! * [`select`]: which workloads a requirement is about.
//! * [`judge`]: whether one demand on one workload holds.
//! * [`form`]: whether a workload looks as it must.
//! * [`finding`]: what does not.
//! * [`suppress`]: findings that somebody accepts; [`baseline`]: those that were there before.
//! * [`report`]: everything, for machines.
//! * [`catalogue`]: what each finding means, for people.

pub mod accepted;
pub mod baseline;
pub mod catalogue;
pub mod changes;
pub mod diff;
pub mod finding;
pub mod form;
pub mod gate;
mod headroom;
pub mod judge;
mod majority;
pub mod report;
pub mod select;
pub mod suppress;

pub use diff::DiffReport;
pub use finding::Finding;
pub use gate::{Gate, Sets};
pub use report::CheckReport;
