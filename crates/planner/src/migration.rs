//! The steps between two layouts, and what may go wrong at each.
//!
//! The order is a rule, not a search: whatever comes comes before whatever goes, so that there is
//! never less than either layout has. Members of the control plane come first and go last, one at a
//! time; workloads change while there is the room of both; nodes that leave are all cordoned before
//! the first of them is drained, so that no pod moves twice.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::{Cluster, Placement, WorkloadId};
use holdfast_failover::story::Story;
use holdfast_failover::{ControlPlane, Dynamics};
use holdfast_proof::Subject;
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::simulation::{Simulator, Stage};
use holdfast_proof::stuck::Stuck;
use holdfast_proof::subject::follows_nodes;
use serde::Serialize;

use crate::layout::Layout;
use crate::patch;
use crate::recovery::Asking;
use crate::report::key;

/// Something that people do on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// A node joins; as a member of the control plane, where it carries a part of it.
    Join {
        /// The node.
        node: String,
        /// It carries a part of the control plane.
        member: bool,
    },
    /// A node of both layouts becomes a member of the control plane.
    Promote {
        /// The node.
        node: String,
    },
    /// Workloads, and what belongs to them, become those of the layout that is moved to.
    Workloads,
    /// Labels, taints or sizes of a node of both layouts become those of the layout that is moved
    /// to.
    Node {
        /// The node.
        node: String,
    },
    /// Nodes that leave take no new pods.
    Cordon {
        /// The nodes.
        nodes: Vec<String>,
    },
    /// A node is drained.
    Drain {
        /// The node.
        node: String,
    },
    /// A node of both layouts stops to be a member of the control plane.
    Resign {
        /// The node.
        node: String,
    },
    /// A node leaves, and etcd forgets it before it stops.
    Remove {
        /// The node.
        node: String,
        /// It carries a part of the control plane.
        member: bool,
    },
}

/// The steps between two layouts, before anybody looks at whether they change anything.
pub fn steps(from: &Cluster, to: &Cluster) -> Vec<Step> {
    let (was, is) = (nodes(from), nodes(to));
    let (old, new) = (members(from), members(to));
    let comes = |node: &&String| !was.contains(*node);
    let goes = |node: &&String| !is.contains(*node);
    let join = |member: bool| {
        let own = is.iter().filter(comes).filter(|node| new.contains(*node) == member);
        let each = own.map(|node| Step::Join { node: node.clone(), member });
        each.collect::<Vec<Step>>()
    };
    let remove = |member: bool| {
        let own = was.iter().filter(goes).filter(|node| old.contains(*node) == member);
        let each = |node: &String| {
            let remove = Step::Remove { node: node.clone(), member };
            [Step::Drain { node: node.clone() }, remove]
        };
        own.rev().flat_map(each).collect::<Vec<Step>>()
    };
    let both: Vec<&String> = was.intersection(&is).collect();
    let carries = |of: &BTreeSet<String>, node: &String| of.contains(node);
    let promoted = both.iter().filter(|node| carries(&new, node) && !carries(&old, node));
    let resigned = both.iter().filter(|node| carries(&old, node) && !carries(&new, node));
    let same = both.iter().filter(|node| carries(&old, node) == carries(&new, node));
    let leaving: Vec<String> = was.iter().filter(goes).cloned().collect();
    let cordon = (!leaving.is_empty()).then_some(Step::Cordon { nodes: leaving });
    let mut steps = join(true);
    steps.extend(promoted.map(|node| Step::Promote { node: (*node).clone() }));
    steps.extend(join(false));
    steps.push(Step::Workloads);
    steps.extend(same.map(|node| Step::Node { node: (*node).clone() }));
    steps.extend(cordon);
    steps.extend(remove(false));
    steps.extend(resigned.map(|node| Step::Resign { node: (*node).clone() }));
    steps.extend(remove(true));
    steps
}

/// The names of all nodes.
pub fn nodes(cluster: &Cluster) -> BTreeSet<String> {
    cluster.node_ids().map(|id| cluster.node_name(id).to_owned()).collect()
}

/// Nodes that carry a part of the control plane.
pub fn members(cluster: &Cluster) -> BTreeSet<String> {
    let members = ControlPlane::of(cluster);
    let names = members.members().map(|id| cluster.node_name(id).to_owned());
    names.collect()
}

/// The nodes that carry each part: etcd, API servers, load balancer.
pub fn parts(cluster: &Cluster) -> [BTreeSet<String>; 3] {
    let control_plane = ControlPlane::of(cluster);
    [0, 1, 2].map(|part| {
        let carries = |id: &_| control_plane.parts_of(*id)[part] > 0;
        let nodes = cluster.node_ids().filter(carries);
        nodes.map(|id| cluster.node_name(id).to_owned()).collect()
    })
}

/// What is known of a cluster on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How many nodes.
    pub nodes: usize,
    /// Thousandths of a core that they have.
    pub cpu_milli: i64,
    /// Bytes that they have.
    pub memory: i64,
    /// How many members etcd has; none means that it is outside.
    pub etcd: usize,
    /// The control plane acts.
    pub acts: bool,
    /// Hosts whose loss alone stops it.
    pub stops: BTreeSet<String>,
    /// Whether each workload survives the loss of any one node, by `KIND/NAMESPACE/NAME`.
    pub workloads: BTreeMap<String, VerdictName>,
    /// Everything that was asked about was looked at.
    pub complete: bool,
}

impl Facts {
    /// What is known of a cluster.
    pub fn of(cluster: &Cluster, asking: &Asking<'_>) -> Self {
        let layout = Layout::of(cluster, &Question::AnyNodes(1), asking);
        let dynamics = Dynamics::new(cluster);
        let mut placement = Placement::of(cluster);
        dynamics.begin(&mut placement);
        let workloads = layout.tolerance.workloads.iter().map(|one| {
            let broken = one.broken_by.as_ref().is_some_and(|by| by.fail.len() <= 1);
            let verdict = match one.proved {
                _ if broken => VerdictName::Refuted,
                Some(proved) if proved >= 1 => VerdictName::Proved,
                _ => VerdictName::Unknown,
            };
            (key(&one.object), verdict)
        });
        let stops = layout.points.iter().filter(|point| point.stops_control_plane);
        let sum = |of: fn(&holdfast_cluster::Resources) -> i64| {
            cluster.nodes().iter().map(|node| of(&node.capacity)).sum()
        };
        Self {
            nodes: cluster.nodes().len(),
            cpu_milli: sum(|capacity| capacity.cpu_milli),
            memory: sum(|capacity| capacity.memory),
            etcd: dynamics.control_plane().etcd(&placement).count(),
            acts: dynamics.control_plane().acts(&placement),
            stops: stops.map(|point| point.name.clone()).collect(),
            workloads: workloads.collect(),
            complete: layout.complete,
        }
    }

    fn holds(&self, workload: &str) -> Option<VerdictName> {
        self.workloads.get(workload).copied()
    }

    /// Workloads that survive any one node here, PROVED, and are not proved to there.
    pub fn lost_in(&self, other: &Self) -> Vec<String> {
        let held = self.workloads.iter().filter(|(_, verdict)| **verdict == VerdictName::Proved);
        let lost = held.filter(|(name, _)| {
            other.holds(name).is_some_and(|verdict| verdict != VerdictName::Proved)
        });
        lost.map(|(name, _)| name.clone()).collect()
    }
}

/// What may go wrong at a step, or until the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "risk", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Risk {
    /// The control plane does not act.
    ControlPlaneDown,
    /// The loss of one of more hosts stops the control plane than in either layout.
    ControlPlaneStops {
        /// The hosts.
        hosts: Vec<String>,
        /// How many members etcd has.
        etcd: usize,
    },
    /// Both layouts survive any one node, PROVED, and the cluster between them does not.
    ClaimLost {
        /// `KIND/NAMESPACE/NAME`.
        workloads: Vec<String>,
    },
    /// The same is not known of these.
    ClaimUnknown {
        /// `KIND/NAMESPACE/NAME`.
        workloads: Vec<String>,
    },
    /// For a moment none of its pods serves.
    Interrupted {
        /// `KIND/NAMESPACE/NAME`.
        workloads: Vec<String>,
    },
    /// For a moment one of its pods serves alone.
    OneLeft {
        /// `KIND/NAMESPACE/NAME`.
        workloads: Vec<String>,
    },
    /// Fewer pods serve than are wanted, once all is quiet, in some run.
    Waits {
        /// `KIND/NAMESPACE/NAME`.
        workloads: Vec<String>,
        /// What the scheduler says to those that wait for a node.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The drain does not end: a budget keeps pods.
    DrainBlocked {
        /// Of which workload, `KIND/NAMESPACE/NAME`.
        workloads: Vec<String>,
    },
    /// Its rollout may get stuck.
    RolloutStuck {
        /// `KIND/NAMESPACE/NAME`.
        workloads: Vec<String>,
    },
    /// Not every run was followed, or something is not known.
    NotFollowed,
}

/// What a step leaves behind that neither layout has: claims, and the control plane.
pub fn between(ends: [&Facts; 2], now: &Facts) -> Vec<Risk> {
    let [from, to] = ends;
    let mut risks = Vec::new();
    if !now.acts {
        risks.push(Risk::ControlPlaneDown);
    } else if now.stops.len() > from.stops.len().max(to.stops.len()) {
        let hosts = now.stops.iter().cloned().collect();
        risks.push(Risk::ControlPlaneStops { hosts, etcd: now.etcd });
    }
    let kept = |verdict: VerdictName| -> Vec<String> {
        let held = |facts: &Facts, name: &str| facts.holds(name) == Some(VerdictName::Proved);
        let both = now
            .workloads
            .iter()
            .filter(|(name, is)| **is == verdict && held(from, name) && held(to, name));
        both.map(|(name, _)| name.clone()).collect()
    };
    let (lost, unknown) = (kept(VerdictName::Refuted), kept(VerdictName::Unknown));
    if !lost.is_empty() {
        risks.push(Risk::ClaimLost { workloads: lost });
    }
    if !unknown.is_empty() {
        risks.push(Risk::ClaimUnknown { workloads: unknown });
    }
    if !now.complete {
        risks.push(Risk::NotFollowed);
    }
    risks
}

/// What happens while a step is done: over every run what may stay undone, and in one run what is
/// missing for a moment. Workloads that `wait` in the layout that is moved from are no risk of it.
pub fn during(
    simulator: &Simulator<'_>,
    stages: &[Stage],
    story: &Story,
    wait: &BTreeSet<String>,
) -> Vec<Risk> {
    let cluster = simulator.dynamics().cluster();
    let Some(last) = stages.last() else { return Vec::new() };
    let mut risks = stuck(cluster, last);
    let mut waits: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for (name, message) in waiting(simulator, last) {
        if !wait.contains(&name) {
            waits.entry(message).or_default().push(name);
        }
    }
    // Ranges that are wider than need be say nothing of what is missing.
    if last.exact {
        let each = waits.into_iter();
        risks.extend(each.map(|(message, workloads)| Risk::Waits { workloads, message }));
    }
    let (mut none, mut one) = (Vec::new(), Vec::new());
    for subject in simulator.subjects().iter().filter(|subject| is_served(cluster, subject)) {
        let name = name(cluster, subject.root);
        let (at_first, fewest) = serving(subject, story);
        match (at_first, fewest) {
            (1.., 0) => none.push(name),
            (2.., 1) => one.push(name),
            _ => {}
        }
    }
    if !none.is_empty() {
        risks.push(Risk::Interrupted { workloads: none });
    }
    if !one.is_empty() {
        risks.push(Risk::OneLeft { workloads: one });
    }
    if !last.exact || last.restless {
        risks.push(Risk::NotFollowed);
    }
    risks
}

/// Workloads that have fewer pods than they want, in some run, and what the scheduler says.
pub fn waiting(simulator: &Simulator<'_>, stage: &Stage) -> BTreeMap<String, Option<String>> {
    let cluster = simulator.dynamics().cluster();
    let lacking = simulator.subjects().iter().zip(&stage.workloads).filter(|(subject, ranges)| {
        is_served(cluster, subject) && ranges.ready.min < ranges.desired.max
    });
    let told = lacking
        .map(|(subject, ranges)| (name(cluster, subject.root), ranges.messages.first().cloned()));
    told.collect()
}

/// Whether claims are made about it, and its pods do not come and go with nodes.
fn is_served(cluster: &Cluster, subject: &Subject) -> bool {
    use holdfast_cluster::workload::WorkloadKind::{CronJob, Job};
    let kind = cluster.workload(subject.root).kind;
    !follows_nodes(kind) && !matches!(kind, Job | CronJob)
}

/// How many pods serve at first, and the fewest that do at any moment of a run.
fn serving(subject: &Subject, story: &Story) -> (u32, u32) {
    let of = |id: &WorkloadId| &story.serving[id.index()];
    let mut moments: Vec<i64> =
        subject.members.iter().flat_map(|id| of(id).iter().map(|one| one.at)).collect();
    moments.sort_unstable();
    moments.dedup();
    let at = |moment: i64| -> u32 {
        let last = |id: &WorkloadId| of(id).iter().rev().find(|one| one.at <= moment);
        subject.members.iter().filter_map(last).map(|one| one.ready).sum()
    };
    let first = subject.members.iter().filter_map(|id| of(id).first()).map(|one| one.ready).sum();
    (first, moments.into_iter().map(at).min().unwrap_or(first))
}

fn stuck(cluster: &Cluster, stage: &Stage) -> Vec<Risk> {
    let (mut drains, mut rollouts) = (BTreeSet::new(), BTreeSet::new());
    for one in &stage.stuck {
        match one {
            Stuck::Drain { pod, .. } => {
                let workload = stage.example.instance(*pod).workload;
                drains.insert(name(cluster, cluster.root(workload)));
            }
            Stuck::Rollout(workload) => {
                rollouts.insert(name(cluster, *workload));
            }
            Stuck::Job(_) => {}
        }
    }
    let mut risks = Vec::new();
    if !drains.is_empty() {
        risks.push(Risk::DrainBlocked { workloads: drains.into_iter().collect() });
    }
    if !rollouts.is_empty() {
        risks.push(Risk::RolloutStuck { workloads: rollouts.into_iter().collect() });
    }
    risks
}

fn name(cluster: &Cluster, id: WorkloadId) -> String {
    key(&patch::object(cluster, id))
}
