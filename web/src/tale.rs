//! A cell of the matrix as a story: why its verdict is so, and the run to step through.

use std::rc::Rc;

use holdfast_session::aftermath::Aftermath;
use holdfast_session::cell::{CellStory, Place};
use yew::prelude::*;

use crate::words;

/// A cell that is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Tale {
    /// The workload, as it is read.
    pub(crate) workload: String,
    /// What fails, as it is read.
    pub(crate) set: String,
    pub(crate) place: Place,
    pub(crate) story: CellStory,
    /// Its run, shared with the map.
    pub(crate) run: Option<Rc<Aftermath>>,
}

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) tale: Rc<Tale>,
    /// The moment of the run that is shown.
    pub(crate) moment: usize,
    pub(crate) on_moment: Callback<usize>,
    pub(crate) on_back: Callback<()>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.tale, &other.tale) && self.moment == other.moment
    }
}

#[component]
pub(crate) fn Telling(props: &Props) -> Html {
    let Tale { workload, set, place, story, run } = &*props.tale;
    let back = props.on_back.reform(|_| ());
    html! {
        <section class="tale" aria-labelledby="tale-title">
            <header>
                <h2 id="tale-title">{ words::tale::title(workload, set, place.claim) }</h2>
                <button type="button" onclick={back}>{ words::tale::BACK_TO_MATRIX }</button>
            </header>
            <p class="tale-why" role="status" id="why">
                <b class={words::verdict_class(story.verdict)}>{ words::verdict(story.verdict) }</b>
                { " " }{ &story.why }
            </p>
            if let Some(run) = run { { steps(props, run) } }
            if !story.telling.is_empty() {
                <details>
                    <summary>{ words::tale::AS_TOLD }</summary>
                    <pre tabindex="0" aria-label={words::tale::AS_TOLD}>{ &story.telling }</pre>
                </details>
            }
            <details>
                <summary>{ words::tale::PROVED_BY }</summary>
                <pre tabindex="0" aria-label={words::tale::PROVED_BY}>{ &story.command }</pre>
            </details>
        </section>
    }
}

/// Every step of the run, and which is shown.
fn steps(props: &Props, run: &Aftermath) -> Html {
    let last = run.frames.len();
    let step = |(at, frame): (usize, &holdfast_session::aftermath::Frame)| {
        let go = props.on_moment.reform(move |_| at + 1);
        let current = (props.moment == at + 1).then_some("step");
        html! {
            <li key={at}>
                <button type="button" class="quiet" aria-current={current} onclick={go}>
                    { words::moment(frame, at + 1 == last) }</button>
            </li>
        }
    };
    html! {
        <ol class="tale-steps" tabindex="0" aria-label={words::tale::STEPS}>
            { for run.frames.iter().enumerate().map(step) }
        </ol>
    }
}
