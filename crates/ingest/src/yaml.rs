//! YAML documents as JSON text, with the way back to their lines.
//!
//! There is one reader of API objects, and it reads JSON; YAML is turned into it. This uses the
//! event parser under serde-saphyr, which serde-saphyr hands on, rather than its serde layer: the
//! events keep how a scalar was written, so that numbers pass exactly as they stand, and give every
//! key's place for nothing; and the parser can go on with the next document after a broken one.
//!
//! Bounds, on purpose, since serde-saphyr's own budget (250,000 nodes) refuses a 3,000-pod export:
//! - size: none, as the work is linear in the text but for aliases;
//! - what aliases copy: [`ALIAS_BYTES_MIN`], or the text's own size where that is larger;
//! - nesting: [`DEPTH_MAX`](crate::json::DEPTH_MAX), in the text and again after aliases.

mod scalar;
mod writer;

use std::borrow::Cow;

use serde_json::Value;
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, ScanError, Tag};

use self::scalar::Scalar;
use self::writer::Writer;
use crate::{Rule, json::DEPTH_MAX, text::Mark};

/// What aliases may copy in one document, in bytes of JSON, however small the text is.
const ALIAS_BYTES_MIN: usize = 1 << 20;

/// What redactors of support bundles write over a value. In YAML it reads as the alias `*` of an
/// anchor called `**HIDDEN***`, which no one defines.
const HIDDEN: &str = "**HIDDEN***";

/// One document as JSON.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// The JSON text.
    pub(crate) json: String,
    /// From bytes of the JSON to places in the YAML, ascending.
    pub(crate) marks: Vec<Mark>,
    /// Lines and columns of values that a redactor wrote over.
    pub(crate) hidden: Vec<(u32, u32)>,
}

/// A document that could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) rule: Rule,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) detail: String,
}

/// Reads every document of a text whose first line has the number `first_line`, and gives each to
/// `take`, broken ones too: one that does not parse does not stop those after it.
pub(crate) fn for_each_document(
    text: &str,
    first_line: u32,
    mut take: impl FnMut(Result<Document, Broken>),
) {
    let mut parser = Parser::new_from_str_with_options(text, options());
    loop {
        match document(&mut parser, text.len(), first_line) {
            Ok(Some(document)) => take(Ok(document)),
            Ok(None) => return,
            Err(broken) => {
                take(Err(broken));
                match parser.proceed_next_document() {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => return take(Err(broken_by(&error, first_line))),
                }
            }
        }
    }
}

pub(crate) fn options() -> granit_parser::Options {
    let mut options = granit_parser::options! {
        // So that a redactor's mark can be told from a broken reference.
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    options.set_emit_comments(false);
    options
}

/// What a scalar says.
pub(crate) fn value(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    match writer::resolve(text, style, tag) {
        Scalar::Literal(literal) => serde_json::from_str(&literal).expect("a literal is JSON"),
        Scalar::Text(text) => Value::String(text.into_owned()),
    }
}

/// What a scalar says as a name.
pub(crate) fn key(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> String {
    let (Scalar::Literal(name) | Scalar::Text(name)) = writer::resolve(text, style, tag);
    name.into_owned()
}

/// Whether a plain scalar says its own text.
pub(crate) fn is_text(plain: &str) -> bool {
    matches!(scalar::plain(Cow::Borrowed(plain)), Scalar::Text(_))
}

/// The next document, or nothing at the end of the text.
fn document<'t>(
    parser: &mut Parser<'t, granit_parser::StrInput<'t>>,
    size: usize,
    first_line: u32,
) -> Result<Option<Document>, Broken> {
    let mut writer = Writer::new(size.max(ALIAS_BYTES_MIN));
    loop {
        let (event, span) = match parser.next_event() {
            None => return Ok(None),
            Some(Ok(next)) => next,
            Some(Err(error)) => return Err(broken_by(&error, first_line)),
        };
        let line = first_line.saturating_add(span.start.line() as u32).saturating_sub(1);
        let column = (span.start.col() as u32).saturating_add(1);
        match event {
            Event::StreamEnd => return Ok(None),
            Event::DocumentEnd => return Ok(Some(writer.finish())),
            event => writer.event(event, (line, column)).map_err(|(rule, detail)| Broken {
                rule,
                line,
                column,
                detail,
            })?,
        }
    }
}

fn broken_by(error: &ScanError, first_line: u32) -> Broken {
    use granit_parser::ErrorKind;
    let rule = match error.kind() {
        ErrorKind::RecursionLimitExceeded => Rule::TooDeep,
        _ => Rule::InvalidYaml,
    };
    Broken {
        rule,
        line: first_line.saturating_add(error.marker().line() as u32).saturating_sub(1),
        column: (error.marker().col() as u32).saturating_add(1),
        detail: error.info(),
    }
}
