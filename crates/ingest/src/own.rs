//! Files of our own kinds: assumptions, domains, catalogues, layouts.

use crate::{Diagnostic, Place, RawObject, Rule, Severity};

const API_VERSION: &str = "holdfast.dev/v1";

/// A kind of file, and the rule that one which makes no sense breaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnKind {
    pub(crate) name: &'static str,
    pub(crate) rule: Rule,
}

impl OwnKind {
    /// What is wrong with such a file.
    pub(crate) fn bad(self, place: Option<Place>, detail: String) -> Diagnostic {
        let (rule, severity) = (self.rule, Severity::Error);
        Diagnostic { rule, severity, place, object: None, detail }
    }

    /// What is wrong with an object of another kind.
    pub(crate) fn foreign(self, raw: &RawObject<'_>) -> Option<Diagnostic> {
        let Self { name, .. } = self;
        let detail = || format!("{} {}, not {API_VERSION} {name}", raw.api_version, raw.kind);
        let is_own = raw.kind == name && raw.api_version == API_VERSION;
        (!is_own).then(|| self.bad(Some(raw.place_at(0)), detail()))
    }

    /// What is wrong with a file without any.
    pub(crate) fn missing(self, file: &str) -> Diagnostic {
        self.bad(None, format!("{file} holds no {}", self.name))
    }
}
