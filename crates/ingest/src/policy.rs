//! Files of kind `Policy`: what must hold of which workloads when machines fail.

use std::collections::BTreeSet;

use holdfast_cluster::budget::Amount;
use serde::{Deserialize, Serialize};

use crate::objects::lean::{Int, List, Pairs, Text};
use crate::objects::meta::date;
use crate::own::OwnKind;
use crate::{Diagnostic, Place, RawObject, Rule, Source, duration};

const FILE: OwnKind = OwnKind { name: "Policy", rule: Rule::BadPolicy };

/// What must hold, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// At least one requirement speaks of each.
    pub scenarios: Vec<Scenario>,
    /// In their order.
    pub requirements: Vec<Requirement>,
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
    /// These nodes or machines, and no others.
    These(Vec<String>),
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
    /// Labels of the pods they make.
    pub pod_labels: Vec<(String, String)>,
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
    fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Raw<'a> {
    #[serde(rename = "apiVersion")]
    _api_version: Text<'a>,
    #[serde(rename = "kind")]
    _kind: Text<'a>,
    scenarios: List<RawScenario<'a>>,
    requirements: List<RawRequirement<'a>>,
    #[serde(default)]
    suppressions: Option<List<RawSuppression<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawSuppression<'a> {
    id: Text<'a>,
    #[serde(default)]
    object: Option<RawSelector<'a>>,
    reason: Text<'a>,
    #[serde(default)]
    until: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawScenario<'a> {
    name: Text<'a>,
    #[serde(default)]
    any_nodes: Option<Int>,
    #[serde(default)]
    domains: Option<RawDomains<'a>>,
    #[serde(default)]
    fail: Option<List<Text<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawDomains<'a> {
    label: Text<'a>,
    #[serde(default)]
    at_most: Option<Int>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawRequirement<'a> {
    name: Text<'a>,
    #[serde(default)]
    severity: Option<Text<'a>>,
    workloads: List<RawSelector<'a>>,
    scenarios: List<Text<'a>>,
    #[serde(default)]
    immediately: bool,
    #[serde(default)]
    by_rule: bool,
    #[serde(default)]
    recovered: bool,
    #[serde(default)]
    min_ready: Option<Text<'a>>,
    #[serde(default)]
    max_downtime: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawSelector<'a> {
    #[serde(default)]
    namespace: Option<Text<'a>>,
    #[serde(default)]
    name: Option<Text<'a>>,
    #[serde(default)]
    kind: Option<Text<'a>>,
    #[serde(default)]
    pod_labels: Pairs<'a>,
}

/// Reads the policy, and tells what is wrong with it: there is none where anything is.
pub fn policy(source: Source) -> (Option<Policy>, Vec<Diagnostic>) {
    FILE.only(source, |raw, told| {
        let read = raw.parse::<Raw<'_>>().map_err(|wrong| told.push(wrong)).ok()?;
        Some(Reader { raw, told }.policy(&read))
    })
}

/// Reads one file.
struct Reader<'r, 'a> {
    raw: &'r RawObject<'a>,
    told: &'r mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    fn policy(&mut self, read: &Raw<'_>) -> Policy {
        if read.requirements.is_empty() {
            self.tell(self.raw.place_at(0), "it requires nothing".to_owned());
        }
        self.names("scenario", read.scenarios.iter().map(|one| &one.name));
        self.names("requirement", read.requirements.iter().map(|one| &one.name));
        let scenarios: Vec<Scenario> =
            read.scenarios.iter().map(|one| self.scenario(one)).collect();
        let requirements: Vec<Requirement> =
            read.requirements.iter().map(|one| self.requirement(one, &scenarios)).collect();
        for (at, scenario) in scenarios.iter().enumerate() {
            if !requirements.iter().any(|one| one.scenarios.contains(&at)) {
                let detail = format!("no requirement speaks of scenario {}", scenario.name);
                self.tell(scenario.place.clone(), detail);
            }
        }
        let suppressions = read.suppressions.as_ref().into_iter().flat_map(|all| all.iter());
        let suppressions = suppressions.map(|one| self.suppression(one)).collect();
        Policy { scenarios, requirements, suppressions }
    }

    fn suppression(&mut self, one: &RawSuppression<'_>) -> Suppression {
        let place = self.raw.place_of(&one.id);
        if one.reason.trim().is_empty() {
            let detail = format!("suppression of {}: without a reason", &*one.id);
            self.tell(place.clone(), detail);
        }
        let until = one.until.as_ref().and_then(|text| {
            let day = text.parse::<Date>();
            if let Err(wrong) = day {
                let detail = format!("suppression of {}: {:?}: {wrong}", &*one.id, &**text);
                self.tell(self.raw.place_of(text), detail);
            }
            day.ok()
        });
        let object = match &one.object {
            Some(each) => Selector { place: place.clone(), ..self.selector(each, &place) },
            None => Selector {
                place: place.clone(),
                namespace: None,
                name: None,
                kind: None,
                pod_labels: Vec::new(),
            },
        };
        if !object.pod_labels.is_empty() {
            let detail = format!("suppression of {}: name its object, not labels", &*one.id);
            self.tell(place, detail);
        }
        Suppression { id: one.id.to_string(), object, reason: one.reason.to_string(), until }
    }

    /// Each must have one of its own.
    fn names<'t>(&mut self, what: &str, names: impl Iterator<Item = &'t Text<'t>>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if name.is_empty() {
                self.tell(self.raw.place_of(name), format!("a {what} without a name"));
            } else if !seen.insert(name.to_string()) {
                let detail = format!("{what} {} is there twice", &**name);
                self.tell(self.raw.place_of(name), detail);
            }
        }
    }

    fn scenario(&mut self, one: &RawScenario<'_>) -> Scenario {
        let place = self.raw.place_of(&one.name);
        let mut positive = |number: Int, field: &str| {
            let known = usize::try_from(number.0).ok().filter(|number| *number > 0);
            known.unwrap_or_else(|| {
                let detail = format!("scenario {}: {field} must be at least 1", &*one.name);
                self.tell(place.clone(), detail);
                1
            })
        };
        let fails = match (one.any_nodes, &one.domains, &one.fail) {
            (Some(most), None, None) => Fails::AnyNodes(positive(most, "anyNodes")),
            (None, Some(domains), None) => Fails::Domains {
                label: domains.label.to_string(),
                at_most: positive(domains.at_most.unwrap_or(Int(1)), "atMost"),
            },
            (None, None, Some(names)) if !names.is_empty() => {
                Fails::These(names.iter().map(|text| text.to_string()).collect())
            }
            _ => {
                let detail = format!(
                    "scenario {}: what fails is either `anyNodes`, `domains` or `fail`, a list of \
                     nodes",
                    &*one.name
                );
                self.tell(place.clone(), detail);
                Fails::These(Vec::new())
            }
        };
        Scenario { name: one.name.to_string(), place, fails }
    }

    fn requirement(&mut self, one: &RawRequirement<'_>, scenarios: &[Scenario]) -> Requirement {
        let place = self.raw.place_of(&one.name);
        let wrong = |detail: &str| format!("requirement {}: {detail}", &*one.name);
        let severity = match one.severity.as_deref() {
            None | Some("error") => Weight::Error,
            Some("warning") => Weight::Warning,
            Some(other) => {
                let detail = wrong(&format!("severity is error or warning, not {other}"));
                self.tell(place.clone(), detail);
                Weight::Error
            }
        };
        for (list, what) in [
            (one.workloads.is_empty(), "it selects no workloads; `- {}` selects all"),
            (one.scenarios.is_empty(), "it speaks of no scenario"),
        ] {
            if list {
                self.tell(place.clone(), wrong(what));
            }
        }
        let demands = self.demands(one, &place);
        let spoken_of = one.scenarios.iter().filter_map(|name| self.spoken_of(name, scenarios));
        let spoken_of = spoken_of.collect();
        let workloads = one.workloads.iter().map(|each| self.selector(each, &place)).collect();
        let name = one.name.to_string();
        Requirement { name, place, severity, workloads, scenarios: spoken_of, demands }
    }

    fn demands(&mut self, one: &RawRequirement<'_>, place: &Place) -> Demands {
        let min_ready = one.min_ready.as_ref().and_then(|text| {
            let known = MinReady::read(text);
            if known.is_none() {
                let detail = format!(
                    "requirement {}: minReady is a number above 0, a share such as 50%, all or \
                     quorum, not {}",
                    &*one.name, &**text
                );
                self.tell(place.clone(), detail);
            }
            known
        });
        let max_downtime = one.max_downtime.as_ref().and_then(|text| {
            let known = duration::seconds(text);
            if known.is_none() {
                let detail = format!(
                    "requirement {}: {:?} is no duration such as 50s or 1m30s",
                    &*one.name, &**text
                );
                self.tell(place.clone(), detail);
            }
            known
        });
        let asked = one.min_ready.is_some() || one.max_downtime.is_some();
        let (immediately, by_rule, recovered) = (one.immediately, one.by_rule, one.recovered);
        let demands = Demands { immediately, by_rule, recovered, min_ready, max_downtime };
        if demands.is_nothing() && !asked {
            let detail = format!(
                "requirement {}: nothing must hold; ask for immediately, byRule, recovered, \
                 minReady or maxDowntime",
                &*one.name
            );
            self.tell(place.clone(), detail);
        }
        demands
    }

    /// The position of the scenario of this name.
    fn spoken_of(&mut self, name: &Text<'_>, scenarios: &[Scenario]) -> Option<usize> {
        let known = scenarios.iter().position(|one| one.name == **name);
        if known.is_none() {
            let far = |one: &&Scenario| strsim::osa_distance(&one.name, name);
            let near = scenarios.iter().min_by_key(far).filter(|one| far(one) <= 2);
            let hint = near.map(|one| format!("; did you mean {}?", one.name));
            let detail = format!("there is no scenario {}{}", &**name, hint.unwrap_or_default());
            self.tell(self.raw.place_of(name), detail);
        }
        known
    }

    /// A selector stands where the first thing stands that it says.
    fn selector(&self, each: &RawSelector<'_>, requirement: &Place) -> Selector {
        let said = [&each.namespace, &each.name, &each.kind].into_iter().flatten();
        let keys = each.pod_labels.iter().map(|(key, _)| key);
        let places = said.chain(keys).map(|text| self.raw.place_of(text));
        let text = |given: &Option<Text<'_>>| given.as_ref().map(|text| text.to_string());
        let labels = each.pod_labels.iter();
        Selector {
            place: places.min().unwrap_or_else(|| requirement.clone()),
            namespace: text(&each.namespace),
            name: text(&each.name),
            kind: text(&each.kind),
            pod_labels: labels.map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        }
    }

    fn tell(&mut self, place: Place, detail: String) {
        self.told.push(FILE.bad(Some(place), detail));
    }
}

#[cfg(test)]
mod tests;
