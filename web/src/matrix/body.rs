//! The cells of the matrix: each a button that tells why. Tab leads to the table once, arrows lead
//! from cell to cell.

use std::ops::Range;

use holdfast_session::cell::Place;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::Props;
use crate::sweep::Sweep;
use crate::words;

/// The rows of these workloads, with these sets as columns.
pub(super) fn body(props: &Props, sweep: &Sweep, rows: &[usize], sets: Range<usize>) -> Html {
    let row = |(at, workload): (usize, &usize)| {
        let name = words::workload(&sweep.workloads()[*workload]);
        let cells = sets.clone().enumerate();
        html! {
            <tr key={*workload}>
                <th scope="row">{ &name }</th>
                { for cells.map(|(column, set)| {
                    cell(props, sweep, (at, column), (*workload, set, &name))
                }) }
            </tr>
        }
    };
    html! {
        <tbody onkeydown={Callback::from(|event: KeyboardEvent| step(&event))}>
            { for rows.iter().enumerate().map(row) }
        </tbody>
    }
}

fn cell(
    props: &Props,
    sweep: &Sweep,
    (row, column): (usize, usize),
    (workload, set, name): (usize, usize, &str),
) -> Html {
    let claim = props.claim;
    let Some(verdict) = sweep.verdict(claim, workload, set) else {
        return html! { <td key={column}>{ "…" }</td> };
    };
    let open = props.on_cell.reform(move |_| Place { set, workload, claim });
    let fails = words::set(&sweep.sets()[set]);
    let label = words::tale::open(words::verdict(verdict), name, &fails);
    let ready = sweep.at(workload, set).map(|known| words::ready(known.ready));
    html! {
        <td key={column} class={words::verdict_class(verdict)}>
            <button type="button" class="cell" data-cell={format!("{row},{column}")}
                tabindex={if (row, column) == (0, 0) { "0" } else { "-1" }}
                title={ready} onclick={open}>
                <span aria-hidden="true">{ words::verdict_sign(verdict) }</span>
                <span class="unseen">{ label }</span></button>
        </td>
    }
}

/// Goes to the cell beside, where an arrow is pressed and there is one.
fn step(event: &KeyboardEvent) {
    let (down, right) = match event.key().as_str() {
        "ArrowUp" => (-1, 0),
        "ArrowDown" => (1, 0),
        "ArrowLeft" => (0, -1),
        "ArrowRight" => (0, 1),
        _ => return,
    };
    let here = event.target().and_then(|it| it.dyn_into::<Element>().ok());
    let place = here.as_ref().and_then(|it| it.get_attribute("data-cell"));
    let Some((row, column)) = place.as_deref().and_then(|it| it.split_once(',')) else { return };
    let moved = |at: &str, by: i64| at.parse::<i64>().map_or(0, |at| at + by);
    let selector = format!("[data-cell=\"{},{}\"]", moved(row, down), moved(column, right));
    let body = here.and_then(|it| it.closest("tbody").ok().flatten());
    let next = body.and_then(|it| it.query_selector(&selector).ok().flatten());
    if let Some(next) = next.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        event.prevent_default();
        let _ = next.focus();
    }
}
