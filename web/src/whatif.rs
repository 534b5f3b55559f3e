//! What if the cluster were another: forms for what is asked most, and any field.

mod catalog;
mod fields;
mod form;

use std::rc::Rc;

use holdfast_session::changes::Change;
use holdfast_session::forms::{Form, TypeView};
use yew::prelude::*;

use crate::map::Deed;
use crate::scene::Scene;
use crate::words::whatif as words;
use catalog::FromCatalog;
use form::FormSet;

/// A catalogue that was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Catalog {
    pub(crate) text: String,
    pub(crate) types: Vec<TypeView>,
}

/// What somebody wants of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish {
    /// What a form comes to.
    Form(Form),
    /// A change as it is spelled.
    Change(Change),
    /// Something is done to a node.
    Deed(u32, Deed),
    /// The types of a catalogue, whose text this is.
    Types(String),
}

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) scene: Rc<Scene>,
    pub(crate) catalog: Option<Rc<Catalog>>,
    pub(crate) on_wish: Callback<Wish>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene) && self.catalog == other.catalog
    }
}

#[component]
pub(crate) fn WhatIf(props: &Props) -> Html {
    let Props { scene, catalog, on_wish } = props;
    let (workload, node) = (use_node_ref(), use_node_ref());
    let set = |form: form::Fields| html! { <FormSet ..form.props(on_wish) /> };
    let kept = &scene.choices.kept;
    html! {
        <div class="what-if">
            <p>{ words::SAYS }</p>
            <section aria-labelledby="runs-title">
                <h2 id="runs-title">{ words::WHAT_RUNS }</h2>
                { form::choice(words::OF_WORKLOAD, &workload, fields::workloads(scene)) }
                <div class="forms">
                    { for fields::of_workload(scene, &workload).into_iter().map(set) }
                </div>
            </section>
            <section aria-labelledby="nodes-title">
                <h2 id="nodes-title">{ words::NODES }</h2>
                <div class="forms">
                    { set(fields::more(scene)) }
                    <FromCatalog catalog={catalog.clone()} on_wish={on_wish.clone()} />
                </div>
                { form::choice(words::OF_NODE, &node, fields::nodes(scene)) }
                <div class="forms">
                    { for fields::of_node(scene, &node).into_iter().map(set) }
                </div>
            </section>
            if !kept.is_empty() {
                <section aria-labelledby="kept-title">
                    <h2 id="kept-title">{ words::STORAGE }</h2>
                    <div class="forms">{ set(fields::copies(scene)) }</div>
                </section>
            }
            <section aria-labelledby="any-title">
                <h2 id="any-title">{ words::ANYTHING }</h2>
                <div class="forms">{ set(fields::any()) }</div>
            </section>
        </div>
    }
}
