//! Questions that the command answers, with the very bytes that it prints.

use std::rc::Rc;

use holdfast_session::explain::Explain;
use holdfast_session::inspect::Inspect;
use holdfast_session::plan::rebalance::Rebalance;
use holdfast_session::plan::remove::Remove;
use holdfast_session::plan::repair::Repair;
use holdfast_session::plan::waste::Waste;
use holdfast_session::protocol::{Document, Question};
use holdfast_session::prove::Prove;
use holdfast_session::question::Failures;
use holdfast_session::simulate::Simulate;
use yew::prelude::*;

use crate::words;

/// What may be asked with one press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    OneNode,
    TwoNodes,
    Run,
    Pending,
    Repair,
    Remove,
    Rebalance,
    Waste,
    Inspect,
}

impl Topic {
    const ALL: [Self; 9] = [
        Self::OneNode,
        Self::TwoNodes,
        Self::Run,
        Self::Pending,
        Self::Repair,
        Self::Remove,
        Self::Rebalance,
        Self::Waste,
        Self::Inspect,
    ];

    /// The question, about what was done so far where it is about that.
    pub(crate) fn question(self, events: &[String]) -> Question {
        match self {
            Self::OneNode => Question::Prove(Prove::default()),
            Self::TwoNodes => {
                let failures = Failures { nodes: 2, ..Failures::default() };
                Question::Prove(Prove { failures, ..Prove::default() })
            }
            Self::Run => {
                let events = events.to_vec();
                Question::Simulate(Simulate { events, ..Simulate::default() })
            }
            Self::Pending => Question::Explain(Explain::default()),
            Self::Repair => Question::Repair(Repair::default()),
            Self::Remove => Question::Remove(Remove::default()),
            Self::Rebalance => Question::Rebalance(Rebalance::default()),
            Self::Waste => Question::Waste(Waste::default()),
            Self::Inspect => Question::Inspect(Inspect::default()),
        }
    }

    /// What its file is called.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::OneNode | Self::TwoNodes => "report.json",
            Self::Run => "outcome.json",
            Self::Pending => "explain.json",
            Self::Repair | Self::Remove | Self::Rebalance | Self::Waste => "plan.json",
            Self::Inspect => "inspect.json",
        }
    }
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answered {
    pub(crate) topic: Topic,
    pub(crate) document: Document,
    /// What was told on the way.
    pub(crate) told: String,
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// What is asked, if an answer is awaited.
    pub(crate) asked: Option<Topic>,
    /// How many sets of failed nodes are done, of all.
    pub(crate) progress: Option<(u64, u64)>,
    pub(crate) answer: Option<Rc<Answered>>,
    pub(crate) on_ask: Callback<Topic>,
    pub(crate) on_save: Callback<Topic>,
    pub(crate) on_cancel: Callback<()>,
}

#[component]
pub(crate) fn Answers(props: &Props) -> Html {
    html! {
        <div class="answers">
            <ul class="topics" aria-label={words::QUESTIONS}>
                { for Topic::ALL.into_iter().map(|topic| self::topic(props, topic)) }
            </ul>
            <section class="answer" aria-live="polite"
                aria-busy={props.asked.is_some().to_string()}>
                if let Some(asked) = props.asked { { waiting(props, asked) } }
                else if let Some(answer) = &props.answer { { self::answer(props, answer) } }
                else { <p>{ words::ASK_SOMETHING }</p> }
            </section>
        </div>
    }
}

fn topic(props: &Props, topic: Topic) -> Html {
    let ask = props.on_ask.reform(move |_| topic);
    let shown = props.answer.as_ref().is_some_and(|answer| answer.topic == topic);
    html! {
        <li><button type="button" onclick={ask} aria-pressed={shown.to_string()}
            disabled={props.asked.is_some()}>{ words::topic(topic) }</button></li>
    }
}

fn waiting(props: &Props, asked: Topic) -> Html {
    let cancel = props.on_cancel.reform(|_| ());
    html! {
        <>
            <p>{ words::working(asked, props.progress) }</p>
            if let Some((done, all)) = props.progress {
                <progress value={done.to_string()} max={all.to_string()}
                    aria-label={words::topic(asked)} />
            }
            <p><button type="button" onclick={cancel}>{ words::CANCEL }</button></p>
        </>
    }
}

fn answer(props: &Props, answer: &Answered) -> Html {
    let topic = answer.topic;
    let save = props.on_save.reform(move |_| topic);
    let Document { text, code, command } = &answer.document;
    html! {
        <>
            <h2>{ words::topic(topic) }<span class={classes!("code", format!("code-{code}"))}>
                { words::code(*code) }</span></h2>
            <p class="answer-head">
                <button type="button" onclick={save}>{ words::SAVE }</button>
                <code>{ command }</code>
            </p>
            <pre class="bytes" tabindex="0" aria-label={words::topic(topic)}>{ text }</pre>
            if !answer.told.is_empty() {
                <pre class="bytes told" tabindex="0" aria-label={words::TOLD}>{ &answer.told }</pre>
            }
        </>
    }
}
