//! How a strategic merge tells items of lists apart.

/// Lists whose items are told apart by a field (`patchMergeKey` of `k8s.io/api`, v0.36.3); ports by
/// the container's, or by the Service's.
const KEYED: [(&str, &[&str]); 14] = [
    ("addresses", &["type"]),
    ("conditions", &["type"]),
    ("containers", &["name"]),
    ("env", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("hostAliases", &["ip"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("ownerReferences", &["uid"]),
    ("ports", &["containerPort", "port"]),
    ("topologySpreadConstraints", &["topologyKey"]),
    ("volumeDevices", &["devicePath"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
];

/// The fields of which one tells items of such a list apart; none where the list is replaced as a
/// whole.
pub fn merge_keys(field: &str) -> &'static [&'static str] {
    KEYED.iter().find(|(list, _)| *list == field).map_or(&[], |(_, keys)| *keys)
}
