//! Groups of nodes as rows of known heights, so that it is known what is where without asking the
//! browser.

use std::ops::Range;

use crate::grouping::Group;

/// How large boxes are; the stylesheet has the same sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Density {
    /// A few nodes.
    #[default]
    Roomy,
    /// Dozens.
    Dense,
    /// Hundreds and thousands.
    Tiny,
}

impl Density {
    fn of(nodes: usize) -> Self {
        match nodes {
            0..=16 => Self::Roomy,
            17..=150 => Self::Dense,
            _ => Self::Tiny,
        }
    }

    /// Width and height of a box, and the gap to the next.
    pub(crate) fn size(self) -> (f64, f64) {
        match self {
            Self::Roomy => (264.0, 176.0),
            Self::Dense => (180.0, 112.0),
            Self::Tiny => (124.0, 72.0),
        }
    }
}

const GAP: f64 = 8.0;
const TITLE_HEIGHT: f64 = 36.0;

/// A row of the map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Row {
    /// What a group has in common, and how many nodes it has.
    Title(Option<String>, usize),
    /// Nodes side by side.
    Tiles(Vec<u32>),
}

/// All rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) list: Vec<Row>,
    pub(crate) density: Density,
    pub(crate) columns: usize,
    /// How wide the map is that they are for.
    pub(crate) width: f64,
    /// Where each begins, and where the last ends.
    tops: Vec<f64>,
}

impl Rows {
    pub(crate) fn new(groups: &[Group], nodes: usize, width: f64) -> Self {
        let density = Density::of(nodes);
        let (wide, high) = density.size();
        let columns = (((width + GAP) / (wide + GAP)).floor() as usize).max(1);
        let (mut list, mut tops) = (Vec::new(), vec![0.0]);
        let mut put = |row, height: f64| {
            list.push(row);
            tops.push(tops.last().copied().unwrap_or(0.0) + height);
        };
        for group in groups {
            if groups.len() > 1 {
                put(Row::Title(group.title.clone(), group.nodes.len()), TITLE_HEIGHT);
            }
            for nodes in group.nodes.chunks(columns) {
                put(Row::Tiles(nodes.to_vec()), high + GAP);
            }
        }
        Self { list, density, columns, width, tops }
    }

    /// Where a row begins.
    pub(crate) fn top(&self, row: usize) -> f64 {
        self.tops.get(row).copied().unwrap_or(0.0)
    }

    pub(crate) fn height(&self) -> f64 {
        self.tops.last().copied().unwrap_or(0.0)
    }

    /// The rows between two heights.
    pub(crate) fn between(&self, from: f64, to: f64) -> Range<usize> {
        let count = self.list.len();
        let first = self.tops.partition_point(|top| *top <= from).saturating_sub(1).min(count);
        let last = self.tops.partition_point(|top| *top < to).min(count);
        first..last.max(first)
    }

    /// The middle of a node's box.
    pub(crate) fn middle(&self, node: u32) -> Option<(f64, f64)> {
        let row = self.row_of(node)?;
        let Row::Tiles(nodes) = &self.list[row] else { return None };
        let column = nodes.iter().position(|it| *it == node)? as f64;
        let (wide, high) = self.density.size();
        Some((column * (wide + GAP) + wide / 2.0, self.top(row) + high / 2.0))
    }

    /// The row that a node is in.
    pub(crate) fn row_of(&self, node: u32) -> Option<usize> {
        self.list.iter().position(|row| matches!(row, Row::Tiles(nodes) if nodes.contains(&node)))
    }

    /// The node so many places after another, in the order in which they are shown.
    pub(crate) fn moved(&self, node: u32, by: i64) -> u32 {
        let all: Vec<u32> = self
            .list
            .iter()
            .flat_map(|row| match row {
                Row::Tiles(nodes) => nodes.as_slice(),
                Row::Title(..) => &[],
            })
            .copied()
            .collect();
        let at = all.iter().position(|it| *it == node).unwrap_or(0) as i64;
        let last = (all.len() as i64 - 1).max(0);
        all.get(at.saturating_add(by).clamp(0, last) as usize).copied().unwrap_or(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(counts: &[u32], width: f64) -> Rows {
        let mut next = 0..;
        let groups: Vec<Group> = counts
            .iter()
            .map(|count| Group {
                title: Some(format!("of {count}")),
                nodes: next.by_ref().take(*count as usize).collect(),
            })
            .collect();
        Rows::new(&groups, counts.iter().sum::<u32>() as usize, width)
    }

    #[test]
    fn a_row_takes_as_many_as_are_wide_enough() {
        let rows = rows(&[5], 264.0 * 2.0 + GAP);
        assert_eq!(rows.columns, 2);
        assert_eq!(rows.list.len(), 3);
        assert!((rows.height() - 3.0 * (176.0 + GAP)).abs() < 0.01);
    }

    #[test]
    fn only_rows_near_the_window_are_looked_for() {
        let rows = rows(&[5_000], 1_000.0);
        let shown = rows.between(8_000.0, 9_000.0);
        assert!(shown.len() < 16 && rows.top(shown.start) <= 8_000.0);
        assert!(rows.top(shown.end) >= 9_000.0);
        assert_eq!(rows.between(-500.0, -100.0), 0..0);
        let end = rows.between(1e9, 2e9);
        assert!(end.is_empty() || end.end == rows.list.len());
    }

    #[test]
    fn the_middle_of_a_box_is_known() {
        let rows = rows(&[1, 3], 264.0 * 2.0 + GAP);
        let below = TITLE_HEIGHT + 176.0 + GAP + TITLE_HEIGHT;
        assert_eq!(rows.middle(2), Some((264.0 + GAP + 132.0, below + 88.0)));
        assert_eq!(rows.middle(9), None);
    }

    #[test]
    fn arrows_stop_at_the_ends() {
        let rows = rows(&[2, 3], 10_000.0);
        assert_eq!(rows.moved(1, 1), 2);
        assert_eq!(rows.moved(0, -1), 0);
        assert_eq!(rows.moved(3, i64::MAX), 4);
        assert_eq!(rows.moved(3, i64::MIN), 0);
    }
}
