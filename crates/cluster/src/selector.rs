//! Label selectors and node selectors.
//!
//! Models `k8s.io/apimachinery/pkg/labels/selector.go` and
//! `k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go` (v0.36.3).

use crate::{Labels, Symbol, Symbols};

/// One requirement on a label (or, in `matchFields`, on a field).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// The label's key.
    pub key: Symbol,
    /// What must hold of its value.
    pub operator: Operator,
}

/// What a requirement asks of a label's value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Present, with one of these values (sorted).
    In(Box<[Symbol]>),
    /// Absent, or with none of these values (sorted).
    NotIn(Box<[Symbol]>),
    /// Present.
    Exists,
    /// Absent.
    DoesNotExist,
    /// Present, an integer, and greater.
    Gt(i64),
    /// Present, an integer, and smaller.
    Lt(i64),
    /// A requirement that does not parse: the term that holds it matches nothing.
    Invalid,
}

impl Requirement {
    /// The label must have this value.
    pub fn equals(key: Symbol, value: Symbol) -> Self {
        Self { key, operator: Operator::In([value].into()) }
    }

    /// Whether `labels` meet the requirement.
    pub fn matches(&self, labels: &Labels, symbols: &Symbols) -> bool {
        self.admits(labels.get(self.key), symbols)
    }

    /// Fields are compared with one value (`nodeSelectorRequirementsAsFieldSelector`).
    fn has_one_value(&self) -> bool {
        matches!(&self.operator, Operator::In(all) | Operator::NotIn(all) if all.len() == 1)
    }

    /// Whether a label with this value (or none) meets the requirement.
    pub fn admits(&self, value: Option<Symbol>, symbols: &Symbols) -> bool {
        match (&self.operator, value) {
            (Operator::In(values), Some(value)) => values.binary_search(&value).is_ok(),
            (Operator::NotIn(values), Some(value)) => values.binary_search(&value).is_err(),
            (Operator::Exists, value) => value.is_some(),
            (Operator::DoesNotExist, value) => value.is_none(),
            (Operator::NotIn(_), None) => true,
            (Operator::Gt(bound), Some(value)) => {
                integer(symbols.text(value)).is_some_and(|number| number > *bound)
            }
            (Operator::Lt(bound), Some(value)) => {
                integer(symbols.text(value)).is_some_and(|number| number < *bound)
            }
            (Operator::In(_) | Operator::Gt(_) | Operator::Lt(_), None)
            | (Operator::Invalid, _) => false,
        }
    }
}

/// Go's `strconv.ParseInt(text, 10, 64)`: an optional sign and digits.
fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// A `metav1.LabelSelector`, compiled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LabelSelector {
    /// A missing selector, or one that does not parse: matches nothing.
    Nothing,
    /// Every requirement must hold; none at all matches everything.
    All(Box<[Requirement]>),
}

impl LabelSelector {
    /// Whether `labels` are selected.
    pub fn matches(&self, labels: &Labels, symbols: &Symbols) -> bool {
        match self {
            Self::Nothing => false,
            Self::All(requirements) => {
                requirements.iter().all(|requirement| requirement.matches(labels, symbols))
            }
        }
    }

    /// Whether it has no requirement at all, and so selects everything.
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(requirements) if requirements.is_empty())
    }
}

/// One term of a node selector: every label and field requirement must hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeSelectorTerm {
    /// Requirements on the node's labels.
    pub expressions: Box<[Requirement]>,
    /// Requirements on `metadata.name`, the only field there is; keys are symbols of that text.
    /// One that lists several names matches none of them, yet `PreFilter` of `NodeAffinity`
    /// reads all.
    pub fields: Box<[Requirement]>,
}

impl NodeSelectorTerm {
    /// Whether the node is selected. A term without any requirement selects nothing.
    pub fn matches(&self, name: Symbol, labels: &Labels, symbols: &Symbols) -> bool {
        let empty = self.expressions.is_empty() && self.fields.is_empty();
        !empty
            && self.expressions.iter().all(|wanted| wanted.matches(labels, symbols))
            && self
                .fields
                .iter()
                .all(|wanted| wanted.has_one_value() && wanted.admits(Some(name), symbols))
    }
}

/// A node selector: any of its terms may match. Without terms it matches nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeSelector {
    /// The alternatives.
    pub terms: Box<[NodeSelectorTerm]>,
}

impl NodeSelector {
    /// Whether the node of this name and these labels is selected.
    pub fn matches(&self, name: Symbol, labels: &Labels, symbols: &Symbols) -> bool {
        self.terms.iter().any(|term| term.matches(name, labels, symbols))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_labels_meet_only_negative_requirements() {
        let mut symbols = Symbols::default();
        let (key, value) = (symbols.intern("disk"), symbols.intern("ssd"));
        let none = Labels::default();
        let meets = |operator| Requirement { key, operator }.matches(&none, &symbols);
        assert!(meets(Operator::NotIn([value].into())));
        assert!(meets(Operator::DoesNotExist));
        assert!(!meets(Operator::In([value].into())));
        assert!(!meets(Operator::Exists));
        assert!(!meets(Operator::Gt(0)));
    }

    #[test]
    fn comparisons_need_integers() {
        let mut symbols = Symbols::default();
        let (key, twelve, word) =
            (symbols.intern("gen"), symbols.intern("12"), symbols.intern("x"));
        let over = Requirement { key, operator: Operator::Gt(3) };
        assert!(over.matches(&Labels::new([(key, twelve)]), &symbols));
        assert!(!over.matches(&Labels::new([(key, word)]), &symbols));
    }

    #[test]
    fn an_empty_term_selects_nothing_and_an_empty_selector_everything() {
        let mut symbols = Symbols::default();
        let name = symbols.intern("n1");
        let labels = Labels::default();
        let term = NodeSelectorTerm { expressions: [].into(), fields: [].into() };
        assert!(!term.matches(name, &labels, &symbols));
        assert!(LabelSelector::All([].into()).matches(&labels, &symbols));
        assert!(!LabelSelector::Nothing.matches(&labels, &symbols));
    }
}
