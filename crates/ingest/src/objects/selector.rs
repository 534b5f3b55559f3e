//! Label selectors and node selectors.
//!
//! Models `metav1.LabelSelectorAsSelector` (`k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go`),
//! `labels.NewRequirement` and `k8s.io/component-helpers/scheduling/corev1/nodeaffinity` (v0.36.3).

use holdfast_cluster::Symbol;
use holdfast_cluster::selector::{
    LabelSelector, NodeSelector, NodeSelectorTerm, Operator, Requirement,
};
use serde::Deserialize;

use super::context::Context;
use super::lean::{List, Pairs, Text};
use crate::Rule;

/// `metav1.LabelSelector`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawLabelSelector<'a> {
    pub(crate) match_labels: Pairs<'a>,
    pub(crate) match_expressions: List<RawRequirement<'a>>,
}

/// A requirement of a label or node selector.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawRequirement<'a> {
    pub(crate) key: Text<'a>,
    pub(crate) operator: Text<'a>,
    pub(crate) values: List<Text<'a>>,
}

/// `v1.NodeSelector`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawNodeSelector<'a> {
    pub(crate) node_selector_terms: List<RawNodeSelectorTerm<'a>>,
}

/// `v1.NodeSelectorTerm`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawNodeSelectorTerm<'a> {
    pub(crate) match_expressions: List<RawRequirement<'a>>,
    pub(crate) match_fields: List<RawRequirement<'a>>,
}

impl RawLabelSelector<'_> {
    /// Compiles a selector; one that does not parse selects nothing, and says so.
    pub(crate) fn compile(selector: Option<&Self>, context: &mut Context<'_>) -> LabelSelector {
        let Some(selector) = selector else { return LabelSelector::Nothing };
        let mut requirements = Vec::new();
        for (key, value) in selector.match_labels.iter() {
            let value = context.intern(value);
            requirements.push(equals(context.intern(key), value));
        }
        for raw in selector.match_expressions.iter() {
            let operator = raw.label_operator(context);
            if operator == Operator::Invalid {
                context.complain(Rule::BadSelector, raw.describe());
                return LabelSelector::Nothing;
            }
            requirements.push(Requirement { key: context.intern(&raw.key), operator });
        }
        LabelSelector::All(requirements.into_boxed_slice())
    }
}

/// A label that must be present with one value.
pub(crate) fn equals(key: Symbol, value: Symbol) -> Requirement {
    Requirement::equals(key, value)
}

impl RawRequirement<'_> {
    /// What a selector of labels asks, where only four operators exist.
    fn label_operator(&self, context: &mut Context<'_>) -> Operator {
        match &*self.operator {
            "Gt" | "Lt" => Operator::Invalid,
            _ => self.operator(context),
        }
    }

    /// What a requirement asks of a node's label.
    fn operator(&self, context: &mut Context<'_>) -> Operator {
        if self.key.is_empty() {
            return Operator::Invalid;
        }
        match (&*self.operator, self.values.len()) {
            ("In", 1..) => Operator::In(self.values(context)),
            ("NotIn", 1..) => Operator::NotIn(self.values(context)),
            ("Exists", 0) => Operator::Exists,
            ("DoesNotExist", 0) => Operator::DoesNotExist,
            ("Gt", 1) => self.values[0].parse().map_or(Operator::Invalid, Operator::Gt),
            ("Lt", 1) => self.values[0].parse().map_or(Operator::Invalid, Operator::Lt),
            _ => Operator::Invalid,
        }
    }

    /// What a requirement asks of a node's field: `In` and `NotIn` with one value, nothing else.
    fn field_operator(&self, context: &mut Context<'_>) -> Operator {
        match (&*self.key, self.values.len()) {
            ("metadata.name", 1) if matches!(&*self.operator, "In" | "NotIn") => {
                self.operator(context)
            }
            _ => Operator::Invalid,
        }
    }

    fn values(&self, context: &mut Context<'_>) -> Box<[Symbol]> {
        let mut values: Vec<Symbol> = self.values.iter().map(|text| context.intern(text)).collect();
        values.sort_unstable();
        values.dedup();
        values.into_boxed_slice()
    }

    fn describe(&self) -> String {
        format!("{} {} with {} values", &*self.key, &*self.operator, self.values.len())
    }
}

impl RawNodeSelector<'_> {
    /// Compiles a node selector; a requirement that does not parse voids its term, and says so.
    pub(crate) fn compile(&self, context: &mut Context<'_>) -> NodeSelector {
        let terms = self.node_selector_terms.iter().map(|term| term.compile(context)).collect();
        NodeSelector { terms }
    }
}

impl RawNodeSelectorTerm<'_> {
    /// Compiles one term.
    pub(crate) fn compile(&self, context: &mut Context<'_>) -> NodeSelectorTerm {
        NodeSelectorTerm {
            expressions: requirements(&self.match_expressions, RawRequirement::operator, context),
            fields: requirements(&self.match_fields, RawRequirement::field_operator, context),
        }
    }
}

/// Compiles requirements; those that do not parse are kept as such, and said.
fn requirements<'a>(
    raws: &[RawRequirement<'a>],
    read: fn(&RawRequirement<'a>, &mut Context<'_>) -> Operator,
    context: &mut Context<'_>,
) -> Box<[Requirement]> {
    let mut compile = |raw: &RawRequirement<'a>| {
        let operator = read(raw, context);
        if operator == Operator::Invalid {
            context.complain(Rule::BadSelector, raw.describe());
        }
        Requirement { key: context.intern(&raw.key), operator }
    };
    raws.iter().map(&mut compile).collect()
}
