//! Nodes that come, go, or are changed.

use std::collections::BTreeMap;

use super::edit::with;
use super::{Change, NewNode, Refused, Work};
use crate::daemon;
use crate::node::{self, Readiness};
use crate::pod::Phase;
use crate::taint::{Effect, Taint};
use crate::workload::{Provenance, WorkloadKind};
use crate::{Labels, Node, Pod, PodClass, Symbol, WorkloadId};

impl Work {
    /// Adds a node like another: ready, empty, and with no image on it.
    pub(super) fn add_node(&mut self, new: &NewNode) -> Result<(), Refused> {
        let name = self.builder.intern(&new.name);
        if self.position(name).is_some() {
            return Err(Refused::NodeExists(name));
        }
        let at = self.position(new.like).ok_or(Refused::NoNode(new.like))?;
        let like = self.cluster().nodes()[at].clone();
        let mut role =
            node::CONTROL_PLANE_ROLES.iter().filter_map(|role| self.cluster().find(role));
        if role.any(|role| like.labels.get(role).is_some()) {
            return Err(Refused::ControlPlane(new.like));
        }
        // Its own name stands in more labels than one.
        let rename = |value: Symbol| if value == new.like { name } else { value };
        let kept = like.labels.iter().map(|(key, value)| (key, rename(value)));
        let mut labels: Vec<(Symbol, Symbol)> = kept.collect();
        for (key, value) in &new.labels {
            labels.push((self.builder.intern(key), self.builder.intern(value)));
        }
        let known = self.cluster().known();
        let taints = like.taints.iter().copied();
        let taints = taints.filter(|taint| !known.is_of_lifecycle(taint.key)).collect();
        self.builder.node(Node {
            name,
            labels: Labels::new(labels),
            taints,
            unschedulable: false,
            readiness: Readiness::Ready,
            images: [].into(),
            terminating: false,
            ..like
        });
        let csi_nodes = &mut self.builder.objects().csi_nodes;
        if let Some(drivers) = csi_nodes.get(&new.like).cloned() {
            csi_nodes.insert(name, crate::volume::CsiNode { node: name, ..drivers });
        }
        self.looked_over = false;
        Ok(())
    }

    /// Takes a node away. Its pods are gone, and their controllers make others.
    pub(super) fn remove_node(&mut self, name: Symbol) -> Result<(), Refused> {
        self.position(name).ok_or(Refused::NoNode(name))?;
        self.forget_nodes(&[name]);
        let mut lost: Vec<WorkloadId> = Vec::new();
        for id in self.cluster().pod_ids() {
            let pod = self.builder.pod_mut(id);
            if pod.nominated_node == Some(name) {
                pod.nominated_node = None;
            }
            if pod.node == Some(name) && !pod.phase.is_terminal() {
                pod.phase = Phase::Failed;
                pod.ready = false;
                lost.push(pod.workload);
            }
        }
        self.make_up_for(lost);
        Ok(())
    }

    /// Takes node objects away, with what storage said of them.
    pub(super) fn forget_nodes(&mut self, gone: &[Symbol]) {
        self.builder.nodes().retain(|node| !gone.contains(&node.name));
        let objects = self.builder.objects();
        objects.csi_nodes.retain(|name, _| !gone.contains(name));
        objects.attachments.retain(|attachment| !gone.contains(&attachment.node));
    }

    /// Controllers make up for pods that were lost, one entry for each; a DaemonSet wants fewer.
    pub(super) fn make_up_for(&mut self, lost: Vec<WorkloadId>) {
        let mut counts: BTreeMap<WorkloadId, i64> = BTreeMap::new();
        for workload in lost {
            *counts.entry(workload).or_default() += 1;
        }
        for (workload, count) in counts {
            match self.cluster().workload(workload).kind {
                WorkloadKind::ReplicaSet
                | WorkloadKind::ReplicationController
                | WorkloadKind::Job => self.fill_up(workload),
                WorkloadKind::DaemonSet => {
                    self.builder.workload_mut(workload).desired -= count;
                }
                _ => {}
            }
        }
    }

    /// Changes a node in place.
    pub(super) fn edit_node(&mut self, name: Symbol, change: &Change) -> Result<(), Refused> {
        let at = self.position(name).ok_or(Refused::NoNode(name))?;
        let mut node = self.cluster().nodes()[at].clone();
        match change {
            Change::Cordon { cordoned, .. } => {
                // The node lifecycle controller says so by a taint, too.
                let known = self.cluster().known();
                let (key, value) = (known.unschedulable, known.empty);
                let taint = Taint { key, value, effect: Effect::NoSchedule };
                let others = node.taints.iter().copied().filter(|taint| taint.key != key);
                node.taints = others.chain(cordoned.then_some(taint)).collect();
                node.unschedulable = *cordoned;
            }
            Change::Taint { key, value, effect, .. } => {
                let (key, value) = (self.builder.intern(key), self.builder.intern(value));
                let taint = Taint { key, value, effect: *effect };
                let others = node.taints.iter().copied();
                let others = others.filter(|known| (known.key, known.effect) != (key, *effect));
                node.taints = others.chain([taint]).collect();
            }
            Change::Untaint { key, effect, .. } => {
                let goes = |taint: &Taint| {
                    taint.key == *key && effect.is_none_or(|effect| effect == taint.effect)
                };
                let taints = node.taints.iter().copied();
                node.taints = taints.filter(|taint| !goes(taint)).collect();
            }
            Change::Label { key, value, .. } => {
                let key = self.builder.intern(key);
                let value = value.as_deref().map(|value| self.builder.intern(value));
                node.labels = with(&node.labels, key, value);
            }
            _ => unreachable!("only changes of one node come here"),
        }
        self.builder.nodes()[at] = node;
        self.looked_over = false;
        Ok(())
    }

    fn position(&self, name: Symbol) -> Option<usize> {
        self.cluster().nodes().iter().position(|node| node.name == name)
    }

    /// Lets every DaemonSet look at every node: where it lacks a pod it makes one.
    pub(super) fn run_daemons(&mut self) {
        for id in self.cluster().workload_ids() {
            let workload = self.cluster().workload(id);
            let runs = workload.kind == WorkloadKind::DaemonSet && !workload.inactive;
            if let Some(template) = workload.template.filter(|_| runs) {
                self.run_daemon(id, *self.cluster().class(template));
            }
        }
    }

    fn run_daemon(&mut self, id: WorkloadId, template: PodClass) {
        let cluster = self.cluster();
        let mut spec = cluster.spec(template.spec).clone();
        // One that is known from its pods alone has the node of one of them: it is taken to run on
        // every node that it tolerates.
        if cluster.workload(id).provenance == Provenance::Inferred {
            spec.node_affinity.required = None;
        }
        let living =
            cluster.pods().iter().filter(|pod| pod.workload == id && !pod.phase.is_terminal());
        let home = |pod: &Pod| pod.node.or_else(|| daemon::pinned_to(cluster.spec_of(pod.class)));
        let served: Vec<Symbol> = living.filter_map(home).collect();
        let lacking = cluster.nodes().iter().filter(|node| {
            !served.contains(&node.name) && daemon::belongs(&spec, node, cluster.symbols())
        });
        let lacking: Vec<Symbol> = lacking.map(|node| node.name).collect();
        let name_field = cluster.known().metadata_name;
        let set = cluster.text(cluster.workload(id).name).to_owned();
        self.builder.workload_mut(id).desired += lacking.len() as i64;
        for node in lacking {
            let mut spec = spec.clone();
            spec.node_affinity.required = Some(daemon::pin(node, name_field));
            let spec = self.builder.spec(spec);
            let class = self.builder.class(PodClass { spec, ..template });
            let name = format!("{set}-{}", self.cluster().text(node));
            self.make(id, &name, class);
        }
    }
}
