//! A node as a box: how it is, how full it is, and its pods as cells.

use std::rc::Rc;

use holdfast_session::overview::Amounts;
use yew::prelude::*;

use super::Deed;
use super::rows::Density;
use crate::cells::{Grid, paths};
use crate::scene::Scene;
use crate::standing::{NodeStanding, NodeState, Standing};
use crate::words;

#[derive(Clone, Properties)]
pub(crate) struct Props {
    pub(crate) scene: Rc<Scene>,
    pub(crate) standing: Rc<Standing>,
    pub(crate) node: u32,
    pub(crate) density: Density,
    /// How many pods the fullest node has: cells are as large everywhere.
    pub(crate) most: usize,
    pub(crate) selected: bool,
    /// Tab leads to it.
    pub(crate) current: bool,
    /// Nothing is done to it there.
    pub(crate) still: bool,
    pub(crate) onfocus: Callback<u32>,
    pub(crate) on_select: Callback<Option<u32>>,
    pub(crate) on_deed: Callback<(u32, Deed)>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        let at = self.node as usize;
        let same = Rc::ptr_eq(&self.scene, &other.scene) && self.node == other.node;
        same && self.standing.nodes[at] == other.standing.nodes[at]
            && (self.density, self.most) == (other.density, other.most)
            && (self.selected, self.current) == (other.selected, other.current)
    }
}

#[component]
pub(crate) fn Tile(props: &Props) -> Html {
    let node = props.node;
    let about = &props.scene.overview.nodes[node as usize];
    let NodeStanding { state, requested, cells } = &props.standing.nodes[node as usize];
    let (selected, asked, gives) = (props.selected, *requested, about.allocatable);
    let select = props.on_select.reform(move |_| if selected { None } else { Some(node) });
    let deed = Deed::toggle(*state);
    let act = props.on_deed.reform(move |_| (node, deed));
    let onfocus = props.onfocus.reform(move |_| node);
    let label = words::tile(*state, cells, asked, gives);
    let told = words::state(*state);
    let class = classes!("tile", state_class(*state), selected.then_some("selected"));
    html! {
        <li {class}>
            <button type="button" class="tile-body" data-node={node.to_string()}
                aria-pressed={selected.to_string()}
                tabindex={if props.current { "0" } else { "-1" }}
                onclick={select} {onfocus}>
                <span class="tile-name">{ &about.name }</span>
                <span class="unseen">{ label }</span>
                if *state != NodeState::Ready {
                    <span class="badge" aria-hidden="true">{ told }</span>
                }
                { bars(props.density, asked, gives) }
                { self::cells(props) }
            </button>
            if !props.still {
                <button type="button" class="power" tabindex="-1" onclick={act}
                    aria-label={words::deed_on(deed, &about.name)} title={words::deed(deed)}>
                    <svg viewBox="0 0 16 16" aria-hidden="true">
                        <path d="M8 1.5v6M4.2 3.8a5.4 5.4 0 1 0 7.6 0" />
                    </svg>
                </button>
            }
        </li>
    }
}

fn state_class(state: NodeState) -> &'static str {
    match state {
        NodeState::Ready => "is-ready",
        NodeState::NotReady | NodeState::CutOff => "is-not-ready",
        NodeState::Failed => "is-failed",
        NodeState::Cordoned => "is-cordoned",
        NodeState::Deleted => "is-deleted",
    }
}

fn bars(density: Density, asked: Amounts, gives: Amounts) -> Html {
    let bar = |name: &'static str, told: String, part: f64| {
        let width = format!("{:.1}%", part.min(1.0) * 100.0);
        let class = if part > 0.9 { "bar full" } else { "bar" };
        html! {
            <span class="measure">
                if density != Density::Tiny { <span class="measure-name">{ name }</span> }
                <svg {class} aria-hidden="true"><rect {width} height="100%" /></svg>
                if density == Density::Roomy { <span class="measure-told">{ told }</span> }
            </span>
        }
    };
    let part = |asked: i64, of: i64| if of > 0 { asked as f64 / of as f64 } else { 0.0 };
    html! {
        <span class="measures" aria-hidden="true">
            { bar(words::CPU, words::cpu(asked.cpu_milli, gives.cpu_milli),
                part(asked.cpu_milli, gives.cpu_milli)) }
            { bar(words::MEMORY, words::memory(asked.memory, gives.memory),
                part(asked.memory, gives.memory)) }
            { bar(words::PODS, words::count(asked.pods, gives.pods),
                part(asked.pods, gives.pods)) }
        </span>
    }
}

fn cells(props: &Props) -> Html {
    let (wide, high) = props.density.size();
    let (width, height) = match props.density {
        Density::Roomy => (wide - 26.0, high - 106.0),
        Density::Dense => (wide - 18.0, high - 70.0),
        Density::Tiny => (wide - 14.0, high - 48.0),
    };
    let cells = &props.standing.nodes[props.node as usize].cells;
    let grid = Grid::fitting(props.most, width, height);
    let view = format!("0 0 {width} {height}");
    html! {
        <svg class="cells" viewBox={view} width={width.to_string()} height={height.to_string()}
            aria-hidden="true">
            { for paths(cells, grid).into_iter().map(|(mark, d)| html! {
                <path class={words::mark_class(mark)} {d} />
            }) }
        </svg>
    }
}
