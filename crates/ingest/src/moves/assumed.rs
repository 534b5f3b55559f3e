//! What is assumed of a cluster on its way between two layouts.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{RawObject, Source, for_each_object};

/// The parts of a control plane, as files of assumptions call them.
const PARTS: [&str; 3] = ["etcd", "apiServers", "loadBalancer"];

/// What is assumed of both layouts together.
#[derive(Clone, Debug, Default)]
pub struct Assumed {
    fields: Map<String, Value>,
    /// The members of each part of the control plane, where either layout declares them.
    parts: [Option<BTreeSet<String>>; 3],
    /// Members that one of the layouts has alone.
    apart: BTreeSet<String>,
}

impl Assumed {
    /// What two files say; where they differ the second is right. `members` are those of each part
    /// that the layouts have by themselves, which fill in what one of them leaves open.
    pub fn both(files: [Option<Source>; 2], members: &[[BTreeSet<String>; 3]; 2]) -> Option<Self> {
        if files.iter().all(Option::is_none) {
            return None;
        }
        let [from, to] = files.map(|file| file.map_or_else(Map::new, read));
        let mut both = Self::default();
        for (at, part) in PARTS.into_iter().enumerate() {
            let declared = |file: &Map<String, Value>| {
                file.get("controlPlane").and_then(|plane| plane.get(part)).map(|part| {
                    let names = part["members"].as_array().into_iter().flatten();
                    names.filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>()
                })
            };
            let (one, other) = (declared(&from), declared(&to));
            if one.is_some() || other.is_some() {
                let one = one.unwrap_or_else(|| members[0][at].clone());
                let other = other.unwrap_or_else(|| members[1][at].clone());
                both.apart.extend(one.symmetric_difference(&other).cloned());
                both.parts[at] = Some(one.union(&other).cloned().collect());
            }
        }
        both.fields = merged(from, to);
        Some(both)
    }

    /// Members that one of the layouts has alone.
    pub fn apart(&self) -> &BTreeSet<String> {
        &self.apart
    }

    /// What is assumed while there are these nodes, of which those that are `resting` carry no part
    /// of the control plane.
    pub fn of(&self, nodes: &BTreeSet<String>, resting: &BTreeSet<String>) -> Source {
        let mut fields = self.fields.clone();
        let mut machines = BTreeSet::new();
        for machine in
            fields.get_mut("machines").and_then(Value::as_array_mut).into_iter().flatten()
        {
            machines.extend(machine["name"].as_str().map(str::to_owned));
            if let Some(carried) = machine.get_mut("nodes").and_then(Value::as_array_mut) {
                carried.retain(|name| name.as_str().is_some_and(|name| nodes.contains(name)));
            }
        }
        let mut plane = Map::new();
        for (part, members) in PARTS.into_iter().zip(&self.parts) {
            let Some(members) = members else { continue };
            let there = members.iter().filter(|name| {
                (nodes.contains(*name) || machines.contains(*name)) && !resting.contains(*name)
            });
            let there: Vec<&String> = there.collect();
            plane.insert(part.to_owned(), json!({ "members": there }));
        }
        if plane.is_empty() {
            fields.remove("controlPlane");
        } else {
            fields.insert("controlPlane".into(), Value::Object(plane));
        }
        fields.insert("apiVersion".into(), json!("holdfast.dev/v1"));
        fields.insert("kind".into(), json!("Assumptions"));
        Source::named("assumptions between the layouts", Value::Object(fields).to_string())
    }
}

/// All documents of a file as one.
fn read(file: Source) -> Map<String, Value> {
    let mut all = Map::new();
    let mut visit = |raw: RawObject<'_>| {
        if let Ok(Value::Object(fields)) = raw.parse() {
            all = merged(std::mem::take(&mut all), fields);
        }
    };
    for_each_object(vec![file], &mut visit, &mut Vec::new());
    all
}

/// Entries of lists go by their name; what both say is said by the second.
fn merged(mut one: Map<String, Value>, other: Map<String, Value>) -> Map<String, Value> {
    for (field, value) in other {
        let known = one.remove(&field);
        let value = match (known, value) {
            (Some(Value::Array(known)), Value::Array(new)) => {
                let key = if field == "storage" { "storageClass" } else { "name" };
                let mut new = new;
                let mut kept = Vec::new();
                for entry in known {
                    match new.iter_mut().find(|other| other[key] == entry[key]) {
                        None => kept.push(entry),
                        Some(other) if field == "machines" => carry(other, &entry),
                        Some(_) => {}
                    }
                }
                kept.append(&mut new);
                Value::Array(kept)
            }
            (Some(Value::Object(known)), Value::Object(new)) => Value::Object(merged(known, new)),
            (_, new) => new,
        };
        one.insert(field, value);
    }
    one
}

/// A machine carries the nodes of both layouts.
fn carry(machine: &mut Value, known: &Value) {
    let more = known["nodes"].as_array().cloned().unwrap_or_default();
    if let Some(nodes) = machine.get_mut("nodes").and_then(Value::as_array_mut) {
        for node in more {
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
    }
}
