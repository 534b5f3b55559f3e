//! Fields that were changed, in words.

use holdfast_policy::changes::Field;
use serde_json::Value;

/// `spec.replicas 3 → 1`, with the longest words of Kubernetes cut short.
pub fn changed(field: &Field) -> String {
    const LONG: &str = "DuringSchedulingIgnoredDuringExecution";
    let path = field.path.strip_prefix("spec.template.spec.").unwrap_or(&field.path);
    let path = path.replace(LONG, "");
    match (&field.before, &field.after) {
        (Some(before), Some(after)) => format!("{path} {} → {}", short(before), short(after)),
        (Some(before), None) => format!("{path} dropped (was {})", short(before)),
        (None, Some(after)) => format!("{path} added: {}", short(after)),
        (None, None) => path,
    }
}

/// A value in at most so many characters.
fn short(value: &Value) -> String {
    const MOST: usize = 48;
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= MOST {
        return text;
    }
    let cut: String = text.chars().take(MOST - 1).collect();
    format!("{cut}…")
}
