//! `NodeVolumeLimits`: a driver attaches only so many volumes to a node.
//!
//! Models `pkg/scheduler/framework/plugins/nodevolumelimits/csi.go` (v1.36.3), without the alpha
//! feature `VolumeLimitScaling`.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::volume::{Claim, CsiNode, DirectVolumeKind, PodVolume, VolumeSource};
use holdfast_cluster::{ClassId, Cluster, NodeId, PodSpec, Symbol};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{Context, Verdict};
use crate::needs::Need;
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// What identifies a volume of a driver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Handle {
    /// The driver's own handle.
    Csi(Symbol),
    /// A volume that was made before there was a driver: its own name, or what the pod calls it by.
    Migrated(Box<[Symbol]>),
    /// A volume still to be made for a claim.
    Claim(Symbol, Symbol),
}

/// Volumes by driver.
type Attached = BTreeSet<(Symbol, Handle)>;

/// Volumes that are attached without a pod of the export that would use them, by node.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// The attachments that no pod of the export on that node accounts for. The others follow
    /// their pods: where those leave, they are detached.
    unaccounted: IndexMap<NodeId, Attached, FxBuildHasher>,
}

impl Compiled {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let objects = cluster.objects();
        let mut unaccounted = IndexMap::<NodeId, Attached, FxBuildHasher>::default();
        for attachment in &objects.attachments {
            let volume = attachment.volume.and_then(|name| objects.volumes.get(&name));
            let Some(VolumeSource::Csi { handle, .. }) = volume.map(|volume| volume.source) else {
                continue;
            };
            if let Some(node) = cluster.node_named(attachment.node) {
                let known = unaccounted.entry(node).or_default();
                known.insert((attachment.attacher, Handle::Csi(handle)));
            }
        }
        for pod in cluster.pods() {
            let node = pod.node.and_then(|name| cluster.node_named(name));
            let Some(attached) = node.and_then(|node| unaccounted.get_mut(&node)) else { continue };
            let csi_node = pod.node.and_then(|name| objects.csi_nodes.get(&name));
            for volume in volumes_of(cluster, csi_node, pod.class) {
                attached.remove(&volume);
            }
        }
        Self { unaccounted }
    }
}

/// Whether the pod has volumes that may count.
pub(crate) fn counts(spec: &PodSpec) -> bool {
    spec.volumes.iter().any(|volume| match volume {
        PodVolume::Claim { .. } | PodVolume::Ephemeral { .. } => true,
        PodVolume::Direct { kind, .. } => migrated_driver(*kind).is_some(),
        PodVolume::InlineCsi { .. } | PodVolume::HostPath => false,
    })
}

/// Turns down nodes where a driver could not attach the pod's new volumes.
pub(crate) fn filter(
    context: &Context<'_>,
    node: &NodeInfo<'_>,
    reasons: &mut Vec<Reason>,
) -> Verdict {
    if needs(context, node).is_empty() {
        return Ok(());
    }
    reasons.push(Reason::TooManyVolumes);
    Err(Code::Unschedulable)
}

/// The drivers that could not attach the pod's new volumes.
pub(crate) fn needs(context: &Context<'_>, node: &NodeInfo<'_>) -> Vec<Need> {
    let cluster = context.cluster;
    let csi_node = cluster.objects().csi_nodes.get(&node.node.name);
    let limited = |csi_node: &&CsiNode| {
        counts(context.spec) && csi_node.drivers.iter().any(|driver| driver.attach_limit.is_some())
    };
    let Some(csi_node) = csi_node.filter(limited) else { return Vec::new() };
    let mut wanted: Attached = volumes_of(cluster, Some(csi_node), context.class).collect();
    let mut attached: Attached = node
        .usage
        .pods
        .iter()
        .flat_map(|&pod| volumes_of(cluster, Some(csi_node), context.placement.instance(pod).class))
        .collect();
    wanted.retain(|volume| !attached.contains(volume));
    if let Some(unaccounted) = context.compiled.limits.unaccounted.get(&node.id) {
        attached.extend(unaccounted.iter().cloned());
    }
    let attached = per_driver(&attached);
    let crowded = per_driver(&wanted).into_iter().filter_map(|(driver, wanted)| {
        let known = csi_node.drivers.iter().find(|known| known.driver == driver)?;
        let (limit, attached) = (known.attach_limit?, *attached.get(&driver).unwrap_or(&0));
        let exceeded = attached + wanted > limit;
        exceeded.then_some(Need::Attach { driver, limit, attached, wanted })
    });
    crowded.collect()
}

fn per_driver(volumes: &Attached) -> BTreeMap<Symbol, i64> {
    let mut counts = BTreeMap::<Symbol, i64>::new();
    for (driver, _) in volumes {
        *counts.entry(*driver).or_default() += 1;
    }
    counts
}

/// The volumes of a pod that a driver has to attach (`filterAttachableVolumes`).
fn volumes_of<'a>(
    cluster: &'a Cluster,
    csi_node: Option<&'a CsiNode>,
    class: ClassId,
) -> impl Iterator<Item = (Symbol, Handle)> + 'a {
    let namespace = cluster.class(class).namespace;
    cluster.spec_of(class).volumes.iter().filter_map(move |volume| match volume {
        PodVolume::Claim { name, .. } => {
            of_claim(cluster, csi_node, cluster.objects().claims.get(&(namespace, *name))?)
        }
        PodVolume::Direct { kind, identity, .. } => {
            csi_node?;
            let driver = cluster.find(migrated_driver(*kind)?)?;
            Some((driver, Handle::Migrated(identity.clone())))
        }
        PodVolume::Ephemeral { .. } | PodVolume::InlineCsi { .. } | PodVolume::HostPath => None,
    })
}

/// Driver and handle of a claim's volume, made or still to be made (`getCSIDriverInfo`).
fn of_claim(
    cluster: &Cluster,
    csi_node: Option<&CsiNode>,
    claim: &Claim,
) -> Option<(Symbol, Handle)> {
    let objects = cluster.objects();
    if let Some(volume) = claim.volume.and_then(|name| objects.volumes.get(&name)) {
        return match volume.source {
            VolumeSource::Csi { driver, handle } => Some((driver, Handle::Csi(handle))),
            VolumeSource::Direct(kind) => {
                csi_node?;
                let driver = cluster.find(migrated_driver(kind)?)?;
                Some((driver, Handle::Migrated([volume.name].into())))
            }
            VolumeSource::Node => None,
        };
    }
    let class = objects.storage_classes.get(&claim.class?)?;
    let driver = match migrated_provisioner(cluster.text(class.provisioner)) {
        None => class.provisioner,
        Some(driver) => {
            csi_node?;
            cluster.find(driver)?
        }
    };
    Some((driver, Handle::Claim(claim.namespace, claim.name)))
}

/// The driver that took over a kind of disk (`k8s.io/csi-translation-lib/plugins`).
fn migrated_driver(kind: DirectVolumeKind) -> Option<&'static str> {
    match kind {
        DirectVolumeKind::AwsElasticBlockStore => Some("ebs.csi.aws.com"),
        DirectVolumeKind::GcePersistentDisk => Some("pd.csi.storage.gke.io"),
        DirectVolumeKind::AzureDisk => Some("disk.csi.azure.com"),
        DirectVolumeKind::Iscsi | DirectVolumeKind::Rbd | DirectVolumeKind::Other => None,
    }
}

/// The driver that took over a provisioner once built in.
fn migrated_provisioner(provisioner: &str) -> Option<&'static str> {
    match provisioner {
        "kubernetes.io/aws-ebs" => Some("ebs.csi.aws.com"),
        "kubernetes.io/gce-pd" => Some("pd.csi.storage.gke.io"),
        "kubernetes.io/azure-disk" => Some("disk.csi.azure.com"),
        "kubernetes.io/cinder" => Some("cinder.csi.openstack.org"),
        "kubernetes.io/portworx-volume" => Some("pxd.portworx.com"),
        _ => None,
    }
}
