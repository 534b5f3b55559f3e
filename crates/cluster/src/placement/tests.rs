use super::*;
use crate::affinity::{NodeAffinity, PodAffinity};
use crate::node::Readiness;
use crate::pod::{Phase, RestartPolicy};
use crate::selector::LabelSelector;
use crate::workload::{Losses, Provenance, WorkloadKind};
use crate::{Builder, Labels, Node, Pod, PodClass, PodSpec, Workload};

fn spec(builder: &mut Builder, cpu_milli: i64) -> PodSpec {
    let gpu = builder.intern("nvidia.com/gpu");
    let requests = Resources { cpu_milli, scalars: vec![(gpu, 1)], ..Resources::default() };
    PodSpec {
        scheduler_name: builder.so_far().known().default_scheduler,
        priority: 0,
        preempts: true,
        requests,
        scored_requests: ScoredRequests { cpu_milli, memory: 1 },
        arriving_requests: ScoredRequests { cpu_milli, memory: 1 },
        node_selector: Labels::default(),
        node_affinity: NodeAffinity::default(),
        pod_affinity: PodAffinity::default(),
        pod_anti_affinity: PodAffinity::default(),
        tolerations: [].into(),
        spread: [].into(),
        host_ports: [].into(),
        volumes: [].into(),
        images: [].into(),
        image_volumes: [].into(),
        gates: [].into(),
        grace_seconds: 30,
        host_network: false,
        restart_policy: RestartPolicy::Always,
        required_features: [].into(),
        unmodelled: [].into(),
    }
}

fn node(builder: &mut Builder, name: &str) -> Node {
    Node {
        name: builder.intern(name),
        labels: Labels::default(),
        taints: [].into(),
        unschedulable: false,
        allocatable: Resources::default(),
        pods_allocatable: 110,
        capacity: Resources::default(),
        readiness: Readiness::Ready,
        images: [].into(),
        declared_features: [].into(),
        kubelet_version: None,
        terminating: false,
    }
}

/// Two nodes, `b` named first, and a pod on `b`.
fn cluster() -> Cluster {
    let mut builder = Builder::default();
    for name in ["b", "a"] {
        let node = node(&mut builder, name);
        builder.node(node);
    }
    let (name, namespace, on) =
        (builder.intern("web"), builder.intern("default"), builder.intern("b"));
    let labels = builder.labels(Labels::default());
    let spec = spec(&mut builder, 100);
    let spec = builder.spec(spec);
    let class = builder.class(PodClass { namespace, labels, spec });
    let workload = builder.workload(Workload {
        kind: WorkloadKind::Pod,
        namespace,
        name,
        owner: None,
        made_by: None,
        desired: 1,
        selector: LabelSelector::Nothing,
        template: None,
        priority_class: None,
        strategy: None,
        revision: 0,
        rollout: 0,
        first_ordinal: 0,
        parallel: false,
        replaces_ended: false,
        losses: Losses::Ignored,
        min_ready_seconds: 0,
        deletion_cost: 0,
        autoscaled: None,
        provenance: Provenance::Read,
        inactive: false,
        rationed: false,
    });
    builder.pod(Pod {
        name,
        class,
        replacement: class,
        node: Some(on),
        phase: Phase::Running,
        ready: true,
        terminating: false,
        deletion_cost: 0,
        preempted: false,
        mirror: false,
        workload,
        nominated_node: None,
        start_time: None,
        created: None,
        uid: None,
        scheduling_message: None,
        expanded: false,
        outdated: false,
    });
    builder.finish()
}

#[test]
fn nodes_are_numbered_in_order_of_their_names() {
    let cluster = cluster();
    assert_eq!(cluster.node_name(NodeId(0)), "a");
    let placement = Placement::of(&cluster);
    assert_eq!(placement.instance(InstanceId(0)).node(), Some(NodeId(1)));
    assert_eq!(placement.node(NodeId(1)).requested.cpu_milli, 100);
}

#[test]
fn a_revert_is_bit_identical() {
    let cluster = cluster();
    let mut placement = Placement::of(&cluster);
    let before = placement.clone();
    let mark = placement.mark();
    placement.change_node(&cluster, NodeId(1), |node| node.reachable = false);
    placement.remove(&cluster, InstanceId(0));
    let Instance { class, workload, .. } = *placement.instance(InstanceId(0));
    let made = placement.add(&cluster, class, workload, Some(PodId(0)));
    placement.bind(&cluster, made, NodeId(0));
    assert_eq!(placement.node(NodeId(0)).requested.scalars.len(), 1);
    let changed = placement.changed_since(mark);
    assert_eq!(changed, [(InstanceId(0), Some(*before.instance(InstanceId(0)))), (made, None)]);
    placement.revert(&cluster, mark);
    assert!(placement == before);
    assert_eq!(placement.node(NodeId(0)).requested.scalars.len(), 0);
}

#[test]
fn a_pod_bound_to_a_silent_node_never_serves() {
    let cluster = cluster();
    let mut placement = Placement::of(&cluster);
    let Instance { class, workload, .. } = *placement.instance(InstanceId(0));
    placement.change_node(&cluster, NodeId(0), |node| node.reachable = false);
    let made = placement.add(&cluster, class, workload, None);
    placement.bind(&cluster, made, NodeId(0));
    assert!(!placement.instance(made).ready);
}
