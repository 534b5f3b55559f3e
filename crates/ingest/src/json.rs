//! A hand-driven walk over the outermost levels of a JSON text.
//!
//! Only the shell of a list is walked by hand; what stands inside an item is read by `serde_json`,
//! once, by whoever wants it, and that parse also finds where the item ends.

use std::borrow::Cow;

use serde::de::{Deserialize, IgnoredAny};

use crate::{Rule, text::Fault};

/// How deep objects and arrays may nest. The deepest API objects, schemas in custom resource
/// definitions, nest about 60 deep, and `serde_json` itself stops at 127.
pub(crate) const DEPTH_MAX: usize = 100;

/// A position in a JSON text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    /// The whole text.
    pub(crate) text: &'a str,
    /// Byte offset of what comes next.
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at a byte offset.
    pub(crate) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// Skips white space and gives the next byte without taking it.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes the next byte if it is this one.
    pub(crate) fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// The fault of not finding what must come next.
    pub(crate) fn expected(&mut self, what: &str) -> Fault {
        match self.peek() {
            None => Fault::new(Rule::Truncated, self.at, format!("the text ends before {what}")),
            Some(_) => Fault::new(Rule::InvalidJson, self.at, format!("expected {what}")),
        }
    }

    /// Takes a string.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a string"));
        }
        let body = &self.text[self.at + 1..];
        let end = body.bytes().position(|byte| matches!(byte, b'"' | b'\\') || byte < b' ');
        if let Some(end) = end.filter(|&end| body.as_bytes()[end] == b'"') {
            self.at += end + 2;
            return Ok(Cow::Borrowed(&body[..end]));
        }
        self.value::<String>().map(Cow::Owned)
    }

    /// Takes the key of a member and its colon.
    pub(crate) fn key(&mut self) -> Result<Cow<'a, str>, Fault> {
        let key = self.string()?;
        if self.take(b':') { Ok(key) } else { Err(self.expected("`:`")) }
    }

    /// After a member or an element: takes the comma, or the bracket that closes.
    /// True when another one follows.
    pub(crate) fn next_or_close(&mut self, close: u8) -> Result<bool, Fault> {
        if self.take(b',') {
            Ok(true)
        } else if self.take(close) {
            Ok(false)
        } else {
            Err(self.expected(if close == b']' { "`,` or `]`" } else { "`,` or `}`" }))
        }
    }

    /// Takes a value of any shape.
    pub(crate) fn value<T: Deserialize<'a>>(&mut self) -> Result<T, Fault> {
        self.peek();
        let rest = &self.text[self.at..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<T>();
        match values.next() {
            Some(Ok(value)) => {
                self.at += values.byte_offset();
                Ok(value)
            }
            Some(Err(error)) => Err(fault_of(rest, self.at, &error)),
            None => Err(self.expected("a value")),
        }
    }

    /// Skips a value of any shape.
    pub(crate) fn skip(&mut self) -> Result<(), Fault> {
        self.value::<IgnoredAny>().map(drop)
    }
}

/// Where a text nests deeper than [`DEPTH_MAX`], if it does.
///
/// Nesting in members that no type asks for would pass `serde_json` unseen. To look at each byte
/// for that would cost a quarter of the whole reading, so brackets are first counted in blocks,
/// which vectorises; only where that count could exceed the limit is the text walked with its
/// strings.
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_i64;
    for block in text.as_bytes().chunks(64) {
        // `{` and `[` differ in one bit only, and so do `}` and `]`.
        let opened: u8 = block.iter().map(|&byte| u8::from(byte | 0x20 == b'{')).sum();
        let closed: u8 = block.iter().map(|&byte| u8::from(byte | 0x20 == b'}')).sum();
        if depth + i64::from(opened) > DEPTH_MAX as i64 {
            return too_deep_exactly(text);
        }
        // Brackets within strings may close more than was opened.
        depth = (depth + i64::from(opened) - i64::from(closed)).max(0);
    }
    None
}

fn too_deep_exactly(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' if depth == DEPTH_MAX => return Some(at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => at = closing_quote(bytes, at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

fn closing_quote(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// An error of `serde_json` in the text that starts at byte `base`, as a fault at its own offset.
pub(crate) fn fault_of(rest: &str, base: usize, error: &serde_json::Error) -> Fault {
    use serde_json::error::Category;
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(text, _)| text);
    let rule = match error.classify() {
        Category::Eof => Rule::Truncated,
        Category::Data if message.starts_with("duplicate field") => Rule::DuplicateKey,
        Category::Data => Rule::WrongType,
        Category::Syntax if message.starts_with("recursion limit") => Rule::TooDeep,
        Category::Syntax | Category::Io => Rule::InvalidJson,
    };
    let at = match rule {
        Rule::Truncated => rest.len(),
        _ => offset_of(rest, error.line(), error.column()),
    };
    Fault::new(rule, base + at, message)
}

/// The byte offset of a line and column as `serde_json` counts them: from 1, columns in bytes.
pub(crate) fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text[start..].find('\n') {
            Some(newline) => start += newline + 1,
            None => return text.len(),
        }
    }
    let at = (start + column.saturating_sub(1)).min(text.len());
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_members() {
        let mut cursor = Cursor::new(r#" {"a": 1, "b\u0063" : [2, {"x": "}"}]}"#, 0);
        assert!(cursor.take(b'{'));
        assert_eq!(cursor.key().unwrap(), "a");
        cursor.skip().unwrap();
        assert!(cursor.next_or_close(b'}').unwrap());
        assert_eq!(cursor.key().unwrap(), "bc");
        cursor.skip().unwrap();
        assert!(!cursor.next_or_close(b'}').unwrap());
        assert_eq!(cursor.peek(), None);
    }

    #[test]
    fn faults_carry_their_offset() {
        let fault = Cursor::new("{\"a\":\n nul}", 5).skip().unwrap_err();
        assert_eq!((fault.rule, fault.at), (Rule::InvalidJson, 10));
        let fault = Cursor::new("{\"a\": [1, ", 6).skip().unwrap_err();
        assert_eq!(fault.rule, Rule::Truncated);
    }

    #[test]
    fn depth_is_counted_outside_strings() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(too_deep(&deep(DEPTH_MAX)), None);
        assert_eq!(too_deep(&deep(DEPTH_MAX + 1)), Some(DEPTH_MAX));
        assert_eq!(too_deep(&format!(r#"{{"a":"\"{}"}}"#, "[".repeat(300))), None);
    }

    #[test]
    fn offsets_never_split_a_code_point() {
        assert_eq!(offset_of("çç", 1, 2), 0);
        assert_eq!(offset_of("a\nç", 2, 99), 4);
        assert_eq!(offset_of("a", 7, 1), 1);
    }
}
