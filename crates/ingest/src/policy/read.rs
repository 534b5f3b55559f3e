//! The file as it is written, and what is wrong with it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{
    Carry, Date, Demands, FILE, Fails, Form, Hold, MinReady, Owner, Policy, Quorums, Requirement,
    Scenario, Selector, State, Suppression, Weight, of_state, presets,
};
use crate::objects::lean::{Int, List, Pairs, Text};
use crate::{Diagnostic, Place, RawObject, Source, duration};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Raw<'a> {
    #[serde(rename = "apiVersion")]
    _api_version: Text<'a>,
    #[serde(rename = "kind")]
    _kind: Text<'a>,
    #[serde(default)]
    scenarios: List<RawScenario<'a>>,
    #[serde(default)]
    requirements: List<RawRequirement<'a>>,
    #[serde(default)]
    states: List<RawState<'a>>,
    #[serde(default)]
    assumptions: Option<Text<'a>>,
    #[serde(default)]
    extends: Option<Text<'a>>,
    #[serde(default)]
    suppressions: List<RawSuppression<'a>>,
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
    #[serde(default)]
    sequence: Option<Text<'a>>,
    #[serde(default)]
    expect: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawState<'a> {
    name: Text<'a>,
    #[serde(default)]
    holds: List<RawHold<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawHold<'a> {
    workloads: List<RawSelector<'a>>,
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
struct RawDomains<'a> {
    #[serde(default)]
    label: Option<Text<'a>>,
    #[serde(default)]
    file: Option<Text<'a>>,
    #[serde(default)]
    at_most: Option<Int>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawRequirement<'a> {
    name: Text<'a>,
    #[serde(default)]
    severity: Option<Text<'a>>,
    #[serde(default)]
    workloads: List<RawSelector<'a>>,
    #[serde(default)]
    scenarios: List<Text<'a>>,
    #[serde(default)]
    no_single_point_of_failure: bool,
    #[serde(default)]
    control_plane_quorum: bool,
    #[serde(default)]
    storage_quorum: bool,
    #[serde(default)]
    carries: Option<RawCarries<'a>>,
    #[serde(default)]
    spread_over: Option<RawSpread<'a>>,
    #[serde(default)]
    max_pods_per_node: Option<Int>,
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
    #[serde(default)]
    headroom: Option<Int>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawCarries<'a> {
    #[serde(default)]
    anti_affinity: bool,
    #[serde(default)]
    budget: bool,
    #[serde(default)]
    replicas: Option<Int>,
    #[serde(default)]
    strategy: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawSpread<'a> {
    label: Text<'a>,
    at_least: Int,
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
    priority_class: Option<Text<'a>>,
    #[serde(default)]
    owner: Option<RawOwner<'a>>,
    #[serde(default)]
    pod_labels: Pairs<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawOwner<'a> {
    #[serde(default)]
    kind: Option<Text<'a>>,
    #[serde(default)]
    name: Option<Text<'a>>,
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

/// What a demand is asked for by, for messages.
const DEMANDS: &str = "immediately, byRule, recovered, minReady or maxDowntime";

/// The same of a requirement.
const CLAIMS: &str = "immediately, byRule, recovered, minReady, maxDowntime, headroom, \
                      controlPlaneQuorum or storageQuorum";

/// What the scenario of `noSinglePointOfFailure` is called.
const ANY_ONE_NODE: &str = "any-one-node";

impl Reader<'_, '_> {
    fn policy(&mut self, read: &Raw<'_>) -> Policy {
        let Raw { requirements, scenarios, states, .. } = read;
        self.names("scenario", scenarios.iter().map(|one| &one.name));
        self.names("requirement", requirements.iter().map(|one| &one.name));
        self.names("state", states.iter().map(|one| &one.name));
        let mut policy = Policy {
            scenarios: scenarios.iter().map(|one| self.scenario(one)).collect(),
            requirements: Vec::new(),
            states: states.iter().map(|one| self.state(one)).collect(),
            assumptions: read.assumptions.as_ref().map(|path| path.to_string()),
            suppressions: read.suppressions.iter().map(|one| self.suppression(one)).collect(),
        };
        self.unreachable(states, &policy.states);
        let named = policy.scenarios.len();
        for one in requirements.iter() {
            self.requirement(one, &mut policy);
        }
        for (at, one) in scenarios.iter().enumerate() {
            if let Some(name) = &one.expect {
                self.expect(at, name, &mut policy);
            }
        }
        let preset = read.extends.as_ref();
        let preset = preset.and_then(|name| self.one_of("preset", name, presets::names()));
        if let Some(preset) = preset {
            presets::add(preset, &mut policy);
        }
        if policy.requirements.is_empty() && read.extends.is_none() {
            self.tell(self.raw.place_at(0), "it requires nothing".to_owned());
        }
        for (at, scenario) in policy.scenarios[..named].iter().enumerate() {
            let is_told = !policy.states.is_empty();
            if !is_told && !policy.requirements.iter().any(|one| one.scenarios.contains(&at)) {
                let detail = format!("no requirement speaks of scenario {}", scenario.name);
                self.tell(scenario.place.clone(), detail);
            }
        }
        policy
    }

    /// What a state asks for that a scenario is expected to come to.
    fn expect(&mut self, at: usize, name: &Text<'_>, policy: &mut Policy) {
        let names = policy.states.iter().map(|state| state.name.as_str());
        let Some(state) = self.one_of("state", name, names) else { return };
        for hold in &policy.states[state].holds {
            policy.requirements.push(Requirement {
                name: of_state(&policy.states[state].name),
                place: self.raw.place_of(name),
                severity: Weight::Error,
                workloads: hold.workloads.clone(),
                scenarios: vec![at],
                demands: hold.demands,
                quorums: Quorums::default(),
                form: Form::default(),
            });
        }
    }

    /// States that can never be what the cluster comes to, as a better one holds whenever they do.
    fn unreachable(&mut self, written: &[RawState<'_>], states: &[State]) {
        for (at, (raw, state)) in written.iter().zip(states).enumerate() {
            let better = states[..at].iter().find(|better| state.asks_all_of(better));
            if let Some(better) = better {
                let detail = format!(
                    "state {} is never reached: state {}, which comes before it, holds whenever \
                     it does; put the state that asks for more first",
                    state.name, better.name
                );
                self.tell(self.raw.place_of(&raw.name), detail);
            }
        }
    }

    fn state(&mut self, one: &RawState<'_>) -> State {
        let (place, whose) = (self.raw.place_of(&one.name), of_state(&one.name));
        let hold = |hold: &RawHold<'_>| {
            if hold.workloads.is_empty() {
                let detail = format!("{whose}: it selects no workloads");
                self.tell(place.clone(), detail);
            }
            let asked = Asked {
                flags: (hold.immediately, hold.by_rule, hold.recovered),
                min_ready: hold.min_ready.as_ref(),
                max_downtime: hold.max_downtime.as_ref(),
                headroom: None,
            };
            let demands = self.demands(&whose, &asked, &place);
            if demands.is_nothing() && asked.is_nothing() {
                self.tell(place.clone(), format!("{whose}: nothing must hold; ask for {DEMANDS}"));
            }
            let workloads = hold.workloads.iter().map(|each| self.selector(each, &place));
            Hold { workloads: workloads.collect(), demands }
        };
        State { name: one.name.to_string(), holds: one.holds.iter().map(hold).collect() }
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
                priority_class: None,
                owner: Owner::default(),
                pod_labels: Vec::new(),
            },
        };
        let by_pods = !object.pod_labels.is_empty() || object.priority_class.is_some();
        if by_pods || object.owner != Owner::default() {
            let detail = format!(
                "suppression of {}: name its object, not labels, priority class or owner",
                &*one.id
            );
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
        let fails = match (one.any_nodes, &one.domains, &one.fail, &one.sequence) {
            (Some(most), None, None, None) => Fails::AnyNodes(positive(most, "anyNodes")),
            (None, Some(domains), None, None) => {
                let at_most = positive(domains.at_most.unwrap_or(Int(1)), "atMost");
                match (&domains.label, &domains.file) {
                    (Some(label), None) => Fails::Domains { label: label.to_string(), at_most },
                    (None, Some(path)) => Fails::DomainFile { path: path.to_string(), at_most },
                    _ => {
                        let detail =
                            format!("scenario {}: domains are of a label or a file", &*one.name);
                        self.tell(place.clone(), detail);
                        Fails::These(Vec::new())
                    }
                }
            }
            (None, None, Some(names), None) if !names.is_empty() => {
                Fails::These(names.iter().map(|text| text.to_string()).collect())
            }
            (None, None, None, Some(events)) => Fails::Sequence(events.to_string()),
            _ => {
                let detail = format!(
                    "scenario {}: what fails is either `anyNodes`, `domains`, `sequence` or \
                     `fail`, a list of nodes",
                    &*one.name
                );
                self.tell(place.clone(), detail);
                Fails::These(Vec::new())
            }
        };
        Scenario { name: one.name.to_string(), place, fails }
    }

    /// Adds a requirement, and one more for what it asks of any one node.
    fn requirement(&mut self, one: &RawRequirement<'_>, policy: &mut Policy) {
        let place = self.raw.place_of(&one.name);
        let whose = format!("requirement {}", &*one.name);
        let severity = match one.severity.as_deref() {
            None | Some("error") => Weight::Error,
            Some("warning") => Weight::Warning,
            Some(other) => {
                let detail = format!("{whose}: severity is error or warning, not {other}");
                self.tell(place.clone(), detail);
                Weight::Error
            }
        };
        let quorums =
            Quorums { control_plane: one.control_plane_quorum, storage: one.storage_quorum };
        let asked = Asked {
            flags: (one.immediately, one.by_rule, one.recovered),
            min_ready: one.min_ready.as_ref(),
            max_downtime: one.max_downtime.as_ref(),
            headroom: one.headroom,
        };
        let demands = self.demands(&whose, &asked, &place);
        let form = self.form(one, &whose, &place);
        let scenarios = policy.scenarios.iter().map(|known| known.name.as_str());
        let spoken_of: Vec<usize> = one
            .scenarios
            .iter()
            .filter_map(|name| self.one_of("scenario", name, scenarios.clone()))
            .collect();
        let of_pods = !asked.is_nothing();
        let asks = of_pods || !quorums.is_nothing();
        let stands = !form.is_nothing() || one.no_single_point_of_failure;
        if one.workloads.is_empty() && (of_pods || stands || !asks) {
            let detail = format!("{whose}: it selects no workloads; `- {{}}` selects all");
            self.tell(place.clone(), detail);
        }
        let says = match (asks, !one.scenarios.is_empty()) {
            (true, false) => Some("it speaks of no scenario".to_owned()),
            (false, true) => Some(format!("nothing must hold in its scenarios; ask for {CLAIMS}")),
            (false, false) if !stands => Some(format!("nothing must hold; ask for {CLAIMS}")),
            _ => None,
        };
        if let Some(detail) = says {
            self.tell(place.clone(), format!("{whose}: {detail}"));
        }
        let follows = |at: &usize| matches!(policy.scenarios[*at].fails, Fails::Sequence(_));
        let of_sets = demands.is_of_sets() || !quorums.is_nothing();
        if of_sets && spoken_of.iter().any(follows) {
            let detail = format!("{whose}: of a sequence ask for immediately and recovered alone");
            self.tell(place.clone(), detail);
        }
        let workloads: Vec<Selector> =
            one.workloads.iter().map(|each| self.selector(each, &place)).collect();
        let name = one.name.to_string();
        let scenarios = spoken_of;
        let requirement =
            Requirement { name, place, severity, workloads, scenarios, demands, quorums, form };
        if one.no_single_point_of_failure {
            let any = any_one_node(policy, &requirement.place);
            policy.requirements.push(Requirement {
                scenarios: vec![any],
                demands: Demands { immediately: true, ..Demands::default() },
                quorums: Quorums::default(),
                form: Form::default(),
                ..requirement.clone()
            });
        }
        if asks || !requirement.form.is_nothing() {
            policy.requirements.push(requirement);
        }
    }

    fn form(&mut self, one: &RawRequirement<'_>, whose: &str, place: &Place) -> Form {
        let mut count = |number: Int, field: &str| self.count(number, field, (whose, place));
        let asked = one.carries.as_ref();
        let replicas = asked.and_then(|asked| asked.replicas);
        let replicas = replicas.map(|number| count(number, "replicas"));
        let spread_over = one.spread_over.as_ref();
        let spread_over =
            spread_over.map(|spread| (spread.label.to_string(), count(spread.at_least, "atLeast")));
        let max_pods_per_node = one.max_pods_per_node;
        let max_pods_per_node = max_pods_per_node.map(|number| count(number, "maxPodsPerNode"));
        let strategy = asked.and_then(|asked| asked.strategy.as_ref());
        if let Some(strategy) = strategy.filter(|strategy| &***strategy != "RollingUpdate") {
            let detail = format!("{whose}: strategy is RollingUpdate, not {}", &**strategy);
            self.tell(place.clone(), detail);
        }
        let says = |carry, is: bool| is.then_some(carry);
        let carries = [
            says(Carry::AntiAffinity, asked.is_some_and(|asked| asked.anti_affinity)),
            says(Carry::Budget, asked.is_some_and(|asked| asked.budget)),
            replicas.map(Carry::Replicas),
            says(Carry::RollingUpdate, strategy.is_some()),
        ];
        Form { carries: carries.into_iter().flatten().collect(), spread_over, max_pods_per_node }
    }

    fn demands(&mut self, whose: &str, asked: &Asked<'_>, place: &Place) -> Demands {
        let min_ready = asked.min_ready.and_then(|text| {
            let known = MinReady::read(text);
            if known.is_none() {
                let detail = format!(
                    "{whose}: minReady is a number above 0, a share such as 50%, all or quorum, \
                     not {}",
                    &**text
                );
                self.tell(place.clone(), detail);
            }
            known
        });
        let max_downtime = asked.max_downtime.and_then(|text| {
            let known = duration::seconds(text);
            if known.is_none() {
                let detail = format!("{whose}: {:?} is no duration such as 50s or 1m30s", &**text);
                self.tell(place.clone(), detail);
            }
            known
        });
        let headroom = asked.headroom.map(|number| self.count(number, "headroom", (whose, place)));
        let (immediately, by_rule, recovered) = asked.flags;
        Demands { immediately, by_rule, recovered, min_ready, max_downtime, headroom }
    }

    /// A number that is one.
    fn count(&mut self, number: Int, field: &str, (whose, place): (&str, &Place)) -> u32 {
        let known = u32::try_from(number.0).ok().filter(|number| *number > 0);
        known.unwrap_or_else(|| {
            self.tell(place.clone(), format!("{whose}: {field} must be at least 1"));
            1
        })
    }

    /// The position of what has this name.
    fn one_of<'n>(
        &mut self,
        what: &str,
        name: &Text<'_>,
        names: impl Iterator<Item = &'n str> + Clone,
    ) -> Option<usize> {
        let known = names.clone().position(|one| one == &**name);
        if known.is_none() {
            let far = |one: &&str| strsim::osa_distance(one, name);
            let near = names.min_by_key(far).filter(|one| far(one) <= 2);
            let hint = near.map(|one| format!("; did you mean {one}?"));
            let detail = format!("there is no {what} {}{}", &**name, hint.unwrap_or_default());
            self.tell(self.raw.place_of(name), detail);
        }
        known
    }

    /// A selector stands where the first thing stands that it says.
    fn selector(&mut self, each: &RawSelector<'_>, requirement: &Place) -> Selector {
        let owner = each.owner.as_ref();
        if owner.is_some_and(|owner| owner.kind.is_none() && owner.name.is_none()) {
            let detail = "an owner is selected by kind, name or both".to_owned();
            self.tell(requirement.clone(), detail);
        }
        let owner_kind = owner.and_then(|owner| owner.kind.as_ref());
        let owner_name = owner.and_then(|owner| owner.name.as_ref());
        let own = [&each.namespace, &each.name, &each.kind, &each.priority_class];
        let said = own.map(Option::as_ref).into_iter().chain([owner_kind, owner_name]).flatten();
        let keys = each.pod_labels.iter().map(|(key, _)| key);
        let places = said.chain(keys).map(|text| self.raw.place_of(text));
        let text = |given: Option<&Text<'_>>| given.map(|text| text.to_string());
        let labels = each.pod_labels.iter();
        Selector {
            place: places.min().unwrap_or_else(|| requirement.clone()),
            namespace: text(each.namespace.as_ref()),
            name: text(each.name.as_ref()),
            kind: text(each.kind.as_ref()),
            priority_class: text(each.priority_class.as_ref()),
            owner: Owner { kind: text(owner_kind), name: text(owner_name) },
            pod_labels: labels.map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        }
    }

    fn tell(&mut self, place: Place, detail: String) {
        self.told.push(FILE.bad(Some(place), detail));
    }
}

/// What is asked for, as it is written.
struct Asked<'r> {
    /// Immediately, by rule, recovered.
    flags: (bool, bool, bool),
    min_ready: Option<&'r Text<'r>>,
    max_downtime: Option<&'r Text<'r>>,
    headroom: Option<Int>,
}

impl Asked<'_> {
    fn is_nothing(&self) -> bool {
        self.flags == (false, false, false)
            && self.min_ready.is_none()
            && self.max_downtime.is_none()
            && self.headroom.is_none()
    }
}

/// The position of the scenario in which any one node fails: one of the file, else another.
fn any_one_node(policy: &mut Policy, place: &Place) -> usize {
    let known = policy.scenarios.iter().position(|one| one.fails == Fails::AnyNodes(1));
    known.unwrap_or_else(|| {
        policy.scenarios.push(Scenario {
            name: ANY_ONE_NODE.to_owned(),
            place: place.clone(),
            fails: Fails::AnyNodes(1),
        });
        policy.scenarios.len() - 1
    })
}
