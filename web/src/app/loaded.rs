//! The view of a cluster that is open.

use std::rc::Rc;

use web_sys::HtmlSelectElement;
use yew::html::Scope;
use yew::prelude::*;

use super::beside::Aside;
use super::{App, Msg, Open, Purpose, View};
use crate::answers::Answers;
use crate::compare::Compare;
use crate::exported::TakeAway;
use crate::map::Map;
use crate::matrix::Grid;
use crate::outcome::Outcome;
use crate::panel::Panel;
use crate::pending::Pending;
use crate::policy::{self, Policy};
use crate::sharing::{self, Share};
use crate::sides::{Sides, Switch};
use crate::standing::Standing;
use crate::table::Table;
use crate::tale::Telling;
use crate::timeline::Bars;
use crate::whatif::WhatIf;
use crate::why::Explained;
use crate::{theme, words};

/// All of it.
pub(crate) fn view(
    open: &Open,
    link: &Scope<App>,
    (busy, helpers): (bool, usize),
    keys: bool,
) -> Html {
    let (scene, standing, run) = (open.scene.clone(), open.standing.clone(), open.run.clone());
    let on_select = link.callback(Msg::Select);
    let on_deed = link.callback(|(node, deed)| Msg::Do(node, deed));
    html! {
        <div class="app">
            { bar(open, link) }
            <main class={classes!("work", open.selected.map(|_| "beside"))}>
                <h1 class="unseen">{ &open.name }</h1>
                if let Some(tale) = &open.tale {
                    <Telling tale={tale.clone()} moment={open.moment}
                        on_moment={link.callback(Msg::Moment)}
                        on_back={link.callback(|()| Msg::LeaveCell)} />
                }
                if open.tale.as_ref().is_none_or(|tale| tale.run.is_some()) {
                    <Outcome standing={standing.clone()} run={run.clone()} {busy}
                        refused={open.refused.clone()} moment={open.moment}
                        on_moment={link.callback(Msg::Moment)} />
                }
                if let Some(other) = &open.sharing.other {
                    { sharing::other(other, open.sharing.digest.as_deref(),
                        &link.callback(Msg::Share)) }
                }
                if open.tale.is_none() && !open.history.done().is_empty() {
                    { deeds(open, link) }
                }
                { tools(open, link) }
                <div class="stage">
                    if open.view == View::WhatIf {
                        { what_if(open, link) }
                    } else if open.view == View::Policy {
                        <Policy desk={open.desk.clone()} on_msg={link.callback(Msg::Policy)} />
                    } else if open.view == View::Share {
                        <Share sharing={open.sharing.clone()} link={open.link()}
                            on_msg={link.callback(Msg::Share)} />
                    } else if open.view == View::Compare { { compare(open, link) } }
                    else if open.view == View::Answers { { answers(open, link) } }
                    else if open.view == View::Matrix { { matrix(open, link, (busy, helpers)) } }
                    else if open.view == View::Timeline {
                        <Bars timeline={open.timeline.clone()} has_run={run.is_some()} />
                    }
                    else {
                        if let Some(why) = &open.beside.why {
                            <Explained why={why.clone()}
                                on_close={link.callback(|()| Msg::Aside(Aside::Why(None)))} />
                        }
                        <Pending scene={scene.clone()} standing={standing.clone()}
                            run={run.clone()} can_ask={open.tale.is_none()}
                            on_why={link.callback(|pod| Msg::Aside(Aside::Why(Some(pod))))} />
                    }
                    if open.view == View::Map { { maps(open, link) } }
                    else if open.view == View::Table {
                        <Table scene={scene.clone()} standing={standing.clone()}
                            on_select={on_select.clone()} on_deed={on_deed.clone()} />
                    }
                </div>
                if let Some(node) = open.selected {
                    <Panel {scene} {standing} {run} {node} {on_select} {on_deed} />
                }
            </main>
            if keys { { self::keys(link) } }
        </div>
    }
}

fn bar(open: &Open, link: &Scope<App>) -> Html {
    let click = |msg: fn() -> Msg| link.callback(move |_| msg());
    let (nodes, pods) = (open.scene.overview.nodes.len(), open.scene.overview.pods.names.len());
    html! {
        <header class="top">
            <svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><use href="#mark" /></svg>
            <span class="wordmark">{ "Holdfast" }</span>
            <span class="opened"><b>{ &open.name }</b>
                { format!(" {} · {}", words::nodes(nodes), words::pods(pods)) }</span>
            if let Some(state) = &open.desk.state {
                <span class="state-now" role="status">
                    { words::policy::STATE }
                    <span class="unseen">{ words::policy::state_after(&state.when) }</span>
                    { policy::badge(state) }</span>
            }
            <span class="top-tools">
                <button type="button" onclick={click(|| Msg::Undo)}
                    disabled={open.history.done().is_empty()}>{ words::UNDO }</button>
                <button type="button" onclick={click(|| Msg::Redo)}
                    disabled={!open.history.can_redo()}>{ words::REDO }</button>
                <button type="button" class="quiet" onclick={click(|| Msg::Keys(true))}>
                    { words::KEYS }</button>
                <button type="button" class="quiet" onclick={|_| theme::toggle()}>
                    { words::THEME }</button>
                <button type="button" class="quiet" onclick={click(|| Msg::Close)}>
                    { words::CLOSE }</button>
            </span>
        </header>
    }
}

/// What was done so far, and the same for the command.
fn deeds(open: &Open, link: &Scope<App>) -> Html {
    let acts = open.history.done();
    html! {
        <section class="done" aria-label={words::DONE_SO_FAR}>
            <ol>{ for acts.iter().map(|act| html! { <li class="mono">{ act.words() }</li> }) }</ol>
            <button type="button" class="quiet" onclick={link.callback(|_| Msg::Reset)}>
                { words::RESET }</button>
            <details>
                <summary>{ words::COMMAND }</summary>
                <pre tabindex="0" aria-label={words::COMMAND}><code>{ &open.command }</code></pre>
            </details>
        </section>
    }
}

fn matrix(open: &Open, link: &Scope<App>, (busy, helpers): (bool, usize)) -> Html {
    html! {
        <Grid sweep={open.sweep.clone()} labels={open.scene.labels.clone()} {busy} {helpers}
            claim={open.claim} on_claim={link.callback(Msg::Claim)}
            on_cell={link.callback(Msg::Cell)} on_columns={link.callback(Msg::Sweep)}
            on_go_on={link.callback(|()| Msg::GoOn)}
            on_halt={link.callback(|()| Msg::Halt)}
            on_fail={link.callback(Msg::Fail)} />
    }
}

/// The map at the moment that is shown, and before it that of the cluster before, if wanted.
fn maps(open: &Open, link: &Scope<App>) -> Html {
    let both = open.sides == Sides::Both && open.run.is_some();
    let map = |standing: &Rc<Standing>, name: &'static str, still: bool| {
        html! {
            <Map scene={open.scene.clone()} standing={standing.clone()} by={open.by.clone()}
                selected={open.selected} {name} {still} follow={open.follow}
                on_select={link.callback(Msg::Select)}
                on_deed={link.callback(|(node, deed)| Msg::Do(node, deed))} />
        }
    };
    if !both {
        return map(&open.standing, words::MAP, false);
    }
    let side = |title: &'static str, map: Html| {
        html! { <div class="side"><p class="side-title">{ title }</p>{ map }</div> }
    };
    html! {
        <div class="sides">
            { side(words::BEFORE, map(&open.before, words::moves::MAP_BEFORE, true)) }
            { side(words::AFTER, map(&open.standing, words::moves::MAP_AFTER, false)) }
        </div>
    }
}

/// Forms, and what was changed so far to take away.
fn what_if(open: &Open, link: &Scope<App>) -> Html {
    html! {
        <>
            if !open.changed.is_empty() {
                <TakeAway exported={open.beside.exported.clone()}
                    on_export={link.callback(|()| Msg::Aside(Aside::Export))} />
            }
            <WhatIf scene={open.scene.clone()} catalog={open.beside.catalog.clone()}
                on_wish={link.callback(|wish| Msg::Aside(Aside::Wish(wish)))} />
        </>
    }
}

fn compare(open: &Open, link: &Scope<App>) -> Html {
    let Some(stands) = &open.beside.stands else { return html! {} };
    html! {
        <Compare a={open.beside.kept.clone()} b={stands.clone()}
            on_keep={link.callback(|()| Msg::Aside(Aside::Keep))}
            on_swap={link.callback(|()| Msg::Aside(Aside::Swap))}
            on_forget={link.callback(|()| Msg::Aside(Aside::Forget))} />
    }
}

fn answers(open: &Open, link: &Scope<App>) -> Html {
    html! {
        <Answers asked={open.asked.map(|(topic, _)| topic)} progress={open.progress}
            answer={open.answer.clone()}
            on_ask={link.callback(|topic| Msg::Ask(topic, Purpose::Read))}
            on_save={link.callback(|topic| Msg::Ask(topic, Purpose::Save))}
            on_cancel={link.callback(|()| Msg::Cancel)} />
    }
}

fn tools(open: &Open, link: &Scope<App>) -> Html {
    let tab = |view: View, name: &'static str| {
        let chosen = open.view == view;
        html! {
            <button type="button" aria-pressed={chosen.to_string()}
                onclick={link.callback(move |_| Msg::Show(view))}>{ name }</button>
        }
    };
    let group = link.callback(|event: Event| {
        let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
        Msg::Group(Some(chosen).filter(|label| !label.is_empty()))
    });
    let labels = &open.scene.labels;
    html! {
        <div class="tools">
            <span role="group" aria-label={words::VIEWS} class="tabs">
                { tab(View::Map, words::MAP_TAB) }
                { tab(View::Table, words::TABLE_TAB) }
                { tab(View::Matrix, words::MATRIX_TAB) }
                { tab(View::Timeline, words::TIMELINE_TAB) }
                { tab(View::WhatIf, words::WHAT_IF_TAB) }
                { tab(View::Compare, words::compare::TAB) }
                { tab(View::Policy, words::POLICY_TAB) }
                { tab(View::Answers, words::ANSWERS_TAB) }
                { tab(View::Share, words::SHARE_TAB) }
            </span>
            if open.view == View::Map && open.run.is_some() {
                <Switch scene={open.scene.clone()} standing={open.standing.clone()}
                    sides={open.sides} follow={open.follow}
                    on_follow={link.callback(Msg::Follow)}
                    on_sides={link.callback(Msg::Sides)} />
            }
            if open.view == View::Map && !labels.is_empty() {
                <label>{ words::GROUP_BY }
                    <select onchange={group}>
                        <option value="" selected={open.by.is_none()}>{ words::NO_GROUPS }</option>
                        { for labels.iter().map(|label| html! {
                            <option value={label.clone()}
                                selected={open.by.as_ref() == Some(label)}>{ label }</option>
                        }) }
                    </select>
                </label>
            }
        </div>
    }
}

fn keys(link: &Scope<App>) -> Html {
    let close = link.callback(|_| Msg::Keys(false));
    html! {
        <section class="keys" role="dialog" aria-labelledby="keys-title">
            <h2 id="keys-title">{ words::KEYS }</h2>
            <dl>{ for words::KEY_TABLE.iter().map(|(key, does)| html! {
                <><dt><kbd>{ key }</kbd></dt><dd>{ does }</dd></>
            }) }</dl>
            <button type="button" class="primary" onclick={close}>{ words::CLOSE_PANEL }</button>
        </section>
    }
}
