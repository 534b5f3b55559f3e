//! Who made which pod: workloads of the export, and those that are known from their pods alone.

use std::collections::BTreeMap;

use holdfast_cluster::coverage::{Coverage, InputKind};
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{Builder, Labels, Symbol, WorkloadId};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::Origin;
use crate::objects::pod::{Maker, PodEntry};
use crate::objects::policy::Autoscaler;
use crate::objects::table::Row;
use crate::objects::workload::{POD_TEMPLATE_HASH, WorkloadEntry, of_labels};

/// A workload's kind, namespace and name.
pub(crate) type Key = (WorkloadKind, Symbol, Symbol);

/// A workload with its place among the others.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) entry: WorkloadEntry,
    pub(crate) owner: Option<WorkloadId>,
    pub(crate) provenance: Provenance,
    pub(crate) origin: Option<Origin>,
    /// The lowest and highest count that an autoscaler sets.
    pub(crate) autoscaled: Option<(i64, i64)>,
    /// Its pods, by position.
    pub(crate) pods: Vec<u32>,
}

impl Member {
    /// How many pods its controller goes for. An autoscaler lifts a workload that has no pods yet
    /// to its lowest count at once; a workload scaled to zero it leaves alone.
    pub(crate) fn wanted(&self) -> i64 {
        match self.autoscaled {
            Some((least, most)) if self.entry.desired > 0 && self.pods.is_empty() => {
                self.entry.desired.min(most).max(least)
            }
            _ => self.entry.desired,
        }
    }
}

/// All workloads, and the one of every pod.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    pub(crate) members: Vec<Member>,
    by_key: IndexMap<Key, WorkloadId, FxBuildHasher>,
    /// The maker of each pod, by the pod's position.
    pub(crate) of_pod: Vec<WorkloadId>,
}

impl Roster {
    /// Brings workloads and pods together.
    pub(crate) fn new(
        rows: Vec<Row<WorkloadEntry>>,
        pods: &[Row<PodEntry>],
        coverage: &Coverage,
        builder: &mut Builder,
    ) -> Self {
        let mut roster = Self::default();
        for row in people_see(rows, pods) {
            let key = (row.value.kind, row.value.namespace, row.value.name);
            roster.push(key, row.value, Provenance::Read, row.origin);
        }
        for at in 0..roster.members.len() {
            let entry = &roster.members[at].entry;
            if let Some(owner) = entry.owner.filter(|owner| owns(owner.kind, entry.kind)) {
                let key = (owner.kind, entry.namespace, owner.name);
                roster.members[at].owner = Some(roster.infer(key));
            }
        }
        for (at, pod) in pods.iter().enumerate() {
            let workload = roster.maker(&pod.value, builder);
            let member = &mut roster.members[workload.index()];
            member.pods.push(at as u32);
            if member.entry.kind == WorkloadKind::Pod {
                // A pod that nothing makes is its own workload.
                member.provenance = Provenance::Read;
                member.origin = pod.origin;
            }
            roster.of_pod.push(workload);
        }
        roster.count(pods, coverage, builder);
        roster
    }

    /// The workload of this key.
    pub(crate) fn find(&self, key: &Key) -> Option<WorkloadId> {
        self.by_key.get(key).copied()
    }

    fn push(
        &mut self,
        key: Key,
        entry: WorkloadEntry,
        provenance: Provenance,
        origin: Option<Origin>,
    ) -> WorkloadId {
        let id = WorkloadId::at(self.members.len());
        let (owner, autoscaled, pods) = (None, None, Vec::new());
        self.members.push(Member { entry, owner, provenance, origin, autoscaled, pods });
        self.by_key.insert(key, id);
        id
    }

    /// Adds the first ReplicaSet of a Deployment, of which all is known: it is made here.
    pub(crate) fn add_set(&mut self, key: Key, entry: WorkloadEntry, owner: WorkloadId) {
        let id = self.push(key, entry, Provenance::Read, None);
        self.members[id.index()].owner = Some(owner);
    }

    /// Tells workloads how far their autoscalers go. Gives the autoscalers whose target is not
    /// there.
    pub(crate) fn autoscale(
        &mut self,
        autoscalers: impl Iterator<Item = Autoscaler>,
        builder: &Builder,
    ) -> Vec<Autoscaler> {
        let mut lost = Vec::new();
        for autoscaler in autoscalers {
            let kind = match builder.so_far().text(autoscaler.target_kind) {
                "Deployment" => Some(WorkloadKind::Deployment),
                "ReplicaSet" => Some(WorkloadKind::ReplicaSet),
                "StatefulSet" => Some(WorkloadKind::StatefulSet),
                "ReplicationController" => Some(WorkloadKind::ReplicationController),
                _ => None,
            };
            let key = kind.map(|kind| (kind, autoscaler.namespace, autoscaler.target_name));
            match key.and_then(|key| self.find(&key)) {
                Some(id) => self.members[id.index()].autoscaled = Some(autoscaler.replicas),
                None => lost.push(autoscaler),
            }
        }
        lost
    }

    /// The workload of this key, made up where the export lacks it.
    fn infer(&mut self, key: Key) -> WorkloadId {
        if let Some(known) = self.find(&key) {
            return known;
        }
        self.push(key, WorkloadEntry::unread(key), Provenance::Inferred, None)
    }

    /// The workload that made a pod.
    fn maker(&mut self, pod: &PodEntry, builder: &mut Builder) -> WorkloadId {
        let Some(maker) = pod.maker else {
            let kind = if pod.mirror { WorkloadKind::StaticPod } else { WorkloadKind::Pod };
            let name = if pod.mirror { static_name(pod, builder) } else { pod.name };
            return self.infer((kind, pod.namespace, name));
        };
        let key = (maker.kind, pod.namespace, maker.name);
        if let Some(known) = self.find(&key) {
            return known;
        }
        let id = self.infer(key);
        if maker.kind == WorkloadKind::ReplicaSet {
            self.members[id.index()].owner = deployment_name(pod, maker, builder)
                .map(|name| self.infer((WorkloadKind::Deployment, pod.namespace, name)));
        }
        id
    }

    /// Completes what only the pods tell: counts and selectors of workloads that were not in the
    /// export.
    fn count(&mut self, pods: &[Row<PodEntry>], coverage: &Coverage, builder: &Builder) {
        for member in &mut self.members {
            if member.provenance == Provenance::Read && member.entry.kind != WorkloadKind::Pod {
                continue;
            }
            let own = || member.pods.iter().map(|at| &pods[*at as usize].value);
            let living = own().filter(|pod| !pod.phase.is_terminal()).count() as i64;
            let active = own().filter(|pod| pod.is_active()).count() as i64;
            member.entry.desired = match member.entry.kind {
                // Their pods have names, or nodes, of their own and are not replaced while they
                // end.
                kind @ (WorkloadKind::StatefulSet | WorkloadKind::DaemonSet)
                    if active > 0 || !listed(kind, coverage) =>
                {
                    living
                }
                // Where all pods are ending at once their node is gone, and replacements are to
                // come: unless the export lists that kind without this one, which then was deleted
                // before its pods.
                kind if active == 0 && !listed(kind, coverage) => living,
                _ => active,
            };
            member.entry.inactive = member.entry.kind == WorkloadKind::Pod && living == 0;
            let labels = own().map(|pod| builder.so_far().labels(pod.labels));
            let selects = !matches!(member.entry.kind, WorkloadKind::Pod | WorkloadKind::StaticPod);
            if let Some(common) = common(labels).filter(|_| selects) {
                member.entry.selector = of_labels(&common);
            }
        }
        self.sum_up();
    }

    /// A Deployment that was not in the export wants what its ReplicaSets want together.
    fn sum_up(&mut self) {
        let mut sums: BTreeMap<WorkloadId, i64> = BTreeMap::new();
        for member in &self.members {
            if let Some(owner) = member.owner {
                *sums.entry(owner).or_default() += member.entry.desired;
            }
        }
        for (owner, sum) in sums {
            let owner = &mut self.members[owner.index()];
            let counted = owner.entry.kind == WorkloadKind::Deployment;
            if counted && owner.provenance == Provenance::Inferred {
                owner.entry.desired = sum;
            }
        }
    }
}

/// Whether the export lists workloads of a kind.
fn listed(kind: WorkloadKind, coverage: &Coverage) -> bool {
    match kind {
        WorkloadKind::ReplicaSet => coverage.has(InputKind::ReplicaSet),
        WorkloadKind::ReplicationController => coverage.has(InputKind::ReplicationController),
        WorkloadKind::Job => coverage.has(InputKind::Job),
        WorkloadKind::StatefulSet => coverage.has(InputKind::StatefulSet),
        WorkloadKind::DaemonSet => coverage.has(InputKind::DaemonSet),
        _ => false,
    }
}

/// Whether one kind of workload makes another.
fn owns(owner: WorkloadKind, other: WorkloadKind) -> bool {
    matches!(
        (owner, other),
        (WorkloadKind::Deployment, WorkloadKind::ReplicaSet)
            | (WorkloadKind::CronJob, WorkloadKind::Job)
    )
}

/// Leaves out the empty ReplicaSets of old rollouts: a Deployment keeps ten of them for going back.
fn people_see(
    rows: Vec<Row<WorkloadEntry>>,
    pods: &[Row<PodEntry>],
) -> impl Iterator<Item = Row<WorkloadEntry>> {
    let mut makers: IndexMap<(Symbol, Maker), (), FxBuildHasher> = IndexMap::default();
    for pod in pods {
        if let Some(maker) = pod.value.maker {
            makers.insert((pod.value.namespace, maker), ());
        }
    }
    let mut newest: BTreeMap<(Symbol, Symbol), i64> = BTreeMap::new();
    for row in &rows {
        if let Some(deployment) = deployment_of(&row.value) {
            let revision = newest.entry((row.value.namespace, deployment)).or_default();
            *revision = row.value.revision.max(*revision);
        }
    }
    rows.into_iter().filter(move |row| {
        let entry = &row.value;
        let Some(deployment) = deployment_of(entry) else { return true };
        let maker = Maker { kind: entry.kind, name: entry.name };
        entry.desired > 0
            || makers.contains_key(&(entry.namespace, maker))
            || newest.get(&(entry.namespace, deployment)) == Some(&entry.revision)
    })
}

/// The Deployment of a ReplicaSet.
fn deployment_of(entry: &WorkloadEntry) -> Option<Symbol> {
    let owner = entry.owner.filter(|owner| owns(owner.kind, entry.kind))?;
    (owner.kind == WorkloadKind::Deployment).then_some(owner.name)
}

/// A Deployment names its ReplicaSets after itself and the hash of the template, which their pods
/// carry as a label.
fn deployment_name(pod: &PodEntry, maker: Maker, builder: &mut Builder) -> Option<Symbol> {
    let known = builder.so_far();
    let hash = known.labels(pod.labels).get(known.find(POD_TEMPLATE_HASH)?)?;
    let name = known.text(maker.name).strip_suffix(known.text(hash))?.strip_suffix('-')?.to_owned();
    Some(builder.intern(&name))
}

/// A static pod's name in its file: the kubelet appends the node's.
fn static_name(pod: &PodEntry, builder: &mut Builder) -> Symbol {
    let known = builder.so_far();
    let stripped = pod.node.and_then(|node| {
        known.text(pod.name).strip_suffix(known.text(node))?.strip_suffix('-').map(str::to_owned)
    });
    stripped.map_or(pod.name, |name| builder.intern(&name))
}

/// The labels that all of them have.
fn common<'l>(mut sets: impl Iterator<Item = &'l Labels>) -> Option<Labels> {
    let mut common = sets.next()?.clone();
    for labels in sets {
        if *labels != common {
            let kept = common.iter().filter(|(key, value)| labels.get(*key) == Some(*value));
            common = Labels::new(kept.collect::<Vec<_>>());
        }
    }
    Some(common)
}
