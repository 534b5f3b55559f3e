//! Storage that keeps copies on the nodes: Longhorn's and Rook's objects.

use holdfast_cluster::storage::{
    CephCluster, CephPool, FailureDomain, Health, LonghornReplica, LonghornVolume,
};
use serde::Deserialize;

use super::context::Context;
use super::lean::{Int, Pairs, Present, Text};
use super::meta::Meta;

/// `longhorn.io/v1beta2` `Volume` (`k8s/pkg/apis/longhorn/v1beta2/volume.go`).
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawLonghornVolume<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawLonghornVolumeSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawLonghornVolumeSpec {
    number_of_replicas: Option<Int>,
}

/// `longhorn.io/v1beta2` `Replica` (`k8s/pkg/apis/longhorn/v1beta2/replica.go`).
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawReplica<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawReplicaSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawReplicaSpec<'a> {
    volume_name: Text<'a>,
    #[serde(rename = "nodeID")]
    node_id: Text<'a>,
    active: Option<bool>,
    failed_at: Text<'a>,
    healthy_at: Text<'a>,
}

/// `ceph.rook.io/v1` `CephCluster` (`pkg/apis/ceph.rook.io/v1/types.go`).
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawCephCluster<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawCephClusterSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawCephClusterSpec {
    mon: Option<RawMon>,
    external: Option<RawExternal>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawMon {
    count: Option<Int>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawExternal {
    enable: bool,
}

/// `ceph.rook.io/v1` `CephBlockPool`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawCephPool<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawCephPoolSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawCephPoolSpec<'a> {
    failure_domain: Text<'a>,
    replicated: Option<RawReplicated>,
    erasure_coded: Present,
    parameters: Pairs<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawReplicated {
    size: Option<Int>,
    replicas_per_failure_domain: Option<Int>,
}

/// A count; what is below zero is none.
fn count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

impl RawLonghornVolume<'_> {
    /// Translates a volume.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> LonghornVolume {
        let name = self.metadata.as_ref().map_or("", |meta| &meta.name);
        let replicas = self.spec.as_ref().and_then(|spec| spec.number_of_replicas);
        LonghornVolume {
            name: context.intern(name),
            replicas: replicas.map_or(0, |Int(number)| count(number)),
        }
    }
}

impl RawReplica<'_> {
    /// Translates a replica. One that failed is not used before it was rebuilt; one that was never
    /// healthy does not hold all the data (`getHealthyAndActiveReplicaCount`,
    /// `controller/volume_controller.go` of longhorn-manager).
    pub(crate) fn read(&self, context: &mut Context<'_>) -> LonghornReplica {
        let no_spec = RawReplicaSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&no_spec);
        let health = match (&*spec.failed_at, &*spec.healthy_at) {
            ("", healthy) if healthy.is_empty() || spec.active == Some(false) => Health::Rebuilding,
            ("", _) => Health::Healthy,
            _ => Health::Failed,
        };
        LonghornReplica {
            volume: context.intern(&spec.volume_name),
            node: context.intern_some(&spec.node_id),
            health,
        }
    }
}

impl RawCephCluster<'_> {
    /// Translates a Ceph cluster.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> CephCluster {
        let spec = self.spec.as_ref();
        let monitors = spec.and_then(|spec| spec.mon.as_ref()?.count);
        CephCluster {
            namespace: context.intern(self.metadata.as_ref().map_or("default", Meta::namespace)),
            external: spec.is_some_and(|spec| spec.external.as_ref().is_some_and(|it| it.enable)),
            monitors: monitors.map_or(0, |Int(number)| count(number)),
        }
    }
}

impl RawCephPool<'_> {
    /// Translates a pool. Where `min_size` is not given Ceph takes `size - size / 2`
    /// (`get_osd_pool_default_min_size`, `src/common/config.h`), and Rook keeps copies apart
    /// by host.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> CephPool {
        let no_spec = RawCephPoolSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&no_spec);
        let replicated = spec.replicated.as_ref().filter(|_| !spec.erasure_coded.0);
        let size = replicated.and_then(|it| it.size).map(|Int(size)| count(size));
        let size = size.filter(|size| *size > 0);
        let given = spec.parameters.get("min_size").and_then(|text| text.parse().ok());
        let given = given.filter(|given| *given > 0);
        let usual = size.map_or(0, |size| size - size / 2);
        let shared = replicated
            .and_then(|it| it.replicas_per_failure_domain)
            .is_some_and(|Int(copies)| copies > 1);
        let label = match &*spec.failure_domain {
            _ if shared => None,
            "" | "host" => Some("kubernetes.io/hostname"),
            "zone" => Some("topology.kubernetes.io/zone"),
            "region" => Some("topology.kubernetes.io/region"),
            "rack" => Some("topology.rook.io/rack"),
            _ => None,
        };
        let meta = self.metadata.as_ref();
        CephPool {
            namespace: context.intern(meta.map_or("default", Meta::namespace)),
            name: context.intern(meta.map_or("", |meta| &meta.name)),
            size,
            min_size: given.unwrap_or(usual),
            failure_domain: label.map_or(FailureDomain::Unknown, |label| {
                FailureDomain::Label(context.intern(label))
            }),
        }
    }
}
