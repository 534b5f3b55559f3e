//! What nobody knows of a pod, from the export alone.
//!
//! A claim that rests on such a pod is not proved. It may be refuted all the same where every node
//! turns the pod down for a reason that nothing missing could cure: then there is no excuse.

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::pod::Unmodelled;
use holdfast_cluster::profile::Oddity;
use holdfast_cluster::quota;
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::volume::{PodVolume, VolumeSource};
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{ClassId, Cluster, InstanceId, Placement, PodSpec, Symbol};
use holdfast_failover::{Step, volumes};

/// What is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Something is not.
    pub(crate) is_open: bool,
    /// It may let the pod onto a node that seems to turn it down.
    pub(crate) excuses: bool,
}

/// What is not known of each sort of pods.
#[derive(Clone, Debug)]
pub(crate) struct Unknown {
    gaps: Vec<Gap>,
    /// Whether volumes stay attached to silent nodes.
    attachments: bool,
    /// How nodes are scored: for pods that are spread by default, and for all.
    scores: (bool, bool),
    /// Nodes or pods may have been lost with something that could not be read.
    pub(crate) lost: bool,
}

impl Unknown {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let coverage = &cluster.objects().coverage;
        let fails = volumes_fail(cluster);
        let namespaces = !coverage.has(InputKind::Namespace);
        let of_pods = |spec: &PodSpec| {
            let preferred = |affinity: &holdfast_cluster::affinity::PodAffinity| {
                affinity.preferred.iter().any(|(_, term)| reads_namespaces(cluster, term))
            };
            required(spec).any(|term| reads_namespaces(cluster, term))
                || preferred(&spec.pod_affinity)
                || preferred(&spec.pod_anti_affinity)
        };
        Self {
            gaps: (0..cluster.classes().len())
                .map(|at| gap(cluster, ClassId::at(at), fails))
                .collect(),
            attachments: !coverage.has(InputKind::CsiDriver),
            scores: (groups_lack(cluster), namespaces && cluster.specs().any(of_pods)),
            lost: coverage.has_lost(InputKind::Node) || coverage.has_lost(InputKind::Pod),
        }
    }

    /// What is not known of a pod that waits for a node.
    pub(crate) fn of_pod(&self, cluster: &Cluster, placement: &Placement, id: InstanceId) -> Gap {
        let gap = self.gaps[placement.instance(id).class.index()];
        let held = self.attachments && volumes::is_held_by_silence(cluster, placement, id);
        let refused = quota::may_refuse(cluster, placement, id);
        Gap { is_open: gap.is_open || held || refused, ..gap }
    }

    /// Whether the step is one of the scheduler's of which nobody knows whether it takes it: who
    /// places the pod or what that goes by is not known.
    pub(crate) fn is_guess(&self, cluster: &Cluster, placement: &Placement, step: &Step) -> bool {
        let (Step::Schedule { pod, .. } | Step::Preempt { pod, .. }) = step else { return false };
        let spec = cluster.spec_of(placement.instance(*pod).class);
        self.of_pod(cluster, placement, *pod).is_open || self.scores_of(spec)
    }

    /// Whether nobody knows which of the nodes that take it a pod goes to.
    pub(crate) fn scores_of(&self, spec: &PodSpec) -> bool {
        let (by_default, all) = self.scores;
        spec.spread.is_empty() && (by_default || all)
    }
}

fn gap(cluster: &Cluster, id: ClassId, volumes_fail: bool) -> Gap {
    let (class, spec) = (cluster.class(id), cluster.spec_of(id));
    let Some(profile) = cluster.scheduling().profile(spec.scheduler_name) else {
        return Gap { is_open: true, excuses: true };
    };
    let asks = |name: &Symbol| spec.requests.scalars.iter().any(|(known, _)| known == name);
    let extended = cluster.scheduling().extenders.iter();
    let extended = extended.clone().any(|e| e.managed.is_empty() || e.managed.iter().any(asks));
    let foreign = profile.oddities.iter().any(|odd| matches!(odd, Oddity::Foreign(_)));
    let namespaces = lacks_namespaces(cluster, class.namespace, id);
    let excuses = extended || foreign || lists_nowhere(cluster, spec) || namespaces;
    let looked_at = |volume: &PodVolume| match volume {
        PodVolume::Claim { .. } | PodVolume::Ephemeral { .. } => true,
        PodVolume::Direct { migrated, .. } => migrated.is_some(),
        PodVolume::InlineCsi { .. } | PodVolume::HostPath => false,
    };
    let unsure = !profile.oddities.is_empty()
        || !spec.unmodelled.is_empty()
        || volumes_fail && spec.volumes.iter().any(looked_at)
        || spec.volumes.iter().any(|volume| lacks(cluster, class.namespace, volume))
        || spec.spread.is_empty() && profile.spreads_strictly_by_default() && !has_groups(cluster);
    Gap { is_open: excuses || unsure, excuses }
}

/// Whether the pod asks for an extended resource that no node lists: devices may stand for it.
fn lists_nowhere(cluster: &Cluster, spec: &PodSpec) -> bool {
    let mut asked = spec.requests.scalars.iter().filter(|(_, amount)| *amount > 0);
    asked.any(|(name, _)| {
        let text = cluster.text(*name);
        let native = !text.contains('/') || text.contains("kubernetes.io/");
        let listed = cluster.nodes().iter().any(|node| {
            let amounts = [&node.allocatable, &node.capacity];
            amounts.iter().any(|all| all.scalars.iter().any(|(known, _)| known == name))
        });
        !native && !text.starts_with("requests.") && !listed
    })
}

/// Whether an object is missing that says where a volume lets its pod go.
fn lacks(cluster: &Cluster, namespace: Symbol, volume: &PodVolume) -> bool {
    let objects = cluster.objects();
    let limits = !objects.coverage.has(InputKind::CsiNode);
    let name = match volume {
        PodVolume::Claim { name, .. } => *name,
        PodVolume::Ephemeral { .. } => return true,
        PodVolume::InlineCsi { .. } | PodVolume::Direct { migrated: Some(_), .. } => return limits,
        PodVolume::Direct { .. } | PodVolume::HostPath => return false,
    };
    let Some(claim) = objects.claims.get(&(namespace, name)) else { return true };
    let Some(volume) = claim.volume else {
        let known = claim.class.is_some_and(|class| objects.storage_classes.contains_key(&class));
        return !known && !objects.coverage.has(InputKind::StorageClass);
    };
    match objects.volumes.get(&volume).map(|volume| volume.source) {
        None => true,
        Some(VolumeSource::Node) => false,
        Some(_) => limits,
    }
}

/// Whether somebody's volumes make the scheduling of others fail.
fn volumes_fail(cluster: &Cluster) -> bool {
    let objects = cluster.objects();
    let broken = |volume: &holdfast_cluster::volume::Volume| {
        volume.migrated.as_ref().is_some_and(|(disk, _)| disk.handle.is_err())
    };
    let untold = |spec: &PodSpec| spec.unmodelled.contains(&Unmodelled::UntranslatableDisk);
    objects.volumes.values().any(broken)
        || cluster.specs().any(untold)
        || cluster.pods().iter().filter(|pod| pod.node.is_some()).any(|pod| {
            let namespace = cluster.class(pod.class).namespace;
            cluster.spec_of(pod.class).volumes.iter().any(|volume| match volume {
                PodVolume::Claim { name, ephemeral: true, .. } => {
                    let claim = objects.claims.get(&(namespace, *name));
                    let owner = claim.map(|claim| claim.owner_uid);
                    owner.is_some_and(|owner| owner.is_none_or(|uid| Some(uid) != pod.uid))
                }
                _ => false,
            })
        })
}

fn required(spec: &PodSpec) -> impl Iterator<Item = &PodAffinityTerm> {
    spec.pod_affinity.required.iter().chain(&*spec.pod_anti_affinity.required)
}

/// Whether a term reads labels of namespaces other than their names.
fn reads_namespaces(cluster: &Cluster, term: &PodAffinityTerm) -> bool {
    match &term.namespace_selector {
        LabelSelector::Nothing => false,
        LabelSelector::All(asked) => asked.iter().any(|r| r.key != cluster.known().namespace_name),
    }
}

/// Whether required terms, the pod's own or others' that keep it off, read labels of namespaces
/// that the export does not hold.
fn lacks_namespaces(cluster: &Cluster, namespace: Symbol, class: ClassId) -> bool {
    if cluster.objects().coverage.has(InputKind::Namespace) {
        return false;
    }
    let labels = cluster.labels_of(class);
    let keeps_off = |term: &PodAffinityTerm| {
        reads_namespaces(cluster, term)
            && !term.namespaces.contains(&namespace)
            && term.selector.matches(labels, cluster.symbols())
    };
    required(cluster.spec_of(class)).any(|term| reads_namespaces(cluster, term))
        || cluster.specs().any(|other| other.pod_anti_affinity.required.iter().any(keeps_off))
}

/// Whether the export holds everything by which pods are told to belong together.
fn has_groups(cluster: &Cluster) -> bool {
    let kinds = [
        InputKind::Service,
        InputKind::ReplicaSet,
        InputKind::StatefulSet,
        InputKind::ReplicationController,
    ];
    kinds.into_iter().all(|kind| cluster.objects().coverage.has(kind))
}

/// Whether Services are missing, or makers of pods, by which pods are spread by default.
fn groups_lack(cluster: &Cluster) -> bool {
    let coverage = &cluster.objects().coverage;
    let mut pods = cluster.pods().iter().filter(|pod| !pod.expanded);
    !coverage.has(InputKind::Service)
        || pods.any(|pod| {
            let maker = cluster.workload(pod.workload);
            let kind = match maker.kind {
                WorkloadKind::ReplicaSet => InputKind::ReplicaSet,
                WorkloadKind::StatefulSet => InputKind::StatefulSet,
                WorkloadKind::ReplicationController => InputKind::ReplicationController,
                _ => return false,
            };
            maker.provenance == Provenance::Inferred && !coverage.has(kind)
        })
}
