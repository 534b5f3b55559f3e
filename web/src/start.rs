//! The first view: static HTML that was there before the wasm, to which this gives life.

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    ClipboardEvent, Document, DragEvent, Element, Event, File, FileList, HtmlButtonElement,
    HtmlDialogElement, HtmlElement, HtmlInputElement, HtmlTextAreaElement, window,
};
use yew::html::Scope;

use crate::app::{App, Msg, Opening};
use crate::samples::Sample;
use crate::{sharing, theme, words};

/// Gives life to the first view, and puts the app beside it, which shows itself once it has a
/// cluster.
pub(crate) fn show() {
    let Some(document) = window().and_then(|it| it.document()) else { return };
    theme::restore();
    let shell = Shell(document);
    let Some(root) = shell.get("app") else { return };
    let app = yew::Renderer::<App>::with_root(root).render();
    shell.listen(&app);
    shell.say(words::READY, false);
    shell.enable();
    listen_to_links(&app);
}

/// The static HTML.
pub(crate) struct Shell(Document);

impl Shell {
    /// Of this page.
    pub(crate) fn here() -> Option<Self> {
        window().and_then(|it| it.document()).map(Self)
    }

    /// Tells how things stand, and whether they went wrong.
    pub(crate) fn say(&self, what: &str, failed: bool) {
        if let Some(status) = self.get("status") {
            status.set_text_content(Some(what));
            status.set_class_name(if failed { "status failed" } else { "status" });
        }
    }

    /// Shows the first view, or hides it.
    pub(crate) fn show(&self, shown: bool) {
        if let Some(start) = self.get("start") {
            let _ = start.toggle_attribute_with_force("hidden", !shown);
        }
    }

    fn get(&self, id: &str) -> Option<Element> {
        self.0.get_element_by_id(id)
    }

    fn enable(&self) {
        let Ok(buttons) = self.0.query_selector_all("#start button") else { return };
        for at in 0..buttons.length() {
            let button = buttons.get(at).and_then(|it| it.dyn_into::<HtmlButtonElement>().ok());
            button.inspect(|it| it.set_disabled(false));
        }
    }

    fn listen(&self, app: &Scope<App>) {
        self.on_click("theme", theme::toggle);
        self.on_click("copy", copy_command);
        self.on_click("choose", || open_dialog("files"));
        self.on_click("paste", || open_dialog("paste-dialog"));
        self.listen_to_samples(app);
        self.listen_to_files(app);
        self.listen_to_paste(app);
        self.listen_to_drops(app);
    }

    fn on_click(&self, id: &str, act: impl Fn() + 'static) {
        if let Some(button) = self.get(id) {
            EventListener::new(&button, "click", move |_| act()).forget();
        }
    }

    fn listen_to_samples(&self, app: &Scope<App>) {
        let Some(samples) = self.0.query_selector(".samples").ok().flatten() else { return };
        let app = app.clone();
        let listener = EventListener::new(&samples, "click", move |event| {
            let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
            let button = target.and_then(|it| it.closest("[data-sample]").ok().flatten());
            let name = button.and_then(|it| it.get_attribute("data-sample"));
            if let Some(sample) = name.and_then(|name| Sample::named(&name)) {
                app.send_message(Msg::Open(Opening::Sample(sample)));
            }
        });
        listener.forget();
    }

    fn listen_to_files(&self, app: &Scope<App>) {
        let Some(input) = self.get("files") else { return };
        let app = app.clone();
        let listener = EventListener::new(&input, "change", move |event| {
            let Some(input) = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok())
            else {
                return;
            };
            open(&app, input.files());
            // So that the same file can be chosen again.
            input.set_value("");
        });
        listener.forget();
    }

    fn listen_to_paste(&self, app: &Scope<App>) {
        let Some(dialog) = self.get("paste-dialog") else { return };
        let on_paste = app.clone();
        EventListener::new(&dialog, "close", {
            let app = app.clone();
            move |event| {
                let Some(dialog) =
                    event.target().and_then(|it| it.dyn_into::<HtmlDialogElement>().ok())
                else {
                    return;
                };
                if dialog.return_value() == "open" {
                    open_text(&app, take_pasted());
                }
            }
        })
        .forget();
        // Ctrl+V anywhere, but where text is typed.
        let listener = EventListener::new(&self.0, "paste", move |event| {
            let typing =
                event.target().is_some_and(|it| it.is_instance_of::<HtmlTextAreaElement>());
            let pasted = event.dyn_ref::<ClipboardEvent>().and_then(ClipboardEvent::clipboard_data);
            if let (false, Some(pasted)) = (typing, pasted) {
                match pasted.files().filter(|files| files.length() > 0) {
                    Some(files) => open(&on_paste, Some(files)),
                    None => open_text(&on_paste, pasted.get_data("text").unwrap_or_default()),
                }
            }
        });
        listener.forget();
    }

    fn listen_to_drops(&self, app: &Scope<App>) {
        let options = EventListenerOptions::enable_prevent_default();
        let over = |on: bool| {
            move |event: &Event| {
                event.prevent_default();
                if let Some(drop) = Self::here().and_then(|it| it.get("drop")) {
                    let _ = drop.class_list().toggle_with_force("over", on);
                }
            }
        };
        for (kind, on) in [("dragover", true), ("dragleave", false)] {
            EventListener::new_with_options(&self.0, kind, options, over(on)).forget();
        }
        let app = app.clone();
        let listener = EventListener::new_with_options(&self.0, "drop", options, move |event| {
            over(false)(event);
            let dropped = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer);
            open(&app, dropped.and_then(|it| it.files()));
        });
        listener.forget();
    }
}

/// Follows a link that the address holds, now or later.
fn listen_to_links(app: &Scope<App>) {
    let app = app.clone();
    let follow = move || {
        if let Some(link) = sharing::of_address() {
            app.send_message(Msg::Share(sharing::Msg::Linked(link)));
        }
    };
    follow();
    if let Some(window) = window() {
        EventListener::new(&window, "hashchange", move |_| follow()).forget();
    }
}

/// Opens files, if there are any.
fn open(app: &Scope<App>, files: Option<FileList>) {
    let files = files.into_iter().flat_map(|list| (0..list.length()).map(move |at| list.get(at)));
    let files: Vec<File> = files.flatten().collect();
    if !files.is_empty() {
        app.send_message(Msg::Open(Opening::Files(files)));
    }
}

fn open_text(app: &Scope<App>, text: String) {
    if text.trim().is_empty() {
        Shell::here().inspect(|shell| shell.say(words::NOTHING_PASTED, true));
    } else {
        app.send_message(Msg::Open(Opening::Text(text)));
    }
}

/// What stands in the dialog, which forgets it.
fn take_pasted() -> String {
    let area = Shell::here().and_then(|it| it.get("paste-text"));
    let Some(area) = area.and_then(|it| it.dyn_into::<HtmlTextAreaElement>().ok()) else {
        return String::new();
    };
    let text = area.value();
    area.set_value("");
    text
}

fn open_dialog(id: &str) {
    let Some(element) = Shell::here().and_then(|it| it.get(id)) else { return };
    if let Some(dialog) = element.dyn_ref::<HtmlDialogElement>() {
        let _ = dialog.show_modal();
    } else if let Some(input) = element.dyn_ref::<HtmlElement>() {
        input.click();
    }
}

fn copy_command() {
    let Some(text) = Shell::here().and_then(|it| it.get("command")?.text_content()) else { return };
    let Some(window) = window() else { return };
    spawn_local(async move {
        let copied: Result<JsValue, JsValue> =
            JsFuture::from(window.navigator().clipboard().write_text(&text)).await;
        let said = if copied.is_ok() { words::COPIED } else { words::NOT_COPIED };
        Shell::here().inspect(|shell| shell.say(said, copied.is_err()));
    });
}
