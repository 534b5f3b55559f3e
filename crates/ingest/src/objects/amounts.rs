//! Resource lists, as the API server rounds them and the scheduler adds them up.
//!
//! Models `ResourceList` arithmetic of `k8s.io/component-helpers/resource/helpers.go`, the rounding
//! of `SetDefaults_ResourceList` (`pkg/apis/core/v1/defaults.go`) and the choice of scalars of
//! `Resource.Add` (`pkg/scheduler/framework/types.go`, v1.36.3).

use holdfast_cluster::{Quantity, Resources, Symbol};

use super::context::Context;
use super::lean::Pairs;
use crate::Rule;

/// An exact amount of each resource that is named, in the order of naming.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Amounts(Vec<(Symbol, Quantity)>);

impl Amounts {
    /// Reads a resource list; what is no quantity is complained about and left out.
    pub(crate) fn read(pairs: &Pairs<'_>, context: &mut Context<'_>) -> Self {
        let mut amounts = Self::default();
        for (name, text) in pairs.iter() {
            let Some(quantity) = context.quantity(name, text) else { continue };
            if is_absurd(name, quantity) {
                let (name, text): (&str, &str) = (name, text);
                let detail = format!("{name}: {text} is more than any machine has");
                context.complain(Rule::BadQuantity, detail);
            } else {
                amounts.set(context.intern(name), quantity.rounded_up_to_milli());
            }
        }
        amounts
    }

    pub(crate) fn get(&self, name: Symbol) -> Option<Quantity> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, quantity)| *quantity)
    }

    pub(crate) fn set(&mut self, name: Symbol, quantity: Quantity) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = quantity,
            None => self.0.push((name, quantity)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Symbol, Quantity)> + '_ {
        self.0.iter().copied()
    }

    /// `addResourceList`.
    pub(crate) fn add(&mut self, other: &Self) {
        for (name, quantity) in other.iter() {
            let sum = self.get(name).map_or(quantity, |known| known + quantity);
            self.set(name, sum);
        }
    }

    /// `maxResourceList`.
    pub(crate) fn raise(&mut self, other: &Self) {
        for (name, quantity) in other.iter() {
            if self.get(name).is_none_or(|known| quantity.exceeds(known)) {
                self.set(name, quantity);
            }
        }
    }

    /// Adds what is named in `other` and not here: defaults.
    pub(crate) fn complete(&mut self, other: &Self) {
        for (name, quantity) in other.iter() {
            if self.get(name).is_none() {
                self.set(name, quantity);
            }
        }
    }

    /// The amounts as the scheduler counts them: `NewResource`. Names that are neither native nor
    /// well-formed extended resources count for nothing; `pods` is taken apart.
    pub(crate) fn counted(&self, context: &mut Context<'_>) -> (Resources, i64) {
        let mut resources = Resources::default();
        let mut pods = 0;
        for (name, quantity) in self.iter() {
            let text = context.builder.so_far().text(name);
            match text {
                "cpu" => resources.cpu_milli = quantity.milli_value(),
                "memory" => resources.memory = quantity.value(),
                "ephemeral-storage" => resources.ephemeral_storage = quantity.value(),
                "pods" => pods = quantity.value(),
                _ if is_scalar(text) => resources.set_scalar(name, quantity.value()),
                _ => {}
            }
        }
        (resources, pods)
    }
}

/// Whether the scheduler's 64 bits do not hold the amount. The API server would take it, but what
/// is counted then is an accident: a slip, or worse.
fn is_absurd(name: &str, quantity: Quantity) -> bool {
    if name == "cpu" { !quantity.fits_milli_value() } else { !quantity.fits_value() }
}

/// `IsHugePageResourceName`.
pub(crate) fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// `IsSupportedPodLevelResource`.
pub(crate) fn is_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_page(name)
}

/// `IsOvercommitAllowed`.
pub(crate) fn may_overcommit(name: &str) -> bool {
    (!name.contains('/') || name.contains("kubernetes.io/")) && !is_huge_page(name)
}

/// `IsScalarResourceName` (`pkg/scheduler/util/utils.go`).
pub(crate) fn is_scalar(name: &str) -> bool {
    is_huge_page(name)
        || name.contains("kubernetes.io/")
        || name.starts_with("attachable-volumes-")
        || is_extended(name)
}

/// `IsExtendedResourceName` (`pkg/apis/core/v1/helper/helpers.go`).
fn is_extended(name: &str) -> bool {
    let Some((prefix, own)) = name.split_once('/') else { return false };
    // Upstream asks whether `requests.<name>` is a qualified name.
    let prefix_length = prefix.len() + "requests.".len();
    !name.starts_with("requests.")
        && prefix_length <= 253
        && prefix.split('.').all(is_dns_label)
        && is_name_part(own)
}

/// One label of a DNS subdomain.
fn is_dns_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(inner)
}

/// The part of a qualified name after the slash.
fn is_name_part(name: &str) -> bool {
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    name.len() <= 63
        && ends(name.as_bytes().first())
        && ends(name.as_bytes().last())
        && name.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_told_from_words() {
        for name in ["nvidia.com/gpu", "hugepages-2Mi", "attachable-volumes-aws-ebs"] {
            assert!(is_scalar(name), "{name}");
        }
        for name in ["gpu", "requests.nvidia.com/gpu", "Bad.com/x", "a.com/-x", "a.com/"] {
            assert!(!is_scalar(name), "{name}");
        }
        assert!(is_scalar("kubernetes.io/batch-cpu"));
    }
}
