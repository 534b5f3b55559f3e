//! How long things take, where the export does not say.
//!
//! None of these changes what may happen, only when.

use holdfast_cluster::Cluster;
use holdfast_cluster::assumptions::AssumedTime;

/// Seconds on the virtual clock.
pub type Seconds = i64;

/// A pod that found no node is tried again after so long at most, whatever happens meanwhile: who
/// has waited for 5 minutes is looked for every 30 s, and then waits out a backoff of up to 10 s
/// (`flushUnschedulablePodsLeftover` and the defaults of
/// `pkg/scheduler/backend/queue/scheduling_queue.go`, v1.36.3).
pub const TRIED_AGAIN: Seconds = 300 + 30 + 10;

/// Renewals of a lease may be so much further apart than they are meant to be, in per cent
/// (`Run`, `k8s.io/component-helpers/apimachinery/lease/controller.go`, v0.36.3).
const LEASE_JITTER: Seconds = 4;

/// Something that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Time {
    /// A kubelet renews its lease so often (`nodeLeaseDurationSeconds` / 4,
    /// `pkg/kubelet/kubelet.go`): the last sign of life may be that old when a node fails.
    Heartbeat,
    /// A node that was not heard for so long is taken to be down
    /// (`--node-monitor-grace-period`, 50 s since 1.32, 40 s before).
    NodeMonitorGrace,
    /// The node lifecycle controller looks so often (`--node-monitor-period`).
    NodeMonitorPeriod,
    /// Nodes of one zone are tainted one every so often (1 / `--node-eviction-rate`).
    EvictionInterval,
    /// Nodes of a large zone that is mostly down are tainted one every so often
    /// (1 / `--secondary-node-eviction-rate`).
    SecondaryEvictionInterval,
    /// Pods of a node that was deleted are kept for so long (`quarantineTime`,
    /// `pkg/controller/podgc/gc_controller.go`).
    PodGarbageCollection,
    /// From being bound until containers are ready: images, init containers, probes.
    ImageStart,
    /// From being marked for deletion until the containers have ended, at most; a pod's own grace
    /// period where it is shorter.
    PodStop,
    /// From being let go until a volume is attached elsewhere.
    VolumeAttach,
    /// A volume of a node that is not heard is detached by force after so long
    /// (`maxWaitForUnmountDuration`, `pkg/controller/volume/attachdetach`).
    ForceDetach,
    /// `kubectl drain` tries an eviction again after so long.
    DrainRetry,
    /// Autoscalers look so often (`--horizontal-pod-autoscaler-sync-period`).
    AutoscalerSync,
}

impl Time {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Heartbeat,
        Self::NodeMonitorGrace,
        Self::NodeMonitorPeriod,
        Self::EvictionInterval,
        Self::SecondaryEvictionInterval,
        Self::PodGarbageCollection,
        Self::ImageStart,
        Self::PodStop,
        Self::VolumeAttach,
        Self::ForceDetach,
        Self::DrainRetry,
        Self::AutoscalerSync,
    ];

    /// Its name, as it is given.
    pub fn name(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::NodeMonitorGrace => "node-monitor-grace",
            Self::NodeMonitorPeriod => "node-monitor-period",
            Self::EvictionInterval => "eviction-interval",
            Self::SecondaryEvictionInterval => "secondary-eviction-interval",
            Self::PodGarbageCollection => "pod-gc",
            Self::ImageStart => "image-start",
            Self::PodStop => "pod-stop",
            Self::VolumeAttach => "volume-attach",
            Self::ForceDetach => "force-detach",
            Self::DrainRetry => "drain-retry",
            Self::AutoscalerSync => "autoscaler-sync",
        }
    }

    /// Its default: upstream's (v1.36.3), but for the last part of [`Time::is_guess`].
    pub fn default_seconds(self) -> Seconds {
        match self {
            Self::Heartbeat | Self::EvictionInterval | Self::VolumeAttach => 10,
            Self::NodeMonitorGrace => 50,
            Self::NodeMonitorPeriod | Self::DrainRetry => 5,
            Self::AutoscalerSync => 15,
            Self::SecondaryEvictionInterval => 100,
            Self::PodGarbageCollection => 40,
            Self::ImageStart => 20,
            Self::PodStop => 30,
            Self::ForceDetach => 360,
        }
    }

    /// Whether the default is no setting of Kubernetes' but depends on what runs.
    pub fn is_guess(self) -> bool {
        matches!(self, Self::ImageStart | Self::PodStop | Self::VolumeAttach)
    }
}

/// How long everything takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    seconds: [Seconds; Time::ALL.len()],
    given: [bool; Time::ALL.len()],
}

impl Default for Times {
    fn default() -> Self {
        Self { seconds: Time::ALL.map(Time::default_seconds), given: [false; Time::ALL.len()] }
    }
}

impl Times {
    /// How long it takes.
    pub fn of(&self, time: Time) -> Seconds {
        self.seconds[time as usize]
    }

    /// How soon and how late after its failure a node is noticed. What counts is when the
    /// controller first *saw* the last renewal of the lease: at the earliest when it was made,
    /// which may be a heartbeat before the failure, at the latest a look after. From then on
    /// the grace period runs, and ends between two looks (`tryUpdateNodeHealth`,
    /// `pkg/controller/nodelifecycle/node_lifecycle_controller.go`, v1.36.3).
    pub fn noticing(&self) -> (Seconds, Seconds) {
        let heartbeat = self.of(Time::Heartbeat) * (100 + LEASE_JITTER);
        let grace = self.of(Time::NodeMonitorGrace);
        let soonest = (grace - (heartbeat + 99).div_euclid(100)).max(0);
        (soonest, grace + 2 * self.of(Time::NodeMonitorPeriod))
    }

    /// Whether somebody set it.
    pub fn is_given(&self, time: Time) -> bool {
        self.given[time as usize]
    }

    /// The defaults, and what the assumptions say otherwise.
    pub fn of_cluster(cluster: &Cluster) -> Self {
        let mut times = Self::default();
        for (assumed, seconds) in &cluster.objects().assumptions.times {
            let time = match assumed {
                AssumedTime::NodeMonitorGrace => Time::NodeMonitorGrace,
                AssumedTime::ImageStart => Time::ImageStart,
                AssumedTime::ForceDetach => Time::ForceDetach,
                // Told with the control plane.
                AssumedTime::LeaderElection | AssumedTime::LoadBalancer => continue,
            };
            times.set(time, *seconds);
        }
        times
    }

    /// Sets it.
    pub fn set(&mut self, time: Time, seconds: Seconds) {
        self.seconds[time as usize] = seconds;
        self.given[time as usize] = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_noticed_no_sooner_and_no_later() {
        let mut times = Times::default();
        assert_eq!(times.noticing(), (39, 60), "the last renewal was 10.4 s ago, or is seen late");
        times.set(Time::NodeMonitorGrace, 8);
        assert_eq!(
            times.noticing(),
            (0, 18),
            "a node that is heard too seldom may be taken for down"
        );
    }
}
