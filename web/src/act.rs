//! What may be done to a cluster: it happens to it, or it is made another before anything happens.

use holdfast_session::changes::Change;

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Something happens: `fail:worker-1`.
    Event(String),
    /// It is another cluster: `--set deployment/shop/web.replicas=3`.
    Change(Change),
}

impl Act {
    /// As the command spells it.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Event(event) => event.clone(),
            Self::Change(change) => change.words().join(" "),
        }
    }
}

/// What happens, in order.
pub(crate) fn events(acts: &[Act]) -> Vec<String> {
    let event = |act: &Act| match act {
        Act::Event(event) => Some(event.clone()),
        Act::Change(_) => None,
    };
    acts.iter().filter_map(event).collect()
}

/// What is another, in order.
pub(crate) fn changes(acts: &[Act]) -> Vec<Change> {
    let change = |act: &Act| match act {
        Act::Change(change) => Some(change.clone()),
        Act::Event(_) => None,
    };
    acts.iter().filter_map(change).collect()
}
