//! Workloads as they stand, and the ReplicaSets that were made since.

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Labels, WorkloadId};
use serde_json::{Value, json};

use super::made::uid;
use super::objects::{Slot, Slots};
use super::{Object, Raw, Writer, object_in, text_at};

/// The annotation by which a Deployment's rollouts are numbered.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// The annotation by which `kubectl rollout restart` changes a template.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

impl Writer<'_> {
    /// Takes down what pods are made from.
    pub(super) fn keep_models(&mut self, raws: &[Raw], slots: &Slots) {
        for raw in raws {
            match slots.of(raw) {
                Slot::Workload(id) => {
                    let object = self.workload(id, &raw.object);
                    self.workloads.insert(id, object);
                }
                Slot::Pod(id) => drop(self.pods.insert(id, raw.object.clone())),
                _ => {}
            }
        }
    }

    /// A workload of the export.
    fn workload(&self, id: WorkloadId, raw: &Object) -> Object {
        let workload = self.cluster.workload(id);
        let target = self.end.placement.target(id);
        let mut object = raw.clone();
        let is_counted = matches!(
            workload.kind,
            WorkloadKind::Deployment
                | WorkloadKind::ReplicaSet
                | WorkloadKind::ReplicationController
                | WorkloadKind::StatefulSet
        );
        if is_counted && target.desired != workload.desired {
            object_in(&mut object, "spec").insert("replicas".into(), target.desired.into());
        }
        if target.rollouts > 0 {
            let template = object_in(object_in(&mut object, "spec"), "template");
            self.restart(template, target.rollouts);
        }
        let newest = self.begun_sets(id).max_by_key(|set| self.cluster.workload(*set).rollout);
        if let Some(set) = newest {
            let annotations = object_in(object_in(&mut object, "metadata"), "annotations");
            let revision = self.cluster.workload(set).revision.to_string();
            annotations.insert(REVISION.into(), revision.into());
        }
        object
    }

    /// The so-manieth rollout since the export changes the template.
    fn restart(&self, template: &mut Object, rollout: u32) {
        let annotations = object_in(object_in(template, "metadata"), "annotations");
        let time = self.clock.at(i64::from(rollout));
        annotations.insert(RESTARTED.into(), time.into());
    }

    /// The ReplicaSets that the rollouts of a Deployment have made since.
    fn begun_sets(&self, deployment: WorkloadId) -> impl Iterator<Item = WorkloadId> {
        let rollouts = self.end.placement.target(deployment).rollouts;
        let begun =
            move |id: &WorkloadId| (1..=rollouts).contains(&self.cluster.workload(*id).rollout);
        self.cluster.owned(deployment).iter().copied().filter(begun)
    }

    /// Writes the ReplicaSets that are not in the export and that somebody made: rollouts, or the
    /// Deployment of a manifest. One that is known from its pods alone stays so.
    pub(super) fn add_sets(&mut self) {
        for id in self.cluster.workload_ids() {
            let set = self.cluster.workload(id);
            let Some(owner) = set.owner.filter(|_| set.kind == WorkloadKind::ReplicaSet) else {
                continue;
            };
            let begun = (1..=self.end.placement.target(owner).rollouts).contains(&set.rollout);
            let read = self.workloads.contains_key(&id)
                || self.pods.keys().any(|pod| self.cluster.pod(*pod).workload == id);
            if read || !begun && !(set.rollout == 0 && self.runs(id)) {
                continue;
            }
            let Some(deployment) = self.workloads.get(&owner) else { continue };
            let object = self.replica_set(id, deployment);
            self.written.push(object.clone());
            self.workloads.insert(id, object);
        }
    }

    /// Whether a workload has pods, or wants some.
    fn runs(&self, id: WorkloadId) -> bool {
        let placement = self.end.placement;
        let has = || {
            let own = placement.instances().iter().filter(|instance| instance.workload == id);
            own.into_iter().any(|instance| instance.whereabouts != Whereabouts::Gone)
        };
        placement.target(id).desired > 0 || has()
    }

    /// A ReplicaSet as its Deployment makes it (`getNewReplicaSet`,
    /// `pkg/controller/deployment/sync.go`, v1.36.3).
    fn replica_set(&self, id: WorkloadId, deployment: &Object) -> Object {
        let set = self.cluster.workload(id);
        let (namespace, name) = (self.cluster.text(set.namespace), self.cluster.text(set.name));
        let labels = set.template.map(|class| self.labels(self.cluster.labels_of(class)));
        let labels = labels.unwrap_or_else(|| json!({}));
        let spec = deployment.get("spec").and_then(Value::as_object);
        let part = |field: &str| {
            let found = spec.and_then(|spec| spec.get(field)).and_then(Value::as_object);
            found.cloned().unwrap_or_default()
        };
        let (mut selector, mut template) = (part("selector"), part("template"));
        let matched = object_in(&mut selector, "matchLabels");
        for (key, value) in labels.as_object().into_iter().flatten() {
            let asked =
                matched.contains_key(key) || key == crate::objects::workload::POD_TEMPLATE_HASH;
            if asked || spec.is_none_or(|spec| !spec.contains_key("selector")) {
                matched.insert(key.clone(), value.clone());
            }
        }
        object_in(&mut template, "metadata").insert("labels".into(), labels.clone());
        if set.rollout > 0 {
            self.restart(&mut template, set.rollout);
        }
        let desired = self.end.placement.target(id).desired;
        let written = json!({
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": uid(&["ReplicaSet", namespace, name]),
                "creationTimestamp": self.clock.at(self.end.seconds),
                "labels": labels,
                "annotations": { REVISION: set.revision.to_string() },
                "ownerReferences": [owner(deployment)],
            },
            "spec": { "replicas": desired, "selector": selector, "template": template },
            "status": { "replicas": desired },
        });
        written.as_object().cloned().expect("it is written as one")
    }

    pub(super) fn labels(&self, labels: &Labels) -> Value {
        let text = |symbol| self.cluster.text(symbol);
        let pairs = labels.iter().map(|(key, value)| (text(key).to_owned(), text(value).into()));
        Value::Object(pairs.collect())
    }
}

/// A reference to the object that controls another.
pub(super) fn owner(object: &Object) -> Value {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let metadata = |field: &'static str| text_at(object, ["metadata", field]);
    let (kind, name) = (text("kind"), metadata("name"));
    let namespace = match metadata("namespace") {
        "" => "default",
        given => given,
    };
    let uid = match metadata("uid") {
        "" => uid(&[kind, namespace, name]),
        given => given.to_owned(),
    };
    json!({
        "apiVersion": text("apiVersion"),
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": true,
        "blockOwnerDeletion": true,
    })
}
