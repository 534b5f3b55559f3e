//! What is handed on: a report, and a link that does the same to the same export.

use std::collections::VecDeque;
use std::rc::Rc;

use holdfast_proof::report::VerdictName;
use holdfast_session::cell::Claim;
use holdfast_session::link::{FILE_ENDING, LENGTH_MAX, Link, LinkDeed, Unreadable};
use holdfast_session::paper::SoFar;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, HtmlInputElement, window};
use yew::prelude::*;

use crate::act::Act;
use crate::sweep::Sweep;
use crate::words::sharing as words;

/// What somebody does.
pub(crate) enum Msg {
    /// A link stands behind the `#`, or a file of one was opened.
    Linked(Result<Link, Unreadable>),
    /// The report is to be kept, in a format.
    Save(Format),
    /// The report is to be copied as Markdown.
    Copy,
    CopyLink,
    /// The link is to be kept as a file.
    SaveLink,
    Copied(bool),
    Print,
    /// A link is for another export, and is to be followed all the same, or not.
    Follow(bool),
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Markdown,
    Html,
}

impl Format {
    /// As the session takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }

    /// What its file is called.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Markdown => "report.md",
            Self::Html => "report.html",
        }
    }
}

/// What is known of what is handed on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sharing {
    /// Which export it is.
    pub(crate) digest: Option<Rc<str>>,
    /// The report in Markdown, as it is shown.
    pub(crate) report: Option<Rc<str>>,
    /// Why there is none.
    pub(crate) refused: Option<String>,
    /// What was copied or not.
    pub(crate) said: Option<&'static str>,
    /// The link that is for another export than the one that is open.
    pub(crate) other: Option<Rc<Link>>,
    /// What a link does that is still to be done, one by one, as some may not fit.
    pub(crate) left: VecDeque<Act>,
    /// A link is being followed so.
    pub(crate) follows: bool,
    /// How much of it did not fit.
    pub(crate) misfits: usize,
    /// The orders that answers are awaited to.
    pub(crate) awaited_digest: Option<u32>,
    pub(crate) awaited_report: Option<u32>,
    pub(crate) awaited_file: Option<(u32, Format)>,
}

impl Sharing {
    /// What was done is another, so that the report is, too; which export it is stays.
    pub(crate) fn forget(&mut self) {
        (self.report, self.refused, self.said, self.awaited_report) = (None, None, None, None);
    }
}

/// What was done, as a link says it.
pub(crate) fn deeds(acts: &[Act]) -> Vec<LinkDeed> {
    let deed = |act: &Act| match act {
        Act::Event(event) => LinkDeed::Event(event.clone()),
        Act::Change(change) => LinkDeed::Change(change.clone()),
    };
    acts.iter().map(deed).collect()
}

/// What a link does.
pub(crate) fn acts(deeds: &[LinkDeed]) -> impl Iterator<Item = Act> {
    deeds.iter().map(|deed| match deed {
        LinkDeed::Event(event) => Act::Event(event.clone()),
        LinkDeed::Change(change) => Act::Change(change.clone()),
    })
}

/// What a matrix knows so far: the worst of each workload.
pub(crate) fn so_far(sweep: &Sweep) -> SoFar {
    let sets = (sweep.done(Claim::Recovered), sweep.sets().len());
    let worst = |workload: usize, claim: Claim| {
        let sets = 0..sweep.sets().len();
        let known = sets.filter_map(|set| sweep.verdict(claim, workload, set));
        known.max_by_key(|verdict| verdict.rank()).unwrap_or(VerdictName::Unknown)
    };
    let workloads = sweep.workloads().iter().enumerate().map(|(at, name)| {
        (name.clone(), worst(at, Claim::Immediately), worst(at, Claim::Recovered))
    });
    SoFar { question: sweep.columns().question(), sets, workloads: workloads.collect() }
}

/// The address of this page with a link; nothing where it would be too long.
pub(crate) fn address(link: &Link) -> Option<String> {
    let location = window()?.location();
    let page = location.href().ok()?;
    let page = page.split('#').next().unwrap_or_default();
    let page = page.split('?').next().unwrap_or_default();
    Some(format!("{page}#{}", link.packed())).filter(|address| address.len() <= LENGTH_MAX)
}

/// Whether `holdfast open` shows the page, whose address others cannot open.
fn is_local() -> bool {
    let search = window().and_then(|window| window.location().search().ok());
    search.is_some_and(|search| search.starts_with("?open="))
}

/// What stands behind the `#` of this page, where that is a link.
pub(crate) fn of_address() -> Option<Result<Link, Unreadable>> {
    Link::read(&window()?.location().hash().ok()?)
}

/// Whether a file is a link that was too long for an address.
pub(crate) fn is_link(file: &File) -> bool {
    file.name().ends_with(FILE_ENDING)
}

/// Reads a file of a link.
pub(crate) fn read(file: &File, on_msg: Callback<Msg>) {
    let text = JsFuture::from(file.text());
    spawn_local(async move {
        let text = text.await.ok().and_then(|text| text.as_string()).unwrap_or_default();
        on_msg.emit(Msg::Linked(Link::of_file(&text)));
    });
}

/// Puts a text where it can be pasted from, and tells whether that could be done.
pub(crate) fn copy(text: String, on_msg: Callback<Msg>) {
    let Some(window) = window() else { return };
    spawn_local(async move {
        let copied = JsFuture::from(window.navigator().clipboard().write_text(&text)).await;
        on_msg.emit(Msg::Copied(copied.is_ok()));
    });
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) sharing: Sharing,
    /// What a link says; its digest is empty as long as that is not known.
    pub(crate) link: Link,
    pub(crate) on_msg: Callback<Msg>,
}

#[component]
pub(crate) fn Share(props: &Props) -> Html {
    html! {
        <div class="sharing">
            <section aria-labelledby="report-title">
                <h2 id="report-title">{ words::REPORT }</h2>
                { report(props) }
            </section>
            <section aria-labelledby="link-title">
                <h2 id="link-title">{ words::LINK }</h2>
                { link(props) }
                <p role="status" class="said">{ props.sharing.said.unwrap_or_default() }</p>
                <h2>{ words::KEPT }</h2>
                <p>{ words::KEPT_SAYS }</p>
                <p><button type="button" data-forget="">{ words::FORGET }</button></p>
                <p class="soft">{ words::version() }</p>
            </section>
        </div>
    }
}

fn button(props: &Props, name: &'static str, msg: fn() -> Msg) -> Html {
    let press = props.on_msg.reform(move |_| msg());
    html! { <button type="button" onclick={press}>{ name }</button> }
}

fn report(props: &Props) -> Html {
    let sharing = &props.sharing;
    html! {
        <>
            <p>{ words::REPORT_SAYS }</p>
            <p class="share-tools">
                { button(props, words::AS_MARKDOWN, || Msg::Save(Format::Markdown)) }
                { button(props, words::AS_HTML, || Msg::Save(Format::Html)) }
                { button(props, words::COPY, || Msg::Copy) }
                { button(props, words::PRINT, || Msg::Print) }
            </p>
            if let Some(refused) = &sharing.refused {
                <p class="sentence refused" role="status">{ refused }</p>
            } else if let Some(report) = &sharing.report {
                <pre class="bytes preview" tabindex="0" aria-label={words::PREVIEW}>
                    { report.as_ref() }
                </pre>
            } else {
                <p role="status">{ words::WRITING }</p>
            }
        </>
    }
}

fn link(props: &Props) -> Html {
    if props.link.digest.is_empty() {
        return html! { <p role="status">{ words::WRITING }</p> };
    }
    let save = button(props, words::SAVE_LINK, || Msg::SaveLink);
    let address = address(&props.link).filter(|_| !is_local());
    let Some(address) = address else {
        let why = if is_local() { words::LOCAL } else { words::TOO_LONG };
        return html! { <><p>{ why }</p><p class="share-tools">{ save }</p></> };
    };
    let select = |event: FocusEvent| {
        event.target_unchecked_into::<HtmlInputElement>().select();
    };
    html! {
        <>
            <p>{ words::LINK_SAYS }</p>
            <input class="link-text mono" type="text" readonly=true value={address} onfocus={select}
                aria-label={words::LINK} />
            <p class="share-tools">
                { button(props, words::COPY_LINK, || Msg::CopyLink) }
                { save }
            </p>
        </>
    }
}

/// What is asked where a link is for another export.
pub(crate) fn other(link: &Link, digest: Option<&str>, on_msg: &Callback<Msg>) -> Html {
    let (follow, leave) =
        (on_msg.reform(|_| Msg::Follow(true)), on_msg.reform(|_| Msg::Follow(false)));
    html! {
        <section class="other-export" role="alert">
            <p>{ words::other(link, digest) }</p>
            <p class="share-tools">
                <button type="button" class="primary" onclick={follow}>{ words::FOLLOW }</button>
                <button type="button" onclick={leave}>{ words::LEAVE }</button>
            </p>
        </section>
    }
}
