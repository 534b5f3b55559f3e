//! Moves as lines from box to box, for what is selected alone: all at once would hide the map.

use std::collections::BTreeMap;
use std::fmt::Write;

use yew::prelude::*;

use super::rows::Rows;
use crate::standing::Move;

/// Lines at once: more would be a tangle.
const LINES_MAX: usize = 120;

/// How long the head of an arrow is.
const HEAD: f64 = 12.0;

/// The lines of these moves, above the boxes; several from one node to another are one, which is
/// thicker.
pub(super) fn lines<'m>(rows: &Rows, moves: impl Iterator<Item = &'m Move>) -> Html {
    let mut counts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for one in moves {
        *counts.entry((one.from, one.to)).or_default() += 1;
    }
    if counts.is_empty() {
        return html! {};
    }
    let drawn = counts.into_iter().take(LINES_MAX).filter_map(|((from, to), count)| {
        let (from, to) = (rows.middle(from)?, rows.middle(to)?);
        let width = f64::from(count.min(9)).sqrt() * 1.6;
        let d = arrow(from, to);
        Some(html! { <path {d} stroke-width={format!("{width:.1}")} /> })
    });
    let height = format!("{:.0}", rows.height());
    html! {
        <svg class="moves" width="100%" {height} aria-hidden="true">{ for drawn }</svg>
    }
}

/// A bow from one point to another, and its head.
fn arrow((x, y): (f64, f64), (to_x, to_y): (f64, f64)) -> String {
    let (dx, dy) = (to_x - x, to_y - y);
    let length = dx.hypot(dy).max(1.0);
    // The bow goes aside, so that lines there and back do not cover each other.
    let bend = (length * 0.12).min(40.0);
    let (mid_x, mid_y) = (x + dx / 2.0 - dy / length * bend, y + dy / 2.0 + dx / length * bend);
    let mut path = format!("M{x:.1} {y:.1}Q{mid_x:.1} {mid_y:.1} {to_x:.1} {to_y:.1}");
    let angle = (to_y - mid_y).atan2(to_x - mid_x);
    for side in [angle + 2.6, angle - 2.6] {
        let (tip_x, tip_y) = (to_x + HEAD * side.cos(), to_y + HEAD * side.sin());
        // Writing into a string cannot fail.
        let _ = write!(path, "M{to_x:.1} {to_y:.1}L{tip_x:.1} {tip_y:.1}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_ends_where_it_leads() {
        let path = arrow((0.0, 0.0), (100.0, 0.0));
        assert!(path.starts_with("M0.0 0.0Q"), "{path}");
        assert_eq!(path.matches("100.0 0.0").count(), 3, "{path}");
    }
}
