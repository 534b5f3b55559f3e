//! Why a pod waits: the sentence, then every node with what each plugin says of it, then what would
//! make it fit.

use std::rc::Rc;

use holdfast_session::why::{NodeWhy, Why};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::words;

/// Rows at once: more would be neither read nor fast.
const PAGE_ROWS: usize = 50;

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) why: Rc<Why>,
    pub(crate) on_close: Callback<()>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.why, &other.why)
    }
}

#[component]
pub(crate) fn Explained(props: &Props) -> Html {
    let Why { pod, sentence, condition, needs, others, .. } = &*props.why;
    let close = props.on_close.reform(|_| ());
    html! {
        <section class="tale explained" aria-labelledby="why-title">
            <header>
                <h2 id="why-title">{ words::why::ask(pod) }</h2>
                <button type="button" onclick={close} aria-label={words::why::CLOSE}>
                    { words::CLOSE_PANEL }</button>
            </header>
            <p role="status" id="explained">{ sentence }</p>
            if let Some(condition) = condition { <p class="why">{ condition }</p> }
            if !needs.is_empty() {
                <ul>{ for needs.iter().map(|need| html! { <li>{ need }</li> }) }</ul>
            }
            <Nodes why={props.why.clone()} on_close={props.on_close.clone()} />
            <p class="why">{ words::why::others(*others) }</p>
        </section>
    }
}

/// The table of nodes and plugins.
#[component]
fn Nodes(props: &Props) -> Html {
    let sought = use_state(String::new);
    let page = use_state(|| 0_usize);
    let seek = {
        let (sought, page) = (sought.clone(), page.clone());
        Callback::from(move |event: InputEvent| {
            sought.set(event.target_unchecked_into::<HtmlInputElement>().value());
            page.set(0);
        })
    };
    let why = &*props.why;
    let found: Vec<&NodeWhy> =
        why.nodes.iter().filter(|node| node.node.contains(sought.as_str())).collect();
    let pages = found.len().div_ceil(PAGE_ROWS).max(1);
    let turn = |to: Option<usize>| {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| to.iter().for_each(|to| page.set(*to)))
    };
    let column = |name: &String| html! { <th scope="col">{ name }</th> };
    html! {
        <>
            if why.nodes.len() > PAGE_ROWS {
                <p class="table-tools"><label>{ words::FIND_NODE }
                    <input type="search" value={(*sought).clone()} oninput={seek} /></label></p>
            }
            <div class="table-frame" tabindex="0" role="region"
                aria-label={words::why::table(&why.pod)}>
                <table class="plugins">
                    <thead><tr>
                        <th scope="col">{ words::why::NODE }</th>
                        { for why.filters.iter().map(column) }
                        { for why.scores.iter().map(column) }
                        if !why.scores.is_empty() { <th scope="col">{ words::why::TOTAL }</th> }
                        <th scope="col">{ words::why::FITS }</th>
                    </tr></thead>
                    <tbody>
                        { for found.iter().skip(*page * PAGE_ROWS).take(PAGE_ROWS)
                            .map(|node| row(why, node)) }
                    </tbody>
                </table>
            </div>
            if pages > 1 {
                <p class="table-pages">
                    <button type="button" disabled={*page == 0}
                        onclick={turn(page.checked_sub(1))}>{ words::PREVIOUS }</button>
                    <span>{ words::page(*page + 1, pages) }</span>
                    <button type="button" disabled={*page + 1 == pages}
                        onclick={turn(Some(*page + 1))}>{ words::NEXT }</button>
                </p>
            }
        </>
    }
}

fn row(why: &Why, node: &NodeWhy) -> Html {
    let filter = |plugin: &String| {
        let objects = node.needs.iter().any(|(name, _)| name == plugin);
        let (class, sign, told) = if objects {
            ("verdict-refuted", "✗", words::why::OBJECTS)
        } else {
            ("verdict-proved", "✓", words::why::PASSES)
        };
        html! {
            <td {class}><span aria-hidden="true">{ sign }</span>
                <span class="unseen">{ told }</span></td>
        }
    };
    let score = |plugin: &String| {
        html! { <td>{ node.scores.get(plugin).map(ToString::to_string) }</td> }
    };
    let mut needs: Vec<&str> = node.needs.iter().map(|(_, text)| text.as_str()).collect();
    needs.dedup();
    let fits = if needs.is_empty() { words::why::FITS_NOW.to_owned() } else { needs.join("; ") };
    html! {
        <tr key={node.node.clone()}>
            <th scope="row" title={node.reasons.join("; ")}>{ &node.node }</th>
            { for why.filters.iter().map(filter) }
            { for why.scores.iter().map(score) }
            if !why.scores.is_empty() {
                <td>{ node.total.map(|total| total.to_string()) }</td>
            }
            <td>{ fits }</td>
        </tr>
    }
}
