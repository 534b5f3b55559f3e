//! What may be asked of a loaded cluster, and the documents that answer.
//!
//! A question is plain data ([`prove::Prove`], [`simulate::Simulate`] …), its answer renders itself
//! in any format and knows its exit code. The command and the page are two rims ([`rim::Rim`])
//! around the same questions, so that they give the same bytes.

pub mod accept;
pub mod aftermath;
pub mod alone;
pub mod answer;
pub mod cases;
pub mod cell;
pub mod cells;
pub mod changes;
pub mod check;
pub mod command;
pub mod compare;
pub mod digest;
pub mod draft;
pub mod events;
pub mod exit;
pub mod explain;
pub mod export;
pub mod exported;
pub mod failure;
pub mod forms;
mod held;
pub mod inspect;
pub mod judged;
pub mod kubectl;
pub mod link;
pub mod loading;
pub mod names;
pub mod overview;
pub mod paper;
pub mod plan;
mod pool;
pub mod protocol;
pub mod prove;
pub mod question;
pub mod remedies;
pub mod rim;
pub mod sequences;
pub mod session;
pub mod simulate;
mod spoken;
pub mod states;
pub mod sweep;
pub mod texts;
pub mod whatif;
pub mod why;

pub use answer::Answer;
pub use failure::Failure;
pub use rim::Rim;
pub use session::{Files, Session};
