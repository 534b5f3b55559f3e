//! Node affinity, pod affinity and topology spread of a pod.
//!
//! Models `newAffinityTerm` (`k8s.io/kube-scheduler/framework/types.go`, v0.36.3), the merging of
//! `matchLabelKeys` (`pkg/registry/core/pod/strategy.go`) and
//! `filterTopologySpreadConstraints` (`podtopologyspread/common.go`, v1.36.3).

use holdfast_cluster::affinity::{NodeAffinity, PodAffinity, PodAffinityTerm};
use holdfast_cluster::selector::{LabelSelector, Operator, Requirement};
use holdfast_cluster::spread::{InclusionPolicy, SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::{Labels, Symbol};
use serde::Deserialize;

use super::context::Context;
use super::lean::{Int, List, Text};
use super::selector::{Faults, RawLabelSelector, RawNodeSelector, RawNodeSelectorTerm, equals};
use crate::Rule;

/// `v1.Affinity`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawAffinity<'a> {
    #[serde(rename = "nodeAffinity")]
    pub(crate) to_nodes: Option<RawNodeAffinity<'a>>,
    #[serde(rename = "podAffinity")]
    pub(crate) to_pods: Option<RawPodAffinity<'a>>,
    #[serde(rename = "podAntiAffinity")]
    pub(crate) against_pods: Option<RawPodAffinity<'a>>,
}

/// `v1.NodeAffinity`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawNodeAffinity<'a> {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    required: Option<RawNodeSelector<'a>>,
    #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    preferred: List<RawPreferredTerm<'a>>,
}

/// `v1.PreferredSchedulingTerm`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawPreferredTerm<'a> {
    weight: Option<Int>,
    preference: Option<RawNodeSelectorTerm<'a>>,
}

/// `v1.PodAffinity` and `v1.PodAntiAffinity`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawPodAffinity<'a> {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    required: List<RawPodAffinityTerm<'a>>,
    #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    preferred: List<RawWeightedTerm<'a>>,
}

/// `v1.WeightedPodAffinityTerm`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawWeightedTerm<'a> {
    weight: Option<Int>,
    pod_affinity_term: Option<RawPodAffinityTerm<'a>>,
}

/// `v1.PodAffinityTerm`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawPodAffinityTerm<'a> {
    label_selector: Option<RawLabelSelector<'a>>,
    namespaces: List<Text<'a>>,
    topology_key: Text<'a>,
    namespace_selector: Option<RawLabelSelector<'a>>,
    match_label_keys: List<Text<'a>>,
    mismatch_label_keys: List<Text<'a>>,
}

/// `v1.TopologySpreadConstraint`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawSpreadConstraint<'a> {
    max_skew: Option<Int>,
    topology_key: Text<'a>,
    when_unsatisfiable: Text<'a>,
    label_selector: Option<RawLabelSelector<'a>>,
    min_domains: Option<Int>,
    node_affinity_policy: Text<'a>,
    node_taints_policy: Text<'a>,
    match_label_keys: List<Text<'a>>,
}

/// Whose affinity it is: the terms' defaults and label keys speak of the pod itself.
#[derive(Clone, Copy)]
pub(crate) struct Bearer<'p> {
    pub(crate) namespace: Symbol,
    pub(crate) labels: &'p Labels,
}

impl RawNodeAffinity<'_> {
    /// Compiles node affinity.
    pub(crate) fn compile(&self, context: &mut Context<'_>) -> NodeAffinity {
        let required = self.required.as_ref().map(|selector| selector.compile(context));
        let mut faults = Vec::new();
        let preferred = self.preferred.iter().enumerate().map(|(at, term)| {
            let weight = weight(term.weight);
            let empty = RawNodeSelectorTerm::default();
            let preference = term.preference.as_ref().unwrap_or(&empty);
            if weight != 0 {
                faults.extend(preference.faults(at as u32, context));
            }
            (weight, preference.compile(context))
        });
        let preferred = preferred.collect();
        NodeAffinity { required, preferred, preferred_faults: faults.into() }
    }
}

/// Weights are 1 to 100; whatever else is written keeps its value within 32 bits.
fn weight(weight: Option<Int>) -> i32 {
    weight.map_or(0, |weight| weight.0.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32)
}

impl RawPodAffinity<'_> {
    /// Compiles pod affinity or anti-affinity.
    pub(crate) fn compile(&self, bearer: Bearer<'_>, context: &mut Context<'_>) -> PodAffinity {
        let required = self.required.iter().map(|term| term.compile(bearer, context)).collect();
        let (required, required_faults) = terms_or_faults(required);
        let preferred = self.preferred.iter().filter_map(|weighted| {
            let term = weighted.pod_affinity_term.as_ref()?.compile(bearer, context);
            Some(term.map(|term| (weight(weighted.weight), term)))
        });
        let (preferred, preferred_faults) = terms_or_faults(preferred.collect());
        PodAffinity { required, preferred, required_faults, preferred_faults }
    }
}

/// Terms or, where one of them does not parse, none and why.
fn terms_or_faults<T>(terms: Result<Box<[T]>, Faults>) -> (Box<[T]>, Faults) {
    match terms {
        Ok(terms) => (terms, Faults::default()),
        Err(faults) => ([].into(), faults),
    }
}

impl RawPodAffinityTerm<'_> {
    fn compile(
        &self,
        bearer: Bearer<'_>,
        context: &mut Context<'_>,
    ) -> Result<PodAffinityTerm, Faults> {
        let mut selector = RawLabelSelector::parse(self.label_selector.as_ref(), context)?;
        if let LabelSelector::All(requirements) = &mut selector {
            let mut merged = std::mem::take(requirements).into_vec();
            self.merge_label_keys(&mut merged, bearer.labels, context);
            *requirements = merged.into();
        }
        let namespaces = if self.namespaces.is_empty() && self.namespace_selector.is_none() {
            [bearer.namespace].into()
        } else {
            context.sorted(&self.namespaces)
        };
        Ok(PodAffinityTerm {
            namespaces,
            namespace_selector: RawLabelSelector::parse(self.namespace_selector.as_ref(), context)?,
            selector,
            topology_key: context.intern(&self.topology_key),
        })
    }

    /// Merges label keys into the selector as the API server does on creation, if it has not yet.
    /// Validation forbids a selector to name a key of `matchLabelKeys`, so that one which does has
    /// been merged; keys of `mismatchLabelKeys` it may name, and only the very requirement tells.
    fn merge_label_keys(
        &self,
        merged: &mut Vec<Requirement>,
        labels: &Labels,
        context: &mut Context<'_>,
    ) {
        let own = merged.len();
        for key in self.match_label_keys.iter() {
            let key = context.intern(key);
            let named = merged[..own].iter().any(|known| known.key == key);
            merged.extend(labels.get(key).filter(|_| !named).map(|value| equals(key, value)));
        }
        for key in self.mismatch_label_keys.iter() {
            let key = context.intern(key);
            let Some(value) = labels.get(key) else { continue };
            let wanted = Requirement { key, operator: Operator::NotIn([value].into()) };
            if !merged.contains(&wanted) {
                merged.push(wanted);
            }
        }
    }
}

/// Merges label keys as the scheduler does each time it reads a spread constraint, with the labels
/// that the pod has now.
fn merge_always(
    selector: &mut LabelSelector,
    keys: &[Text<'_>],
    labels: &Labels,
    context: &mut Context<'_>,
) {
    let LabelSelector::All(requirements) = selector else { return };
    let mut merged = std::mem::take(requirements).into_vec();
    for key in keys {
        let key = context.intern(key);
        let wanted = labels.get(key).map(|value| equals(key, value));
        if let Some(wanted) = wanted.filter(|wanted| !merged.contains(wanted)) {
            merged.push(wanted);
        }
    }
    *requirements = merged.into_boxed_slice();
}

impl RawSpreadConstraint<'_> {
    /// Compiles a spread constraint; one that says neither what to do nor where is left out, and
    /// said.
    pub(crate) fn compile(
        &self,
        bearer: Bearer<'_>,
        context: &mut Context<'_>,
    ) -> Option<SpreadConstraint> {
        let when_unsatisfiable = match &*self.when_unsatisfiable {
            "DoNotSchedule" => WhenUnsatisfiable::DoNotSchedule,
            "ScheduleAnyway" => WhenUnsatisfiable::ScheduleAnyway,
            other => {
                context.complain(Rule::BadField, format!("whenUnsatisfiable: {other:?}"));
                return None;
            }
        };
        let max_skew = self.max_skew.and_then(|skew| i32::try_from(skew.0).ok());
        let Some(max_skew) = max_skew.filter(|skew| *skew > 0 && !self.topology_key.is_empty())
        else {
            context.complain(Rule::BadField, "a spread constraint without maxSkew or topologyKey");
            return None;
        };
        let (mut selector, faults) =
            match RawLabelSelector::parse(self.label_selector.as_ref(), context) {
                Ok(selector) => (selector, Faults::default()),
                Err(faults) => (LabelSelector::Nothing, faults),
            };
        merge_always(&mut selector, &self.match_label_keys, bearer.labels, context);
        Some(SpreadConstraint {
            max_skew,
            topology_key: context.intern(&self.topology_key),
            when_unsatisfiable,
            selector,
            faults,
            min_domains: self.min_domains.and_then(|domains| i32::try_from(domains.0).ok()),
            node_affinity_policy: policy(
                &self.node_affinity_policy,
                InclusionPolicy::Honor,
                context,
            ),
            node_taints_policy: policy(&self.node_taints_policy, InclusionPolicy::Ignore, context),
        })
    }
}

fn policy(text: &str, default: InclusionPolicy, context: &mut Context<'_>) -> InclusionPolicy {
    match text {
        "" => default,
        "Honor" => InclusionPolicy::Honor,
        "Ignore" => InclusionPolicy::Ignore,
        other => {
            context.complain(Rule::BadField, format!("node inclusion policy: {other:?}"));
            default
        }
    }
}
