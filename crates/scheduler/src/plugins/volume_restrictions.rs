//! `VolumeRestrictions`: disks that allow one user, and claims for one pod only.
//!
//! Models `pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go` (v1.36.3).

use holdfast_cluster::volume::{AccessMode, DirectVolumeKind, PodVolume};
use holdfast_cluster::{ClassId, InstanceId, PodSpec, Symbol};

use super::{Context, Verdict};
use crate::needs::Need;
use crate::node_info::{NodeInfo, residents};
use crate::reason::{Code, Reason};

/// The claims for one pod only, and how many users are in the way: upstream's `preFilterState`.
#[derive(Clone, Debug)]
pub(crate) struct State {
    exclusive: Vec<Symbol>,
    users: i64,
}

/// Looks the claims up; `None` if the pod has nothing that is restricted.
///
/// # Errors
/// The claim that does not exist.
pub(crate) fn pre_filter(context: &Context<'_>) -> Result<Option<State>, Reason> {
    let mut exclusive = Vec::new();
    for name in claim_names(context.spec) {
        let claim = context.cluster.objects().claims.get(&(context.namespace, name));
        let claim = claim.ok_or(Reason::ClaimNotFound(name))?;
        let alone = claim.access_modes.contains(&AccessMode::ReadWriteOncePod);
        if alone && !exclusive.contains(&name) {
            exclusive.push(name);
        }
    }
    let users = count_users(context, &exclusive);
    let named_disks = context
        .spec
        .volumes
        .iter()
        .any(|volume| matches!(volume, PodVolume::Direct { kind, .. } if is_restricted(*kind)));
    Ok((named_disks || users > 0).then_some(State { exclusive, users }))
}

/// The claims that the manifest names; those of generic ephemeral volumes do not count here.
fn claim_names(spec: &PodSpec) -> impl Iterator<Item = Symbol> + '_ {
    spec.volumes.iter().filter_map(|volume| match volume {
        PodVolume::Claim { name, ephemeral: false, .. } => Some(*name),
        _ => None,
    })
}

/// How many of the claims any pod uses (`IsPVCUsedByPods`).
fn count_users(context: &Context<'_>, exclusive: &[Symbol]) -> i64 {
    let Context { cluster, placement, namespace, .. } = *context;
    let used = |claim: &&Symbol| {
        cluster.classes().enumerate().any(|(at, class)| {
            class.namespace == namespace
                && claim_names(cluster.spec(class.spec)).any(|name| name == **claim)
                && residents(placement, ClassId::at(at)).next().is_some()
        })
    };
    i64::try_from(exclusive.iter().filter(used).count()).unwrap_or(i64::MAX)
}

impl State {
    /// Counts a pod more or less (`AddPod`, `RemovePod`): upstream compares names and no namespaces
    /// here.
    pub(crate) fn update(&mut self, context: &Context<'_>, class: ClassId, times: i64) {
        let names = claim_names(context.cluster.spec_of(class));
        let hits = names.filter(|name| self.exclusive.contains(name)).count();
        self.users += times * i64::try_from(hits).unwrap_or(i64::MAX);
    }

    /// Turns down nodes where a disk is in use, and every node while a claim for one pod only is.
    pub(crate) fn filter(
        &self,
        context: &Context<'_>,
        node: &NodeInfo<'_>,
        reasons: &mut Vec<Reason>,
    ) -> Verdict {
        let in_use = node.usage.pods.iter().any(|&pod| {
            let other = context.cluster.spec_of(context.placement.instance(pod).class);
            conflict(context.spec, other)
        });
        if in_use {
            reasons.push(Reason::DiskConflict);
            return Err(Code::Unschedulable);
        }
        if self.users > 0 {
            reasons.push(Reason::ClaimInUse);
            return Err(Code::Unschedulable);
        }
        Ok(())
    }
}

impl State {
    /// Who uses the node's disks and the claims for one pod only.
    pub(crate) fn needs(&self, context: &Context<'_>, node: &NodeInfo<'_>) -> Vec<Need> {
        let Context { cluster, placement, namespace, .. } = *context;
        let mut needs = Vec::new();
        let spec = |pod: InstanceId| cluster.spec_of(placement.instance(pod).class);
        let sharing = node.usage.pods.iter().copied();
        let holders: Vec<InstanceId> =
            sharing.filter(|pod| conflict(context.spec, spec(*pod))).collect();
        if !holders.is_empty() {
            needs.push(Need::Disk(holders));
        }
        if self.users <= 0 {
            return needs;
        }
        for &claim in &self.exclusive {
            let mounts = |pod: &InstanceId| {
                let instance = placement.instance(*pod);
                instance.node().is_some_and(|node| placement.node(node).exists)
                    && cluster.class(instance.class).namespace == namespace
                    && claim_names(spec(*pod)).any(|name| name == claim)
            };
            let users: Vec<InstanceId> = placement.instance_ids().filter(mounts).collect();
            if !users.is_empty() {
                needs.push(Need::Claim(claim, users));
            }
        }
        needs
    }
}

fn is_restricted(kind: DirectVolumeKind) -> bool {
    matches!(
        kind,
        DirectVolumeKind::GcePersistentDisk
            | DirectVolumeKind::AwsElasticBlockStore
            | DirectVolumeKind::Iscsi
            | DirectVolumeKind::Rbd
    )
}

/// Whether two pods name the same disk in a way that excludes them from one node
/// (`isVolumeConflict`).
fn conflict(wanting: &PodSpec, running: &PodSpec) -> bool {
    wanting.volumes.iter().any(|want| {
        let PodVolume::Direct { kind, identity, read_only, .. } = want else { return false };
        running.volumes.iter().any(|have| match have {
            PodVolume::Direct { kind: other, identity: taken, read_only: shared, .. }
                if kind == other =>
            {
                same_disk(*kind, identity, taken, *read_only && *shared)
            }
            _ => false,
        })
    })
}

fn same_disk(kind: DirectVolumeKind, a: &[Symbol], b: &[Symbol], both_read: bool) -> bool {
    match kind {
        DirectVolumeKind::AwsElasticBlockStore => a == b,
        DirectVolumeKind::GcePersistentDisk | DirectVolumeKind::Iscsi => a == b && !both_read,
        // Pool and image, then the monitors, of which one in common is enough.
        DirectVolumeKind::Rbd => {
            let overlap = a.iter().skip(2).any(|monitor| b.iter().skip(2).any(|m| m == monitor));
            overlap && a.iter().take(2).eq(b.iter().take(2)) && !both_read
        }
        DirectVolumeKind::AzureDisk | DirectVolumeKind::Nfs | DirectVolumeKind::Other => false,
    }
}
