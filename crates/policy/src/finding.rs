//! What does not hold, or is not known to: data, which others put into words.

use std::fmt::Write;

use holdfast_failover::times::Seconds;
use holdfast_ingest::Place;
use holdfast_ingest::policy::{Carry, Selector, Weight};
use holdfast_planner::report::RemedyReport;
use holdfast_proof::report::downtime::SpanReport;
use holdfast_proof::report::rules::ByRuleReport;
use holdfast_proof::report::{AtOnce, Counterexample, DoubtReport, Excluded, Object};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::catalogue::Id;
use crate::changes::Field;

/// One thing that does not hold, or is not known to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What its requirement is worth.
    pub severity: Weight,
    /// The requirement; absent where it is found by comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// The scenario; absent where it is found in any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// The workload; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Object>,
    /// Where the workload was read, else the requirement.
    pub place: Place,
    /// The same as long as id, requirement, scenario and workload are.
    pub fingerprint: String,
    /// What it is due to, where it is found by comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// How it stands to a baseline, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// The cheapest change that was PROVED to mend it, where one was looked for and found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Box<RemedyReport>>,
    /// The id, and why.
    #[serde(flatten)]
    pub fault: Fault,
}

impl Finding {
    /// A finding that is found now: how it stands to others, what it is due to and what mends it
    /// is told later. What it is known by begins with `whose` it is, and in which scenario.
    pub(crate) fn new(
        (severity, fault): (Weight, Fault),
        (whose, scenario): (&str, Option<&str>),
        (object, place): (Option<Object>, Place),
    ) -> Self {
        Self {
            severity,
            requirement: None,
            scenario: scenario.map(str::to_owned),
            place,
            fingerprint: fingerprint(&fault, (whose, scenario), object.as_ref()),
            object,
            since: None,
            standing: None,
            remedy: None,
            fault,
        }
    }
}

/// How a finding stands to those that were there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It was not there.
    New,
    /// It was there, and not as bad.
    Worse,
    /// It was there.
    Known,
}

/// What has made something worse than it was.
#[derive(Clone, Debug, Serialize)]
pub struct Since {
    /// The object itself is new.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub new: bool,
    /// What is another in the object itself; nothing where it is due to others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<Field>,
    /// Ids of what else is worse about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<&'static str>,
}

/// What is wrong. Ids are stable: scripts name them.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "id", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Fault {
    /// No pod is left as soon as the machines are gone.
    NoneLeft {
        /// When.
        counterexample: AtOnce,
    },
    /// The hard rules let its pods be where none is left.
    NotByRule {
        /// Where.
        counterexample: ByRuleReport,
    },
    /// It does not come back in full.
    NotRecovered {
        /// How.
        counterexample: Box<Counterexample>,
    },
    /// Too few pods are left as soon as the machines are gone.
    TooFewReady {
        /// So many must be.
        needed: u32,
        /// So many are wanted in all.
        desired: u32,
        /// When.
        counterexample: AtOnce,
    },
    /// It is without any pod for longer than it may be.
    DownTooLong {
        /// How long it may be.
        limit: Seconds,
        /// How long it is.
        outage: SpanReport,
    },
    /// The control plane does not act any more.
    ControlPlaneLost {
        /// The part of it that is lost.
        part: PartName,
        /// Hosts of that part that are up.
        up: usize,
        /// Hosts that it takes.
        needed: usize,
        /// Hosts in all.
        of: usize,
        /// The machines that fail; none where it is lost today.
        fail: Vec<String>,
    },
    /// Volumes cannot be used any more by the pods that need them.
    VolumesStarved {
        /// Each, with the first machines that take it.
        volumes: Vec<StarvedVolume>,
    },
    /// There is no room for as many more of its pods.
    NoHeadroom {
        /// So many more must find room.
        wanted: u32,
        /// So many do.
        room: u32,
        /// The machines whose failure leaves too little; none where more do not fit today.
        fail: Vec<String>,
        /// The workload that does not come back then, where it is another.
        #[serde(skip_serializing_if = "Option::is_none")]
        whose: Option<Object>,
    },
    /// Its manifest lacks something.
    MustCarry {
        /// What.
        #[serde(flatten)]
        misses: Carry,
        /// What there is instead, where that can be counted.
        #[serde(skip_serializing_if = "Option::is_none")]
        has: Option<i64>,
    },
    /// Its pods are on nodes with too few values of a label.
    SpreadTooThin {
        /// The label.
        label: String,
        /// So many values there must be.
        needed: u32,
        /// These there are.
        values: Vec<String>,
    },
    /// A node holds too many of its pods.
    TooManyOnNode {
        /// The node.
        node: String,
        /// How many it holds.
        pods: u32,
        /// How many it may hold.
        most: u32,
    },
    /// Its rollout does not get on.
    RolloutStuck {
        /// What the scheduler says to the pods that wait.
        messages: Vec<String>,
    },
    /// A rollout leaves no pod for a while, which one before the change does not.
    RolloutOutage {
        /// How many pods are wanted.
        desired: u32,
    },
    /// No pod of a budget can be evicted even while all of them serve.
    DrainsBlocked {
        /// How many pods it selects.
        expected: i64,
        /// How many of them must serve.
        needed: i64,
    },
    /// A budget selects no pod any more.
    BudgetOfNothing,
    /// It runs no longer.
    RunsNoMore {
        /// It is there, and wants no pods.
        scaled_to_zero: bool,
    },
    /// It is not known whether it holds.
    Inconclusive {
        /// What.
        claim: Claim,
        /// Why not.
        #[serde(flatten)]
        why: Why,
    },
    /// What accepts findings has expired.
    SuppressionExpired {
        /// The id that it accepts.
        suppresses: String,
    },
    /// There is nothing to accept.
    SuppressionUnmatched {
        /// The id that it accepts.
        suppresses: String,
        /// There are findings of that id.
        known: bool,
    },
    /// An annotation that accepts findings has no reason, or a day that is none.
    SuppressionUnclear {
        /// The id that it accepts.
        suppresses: String,
    },
    /// There is no workload that it is about.
    RequirementMatchesNothing {
        /// What it asks for.
        selector: SelectorReport,
        /// Workloads that it selects and that no claim is about.
        excluded: Vec<Excluded>,
    },
}

/// What a requirement may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Claim {
    /// A pod serves at once.
    Immediately,
    /// So does one wherever the rules let them be.
    ByRule,
    /// All serve once all is quiet.
    Recovered,
    /// So many serve at once.
    MinReady,
    /// None does for so long at most.
    MaxDowntime,
    /// Its rollout comes to an end.
    RollsOut,
    /// Its manifest carries something.
    Carries,
    /// So many more find room.
    Headroom,
    /// The control plane keeps its majority.
    ControlPlaneQuorum,
    /// Volumes keep theirs.
    StorageQuorum,
}

/// A part of the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PartName {
    /// Members of etcd.
    Etcd,
    /// API servers.
    ApiServers,
    /// What stands in front of them.
    LoadBalancer,
}

/// A volume that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StarvedVolume {
    /// Its claim: `NAMESPACE/NAME`.
    pub claim: String,
    /// The machines that fail; none where it cannot be used today.
    pub fail: Vec<String>,
}

impl Claim {
    /// As it is written in a policy.
    pub fn id(self) -> &'static str {
        match self {
            Self::Immediately => "immediately",
            Self::ByRule => "byRule",
            Self::Recovered => "recovered",
            Self::MinReady => "minReady",
            Self::MaxDowntime => "maxDowntime",
            Self::RollsOut => "rollsOut",
            Self::Carries => "carries",
            Self::Headroom => "headroom",
            Self::ControlPlaneQuorum => "controlPlaneQuorum",
            Self::StorageQuorum => "storageQuorum",
        }
    }
}

/// Why something is not known.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Why {
    /// A stable word for it.
    pub reason: &'static str,
    /// What is missing or not modelled, where that says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The first set of which it is not known, where it is about one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fail: Vec<String>,
    /// Bounds that do not decide it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outage: Option<SpanReport>,
}

impl Why {
    /// For this reason.
    pub fn of(reason: &'static str) -> Self {
        Self { reason, ..Self::default() }
    }

    /// Why it is not known what the rules allow.
    pub(crate) fn of_rule(known: &ByRuleReport) -> Self {
        let doubt = known.doubt.as_ref();
        Self {
            detail: doubt.and_then(|doubt| doubt.detail.clone()),
            fail: known.fail.clone(),
            ..Self::of(doubt.map_or("unsettled", |doubt| doubt.reason))
        }
    }
}

impl From<&DoubtReport> for Why {
    fn from(doubt: &DoubtReport) -> Self {
        let DoubtReport { reason, detail, fail, .. } = doubt;
        Self { detail: detail.clone(), fail: fail.clone(), ..Self::of(reason) }
    }
}

/// A selector as it is written.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectorReport {
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The priority class of pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_class: Option<String>,
    /// The kind of what made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_kind: Option<String>,
    /// The name of what made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
    /// Labels of pods, `KEY=VALUE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pod_labels: Vec<String>,
}

impl From<&Selector> for SelectorReport {
    fn from(selector: &Selector) -> Self {
        let labels = selector.pod_labels.iter().map(|(key, value)| format!("{key}={value}"));
        Self {
            namespace: selector.namespace.clone(),
            name: selector.name.clone(),
            kind: selector.kind.clone(),
            priority_class: selector.priority_class.clone(),
            owner_kind: selector.owner.kind.clone(),
            owner_name: selector.owner.name.clone(),
            pod_labels: labels.collect(),
        }
    }
}

impl SelectorReport {
    /// What it says, in the order of its fields: `namespace=shop`.
    pub fn terms(&self) -> Vec<String> {
        let fields = [
            ("namespace", &self.namespace),
            ("name", &self.name),
            ("kind", &self.kind),
            ("priorityClass", &self.priority_class),
            ("owner.kind", &self.owner_kind),
            ("owner.name", &self.owner_name),
        ];
        let said = fields.iter().filter_map(|(field, text)| Some((field, text.as_ref()?)));
        let said = said.map(|(field, text)| format!("{field}={text}"));
        said.chain(self.pod_labels.iter().cloned()).collect()
    }
}

/// All ids.
pub const IDS: &[&str] = Id::NAMES;

impl Fault {
    /// The stable kebab-case id.
    pub fn id(&self) -> &'static str {
        Id::of(self).name()
    }

    /// How bad it is, to be compared number by number with one of the same fingerprint: fewer
    /// machines that take more pods for longer are worse.
    pub fn gravity(&self) -> Vec<i64> {
        let few = |fail: &[String]| -i64::try_from(fail.len()).unwrap_or(i64::MAX);
        match self {
            Self::NoneLeft { counterexample } => vec![few(&counterexample.fail)],
            Self::NotByRule { counterexample } => vec![few(&counterexample.fail)],
            Self::NotRecovered { counterexample: one } => {
                vec![few(&one.fail), i64::from(one.desired) - i64::from(one.ready)]
            }
            Self::TooFewReady { needed, counterexample: one, .. } => {
                vec![i64::from(*needed) - i64::from(one.ready_at_once), few(&one.fail)]
            }
            Self::DownTooLong { outage, .. } => {
                vec![i64::from(outage.for_ever.is_some()), outage.at_least.unwrap_or(0)]
            }
            Self::NoHeadroom { wanted, room, fail, .. } => {
                vec![i64::from(*wanted) - i64::from(*room), few(fail)]
            }
            Self::ControlPlaneLost { fail, .. } => vec![few(fail)],
            Self::VolumesStarved { volumes } => {
                let fewest = volumes.iter().map(|volume| few(&volume.fail)).max();
                let count = i64::try_from(volumes.len()).unwrap_or(i64::MAX);
                vec![fewest.unwrap_or(0), count]
            }
            Self::SpreadTooThin { needed, values, .. } => {
                vec![i64::from(*needed) - i64::try_from(values.len()).unwrap_or(i64::MAX)]
            }
            Self::TooManyOnNode { pods, .. } => vec![i64::from(*pods)],
            _ => Vec::new(),
        }
    }

    /// Whether it may hold after all.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Inconclusive { .. })
    }
}

/// What a manifest carries, as a policy says it.
pub fn carried(carry: Carry) -> &'static str {
    match carry {
        Carry::AntiAffinity => "antiAffinity",
        Carry::Budget => "budget",
        Carry::Replicas(_) => "replicas",
        Carry::RollingUpdate => "strategy",
    }
}

/// What tells a finding from all others, whatever lines it stands on.
fn fingerprint(
    fault: &Fault,
    (requirement, scenario): (&str, Option<&str>),
    object: Option<&Object>,
) -> String {
    let mut parts = vec![fault.id().to_owned(), requirement.to_owned()];
    parts.extend(scenario.map(str::to_owned));
    if let Some(Object { kind, namespace, name }) = object {
        parts.extend([kind.clone(), namespace.clone(), name.clone()]);
    }
    match fault {
        Fault::MustCarry { misses, .. } => parts.push(carried(*misses).to_owned()),
        Fault::SpreadTooThin { label, .. } => parts.push(label.clone()),
        Fault::SuppressionExpired { suppresses }
        | Fault::SuppressionUnmatched { suppresses, .. }
        | Fault::SuppressionUnclear { suppresses } => parts.push(suppresses.clone()),
        Fault::Inconclusive { claim, .. } => parts.push(claim.id().to_owned()),
        Fault::RequirementMatchesNothing { selector, .. } => parts.extend(selector.terms()),
        _ => {}
    }
    let text: String = parts.iter().fold(String::new(), |mut text, part| {
        let _ = write!(text, "{}:{part}", part.len());
        text
    });
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
