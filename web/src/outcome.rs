//! What a run comes to: one sentence, who stands how, and the run itself to step through.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::standing::Standing;
use crate::words;
use holdfast_session::aftermath::Aftermath;

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) standing: Rc<Standing>,
    pub(crate) run: Option<Rc<Aftermath>>,
    /// It is being worked out.
    pub(crate) busy: bool,
    /// What went wrong, if the last deed made no sense.
    pub(crate) refused: Option<String>,
    /// The moment that is shown, among the run's; past the last is its end.
    pub(crate) moment: usize,
    pub(crate) on_moment: Callback<usize>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        let same = self.run.as_ref().map(Rc::as_ptr) == other.run.as_ref().map(Rc::as_ptr);
        same && Rc::ptr_eq(&self.standing, &other.standing)
            && (self.busy, self.moment) == (other.busy, other.moment)
            && self.refused == other.refused
    }
}

#[component]
pub(crate) fn Outcome(props: &Props) -> Html {
    let sentence = match (&props.refused, &props.run) {
        (Some(refused), _) => refused.clone(),
        (None, Some(run)) => run.sentence.clone(),
        (None, None) => words::NOTHING_DONE.to_owned(),
    };
    let class = classes!("sentence", props.refused.as_ref().map(|_| "refused"));
    html! {
        <section class="outcome" aria-label={words::OUTCOME} aria-busy={props.busy.to_string()}>
            <p {class} role="status" id="sentence">
                { self::sentence(&sentence, props.run.is_some()) }
            </p>
            <ul class="legend" aria-label={words::LEGEND}>
                { for props.standing.tally().into_iter().map(|(mark, count)| html! {
                    <li>{ words::sign(mark) }<b>{ count }</b>{ words::mark(mark) }</li>
                }) }
            </ul>
            if let Some(run) = &props.run { { story(props, run) } }
        </section>
    }
}

/// What happened stands out, what comes of it is read.
fn sentence(sentence: &str, told: bool) -> Html {
    match sentence.split_once(": ") {
        Some((event, rest)) if told => html! { <><b>{ event }{ ": " }</b>{ rest }</> },
        _ => html! { sentence },
    }
}

fn story(props: &Props, run: &Aftermath) -> Html {
    let last = run.frames.len();
    let go = |to: usize| props.on_moment.reform(move |_| to);
    let slide = props.on_moment.reform(|event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        input.value_as_number() as usize
    });
    let now = props.moment.min(last);
    let told = match now {
        0 => words::BEFORE.to_owned(),
        at => words::moment(&run.frames[at - 1], at == last),
    };
    html! {
        <div class="story" role="group" aria-label={words::STORY}>
            <button type="button" onclick={go(0)} disabled={now == 0}>{ words::BEFORE }</button>
            <button type="button" onclick={go(now.saturating_sub(1))} disabled={now == 0}
                aria-label={words::STEP_BACK}>{ "‹" }</button>
            <input type="range" min="0" max={last.to_string()} value={now.to_string()}
                aria-label={words::STORY} aria-valuetext={told.clone()} oninput={slide} />
            <button type="button" onclick={go(now + 1)} disabled={now == last}
                aria-label={words::STEP_ON}>{ "›" }</button>
            <button type="button" onclick={go(last)} disabled={now == last}>
                { words::AFTER }</button>
            <span class="told">{ told }</span>
        </div>
    }
}
