//! Objects that are passed over: of kinds that decide nothing, and of kinds that do not exist.

use crate::{Diagnostic, RawObject, Rule, Severity};

/// The groups of Kubernetes of which kinds are read here, with every kind they have, or had
/// (`k8s.io/api`, v0.36.3, and the groups that were removed).
#[rustfmt::skip]
const GROUPS: [(&str, &[&str]); 9] = [
    ("", &["Binding", "ComponentStatus", "ConfigMap", "Config", "Endpoints", "Event", "LimitRange",
        "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim", "Pod", "PodTemplate",
        "ReplicationController", "ResourceQuota", "Secret", "Service", "ServiceAccount", "Status"]),
    ("apps", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("autoscaling", &["HorizontalPodAutoscaler", "Scale"]),
    ("batch", &["CronJob", "Job"]),
    ("extensions", &["DaemonSet", "Deployment", "Ingress", "NetworkPolicy", "PodSecurityPolicy",
        "ReplicaSet"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &["Eviction", "PodDisruptionBudget", "PodSecurityPolicy"]),
    ("scheduling.k8s.io", &["PodGroup", "PriorityClass", "Workload"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass",
        "VolumeAttachment", "VolumeAttributesClass"]),
];

/// What is wrong with the kind of an object that is not read, if Kubernetes has no such kind. Kinds
/// of groups that others define exist wherever somebody defined them.
pub(crate) fn unknown_kind(raw: &RawObject<'_>, severity: Severity) -> Option<Diagnostic> {
    let group = raw.group();
    let known = GROUPS.iter().find(|(name, _)| *name == group);
    let exists = match known {
        // `kubectl` prints lists of every kind.
        Some((_, kinds)) => kinds.contains(&raw.kind.strip_suffix("List").unwrap_or(&raw.kind)),
        None => group.contains('.'),
    };
    if exists || &*raw.kind == "List" {
        return None;
    }
    let hint = nearest(group, &raw.kind)
        .map(|(group, kind)| match group {
            "" => format!(", perhaps v1 {kind}"),
            _ => format!(", perhaps {group}/v1 {kind}"),
        })
        .unwrap_or_default();
    Some(tell(raw, Rule::UnknownKind, severity, format!("{} {}{hint}", raw.api_version, raw.kind)))
}

/// That an object which somebody laid over an export changes nothing, where its kind is one that
/// others define: what its controller makes of it nobody knows here.
pub(crate) fn without_effect(raw: &RawObject<'_>) -> Option<Diagnostic> {
    let foreign = GROUPS.iter().all(|(name, _)| *name != raw.group());
    let native = raw.group().ends_with(".k8s.io");
    let detail = format!("{} {} is not read", raw.api_version, raw.kind);
    (foreign && !native).then(|| tell(raw, Rule::KindNotRead, Severity::Warning, detail))
}

fn tell(raw: &RawObject<'_>, rule: Rule, severity: Severity, detail: String) -> Diagnostic {
    let object = raw.reference();
    Diagnostic { rule, severity, place: Some(raw.place_at(0)), object: Some(object), detail }
}

/// The kind that a misspelt one is most like: one or two letters off, or of another group.
fn nearest(group: &str, kind: &str) -> Option<(&'static str, &'static str)> {
    let all = GROUPS.iter().flat_map(|(name, kinds)| kinds.iter().map(move |kind| (*name, *kind)));
    let far = |known: &str| strsim::osa_distance(&known.to_lowercase(), &kind.to_lowercase());
    all.map(|(name, known)| ((far(known), name != group, name == "extensions"), (name, known)))
        .filter(|((far, ..), _)| *far <= 2)
        .min()
        .map(|(_, found)| found)
}
