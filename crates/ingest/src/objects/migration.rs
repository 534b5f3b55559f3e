//! What CSI drivers make of the disks that they took over.
//!
//! Models `TranslateInTreePVToCSI` and `TranslateInTreeInlineVolumeToCSI` of
//! `k8s.io/csi-translation-lib/plugins` (v0.36.3), for the plugins that the scheduler takes to be
//! migrated (`isCSIMigrationOn`, `nodevolumelimits/utils.go`).

use holdfast_cluster::Symbol;
use holdfast_cluster::selector::{NodeSelector, NodeSelectorTerm, Operator, Requirement};
use holdfast_cluster::volume::{Migrated, MigrationFault};

use super::context::Context;
use super::lean::Pairs;
use super::volumes::RawDisk;

const ZONE: &str = "topology.kubernetes.io/zone";
const REGION: &str = "topology.kubernetes.io/region";
const BETA_ZONE: &str = "failure-domain.beta.kubernetes.io/zone";
const BETA_REGION: &str = "failure-domain.beta.kubernetes.io/region";

/// Between the zones of a label that names several.
const DELIMITER: &str = "__";

/// The kinds of source that were taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Gce,
    Aws,
    Azure,
    Cinder,
    Portworx,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Gce, Self::Aws, Self::Azure, Self::Cinder, Self::Portworx];

    /// The plugin that was built in, and the driver that replaced it.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Gce => ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
            Self::Aws => ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
            Self::Azure => ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
            Self::Cinder => ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
            Self::Portworx => ("kubernetes.io/portworx-volume", "pxd.portworx.com"),
        }
    }

    /// The label by which the driver's nodes tell their zone, where volumes are tied to zones.
    fn zone_label(self) -> Option<&'static str> {
        match self {
            Self::Gce => Some("topology.gke.io/zone"),
            Self::Aws => Some("topology.ebs.csi.aws.com/zone"),
            Self::Cinder => Some("topology.cinder.csi.openstack.org/zone"),
            Self::Azure | Self::Portworx => None,
        }
    }
}

/// The driver whose volumes a provisioner makes, if the scheduler counts those: itself, unless it
/// was built in.
pub(super) fn driver_of(provisioner: &str) -> Option<&str> {
    if ["kubernetes.io/azure-file", "kubernetes.io/vsphere-volume"].contains(&provisioner) {
        return None;
    }
    let taken_over =
        Kind::ALL.map(Kind::names).into_iter().find(|(plugin, _)| *plugin == provisioner);
    Some(taken_over.map_or(provisioner, |(_, driver)| driver))
}

impl RawDisk<'_> {
    /// The disk as the driver has it; a persistent volume's labels may say more of it.
    pub(super) fn migrate(
        &self,
        kind: Kind,
        labels: &Pairs<'_>,
        context: &mut Context<'_>,
    ) -> Migrated {
        let (plugin, driver) = kind.names();
        let handle = match kind {
            Kind::Gce => self.gce_handle(labels, context),
            Kind::Aws => self.aws_handle(context),
            Kind::Azure => self.azure_handle(context),
            Kind::Cinder | Kind::Portworx => Ok(context.intern(&self.volume_id)),
        };
        Migrated { plugin: context.intern(plugin), driver: context.intern(driver), handle }
    }

    fn gce_handle(
        &self,
        labels: &Pairs<'_>,
        context: &mut Context<'_>,
    ) -> Result<Symbol, MigrationFault> {
        let label = [BETA_ZONE, ZONE]
            .into_iter()
            .find_map(|key| labels.get(key).filter(|value| !value.is_empty()));
        let disk = &*self.pd_name;
        let handle = match label {
            None => format!("projects/UNSPECIFIED/zones/UNSPECIFIED/disks/{disk}"),
            Some(zones) if zones.contains(DELIMITER) => {
                let region = region(zones);
                let region = region.ok_or_else(|| MigrationFault::Zones(context.intern(zones)))?;
                format!("projects/UNSPECIFIED/regions/{region}/disks/{disk}")
            }
            Some(zone) => format!("projects/UNSPECIFIED/zones/{zone}/disks/{disk}"),
        };
        Ok(context.intern(&handle))
    }

    fn azure_handle(&self, context: &mut Context<'_>) -> Result<Symbol, MigrationFault> {
        // `SetDefaults_AzureDiskVolumeSource`.
        let kind = self.kind.as_deref().unwrap_or("Shared");
        if kind.eq_ignore_ascii_case("Managed") {
            Ok(context.intern(&self.disk_uri))
        } else {
            Err(MigrationFault::AzureKind(context.intern(kind)))
        }
    }

    /// `KubernetesVolumeIDToEBSVolumeID`.
    fn aws_handle(&self, context: &mut Context<'_>) -> Result<Symbol, MigrationFault> {
        let Some(url) = self.volume_id.strip_prefix("aws://") else {
            return Ok(context.intern(&self.volume_id));
        };
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let path = url.split_once('/').map_or("", |(_, path)| path).trim_matches('/');
        if path.starts_with("vol-") && !path.contains('/') {
            Ok(context.intern(path))
        } else {
            Err(MigrationFault::AwsDisk(context.intern(&self.volume_id)))
        }
    }
}

/// The region of all these zones, `{locale}-{region}-{zone}` each (`gceGetRegionFromZones`).
fn region(zones: &str) -> Option<&str> {
    let mut regions = zones.split(DELIMITER).map(|zone| {
        let (region, _) = zone.rsplit_once('-')?;
        (region.matches('-').count() == 1).then_some(region)
    });
    let first = regions.next()??;
    regions.all(|region| region == Some(first)).then_some(first)
}

/// Where the driver can use the volume (`translateTopologyFromInTreeToCSI`).
pub(super) fn node_affinity(
    kind: Kind,
    given: Option<&NodeSelector>,
    labels: &Pairs<'_>,
    context: &mut Context<'_>,
) -> Option<NodeSelector> {
    let mut affinity = given.cloned();
    let Some(driver_label) = kind.zone_label() else { return affinity };
    let driver_label = context.intern(driver_label);
    let (zone, region) = (context.intern(ZONE), context.intern(REGION));
    let (beta_zone, beta_region) = (context.intern(BETA_ZONE), context.intern(BETA_REGION));
    let mentions = |key| requirements(given).any(|requirement| requirement.key == key);
    let beta = if mentions(zone) {
        false
    } else if mentions(beta_zone) {
        true
    } else {
        labels.get(ZONE).is_none() && labels.get(BETA_ZONE).is_some()
    };
    let old = if beta { beta_zone } else { zone };
    if has_values(given, old) {
        rename(&mut affinity, old, driver_label);
    } else if let Some(zones) = labels.get(if beta { BETA_ZONE } else { ZONE }) {
        let zones = zones.split(DELIMITER).map(str::trim).filter(|zone| !zone.is_empty());
        let mut zones: Vec<_> = zones.map(|zone| context.intern(zone)).collect();
        zones.sort_unstable();
        zones.dedup();
        if !zones.is_empty() {
            let operator = Operator::In(zones.into());
            require(&mut affinity, &Requirement { key: driver_label, operator });
        }
    }
    if beta && has_values(given, beta_region) {
        rename(&mut affinity, beta_region, region);
    }
    affinity
}

fn requirements(affinity: Option<&NodeSelector>) -> impl Iterator<Item = &Requirement> {
    affinity.into_iter().flat_map(|affinity| &affinity.terms).flat_map(|term| &term.expressions)
}

/// Whether the label is asked for by value (`getTopologyValues`).
fn has_values(affinity: Option<&NodeSelector>, key: Symbol) -> bool {
    requirements(affinity).filter(|requirement| requirement.key == key).any(|requirement| {
        match &requirement.operator {
            Operator::In(values) | Operator::NotIn(values) => !values.is_empty(),
            Operator::Gt(_) | Operator::Lt(_) => true,
            Operator::Exists | Operator::DoesNotExist | Operator::Invalid => false,
        }
    })
}

/// `replaceTopology`.
fn rename(affinity: &mut Option<NodeSelector>, old: Symbol, new: Symbol) {
    let terms = affinity.iter_mut().flat_map(|affinity| &mut affinity.terms);
    for requirement in terms.flat_map(|term| &mut term.expressions) {
        if requirement.key == old {
            requirement.key = new;
        }
    }
}

/// `addTopology`: adds a requirement to every term.
fn require(affinity: &mut Option<NodeSelector>, requirement: &Requirement) {
    let affinity = affinity.get_or_insert_with(|| NodeSelector { terms: [].into() });
    if affinity.terms.is_empty() {
        affinity.terms = [NodeSelectorTerm { expressions: [].into(), fields: [].into() }].into();
    }
    for term in &mut affinity.terms {
        let known = term.expressions.iter().cloned();
        term.expressions = known.chain([requirement.clone()]).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_read_off_zones() {
        assert_eq!(region("us-central1-a__us-central1-b"), Some("us-central1"));
        assert_eq!(region("us-central1-a__us-east1-b"), None);
        assert_eq!(region("z1__z2"), None);
        assert_eq!(region("us-central1-a__"), None);
    }
}
