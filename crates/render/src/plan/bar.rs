//! How full a node is before and after, as a bar for the terminal.

/// How many cells a bar has.
const CELLS: i128 = 8;

/// What is taken before and after, what comes, what goes, and what is free.
const STAYS: &str = "█";
const COMES: &str = "▒";
const GOES: &str = "░";
const FREE: &str = "·";

/// A bar of what is taken of a whole before and after: each cell is of the part that its middle is
/// in. Nothing where there is no whole.
pub(super) fn bar(before: i128, after: i128, of: i128) -> String {
    if of <= 0 {
        return String::new();
    }
    // The middle of the cell in halves of cells, held against the parts.
    let within = |cell: i128, part: i128| (2 * cell + 1) * of < part * 2 * CELLS;
    let cell = |cell: i128| match (within(cell, before), within(cell, after)) {
        (true, true) => STAYS,
        (false, true) => COMES,
        (true, false) => GOES,
        (false, false) => FREE,
    };
    (0..CELLS).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn what_comes_and_what_goes_differ() {
        assert_eq!(bar(4, 4, 8), "████····");
        assert_eq!(bar(2, 6, 8), "██▒▒▒▒··");
        assert_eq!(bar(6, 2, 8), "██░░░░··");
        assert_eq!(bar(0, 0, 8), "········");
        assert_eq!(bar(9, 9, 8), "████████", "more than there is");
        assert_eq!(bar(1, 1, 0), "", "nothing of nothing");
    }

    #[test]
    fn a_cell_is_of_the_part_that_its_middle_is_in() {
        assert_eq!(bar(6, 6, 100), "········");
        assert_eq!(bar(7, 7, 100), "█·······");
        assert_eq!(bar(93, 94, 100), "███████·".replacen('·', "▒", 1));
    }
}
