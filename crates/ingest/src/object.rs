//! One API object as JSON text, and where it stands.

use std::{borrow::Cow, cell::Cell};

use serde::Deserialize;

use crate::{
    Diagnostic, ObjectRef, Place, Rule, Severity,
    json::{self, Cursor},
    text::{Fault, Text},
};

/// Where an object starts: small enough to keep with every object, for findings told much later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Index into [`Inventory::files`](crate::Inventory::files).
    pub file: u32,
    /// Line, counted from 1.
    pub line: u32,
    /// Column, counted from 1 in Unicode code points.
    pub column: u32,
}

/// One API object as JSON text with its position.
///
/// The text starts at the object and runs on past it: who parses the object finds its end, so that
/// no object is read twice. What nobody parses is skipped.
#[derive(Debug)]
pub struct RawObject<'a> {
    /// `apiVersion`, taken from the enclosing list where the object lacks it.
    pub api_version: Cow<'a, str>,
    /// `kind`, taken from the enclosing list where the object lacks it (`PodList` gives `Pod`).
    pub kind: Cow<'a, str>,
    text: &'a Text<'a>,
    start: usize,
    reading: &'a Cell<Reading>,
}

/// What is known about an object's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Nobody parsed it yet.
    Unread,
    /// It ends at this byte offset of the text.
    Ends(usize),
    /// The text is no JSON from here on, and the visitor holds the diagnostic.
    Broken,
}

impl<'a> RawObject<'a> {
    /// An object that starts at a byte offset of a text.
    pub(crate) fn new(
        (api_version, kind): (Cow<'a, str>, Cow<'a, str>),
        text: &'a Text<'a>,
        start: usize,
        reading: &'a Cell<Reading>,
    ) -> Self {
        Self { api_version, kind, text, start, reading }
    }

    /// The API group: empty for the core group.
    pub fn group(&self) -> &str {
        group_of(&self.api_version)
    }

    /// Reads the object into a type, once over its text.
    ///
    /// A key that stands twice is an error wherever the type has a field for it, as derived types
    /// refuse that; in YAML, and in the members of a list itself, it is one everywhere. Not seen
    /// are JSON keys that stand twice in what the type skips or reads as a plain map.
    ///
    /// # Errors
    /// A diagnostic with the place in the file and, where it could be read, the object's name.
    /// Its severity is [`RawObject::loss`].
    #[allow(
        clippy::result_large_err,
        reason = "an error is rare and, where pointers are wide, large"
    )]
    pub fn parse<T: Deserialize<'a>>(&self) -> Result<T, Diagnostic> {
        let mut cursor = Cursor::new(self.text.json, self.start);
        match cursor.value() {
            Ok(value) => {
                self.reading.set(Reading::Ends(cursor.at));
                Ok(value)
            }
            Err(fault) => {
                if matches!(fault.rule, Rule::InvalidJson | Rule::Truncated | Rule::TooDeep) {
                    self.reading.set(Reading::Broken);
                }
                Err(self.report(fault))
            }
        }
    }

    /// The object's own text, from `{` to `}`. Costs a pass over it when it was not parsed before.
    ///
    /// # Errors
    /// A diagnostic when the text is not JSON.
    #[allow(
        clippy::result_large_err,
        reason = "an error is rare and, where pointers are wide, large"
    )]
    pub fn json(&self) -> Result<&'a str, Diagnostic> {
        let end = match self.reading.get() {
            Reading::Ends(end) => end,
            Reading::Unread | Reading::Broken => {
                self.parse::<serde::de::IgnoredAny>()?;
                match self.reading.get() {
                    Reading::Ends(end) => end,
                    Reading::Unread | Reading::Broken => self.start,
                }
            }
        };
        Ok(&self.text.json[self.start..end])
    }

    /// Where the object starts, to keep with it. Cheap when asked of each object in turn.
    pub fn origin(&self) -> Origin {
        let (line, column) = self.text.line_column(self.start);
        Origin { file: self.text.file, line, column }
    }

    /// The place of a byte of the object, counted from its start; 0 is the object itself.
    pub fn place_at(&self, offset: usize) -> Place {
        self.text.place(self.start + offset)
    }

    /// The place of a value that was borrowed from the object, told by where it lies in memory; of
    /// one that was escaped, which is a copy, the place of the object itself.
    pub(crate) fn place_of(&self, value: &str) -> Place {
        let text = self.json().unwrap_or_default();
        let at = (value.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
        self.place_at(if at < text.len() { at.saturating_sub(1) } else { 0 })
    }

    /// The place of a line and column as `serde_json` counts them from the object's start.
    pub fn place_in(&self, line: usize, column: usize) -> Place {
        self.place_at(json::offset_of(&self.text.json[self.start..], line, column))
    }

    /// How much losing this object weighs: [`Severity::Error`] in a file that the user named,
    /// [`Severity::Warning`] in one found in a directory or an archive.
    pub fn loss(&self) -> Severity {
        self.text.loss()
    }

    /// Whether it is a changed object that stands for one of the export.
    pub(crate) fn is_laid_over(&self) -> bool {
        self.text.name == crate::overlay::NAME
    }

    /// Namespace and name, read leniently; for messages about an object that did not parse.
    pub fn reference(&self) -> ObjectRef {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Named {
            metadata: Metadata,
        }
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Metadata {
            namespace: Option<String>,
            name: Option<String>,
        }
        let named: Named = Cursor::new(self.text.json, self.start).value().unwrap_or_default();
        ObjectRef {
            kind: self.kind.clone().into_owned(),
            namespace: named.metadata.namespace,
            name: named.metadata.name.unwrap_or_default(),
        }
    }

    /// A fault inside the object as a diagnostic that names it.
    fn report(&self, fault: Fault) -> Diagnostic {
        Diagnostic { object: Some(self.reference()), ..self.text.report(fault) }
    }
}

/// The group of an `apiVersion`: what stands before the slash.
pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}
