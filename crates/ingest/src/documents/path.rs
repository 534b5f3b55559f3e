//! What a file's path says of the kind of its objects: the last resort, for bundles that write bare
//! arrays and lists without a kind.

/// Plural names, as `kubectl get` and bundles write them, of the kinds that matter to placement.
const PLURALS: [(&str, &str, &str); 30] = [
    ("configmaps", "v1", "ConfigMap"),
    ("cronjobs", "batch/v1", "CronJob"),
    ("csidrivers", "storage.k8s.io/v1", "CSIDriver"),
    ("csinodes", "storage.k8s.io/v1", "CSINode"),
    ("custom-resource-definitions", "apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("customresourcedefinitions", "apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("daemonsets", "apps/v1", "DaemonSet"),
    ("deployments", "apps/v1", "Deployment"),
    ("endpoints", "v1", "Endpoints"),
    ("events", "v1", "Event"),
    ("horizontalpodautoscalers", "autoscaling/v2", "HorizontalPodAutoscaler"),
    ("jobs", "batch/v1", "Job"),
    ("limitranges", "v1", "LimitRange"),
    ("namespaces", "v1", "Namespace"),
    ("nodes", "v1", "Node"),
    ("persistentvolumeclaims", "v1", "PersistentVolumeClaim"),
    ("persistentvolumes", "v1", "PersistentVolume"),
    ("pod-disruption-budgets", "policy/v1", "PodDisruptionBudget"),
    ("poddisruptionbudgets", "policy/v1", "PodDisruptionBudget"),
    ("pods", "v1", "Pod"),
    ("priorityclasses", "scheduling.k8s.io/v1", "PriorityClass"),
    ("pvcs", "v1", "PersistentVolumeClaim"),
    ("pvs", "v1", "PersistentVolume"),
    ("replicasets", "apps/v1", "ReplicaSet"),
    ("replicationcontrollers", "v1", "ReplicationController"),
    ("resourcequotas", "v1", "ResourceQuota"),
    ("services", "v1", "Service"),
    ("statefulsets", "apps/v1", "StatefulSet"),
    ("storage-classes", "storage.k8s.io/v1", "StorageClass"),
    ("storageclasses", "storage.k8s.io/v1", "StorageClass"),
];

/// The `apiVersion` and kind that a path tells, if it tells exactly one.
///
/// Understood are `nodes.json`, `pods/NAMESPACE.json` (troubleshoot), `apps_v1_deployments.json`
/// (sonobuoy), `GROUP/VERSION/PLURAL.yaml` (Rancher) and `statefulsets.GROUP.json`, whose group
/// must then be the one of the known kind: `nodes.longhorn.io` are no nodes.
pub(super) fn kind(path: &str) -> Option<(&'static str, &'static str)> {
    let path = path.rsplit_once("!/").map_or(path, |(_, member)| member);
    let mut parts = path.rsplit('/');
    let file = parts.next()?;
    let file = file.strip_suffix(".gz").unwrap_or(file);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let mut folder = || parts.next().unwrap_or_default();
    let (parent, above, top) = (folder(), folder(), folder());
    if let Some((rest, plural)) = stem.rsplit_once('_') {
        let group = rest.split('_').next().unwrap_or_default();
        return known(plural, Some(if group == "core" { "" } else { group }));
    }
    if let Some((plural, group)) = stem.split_once('.') {
        return known(plural, Some(group));
    }
    if version(parent) {
        // The core group has no folder of its own: `cluster/v1`, `namespaced/NAMESPACE/v1`.
        let group = if above == "cluster" || top == "namespaced" { "" } else { above };
        return known(stem, Some(group));
    }
    known(stem, None).or_else(|| known(parent, None))
}

/// Whether a folder is named for an API version, as in `apps/v1`.
fn version(folder: &str) -> bool {
    folder.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn known(plural: &str, group: Option<&str>) -> Option<(&'static str, &'static str)> {
    let &(_, api_version, kind) = PLURALS.iter().find(|(name, ..)| *name == plural)?;
    let own = crate::object::group_of(api_version);
    group.is_none_or(|group| group == own).then_some((api_version, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_layouts_of_bundles() {
        for (path, expected) in [
            ("nodes.json", Some("Node")),
            ("a/b.tar.gz!/cluster-resources/pods/kube-system.json", Some("Pod")),
            (
                "cluster-resources/custom-resource-definitions.json",
                Some("CustomResourceDefinition"),
            ),
            ("resources/cluster/core_v1_nodes.json", Some("Node")),
            ("resources/ns/a/apps_v1_deployments.json", Some("Deployment")),
            ("yamls/namespaced/a/apps/v1/statefulsets.yaml", Some("StatefulSet")),
            ("yamls/cluster/v1/nodes.yaml", Some("Node")),
            ("yamls/namespaced/a/v1/pods.yaml", Some("Pod")),
            ("yamls/namespaced/a/longhorn.io/v1beta1/nodes.yaml", None),
            ("custom-resources/nodes.longhorn.io/longhorn-system.yaml", None),
            ("custom_resources/statefulsets.apps.kruise.io.json", None),
            ("groups.json", None),
        ] {
            assert_eq!(kind(path).map(|(_, kind)| kind), expected, "{path}");
        }
    }
}
