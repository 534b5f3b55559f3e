//! What CSI drivers say of themselves and of nodes.

use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::volume::{Attachment, CsiDriver, CsiNode, CsiNodeDriver, StorageCapacity};
use serde::Deserialize;

use super::context::Context;
use super::lean::{self, Int, List, Text};
use super::meta::Meta;
use super::selector::RawLabelSelector;

/// `storage.k8s.io/CSINode`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawCsiNode<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawCsiNodeSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawCsiNodeSpec<'a> {
    drivers: List<RawNodeDriver<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawNodeDriver<'a> {
    name: Text<'a>,
    topology_keys: List<Text<'a>>,
    allocatable: Option<RawAllocatable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawAllocatable {
    count: Option<Int>,
}

/// `storage.k8s.io/CSIDriver`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawCsiDriver<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawCsiDriverSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawCsiDriverSpec {
    attach_required: Option<bool>,
    storage_capacity: Option<bool>,
}

/// `storage.k8s.io/CSIStorageCapacity`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawCapacity<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    storage_class_name: Text<'a>,
    node_topology: Option<RawLabelSelector<'a>>,
    capacity: Option<Text<'a>>,
    maximum_volume_size: Option<Text<'a>>,
}

/// `storage.k8s.io/VolumeAttachment`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawAttachment<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawAttachmentSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawAttachmentSpec<'a> {
    attacher: Text<'a>,
    node_name: Text<'a>,
    source: Option<RawAttachmentSource<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawAttachmentSource<'a> {
    persistent_volume_name: Text<'a>,
}

impl RawCsiNode<'_> {
    /// Translates a CSI node.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> CsiNode {
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        let drivers = self.spec.iter().flat_map(|spec| spec.drivers.iter());
        let migrated = meta.annotations.get(lean::MIGRATED_PLUGINS).unwrap_or_default();
        CsiNode {
            node: context.intern(&meta.name),
            drivers: drivers
                .map(|raw| CsiNodeDriver {
                    driver: context.intern(&raw.name),
                    attach_limit: raw
                        .allocatable
                        .as_ref()
                        .and_then(|allocatable| allocatable.count)
                        .map(|count| count.0),
                    topology_keys: raw
                        .topology_keys
                        .iter()
                        .map(|key| context.intern(key))
                        .collect(),
                })
                .collect(),
            migrated_plugins: migrated
                .split(',')
                .filter(|plugin| !plugin.is_empty())
                .map(|plugin| context.intern(plugin))
                .collect(),
        }
    }
}

impl RawCsiDriver<'_> {
    /// Translates a CSI driver; attaching is required unless it says otherwise
    /// (`SetDefaults_CSIDriver`, `pkg/apis/storage/v1/defaults.go`).
    pub(crate) fn read(&self, context: &mut Context<'_>) -> CsiDriver {
        let spec = self.spec.as_ref();
        CsiDriver {
            name: context.intern(self.metadata.as_ref().map_or("", |meta| &meta.name)),
            storage_capacity: spec.is_some_and(|spec| spec.storage_capacity == Some(true)),
            attach_required: spec.is_none_or(|spec| spec.attach_required != Some(false)),
        }
    }
}

impl RawCapacity<'_> {
    /// Translates a storage capacity.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> StorageCapacity {
        let mut size = |what, text: &Option<Text<'_>>| {
            let text = text.as_ref()?;
            context.quantity(what, text).map(holdfast_cluster::Quantity::value)
        };
        let capacity = size("capacity", &self.capacity);
        let maximum_volume_size = size("maximumVolumeSize", &self.maximum_volume_size);
        let topology = self.node_topology.as_ref();
        StorageCapacity {
            class: context.intern(&self.storage_class_name),
            topology: topology
                .map(|selector| RawLabelSelector::compile(Some(selector), context))
                .filter(|selector| *selector != LabelSelector::Nothing),
            capacity,
            maximum_volume_size,
        }
    }
}

impl RawAttachment<'_> {
    /// Translates an attachment.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> Attachment {
        let none = RawAttachmentSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&none);
        Attachment {
            attacher: context.intern(&spec.attacher),
            node: context.intern(&spec.node_name),
            volume: spec
                .source
                .as_ref()
                .and_then(|source| context.intern_some(&source.persistent_volume_name)),
        }
    }
}
