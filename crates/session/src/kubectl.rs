//! The line that exports everything Holdfast reads.

/// The line that exports everything Holdfast reads, and no Secret, in pieces that fit a terminal.
const EXPORT_LINE: [&str; 5] = [
    "kubectl get nodes,namespaces,pods,deployments,replicasets,statefulsets,daemonsets,",
    "replicationcontrollers,jobs,cronjobs,services,poddisruptionbudgets,horizontalpodautoscalers,",
    "persistentvolumes,persistentvolumeclaims,storageclasses,csinodes,csidrivers,",
    "csistoragecapacities,volumeattachments,priorityclasses,runtimeclasses,resourcequotas",
    " -A -o json",
];

/// The line that exports everything Holdfast reads, and no Secret. With a backslash and a line end
/// between its pieces it can be pasted from text that would otherwise be wrapped.
pub fn export_line(between: &str) -> String {
    EXPORT_LINE.join(between) + " > cluster.json"
}

/// The words of that line that run `kubectl`.
pub fn export_command() -> String {
    EXPORT_LINE.concat()
}
