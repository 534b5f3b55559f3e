//! Label selectors and node selectors.
//!
//! Models `metav1.LabelSelectorAsSelector` (`k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go`),
//! `labels.NewRequirement` and `k8s.io/component-helpers/scheduling/corev1/nodeaffinity` (v0.36.3).

use holdfast_cluster::fault::{Fault, Flaw, Place, RequirementList};
use holdfast_cluster::selector::{
    LabelSelector, NodeSelector, NodeSelectorTerm, Operator, Requirement,
};
use holdfast_cluster::{Symbol, label};
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

/// Why a selector does not parse.
pub(crate) type Faults = Box<[Fault]>;

impl RawLabelSelector<'_> {
    /// Compiles a selector; one that does not parse selects nothing.
    pub(crate) fn compile(selector: Option<&Self>, context: &mut Context<'_>) -> LabelSelector {
        Self::parse(selector, context).unwrap_or(LabelSelector::Nothing)
    }

    /// Compiles a selector, or says what is wrong with the first requirement that does not parse.
    pub(crate) fn parse(
        selector: Option<&Self>,
        context: &mut Context<'_>,
    ) -> Result<LabelSelector, Faults> {
        let Some(selector) = selector else { return Ok(LabelSelector::Nothing) };
        let mut requirements = Vec::new();
        for (key, value) in selector.match_labels.iter() {
            let requirement = equals(context.intern(key), context.intern(value));
            let mut flaws = Vec::new();
            if !label::is_key(key) {
                flaws.push(Flaw::Key);
            }
            if !label::is_value(value) {
                flaws.push(Flaw::Value(0, context.intern(value)));
            }
            if !flaws.is_empty() {
                context.complain(Rule::BadSelector, format!("{}: {:?}", &**key, &**value));
                return Err(faults(None, requirement.key, flaws));
            }
            requirements.push(requirement);
        }
        for raw in selector.match_expressions.iter() {
            let key = context.intern(&raw.key);
            let flaws = raw.flaws(Dialect::Labels, context);
            if !flaws.is_empty() {
                context.complain(Rule::BadSelector, raw.describe());
                return Err(faults(None, key, flaws));
            }
            requirements.push(Requirement { key, operator: raw.operator(context) });
        }
        Ok(LabelSelector::All(requirements.into_boxed_slice()))
    }
}

fn faults(place: Option<Place>, key: Symbol, flaws: Vec<Flaw>) -> Faults {
    flaws.into_iter().map(|flaw| Fault { place, key, flaw }).collect()
}

/// A label that must be present with one value.
pub(crate) fn equals(key: Symbol, value: Symbol) -> Requirement {
    Requirement::equals(key, value)
}

/// What a requirement is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// The labels of pods and namespaces.
    Labels,
    /// The labels of nodes.
    Nodes,
    /// The fields of nodes.
    Fields,
}

impl RawRequirement<'_> {
    /// What is wrong with the requirement, in upstream's order.
    fn flaws(&self, dialect: Dialect, context: &mut Context<'_>) -> Vec<Flaw> {
        match (dialect, &*self.operator) {
            (Dialect::Fields, "In" | "NotIn") if self.values.len() == 1 => Vec::new(),
            (Dialect::Fields, "In" | "NotIn") => vec![Flaw::NotOneField(self.symbols(context))],
            (Dialect::Fields, other) => vec![Flaw::FieldOperator(context.intern(other))],
            (_, "In" | "NotIn" | "Exists" | "DoesNotExist") | (Dialect::Nodes, "Gt" | "Lt") => {
                self.label_flaws(context)
            }
            (Dialect::Labels, other) => vec![Flaw::LabelOperator(context.intern(other))],
            (Dialect::Nodes, other) => vec![Flaw::NodeOperator(context.intern(other))],
        }
    }

    /// What `labels.NewRequirement` finds wrong.
    fn label_flaws(&self, context: &mut Context<'_>) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        if !label::is_key(&self.key) {
            flaws.push(Flaw::Key);
        }
        match &*self.operator {
            "In" | "NotIn" if self.values.is_empty() => flaws.push(Flaw::NoValues),
            "Exists" | "DoesNotExist" if !self.values.is_empty() => {
                flaws.push(Flaw::NeedlessValues(self.symbols(context)));
            }
            "Gt" | "Lt" => {
                if self.values.len() != 1 {
                    flaws.push(Flaw::NotOneNumber(self.symbols(context)));
                }
                let strange = |text: &str| text.parse::<i64>().is_err();
                flaws.extend(self.strange_values(strange, Flaw::NoInteger, context));
            }
            _ => {}
        }
        flaws.extend(self.strange_values(|text| !label::is_value(text), Flaw::Value, context));
        flaws
    }

    fn strange_values(
        &self,
        is_strange: fn(&str) -> bool,
        flaw: fn(u32, Symbol) -> Flaw,
        context: &mut Context<'_>,
    ) -> Vec<Flaw> {
        let strange = self.values.iter().enumerate().filter(|(_, text)| is_strange(text));
        strange.map(|(at, text)| flaw(at as u32, context.intern(text))).collect()
    }

    /// What a requirement that parses asks.
    fn operator(&self, context: &mut Context<'_>) -> Operator {
        let number = || self.values.first().and_then(|text| text.parse().ok());
        match &*self.operator {
            "In" => Operator::In(self.values(context)),
            "NotIn" => Operator::NotIn(self.values(context)),
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => number().map_or(Operator::Invalid, Operator::Gt),
            "Lt" => number().map_or(Operator::Invalid, Operator::Lt),
            _ => Operator::Invalid,
        }
    }

    /// What a requirement asks of a node's name; no other field exists. Names in a list that does
    /// not parse are kept: `PreFilter` of `NodeAffinity` reads them all the same.
    fn field_operator(&self, context: &mut Context<'_>) -> Operator {
        match (&*self.key, &*self.operator) {
            ("metadata.name", "In" | "NotIn") => self.operator(context),
            _ => Operator::Invalid,
        }
    }

    /// The values as they stand.
    fn symbols(&self, context: &mut Context<'_>) -> Box<[Symbol]> {
        self.values.iter().map(|text| context.intern(text)).collect()
    }

    fn values(&self, context: &mut Context<'_>) -> Box<[Symbol]> {
        context.sorted(&self.values)
    }

    /// Whether the requirement parses; if not, it is said.
    fn is_sound(&self, dialect: Dialect, context: &mut Context<'_>) -> bool {
        let sound = self.flaws(dialect, context).is_empty();
        if !sound {
            context.complain(Rule::BadSelector, self.describe());
        }
        sound
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
    /// Compiles one term; a requirement that does not parse is kept as such, and said.
    pub(crate) fn compile(&self, context: &mut Context<'_>) -> NodeSelectorTerm {
        let expressions = self.match_expressions.iter().map(|raw| {
            let sound = raw.is_sound(Dialect::Nodes, context);
            let operator = if sound { raw.operator(context) } else { Operator::Invalid };
            Requirement { key: context.intern(&raw.key), operator }
        });
        let expressions = expressions.collect();
        let fields = self.match_fields.iter().map(|raw| {
            raw.is_sound(Dialect::Fields, context);
            Requirement { key: context.intern(&raw.key), operator: raw.field_operator(context) }
        });
        let fields = fields.collect();
        NodeSelectorTerm { expressions, fields }
    }

    /// What is wrong with the requirements of the term at that position.
    pub(crate) fn faults(&self, term: u32, context: &mut Context<'_>) -> Vec<Fault> {
        let lists = [
            (RequirementList::Expressions, &self.match_expressions, Dialect::Nodes),
            (RequirementList::Fields, &self.match_fields, Dialect::Fields),
        ];
        let mut found = Vec::new();
        for (list, raws, dialect) in lists {
            for (at, raw) in raws.iter().enumerate() {
                let place = Place { term, list, requirement: at as u32 };
                let flaws = raw.flaws(dialect, context);
                found.extend(faults(Some(place), context.intern(&raw.key), flaws));
            }
        }
        found
    }
}
