//! What is not known of pods that need a node, by class: worked out once a cluster.
//!
//! A doubt weakens exactly what depends on the pod: neither is it proved that such a pod comes
//! back, nor is it refuted for reasons that the missing object may disprove. Reasons that no
//! further object can cure, such as too little CPU on every node, still refute.

use holdfast_cluster::affinity::{PodAffinity, PodAffinityTerm};
use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::profile::{Extender, Oddity, Profile};
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::volume::{AccessMode, Claim, PodVolume, VolumeSource};
use holdfast_cluster::{ClassId, Cluster, InstanceId, Placement, PodClass, PodSpec, Symbol};

use crate::verdict::Doubt;

/// What is not known of each class.
#[derive(Clone, Debug)]
pub(crate) struct Doubts {
    of_class: Box<[Option<Doubt>]>,
    /// Objects are missing by which nodes are scored, for pods of every class.
    pub(crate) of_scores: Option<InputKind>,
}

impl Doubts {
    /// Looks at every class.
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let classes = (0..cluster.classes().len()).map(ClassId::at);
        let has_unknown_namespaces = !cluster.objects().coverage.has(InputKind::Namespace)
            && cluster.specs().any(|spec| terms(spec).any(|term| asks_for_labels(cluster, term)));
        let of_scores = has_unknown_namespaces.then_some(InputKind::Namespace);
        Self { of_class: classes.map(|class| of_class(cluster, class)).collect(), of_scores }
    }

    /// What is not known of a pending pod.
    pub(crate) fn of_pod(
        &self,
        cluster: &Cluster,
        placement: &Placement,
        pod: InstanceId,
    ) -> Option<Doubt> {
        let of_class = self.of_class[placement.instance(pod).class.index()];
        of_class.or_else(|| waits_for_volume(cluster, placement, pod).then_some(Doubt::StuckVolume))
    }
}

/// Whether nothing that is missing could let a pod with this doubt onto a node that turned it down
/// for a reason that pods cannot cure.
pub(crate) fn is_no_excuse(doubt: Doubt) -> bool {
    !matches!(
        doubt,
        Doubt::ForeignScheduler
            | Doubt::ForeignPlugin
            | Doubt::Extender
            | Doubt::Missing(InputKind::Namespace)
    )
}

fn of_class(cluster: &Cluster, class: ClassId) -> Option<Doubt> {
    let spec = cluster.spec_of(class);
    let Some(profile) = cluster.scheduling().profile(spec.scheduler_name) else {
        return Some(Doubt::ForeignScheduler);
    };
    if let Some(doubt) = of_scheduler(cluster, profile, spec) {
        return Some(doubt);
    }
    if let Some(part) = spec.unmodelled.first() {
        return Some(Doubt::Unmodelled(*part));
    }
    let class = *cluster.class(class);
    let missing = spec.volumes.iter().find_map(|volume| lacks(cluster, class.namespace, volume));
    let missing = missing.or_else(|| lacks_namespaces(cluster, class));
    missing.or_else(|| lacks_groups(cluster, profile, spec)).map(Doubt::Missing)
}

/// What is not known of the scheduler that places the pod.
fn of_scheduler(cluster: &Cluster, profile: &Profile, spec: &PodSpec) -> Option<Doubt> {
    let is_asked = |extender: &Extender| {
        let requested =
            |name: &Symbol| spec.requests.scalars.iter().any(|(known, _)| known == name);
        extender.managed.is_empty() || extender.managed.iter().any(requested)
    };
    if cluster.scheduling().extenders.iter().any(is_asked) {
        return Some(Doubt::Extender);
    }
    let oddity = profile.oddities.iter().min()?;
    Some(match *oddity {
        Oddity::Foreign(_) => Doubt::ForeignPlugin,
        Oddity::Torn(plugin) | Oddity::Unchecked(plugin) => Doubt::OddProfile(plugin),
    })
}

/// The kind of object without which nobody knows which pods belong together, where the profile
/// spreads them strictly.
fn lacks_groups(cluster: &Cluster, profile: &Profile, spec: &PodSpec) -> Option<InputKind> {
    const KINDS: [InputKind; 4] = [
        InputKind::Service,
        InputKind::ReplicaSet,
        InputKind::StatefulSet,
        InputKind::ReplicationController,
    ];
    let asks = spec.spread.is_empty() && profile.spreads_strictly_by_default();
    let lacks = |kind: &InputKind| asks && !cluster.objects().coverage.has(*kind);
    KINDS.into_iter().find(lacks)
}

/// The kind of object without which nobody knows where a volume lets its pod go.
fn lacks(cluster: &Cluster, namespace: Symbol, volume: &PodVolume) -> Option<InputKind> {
    let objects = cluster.objects();
    let name = match volume {
        PodVolume::Claim { name, .. } => *name,
        // Its claim is made with the pod, from a template that the class does not keep.
        PodVolume::Ephemeral { .. } => return Some(InputKind::PersistentVolumeClaim),
        PodVolume::InlineCsi { .. } => return lacks_limits(cluster),
        PodVolume::Direct { .. } | PodVolume::HostPath => return None,
    };
    let Some(claim) = objects.claims.get(&(namespace, name)) else {
        return Some(InputKind::PersistentVolumeClaim);
    };
    let Some(volume) = claim.volume else {
        let known = claim.class.is_some_and(|class| objects.storage_classes.contains_key(&class));
        let covered = objects.coverage.has(InputKind::StorageClass);
        return (!known && !covered).then_some(InputKind::StorageClass);
    };
    match objects.volumes.get(&volume) {
        None => Some(InputKind::PersistentVolume),
        Some(volume) if matches!(volume.source, VolumeSource::Node) => None,
        Some(_) => lacks_limits(cluster),
    }
}

/// How many volumes a node may attach stands in its `CSINode`; the scheduler takes a node without
/// one to have no limit (`nodevolumelimits/csi.go`, v1.36.3).
fn lacks_limits(cluster: &Cluster) -> Option<InputKind> {
    (!cluster.objects().coverage.has(InputKind::CsiNode)).then_some(InputKind::CsiNode)
}

/// Whether required terms, its own or those of others that keep it off, ask for labels of
/// namespaces that the export does not hold.
fn lacks_namespaces(cluster: &Cluster, class: PodClass) -> Option<InputKind> {
    if cluster.objects().coverage.has(InputKind::Namespace) {
        return None;
    }
    let spec = cluster.spec(class.spec);
    let required = |affinity: &PodAffinity| -> bool {
        affinity.required.iter().any(|term| asks_for_labels(cluster, term))
    };
    let own = required(&spec.pod_affinity) || required(&spec.pod_anti_affinity);
    let labels = cluster.labels(class.labels);
    let keeps_off = |other: &PodSpec| {
        other.pod_anti_affinity.required.iter().any(|term| {
            asks_for_labels(cluster, term)
                && !term.namespaces.contains(&class.namespace)
                && term.selector.matches(labels, cluster.symbols())
        })
    };
    (own || cluster.specs().any(keeps_off)).then_some(InputKind::Namespace)
}

fn terms(spec: &PodSpec) -> impl Iterator<Item = &PodAffinityTerm> {
    [&spec.pod_affinity, &spec.pod_anti_affinity].into_iter().flat_map(|affinity| {
        affinity.required.iter().chain(affinity.preferred.iter().map(|(_, term)| term))
    })
}

/// Whether a term chooses namespaces by labels other than the one that every namespace carries.
fn asks_for_labels(cluster: &Cluster, term: &PodAffinityTerm) -> bool {
    match &term.namespace_selector {
        LabelSelector::Nothing => false,
        LabelSelector::All(asked) => {
            asked.iter().any(|requirement| requirement.key != cluster.known().namespace_name)
        }
    }
}

/// Whether the pod needs a volume that one node only may use and that a silent node holds: its pod
/// there never ends, so the volume stays attached and the new pod waits for it
/// (`pkg/controller/volume/attachdetach`, `pkg/kubelet/volumemanager`, v1.36.3;
/// kubernetes/kubernetes#74947).
fn waits_for_volume(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    let class = cluster.class(placement.instance(pod).class);
    let claims: Vec<Symbol> = claims(cluster.spec(class.spec))
        .filter(|name| {
            let claim = cluster.objects().claims.get(&(class.namespace, *name));
            claim.is_some_and(|claim| is_of_one_node(cluster, claim))
        })
        .collect();
    let holds = |instance: &holdfast_cluster::Instance| {
        let other = cluster.class(instance.class);
        instance.node().is_some_and(|node| !placement.node(node).reachable)
            && other.namespace == class.namespace
            && self::claims(cluster.spec(other.spec)).any(|name| claims.contains(&name))
    };
    !claims.is_empty() && placement.instances().iter().any(holds)
}

fn claims(spec: &PodSpec) -> impl Iterator<Item = Symbol> {
    spec.volumes.iter().filter_map(|volume| match volume {
        PodVolume::Claim { name, .. } => Some(*name),
        _ => None,
    })
}

/// Whether the claim's volume is attached to one node at a time.
fn is_of_one_node(cluster: &Cluster, claim: &Claim) -> bool {
    let objects = cluster.objects();
    let shared =
        |mode: &AccessMode| matches!(mode, AccessMode::ReadOnlyMany | AccessMode::ReadWriteMany);
    let volume = claim.volume.and_then(|name| objects.volumes.get(&name));
    let attached = volume.is_none_or(|volume| match volume.source {
        VolumeSource::Csi { driver, .. } => {
            objects.csi_drivers.get(&driver).is_none_or(|driver| driver.attach_required)
        }
        VolumeSource::Node => false,
        VolumeSource::Direct(_) => true,
    });
    attached && !claim.access_modes.iter().any(shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_namespaces_are_an_excuse() {
        assert!(!is_no_excuse(Doubt::Missing(InputKind::Namespace)));
        assert!(is_no_excuse(Doubt::Missing(InputKind::PersistentVolume)));
    }
}
