//! A text of JSON values, one after the other, with or without anything between them.

use super::{Reader, list::Stop};
use crate::{
    Diagnostic, Place, Rule, Severity,
    inventory::Skipped,
    json::Cursor,
    text::{Fault, Text},
};

/// How `kubectl cluster-info dump` opens and closes the logs of a container.
pub(super) const LOG_START: &str = "==== START logs for container ";
const LOG_END: &str = "==== END logs for container ";

impl Reader<'_> {
    /// Reads a JSON text to its end. Gives the offset where YAML takes over, if it does.
    pub(super) fn json_stream<'a>(&mut self, text: &'a Text<'a>) -> Result<Option<usize>, Stop> {
        let mut cursor = Cursor::new(text.json, 0);
        while let Some(byte) = cursor.peek() {
            let rest = &text.json[cursor.at..];
            match byte {
                b'=' if rest.starts_with(LOG_START) => {
                    self.inventory.skip(Skipped::LogBlock);
                    let Some(length) = log_block(rest) else {
                        self.unended_log(text.place(cursor.at));
                        return Ok(None);
                    };
                    cursor.at += length;
                }
                b'-' if rest.starts_with("---") => {
                    let mut next = Cursor::new(text.json, cursor.at + 3);
                    if !matches!(next.peek(), Some(b'{' | b'[') | None) {
                        return Ok(Some(cursor.at));
                    }
                    cursor = next;
                }
                // A byte order mark: files put together with `cat` keep each one's own.
                0xEF if rest.starts_with('\u{FEFF}') => cursor.at += '\u{FEFF}'.len_utf8(),
                b'{' | b'[' | b'"' | b'n' | b't' | b'f' | b'0'..=b'9' => {
                    self.value(text, &mut cursor)?;
                }
                _ => return Err(Fault::new(Rule::InvalidJson, cursor.at, "expected `{`").into()),
            }
        }
        Ok(None)
    }

    /// Tells of logs without an end. A warning even in a file that the user named: a dump that was
    /// stopped while it wrote logs holds all its objects up to there.
    pub(super) fn unended_log(&mut self, place: Place) {
        self.diagnostics.push(Diagnostic {
            rule: Rule::UnendedLog,
            severity: Severity::Warning,
            place: Some(place),
            object: None,
            detail: String::new(),
        });
    }
}

/// The length of a block of logs, up to the line that ends the same container's, if one does.
pub(super) fn log_block(text: &str) -> Option<usize> {
    let first = text.lines().next().unwrap_or_default();
    let container = first.strip_prefix(LOG_START).unwrap_or_default();
    let mut at = first.len();
    while let Some(found) = text[at..].find(LOG_END) {
        at += found + LOG_END.len();
        if text[at..].starts_with(container) {
            return Some(at + container.len());
        }
    }
    None
}
