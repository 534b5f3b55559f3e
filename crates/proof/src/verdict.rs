//! The answers, as data.

use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::pod::Unmodelled;
use holdfast_cluster::{Plugin, Workload};
use serde::{Deserialize, Serialize};

/// What is known of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It holds in every run.
    Proved(Ground),
    /// There is a run in which it does not hold.
    Refuted,
    /// Neither is known, and why.
    Unknown(Doubt),
}

/// How a claim was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Ground {
    /// The failure does not touch the workload, or what was counted is all there is to know.
    Counted,
    /// Every pod that is lost finds a node wherever the others may go.
    Bound,
    /// Every order and every tie-break was tried.
    Explored,
}

/// What stands in the way of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Doubt {
    /// More states than the budget allows.
    Budget,
    /// A controller that Kubernetes does not ship makes the pods.
    CustomController,
    /// A Job decides by how the containers of a lost pod ended whether it goes on.
    JobPolicy,
    /// A resource quota may keep the pods from being made.
    Quota,
    /// A pod asks for a scheduler other than the default one.
    ForeignScheduler,
    /// The scheduler runs a plugin that Kubernetes does not ship.
    ForeignPlugin,
    /// The scheduler asks a service outside about the pod.
    Extender,
    /// The scheduler leaves out a plugin where something else insists on it.
    OddProfile(Plugin),
    /// A pod uses something that is not modelled.
    Unmodelled(Unmodelled),
    /// A pod asks for an extended resource that no node lists; a device class may stand for it.
    UnknownResource,
    /// A part of the input could not be read, and objects of this kind may have been in it.
    Lost(InputKind),
    /// The export lacks objects of a kind that the answer depends on.
    Missing(InputKind),
    /// There are more ways to choose whom to delete than are tried.
    Choices,
    /// The scheduler looks at some of the nodes only, and nobody knows whether it would find this
    /// one best of them.
    Sampling,
    /// Evictions may or may not begin before the node lifecycle controller stops them.
    EvictionsStop,
    /// Nobody knows where the copies of a volume are, or how many there are.
    VolumeCopies,
    /// Pods may go round for ever: evicted, made again and placed where they are evicted once more.
    Endless,
    /// The export is of a cluster on the move, and not all the places it may come to rest in were
    /// tried.
    Unsettled,
}

impl Doubt {
    /// Why nobody knows whether the pods of a workload are made again.
    pub(crate) fn of_maker(workload: &Workload) -> Option<Self> {
        let why = if workload.rationed { Self::Quota } else { Self::CustomController };
        workload.is_unpredictable().then_some(why)
    }
}

impl Verdict {
    /// REFUTED is worse than UNKNOWN, which is worse than PROVED.
    pub fn is_worse_than(&self, other: &Self) -> bool {
        self.rank() > other.rank()
    }

    /// What is proved of two starts rests on the ground that it took the most to gain.
    pub(crate) fn rest_on(&mut self, other: &Self) {
        if let (Self::Proved(own), Self::Proved(others)) = (self, other) {
            *own = (*own).max(*others);
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Proved(_) => 0,
            Self::Unknown(_) => 1,
            Self::Refuted => 2,
        }
    }
}
