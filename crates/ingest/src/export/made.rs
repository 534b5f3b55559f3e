//! Pods that were made since, from what they were made of.

use std::collections::BTreeSet;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::pod::Phase;
use holdfast_cluster::selector::Operator;
use holdfast_cluster::taint::{Toleration, TolerationOperator};
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Instance, InstanceId, PodId, PodSpec, Symbol};
use serde_json::{Value, json};

use super::nodes::effect;
use super::objects::Slots;
use super::workloads::owner;
use super::{Object, Writer, list_at, list_in, object_in};

/// Metadata that the next pod does not inherit.
const OWN: [&str; 7] = [
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
];

impl Writer<'_> {
    /// Writes every pod that lives and was not read.
    pub(super) fn add_pods(&mut self, slots: &Slots) {
        let key = |id: &PodId| {
            let pod = self.cluster.pod(*id);
            let namespace = self.cluster.class(pod.class).namespace;
            (self.text(namespace), self.text(pod.name))
        };
        let mut taken: BTreeSet<(String, String)> =
            self.cluster.pod_ids().map(|id| key(&id)).collect();
        let mut claims = slots.claims.clone();
        for id in self.end.placement.instance_ids() {
            let instance = self.end.placement.instance(id);
            let own = instance.origin.filter(|origin| InstanceId::from(*origin) == id);
            let was_read = own.is_some_and(|origin| slots.pods.contains(&origin));
            if was_read || instance.whereabouts == Whereabouts::Gone {
                continue;
            }
            let name = match own {
                Some(origin) => self.text(self.cluster.pod(origin).name),
                None => self.name(instance, &mut taken),
            };
            let pod = self.made(id, &name);
            let needed = self.claims(instance, &pod, &mut claims);
            self.written.push(pod);
            self.written.extend(needed);
        }
    }

    fn text(&self, symbol: Symbol) -> String {
        self.cluster.text(symbol).to_owned()
    }

    /// StatefulSets number their pods; all others get the first free number.
    fn name(&self, instance: &Instance, taken: &mut BTreeSet<(String, String)>) -> String {
        let workload = self.cluster.workload(instance.workload);
        let base = self.cluster.text(workload.name);
        if workload.kind == WorkloadKind::StatefulSet {
            return format!("{base}-{}", instance.ordinal);
        }
        let namespace = self.cluster.text(workload.namespace);
        let mut number = 0_u32;
        loop {
            number += 1;
            let name = format!("{base}-hf{number}");
            if taken.insert((namespace.to_owned(), name.clone())) {
                return name;
            }
        }
    }

    /// A pod that was made since.
    fn made(&self, id: InstanceId, name: &str) -> Object {
        let instance = self.end.placement.instance(id);
        let class = self.cluster.class(instance.class);
        let namespace = self.cluster.text(class.namespace);
        let mut pod = self.model(instance);
        let made = self.clock.at(self.moments(id).made.unwrap_or(0));
        let mut labels = self.labels(self.cluster.labels(class.labels));
        if self.cluster.workload(instance.workload).kind == WorkloadKind::StatefulSet {
            labels["statefulset.kubernetes.io/pod-name"] = name.into();
            labels["apps.kubernetes.io/pod-index"] = instance.ordinal.to_string().into();
        }
        let metadata = object_in(&mut pod, "metadata");
        metadata.insert("name".into(), name.into());
        metadata.insert("namespace".into(), namespace.into());
        metadata.insert("uid".into(), uid(&["Pod", namespace, name, &made]).into());
        metadata.insert("creationTimestamp".into(), made.into());
        metadata.insert("labels".into(), labels);
        self.mount_claims(instance, name, &mut pod);
        self.stand(id, &mut pod, Phase::Pending);
        self.arrive(id, &mut pod);
        pod
    }

    /// The pod whose place it takes, else one made from its workload's template, else any other of
    /// its workload; without a name or a status.
    fn model(&self, instance: &Instance) -> Object {
        let alike = |id: &PodId| self.cluster.pod(*id).workload == instance.workload;
        let replaced = instance.origin.filter(alike).and_then(|id| self.pods.get(&id));
        let fresh = self.from_template(instance);
        if let Some(pod) = replaced {
            return inherit(pod, fresh.as_ref());
        }
        if let Some(pod) = fresh {
            return pod;
        }
        let mut siblings = self.pods.iter().rev().filter(|(id, _)| alike(id));
        let (_, pod) = siblings.next().expect("a pod is made from a template or after another");
        inherit(pod, None)
    }

    /// Mounts the claims of a StatefulSet's pod.
    fn mount_claims(&self, instance: &Instance, name: &str, pod: &mut Object) {
        let Some(set) = self.workloads.get(&instance.workload) else { return };
        for template in list_at(set, ["spec", "volumeClaimTemplates"]) {
            let Some(volume) = template["metadata"]["name"].as_str() else { continue };
            let claim = json!({ "claimName": format!("{volume}-{name}") });
            let mounted = json!({ "name": volume, "persistentVolumeClaim": claim });
            let volumes = list_in(object_in(pod, "spec"), "volumes");
            match volumes.iter_mut().find(|known| known["name"] == volume) {
                Some(known) => *known = mounted,
                None => volumes.push(mounted),
            }
        }
    }

    fn from_template(&self, instance: &Instance) -> Option<Object> {
        let workload = self.workloads.get(&instance.workload)?;
        let template = workload.get("spec")?.get("template")?.as_object()?;
        let mut pod = template.clone();
        pod.retain(|field, _| field == "metadata" || field == "spec");
        pod.insert("apiVersion".into(), "v1".into());
        pod.insert("kind".into(), "Pod".into());
        let metadata = object_in(&mut pod, "metadata");
        metadata.insert("ownerReferences".into(), json!([owner(workload)]));
        let spec = object_in(&mut pod, "spec");
        self.admit(self.cluster.spec_of(instance.class), spec);
        Some(pod)
    }

    /// What admission and controllers add to a template.
    fn admit(&self, known: &PodSpec, spec: &mut Object) {
        spec.insert("priority".into(), known.priority.into());
        if !known.preempts {
            spec.insert("preemptionPolicy".into(), "Never".into());
        }
        let tolerations: Vec<Value> =
            known.tolerations.iter().map(|toleration| self.toleration(toleration)).collect();
        spec.insert("tolerations".into(), tolerations.into());
        let Some(node) = pinned_to(known) else { return };
        // `ReplaceDaemonSetPodNodeNameNodeAffinity`, `pkg/controller/daemon/util`, v1.36.3.
        let field = json!({
            "key": "metadata.name",
            "operator": "In",
            "values": [self.cluster.text(node)],
        });
        let required = json!({ "nodeSelectorTerms": [{ "matchFields": [field] }] });
        let affinity = object_in(object_in(spec, "affinity"), "nodeAffinity");
        affinity.insert("requiredDuringSchedulingIgnoredDuringExecution".into(), required);
    }

    fn toleration(&self, toleration: &Toleration) -> Value {
        let mut written = Object::new();
        if let Some(key) = toleration.key {
            written.insert("key".into(), self.cluster.text(key).into());
        }
        let operator = match toleration.operator {
            TolerationOperator::Equal => "Equal",
            TolerationOperator::Exists => "Exists",
            TolerationOperator::Gt => "Gt",
            TolerationOperator::Lt => "Lt",
        };
        written.insert("operator".into(), operator.into());
        let value = self.cluster.text(toleration.value);
        if !value.is_empty() {
            written.insert("value".into(), value.into());
        }
        if let Some(of) = toleration.effect {
            written.insert("effect".into(), effect(of).into());
        }
        if let Some(seconds) = toleration.seconds {
            written.insert("tolerationSeconds".into(), seconds.into());
        }
        Value::Object(written)
    }

    /// The claims that a made pod brings along and that are not there: those of a StatefulSet's
    /// templates, which are also mounted here, and those of generic ephemeral volumes.
    fn claims(
        &self,
        instance: &Instance,
        pod: &Object,
        known: &mut BTreeSet<(String, String)>,
    ) -> Vec<Object> {
        let text = |path| super::text_at(pod, path).to_owned();
        let (namespace, name) = (text(["metadata", "namespace"]), text(["metadata", "name"]));
        let mut claims: Vec<(String, Value)> = Vec::new();
        if let Some(set) = self.workloads.get(&instance.workload) {
            for template in list_at(set, ["spec", "volumeClaimTemplates"]) {
                let volume = template["metadata"]["name"].as_str().unwrap_or_default();
                claims.push((format!("{volume}-{name}"), template.clone()));
            }
        }
        for volume in list_at(pod, ["spec", "volumes"]) {
            let template = &volume["ephemeral"]["volumeClaimTemplate"];
            if template.is_object() {
                let volume = volume["name"].as_str().unwrap_or_default();
                let mut template = template.clone();
                template["metadata"]["ownerReferences"] = json!([owner(pod)]);
                claims.push((format!("{name}-{volume}"), template));
            }
        }
        claims.retain(|(claim, _)| known.insert((namespace.clone(), claim.clone())));
        claims
            .into_iter()
            .filter_map(|(claim, template)| {
                let mut object = template.as_object().cloned()?;
                object.insert("apiVersion".into(), "v1".into());
                object.insert("kind".into(), "PersistentVolumeClaim".into());
                object.insert("status".into(), json!({ "phase": "Pending" }));
                let metadata = object_in(&mut object, "metadata");
                metadata.insert("name".into(), claim.as_str().into());
                metadata.insert("namespace".into(), namespace.as_str().into());
                let uid = uid(&["PersistentVolumeClaim", &namespace, &claim]);
                metadata.insert("uid".into(), uid.into());
                Some(object)
            })
            .collect()
    }
}

/// A pod without what is its own. What it was annotated with since is not told from what its
/// template says but by the template, `fresh`.
fn inherit(pod: &Object, fresh: Option<&Object>) -> Object {
    let mut pod = pod.clone();
    let quality = pod.get("status").and_then(|status| status.get("qosClass")).cloned();
    let status = quality.map_or_else(|| json!({}), |quality| json!({ "qosClass": quality }));
    pod.insert("status".into(), status);
    let metadata = object_in(&mut pod, "metadata");
    metadata.retain(|field, _| !OWN.contains(&field.as_str()));
    if let Some(fresh) = fresh {
        metadata.remove("annotations");
        let annotations = fresh.get("metadata").and_then(|metadata| metadata.get("annotations"));
        metadata.extend(annotations.map(|given| ("annotations".to_owned(), given.clone())));
    }
    object_in(&mut pod, "spec").remove("nodeName");
    pod
}

/// The only node that a DaemonSet's pod is for.
fn pinned_to(spec: &PodSpec) -> Option<Symbol> {
    let required = spec.node_affinity.required.as_ref()?;
    let [term] = &required.terms[..] else { return None };
    let [field] = &term.fields[..] else { return None };
    match &field.operator {
        Operator::In(names) if names.len() == 1 && term.expressions.is_empty() => Some(names[0]),
        _ => None,
    }
}

/// A uid that the same names always give, in the shape of a random one (RFC 9562, version 8).
pub(super) fn uid(names: &[&str]) -> String {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in names.iter().flat_map(|name| name.bytes().chain([0])) {
        hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    let hash = hash & !(0xf << 76) & !(0xc << 60) | 0x8 << 76 | 0x8 << 60;
    let hex = format!("{hash:032x}");
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    parts.join("-")
}
