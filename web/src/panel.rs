//! One node in full: how it is, what can be done to it, and who runs there.

use std::rc::Rc;

use yew::prelude::*;

use crate::map::Deed;
use crate::scene::Scene;
use crate::standing::{Cell, Mark, NodeStanding, NodeState, Standing};
use crate::words;
use holdfast_session::aftermath::Aftermath;

/// Pods named at once; of the others it is said how many they are.
const PODS_MAX: usize = 120;

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) scene: Rc<Scene>,
    pub(crate) standing: Rc<Standing>,
    pub(crate) run: Option<Rc<Aftermath>>,
    pub(crate) node: u32,
    pub(crate) on_select: Callback<Option<u32>>,
    pub(crate) on_deed: Callback<(u32, Deed)>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene)
            && Rc::ptr_eq(&self.standing, &other.standing)
            && self.node == other.node
    }
}

#[component]
pub(crate) fn Panel(props: &Props) -> Html {
    let node = props.node;
    let about = &props.scene.overview.nodes[node as usize];
    let NodeStanding { state, requested, cells } = &props.standing.nodes[node as usize];
    let (asked, gives) = (*requested, about.allocatable);
    let here = cells.iter().filter(|cell| cell.mark != Mark::Left).count();
    let close = props.on_select.reform(|_| None);
    let fact = |name: &'static str, told: String| html! { <><dt>{ name }</dt><dd>{ told }</dd></> };
    html! {
        <aside class="panel" aria-labelledby="panel-title">
            <header>
                <h2 id="panel-title">{ &about.name }</h2>
                <button type="button" class="quiet" onclick={close}
                    aria-label={words::CLOSE_PANEL}>{ "×" }</button>
            </header>
            <p class="panel-state">{ words::state(*state) }</p>
            <p class="deeds">{ for deeds(*state).iter().map(|deed| button(props, *deed)) }</p>
            <dl>
                { fact(words::CPU, words::cpu(asked.cpu_milli, gives.cpu_milli)) }
                { fact(words::MEMORY, words::memory(asked.memory, gives.memory)) }
                { fact(words::PODS, words::count(asked.pods, gives.pods)) }
                if !about.taints.is_empty() { { fact(words::TAINTS, about.taints.join(", ")) } }
            </dl>
            <h3>{ words::pods(here) }</h3>
            <ul class="pods">
                { for cells.iter().take(PODS_MAX).map(|cell| self::pod(props, *cell)) }
            </ul>
            if cells.len() > PODS_MAX { <p>{ words::more(cells.len() - PODS_MAX) }</p> }
        </aside>
    }
}

/// What can be done to a node as it is.
fn deeds(state: NodeState) -> &'static [Deed] {
    match state {
        NodeState::Ready => &[Deed::Fail, Deed::Cordon, Deed::Drain, Deed::Delete],
        NodeState::NotReady | NodeState::Failed | NodeState::CutOff => {
            &[Deed::Recover, Deed::Delete]
        }
        NodeState::Cordoned => &[Deed::Uncordon, Deed::Fail, Deed::Delete],
        NodeState::Deleted => &[],
    }
}

fn button(props: &Props, deed: Deed) -> Html {
    let node = props.node;
    let act = props.on_deed.reform(move |_| (node, deed));
    let class = matches!(deed, Deed::Fail | Deed::Recover).then_some("primary");
    html! {
        <button type="button" class={classes!(class)} onclick={act}>{ words::deed(deed) }</button>
    }
}

fn pod(props: &Props, cell: Cell) -> Html {
    let name = words::pod_name(&props.scene, props.run.as_deref(), cell);
    html! {
        <li>
            { words::sign(cell.mark) }
            <span class="pod-name">{ name }</span>
            <span class="pod-state">{ words::mark(cell.mark) }</span>
            if let Some(moved) = moved(props, cell) { <span class="pod-moved">{ moved }</span> }
        </li>
    }
}

/// Where a pod went that left, or where it came from that is here now.
fn moved(props: &Props, cell: Cell) -> Option<String> {
    let nodes = &props.scene.overview.nodes;
    let name = |node: u32| nodes[node as usize].name.as_str();
    let moves = &props.standing.moves;
    let origin = |pod: u32| props.scene.made(props.run.as_deref(), pod)?.origin;
    if cell.mark == Mark::Left {
        let same = |pod: u32| pod == cell.pod || origin(pod) == Some(cell.pod);
        return moves.iter().find(|one| same(one.pod)).map(|one| words::moves::went(name(one.to)));
    }
    let one = moves.iter().find(|one| one.pod == cell.pod)?;
    Some(words::moves::came(name(one.from)))
}
