//! Bytes as a file that the browser keeps: made here, sent nowhere.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url, window};

/// Lets the browser keep a text under a name.
///
/// # Errors
/// When the browser does not.
pub(crate) fn save(name: &str, text: &str) -> Result<(), JsValue> {
    let kind = BlobPropertyBag::new();
    kind.set_type(type_of(name));
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &kind)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let document = window().and_then(|it| it.document()).ok_or(JsValue::NULL)?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&address)
}

/// What kind of file a name is for.
fn type_of(name: &str) -> &'static str {
    let ends = |ending: &str| name.ends_with(ending);
    match () {
        () if ends(".html") => "text/html",
        () if ends(".md") => "text/markdown",
        () if ends(".yaml") || ends(".yml") => "application/yaml",
        () => "application/json",
    }
}
