//! Light and dark: as the system has it, unless somebody chose for this page.

use web_sys::window;

/// Where the choice is kept, and nothing else is.
const KEY: &str = "holdfast.theme";

/// Shows what was chosen before.
pub(crate) fn restore() {
    if let Some(theme) = stored() {
        show(&theme);
    }
}

/// Changes to the other one, and keeps the choice.
pub(crate) fn toggle() {
    let dark = stored().map_or_else(system_is_dark, |theme| theme == "dark");
    let theme = if dark { "light" } else { "dark" };
    show(theme);
    if let Some(storage) = window().and_then(|it| it.local_storage().ok().flatten()) {
        // A browser that keeps nothing still shows it.
        let _ = storage.set_item(KEY, theme);
    }
}

fn stored() -> Option<String> {
    window()?.local_storage().ok()??.get_item(KEY).ok()?
}

fn system_is_dark() -> bool {
    let query = window().and_then(|it| it.match_media("(prefers-color-scheme: dark)").ok()?);
    query.is_some_and(|it| it.matches())
}

fn show(theme: &str) {
    let root = window().and_then(|it| it.document()).and_then(|it| it.document_element());
    if let Some(root) = root {
        let _ = root.set_attribute("data-theme", theme);
    }
}
