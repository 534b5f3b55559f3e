//! YAML events to JSON text.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    ops::Range,
};

use serde_saphyr::granit_parser::{Event, ScalarStyle, Tag};

use super::{
    Document, HIDDEN,
    scalar::{self, Scalar},
};
use crate::{Rule, text::Mark};

/// What is wrong with an event: the rule and the particulars.
type Wrong = (Rule, String);

/// Writes the JSON of one document.
pub(super) struct Writer {
    document: Document,
    open: Vec<Open>,
    /// The JSON of each finished anchored node.
    anchors: BTreeMap<usize, Range<usize>>,
    alias_bytes_left: usize,
}

/// A collection that is not closed yet.
struct Open {
    anchor: usize,
    start: usize,
    empty: bool,
    mapping: Option<Mapping>,
}

/// A mapping that is not closed yet.
#[derive(Default)]
struct Mapping {
    keys: BTreeSet<String>,
    /// Whether the next node is a value.
    value_next: bool,
    /// Where the value of a merge key `<<` starts, while it is written.
    merge_from: Option<usize>,
    /// Values of merge keys, cut out; their members go in at the end, where not given.
    merged: Vec<String>,
}

impl Writer {
    pub(super) fn new(alias_bytes_max: usize) -> Self {
        Self {
            document: Document::default(),
            open: Vec::new(),
            anchors: BTreeMap::new(),
            alias_bytes_left: alias_bytes_max,
        }
    }

    pub(super) fn finish(self) -> Document {
        self.document
    }

    /// Takes one event.
    pub(super) fn event(&mut self, event: Event<'_>, place: (u32, u32)) -> Result<(), Wrong> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = resolve(text, style, tag.as_deref());
                if self.key_next() {
                    return self.key(&scalar, style, anchor, place);
                }
                self.before_value(place);
                let start = self.document.json.len();
                self.scalar(&scalar);
                self.after_value(anchor, start);
                Ok(())
            }
            Event::SequenceStart(_, anchor, _) => self.begin(b'[', anchor, place),
            Event::MappingStart(_, anchor, _) => self.begin(b'{', anchor, place),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, place),
            Event::UnresolvedAlias(name) if name == HIDDEN && !self.key_next() => {
                self.document.hidden.push(place);
                self.before_value(place);
                let start = self.document.json.len();
                self.string(&format!("*{HIDDEN}"));
                self.after_value(0, start);
                Ok(())
            }
            Event::UnresolvedAlias(name) => {
                Err((Rule::InvalidYaml, format!("alias `*{name}` of an anchor that is not there")))
            }
            _ => Ok(()),
        }
    }

    fn key_next(&self) -> bool {
        let mapping = self.open.last().and_then(|open| open.mapping.as_ref());
        mapping.is_some_and(|mapping| !mapping.value_next)
    }

    fn key(
        &mut self,
        scalar: &Scalar<'_>,
        style: ScalarStyle,
        anchor: usize,
        (line, column): (u32, u32),
    ) -> Result<(), Wrong> {
        let (Scalar::Literal(key) | Scalar::Text(key)) = scalar;
        let at = self.document.json.len();
        let open = self.open.last_mut().ok_or_else(unbalanced)?;
        let mapping = open.mapping.as_mut().ok_or_else(unbalanced)?;
        mapping.value_next = true;
        if key == "<<" && style == ScalarStyle::Plain {
            mapping.merge_from = Some(at);
            return Ok(());
        }
        if !mapping.keys.insert(key.clone().into_owned()) {
            return Err((Rule::DuplicateKey, key.clone().into_owned()));
        }
        if !std::mem::take(&mut open.empty) {
            self.document.json.push(',');
        }
        let start = self.document.json.len();
        self.document.marks.push(Mark { at: start, line, column });
        self.string(key);
        if anchor > 0 {
            self.anchors.insert(anchor, start..self.document.json.len());
        }
        self.document.json.push(':');
        Ok(())
    }

    /// Writes the comma before an element. Elements are marked; a value stands with its key.
    fn before_value(&mut self, (line, column): (u32, u32)) {
        let Some(open) = self.open.last_mut() else {
            self.document.marks.push(Mark { at: 0, line, column });
            return;
        };
        if open.mapping.is_none() {
            if !std::mem::take(&mut open.empty) {
                self.document.json.push(',');
            }
            self.document.marks.push(Mark { at: self.document.json.len(), line, column });
        }
    }

    fn after_value(&mut self, anchor: usize, start: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, start..self.document.json.len());
        }
        let Some(mapping) = self.open.last_mut().and_then(|open| open.mapping.as_mut()) else {
            return;
        };
        mapping.value_next = false;
        if let Some(from) = mapping.merge_from.take() {
            mapping.merged.push(self.document.json.split_off(from));
            let kept = self.document.marks.partition_point(|mark| mark.at < from);
            self.document.marks.truncate(kept);
            self.anchors.retain(|_, range| range.end <= from);
        }
    }

    fn begin(&mut self, bracket: u8, anchor: usize, place: (u32, u32)) -> Result<(), Wrong> {
        if self.key_next() {
            return Err((Rule::InvalidYaml, "a key that is not a scalar".to_owned()));
        }
        self.before_value(place);
        let start = self.document.json.len();
        self.document.json.push(char::from(bracket));
        let mapping = (bracket == b'{').then(Mapping::default);
        self.open.push(Open { anchor, start, empty: true, mapping });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Wrong> {
        let mut open = self.open.pop().ok_or_else(unbalanced)?;
        if let Some(mapping) = open.mapping.take() {
            self.merge(mapping, open.empty)?;
            self.document.json.push('}');
        } else {
            self.document.json.push(']');
        }
        self.after_value(open.anchor, open.start);
        Ok(())
    }

    /// Writes the members of merged mappings that the mapping does not give itself; what was merged
    /// first wins.
    fn merge(&mut self, mut mapping: Mapping, mut empty: bool) -> Result<(), Wrong> {
        type Members = serde_json::Map<String, serde_json::Value>;
        let wrong = |_| (Rule::InvalidYaml, "`<<` of something that is no mapping".to_owned());
        for merged in &mapping.merged {
            let sources: Vec<Members> = if merged.starts_with('[') {
                serde_json::from_str(merged).map_err(wrong)?
            } else {
                vec![serde_json::from_str(merged).map_err(wrong)?]
            };
            for (key, value) in sources.into_iter().flatten() {
                if mapping.keys.contains(&key) {
                    continue;
                }
                if !std::mem::take(&mut empty) {
                    self.document.json.push(',');
                }
                self.string(&key);
                self.document.json.push(':');
                self.document.json.push_str(&value.to_string());
                mapping.keys.insert(key);
            }
        }
        Ok(())
    }

    /// Copies what the anchor stands for.
    fn alias(&mut self, anchor: usize, place: (u32, u32)) -> Result<(), Wrong> {
        let Some(range) = self.anchors.get(&anchor).cloned() else {
            return Err((Rule::InvalidYaml, "an alias within its own anchor".to_owned()));
        };
        self.alias_bytes_left =
            self.alias_bytes_left.checked_sub(range.len()).ok_or_else(|| {
                (Rule::YamlTooLarge, "aliases unfold to more than the text allows".to_owned())
            })?;
        if self.key_next() {
            let key = serde_json::from_str::<String>(&self.document.json[range]);
            let key = key.map_err(|_| (Rule::InvalidYaml, "a key that is no string".to_owned()))?;
            return self.key(&Scalar::Text(Cow::Owned(key)), ScalarStyle::DoubleQuoted, 0, place);
        }
        self.before_value(place);
        let start = self.document.json.len();
        self.document.json.extend_from_within(range);
        self.after_value(0, start);
        Ok(())
    }

    fn scalar(&mut self, scalar: &Scalar<'_>) {
        match scalar {
            Scalar::Literal(literal) => self.document.json.push_str(literal),
            Scalar::Text(text) => self.string(text),
        }
    }

    fn string(&mut self, text: &str) {
        let json = &mut self.document.json;
        json.push('"');
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            json.push_str(text);
        } else {
            for character in text.chars() {
                match character {
                    '"' => json.push_str("\\\""),
                    '\\' => json.push_str("\\\\"),
                    '\n' => json.push_str("\\n"),
                    '\t' => json.push_str("\\t"),
                    '\r' => json.push_str("\\r"),
                    control if control < ' ' => {
                        let _ = write!(json, "\\u{:04x}", u32::from(control));
                    }
                    other => json.push(other),
                }
            }
        }
        json.push('"');
    }
}

fn unbalanced() -> Wrong {
    (Rule::InvalidYaml, "a node that is out of place".to_owned())
}

/// Tags win; without one, a plain scalar is resolved and any other is text.
pub(super) fn resolve<'t>(text: Cow<'t, str>, style: ScalarStyle, tag: Option<&Tag>) -> Scalar<'t> {
    let resolved = match tag {
        Some(tag) => matches!(tag.core_suffix(), Some("int" | "float" | "bool" | "null")),
        None => style == ScalarStyle::Plain,
    };
    if resolved { scalar::plain(text) } else { Scalar::Text(text) }
}
