//! Files of our own kinds: assumptions, domains, catalogues, layouts, policies.

use crate::{Diagnostic, Place, RawObject, Rule, Severity, Source, for_each_object};

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

    /// What a file holds that holds one object, as `read` reads it, and what is wrong: nothing is
    /// held where anything is.
    pub(crate) fn only<T>(
        self,
        source: Source,
        read: impl Fn(&RawObject<'_>, &mut Vec<Diagnostic>) -> Option<T>,
    ) -> (Option<T>, Vec<Diagnostic>) {
        let file = source.name.clone();
        let (mut found, mut told, mut diagnostics) = (None, Vec::new(), Vec::new());
        let mut visit = |raw: RawObject<'_>| {
            if let Some(foreign) = self.foreign(&raw) {
                told.push(foreign);
            } else if found.is_some() {
                told.push(self.bad(Some(raw.place_at(0)), format!("a second {}", self.name)));
            } else {
                found = read(&raw, &mut told);
            }
        };
        for_each_object(vec![source], &mut visit, &mut diagnostics);
        if found.is_none() && told.is_empty() && diagnostics.is_empty() {
            told.push(self.missing(&file));
        }
        diagnostics.append(&mut told);
        let is_bad = diagnostics.iter().any(|one| one.severity == Severity::Error);
        (found.filter(|_| !is_bad), diagnostics)
    }
}
