//! Bytes to text, or what they are instead.

use crate::Rule;

/// How many bytes are looked at to tell binary from text.
const SAMPLE: usize = 8192;

/// Why bytes are no text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoText<'a> {
    pub(super) rule: Rule,
    /// The text before the byte that is wrong, for its line and column.
    pub(super) before: &'a str,
    pub(super) detail: String,
}

/// The text of a file, without a byte order mark.
pub(super) fn text(bytes: &[u8]) -> Result<&str, NoText<'_>> {
    let wrong = |rule, detail: &str| NoText { rule, before: "", detail: detail.to_owned() };
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Some(encoding) = other_encoding(bytes) {
        return Err(wrong(Rule::WrongEncoding, encoding));
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    if let Some(at) = sample.iter().position(|&byte| byte == 0) {
        return Err(wrong(Rule::BinaryFile, &format!("byte 0x00 at offset {at}")));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        // Text goes wrong here and there; from binary hardly a line is right.
        let rule = if binary(sample) { Rule::BinaryFile } else { Rule::NotUtf8 };
        NoText {
            rule,
            before: std::str::from_utf8(&bytes[..at]).unwrap_or_default(),
            detail: format!("byte 0x{:02X} at offset {at}", bytes[at]),
        }
    })
}

/// UTF-16 and UTF-32 by their byte order marks, or by the zeros of ASCII letters in UTF-16.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..]
        | [0xFE, 0xFF, ..]
        | [1..=0x7F, 0, 1..=0x7F, 0, ..]
        | [0, 1..=0x7F, 0, 1..=0x7F, ..] => Some("UTF-16"),
        _ => None,
    }
}

/// Whether more than a tenth of the bytes are control characters or no UTF-8.
fn binary(sample: &[u8]) -> bool {
    let odd: usize = sample
        .utf8_chunks()
        .map(|chunk| {
            let controls = chunk.valid().bytes();
            let controls =
                controls.filter(|byte| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'));
            controls.count() + chunk.invalid().len()
        })
        .sum();
    odd * 10 > sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn rule(bytes: &[u8]) -> Option<Rule> {
        text(bytes).err().map(|error| error.rule)
    }

    #[test]
    fn tells_text_from_the_rest() {
        assert_eq!(text(b"\xEF\xBB\xBF{}"), Ok("{}"));
        assert_eq!(rule(b"\xFF\xFE{\0}\0"), Some(Rule::WrongEncoding));
        assert_eq!(rule(b"{\0\"\0a\0"), Some(Rule::WrongEncoding));
        assert_eq!(rule(b"\x7fELF\x02\x01\x01\0"), Some(Rule::BinaryFile));
        assert_eq!(rule(b"\x89PNG\r\n\x1a\n\xff\xfe\xfd"), Some(Rule::BinaryFile));
        assert_eq!(rule(b"kind: Pod\nmetadata: {name: caf\xe9}\n"), Some(Rule::NotUtf8));
    }

    #[test]
    fn says_which_byte_is_wrong() {
        let error = text(b"kind: Pod\nmetadata: {name: caf\xe9}\n").unwrap_err();
        assert_eq!(error.detail, "byte 0xE9 at offset 30");
        assert_eq!(error.before, "kind: Pod\nmetadata: {name: caf");
    }
}
