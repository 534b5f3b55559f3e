//! What is not known of pods that need a node, by class: worked out once a cluster.
//!
//! A doubt weakens exactly what depends on the pod: neither is it proved that such a pod comes
//! back, nor is it refuted for reasons that the missing object may disprove. Reasons that no
//! further object can cure, such as too little CPU on every node, still refute.

use holdfast_cluster::affinity::{PodAffinity, PodAffinityTerm};
use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::placement::Mark;
use holdfast_cluster::pod::Unmodelled;
use holdfast_cluster::profile::{Extender, Oddity, Profile};
use holdfast_cluster::quota;
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::volume::{PodVolume, Volume, VolumeSource};
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{
    ClassId, Cluster, InstanceId, Placement, PodClass, PodSpec, Resources, Symbol,
};
use holdfast_failover::{Dynamics, volumes};

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
        let volumes_fail = has_failing_volumes(cluster);
        let of_class = |class| of_class(cluster, class, volumes_fail);
        Self { of_class: classes.map(of_class).collect(), of_scores }
    }

    /// What is not known of the pods that were made or moved since the export.
    pub(crate) fn of_changes(&self, cluster: &Cluster, placement: &Placement) -> Vec<Doubt> {
        let changed = placement.changed_since(Mark::default());
        let moved: Vec<InstanceId> = changed
            .into_iter()
            .filter(|(_, before)| before.is_none_or(|before| before.is_pending()))
            .map(|(id, _)| id)
            .chain(placement.pending().iter().copied())
            .collect();
        let mut doubts: Vec<Doubt> =
            moved.iter().filter_map(|pod| self.of_pod(cluster, placement, *pod)).collect();
        let by_default =
            |pod: &InstanceId| cluster.spec_of(placement.instance(*pod).class).spread.is_empty();
        if moved.iter().any(by_default) {
            let missing = missing_for_spread(cluster).or(self.of_scores);
            doubts.extend(missing.map(Doubt::Missing));
        }
        doubts
    }

    /// The same, and whether volumes that are kept on the nodes can be used; they may have been
    /// `rebuilt` elsewhere.
    pub(crate) fn of_state(
        &self,
        dynamics: &Dynamics<'_>,
        placement: &Placement,
        rebuilt: bool,
    ) -> impl Iterator<Item = Doubt> {
        let shaky = !dynamics.storage().doubtful(placement).is_empty();
        let starved = || dynamics.storage().starved(placement).next().is_some();
        let volumes = (shaky || rebuilt && starved()).then_some(Doubt::VolumeCopies);
        self.of_changes(dynamics.cluster(), placement).into_iter().chain(volumes)
    }

    /// What is not known of the pod that is made in place of a bound one.
    pub(crate) fn of_successor(
        &self,
        cluster: &Cluster,
        placement: &Placement,
        pod: InstanceId,
    ) -> Option<Doubt> {
        self.of_class[placement.instance(pod).next_class(cluster).index()]
    }

    /// What is not known of a pending pod.
    pub(crate) fn of_pod(
        &self,
        cluster: &Cluster,
        placement: &Placement,
        pod: InstanceId,
    ) -> Option<Doubt> {
        let of_class = self.of_class[placement.instance(pod).class.index()];
        // Whether a volume stays attached to a silent node its driver says.
        let told = cluster.objects().coverage.has(InputKind::CsiDriver);
        let waits = || !told && volumes::is_held_by_silence(cluster, placement, pod);
        of_class
            .or_else(|| waits().then_some(Doubt::Missing(InputKind::CsiDriver)))
            .or_else(|| quota::may_refuse(cluster, placement, pod).then_some(Doubt::Quota))
    }
}

/// Services and the makers of pods, by which pods without spread constraints of their own are
/// spread (`DefaultSelector`, `pkg/scheduler/framework/plugins/helper/spread.go`, v1.36.3): the
/// kind of them that the export lacks.
pub(crate) fn missing_for_spread(cluster: &Cluster) -> Option<InputKind> {
    if !cluster.objects().coverage.has(InputKind::Service) {
        return Some(InputKind::Service);
    }
    cluster.pods().iter().filter(|pod| !pod.expanded).find_map(|pod| {
        let maker = cluster.workload(pod.workload);
        let kind = match maker.kind {
            WorkloadKind::ReplicaSet => InputKind::ReplicaSet,
            WorkloadKind::StatefulSet => InputKind::StatefulSet,
            WorkloadKind::ReplicationController => InputKind::ReplicationController,
            _ => return None,
        };
        let unread = maker.provenance == Provenance::Inferred;
        (unread && !cluster.objects().coverage.has(kind)).then_some(kind)
    })
}

/// Whether nothing that is missing could let a pod with this doubt onto a node that turned it down
/// for a reason that pods cannot cure.
pub(crate) fn is_no_excuse(doubt: Doubt) -> bool {
    !matches!(
        doubt,
        Doubt::ForeignScheduler
            | Doubt::ForeignPlugin
            | Doubt::Extender
            | Doubt::UnknownResource
            | Doubt::Missing(InputKind::Namespace)
    )
}

/// Whether somebody's volumes make the scheduling of others fail, or of its own at some nodes only:
/// disks that cannot be translated, claims that others made (`filterAttachableVolumes`,
/// `nodevolumelimits/csi.go`, and `tryTranslatePVToCSI`, `volumebinding/binder.go`, v1.36.3).
fn has_failing_volumes(cluster: &Cluster) -> bool {
    let objects = cluster.objects();
    let mut disks = objects.volumes.values().filter_map(|volume| volume.migrated.as_ref());
    disks.any(|(disk, _)| disk.handle.is_err())
        || cluster.specs().any(|spec| spec.unmodelled.contains(&Unmodelled::UntranslatableDisk))
        || cluster.pods().iter().filter(|pod| pod.node.is_some()).any(|pod| {
            let namespace = cluster.class(pod.class).namespace;
            cluster.spec_of(pod.class).volumes.iter().any(|volume| match volume {
                PodVolume::Claim { name, ephemeral: true, .. } => {
                    let claim = objects.claims.get(&(namespace, *name));
                    claim
                        .is_some_and(|claim| claim.owner_uid.is_none_or(|uid| Some(uid) != pod.uid))
                }
                _ => false,
            })
        })
}

/// Whether the plugins that may fail look at the volume.
fn is_looked_at(volume: &PodVolume) -> bool {
    match volume {
        PodVolume::Claim { .. } | PodVolume::Ephemeral { .. } => true,
        PodVolume::Direct { migrated, .. } => migrated.is_some(),
        PodVolume::InlineCsi { .. } | PodVolume::HostPath => false,
    }
}

fn of_class(cluster: &Cluster, class: ClassId, volumes_fail: bool) -> Option<Doubt> {
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
    if asks_for_unknown_resource(cluster, spec) {
        return Some(Doubt::UnknownResource);
    }
    if volumes_fail && spec.volumes.iter().any(is_looked_at) {
        return Some(Doubt::Unmodelled(Unmodelled::UntranslatableDisk));
    }
    let class = *cluster.class(class);
    let missing = spec.volumes.iter().find_map(|volume| lacks(cluster, class.namespace, volume));
    let missing = missing.or_else(|| lacks_namespaces(cluster, class));
    missing.or_else(|| lacks_groups(cluster, profile, spec)).map(Doubt::Missing)
}

/// Whether the pod requests an extended resource that no node lists: a `DeviceClass` may stand for
/// it (feature gate `DRAExtendedResource`, on by default in v1.36.3), which is not read.
fn asks_for_unknown_resource(cluster: &Cluster, spec: &PodSpec) -> bool {
    let is_extended = |name: &Symbol| {
        let text = cluster.text(*name);
        // `IsExtendedResourceName`, `pkg/apis/core/v1/helper/helpers.go`.
        text.contains('/') && !text.contains("kubernetes.io/") && !text.starts_with("requests.")
    };
    let listed = |name: Symbol| {
        let lists = |amounts: &Resources| amounts.scalars.iter().any(|(known, _)| *known == name);
        cluster.nodes().iter().any(|node| lists(&node.allocatable) || lists(&node.capacity))
    };
    let mut asked = spec.requests.scalars.iter().filter(|(_, amount)| *amount > 0);
    asked.any(|(name, _)| is_extended(name) && !listed(*name))
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
        PodVolume::Direct { migrated: Some(_), .. } => return lacks_limits(cluster),
        PodVolume::InlineCsi { .. } | PodVolume::Direct { .. } | PodVolume::HostPath => {
            return None;
        }
    };
    let Some(claim) = objects.claims.get(&(namespace, name)) else {
        return Some(InputKind::PersistentVolumeClaim);
    };
    let Some(volume) = claim.volume else {
        let Some(class) = claim.class.and_then(|class| objects.storage_classes.get(&class)) else {
            let covered = objects.coverage.has(InputKind::StorageClass);
            return (!covered).then_some(InputKind::StorageClass);
        };
        let mut candidates = objects.volumes.values().filter(|volume| volume.class == claim.class);
        let limited = may_be_limited(cluster.text(class.provisioner)) || candidates.any(has_driver);
        return limited.then(|| lacks_limits(cluster)).flatten();
    };
    let Some(volume) = objects.volumes.get(&volume) else {
        return Some(InputKind::PersistentVolume);
    };
    has_driver(volume).then(|| lacks_limits(cluster)).flatten()
}

/// Whether a CSI driver serves a volume, of its own or instead of a plugin that was built in.
fn has_driver(volume: &Volume) -> bool {
    matches!(volume.source, VolumeSource::Csi { .. }) || volume.migrated.is_some()
}

/// Whether a claim that has no volume yet may count against a limit. It counts for its provisioner
/// or for the driver that took over from one that was built in, whose names all begin with
/// `kubernetes.io/`; no driver that a `CSINode` lists has a slash in its name
/// (`getCSIDriverInfoFromSC`, `nodevolumelimits/csi.go`, and `ValidateCSIDriverName`,
/// `pkg/apis/core/validation/validation.go`, v1.36.3).
fn may_be_limited(provisioner: &str) -> bool {
    match provisioner.strip_prefix("kubernetes.io/") {
        Some(built_in) => built_in != "no-provisioner",
        None => !provisioner.contains('/'),
    }
}

/// How many volumes a node may attach, and whether a driver took over from a plugin that was built
/// in, stands in its `CSINode`; the scheduler takes a node without one to have no limit
/// (`nodevolumelimits/csi.go`, v1.36.3). Neither asks about directories of nodes, network file
/// systems and inline CSI volumes.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_namespaces_are_an_excuse() {
        assert!(!is_no_excuse(Doubt::Missing(InputKind::Namespace)));
        assert!(is_no_excuse(Doubt::Missing(InputKind::PersistentVolume)));
    }

    /// One pod's Azure disk that is not a managed one puts every pod with a disk in doubt, and no
    /// other.
    #[test]
    fn disks_that_cannot_be_translated_are_doubted() {
        let pod = |name: &str, volumes: &str| {
            format!(
                r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}"}},"spec":{{
                "containers":[{{"name":"c"}}],"volumes":[{volumes}]}}}}"#
            )
        };
        let disk = r#"{"name":"v","gcePersistentDisk":{"pdName":"d"}}"#;
        let azure = |kind: &str| {
            format!(
                r#"{{"name":"v","azureDisk":{{"diskName":"d","diskURI":"u","kind":"{kind}"}}}}"#
            )
        };
        let csi_node = r#"{"apiVersion":"storage.k8s.io/v1","kind":"CSINode",
            "metadata":{"name":"n"},"spec":{"drivers":[]}}"#;
        for (kind, doubt) in
            [("Managed", None), ("Shared", Some(Doubt::Unmodelled(Unmodelled::UntranslatableDisk)))]
        {
            let texts = [pod("a", disk), pod("b", ""), pod("c", &azure(kind)), csi_node.to_owned()];
            let (cluster, _) = holdfast_ingest::from_objects(texts.iter().map(String::as_bytes));
            let doubts = Doubts::new(&cluster);
            let of = |name: &str| {
                let pod = cluster.pods().iter().find(|pod| cluster.text(pod.name) == name).unwrap();
                doubts.of_class[pod.class.index()]
            };
            assert_eq!([of("a"), of("b"), of("c")], [doubt, None, doubt], "{kind}");
        }
    }
}
