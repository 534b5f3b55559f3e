//! Text to take away: shown, copied, or kept as a file.

use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::window;
use yew::prelude::*;

use crate::save::save;
use crate::words;

#[derive(Clone, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) title: AttrValue,
    pub(crate) text: AttrValue,
    /// What the file is called.
    pub(crate) file: AttrValue,
}

#[component]
pub(crate) fn Take(props: &Props) -> Html {
    let said = use_state(|| "");
    let Props { title, text, file } = props;
    let copy = {
        let (text, said) = (text.clone(), said.clone());
        Callback::from(move |_: MouseEvent| {
            let (text, said) = (text.clone(), said.clone());
            spawn_local(async move {
                let Some(window) = window() else { return };
                let copied = window.navigator().clipboard().write_text(&text);
                let copied = JsFuture::from(copied).await.is_ok();
                said.set(if copied { words::COPIED } else { words::NOT_COPIED });
            });
        })
    };
    let download = {
        let (text, file, said) = (text.clone(), file.clone(), said.clone());
        Callback::from(move |_: MouseEvent| {
            if save(&file, &text).is_err() {
                said.set(words::NOT_SAVED);
            }
        })
    };
    let about = |verb: &str| format!("{verb}: {title}");
    html! {
        <div class="take">
            <h3>{ title }</h3>
            <p>
                <button type="button" aria-label={about(words::whatif::COPY)} onclick={copy}>
                    { words::whatif::COPY }</button>
                <button type="button" aria-label={about(words::whatif::DOWNLOAD)}
                    onclick={download}>{ words::whatif::DOWNLOAD }</button>
                <span role="status">{ *said }</span>
            </p>
            <pre tabindex="0" aria-label={title.clone()}>{ text }</pre>
        </div>
    }
}
