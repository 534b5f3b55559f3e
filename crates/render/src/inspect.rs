//! What was understood of an export, for people and machines (`holdfast.inspect/v1`).

use std::fmt::Write;

use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::node::Readiness;
use holdfast_cluster::workload::Provenance;
use holdfast_cluster::{Cluster, NodeId, Placement, WorkloadId};
use holdfast_failover::ControlPlane;
use holdfast_ingest::{Diagnostic, Loaded, Severity};
use holdfast_proof::report::{EMULATED, version};
use holdfast_proof::subject::Subjects;
use serde::Serialize;

use crate::table::Grid;
use crate::{diagnostics, words};

/// Up to so many nodes or workloads every one is shown.
const TABLE_MAX: usize = 40;

/// Everything there is to show.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    schema: &'static str,
    emulated: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    files: usize,
    objects: Vec<KindCount>,
    control_plane: Vec<String>,
    nodes: Vec<NodeView>,
    workloads: Vec<WorkloadView>,
    pods: PodCounts,
    missing: Vec<Missing>,
    not_modelled: Vec<String>,
    diagnostics: Vec<DiagnosticView>,
}

#[derive(Debug, Serialize)]
struct KindCount {
    group: String,
    kind: String,
    count: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeView {
    name: String,
    state: &'static str,
    unschedulable: bool,
    taints: usize,
    allocatable: Amounts,
    requested: Amounts,
    pods: usize,
    pods_allocatable: i64,
}

/// CPU in thousandths of a core, memory in bytes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Amounts {
    cpu_milli: i64,
    memory: i64,
}

#[derive(Debug, Serialize)]
struct WorkloadView {
    namespace: String,
    kind: String,
    name: String,
    ready: u32,
    desired: u32,
    pending: u32,
    terminating: u32,
    /// Not in the export: known from its pods alone.
    inferred: bool,
}

#[derive(Debug, Default, Serialize)]
struct PodCounts {
    bound: usize,
    pending: usize,
    ended: usize,
    unlisted: usize,
}

#[derive(Debug, Serialize)]
struct Missing {
    kind: String,
    weakens: &'static str,
}

#[derive(Debug, Serialize)]
struct DiagnosticView {
    rule: &'static str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    detail: String,
}

impl View {
    /// The view of what was loaded.
    pub fn of(loaded: &Loaded) -> Self {
        let cluster = &loaded.cluster;
        let placement = Placement::of(cluster);
        let kinds = loaded.inventory.objects.iter();
        let members = ControlPlane::of(cluster);
        Self {
            schema: "holdfast.inspect/v1",
            emulated: EMULATED,
            version: version(cluster),
            files: loaded.inventory.files.len(),
            objects: kinds
                .map(|(group, kind, count)| KindCount {
                    group: group.to_owned(),
                    kind: kind.to_owned(),
                    count,
                })
                .collect(),
            control_plane: members.nodes().map(|node| cluster.node_name(node).to_owned()).collect(),
            nodes: cluster.node_ids().map(|id| node(cluster, &placement, id)).collect(),
            workloads: workloads(cluster, &placement),
            pods: pod_counts(cluster, &placement),
            missing: missing(cluster),
            not_modelled: not_modelled(cluster),
            diagnostics: loaded.diagnostics.iter().map(diagnostic).collect(),
        }
    }
}

fn node(cluster: &Cluster, placement: &Placement, id: NodeId) -> NodeView {
    let (node, used) = (cluster.node(id), placement.node(id));
    NodeView {
        name: cluster.text(node.name).to_owned(),
        state: match node.readiness {
            Readiness::Ready => "Ready",
            Readiness::NotReady => "NotReady",
            Readiness::Unknown => "Unknown",
            Readiness::Unstated => "unstated",
        },
        unschedulable: node.unschedulable,
        taints: node.taints.len(),
        allocatable: Amounts {
            cpu_milli: node.allocatable.cpu_milli,
            memory: node.allocatable.memory,
        },
        requested: Amounts { cpu_milli: used.requested.cpu_milli, memory: used.requested.memory },
        pods: used.pods.len(),
        pods_allocatable: node.pods_allocatable,
    }
}

fn workloads(cluster: &Cluster, placement: &Placement) -> Vec<WorkloadView> {
    let subjects = Subjects::of(cluster, placement);
    let view = |root: WorkloadId| {
        let workload = cluster.workload(root);
        WorkloadView {
            namespace: cluster.text(workload.namespace).to_owned(),
            kind: workload.kind.name(cluster).to_owned(),
            name: cluster.text(workload.name).to_owned(),
            ready: 0,
            desired: 0,
            pending: 0,
            terminating: 0,
            inferred: workload.provenance == Provenance::Inferred,
        }
    };
    let asked = subjects.subjects.iter().map(|subject| WorkloadView {
        ready: subject.ready(placement),
        desired: subject.desired(cluster, placement),
        pending: subject.pending(placement),
        terminating: subject.terminating(placement),
        ..view(subject.root)
    });
    asked.chain(subjects.excluded.iter().map(|(root, _)| view(*root))).collect()
}

fn pod_counts(cluster: &Cluster, placement: &Placement) -> PodCounts {
    use holdfast_cluster::placement::Whereabouts;
    let mut counts = PodCounts::default();
    for instance in placement.instances() {
        *match instance.whereabouts {
            Whereabouts::On(_) => &mut counts.bound,
            Whereabouts::Pending => &mut counts.pending,
            Whereabouts::Gone => &mut counts.ended,
            Whereabouts::Unlisted => &mut counts.unlisted,
        } += 1;
    }
    debug_assert_eq!(placement.instances().len(), cluster.pods().len());
    counts
}

/// Kinds that the input does not speak of, where that weakens an answer.
fn missing(cluster: &Cluster) -> Vec<Missing> {
    const MATTERS: [(InputKind, &str); 9] = [
        (InputKind::Node, "nothing can be said to fail"),
        (InputKind::Namespace, "namespace selectors see only the names of namespaces"),
        (InputKind::ReplicaSet, "Deployments are inferred from the names of their pods"),
        (InputKind::StatefulSet, "replica counts are those of the pods that were found"),
        (InputKind::Service, "default spread constraints cannot be told"),
        (InputKind::PodDisruptionBudget, "preemption and drains know no budgets"),
        (InputKind::PersistentVolume, "where volumes can be used is not known"),
        (InputKind::PersistentVolumeClaim, "pods with claims cannot be placed again"),
        (InputKind::CsiNode, "attach limits are not known"),
    ];
    let coverage = &cluster.objects().coverage;
    let lacks = MATTERS.into_iter().filter(|(kind, _)| !coverage.has(*kind));
    lacks.map(|(kind, weakens)| Missing { kind: format!("{kind:?}"), weakens }).collect()
}

/// What pods use that is not modelled, with the number of pods.
fn not_modelled(cluster: &Cluster) -> Vec<String> {
    let mut uses = std::collections::BTreeMap::<String, usize>::new();
    for pod in cluster.pods() {
        let spec = cluster.spec_of(pod.class);
        for part in &spec.unmodelled {
            *uses.entry(format!("{part:?}")).or_default() += 1;
        }
        if cluster.scheduling().profile(spec.scheduler_name).is_none() {
            let name = cluster.text(spec.scheduler_name);
            *uses.entry(format!("schedulerName {name}")).or_default() += 1;
        }
    }
    uses.into_iter()
        .map(|(what, pods)| format!("{what}, by {}", words::count(pods, "pod", "pods")))
        .collect()
}

fn diagnostic(found: &Diagnostic) -> DiagnosticView {
    DiagnosticView {
        rule: found.rule.id(),
        severity: match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        place: found.place.as_ref().map(ToString::to_string),
        object: found.object.as_ref().map(|object| {
            let namespace = object.namespace.as_deref();
            let namespace = namespace.map_or(String::new(), |name| format!("{name}/"));
            format!("{} {namespace}{}", object.kind, object.name)
        }),
        detail: found.detail.clone(),
    }
}

impl View {
    /// What the input does not say and what is not modelled, a sentence each.
    pub fn gaps(&self) -> Vec<String> {
        let missing = self.missing.iter();
        let missing = missing.map(|gap| format!("No {} in the input: {}.", gap.kind, gap.weakens));
        let other = self.not_modelled.iter().map(|what| format!("Not modelled: {what}."));
        missing.chain(other).collect()
    }
}

/// The view for people.
pub fn human(view: &View, found: &[Diagnostic], all: bool) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{}\n", summary(view));
    nodes(&mut out, view, all);
    workload_table(&mut out, view, all);
    gaps(&mut out, view);
    let told = diagnostics::all(found, all);
    if !told.is_empty() {
        let _ = write!(out, "Diagnostics\n\n{told}");
    }
    out
}

fn summary(view: &View) -> String {
    let pods = &view.pods;
    let mut text = format!(
        "{} with {} and {} ({} bound, {} pending, {} ended)",
        words::count(view.nodes.len(), "node", "nodes"),
        words::count(view.workloads.len(), "workload", "workloads"),
        words::count(pods.bound + pods.pending + pods.ended + pods.unlisted, "pod", "pods"),
        words::thousands(pods.bound as u64),
        words::thousands(pods.pending as u64),
        words::thousands(pods.ended as u64),
    );
    let objects: u64 = view.objects.iter().map(|kind| kind.count).sum();
    let kinds = words::count(view.objects.len(), "kind", "kinds");
    let files = words::count(view.files, "file", "files");
    let _ = write!(text, "\nread from {} objects of {kinds} in {files}", words::thousands(objects));
    let version = view.version.as_deref().unwrap_or("not told");
    let _ = write!(text, "\nKubernetes version {version}; {} is modelled", view.emulated);
    text += &words::wording(view.version.as_deref());
    let members = match view.control_plane.as_slice() {
        [] => "not on these nodes, taken to be up".to_owned(),
        names => format!("on {}", words::list(names, 6)),
    };
    let _ = write!(text, "\ncontrol plane {members}");
    text
}

fn nodes(out: &mut String, view: &View, all: bool) {
    if view.nodes.is_empty() {
        return;
    }
    let headings = ["NODE", "STATE", "CPU FREE", "OF", "MEMORY FREE", "OF", "PODS", "OF", "TAINTS"];
    let mut grid = Grid::new(&headings, &[2, 3, 4, 5, 6, 7, 8]);
    let shown = if all { view.nodes.len() } else { view.nodes.len().min(TABLE_MAX) };
    for node in &view.nodes[..shown] {
        let cordoned = if node.unschedulable { ",SchedulingDisabled" } else { "" };
        grid.row([
            node.name.clone(),
            format!("{}{cordoned}", node.state),
            words::cpu(node.allocatable.cpu_milli.saturating_sub(node.requested.cpu_milli)),
            words::cpu(node.allocatable.cpu_milli),
            words::bytes(node.allocatable.memory.saturating_sub(node.requested.memory)),
            words::bytes(node.allocatable.memory),
            node.pods.to_string(),
            node.pods_allocatable.to_string(),
            node.taints.to_string(),
        ]);
    }
    print(out, grid, view.nodes.len() - shown);
}

fn workload_table(out: &mut String, view: &View, all: bool) {
    if view.workloads.is_empty() {
        return;
    }
    let headings = ["NAMESPACE", "KIND", "NAME", "READY", "PENDING", "TERMINATING", "KNOWN FROM"];
    let mut grid = Grid::new(&headings, &[3, 4, 5]);
    let shown = if all { view.workloads.len() } else { view.workloads.len().min(TABLE_MAX) };
    for workload in &view.workloads[..shown] {
        grid.row([
            workload.namespace.clone(),
            workload.kind.clone(),
            workload.name.clone(),
            format!("{}/{}", workload.ready, workload.desired),
            workload.pending.to_string(),
            workload.terminating.to_string(),
            if workload.inferred { "its pods" } else { "itself" }.to_owned(),
        ]);
    }
    print(out, grid, view.workloads.len() - shown);
}

fn print(out: &mut String, grid: Grid, left_out: usize) {
    for line in grid.lines() {
        let _ = writeln!(out, "{line}");
    }
    if left_out > 0 {
        let _ = writeln!(out, "… and {} more; --all shows them", words::thousands(left_out as u64));
    }
    out.push('\n');
}

fn gaps(out: &mut String, view: &View) {
    if !view.missing.is_empty() {
        let _ = writeln!(out, "Not in the input, which proves nothing about it");
        for gap in &view.missing {
            let _ = writeln!(out, "  {:<22} {}", gap.kind, gap.weakens);
        }
        out.push('\n');
    }
    if !view.not_modelled.is_empty() {
        let _ = writeln!(out, "Not modelled, so that what depends on it is UNKNOWN");
        for what in &view.not_modelled {
            let _ = writeln!(out, "  {what}");
        }
        out.push('\n');
    }
}
