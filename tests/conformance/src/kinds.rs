//! Kinds of case: strategies of clusters that each dwell on one part of the API.
//!
//! A kind is made of features. A feature lays fields over every node and every pod and adds objects
//! of its own; a base gives each node and pod what it cannot do without. What refers to what is
//! settled last, in [`crate::assemble`], so that every combination makes a sound case.

mod affinity;
mod base;
mod bits;
mod configs;
mod placing;
mod preemption;
mod resources;
mod spread;
mod volumes;

use std::ops::RangeInclusive;

use proptest::prelude::*;
use serde_json::Value;

use crate::assemble::{Parts, assemble};
use crate::shape::{Json, layered, sequence, some};

/// What a feature adds to a cluster.
struct Feature {
    /// Laid over a node; the node's own to be told apart by chance.
    node: Option<Json>,
    /// Laid over a pod, bound or pending.
    pod: Option<Json>,
    /// Laid over a bound pod, after `pod`.
    bound: Option<Json>,
    /// Laid over a pending pod, after `pod`.
    pending: Option<Json>,
    /// Objects besides nodes and pods, as a list.
    objects: Option<Json>,
}

impl Feature {
    const NONE: Self = Self { node: None, pod: None, bound: None, pending: None, objects: None };
}

/// A kind of case.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The first part of a case's id.
    pub name: &'static str,
    /// What it is made of.
    features: &'static [fn() -> Feature],
    /// How often a node or pod has something of each feature, in percent.
    percent: u32,
    nodes: (usize, usize),
    bound: (usize, usize),
    pending: (usize, usize),
    /// How often each pending pod is there.
    copies: (usize, usize),
    /// How the scheduler is configured, where it is.
    config: Option<fn() -> Json>,
}

/// Every kind.
pub const KINDS: &[Kind] = &[
    kind("resources", &[resources::requests]),
    kind("podlevel", &[resources::requests, resources::pod_level]),
    kind("resize", &[resources::requests, resources::resized]),
    kind("quantities", &[resources::quantities]),
    kind("taints", &[placing::taints]),
    kind("nodeaffinity", &[affinity::of_nodes]),
    kind("podaffinity", &[affinity::of_pods]),
    kind("selectors", &[affinity::of_pods, affinity::odd_selectors]),
    kind("spread", &[spread::constraints]),
    kind("spreadtaints", &[spread::constraints, placing::taints, affinity::of_nodes]),
    kind("spreaddefault", &[spread::by_default]),
    kind("ports", &[placing::ports]),
    kind("images", &[placing::images]),
    // Now and then there is no node at all.
    Kind { nodes: (0, 4), ..kind("gates", &[placing::gates]) },
    kind("declared", &[placing::declared_features]),
    kind("disks", &[volumes::disks]),
    kind("claims", &[volumes::claims]),
    kind("binding", &[volumes::binding]),
    kind("limits", &[volumes::limits, volumes::claims]),
    Kind { nodes: (1, 5), bound: (2, 14), ..kind("preemption", &[preemption::priorities]) },
    Kind {
        bound: (4, 12),
        ..kind("budgets", &[preemption::priorities, preemption::budgets, affinity::of_pods])
    },
    Kind {
        nodes: (1, 2),
        bound: (13, 24),
        pending: (1, 2),
        ..kind("crowds", &[preemption::crowd])
    },
    kind("nominated", &[preemption::priorities, preemption::nominated]),
    Kind { percent: 45, config: Some(configs::configuration), ..kind("configs", CONFIGURED) },
    Kind { percent: 35, bound: (2, 9), ..kind("mixed", MIXED) },
    Kind { percent: 15, nodes: (1, 4), bound: (4, 12), ..kind("homelab", HOMELAB) },
    Kind { percent: 20, nodes: (2, 6), pending: (1, 1), copies: (6, 24), ..kind("copies", COPIED) },
];

/// All that can meet in one cluster.
const MIXED: &[fn() -> Feature] = &[
    resources::requests,
    resources::pod_level,
    resources::resized,
    placing::taints,
    affinity::of_nodes,
    affinity::of_pods,
    spread::constraints,
    spread::by_default,
    placing::ports,
    placing::images,
    placing::gates,
    placing::declared_features,
    volumes::disks,
    volumes::limits,
    volumes::claims,
    preemption::priorities,
    preemption::budgets,
];

/// What counts where a pod is placed again and again.
const COPIED: &[fn() -> Feature] = &[
    resources::requests,
    placing::taints,
    affinity::of_nodes,
    affinity::of_pods,
    spread::constraints,
    spread::by_default,
    placing::ports,
    placing::images,
    volumes::disks,
    volumes::claims,
];

/// What configurations change the treatment of.
const CONFIGURED: &[fn() -> Feature] = &[
    resources::requests,
    placing::taints,
    affinity::of_nodes,
    affinity::of_pods,
    spread::constraints,
    spread::by_default,
    placing::ports,
    placing::images,
    placing::gates,
    preemption::priorities,
    configs::schedulers,
];

/// What small clusters at home use.
const HOMELAB: &[fn() -> Feature] = &[
    resources::requests,
    placing::taints,
    affinity::of_nodes,
    affinity::of_pods,
    spread::constraints,
    spread::by_default,
    placing::ports,
    volumes::binding,
    preemption::priorities,
];

const fn kind(name: &'static str, features: &'static [fn() -> Feature]) -> Kind {
    Kind {
        name,
        features,
        percent: 100,
        nodes: (1, 6),
        bound: (0, 8),
        pending: (1, 4),
        copies: (1, 1),
        config: None,
    }
}

impl Kind {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        KINDS.iter().find(|kind| kind.name == name).copied()
    }

    /// The kind of the case with that id.
    pub fn of_case(id: &str) -> Option<Self> {
        Self::named(id.split('-').next().unwrap_or(id))
    }

    /// The configuration of a case's scheduler; absent where it has none.
    pub fn config(self) -> Json {
        self.config.map_or_else(crate::shape::absent, |config| config())
    }

    /// The objects of a case.
    pub fn objects(self) -> BoxedStrategy<Vec<Value>> {
        let features: Vec<Feature> = self.features.iter().map(|feature| feature()).collect();
        let over = |part: fn(&Feature) -> &Option<Json>| -> Vec<Json> {
            let overlays = features.iter().filter_map(|feature| part(feature).clone());
            overlays.map(|overlay| some(self.percent, overlay)).collect()
        };
        let node = layered(base::node(), over(|feature| &feature.node));
        let pod = layered(base::pod(), over(|feature| &feature.pod));
        let bound = layered(pod.clone(), over(|feature| &feature.bound));
        let pending = layered(pod, over(|feature| &feature.pending));
        // A feature's objects are there or not as a whole: half of a storage system is no case.
        let objects = sequence(over(|feature| &feature.objects));
        let many = |item, (least, most): (usize, usize)| {
            proptest::collection::vec(item, RangeInclusive::new(least, most))
        };
        let nodes = many(node, self.nodes);
        let (least, most) = self.copies;
        let pending = (many(pending, self.pending), least..=most);
        (nodes, many(bound, self.bound), pending, objects)
            .prop_map(|(nodes, bound, (pending, copies), objects)| {
                let pending = pending.into_iter().flat_map(|pod| vec![pod; copies]).collect();
                assemble(Parts { nodes, bound, pending, objects })
            })
            .boxed()
    }
}
