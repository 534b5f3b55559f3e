//! Which pod runs where: every bound pod fits and keeps the hard rules.

use super::plan::{Kind, Node, Pool, Workload};
use super::random::Random;

/// How many volumes a node can attach.
pub(super) const VOLUMES_MAX: u32 = 26;

/// What the system keeps of each node: millicores and MiB.
pub(super) const RESERVED: (u32, u32) = (190, 1_536);

/// What is still free on a node.
struct Room {
    cpu_milli: u32,
    memory_mi: u32,
    gpus: u32,
    pods: u32,
    volumes: u32,
}

impl Room {
    fn of(node: &Node) -> Self {
        Self {
            cpu_milli: node.cpus * 1_000 - RESERVED.0,
            memory_mi: node.memory_gi * 1_024 - RESERVED.1,
            gpus: node.gpus,
            pods: node.pods_max,
            volumes: VOLUMES_MAX,
        }
    }

    fn fits(&self, pod: &Workload) -> bool {
        let (cpu_milli, memory_mi) = pod.requests();
        self.cpu_milli >= cpu_milli
            && self.memory_mi >= memory_mi
            && self.gpus >= pod.gpus
            && self.pods > 0
            && self.volumes >= u32::from(pod.claims)
    }

    fn take(&mut self, pod: &Workload) {
        let (cpu_milli, memory_mi) = pod.requests();
        self.cpu_milli -= cpu_milli;
        self.memory_mi -= memory_mi;
        self.gpus -= pod.gpus;
        self.pods -= 1;
        self.volumes -= u32::from(pod.claims);
    }
}

/// The node of every pod, workload by workload; none where no node would do.
pub(super) fn place(seed: u64, nodes: &[Node], workloads: &[Workload]) -> Vec<Vec<Option<u32>>> {
    let mut rooms: Vec<Room> = nodes.iter().map(Room::of).collect();
    let mut random = Random::of(seed, "place", 0);
    let place_one = |workload| place_workload(workload, nodes, &mut rooms, &mut random);
    workloads.iter().map(place_one).collect()
}

fn place_workload(
    workload: &Workload,
    nodes: &[Node],
    rooms: &mut [Room],
    random: &mut Random,
) -> Vec<Option<u32>> {
    if workload.kind == Kind::DaemonSet {
        for room in rooms.iter_mut() {
            room.take(workload);
        }
        return (0..nodes.len() as u32).map(Some).collect();
    }
    let mut zones = Zones::new(workload, nodes);
    let mut placed: Vec<Option<u32>> = Vec::new();
    for _ in 0..workload.replicas {
        let here = |at: u32| {
            let taken = workload.rules.apart && placed.contains(&Some(at));
            !taken
                && rooms[at as usize].fits(workload)
                && (!workload.rules.zones || zones.allow(nodes[at as usize].zone))
        };
        let node = choose(&zones.nodes, here, rooms, random);
        if let Some(at) = node {
            rooms[at as usize].take(workload);
            zones.count(nodes[at as usize].zone);
        }
        placed.push(node);
    }
    placed
}

/// The emptiest of a few at random that will do, or else any that will do.
fn choose(
    eligible: &[u32],
    here: impl Fn(u32) -> bool,
    rooms: &[Room],
    random: &mut Random,
) -> Option<u32> {
    if eligible.is_empty() {
        return None;
    }
    let some: Vec<u32> = (0..6).map(|_| random.pick(eligible)).filter(|at| here(*at)).collect();
    let emptiest = some.into_iter().max_by_key(|at| rooms[*at as usize].cpu_milli);
    emptiest.or_else(|| {
        let start = random.below(eligible.len() as u32) as usize;
        let round = eligible[start..].iter().chain(&eligible[..start]);
        round.copied().find(|at| here(*at))
    })
}

/// Where a workload may go, and how many of its pods each zone has.
struct Zones {
    nodes: Vec<u32>,
    /// By zone; none where no node matches the pods' node affinity. Taints do not matter here:
    /// `nodeTaintsPolicy` is `Ignore` by default.
    counts: Vec<Option<u32>>,
}

impl Zones {
    fn new(workload: &Workload, nodes: &[Node]) -> Self {
        let rules = workload.rules;
        let matches = |node: &Node| rules.only.is_none_or(|pool| node.pool == pool);
        let tolerates = |node: &Node| match node.pool {
            Pool::General | Pool::Memory => true,
            Pool::Spot => rules.spot || rules.only == Some(Pool::Spot),
            Pool::Gpu => rules.only == Some(Pool::Gpu),
            Pool::ControlPlane => false,
        };
        let zones = nodes.iter().map(|node| node.zone + 1).max().unwrap_or(0);
        let mut counts = vec![None; zones as usize];
        let mut eligible = Vec::new();
        for (at, node) in (0u32..).zip(nodes).filter(|(_, node)| matches(node)) {
            counts[node.zone as usize] = Some(0);
            if tolerates(node) {
                eligible.push(at);
            }
        }
        Self { nodes: eligible, counts }
    }

    /// Whether one more pod keeps the zones within one of each other.
    fn allow(&self, zone: u32) -> bool {
        let least = self.counts.iter().flatten().min().copied().unwrap_or(0);
        self.counts[zone as usize].is_some_and(|count| count <= least)
    }

    fn count(&mut self, zone: u32) {
        if let Some(count) = &mut self.counts[zone as usize] {
            *count += 1;
        }
    }
}
