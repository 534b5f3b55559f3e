//! The forms that there are, and what each comes to.

use std::rc::Rc;

use holdfast_session::changes::Change;
use holdfast_session::forms::{Form, More, NodeEdit, Origin, Resource, Rule, WorkloadEdit};
use yew::NodeRef;

use super::Wish;
use super::form::{Fields, Input, Kind, value};
use crate::map::Deed;
use crate::scene::Scene;
use crate::words::whatif as words;

/// Kinds that have pods of a template.
const MAKERS: [&str; 5] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"];

/// Labels by which pods are kept apart most often.
const APART: [&str; 2] = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"];

/// The workloads: as the command names them, and as they are read.
pub(super) fn workloads(scene: &Scene) -> Vec<(String, String)> {
    let all = scene.overview.workloads.iter();
    let made = all.filter(|one| MAKERS.contains(&one.kind.as_str()));
    made.map(|one| {
        let key = format!("{}/{}/{}", one.kind.to_lowercase(), one.namespace, one.name);
        (key, format!("{}/{} · {} ({})", one.namespace, one.name, one.kind, one.desired))
    })
    .collect()
}

/// The nodes.
pub(super) fn nodes(scene: &Scene) -> Vec<(String, String)> {
    same(scene.overview.nodes.iter().map(|node| node.name.clone()))
}

/// What stands for itself.
fn same(all: impl Iterator<Item = String>) -> Vec<(String, String)> {
    all.map(|one| (one.clone(), one)).collect()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(value, reads)| ((*value).to_owned(), (*reads).to_owned())).collect()
}

/// Labels that pods may be kept apart or spread by.
fn topologies(scene: &Scene) -> Kind {
    let known = scene.choices.labels.iter().filter(|label| !APART.contains(&label.as_str()));
    let all = APART.iter().map(|label| (*label).to_owned()).chain(known.cloned());
    Kind::Some(APART[0].to_owned(), all.collect())
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned()).filter(|text| !text.is_empty())
}

/// A form about the workload that is chosen.
fn edit(
    (title, button): (&'static str, &'static str),
    workload: &NodeRef,
    inputs: Vec<Input>,
    make: impl Fn(&[String]) -> Option<WorkloadEdit> + 'static,
) -> Fields {
    let workload = workload.clone();
    let make = move |values: &[String]| {
        Some(Wish::Form(Form::Workload(text(&value(&workload))?, make(values)?)))
    };
    Fields { title, inputs, button, make: Rc::new(make) }
}

/// What may be another about the workload that is chosen.
pub(super) fn of_workload(scene: &Scene, workload: &NodeRef) -> Vec<Fields> {
    let [replicas, requests, apart, spread] = placing(scene, workload);
    let [tolerate, outlast, priority, budget] = surviving(scene, workload);
    vec![replicas, requests, apart, spread, tolerate, outlast, priority, budget]
}

/// How many pods there are, how large they are, and where they may be.
fn placing(scene: &Scene, workload: &NodeRef) -> [Fields; 4] {
    let replicas =
        edit(words::REPLICAS, workload, vec![(words::SO_MANY, Kind::Number(0, 2))], |values| {
            Some(WorkloadEdit::Replicas(values[0].parse().ok()?))
        });
    let resources = pairs(&[("cpu", words::CPU), ("memory", words::MEMORY)]);
    let inputs = vec![
        (words::RESOURCE, Kind::One(resources)),
        (words::AMOUNT, Kind::Text("500m".to_owned())),
        (words::CONTAINER, Kind::Number(0, 0)),
    ];
    let requests = edit(words::REQUESTS, workload, inputs, |values| {
        let resource = if values[0] == "cpu" { Resource::Cpu } else { Resource::Memory };
        let container = values[2].parse().ok()?;
        Some(WorkloadEdit::Request { container, resource, amount: text(&values[1])? })
    });
    let strict = || Kind::One(pairs(&[("yes", words::REQUIRED), ("no", words::PREFERRED)]));
    let inputs = vec![(words::KEY_APART, topologies(scene)), (words::HOW_STRICT, strict())];
    let apart = edit(words::APART, workload, inputs, |values| {
        Some(WorkloadEdit::Apart { key: text(&values[0])?, required: values[1] == "yes" })
    });
    let when = pairs(&[("yes", "DoNotSchedule"), ("no", "ScheduleAnyway")]);
    let inputs = vec![
        (words::KEY_SPREAD, topologies(scene)),
        (words::MAX_SKEW, Kind::Number(1, 1)),
        (words::WHEN, Kind::One(when)),
    ];
    let spread = edit(words::SPREAD, workload, inputs, |values| {
        let (key, max_skew) = (text(&values[0])?, values[1].parse().ok()?);
        Some(WorkloadEdit::Spread { key, max_skew, strict: values[2] == "yes" })
    });
    [replicas, requests, apart, spread]
}

/// What its pods bear, what they may push aside, and how many may be evicted.
fn surviving(scene: &Scene, workload: &NodeRef) -> [Fields; 4] {
    let inputs = vec![
        (words::TAINT_KEY, Kind::Text(String::new())),
        (words::TAINT_VALUE, Kind::Text(String::new())),
        (words::EFFECT, Kind::One(effects(true))),
    ];
    let tolerate = edit(words::TOLERATE, workload, inputs, |values| {
        let (key, value, effect) = (text(&values[0])?, text(&values[1]), text(&values[2]));
        Some(WorkloadEdit::Tolerate { key, value, effect })
    });
    let outlast =
        edit(words::OUTLAST, workload, vec![(words::SECONDS, Kind::Number(0, 30))], |values| {
            Some(WorkloadEdit::Outlast(values[0].parse().ok()?))
        });
    let classes = same(scene.choices.priorities.iter().cloned());
    let priority =
        edit(words::PRIORITY, workload, vec![(words::CLASS, Kind::One(classes))], |values| {
            text(&values[0]).map(WorkloadEdit::Priority)
        });
    let rules = pairs(&[("min", "minAvailable"), ("max", "maxUnavailable")]);
    let inputs =
        vec![(words::RULE, Kind::One(rules)), (words::HOW_MANY, Kind::Text("1".to_owned()))];
    let budget = edit(words::BUDGET, workload, inputs, |values| {
        let rule = if values[0] == "min" { Rule::MinAvailable } else { Rule::MaxUnavailable };
        Some(WorkloadEdit::Budget { rule, amount: text(&values[1])? })
    });
    [tolerate, outlast, priority, budget]
}

fn effects(any: bool) -> Vec<(String, String)> {
    let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"].map(str::to_owned);
    let any = any.then(|| (String::new(), words::ANY_EFFECT.to_owned()));
    same(known.into_iter()).into_iter().chain(any).collect()
}

/// Further nodes like one that is there.
pub(super) fn more(scene: &Scene) -> Fields {
    let inputs = vec![
        (words::CALLED, Kind::Text("new-node".to_owned())),
        (words::LIKE, Kind::One(nodes(scene))),
        (words::COUNT, Kind::Number(1, 1)),
        (words::ZONE, Kind::Text(String::new())),
    ];
    let make = |values: &[String]| {
        let (name, count, zone) = (text(&values[0])?, values[2].parse().ok()?, text(&values[3]));
        let origin = Origin::Like(text(&values[1])?);
        Some(Wish::Form(Form::Nodes(More { name, count, zone, origin })))
    };
    let (title, button) = words::NEW_NODES;
    Fields { title, inputs, button, make: Rc::new(make) }
}

/// What may be another about the node that is chosen.
pub(super) fn of_node(scene: &Scene, node: &NodeRef) -> Vec<Fields> {
    let form = |(title, button), inputs, make: fn(&[String]) -> Option<NodeEdit>| {
        let node = node.clone();
        let make = move |values: &[String]| {
            Some(Wish::Form(Form::Node(text(&value(&node))?, make(values)?)))
        };
        Fields { title, inputs, button, make: Rc::new(make) }
    };
    let label = vec![
        (words::LABEL_KEY, Kind::Some(APART[1].to_owned(), scene.choices.labels.clone())),
        (words::LABEL_VALUE, Kind::Text(String::new())),
    ];
    let taint = vec![
        (words::TAINT_KEY, Kind::Text("dedicated".to_owned())),
        (words::TAINT_VALUE, Kind::Text(String::new())),
        (words::EFFECT, Kind::One(effects(false))),
    ];
    let roles = ["control-plane", "etcd", "master"];
    let roles = roles.map(|role| format!("node-role.kubernetes.io/{role}"));
    let has = pairs(&[("yes", words::HAS_ROLE), ("no", words::HAS_NOT)]);
    let role = vec![
        (words::ROLE_NAME, Kind::One(same(roles.into_iter()))),
        (words::WHETHER, Kind::One(has)),
    ];
    vec![
        form(words::LABEL, label, |values| {
            Some(NodeEdit::Label { key: text(&values[0])?, value: text(&values[1]) })
        }),
        form(words::TAINT, taint, |values| {
            let (key, value, effect) = (text(&values[0])?, values[1].clone(), values[2].clone());
            Some(NodeEdit::Taint { key, value, effect })
        }),
        form(words::ROLE, role, |values| {
            let value = (values[1] == "yes").then(|| "true".to_owned());
            Some(NodeEdit::Label { key: values[0].clone(), value })
        }),
        form(words::CORDON, Vec::new(), |_| Some(NodeEdit::Cordon)),
        remove(scene, node),
    ]
}

/// The node that is chosen is deleted: something that happens, not a change before it.
fn remove(scene: &Scene, node: &NodeRef) -> Fields {
    let node = node.clone();
    let names: Vec<String> = scene.overview.nodes.iter().map(|node| node.name.clone()).collect();
    let make = move |_: &[String]| {
        let chosen = value(&node);
        let at = names.iter().position(|name| *name == chosen)?;
        Some(Wish::Deed(at as u32, Deed::Delete))
    };
    let (title, button) = words::REMOVE;
    Fields { title, inputs: Vec::new(), button, make: Rc::new(make) }
}

/// How many copies there are of what storage keeps.
pub(super) fn copies(scene: &Scene) -> Fields {
    let kept = scene.choices.kept.iter();
    let kept = kept.map(|(name, copies)| (name.clone(), format!("{name} ({copies})")));
    let inputs =
        vec![(words::KEPT, Kind::One(kept.collect())), (words::COPIES_OF, Kind::Number(1, 3))];
    let make = |values: &[String]| {
        let (of, copies) = (text(&values[0])?, values[1].parse().ok()?);
        Some(Wish::Form(Form::Copies { of, copies }))
    };
    let (title, button) = words::COPIES;
    Fields { title, inputs, button, make: Rc::new(make) }
}

/// Any field of any object.
pub(super) fn any() -> Fields {
    let inputs = vec![(words::FIELD_SPELLED, Kind::Code("deployment/shop/web.spec.replicas=3"))];
    let make = |values: &[String]| text(&values[0]).map(|text| Wish::Change(Change::Set(text)));
    let (title, button) = words::ANY_FIELD;
    Fields { title, inputs, button, make: Rc::new(make) }
}
