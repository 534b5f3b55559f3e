//! `VolumeZone`: a volume with zone or region labels is used in that zone or region.
//!
//! Models `pkg/scheduler/framework/plugins/volumezone/volume_zone.go` (v1.36.3). What it says of
//! claims that are not bound never shows behind `VolumeBinding`, and is left out.

use holdfast_cluster::volume::{PodVolume, Volume};
use holdfast_cluster::{Cluster, Node, Symbol};

use super::{Context, Verdict};
use crate::needs::Need;
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// The labels, each with the one that replaced it; the old ones come first.
const LABELS: [(&str, &str); 4] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "topology.kubernetes.io/region"),
];

/// Between the zones of a label that names several.
const DELIMITER: &str = "__";

/// What the pod's volumes ask of their nodes.
#[derive(Clone, Debug)]
pub(crate) struct State<'a> {
    wanted: Vec<Wanted<'a>>,
    /// The labels by which a node takes part.
    labels: Vec<Symbol>,
}

#[derive(Clone, Debug)]
struct Wanted<'a> {
    volume: Symbol,
    key: Symbol,
    value: Symbol,
    replaced_by: Option<Symbol>,
    values: Vec<&'a str>,
}

/// Looks the volumes up; `None` if they ask for nothing.
///
/// # Errors
/// The claim or volume that does not exist.
pub(crate) fn pre_filter<'a>(context: &Context<'a>) -> Result<Option<State<'a>>, Reason> {
    let cluster = context.cluster;
    let objects = cluster.objects();
    let mut wanted = Vec::new();
    for volume in &context.spec.volumes {
        let PodVolume::Claim { name, ephemeral: false, .. } = *volume else { continue };
        let claim = objects.claims.get(&(context.namespace, name));
        let claim = claim.ok_or(Reason::ClaimNotFound(name))?;
        let Some(volume) = claim.volume else { continue };
        let found = objects.volumes.get(&volume);
        wanted.extend(wants(cluster, found.ok_or(Reason::ClaimVolumeNotFound(name, volume))?));
    }
    let labels = LABELS.iter().filter_map(|(label, _)| cluster.find(label)).collect();
    Ok((!wanted.is_empty()).then_some(State { wanted, labels }))
}

/// The volumes that the pod's claims are bound to and that do not exist.
pub(crate) fn pod_needs<'a>(context: &Context<'a>) -> impl Iterator<Item = Need> + use<'a> {
    let Context { cluster, namespace, spec, .. } = *context;
    let objects = cluster.objects();
    spec.volumes.iter().filter_map(move |volume| {
        let PodVolume::Claim { name, ephemeral: false, .. } = *volume else { return None };
        let volume = objects.claims.get(&(namespace, name))?.volume?;
        let missing = !objects.volumes.contains_key(&volume);
        missing.then_some(Need::VolumeMade(name, volume))
    })
}

fn wants<'a>(cluster: &'a Cluster, volume: &'a Volume) -> impl Iterator<Item = Wanted<'a>> {
    LABELS.iter().filter_map(|(label, replacement)| {
        let key = cluster.find(label)?;
        let value = volume.labels.get(key)?;
        let values: Vec<&str> = cluster.text(value).split(DELIMITER).map(str::trim).collect();
        // A label that does not parse is ignored.
        let parses = values.iter().all(|value| !value.is_empty());
        let replaced_by = cluster.find(replacement);
        parses.then_some(Wanted { volume: volume.name, key, value, replaced_by, values })
    })
}

impl State<'_> {
    /// Turns down nodes of another zone or region; a node without any of the labels takes
    /// everything.
    pub(crate) fn filter(
        &self,
        cluster: &Cluster,
        node: &NodeInfo<'_>,
        reasons: &mut Vec<Reason>,
    ) -> Verdict {
        if self.unmet(cluster, node.node).next().is_none() {
            return Ok(());
        }
        reasons.push(Reason::VolumeZoneConflict);
        Err(Code::UnschedulableAndUnresolvable)
    }

    /// The zones and regions in which the node is not.
    pub(crate) fn needs(&self, cluster: &Cluster, node: &NodeInfo<'_>) -> Vec<Need> {
        let unmet = self.unmet(cluster, node.node);
        unmet.map(|&Wanted { volume, key, value, .. }| Need::Zone { volume, key, value }).collect()
    }

    fn unmet<'s>(
        &'s self,
        cluster: &'s Cluster,
        node: &'s Node,
    ) -> impl Iterator<Item = &'s Wanted<'s>> {
        let takes_part = self.labels.iter().any(|label| node.labels.get(*label).is_some());
        self.wanted.iter().filter(move |wanted| takes_part && !wanted.is_met(cluster, node))
    }
}

impl Wanted<'_> {
    fn is_met(&self, cluster: &Cluster, node: &Node) -> bool {
        let replaced = || self.replaced_by.and_then(|label| node.labels.get(label));
        let value = node.labels.get(self.key).or_else(replaced);
        value.is_some_and(|value| self.values.contains(&cluster.text(value)))
    }
}
