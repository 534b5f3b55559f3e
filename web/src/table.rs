//! The table of nodes: all that the map shows, as text. It is the map's source of truth for whoever
//! does not see it.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::map::Deed;
use crate::scene::Scene;
use crate::standing::{NodeStanding, Standing};
use crate::words;

/// Rows at once: more would be neither read nor fast.
const PAGE_ROWS: usize = 50;

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) scene: Rc<Scene>,
    pub(crate) standing: Rc<Standing>,
    pub(crate) on_select: Callback<Option<u32>>,
    pub(crate) on_deed: Callback<(u32, Deed)>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene) && Rc::ptr_eq(&self.standing, &other.standing)
    }
}

#[component]
pub(crate) fn Table(props: &Props) -> Html {
    let sought = use_state(String::new);
    let page = use_state(|| 0_usize);
    let seek = {
        let (sought, page) = (sought.clone(), page.clone());
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            sought.set(input.value());
            page.set(0);
        })
    };
    let all = props.scene.overview.nodes.iter().enumerate();
    let found: Vec<u32> = all
        .filter(|(_, node)| node.name.contains(sought.as_str()))
        .map(|(at, _)| at as u32)
        .collect();
    let pages = found.len().div_ceil(PAGE_ROWS).max(1);
    let turn = |to: Option<usize>| {
        let page = page.clone();
        Callback::from(move |_| to.iter().for_each(|to| page.set(*to)))
    };
    let rows = found.iter().skip(*page * PAGE_ROWS).take(PAGE_ROWS);
    html! {
        <div class="table-view">
            <p class="table-tools">
                <label>{ words::FIND_NODE }
                    <input type="search" value={(*sought).clone()} oninput={seek} /></label>
                <span role="status">{ words::nodes(found.len()) }</span>
            </p>
            <div class="table-frame" tabindex="0" role="region" aria-label={words::TABLE}>
                <table>
                    <thead><tr>
                        { for words::COLUMNS.iter().map(|name| html! {
                            <th scope="col">{ name }</th>
                        }) }
                    </tr></thead>
                    <tbody>{ for rows.map(|node| row(props, *node)) }</tbody>
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
        </div>
    }
}

fn row(props: &Props, node: u32) -> Html {
    let about = &props.scene.overview.nodes[node as usize];
    let NodeStanding { state, requested, cells } = &props.standing.nodes[node as usize];
    let (asked, gives) = (*requested, about.allocatable);
    let deed = Deed::toggle(*state);
    let act = props.on_deed.reform(move |_| (node, deed));
    let select = props.on_select.reform(move |_| Some(node));
    html! {
        <tr key={node}>
            <th scope="row"><button type="button" class="link" onclick={select}>
                { &about.name }</button></th>
            <td>{ words::state(*state) }</td>
            <td>{ words::cpu(asked.cpu_milli, gives.cpu_milli) }</td>
            <td>{ words::memory(asked.memory, gives.memory) }</td>
            <td>{ words::count(asked.pods, gives.pods) }</td>
            <td>{ words::tally(cells) }</td>
            <td><button type="button" aria-label={words::deed_on(deed, &about.name)} onclick={act}>
                { words::deed(deed) }</button></td>
        </tr>
    }
}
