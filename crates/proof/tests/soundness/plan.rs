//! Small clusters by chance, as few numbers as possible, so that a failing one shrinks to its
//! point.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

/// A cluster in outline: [`crate::render`] writes it as API objects.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) nodes: Vec<NodePlan>,
    pub(crate) workloads: Vec<WorkloadPlan>,
    pub(crate) budget: Option<BudgetPlan>,
    /// A Service selects the pods of the first app.
    pub(crate) service: bool,
    /// Two nodes that fail together, by position.
    pub(crate) pair: (usize, usize),
}

#[derive(Clone, Debug)]
pub(crate) struct NodePlan {
    /// In thousandths of a core.
    pub(crate) cpu: i64,
    pub(crate) pods: i64,
    pub(crate) zone: Option<u8>,
    pub(crate) taint: Option<TaintPlan>,
    pub(crate) cordoned: bool,
    pub(crate) state: NodeState,
    pub(crate) control_plane: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeState {
    Ready,
    /// Silent, and tainted for it.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaintPlan {
    NoSchedule,
    PreferNoSchedule,
    NoExecute,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    Static,
    Bare,
    Custom,
}

#[derive(Clone, Debug)]
pub(crate) struct WorkloadPlan {
    pub(crate) kind: Kind,
    pub(crate) template: PodPlan,
    /// A StatefulSet that makes its pods all at once; a Job that bears no loss.
    pub(crate) parallel: bool,
    /// A pod each.
    pub(crate) homes: Vec<Home>,
}

/// Where a pod is, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home {
    /// The node by position, counted round; `None` is pending.
    pub(crate) node: Option<usize>,
    pub(crate) ready: bool,
    pub(crate) terminating: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Near {
    Host,
    Zone,
}

/// A term about pods of an app.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub(crate) required: bool,
    pub(crate) near: Near,
    pub(crate) app: u8,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) hard: bool,
    pub(crate) near: Near,
    pub(crate) skew: i32,
    pub(crate) min_domains: Option<i32>,
    pub(crate) honor_taints: bool,
    pub(crate) app: u8,
}

/// How long a silent node is borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As admission sets it.
    Default,
    None,
    /// For ever, but no new pod comes there.
    Forever,
    /// Whatever the taint: such a pod may be placed on a dead node.
    Everything,
    /// Five minutes, yet new pods may come there: such a pod may go round for ever.
    Returning,
    /// As admission sets it, and a node's own taint for a while: it lets the pod in, and evicts it.
    Visiting,
}

/// A volume that pods keep when they are made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Volume {
    /// Attached to one node at a time.
    Attached,
    /// A directory of one node.
    Local,
}

#[derive(Clone, Debug)]
pub(crate) struct PodPlan {
    pub(crate) app: u8,
    pub(crate) cpu: i64,
    pub(crate) patience: Patience,
    pub(crate) tolerates_taint: bool,
    pub(crate) zone: Option<u8>,
    /// The one node it may run on.
    pub(crate) host: Option<u8>,
    pub(crate) anti_affinity: Option<Term>,
    pub(crate) affinity: Option<Term>,
    pub(crate) spread: Option<Spread>,
    pub(crate) port: bool,
    pub(crate) priority: u8,
    pub(crate) never_preempts: bool,
    /// One for all pods of a ReplicaSet, one each for others.
    pub(crate) volume: Option<Volume>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct BudgetPlan {
    pub(crate) app: u8,
    pub(crate) allowed: i64,
}

/// What a family of clusters is rich in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Family {
    pub(crate) affinity: f64,
    pub(crate) spread: f64,
    pub(crate) priority: f64,
    pub(crate) trouble: f64,
    pub(crate) odd_kinds: bool,
    pub(crate) budgets: f64,
    pub(crate) volumes: f64,
    /// Nodes are copies of each other, and so are their pods.
    pub(crate) symmetry: f64,
}

pub(crate) fn plan(family: Family) -> impl Strategy<Value = Plan> {
    (2_usize..=5).prop_flat_map(move |nodes| {
        (
            vec(node(family), nodes),
            vec(workload(family, nodes), 1..=4),
            weighted(family.budgets.clamp(0.001, 0.999), budget()),
            any::<bool>(),
            (0..nodes, 0..nodes),
            (chance(family.symmetry), 1..=nodes),
        )
            .prop_map(
                |(mut nodes, mut workloads, budget, service, pair, (copied, period))| {
                    if copied {
                        copy(&mut nodes, &mut workloads, period);
                    }
                    limit(&mut workloads);
                    for workload in &mut workloads {
                        gather(workload, nodes.len());
                    }
                    Plan { nodes, workloads, budget, service, pair }
                },
            )
    })
}

/// Nodes repeat after so many, without zones, and pods are spread over the copies.
fn copy(nodes: &mut [NodePlan], workloads: &mut [WorkloadPlan], period: usize) {
    for at in 0..nodes.len() {
        nodes[at] = nodes[at % period].clone();
        nodes[at].zone = None;
    }
    for workload in workloads {
        let Some(first) = workload.homes.first().copied() else { continue };
        for (at, home) in workload.homes.iter_mut().enumerate() {
            let node = first.node.map(|node| (node + at * period) % nodes.len());
            *home = Home { node, ..first };
        }
    }
}

/// At most eight pods in all: the oracle follows every order.
fn limit(workloads: &mut [WorkloadPlan]) {
    let mut left = 8;
    for workload in workloads {
        let most = left.max(1);
        workload.homes.truncate(most);
        left -= workload.homes.len().min(left);
    }
}

/// Pods that share a volume are on one node. Other kinds than these have none.
fn gather(workload: &mut WorkloadPlan, nodes: usize) {
    if workload.template.volume.is_none() {
        return;
    }
    match workload.kind {
        Kind::Deployment | Kind::ReplicaSet => {
            let first = workload.homes.iter().find_map(|home| home.node);
            for home in &mut workload.homes {
                home.node = home.node.and(first).map(|node| node % nodes);
            }
        }
        Kind::StatefulSet | Kind::Bare => {}
        _ => workload.template.volume = None,
    }
}

fn chance(of: f64) -> impl Strategy<Value = bool> {
    proptest::bool::weighted(of.clamp(0.001, 0.999))
}

fn node(family: Family) -> impl Strategy<Value = NodePlan> {
    let taint = prop_oneof![
        Just(TaintPlan::NoSchedule),
        Just(TaintPlan::PreferNoSchedule),
        Just(TaintPlan::NoExecute),
    ];
    (
        prop_oneof![Just(4000_i64), Just(2000), Just(1000)],
        prop_oneof![8 => Just(110_i64), 1 => Just(2)],
        weighted(0.7, 0_u8..3),
        weighted(0.15 + family.trouble * 0.2, taint),
        chance(0.05),
        chance(family.trouble * 0.3),
        chance(0.1),
    )
        .prop_map(|(cpu, pods, zone, taint, cordoned, silent, control_plane)| NodePlan {
            cpu,
            pods,
            zone,
            taint,
            cordoned,
            state: if silent { NodeState::Unknown } else { NodeState::Ready },
            control_plane,
        })
}

fn kind(odd: bool) -> BoxedStrategy<Kind> {
    let common = prop_oneof![
        4 => Just(Kind::ReplicaSet),
        3 => Just(Kind::Deployment),
        2 => Just(Kind::StatefulSet),
        1 => Just(Kind::Bare),
    ];
    let rare = prop_oneof![
        Just(Kind::DaemonSet),
        Just(Kind::Static),
        Just(Kind::Job),
        Just(Kind::Custom),
    ];
    if odd { prop_oneof![2 => common, 1 => rare].boxed() } else { common.boxed() }
}

fn workload(family: Family, nodes: usize) -> impl Strategy<Value = WorkloadPlan> {
    let home = (
        weighted(0.93 - family.trouble * 0.1, 0..nodes),
        chance(0.95),
        chance(family.trouble * 0.1),
    )
        .prop_map(|(node, ready, terminating)| Home { node, ready, terminating });
    (kind(family.odd_kinds), pod(family), any::<bool>(), vec(home, 1..=3)).prop_map(
        |(kind, template, parallel, homes)| WorkloadPlan { kind, template, parallel, homes },
    )
}

fn near() -> impl Strategy<Value = Near> {
    prop_oneof![2 => Just(Near::Host), 1 => Just(Near::Zone)]
}

fn term(required: f64) -> impl Strategy<Value = Term> {
    (chance(required), near(), 0_u8..2).prop_map(|(required, near, app)| Term {
        required,
        near,
        app,
    })
}

fn spread() -> impl Strategy<Value = Spread> {
    (chance(0.7), near(), 1_i32..=2, weighted(0.2, 1_i32..=3), any::<bool>(), 0_u8..2).prop_map(
        |(hard, near, skew, min_domains, honor_taints, app)| Spread {
            hard,
            near,
            skew,
            min_domains: min_domains.filter(|_| hard),
            honor_taints,
            app,
        },
    )
}

fn pod(family: Family) -> impl Strategy<Value = PodPlan> {
    let patience = prop_oneof![
        12 => Just(Patience::Default),
        2 => Just(Patience::None),
        1 => Just(Patience::Forever),
        1 => Just(Patience::Everything),
        1 => Just(Patience::Returning),
        1 => Just(Patience::Visiting),
    ];
    let place = (
        prop_oneof![Just(100_i64), Just(500), Just(1000), Just(1500)],
        patience,
        any::<bool>(),
        weighted(0.1, 0_u8..3),
        (chance(0.05), weighted(0.08, 0_u8..5)),
    );
    let others = (
        0_u8..2,
        weighted(family.affinity.clamp(0.001, 0.999), term(0.7)),
        weighted((family.affinity * 0.6).clamp(0.001, 0.999), term(0.6)),
        weighted(family.spread.clamp(0.001, 0.999), spread()),
    );
    let rank = (weighted(family.priority.clamp(0.001, 0.999), 1_u8..=2), chance(0.15));
    let volume = prop_oneof![Just(Volume::Attached), Just(Volume::Local)];
    let volume = if family.volumes > 0.0 {
        weighted(family.volumes, volume).boxed()
    } else {
        Just(None).boxed()
    };
    (place, others, rank, volume).prop_map(|(place, others, rank, volume)| {
        let (cpu, patience, tolerates_taint, zone, (port, host)) = place;
        let (app, anti_affinity, affinity, spread) = others;
        let (priority, never_preempts) = (rank.0.unwrap_or(0), rank.1);
        PodPlan {
            app,
            cpu,
            patience,
            tolerates_taint,
            zone,
            host,
            anti_affinity,
            affinity,
            spread,
            port,
            priority,
            never_preempts,
            volume,
        }
    })
}

fn budget() -> impl Strategy<Value = BudgetPlan> {
    (0_u8..2, 0_i64..=1).prop_map(|(app, allowed)| BudgetPlan { app, allowed })
}
