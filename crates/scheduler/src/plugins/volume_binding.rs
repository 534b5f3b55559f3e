//! `VolumeBinding`: bound claims need a node that reaches their volume; others one where a volume
//! is free or can be made.
//!
//! Models `pkg/scheduler/framework/plugins/volumebinding/{volume_binding,binder}.go` and
//! `k8s.io/component-helpers/storage/volume/pv_helpers.go` (v1.36.3).

use std::collections::BTreeMap;

use holdfast_cluster::cluster::Key;
use holdfast_cluster::selector::NodeSelector;
use holdfast_cluster::volume::{
    BindingMode, Claim, CsiNode, MigrationFault, PodVolume, StorageClass, Volume,
};
use holdfast_cluster::{Cluster, InstanceId, Node, NodeId, Pod, Symbol};

use super::{Context, Verdict};
use crate::needs::{Need, Unbindable};
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// A storage class that makes nothing.
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// The pod's claims (`PodVolumeClaims`), and what earlier pods were promised.
#[derive(Clone, Debug)]
pub(crate) struct State<'a> {
    claims: Claims<'a>,
    promised: Promised,
}

#[derive(Clone, Debug, Default)]
struct Claims<'a> {
    bound: Vec<&'a Claim>,
    /// To be bound once the pod has a node, the smallest first.
    delayed: Vec<&'a Claim>,
    /// The others.
    unbound_immediate: Vec<&'a Claim>,
}

/// What pods that were placed, but not yet bound in the export, hold for themselves: upstream's
/// assume caches.
#[derive(Clone, Debug, Default)]
struct Promised {
    /// Free volumes, by the claim that gets them.
    volumes: BTreeMap<Symbol, Key>,
    /// The nodes for which volumes are being made, by claim.
    nodes: BTreeMap<Key, Symbol>,
}

/// How the delayed claims of a pod would be met on one node, as far as they can be.
#[derive(Debug, Default)]
struct Plan<'a> {
    /// Volumes to bind.
    bindings: Vec<(Symbol, Key)>,
    /// Claims to make a volume for.
    provisions: Vec<Key>,
    /// Claims that cannot be met, those that are looked at first in front.
    unmet: Vec<(&'a Claim, Unbindable)>,
}

impl Unbindable {
    /// Upstream's reason.
    fn reason(self) -> Reason {
        match self {
            Self::NoSpace(_) => Reason::NoStorageSpace,
            Self::ChosenElsewhere(_)
            | Self::NoClass
            | Self::NotProvisioned
            | Self::TopologyNotAllowed => Reason::NoVolumeToBind,
        }
    }
}

/// Looks the claims up; `None` without claims.
///
/// # Errors
/// The claim that is missing or unfit.
pub(crate) fn pre_filter<'a>(context: &Context<'a>) -> Result<Option<State<'a>>, Reason> {
    let mut any = false;
    for volume in &context.spec.volumes {
        if let PodVolume::Claim { name, ephemeral, .. } = *volume {
            any = true;
            check_claim(context, name, ephemeral)?;
        }
    }
    if !any {
        return Ok(None);
    }
    let claims = Claims::of(context, context.pod);
    if !claims.unbound_immediate.is_empty() {
        return Err(Reason::UnboundImmediateClaims);
    }
    let promised =
        if claims.delayed.is_empty() { Promised::default() } else { Promised::of(context) };
    Ok(Some(State { claims, promised }))
}

/// What the pod's claims need before any node is looked at.
pub(crate) fn pod_needs(context: &Context<'_>) -> Vec<Need> {
    let mut needs = Vec::new();
    for volume in &context.spec.volumes {
        let PodVolume::Claim { name, ephemeral, .. } = *volume else { continue };
        match check_claim(context, name, ephemeral) {
            Err(Reason::ClaimTerminating(_)) => needs.push(Need::ClaimKept(name)),
            Err(Reason::ClaimLost(..)) => needs.push(Need::ClaimFound(name)),
            Err(Reason::EphemeralClaimForeign { .. }) => needs.push(Need::ClaimOwned(name)),
            Err(_) => needs.push(Need::ClaimMade(name)),
            Ok(()) => {}
        }
    }
    let waiting = Claims::of(context, context.pod).unbound_immediate;
    needs.extend(waiting.into_iter().map(|claim| Need::ClaimBound(claim.name)));
    needs
}

/// What `podHasPVCs` asks of a claim.
fn check_claim(context: &Context<'_>, name: Symbol, ephemeral: bool) -> Result<(), Reason> {
    let claim = context.cluster.objects().claims.get(&(context.namespace, name));
    let Some(claim) = claim else {
        return Err(if ephemeral {
            Reason::EphemeralClaimNotFound(name)
        } else {
            Reason::ClaimNotFound(name)
        });
    };
    if claim.lost {
        return Err(Reason::ClaimLost(name, claim.volume));
    }
    if claim.terminating {
        return Err(Reason::ClaimTerminating(name));
    }
    if ephemeral {
        let origin = context.placement.instance(context.pod).origin;
        let pod = origin.map(|origin| context.cluster.pod(origin));
        if !pod.is_some_and(|pod| controls(context.cluster, pod, claim)) {
            let (namespace, pod) = (context.namespace, pod.map(|pod| pod.name));
            return Err(Reason::EphemeralClaimForeign { namespace, claim: name, pod });
        }
    }
    Ok(())
}

/// Whether the claim was made for the pod (`IsControlledBy`,
/// `k8s.io/apimachinery/pkg/apis/meta/v1/controller_ref.go`). A pod of a manifest has no uid yet:
/// its namespace and name stand for it.
pub(crate) fn controls(cluster: &Cluster, pod: &Pod, claim: &Claim) -> bool {
    let Some(owner) = claim.owner_uid else { return false };
    if let Some(uid) = pod.uid {
        return uid == owner;
    }
    let named = (cluster.text(cluster.class(pod.class).namespace), cluster.text(pod.name));
    cluster.text(owner).split_once('/') == Some(named)
}

impl<'a> Claims<'a> {
    /// Sorts the claims of a pod by what is to be done about them (`GetPodVolumeClaims`).
    fn of(context: &Context<'a>, pod: InstanceId) -> Self {
        let cluster = context.cluster;
        let objects = cluster.objects();
        let class = context.placement.instance(pod).class;
        let namespace = cluster.class(class).namespace;
        let mut claims = Self::default();
        for volume in &cluster.spec_of(class).volumes {
            let PodVolume::Claim { name, .. } = volume else { continue };
            let Some(claim) = objects.claims.get(&(namespace, *name)) else { continue };
            let delays = |class: &StorageClass| class.binding == BindingMode::WaitForFirstConsumer;
            let class = claim.class.and_then(|class| objects.storage_classes.get(&class));
            if claim.bound {
                claims.bound.push(claim);
            } else if class.is_some_and(delays) && claim.volume.is_none() {
                claims.delayed.push(claim);
            } else {
                claims.unbound_immediate.push(claim);
            }
        }
        claims
    }
}

impl Promised {
    /// Goes through the pods that were placed since the export, in queue order, as if each had just
    /// been.
    fn of(context: &Context<'_>) -> Self {
        let Context { cluster, placement, .. } = *context;
        let mut promised = Self::default();
        let mut placed: Vec<(InstanceId, NodeId)> = placement
            .instance_ids()
            .filter_map(|id| Some((id, placement.instance(id).node()?)))
            .filter(|(id, _)| !is_bound_in_export(context, *id))
            .filter(|(id, _)| !cluster.spec_of(placement.instance(*id).class).volumes.is_empty())
            .collect();
        placed.sort_by_key(|(id, _)| {
            std::cmp::Reverse(cluster.spec_of(placement.instance(*id).class).priority)
        });
        for (pod, node) in placed {
            let delayed = Claims::of(context, pod).delayed;
            let node = cluster.node(node);
            let plan = promised.plan(cluster, &delayed, node);
            if plan.unmet.is_empty() {
                promised.volumes.extend(plan.bindings);
                promised.nodes.extend(plan.provisions.into_iter().map(|claim| (claim, node.name)));
            }
        }
        promised
    }

    /// How the claims would be met on the node.
    fn plan<'c>(&self, cluster: &Cluster, delayed: &[&'c Claim], node: &Node) -> Plan<'c> {
        let mut plan = Plan::default();
        let mut to_match = Vec::new();
        let mut to_provision = Vec::new();
        for &claim in delayed {
            let promised = self.nodes.get(&(claim.namespace, claim.name)).copied();
            match promised.or(claim.selected_node) {
                Some(selected) if selected != node.name => {
                    plan.unmet.push((claim, Unbindable::ChosenElsewhere(selected)));
                }
                Some(_) => to_provision.push(claim),
                None => to_match.push(claim),
            }
        }
        to_match.sort_by_key(|claim| claim.request);
        for claim in to_match {
            match self.find_volume(cluster, claim, node, &plan.bindings) {
                Some(volume) => {
                    plan.bindings.push((volume.name, (claim.namespace, claim.name)));
                }
                None => to_provision.push(claim),
            }
        }
        for claim in to_provision {
            match can_provision(cluster, claim, node) {
                Ok(()) => plan.provisions.push((claim.namespace, claim.name)),
                Err(why) => plan.unmet.push((claim, why)),
            }
        }
        plan
    }

    /// The smallest volume that is free for the claim, or the one that is reserved for it
    /// (`FindMatchingVolume`). Of equals the first by name; upstream takes any.
    fn find_volume<'c>(
        &self,
        cluster: &'c Cluster,
        claim: &Claim,
        node: &Node,
        chosen: &[(Symbol, Key)],
    ) -> Option<&'c Volume> {
        let key = (claim.namespace, claim.name);
        let mut smallest: Option<&Volume> = None;
        let mut volumes: Vec<&Volume> = cluster.objects().volumes.values().collect();
        volumes.sort_by_key(|volume| cluster.text(volume.name));
        for volume in volumes {
            let reserved = self.volumes.get(&volume.name).copied().or(volume.claim);
            let unfit = volume.class != claim.class
                || chosen.iter().any(|(name, _)| *name == volume.name)
                || reserved.is_some_and(|holder| holder != key)
                || volume.capacity < claim.request
                || volume.block != claim.block
                || volume.terminating;
            if unfit {
                continue;
            }
            let reachable = admits(cluster, volume.node_affinity.as_ref(), node);
            if reserved.is_some() {
                return reachable.then_some(volume);
            }
            let matches = volume.available
                && reachable
                && selects(cluster, claim, volume)
                && claim.access_modes.iter().all(|mode| volume.access_modes.contains(mode));
            if matches && smallest.is_none_or(|known| volume.capacity < known.capacity) {
                smallest = Some(volume);
            }
        }
        smallest
    }
}

fn is_bound_in_export(context: &Context<'_>, id: InstanceId) -> bool {
    let origin = context.placement.instance(id).origin;
    origin.is_some_and(|origin| {
        InstanceId::from(origin) == id && context.cluster.pod(origin).node.is_some()
    })
}

/// Whether the node meets a volume's affinity (`CheckNodeAffinity`).
fn admits(cluster: &Cluster, affinity: Option<&NodeSelector>, node: &Node) -> bool {
    affinity.is_none_or(|wanted| wanted.matches(node.name, &node.labels, cluster.symbols()))
}

fn selects(cluster: &Cluster, claim: &Claim, volume: &Volume) -> bool {
    let selector = claim.selector.as_ref();
    selector.is_none_or(|selector| selector.matches(&volume.labels, cluster.symbols()))
}

/// Whether a volume can be made for the claim near the node (`checkVolumeProvisions`).
fn can_provision(cluster: &Cluster, claim: &Claim, node: &Node) -> Result<(), Unbindable> {
    let objects = cluster.objects();
    let class = claim.class.and_then(|class| objects.storage_classes.get(&class));
    let class = class.ok_or(Unbindable::NoClass)?;
    let topologies = class.allowed_topologies.as_ref();
    let allowed =
        topologies.is_none_or(|wanted| wanted.matches(node.name, &node.labels, cluster.symbols()));
    let provisioner = cluster.text(class.provisioner);
    if provisioner.is_empty() || provisioner == NO_PROVISIONER {
        return Err(Unbindable::NotProvisioned);
    }
    if !allowed {
        return Err(Unbindable::TopologyNotAllowed);
    }
    let tracked = objects.csi_drivers.get(&class.provisioner);
    if claim.request == 0 || !tracked.is_some_and(|driver| driver.storage_capacity) {
        return Ok(());
    }
    let enough = objects.storage_capacities.iter().any(|capacity| {
        let limit = capacity.maximum_volume_size.or(capacity.capacity);
        let topology = capacity.topology.as_ref();
        capacity.class == class.name
            && limit.is_some_and(|limit| limit >= claim.request)
            && topology.is_some_and(|wanted| wanted.matches(&node.labels, cluster.symbols()))
    });
    if enough { Ok(()) } else { Err(Unbindable::NoSpace(claim.request)) }
}

impl State<'_> {
    /// Turns down nodes that do not reach a bound volume, and those where the other claims cannot
    /// be met (`FindPodVolumes`). Evictions cannot help.
    pub(crate) fn filter(
        &self,
        cluster: &Cluster,
        node: &NodeInfo<'_>,
        reasons: &mut Vec<Reason>,
    ) -> Verdict {
        let before = reasons.len();
        let bound = self.check_bound(cluster, node.node);
        if let Err(Unreached::Fault(fault)) = bound {
            reasons.push(Reason::VolumeNotMigrated(fault));
            return Err(Code::Error);
        }
        if let Err(Unreached::Elsewhere) = bound {
            reasons.push(Reason::VolumeNodeAffinity);
        }
        let plan = self.promised.plan(cluster, &self.claims.delayed, node.node);
        if let Some((_, why)) = plan.unmet.first() {
            reasons.push(why.reason());
        }
        if let Err(Unreached::Missing) = bound {
            reasons.push(Reason::VolumeMissing);
        }
        if reasons.len() == before {
            return Ok(());
        }
        Err(Code::UnschedulableAndUnresolvable)
    }

    /// What every claim of the pod would need of the node.
    pub(crate) fn needs(&self, cluster: &Cluster, node: &NodeInfo<'_>) -> Vec<Need> {
        let mut needs = Vec::new();
        for claim in &self.claims.bound {
            let Some(name) = claim.volume else { continue };
            let Some(volume) = cluster.objects().volumes.get(&name) else {
                needs.push(Need::VolumeMade(claim.name, name));
                continue;
            };
            match affinity_for(volume, cluster.objects().csi_nodes.get(&node.node.name)) {
                Err(fault) => needs.push(Need::Mend(Reason::VolumeNotMigrated(fault))),
                Ok(affinity) if admits(cluster, affinity, node.node) => {}
                Ok(_) => needs.push(Need::Reach(claim.name, name)),
            }
        }
        let plan = self.promised.plan(cluster, &self.claims.delayed, node.node);
        needs.extend(plan.unmet.into_iter().map(|(claim, why)| Need::Bind(claim.name, why)));
        needs
    }

    /// The first bound claim that does not go with the node decides (`checkBoundClaims`).
    fn check_bound(&self, cluster: &Cluster, node: &Node) -> Result<(), Unreached> {
        let objects = cluster.objects();
        let csi_node = objects.csi_nodes.get(&node.name);
        for claim in &self.claims.bound {
            let volume = claim.volume.and_then(|name| objects.volumes.get(&name));
            let volume = volume.ok_or(Unreached::Missing)?;
            let affinity = affinity_for(volume, csi_node).map_err(Unreached::Fault)?;
            if !admits(cluster, affinity, node) {
                return Err(Unreached::Elsewhere);
            }
        }
        Ok(())
    }
}

/// Why a bound claim does not go with a node.
enum Unreached {
    /// Its volume does not exist.
    Missing,
    /// Its volume is used elsewhere.
    Elsewhere,
    /// It cannot be told where.
    Fault(MigrationFault),
}

/// Where a volume can be used, as the drivers of a node have it (`tryTranslatePVToCSI`).
fn affinity_for<'a>(
    volume: &'a Volume,
    csi_node: Option<&CsiNode>,
) -> Result<Option<&'a NodeSelector>, MigrationFault> {
    let handed_over = |plugin: &Symbol| {
        csi_node.is_some_and(|csi_node| csi_node.migrated_plugins.contains(plugin))
    };
    match &volume.migrated {
        Some((migrated, affinity)) if handed_over(&migrated.plugin) => {
            migrated.handle.map(|_| affinity.as_ref())
        }
        _ => Ok(volume.node_affinity.as_ref()),
    }
}
