//! The matrix: every workload against every failure, with the verdict of each.

mod body;

use std::rc::Rc;

use holdfast_session::cell::{Claim, Place};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::sweep::{CLAIMS, Columns, Sweep};
use crate::words;

/// Rows and columns at once: more would be neither read nor fast.
const PAGE_ROWS: usize = 50;
const PAGE_COLUMNS: usize = 16;

#[derive(Properties)]
pub(crate) struct Props {
    /// What is known; nothing before the first answer.
    pub(crate) sweep: Option<Rc<Sweep>>,
    /// What is claimed.
    pub(crate) claim: Claim,
    /// Labels by which nodes may fail together.
    pub(crate) labels: Vec<String>,
    /// It is being worked out, and so many help.
    pub(crate) busy: bool,
    pub(crate) helpers: usize,
    pub(crate) on_columns: Callback<Columns>,
    pub(crate) on_claim: Callback<Claim>,
    /// Tells why a cell is as it is.
    pub(crate) on_cell: Callback<Place>,
    /// Goes on where somebody asked something else meanwhile.
    pub(crate) on_go_on: Callback<()>,
    /// Stops there.
    pub(crate) on_halt: Callback<()>,
    /// Shows what a failure does.
    pub(crate) on_fail: Callback<Vec<String>>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        let at = |props: &Self| props.sweep.as_ref().map(Rc::as_ptr);
        at(self) == at(other)
            && (self.busy, self.helpers, self.claim) == (other.busy, other.helpers, other.claim)
            && self.labels == other.labels
    }
}

/// What of it is shown.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    sought: String,
    /// In the order of names, instead of what is proved least.
    by_name: bool,
    /// Workloads alone of which something is not proved.
    open: bool,
    row: usize,
    column: usize,
}

#[component]
pub(crate) fn Grid(props: &Props) -> Html {
    let shown = use_state(|| Shown {
        sought: String::new(),
        by_name: false,
        open: false,
        row: 0,
        column: 0,
    });
    html! {
        <div class="table-view">
            { tools(props, &shown) }
            if let Some(sweep) = &props.sweep {
                { progress(props, sweep) }
                { table(props, sweep, &shown) }
            }
        </div>
    }
}

/// Changes what is shown, from its beginning on.
fn show<E: 'static>(
    shown: &UseStateHandle<Shown>,
    change: impl Fn(&mut Shown, E) + 'static,
) -> Callback<E> {
    let shown = shown.clone();
    Callback::from(move |event| {
        let mut anew = Shown { row: 0, ..(*shown).clone() };
        change(&mut anew, event);
        shown.set(anew);
    })
}

fn tools(props: &Props, shown: &UseStateHandle<Shown>) -> Html {
    let seek = show(shown, |shown, event: InputEvent| {
        shown.sought = event.target_unchecked_into::<HtmlInputElement>().value();
    });
    let only_open = show(shown, |shown, event: Event| {
        shown.open = event.target_unchecked_into::<HtmlInputElement>().checked();
    });
    let sort = show(shown, |shown, event: Event| {
        shown.by_name = event.target_unchecked_into::<HtmlSelectElement>().value() == "name";
    });
    let claim = |claim: Claim| {
        let choose = props.on_claim.reform(move |_| claim);
        html! {
            <button type="button" aria-pressed={(props.claim == claim).to_string()}
                onclick={choose}>{ words::claim(claim) }</button>
        }
    };
    html! {
        <p class="table-tools">
            { columns(props) }
            <span role="group" aria-label={words::CLAIMS} class="tabs">
                { for CLAIMS.into_iter().map(claim) }
            </span>
            <label>{ words::FIND_WORKLOAD }
                <input type="search" value={shown.sought.clone()} oninput={seek} /></label>
            <label>{ words::tale::SORT_BY }
                <select onchange={sort}>
                    <option value="open" selected={!shown.by_name}>
                        { words::tale::SORT_OPEN }</option>
                    <option value="name" selected={shown.by_name}>
                        { words::tale::SORT_NAME }</option>
                </select></label>
            <label><input type="checkbox" checked={shown.open} onchange={only_open} />
                { words::ONLY_OPEN }</label>
        </p>
    }
}

/// Which failures are asked about.
fn columns(props: &Props) -> Html {
    let known = props.sweep.as_ref().map(|sweep| sweep.columns().clone());
    let mut all = vec![Columns::Nodes, Columns::Pairs];
    all.extend(props.labels.iter().cloned().map(Columns::Domains));
    let options: Vec<Html> = all
        .iter()
        .enumerate()
        .map(|(at, columns)| {
            let selected = known.as_ref() == Some(columns);
            html! { <option value={at.to_string()} {selected}>{ words::columns(columns) }</option> }
        })
        .collect();
    let choose = props.on_columns.reform(move |event: Event| {
        let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
        let at = chosen.parse::<usize>().unwrap_or_default();
        all[at.min(all.len() - 1)].clone()
    });
    html! { <label>{ words::WHAT_FAILS }<select onchange={choose}>{ options }</select></label> }
}

fn progress(props: &Props, sweep: &Sweep) -> Html {
    let (done, all) = (sweep.done(props.claim), sweep.sets().len());
    let go_on = props.on_go_on.reform(|_| ());
    let halt = props.on_halt.reform(|_| ());
    html! {
        <p class="table-tools" role="status">
            <span>{ words::swept(done, all, props.helpers) }</span>
            if done < all && props.busy {
                <button type="button" onclick={halt}>{ words::HALT }</button>
            } else if done < all {
                <button type="button" onclick={go_on}>{ words::GO_ON }</button>
            }
        </p>
    }
}

/// The workloads that are shown, in their order.
fn rows(sweep: &Sweep, shown: &Shown, claim: Claim) -> Vec<usize> {
    let names = sweep.workloads().iter().enumerate();
    let sought = names.filter(|(_, name)| name.contains(shown.sought.as_str()));
    let mut rows: Vec<(usize, usize)> = sought
        .map(|(at, _)| (sweep.open(at, claim), at))
        .filter(|(open, _)| !shown.open || *open > 0)
        .collect();
    if shown.by_name {
        rows.sort_by_key(|(_, at)| words::workload(&sweep.workloads()[*at]));
    } else {
        // What breaks most comes first; workloads that break alike stay in their order.
        rows.sort_by_key(|(open, at)| (std::cmp::Reverse(*open), *at));
    }
    rows.into_iter().map(|(_, at)| at).collect()
}

fn table(props: &Props, sweep: &Sweep, shown: &UseStateHandle<Shown>) -> Html {
    let rows = rows(sweep, shown, props.claim);
    let sets = shown.column..sweep.sets().len().min(shown.column + PAGE_COLUMNS);
    let page = rows.iter().skip(shown.row).take(PAGE_ROWS);
    html! {
        <>
            <div class="table-frame" tabindex="0" role="region" aria-label={words::MATRIX}>
                <table class="matrix">
                    <thead><tr>
                        <th scope="col">{ words::WORKLOAD }</th>
                        { for sets.clone().map(|set| column(props, sweep, set)) }
                    </tr></thead>
                    { body::body(props, sweep, &page.copied().collect::<Vec<_>>(), sets) }
                </table>
            </div>
            { pages(shown, (rows.len(), sweep.sets().len())) }
        </>
    }
}

fn column(props: &Props, sweep: &Sweep, set: usize) -> Html {
    let view = &sweep.sets()[set];
    let name = words::set(view);
    if view.fail.is_empty() {
        return html! { <th scope="col">{ name }</th> };
    }
    let fail = view.fail.clone();
    let act = props.on_fail.reform(move |_| fail.clone());
    html! {
        <th scope="col"><button type="button" class="link" onclick={act}
            aria-label={words::show_failure(&name)}>{ name }</button></th>
    }
}

/// Other rows and columns, where there are more than are shown.
fn pages(shown: &UseStateHandle<Shown>, (rows, columns): (usize, usize)) -> Html {
    let turn = |change: fn(&mut Shown, usize), to: Option<usize>| {
        let shown = shown.clone();
        Callback::from(move |_: MouseEvent| {
            let mut anew = (*shown).clone();
            if let Some(to) = to {
                change(&mut anew, to);
            }
            shown.set(anew);
        })
    };
    let pager = |what: &'static str, at: usize, size: usize, all: usize, change| {
        if all <= size {
            return html! {};
        }
        let next = Some(at + size).filter(|next| *next < all);
        let back = at.checked_sub(size);
        html! {
            <p class="table-pages">
                <span>{ what }</span>
                <button type="button" disabled={back.is_none()}
                    onclick={turn(change, back)}>{ words::PREVIOUS }</button>
                <span>{ words::page(at / size + 1, all.div_ceil(size)) }</span>
                <button type="button" disabled={next.is_none()}
                    onclick={turn(change, next)}>{ words::NEXT }</button>
            </p>
        }
    };
    html! {
        <>
            { pager(words::WORKLOADS, shown.row, PAGE_ROWS, rows, |shown, to| shown.row = to) }
            { pager(words::FAILURES, shown.column, PAGE_COLUMNS, columns,
                |shown, to| shown.column = to) }
        </>
    }
}
