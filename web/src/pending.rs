//! Pending as a place: pods that no node takes, each with kube-scheduler's own words.

use std::collections::BTreeMap;
use std::rc::Rc;

use yew::prelude::*;

use crate::scene::Scene;
use crate::standing::{Cell, Standing};
use crate::words;
use holdfast_session::aftermath::Aftermath;

/// Pods told one by one; of the others it is said how many they are.
const TOLD_MAX: usize = 40;

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) scene: Rc<Scene>,
    pub(crate) standing: Rc<Standing>,
    pub(crate) run: Option<Rc<Aftermath>>,
    /// Whether it can be asked why a pod waits.
    pub(crate) can_ask: bool,
    pub(crate) on_why: Callback<u32>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene)
            && Rc::ptr_eq(&self.standing, &other.standing)
            && self.can_ask == other.can_ask
    }
}

#[component]
pub(crate) fn Pending(props: &Props) -> Html {
    let pods = &props.standing.pending;
    html! {
        <section class={classes!("pending", pods.is_empty().then_some("empty"))}
            aria-labelledby="pending-title">
            <h2 id="pending-title">{ words::PENDING }<span>{ pods.len() }</span></h2>
            if pods.is_empty() {
                <p>{ words::NOTHING_PENDING }</p>
            } else {
                { for groups(props, pods).into_iter().map(|(why, pods)| group(props, why, &pods)) }
            }
            if pods.len() > TOLD_MAX { <p>{ words::more(pods.len() - TOLD_MAX) }</p> }
        </section>
    }
}

/// The pods that are told the same, together: many wait for one reason.
fn groups<'p>(props: &'p Props, pods: &[Cell]) -> Vec<(Option<&'p str>, Vec<Cell>)> {
    let fates = props.run.iter().flat_map(|run| &run.pods);
    let whys: BTreeMap<u32, &str> =
        fates.filter_map(|fate| Some((fate.pod, fate.why.as_deref()?))).collect();
    let mut groups: Vec<(Option<&str>, Vec<Cell>)> = Vec::new();
    for cell in pods.iter().take(TOLD_MAX) {
        let why = whys.get(&cell.pod).copied();
        match groups.iter_mut().find(|(known, _)| *known == why) {
            Some((_, pods)) => pods.push(*cell),
            None => groups.push((why, vec![*cell])),
        }
    }
    groups
}

fn group(props: &Props, why: Option<&str>, pods: &[Cell]) -> Html {
    html! {
        <>
            <ul>{ for pods.iter().map(|cell| self::pod(props, *cell)) }</ul>
            if let Some(why) = why { <p class="why">{ why }</p> }
        </>
    }
}

fn pod(props: &Props, cell: Cell) -> Html {
    let name = words::pod_name(&props.scene, props.run.as_deref(), cell);
    let ask = props.on_why.reform(move |_| cell.pod);
    html! {
        <li>
            { words::sign(cell.mark) }
            <span class="pod-name">{ &name }</span>
            if props.can_ask {
                <button type="button" class="ask-why" aria-label={words::why::ask(&name)}
                    onclick={ask}>{ words::why::WHY }</button>
            }
        </li>
    }
}
