//! Numbers from a seed.

/// What Kubernetes draws names from.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// `SplitMix64` (Steele, Lea, Flood 2014): tiny, good enough for test data, the same everywhere.
#[derive(Clone)]
pub(super) struct Random(u64);

impl Random {
    /// A stream of its own for one thing, whatever else is drawn: adding a field to one kind of
    /// object leaves all others as they were.
    pub(super) fn of(seed: u64, what: &str, index: u64) -> Self {
        let mut random = Self(seed);
        for byte in what.bytes() {
            random.0 = random.next() ^ u64::from(byte);
        }
        random.0 = random.next() ^ index;
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; the bias of the remainder is of no account for small numbers.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        (self.next() % u64::from(end.max(1))) as u32
    }

    /// True `percent` times in a hundred.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of the items; the first if there is nothing to draw.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// A version 4 uid.
    pub(super) fn uid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }

    /// `length` letters and digits as Kubernetes draws them for names: no vowels.
    pub(super) fn suffix(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(self.pick(LETTERS))).collect()
    }

    /// Five letters for the name of the how manyth pod of a workload. They look drawn, yet no two
    /// are alike: of a few thousand drawn ones, some would be, and no API server has two alike.
    pub(super) fn pod_suffix(ordinal: usize) -> String {
        let count = LETTERS.len() as u64;
        // Odd steps through all the suffixes, as the step shares no factor with their number.
        let mut number = (ordinal as u64 + 1) * 6_364_139 % count.pow(5);
        let letter = |_| {
            let letter = LETTERS[(number % count) as usize];
            number /= count;
            char::from(letter)
        };
        (0..5).map(letter).collect()
    }

    /// `length` digits of a hash.
    pub(super) fn hex(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(self.pick(b"0123456789abcdef"))).collect()
    }

    /// A moment of the year before the export was taken.
    pub(super) fn time(&mut self) -> String {
        let (month, day) = (1 + self.below(9), 1 + self.below(28));
        let (hour, minute, second) = (self.below(24), self.below(60), self.below(60));
        format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}
