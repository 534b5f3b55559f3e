//! YAML as `kubectl get -o yaml` writes it: block style, keys in order, lists not indented.

use serde_json::Value;

/// A value as a YAML document without a separator.
pub(crate) fn yaml(value: &Value) -> String {
    let mut out = String::new();
    block(&mut out, value, 0);
    out
}

/// Values as documents of one stream.
pub(crate) fn documents<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    values.into_iter().map(|value| format!("---\n{}", yaml(value))).collect()
}

fn block(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                *out += &format!("{:indent$}{}:", "", scalar(key));
                // The items of a list stand below its key's first letter.
                nested(out, value, if value.is_array() { indent } else { indent + 2 });
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut text = String::new();
                block(&mut text, item, indent + 2);
                *out += &format!("{:indent$}- {}", "", text.trim_start());
            }
        }
        Value::String(text) => *out += &format!("{:indent$}{}\n", "", scalar(text)),
        other => *out += &format!("{:indent$}{other}\n", ""),
    }
}

fn nested(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(members) if members.is_empty() => *out += " {}\n",
        Value::Array(items) if items.is_empty() => *out += " []\n",
        Value::Object(_) | Value::Array(_) => {
            out.push('\n');
            block(out, value, indent);
        }
        Value::String(text) => *out += &format!(" {}\n", scalar(text)),
        other => *out += &format!(" {other}\n"),
    }
}

/// Plain where no reader could take it for anything but a string, else quoted.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { format!("{text:?}") }
}
