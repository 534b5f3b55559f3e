//! Files of kind `Policy`: what must hold of which workloads when machines fail.

mod presets;
mod read;
mod states;

use holdfast_cluster::budget::Amount;
use serde::Serialize;

use crate::objects::meta::date;
use crate::own::OwnKind;
use crate::{Place, Rule};

pub use presets::presets;
pub use read::policy;
pub use states::of_state;

const FILE: OwnKind = OwnKind { name: "Policy", rule: Rule::BadPolicy };

/// What must hold, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// At least one requirement speaks of each.
    pub scenarios: Vec<Scenario>,
    /// In their order.
    pub requirements: Vec<Requirement>,
    /// What the cluster may come to, the best first.
    pub states: Vec<State>,
    /// A file of kind `Assumptions`, from where the policy is.
    pub assumptions: Option<String>,
    /// Findings that are accepted.
    pub suppressions: Vec<Suppression>,
}

/// Findings that somebody accepts, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The id of the findings.
    pub id: String,
    /// The objects they are about: any, where it says nothing.
    pub object: Selector,
    /// Why they are accepted.
    pub reason: String,
    /// The last day on which they are.
    pub until: Option<Date>,
}

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Days from 1970-01-01.
    pub days: i64,
}

impl std::str::FromStr for Date {
    type Err = NoDate;

    /// Reads `2027-01-31`.
    fn from_str(text: &str) -> Result<Self, NoDate> {
        date(text).map(|days| Self { days }).ok_or(NoDate)
    }
}

/// What does not name a day as `2027-01-31` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no date such as 2027-01-31")]
pub struct NoDate;

/// Machines that fail together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What it is called: once in the file.
    pub name: String,
    /// Where.
    pub place: Place,
    /// Which.
    pub fails: Fails,
}

/// Something the cluster may come to: a name for what holds then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What it is called: once in the file.
    pub name: String,
    /// All of this holds.
    pub holds: Vec<Hold>,
}

/// What holds of some workloads in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Workloads that any of them selects.
    pub workloads: Vec<Selector>,
    /// What holds of each.
    pub demands: Demands,
}

/// Which machines fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fails {
    /// Any so many nodes.
    AnyNodes(usize),
    /// The nodes of any so many values of a label.
    Domains {
        /// The label.
        label: String,
        /// How many values.
        at_most: usize,
    },
    /// Domains that a file lists.
    DomainFile {
        /// The file, from where the policy is.
        path: String,
        /// How many of them.
        at_most: usize,
    },
    /// These nodes or machines, and no others.
    These(Vec<String>),
    /// Events that come one after another, each once all is quiet: `drain a; fail b`.
    Sequence(String),
}

/// What must hold of some workloads in some scenarios.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// What it is called: once in the file.
    pub name: String,
    /// Where.
    pub place: Place,
    /// What it is worth.
    pub severity: Weight,
    /// Workloads that any of them selects.
    pub workloads: Vec<Selector>,
    /// Positions of scenarios.
    pub scenarios: Vec<usize>,
    /// What must hold.
    pub demands: Demands,
    /// What must keep its majority in the scenarios.
    pub quorums: Quorums,
    /// What must be so as the cluster stands, whatever fails.
    pub form: Form,
}

/// What must keep its majority when machines fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quorums {
    /// More than half of etcd's members, an API server, and what stands in front of them.
    pub control_plane: bool,
    /// Of each volume that pods need as many copies as its storage asks for, and its monitors.
    pub storage: bool,
}

impl Quorums {
    /// Whether nothing must.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What workloads must look like as the cluster stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// What their manifests must carry.
    pub carries: Vec<Carry>,
    /// The label whose values their pods are spread over, and how many of them at least: or as many
    /// as there are pods.
    pub spread_over: Option<(String, u32)>,
    /// No node holds more of their pods.
    pub max_pods_per_node: Option<u32>,
}

/// Something that a manifest carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "carry", content = "least", rename_all = "camelCase")]
pub enum Carry {
    /// Required anti-affinity between its own pods.
    AntiAffinity,
    /// A disruption budget that selects its pods.
    Budget,
    /// So many replicas.
    Replicas(u32),
    /// A rollout that replaces a few pods at a time.
    RollingUpdate,
}

/// What a requirement is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Where it does not hold the gate is closed.
    Error,
    /// It is only told.
    Warning,
}

/// Which workloads: those of which all that is given is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Where.
    pub place: Place,
    /// Their namespace.
    pub namespace: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their kind.
    pub kind: Option<String>,
    /// The priority class of the pods they make.
    pub priority_class: Option<String>,
    /// What made them, or their pods, that Kubernetes does not ship: an operator's object.
    pub owner: Owner,
    /// Labels of the pods they make.
    pub pod_labels: Vec<(String, String)>,
}

/// What an owner reference says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The kind.
    pub kind: Option<String>,
    /// The name.
    pub name: Option<String>,
}

/// What must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// A pod serves as soon as the machines are gone.
    pub immediately: bool,
    /// So does one wherever the hard rules let the pods be.
    pub by_rule: bool,
    /// All wanted pods serve once all is quiet.
    pub recovered: bool,
    /// So many pods serve as soon as the machines are gone.
    pub min_ready: Option<MinReady>,
    /// For so many seconds at most no pod serves.
    pub max_downtime: Option<i64>,
    /// So many more of its pods would come back, too, with all that does today.
    pub headroom: Option<u32>,
}

/// How many pods must serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinReady {
    /// All that are wanted.
    All,
    /// More than half of them.
    Quorum,
    /// So many, or such a share of them, rounded up.
    Amount(Amount),
}

impl MinReady {
    /// How many that are of so many wanted ones.
    pub fn of(self, desired: u32) -> u32 {
        let wanted = u64::from(desired);
        let needed = match self {
            Self::All => wanted,
            Self::Quorum => wanted / 2 + 1,
            Self::Amount(Amount::Count(count)) => count.unsigned_abs(),
            Self::Amount(Amount::Percent(share)) => {
                wanted.saturating_mul(share.unsigned_abs()).div_ceil(100)
            }
        };
        u32::try_from(needed).unwrap_or(u32::MAX)
    }

    fn read(text: &str) -> Option<Self> {
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
        match text {
            "all" => Some(Self::All),
            "quorum" => Some(Self::Quorum),
            _ => Some(Self::Amount(match text.strip_suffix('%') {
                Some(share) => Amount::Percent(number(share).filter(|share| *share <= 100)?.into()),
                None => Amount::Count(number(text)?.into()),
            })),
        }
    }
}

impl Demands {
    /// Whether nothing must hold.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// Whether something must hold that is not asked of events which come one after another.
    pub fn is_of_sets(self) -> bool {
        let Self { by_rule, min_ready, max_downtime, headroom, .. } = self;
        by_rule || min_ready.is_some() || max_downtime.is_some() || headroom.is_some()
    }
}

impl Form {
    /// Whether anything will do.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests;
