//! What befalls a cluster.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample;
use serde_json::{Value, json};

/// Steps that people plan.
pub(super) const PLANNED: &[&str] =
    &["drain", "drain", "uncordon", "cordon", "fail", "rollout", "recover", "scale"];

/// All there are.
pub(super) const ALL: &[&str] = &[
    "fail",
    "fail",
    "fail-many",
    "recover",
    "recover",
    "forget",
    "out-of-service",
    "drain",
    "cordon",
    "uncordon",
    "rollout",
    "delete",
    "scale",
    "create",
];

/// The steps whose arguments are nodes.
#[cfg(test)]
pub(super) const OF_NODES: &[&str] =
    &["fail", "recover", "forget", "out-of-service", "drain", "cordon", "uncordon"];

/// A verb, and a number that picks what it is done to.
pub(super) fn drawn(verbs: &'static [&'static str]) -> impl Strategy<Value = (String, usize)> {
    (sample::select(verbs), any::<usize>()).prop_map(|(verb, number)| (verb.to_owned(), number))
}

/// One time in so many, a node may fail that only few pods tolerate.
const OPEN: usize = 4;

/// What a node is in the course of a story.
#[derive(Clone, Copy, PartialEq)]
enum Node {
    Up,
    Down,
    OutOfService,
    Gone,
}

/// What steps have to know of the cluster.
struct Cluster {
    /// The state of each node, and whether it is cordoned.
    nodes: BTreeMap<String, (Node, bool)>,
    /// Nodes that only few pods tolerate.
    tainted: BTreeSet<String>,
    /// `KIND/NAMESPACE/NAME` of the workloads, and the number of replicas of those that have one.
    workloads: Vec<(String, Option<i64>)>,
    /// What is created by and by.
    spare: Vec<Vec<Value>>,
}

/// The drawn steps as steps of this cluster; those that nothing can be done to are left out.
pub(super) fn settled(
    drawn: Vec<(String, usize)>,
    nodes: &[Value],
    workloads: &[Vec<Value>],
    spare: Vec<Vec<Value>>,
) -> Vec<Value> {
    let name = |node: &Value| node["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let mut cluster = Cluster {
        nodes: nodes.iter().map(|node| (name(node), (Node::Up, false))).collect(),
        tainted: nodes.iter().filter(|node| node["spec"]["taints"].is_array()).map(name).collect(),
        workloads: Vec::new(),
        spare,
    };
    for objects in workloads {
        cluster.know(objects);
    }
    let steps = drawn.into_iter().filter_map(|(verb, number)| cluster.step(&verb, number));
    steps.collect()
}

impl Cluster {
    fn know(&mut self, objects: &[Value]) {
        let Some(first) = objects.first() else { return };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let kind = text(&first["kind"]).to_lowercase();
        let metadata = &first["metadata"];
        let name = format!("{kind}/{}/{}", text(&metadata["namespace"]), text(&metadata["name"]));
        self.workloads.push((name, first["spec"]["replicas"].as_i64()));
    }

    fn step(&mut self, verb: &str, number: usize) -> Option<Value> {
        match verb {
            "fail" => self.change("fail", number, 1, &[Node::Up], Node::Down),
            "fail-many" => self.change("fail", number, 2 + number % 3, &[Node::Up], Node::Down),
            "fail-most" => {
                let count = (self.nodes.len() * 3).div_ceil(5);
                self.change("fail", number, count, &[Node::Up], Node::Down)
            }
            "fail-all" => self.change("fail", number, self.nodes.len(), &[Node::Up], Node::Down),
            "recover" => {
                let count = 1 + usize::from(number.is_multiple_of(4));
                // A node that is out of service keeps the taint until somebody takes it away.
                self.change("recover", number, count, &[Node::Down, Node::Gone], Node::Up)
            }
            "forget" => {
                let silent = [Node::Down, Node::OutOfService];
                self.change("forget", number, 1, &silent, Node::Gone)
            }
            "out-of-service" => {
                self.change("out-of-service", number, 1, &[Node::Down], Node::OutOfService)
            }
            "cordon" | "drain" | "uncordon" => self.close(verb, number),
            "create" => {
                let objects = self.spare.pop()?;
                self.know(&objects);
                Some(json!({"do": "create", "objects": objects}))
            }
            _ => self.plan(verb, number),
        }
    }

    /// Does something to so many nodes that are in one of some states.
    fn change(
        &mut self,
        verb: &str,
        number: usize,
        count: usize,
        from: &[Node],
        to: Node,
    ) -> Option<Value> {
        let mut names: Vec<String> =
            self.nodes.iter().filter(|(_, (state, _))| from.contains(state)).map(first).collect();
        // Little happens when a node fails that next to nothing runs on.
        if !number.is_multiple_of(OPEN) && names.iter().any(|name| !self.tainted.contains(name)) {
            names.retain(|name| count > 1 || !self.tainted.contains(name));
        }
        let chosen = names.iter().cycle().skip(number % names.len().max(1));
        let chosen: Vec<&String> = chosen.take(count.min(names.len())).collect();
        for name in &chosen {
            let node = self.nodes.get_mut(*name)?;
            // A node that registers anew is not cordoned.
            node.1 &= to != Node::Gone;
            node.0 = to;
        }
        (!chosen.is_empty()).then(|| json!({"do": verb, "args": chosen}))
    }

    /// Cordons a node that is open, or the other way round.
    fn close(&mut self, verb: &str, number: usize) -> Option<Value> {
        let close = verb != "uncordon";
        // Now and then somebody drains a node that does not answer.
        let silent = !close || number.is_multiple_of(3);
        let fits = |(_, (state, closed)): &(&String, &(Node, bool))| {
            *closed != close && (*state == Node::Up || (*state == Node::Down && silent))
        };
        let names: Vec<String> = self.nodes.iter().filter(fits).map(first).collect();
        let name = names.get(number % names.len().max(1))?;
        self.nodes.get_mut(name)?.1 = close;
        Some(json!({"do": verb, "args": [name]}))
    }

    /// Does something to a workload.
    fn plan(&mut self, verb: &str, number: usize) -> Option<Value> {
        let fits = |(name, replicas): &&(String, Option<i64>)| match verb {
            "rollout" => replicas.is_some() || name.starts_with("daemonset/"),
            "scale" => replicas.is_some(),
            _ => true,
        };
        let names: Vec<(String, Option<i64>)> =
            self.workloads.iter().filter(fits).cloned().collect();
        let (name, replicas) = names.get(number % names.len().max(1))?;
        match (verb, replicas) {
            ("scale", Some(replicas)) => {
                let least = i64::from(*replicas < 2);
                let wanted = (*replicas + [1, 2, -1, 3][number / 7 % 4]).max(least);
                let known = self.workloads.iter_mut().find(|(known, _)| known == name);
                known?.1 = Some(wanted);
                Some(json!({"do": "scale", "args": [name, wanted.to_string()]}))
            }
            // The pods of a StatefulSet have names that can be foretold.
            ("delete", Some(replicas)) if *replicas > 0 && name.starts_with("statefulset/") => {
                let pod = format!("pod{}-{}", &name["statefulset".len()..], number / 7 % 2);
                let pod = if *replicas == 1 { pod.replace("-1", "-0") } else { pod };
                Some(json!({"do": "delete", "args": [pod]}))
            }
            ("delete", _) => {
                let name = name.clone();
                self.workloads.retain(|(known, _)| *known != name);
                Some(json!({"do": "delete", "args": [name]}))
            }
            _ => Some(json!({"do": verb, "args": [name]})),
        }
    }
}

fn first<V>((name, _): (&String, V)) -> String {
    name.clone()
}
