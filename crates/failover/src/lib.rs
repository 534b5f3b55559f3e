//! What Kubernetes does after a failure, as a transition system.
//!
//! [`failure`] takes nodes away; [`Dynamics`] then says which [`Step`]s may come next in a
//! [`Placement`](holdfast_cluster::Placement) and carries them out: evictions by taint, what the
//! workload controllers do about them, and what the scheduler decides. Nothing here chooses between
//! steps: whoever explores takes every order, whoever tells a story takes one.
//!
//! * [`eviction`]: how long a pod stays on a node that is not heard.
//! * [`disruption`]: when the node lifecycle controller stops evicting.
//! * [`control_plane`]: whether anybody is left who evicts, re-creates and schedules.
//! * [`controllers`]: what makes up for a pod that is gone.

pub mod control_plane;
pub mod controllers;
pub mod disruption;
pub mod dynamics;
pub mod eviction;
pub mod failure;
mod preemption;
mod spreading;

pub use control_plane::ControlPlane;
pub use dynamics::{Dynamics, Evicted, Situation, Step, Steps};
