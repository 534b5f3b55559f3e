//! Findings that somebody accepts, with a reason: on the object, in the policy, or for one run.

use std::collections::BTreeMap;

use holdfast_ingest::Place;
use holdfast_ingest::overlay::{Manifest, Named};
use holdfast_ingest::policy::{Date, Policy, Suppression, Weight};
use holdfast_proof::report::Object;
use serde::Serialize;

use crate::finding::{Fault, Finding, IDS};

/// The domain of annotations that accept findings.
pub const DOMAIN: &str = "suppress.holdfast.dev";

/// What an annotation that accepts a finding begins with: the finding's id follows.
pub const ANNOTATION: &str = "suppress.holdfast.dev/";

/// What in an annotation stands before the last day on which it holds.
const UNTIL: &str = "; until ";

/// Who accepts a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// An annotation of the object.
    Annotation,
    /// The policy.
    Policy,
    /// An option of this run.
    Run,
}

/// A finding that is accepted.
#[derive(Clone, Debug, Serialize)]
pub struct Suppressed {
    /// Who accepts it.
    pub by: By,
    /// Why.
    pub reason: String,
    /// The finding.
    pub finding: Finding,
}

/// What one run accepts: `ID[:KIND/NAMESPACE/NAME]=REASON`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForOneRun {
    /// The id.
    pub id: String,
    /// The object; any where there is none.
    pub object: Option<Object>,
    /// Why.
    pub reason: String,
}

/// Everything that is accepted.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    all: Vec<Entry>,
    /// Annotations that make no sense.
    wrong: Vec<Finding>,
}

#[derive(Clone, Debug)]
struct Entry {
    by: By,
    id: String,
    object: Pattern,
    reason: String,
    until: Option<Date>,
    place: Place,
    used: bool,
}

/// Which objects.
#[derive(Clone, Debug, Default)]
struct Pattern {
    kind: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
}

impl Pattern {
    fn of(object: &Object) -> Self {
        let Object { kind, namespace, name } = object.clone();
        Self { kind: Some(kind), namespace: Some(namespace), name: Some(name) }
    }

    fn matches(&self, object: Option<&Object>) -> bool {
        let says = |wanted: &Option<String>, has: fn(&Object) -> &String| {
            let is = |text: &String| object.is_some_and(|object| has(object) == text);
            wanted.as_ref().is_none_or(is)
        };
        says(&self.kind, |one| &one.kind)
            && says(&self.namespace, |one| &one.namespace)
            && says(&self.name, |one| &one.name)
    }
}

impl Suppressions {
    /// Adds what a policy accepts.
    pub fn of_policy(&mut self, policy: &Policy) {
        let entry = |one: &Suppression| Entry {
            by: By::Policy,
            id: one.id.clone(),
            object: Pattern {
                kind: one.object.kind.clone(),
                namespace: one.object.namespace.clone(),
                name: one.object.name.clone(),
            },
            reason: one.reason.clone(),
            until: one.until,
            place: one.object.place.clone(),
            used: false,
        };
        self.all.extend(policy.suppressions.iter().map(entry));
    }

    /// Adds what annotations of objects accept.
    pub fn of_annotations(&mut self, manifests: &BTreeMap<Named, Manifest>) {
        for manifest in manifests.values() {
            let annotations = manifest.value["metadata"]["annotations"].as_object();
            for (key, value) in annotations.into_iter().flatten() {
                let Some(id) = key.strip_prefix(ANNOTATION) else { continue };
                self.annotation(manifest, id, value.as_str().unwrap_or_default());
            }
        }
    }

    fn annotation(&mut self, manifest: &Manifest, id: &str, text: &str) {
        let Named { kind, namespace, name } = manifest.named.clone();
        let object = Object { kind, namespace, name };
        let (reason, day) = match text.split_once(UNTIL) {
            Some((reason, day)) => (reason.trim(), Some(day.trim())),
            None => (text.trim(), None),
        };
        let until = day.map(str::parse::<Date>).transpose();
        let Some(until) = until.ok().filter(|_| !reason.is_empty()) else {
            let fault = Fault::SuppressionUnclear { suppresses: id.to_owned() };
            self.wrong.push(about(fault, manifest.place.clone(), Some(object)));
            return;
        };
        self.all.push(Entry {
            by: By::Annotation,
            id: id.to_owned(),
            object: Pattern::of(&object),
            reason: reason.to_owned(),
            until,
            place: manifest.place.clone(),
            used: false,
        });
    }

    /// Adds what is accepted in this run alone.
    pub fn of_run(&mut self, one: &ForOneRun) {
        self.all.push(Entry {
            by: By::Run,
            id: one.id.clone(),
            object: one.object.as_ref().map(Pattern::of).unwrap_or_default(),
            reason: one.reason.clone(),
            until: None,
            place: Place { file: "--suppress".to_owned(), line: 1, column: 1 },
            used: false,
        });
    }

    /// Takes out of `findings` what is accepted on a day, and adds what is wrong with what accepts
    /// it: that it has expired, or that there is nothing to accept.
    pub fn apply(mut self, findings: &mut Vec<Finding>, today: Date) -> Vec<Suppressed> {
        let mut suppressed = Vec::new();
        let mut left = Vec::new();
        for finding in findings.drain(..) {
            let id = finding.fault.id();
            let mut found = self
                .all
                .iter_mut()
                .filter(|entry| entry.id == id && entry.object.matches(finding.object.as_ref()));
            let mut holding = None;
            for entry in &mut found {
                entry.used = true;
                let holds = entry.until.is_none_or(|day| day >= today);
                holding = holding.or(holds.then(|| (entry.by, entry.reason.clone())));
            }
            match holding {
                Some((by, reason)) => suppressed.push(Suppressed { by, reason, finding }),
                None => left.push(finding),
            }
        }
        left.append(&mut self.wrong);
        left.extend(self.all.into_iter().filter_map(|entry| entry.fault(today)));
        *findings = left;
        suppressed
    }
}

impl Entry {
    /// What is wrong with it.
    fn fault(self, today: Date) -> Option<Finding> {
        let suppresses = self.id.clone();
        let fault = if self.until.is_some_and(|day| day < today) {
            Fault::SuppressionExpired { suppresses }
        } else if self.used {
            return None;
        } else {
            let known = IDS.contains(&&*self.id);
            Fault::SuppressionUnmatched { suppresses, known }
        };
        let object = match (self.object.kind, self.object.namespace, self.object.name) {
            (Some(kind), Some(namespace), Some(name)) => Some(Object { kind, namespace, name }),
            _ => None,
        };
        Some(about(fault, self.place, object))
    }
}

/// A finding about what accepts findings: it is told, and closes nothing.
fn about(fault: Fault, place: Place, object: Option<Object>) -> Finding {
    Finding::new((Weight::Warning, fault), ("suppression", None), (object, place))
}
