//! Scenarios, exploration and verdicts: what holds of a workload when machines fail, and how that
//! is known.
//!
//! A [`Prover`] looks at one failure set at a time ([`Prover::examine`]), so that whoever calls it
//! may do so on as many threads as there are; a [`Summary`] joins the answers in the order of the
//! sets. Every set is examined in three steps: what serves at once is counted; a [`bound`] shows
//! which lost pods find a node whatever the others do; what remains is [`explore`]d exhaustively,
//! every order and every tie-break, within a budget. Beyond the budget the answer is UNKNOWN, never
//! a guess.
//!
//! * [`scenario`]: failure sets and their order.
//! * [`domain`]: machines that fail as a whole.
//! * [`symmetry`]: nodes that nothing can tell apart.
//! * [`subject`]: the workloads a claim is about.
//! * [`verdict`]: the answers, as data.
//! * [`witness`]: a run that refutes a claim, replayed before it is reported.
//! * [`simulation`]: what a story of events comes to, event by event.
//! * [`sequence`]: what holds through such a story, and in which order.
//! * [`observed`]: what was seen in single states of it.
//! * [`stuck`]: drains and rollouts that do not get on.
//! * [`outcome`]: the same with names, for machines.
//! * [`timeline`]: one run on a virtual clock, with names.
//! * [`tolerance`]: how many failures are survived.
//! * [`downtime`]: how long workloads are without pods in every run.
//! * [`quorum`]: whether the control plane and volumes keep their majority.
//! * [`certify`]: why it is so, for a second reader.
//! * [`report`]: everything with names instead of numbers, for machines.

pub mod bound;
pub mod by_rule;
pub mod certify;
pub mod counting;
pub mod domain;
mod doubts;
pub mod downtime;
mod envelope;
pub mod explore;
pub mod headroom;
mod names;
pub mod observed;
pub mod outcome;
pub mod possible;
pub mod prover;
pub mod quorum;
pub mod report;
mod rest;
pub mod rules;
pub mod scenario;
pub mod seat;
pub mod sequence;
pub mod simulation;
pub mod start;
mod steady;
pub mod stuck;
pub mod subject;
pub mod summary;
pub mod symmetry;
pub mod timeline;
pub mod tolerance;
pub mod verdict;
pub mod witness;

pub use domain::{Domain, Domains};
pub use outcome::Outcome;
pub use prover::{Prover, Settings};
pub use report::Report;
pub use scenario::FailureSet;
pub use sequence::Sequencer;
pub use simulation::Simulator;
pub use subject::Subject;
pub use summary::Summary;
pub use symmetry::Symmetry;
pub use timeline::Timeline;
pub use verdict::{Doubt, Verdict};
