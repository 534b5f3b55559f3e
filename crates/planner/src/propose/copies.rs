//! How many copies there are of the volumes that pods use.

use holdfast_cluster::change::CopiesOf;
use holdfast_cluster::volume::{PodVolume, VolumeSource};
use holdfast_cluster::{Cluster, PodClass, Symbol};

/// The volumes of a pod of which copies are known, and how many there are.
pub(super) fn of(cluster: &Cluster, class: &PodClass) -> Vec<(CopiesOf, u32)> {
    let volumes = cluster.spec(class.spec).volumes.iter();
    let claims = volumes.filter_map(|volume| match volume {
        PodVolume::Claim { name, .. } => Some(*name),
        _ => None,
    });
    claims.filter_map(|claim| of_claim(cluster, (class.namespace, claim))).collect()
}

fn of_claim(cluster: &Cluster, key: (Symbol, Symbol)) -> Option<(CopiesOf, u32)> {
    let objects = cluster.objects();
    let claim = objects.claims.get(&key)?;
    let volume = objects.volumes.get(&claim.volume?);
    let class = claim.class.or_else(|| volume?.class);
    let handle = match volume.map(|volume| volume.source) {
        Some(VolumeSource::Csi { handle, .. }) => handle,
        _ => claim.volume?,
    };
    let storage = &objects.storage;
    if let Some(volume) = storage.longhorn_volumes.get(&handle) {
        return Some((CopiesOf::Longhorn(volume.name), volume.replicas));
    }
    let pool = class.and_then(|class| objects.storage_classes.get(&class)?.pool);
    if let Some(pool) = pool.and_then(|key| storage.ceph_pools.get(&key)) {
        return Some((CopiesOf::CephPool(pool.namespace, pool.name), pool.size?));
    }
    let declared = storage.declared.get(&class?)?;
    Some((CopiesOf::Declared(class?), declared.replicas?))
}
