//! Pods as they stand.

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::pod::Phase;
use holdfast_cluster::{Instance, InstanceId, PodId};
use serde_json::Value;

use super::{Condition, Object, Unscheduled, Writer, object_in, set_condition};

impl Writer<'_> {
    /// A pod of the export, unless it is gone.
    pub(super) fn pod(&self, id: PodId, raw: &Object) -> Option<Object> {
        let instance = self.end.placement.instance(id.into());
        let pod = self.cluster.pod(id);
        if instance.whereabouts == Whereabouts::Gone {
            // What had ended before is no part of the story, but goes with its node.
            let node = pod.node.and_then(|name| self.cluster.node_named(name));
            let stays = node.is_none_or(|node| self.end.placement.node(node).exists);
            return (pod.phase.is_terminal() && stays).then(|| raw.clone());
        }
        let mut object = raw.clone();
        self.stand(id.into(), &mut object, pod.phase);
        if pod.node.is_some() {
            // It was there before: the rest of its status is as it was, but for these.
            self.serve(instance, pod.phase, &mut object);
            return Some(object);
        }
        self.arrive(id.into(), &mut object);
        Some(object)
    }

    /// Where a pod is, and whether it is to be deleted.
    pub(super) fn stand(&self, id: InstanceId, object: &mut Object, was: Phase) {
        let instance = self.end.placement.instance(id);
        let spec = object_in(object, "spec");
        match instance.whereabouts {
            Whereabouts::On(node) => {
                spec.insert("nodeName".into(), self.cluster.node_name(node).into());
            }
            Whereabouts::Pending => drop(spec.remove("nodeName")),
            Whereabouts::Unlisted | Whereabouts::Gone => {}
        }
        let phase = match instance.whereabouts {
            Whereabouts::Pending => Phase::Pending,
            _ if instance.attaching => Phase::Pending,
            _ if instance.healthy => Phase::Running,
            _ => was,
        };
        let known = |status: &Object| status.contains_key("phase");
        let status = object_in(object, "status");
        if phase != was || !known(status) {
            status.insert("phase".into(), phase_name(phase).into());
        }
        match instance.nominated.filter(|_| instance.is_pending()) {
            Some(node) => {
                let name = self.cluster.node_name(node);
                status.insert("nominatedNodeName".into(), name.into());
            }
            None => drop(status.remove("nominatedNodeName")),
        }
        if instance.terminating {
            self.delete(id, object);
        }
    }

    /// Marks a pod for deletion, unless it was before.
    fn delete(&self, id: InstanceId, object: &mut Object) {
        let instance = self.end.placement.instance(id);
        let deleted = self.moments(id).deleted.unwrap_or(self.end.seconds);
        let grace = self.cluster.spec_of(instance.class).grace_seconds;
        let metadata = object_in(object, "metadata");
        if metadata.get("deletionTimestamp").is_none_or(Value::is_null) {
            let time = self.clock.at(deleted + grace);
            metadata.insert("deletionTimestamp".into(), time.into());
            metadata.insert("deletionGracePeriodSeconds".into(), grace.into());
        }
        if instance.preempted {
            let says = Condition { status: "True", reason: "PreemptionByScheduler", message: "" };
            let now = self.clock.at(deleted);
            set_condition(object_in(object, "status"), "DisruptionTarget", &says, &now);
        }
    }

    /// Whether a pod that was bound before serves.
    fn serve(&self, instance: &Instance, was: Phase, object: &mut Object) {
        let now = self.clock.at(self.end.seconds);
        let status = object_in(object, "status");
        let ready = ready(status);
        if instance.ready && !ready {
            set_condition(status, "Ready", &Condition::TRUE, &now);
            set_condition(status, "ContainersReady", &Condition::TRUE, &now);
        } else if !instance.ready && ready {
            set_condition(status, "Ready", &UNREADY, &now);
        }
        if instance.ready && was != Phase::Running {
            set_condition(status, "Initialized", &Condition::TRUE, &now);
        }
    }

    /// The status of a pod that waited for a node when the story began, or was made since.
    pub(super) fn arrive(&self, id: InstanceId, object: &mut Object) {
        let instance = self.end.placement.instance(id);
        let bound = self.moments(id).bound.unwrap_or(self.end.seconds);
        let bound = self.clock.at(bound);
        let now = self.clock.at(self.end.seconds);
        let status = object_in(object, "status");
        if instance.is_pending() {
            match self.end.unscheduled.get(&id) {
                Some(Unscheduled { reason, message }) => {
                    let says = Condition { status: "False", reason, message };
                    set_condition(status, "PodScheduled", &says, &now);
                }
                // Nobody has looked at it since.
                None => {}
            }
            return;
        }
        set_condition(status, "PodScheduled", &Condition::TRUE, &bound);
        status.entry("startTime").or_insert_with(|| bound.as_str().into());
        let runs = instance.healthy && !instance.attaching;
        if runs {
            for kind in ["Initialized", "ContainersReady"] {
                set_condition(status, kind, &Condition::TRUE, &now);
            }
        }
        let says = if instance.ready { Condition::TRUE } else { UNREADY };
        set_condition(status, "Ready", &says, &now);
    }

    pub(super) fn moments(&self, id: InstanceId) -> super::Moments {
        self.end.moments.get(id.index()).copied().unwrap_or_default()
    }
}

const UNREADY: Condition<'_> = Condition { status: "False", reason: "", message: "" };

fn ready(status: &Object) -> bool {
    let conditions = status.get("conditions").and_then(Value::as_array);
    let says = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    conditions.into_iter().flatten().any(says)
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "Pending",
        Phase::Running => "Running",
        Phase::Succeeded => "Succeeded",
        Phase::Failed => "Failed",
        Phase::Unknown => "Unknown",
    }
}
