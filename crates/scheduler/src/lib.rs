//! What kube-scheduler 1.36 decides, offline: for a pod and a placement the same feasible nodes,
//! the same reasons, the same scores, the same candidates and the same preemption.
//!
//! One file per plugin, named as upstream names it ([`plugin::Plugin`] lists them), run by a
//! framework in the order of the pod's profile: `PreFilter`, `Filter`, `PreScore`, `Score`,
//! normalization, weights. Every rule cites the upstream file it models; all of it is
//! `k8s.io/kubernetes` v1.36.3.
//!
//! * [`Scheduler`]: a cluster compiled for deciding; [`Scheduler::candidates`] and
//!   [`Scheduler::choose`] are the fast paths for searches, [`Scheduler::decide`] the full story
//!   for explanations.
//! * [`Scheduler::series`]: copies of a pod, one after the other, as fast as that goes.
//! * [`decision`], [`reason`]: the story as data. Nothing in here formats prose, with two
//!   exceptions that are upstream's own words and part of what is modelled: [`wording`] and
//!   [`message`].
//! * [`trace`]: the decision trace, version 1.
//! * [`queue`]: who is scheduled first.
//!
//! The order of nodes never matters: where upstream picks at random among equals, all of them are
//! candidates.

mod bits;
pub mod decision;
mod framework;
mod go;
pub mod message;
pub mod needs;
mod node_info;
pub mod plugin;
mod plugins;
pub mod preemption;
pub mod queue;
pub mod reason;
pub mod release;
pub mod room;
mod sampling;
mod scheduler;
mod series;
mod tally;
mod topology;
pub mod trace;
pub mod wording;

pub use decision::{Decision, Preemption};
pub use needs::{Need, Needs};
pub use plugin::{Plugin, Profile};
pub use release::Release;
pub use room::Room;
pub use scheduler::{Choice, KeepSpread, Look, Scheduler, Scratch};
pub use series::{Series, Turn};
pub use wording::Words;
