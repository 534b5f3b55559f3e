//! How long a workload has no pods, or too few, in every run: bounds, and what they are made of.
//!
//! Nobody is ever faster than the one or slower than the other, whatever the order and the ties, as
//! long as things take what [`Times`] says. Why that is so is written rule by rule in
//! `docs/proof.md`. Where no bound is known none is told, and why not.

use std::cmp::Ordering;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, InstanceId, Placement};
use holdfast_failover::eviction::{self, Delay};
use holdfast_failover::times::Seconds;
use holdfast_failover::{Dynamics, Time, Times, Zones};
use serde::{Deserialize, Serialize};

use crate::bound;
use crate::scenario::FailureSet;
use crate::verdict::{Doubt, Verdict};

/// How long a failure set keeps a workload from serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downtime {
    /// Not a single pod serves.
    pub outage: Span,
    /// Fewer pods serve than are wanted.
    pub shortage: Span,
}

/// Bounds of a length of time, from the failure on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// No run is shorter; `None` where none ever ends.
    pub least: Option<Seconds>,
    /// No run is longer.
    pub most: Most,
}

/// How long at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Most {
    /// It does not come to that.
    Never,
    /// So long, and the start of a pod.
    Within(Latest),
    /// Nobody knows.
    Unknown(Gap),
    /// Some run never ends it.
    ForEver,
}

/// When a pod is bound at the latest, as the sum of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// The control plane, which lost a member, acts again.
    pub takeover: Seconds,
    /// The failure is noticed.
    pub detection: Seconds,
    /// The node is tainted: others of its zone come first.
    pub limiter: Seconds,
    /// The pod bears the taint no more.
    pub toleration: Seconds,
    /// The scheduler tries it again, after others have been placed or evicted.
    pub retries: Seconds,
}

/// Why nobody knows how long it takes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gap {
    /// It is not even known whether it ends.
    Doubt(Doubt),
    /// Pods may be preempted meanwhile, and those made in their place.
    Preemption,
    /// Controllers may do more than make up for lost pods: a rollout is under way, say.
    Rollout,
    /// Evictions may come late, or never.
    Evictions,
    /// A pod may be placed on a node that nobody hears, and have to leave it again.
    Returning,
    /// Runs differ in how many pods come back.
    Orders,
}

impl Latest {
    /// All of it.
    pub fn total(&self) -> Seconds {
        let noticed = self.takeover + self.detection + self.limiter;
        noticed.saturating_add(self.toleration).saturating_add(self.retries)
    }
}

impl Most {
    /// The longer comes behind. What nobody knows may be long, but is not known to be for ever.
    pub fn compare(&self, other: &Self) -> Ordering {
        let rank = |most: &Self| match most {
            Self::Never => (0, 0),
            Self::Within(latest) => (1, latest.total()),
            Self::Unknown(_) => (2, 0),
            Self::ForEver => (3, 0),
        };
        rank(self).cmp(&rank(other))
    }
}

impl Span {
    /// It does not come to that.
    pub const NONE: Self = Self { least: Some(0), most: Most::Never };
    /// No run ever ends it.
    pub const FOR_EVER: Self = Self { least: None, most: Most::ForEver };

    /// Nothing is known.
    pub fn unknown(gap: Gap) -> Self {
        Self { least: Some(0), most: Most::Unknown(gap) }
    }

    /// What holds of both.
    fn join(&mut self, other: Self) {
        self.least = match (self.least, other.least) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if other.most.compare(&self.most) == Ordering::Greater {
            self.most = other.most;
        }
    }
}

impl Downtime {
    /// As many pods serve as did, and stay.
    pub(crate) fn as_it_is(ready: u32, desired: u32) -> Self {
        let of = |needed: u32| if ready >= needed { Span::NONE } else { Span::FOR_EVER };
        Self { outage: of(1), shortage: of(desired) }
    }

    /// Pods that serve may be preempted, and who knows when others serve in their place.
    pub(crate) fn disturbed() -> Self {
        let unknown = Span::unknown(Gap::Preemption);
        Self { outage: unknown, shortage: unknown }
    }

    /// What holds of both.
    pub(crate) fn join(&mut self, other: Self) {
        self.outage.join(other.outage);
        self.shortage.join(other.shortage);
    }

    /// The same as far as these verdicts on *immediately* and *recovered* go.
    pub(crate) fn heed(&mut self, immediately: &Verdict, recovered: &Verdict) {
        match recovered {
            Verdict::Proved(_) => {}
            Verdict::Refuted => self.shortage.most = Most::ForEver,
            Verdict::Unknown(doubt) => {
                self.shortage = Span::unknown(Gap::Doubt(*doubt));
                if self.outage.most != Most::Never {
                    self.outage = self.shortage;
                }
            }
        }
        if let Verdict::Unknown(doubt) = immediately {
            self.outage = Span::unknown(Gap::Doubt(*doubt));
        }
    }
}

/// When pods come back that a failure took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comeback {
    /// None is back before.
    pub(crate) soonest: Seconds,
    /// The first and the last of those that come back are bound by then.
    pub(crate) latest: Result<(Latest, Latest), Gap>,
    /// Pods that serve may be preempted meanwhile.
    pub(crate) threatened: bool,
    /// Every run ends with the same number of pods.
    pub(crate) settled: bool,
}

/// How many pods serve, and how many are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// At once.
    pub(crate) at_once: u32,
    /// Once all is quiet, at the least and at the most as far as is known.
    pub(crate) at_rest: (u32, u32),
    /// So many are wanted.
    pub(crate) desired: u32,
}

impl Comeback {
    /// Of pods that are sure of a node at every moment, and so are bound as soon as they are made
    /// anew. They bear their nodes, tainted by then, for from so long to so long.
    pub(crate) fn undisturbed(
        noticed: Seconds,
        tainted: Latest,
        borne: Option<(Seconds, Seconds)>,
    ) -> Self {
        let (shortest, longest) = borne.unwrap_or_default();
        let after = |toleration| Latest { toleration, ..tainted };
        Self {
            soonest: noticed.saturating_add(shortest),
            latest: Ok((after(shortest), after(longest))),
            threatened: false,
            settled: true,
        }
    }

    /// The downtime of a workload of which so many pods serve, as if its verdicts were sure.
    pub(crate) fn downtime(&self, counts: Counts, recovers: bool) -> Downtime {
        let Counts { at_once, at_rest, desired } = counts;
        let (first, last) = match self.latest {
            Ok((first, last)) => (Most::Within(first), Most::Within(last)),
            Err(gap) => (Most::Unknown(gap), Most::Unknown(gap)),
        };
        let span = |most: Most| Span { least: Some(self.soonest), most };
        let outage = match (at_once, at_rest) {
            (1.., _) if self.threatened => Span::unknown(Gap::Preemption),
            (1.., _) => Span::NONE,
            _ if recovers && desired > 0 => span(first),
            (0, (1.., _)) if self.settled => span(last),
            (0, (_, 0)) if self.settled => Span::FOR_EVER,
            (0, (_, 0)) => span(Most::ForEver),
            _ => span(Most::Unknown(Gap::Orders)),
        };
        let shortage = match recovers {
            true if at_once >= desired && self.threatened => Span::unknown(Gap::Preemption),
            true if at_once >= desired => Span::NONE,
            true => span(last),
            false if self.settled => Span::FOR_EVER,
            false => span(Most::ForEver),
        };
        Downtime { outage, shortage }
    }
}

/// How long things take in a cluster, and what of it is the same for all its pods.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    times: Times,
    zones: Zones,
    /// Nodes that carry a part of the control plane.
    members: Vec<bool>,
    /// How long the control plane may do nothing after it lost a member.
    takeover: Seconds,
    /// The highest priority of a pod that may preempt others on nodes that nobody hears.
    on_silence: Option<i32>,
}

impl Clock {
    /// The clock of a cluster that stands like this before anything fails.
    pub(crate) fn of(dynamics: &Dynamics<'_>, placement: &Placement) -> Self {
        let cluster = dynamics.cluster();
        let mut members = vec![false; cluster.nodes().len()];
        dynamics.control_plane().members().for_each(|node| members[node.index()] = true);
        let takeovers = dynamics.control_plane().takeovers(placement).into_iter();
        let milliseconds: i64 = takeovers.map(|takeover| takeover.milliseconds).sum();
        Self {
            times: Times::of_cluster(cluster),
            zones: Zones::of(cluster, placement),
            members,
            takeover: (milliseconds + 999).div_euclid(1000),
            on_silence: highest_on_silence(cluster),
        }
    }

    /// How soon nodes that fail are noticed, and when the last of them is tainted, evictions from
    /// them being sure.
    pub(crate) fn tainted(&self, set: &FailureSet) -> (Seconds, Latest) {
        let (soonest, detection) = self.times.noticing();
        let nodes = set.nodes();
        let hit = !set.machines().is_empty() || nodes.iter().any(|node| self.members[node.index()]);
        let latest = Latest {
            takeover: if hit { self.takeover } else { 0 },
            detection,
            limiter: self.zones.longest_wait(nodes, &self.times),
            ..Latest::default()
        };
        (soonest, latest)
    }

    /// Whether a pod of this priority may be preempted on a node that nobody hears.
    pub(crate) fn may_be_preempted_on_silence(&self, priority: i32) -> bool {
        self.on_silence.is_some_and(|highest| highest > priority)
    }

    /// How long a pod takes to start once it is bound, where somebody said so.
    pub(crate) fn start(&self) -> Option<Seconds> {
        self.times.is_given(Time::ImageStart).then(|| self.times.of(Time::ImageStart))
    }
}

/// How long a pod bears the taints of its node; `None` where that is for ever, or it has none.
pub(crate) fn borne(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> Option<Seconds> {
    let instance = placement.instance(pod);
    let delay =
        eviction::delay(cluster, placement, instance.node()?, cluster.spec_of(instance.class));
    match delay? {
        Delay::After(seconds) => Some(seconds),
        Delay::Never => None,
    }
}

/// From the shortest to the longest; `None` where there is none.
pub(crate) fn range(
    ranges: impl Iterator<Item = (Seconds, Seconds)>,
) -> Option<(Seconds, Seconds)> {
    ranges.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
}

fn highest_on_silence(cluster: &Cluster) -> Option<i32> {
    let moves = |id| {
        let kind = cluster.workload(id).kind;
        !matches!(kind, WorkloadKind::DaemonSet | WorkloadKind::StaticPod)
    };
    let made = cluster.pods().iter().filter(|pod| moves(pod.workload));
    let templates = cluster.workload_ids().filter(|id| moves(*id));
    let templates = templates.filter_map(|id| cluster.workload(id).template);
    let classes = made.flat_map(|pod| [pod.class, pod.replacement]).chain(templates);
    let may =
        |class: &ClassId| cluster.spec_of(*class).preempts && bound::bears_silence(cluster, *class);
    classes.filter(may).map(|class| cluster.spec_of(class).priority).max()
}
