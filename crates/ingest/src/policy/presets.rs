//! Policies that others begin with.

use super::{Policy, policy};
use crate::Source;

/// By name.
const PRESETS: [(&str, &str); 3] = [
    ("baseline", include_str!("presets/baseline.yaml")),
    ("ha", include_str!("presets/ha.yaml")),
    ("homelab-2x3", include_str!("presets/homelab-2x3.yaml")),
];

/// Their names, and what they say.
pub fn presets() -> impl Iterator<Item = (&'static str, &'static str)> {
    PRESETS.into_iter()
}

/// The names.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    PRESETS.iter().map(|(name, _)| *name)
}

/// The policy at a position of the names.
///
/// # Panics
/// Never: a test reads all of them.
fn preset(at: usize) -> Policy {
    let (name, text) = PRESETS[at];
    let (read, _) = policy(Source::named(format!("<preset {name}>"), text));
    read.expect("presets are tested")
}

/// Adds to a policy what the preset at a position says besides: what goes by a name that the policy
/// uses itself is the policy's own.
pub(super) fn add(at: usize, policy: &mut Policy) {
    let preset = preset(at);
    let mut places = Vec::new();
    for scenario in preset.scenarios {
        let known = policy.scenarios.iter().position(|own| own.name == scenario.name);
        places.push(known.unwrap_or(policy.scenarios.len()));
        if known.is_none() {
            policy.scenarios.push(scenario);
        }
    }
    let own = policy.requirements.len();
    for mut requirement in preset.requirements {
        let is_own = |one: &super::Requirement| one.name == requirement.name;
        if policy.requirements[..own].iter().any(is_own) {
            continue;
        }
        for scenario in &mut requirement.scenarios {
            *scenario = places[*scenario];
        }
        policy.requirements.push(requirement);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_are_read() {
        for at in 0..PRESETS.len() {
            let preset = preset(at);
            assert!(!preset.requirements.is_empty() && !preset.scenarios.is_empty());
        }
    }
}
