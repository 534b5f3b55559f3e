//! A text as a tree of what stands where.

use std::ops::Range;

use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, StrInput, StructureStyle};

use crate::yaml;

/// A document that says something.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: Node,
    /// Whether anything in it stands for something else: anchors, aliases, merge keys, tags.
    pub(super) tied: bool,
}

/// What stands in a text.
#[derive(Debug)]
pub(super) struct Node {
    /// From its first byte to behind its last; empty where nothing is written.
    pub(super) span: Range<usize>,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Scalar(Value),
    Mapping(Style, Vec<Entry>),
    Sequence(Style, Vec<Node>),
}

/// In lines, or in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Block,
    Flow,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Where its key begins.
    pub(super) start: usize,
    /// Behind its colon.
    pub(super) colon: usize,
    pub(super) value: Node,
}

impl Entry {
    pub(super) fn end(&self) -> usize {
        self.colon.max(self.value.span.end)
    }
}

impl Node {
    /// What it says; what an alias says is left out.
    pub(super) fn value(&self) -> Value {
        match &self.what {
            What::Scalar(value) => value.clone(),
            What::Mapping(_, entries) => {
                let pairs = entries.iter().map(|entry| (entry.name.clone(), entry.value.value()));
                Value::Object(pairs.collect::<Map<String, Value>>())
            }
            What::Sequence(_, items) => items.iter().map(Self::value).collect(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let What::Mapping(_, entries) = &self.what else { return None };
        entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value)
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let What::Scalar(Value::String(text)) = &self.what { Some(text) } else { None }
    }

    pub(super) fn items(&self) -> &[Self] {
        if let What::Sequence(_, items) = &self.what { items } else { &[] }
    }
}

/// A text that is no YAML, or has places that are not told apart.
pub(super) struct Unreadable;

/// The documents of a text, without those that say nothing.
pub(super) fn documents(text: &str) -> Result<Vec<Document>, Unreadable> {
    let parser = Parser::new_from_str_with_options(text, yaml::options());
    let mut reader = Reader { text, parser, tied: false };
    let mut documents = Vec::new();
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(documents),
            (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
            (event, span) => {
                reader.tied = false;
                let root = reader.node(event, span)?;
                if !matches!(root.what, What::Scalar(Value::Null)) {
                    documents.push(Document { root, tied: reader.tied });
                }
            }
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    tied: bool,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Range<usize>), Unreadable> {
        let (event, span) = self.parser.next_event().ok_or(Unreadable)?.map_err(|_| Unreadable)?;
        Ok((event, span.byte_range().ok_or(Unreadable)?))
    }

    fn node(&mut self, event: Event<'t>, span: Range<usize>) -> Result<Node, Unreadable> {
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(_, anchor, tag) | Event::MappingStart(_, anchor, tag) => {
                (*anchor, tag.is_some())
            }
            _ => (1, false),
        };
        self.tied |= anchor > 0 || tag;
        match event {
            Event::Scalar(text, style, _, tag) => {
                // A block scalar reaches to the next thing that is written.
                let written = self.text[span.clone()].trim_end().len();
                let value = yaml::value(text, style, tag.as_deref());
                Ok(Node { span: span.start..span.start + written, what: What::Scalar(value) })
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                Ok(Node { span, what: What::Scalar(Value::Null) })
            }
            Event::SequenceStart(style, ..) => self.sequence(style.into(), span.start),
            Event::MappingStart(style, ..) => self.mapping(style.into(), span.start),
            _ => Err(Unreadable),
        }
    }

    fn sequence(&mut self, style: Style, start: usize) -> Result<Node, Unreadable> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                let last = items.last().map(|item| item.span.end);
                let span = start..end(style, &span, last);
                return Ok(Node { span, what: What::Sequence(style, items) });
            }
            items.push(self.node(event, span)?);
        }
    }

    fn mapping(&mut self, style: Style, start: usize) -> Result<Node, Unreadable> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let (name, how) = match event {
                Event::MappingEnd => {
                    let last = entries.last().map(Entry::end);
                    let span = start..end(style, &span, last);
                    return Ok(Node { span, what: What::Mapping(style, entries) });
                }
                Event::Scalar(name, style, _, tag) => {
                    (yaml::key(name, style, tag.as_deref()), style)
                }
                _ => return Err(Unreadable),
            };
            self.tied |= name == "<<" && how == ScalarStyle::Plain;
            if entries.iter().any(|known| known.name == name) {
                return Err(Unreadable);
            }
            let behind = &self.text[span.end..];
            let spaces = behind.len() - behind.trim_start().len();
            if !behind[spaces..].starts_with(':') {
                return Err(Unreadable);
            }
            let (event, of_value) = self.next()?;
            let value = self.node(event, of_value)?;
            let colon = span.end + spaces + 1;
            entries.push(Entry { name, start: span.start, colon, value });
        }
    }
}

impl From<StructureStyle> for Style {
    fn from(style: StructureStyle) -> Self {
        match style {
            StructureStyle::Block => Self::Block,
            StructureStyle::Flow => Self::Flow,
        }
    }
}

/// What is in lines ends with the last thing in it.
fn end(style: Style, bracket: &Range<usize>, last: Option<usize>) -> usize {
    match (style, last) {
        (Style::Block, Some(last)) => last,
        _ => bracket.end,
    }
}
