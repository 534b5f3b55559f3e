//! Taints and tolerations.
//!
//! Models `k8s.io/api/core/v1/toleration.go` and
//! `k8s.io/component-helpers/scheduling/corev1/helpers.go` (v0.36.3).

use crate::placement::NodeUse;
use crate::well_known::WellKnown;
use crate::{Node, Symbol, Symbols};

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// They are not scheduled there.
    NoSchedule,
    /// They are rather scheduled elsewhere.
    PreferNoSchedule,
    /// They are not scheduled there, and evicted if they run there.
    NoExecute,
}

/// A taint of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Taint {
    /// Its key.
    pub key: Symbol,
    /// Its value, often empty.
    pub value: Symbol,
    /// What it does.
    pub effect: Effect,
}

/// The taints of a node as they stand: the export's, in its order, then those that its lifecycle
/// has brought since, which may stand instead of the export's taints of these kinds
/// (`pkg/controller/nodelifecycle/node_lifecycle_controller.go`, v1.36.3).
pub fn standing<'a>(
    known: &'a WellKnown,
    node: &'a Node,
    usage: &'a NodeUse,
) -> impl Iterator<Item = Taint> + 'a {
    let lifecycle = usage.taints;
    let own = node.taints.iter().copied();
    let kept = own.filter(move |taint| !lifecycle.replace || !known.is_of_lifecycle(taint.key));
    let added = [
        (lifecycle.not_ready, known.not_ready, Effect::NoSchedule),
        (lifecycle.not_ready, known.not_ready, Effect::NoExecute),
        (lifecycle.unreachable, known.unreachable, Effect::NoSchedule),
        (lifecycle.unreachable, known.unreachable, Effect::NoExecute),
        (lifecycle.out_of_service, known.out_of_service, Effect::NoExecute),
        (lifecycle.replace && usage.unschedulable, known.unschedulable, Effect::NoSchedule),
    ];
    let value = known.empty;
    let added = added.into_iter().filter(|(is_set, ..)| *is_set);
    kept.chain(added.map(move |(_, key, effect)| Taint { key, value, effect }))
}

/// How a toleration compares values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TolerationOperator {
    /// The values are equal.
    Equal,
    /// Any value.
    Exists,
    /// The taint's value is a greater integer (1.36: feature gate
    /// `TaintTolerationComparisonOperators`).
    Gt,
    /// The taint's value is a smaller integer (the same gate).
    Lt,
}

/// A toleration of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Toleration {
    /// The taint's key; `None` (an empty key) with `Exists` tolerates every key.
    pub key: Option<Symbol>,
    /// How values compare.
    pub operator: TolerationOperator,
    /// The value to compare with.
    pub value: Symbol,
    /// The effect; `None` tolerates every effect.
    pub effect: Option<Effect>,
    /// How long a `NoExecute` taint is borne, in seconds; `None` is for ever.
    pub seconds: Option<i64>,
}

impl Toleration {
    /// Whether the taint is tolerated, for however long.
    ///
    /// `comparisons` says whether `Gt` and `Lt` count (the feature gate is off by default in 1.36).
    pub fn tolerates(&self, taint: &Taint, symbols: &Symbols, comparisons: bool) -> bool {
        if self.effect.is_some_and(|effect| effect != taint.effect) {
            return false;
        }
        if self.key.is_some_and(|key| key != taint.key) {
            return false;
        }
        match self.operator {
            TolerationOperator::Equal => self.value == taint.value,
            TolerationOperator::Exists => true,
            TolerationOperator::Gt | TolerationOperator::Lt => {
                comparisons && self.compares(taint, symbols)
            }
        }
    }

    fn compares(&self, taint: &Taint, symbols: &Symbols) -> bool {
        let number = |symbol| symbols.text(symbol).parse::<i64>().ok();
        let (Some(borne), Some(actual)) = (number(self.value), number(taint.value)) else {
            return false;
        };
        match self.operator {
            TolerationOperator::Gt => actual > borne,
            TolerationOperator::Lt => actual < borne,
            TolerationOperator::Equal | TolerationOperator::Exists => false,
        }
    }
}
