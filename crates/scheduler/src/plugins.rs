//! The plugins, one file each, named as upstream names them.
//!
//! Each has a `Compiled` part where it prepares a cluster once, lazily where that depends on the
//! pod, and a `State` for one scheduling cycle. What is compiled follows from the cluster alone, so
//! that threads may share it and no answer depends on who asked first.

pub(crate) mod image_locality;
pub(crate) mod inter_pod_affinity;
pub(crate) mod node_affinity;
pub(crate) mod node_declared_features;
pub(crate) mod node_name;
pub(crate) mod node_ports;
pub(crate) mod node_resources_balanced_allocation;
pub(crate) mod node_resources_fit;
pub(crate) mod node_unschedulable;
pub(crate) mod node_volume_limits;
pub(crate) mod normalize;
pub(crate) mod pod_topology_spread;
pub(crate) mod scheduling_gates;
pub(crate) mod taint_toleration;
pub(crate) mod volume_binding;
pub(crate) mod volume_restrictions;
pub(crate) mod volume_zone;

use holdfast_cluster::{ClassId, Cluster, InstanceId, Labels, Placement, PodSpec, SpecId, Symbol};

use crate::plugin::Profile;
use crate::reason::Code;
use crate::sampling::Zones;
use crate::topology::Topologies;

/// The highest score of a plugin on a node (`MaxNodeScore`).
pub(crate) const MAX_NODE_SCORE: i64 = 100;

/// What a filter says of a node.
pub(crate) type Verdict = Result<(), Code>;

/// Everything that follows from the cluster and the profile alone.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) profile: Profile,
    pub(crate) topologies: Topologies,
    pub(crate) taints: taint_toleration::Compiled,
    pub(crate) node_affinity: node_affinity::Compiled,
    pub(crate) ports: node_ports::Compiled,
    pub(crate) spread: pod_topology_spread::Compiled,
    pub(crate) affinity: inter_pod_affinity::Compiled,
    pub(crate) images: image_locality::Compiled,
    pub(crate) limits: node_volume_limits::Compiled,
    pub(crate) zones: Zones,
}

impl Compiled {
    pub(crate) fn new(cluster: &Cluster, profile: Profile) -> Self {
        let topologies = Topologies::new(cluster, &profile);
        Self {
            taints: taint_toleration::Compiled::new(cluster),
            node_affinity: node_affinity::Compiled::new(cluster, &profile.added_affinity),
            ports: node_ports::Compiled::new(cluster),
            spread: pod_topology_spread::Compiled::new(cluster),
            affinity: inter_pod_affinity::Compiled::new(cluster),
            images: image_locality::Compiled::new(cluster),
            limits: node_volume_limits::Compiled::new(cluster),
            zones: Zones::new(cluster),
            topologies,
            profile,
        }
    }
}

/// The pod of a cycle and what it is decided against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) compiled: &'a Compiled,
    pub(crate) placement: &'a Placement,
    pub(crate) pod: InstanceId,
    pub(crate) class: ClassId,
    pub(crate) namespace: Symbol,
    pub(crate) labels: &'a Labels,
    pub(crate) spec_id: SpecId,
    pub(crate) spec: &'a PodSpec,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        cluster: &'a Cluster,
        compiled: &'a Compiled,
        placement: &'a Placement,
        pod: InstanceId,
    ) -> Self {
        let class_id = placement.instance(pod).class;
        let class = cluster.class(class_id);
        Self {
            cluster,
            compiled,
            placement,
            pod,
            class: class_id,
            namespace: class.namespace,
            labels: cluster.labels(class.labels),
            spec_id: class.spec,
            spec: cluster.spec(class.spec),
        }
    }
}
