//! As few as carry an argument.

/// Drops whatever the argument does without, the first first, in ever smaller pieces: what is left
/// carries it, and loses it with any one less, unless that takes more than so many tries.
pub(super) fn irreducible<T: Clone>(
    mut all: Vec<T>,
    mut tries: usize,
    mut holds: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
    let mut piece = all.len().div_ceil(2);
    while piece > 0 {
        let mut at = 0;
        while at < all.len() {
            if tries == 0 {
                return all;
            }
            tries -= 1;
            let end = (at + piece).min(all.len());
            let without: Vec<T> = all[..at].iter().chain(&all[end..]).cloned().collect();
            if holds(&without) {
                all = without;
            } else {
                at = end;
            }
        }
        piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_be_dropped_from_what_is_left() {
        let needed = |left: &[u32]| left.iter().sum::<u32>() > 10;
        assert_eq!(irreducible(vec![1, 2, 3, 4, 5, 6], 100, needed), [5, 6]);
        assert_eq!(irreducible(vec![4, 4, 4, 4], 100, needed), [4, 4, 4]);
    }
}
