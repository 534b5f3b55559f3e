//! Taints of nodes and tolerations of pods.

use holdfast_cluster::taint::{Effect, Taint, Toleration, TolerationOperator};
use serde::Deserialize;

use super::context::Context;
use super::lean::{Int, Text};
use crate::Rule;

/// `v1.Taint`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawTaint<'a> {
    key: Text<'a>,
    value: Text<'a>,
    effect: Text<'a>,
}

/// `v1.Toleration`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawToleration<'a> {
    key: Text<'a>,
    operator: Text<'a>,
    value: Text<'a>,
    effect: Text<'a>,
    toleration_seconds: Option<Int>,
}

fn effect(text: &str) -> Option<Effect> {
    match text {
        "NoSchedule" => Some(Effect::NoSchedule),
        "PreferNoSchedule" => Some(Effect::PreferNoSchedule),
        "NoExecute" => Some(Effect::NoExecute),
        _ => None,
    }
}

impl RawTaint<'_> {
    /// The taint; one whose effect does not exist does nothing, and is said.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> Option<Taint> {
        let Some(effect) = effect(&self.effect) else {
            let what = format!("taint {}: effect {:?}", &*self.key, &*self.effect);
            context.complain(Rule::BadField, what);
            return None;
        };
        Some(Taint { key: context.intern(&self.key), value: context.intern(&self.value), effect })
    }
}

impl RawToleration<'_> {
    /// The toleration; one whose operator or effect does not exist tolerates nothing, and is said.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> Option<Toleration> {
        let operator = match &*self.operator {
            "" | "Equal" => Some(TolerationOperator::Equal),
            "Exists" => Some(TolerationOperator::Exists),
            "Gt" => Some(TolerationOperator::Gt),
            "Lt" => Some(TolerationOperator::Lt),
            _ => None,
        };
        let any_effect = self.effect.is_empty();
        let effect = effect(&self.effect);
        let known = any_effect || effect.is_some();
        let Some(operator) = operator.filter(|_| known) else {
            let what = format!(
                "toleration {}: operator {:?}, effect {:?}",
                &*self.key, &*self.operator, &*self.effect
            );
            context.complain(Rule::BadField, what);
            return None;
        };
        Some(Toleration {
            key: context.intern_some(&self.key),
            operator,
            value: context.intern(&self.value),
            effect,
            // A time of zero or less is at once, as the taint manager reads it.
            seconds: self.toleration_seconds.map(|seconds| seconds.0.max(0)),
        })
    }
}
