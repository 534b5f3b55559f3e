//! Files of kind `Assumptions`: what an export cannot show (`docs/assumptions.md`).
//!
//! The export comes first where it speaks: what contradicts it is an error that shows both.

mod check;

use holdfast_cluster::assumptions::{AssumedTime, Assumptions, Machine};
use holdfast_cluster::storage::Declared;
use holdfast_cluster::{Builder, Cluster, Symbol};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde::Deserialize;

use crate::objects::lean::{List, Text};
use crate::own::OwnKind;
use crate::{
    Diagnostic, Loaded, Place, RawObject, Rule, Severity, Source, duration, for_each_object,
};

const FILE: OwnKind = OwnKind { name: "Assumptions", rule: Rule::BadAssumption };

/// Lays a file of assumptions over what was loaded. What is wrong with it is among the diagnostics;
/// with an error among them the cluster must not be used.
pub fn assume(loaded: Loaded, source: Source) -> Loaded {
    let Loaded { cluster, mut diagnostics, inventory, origins, laid_over } = loaded;
    let name = source.name.clone();
    let mut found = Vec::new();
    let mut told = Vec::new();
    let mut wrong = Vec::new();
    let mut visit = |raw: RawObject<'_>| {
        if let Some(foreign) = FILE.foreign(&raw) {
            wrong.push(foreign);
            return;
        }
        match raw.parse::<Raw<'_>>() {
            Ok(read) => found.push(read.written(&raw, &mut told)),
            Err(diagnostic) => told.push(diagnostic),
        }
    };
    for_each_object(vec![source], &mut visit, &mut diagnostics);
    told.append(&mut wrong);
    if found.is_empty() && told.is_empty() {
        told.push(FILE.missing(&name));
    }
    let mut written = Written::default();
    for more in found {
        written.add(more);
    }
    check::check(&cluster, &written, &mut told);
    let refused = told.iter().any(|one| one.severity == Severity::Error);
    diagnostics.extend(told);
    let cluster = if refused { cluster } else { written.lay_over(cluster) };
    Loaded { cluster, diagnostics, inventory, origins, laid_over }
}

fn bad(place: Option<Place>, detail: String) -> Diagnostic {
    FILE.bad(place, detail)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Raw<'a> {
    #[serde(rename = "apiVersion")]
    _api_version: Text<'a>,
    #[serde(rename = "kind")]
    _kind: Text<'a>,
    #[serde(default)]
    times: Option<RawTimes<'a>>,
    #[serde(default)]
    machines: List<RawMachine<'a>>,
    #[serde(default)]
    control_plane: Option<RawControlPlane<'a>>,
    #[serde(default)]
    storage: List<RawStorage<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawTimes<'a> {
    node_monitor_grace_period: Option<Text<'a>>,
    image_start: Option<Text<'a>>,
    volume_force_detach: Option<Text<'a>>,
    leader_election: Option<Text<'a>>,
    load_balancer_failover: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'a"))]
struct RawMachine<'a> {
    name: Text<'a>,
    #[serde(default)]
    nodes: List<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawControlPlane<'a> {
    etcd: Option<RawMembers<'a>>,
    api_servers: Option<RawMembers<'a>>,
    load_balancer: Option<RawMembers<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'a"))]
struct RawMembers<'a> {
    members: List<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawStorage<'a> {
    storage_class: Text<'a>,
    #[serde(default)]
    replicas: Option<u32>,
    #[serde(default)]
    writable_with: Option<u32>,
    #[serde(default)]
    readable_with: Option<u32>,
    #[serde(default)]
    failure_domain: Option<Text<'a>>,
    #[serde(default)]
    nodes: Option<List<Text<'a>>>,
    #[serde(default)]
    quorum: Option<RawMembers<'a>>,
}

/// A name, and where it stands.
#[derive(Clone, Debug)]
struct Name {
    text: String,
    place: Place,
}

/// What was written, with places.
#[derive(Debug, Default)]
struct Written {
    times: Vec<(AssumedTime, i64)>,
    machines: Vec<(Name, Vec<Name>)>,
    etcd: Option<Vec<Name>>,
    api_servers: Option<Vec<Name>>,
    load_balancer: Option<Vec<Name>>,
    storage: Vec<Entry>,
}

/// What was written of a storage class.
#[derive(Debug)]
struct Entry {
    class: Name,
    replicas: Option<u32>,
    writable_with: Option<u32>,
    readable_with: Option<u32>,
    failure_domain: Option<Name>,
    nodes: Option<Vec<Name>>,
    quorum: Option<Vec<Name>>,
}

impl Raw<'_> {
    fn written(&self, raw: &RawObject<'_>, told: &mut Vec<Diagnostic>) -> Written {
        let name = |text: &Text<'_>| Name { text: text.to_string(), place: raw.place_of(text) };
        let names = |list: &List<Text<'_>>| -> Vec<Name> { list.iter().map(name).collect() };
        let members = |part: &Option<RawMembers<'_>>| part.as_ref().map(|it| names(&it.members));
        let plane = self.control_plane.as_ref();
        let entry = |one: &RawStorage<'_>| Entry {
            class: name(&one.storage_class),
            replicas: one.replicas,
            writable_with: one.writable_with,
            readable_with: one.readable_with,
            failure_domain: one.failure_domain.as_ref().map(name),
            nodes: one.nodes.as_ref().map(names),
            quorum: members(&one.quorum),
        };
        let mut written = Written {
            times: Vec::new(),
            machines: self
                .machines
                .iter()
                .map(|one| (name(&one.name), names(&one.nodes)))
                .collect(),
            etcd: plane.and_then(|plane| members(&plane.etcd)),
            api_servers: plane.and_then(|plane| members(&plane.api_servers)),
            load_balancer: plane.and_then(|plane| members(&plane.load_balancer)),
            storage: self.storage.iter().map(entry).collect(),
        };
        for (time, given) in self.times.iter().flat_map(RawTimes::all) {
            let given = name(given);
            if let Some(seconds) = duration::seconds(&given.text) {
                written.times.push((time, seconds));
            } else {
                let detail = format!("{:?} is no duration such as 50s or 1m30s", given.text);
                told.push(bad(Some(given.place), detail));
            }
        }
        written
    }
}

impl<'a> RawTimes<'a> {
    fn all(&self) -> impl Iterator<Item = (AssumedTime, &Text<'a>)> {
        let each = [
            (AssumedTime::NodeMonitorGrace, &self.node_monitor_grace_period),
            (AssumedTime::ImageStart, &self.image_start),
            (AssumedTime::ForceDetach, &self.volume_force_detach),
            (AssumedTime::LeaderElection, &self.leader_election),
            (AssumedTime::LoadBalancer, &self.load_balancer_failover),
        ];
        each.into_iter().filter_map(|(time, given)| Some((time, given.as_ref()?)))
    }
}

impl Written {
    /// Several documents are as one.
    fn add(&mut self, more: Self) {
        self.times.extend(more.times);
        self.machines.extend(more.machines);
        self.storage.extend(more.storage);
        self.etcd = more.etcd.or(self.etcd.take());
        self.api_servers = more.api_servers.or(self.api_servers.take());
        self.load_balancer = more.load_balancer.or(self.load_balancer.take());
    }

    fn lay_over(self, cluster: Cluster) -> Cluster {
        let mut builder = Builder::from(cluster);
        let mut intern = |name: &Name| builder.intern(&name.text);
        let mut all = |list: &[Name]| -> Vec<Symbol> { list.iter().map(&mut intern).collect() };
        let assumptions = Assumptions {
            machines: self
                .machines
                .iter()
                .map(|(name, nodes)| Machine {
                    name: all(std::slice::from_ref(name))[0],
                    nodes: all(nodes),
                })
                .collect(),
            etcd: self.etcd.as_deref().map(&mut all),
            api_servers: self.api_servers.as_deref().map(&mut all),
            load_balancer: self.load_balancer.as_deref().map(&mut all),
            times: self.times,
        };
        let mut declared: IndexMap<Symbol, Declared, FxBuildHasher> = IndexMap::default();
        for entry in &self.storage {
            let class = all(std::slice::from_ref(&entry.class))[0];
            let domain = entry.failure_domain.as_ref();
            let of_class = Declared {
                replicas: entry.replicas,
                writable_with: entry.writable_with,
                readable_with: entry.readable_with,
                failure_domain: Some(match domain {
                    Some(label) => all(std::slice::from_ref(label))[0],
                    None => by_host(&mut all, &entry.class.place),
                }),
                nodes: entry.nodes.as_deref().map(&mut all),
                quorum: entry.quorum.as_deref().map(&mut all),
            };
            declared.insert(class, of_class);
        }
        let objects = builder.objects();
        objects.assumptions = assumptions;
        objects.storage.declared = declared;
        builder.finish()
    }
}

/// Where no failure domain is written, copies are kept apart by host.
fn by_host(all: &mut impl FnMut(&[Name]) -> Vec<Symbol>, place: &Place) -> Symbol {
    all(&[Name { text: "kubernetes.io/hostname".to_owned(), place: place.clone() }])[0]
}

#[cfg(test)]
mod tests;
