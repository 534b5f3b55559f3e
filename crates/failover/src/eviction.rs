//! How long a pod stays on a node that is not heard.
//!
//! Models `processPodOnNode` and `getMinTolerationTime` of
//! `pkg/controller/tainteviction/taint_eviction.go` and `GetMatchingTolerations` of
//! `pkg/apis/core/v1/helper/helpers.go` (v1.36.3).

use holdfast_cluster::taint::{self, Effect, Taint, Toleration};
use holdfast_cluster::{Cluster, NodeId, Placement, Plugin, PodSpec, Symbol, Symbols};

/// When a pod is evicted from a tainted node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delay {
    /// So many seconds after the taint.
    After(i64),
    /// Never: it bears every taint for ever.
    Never,
}

/// When the pod is evicted from `node` as it stands in `placement`; `None` where no taint evicts
/// anybody.
pub fn delay(
    cluster: &Cluster,
    placement: &Placement,
    node: NodeId,
    spec: &PodSpec,
) -> Option<Delay> {
    let taints: Vec<Taint> = evicting_taints(cluster, placement, node).collect();
    (!taints.is_empty()).then(|| borne(&taints, &spec.tolerations, cluster.symbols()))
}

/// A taint of the node, as it stands in `placement`, for which the pod is evicted from there, at
/// once or some day.
pub fn cause(
    cluster: &Cluster,
    placement: &Placement,
    node: NodeId,
    spec: &PodSpec,
) -> Option<Taint> {
    let mut taints = evicting_taints(cluster, placement, node);
    taints.find(|taint| {
        let taint = std::slice::from_ref(taint);
        borne(taint, &spec.tolerations, cluster.symbols()) != Delay::Never
    })
}

/// Whether the scheduler may put pods on a node of the export from which the node's own taints
/// evict them again, after some seconds or at once, by class: they may go round for ever. Taints
/// that come and go with a node's life are not among these unless the export has them.
pub(crate) fn going_round(cluster: &Cluster) -> Box<[bool]> {
    let mut evicting: Vec<&[Taint]> = Vec::new();
    for node in cluster.nodes() {
        let evicts = node.taints.iter().any(|taint| taint.effect == Effect::NoExecute);
        if evicts && !evicting.contains(&&*node.taints) {
            evicting.push(&node.taints);
        }
    }
    let goes_round =
        |spec: &PodSpec| evicting.iter().any(|own| lets_in_and_evicts(cluster, spec, own));
    cluster.classes().map(|class| goes_round(cluster.spec(class.spec))).collect()
}

/// Whether a node with these taints of its own takes pods of this spec and evicts them.
fn lets_in_and_evicts(cluster: &Cluster, spec: &PodSpec, taints: &[Taint]) -> bool {
    let symbols = cluster.symbols();
    let profile = cluster.scheduling().profile(spec.scheduler_name);
    let asked = profile.is_some_and(|it| it.filters.contains(&Plugin::TaintToleration));
    let evicting: Vec<Taint> =
        taints.iter().copied().filter(|taint| taint.effect == Effect::NoExecute).collect();
    let bears = |taint: &Taint| spec.tolerations.iter().any(|t| t.tolerates(taint, symbols, false));
    let mut closing = taints.iter().filter(|taint| taint.effect != Effect::PreferNoSchedule);
    borne(&evicting, &spec.tolerations, symbols) != Delay::Never && (!asked || closing.all(bears))
}

/// The `NoExecute` taints of a node as it stands.
pub(crate) fn evicting_taints<'a>(
    cluster: &'a Cluster,
    placement: &'a Placement,
    node: NodeId,
) -> impl Iterator<Item = Taint> + 'a {
    taint::standing(cluster.known(), cluster.node(node), placement.node(node))
        .filter(|taint| taint.effect == Effect::NoExecute)
}

/// When a pod is evicted for a taint that a node's life brings, such as
/// `node.kubernetes.io/unreachable`, of this key.
pub fn delay_of(cluster: &Cluster, spec: &PodSpec, key: Symbol) -> Delay {
    let taint = Taint { key, value: cluster.known().empty, effect: Effect::NoExecute };
    borne(&[taint], &spec.tolerations, cluster.symbols())
}

/// Whether it is not.
pub fn is_borne_for_ever(cluster: &Cluster, spec: &PodSpec, key: Symbol) -> bool {
    delay_of(cluster, spec, key) == Delay::Never
}

/// How long all of `taints` are borne together: the shortest time among the tolerations used, the
/// first that matches counting for each taint.
fn borne(taints: &[Taint], tolerations: &[Toleration], symbols: &Symbols) -> Delay {
    let mut shortest = Delay::Never;
    for taint in taints {
        let Some(used) = tolerations.iter().find(|t| t.tolerates(taint, symbols, false)) else {
            return Delay::After(0);
        };
        if let Some(seconds) = used.seconds {
            shortest = shortest.min(Delay::After(seconds.max(0)));
        }
    }
    shortest
}

#[cfg(test)]
mod tests {
    use holdfast_cluster::taint::TolerationOperator;

    use super::*;

    fn toleration(key: Option<holdfast_cluster::Symbol>, seconds: Option<i64>) -> Toleration {
        let mut symbols = Symbols::default();
        Toleration {
            key,
            operator: TolerationOperator::Exists,
            value: symbols.intern(""),
            effect: Some(Effect::NoExecute),
            seconds,
        }
    }

    #[test]
    fn the_shortest_time_of_the_matching_tolerations_counts() {
        let mut symbols = Symbols::default();
        let empty = symbols.intern("");
        let (gone, mine) = (symbols.intern("unreachable"), symbols.intern("dedicated"));
        let taint = |key| Taint { key, value: empty, effect: Effect::NoExecute };
        let taints = [taint(gone), taint(mine)];
        let forever = toleration(None, None);
        let a_while = toleration(Some(gone), Some(300));
        let at = |tolerations: &[Toleration]| borne(&taints, tolerations, &symbols);
        assert_eq!(at(&[]), Delay::After(0));
        assert_eq!(
            at(std::slice::from_ref(&a_while)),
            Delay::After(0),
            "the other taint is not tolerated"
        );
        assert_eq!(at(&[a_while.clone(), forever.clone()]), Delay::After(300));
        assert_eq!(at(&[forever, a_while]), Delay::Never, "the first match counts");
        assert_eq!(at(&[toleration(None, Some(-5))]), Delay::After(0));
    }
}
