//! A table that is shown on a terminal, in Markdown, or in a spreadsheet.

use std::fmt::Write;

use crate::format::Format;
use crate::table::Grid;
use crate::words;

/// Rows of text under headings.
pub(super) struct Sheet {
    headings: Vec<&'static str>,
    right: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    /// An empty table; the columns in `right` hold numbers.
    pub(super) fn new(headings: &[&'static str], right: &[usize]) -> Self {
        Self { headings: headings.to_vec(), right: right.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// As text, padded with spaces.
    pub(super) fn human(&self) -> String {
        let headings: Vec<String> = self.headings.iter().map(|name| name.to_uppercase()).collect();
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        let mut grid = Grid::new(&headings, &self.right);
        for row in &self.rows {
            grid.row(row.iter().cloned());
        }
        grid.lines().into_iter().fold(String::new(), |out, line| out + &line + "\n")
    }

    /// As a table of Markdown.
    pub(super) fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let escaped = |cell: &String| cell.replace('|', "\\|").replace('\n', " ");
        let mut out = line(self.headings.iter().map(|name| (*name).to_owned()).collect());
        let rule = |at: usize| if self.right.contains(&at) { "--:" } else { "---" }.to_owned();
        out += &line((0..self.headings.len()).map(rule).collect());
        for row in &self.rows {
            out += &line(row.iter().map(escaped).collect());
        }
        out
    }

    /// As comma-separated values (RFC 4180, with line feeds alone).
    pub(super) fn csv(&self) -> String {
        let mut out = String::new();
        let head: Vec<String> = self.headings.iter().map(|name| (*name).to_owned()).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}", cells.join(","));
        }
        out
    }
}

/// The width of running text.
const WIDTH: usize = 96;

/// A sentence that answers, a table, which a spreadsheet gets alone, and what there is to say of
/// it.
pub(super) fn laid_out(
    format: Format,
    answer: &str,
    table: impl FnOnce(bool) -> Sheet,
    paragraphs: &[String],
) -> String {
    let table = table(format == Format::Csv);
    match format {
        Format::Csv => table.csv(),
        Format::Markdown => {
            format!("**{answer}**\n\n{}\n{}\n", table.markdown(), paragraphs.join("\n\n"))
        }
        _ => {
            let mut out = words::wrap(answer, WIDTH).join("\n") + "\n";
            // Writing to a string cannot fail, here and below.
            if table.len() > 0 {
                let _ = write!(out, "\n{}", table.human());
            }
            for text in paragraphs {
                let _ = writeln!(out, "\n{}", words::wrap(text, WIDTH).join("\n"));
            }
            out
        }
    }
}

/// A value that a spreadsheet reads as it is meant.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_rows_in_three_ways() {
        let mut sheet = Sheet::new(&["node", "fits"], &[1]);
        sheet.row(["a,b".to_owned(), "7".to_owned()]);
        sheet.row(["c|\"d\"".to_owned(), "12".to_owned()]);
        assert_eq!(sheet.human(), " NODE   FITS\n a,b       7\n c|\"d\"    12\n");
        let markdown = "| node | fits |\n| --- | --: |\n| a,b | 7 |\n| c\\|\"d\" | 12 |\n";
        assert_eq!(sheet.markdown(), markdown);
        assert_eq!(sheet.csv(), "node,fits\n\"a,b\",7\n\"c|\"\"d\"\"\",12\n");
        assert_eq!(sheet.len(), 2);
    }
}
