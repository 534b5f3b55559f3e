//! What if the cluster were another: more replicas, more nodes, any other field.

use std::rc::Rc;

use holdfast_session::changes::Change;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::scene::Scene;
use crate::words;

/// Kinds that have a number of replicas.
const SCALED: [&str; 4] = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) scene: Rc<Scene>,
    pub(crate) on_change: Callback<Change>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene)
    }
}

#[component]
pub(crate) fn WhatIf(props: &Props) -> Html {
    html! {
        <div class="what-if">
            <p>{ words::WHAT_IF_SAYS }</p>
            <Replicas scene={props.scene.clone()} on_change={props.on_change.clone()} />
            <NewNode scene={props.scene.clone()} on_change={props.on_change.clone()} />
            <Field scene={props.scene.clone()} on_change={props.on_change.clone()} />
        </div>
    }
}

/// What stands in an input or is chosen.
fn value(node: &NodeRef) -> String {
    let input = node.cast::<HtmlInputElement>().map(|input| input.value());
    let chosen = || node.cast::<HtmlSelectElement>().map(|select| select.value());
    input.or_else(chosen).unwrap_or_default().trim().to_owned()
}

/// A button that hands on the change that some inputs come to, if they come to any.
fn button(
    name: &'static str,
    on_change: &Callback<Change>,
    change: impl Fn() -> Option<Change> + 'static,
) -> Html {
    let on_change = on_change.clone();
    let press = Callback::from(move |_: MouseEvent| {
        if let Some(change) = change() {
            on_change.emit(change);
        }
    });
    html! { <button type="button" class="primary" onclick={press}>{ name }</button> }
}

#[component]
fn Replicas(props: &Props) -> Html {
    let (workload, count) = (use_node_ref(), use_node_ref());
    let scaled = props.scene.overview.workloads.iter();
    let scaled = scaled.filter(|one| SCALED.contains(&one.kind.as_str()));
    let options = scaled.map(|one| {
        let key = format!("{}/{}/{}", one.kind.to_lowercase(), one.namespace, one.name);
        let name = format!("{}/{} ({})", one.namespace, one.name, one.desired);
        html! { <option value={key}>{ name }</option> }
    });
    let options: Vec<Html> = options.collect();
    let change = {
        let (workload, count) = (workload.clone(), count.clone());
        move || {
            let count: u32 = value(&count).parse().ok()?;
            Some(Change::Set(format!("{}.replicas={count}", value(&workload))))
        }
    };
    html! {
        <fieldset>
            <legend>{ words::REPLICAS }</legend>
            <label>{ words::OF_WORKLOAD }<select ref={workload}>{ options }</select></label>
            <label>{ words::SO_MANY }
                <input ref={count} type="number" min="0" max="10000" value="2" /></label>
            { button(words::SET_REPLICAS, &props.on_change, change) }
        </fieldset>
    }
}

#[component]
fn NewNode(props: &Props) -> Html {
    let (name, like) = (use_node_ref(), use_node_ref());
    let options = props.scene.overview.nodes.iter().map(|node| {
        html! { <option value={node.name.clone()}>{ &node.name }</option> }
    });
    let options: Vec<Html> = options.collect();
    let change = {
        let (name, like) = (name.clone(), like.clone());
        move || {
            let name = Some(value(&name)).filter(|name| !name.is_empty())?;
            Some(Change::AddNode(format!("{name}={}", value(&like))))
        }
    };
    html! {
        <fieldset>
            <legend>{ words::NEW_NODE }</legend>
            <label>{ words::CALLED }<input ref={name} type="text" value="new-node" /></label>
            <label>{ words::LIKE }<select ref={like}>{ options }</select></label>
            { button(words::ADD_NODE, &props.on_change, change) }
        </fieldset>
    }
}

#[component]
fn Field(props: &Props) -> Html {
    let text = use_node_ref();
    let change = {
        let text = text.clone();
        move || Some(value(&text)).filter(|text| !text.is_empty()).map(Change::Set)
    };
    html! {
        <fieldset>
            <legend>{ words::ANY_FIELD }</legend>
            <label class="wide">{ words::FIELD_SPELLED }
                <input ref={text} type="text" class="mono"
                    placeholder="deployment/shop/web.spec.replicas=3" /></label>
            { button(words::SET_FIELD, &props.on_change, change) }
        </fieldset>
    }
}
