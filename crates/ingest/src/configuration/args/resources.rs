//! `NodeResourcesFitArgs` and `NodeResourcesBalancedAllocationArgs`.

use holdfast_cluster::profile::{FitArgs, Profile, ResourceName, Strategy};
use serde_json::value::RawValue;

use super::super::names;
use super::super::raw::{RawBalancedArgs, RawFitArgs, RawPoint, RawResource, RawStrategy};
use super::Arguments;

/// Shapes score out of so much (`MaxCustomPriorityScore`), nodes out of a hundred.
const SHAPE_SCORE_MAX: i32 = 10;

impl Arguments<'_> {
    pub(super) fn fit(&mut self, raw: &RawValue, profile: &mut Profile) {
        let Some(args) = self.parse::<RawFitArgs>(raw) else { return };
        // Upstream looks at these only once the plugin is made (`NewFit`,
        // `noderesources/fit.go`).
        if !self.needed {
            return;
        }
        for (at, name) in args.ignored_resources.iter().enumerate() {
            if !names::is_qualified(name) {
                self.say(&format!("ignoredResources[{at}]"), format!("{name:?} is no name"));
            }
        }
        for (at, group) in args.ignored_resource_groups.iter().enumerate() {
            if group.contains('/') || !names::is_qualified(group) {
                let detail = format!("{group:?} is not what stands before the slash of a name");
                self.say(&format!("ignoredResourceGroups[{at}]"), detail);
            }
        }
        let (strategy, resources) = match &args.scoring_strategy {
            None => (Strategy::LeastAllocated, profile.fit.resources.clone()),
            Some(strategy) => (self.strategy(strategy), self.weighed(&strategy.resources, profile)),
        };
        let ignored = args.ignored_resources.iter().map(|name| self.builder.intern(name));
        profile.fit = FitArgs {
            strategy,
            resources,
            ignored: ignored.collect(),
            ignored_groups: args
                .ignored_resource_groups
                .iter()
                .map(|group| &**group)
                .map(Box::from)
                .collect(),
        };
    }

    fn strategy(&mut self, raw: &RawStrategy) -> Strategy {
        let path = "scoringStrategy.requestedToCapacityRatio";
        let ratio = raw.requested_to_capacity_ratio.as_ref();
        let strategy = match (&*raw.kind, ratio) {
            ("RequestedToCapacityRatio", Some(ratio)) => {
                return self.shape(&ratio.shape, &format!("{path}.shape"));
            }
            ("RequestedToCapacityRatio", None) => {
                self.say(path, "must be said where the type is RequestedToCapacityRatio");
                Strategy::LeastAllocated
            }
            ("LeastAllocated", _) => Strategy::LeastAllocated,
            ("MostAllocated", _) => Strategy::MostAllocated,
            (other, _) => {
                let all = "LeastAllocated, MostAllocated or RequestedToCapacityRatio";
                self.say("scoringStrategy.type", format!("{other:?} is not {all}"));
                Strategy::LeastAllocated
            }
        };
        if ratio.is_some() {
            self.say(path, "has no place where the type is not RequestedToCapacityRatio");
        }
        strategy
    }

    fn shape(&mut self, points: &[RawPoint], path: &str) -> Strategy {
        if points.is_empty() {
            self.say(path, "needs at least one point");
        }
        for (at, point) in points.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| points[before].utilization);
            if before.is_some_and(|before| before >= point.utilization) {
                self.say(
                    &format!("{path}[{at}].utilization"),
                    "must be more than of the one before",
                );
            }
            if !(0..=100).contains(&point.utilization) {
                self.say(&format!("{path}[{at}].utilization"), "must be from 0 to 100");
            }
            if !(0..=SHAPE_SCORE_MAX).contains(&point.score) {
                self.say(&format!("{path}[{at}].score"), "must be from 0 to 10");
            }
        }
        let scaled = |point: &RawPoint| {
            (
                i64::from(point.utilization),
                i64::from(point.score) * i64::from(100 / SHAPE_SCORE_MAX),
            )
        };
        Strategy::RequestedToCapacityRatio(points.iter().map(scaled).collect())
    }

    /// The resources with their weights, 1 where none is said; CPU and memory where none is named.
    fn weighed(&mut self, raw: &[RawResource], profile: &Profile) -> Box<[(ResourceName, i64)]> {
        if raw.is_empty() {
            return profile.fit.resources.clone();
        }
        let mut weighed = Vec::new();
        for (at, resource) in raw.iter().enumerate() {
            let weight = if resource.weight == 0 { 1 } else { resource.weight };
            if !(1..=100).contains(&weight) {
                let path = format!("scoringStrategy.resources[{at}].weight");
                self.say(&path, "must be from 1 to 100");
            }
            weighed.extend(self.resource(&resource.name).map(|name| (name, weight)));
        }
        weighed.into()
    }

    pub(super) fn balanced(&mut self, raw: &RawValue, profile: &mut Profile) {
        let Some(args) = self.parse::<RawBalancedArgs>(raw) else { return };
        if args.resources.is_empty() {
            return;
        }
        let mut seen = Vec::new();
        for (at, resource) in args.resources.iter().enumerate() {
            if seen.contains(&&resource.name) {
                self.say(
                    &format!("resources[{at}].name"),
                    format!("{} stands twice", resource.name),
                );
            }
            seen.push(&resource.name);
            if !matches!(resource.weight, 0 | 1) {
                self.say(&format!("resources[{at}].weight"), "must be 1");
            }
        }
        profile.balanced =
            args.resources.iter().filter_map(|resource| self.resource(&resource.name)).collect();
    }

    /// The resource of that name; `None` for a name that no node can have any of.
    fn resource(&mut self, name: &str) -> Option<ResourceName> {
        match name {
            "cpu" => Some(ResourceName::Cpu),
            "memory" => Some(ResourceName::Memory),
            "ephemeral-storage" => Some(ResourceName::EphemeralStorage),
            name if names::is_scalar_resource(name) => {
                Some(ResourceName::Scalar(self.builder.intern(name)))
            }
            _ => None,
        }
    }
}
