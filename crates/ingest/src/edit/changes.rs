//! From what a text says to what it is to say, line by line.

use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::tree::{Entry, Node, Style, What};
use super::words;

/// Collects what is to be written where.
pub(super) struct Editor<'t> {
    text: &'t str,
    /// What ends a line.
    newline: &'static str,
    /// Whether it is JSON, in which every word is in quotes.
    json: bool,
    /// How much further right than its key a list stands.
    offset: usize,
    edits: Vec<(Range<usize>, String)>,
}

/// Where a value stands: behind what, and how far right what it belongs to is.
#[derive(Clone, Copy)]
struct Slot {
    behind: usize,
    column: usize,
    of: Of,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Entry,
    Item,
    Brackets,
}

impl<'t> Editor<'t> {
    pub(super) fn new(text: &'t str, root: &Node) -> Self {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let json = serde_json::from_str::<IgnoredAny>(&text[root.span.clone()]).is_ok();
        let mut editor = Self { text, newline, json, offset: 0, edits: Vec::new() };
        editor.offset = editor.offset_of_lists(root).unwrap_or(0);
        editor
    }

    /// The text in which the object is `wanted`; nothing where that cannot be written.
    pub(super) fn edited(mut self, object: &Node, wanted: &Value) -> Option<String> {
        let (What::Mapping(style, entries), Value::Object(fields)) = (&object.what, wanted) else {
            return None;
        };
        self.mapping(object, *style, entries, fields)?;
        // Of two at one place what was there first to be written comes first.
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(self.text.len() + 256);
        let mut from = 0;
        for (range, words) in &self.edits {
            out.push_str(self.text.get(from..range.start)?);
            out.push_str(words);
            from = range.end;
        }
        out.push_str(&self.text[from..]);
        Some(out)
    }

    fn node(&mut self, old: &Node, wanted: &Value, slot: Slot) {
        if old.value() == *wanted {
            return;
        }
        let edits = self.edits.len();
        let inside = match (&old.what, wanted) {
            (What::Mapping(style, entries), Value::Object(fields)) => {
                let stays = entries.iter().any(|entry| fields.contains_key(&entry.name));
                stays.then(|| self.mapping(old, *style, entries, fields)).flatten()
            }
            (What::Sequence(style, items), Value::Array(wanted)) => {
                let some = !items.is_empty() && !wanted.is_empty();
                some.then(|| self.sequence(old, *style, items, wanted)).flatten()
            }
            _ => None,
        };
        if inside.is_none() {
            self.edits.truncate(edits);
            self.replace(old, wanted, slot);
        }
    }

    fn mapping(
        &mut self,
        old: &Node,
        style: Style,
        entries: &[Entry],
        wanted: &Map<String, Value>,
    ) -> Option<()> {
        let stays: Vec<bool> =
            entries.iter().map(|entry| wanted.contains_key(&entry.name)).collect();
        let ranges: Vec<Range<usize>> =
            entries.iter().map(|entry| entry.start..entry.end()).collect();
        self.remove(style, &ranges, &stays)?;
        let column = self.column(entries.first()?.start);
        for entry in entries {
            if let Some(value) = wanted.get(&entry.name) {
                let of = if style == Style::Block { Of::Entry } else { Of::Brackets };
                self.node(&entry.value, value, Slot { behind: entry.colon, column, of });
            }
        }
        let is_new = |name: &String| entries.iter().all(|entry| entry.name != *name);
        let new = wanted.iter().filter(|(name, _)| is_new(name));
        let last = ranges[stays.iter().rposition(|stays| *stays)?].end;
        for (name, value) in new {
            match style {
                Style::Block => {
                    let lines = words::entry(name, value, self.offset);
                    self.put_lines(last, column, &lines);
                }
                Style::Flow => {
                    let name = words::key(name, self.is_quoted(entries[0].start));
                    self.put_behind_comma(old, &ranges, last, &format!("{name}: "), value);
                }
            }
        }
        Some(())
    }

    fn sequence(
        &mut self,
        old: &Node,
        style: Style,
        items: &[Node],
        wanted: &[Value],
    ) -> Option<()> {
        let values: Vec<Value> = items.iter().map(Node::value).collect();
        let same = |(one, other): &(&Value, &Value)| one == other;
        let head = values.iter().zip(wanted).take_while(same).count();
        let most = items.len().min(wanted.len()) - head;
        let tails = values.iter().rev().zip(wanted.iter().rev());
        let tail = tails.take_while(same).count().min(most);
        let (old_end, new_end) = (items.len() - tail, wanted.len() - tail);
        let shared = (old_end - head).min(new_end - head);
        let mut ranges = Vec::new();
        for item in items {
            let start = match style {
                Style::Block => self.dash(item.span.start)?,
                Style::Flow => item.span.start,
            };
            ranges.push(start..item.span.end.max(start + 1));
        }
        let stays: Vec<bool> =
            (0..items.len()).map(|at| at < head + shared || at >= old_end).collect();
        self.remove(style, &ranges, &stays)?;
        let column = self.column(ranges[0].start);
        for at in head..head + shared {
            let (of, behind) = match style {
                Style::Block => (Of::Item, ranges[at].start + 1),
                Style::Flow => (Of::Brackets, ranges[at].start),
            };
            self.node(&items[at], &wanted[at], Slot { behind, column, of });
        }
        for value in &wanted[head + shared..new_end] {
            // In front of the first there is nothing to stand behind.
            let last = ranges.get((head + shared).checked_sub(1)?)?.end;
            match style {
                Style::Block => {
                    let lines = words::lines(&Value::Array(vec![value.clone()]), self.offset);
                    self.put_lines(last, column, &lines);
                }
                Style::Flow => self.put_behind_comma(old, &ranges, last, "", value),
            }
        }
        Some(())
    }

    /// Takes away what does not stay.
    fn remove(&mut self, style: Style, ranges: &[Range<usize>], stays: &[bool]) -> Option<()> {
        for (at, range) in ranges.iter().enumerate().filter(|(at, _)| !stays[*at]) {
            let gone = match style {
                Style::Block => self.whole_lines(range)?,
                // With the comma on the side where something stays.
                Style::Flow if stays[at..].contains(&true) => range.start..ranges[at + 1].start,
                Style::Flow => ranges.get(at.checked_sub(1)?)?.end..range.end,
            };
            self.edits.push((gone, String::new()));
        }
        Some(())
    }

    /// Writes a value in place of another.
    fn replace(&mut self, old: &Node, wanted: &Value, slot: Slot) {
        let empty = match wanted {
            Value::Object(fields) => fields.is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => true,
        };
        let is_scalar = matches!(old.what, What::Scalar(_)) && !old.span.is_empty();
        let in_line = !self.text[old.span.clone()].contains('\n');
        if slot.of == Of::Brackets || (is_scalar && empty && in_line) {
            let words = words::flow(wanted, None, self.is_quoted(old.span.start));
            self.edits.push((old.span.clone(), words));
            return;
        }
        let end = old.span.end.max(slot.behind);
        if empty {
            let words = format!(" {}", words::flow(wanted, None, false));
            self.edits.push((slot.behind..slot.behind, words));
            // A comment behind the key stays.
            let line = self.line_end(slot.behind).min(end);
            let from = if old.span.start > line { line } else { slot.behind };
            self.edits.push((from..end, String::new()));
            return;
        }
        let columns = match (slot.of, wanted) {
            (Of::Entry, Value::Array(_)) => slot.column + self.offset,
            _ => slot.column + 2,
        };
        let lines = words::lines(wanted, self.offset);
        let words = match slot.of {
            Of::Item => format!(" {}", self.joined(columns, &lines).trim_start()),
            _ => self.joined(columns, &lines),
        };
        self.edits.push((slot.behind..end, words));
    }

    /// Whether what is written instead of, or beside, what stands here is in quotes.
    fn is_quoted(&self, at: usize) -> bool {
        self.json || self.text[at..].starts_with('"')
    }

    /// Lines below the one in which something ends.
    fn put_lines(&mut self, behind: usize, column: usize, lines: &[String]) {
        let at = self.line_end(behind);
        self.edits.push((at..at, self.joined(column, lines)));
    }

    fn joined(&self, column: usize, lines: &[String]) -> String {
        let indent = format!("{}{:column$}", self.newline, "");
        lines.iter().flat_map(|line| [&*indent, line]).collect()
    }

    /// One more in brackets, set apart as the others are.
    fn put_behind_comma(
        &mut self,
        old: &Node,
        ranges: &[Range<usize>],
        behind: usize,
        name: &str,
        value: &Value,
    ) {
        let first = ranges[0].start;
        let own = self.text[old.span.start + 1..first].contains('\n');
        let (indent, outer) = (self.indent(first), self.indent(old.span.start));
        let gap = if own { format!("{}{indent}", self.newline) } else { " ".to_owned() };
        let deeper = own.then(|| indent.strip_prefix(outer).unwrap_or("  "));
        let words = words::flow(value, deeper, self.is_quoted(first));
        let words = words.replace('\n', &gap);
        self.edits.push((behind..behind, format!(",{gap}{name}{words}")));
    }

    /// The lines of something that stands alone in them, from the end of the one above.
    fn whole_lines(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let start = range.start - self.column_bytes(range.start);
        let alone = self.text[start..range.start].trim().is_empty();
        let above = self.text[..start].strip_suffix('\n')?.trim_end_matches('\r').len();
        alone.then(|| above..self.line_end(range.end))
    }

    /// The dash of an item in lines.
    fn dash(&self, item: usize) -> Option<usize> {
        let before = self.text[..item].trim_end();
        before.ends_with('-').then(|| before.len() - 1)
    }

    /// The end of the line in which a place is.
    fn line_end(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        let line = rest.split('\n').next().unwrap_or_default();
        at + line.trim_end_matches('\r').len()
    }

    fn column_bytes(&self, at: usize) -> usize {
        at - self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn column(&self, at: usize) -> usize {
        self.text[at - self.column_bytes(at)..at].chars().count()
    }

    /// What the line of a place begins with.
    fn indent(&self, at: usize) -> &'t str {
        let line = &self.text[at - self.column_bytes(at)..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// How far right of its key the first list in lines stands.
    fn offset_of_lists(&self, node: &Node) -> Option<usize> {
        let What::Mapping(_, entries) = &node.what else {
            return node.items().iter().find_map(|item| self.offset_of_lists(item));
        };
        entries.iter().find_map(|entry| match &entry.value.what {
            What::Sequence(Style::Block, items) if !items.is_empty() => {
                let dash = self.dash(items[0].span.start)?;
                self.column(dash).checked_sub(self.column(entry.start))
            }
            _ => self.offset_of_lists(&entry.value),
        })
    }
}
