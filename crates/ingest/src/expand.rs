//! Pods that controllers would make.
//!
//! A rendered manifest has workloads and no pods; an export taken at a bad moment lacks some. What
//! is made here is what the controllers of v1.36.3 would make next: `pkg/controller/replicaset`,
//! `pkg/controller/statefulset`, `pkg/controller/daemon` (`NodeShouldRunDaemonPod`),
//! `pkg/controller/job`. Made pods are pending: the scheduler has not seen them.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::pod::Phase;
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{Builder, Labels, Node, Symbol, WorkloadId, daemon};

use crate::objects::pod::PodEntry;
use crate::objects::podspec::Draft;
use crate::objects::storage::ClaimEntry;
use crate::objects::table::{Row, Table, Version};
use crate::objects::workload::{Template, WorkloadEntry};
use crate::resolve::Resolver;
use crate::workloads::Roster;

/// A made pod is of no use beyond this many of one workload: no cluster runs so many, and a slip of
/// the finger in `replicas` must not take all memory.
const PODS_MAX: i64 = 150_000;

/// What the controllers look at while they make pods.
pub(crate) struct Controllers<'g> {
    pub(crate) builder: &'g mut Builder,
    pub(crate) resolver: &'g mut Resolver,
    pub(crate) nodes: &'g [Node],
    pub(crate) claims: &'g mut Table<ClaimEntry>,
    pub(crate) pods: &'g mut Vec<Row<PodEntry>>,
    pub(crate) roster: &'g mut Roster,
}

/// How many pods were made for a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) workload: WorkloadId,
    pub(crate) pods: u64,
    /// It had some before.
    pub(crate) had_some: bool,
}

impl Controllers<'_> {
    /// Counts, for every DaemonSet whose template is known, the nodes it belongs on.
    pub(crate) fn count_daemons(&mut self) {
        for member in &mut self.roster.members {
            if member.entry.kind != WorkloadKind::DaemonSet {
                continue;
            }
            member.entry.desired = match &member.entry.template {
                Some(template) if !self.nodes.is_empty() => {
                    let on = self.nodes.iter().filter(|node| belongs(template, node, self.builder));
                    on.count() as i64
                }
                _ => member.entry.desired,
            };
        }
    }

    /// Makes every pod that is missing.
    pub(crate) fn expand(&mut self) -> Vec<Made> {
        self.roll_out();
        let mut made = Vec::new();
        for at in 0..self.roster.members.len() {
            let before = self.roster.members[at].pods.len();
            self.complete(at);
            let pods = (self.roster.members[at].pods.len() - before) as u64;
            if pods > 0 {
                let workload = WorkloadId::at(at);
                made.push(Made { workload, pods, had_some: before > 0 });
            }
        }
        made
    }

    /// Gives every Deployment without a ReplicaSet its first one. One whose ReplicaSet is known
    /// from its pods alone tells it how many to run.
    fn roll_out(&mut self) {
        // Sets that are added on the way belong to Deployments that were looked at already.
        let mut sets: BTreeMap<WorkloadId, Vec<usize>> = BTreeMap::new();
        for (at, member) in self.roster.members.iter().enumerate() {
            if let Some(owner) = member.owner {
                sets.entry(owner).or_default().push(at);
            }
        }
        for at in 0..self.roster.members.len() {
            let member = &mut self.roster.members[at];
            let deployment = member.entry.kind == WorkloadKind::Deployment;
            if !deployment {
                // What is lifted before there are pods was never lower.
                member.entry.desired = member.wanted();
            }
            if !deployment || member.provenance == Provenance::Inferred {
                continue;
            }
            let owner = WorkloadId::at(at);
            let desired = member.wanted();
            match sets.get(&owner).map_or(&[][..], Vec::as_slice) {
                [] => {
                    self.roster.members[at].entry.desired = desired;
                    self.first_set(at, desired);
                }
                &[only] if self.roster.members[only].provenance == Provenance::Inferred => {
                    self.roster.members[only].entry.desired = desired;
                }
                _ => {}
            }
        }
    }

    fn first_set(&mut self, at: usize, desired: i64) {
        let deployment = &self.roster.members[at].entry;
        let Some(template) = deployment.template.clone() else { return };
        let (namespace, created) = (deployment.namespace, deployment.created);
        let known = self.builder.so_far();
        let hash = template.hash(known).map_or("0", |hash| known.text(hash));
        let name = format!("{}-{hash}", known.text(deployment.name));
        let selector = crate::objects::workload::of_labels(&template.labels);
        let key = (WorkloadKind::ReplicaSet, namespace, self.builder.intern(&name));
        let set = WorkloadEntry {
            desired,
            selector,
            template: Some(template),
            created,
            ..WorkloadEntry::unread(key)
        };
        self.roster.add_set(key, set, WorkloadId::at(at));
    }

    /// Makes the pods that one workload lacks.
    fn complete(&mut self, at: usize) {
        let member = &self.roster.members[at];
        let root = member.owner.map_or(member, |owner| &self.roster.members[owner.index()]);
        // Of a workload known from its pods alone nobody knows how many it wants.
        let unread = root.provenance == Provenance::Inferred;
        if member.entry.inactive || member.entry.terminating || unread {
            return;
        }
        let Some(template) = self.template(at) else { return };
        match self.roster.members[at].entry.kind {
            WorkloadKind::ReplicaSet | WorkloadKind::ReplicationController | WorkloadKind::Job => {
                self.fill_up(at, &template);
            }
            WorkloadKind::StatefulSet => self.ordinals(at, &template),
            WorkloadKind::DaemonSet => self.daemons(at, &template),
            WorkloadKind::Deployment
            | WorkloadKind::CronJob
            | WorkloadKind::StaticPod
            | WorkloadKind::Pod
            | WorkloadKind::Custom(_) => {}
        }
    }

    /// The template, or what the newest of the pods shows of it.
    fn template(&self, at: usize) -> Option<Template> {
        let member = &self.roster.members[at];
        member.entry.template.clone().or_else(|| {
            let pod = &self.pods[*member.pods.last()? as usize].value;
            Some(Template {
                draft: self.resolver.draft(pod.replacement).clone(),
                labels: self.builder.so_far().labels(pod.labels).clone(),
                node: None,
                deletion_cost: pod.deletion_cost,
                ephemeral: Vec::new(),
            })
        })
    }

    /// ReplicaSets, ReplicationControllers and Jobs count their pods and name new ones at random;
    /// here they are numbered.
    fn fill_up(&mut self, at: usize, template: &Template) {
        let member = &self.roster.members[at];
        let own = || member.pods.iter().map(|at| &self.pods[*at as usize].value);
        // A Job may wait until its pods have ended before it makes others.
        let replaces_ended = member.entry.replaces_ended;
        let waits_for = |pod: &&PodEntry| {
            if replaces_ended { !pod.phase.is_terminal() } else { pod.is_active() }
        };
        let there = own().filter(waits_for).count() as i64;
        let missing = (member.wanted() - there).clamp(0, PODS_MAX);
        let taken: BTreeSet<Symbol> = own().map(|pod| pod.name).collect();
        let base = self.builder.so_far().text(member.entry.name).to_owned();
        let mut number = 0;
        for _ in 0..missing {
            let mut name = self.builder.intern(&format!("{base}-{number}"));
            while taken.contains(&name) {
                number += 1;
                name = self.builder.intern(&format!("{base}-{number}"));
            }
            number += 1;
            self.make(at, name, template.draft.clone(), template.labels.clone(), template);
        }
    }

    /// StatefulSets number their pods, and give each its own claims.
    fn ordinals(&mut self, at: usize, template: &Template) {
        let member = &self.roster.members[at];
        let taken: BTreeSet<Symbol> =
            member.pods.iter().map(|at| self.pods[*at as usize].value.name).collect();
        let first = member.entry.first_ordinal;
        let count = member.wanted().clamp(0, PODS_MAX);
        let claims = member.entry.claims.clone();
        let set = self.builder.so_far().text(member.entry.name).to_owned();
        for ordinal in first..first.saturating_add(count) {
            let text = format!("{set}-{ordinal}");
            let name = self.builder.intern(&text);
            if taken.contains(&name) {
                continue;
            }
            let mut draft = template.draft.clone();
            let mut volumes = std::mem::take(&mut draft.spec.volumes).into_vec();
            for claim in &claims {
                let known = self.builder.so_far().text(claim.claim.name);
                let claim_name = format!("{known}-{text}");
                let name = self.claim(&claim_name, claim, self.roster.members[at].entry.namespace);
                volumes.push(PodVolume::Claim { name, read_only: false, ephemeral: false });
            }
            draft.spec.volumes = volumes.into_boxed_slice();
            let labels = self.numbered(&template.labels, name, ordinal);
            self.make(at, name, draft, labels, template);
        }
    }

    /// The labels by which a StatefulSet's pods tell who they are.
    fn numbered(&mut self, labels: &Labels, name: Symbol, ordinal: i64) -> Labels {
        let own = [
            (self.builder.intern("statefulset.kubernetes.io/pod-name"), name),
            (
                self.builder.intern("apps.kubernetes.io/pod-index"),
                self.builder.intern(&ordinal.to_string()),
            ),
        ];
        Labels::new(labels.iter().chain(own).collect::<Vec<_>>())
    }

    /// DaemonSets run a pod on every node where it belongs.
    fn daemons(&mut self, at: usize, template: &Template) {
        let member = &self.roster.members[at];
        let own = member.pods.iter().map(|at| &self.pods[*at as usize].value);
        let served: BTreeSet<Symbol> = own
            .filter(|pod| !pod.phase.is_terminal())
            .filter_map(|pod| {
                pod.node.or_else(|| daemon::pinned_to(&self.resolver.draft(pod.draft).spec))
            })
            .collect();
        let base = self.builder.so_far().text(member.entry.name).to_owned();
        let name_field = self.builder.so_far().known().metadata_name;
        for node in self.nodes {
            if served.contains(&node.name) || !belongs(template, node, self.builder) {
                continue;
            }
            let node_name = self.builder.so_far().text(node.name).to_owned();
            let name = self.builder.intern(&format!("{base}-{node_name}"));
            let mut draft = template.draft.clone();
            draft.spec.node_affinity.required = Some(daemon::pin(node.name, name_field));
            self.make(at, name, draft, template.labels.clone(), template);
        }
    }

    /// Adds one pod.
    fn make(
        &mut self,
        at: usize,
        name: Symbol,
        mut draft: Draft,
        labels: Labels,
        template: &Template,
    ) {
        let member = &self.roster.members[at];
        let (namespace, created) = (member.entry.namespace, member.entry.created);
        let replacement = self.resolver.add(draft.clone());
        let mut own = replacement;
        if !template.ephemeral.is_empty() {
            self.name_ephemeral(namespace, name, &mut draft, template);
            own = self.resolver.add(draft);
        }
        let entry = PodEntry {
            namespace,
            name,
            labels: self.builder.labels(labels),
            draft: own,
            replacement,
            node: template.node,
            phase: Phase::Pending,
            ready: false,
            terminating: false,
            mirror: false,
            maker: None,
            nominated_node: None,
            start_time: None,
            created,
            uid: None,
            deletion_cost: template.deletion_cost,
            preempted: false,
            scheduling_message: None,
            expanded: true,
        };
        let position = self.pods.len() as u32;
        self.pods.push(Row { value: entry, version: Version::default(), origin: None });
        self.roster.members[at].pods.push(position);
        self.roster.of_pod.push(WorkloadId::at(at));
    }

    /// Names the claims of generic ephemeral volumes after the pod, and makes them.
    fn name_ephemeral(
        &mut self,
        namespace: Symbol,
        pod: Symbol,
        draft: &mut Draft,
        template: &Template,
    ) {
        for at in 0..draft.spec.volumes.len() {
            let PodVolume::Ephemeral { volume } = draft.spec.volumes[at] else { continue };
            let known = self.builder.so_far();
            let text = format!("{}-{}", known.text(pod), known.text(volume));
            let claim = template.ephemeral.iter().find(|(name, _)| *name == volume);
            let name = match claim {
                Some((_, claim)) => self.claim(&text, claim, namespace),
                None => self.builder.intern(&text),
            };
            draft.spec.volumes[at] = PodVolume::Claim { name, read_only: false, ephemeral: true };
        }
    }

    /// Makes a claim from its template, unless it is there.
    fn claim(&mut self, name: &str, template: &ClaimEntry, namespace: Symbol) -> Symbol {
        let name = self.builder.intern(name);
        let mut value = template.clone();
        value.claim.namespace = namespace;
        value.claim.name = name;
        self.claims.put_new((namespace, name), value);
        name
    }
}

/// Whether a DaemonSet of this template runs on a node.
fn belongs(template: &Template, node: &Node, builder: &Builder) -> bool {
    template.node.is_none_or(|name| name == node.name)
        && daemon::belongs(&template.draft.spec, node, builder.so_far().symbols())
}
