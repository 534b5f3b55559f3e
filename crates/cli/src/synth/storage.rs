//! The storage class, and a claim and a volume for each pod that has one.

use std::io;

use serde_json::{Value, json};

use super::nodes::zone;
use super::plan::{Plan, Workload};
use super::random::Random;

/// The driver of every volume.
pub(super) const DRIVER: &str = "disk.csi.example.com";

/// The one storage class.
const CLASS: &str = "zonal-disk";

pub(super) fn emit(plan: &Plan, emit: &mut impl FnMut(Value) -> io::Result<()>) -> io::Result<()> {
    emit(class())?;
    for (workload, nodes) in plan.placed().filter(|(workload, _)| workload.claims) {
        for (ordinal, node) in nodes.iter().enumerate() {
            let claim = Claim { plan, workload, ordinal };
            emit(claim.object(node.is_some()))?;
            if let Some(node) = node {
                emit(claim.volume(plan.nodes[*node as usize].zone))?;
            }
        }
    }
    Ok(())
}

/// The name of a pod's claim.
pub(super) fn claim_name(workload: &Workload, ordinal: usize) -> String {
    format!("data-{}-{ordinal}", workload.name)
}

/// What a `StatefulSet` makes its claims from.
pub(super) fn claim_template() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "20Gi"}},
            "storageClassName": CLASS,
            "volumeMode": "Filesystem",
        },
    })
}

fn class() -> Value {
    json!({
        "allowVolumeExpansion": true,
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS},
        "provisioner": DRIVER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    })
}

/// The claim of one pod.
struct Claim<'a> {
    plan: &'a Plan,
    workload: &'a Workload,
    ordinal: usize,
}

impl Claim<'_> {
    fn namespace(&self) -> &str {
        &self.plan.namespaces[self.workload.namespace as usize]
    }

    fn uid(&self) -> String {
        let name = claim_name(self.workload, self.ordinal);
        Random::of(self.plan.seed, &name, 0).uid()
    }

    fn object(&self, bound: bool) -> Value {
        let uid = self.uid();
        let mut claim = claim_template();
        claim["metadata"] = json!({
            "labels": super::workloads::selector(self.workload),
            "name": claim_name(self.workload, self.ordinal),
            "namespace": self.namespace(),
            "uid": uid,
        });
        claim["status"] = json!({"phase": "Pending"});
        if bound {
            claim["metadata"]["annotations"] = json!({
                "pv.kubernetes.io/bind-completed": "yes",
                "pv.kubernetes.io/bound-by-controller": "yes",
            });
            claim["spec"]["volumeName"] = json!(format!("pvc-{uid}"));
            claim["status"] = json!({
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": "20Gi"},
                "phase": "Bound",
            });
        }
        claim
    }

    fn volume(&self, at: u32) -> Value {
        let uid = self.uid();
        let name = format!("pvc-{uid}");
        json!({
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "annotations": {"pv.kubernetes.io/provisioned-by": DRIVER},
                "labels": {"topology.kubernetes.io/zone": zone(at)},
                "name": name,
                "uid": Random::of(self.plan.seed, &name, 0).uid(),
            },
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": "20Gi"},
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "name": claim_name(self.workload, self.ordinal),
                    "namespace": self.namespace(),
                    "uid": uid,
                },
                "csi": {"driver": DRIVER, "fsType": "ext4", "volumeHandle": format!("vol-{uid}")},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{
                    "key": "topology.kubernetes.io/zone",
                    "operator": "In",
                    "values": [zone(at)],
                }]}]}},
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": CLASS,
                "volumeMode": "Filesystem",
            },
            "status": {"phase": "Bound"},
        })
    }
}
