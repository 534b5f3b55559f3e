//! What was changed, to be done to a cluster.

use std::rc::Rc;

use holdfast_session::exported::Exported;
use yew::prelude::*;

use crate::take::Take;
use crate::words::whatif as words;

#[derive(Clone, PartialEq, Properties)]
pub(crate) struct Props {
    /// What was written down; nothing before somebody asks.
    pub(crate) exported: Option<Rc<Exported>>,
    pub(crate) on_export: Callback<()>,
}

#[component]
pub(crate) fn TakeAway(props: &Props) -> Html {
    let export = props.on_export.reform(|_| ());
    html! {
        <section class="what-if" aria-labelledby="take-title">
            <h2 id="take-title">{ words::TAKE_AWAY }</h2>
            <p>{ words::TAKE_SAYS }</p>
            <p><button type="button" class="primary" onclick={export}>
                { words::WORK_OUT }</button></p>
            if let Some(exported) = &props.exported { { written(exported) } }
        </section>
    }
}

fn written(exported: &Exported) -> Html {
    let take = |title: &str, text: &str, file: &str| {
        if text.is_empty() {
            return html! {};
        }
        html! {
            <Take title={title.to_owned()} text={text.to_owned()} file={file.to_owned()} />
        }
    };
    html! {
        <>
            { take(words::PATCHES, &exported.patches, "patches.yaml") }
            { take(words::KUBECTL, &exported.kubectl, "changes.sh") }
            { for exported.files.iter().map(|file| take(&file.name, &file.text, &file.name)) }
            { take(words::COMMAND, &exported.command, "holdfast.sh") }
        </>
    }
}
