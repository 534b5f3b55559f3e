//! Volumes, claims and storage classes.

use holdfast_cluster::selector::{NodeSelector, NodeSelectorTerm, Operator, Requirement};
use holdfast_cluster::volume::{
    AccessMode, BindingMode, Claim, DirectVolumeKind, StorageClass, Volume, VolumeSource,
};
use holdfast_cluster::{Quantity, Symbol};
use serde::Deserialize;

use super::context::Context;
use super::lean::{self, List, Pairs, Present, Text};
use super::meta::Meta;
use super::migration::{self, Kind};
use super::selector::{RawLabelSelector, RawNodeSelector};
use super::volumes::RawDisk;
use crate::Rule;

/// `v1.PersistentVolumeClaim`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawClaim<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawClaimSpec<'a>>,
    status: Option<RawPhase<'a>>,
}

/// `v1.PersistentVolumeClaimSpec`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawClaimSpec<'a> {
    access_modes: List<Text<'a>>,
    selector: Option<RawLabelSelector<'a>>,
    resources: Option<RawRequests<'a>>,
    volume_name: Text<'a>,
    storage_class_name: Option<Text<'a>>,
    volume_mode: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawRequests<'a> {
    requests: Pairs<'a>,
}

/// A status of which only the phase is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawPhase<'a> {
    phase: Text<'a>,
}

/// `v1.PersistentVolume`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawVolume<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawVolumeSpec<'a>>,
    status: Option<RawPhase<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawVolumeSpec<'a> {
    access_modes: List<Text<'a>>,
    capacity: Pairs<'a>,
    claim_ref: Option<RawClaimRef<'a>>,
    node_affinity: Option<RawVolumeAffinity<'a>>,
    storage_class_name: Text<'a>,
    volume_mode: Text<'a>,
    csi: Option<RawCsi<'a>>,
    local: Present,
    host_path: Present,
    gce_persistent_disk: Option<RawDisk<'a>>,
    aws_elastic_block_store: Option<RawDisk<'a>>,
    azure_disk: Option<RawDisk<'a>>,
    cinder: Option<RawDisk<'a>>,
    portworx_volume: Option<RawDisk<'a>>,
    iscsi: Present,
    nfs: Present,
    rbd: Present,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawClaimRef<'a> {
    namespace: Text<'a>,
    name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawVolumeAffinity<'a> {
    required: Option<RawNodeSelector<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawCsi<'a> {
    driver: Text<'a>,
    volume_handle: Text<'a>,
}

/// `storage.k8s.io/StorageClass`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawClass<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    provisioner: Text<'a>,
    parameters: Option<RawParameters<'a>>,
    volume_binding_mode: Text<'a>,
    allowed_topologies: List<RawTopologyTerm<'a>>,
}

/// Where Rook's driver makes volumes; other drivers' parameters are skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawParameters<'a> {
    #[serde(rename = "clusterID")]
    cluster_id: Text<'a>,
    pool: Text<'a>,
    #[serde(rename = "dataPool")]
    data_pool: Text<'a>,
}

/// `v1.TopologySelectorTerm`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawTopologyTerm<'a> {
    match_label_expressions: List<RawTopologyRequirement<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawTopologyRequirement<'a> {
    key: Text<'a>,
    values: List<Text<'a>>,
}

/// The claim of one pod, made by a StatefulSet or a generic ephemeral volume, as its template asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimEntry {
    pub(crate) claim: Claim,
    /// The claim leaves its class to the cluster's default.
    pub(crate) default_class: bool,
}

fn access_modes(modes: &[Text<'_>], context: &mut Context<'_>) -> Box<[AccessMode]> {
    let mut read = |mode: &Text<'_>| match &**mode {
        "ReadWriteOnce" => Some(AccessMode::ReadWriteOnce),
        "ReadOnlyMany" => Some(AccessMode::ReadOnlyMany),
        "ReadWriteMany" => Some(AccessMode::ReadWriteMany),
        "ReadWriteOncePod" => Some(AccessMode::ReadWriteOncePod),
        other => {
            context.complain(Rule::BadField, format!("access mode {other:?}"));
            None
        }
    };
    let mut modes: Vec<AccessMode> = modes.iter().filter_map(&mut read).collect();
    modes.sort_unstable();
    modes.dedup();
    modes.into_boxed_slice()
}

fn storage(pairs: &Pairs<'_>, context: &mut Context<'_>) -> i64 {
    let text = pairs.get("storage");
    text.and_then(|text| context.quantity("storage", text)).map_or(0, Quantity::value)
}

impl RawClaim<'_> {
    /// Translates a claim.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> ClaimEntry {
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        let no_spec = RawClaimSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&no_spec);
        let phase = self.status.as_ref().map_or("", |status| &status.phase);
        // `GetPersistentVolumeClaimClass` (component-helpers/storage/volume): the annotation comes
        // first.
        let class = meta.annotations.get(lean::BETA_CLASS).or(spec.storage_class_name.as_deref());
        // `isPVCFullyBound` (volumebinding/binder.go): the phase does not count, the annotation
        // does.
        let bound =
            !spec.volume_name.is_empty() && meta.annotations.get(lean::BIND_COMPLETED).is_some();
        let claim = Claim {
            namespace: context.intern(meta.namespace()),
            name: context.intern(&meta.name),
            volume: context.intern_some(&spec.volume_name),
            bound,
            lost: phase == "Lost",
            class: class.and_then(|class| context.intern_some(class)),
            access_modes: access_modes(&spec.access_modes, context),
            request: spec.resources.as_ref().map_or(0, |raw| storage(&raw.requests, context)),
            selector: spec
                .selector
                .as_ref()
                .map(|selector| RawLabelSelector::compile(Some(selector), context)),
            terminating: meta.terminating(),
            selected_node: meta
                .annotations
                .get(lean::SELECTED_NODE)
                .and_then(|node| context.intern_some(node)),
            owner_uid: meta.controller().and_then(|owner| context.intern_some(&owner.uid)),
            block: &*spec.volume_mode == "Block",
        };
        let default_class = class.is_none() && claim.volume.is_none();
        ClaimEntry { claim, default_class }
    }
}

impl RawVolume<'_> {
    /// Translates a persistent volume.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> Volume {
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        let no_spec = RawVolumeSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&no_spec);
        // `GetPersistentVolumeClass`: the annotation comes first.
        let class = meta.annotations.get(lean::BETA_CLASS).unwrap_or(&spec.storage_class_name);
        let affinity = spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref());
        let node_affinity = affinity.map(|selector| selector.compile(context));
        let migrated = spec.migrating().map(|(kind, disk)| {
            let migrated = disk.migrate(kind, &meta.labels, context);
            let node_affinity =
                migration::node_affinity(kind, node_affinity.as_ref(), &meta.labels, context);
            (migrated, node_affinity)
        });
        Volume {
            name: context.intern(&meta.name),
            labels: context.labels(&meta.labels),
            capacity: storage(&spec.capacity, context),
            access_modes: access_modes(&spec.access_modes, context),
            class: context.intern_some(class),
            claim: spec
                .claim_ref
                .as_ref()
                .map(|claim| (context.intern(&claim.namespace), context.intern(&claim.name))),
            available: self.status.as_ref().is_some_and(|status| &*status.phase == "Available"),
            node_affinity,
            source: spec.source(context),
            migrated,
            terminating: meta.terminating(),
            block: &*spec.volume_mode == "Block",
        }
    }
}

impl RawVolumeSpec<'_> {
    fn source(&self, context: &mut Context<'_>) -> VolumeSource {
        if let Some(csi) = &self.csi {
            let driver = context.intern(&csi.driver);
            return VolumeSource::Csi { driver, handle: context.intern(&csi.volume_handle) };
        }
        if self.local.0 || self.host_path.0 {
            return VolumeSource::Node;
        }
        VolumeSource::Direct(match self.migrating() {
            Some((Kind::Gce, _)) => DirectVolumeKind::GcePersistentDisk,
            Some((Kind::Aws, _)) => DirectVolumeKind::AwsElasticBlockStore,
            Some((Kind::Azure, _)) => DirectVolumeKind::AzureDisk,
            _ if self.iscsi.0 => DirectVolumeKind::Iscsi,
            _ if self.rbd.0 => DirectVolumeKind::Rbd,
            _ if self.nfs.0 => DirectVolumeKind::Nfs,
            _ => DirectVolumeKind::Other,
        })
    }

    /// The source, where a CSI driver took over its kind.
    fn migrating(&self) -> Option<(Kind, &RawDisk<'_>)> {
        let sources = [
            (Kind::Gce, &self.gce_persistent_disk),
            (Kind::Aws, &self.aws_elastic_block_store),
            (Kind::Azure, &self.azure_disk),
            (Kind::Cinder, &self.cinder),
            (Kind::Portworx, &self.portworx_volume),
        ];
        sources.into_iter().find_map(|(kind, source)| Some((kind, source.as_ref()?)))
    }
}

impl RawClass<'_> {
    /// Translates a storage class.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> StorageClass {
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        let default = |key| meta.annotations.get(key) == Some("true");
        let terms: Box<[NodeSelectorTerm]> =
            self.allowed_topologies.iter().map(|term| term.compile(context)).collect();
        StorageClass {
            name: context.intern(&meta.name),
            provisioner: context.intern(&self.provisioner),
            driver: migration::driver_of(&self.provisioner).map(|driver| context.intern(driver)),
            binding: match &*self.volume_binding_mode {
                "WaitForFirstConsumer" => BindingMode::WaitForFirstConsumer,
                _ => BindingMode::Immediate,
            },
            allowed_topologies: (!terms.is_empty()).then_some(NodeSelector { terms }),
            default: default(lean::DEFAULT_CLASS) || default(lean::BETA_DEFAULT_CLASS),
            pool: self.parameters.as_ref().and_then(|parameters| parameters.read(context)),
        }
    }
}

impl RawParameters<'_> {
    /// The blocks of an erasure coded class are in its `dataPool`.
    fn read(&self, context: &mut Context<'_>) -> Option<(Symbol, Symbol)> {
        let pool = if self.data_pool.is_empty() { &self.pool } else { &self.data_pool };
        let cluster = context.intern_some(&self.cluster_id)?;
        Some((cluster, context.intern_some(pool)?))
    }
}

impl RawTopologyTerm<'_> {
    fn compile(&self, context: &mut Context<'_>) -> NodeSelectorTerm {
        let requirement = |raw: &RawTopologyRequirement<'_>, context: &mut Context<'_>| {
            let values: Box<[Symbol]> = context.sorted(&raw.values);
            let operator = if values.is_empty() { Operator::Invalid } else { Operator::In(values) };
            Requirement { key: context.intern(&raw.key), operator }
        };
        let raws = self.match_label_expressions.iter();
        let expressions = raws.map(|raw| requirement(raw, context)).collect();
        NodeSelectorTerm { expressions, fields: [].into() }
    }
}
