//! How the control plane stands, with names.

use holdfast_cluster::Placement;
use holdfast_failover::ControlPlane;
use holdfast_failover::control_plane::{Part, Quorum, Source, Takeover};
use serde::Serialize;

/// How the control plane stands. Parts that are outside the export are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlPlaneOutcome {
    /// Somebody schedules, evicts and makes up for what is lost.
    pub acts: bool,
    /// Members of etcd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etcd: Option<PartOutcome>,
    /// API servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_servers: Option<PartOutcome>,
    /// What stands in front of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<PartOutcome>,
    /// How long parts may be without anybody who acts when a member is lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub takeovers: Vec<TakeoverOutcome>,
}

/// The hosts of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PartOutcome {
    /// How many are up.
    pub up: usize,
    /// How many it takes.
    pub needed: usize,
    /// How many there are.
    pub of: usize,
}

/// How long a part may be without anybody who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TakeoverOutcome {
    /// `etcd`, `leaders` (scheduler and controller-manager) or `load-balancer`.
    pub part: &'static str,
    /// At most.
    pub milliseconds: i64,
    /// `default` of etcd or Kubernetes, or `declared`.
    pub source: &'static str,
}

/// `None` where all of it is outside.
pub(super) fn control_plane(
    plane: &ControlPlane,
    placement: &Placement,
) -> Option<ControlPlaneOutcome> {
    let state = plane.state(placement);
    let outcome = ControlPlaneOutcome {
        acts: state.acts(),
        etcd: part(state.etcd),
        api_servers: part(state.api_servers),
        load_balancer: part(state.load_balancer),
        takeovers: plane.takeovers(placement).into_iter().map(takeover).collect(),
    };
    let parts = [outcome.etcd, outcome.api_servers, outcome.load_balancer];
    parts.iter().any(Option::is_some).then_some(outcome)
}

fn part(quorum: Quorum) -> Option<PartOutcome> {
    let Quorum { up, needed, of } = quorum;
    (of > 0).then_some(PartOutcome { up, needed, of })
}

fn takeover(takeover: Takeover) -> TakeoverOutcome {
    TakeoverOutcome {
        part: match takeover.part {
            Part::Etcd => "etcd",
            Part::Leaders => "leaders",
            Part::LoadBalancer => "load-balancer",
        },
        milliseconds: takeover.milliseconds,
        source: match takeover.source {
            Source::Default => "default",
            Source::Declared => "declared",
        },
    }
}
