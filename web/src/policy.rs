//! The policy as text, and beside it what does not hold, while it is being written.

use holdfast_ingest::policy;
use holdfast_session::judged::{Found, Judged, Mistake, Spot};
use holdfast_session::states::StateOf;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::desk::{self, Desk};
use crate::words::policy as words;

/// Findings told one by one; of the others it is said how many they are.
const TOLD_MAX: usize = 100;

/// Rows of text above a place that is shown.
const ABOVE: u32 = 3;

/// What somebody does to the policy.
pub(crate) enum Msg {
    Write(String),
    /// The pause after typing is over.
    Judge,
    /// What the cluster survives today is to be the text.
    Draft,
    Save,
    /// Findings as the command prints them.
    SaveFindings,
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) desk: Desk,
    pub(crate) on_msg: Callback<Msg>,
}

#[component]
pub(crate) fn Policy(props: &Props) -> Html {
    let area = use_node_ref();
    let go = {
        let area = area.clone();
        Callback::from(move |spot: Spot| {
            area.cast::<HtmlTextAreaElement>().inspect(|area| select(area, spot));
        })
    };
    let write = props.on_msg.reform(|event: InputEvent| {
        Msg::Write(event.target_unchecked_into::<HtmlTextAreaElement>().value())
    });
    let desk = &props.desk;
    html! {
        <div class="policy">
            <section class="policy-text" aria-labelledby="policy-title">
                <h2 id="policy-title">{ words::TITLE }</h2>
                <Beginnings on_msg={props.on_msg.clone()} waits={desk.awaited.draft.is_some()}
                    kept={!desk.is_empty()} />
                <textarea ref={area} class="code-area" spellcheck="false" autocomplete="off"
                    wrap="off" rows="24" aria-label={words::TEXT} oninput={write}
                    value={desk.text.to_string()} placeholder={words::EMPTY} />
            </section>
            <section class="policy-found" aria-labelledby="found-title"
                aria-busy={desk.awaited.judged.is_some().to_string()}>
                <h2 id="found-title">{ words::FOUND }</h2>
                { found(desk, &go, &props.on_msg) }
            </section>
        </div>
    }
}

fn found(desk: &Desk, go: &Callback<Spot>, on_msg: &Callback<Msg>) -> Html {
    if let Some(refused) = &desk.refused {
        return html! { <p class="sentence refused" role="status">{ refused }</p> };
    }
    let Some(judged) = desk.judged.as_deref() else {
        let says = if desk.is_empty() { words::NO_POLICY } else { words::JUDGING };
        return html! { <p role="status">{ says }</p> };
    };
    let save = on_msg.reform(|_| Msg::SaveFindings);
    html! {
        <>
            <p class="sentence" role="status">{ answer(judged) }</p>
            if !judged.states.is_empty() {
                <ul class="states" aria-label={words::STATES}>
                    { for judged.states.iter().map(|state| html! {
                        <li>{ badge(state) }<span>{ words::when(&state.when) }</span></li>
                    }) }
                </ul>
            }
            <ul class="findings">
                { for judged.mistakes.iter().map(|one| mistake(one, go)) }
                { for judged.findings.iter().take(TOLD_MAX).map(|one| finding(one, go)) }
            </ul>
            if judged.findings.len() > TOLD_MAX {
                <p>{ crate::words::more(judged.findings.len() - TOLD_MAX) }</p>
            }
            if judged.suppressed > 0 { <p>{ words::suppressed(judged.suppressed) }</p> }
            if judged.answer.is_some() {
                <p class="answer-head">
                    <button type="button" onclick={save}>{ words::SAVE_FINDINGS }</button>
                    <code>{ &judged.command }</code>
                </p>
            }
        </>
    }
}

fn answer(judged: &Judged) -> Html {
    match &judged.answer {
        Some((verdict, sentence)) => html! {
            <><b class={crate::words::verdict_class(*verdict)}>
                { crate::words::verdict_sign(*verdict) }{ " " }</b>{ sentence }</>
        },
        None => html! { words::NO_SENSE },
    }
}

/// A state, coloured where it is called by a colour, and always named.
pub(crate) fn badge(state: &StateOf) -> Html {
    let name = state.name.as_deref();
    let colour = name.filter(|name| ["green", "yellow", "red", "black"].contains(name));
    let class = classes!("state-badge", colour.map(|name| format!("state-{name}")));
    html! { <span {class}>{ words::state(state) }</span> }
}

fn place(at: Option<Spot>, go: &Callback<Spot>) -> Html {
    let Some(spot) = at else { return html! {} };
    let go = go.reform(move |_| spot);
    html! {
        <button type="button" class="link mono" onclick={go}
            aria-label={words::show(spot)}>{ words::spot(spot) }</button>
    }
}

fn mistake(one: &Mistake, go: &Callback<Spot>) -> Html {
    let class = if one.fatal { "finding is-error" } else { "finding is-warning" };
    html! {
        <li {class}>
            <p class="finding-head">{ place(one.at, go) }<span>{ &one.what }</span></p>
            if let Some(remedy) = &one.remedy { <p class="finding-more">{ remedy }</p> }
        </li>
    }
}

fn finding(one: &Found, go: &Callback<Spot>) -> Html {
    let line = &one.line;
    let class = classes!("finding", format!("is-{}", line.severity));
    html! {
        <li {class}>
            <p class="finding-head">
                { place(one.at, go) }
                <b class="severity">{ words::severity(line) }</b>
                <code>{ &line.id }</code>
            </p>
            <p>
                if let Some(object) = &line.object { <b>{ object }{ ": " }</b> }
                { &line.what }
            </p>
            <p class="finding-more">{ &line.background }
                if let Some(read) = &one.read { { words::read_at(read) } }
            </p>
            if let Some(remedy) = &line.remedy { <p class="finding-remedy">{ remedy }</p> }
            if !line.story.is_empty() {
                <details><summary>{ words::HOW }</summary>
                    <pre tabindex="0" aria-label={words::HOW}>{ &line.story }</pre></details>
            }
        </li>
    }
}

/// Shows a place: the rest of its line is selected, and the lines around it can be seen.
fn select(area: &HtmlTextAreaElement, spot: Spot) {
    let text = area.value();
    let (start, end) = desk::range(&text, spot);
    let _ = area.focus();
    // Browsers that refuse leave the caret where it was.
    let _ = area.set_selection_range(start, end);
    let lines = text.split('\n').count().max(1) as i32;
    let height = area.scroll_height() / lines;
    area.set_scroll_top(spot.line.saturating_sub(ABOVE) as i32 * height);
}

#[derive(Properties, PartialEq)]
struct BeginningsProps {
    on_msg: Callback<Msg>,
    /// A draft is being worked out.
    waits: bool,
    /// There is a text.
    kept: bool,
}

/// What a policy may begin with, and where it may go.
#[component]
fn Beginnings(props: &BeginningsProps) -> Html {
    let (chosen, file) = (use_node_ref(), use_node_ref());
    let begin = {
        let (chosen, on_msg) = (chosen.clone(), props.on_msg.clone());
        Callback::from(move |_: MouseEvent| {
            let name = chosen.cast::<HtmlSelectElement>().map(|it| it.value()).unwrap_or_default();
            let preset = policy::presets().find(|(known, _)| *known == name);
            on_msg.emit(preset.map_or(Msg::Draft, |(_, text)| Msg::Write(text.to_owned())));
        })
    };
    let pick = {
        let file = file.clone();
        Callback::from(move |_: MouseEvent| {
            file.cast::<HtmlInputElement>().inspect(|it| it.click());
        })
    };
    let picked = {
        let on_msg = props.on_msg.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                read(&file, on_msg.clone());
            }
            // So that the same file can be chosen again.
            input.set_value("");
        })
    };
    let save = props.on_msg.reform(|_| Msg::Save);
    html! {
        <div class="beginnings">
            <label>{ words::BEGIN_WITH }
                <select ref={chosen}>
                    <option value="" selected=true>{ words::DRAFT }</option>
                    { for policy::presets().map(|(name, _)| html! {
                        <option value={name}>{ words::preset(name) }</option>
                    }) }
                </select>
            </label>
            <button type="button" onclick={begin} disabled={props.waits}>
                { if props.kept { words::REPLACE } else { words::BEGIN } }</button>
            <button type="button" onclick={pick}>{ words::PICK }</button>
            <input ref={file} type="file" hidden=true aria-label={words::PICK} class="policy-file"
                accept=".yaml,.yml" onchange={picked} />
            <button type="button" onclick={save} disabled={!props.kept}>{ words::SAVE }</button>
            if props.waits { <span role="status">{ words::DRAFTING }</span> }
        </div>
    }
}

/// Makes what a file says the text.
pub(crate) fn read(file: &File, on_msg: Callback<Msg>) {
    let text = JsFuture::from(file.text());
    spawn_local(async move {
        if let Some(text) = text.await.ok().and_then(|text| text.as_string()) {
            on_msg.emit(Msg::Write(text));
        }
    });
}
