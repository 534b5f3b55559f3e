//! Which kinds and fields are kept, and how.

use serde_json::{Map, Value};

use crate::object::group_of;

/// What is done with a member, by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Left out.
    Drop,
    /// Kept as it is: the API's own words, times and numbers.
    Keep,
    /// A label key or several.
    LabelKeys,
    /// An image or several.
    Images,
    /// A mapping from label keys to values.
    Labels,
    /// A mapping from resources to quantities.
    Resources,
    /// Annotations.
    Annotations,
    /// Parameters of a storage class or a pool.
    Parameters,
    /// Looked into; strings are replaced.
    Descend,
}

/// Kinds that a verdict may depend on, with their groups. Those of dynamic resource allocation are
/// not among them: their expressions could not be kept without what they speak of.
#[rustfmt::skip]
const KINDS: [(&str, &[&str]); 11] = [
    ("", &["LimitRange", "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim", "Pod",
        "ReplicationController", "ResourceQuota", "Service"]),
    ("apps", &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("autoscaling", &["HorizontalPodAutoscaler"]),
    ("batch", &["CronJob", "Job"]),
    ("ceph.rook.io", &["CephBlockPool", "CephCluster"]),
    ("extensions", &["DaemonSet", "Deployment", "ReplicaSet"]),
    ("longhorn.io", &["Replica", "Volume"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &["PodDisruptionBudget"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass",
        "VolumeAttachment"]),
];

/// Annotations that controllers and the scheduler act on; the rest is dropped.
pub(super) const ANNOTATIONS: [&str; 17] = [
    "batch.kubernetes.io/job-completion-index",
    "controller.kubernetes.io/pod-deletion-cost",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "kubernetes.io/config.hash",
    "kubernetes.io/config.mirror",
    "kubernetes.io/config.source",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "scheduler.alpha.kubernetes.io/critical-pod",
    "scheduler.alpha.kubernetes.io/node-selector",
    "storageclass.beta.kubernetes.io/is-default-class",
    "storageclass.kubernetes.io/is-default-class",
    "volume.beta.kubernetes.io/storage-class",
    "volume.kubernetes.io/selected-node",
];

/// Parameters of storage classes and pools that say where copies are kept, and how many.
pub(super) const PARAMETERS: [&str; 4] = ["clusterID", "dataPool", "min_size", "pool"];

/// Secrets of users, addresses and ids of machines, and text for people.
#[rustfmt::skip]
const DROPPED: &[&str] = &[
    "addresses", "args", "attributes", "behavior", "binaryData", "bootID", "caBundle", "clusterIP",
    "clusterIPs", "command", "containerID", "containerRuntimeVersion", "controllerExpandSecretRef",
    "controllerPublishSecretRef", "currentMetrics", "daemonEndpoints", "data", "dnsConfig", "env",
    "envFrom", "exec", "externalIPs", "externalID", "externalName", "finalizers", "frontend",
    "generateName",
    "grpc", "hostAliases", "hostIP", "hostIPs", "httpGet", "imageID", "imagePullSecrets",
    "kernelVersion", "kubeProxyVersion", "lastState", "loadBalancer", "loadBalancerIP",
    "loadBalancerSourceRanges", "machineID", "managedFields", "message", "metrics", "mountOptions",
    "nodeExpandSecretRef", "nodePublishSecretRef", "nodeStageSecretRef", "osImage",
    "podCIDR", "podCIDRs", "podIP", "podIPs", "providerID", "publishedVolumes", "resourceVersion",
    "secretRef", "securityContext", "selfLink", "serviceAccount", "serviceAccountName",
    "stringData", "systemUUID", "tcpSocket", "terminationMessagePath", "volumeAttributes",
    "volumeDevices", "volumeMounts",
];

/// Fields whose strings are the API's own words, times, quantities, or public names of software.
#[rustfmt::skip]
const KEPT: &[&str] = &[
    "accessModes", "action", "apiGroup", "apiVersion", "architecture", "attachRequired",
    "attacher", "completionMode", "completionTime", "completedIndexes", "concurrencyPolicy",
    "creationTimestamp",
    "deletionTimestamp", "divisor", "dnsPolicy", "driver", "effect", "endTime", "failedAt",
    "failureDomain", "finishedAt",
    "fsType", "globalDefault", "healthyAt", "imagePullPolicy", "kind", "kubeletVersion",
    "lastHeartbeatTime", "lastProbeTime", "lastScaleTime", "lastScheduleTime",
    "lastSuccessfulTime", "lastTransitionTime", "lastUpdateTime", "maxSurge", "maxUnavailable",
    "maximumVolumeSize",
    "medium", "minAvailable", "nodeAffinityPolicy", "nodeTaintsPolicy", "operatingSystem",
    "operator", "persistentVolumeReclaimPolicy", "phase", "podManagementPolicy",
    "podReplacementPolicy", "preemptionPolicy", "protocol", "provisioner", "qosClass", "quantity",
    "reason", "reclaimPolicy", "restartPolicy", "schedule", "scope", "scopes", "sizeLimit",
    "startTime", "startedAt", "storage", "terminationMessagePolicy", "timeAdded", "timeZone",
    "type", "unhealthyPodEvictionPolicy", "volumeBindingMode", "volumeLifecycleModes",
    "volumeMode", "whenDeleted", "whenScaled", "whenUnsatisfiable",
];

/// Mappings from resources to quantities.
#[rustfmt::skip]
const RESOURCES: [&str; 13] = [
    "allocatable", "allocatedResources", "capacity", "default", "defaultRequest", "hard", "limits",
    "max", "maxLimitRequestRatio", "min", "podFixed", "requests", "used",
];

/// Whether an object is of a kind that is kept.
pub(super) fn kept_kind(object: &Map<String, Value>) -> bool {
    let text = |key| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let group = group_of(text("apiVersion"));
    KINDS.iter().any(|(known, kinds)| *known == group && kinds.contains(&text("kind")))
}

/// What is done with a member.
pub(super) fn treatment(key: &str, value: &Value) -> Treatment {
    let flat = || value.as_object().is_some_and(|map| map.values().all(Value::is_string));
    let plain = || value.as_object().is_some_and(|map| !map.values().any(Value::is_object));
    match key {
        _ if DROPPED.contains(&key) => Treatment::Drop,
        "annotations" => Treatment::Annotations,
        "parameters" => Treatment::Parameters,
        "labels" | "matchLabels" | "nodeSelector" => Treatment::Labels,
        // A Service and a ReplicationController select by labels, everything newer by a selector.
        "selector" if flat() => Treatment::Labels,
        "key" | "topologyKey" | "topologyKeys" | "matchLabelKeys" | "mismatchLabelKeys" => {
            Treatment::LabelKeys
        }
        "image" => Treatment::Images,
        // A node's images; elsewhere no array is called that.
        "names" if value.is_array() => Treatment::Images,
        _ if RESOURCES.contains(&key) && plain() => Treatment::Resources,
        // The capacity of a CSIStorageCapacity is one quantity.
        "capacity" if value.is_string() => Treatment::Keep,
        // Strings and arrays of strings; what has members is looked into.
        _ if KEPT.contains(&key) && !value.is_object() => Treatment::Keep,
        "status" if value.is_string() => Treatment::Keep,
        _ => Treatment::Descend,
    }
}
