//! How far Holdfast's decisions agree with the real scheduler's.
//!
//! Cases are drawn from [`kinds`], decided by two programs that know nothing of each other (the
//! recorder in this folder, which runs the scheduler itself, and `holdfast explain`), compared
//! plugin by plugin and field by field, and a disagreement is shrunk to what it takes.
//!
//! - [`shape`]: words to describe JSON with, [`kinds`]: the cases, [`assemble`]: their last touch;
//! - [`case`]: one case, and how it is drawn; [`decider`]: who decides it;
//! - [`compare`]: what differs, and the table; [`shrink`]: the least that differs;
//! - [`archive`]: recorded cases in the repository;
//! - [`witness`]: runs by which `prove` refutes a claim, and [`play`]: such a run as a case;
//! - [`live`]: stories for a real control plane, which judge what happens over time;
//! - [`recorded`]: what was recorded of them; [`replay`]: the engine tells them again;
//!   [`agreement`]: one step, compared; [`failovers`]: all of them, and the page.

pub mod agreement;
pub mod archive;
pub mod assemble;
pub mod case;
pub mod compare;
pub mod decider;
pub mod failovers;
pub mod kinds;
pub mod live;
#[expect(dead_code, reason = "the tests whose clusters these are draw more than is used here")]
#[path = "../../../crates/proof/tests/soundness/plan.rs"]
mod plan;
pub mod play;
pub mod recorded;
#[path = "../../../crates/proof/tests/soundness/render.rs"]
mod render;
pub mod replay;
pub mod shape;
pub mod shrink;
pub mod witness;
