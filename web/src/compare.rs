//! A, which somebody kept, and B, which stands now.

use std::rc::Rc;

use holdfast_session::compare::{Comparison, Side};
use holdfast_session::overview::Amounts;
use yew::prelude::*;

use crate::act::Act;
use crate::scene::Scene;
use crate::standing::{NodeState, Standing};
use crate::words::{self, compare};

/// Rows of each table; of the others it is said how many they are.
const ROWS_MAX: usize = 100;

/// A cluster as it stood when somebody kept it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) acts: Vec<Act>,
    side: Side,
    totals: Totals,
}

/// What pods ask for in all, and what is left of what nodes that serve give.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Totals {
    requested: Amounts,
    left: Amounts,
}

impl Kept {
    /// What stands at the end of a run.
    pub(crate) fn of(
        acts: &[Act],
        scene: &Scene,
        run: Option<&holdfast_session::aftermath::Aftermath>,
    ) -> Self {
        let frames = run.map_or(0, |run| run.frames.len());
        let standing = Standing::after(scene, run, frames);
        let mut totals = Totals::default();
        for (node, about) in standing.nodes.iter().zip(&scene.overview.nodes) {
            if matches!(node.state, NodeState::Ready | NodeState::Cordoned) {
                add(&mut totals.requested, node.requested, 1);
                if node.state == NodeState::Ready {
                    add(&mut totals.left, about.allocatable, 1);
                    add(&mut totals.left, node.requested, -1);
                }
            }
        }
        Self { acts: acts.to_vec(), side: Side::of(&scene.overview, run), totals }
    }
}

fn add(sum: &mut Amounts, one: Amounts, sign: i64) {
    sum.cpu_milli += sign * one.cpu_milli;
    sum.memory += sign * one.memory;
    sum.pods += sign * one.pods;
}

#[derive(Properties)]
pub(crate) struct Props {
    /// What was kept.
    pub(crate) a: Option<Rc<Kept>>,
    /// What stands.
    pub(crate) b: Rc<Kept>,
    pub(crate) on_keep: Callback<()>,
    pub(crate) on_swap: Callback<()>,
    pub(crate) on_forget: Callback<()>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        let at = |props: &Self| (props.a.as_ref().map(Rc::as_ptr), Rc::as_ptr(&props.b));
        at(self) == at(other)
    }
}

#[component]
pub(crate) fn Compare(props: &Props) -> Html {
    let button = |name: &'static str, act: &Callback<()>| {
        let press = act.reform(|_: MouseEvent| ());
        html! { <button type="button" onclick={press}>{ name }</button> }
    };
    let Some(a) = &props.a else {
        return html! {
            <div class="compare">
                <p>{ compare::SAYS }</p>
                <p>{ button(compare::KEEP, &props.on_keep) }</p>
            </div>
        };
    };
    let found = a.side.against(&props.b.side);
    html! {
        <div class="compare">
            <dl>
                <dt>{ compare::A }</dt><dd class="mono">{ acts(a) }</dd>
                <dt>{ compare::B }</dt><dd class="mono">{ acts(&props.b) }</dd>
            </dl>
            <p class="deeds">
                { button(compare::SWAP, &props.on_swap) }
                { button(compare::KEEP_ANEW, &props.on_keep) }
                { button(compare::FORGET, &props.on_forget) }
            </p>
            <p role="status" id="compared">{ summary(&found) }</p>
            { totals(a.totals, props.b.totals) }
            { workloads(&found) }
            { moved(&found) }
            { pods(compare::NEWLY, &found.newly_pending) }
            { pods(compare::BEFORE, &found.pending_before) }
        </div>
    }
}

fn acts(kept: &Kept) -> String {
    let words: Vec<String> = kept.acts.iter().map(Act::words).collect();
    if words.is_empty() { compare::NOTHING.to_owned() } else { words.join(", then ") }
}

fn summary(found: &Comparison) -> String {
    let change = |sign: i64| -> i64 {
        let each = found.workloads.iter().map(|(_, a, b)| sign * (b.ready - a.ready));
        each.filter(|by| *by > 0).sum()
    };
    compare::summary(found.moved.len(), found.newly_pending.len(), change(-1), change(1))
}

/// A table under a heading, unless it is empty.
fn table(title: &'static str, columns: &[&str], rows: &[Vec<String>]) -> Html {
    if rows.is_empty() {
        return html! {};
    }
    let others = rows.len().saturating_sub(ROWS_MAX);
    let row = |cells: &Vec<String>| {
        let (name, rest) = cells.split_first()?;
        Some(html! {
            <tr>
                <th scope="row">{ name }</th>
                { for rest.iter().map(|it| html! { <td>{ it }</td> }) }
            </tr>
        })
    };
    html! {
        <section>
            <h2>{ title }</h2>
            <div class="table-frame" tabindex="0" role="region" aria-label={title}>
                <table>
                    <thead><tr>{ for columns.iter().map(|name| html! {
                        <th scope="col">{ name }</th>
                    }) }</tr></thead>
                    <tbody>{ for rows.iter().take(ROWS_MAX).filter_map(row) }</tbody>
                </table>
            </div>
            if others > 0 { <p>{ words::more(others) }</p> }
        </section>
    }
}

fn totals(a: Totals, b: Totals) -> Html {
    let rows = |names: [&str; 3], a: Amounts, b: Amounts| -> Vec<Vec<String>> {
        let gib = |bytes: i64| format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0);
        let cpu = |milli: i64| format!("{:.1}", milli as f64 / 1e3);
        let count = |count: i64| count.to_string();
        let row = |name: &str, a: i64, b: i64, tell: &dyn Fn(i64) -> String| {
            let sign = if b > a { "+" } else { "" };
            let change = if a == b { "–".to_owned() } else { format!("{sign}{}", tell(b - a)) };
            vec![name.to_owned(), tell(a), tell(b), change]
        };
        vec![
            row(names[0], a.cpu_milli, b.cpu_milli, &cpu),
            row(names[1], a.memory, b.memory, &gib),
            row(names[2], a.pods, b.pods, &count),
        ]
    };
    let mut all = rows(compare::REQUESTED, a.requested, b.requested);
    all.extend(rows(compare::HEADROOM, a.left, b.left));
    table(compare::TOTALS, &[compare::OF, compare::A, compare::B, compare::CHANGE], &all)
}

fn workloads(found: &Comparison) -> Html {
    let row = |(name, a, b): &(String, _, _)| {
        vec![words::workload(name), compare::serving(*a), compare::serving(*b)]
    };
    let rows: Vec<Vec<String>> = found.workloads.iter().map(row).collect();
    table(compare::WORKLOADS, &[words::WORKLOAD, compare::A, compare::B], &rows)
}

fn moved(found: &Comparison) -> Html {
    let row = |(pod, a, b): &(String, String, String)| vec![pod.clone(), a.clone(), b.clone()];
    let rows: Vec<Vec<String>> = found.moved.iter().map(row).collect();
    table(compare::MOVED, &[words::why::POD, compare::A, compare::B], &rows)
}

fn pods(title: &'static str, pods: &[String]) -> Html {
    let rows: Vec<Vec<String>> = pods.iter().map(|pod| vec![pod.clone()]).collect();
    table(title, &[words::why::POD], &rows)
}
