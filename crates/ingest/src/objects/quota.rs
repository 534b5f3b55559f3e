//! Resource quotas, as far as they speak of pods.

use holdfast_cluster::quota::{Limit, Quota};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::amounts::Amounts;
use super::context::Context;
use super::lean::Pairs;
use super::meta::Meta;

/// `v1.ResourceQuota`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawQuota<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawLimits<'a>>,
    status: Option<RawLimits<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawLimits<'a> {
    hard: Option<Pairs<'a>>,
    used: Option<Pairs<'a>>,
    scopes: Option<Vec<IgnoredAny>>,
    scope_selector: Option<IgnoredAny>,
}

impl RawLimits<'_> {
    /// Whether it is only of some pods.
    fn is_scoped(&self) -> bool {
        self.scopes.as_ref().is_some_and(|scopes| !scopes.is_empty())
            || self.scope_selector.is_some()
    }
}

impl RawQuota<'_> {
    /// Translates a quota; `None` if it says nothing of pods.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> Option<Quota> {
        let none = RawLimits::default();
        let (spec, status) =
            (self.spec.as_ref().unwrap_or(&none), self.status.as_ref().unwrap_or(&none));
        let mut read = |pairs: &Option<Pairs<'_>>| {
            pairs.as_ref().map(|pairs| Amounts::read(pairs, context)).unwrap_or_default()
        };
        // The spec is what the API server goes by; the status follows it.
        let (hard, used) = (read(&spec.hard), read(&status.used));
        let cluster = context.builder.so_far();
        let of_pods: Vec<_> =
            hard.iter().filter(|(name, _)| is_of_pods(cluster.text(*name))).collect();
        let within = |(name, hard)| used.get(name).is_some_and(|used| !used.exceeds(hard));
        let kept = of_pods.iter().copied().all(|(name, hard)| {
            // It counts pods that have ended, too.
            cluster.text(name) != "count/pods" && within((name, hard))
        });
        let (mut limit, mut more) = (Limit::default(), false);
        for (name, amount) in &of_pods {
            let lower = |known: &mut Option<i64>, amount: i64| {
                *known = Some(known.map_or(amount, |known| known.min(amount)));
            };
            match cluster.text(*name) {
                "pods" => lower(&mut limit.pods, amount.value()),
                "cpu" | "requests.cpu" => lower(&mut limit.cpu_milli, amount.milli_value()),
                "memory" | "requests.memory" => lower(&mut limit.memory, amount.value()),
                "ephemeral-storage" | "requests.ephemeral-storage" => {
                    lower(&mut limit.ephemeral_storage, amount.value());
                }
                _ => more = true,
            }
        }
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        (!of_pods.is_empty()).then(|| Quota {
            namespace: context.intern(meta.namespace()),
            name: context.intern(&meta.name),
            kept,
            limit,
            more,
            scoped: spec.is_scoped(),
        })
    }
}

/// Whether pods are charged to a quota under this name (`podResources`, `podResourcePrefixes` and
/// `isExtendedResourceNameForQuota`, `pkg/quota/v1/evaluator/core/pods.go`, v1.36.3), as far as the
/// name does not tell that it is about something else.
fn is_of_pods(name: &str) -> bool {
    let others = [
        "configmaps",
        "persistentvolumeclaims",
        "replicationcontrollers",
        "resourcequotas",
        "requests.storage",
        "secrets",
        "services",
        "services.loadbalancers",
        "services.nodeports",
    ];
    let counted = name.starts_with("count/") && name != "count/pods";
    !counted && !others.contains(&name) && !name.contains(".storageclass.storage.k8s.io/")
}
