//! What the hard rules allow, with names: *immediately by rule*, and what nodes have against pods.

use holdfast_cluster::pod::{HostPort, Protocol};
use holdfast_cluster::taint::{Effect, Taint};
use holdfast_cluster::{Cluster, NodeId, Placement};
use serde::Serialize;

use super::{Namer, VerdictName, doubt_id};
use crate::by_rule::claim::{Claim, Gap, Known};
use crate::by_rule::{Unbounded, Why};
use crate::names;
use crate::rules::{Refusal, Resource};
use crate::seat::Seat;

/// What is known of *immediately by rule*.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ByRuleReport {
    /// Whether at least one pod is left in every placement that the rules allow.
    pub verdict: VerdictName,
    /// The nodes that may hold most of the pods; where that is refuted, those that do.
    pub fail: Vec<String>,
    /// How many of the pods they hold at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds_at_most: Option<u32>,
    /// Why no more.
    pub why: Vec<ReasonReport>,
    /// What `holds_at_most` says lasts through rollouts; otherwise it holds for pods that come
    /// with none leaving in between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<bool>,
    /// Why nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<GapReport>,
    /// Where that is refuted: the pods that are elsewhere than today; none where today's placement
    /// does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Vec<MoveReport>>,
}

/// Why nodes hold no more pods of a workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ReasonReport {
    /// There are no more pods.
    NoMorePods,
    /// Its pods belong to their nodes.
    FollowsNodes,
    /// A node takes none of them.
    Refused {
        /// Why.
        #[serde(flatten)]
        refusal: RefusalReport,
    },
    /// Only so many are let in there.
    Elsewhere {
        /// How many.
        at_most: u32,
        /// Why the first of the others is turned down.
        #[serde(flatten)]
        refusal: RefusalReport,
    },
    /// A node has room for so many.
    Room {
        /// Of what.
        resource: String,
        /// How many.
        at_most: u32,
    },
    /// So many with one value of a label, by required anti-affinity.
    Apart {
        /// The label.
        label: String,
        /// No two nodes have one value of it.
        by_node: bool,
        /// How many.
        at_most: u32,
    },
    /// One on a node, as all of them need this port.
    Port {
        /// The port.
        port: String,
    },
    /// So many in the domains at hand, by strict topology spread.
    Spread {
        /// The label whose values are the domains.
        label: String,
        /// How many more than the emptiest domain one may hold.
        max_skew: i32,
        /// How many.
        at_most: u32,
    },
    /// So many are there today, and may stay.
    Staying {
        /// How many.
        at_most: u32,
    },
}

/// Why a node never takes a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "refusal", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum RefusalReport {
    /// It is cordoned.
    Cordoned,
    /// It has a taint that the pod does not tolerate.
    Taint {
        /// The taint.
        taint: String,
    },
    /// It lets the pod in and evicts it again, as the pod bears this taint for a while only.
    Evicts {
        /// The taint.
        taint: String,
    },
    /// Node selector or required node affinity exclude it.
    Affinity,
    /// The scheduler's profile excludes it.
    ProfileAffinity,
    /// A bound volume cannot be reached from it.
    Volume {
        /// Its claim.
        claim: String,
    },
    /// It lacks the label of a required spread constraint.
    NoDomain {
        /// The label.
        label: String,
    },
    /// A pod that cannot move holds a port that the pod needs.
    HeldPort {
        /// The port.
        port: String,
    },
    /// A pod that cannot move is near, by required anti-affinity.
    NotApart {
        /// The label within whose values.
        label: String,
    },
    /// Nobody whom required affinity asks for can be near.
    NoCompany {
        /// The label within whose values.
        label: String,
    },
    /// It has too little of a resource.
    NoRoom {
        /// Of what: CPU counts in thousandths, all else in units.
        resource: String,
        /// What the pod asks for.
        needed: i64,
        /// What is left for pods that can move.
        available: i64,
    },
    /// It comes before the node of a pod that is alike, which is a case of its own.
    Earlier,
}

/// Why something was not found out.
#[derive(Clone, Debug, Serialize)]
pub struct GapReport {
    /// A stable word for it.
    pub reason: &'static str,
    /// What is missing or not modelled, where that says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A pod that is put somewhere else.
#[derive(Clone, Debug, Serialize)]
pub struct MoveReport {
    /// Namespace and name; one that is yet to be made goes by its workload.
    pub pod: String,
    /// Where it was; absent where it had no node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where it goes.
    pub to: String,
}

impl Namer<'_> {
    /// *Immediately by rule*, with names.
    pub(super) fn by_rule(&self, claim: &Claim, today: &Placement) -> ByRuleReport {
        let doubt = match &claim.answer {
            Known::Unknown(gap) => Some(gap_report(*gap)),
            _ => None,
        };
        let moved = match &claim.answer {
            Known::RefutedToday => Some(Vec::new()),
            Known::Refuted { moved, .. } => Some(self.moves(moved, today)),
            _ => None,
        };
        let most = claim.most.as_ref();
        let mut why: Vec<ReasonReport> =
            most.iter().flat_map(|most| &most.why).map(|why| self.reason(*why)).collect();
        if matches!(claim.answer, Known::Nodes(_)) {
            why.push(ReasonReport::FollowsNodes);
        }
        ByRuleReport {
            verdict: claim.answer.verdict(),
            fail: self.names(&claim.nodes),
            holds_at_most: most.map(|most| most.pods),
            why,
            lasts: most.map(|most| most.lasts),
            doubt,
            moved,
        }
    }

    /// The seats that are elsewhere than their pods are.
    pub(super) fn moves(&self, seats: &[Seat], today: &Placement) -> Vec<MoveReport> {
        let home = |seat: &Seat| seat.from.and_then(|id| today.instance(id).node());
        let elsewhere = seats.iter().filter(|seat| home(seat) != Some(seat.node));
        let told = elsewhere.map(|seat| MoveReport {
            pod: match seat.from {
                Some(id) => names::of_pod(self.cluster, today, id).0,
                None => names::of_maker(self.cluster, seat.workload),
            },
            from: home(seat).map(|node| self.cluster.node_name(node).to_owned()),
            to: self.cluster.node_name(seat.node).to_owned(),
        });
        told.collect()
    }

    pub(super) fn names(&self, nodes: &[NodeId]) -> Vec<String> {
        nodes.iter().map(|node| self.cluster.node_name(*node).to_owned()).collect()
    }

    fn reason(&self, why: Why) -> ReasonReport {
        let text = |symbol| self.cluster.text(symbol).to_owned();
        match why {
            Why::NoMorePods => ReasonReport::NoMorePods,
            Why::Refused(refusal) => ReasonReport::Refused { refusal: self.refusal(refusal) },
            Why::Elsewhere { at_most, refusal } => {
                ReasonReport::Elsewhere { at_most, refusal: self.refusal(refusal) }
            }
            Why::Room { resource, at_most } => {
                ReasonReport::Room { resource: self.resource(resource), at_most }
            }
            Why::Apart { key, at_most } => {
                let by_node = key == self.cluster.known().hostname;
                ReasonReport::Apart { label: text(key), by_node, at_most }
            }
            Why::Port(port) => ReasonReport::Port { port: self.port(port) },
            Why::Spread { key, max_skew, at_most } => {
                ReasonReport::Spread { label: text(key), max_skew, at_most }
            }
            Why::Staying(at_most) => ReasonReport::Staying { at_most },
        }
    }

    pub(super) fn refusal(&self, refusal: Refusal) -> RefusalReport {
        let text = |symbol| self.cluster.text(symbol).to_owned();
        match refusal {
            Refusal::Cordoned => RefusalReport::Cordoned,
            Refusal::Taint(taint) => RefusalReport::Taint { taint: self.taint(taint) },
            Refusal::Evicts(taint) => RefusalReport::Evicts { taint: self.taint(taint) },
            Refusal::Affinity => RefusalReport::Affinity,
            Refusal::ProfileAffinity => RefusalReport::ProfileAffinity,
            Refusal::Volume(claim) => RefusalReport::Volume { claim: text(claim) },
            Refusal::NoDomain(key) => RefusalReport::NoDomain { label: text(key) },
            Refusal::Port(port) => RefusalReport::HeldPort { port: self.port(port) },
            Refusal::Apart(key) => RefusalReport::NotApart { label: text(key) },
            Refusal::NoCompany(key) => RefusalReport::NoCompany { label: text(key) },
            Refusal::Room { resource, needed, available } => {
                RefusalReport::NoRoom { resource: self.resource(resource), needed, available }
            }
            Refusal::Earlier => RefusalReport::Earlier,
        }
    }

    /// `KEY=VALUE:EFFECT`.
    fn taint(&self, taint: Taint) -> String {
        let effect = match taint.effect {
            Effect::NoSchedule => "NoSchedule",
            Effect::PreferNoSchedule => "PreferNoSchedule",
            Effect::NoExecute => "NoExecute",
        };
        let (key, value) = (self.cluster.text(taint.key), self.cluster.text(taint.value));
        let equals = if value.is_empty() { "" } else { "=" };
        format!("{key}{equals}{value}:{effect}")
    }

    pub(super) fn resource(&self, resource: Resource) -> String {
        match resource {
            Resource::Pods => "pods",
            Resource::Cpu => "cpu",
            Resource::Memory => "memory",
            Resource::EphemeralStorage => "ephemeral-storage",
            Resource::Scalar(name) => self.cluster.text(name),
        }
        .to_owned()
    }

    pub(super) fn port(&self, port: HostPort) -> String {
        port_name(self.cluster, port)
    }
}

/// `80/TCP`, behind its address unless that is every one.
fn port_name(cluster: &Cluster, port: HostPort) -> String {
    let protocol = match port.protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    };
    let any = port.ip == cluster.known().any_address;
    let address = if any { String::new() } else { format!("{}:", cluster.text(port.ip)) };
    format!("{address}{}/{protocol}", port.port)
}

fn gap_report(gap: Gap) -> GapReport {
    let reason = match gap {
        Gap::Freshly => "freshly-placed",
        Gap::NoPlacement => "no-placement-found",
        Gap::TooFewPlaces => "too-few-places",
        Gap::NotAllServe => "not-all-serve",
        Gap::Unbounded(Unbounded::FollowsNodes) => "follows-nodes",
        Gap::Unbounded(Unbounded::ForeignScheduler) => "foreign-scheduler",
        Gap::Unbounded(Unbounded::NoTemplate) => "no-template",
        Gap::Doubt(doubt) => {
            let (reason, detail) = doubt_id(doubt);
            return GapReport { reason, detail };
        }
    };
    GapReport { reason, detail: None }
}
