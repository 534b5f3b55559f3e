//! A form: a few inputs, and a button that hands on what they come to.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::Wish;

/// What may be put in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Text, which begins as this.
    Text(String),
    /// The same, in a wide box and in letters of one width.
    Code(&'static str),
    /// A whole number from the first on, which begins as the second.
    Number(u32, u32),
    /// One of these: what it stands for, and how it reads.
    One(Vec<(String, String)>),
    /// Text; these are at hand.
    Some(String, Vec<String>),
}

/// An input and what it is called.
pub(super) type Input = (&'static str, Kind);

/// What the values of the inputs come to.
pub(super) type Make = Rc<dyn Fn(&[String]) -> Option<Wish>>;

/// A form.
pub(super) struct Fields {
    pub(super) title: &'static str,
    pub(super) inputs: Vec<Input>,
    pub(super) button: &'static str,
    pub(super) make: Make,
}

impl Fields {
    /// The same for who shows it.
    pub(super) fn props(self, on_wish: &Callback<Wish>) -> Props {
        let Self { title, inputs, button, make } = self;
        Props { title, inputs, button, make, on_wish: on_wish.clone() }
    }
}

#[derive(Clone, Properties)]
pub(super) struct Props {
    title: &'static str,
    inputs: Vec<Input>,
    button: &'static str,
    make: Make,
    on_wish: Callback<Wish>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        self.title == other.title && self.inputs == other.inputs
    }
}

#[component]
pub(super) fn FormSet(props: &Props) -> Html {
    let count = props.inputs.len();
    let refs = use_memo(count, |count| {
        vec![(); *count].into_iter().map(|()| NodeRef::default()).collect::<Vec<_>>()
    });
    let press = {
        let (refs, make, on_wish) = (refs.clone(), props.make.clone(), props.on_wish.clone());
        Callback::from(move |_: MouseEvent| {
            let values: Vec<String> = refs.iter().map(value).collect();
            if let Some(wish) = make(&values) {
                on_wish.emit(wish);
            }
        })
    };
    let inputs = props.inputs.iter().zip(refs.iter()).enumerate();
    html! {
        <fieldset>
            <legend>{ props.title }</legend>
            { for inputs.map(|(at, ((name, kind), node))| {
                input(name, kind, node, &format!("{}-{at}", props.title.replace(' ', "-")))
            }) }
            <button type="button" class="primary" onclick={press}>{ props.button }</button>
        </fieldset>
    }
}

/// What stands in an input or is chosen.
pub(super) fn value(node: &NodeRef) -> String {
    let input = node.cast::<HtmlInputElement>().map(|input| input.value());
    let chosen = || node.cast::<HtmlSelectElement>().map(|select| select.value());
    input.or_else(chosen).unwrap_or_default().trim().to_owned()
}

/// A choice that stands by itself.
pub(super) fn choice(name: &'static str, node: &NodeRef, all: Vec<(String, String)>) -> Html {
    html! { <p class="choice">{ input(name, &Kind::One(all), node, name.trim()) }</p> }
}

fn input(name: &'static str, kind: &Kind, node: &NodeRef, id: &str) -> Html {
    let node = node.clone();
    match kind {
        Kind::Text(value) => html! {
            <label>{ name }<input ref={node} type="text" value={value.clone()} /></label>
        },
        Kind::Code(placeholder) => html! {
            <label class="wide">{ name }
                <input ref={node} type="text" class="mono" placeholder={*placeholder} /></label>
        },
        Kind::Number(min, value) => html! {
            <label>{ name }<input ref={node} type="number" min={min.to_string()} max="100000"
                value={value.to_string()} /></label>
        },
        Kind::One(all) => html! {
            <label>{ name }<select ref={node}>
                { for all.iter().enumerate().map(|(at, (value, reads))| html! {
                    // Without a word the one that is put in first would be, which is the last.
                    <option value={value.clone()} selected={at == 0}>{ reads }</option>
                }) }
            </select></label>
        },
        Kind::Some(value, all) => html! {
            <label>{ name }
                <input ref={node} type="text" value={value.clone()} list={id.to_owned()} />
                <datalist id={id.to_owned()}>
                    { for all.iter().map(|one| html! { <option value={one.clone()} /> }) }
                </datalist></label>
        },
    }
}
