//! The second reader: says whether a certificate follows, without the program that wrote it.
//!
//! A certificate claims of each workload that it survives every failure asked about, or that it
//! does not, and says why. [`verify`] reads it against the cluster and accepts it, or names the
//! first thing that does not follow. It knows the rules by which a cluster changes
//! ([`holdfast_failover::Dynamics`]) and nothing of how proofs are found: no search, no solver.
//!
//! * [`mod@format`]: the certificate, version 1.
//! * [`digest`]: which cluster it is about.
//! * [`names`]: pods, steps and sorts of pods by name.
//! * [`state`]: when two states are one.
//! * [`question`]: what fails.
//! * [`happening`]: events by names.
//! * [`prices`]: why others cannot keep a pod off every node.
//! * [`flaw`]: what does not follow.
//!
//! What is proved is checked for all sets at once where it is written down why every lost pod finds
//! a node whichever nodes fail (`headroom`), and else set by set: where a failure leaves pods
//! behind that wait for a node, each must have a room (`room`), or else all states that may come
//! are listed (`closed`). What is refuted has a run, which is replayed (`run`), to a
//! quiet end or round for ever (`trap`). Events that come one
//! after another are followed through all states that may come (`course`).

mod again;
mod case;
mod choices;
mod claims;
mod closed;
mod course;
pub mod digest;
pub mod flaw;
pub mod format;
pub mod happening;
mod headroom;
pub mod names;
pub mod prices;
mod purse;
pub mod question;
pub mod reader;
mod room;
mod run;
mod skew;
pub mod state;
mod steady;
mod trap;
mod unknown;
mod whole;

use holdfast_cluster::Cluster;

pub use flaw::{Broken, ClaimName, Flaw, Whose};
pub use format::Certificate;
pub use question::Failed;
pub use reader::{Reader, Workspace};

/// What was found to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Sets that are asked about, the empty one included.
    pub sets: u64,
    /// Those among them that were checked all at once.
    pub at_once: u64,
    /// Sequences of events that are asked about.
    pub sequences: u64,
    /// States of closed sets that were checked.
    pub states: u64,
}

/// Whether a certificate follows from the cluster.
///
/// # Errors
/// The first thing that does not follow.
pub fn verify(cluster: &Cluster, certificate: &Certificate) -> Result<Accepted, Flaw> {
    let reader = Reader::new(cluster, certificate)?;
    let mut workspace = reader.workspace();
    let mut checked = 0;
    for set in reader.sets() {
        reader.check_set(&mut workspace, &set)?;
        checked += 1;
    }
    (0..reader.sequences()).try_for_each(|at| reader.check_sequence(at))?;
    Ok(reader.accepted(checked))
}
