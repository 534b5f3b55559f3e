//! From the path of a field to where it stands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The byte offset of the field at `path`, as in `profiles[0].plugins.score`, or of the last part
/// of the path that is there.
pub(super) fn offset(text: &str, path: &str) -> usize {
    let mut here = text;
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        let next = match step.strip_suffix(']') {
            Some(at) => element(here, at),
            None => member(here, step),
        };
        match next {
            Some(next) => here = next,
            None => break,
        }
    }
    // Every part is a piece of the text itself.
    here.as_ptr() as usize - text.as_ptr() as usize
}

fn element<'t>(text: &'t str, at: &str) -> Option<&'t str> {
    let list: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    Some(list.get(at.parse::<usize>().ok()?)?.get())
}

fn member<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text).ok()?;
    Some(members.get(key)?.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_there() {
        let text = r#"{"a": [{"b": 1}, {"b": {"c": 7}}]}"#;
        let at = |path| &text[offset(text, path)..];
        assert!(at("a[1].b.c").starts_with("7}"));
        assert!(at("a[1].b.d").starts_with("{\"c\""));
        assert!(at("a[9]").starts_with("[{"));
        assert!(at("").starts_with("{\"a\""));
    }
}
