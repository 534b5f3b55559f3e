//! Everything together: sources in, a cluster and what there is to tell about it out.

use std::collections::BTreeMap;

use holdfast_cluster::pod::Pod;
use holdfast_cluster::storage::Storage;
use holdfast_cluster::workload::Workload;
use holdfast_cluster::{
    Builder, ClassId, Cluster, Node, NodeId, PodId, Symbol, WorkloadId,
    coverage::{Coverage, InputKind},
};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::configuration;
use crate::expand::Controllers;
use crate::objects::pod::PodEntry;
use crate::objects::table::Row;
use crate::objects::workload::ordinal;
use crate::objects::{Gathered, input_kind};
use crate::overlay::Named;
use crate::resolve::Resolver;
use crate::tell::Teller;
use crate::workloads::{Member, Roster};
use crate::{Diagnostic, Inventory, Origin, Place, Source, for_each_object};

/// How to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Make the pods that controllers would make: of manifests, whose workloads have none yet, and
    /// of workloads that lack some.
    pub expand: bool,
    /// A `KubeSchedulerConfiguration` that the cluster's pods are scheduled by.
    pub scheduler_config: Option<Source>,
}

impl Default for Options {
    fn default() -> Self {
        Self { expand: true, scheduler_config: None }
    }
}

/// What an input says.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// All objects, brought together.
    pub cluster: Cluster,
    /// What was wrong, left out or assumed. One of [`Severity::Error`](crate::Severity::Error)
    /// means that the input is refused, and the cluster must not be used.
    pub diagnostics: Vec<Diagnostic>,
    /// Files, and how many objects of each kind they held.
    pub inventory: Inventory,
    /// Where each object was read.
    pub origins: Origins,
    /// Where objects were read that something was laid over: the manifest, else the export.
    pub laid_over: BTreeMap<Named, Place>,
}

/// Where objects were read, for findings that are told later.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    nodes: IndexMap<Symbol, Option<Origin>, FxBuildHasher>,
    pods: Vec<Option<Origin>>,
    workloads: Vec<Option<Origin>>,
}

impl Origins {
    /// Where a node was read.
    pub fn node(&self, cluster: &Cluster, id: NodeId) -> Option<Origin> {
        self.nodes.get(&cluster.node(id).name).copied().flatten()
    }

    /// Where a pod was read; `None` for one that was made here.
    pub fn pod(&self, id: PodId) -> Option<Origin> {
        self.pods.get(id.index()).copied().flatten()
    }

    /// Where a workload was read; `None` for one known from its pods alone.
    pub fn workload(&self, id: WorkloadId) -> Option<Origin> {
        self.workloads.get(id.index()).copied().flatten()
    }
}

impl Loaded {
    /// Where a workload was read: its manifest, where one was laid over it. `None` for one known
    /// from its pods alone.
    pub fn place_of(&self, id: WorkloadId) -> Option<Place> {
        let laid_over = self.laid_over.get(&Named::of(&self.cluster, id)).cloned();
        laid_over.or_else(|| self.origins.workload(id).map(|origin| self.place(origin)))
    }

    /// An origin as a place with its file's name.
    pub fn place(&self, origin: Origin) -> Place {
        let file = self.inventory.files.get(origin.file as usize).cloned().unwrap_or_default();
        Place { file, line: origin.line, column: origin.column }
    }
}

/// Reads sources into a cluster.
pub fn load(sources: Vec<Source>, options: &Options) -> Loaded {
    let mut gathered = Gathered::default();
    let mut diagnostics = Vec::new();
    let mut inventory = for_each_object(sources, &mut |raw| gathered.read(&raw), &mut diagnostics);
    diagnostics.append(&mut gathered.diagnostics);
    inventory.losses.objects(&diagnostics);
    if let Some(source) = &options.scheduler_config {
        configuration::read(source.clone(), &mut gathered.builder, &mut diagnostics);
    }
    gathered.diagnostics = diagnostics;
    assemble(gathered, inventory, options)
}

/// Reads objects that are already apart, as the cases of a decision trace hold them, into a
/// cluster. No pods are made: what is given is all there is.
pub fn from_objects<'a>(objects: impl IntoIterator<Item = &'a [u8]>) -> (Cluster, Vec<Diagnostic>) {
    from_case(objects, None)
}

/// The same, scheduled by a `KubeSchedulerConfiguration`.
pub fn from_case<'a>(
    objects: impl IntoIterator<Item = &'a [u8]>,
    scheduler_config: Option<&'a [u8]>,
) -> (Cluster, Vec<Diagnostic>) {
    let mut bytes = Vec::new();
    for object in objects {
        bytes.extend_from_slice(object);
        bytes.push(b'\n');
    }
    let scheduler_config = scheduler_config.map(|bytes| Source::named("config", bytes));
    let options = Options { expand: false, scheduler_config };
    let loaded = load(vec![Source::named("objects", bytes)], &options);
    (loaded.cluster, loaded.diagnostics)
}

fn assemble(mut gathered: Gathered, inventory: Inventory, options: &Options) -> Loaded {
    gathered.tell_repeated();
    let coverage = coverage(&inventory);
    let mut builder = std::mem::take(&mut gathered.builder);
    let mut resolver = Resolver::new(
        std::mem::take(&mut gathered.drafts),
        gathered.priority_classes.values().copied(),
        gathered.runtime_classes.values().cloned(),
        &mut builder,
    );
    let mut pods: Vec<Row<PodEntry>> = std::mem::take(&mut gathered.pods).into_rows().collect();
    let rows = gathered.workloads.iter_mut().flat_map(|table| std::mem::take(table).into_rows());
    let mut roster = Roster::new(rows.collect(), &pods, &coverage, &mut builder);
    let lost = roster.autoscale(gathered.autoscalers.values().copied(), &builder);
    let rows: Vec<Row<Node>> = std::mem::take(&mut gathered.nodes).into_rows().collect();
    let mut origins = Origins {
        nodes: rows.iter().map(|row| (row.value.name, row.origin)).collect(),
        ..Origins::default()
    };
    let nodes: Vec<Node> = rows.into_iter().map(|row| row.value).collect();
    let mut controllers = Controllers {
        builder: &mut builder,
        resolver: &mut resolver,
        nodes: &nodes,
        claims: &mut gathered.claims,
        pods: &mut pods,
        roster: &mut roster,
    };
    controllers.count_daemons();
    // Pods that were lost are not missing: nothing is made in their stead.
    let expand = options.expand && !coverage.has_lost(InputKind::Pod);
    let made = if expand { controllers.expand() } else { Vec::new() };
    for (at, row) in pods.iter().enumerate() {
        add_pod(&row.value, roster.of_pod[at], &mut resolver, &mut builder);
        origins.pods.push(row.origin);
    }
    for member in &roster.members {
        add_workload(member, &pods, &mut resolver, &mut builder);
        origins.workloads.push(member.origin);
    }
    let mut diagnostics = std::mem::take(&mut gathered.diagnostics);
    let teller = Teller { builder: &builder, inventory: &inventory, roster: &roster, pods: &pods };
    diagnostics.extend(teller.nodes(&nodes));
    diagnostics.extend(teller.inferred());
    diagnostics.extend(teller.made(&made));
    diagnostics.extend(teller.lost(&lost));
    diagnostics.extend(teller.classes(&resolver));
    for node in nodes {
        builder.node(node);
    }
    add_objects(&mut gathered, &mut builder, coverage);
    let cluster = builder.finish().with_due_sets();
    origins.workloads.resize(cluster.workloads().len(), None);
    Loaded { cluster, diagnostics, inventory, origins, laid_over: BTreeMap::new() }
}

fn add_pod(
    entry: &PodEntry,
    workload: WorkloadId,
    resolver: &mut Resolver,
    builder: &mut Builder,
) -> PodId {
    let class = resolver.class(entry.namespace, entry.labels, entry.draft, builder);
    let replacement = resolver.class(entry.namespace, entry.labels, entry.replacement, builder);
    builder.pod(Pod {
        name: entry.name,
        class,
        replacement,
        node: entry.node,
        phase: entry.phase,
        ready: entry.ready,
        terminating: entry.terminating,
        mirror: entry.mirror,
        workload,
        nominated_node: entry.nominated_node,
        start_time: entry.start_time,
        created: entry.created,
        uid: entry.uid,
        deletion_cost: entry.deletion_cost,
        preempted: entry.preempted,
        scheduling_message: entry.scheduling_message,
        expanded: entry.expanded,
        outdated: false,
    })
}

fn add_workload(
    member: &Member,
    pods: &[Row<PodEntry>],
    resolver: &mut Resolver,
    builder: &mut Builder,
) {
    let entry = &member.entry;
    let (template, priority_class) = match (&entry.template, member.pods.last()) {
        (Some(template), _) => {
            let (labels, draft) = (template.labels.clone(), template.draft.clone());
            let priority_class = resolver.priority_class(&draft);
            let class = resolver.class_of(entry.namespace, labels, draft, builder);
            (Some(class), priority_class)
        }
        // The newest of its pods stands for a template that was not in the export.
        (None, Some(at)) => {
            let pod = &pods[*at as usize].value;
            let class = resolver.class(pod.namespace, pod.labels, pod.replacement, builder);
            (Some(class), resolver.priority_class(resolver.draft(pod.replacement)))
        }
        (None, None) => (None::<ClassId>, None),
    };
    builder.workload(Workload {
        kind: entry.kind,
        namespace: entry.namespace,
        name: entry.name,
        owner: member.owner,
        made_by: entry.owner.filter(|_| member.owner.is_none()).map(|made| (made.kind, made.name)),
        desired: entry.desired,
        selector: entry.selector.clone(),
        template,
        priority_class,
        strategy: entry.strategy,
        revision: entry.revision,
        rollout: 0,
        first_ordinal: ordinal(entry.first_ordinal),
        parallel: entry.parallel,
        replaces_ended: entry.replaces_ended,
        losses: entry.losses,
        min_ready_seconds: entry.min_ready_seconds,
        deletion_cost: entry.template.as_ref().map_or(0, |template| template.deletion_cost),
        autoscaled: member.autoscaled,
        provenance: member.provenance,
        inactive: entry.inactive,
        rationed: false,
    });
}

/// Moves the objects that pods and nodes refer to into the cluster.
fn add_objects(gathered: &mut Gathered, builder: &mut Builder, coverage: Coverage) {
    let default_class =
        gathered.storage_classes.values().find(|class| class.default).map(|class| class.name);
    let claims = std::mem::take(&mut gathered.claims).into_rows().map(|row| {
        let mut claim = row.value.claim;
        if row.value.default_class {
            // Given at once by the API server, and later to claims that came before the class.
            claim.class = default_class;
        }
        ((claim.namespace, claim.name), claim)
    });
    let claims = claims.collect();
    let namespaces = std::mem::take(&mut gathered.namespaces).into_named();
    let objects = builder.objects();
    objects.claims = claims;
    objects.namespaces = namespaces.collect();
    objects.services = values(&mut gathered.services);
    objects.services.retain(|service| !service.selector.is_empty());
    objects.budgets = values(&mut gathered.budgets);
    objects.quotas = values(&mut gathered.quotas).into_iter().flatten().collect();
    objects.volumes = named(&mut gathered.volumes, |volume| volume.name);
    objects.storage_classes = named(&mut gathered.storage_classes, |class| class.name);
    objects.csi_nodes = named(&mut gathered.csi_nodes, |node| node.node);
    objects.csi_drivers = named(&mut gathered.csi_drivers, |driver| driver.name);
    objects.storage_capacities = values(&mut gathered.storage_capacities);
    objects.attachments = values(&mut gathered.attachments);
    objects.priority_classes =
        gathered.priority_classes.values().map(|class| (class.name, class.value)).collect();
    objects.storage = storage(gathered);
    objects.coverage = coverage;
}

fn storage(gathered: &mut Gathered) -> Storage {
    let clusters = values(&mut gathered.ceph_clusters).into_iter();
    let pools = values(&mut gathered.ceph_pools).into_iter();
    Storage {
        longhorn_volumes: named(&mut gathered.longhorn_volumes, |volume| volume.name),
        longhorn_replicas: values(&mut gathered.longhorn_replicas),
        ceph_clusters: clusters.map(|cluster| (cluster.namespace, cluster)).collect(),
        ceph_pools: pools.map(|pool| ((pool.namespace, pool.name), pool)).collect(),
        declared: IndexMap::default(),
    }
}

fn values<T: PartialEq>(table: &mut crate::objects::table::Table<T>) -> Vec<T> {
    std::mem::take(table).into_rows().map(|row| row.value).collect()
}

fn named<T: PartialEq>(
    table: &mut crate::objects::table::Table<T>,
    name: fn(&T) -> Symbol,
) -> IndexMap<Symbol, T, FxBuildHasher> {
    std::mem::take(table).into_rows().map(|row| (name(&row.value), row.value)).collect()
}

/// The kinds that the export speaks of: objects of them, or empty lists; and those that were lost.
fn coverage(inventory: &Inventory) -> Coverage {
    let mut coverage = Coverage::default();
    for kinds in [&inventory.objects, &inventory.lists_seen] {
        for (group, kind, _) in kinds.iter() {
            if let Some(kind) = input_kind(group, kind) {
                coverage.add(kind);
            }
        }
    }
    inventory.losses.input_kinds().for_each(|kind| coverage.lose(kind));
    coverage
}

#[cfg(test)]
mod tests;
