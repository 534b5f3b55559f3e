//! How each fact is told. Every field is named, so that a new one cannot be forgotten.

use std::fmt::Write;

use holdfast_cluster::affinity::{NodeAffinity, PodAffinity, PodAffinityTerm};
use holdfast_cluster::assumptions::{AssumedTime, Assumptions, Machine};
use holdfast_cluster::budget::{Amount, Budget, BudgetRule};
use holdfast_cluster::cluster::Objects;
use holdfast_cluster::coverage::{Coverage, InputKind};
use holdfast_cluster::fault::{Fault, Flaw, Place, RequirementList};
use holdfast_cluster::node::Readiness;
use holdfast_cluster::pod::{HostPort, Phase, Protocol, RestartPolicy, ScoredRequests, Unmodelled};
use holdfast_cluster::profile::{
    DefaultSpread, Extender, FitArgs, Oddity, PreemptionArgs, ResourceName, Scheduling,
    Strategy as Scoring,
};
use holdfast_cluster::quota::{Limit, Quota};
use holdfast_cluster::selector::{
    LabelSelector, NodeSelector, NodeSelectorTerm, Operator, Requirement,
};
use holdfast_cluster::service::Service;
use holdfast_cluster::spread::{InclusionPolicy, SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::storage::{
    CephCluster, CephPool, Declared, FailureDomain, Health, LonghornReplica, LonghornVolume,
    Storage,
};
use holdfast_cluster::taint::{Effect, Taint, Toleration, TolerationOperator};
use holdfast_cluster::volume::{
    AccessMode, Attachment, BindingMode, Claim, CsiDriver, CsiNode, CsiNodeDriver,
    DirectVolumeKind, Migrated, MigrationFault, PodVolume, StorageCapacity, StorageClass, Volume,
    VolumeSource,
};
use holdfast_cluster::workload::{Losses, Provenance, Strategy, WorkloadKind};
use holdfast_cluster::{
    ClassId, Cluster, Labels, Node, Plugin, Pod, PodSpec, Profile, Resources, Symbol, Workload,
    WorkloadId,
};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// Takes down facts.
pub(super) struct Teller<'c> {
    cluster: &'c Cluster,
    /// What stands for each class of pods.
    pub(super) classes: Vec<String>,
    pub(super) text: String,
}

impl<'c> Teller<'c> {
    pub(super) fn new(cluster: &'c Cluster) -> Self {
        Self { cluster, classes: Vec::new(), text: String::new() }
    }

    fn word(&mut self, word: &str) {
        self.text.push_str(word);
    }

    /// A text of any letters: its length says where it ends.
    fn string(&mut self, text: &str) {
        write!(self.text, "{}:{text}", text.len()).expect("a string takes what is written");
    }

    /// Facts that have no order.
    fn unordered<T: Fact>(&mut self, facts: impl Iterator<Item = T>) {
        let before = std::mem::take(&mut self.text);
        let mut told: Vec<String> = facts
            .map(|fact| {
                fact.tell(self);
                std::mem::take(&mut self.text)
            })
            .collect();
        told.sort_unstable();
        self.text = before;
        self.word("{");
        for fact in &told {
            self.word(fact);
            self.word(",");
        }
        self.word("}");
    }
}

/// Something that was read.
pub(super) trait Fact {
    fn tell(&self, to: &mut Teller<'_>);
}

/// Structs, field by field; behind the semicolon lists whose order is that of symbols.
macro_rules! structs {
    ($($name:ident { $($field:ident),* $(,)? $(; $($list:ident),*)? })*) => {$(
        impl Fact for $name {
            fn tell(&self, to: &mut Teller<'_>) {
                let Self { $($field,)* $($($list),*)? } = self;
                to.word(concat!(stringify!($name), "("));
                $(
                    to.word(concat!(stringify!($field), "="));
                    $field.tell(to);
                    to.word(",");
                )*
                $($(
                    to.word(concat!(stringify!($list), "="));
                    to.unordered($list.iter());
                    to.word(",");
                )*)?
                to.word(")");
            }
        }
    )*};
}

/// Enums, variant by variant: with values, with fields, with neither.
macro_rules! enums {
    ($($name:ident {
        $($plain:ident),* ;
        $($tuple:ident ( $($value:ident),* )),* ;
        $($record:ident { $($field:ident),* }),*
    })*) => {$(
        impl Fact for $name {
            fn tell(&self, to: &mut Teller<'_>) {
                match self {
                    $(Self::$plain => to.word(stringify!($plain)),)*
                    $(Self::$tuple($($value),*) => {
                        to.word(concat!(stringify!($tuple), "("));
                        $($value.tell(to); to.word(",");)*
                        to.word(")");
                    })*
                    $(Self::$record { $($field),* } => {
                        to.word(concat!(stringify!($record), "("));
                        $(
                            to.word(concat!(stringify!($field), "="));
                            $field.tell(to);
                            to.word(",");
                        )*
                        to.word(")");
                    })*
                }
            }
        }
    )*};
}

/// Values that print as themselves, and enums that carry nothing.
macro_rules! plain {
    ($($name:ty),* $(,)?) => {$(
        impl Fact for $name {
            fn tell(&self, to: &mut Teller<'_>) {
                write!(to.text, "{self:?}").expect("a string takes what is written");
            }
        }
    )*};
}

plain! {
    bool, u32, i32, i64, AssumedTime, InputKind, RequirementList, Readiness, Phase, Protocol,
    RestartPolicy, Unmodelled, InclusionPolicy, WhenUnsatisfiable, Health, Effect,
    TolerationOperator, AccessMode, BindingMode, DirectVolumeKind, Provenance, Plugin,
}

structs! {
    Node {
        name, labels, taints, unschedulable, allocatable, pods_allocatable, capacity, readiness,
        declared_features, kubelet_version, terminating; images
    }
    Taint { key, value, effect }
    Toleration { key, operator, value, effect, seconds }
    PodSpec {
        scheduler_name, priority, preempts, requests, scored_requests, arriving_requests,
        node_selector, node_affinity, pod_affinity, pod_anti_affinity, tolerations, spread,
        host_ports, volumes, images, image_volumes, gates, grace_seconds, host_network,
        restart_policy, unmodelled; required_features
    }
    ScoredRequests { cpu_milli, memory }
    HostPort { ip, protocol, port }
    Pod {
        name, class, replacement, node, phase, ready, terminating, mirror, workload,
        nominated_node, start_time, created, uid, preempted, scheduling_message, expanded,
        deletion_cost, outdated,
    }
    Workload {
        kind, namespace, name, owner, made_by, desired, selector, template, priority_class,
        strategy, revision, rollout, first_ordinal, parallel, replaces_ended, autoscaled,
        provenance, inactive, losses, min_ready_seconds, deletion_cost, rationed,
    }
    NodeAffinity { required, preferred, preferred_faults }
    PodAffinity { required, preferred, required_faults, preferred_faults }
    PodAffinityTerm { namespaces, namespace_selector, selector, topology_key }
    NodeSelector { terms }
    NodeSelectorTerm { expressions, fields }
    Requirement { key, operator }
    SpreadConstraint {
        max_skew, topology_key, when_unsatisfiable, selector, faults, min_domains,
        node_affinity_policy, node_taints_policy,
    }
    Fault { place, key, flaw }
    Place { term, list, requirement }
    Objects {
        namespaces, services, budgets, quotas, claims, volumes, storage_classes, csi_nodes,
        csi_drivers, storage_capacities, attachments, priority_classes, storage, assumptions,
        server_version, coverage,
    }
    Service { namespace, name, selector }
    Budget { namespace, name, selector, rule, evict_unhealthy, disruptions_allowed, disrupted }
    Quota { namespace, name, kept, limit, more, scoped }
    Limit { pods, cpu_milli, memory, ephemeral_storage }
    Claim {
        namespace, name, volume, bound, lost, class, access_modes, request, selector, terminating,
        selected_node, owner_uid, block,
    }
    Volume {
        name, labels, capacity, access_modes, class, claim, available, node_affinity, source,
        migrated, terminating, block,
    }
    Migrated { plugin, driver, handle }
    StorageClass { name, provisioner, driver, binding, allowed_topologies, default, pool }
    CsiNode { node, drivers, migrated_plugins }
    CsiNodeDriver { driver, attach_limit, topology_keys }
    CsiDriver { name, storage_capacity, attach_required }
    StorageCapacity { class, topology, capacity, maximum_volume_size }
    Attachment { attacher, node, volume }
    Storage { longhorn_volumes, longhorn_replicas, ceph_clusters, ceph_pools, declared }
    LonghornVolume { name, replicas }
    LonghornReplica { volume, node, health }
    CephCluster { namespace, external, monitors }
    CephPool { namespace, name, size, min_size, failure_domain }
    Declared { replicas, writable_with, readable_with, failure_domain, nodes, quorum }
    Assumptions { machines, etcd, api_servers, load_balancer, times }
    Machine { name, nodes }
    Scheduling { profiles, extenders }
    Extender { managed }
    Profile {
        name, holds_gated, pre_filters, filters, preempts, pre_scores, scores, added_affinity, fit,
        balanced, default_spread, hard_pod_affinity_weight, ignores_wishes_of_others, preemption,
        percentage_of_nodes, oddities,
    }
    FitArgs { strategy, resources, ignored, ignored_groups }
    PreemptionArgs { percentage, absolute }
}

enums! {
    WorkloadKind {
        Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet, Job, CronJob,
        StaticPod, Pod; Custom(kind);
    }
    Strategy {
        Recreate, OnDelete;;
        RollingUpdate { max_unavailable, max_surge }, Ordered { partition }
    }
    Losses { Ignored, Unknown; Counted(most); }
    Amount { ; Count(amount), Percent(share); }
    BudgetRule { ; MinAvailable(amount), MaxUnavailable(amount); }
    Operator { Exists, DoesNotExist, Invalid; In(of), NotIn(of), Gt(than), Lt(than); }
    Flaw {
        Key, NoValues;
        LabelOperator(word), NodeOperator(word), FieldOperator(word), NeedlessValues(given),
        NotOneNumber(given), NoInteger(at, given), Value(at, given), NotOneField(given);
    }
    PodVolume {
        HostPath;;
        Claim { name, read_only, ephemeral }, Ephemeral { volume },
        Direct { kind, identity, read_only, migrated }, InlineCsi { driver }
    }
    MigrationFault { ; Zones(of), AzureKind(of), AwsDisk(of); }
    VolumeSource { Node; Direct(kind); Csi { driver, handle } }
    FailureDomain { Unknown; Label(key); }
    Scoring { LeastAllocated, MostAllocated; RequestedToCapacityRatio(points); }
    ResourceName { Cpu, Memory, EphemeralStorage; Scalar(name); }
    DefaultSpread { System; List(constraints); }
    Oddity { ; Foreign(name), Torn(plugin), Unchecked(plugin); }
}

impl Fact for Symbol {
    fn tell(&self, to: &mut Teller<'_>) {
        let cluster = to.cluster;
        to.string(cluster.text(*self));
    }
}

impl Fact for Box<str> {
    fn tell(&self, to: &mut Teller<'_>) {
        to.string(self);
    }
}

impl Fact for ClassId {
    fn tell(&self, to: &mut Teller<'_>) {
        let class = to.classes[self.index()].clone();
        to.word(&class);
    }
}

impl Fact for WorkloadId {
    fn tell(&self, to: &mut Teller<'_>) {
        let Workload { kind, namespace, name, .. } = to.cluster.workload(*self);
        (*kind).tell(to);
        (*namespace).tell(to);
        (*name).tell(to);
    }
}

impl Fact for Labels {
    fn tell(&self, to: &mut Teller<'_>) {
        to.unordered(self.iter());
    }
}

impl Fact for LabelSelector {
    fn tell(&self, to: &mut Teller<'_>) {
        match self {
            Self::Nothing => to.word("Nothing"),
            Self::All(requirements) => to.unordered(requirements.iter()),
        }
    }
}

impl Fact for Resources {
    fn tell(&self, to: &mut Teller<'_>) {
        let Self { cpu_milli, memory, ephemeral_storage, scalars } = self;
        [cpu_milli, memory, ephemeral_storage].tell(to);
        to.unordered(scalars.iter());
    }
}

impl Fact for Coverage {
    fn tell(&self, to: &mut Teller<'_>) {
        for kind in InputKind::ALL {
            (kind, self.has(kind), self.has_lost(kind)).tell(to);
        }
    }
}

impl<K: Fact, V: Fact> Fact for IndexMap<K, V, FxBuildHasher> {
    fn tell(&self, to: &mut Teller<'_>) {
        to.unordered(self.iter());
    }
}

impl<T: Fact + ?Sized> Fact for &T {
    fn tell(&self, to: &mut Teller<'_>) {
        (**self).tell(to);
    }
}

impl<T: Fact> Fact for Option<T> {
    fn tell(&self, to: &mut Teller<'_>) {
        match self {
            Some(value) => {
                to.word("Some(");
                value.tell(to);
                to.word(")");
            }
            None => to.word("None"),
        }
    }
}

impl<T: Fact, E: Fact> Fact for Result<T, E> {
    fn tell(&self, to: &mut Teller<'_>) {
        match self {
            Ok(value) => value.tell(to),
            Err(error) => {
                to.word("Err(");
                error.tell(to);
                to.word(")");
            }
        }
    }
}

impl<T: Fact> Fact for [T] {
    fn tell(&self, to: &mut Teller<'_>) {
        to.word("[");
        for one in self {
            one.tell(to);
            to.word(",");
        }
        to.word("]");
    }
}

impl<T: Fact, const N: usize> Fact for [T; N] {
    fn tell(&self, to: &mut Teller<'_>) {
        self[..].tell(to);
    }
}

impl<T: Fact> Fact for Box<[T]> {
    fn tell(&self, to: &mut Teller<'_>) {
        self[..].tell(to);
    }
}

impl<T: Fact> Fact for Vec<T> {
    fn tell(&self, to: &mut Teller<'_>) {
        self[..].tell(to);
    }
}

impl<A: Fact, B: Fact> Fact for (A, B) {
    fn tell(&self, to: &mut Teller<'_>) {
        self.0.tell(to);
        to.word("+");
        self.1.tell(to);
    }
}

impl<A: Fact, B: Fact, C: Fact> Fact for (A, B, C) {
    fn tell(&self, to: &mut Teller<'_>) {
        ((&self.0, &self.1), &self.2).tell(to);
    }
}
