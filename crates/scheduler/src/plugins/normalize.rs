//! Scores to the common scale.
//!
//! Models `DefaultNormalizeScore` of `pkg/scheduler/framework/plugins/helper/normalize_score.go`
//! (v1.36.3).

use super::MAX_NODE_SCORE;

/// Scales to 0..=100 by the highest score; `reverse` turns the scale around.
pub(crate) fn scale_by_highest(scores: &mut [i64], reverse: bool) {
    let highest = scores.iter().copied().max().unwrap_or(0).max(0);
    if highest == 0 {
        if reverse {
            scores.fill(MAX_NODE_SCORE);
        }
        return;
    }
    for score in scores {
        *score = MAX_NODE_SCORE.wrapping_mul(*score) / highest;
        if reverse {
            *score = MAX_NODE_SCORE - *score;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of upstream's `normalize_score_test.go`.
    #[test]
    fn scales_as_upstream_s_own_table() {
        let table: [(bool, [i64; 4], [i64; 4]); 7] = [
            (false, [1, 2, 3, 4], [25, 50, 75, 100]),
            (true, [1, 2, 3, 4], [75, 50, 25, 0]),
            (false, [1000, 10, 20, 30], [100, 1, 2, 3]),
            (true, [1000, 10, 20, 30], [0, 99, 98, 97]),
            (false, [1, 1, 1, 1], [100, 100, 100, 100]),
            (false, [0, 0, 0, 0], [0, 0, 0, 0]),
            (true, [0, 0, 0, 0], [100, 100, 100, 100]),
        ];
        for (reverse, mut scores, expected) in table {
            scale_by_highest(&mut scores, reverse);
            assert_eq!(scores, expected);
        }
    }
}
