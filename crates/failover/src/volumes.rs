//! Volumes that one node at a time may use.
//!
//! A pod that lost its node is made again elsewhere, but its volume stays attached to the silent
//! node for as long as the old pod is there: the attach-detach controller
//! (`pkg/controller/volume/attachdetach`, v1.36.3) detaches no volume that a pod on the node still
//! needs, and only a kubelet, a deleted node object or the out-of-service taint ends that pod. The
//! new one waits, not ready (kubernetes/kubernetes#74947).

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::pod::Phase;
use holdfast_cluster::volume::{AccessMode, Claim, DirectVolumeKind, PodVolume, VolumeSource};
use holdfast_cluster::{Cluster, Instance, InstanceId, Placement, PodSpec, Symbol};

/// Whether a pod that is bound must wait until another node lets go of a volume it needs. Of two
/// that want one volume whoever came first has it.
pub fn must_wait(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    let Some(node) = placement.instance(pod).node() else { return false };
    any_sharing(cluster, placement, pod, |other| {
        !other.attaching && other.node().is_some_and(|at| at != node)
    })
}

/// Finds the pods of the export that have not started because another node holds a volume they
/// need: once it lets go they will.
pub fn wait(cluster: &Cluster, placement: &mut Placement) {
    for (at, pod) in cluster.pods().iter().enumerate() {
        let id = InstanceId::at(at);
        let instance = placement.instance(id);
        let starts = pod.phase == Phase::Pending && !instance.healthy && !instance.terminating;
        if starts && !instance.attaching && must_wait(cluster, placement, id) {
            placement.change(cluster, id, |instance| {
                instance.healthy = true;
                instance.attaching = true;
            });
        }
    }
}

/// Whether a volume that the pod needs is attached to a node that nobody hears.
pub fn is_held_by_silence(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    any_sharing(cluster, placement, pod, |other| {
        other.node().is_some_and(|node| !placement.node(node).reachable)
    })
}

/// Whether such a node has the volume and never lets go of it: the pod there does not itself wait
/// for another node.
pub fn is_kept_by_silence(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    any_sharing(cluster, placement, pod, |other| {
        !other.attaching && other.node().is_some_and(|node| !placement.node(node).reachable)
    })
}

/// Whether another pod needs a volume that the pod needs, and that one node at a time may use.
pub fn is_shared(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    any_sharing(cluster, placement, pod, |other| other.whereabouts != Whereabouts::Gone)
}

/// Whether any other pod that meets `asked` needs such a volume of the pod's.
fn any_sharing(
    cluster: &Cluster,
    placement: &Placement,
    pod: InstanceId,
    asked: impl Fn(&Instance) -> bool,
) -> bool {
    let instance = placement.instance(pod);
    let own: Vec<Symbol> = exclusive_claims(cluster, instance).collect();
    let namespace = cluster.class(instance.class).namespace;
    !own.is_empty()
        && placement.instance_ids().any(|id| {
            let other = placement.instance(id);
            id != pod
                && asked(other)
                && cluster.class(other.class).namespace == namespace
                && exclusive_claims(cluster, other).any(|claim| own.contains(&claim))
        })
}

/// The claims of a pod whose volumes are attached to one node at a time.
fn exclusive_claims<'c>(
    cluster: &'c Cluster,
    instance: &Instance,
) -> impl Iterator<Item = Symbol> + use<'c> {
    let class = *cluster.class(instance.class);
    claims(cluster.spec(class.spec)).filter(move |name| {
        let claim = cluster.objects().claims.get(&(class.namespace, *name));
        claim.is_some_and(|claim| is_of_one_node(cluster, claim))
    })
}

fn claims(spec: &PodSpec) -> impl Iterator<Item = Symbol> {
    spec.volumes.iter().filter_map(|volume| match volume {
        PodVolume::Claim { name, .. } => Some(*name),
        _ => None,
    })
}

/// Whether the claim's volume is attached to one node at a time. A CSI driver that is not in the
/// export is taken to attach, which is the default. Where there is a volume, its own modes count:
/// `IsMultiAttachAllowed` (`pkg/volume/util/util.go`); `nfs` is no `AttachableVolumePlugin`
/// (`pkg/volume/nfs`, v1.36.3).
fn is_of_one_node(cluster: &Cluster, claim: &Claim) -> bool {
    let objects = cluster.objects();
    let shared =
        |mode: &AccessMode| matches!(mode, AccessMode::ReadOnlyMany | AccessMode::ReadWriteMany);
    let Some(volume) = claim.volume.and_then(|name| objects.volumes.get(&name)) else {
        return !claim.access_modes.iter().any(shared);
    };
    let attached = match volume.source {
        VolumeSource::Csi { driver, .. } => {
            objects.csi_drivers.get(&driver).is_none_or(|driver| driver.attach_required)
        }
        VolumeSource::Node | VolumeSource::Direct(DirectVolumeKind::Nfs) => false,
        VolumeSource::Direct(_) => true,
    };
    attached && !volume.access_modes.is_empty() && !volume.access_modes.iter().any(shared)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use holdfast_ingest::{Options, Source, load};

    use super::*;

    /// Two pods on two nodes use one claim, and the first has it: whether the second waits.
    fn waits(source: &str, mode: &str, claimed: &str) -> bool {
        let mut text = format!(
            r#"{{"apiVersion":"v1","kind":"PersistentVolume","metadata":{{"name":"v"}},
            "spec":{{"accessModes":["{mode}"],{source},"claimRef":{{"name":"c",
            "namespace":"default"}}}},"status":{{"phase":"Bound"}}}}
            {{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{{"name":"c",
            "annotations":{{"pv.kubernetes.io/bind-completed":"yes"}}}},
            "spec":{{"accessModes":["{claimed}"],"volumeName":"v"}},
            "status":{{"phase":"Bound"}}}}"#
        );
        for node in ["a", "b"] {
            let _ = write!(
                text,
                r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{node}"}},
                "status":{{"conditions":[{{"type":"Ready","status":"True"}}]}}}}
                {{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{node}"}},
                "spec":{{"nodeName":"{node}","containers":[{{"name":"c"}}],"volumes":[
                {{"name":"v","persistentVolumeClaim":{{"claimName":"c"}}}}]}},
                "status":{{"phase":"Running"}}}}"#
            );
        }
        let cluster = load(vec![Source::named("export", text)], &Options::default()).cluster;
        must_wait(&cluster, &Placement::of(&cluster), InstanceId(1))
    }

    #[test]
    fn what_has_to_be_attached_is_waited_for() {
        let csi = r#""csi":{"driver":"d","volumeHandle":"h"}"#;
        let target = r#""iscsi":{"targetPortal":"p","iqn":"i","lun":0}"#;
        let share = r#""nfs":{"server":"nas","path":"/"}"#;
        let once = "ReadWriteOnce";
        assert!(waits(csi, once, once));
        assert!(waits(target, once, once));
        assert!(!waits(share, once, once), "nothing attaches an NFS export");
        assert!(!waits(csi, "ReadWriteMany", once), "the volume decides, not the claim");
    }
}
