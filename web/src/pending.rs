//! Pending as a place: pods that no node takes, each with kube-scheduler's own words.

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
                <ul>{ for pods.iter().take(TOLD_MAX).map(|cell| self::pod(props, *cell)) }</ul>
            }
            if pods.len() > TOLD_MAX { <p>{ words::more(pods.len() - TOLD_MAX) }</p> }
        </section>
    }
}

fn pod(props: &Props, cell: Cell) -> Html {
    let name = words::pod_name(&props.scene, props.run.as_deref(), cell);
    let mut fates = props.run.iter().flat_map(|run| &run.pods);
    let why = fates.find(|fate| fate.pod == cell.pod).and_then(|fate| fate.why.clone());
    let ask = props.on_why.reform(move |_| cell.pod);
    html! {
        <li>
            { words::sign(cell.mark) }
            <span class="pod-name">
                if props.can_ask {
                    <button type="button" class="ask-why" aria-label={words::why::ask(&name)}
                        onclick={ask}>{ words::why::WHY }</button>
                }
                { name }</span>
            if let Some(why) = why { <span class="why">{ why }</span> }
        </li>
    }
}
