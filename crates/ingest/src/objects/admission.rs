//! What controllers and admission add to the pods they make.
//!
//! Models `AddOrUpdateDaemonPodTolerations` (`pkg/controller/daemon/util/daemonset_util.go`),
//! `DefaultTolerationSeconds` (`plugin/pkg/admission/defaulttolerationseconds`, v1.36.3).

use holdfast_cluster::PodSpec;
use holdfast_cluster::taint::{Effect, Toleration, TolerationOperator};
use holdfast_cluster::workload::WorkloadKind;

use super::context::Context;

/// Taints that pods of DaemonSets bear for ever.
const DAEMON: [(&str, Effect); 6] = [
    ("node.kubernetes.io/not-ready", Effect::NoExecute),
    ("node.kubernetes.io/unreachable", Effect::NoExecute),
    ("node.kubernetes.io/disk-pressure", Effect::NoSchedule),
    ("node.kubernetes.io/memory-pressure", Effect::NoSchedule),
    ("node.kubernetes.io/pid-pressure", Effect::NoSchedule),
    ("node.kubernetes.io/unschedulable", Effect::NoSchedule),
];

/// How long a pod that says nothing bears a node that is away
/// (`--default-not-ready-toleration-seconds`).
const AWAY_SECONDS: i64 = 300;

/// Adds the tolerations that a pod made from a template gets.
pub(crate) fn tolerations(spec: &mut PodSpec, kind: WorkloadKind, context: &mut Context<'_>) {
    let mut tolerations = std::mem::take(&mut spec.tolerations).into_vec();
    if kind == WorkloadKind::DaemonSet {
        for (key, effect) in DAEMON {
            add_or_update(&mut tolerations, key, effect, context);
        }
        if spec.host_network {
            let key = "node.kubernetes.io/network-unavailable";
            add_or_update(&mut tolerations, key, Effect::NoSchedule, context);
        }
    }
    let known = context.builder.so_far().known();
    let (empty, keys) = (known.empty, [known.not_ready, known.unreachable]);
    // Both are judged before either is added, as the plugin does.
    let missing = keys.map(|key| !tolerations.iter().any(|toleration| bears(toleration, key)));
    for (key, missing) in keys.into_iter().zip(missing) {
        if missing {
            tolerations.push(Toleration {
                key: Some(key),
                operator: TolerationOperator::Exists,
                value: empty,
                effect: Some(Effect::NoExecute),
                seconds: Some(AWAY_SECONDS),
            });
        }
    }
    spec.tolerations = tolerations.into_boxed_slice();
}

fn bears(toleration: &Toleration, key: holdfast_cluster::Symbol) -> bool {
    toleration.key.is_none_or(|known| known == key)
        && matches!(toleration.effect, None | Some(Effect::NoExecute))
}

/// `AddOrUpdateTolerationInPodSpec` (`pkg/apis/core/v1/helper/helpers.go`): one of the same key,
/// effect, operator and value is replaced.
fn add_or_update(
    tolerations: &mut Vec<Toleration>,
    key: &str,
    effect: Effect,
    context: &mut Context<'_>,
) {
    let toleration = Toleration {
        key: Some(context.intern(key)),
        operator: TolerationOperator::Exists,
        value: context.builder.so_far().known().empty,
        effect: Some(effect),
        seconds: None,
    };
    let same = |known: &Toleration| Toleration { seconds: None, ..known.clone() } == toleration;
    match tolerations.iter().position(same) {
        Some(at) => tolerations[at] = toleration,
        None => tolerations.push(toleration),
    }
}
