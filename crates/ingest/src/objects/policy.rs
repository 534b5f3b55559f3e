//! Objects that say how others are treated: namespaces, services, budgets, classes, autoscalers.

use holdfast_cluster::budget::{Amount, Budget, BudgetRule};
use holdfast_cluster::service::Service;
use holdfast_cluster::{Labels, Symbol};
use serde::Deserialize;

use super::amounts::Amounts;
use super::context::Context;
use super::lean::{Int, Keys, List, Pairs, Text};
use super::meta::Meta;
use super::selector::RawLabelSelector;
use super::taint::RawToleration;
use crate::Rule;

/// An object of which only the metadata is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawNamespace<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
}

/// `v1.Service`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawService<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawServiceSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawServiceSpec<'a> {
    selector: Pairs<'a>,
}

/// `policy/PodDisruptionBudget`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawBudget<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawBudgetSpec<'a>>,
    status: Option<RawBudgetStatus<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawBudgetSpec<'a> {
    min_available: Option<Text<'a>>,
    max_unavailable: Option<Text<'a>>,
    selector: Option<RawLabelSelector<'a>>,
    unhealthy_pod_eviction_policy: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawBudgetStatus<'a> {
    disruptions_allowed: Option<Int>,
    disrupted_pods: Keys<'a>,
}

/// `scheduling.k8s.io/PriorityClass`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawPriorityClass<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    value: Option<Int>,
    global_default: Option<bool>,
    preemption_policy: Text<'a>,
}

/// `node.k8s.io/RuntimeClass`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawRuntimeClass<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    overhead: Option<RawOverhead<'a>>,
    scheduling: Option<RawScheduling<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawOverhead<'a> {
    pod_fixed: Pairs<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawScheduling<'a> {
    node_selector: Pairs<'a>,
    tolerations: List<RawToleration<'a>>,
}

/// `autoscaling/HorizontalPodAutoscaler`, every version.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawAutoscaler<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawAutoscalerSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawAutoscalerSpec<'a> {
    min_replicas: Option<Int>,
    max_replicas: Option<Int>,
    scale_target_ref: Option<RawTarget<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawTarget<'a> {
    kind: Text<'a>,
    name: Text<'a>,
}

/// What a priority class gives to pods that name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PriorityClass {
    pub(crate) name: Symbol,
    pub(crate) value: i32,
    pub(crate) global_default: bool,
    /// Its pods may evict others.
    pub(crate) preempts: bool,
}

/// What a runtime class adds to pods that name it
/// (`plugin/pkg/admission/runtimeclass/admission.go`, v1.36.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuntimeClass {
    pub(crate) name: Symbol,
    pub(crate) overhead: holdfast_cluster::Resources,
    pub(crate) node_selector: Labels,
    pub(crate) tolerations: Vec<holdfast_cluster::taint::Toleration>,
}

/// How far an autoscaler goes, and whom it scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Autoscaler {
    pub(crate) namespace: Symbol,
    pub(crate) name: Symbol,
    /// The target's kind as written.
    pub(crate) target_kind: Symbol,
    pub(crate) target_name: Symbol,
    pub(crate) replicas: (i64, i64),
}

impl RawNamespace<'_> {
    /// The namespace's labels.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> Labels {
        self.metadata.as_ref().map(|meta| context.labels(&meta.labels)).unwrap_or_default()
    }
}

impl RawService<'_> {
    /// Translates a service.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> Service {
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        let selector = self.spec.as_ref().map(|spec| context.labels(&spec.selector));
        Service {
            namespace: context.intern(meta.namespace()),
            name: context.intern(&meta.name),
            selector: selector.unwrap_or_default(),
        }
    }
}

/// A number or a percentage (`intstr.IntOrString`).
pub(crate) fn amount(what: &str, text: &str, context: &mut Context<'_>) -> Option<Amount> {
    let read = match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().map(Amount::Percent),
        None => text.parse().ok().map(Amount::Count),
    };
    let read = read.filter(|amount| match amount {
        Amount::Percent(number) | Amount::Count(number) => *number >= 0,
    });
    if read.is_none() {
        context.complain(Rule::BadField, format!("{what}: {text:?}"));
    }
    read
}

impl RawBudget<'_> {
    /// Translates a budget; one that asks for nothing protects nothing, as `minAvailable: 0` would.
    ///
    /// `legacy` is `policy/v1beta1`, where an empty selector selects no pod.
    pub(crate) fn read(&self, legacy: bool, context: &mut Context<'_>) -> Budget {
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        let no_spec = RawBudgetSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&no_spec);
        let no_status = RawBudgetStatus::default();
        let status = self.status.as_ref().unwrap_or(&no_status);
        let mut selector = RawLabelSelector::compile(spec.selector.as_ref(), context);
        if legacy && selector.is_everything() {
            selector = holdfast_cluster::selector::LabelSelector::Nothing;
        }
        let most = spec.max_unavailable.as_ref();
        let most = most.and_then(|text| amount("maxUnavailable", text, context));
        let least = spec.min_available.as_ref();
        let least = least.and_then(|text| amount("minAvailable", text, context));
        let rule = match (most, least) {
            (Some(most), _) => BudgetRule::MaxUnavailable(most),
            (None, Some(least)) => BudgetRule::MinAvailable(least),
            // `SetDefaults_PodDisruptionBudget` of policy/v1beta1 had 1 here; v1 has no default.
            (None, None) => BudgetRule::MinAvailable(Amount::Count(i64::from(legacy))),
        };
        Budget {
            namespace: context.intern(meta.namespace()),
            name: context.intern(&meta.name),
            selector,
            rule,
            evict_unhealthy: &*spec.unhealthy_pod_eviction_policy == "AlwaysAllow",
            disruptions_allowed: status.disruptions_allowed.map_or(0, |number| number.0),
            disrupted: status.disrupted_pods.iter().map(|name| context.intern(name)).collect(),
        }
    }
}

impl RawPriorityClass<'_> {
    /// Translates a priority class.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> PriorityClass {
        let value = self.value.map_or(0, |value| value.0);
        PriorityClass {
            name: context.intern(self.metadata.as_ref().map_or("", |meta| &meta.name)),
            value: value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32,
            global_default: self.global_default == Some(true),
            preempts: &*self.preemption_policy != "Never",
        }
    }
}

impl RawRuntimeClass<'_> {
    /// Translates a runtime class.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> RuntimeClass {
        let overhead = self.overhead.as_ref().map(|raw| Amounts::read(&raw.pod_fixed, context));
        let scheduling = self.scheduling.as_ref();
        let tolerations = scheduling.iter().flat_map(|raw| raw.tolerations.iter());
        RuntimeClass {
            name: context.intern(self.metadata.as_ref().map_or("", |meta| &meta.name)),
            overhead: overhead.unwrap_or_default().counted(context).0,
            tolerations: tolerations.filter_map(|raw| raw.read(context)).collect(),
            node_selector: scheduling
                .map(|raw| context.labels(&raw.node_selector))
                .unwrap_or_default(),
        }
    }
}

impl RawAutoscaler<'_> {
    /// Translates an autoscaler; the lowest count is 1 unless it says otherwise.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> Autoscaler {
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        let no_spec = RawAutoscalerSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&no_spec);
        let no_target = RawTarget::default();
        let target = spec.scale_target_ref.as_ref().unwrap_or(&no_target);
        let least = spec.min_replicas.map_or(1, |number| number.0);
        Autoscaler {
            namespace: context.intern(meta.namespace()),
            name: context.intern(&meta.name),
            target_kind: context.intern(&target.kind),
            target_name: context.intern(&target.name),
            replicas: (least, spec.max_replicas.map_or(least, |number| number.0)),
        }
    }
}
