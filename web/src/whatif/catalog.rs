//! Nodes of a catalogue: the file is pasted or chosen, then a type of it.

use std::rc::Rc;

use holdfast_session::forms::{Form, More, Origin, TypeView};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::form::{Fields, FormSet, Kind};
use super::{Catalog, Wish};
use crate::words::whatif as words;

#[derive(Clone, PartialEq, Properties)]
pub(super) struct Props {
    pub(super) catalog: Option<Rc<Catalog>>,
    pub(super) on_wish: Callback<Wish>,
}

#[component]
pub(super) fn FromCatalog(props: &Props) -> Html {
    match &props.catalog {
        Some(catalog) => html! { <FormSet ..fields(catalog).props(&props.on_wish) /> },
        None => html! { <Reading ..props.clone() /> },
    }
}

#[component]
fn Reading(props: &Props) -> Html {
    let pasted = use_node_ref();
    let read = {
        let (pasted, on_wish) = (pasted.clone(), props.on_wish.clone());
        Callback::from(move |_: MouseEvent| {
            let text = pasted.cast::<HtmlTextAreaElement>().map(|area| area.value());
            if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
                on_wish.emit(Wish::Types(text));
            }
        })
    };
    let choose = props.on_wish.clone();
    let choose = Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        let on_wish = choose.clone();
        spawn_local(async move {
            if let Ok(text) = JsFuture::from(file.text()).await {
                on_wish.emit(Wish::Types(text.as_string().unwrap_or_default()));
            }
        });
    });
    html! {
        <fieldset>
            <legend>{ words::CATALOG }</legend>
            <label>{ words::CATALOG_FILE }
                <input type="file" accept=".yaml,.yml,.json" onchange={choose} /></label>
            <label class="wide">{ words::CATALOG_TEXT }
                <textarea ref={pasted} rows="3" spellcheck="false" /></label>
            <button type="button" onclick={read}>{ words::READ_CATALOG }</button>
        </fieldset>
    }
}

/// The form for nodes of a type.
fn fields(catalog: &Rc<Catalog>) -> Fields {
    let make =
        |one: &TypeView| (one.name.clone(), words::make(&one.name, one.cpu_milli, one.memory));
    let inputs = vec![
        (words::TYPE, Kind::One(catalog.types.iter().map(make).collect())),
        (words::PREFIX, Kind::Text("bought".to_owned())),
        (words::COUNT, Kind::Number(1, 1)),
        (words::ZONE, Kind::Text(String::new())),
    ];
    let text = catalog.text.clone();
    let make = move |values: &[String]| {
        let name = Some(values[1].clone()).filter(|name| !name.is_empty())?;
        let zone = Some(values[3].clone()).filter(|zone| !zone.is_empty());
        let origin = Origin::Catalog { text: text.clone(), make: values[0].clone() };
        Some(Wish::Form(Form::Nodes(More { name, count: values[2].parse().ok()?, zone, origin })))
    };
    let (title, button) = words::FROM_CATALOG;
    Fields { title, inputs, button, make: Rc::new(make) }
}
