//! `NodeAffinityArgs`.
//!
//! Models `NewNodeSelector` and `NewPreferredSchedulingTerms`
//! (`k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go`) and
//! `labels.NewRequirement` (`k8s.io/apimachinery/pkg/labels/selector.go`, v0.36.3).

use holdfast_cluster::Symbol;
use holdfast_cluster::affinity::NodeAffinity;
use holdfast_cluster::profile::Profile;
use holdfast_cluster::selector::{NodeSelector, NodeSelectorTerm, Operator, Requirement};
use serde_json::value::RawValue;

use super::super::names;
use super::super::raw::{RawNodeAffinityArgs, RawRequirement, RawTerm};
use super::Arguments;

const REQUIRED: &str = "addedAffinity.requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "addedAffinity.preferredDuringSchedulingIgnoredDuringExecution";

impl Arguments<'_> {
    pub(super) fn node_affinity(&mut self, raw: &RawValue, profile: &mut Profile) {
        let Some(args) = self.parse::<RawNodeAffinityArgs>(raw) else { return };
        let Some(added) = &args.added_affinity else { return };
        let required = added.required.as_ref().map(|required| {
            let terms = required.node_selector_terms.iter().enumerate();
            let terms = terms
                .map(|(at, term)| self.term(term, &format!("{REQUIRED}.nodeSelectorTerms[{at}]")));
            NodeSelector { terms: terms.collect() }
        });
        let mut preferred = Vec::new();
        for (at, one) in added.preferred.iter().enumerate() {
            let path = format!("{PREFERRED}[{at}]");
            // Without weight it is not even looked at, yet it is there.
            let nothing = RawTerm::default();
            let term = if one.weight == 0 { &nothing } else { &one.preference };
            preferred.push((one.weight, self.term(term, &path)));
        }
        profile.added_affinity =
            NodeAffinity { required, preferred: preferred.into(), ..NodeAffinity::default() };
    }

    fn term(&mut self, raw: &RawTerm, path: &str) -> NodeSelectorTerm {
        let each = |list: &[RawRequirement], field: &str| -> Vec<String> {
            (0..list.len()).map(|at| format!("{path}.{field}[{at}]")).collect()
        };
        let expressions = each(&raw.match_expressions, "matchExpressions");
        let expressions = raw.match_expressions.iter().zip(expressions);
        let expressions = expressions.filter_map(|(raw, path)| self.expression(raw, &path));
        let expressions = expressions.collect();
        let fields = raw.match_fields.iter().zip(each(&raw.match_fields, "matchFields"));
        let fields = fields.filter_map(|(raw, path)| self.field(raw, &path)).collect();
        NodeSelectorTerm { expressions, fields }
    }

    fn expression(&mut self, raw: &RawRequirement, path: &str) -> Option<Requirement> {
        if !names::is_qualified(&raw.key) {
            self.say(&format!("{path}.key"), format!("{:?} is no label key", raw.key));
        }
        for (at, value) in raw.values.iter().enumerate() {
            if !names::is_label_value(value) {
                let detail = format!("{value:?} is no label value");
                self.say(&format!("{path}.values[{at}]"), detail);
            }
        }
        let number = || raw.values.first().and_then(|value| value.parse().ok());
        let operator = match (&*raw.operator, raw.values.len()) {
            ("In", 1..) => Operator::In(self.values(raw)),
            ("NotIn", 1..) => Operator::NotIn(self.values(raw)),
            ("Exists", 0) => Operator::Exists,
            ("DoesNotExist", 0) => Operator::DoesNotExist,
            ("Gt", 1) if number().is_some() => Operator::Gt(number()?),
            ("Lt", 1) if number().is_some() => Operator::Lt(number()?),
            ("In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt", _) => {
                self.say(&format!("{path}.values"), format!("do not go with {}", raw.operator));
                return None;
            }
            (other, _) => {
                self.say(&format!("{path}.operator"), format!("{other:?} is none"));
                return None;
            }
        };
        Some(Requirement { key: self.builder.intern(&raw.key), operator })
    }

    /// Nodes have one field. All others are empty, and equal nothing but the empty text.
    fn field(&mut self, raw: &RawRequirement, path: &str) -> Option<Requirement> {
        let [value] = &*raw.values else {
            self.say(&format!("{path}.values"), "must be one");
            return None;
        };
        let same = match &*raw.operator {
            "In" => true,
            "NotIn" => false,
            other => {
                self.say(&format!("{path}.operator"), format!("{other:?} is not In or NotIn"));
                return None;
            }
        };
        let operator = match (&*raw.key, same) {
            ("metadata.name", true) => Operator::In(self.values(raw)),
            ("metadata.name", false) => Operator::NotIn(self.values(raw)),
            (_, same) if value.is_empty() == same => Operator::Exists,
            _ => Operator::DoesNotExist,
        };
        Some(Requirement { key: self.builder.intern(&raw.key), operator })
    }

    fn values(&mut self, raw: &RawRequirement) -> Box<[Symbol]> {
        let mut values: Vec<Symbol> =
            raw.values.iter().map(|value| self.builder.intern(value)).collect();
        values.sort_unstable();
        values.dedup();
        values.into()
    }
}
