//! Pod disruption budgets.

use crate::Symbol;
use crate::selector::LabelSelector;

/// A number of pods, or a share of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amount {
    /// So many.
    Count(i64),
    /// So many per cent.
    Percent(i64),
}

impl Amount {
    /// Whether it is nothing, of however many.
    pub fn is_none(self) -> bool {
        matches!(self, Self::Count(0) | Self::Percent(0))
    }
}

/// What a budget protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetRule {
    /// At least so many healthy pods stay.
    MinAvailable(Amount),
    /// At most so many pods may be missing.
    MaxUnavailable(Amount),
}

/// A `PodDisruptionBudget`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Its namespace.
    pub namespace: Symbol,
    /// Its name.
    pub name: Symbol,
    /// Its pods.
    pub selector: LabelSelector,
    /// What it asks.
    pub rule: BudgetRule,
    /// `unhealthyPodEvictionPolicy` is `AlwaysAllow`.
    pub evict_unhealthy: bool,
    /// `status.disruptionsAllowed`, which preemption reads as it stands.
    pub disruptions_allowed: i64,
    /// Pods (by name) whose eviction is already under way, `status.disruptedPods`.
    pub disrupted: Box<[Symbol]>,
}
