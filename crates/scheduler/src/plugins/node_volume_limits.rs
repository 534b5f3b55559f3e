//! `NodeVolumeLimits`: a driver attaches only so many volumes to a node.
//!
//! Models `pkg/scheduler/framework/plugins/nodevolumelimits/csi.go` (v1.36.3), without the alpha
//! feature `VolumeLimitScaling`.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::volume::{Claim, CsiNode, PodVolume, VolumeSource};
use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, PodSpec, Symbol};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::volume_binding::controls;
use super::{Context, Verdict};
use crate::needs::Need;
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// What identifies a volume of a driver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Handle {
    /// The driver's own handle.
    Csi(Symbol),
    /// A volume still to be made for a claim.
    Claim(Symbol, Symbol),
}

/// Volumes by driver.
type Attached = BTreeSet<(Symbol, Handle)>;

/// What `VolumeAttachment`s say, by node.
#[derive(Debug)]
pub(crate) struct Compiled {
    nodes: IndexMap<NodeId, Attachments, FxBuildHasher>,
}

#[derive(Debug, Default)]
struct Attachments {
    all: Attached,
    /// Those that no pod of the export on that node accounts for. The others follow their pods:
    /// where those leave, they are detached.
    unaccounted: Attached,
}

impl Compiled {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let objects = cluster.objects();
        let mut nodes = IndexMap::<NodeId, Attachments, FxBuildHasher>::default();
        for attachment in &objects.attachments {
            let volume = attachment.volume.and_then(|name| objects.volumes.get(&name));
            let Some(VolumeSource::Csi { handle, .. }) = volume.map(|volume| volume.source) else {
                continue;
            };
            if let Some(node) = cluster.node_named(attachment.node) {
                let known = nodes.entry(node).or_default();
                known.all.insert((attachment.attacher, Handle::Csi(handle)));
                known.unaccounted.insert((attachment.attacher, Handle::Csi(handle)));
            }
        }
        for pod in cluster.pods() {
            let node = pod.node.and_then(|name| cluster.node_named(name));
            let Some(known) = node.and_then(|node| nodes.get_mut(&node)) else { continue };
            let csi_node = pod.node.and_then(|name| objects.csi_nodes.get(&name));
            for volume in volumes_of(cluster, csi_node, pod.class).flatten() {
                known.unaccounted.remove(&volume);
            }
        }
        Self { nodes }
    }

    /// What is attached to the node, of the volumes that nobody needs and those of the pods that
    /// are on the node indeed: a dry run that takes them off detaches nothing.
    fn on(&self, context: &Context<'_>, node: &NodeInfo<'_>) -> Attached {
        let Some(known) = self.nodes.get(&node.id) else { return Attached::new() };
        let mut attached = known.unaccounted.clone();
        if node.is_variant() && attached.len() < known.all.len() {
            let Context { cluster, placement, .. } = *context;
            let csi_node = cluster.objects().csi_nodes.get(&node.node.name);
            for &pod in &placement.node(node.id).pods {
                let volumes = volumes_of(cluster, csi_node, placement.instance(pod).class);
                attached.extend(volumes.flatten().filter(|volume| known.all.contains(volume)));
            }
        }
        attached
    }
}

/// Whether the pod has volumes that may count.
pub(crate) fn counts(spec: &PodSpec) -> bool {
    spec.volumes.iter().any(|volume| match volume {
        PodVolume::Claim { .. } | PodVolume::Ephemeral { .. } => true,
        PodVolume::Direct { migrated, .. } => migrated.is_some(),
        PodVolume::InlineCsi { .. } | PodVolume::HostPath => false,
    })
}

/// Turns down nodes where a driver could not attach the pod's new volumes.
pub(crate) fn filter(
    context: &Context<'_>,
    node: &NodeInfo<'_>,
    reasons: &mut Vec<Reason>,
) -> Verdict {
    if crowded(context, node, reasons)?.is_empty() {
        return Ok(());
    }
    reasons.push(Reason::TooManyVolumes);
    Err(Code::Unschedulable)
}

/// The drivers that could not attach the pod's new volumes, or what keeps from telling.
pub(crate) fn needs(context: &Context<'_>, node: &NodeInfo<'_>) -> Vec<Need> {
    let mut faults = Vec::new();
    crowded(context, node, &mut faults)
        .unwrap_or_else(|_| faults.into_iter().map(Need::Mend).collect())
}

fn crowded(
    context: &Context<'_>,
    node: &NodeInfo<'_>,
    reasons: &mut Vec<Reason>,
) -> Result<Vec<Need>, Code> {
    let Context { cluster, compiled, placement, .. } = *context;
    let Some(csi_node) = cluster.objects().csi_nodes.get(&node.node.name) else {
        return Ok(Vec::new());
    };
    if !counts(context.spec) {
        return Ok(Vec::new());
    }
    let mut wanted = Attached::new();
    gather(cluster, csi_node, context.class, &mut wanted, reasons)?;
    let limited = csi_node.drivers.iter().any(|driver| driver.attach_limit.is_some());
    if wanted.is_empty() || !limited {
        return Ok(Vec::new());
    }
    let mut attached = Attached::new();
    for &pod in &node.usage.pods {
        check_ownership(context, pod, reasons)?;
        gather(cluster, csi_node, placement.instance(pod).class, &mut attached, reasons)?;
    }
    wanted.retain(|volume| !attached.contains(volume));
    attached.extend(compiled.limits.on(context, node));
    let attached = per_driver(&attached);
    let crowded = per_driver(&wanted).into_iter().filter_map(|(driver, wanted)| {
        // Of a driver that is listed twice the last limit counts (`getVolumeLimits`).
        let mut known = csi_node.drivers.iter().rev().filter(|known| known.driver == driver);
        let limit = known.find_map(|known| known.attach_limit)?;
        let attached = *attached.get(&driver).unwrap_or(&0);
        let exceeded = attached + wanted > limit;
        exceeded.then_some(Need::Attach { driver, limit, attached, wanted })
    });
    Ok(crowded.collect())
}

fn per_driver(volumes: &Attached) -> BTreeMap<Symbol, i64> {
    let mut counts = BTreeMap::<Symbol, i64>::new();
    for (driver, _) in volumes {
        *counts.entry(*driver).or_default() += 1;
    }
    counts
}

/// Adds the volumes of a pod that a driver has to attach (`filterAttachableVolumes`).
fn gather(
    cluster: &Cluster,
    csi_node: &CsiNode,
    class: ClassId,
    attached: &mut Attached,
    reasons: &mut Vec<Reason>,
) -> Verdict {
    for volume in volumes_of(cluster, Some(csi_node), class) {
        let volume = volume.map_err(|fault| {
            reasons.push(fault);
            Code::Error
        })?;
        attached.insert(volume);
    }
    Ok(())
}

/// The claims of ephemeral volumes must be those of the pod that runs.
fn check_ownership(context: &Context<'_>, pod: InstanceId, reasons: &mut Vec<Reason>) -> Verdict {
    let Context { cluster, placement, .. } = *context;
    let instance = placement.instance(pod);
    let Some(origin) = instance.origin.map(|origin| cluster.pod(origin)) else { return Ok(()) };
    let namespace = cluster.class(instance.class).namespace;
    for volume in &cluster.spec_of(instance.class).volumes {
        let &PodVolume::Claim { name, ephemeral: true, .. } = volume else { continue };
        let claim = cluster.objects().claims.get(&(namespace, name));
        if claim.is_some_and(|claim| !controls(cluster, origin, claim)) {
            let pod = Some(origin.name);
            reasons.push(Reason::EphemeralClaimForeign { namespace, claim: name, pod });
            return Err(Code::Error);
        }
    }
    Ok(())
}

/// The volumes of a pod that a driver has to attach.
fn volumes_of<'a>(
    cluster: &'a Cluster,
    csi_node: Option<&'a CsiNode>,
    class: ClassId,
) -> impl Iterator<Item = Result<(Symbol, Handle), Reason>> + 'a {
    let namespace = cluster.class(class).namespace;
    cluster.spec_of(class).volumes.iter().filter_map(move |volume| match volume {
        PodVolume::Claim { name, .. } => {
            let claim = cluster.objects().claims.get(&(namespace, *name))?;
            of_claim(cluster, csi_node, claim).map(Ok)
        }
        &PodVolume::Direct { migrated: Some((migrated, name)), .. } => {
            csi_node?;
            let found = migrated.handle.map(|handle| (migrated.driver, Handle::Csi(handle)));
            Some(found.map_err(|fault| Reason::DiskNotMigrated { volume: name, fault }))
        }
        _ => None,
    })
}

/// Driver and handle of a claim's volume, made or still to be made (`getCSIDriverInfo`). What has
/// no driver or no handle does not count.
fn of_claim(
    cluster: &Cluster,
    csi_node: Option<&CsiNode>,
    claim: &Claim,
) -> Option<(Symbol, Handle)> {
    let objects = cluster.objects();
    let named = |symbol: &Symbol| !cluster.text(*symbol).is_empty();
    if let Some(volume) = claim.volume.and_then(|name| objects.volumes.get(&name)) {
        let (driver, handle) = match (volume.source, &volume.migrated) {
            (VolumeSource::Csi { driver, handle }, _) => (driver, handle),
            (_, Some((migrated, _))) => {
                csi_node?;
                (migrated.driver, migrated.handle.ok()?)
            }
            _ => return None,
        };
        return (named(&driver) && named(&handle)).then_some((driver, Handle::Csi(handle)));
    }
    let class = objects.storage_classes.get(&claim.class?)?;
    let driver = class.driver?;
    if driver != class.provisioner {
        csi_node?;
    }
    named(&driver).then_some((driver, Handle::Claim(claim.namespace, claim.name)))
}
