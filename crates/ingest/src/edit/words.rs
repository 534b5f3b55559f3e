//! Values as they are written where something new stands.

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::yaml;

/// A value in lines, from the first column on; lists in mappings are `offset` further right.
pub(super) fn lines(value: &Value, offset: usize) -> Vec<String> {
    let further = |columns: usize, lines: Vec<String>| {
        lines.into_iter().map(move |line| format!("{:columns$}{line}", ""))
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let field = |(name, value): (&String, &Value)| entry(name, value, offset);
            fields.iter().flat_map(field).collect()
        }
        Value::Array(items) if !items.is_empty() => {
            let item = |item: &Value| {
                let mut lines: Vec<String> = further(2, lines(item, offset)).collect();
                lines[0].replace_range(..2, "- ");
                lines
            };
            items.iter().flat_map(item).collect()
        }
        leaf => vec![scalar(leaf, false)],
    }
}

/// An entry of a mapping in lines.
pub(super) fn entry(name: &str, value: &Value, offset: usize) -> Vec<String> {
    let name = word(name);
    let columns = match value {
        Value::Object(fields) if !fields.is_empty() => 2,
        Value::Array(items) if !items.is_empty() => offset,
        leaf => return vec![format!("{name}: {}", scalar(leaf, false))],
    };
    let below = lines(value, offset).into_iter().map(|line| format!("{:columns$}{line}", ""));
    [format!("{name}:")].into_iter().chain(below).collect()
}

/// A value in brackets, in lines where `indent` says what each level begins with.
pub(super) fn flow(value: &Value, indent: Option<&str>, quoted: bool) -> String {
    if !matches!(value, Value::Object(_) | Value::Array(_)) {
        return scalar(value, quoted);
    }
    let Some(indent) = indent else { return inline(value, quoted) };
    let mut written = Vec::new();
    let format = PrettyFormatter::with_indent(indent.as_bytes());
    let told = value.serialize(&mut Serializer::with_formatter(&mut written, format));
    told.expect("a value is JSON");
    String::from_utf8(written).expect("JSON is text")
}

fn inline(value: &Value, quoted: bool) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                format!("{}: {}", key(name, quoted), inline(value, quoted))
            };
            format!("{{{}}}", joined(fields.iter().map(field).collect()))
        }
        Value::Array(items) => {
            format!("[{}]", joined(items.iter().map(|item| inline(item, quoted)).collect()))
        }
        leaf => scalar(leaf, quoted),
    }
}

/// A name of a field, in quotes where its neighbours are.
pub(super) fn key(name: &str, quoted: bool) -> String {
    if quoted { Value::from(name).to_string() } else { word(name) }
}

/// What is no collection with something in it.
pub(super) fn scalar(value: &Value, quoted: bool) -> String {
    match value {
        Value::String(text) if !quoted => word(text),
        other => other.to_string(),
    }
}

/// A text, in quotes where it would be read as something else.
fn word(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._/-".contains(letter);
    let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    if begins && text.chars().all(plain) && yaml::is_text(text) {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}
