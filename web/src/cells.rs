//! Pods as cells: of all pods of a mark on a node one path, so that a map of a thousand nodes stays
//! a few thousand elements. A mark has a shape, not only a colour.

use std::fmt::Write;

use crate::standing::{Cell, Mark};

/// Where cells go: so many a row, each so large, the gap to the next one included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    pub(crate) columns: usize,
    pub(crate) pitch: f64,
}

/// No larger and no smaller than this, in pixels.
const PITCH_MAX: f64 = 13.0;
const PITCH_MIN: f64 = 3.0;

impl Grid {
    /// The largest cells with which so many find room in a box; those past the smallest are cut.
    pub(crate) fn fitting(count: usize, width: f64, height: f64) -> Self {
        let mut pitch = PITCH_MAX;
        while pitch > PITCH_MIN && (width / pitch).floor() * (height / pitch).floor() < count as f64
        {
            pitch -= 0.5;
        }
        Self { columns: ((width / pitch).floor() as usize).max(1), pitch }
    }
}

/// The path of all cells of each mark, in the order in which marks are told.
pub(crate) fn paths(cells: &[Cell], grid: Grid) -> Vec<(Mark, String)> {
    let mut sorted: Vec<Mark> = cells.iter().map(|cell| cell.mark).collect();
    sorted.sort_unstable();
    let mut paths: Vec<(Mark, String)> = Vec::new();
    for (at, mark) in sorted.into_iter().enumerate() {
        if paths.last().is_none_or(|(last, _)| *last != mark) {
            paths.push((mark, String::new()));
        }
        let (x, y) = (at % grid.columns, at / grid.columns);
        if let Some((_, path)) = paths.last_mut() {
            draw(path, mark, x as f64 * grid.pitch, y as f64 * grid.pitch, grid.pitch * 0.82);
        }
    }
    paths
}

/// One cell with its corner at `x`, `y`, as large as `side`.
fn draw(path: &mut String, mark: Mark, x: f64, y: f64, side: f64) {
    let inner = side * 0.5;
    let (inset, half) = ((side - inner) / 2.0, side / 2.0);
    // Writing into a string cannot fail.
    let _ = shape(path, mark, (x, y), (side, half, inset, inner));
}

/// The shape of a mark: where its corner is, how large it is, and half of that, and the inside.
fn shape(
    path: &mut String,
    mark: Mark,
    (x, y): (f64, f64),
    (side, half, inset, inner): (f64, f64, f64, f64),
) -> std::fmt::Result {
    match mark {
        Mark::Up => write!(path, "M{x:.1} {y:.1}h{side:.1}v{side:.1}h-{side:.1}z"),
        Mark::Down => write!(
            path,
            "M{x:.1} {y:.1}h{side:.1}v{side:.1}h-{side:.1}z\
             M{:.1} {:.1}v{inner:.1}h{inner:.1}v-{inner:.1}z",
            x + inset,
            y + inset,
        ),
        Mark::Moved => diamond(path, x + half, y, half),
        Mark::Starting => diamond(path, x + half, y, half).and_then(|()| {
            let small = half * 0.5;
            let (x, y) = (x + half, y + small);
            write!(path, "M{x:.1} {y:.1}l-{small:.1} {small:.1}l{small:.1} {small:.1}")?;
            write!(path, "l{small:.1}-{small:.1}z")
        }),
        Mark::Pending => {
            write!(path, "M{:.1} {y:.1}l{half:.1} {side:.1}h-{side:.1}z", x + half)
        }
        Mark::Lost => cross(path, x, y, side),
        Mark::Left => {
            let thin = side * 0.14;
            let inner = side - 2.0 * thin;
            write!(path, "M{x:.1} {y:.1}h{side:.1}v{side:.1}h-{side:.1}z")?;
            write!(path, "M{:.1} {:.1}v{inner:.1}h{inner:.1}v-{inner:.1}z", x + thin, y + thin)
        }
        Mark::Ending => {
            let (y, high) = (y + side * 0.35, side * 0.3);
            write!(path, "M{x:.1} {y:.1}h{side:.1}v{high:.1}h-{side:.1}z")
        }
    }
}

fn diamond(path: &mut String, x: f64, y: f64, half: f64) -> std::fmt::Result {
    write!(path, "M{x:.1} {y:.1}l{half:.1} {half:.1}l-{half:.1} {half:.1}l-{half:.1}-{half:.1}z")
}

fn cross(path: &mut String, x: f64, y: f64, side: f64) -> std::fmt::Result {
    let (thick, long) = (side * 0.22, side * 0.78);
    write!(path, "M{:.1} {y:.1}l{long:.1} {long:.1}l-{thick:.1} {thick:.1}", x + thick)?;
    write!(path, "l-{long:.1}-{long:.1}z")?;
    write!(path, "M{:.1} {y:.1}l{thick:.1} {thick:.1}l-{long:.1} {long:.1}", x + long)?;
    write!(path, "l-{thick:.1}-{thick:.1}z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_shrink_until_all_have_room() {
        let few = Grid::fitting(4, 100.0, 30.0);
        let many = Grid::fitting(250, 100.0, 30.0);
        assert!(few.pitch > many.pitch);
        let high = |grid: Grid, count: usize| count.div_ceil(grid.columns) as f64 * grid.pitch;
        assert!(high(few, 4) <= 30.0 && high(many, 250) <= 30.0);
    }

    #[test]
    fn a_mark_has_one_path() {
        let cell = |mark| Cell { mark, pod: 0 };
        let cells = [Mark::Lost, Mark::Up, Mark::Lost, Mark::Up].map(cell);
        let paths = paths(&cells, Grid::fitting(4, 100.0, 30.0));
        let marks: Vec<Mark> = paths.iter().map(|(mark, _)| *mark).collect();
        assert_eq!(marks, [Mark::Up, Mark::Lost]);
        assert_eq!(paths[0].1.matches('M').count(), 2);
    }
}
