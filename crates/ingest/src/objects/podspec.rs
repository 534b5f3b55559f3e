//! `PodSpec`: of pods and of templates alike.

use holdfast_cluster::affinity::{NodeAffinity, PodAffinity};
use holdfast_cluster::pod::{HostPort, Protocol, RestartPolicy, ScoredRequests, Unmodelled};
use holdfast_cluster::spread::SpreadConstraint;
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::{PodSpec, Resources, Symbol};
use serde::Deserialize;

use super::affinity::{Bearer, RawAffinity, RawSpreadConstraint};
use super::amounts::Amounts;
use super::context::Context;
use super::lean::{Int, List, Pairs, Present, Text};
use super::requests::{Asked, Container, Demand, RawResources, Role};
use super::taint::RawToleration;
use super::volumes::RawVolume;
use crate::Rule;

/// `v1.PodSpec`, as far as it decides where a pod may run and what happens to it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawPodSpec<'a> {
    pub(crate) node_name: Text<'a>,
    pub(crate) scheduler_name: Text<'a>,
    pub(crate) priority: Option<Int>,
    pub(crate) priority_class_name: Text<'a>,
    pub(crate) preemption_policy: Text<'a>,
    pub(crate) runtime_class_name: Text<'a>,
    pub(crate) restart_policy: Text<'a>,
    pub(crate) termination_grace_period_seconds: Option<Int>,
    pub(crate) host_network: Option<bool>,
    pub(crate) host_users: Option<bool>,
    pub(crate) containers: List<RawContainer<'a>>,
    pub(crate) init_containers: List<RawContainer<'a>>,
    pub(crate) volumes: List<RawVolume<'a>>,
    pub(crate) node_selector: Pairs<'a>,
    pub(crate) affinity: Option<RawAffinity<'a>>,
    pub(crate) tolerations: List<RawToleration<'a>>,
    pub(crate) topology_spread_constraints: List<RawSpreadConstraint<'a>>,
    pub(crate) scheduling_gates: List<RawGate<'a>>,
    pub(crate) resources: Option<RawResources<'a>>,
    pub(crate) overhead: Pairs<'a>,
    resource_claims: List<Present>,
    scheduling_group: Present,
    workload_ref: Present,
}

/// `v1.Container`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawContainer<'a> {
    name: Text<'a>,
    image: Text<'a>,
    restart_policy: Text<'a>,
    restart_policy_rules: List<RawRestartRule<'a>>,
    resources: Option<RawResources<'a>>,
    ports: List<RawPort<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawRestartRule<'a> {
    action: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawPort<'a> {
    container_port: Option<Int>,
    host_port: Option<Int>,
    #[serde(rename = "hostIP")]
    host_ip: Text<'a>,
    protocol: Text<'a>,
}

/// `v1.PodSchedulingGate`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawGate<'a> {
    name: Text<'a>,
}

/// A translated spec that still lacks what other objects say: its priority, and the overhead of its
/// runtime class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Draft {
    pub(crate) spec: PodSpec,
    /// `spec.priority` as it stands.
    pub(crate) priority: Option<i32>,
    /// The priority class, where it is named.
    pub(crate) priority_class: Option<Symbol>,
    /// `spec.preemptionPolicy` is given.
    pub(crate) preemption_policy: bool,
    /// The runtime class whose overhead the spec does not carry yet.
    pub(crate) runtime_class: Option<Symbol>,
}

/// Whose spec it is.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'p> {
    /// The pod's name, empty for a template's next pod.
    pub(crate) name: &'p str,
    pub(crate) bearer: Bearer<'p>,
}

impl RawContainer<'_> {
    fn role(&self, init: bool) -> Role {
        match (init, &*self.restart_policy) {
            (false, _) => Role::Main,
            (true, "Always") => Role::Sidecar,
            (true, _) => Role::Init,
        }
    }
}

impl RawPodSpec<'_> {
    /// Translates the spec; its requests are what [`Demand::requests`] says without a status.
    pub(crate) fn translate(&self, owner: Owner<'_>, context: &mut Context<'_>) -> (Draft, Demand) {
        let demand = self.demand(context);
        let (requests, scored_requests) = demand.requests(None, context);
        let mut spec = self.spec(owner, requests, scored_requests, context);
        spec.arriving_requests = demand.arriving(context);
        let priority = self
            .priority
            .map(|priority| priority.0.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32);
        let draft = Draft {
            spec,
            priority,
            priority_class: context.intern_some(&self.priority_class_name),
            preemption_policy: !self.preemption_policy.is_empty(),
            runtime_class: context
                .intern_some(&self.runtime_class_name)
                .filter(|_| self.overhead.is_empty()),
        };
        (draft, demand)
    }

    fn spec(
        &self,
        owner: Owner<'_>,
        requests: Resources,
        scored_requests: ScoredRequests,
        context: &mut Context<'_>,
    ) -> PodSpec {
        let known = context.builder.so_far().known().clone();
        let affinity = self.affinity.as_ref();
        let bearer = owner.bearer;
        let mut pods = |raw: Option<&super::affinity::RawPodAffinity<'_>>| {
            raw.map_or_else(PodAffinity::default, |raw| raw.compile(bearer, context))
        };
        let pod_affinity = pods(affinity.and_then(|a| a.to_pods.as_ref()));
        let pod_anti_affinity = pods(affinity.and_then(|a| a.against_pods.as_ref()));
        let node_affinity = affinity
            .and_then(|affinity| affinity.to_nodes.as_ref())
            .map_or_else(NodeAffinity::default, |raw| raw.compile(context));
        let spread = self.topology_spread_constraints.iter();
        let spread: Box<[SpreadConstraint]> =
            spread.filter_map(|raw| raw.compile(bearer, context)).collect();
        let volumes = self.volumes(owner.name, context);
        PodSpec {
            scheduler_name: context
                .intern_some(&self.scheduler_name)
                .unwrap_or(known.default_scheduler),
            priority: 0,
            preempts: &*self.preemption_policy != "Never",
            requests,
            scored_requests,
            arriving_requests: scored_requests,
            node_selector: context.labels(&self.node_selector),
            unmodelled: self.unmodelled(&node_affinity, &spread, &volumes),
            node_affinity,
            pod_affinity,
            pod_anti_affinity,
            tolerations: self.tolerations.iter().filter_map(|raw| raw.read(context)).collect(),
            spread,
            host_ports: self.host_ports(context),
            volumes,
            images: self.images(context),
            image_volumes: self.image_volumes(context),
            gates: self.scheduling_gates.iter().map(|gate| context.intern(&gate.name)).collect(),
            grace_seconds: self.termination_grace_period_seconds.map_or(30, |seconds| seconds.0),
            host_network: self.host_network == Some(true),
            restart_policy: match &*self.restart_policy {
                "OnFailure" => RestartPolicy::OnFailure,
                "Never" => RestartPolicy::Never,
                _ => RestartPolicy::Always,
            },
            required_features: self.required_features(context),
        }
    }

    fn all_containers(&self) -> impl Iterator<Item = (&RawContainer<'_>, Role)> {
        let main = self.containers.iter().map(|container| (container, container.role(false)));
        main.chain(self.init_containers.iter().map(|container| (container, container.role(true))))
    }

    fn demand(&self, context: &mut Context<'_>) -> Demand {
        let mut demand = Demand::default();
        for (raw, role) in self.all_containers() {
            let asked = Asked::of_container(raw.resources.as_ref(), context);
            demand.containers.push(Container { name: context.intern(&raw.name), role, asked });
        }
        demand.pod = self.resources.as_ref().map(|raw| Asked::read(Some(raw), context));
        demand.overhead = Amounts::read(&self.overhead, context);
        demand.default_pod_level(context);
        demand
    }

    /// `GetHostPorts` (`pkg/scheduler/util/utils.go`): sidecars first, then ordinary containers; on
    /// the host's network every container port is a host port (`defaultHostNetworkPorts`).
    fn host_ports(&self, context: &mut Context<'_>) -> Box<[HostPort]> {
        let sidecars = self.init_containers.iter().filter(|raw| raw.role(true) == Role::Sidecar);
        let raws = sidecars.chain(self.containers.iter()).flat_map(|raw| raw.ports.iter());
        let host_network = self.host_network == Some(true);
        raws.filter_map(|raw| raw.read(host_network, context)).collect()
    }

    fn volumes(&self, pod: &str, context: &mut Context<'_>) -> Box<[PodVolume]> {
        let mut volumes: Vec<PodVolume> = Vec::new();
        for volume in self.volumes.iter().flat_map(|raw| raw.read(pod, context)) {
            // Two directories of one node, or two shares, tie the pod no more than one does.
            let repeatable =
                matches!(volume, PodVolume::Claim { .. } | PodVolume::InlineCsi { .. });
            if repeatable || !volumes.contains(&volume) {
                volumes.push(volume);
            }
        }
        volumes.into_boxed_slice()
    }

    /// Images of containers as `sumImageScores` of `ImageLocality` counts them.
    fn images(&self, context: &mut Context<'_>) -> Box<[Symbol]> {
        let containers =
            self.init_containers.iter().chain(self.containers.iter()).map(|raw| &*raw.image);
        containers.map(|image| context.intern(&normalized_image(image))).collect()
    }

    /// Images of volumes, which `sumImageScores` counts besides.
    fn image_volumes(&self, context: &mut Context<'_>) -> Box<[Symbol]> {
        let images = self.volumes.iter().filter_map(|volume| volume.image.as_ref());
        images.map(|image| context.intern(&normalized_image(&image.reference))).collect()
    }

    /// What `NodeDeclaredFeatures` infers for scheduling, from
    /// `k8s.io/component-helpers/nodedeclaredfeatures/features` (v0.36.3).
    fn required_features(&self, context: &mut Context<'_>) -> Box<[Symbol]> {
        let mut features = Vec::new();
        let restarts_all = |raw: &RawContainer<'_>| {
            raw.restart_policy_rules.iter().any(|rule| &*rule.action == "RestartAllContainers")
        };
        if self.all_containers().any(|(raw, _)| restarts_all(raw)) {
            features.push(context.intern("RestartAllContainersOnContainerExits"));
        }
        if self.host_network == Some(true) && self.host_users == Some(false) {
            features.push(context.intern("UserNamespacesHostNetworkSupport"));
        }
        features.sort_unstable();
        features.into_boxed_slice()
    }

    fn unmodelled(
        &self,
        node_affinity: &NodeAffinity,
        spread: &[SpreadConstraint],
        volumes: &[PodVolume],
    ) -> Box<[Unmodelled]> {
        let mut parts = Vec::new();
        if !self.resource_claims.is_empty() {
            parts.push(Unmodelled::ResourceClaims);
        }
        if self.scheduling_group.0 || self.workload_ref.0 {
            parts.push(Unmodelled::SchedulingGroup);
        }
        if !node_affinity.preferred_faults.is_empty() {
            parts.push(Unmodelled::UnparsableNodePreference);
        }
        if spread.iter().any(|constraint| !constraint.faults.is_empty()) {
            parts.push(Unmodelled::UnparsableSpread);
        }
        let untranslatable = |volume: &PodVolume| match volume {
            PodVolume::Direct { migrated: Some((disk, _)), .. } => disk.handle.is_err(),
            _ => false,
        };
        if volumes.iter().any(untranslatable) {
            parts.push(Unmodelled::UntranslatableDisk);
        }
        parts.into_boxed_slice()
    }
}

impl RawPort<'_> {
    fn read(&self, host_network: bool, context: &mut Context<'_>) -> Option<HostPort> {
        let mut port = self.host_port.map_or(0, |port| port.0);
        if port == 0 && host_network {
            port = self.container_port.map_or(0, |port| port.0);
        }
        if port == 0 {
            return None;
        }
        if !(1..=65_535).contains(&port) {
            context.complain(Rule::BadPort, format!("host port {port}"));
            return None;
        }
        let protocol = match &*self.protocol {
            "" | "TCP" => Protocol::Tcp,
            "UDP" => Protocol::Udp,
            "SCTP" => Protocol::Sctp,
            other => {
                context.complain(Rule::BadField, format!("protocol {other:?}"));
                return None;
            }
        };
        let any = context.builder.so_far().known().any_address;
        let ip = context.intern_some(&self.host_ip).unwrap_or(any);
        // The range was checked.
        Some(HostPort { ip, protocol, port: port as i32 })
    }
}

/// `normalizedImageName` (`imagelocality/image_locality.go`): `:latest` where there is no tag.
pub(crate) fn normalized_image(name: &str) -> std::borrow::Cow<'_, str> {
    if name.rfind(':') <= name.rfind('/') { format!("{name}:latest").into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_without_a_tag_are_latest() {
        assert_eq!(normalized_image("nginx"), "nginx:latest");
        assert_eq!(normalized_image("nginx:1.27"), "nginx:1.27");
        assert_eq!(normalized_image("host:5000/nginx"), "host:5000/nginx:latest");
        assert_eq!(normalized_image("host:5000/nginx:1"), "host:5000/nginx:1");
    }
}
