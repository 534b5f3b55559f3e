//! What may be a name.
//!
//! Models `IsQualifiedName` and `IsValidLabelValue`
//! (`k8s.io/apimachinery/pkg/api/validate/content/kube.go`, v0.36.3) and `IsExtendedResourceName`
//! (`pkg/apis/core/v1/helper/helpers.go`, v1.36.3).

const NAME_MAX: usize = 63;
const PREFIX_MAX: usize = 253;

/// A label's key, or a resource's name: a name, perhaps with a DNS subdomain and a slash before it.
pub(super) fn is_qualified(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    prefix.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

/// A label's value; it may be empty.
pub(super) fn is_label_value(text: &str) -> bool {
    let outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.is_empty()
        || (text.len() <= NAME_MAX
            && outer(text.bytes().next())
            && outer(text.bytes().last())
            && text.bytes().all(inner))
}

fn is_subdomain(text: &str) -> bool {
    let label = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !part.is_empty()
            && part.bytes().all(inner)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= PREFIX_MAX && text.split('.').all(label)
}

/// A resource that no part of Kubernetes itself knows.
pub(super) fn is_extended_resource(text: &str) -> bool {
    let native = !text.contains('/') || text.contains("kubernetes.io/");
    !native && !text.starts_with("requests.") && is_qualified(&format!("requests.{text}"))
}

/// A resource that the scheduler counts by name (`IsScalarResourceName`,
/// `pkg/scheduler/util/utils.go`).
pub(super) fn is_scalar_resource(text: &str) -> bool {
    is_extended_resource(text)
        || text.starts_with("hugepages-")
        || text.contains("kubernetes.io/")
        || text.starts_with("attachable-volumes-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for name in ["cpu", "example.com/fpga", "a-b.c_d", "A/b".to_lowercase().as_str()] {
            assert!(is_qualified(name), "{name}");
        }
        for name in ["", "-a", "a/", "/a", "A/b", "a/b/c", "a b", &"x".repeat(64)] {
            assert!(!is_qualified(name), "{name}");
        }
        assert!(is_extended_resource("nvidia.com/gpu"));
        assert!(!is_extended_resource("cpu") && !is_extended_resource("kubernetes.io/x"));
        assert!(is_scalar_resource("hugepages-2Mi") && !is_scalar_resource("pods"));
    }
}
