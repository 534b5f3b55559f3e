//! Where a field of an object stands in its text.

use serde_json::Value;

use super::tree::{Node, What};

/// What tells the items of a list apart, where each has one of its own.
pub const IDENTITIES: [&str; 4] = ["name", "topologyKey", "key", "containerPort"];

/// Where the field of an object is, or what is nearest above it, where the path is as
/// `spec.template.spec.containers[web].resources.requests[nvidia.com/gpu]`: an item of a list goes
/// by what tells it apart, or by its position where it is alone.
pub(super) fn of(object: &Node, path: &str) -> usize {
    let (mut at, mut node) = (object.span.start, object);
    for step in steps(path) {
        let next = match &node.what {
            What::Mapping(_, entries) => {
                let entry = entries.iter().find(|entry| entry.name == step);
                entry.map(|entry| (entry.start, &entry.value))
            }
            What::Sequence(_, items) => item(items, step).map(|item| (item.span.start, item)),
            What::Scalar(_) => None,
        };
        let Some(next) = next else { break };
        (at, node) = next;
    }
    at
}

fn item<'n>(items: &'n [Node], name: &str) -> Option<&'n Node> {
    if let ([alone], "0") = (items, name) {
        return Some(alone);
    }
    let goes_by = |item: &Node, key: &str| match item.get(key).map(|node| &node.what) {
        Some(What::Scalar(Value::String(text))) => text == name,
        Some(What::Scalar(Value::Number(number))) => number.as_u64() == name.parse().ok(),
        _ => false,
    };
    IDENTITIES.iter().find_map(|key| items.iter().find(|item| goes_by(item, key)))
}

/// The names and items that a path leads through; what stands in brackets has dots of its own.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches('.');
        let (step, behind) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        rest = behind;
        (!step.is_empty()).then_some(step)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree::documents;
    use super::{of, steps};

    #[test]
    fn steps_have_dots_in_brackets() {
        let path = "spec.containers[web].resources.requests[nvidia.com/gpu]";
        let told: Vec<&str> = steps(path).collect();
        assert_eq!(told, ["spec", "containers", "web", "resources", "requests", "nvidia.com/gpu"]);
    }

    #[test]
    fn a_field_or_what_is_nearest_above_it() {
        let text = "spec:\n  replicas: 1\n  containers:\n  - name: a\n  - name: web\n    cpu: 2\n  \
                    ports: [{containerPort: 80}]\n  alone:\n  - x: 1\n";
        let Ok(documents) = documents(text) else { panic!("it is YAML") };
        let line = |path: &str| {
            let at = of(&documents[0].root, path);
            text[..at].lines().count().max(1) + usize::from(text[..at].ends_with('\n'))
        };
        let told = ["spec.replicas", "spec.containers[web].cpu", "spec.containers[web].memory"];
        assert_eq!(told.map(line), [2, 6, 5]);
        let told = ["spec.ports[80].protocol", "spec.alone[0].x", "spec.alone[1].x", "status"];
        assert_eq!(told.map(line), [7, 9, 8, 1]);
    }
}
