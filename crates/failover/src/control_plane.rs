//! Whether anybody is left who evicts, re-creates and schedules.
//!
//! * etcd takes writes while more than half of its members are up.
//! * One API server is enough, and whatever stands in front of them must be up: without it kubelets
//!   hear of nothing.
//! * Scheduler and controller-manager run beside the API servers, one of each leads, and another
//!   takes over.
//!
//! Where no node of the export is a member of a part and nobody declared one, the part is somewhere
//! else (a managed service) and taken to be up.

use holdfast_cluster::assumptions::AssumedTime;
use holdfast_cluster::node::CONTROL_PLANE_ROLES as ROLES;
use holdfast_cluster::{Cluster, NodeId, Placement, Symbol};

use crate::host::Host;

/// The parts of the control plane, and where they run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlPlane {
    etcd: Vec<Host>,
    api_servers: Vec<Host>,
    load_balancer: Vec<Host>,
    /// What was declared of the times of its parts.
    assumed: Vec<(AssumedTime, i64)>,
}

/// How many hosts of a part are up, and how many it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Hosts that are up.
    pub up: usize,
    /// Hosts that it takes.
    pub needed: usize,
    /// Hosts in all; none where the part is outside.
    pub of: usize,
}

/// How the control plane stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Members of etcd.
    pub etcd: Quorum,
    /// API servers.
    pub api_servers: Quorum,
    /// What stands in front of them.
    pub load_balancer: Quorum,
}

/// A part that another member takes over when one is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// etcd elects another leader.
    Etcd,
    /// Scheduler and controller-manager elect other leaders.
    Leaders,
    /// The load balancer turns away from a lost API server, or its address moves.
    LoadBalancer,
}

/// Where a time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The default of Kubernetes or etcd.
    Default,
    /// Somebody declared it.
    Declared,
}

/// How long a part may be without anybody who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takeover {
    /// The part.
    pub part: Part,
    /// At most, in milliseconds.
    pub milliseconds: i64,
    /// Who says so.
    pub source: Source,
}

/// The one of them that says where etcd runs.
const ETCD_ROLE: [&str; 1] = ["node-role.kubernetes.io/etcd"];

/// Those that say where API servers run.
const API_ROLES: [&str; 3] = [ROLES[0], ROLES[1], ROLES[3]];

/// Static pods that say the same where the labels are missing.
const STATIC_PODS: [&str; 2] = ["etcd", "kube-apiserver"];

/// After so long without a heartbeat a follower of etcd stands for election: at most twice the
/// `election-timeout` (1 s, `server/embed/config.go` of etcd v3.6;
/// `resetRandomizedElectionTimeout`, `raft.go` of raft v3).
const ETCD_ELECTION: i64 = 2_000;

/// The lease of a leader, and how often the others look, with jitter
/// (`RecommendedDefaultLeaderElectionConfiguration`, `component-base/config/v1alpha1/defaults.go`,
/// and `JitterFactor`, `client-go/tools/leaderelection/leaderelection.go`, v0.36.3).
const LEASE: i64 = 15_000;
const RETRY_JITTERED: i64 = 2_000 + 2_000 * 12 / 10;

impl ControlPlane {
    /// What was declared, and else what the export shows: for etcd nodes with an `etcd` role where
    /// there are such, else nodes with any control-plane role, else nodes that run etcd or the API
    /// server as static pods; for API servers nodes with a control-plane role, else those that run
    /// them as static pods.
    pub fn of(cluster: &Cluster) -> Self {
        let assumptions = &cluster.objects().assumptions;
        let declared = |names: &Option<Vec<Symbol>>| {
            let hosts = |names: &Vec<Symbol>| {
                names.iter().map(|name| Host::named(cluster, *name)).collect::<Vec<Host>>()
            };
            names.as_ref().map(hosts)
        };
        let first = |found: [&dyn Fn() -> Vec<Host>; 3]| {
            found.into_iter().map(|find| find()).find(|found| !found.is_empty())
        };
        let etcd = || {
            first([&|| with_role(cluster, &ETCD_ROLE), &|| with_role(cluster, &ROLES), &|| {
                with_static_pod(cluster, &STATIC_PODS)
            }])
        };
        let api_servers = || {
            first([
                &|| with_role(cluster, &API_ROLES),
                &|| with_static_pod(cluster, &STATIC_PODS[1..]),
                &Vec::new,
            ])
        };
        Self {
            etcd: declared(&assumptions.etcd).or_else(etcd).unwrap_or_default(),
            api_servers: declared(&assumptions.api_servers)
                .or_else(api_servers)
                .unwrap_or_default(),
            load_balancer: declared(&assumptions.load_balancer).unwrap_or_default(),
            assumed: assumptions.times.clone(),
        }
    }

    /// The nodes among the members of etcd at first.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.etcd.iter().copied().filter_map(Host::node)
    }

    /// Every node that carries a part of it, some more than once.
    pub fn members(&self) -> impl Iterator<Item = NodeId> {
        let hosts = self.etcd.iter().chain(&self.api_servers).chain(&self.load_balancer);
        hosts.copied().filter_map(Host::node)
    }

    /// How many members of etcd, API servers and hosts of the load balancer a node is, at first.
    pub fn parts_of(&self, node: NodeId) -> [usize; 3] {
        let count = |hosts: &[Host]| hosts.iter().filter(|host| **host == Host::Node(node)).count();
        [count(&self.etcd), count(&self.api_servers), count(&self.load_balancer)]
    }

    /// Whether it would act without these nodes.
    pub fn acts_without(&self, placement: &Placement, lost: &[NodeId]) -> bool {
        let is_left = |host: &Host| match host {
            Host::Node(node) => !lost.contains(node),
            Host::Machine(_) | Host::Unknown => true,
        };
        self.state_of(placement, |host| is_left(host) && is_up(placement, *host)).acts()
    }

    /// The members of etcd that nobody removed; none means that it is outside.
    pub fn etcd(&self, placement: &Placement) -> impl Iterator<Item = Host> {
        present(&self.etcd, placement)
    }

    /// How its parts stand.
    pub fn state(&self, placement: &Placement) -> State {
        self.state_of(placement, |host| is_up(placement, *host))
    }

    fn state_of(&self, placement: &Placement, is_up: impl Fn(&Host) -> bool) -> State {
        let quorum = |hosts: &[Host], majority: bool| {
            let of = present(hosts, placement).count();
            let up = present(hosts, placement).filter(&is_up).count();
            let needed = if majority { of / 2 + 1 } else { 1 };
            Quorum { up, needed: if hosts.is_empty() { 0 } else { needed }, of }
        };
        State {
            etcd: quorum(&self.etcd, true),
            api_servers: quorum(&self.api_servers, false),
            load_balancer: quorum(&self.load_balancer, false),
        }
    }

    /// Whether etcd removes a member when asked: it has a quorum, and what is left of it does
    /// (`mayRemoveMember`, `server/etcdserver/server.go` of etcd v3.6.8).
    pub fn may_remove(&self, placement: &Placement, member: NodeId) -> bool {
        let Quorum { up, of, .. } = self.state(placement).etcd;
        let left = up - usize::from(is_up(placement, Host::Node(member)));
        up > of / 2 && of > 1 && left > (of - 1) / 2
    }

    /// Whether it acts.
    pub fn acts(&self, placement: &Placement) -> bool {
        self.state(placement).acts()
    }

    /// How long its parts may be without anybody who acts, where more than one host carries them.
    pub fn takeovers(&self, placement: &Placement) -> Vec<Takeover> {
        let declared = |time| {
            let mut found = self.assumed.iter().rev().filter(|(known, _)| *known == time);
            found.next().map(|(_, seconds)| seconds * 1_000)
        };
        let of = |part, given: Option<i64>, default: Option<i64>| {
            let source = if given.is_some() { Source::Declared } else { Source::Default };
            given.or(default).map(|milliseconds| Takeover { part, milliseconds, source })
        };
        let several = |hosts: &[Host]| present(hosts, placement).count() > 1;
        let lease = declared(AssumedTime::LeaderElection);
        let lease = lease.map(|lease| lease + RETRY_JITTERED);
        [
            several(&self.etcd).then(|| of(Part::Etcd, None, Some(ETCD_ELECTION))),
            several(&self.api_servers)
                .then(|| of(Part::Leaders, lease, Some(LEASE + RETRY_JITTERED))),
            (several(&self.load_balancer) || several(&self.api_servers))
                .then(|| of(Part::LoadBalancer, declared(AssumedTime::LoadBalancer), None)),
        ]
        .into_iter()
        .flatten()
        .flatten()
        .collect()
    }
}

impl Quorum {
    /// Whether enough are up.
    pub fn holds(self) -> bool {
        self.up >= self.needed
    }
}

impl State {
    /// Whether orders are taken: an API server can be reached, and etcd takes what it writes.
    pub fn acts(self) -> bool {
        self.etcd.holds() && self.api_servers.holds() && self.load_balancer.holds()
    }
}

/// Those that did not resign.
fn present(hosts: &[Host], placement: &Placement) -> impl Iterator<Item = Host> {
    let resigned = |host: &Host| matches!(host, Host::Node(node) if placement.node(*node).resigned);
    hosts.iter().copied().filter(move |host| !resigned(host))
}

fn is_up(placement: &Placement, host: Host) -> bool {
    match host {
        Host::Node(node) => placement.node(node).exists && placement.node(node).reachable,
        Host::Machine(name) => !placement.is_down(name),
        Host::Unknown => false,
    }
}

fn with_role(cluster: &Cluster, roles: &[&str]) -> Vec<Host> {
    let roles: Vec<Symbol> = roles.iter().filter_map(|role| cluster.find(role)).collect();
    let is_member =
        |node: &NodeId| roles.iter().any(|role| cluster.node(*node).labels.get(*role).is_some());
    cluster.node_ids().filter(is_member).map(Host::Node).collect()
}

fn with_static_pod(cluster: &Cluster, names: &[&str]) -> Vec<Host> {
    let mut members: Vec<NodeId> = cluster
        .pods()
        .iter()
        .filter(|pod| pod.mirror)
        .filter(|pod| names.contains(&cluster.text(cluster.workload(pod.workload).name)))
        .filter_map(|pod| cluster.node_named(pod.node?))
        .collect();
    members.sort_unstable();
    members.dedup();
    members.into_iter().map(Host::Node).collect()
}

#[cfg(test)]
mod tests;
