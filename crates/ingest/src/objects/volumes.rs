//! Volumes of a pod, as far as they limit where it may run.

use holdfast_cluster::Symbol;
use holdfast_cluster::volume::{DirectVolumeKind, PodVolume};
use serde::Deserialize;

use super::context::Context;
use super::lean::{List, Pairs, Present, Text};
use super::migration::Kind;
use super::storage::{ClaimEntry, RawClaim};

/// `v1.Volume`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawVolume<'a> {
    pub(crate) name: Text<'a>,
    persistent_volume_claim: Option<RawClaimSource<'a>>,
    ephemeral: Option<RawEphemeral<'a>>,
    gce_persistent_disk: Option<RawDisk<'a>>,
    aws_elastic_block_store: Option<RawDisk<'a>>,
    azure_disk: Option<RawDisk<'a>>,
    cinder: Option<RawDisk<'a>>,
    portworx_volume: Option<RawDisk<'a>>,
    iscsi: Option<RawDisk<'a>>,
    rbd: Option<RawDisk<'a>>,
    csi: Option<RawInlineCsi<'a>>,
    host_path: Present,
    pub(crate) image: Option<RawImage<'a>>,
    nfs: Present,
    cephfs: Present,
    glusterfs: Present,
    fc: Present,
    azure_file: Present,
    vsphere_volume: Present,
    quobyte: Present,
    storageos: Present,
    scale_io: Present,
    flex_volume: Present,
    photon_persistent_disk: Present,
    flocker: Present,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawClaimSource<'a> {
    claim_name: Text<'a>,
    read_only: Option<bool>,
}

/// `v1.EphemeralVolumeSource`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawEphemeral<'a> {
    volume_claim_template: Option<RawClaim<'a>>,
}

/// The fields by which the kinds of disk name themselves, together.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct RawDisk<'a> {
    pub(super) pd_name: Text<'a>,
    #[serde(rename = "volumeID")]
    pub(super) volume_id: Text<'a>,
    disk_name: Text<'a>,
    #[serde(rename = "diskURI")]
    pub(super) disk_uri: Text<'a>,
    pub(super) kind: Option<Text<'a>>,
    iqn: Text<'a>,
    monitors: List<Text<'a>>,
    pool: Text<'a>,
    image: Text<'a>,
    read_only: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawInlineCsi<'a> {
    driver: Text<'a>,
}

/// `v1.ImageVolumeSource`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawImage<'a> {
    pub(crate) reference: Text<'a>,
}

impl RawVolume<'_> {
    /// What a generic ephemeral volume claims, by the volume's name.
    pub(crate) fn ephemeral_claim(
        &self,
        context: &mut Context<'_>,
    ) -> Option<(Symbol, ClaimEntry)> {
        let claim = self.ephemeral.as_ref()?.volume_claim_template.as_ref()?.read(context);
        Some((context.intern(&self.name), claim))
    }

    /// What the volume limits, if anything. `pod` is the pod's name, empty for a template's next
    /// pod. The API server lets a volume have one source only; of several, as a case may have, each
    /// plugin of the scheduler finds its own.
    pub(crate) fn read(&self, pod: &str, context: &mut Context<'_>) -> Vec<PodVolume> {
        let claim = self.claim(pod, context);
        let mut disks = self.disks(claim.is_none(), context);
        disks.extend(claim);
        if let Some(csi) = &self.csi {
            disks.push(PodVolume::InlineCsi { driver: context.intern(&csi.driver) });
        }
        if self.host_path.0 {
            disks.push(PodVolume::HostPath);
        }
        if self.is_other_network_storage() {
            disks.push(PodVolume::Direct {
                kind: DirectVolumeKind::Other,
                identity: [].into(),
                read_only: false,
                migrated: None,
            });
        }
        disks
    }

    fn claim(&self, pod: &str, context: &mut Context<'_>) -> Option<PodVolume> {
        if let Some(claim) = &self.persistent_volume_claim {
            let name = context.intern(&claim.claim_name);
            let read_only = claim.read_only == Some(true);
            return Some(PodVolume::Claim { name, read_only, ephemeral: false });
        }
        self.ephemeral.as_ref()?;
        if pod.is_empty() {
            return Some(PodVolume::Ephemeral { volume: context.intern(&self.name) });
        }
        let name = context.intern(&format!("{pod}-{}", &*self.name));
        Some(PodVolume::Claim { name, read_only: false, ephemeral: true })
    }

    /// Disks that the volume names, and whether CSI drivers count them.
    fn disks(&self, counted: bool, context: &mut Context<'_>) -> Vec<PodVolume> {
        use DirectVolumeKind as Disk;
        let kinds = [
            (Disk::GcePersistentDisk, Some(Kind::Gce), &self.gce_persistent_disk),
            (Disk::AwsElasticBlockStore, Some(Kind::Aws), &self.aws_elastic_block_store),
            (Disk::AzureDisk, Some(Kind::Azure), &self.azure_disk),
            (Disk::Other, Some(Kind::Cinder), &self.cinder),
            (Disk::Other, Some(Kind::Portworx), &self.portworx_volume),
            (Disk::Iscsi, None, &self.iscsi),
            (Disk::Rbd, None, &self.rbd),
        ];
        let mut disks = Vec::new();
        for (kind, migrating, disk) in kinds {
            let Some(disk) = disk else { continue };
            let migrated = migrating.filter(|_| counted).map(|kind| {
                (disk.migrate(kind, &Pairs::default(), context), context.intern(&self.name))
            });
            let identity = disk.identity(kind, context);
            let read_only = disk.read_only == Some(true);
            disks.push(PodVolume::Direct { kind, identity, read_only, migrated });
        }
        disks
    }

    fn is_other_network_storage(&self) -> bool {
        [
            self.nfs,
            self.cephfs,
            self.glusterfs,
            self.fc,
            self.azure_file,
            self.vsphere_volume,
            self.quobyte,
            self.storageos,
            self.scale_io,
            self.flex_volume,
            self.photon_persistent_disk,
            self.flocker,
        ]
        .iter()
        .any(|kind| kind.0)
    }
}

impl RawDisk<'_> {
    fn identity(&self, kind: DirectVolumeKind, context: &mut Context<'_>) -> Box<[Symbol]> {
        match kind {
            DirectVolumeKind::GcePersistentDisk => [context.intern(&self.pd_name)].into(),
            DirectVolumeKind::AwsElasticBlockStore => [context.intern(&self.volume_id)].into(),
            DirectVolumeKind::AzureDisk => [context.intern(&self.disk_name)].into(),
            DirectVolumeKind::Iscsi => [context.intern(&self.iqn)].into(),
            DirectVolumeKind::Rbd => {
                let pool = if self.pool.is_empty() { "rbd" } else { &*self.pool };
                let mut identity = vec![context.intern(pool), context.intern(&self.image)];
                identity.extend(self.monitors.iter().map(|monitor| context.intern(monitor)));
                identity.into_boxed_slice()
            }
            DirectVolumeKind::Nfs | DirectVolumeKind::Other => [].into(),
        }
    }
}
