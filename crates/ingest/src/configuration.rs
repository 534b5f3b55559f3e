//! The configuration of a kube-scheduler: who places pods, and how.
//!
//! What kube-scheduler 1.36 refuses to start with is refused here: unknown fields and wrong types
//! (its strict decoder), what `pkg/scheduler/apis/config/validation` complains about, and plugins
//! that do not go together (`NewFramework`, `pkg/scheduler/framework/runtime/framework.go`,
//! v1.36.3).

mod args;
mod names;
mod place;
mod plugins;
mod profile;
mod raw;

use holdfast_cluster::Builder;
use holdfast_cluster::profile::{Extender, Scheduling};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::raw::{RawConfiguration, RawExtender, RawPluginSet};
use crate::{Diagnostic, ObjectRef, Place, RawObject, Rule, Severity, Source, for_each_object};

const KIND: &str = "KubeSchedulerConfiguration";
const GROUP: &str = "kubescheduler.config.k8s.io";
const VERSION: &str = "kubescheduler.config.k8s.io/v1";

/// What is wrong or odd about a configuration, each with the path to the field, as upstream writes
/// it: `profiles[0].plugins.score`.
#[derive(Debug, Default)]
struct Faults {
    found: Vec<Fault>,
}

#[derive(Debug)]
struct Fault {
    rule: Rule,
    severity: Severity,
    path: String,
    detail: String,
}

impl Faults {
    /// The scheduler would not start with this.
    fn say(&mut self, path: &str, detail: impl Into<String>) {
        self.add(Rule::BadSchedulerConfig, Severity::Error, path, detail.into());
    }

    /// The scheduler works, and how it does is not modelled.
    fn doubt(&mut self, rule: Rule, path: &str, detail: impl Into<String>) {
        self.add(rule, Severity::Warning, path, detail.into());
    }

    fn add(&mut self, rule: Rule, severity: Severity, path: &str, detail: String) {
        self.found.push(Fault { rule, severity, path: path.to_owned(), detail });
    }

    /// Reads a value inside the configuration; what does not parse is told and left out.
    fn parse<'a, T: Deserialize<'a>>(&mut self, raw: &'a RawValue, path: &str) -> Option<T> {
        let error = match serde_json::from_str(raw.get()) {
            Ok(value) => return Some(value),
            Err(error) => error.to_string(),
        };
        let detail = error.rsplit_once(" at line ").map_or(&*error, |(text, _)| text);
        self.say(path, detail);
        None
    }
}

/// Reads a configuration and has the cluster scheduled by it.
pub(crate) fn read(source: Source, builder: &mut Builder, diagnostics: &mut Vec<Diagnostic>) {
    let name = source.name.clone();
    let mut told = Vec::new();
    let mut count = 0;
    let mut own = Vec::new();
    for_each_object(
        vec![source],
        &mut |object| {
            count += 1;
            match count {
                1 => object_into(&object, builder, &mut own),
                _ => own.push(whole(object.place_at(0), "more than one object is in the file")),
            }
        },
        &mut told,
    );
    told.retain(|found| found.rule != Rule::NoObjects);
    if count == 0 && told.is_empty() {
        own.push(whole(Place { file: name, line: 1, column: 1 }, format!("there is no {KIND}")));
    }
    diagnostics.extend(told);
    diagnostics.extend(own);
}

fn whole(place: Place, detail: impl Into<String>) -> Diagnostic {
    diagnostic(Rule::BadSchedulerConfig, Severity::Error, place, detail.into())
}

fn diagnostic(rule: Rule, severity: Severity, place: Place, detail: String) -> Diagnostic {
    Diagnostic { rule, severity, place: Some(place), object: None, detail }
}

fn object_into(object: &RawObject<'_>, builder: &mut Builder, diagnostics: &mut Vec<Diagnostic>) {
    let version = &object.api_version;
    if object.kind != KIND || crate::object::group_of(version) != GROUP {
        let detail = format!("it holds a {} of {version}, not a {KIND}", object.kind);
        return diagnostics.push(whole(object.place_at(0), detail));
    }
    if *version != VERSION {
        let (place, detail) = (object.place_at(0), format!("it is of {version}"));
        let rule = Rule::SchedulerConfigVersion;
        return diagnostics.push(diagnostic(rule, Severity::Error, place, detail));
    }
    let raw: RawConfiguration<'_> = match object.parse() {
        Ok(raw) => raw,
        Err(found) => {
            let rule = match found.rule {
                Rule::WrongType => Rule::BadSchedulerConfig,
                other => other,
            };
            return diagnostics.push(Diagnostic { rule, object: None::<ObjectRef>, ..found });
        }
    };
    let mut faults = Faults::default();
    let scheduling = schedule_by(&raw, builder, &mut faults);
    if faults.found.iter().all(|found| found.severity != Severity::Error) {
        *builder.scheduling() = scheduling;
    }
    let text = object.json().unwrap_or_default();
    diagnostics.extend(faults.found.into_iter().map(|found| {
        let place = object.place_at(place::offset(text, &found.path));
        let detail = match &*found.path {
            "" => found.detail,
            path => format!("{path}: {}", found.detail),
        };
        diagnostic(found.rule, found.severity, place, detail)
    }));
}

/// The configuration with defaults applied (`SetDefaults_KubeSchedulerConfiguration`,
/// `pkg/scheduler/apis/config/v1/defaults.go`).
fn schedule_by(
    raw: &RawConfiguration<'_>,
    builder: &mut Builder,
    faults: &mut Faults,
) -> Scheduling {
    check_process(raw, faults);
    let nothing = [raw::RawProfile::default()];
    let profiles = if raw.profiles.is_empty() { &nothing[..] } else { &raw.profiles };
    let extenders = extenders(&raw.extenders, builder, faults);
    let mut reader = profile::Reader { raw, builder, faults };
    let profiles: Vec<_> =
        profiles.iter().enumerate().map(|(at, one)| reader.profile(one, at)).collect();
    for (at, profile) in profiles.iter().enumerate() {
        if let Some(before) = profiles[..at].iter().position(|one| one.name == profile.name) {
            let detail = format!("the same as of profiles[{before}]");
            faults.say(&format!("profiles[{at}].schedulerName"), detail);
        }
    }
    check_queue(raw, faults);
    Scheduling { profiles: profiles.into(), extenders }
}

/// What concerns the process as a whole (`ValidateKubeSchedulerConfiguration`).
fn check_process(raw: &RawConfiguration<'_>, faults: &mut Faults) {
    if raw.parallelism.is_some_and(|parallelism| parallelism <= 0) {
        faults.say("parallelism", "must be greater than 0");
    }
    check_percentage(raw.percentage_of_nodes_to_score, "percentageOfNodesToScore", faults);
    let initial = raw.pod_initial_backoff_seconds.unwrap_or(1);
    let most = raw.pod_max_backoff_seconds.unwrap_or(10);
    if initial <= 0 {
        faults.say("podInitialBackoffSeconds", "must be greater than 0");
    }
    if most < initial {
        faults.say("podMaxBackoffSeconds", "must not be less than podInitialBackoffSeconds");
    }
}

fn check_percentage(percentage: Option<i32>, path: &str, faults: &mut Faults) {
    if percentage.is_some_and(|percentage| !(0..=100).contains(&percentage)) {
        faults.say(path, "must be from 0 to 100");
    }
}

/// One queue serves all profiles, so that they have to agree on its order
/// (`validateCommonQueueSort`).
fn check_queue(raw: &RawConfiguration<'_>, faults: &mut Faults) {
    let sorts = |set: &RawPluginSet| -> (Vec<(String, i32)>, Vec<String>) {
        let enabled = set.enabled.iter().map(|one| (one.name.clone(), one.weight.unwrap_or(0)));
        (enabled.collect(), set.disabled.iter().map(|one| one.name.clone()).collect())
    };
    let Some(first) = raw.profiles.first() else { return };
    for (at, profile) in raw.profiles.iter().enumerate().skip(1) {
        if sorts(&profile.plugins.queue_sort) != sorts(&first.plugins.queue_sort) {
            let path = format!("profiles[{at}].plugins.queueSort");
            faults.say(&path, "must be the same for all profiles");
        }
    }
}

/// The extenders, which nobody can ask here (`validateExtenders`).
fn extenders(raw: &[RawExtender], builder: &mut Builder, faults: &mut Faults) -> Box<[Extender]> {
    let says = |verb: &Option<String>| verb.as_ref().is_some_and(|verb| !verb.is_empty());
    let mut known = Vec::new();
    for (at, extender) in raw.iter().enumerate() {
        let path = format!("extenders[{at}]");
        if says(&extender.prioritize_verb) && extender.weight <= 0 {
            faults.say(&format!("{path}.weight"), "must be positive");
        }
        for (at, resource) in extender.managed_resources.iter().enumerate() {
            let path = format!("{path}.managedResources[{at}].name");
            if !names::is_extended_resource(&resource.name) {
                faults.say(&path, format!("{:?} is no extended resource", resource.name));
            }
            if known.contains(&resource.name) {
                faults.say(&path, format!("{} is managed twice", resource.name));
            }
            known.push(resource.name.clone());
        }
        faults.doubt(Rule::Extender, &path, "nobody can ask it here");
    }
    if raw.iter().filter(|extender| says(&extender.bind_verb)).count() > 1 {
        faults.say("extenders", "only one of them can bind");
    }
    let managed = |extender: &RawExtender, builder: &mut Builder| {
        extender.managed_resources.iter().map(|resource| builder.intern(&resource.name)).collect()
    };
    raw.iter().map(|extender| Extender { managed: managed(extender, builder) }).collect()
}

#[cfg(test)]
mod tests;
