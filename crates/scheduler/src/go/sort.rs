//! Go's `sort.Slice`, swap for swap.
//!
//! It is not stable, and upstream sorts victims with it: where more than twelve are alike, who is
//! spared depends on the algorithm. Ported from Go 1.26, `src/sort/zsortfunc.go` (pattern-defeating
//! quicksort).

/// Above this length the ends of a range no longer go by insertion sort.
const INSERTION_MAX: usize = 12;

/// Sorts as Go's `sort.Slice` does, also where `less` does not tell elements apart.
pub(crate) fn slice<T>(data: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let length = data.len();
    let limit = usize::BITS - length.leading_zeros();
    Sorter { data, less }.sort(0, length, limit);
}

/// What the sample of a range suggests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    Unknown,
    Increasing,
    Decreasing,
}

struct Sorter<'a, T, L> {
    data: &'a mut [T],
    less: L,
}

impl<T, L: Fn(&T, &T) -> bool> Sorter<'_, T, L> {
    fn less(&self, a: usize, b: usize) -> bool {
        (self.less)(&self.data[a], &self.data[b])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.data.swap(a, b);
    }

    /// `pdqsort_func`.
    fn sort(&mut self, mut a: usize, mut b: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = b - a;
            if length <= INSERTION_MAX {
                return self.insertion_sort(a, b);
            }
            if limit == 0 {
                return self.heap_sort(a, b);
            }
            if !balanced {
                self.break_patterns(a, b);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.choose_pivot(a, b);
            if hint == Hint::Decreasing {
                self.data[a..b].reverse();
                pivot = (b - 1) - (pivot - a);
                hint = Hint::Increasing;
            }
            let sorted = balanced && partitioned && hint == Hint::Increasing;
            if sorted && self.partial_insertion_sort(a, b) {
                return;
            }
            if a > 0 && !self.less(a - 1, pivot) {
                a = self.partition_equal(a, b, pivot);
                continue;
            }
            let (middle, already) = self.partition(a, b, pivot);
            partitioned = already;
            let (left, right) = (middle - a, b - middle);
            balanced = left.min(right) >= length / 8;
            if left < right {
                self.sort(a, middle, limit);
                a = middle + 1;
            } else {
                self.sort(middle + 1, b, limit);
                b = middle;
            }
        }
    }

    fn insertion_sort(&mut self, a: usize, b: usize) {
        for i in a + 1..b {
            let mut j = i;
            while j > a && self.less(j, j - 1) {
                self.swap(j, j - 1);
                j -= 1;
            }
        }
    }

    fn sift_down(&mut self, low: usize, high: usize, first: usize) {
        let mut root = low;
        loop {
            let mut child = 2 * root + 1;
            if child >= high {
                return;
            }
            if child + 1 < high && self.less(first + child, first + child + 1) {
                child += 1;
            }
            if !self.less(first + root, first + child) {
                return;
            }
            self.swap(first + root, first + child);
            root = child;
        }
    }

    fn heap_sort(&mut self, a: usize, b: usize) {
        let high = b - a;
        for i in (0..=(high - 1) / 2).rev() {
            self.sift_down(i, high, a);
        }
        for i in (0..high).rev() {
            self.swap(a, a + i);
            self.sift_down(0, i, a);
        }
    }

    fn partition(&mut self, a: usize, b: usize, pivot: usize) -> (usize, bool) {
        self.swap(a, pivot);
        let (mut i, mut j) = (a + 1, b - 1);
        self.narrow(a, &mut i, &mut j);
        if i > j {
            self.swap(j, a);
            return (j, true);
        }
        loop {
            self.swap(i, j);
            i += 1;
            j -= 1;
            self.narrow(a, &mut i, &mut j);
            if i > j {
                self.swap(j, a);
                return (j, false);
            }
        }
    }

    /// Skips what is on its side of the pivot at `a` already.
    fn narrow(&self, a: usize, i: &mut usize, j: &mut usize) {
        while i <= j && self.less(*i, a) {
            *i += 1;
        }
        while i <= j && !self.less(*j, a) {
            *j -= 1;
        }
    }

    fn partition_equal(&mut self, a: usize, b: usize, pivot: usize) -> usize {
        self.swap(a, pivot);
        let (mut i, mut j) = (a + 1, b - 1);
        loop {
            while i <= j && !self.less(a, i) {
                i += 1;
            }
            while i <= j && self.less(a, j) {
                j -= 1;
            }
            if i > j {
                return i;
            }
            self.swap(i, j);
            i += 1;
            j -= 1;
        }
    }

    fn partial_insertion_sort(&mut self, a: usize, b: usize) -> bool {
        const STEPS_MAX: usize = 5;
        const SHIFTING_MIN: usize = 50;
        let mut i = a + 1;
        for _ in 0..STEPS_MAX {
            while i < b && !self.less(i, i - 1) {
                i += 1;
            }
            if i == b {
                return true;
            }
            if b - a < SHIFTING_MIN {
                return false;
            }
            self.swap(i, i - 1);
            if i - a >= 2 {
                let mut j = i - 1;
                while j >= 1 && self.less(j, j - 1) {
                    self.swap(j, j - 1);
                    j -= 1;
                }
            }
            if b - i >= 2 {
                let mut j = i + 1;
                while j < b && self.less(j, j - 1) {
                    self.swap(j, j - 1);
                    j += 1;
                }
            }
        }
        false
    }

    fn break_patterns(&mut self, a: usize, b: usize) {
        let length = b - a;
        if length < 8 {
            return;
        }
        let mut random = length as u64;
        let modulus = 1_u64 << (usize::BITS - length.leading_zeros());
        let middle = a + (length / 4) * 2;
        for at in middle - 1..=middle + 1 {
            // Go's xorshift, seeded by the length.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut other = (random & (modulus - 1)) as usize;
            if other >= length {
                other -= length;
            }
            self.swap(at, a + other);
        }
    }

    fn choose_pivot(&mut self, start: usize, end: usize) -> (usize, Hint) {
        const NINTHER_MIN: usize = 50;
        const SWAPS_MAX: usize = 4 * 3;
        let length = end - start;
        let mut quarters = [1, 2, 3].map(|quarter| start + length / 4 * quarter);
        let mut swaps = 0;
        let mut pivot = quarters[1];
        if length >= 8 {
            if length >= NINTHER_MIN {
                for at in &mut quarters {
                    *at = self.median([*at - 1, *at, *at + 1], &mut swaps);
                }
            }
            pivot = self.median(quarters, &mut swaps);
        }
        let hint = match swaps {
            0 => Hint::Increasing,
            SWAPS_MAX => Hint::Decreasing,
            _ => Hint::Unknown,
        };
        (pivot, hint)
    }

    fn median(&self, [mut a, mut b, mut c]: [usize; 3], swaps: &mut usize) -> usize {
        let mut order = |x: &mut usize, y: &mut usize| {
            if self.less(*y, *x) {
                *swaps += 1;
                std::mem::swap(x, y);
            }
        };
        order(&mut a, &mut b);
        order(&mut b, &mut c);
        order(&mut a, &mut b);
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Go 1.26 makes of the same numbers, sorted by their thousands alone.
    #[test]
    fn ties_end_where_go_leaves_them() {
        let sorted = |length: usize| {
            let mut numbers: Vec<usize> =
                (0..length).map(|at| at * 7 % length + (at % 3) * 1000).collect();
            slice(&mut numbers, |a, b| a / 1000 < b / 1000);
            numbers
        };
        let twenty = [
            3, 6, 5, 1, 4, 0, 2, 1010, 1009, 1008, 1011, 1012, 1007, 1013, 2016, 2015, 2017, 2018,
            2014, 2019,
        ];
        assert_eq!(sorted(20), twenty);
        let sum = |numbers: Vec<usize>| {
            let places = numbers.iter().zip(1..);
            places.fold(0, |sum, (number, place)| (sum * 31 + number * place) % 1_000_003)
        };
        assert_eq!(sum(sorted(60)), 42_080);
        assert_eq!(sum(sorted(300)), 678_273);
    }

    #[test]
    fn everything_is_sorted() {
        for length in [0, 1, 12, 13, 49, 50, 51, 200, 1000] {
            let mut numbers: Vec<usize> = (0..length).map(|at| at * 7919 % 263).collect();
            slice(&mut numbers, |a, b| a < b);
            assert!(numbers.is_sorted(), "{length}");
        }
    }
}
