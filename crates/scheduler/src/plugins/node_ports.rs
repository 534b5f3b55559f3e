//! `NodePorts`: two pods cannot take the same port of a node.
//!
//! Models `pkg/scheduler/framework/plugins/nodeports/node_ports.go` and `HostPortInfo` of
//! `k8s.io/kube-scheduler/framework/types.go` (v1.36.3).

use holdfast_cluster::Cluster;
use holdfast_cluster::pod::HostPort;

use super::{Context, Verdict};
use crate::bits::Bits;
use crate::needs::Need;
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// Which classes take ports.
#[derive(Debug)]
pub(crate) struct Compiled {
    with_ports: Bits,
}

impl Compiled {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let takes: Vec<bool> = cluster
            .classes()
            .map(|class| !cluster.spec(class.spec).host_ports.is_empty())
            .collect();
        Self { with_ports: Bits::of(takes.len(), |class| takes[class]) }
    }
}

/// Turns down nodes where a port that the pod wants is taken.
pub(crate) fn filter(
    context: &Context<'_>,
    node: &NodeInfo<'_>,
    reasons: &mut Vec<Reason>,
) -> Verdict {
    let wanted = &context.spec.host_ports;
    if wanted.is_empty() {
        return Ok(());
    }
    let Context { cluster, compiled, placement, .. } = *context;
    let taken = match node.ports {
        Some(ports) => conflict(cluster, wanted, ports),
        None => node.usage.pods.iter().any(|&pod| {
            let class = placement.instance(pod).class;
            compiled.ports.with_ports.contains(class.index())
                && conflict(cluster, wanted, &cluster.spec_of(class).host_ports)
        }),
    };
    if !taken {
        return Ok(());
    }
    reasons.push(Reason::PortTaken);
    Err(Code::Unschedulable)
}

/// The ports that are taken, with who holds them.
pub(crate) fn needs(context: &Context<'_>, node: &NodeInfo<'_>) -> Vec<Need> {
    let Context { cluster, placement, .. } = *context;
    let mut needs = Vec::new();
    for want in &context.spec.host_ports {
        for &pod in &node.usage.pods {
            let taken = &cluster.spec_of(placement.instance(pod).class).host_ports;
            if conflict(cluster, &[*want], taken) {
                needs.push(Need::Port(*want, pod));
            }
        }
    }
    needs
}

/// Whether two pods cannot share a node: same protocol and number, same address or one of them on
/// all.
fn conflict(cluster: &Cluster, wanted: &[HostPort], taken: &[HostPort]) -> bool {
    let any = cluster.known().any_address;
    wanted.iter().any(|want| {
        taken.iter().any(|have| {
            (want.protocol, want.port) == (have.protocol, have.port)
                && (want.ip == have.ip || want.ip == any || have.ip == any)
        })
    })
}
