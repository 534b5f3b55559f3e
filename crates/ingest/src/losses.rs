//! Which kinds of object may have been lost with what could not be read.

use std::collections::BTreeSet;

use holdfast_cluster::coverage::InputKind;

use crate::objects::input_kind;
use crate::{Diagnostic, Rule, Severity};

/// Kinds of object that may have been lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    kinds: BTreeSet<String>,
    /// Something was lost that tells no kind: it may have held anything.
    anything: bool,
}

impl Losses {
    /// A text was given up; what it holds shows in the kinds that it names, if it names any.
    pub(crate) fn text(&mut self, text: &str) {
        let before = self.kinds.len();
        self.kinds.extend(kinds_in(text).map(str::to_owned));
        let named = self.kinds.len() > before || kinds_in(text).next().is_some();
        self.anything |= !named;
    }

    /// Something was given up of which nothing is known.
    pub(crate) fn unknown(&mut self) {
        self.anything = true;
    }

    /// Objects that were left out, as the diagnostics tell.
    pub(crate) fn objects(&mut self, diagnostics: &[Diagnostic]) {
        let left_out = diagnostics
            .iter()
            .filter(|found| found.severity <= Severity::Warning && leaves_out(found.rule));
        for object in left_out.filter_map(|found| found.object.as_ref()) {
            self.kinds.insert(object.kind.clone());
        }
    }

    /// The kinds that matter to an answer.
    pub(crate) fn input_kinds(&self) -> impl Iterator<Item = InputKind> + '_ {
        InputKind::ALL.into_iter().filter(|kind| {
            self.anything || self.kinds.iter().any(|name| input_kind_named(name) == Some(*kind))
        })
    }
}

/// Whether the object that a diagnostic of this rule is about was left out.
fn leaves_out(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::Truncated
            | Rule::InvalidJson
            | Rule::InvalidYaml
            | Rule::TooDeep
            | Rule::DuplicateKey
            | Rule::WrongType
            | Rule::BadQuantity
            | Rule::BadPort
            | Rule::BadField
            | Rule::NoName
    )
}

/// The kind of this name in any group that Kubernetes ships, lists included.
fn input_kind_named(name: &str) -> Option<InputKind> {
    const GROUPS: [&str; 8] = [
        "",
        "apps",
        "batch",
        "policy",
        "storage.k8s.io",
        "scheduling.k8s.io",
        "autoscaling",
        "extensions",
    ];
    let name = name.strip_suffix("List").unwrap_or(name);
    GROUPS.into_iter().find_map(|group| input_kind(group, name))
}

/// What follows each `kind:` of a JSON or YAML text, plain lists left out: those say nothing.
fn kinds_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("kind").skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches(['"', ' ']).strip_prefix(':')?;
        let word = rest.trim_start_matches([' ', '"', '\'']);
        let end = word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len());
        let kind = &word[..end];
        (!kind.is_empty() && kind != "List").then_some(kind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_text_tells_its_kinds() {
        let mut losses = Losses::default();
        losses.text("kind: Engine\nspec:\n  x: [\n");
        assert_eq!(losses.input_kinds().count(), 0, "no answer depends on engines");
        losses.text(r#"{"kind":"List","items":[{"apiVersion":"v1","kind": "Pod","metadata":{"#);
        assert_eq!(losses.input_kinds().collect::<Vec<_>>(), [InputKind::Pod]);
    }

    #[test]
    fn a_lost_text_that_tells_none_may_have_held_anything() {
        let mut losses = Losses::default();
        losses.text("{\"apiVersion\":\"v1\",\"items\":[{\"meta");
        assert_eq!(losses.input_kinds().count(), InputKind::ALL.len());
    }
}
