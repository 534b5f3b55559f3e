//! Which states there can be: the best of which all holds is told, so that one which asks for all
//! that a better one does is never reached.

use holdfast_cluster::budget::Amount;

use super::{Demands, MinReady, Selector, State};

/// What the requirements are called that a state makes where it is expected.
#[must_use]
pub fn of_state(name: &str) -> String {
    format!("state {name}")
}

impl State {
    /// Whether all that another state asks for is asked for, too.
    pub(super) fn asks_all_of(&self, other: &Self) -> bool {
        let asked = |selector: &Selector, demands: &Demands| {
            self.holds.iter().any(|hold| {
                demands.follow_from(&hold.demands)
                    && hold.workloads.iter().any(|one| one.selects_all_of(selector))
            })
        };
        other.holds.iter().all(|hold| hold.workloads.iter().all(|one| asked(one, &hold.demands)))
    }
}

impl Selector {
    /// Whether what another selects is selected, too, for what both say.
    fn selects_all_of(&self, other: &Self) -> bool {
        let asks = |own: &Option<String>, its: &Option<String>| own.is_none() || own == its;
        asks(&self.namespace, &other.namespace)
            && asks(&self.name, &other.name)
            && asks(&self.kind, &other.kind)
            && asks(&self.priority_class, &other.priority_class)
            && asks(&self.owner.kind, &other.owner.kind)
            && asks(&self.owner.name, &other.owner.name)
            && self.pod_labels.iter().all(|label| other.pod_labels.contains(label))
    }
}

impl Demands {
    /// Whether they hold where others do, for what both say.
    fn follow_from(&self, others: &Self) -> bool {
        self.immediately <= others.immediately
            && self.by_rule <= others.by_rule
            && self.recovered <= others.recovered
            && self
                .min_ready
                .is_none_or(|least| others.min_ready.is_some_and(|more| least.follows_from(more)))
            && self.headroom <= others.headroom
            && self
                .max_downtime
                .is_none_or(|most| others.max_downtime.is_some_and(|less| less <= most))
    }
}

impl MinReady {
    /// Whether so many are ready where `more` are, whatever is wanted.
    fn follows_from(self, more: Self) -> bool {
        use Amount::{Count, Percent};
        match (self, more) {
            (_, Self::All) => true,
            (Self::Amount(Count(least)), Self::Amount(Count(more)))
            | (Self::Amount(Percent(least)), Self::Amount(Percent(more))) => least <= more,
            _ => self == more,
        }
    }
}
