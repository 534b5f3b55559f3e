//! What there is: nodes in zones and pools, and workloads with their rules.

use super::Options;
use super::place;
use super::random::Random;

/// The whole cluster, before it is written out.
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) nodes: Vec<Node>,
    pub(super) namespaces: Vec<String>,
    pub(super) workloads: Vec<Workload>,
    /// Where each workload's pods run, in the order of the workloads; none for a pending pod.
    pub(super) placed: Vec<Vec<Option<u32>>>,
}

/// A machine.
pub(super) struct Node {
    pub(super) name: String,
    pub(super) zone: u32,
    pub(super) pool: Pool,
    pub(super) cpus: u32,
    pub(super) memory_gi: u32,
    pub(super) gpus: u32,
    pub(super) pods_max: u32,
}

/// Machines bought for the same purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pool {
    General,
    Memory,
    Spot,
    Gpu,
    ControlPlane,
}

/// Key, value and effect of a taint.
pub(super) type Taint = (&'static str, &'static str, &'static str);

impl Pool {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Memory => "memory",
            Self::Spot => "spot",
            Self::Gpu => "gpu",
            Self::ControlPlane => "control-plane",
        }
    }

    /// What keeps other pods away.
    pub(super) fn taint(self) -> Option<Taint> {
        match self {
            Self::General | Self::Memory => None,
            Self::Spot => Some(("example.com/spot", "true", "NoSchedule")),
            Self::Gpu => Some(("nvidia.com/gpu", "present", "NoSchedule")),
            Self::ControlPlane => Some(("node-role.kubernetes.io/control-plane", "", "NoSchedule")),
        }
    }
}

/// What creates the pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Deployment,
    StatefulSet,
    DaemonSet,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
        }
    }
}

/// What its pods may not do, and what they would rather not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    /// Runs on this pool alone, and tolerates its taint.
    pub(super) only: Option<Pool>,
    /// May run on spot machines, too.
    pub(super) spot: bool,
    /// No two on one node, by required anti-affinity.
    pub(super) apart: bool,
    /// Zones differ by one at most, by a hard spread constraint.
    pub(super) zones: bool,
    /// Nodes differ little, if it can be had.
    pub(super) hosts: bool,
    /// Close to others of its namespace, if it can be had.
    pub(super) near: bool,
}

/// A workload and what each of its pods asks for.
pub(super) struct Workload {
    pub(super) kind: Kind,
    pub(super) namespace: u32,
    pub(super) name: String,
    pub(super) replicas: u32,
    pub(super) cpu_milli: u32,
    pub(super) memory_mi: u32,
    pub(super) gpus: u32,
    pub(super) sidecar: bool,
    pub(super) init: bool,
    pub(super) claims: bool,
    pub(super) service: bool,
    pub(super) budget: bool,
    pub(super) priority: Option<&'static str>,
    pub(super) rules: Rules,
}

/// What a sidecar asks for on top: millicores and MiB.
pub(super) const SIDECAR: (u32, u32) = (50, 64);

impl Workload {
    /// What one pod asks for: millicores and MiB.
    pub(super) fn requests(&self) -> (u32, u32) {
        let (cpu, memory) = if self.sidecar { SIDECAR } else { (0, 0) };
        (self.cpu_milli + cpu, self.memory_mi + memory)
    }
}

/// The agents that run on every node, in the order in which a small cluster gets them.
const AGENTS: [&str; 4] = ["node-proxy", "node-network", "node-exporter", "csi-node"];

/// What services are about, for names.
const NOUNS: [&str; 12] = [
    "checkout", "catalog", "search", "billing", "ledger", "mail", "session", "report", "media",
    "stock", "profile", "quota",
];

const ROLES: [&str; 6] = ["api", "web", "worker", "cache", "gateway", "store"];

impl Plan {
    pub(super) fn new(options: &Options) -> Self {
        let nodes = nodes(options);
        let namespaces = namespaces(options.pods);
        let workloads = workloads(options, namespaces.len() as u32);
        let placed = place::place(options.seed, &nodes, &workloads);
        Self { seed: options.seed, nodes, namespaces, workloads, placed }
    }

    /// Every workload with where its pods run.
    pub(super) fn placed(&self) -> impl Iterator<Item = (&Workload, &[Option<u32>])> {
        self.workloads.iter().zip(self.placed.iter().map(Vec::as_slice))
    }
}

fn nodes(options: &Options) -> Vec<Node> {
    let zones = options.zones.max(1);
    let per_node = options.pods.div_ceil(options.nodes.max(1));
    // A pod asks for a third of a core on average; half as much again is left free, and the
    // tainted pools stay nearly empty.
    let cpus = (per_node * 6 / 10).next_power_of_two().clamp(4, 256);
    let node = |index: u32| {
        let pool = pool(index, options.nodes);
        Node {
            name: format!("{}-{:05}.example.internal", pool.name(), index),
            // Every pool goes round the zones on its own as long as pools are contiguous.
            zone: index % zones,
            pool,
            cpus,
            memory_gi: cpus * if pool == Pool::Memory { 8 } else { 4 },
            gpus: if pool == Pool::Gpu { 8 } else { 0 },
            pods_max: (per_node * 2).max(110),
        }
    };
    (0..options.nodes).map(node).collect()
}

/// Pools are runs of nodes: control plane first, then shares in percent of the rest.
fn pool(index: u32, nodes: u32) -> Pool {
    if nodes < 10 {
        return Pool::General;
    }
    let control_plane = if nodes < 50 { 1 } else { 3 };
    if index < control_plane {
        return Pool::ControlPlane;
    }
    match u64::from(index) * 100 / u64::from(nodes) {
        0..70 => Pool::General,
        70..85 => Pool::Memory,
        85..95 => Pool::Spot,
        _ => Pool::Gpu,
    }
}

fn namespaces(pods: u32) -> Vec<String> {
    let teams = (pods / 500).clamp(3, 200);
    let names = (0..teams).map(|team| format!("team-{team:03}"));
    std::iter::once("kube-system".to_owned()).chain(names).collect()
}

fn workloads(options: &Options, namespaces: u32) -> Vec<Workload> {
    let mut workloads = Vec::new();
    let mut left = options.pods;
    for name in AGENTS {
        // Half of the pods at most are agents', so that small clusters run something, too.
        if options.nodes > 0 && left >= options.pods / 2 + options.nodes {
            left -= options.nodes;
            workloads.push(agent(name, options.nodes));
        }
    }
    let pending = if options.pods < 20 { 0 } else { (options.pods / 2_000).max(1) };
    if pending > 0 && left >= pending {
        left -= pending;
        workloads.push(oversized(pending));
    }
    let mut random = Random::of(options.seed, "workloads", 0);
    while left > 0 {
        let index = workloads.len() as u32;
        let workload = ordinary(&mut random, index, options, namespaces, left);
        left -= workload.replicas;
        workloads.push(workload);
    }
    workloads
}

/// A DaemonSet's pods on every node.
fn agent(name: &str, nodes: u32) -> Workload {
    Workload {
        kind: Kind::DaemonSet,
        namespace: 0,
        name: name.into(),
        replicas: nodes,
        cpu_milli: 50,
        memory_mi: 64,
        gpus: 0,
        sidecar: false,
        init: false,
        claims: false,
        service: false,
        budget: false,
        priority: Some("system-node-critical"),
        rules: Rules::default(),
    }
}

/// Pods that no node has room for: the pending ones.
fn oversized(replicas: u32) -> Workload {
    Workload {
        kind: Kind::Deployment,
        namespace: 1,
        name: "training".into(),
        cpu_milli: 512_000,
        memory_mi: 4 << 20,
        priority: None,
        ..agent("", replicas)
    }
}

fn ordinary(
    random: &mut Random,
    index: u32,
    options: &Options,
    namespaces: u32,
    left: u32,
) -> Workload {
    let stateful = random.chance(12);
    let replicas = if stateful {
        random.pick(&[1, 1, 3, 3, 5])
    } else {
        let most = random.pick(&[2, 3, 6, 12, 50]);
        1 + random.below(most)
    };
    let replicas = replicas.min(left);
    let rules = rules(random, options, replicas);
    Workload {
        kind: if stateful { Kind::StatefulSet } else { Kind::Deployment },
        namespace: 1 + random.below(namespaces - 1),
        name: format!("{}-{}-{index}", random.pick(&NOUNS), random.pick(&ROLES)),
        replicas,
        cpu_milli: random.pick(&[50, 100, 100, 200, 250, 500, 1_000]),
        memory_mi: random.pick(&[64, 128, 256, 256, 512, 1_024, 2_048]),
        gpus: u32::from(rules.only == Some(Pool::Gpu)),
        sidecar: random.chance(20),
        init: random.chance(15),
        claims: stateful,
        service: stateful || random.chance(70),
        budget: replicas > 1 && random.chance(30),
        priority: random.pick(&[None, None, None, Some("batch"), Some("business")]),
        rules,
    }
}

fn rules(random: &mut Random, options: &Options, replicas: u32) -> Rules {
    // A cluster of under 10 nodes has one pool; of the others, only GPUs run short.
    let pools = options.nodes >= 20;
    let only = match random.below(100) {
        0..8 if pools => Some(Pool::Memory),
        8..10 if pools && replicas <= 3 => Some(Pool::Gpu),
        _ => None,
    };
    let few = replicas > 1 && replicas <= options.nodes / 4;
    Rules {
        only,
        spot: only.is_none() && random.chance(10),
        apart: few && only.is_none() && random.chance(20),
        zones: replicas > 1 && random.chance(20),
        hosts: random.chance(20),
        near: random.chance(5),
    }
}
