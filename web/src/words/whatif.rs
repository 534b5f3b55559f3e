//! What is said where the cluster is made another.

pub(crate) const SAYS: &str = "Change the cluster: the map, the matrix and every proof are then \
                               about the changed one. Undo takes a change back.";
pub(crate) const WHAT_RUNS: &str = "What runs";
pub(crate) const NODES: &str = "Nodes";
pub(crate) const STORAGE: &str = "Storage";
pub(crate) const ANYTHING: &str = "Anything else";
pub(crate) const OF_WORKLOAD: &str = "Workload ";
pub(crate) const OF_NODE: &str = "Which node ";

// Titles of forms, and what their buttons say.
pub(crate) const REPLICAS: (&str, &str) = ("Replicas", "Set replicas");
pub(crate) const REQUESTS: (&str, &str) = ("Requests", "Set the request");
pub(crate) const APART: (&str, &str) = ("Anti-affinity", "Keep apart");
pub(crate) const SPREAD: (&str, &str) = ("Topology spread", "Spread");
pub(crate) const TOLERATE: (&str, &str) = ("A toleration", "Tolerate");
pub(crate) const OUTLAST: (&str, &str) = ("Patience with silent nodes", "Set the patience");
pub(crate) const PRIORITY: (&str, &str) = ("Priority", "Set the priority");
pub(crate) const BUDGET: (&str, &str) = ("Disruption budget", "Set the budget");
pub(crate) const NEW_NODES: (&str, &str) = ("Another node", "Add the node");
pub(crate) const FROM_CATALOG: (&str, &str) = ("Nodes of the catalogue", "Add these nodes");
pub(crate) const LABEL: (&str, &str) = ("A label", "Set the label");
pub(crate) const TAINT: (&str, &str) = ("A taint", "Add the taint");
pub(crate) const ROLE: (&str, &str) = ("Control plane", "Set the role");
pub(crate) const CORDON: (&str, &str) = ("No new pods", "Cordon the node");
pub(crate) const REMOVE: (&str, &str) = ("Without it", "Delete the node");
pub(crate) const COPIES: (&str, &str) = ("Copies", "Set the copies");
pub(crate) const ANY_FIELD: (&str, &str) = ("Any field of any object", "Set the field");

// What is put in.
pub(crate) const SO_MANY: &str = "Replicas ";
pub(crate) const RESOURCE: &str = "Of what ";
pub(crate) const CPU: &str = "CPU";
pub(crate) const MEMORY: &str = "memory";
pub(crate) const AMOUNT: &str = "Amount ";
pub(crate) const CONTAINER: &str = "Container, from 0 ";
pub(crate) const KEY_APART: &str = "Apart by ";
pub(crate) const HOW_STRICT: &str = "How strictly ";
pub(crate) const REQUIRED: &str = "required";
pub(crate) const PREFERRED: &str = "preferred";
pub(crate) const KEY_SPREAD: &str = "Spread over ";
pub(crate) const MAX_SKEW: &str = "maxSkew ";
pub(crate) const WHEN: &str = "whenUnsatisfiable ";
pub(crate) const TAINT_KEY: &str = "Key of the taint ";
pub(crate) const TAINT_VALUE: &str = "Value (may be empty) ";
pub(crate) const EFFECT: &str = "Effect ";
pub(crate) const ANY_EFFECT: &str = "any";
pub(crate) const SECONDS: &str = "tolerationSeconds ";
pub(crate) const CLASS: &str = "Priority class ";
pub(crate) const RULE: &str = "Rule ";
pub(crate) const HOW_MANY: &str = "How many, or which share ";
pub(crate) const CALLED: &str = "Name ";
pub(crate) const LIKE: &str = "Like ";
pub(crate) const COUNT: &str = "How many nodes ";
pub(crate) const ZONE: &str = "Zone (may be empty) ";
pub(crate) const LABEL_KEY: &str = "Key of the label ";
pub(crate) const LABEL_VALUE: &str = "Value, or nothing to take it away ";
pub(crate) const ROLE_NAME: &str = "Role ";
pub(crate) const WHETHER: &str = "The node ";
pub(crate) const HAS_ROLE: &str = "has it";
pub(crate) const HAS_NOT: &str = "has it not";
pub(crate) const KEPT: &str = "Volume or pool ";
pub(crate) const COPIES_OF: &str = "Copies ";
pub(crate) const FIELD_SPELLED: &str = "KIND/NAMESPACE/NAME.FIELD=VALUE ";
pub(crate) const CATALOG: &str = "A catalogue of nodes";
pub(crate) const CATALOG_FILE: &str = "A file of kind NodeCatalog ";
pub(crate) const CATALOG_TEXT: &str = "Or its text ";
pub(crate) const READ_CATALOG: &str = "Read the catalogue";
pub(crate) const TYPE: &str = "Type ";
pub(crate) const PREFIX: &str = "Names begin with ";

/// A type of a catalogue, as it is read.
pub(crate) fn make(name: &str, cpu_milli: i64, memory: i64) -> String {
    let gib = memory as f64 / 1_073_741_824.0;
    format!("{name} · {} CPU · {gib:.1} GiB", cpu_milli as f64 / 1e3)
}

// What was changed, to take away.
pub(crate) const TAKE_AWAY: &str = "Take the changes away";
pub(crate) const TAKE_SAYS: &str = "What was changed, as patches, as lines for kubectl, and as the \
                                    command that asks about the same.";
pub(crate) const WORK_OUT: &str = "Write it down";
pub(crate) const PATCHES: &str = "Patches";
pub(crate) const KUBECTL: &str = "Lines for kubectl";
pub(crate) const COMMAND: &str = "The command";
pub(crate) const COPY: &str = "Copy";
pub(crate) const DOWNLOAD: &str = "Download";
