//! What is wrong with a selector that does not parse.
//!
//! Models the errors of `labels.NewRequirement` (`k8s.io/apimachinery/pkg/labels/selector.go`) and
//! of its callers `LabelSelectorAsSelector` (`pkg/apis/meta/v1/helpers.go`) and
//! `NewPreferredSchedulingTerms`
//! (`k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go`, v0.36.3).

use crate::Symbol;

/// One thing that is wrong with one requirement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Where the requirement stands among the terms of a node selector; label selectors do not
    /// say.
    pub place: Option<Place>,
    /// The requirement's key.
    pub key: Symbol,
    /// What is wrong.
    pub flaw: Flaw,
}

/// A requirement of a list of node selector terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The position of the term.
    pub term: u32,
    /// The list of the term.
    pub list: RequirementList,
    /// The position of the requirement.
    pub requirement: u32,
}

/// One of the two lists of a node selector term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequirementList {
    /// `matchExpressions`.
    Expressions,
    /// `matchFields`.
    Fields,
}

/// What is wrong with a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// No operator of a label selector.
    LabelOperator(Symbol),
    /// No operator on a node's labels.
    NodeOperator(Symbol),
    /// No operator on a node's fields.
    FieldOperator(Symbol),
    /// The key is no label key.
    Key,
    /// `In` and `NotIn` need values.
    NoValues,
    /// `Exists` and `DoesNotExist` take none.
    NeedlessValues(Box<[Symbol]>),
    /// `Gt` and `Lt` take one.
    NotOneNumber(Box<[Symbol]>),
    /// `Gt` and `Lt` take an integer: the position and the value.
    NoInteger(u32, Symbol),
    /// No label has such a value: the position and the value.
    Value(u32, Symbol),
    /// A field is compared with one value.
    NotOneField(Box<[Symbol]>),
}
