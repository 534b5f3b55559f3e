//! Plain tables: columns padded with spaces, headings in capitals, as kubectl prints them.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A table that grows by rows.
pub struct Grid {
    table: Table,
    right: Vec<usize>,
}

impl Grid {
    /// A table with these headings; the columns in `right` hold numbers and are set flush right.
    pub fn new(headings: &[&str], right: &[usize]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(headings.iter().copied());
        Self { table, right: right.to_vec() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.table.add_row(cells);
    }

    /// The lines of the table, without spaces at their ends.
    pub fn lines(mut self) -> Vec<String> {
        for at in &self.right {
            if let Some(column) = self.table.column_mut(*at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.table.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}
