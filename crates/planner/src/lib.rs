//! What to change, and never without proof: the planner proposes, the prover decides.
//!
//! Everything here is asked of a cluster that was proved about ([`Asked`]): which question, and
//! what came of it. A proposal is a list of [`Change`](holdfast_cluster::Change)s; the cluster that
//! stands once they are applied is proved about like any other, with every rollout that they begin
//! followed to its end. What is not proved there is not shown.
//!
//! * [`asked`]: the question, and how it is put to a changed cluster.
//! * [`cost`]: which of two proposals is cheaper.
//! * [`propose`]: what may help, from why a claim was refuted.
//! * [`repair`]: the cheapest proposals that are proved.
//! * [`copies`], [`fit`], [`best`]: how many more of a pod fit, and how many may be added.
//! * [`recovery`]: which workloads come back after every failure that is asked about.
//! * [`nodes`]: how many nodes must be added so that failures are survived.
//! * [`mix`]: the cheapest mix of node types for everything that runs.
//! * [`layout`]: what a layout survives, and whose loss alone breaks it.
//! * [`migration`]: the steps between two layouts, and what may go wrong at each.
//! * [`rebalance`]: which pods to delete so that they are spread, or load is.
//! * [`remove`]: which nodes can go, in which order.
//! * [`waste`]: what is free and cannot be used.
//! * [`patch`]: changes as patches, and as lines for `kubectl`.
//! * [`report`]: all of it with names, for machines.

pub mod asked;
pub mod best;
pub mod copies;
pub mod cost;
pub mod fit;
pub mod layout;
pub mod migration;
pub mod mix;
pub mod nodes;
pub mod patch;
pub mod propose;
pub mod rebalance;
pub mod recovery;
pub mod remove;
pub mod repair;
pub mod report;
pub mod shell;
pub mod waste;

pub use asked::{Asked, Sweep};
pub use copies::{Copies, NoCopies, Sample};
pub use fit::{Fit, Survival};
pub use layout::Layout;
pub use recovery::Asking;
pub use repair::{Effort, Remedies, Remedy, Repairer};
