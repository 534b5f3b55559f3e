//! `TaintToleration`: taints keep pods off, or make nodes less liked.
//!
//! Models `pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go` and
//! `FindMatchingUntoleratedTaint` of `k8s.io/component-helpers/scheduling/corev1/helpers.go`
//! (v1.36.3).

use std::sync::OnceLock;

use holdfast_cluster::placement::LifecycleTaints;
use holdfast_cluster::taint::{self, Effect, Taint, Toleration};
use holdfast_cluster::{Cluster, NodeId, SpecId};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::Verdict;
use crate::needs::Need;
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// The feature gate `TaintTolerationComparisonOperators` is off by default in 1.36.
const COMPARISONS: bool = false;

/// Every distinct list of tolerations, with what it bears.
#[derive(Debug)]
pub(crate) struct Compiled {
    of_spec: Box<[u32]>,
    tolerances: Box<[Tolerance]>,
}

/// One list of tolerations against the taints of every node.
#[derive(Debug)]
pub(crate) struct Tolerance {
    tolerations: Box<[Toleration]>,
    cells: OnceLock<Box<[Cell]>>,
    /// Bears `node.kubernetes.io/unschedulable:NoSchedule`.
    pub(crate) tolerates_cordon: bool,
}

/// One list of tolerations against the taints of one node.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// The position of the first taint that keeps the pod off, [`NONE`] without one.
    first: u32,
    /// How many `PreferNoSchedule` taints are not borne.
    disliked: u32,
}

const NONE: u32 = u32::MAX;

impl Compiled {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let mut lists = IndexSet::<&[Toleration], FxBuildHasher>::default();
        let of_spec = cluster
            .specs()
            .map(|spec| {
                let (at, _) = lists.insert_full(&spec.tolerations);
                u32::try_from(at).expect("fewer lists than specs")
            })
            .collect();
        let tolerances = lists.iter().map(|list| Tolerance::new(cluster, list)).collect();
        Self { of_spec, tolerances }
    }

    /// What a spec's tolerations bear.
    pub(crate) fn of(&self, spec: SpecId) -> &Tolerance {
        &self.tolerances[self.of_spec[spec.index()] as usize]
    }
}

impl Tolerance {
    fn new(cluster: &Cluster, tolerations: &[Toleration]) -> Self {
        let known = cluster.known();
        let cordon =
            Taint { key: known.unschedulable, value: known.empty, effect: Effect::NoSchedule };
        Self {
            tolerates_cordon: bears(cluster, tolerations, &cordon),
            tolerations: tolerations.into(),
            cells: OnceLock::new(),
        }
    }

    fn cell(&self, cluster: &Cluster, node: NodeId) -> Cell {
        let cells = self
            .cells
            .get_or_init(|| cluster.nodes().iter().map(|node| self.judge(cluster, node)).collect());
        cells[node.index()]
    }

    fn judge(&self, cluster: &Cluster, node: &holdfast_cluster::Node) -> Cell {
        let borne = |taint: &&Taint| bears(cluster, &self.tolerations, taint);
        let repels = |taint: &Taint| taint.effect != Effect::PreferNoSchedule;
        let first = node.taints.iter().position(|taint| repels(taint) && !borne(&taint));
        let disliked = node.taints.iter().filter(|taint| !repels(taint) && !borne(taint)).count();
        Cell {
            first: first.map_or(NONE, |at| u32::try_from(at).expect("few taints")),
            disliked: u32::try_from(disliked).expect("few taints"),
        }
    }

    /// The first taint of the node, as it stands, that keeps the pod off.
    pub(crate) fn untolerated(&self, cluster: &Cluster, node: &NodeInfo<'_>) -> Option<Taint> {
        if node.usage.taints == LifecycleTaints::default() {
            let cell = self.cell(cluster, node.id);
            return (cell.first != NONE).then(|| node.node.taints[cell.first as usize]);
        }
        taint::standing(cluster.known(), node.node, node.usage)
            .filter(|taint| taint.effect != Effect::PreferNoSchedule)
            .find(|taint| !bears(cluster, &self.tolerations, taint))
    }

    /// Turns down a node with a taint that the pod does not tolerate.
    pub(crate) fn filter(
        &self,
        cluster: &Cluster,
        node: &NodeInfo<'_>,
        reasons: &mut Vec<Reason>,
    ) -> Verdict {
        let Some(taint) = self.untolerated(cluster, node) else { return Ok(()) };
        reasons.push(Reason::UntoleratedTaint(taint));
        Err(Code::UnschedulableAndUnresolvable)
    }

    /// Every taint of the node that keeps the pod off. The one that comes with cordoning goes with
    /// it: it is left out where the node is to be uncordoned.
    pub(crate) fn needs<'a>(
        &'a self,
        cluster: &'a Cluster,
        node: &NodeInfo<'a>,
    ) -> impl Iterator<Item = Need> + use<'a> {
        let known = cluster.known();
        let uncordoned = node.usage.unschedulable && !self.tolerates_cordon;
        let comes_with_cordon = move |taint: &Taint| {
            uncordoned && (taint.key, taint.effect) == (known.unschedulable, Effect::NoSchedule)
        };
        taint::standing(known, node.node, node.usage)
            .filter(|taint| taint.effect != Effect::PreferNoSchedule)
            .filter(|taint| !bears(cluster, &self.tolerations, taint))
            .filter(move |taint| !comes_with_cordon(taint))
            .map(Need::Tolerate)
    }

    /// How many `PreferNoSchedule` taints the pod does not tolerate; normalized in reverse.
    pub(crate) fn score(&self, cluster: &Cluster, node: NodeId) -> i64 {
        i64::from(self.cell(cluster, node).disliked)
    }
}

fn bears(cluster: &Cluster, tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations.iter().any(|toleration| toleration.tolerates(taint, cluster.symbols(), COMPARISONS))
}
