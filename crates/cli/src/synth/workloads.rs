//! Deployments with their `ReplicaSets`, `StatefulSets`, `DaemonSets`, services and budgets.

use std::io;

use serde_json::{Value, json};

use super::plan::{Kind, Plan, Workload};
use super::pods;
use super::random::Random;

pub(super) fn emit(plan: &Plan, emit: &mut impl FnMut(Value) -> io::Result<()>) -> io::Result<()> {
    for (workload, nodes) in plan.placed() {
        let ready = nodes.iter().flatten().count() as u32;
        emit(controller(plan, workload, ready))?;
        if workload.kind == Kind::Deployment {
            emit(replica_set(plan, workload, ready))?;
        }
    }
    for workload in plan.workloads.iter().filter(|workload| workload.service) {
        emit(service(plan, workload))?;
    }
    for workload in plan.workloads.iter().filter(|workload| workload.budget) {
        emit(budget(plan, workload))?;
    }
    Ok(())
}

/// The uid of a workload's object.
pub(super) fn uid(plan: &Plan, workload: &Workload, kind: &str) -> String {
    Random::of(plan.seed, &format!("{kind}/{}", workload.name), 0).uid()
}

/// The `ReplicaSet`'s part of the names of its pods.
pub(super) fn template_hash(plan: &Plan, workload: &Workload) -> String {
    Random::of(plan.seed, &workload.name, 1).suffix(10)
}

/// The labels that select a workload's pods.
pub(super) fn selector(workload: &Workload) -> Value {
    json!({"app.kubernetes.io/name": workload.name})
}

fn metadata(plan: &Plan, workload: &Workload, kind: &str, name: &str) -> Value {
    let mut random = Random::of(plan.seed, &workload.name, 2);
    json!({
        "annotations": {"example.com/owner": plan.namespaces[workload.namespace as usize]},
        "creationTimestamp": random.time(),
        "generation": 1 + random.below(30),
        "labels": selector(workload),
        "name": name,
        "namespace": plan.namespaces[workload.namespace as usize],
        "resourceVersion": random.below(900_000_000).to_string(),
        "uid": uid(plan, workload, kind),
    })
}

fn template(plan: &Plan, workload: &Workload, hash: Option<&str>) -> Value {
    let mut labels = selector(workload);
    if let Some(hash) = hash {
        labels["pod-template-hash"] = json!(hash);
    }
    json!({"metadata": {"labels": labels}, "spec": pods::template_spec(plan, workload)})
}

fn controller(plan: &Plan, workload: &Workload, ready: u32) -> Value {
    let kind = workload.kind.name();
    let mut spec = json!({
        "revisionHistoryLimit": 10,
        "selector": {"matchLabels": selector(workload)},
        "template": template(plan, workload, None),
    });
    let replicas = workload.replicas;
    let status = match workload.kind {
        Kind::Deployment => {
            spec["progressDeadlineSeconds"] = json!(600);
            spec["replicas"] = json!(replicas);
            spec["strategy"] = json!({
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
                "type": "RollingUpdate",
            });
            deployment_status(replicas, ready)
        }
        Kind::StatefulSet => {
            spec["persistentVolumeClaimRetentionPolicy"] =
                json!({"whenDeleted": "Retain", "whenScaled": "Retain"});
            // One that waits for its turn would keep the later ones from being there at all.
            spec["podManagementPolicy"] = json!("Parallel");
            spec["replicas"] = json!(replicas);
            spec["serviceName"] = json!(workload.name);
            spec["updateStrategy"] =
                json!({"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"});
            spec["volumeClaimTemplates"] = json!([super::storage::claim_template()]);
            json!({
                "availableReplicas": ready,
                "collisionCount": 0,
                "currentReplicas": replicas,
                "readyReplicas": ready,
                "replicas": replicas,
                "updatedReplicas": replicas,
            })
        }
        Kind::DaemonSet => {
            spec["updateStrategy"] = json!({
                "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
                "type": "RollingUpdate",
            });
            json!({
                "currentNumberScheduled": replicas,
                "desiredNumberScheduled": replicas,
                "numberAvailable": ready,
                "numberMisscheduled": 0,
                "numberReady": ready,
                "updatedNumberScheduled": replicas,
            })
        }
    };
    json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": metadata(plan, workload, kind, &workload.name),
        "spec": spec,
        "status": status,
    })
}

fn deployment_status(replicas: u32, ready: u32) -> Value {
    let mut status = json!({
        "conditions": [{
            "message": "ReplicaSet has successfully progressed.",
            "reason": "NewReplicaSetAvailable",
            "status": "True",
            "type": "Progressing",
        }],
        "replicas": replicas,
        "updatedReplicas": replicas,
    });
    if ready > 0 {
        status["availableReplicas"] = json!(ready);
        status["readyReplicas"] = json!(ready);
    }
    if ready < replicas {
        status["unavailableReplicas"] = json!(replicas - ready);
    }
    status
}

fn replica_set(plan: &Plan, workload: &Workload, ready: u32) -> Value {
    let hash = template_hash(plan, workload);
    let name = format!("{}-{hash}", workload.name);
    let mut labels = selector(workload);
    labels["pod-template-hash"] = json!(hash);
    let mut metadata = metadata(plan, workload, "ReplicaSet", &name);
    metadata["labels"] = labels.clone();
    metadata["ownerReferences"] =
        owner("Deployment", &workload.name, &uid(plan, workload, "Deployment"));
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata,
        "spec": {
            "replicas": workload.replicas,
            "selector": {"matchLabels": labels},
            "template": template(plan, workload, Some(&hash)),
        },
        "status": {
            "availableReplicas": ready,
            "fullyLabeledReplicas": workload.replicas,
            "observedGeneration": 1,
            "readyReplicas": ready,
            "replicas": workload.replicas,
        },
    })
}

/// The reference to the controller of an object.
pub(super) fn owner(kind: &str, name: &str, uid: &str) -> Value {
    json!([{
        "apiVersion": "apps/v1",
        "blockOwnerDeletion": true,
        "controller": true,
        "kind": kind,
        "name": name,
        "uid": uid,
    }])
}

fn service(plan: &Plan, workload: &Workload) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(plan, workload, "Service", &workload.name),
        "spec": {
            "clusterIP": "None",
            "clusterIPs": ["None"],
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}],
            "selector": selector(workload),
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    })
}

fn budget(plan: &Plan, workload: &Workload) -> Value {
    let replicas = workload.replicas;
    json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(plan, workload, "PodDisruptionBudget", &workload.name),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": selector(workload)}},
        "status": {
            "currentHealthy": replicas,
            "desiredHealthy": replicas - 1,
            "disruptionsAllowed": 1,
            "expectedPods": replicas,
            "observedGeneration": 1,
        },
    })
}
