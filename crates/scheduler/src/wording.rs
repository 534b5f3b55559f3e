//! Upstream's own words for each reason, which people search for and messages count: those of
//! v1.36.3, and where they changed since v1.30.14 those of the release before
//! (`docs/wording.md`).

mod unparsable;

use std::borrow::Cow;
use std::collections::BTreeSet;

use holdfast_cluster::Cluster;
use holdfast_cluster::volume::MigrationFault;

use crate::reason::Reason;
use crate::release::Release;

/// The words of one release, about one cluster.
#[derive(Clone, Copy, Debug)]
pub struct Words<'c> {
    /// The cluster that the names are from.
    pub cluster: &'c Cluster,
    /// Whose words.
    pub release: Release,
}

impl<'c> Words<'c> {
    /// The words of the cluster's own release.
    pub fn of(cluster: &'c Cluster) -> Self {
        Self { cluster, release: Release::of(cluster) }
    }

    /// The words of the release whose decisions are modelled.
    pub fn newest(cluster: &'c Cluster) -> Self {
        Self { cluster, release: Release::NEWEST }
    }
}

/// The text of a reason.
pub fn text(words: Words<'_>, reason: Reason) -> Cow<'static, str> {
    let name = |symbol| words.cluster.text(symbol);
    if let Some(text) = former(words, reason) {
        return text;
    }
    if let Some(fixed) = fixed(reason) {
        return fixed.into();
    }
    let text = match reason {
        Reason::Insufficient(resource) => format!("Insufficient {}", name(resource)),
        Reason::ClaimNotFound(claim) => {
            format!("persistentvolumeclaim \"{}\" not found", name(claim))
        }
        Reason::ClaimTerminating(claim) => {
            format!("persistentvolumeclaim \"{}\" is being deleted", name(claim))
        }
        Reason::ClaimLost(claim, volume) => format!(
            "persistentvolumeclaim \"{}\" bound to non-existent persistentvolume \"{}\"",
            name(claim),
            volume.map_or("", name)
        ),
        Reason::EphemeralClaimNotFound(claim) => format!(
            "waiting for ephemeral volume controller to create the persistentvolumeclaim \"{}\"",
            name(claim)
        ),
        Reason::EphemeralClaimForeign { namespace, claim, pod } => format!(
            "PVC {0}/{1} was not created for pod {0}/{2} (pod is not owner)",
            name(namespace),
            name(claim),
            pod.map_or("", name)
        ),
        Reason::ClaimVolumeNotFound(_, volume) => {
            format!("persistentvolume \"{}\" not found", name(volume))
        }
        Reason::DiskNotMigrated { volume, fault } => {
            let fault = migration_fault(words.cluster, fault);
            format!("converting volume({}) from inline to csi: {fault}", name(volume))
        }
        Reason::VolumeNotMigrated(fault) => {
            format!("could not translate pv: {}", migration_fault(words.cluster, fault))
        }
        Reason::PodAffinityUnparsable(spec) => unparsable::pod_affinity(words.cluster, spec),
        Reason::NodePreferenceUnparsable(spec) => unparsable::node_preferences(words.cluster, spec),
        Reason::HardSpreadUnparsable(spec) => unparsable::hard_spread(words.cluster, spec),
        Reason::SoftSpreadUnparsable(spec) => unparsable::soft_spread(words.cluster, spec),
        Reason::LeftOutBy(plugin) => {
            format!("node(s) didn't satisfy plugin(s) [{}]", plugin.name())
        }
        _ => String::new(),
    };
    text.into()
}

/// What a zone of GCE looks like.
const ZONE_FORM: &str = "{locale}-{region}-{zone}";

/// The words of `k8s.io/csi-translation-lib/plugins` (v0.36.3).
fn migration_fault(cluster: &Cluster, fault: MigrationFault) -> String {
    match fault {
        MigrationFault::Zones(label) => {
            let zones: Vec<&str> = cluster.text(label).split("__").collect();
            let odd = zones.iter().find(|zone| zone.matches('-').count() != 2);
            let regions: BTreeSet<&str> =
                zones.iter().filter_map(|zone| Some(zone.rsplit_once('-')?.0)).collect();
            let listed: Vec<String> = regions.iter().map(|name| format!("{name}:{{}}")).collect();
            let text = if let Some(zone) = odd {
                format!("zone in unexpected format, expected: {ZONE_FORM}, got: {zone}")
            } else {
                let listed = listed.join(" ");
                format!("multiple or no regions gotten from zones, got: map[{listed}]")
            };
            format!("failed to get region from zones: {text}")
        }
        MigrationFault::AzureKind(kind) => {
            format!("kind({}) is not supported in csi migration", cluster.text(kind))
        }
        MigrationFault::AwsDisk(id) => format!(
            "failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume ({})",
            cluster.text(id)
        ),
    }
}

/// Texts that the newest release no longer uses.
fn former(words: Words<'_>, reason: Reason) -> Option<Cow<'static, str>> {
    let name = |symbol| words.cluster.text(symbol);
    let (until, text) = match reason {
        Reason::UntoleratedTaint(taint) => {
            let taint = format!("{{{}: {}}}", name(taint.key), name(taint.value));
            (Release::V34, format!("node(s) had untolerated taint {taint}").into())
        }
        Reason::ClaimInUse => (
            Release::V34,
            "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod \
             access mode"
                .into(),
        ),
        Reason::VolumeNodeAffinity => {
            (Release::V33, "node(s) had volume node affinity conflict".into())
        }
        _ => return None,
    };
    (words.release < until).then_some(text)
}

/// Texts without a name in them.
fn fixed(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::NodeCordoned => "node(s) were unschedulable",
        Reason::OtherNodeNamed => "node(s) didn't match the requested node name",
        Reason::UntoleratedTaint(_) => "node(s) had untolerated taint(s)",
        Reason::NodeAffinity => "node(s) didn't match Pod's node affinity/selector",
        Reason::AddedNodeAffinity => "node(s) didn't match scheduler-enforced node affinity",
        Reason::NodeAffinityConflict => "pod affinity terms conflict",
        Reason::PortTaken => "node(s) didn't have free ports for the requested pod ports",
        Reason::TooManyPods => "Too many pods",
        Reason::InsufficientCpu => "Insufficient cpu",
        Reason::InsufficientMemory => "Insufficient memory",
        Reason::InsufficientEphemeralStorage => "Insufficient ephemeral-storage",
        Reason::Spread => "node(s) didn't match pod topology spread constraints",
        Reason::SpreadLabelMissing => {
            "node(s) didn't match pod topology spread constraints (missing required label)"
        }
        Reason::PodAffinity => "node(s) didn't match pod affinity rules",
        Reason::PodAntiAffinity => "node(s) didn't match pod anti-affinity rules",
        Reason::ExistingAntiAffinity => "node(s) didn't satisfy existing pods anti-affinity rules",
        Reason::FeatureMissing => "node(s) didn't match Pod's required features",
        Reason::DiskConflict => "node(s) had no available disk",
        Reason::ClaimInUse => {
            "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode \
             already in-use by another pod"
        }
        Reason::TooManyVolumes => "node(s) exceed max volume count",
        Reason::VolumeZoneConflict => "node(s) had no available volume zone",
        Reason::VolumeNodeAffinity => "node(s) didn't match PersistentVolume's node affinity",
        Reason::NoVolumeToBind => "node(s) didn't find available persistent volumes to bind",
        Reason::NoStorageSpace => "node(s) did not have enough free storage",
        Reason::VolumeMissing => {
            "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
        }
        Reason::UnboundImmediateClaims => "pod has unbound immediate PersistentVolumeClaims",
        Reason::NoVictims => "No preemption victims found for incoming pod",
        Reason::PreemptionNotHelpful => "Preemption is not helpful for scheduling",
        Reason::Insufficient(_)
        | Reason::ClaimNotFound(_)
        | Reason::ClaimTerminating(_)
        | Reason::ClaimLost(..)
        | Reason::EphemeralClaimNotFound(_)
        | Reason::EphemeralClaimForeign { .. }
        | Reason::ClaimVolumeNotFound(..)
        | Reason::DiskNotMigrated { .. }
        | Reason::VolumeNotMigrated(_)
        | Reason::PodAffinityUnparsable(_)
        | Reason::NodePreferenceUnparsable(_)
        | Reason::HardSpreadUnparsable(_)
        | Reason::SoftSpreadUnparsable(_)
        | Reason::LeftOutBy(_) => return None,
    })
}
