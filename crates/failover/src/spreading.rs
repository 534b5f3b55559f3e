//! Whether the order of evictions can be noticed.
//!
//! Topology spread counts the pods of a domain, silent nodes included, and leaves terminating pods
//! out (`pkg/scheduler/framework/plugins/podtopologyspread/common.go`, `countPodsMatchSelector`,
//! v1.36.3). So the moment at which a pod on a silent node begins to terminate shows in the scores
//! and filters of whoever is spread together with it. Nothing else tells a terminating pod on a
//! silent node from one that is not, but to who may preempt it there
//! ([`crate::noticing::outranking`]).

use std::collections::BTreeMap;

use holdfast_cluster::profile::DefaultSpread;
use holdfast_cluster::service::Service;
use holdfast_cluster::taint::{self, Effect};
use holdfast_cluster::{
    ClassId, Cluster, Instance, InstanceId, NodeId, Placement, PodSpec, Symbol,
};

use crate::movers::Movers;

/// What spread goes by that no placement changes.
pub(crate) struct Spreading {
    /// By namespace.
    classes: BTreeMap<Symbol, Vec<ClassId>>,
    /// The Services that select a class, by its number, in the cluster's order.
    services: Box<[Box<[usize]>]>,
}

impl Spreading {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let mut classes: BTreeMap<Symbol, Vec<ClassId>> = BTreeMap::new();
        for (at, class) in cluster.classes().enumerate() {
            classes.entry(class.namespace).or_default().push(ClassId::at(at));
        }
        let mut services = vec![Vec::new(); cluster.classes().len()];
        for (at, service) in cluster.objects().services.iter().enumerate() {
            for &class in classes.get(&service.namespace).into_iter().flatten() {
                if selects(cluster, service, class) {
                    services[class.index()].push(at);
                }
            }
        }
        Self { classes, services: services.into_iter().map(Vec::into_boxed_slice).collect() }
    }

    /// Whether another of the pods in whose place one may have to be scheduled counts `pod` for its
    /// spread.
    pub(crate) fn is_counted(
        &self,
        cluster: &Cluster,
        placement: &Placement,
        pod: InstanceId,
        movers: &Movers,
    ) -> bool {
        let counted = placement.instance(pod);
        let near = self.classes.get(&cluster.class(counted.class).namespace);
        near.into_iter().flatten().any(|class| {
            let mut others = movers.of_class(*class).filter(|other| *other != pod);
            others.any(|other| self.counts(cluster, placement, placement.instance(other), counted))
        })
    }

    /// Whether the spread of `placed` counts `counted`, of the same namespace: by its own
    /// constraints, or by the default ones, which count the pods that a Service or the same
    /// controller selects, by host and by zone. The host is the silent node itself, so that unless
    /// its taints let `placed` in, of the defaults only the zone can show. What a profile lists
    /// instead may count every pod of the namespace.
    fn counts(
        &self,
        cluster: &Cluster,
        placement: &Placement,
        placed: &Instance,
        counted: &Instance,
    ) -> bool {
        let labels = cluster.labels_of(counted.class);
        let spec = cluster.spec_of(placed.class);
        if !spec.spread.is_empty() {
            return spec.spread.iter().any(|c| c.selector.matches(labels, cluster.symbols()));
        }
        let profile = cluster.scheduling().profile(spec.scheduler_name);
        if let Some(DefaultSpread::List(constraints)) = profile.map(|p| &p.default_spread) {
            return !constraints.is_empty();
        }
        let shows = counted.node().is_some_and(|node| {
            let zoned = cluster.node(node).labels.get(cluster.known().zone).is_some();
            zoned || is_let_in(cluster, placement, spec, node)
        });
        shows
            && (placed.workload == counted.workload
                || self.share_service(placed.class, counted.class))
    }

    fn share_service(&self, one: ClassId, other: ClassId) -> bool {
        let others = &self.services[other.index()];
        self.services[one.index()].iter().any(|service| others.contains(service))
    }
}

/// Whether the taints of a node as they stand let pods of the spec in.
pub(crate) fn is_let_in(
    cluster: &Cluster,
    placement: &Placement,
    spec: &PodSpec,
    node: NodeId,
) -> bool {
    let mut taints = taint::standing(cluster.known(), cluster.node(node), placement.node(node))
        .filter(|taint| taint.effect != Effect::PreferNoSchedule);
    taints.all(|taint| {
        spec.tolerations.iter().any(|one| one.tolerates(&taint, cluster.symbols(), false))
    })
}

/// Whether a Service of the class's namespace selects it.
fn selects(cluster: &Cluster, service: &Service, class: ClassId) -> bool {
    let labels = cluster.labels_of(class);
    !service.selector.is_empty()
        && service.selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}
