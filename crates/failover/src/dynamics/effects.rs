//! What a step changes.

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{InstanceId, NodeId, Placement};

use super::{Dynamics, Step};
use crate::controllers::{self, Reaction, daemon_set};
use crate::{nodes, preemption, volumes};

impl Dynamics<'_> {
    /// Carries out a step; a pod that it binds, or gives its volume, has yet to start.
    pub fn apply_unstarted(&self, placement: &mut Placement, step: &Step) {
        if let Step::Schedule { pod, .. } | Step::Attach { pod } = step {
            placement.change(self.cluster, *pod, |instance| instance.starting = true);
        }
        self.apply(placement, step);
    }

    /// Carries out a step; a pod that it binds, or gives its volume, starts with it.
    pub fn apply(&self, placement: &mut Placement, step: &Step) {
        match step {
            Step::Evict { pod, replaced } | Step::Drain { pod, replaced } => {
                controllers::terminate(self.cluster, placement, *pod);
                self.make_up(placement, *pod, *replaced);
            }
            Step::Schedule { pod, node } => {
                placement.bind(self.cluster, *pod, *node);
                let waits = volumes::must_wait(self.cluster, placement, *pod);
                placement.change(self.cluster, *pod, |instance| instance.attaching = waits);
                self.storage.refresh_pod(self.cluster, placement, *pod);
                self.follow_up(placement, *pod);
            }
            Step::Preempt { pod, node, victims } => {
                self.preempt(placement, *pod, *node, victims);
            }
            Step::End { pod, replaced } => self.end(placement, *pod, *replaced),
            Step::GiveUp { pod } => {
                placement.change(self.cluster, *pod, |instance| instance.nominated = None);
            }
            Step::ScaleDown { pods } => {
                for &pod in pods {
                    controllers::terminate(self.cluster, placement, pod);
                }
                self.follow_up(placement, pods[0]);
            }
            Step::Renew { pod } => daemon_set::renew(self.cluster, placement, *pod),
            Step::Autoscale { workload, desired } => {
                controllers::scale(self.cluster, placement, *workload, *desired);
                controllers::follow_up(self.cluster, placement, *workload);
            }
            Step::Clear { node } => nodes::clear(self.cluster, placement, *node),
            Step::Attach { pod } => {
                placement.change(self.cluster, *pod, |instance| instance.attaching = false);
                self.follow_up(placement, *pod);
            }
            Step::Start { pod } => {
                placement.change(self.cluster, *pod, |instance| instance.starting = false);
                self.follow_up(placement, *pod);
            }
        }
    }

    /// A pod has been ready for as long as its controller asks.
    pub fn settle(&self, placement: &mut Placement, pod: InstanceId) {
        placement.change(self.cluster, pod, |instance| instance.settling = false);
        self.follow_up(placement, pod);
    }

    fn end(&self, placement: &mut Placement, pod: InstanceId, replaced: bool) {
        placement.remove(self.cluster, pod);
        match self.reaction(placement, pod) {
            Reaction::ReplaceTerminating => {
                controllers::replace(self.cluster, placement, pod);
            }
            Reaction::ReplaceGone if !replaced => {
                controllers::make_again(self.cluster, placement, pod);
            }
            Reaction::ReplaceGone => self.make_again(placement, pod),
            Reaction::Unknown if replaced => {
                controllers::replace(self.cluster, placement, pod);
            }
            Reaction::Nothing | Reaction::Unknown => {}
        }
        self.follow_up(placement, pod);
    }

    /// What the controller of a pod does as soon as the pod is marked for deletion.
    fn make_up(&self, placement: &mut Placement, pod: InstanceId, replaced: bool) {
        match self.reaction(placement, pod) {
            Reaction::ReplaceTerminating if !replaced => {
                controllers::lose(self.cluster, placement, pod);
            }
            Reaction::Unknown if !replaced => {}
            Reaction::ReplaceTerminating | Reaction::Unknown => {
                controllers::replace(self.cluster, placement, pod);
            }
            Reaction::ReplaceGone | Reaction::Nothing => {}
        }
        self.follow_up(placement, pod);
    }

    /// The very pod is made again, or another by a Job, however many that has lost.
    fn make_again(&self, placement: &mut Placement, pod: InstanceId) {
        let workload = placement.instance(pod).workload;
        if self.cluster.workload(workload).kind == WorkloadKind::Job {
            controllers::replace(self.cluster, placement, pod);
        } else {
            controllers::make_again(self.cluster, placement, pod);
        }
    }

    fn follow_up(&self, placement: &mut Placement, pod: InstanceId) {
        let workload = placement.instance(pod).workload;
        controllers::follow_up(self.cluster, placement, workload);
    }

    /// Deletes the victims and keeps their node free for a pod. Those that are being deleted
    /// already are passed over (`prepareCandidateAsync`).
    fn preempt(
        &self,
        placement: &mut Placement,
        pod: InstanceId,
        node: NodeId,
        victims: &[InstanceId],
    ) {
        preemption::nominate(self.cluster, placement, pod, (node, victims));
        for &victim in victims {
            if !placement.instance(victim).terminating {
                placement.change(self.cluster, victim, |instance| instance.preempted = true);
                controllers::terminate(self.cluster, placement, victim);
                self.make_up(placement, victim, false);
            }
        }
    }
}
