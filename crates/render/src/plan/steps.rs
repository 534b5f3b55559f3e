//! Answers that are steps to take: a sentence, a table, lines for `kubectl`, and what else is to be
//! said.

use std::fmt::Write;

use crate::format::Format;
use crate::sheet::Sheet;
use crate::words;

/// The width of running text.
const WIDTH: usize = 96;

/// What there is to say.
pub(super) struct Answer<'a> {
    pub(super) sentence: String,
    pub(super) table: Sheet,
    /// Another table, for the terminal alone.
    pub(super) below: Option<Sheet>,
    pub(super) commands: &'a [String],
    pub(super) paragraphs: Vec<String>,
}

/// The answer as text, or as Markdown; a spreadsheet gets the table alone.
pub(super) fn render(answer: &Answer<'_>, format: Format) -> String {
    if format == Format::Csv {
        return answer.table.csv();
    }
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let markdown = format == Format::Markdown;
    if markdown {
        let _ = write!(out, "**{}**\n\n{}", answer.sentence, answer.table.markdown());
    } else {
        let sentence = words::wrap(&answer.sentence, WIDTH).join("\n");
        let _ = write!(out, "{sentence}\n\n{}", answer.table.human());
    }
    if let Some(below) = &answer.below {
        let _ = write!(out, "\n{}", below.human());
    }
    if !answer.commands.is_empty() {
        let lines = answer.commands.join("\n");
        let fence = if markdown { ("```sh\n", "\n```") } else { ("", "") };
        let _ = writeln!(out, "\n{}{lines}{}", fence.0, fence.1);
    }
    for text in &answer.paragraphs {
        let text = if markdown { text.clone() } else { words::wrap(text, WIDTH).join("\n") };
        let _ = writeln!(out, "\n{text}");
    }
    out
}
