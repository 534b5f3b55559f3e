//! `PodTopologySpreadArgs`.

use holdfast_cluster::profile::{DefaultSpread, Profile};
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::spread::{InclusionPolicy, SpreadConstraint, WhenUnsatisfiable};
use serde_json::value::RawValue;

use super::super::names;
use super::super::raw::{RawDefaultConstraint, RawSpreadArgs};
use super::Arguments;

impl Arguments<'_> {
    pub(super) fn spread(&mut self, raw: &RawValue, profile: &mut Profile) {
        let Some(args) = self.parse::<RawSpreadArgs>(raw) else { return };
        let constraints = self.constraints(&args.default_constraints);
        match &*args.defaulting_type {
            "" | "System" if args.default_constraints.is_empty() => {}
            "" | "System" => {
                self.say("defaultingType", "must be List where there are defaultConstraints");
            }
            "List" => profile.default_spread = DefaultSpread::List(constraints),
            other => self.say("defaultingType", format!("{other:?} is not System or List")),
        }
    }

    fn constraints(&mut self, raw: &[RawDefaultConstraint]) -> Box<[SpreadConstraint]> {
        let mut constraints = Vec::new();
        for (at, one) in raw.iter().enumerate() {
            let path = format!("defaultConstraints[{at}]");
            let known = |other: &RawDefaultConstraint| {
                (&other.topology_key, &other.when_unsatisfiable)
                    == (&one.topology_key, &one.when_unsatisfiable)
            };
            if raw[..at].iter().any(known) {
                let (key, when) = (&one.topology_key, &one.when_unsatisfiable);
                self.say(&path, format!("{key} with {when} stands twice"));
            }
            constraints.extend(self.constraint(one, &path));
        }
        constraints.into()
    }

    fn constraint(&mut self, one: &RawDefaultConstraint, path: &str) -> Option<SpreadConstraint> {
        if one.max_skew <= 0 {
            self.say(&format!("{path}.maxSkew"), "must be greater than 0");
        }
        if !names::is_qualified(&one.topology_key) {
            let detail = format!("{:?} is no label key", one.topology_key);
            self.say(&format!("{path}.topologyKey"), detail);
        }
        if one.label_selector.is_some() {
            self.say(&format!("{path}.labelSelector"), "has no place: it is found for each pod");
        }
        let when_unsatisfiable = match &*one.when_unsatisfiable {
            "DoNotSchedule" => WhenUnsatisfiable::DoNotSchedule,
            "ScheduleAnyway" => WhenUnsatisfiable::ScheduleAnyway,
            other => {
                let detail = format!("{other:?} is not DoNotSchedule or ScheduleAnyway");
                self.say(&format!("{path}.whenUnsatisfiable"), detail);
                return None;
            }
        };
        Some(SpreadConstraint {
            max_skew: one.max_skew,
            topology_key: self.builder.intern(&one.topology_key),
            when_unsatisfiable,
            // Found for each pod.
            selector: LabelSelector::Nothing,
            faults: [].into(),
            min_domains: one.min_domains,
            node_affinity_policy: policy(
                one.node_affinity_policy.as_deref(),
                InclusionPolicy::Honor,
            ),
            node_taints_policy: policy(one.node_taints_policy.as_deref(), InclusionPolicy::Ignore),
        })
    }
}

/// Whatever is not `Honor` does not honour (`matchNodeInclusionPolicies`,
/// `podtopologyspread/common.go`, v1.36.3).
fn policy(text: Option<&str>, default: InclusionPolicy) -> InclusionPolicy {
    match text {
        None => default,
        Some("Honor") => InclusionPolicy::Honor,
        Some(_) => InclusionPolicy::Ignore,
    }
}
