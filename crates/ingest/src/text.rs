//! One text and the way from its byte offsets to lines and columns.

use std::cell::Cell;

use crate::{Diagnostic, Place, Rule, Severity};

/// A place in a YAML text that a byte of the JSON made from it stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    /// Byte offset in the JSON text.
    pub(crate) at: usize,
    /// Line in the YAML text, from 1.
    pub(crate) line: u32,
    /// Column in the YAML text, from 1.
    pub(crate) column: u32,
}

/// How byte offsets become lines and columns.
#[derive(Debug)]
pub(crate) enum Positions<'a> {
    /// The JSON is the file's own text.
    Direct(LineCursor),
    /// The JSON was made from YAML; marks ascend by offset.
    Mapped(&'a [Mark]),
}

/// JSON text of one file, or of one YAML document of it.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    /// Index into the inventory's files.
    pub(crate) file: u32,
    /// Name for messages.
    pub(crate) name: &'a str,
    /// Whether the user named the file.
    pub(crate) explicit: bool,
    /// The JSON.
    pub(crate) json: &'a str,
    /// The way to lines and columns.
    pub(crate) positions: Positions<'a>,
}

impl Text<'_> {
    /// Line and column of a byte offset.
    pub(crate) fn line_column(&self, at: usize) -> (u32, u32) {
        match &self.positions {
            Positions::Direct(cursor) => cursor.locate(self.json, at),
            Positions::Mapped(marks) => {
                let next = marks.partition_point(|mark| mark.at <= at);
                marks.get(next.saturating_sub(1)).map_or((1, 1), |mark| (mark.line, mark.column))
            }
        }
    }

    /// The place of a byte offset.
    pub(crate) fn place(&self, at: usize) -> Place {
        let (line, column) = self.line_column(at);
        Place { file: self.name.to_owned(), line, column }
    }

    /// How much a loss weighs here: a named file is refused, a found one is left out.
    pub(crate) fn loss(&self) -> Severity {
        if self.explicit { Severity::Error } else { Severity::Warning }
    }

    /// A fault in this text as a diagnostic.
    pub(crate) fn report(&self, fault: Fault) -> Diagnostic {
        Diagnostic {
            rule: fault.rule,
            severity: self.loss(),
            place: Some(self.place(fault.at)),
            object: None,
            detail: fault.detail,
        }
    }
}

/// Something wrong at a byte offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What.
    pub(crate) rule: Rule,
    /// Where, as a byte offset in the text.
    pub(crate) at: usize,
    /// Particulars.
    pub(crate) detail: String,
}

impl Fault {
    /// A fault at an offset.
    pub(crate) fn new(rule: Rule, at: usize, detail: impl Into<String>) -> Self {
        Self { rule, at, detail: detail.into() }
    }
}

/// Remembers the last place asked for. Objects come in ascending order, so that asking for each
/// one's place reads the text once over, at the speed of counting bytes, and costs no table.
#[derive(Debug, Default)]
pub(crate) struct LineCursor(Cell<Reached>);

/// Zero-based line and column of a byte offset.
#[derive(Debug, Clone, Copy, Default)]
struct Reached {
    at: usize,
    line: usize,
    column: usize,
}

impl LineCursor {
    /// Line and column of a byte offset, both from 1.
    pub(crate) fn locate(&self, text: &str, at: usize) -> (u32, u32) {
        let at = at.min(text.len());
        let from = self.0.get();
        let from = if from.at <= at { from } else { Reached::default() };
        let passed = &text.as_bytes()[from.at..at];
        // Counting vectorises, which looking for the last one does not: compact JSON has none.
        let (line, column) = match newlines(passed) {
            0 => (from.line, from.column + code_points(passed)),
            lines => {
                let last = passed.iter().rposition(|&byte| byte == b'\n').unwrap_or_default();
                (from.line + lines, code_points(&passed[last + 1..]))
            }
        };
        self.0.set(Reached { at, line, column });
        (saturate(line + 1), saturate(column + 1))
    }
}

fn newlines(bytes: &[u8]) -> usize {
    // Blocks of fewer than 256 bytes let the sums stay in bytes, which vectorises.
    bytes
        .chunks(192)
        .map(|chunk| usize::from(chunk.iter().map(|&byte| u8::from(byte == b'\n')).sum::<u8>()))
        .sum()
}

fn code_points(bytes: &[u8]) -> usize {
    // Every byte that is not a UTF-8 continuation starts a code point.
    bytes
        .chunks(192)
        .map(|chunk| {
            usize::from(chunk.iter().map(|&byte| u8::from(byte & 0xC0 != 0x80)).sum::<u8>())
        })
        .sum()
}

fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_code_points() {
        let text = "ab\nçd\n\nx";
        let cursor = LineCursor::default();
        assert_eq!(cursor.locate(text, 0), (1, 1));
        assert_eq!(cursor.locate(text, 1), (1, 2));
        assert_eq!(cursor.locate(text, 5), (2, 2));
        assert_eq!(cursor.locate(text, 8), (4, 1));
        // Going back starts over and gives the same.
        assert_eq!(cursor.locate(text, 1), (1, 2));
        assert_eq!(cursor.locate(text, 999), (4, 2));
    }
}
