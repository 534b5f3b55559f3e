//! The search: first a mix that does, then a cheaper one, then all that are cheaper still.
//!
//! A linear program says what to buy if pods could be split; that is bought for a demand that is
//! raised until the scheduler places everything and the prover agrees. Single nodes are then left
//! out or exchanged for cheaper ones. Last, ranges of mixes are looked at, those that may be the
//! cheapest first: a range that whole numbers say is not cheaper is left out, one of a single mix
//! is tried, any other is cut in two. Who comes out first is the cheapest; of mixes that cost the
//! same the one with fewer nodes is, then the one with more of what sorts first by name and place.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;

use holdfast_cluster::WorkloadId;
use holdfast_cluster::change::Refused;
use num_integer::Integer;

use super::bound::{Demand, Least, PARTS, Prices, Range, least};
use super::ground::Ground;
use super::market::Market;
use super::packing::Packed;
use super::suggest::Program;
use super::{Answer, Mix, NotFound, Tally};
use crate::nodes::Survive;
use crate::recovery::Recovered;
use holdfast_proof::report::VerdictName;

/// By how much the demand is raised, in thousandths, until a mix does.
const RAISES: [u32; 11] = [0, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120];

/// How often the last raise is halved.
const HALVINGS: usize = 4;

/// No mix has more nodes of one offer.
const NODES_MAX: u32 = 100_000;

/// What all linear programs that judge ranges may take.
const PROGRAMS: usize = 2_000_000;

/// What came of a mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Waits,
    Lost,
    Unknown,
    Holds,
}

/// Which of two mixes is better: the smaller.
type Rank = (i128, u64, Reverse<Vec<u32>>);

/// Prices by which ranges are judged: one for each demand.
type Quotes = Vec<Option<Prices>>;

/// Ranges of mixes, the most promising first.
#[derive(PartialEq, Eq)]
struct Open {
    /// No mix of the range is better.
    rank: Rank,
    range: Range,
    quotes: Rc<Quotes>,
    /// The prices are for this very range.
    own: bool,
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.rank.cmp(&self.rank).then_with(|| self.range.least.cmp(&other.range.least))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The search for one mix.
pub(super) struct Search<'g> {
    ground: &'g Ground<'g>,
    market: Market,
    known: BTreeMap<Vec<u32>, Outcome>,
    helpless: BTreeMap<WorkloadId, Recovered>,
    best: Option<(Rank, Packed)>,
    /// Values of the label by which nodes fail together.
    domains: Vec<String>,
    programs: usize,
}

impl<'g> Search<'g> {
    pub(super) fn new(ground: &'g Ground<'g>, market: Market) -> Self {
        let mut domains: Vec<String> =
            market.bins.iter().filter_map(|bin| bin.domain.clone()).collect();
        domains.sort();
        domains.dedup();
        Self {
            ground,
            market,
            known: BTreeMap::new(),
            helpless: BTreeMap::new(),
            best: None,
            domains,
            programs: PROGRAMS,
        }
    }

    fn width(&self) -> usize {
        self.ground.offers.len()
    }

    /// Everything that can be bought.
    fn all(&self) -> Range {
        let most = |useless: &bool| if *useless { 0 } else { NODES_MAX };
        Range { least: vec![0; self.width()], most: self.ground.useless.iter().map(most).collect() }
    }

    /// Buys more than enough of everything, and says by that what never comes back: the pods that
    /// wait even so, where any do.
    pub(super) fn open(&mut self) -> Result<Option<Packed>, Refused> {
        let lost = match self.ground.mixer.survive {
            Survive::Nodes(most) => u32::try_from(*most).unwrap_or(u32::MAX),
            Survive::Domain(_) => 1,
        };
        let mut counts =
            self.suggested(&self.all(), 2_000).unwrap_or_else(|| vec![0; self.width()]);
        for (count, useless) in counts.iter_mut().zip(&self.ground.useless) {
            *count += if *useless { 0 } else { lost.saturating_add(1) };
        }
        let packed = self.ground.packed(&counts)?;
        if !self.ground.waits(&packed).is_empty() {
            return Ok(Some(packed));
        }
        self.helpless = self.ground.open(&packed.cluster);
        let helpless = &self.helpless;
        self.market.come_back(&self.ground.base, |id| !helpless.contains_key(&id));
        self.known.insert(counts.clone(), Outcome::Holds);
        self.best = Some((self.rank(&counts), packed));
        Ok(None)
    }

    /// Looks for the cheapest.
    pub(super) fn run(mut self) -> Result<Answer, Refused> {
        self.seek()?;
        self.thin()?;
        let quotes = self.quotes(&self.all(), &vec![None; self.demands().len()]);
        let arithmetic = self.least(&self.all(), &quotes);
        let bound = self.sift(quotes)?;
        let tried = self.tally();
        let arithmetic = match arithmetic {
            Least::Price(price) => price,
            Least::Never => 0,
        };
        let Some(((price, _, Reverse(counts)), packed)) = self.best else {
            return Ok(Answer::NotFound(NotFound { bound, tried }));
        };
        // What is told of them is told of the mix, and not of more than enough.
        let helpless = if self.helpless.is_empty() {
            self.helpless
        } else {
            self.ground.open(&packed.cluster)
        };
        Ok(Answer::Mix(Box::new(Mix {
            offers: self.ground.offers.clone(),
            counts,
            price,
            bound: bound.min(price),
            arithmetic: arithmetic.min(price),
            tried,
            cluster: packed.cluster,
            bought: packed.bought,
            helpless,
            lacking: self.market.lacking,
            kept: self.ground.base.nodes().len(),
            replaced: self.ground.replaced,
        })))
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for outcome in self.known.values() {
            *match outcome {
                Outcome::Waits => &mut tally.waits,
                Outcome::Lost => &mut tally.lost,
                Outcome::Unknown => &mut tally.unknown,
                Outcome::Holds => &mut tally.holds,
            } += 1;
        }
        tally
    }

    fn price(&self, counts: &[u32]) -> i128 {
        counts
            .iter()
            .zip(&self.ground.prices)
            .map(|(count, price)| i128::from(*count) * price)
            .sum()
    }

    fn rank(&self, counts: &[u32]) -> Rank {
        let nodes = counts.iter().map(|count| u64::from(*count)).sum();
        (self.price(counts), nodes, Reverse(counts.to_vec()))
    }

    fn is_better(&self, rank: &Rank) -> bool {
        self.best.as_ref().is_none_or(|(best, _)| rank < best)
    }

    /// What comes of a mix; `None` where enough were tried.
    fn tried(&mut self, counts: &[u32]) -> Result<Option<Outcome>, Refused> {
        if let Some(known) = self.known.get(counts) {
            return Ok(Some(*known));
        }
        if self.known.len() >= self.ground.mixer.limits.tries {
            return Ok(None);
        }
        let packed = self.ground.packed(counts)?;
        let outcome = if self.ground.waits(&packed).is_empty() {
            let open = self.ground.open_but(&packed.cluster, &self.helpless);
            match open.values().find(|known| known.verdict == VerdictName::Refuted) {
                Some(_) => Outcome::Lost,
                None if open.is_empty() => Outcome::Holds,
                None => Outcome::Unknown,
            }
        } else {
            Outcome::Waits
        };
        self.known.insert(counts.to_vec(), outcome);
        let rank = self.rank(counts);
        if outcome == Outcome::Holds && self.is_better(&rank) {
            self.best = Some((rank, packed));
        }
        Ok(Some(outcome))
    }

    /// How many tries are left, but for a share of them.
    fn is_left(&self, share: (usize, usize)) -> bool {
        self.known.len() * share.1 < self.ground.mixer.limits.tries * share.0
    }

    /// Buys of everything, and then of each type alone, the cheapest first: pods that the scheduler
    /// cannot be trusted to sort go well on nodes that are alike.
    fn seek(&mut self) -> Result<(), Refused> {
        self.raise(&self.all())?;
        let mut alone: Vec<(i128, Range)> = Vec::new();
        for sold in 0..self.ground.mixer.sold.len() {
            let mut range = self.all();
            for (most, offer) in range.most.iter_mut().zip(&self.ground.offers) {
                *most = if offer.sold == sold { *most } else { 0 };
            }
            let counts = self.suggested(&range, self.times(0));
            alone.extend(counts.map(|counts| (self.price(&counts), range)));
        }
        alone.sort_by_key(|(price, _)| *price);
        alone.iter().try_for_each(|(_, range)| self.raise(range))
    }

    /// Raises the demand until a mix does, and then lowers it again by halves.
    fn raise(&mut self, range: &Range) -> Result<(), Refused> {
        let mut raised: Option<(u32, u32)> = None;
        let mut low = 0;
        for raise in RAISES {
            let Some(counts) = self.suggested(range, self.times(raise)) else { return Ok(()) };
            if !self.is_left((1, 2)) || !self.is_better(&self.rank(&counts)) {
                return Ok(());
            }
            if self.tried(&counts)? == Some(Outcome::Holds) {
                raised = Some((low, raise));
                break;
            }
            low = raise;
        }
        let Some((mut low, mut high)) = raised else { return Ok(()) };
        for _ in 0..HALVINGS {
            let middle = low.midpoint(high);
            let counts = self.suggested(range, self.times(middle)).filter(|_| middle > low);
            let Some(counts) = counts.filter(|_| self.is_left((1, 2))) else { return Ok(()) };
            match self.tried(&counts)? {
                Some(Outcome::Holds) => high = middle,
                _ => low = middle,
            }
        }
        Ok(())
    }

    /// The demand in thousandths: where a domain fails, the others hold all of it.
    fn times(&self, raise: u32) -> u32 {
        let whole = match (self.ground.label(), self.domains.len()) {
            (Some(_), count) if count > 1 => 1_000 * count as u32 / (count as u32 - 1),
            _ => 1_000,
        };
        whole + whole * raise / 1_000
    }

    /// What the linear program says is bought for so many times the demand, in thousandths, with
    /// the nodes that may fail on top; spread evenly over the places.
    fn suggested(&self, range: &Range, thousandths: u32) -> Option<Vec<u32>> {
        let mut program = Program::of(&self.market, range, &Demand::All, self.ground.mixer.solver)?;
        let mut kinds = program.counts(thousandths)?;
        if let Survive::Nodes(lost) = self.ground.mixer.survive {
            let price = |bins: &[usize]| self.market.bins[bins[0]].price;
            let dearest = kinds.iter_mut().filter(|(_, count)| *count > 0);
            if let Some((_, count)) =
                dearest.max_by_key(|(bins, _)| (price(bins), Reverse(bins[0])))
            {
                *count = count.saturating_add(u32::try_from(*lost).unwrap_or(u32::MAX));
            }
        }
        kinds.sort_by_key(|(bins, _)| (Reverse(self.market.bins[bins[0]].price), bins[0]));
        let mut counts = vec![0; self.width()];
        let mut spent: BTreeMap<Option<&str>, i128> = BTreeMap::new();
        for (bins, count) in &kinds {
            if *count > NODES_MAX {
                return None;
            }
            for _ in 0..*count {
                let place = |at: &usize| self.ground.offers[*at].place.as_deref();
                let of = |at: &&usize| (spent.get(&place(at)).copied().unwrap_or(0), **at);
                let at = *bins.iter().min_by_key(of).expect("a kind has bins");
                *spent.entry(place(&at)).or_default() += self.market.bins[at].price;
                counts[at] += 1;
            }
        }
        Some(counts)
    }

    /// Leaves single nodes out, the dearest first, and exchanges them for cheaper ones.
    fn thin(&mut self) -> Result<(), Refused> {
        let mut improved = true;
        while improved {
            improved = false;
            let Some(((_, _, Reverse(counts)), _)) = &self.best else { return Ok(()) };
            for counts in self.cheaper(&counts.clone()) {
                if !self.is_left((2, 3)) {
                    return Ok(());
                }
                if self.known.contains_key(&counts) || self.is_hopeless(&counts) {
                    continue;
                }
                if self.tried(&counts)? == Some(Outcome::Holds) {
                    improved = true;
                    break;
                }
            }
        }
        Ok(())
    }

    /// The mixes with one node less, or a cheaper one for it, the cheapest first.
    fn cheaper(&self, counts: &[u32]) -> Vec<Vec<u32>> {
        let mut found: Vec<Vec<u32>> = Vec::new();
        for less in (0..counts.len()).filter(|at| counts[*at] > 0) {
            let mut fewer = counts.to_vec();
            fewer[less] -= 1;
            for more in 0..counts.len() {
                if self.ground.prices[more] < self.ground.prices[less] && !self.ground.useless[more]
                {
                    let mut other = fewer.clone();
                    other[more] += 1;
                    found.push(other);
                }
            }
            found.push(fewer);
        }
        found.sort_by_key(|counts| self.rank(counts));
        found
    }

    /// Whether whole numbers say that a mix does not do.
    fn is_hopeless(&mut self, counts: &[u32]) -> bool {
        let range = Range { least: counts.to_vec(), most: counts.to_vec() };
        let quotes = self.quotes(&range, &vec![None; self.demands().len()]);
        self.least(&range, &quotes) == Least::Never
    }

    /// What must have room: every pod, and what comes back after failures.
    fn demands(&self) -> Vec<Demand<'_>> {
        let mut demands = vec![Demand::All];
        match (self.ground.label(), self.ground.mixer.survive) {
            (Some(_), _) => demands.extend(self.domains.iter().map(|one| Demand::Outside(one))),
            (None, Survive::Nodes(0)) => {}
            (None, Survive::Nodes(most)) => demands.push(Demand::AfterNodes(*most)),
            (None, Survive::Domain(_)) => demands.push(Demand::AfterNodes(1)),
        }
        demands
    }

    /// Prices for a range, as far as programs may still be solved; those of a wider one otherwise.
    fn quotes(&mut self, range: &Range, wider: &Quotes) -> Quotes {
        let mut used = 0;
        let quotes = (self.demands().iter().zip(wider))
            .map(|(demand, wider)| {
                let solver = self.ground.mixer.solver;
                let program = Program::of(&self.market, range, demand, solver);
                let program = program.filter(|one| used + one.effort() <= self.programs);
                used += program.as_ref().map_or(0, Program::effort);
                let found = program.and_then(|one| one.prices(&self.market));
                // Rounded prices may be worth a little more than a node costs; who says which is
                // better are the whole numbers.
                let tamed = found.as_ref().map(|prices| self.market.tamed(prices));
                let all = [found, tamed, wider.clone()].into_iter().flatten();
                all.max_by_key(|prices| least(&self.market, range, demand, prices))
            })
            .collect();
        self.programs -= used;
        quotes
    }

    /// What a mix of the range costs at least, if one does.
    fn least(&self, range: &Range, quotes: &Quotes) -> Least {
        let demands = self.demands();
        let mut bound = self.price(&range.least);
        let mut outside: i128 = 0;
        let free = vec![vec![0; self.market.bins[0].room.len()]; self.market.bins.len()];
        for (demand, prices) in demands.iter().zip(quotes) {
            let prices = prices.as_ref().unwrap_or(&free);
            match least(&self.market, range, demand, prices) {
                Some(Least::Never) => return Least::Never,
                Some(Least::Price(price)) if matches!(demand, Demand::Outside(_)) => {
                    outside += price.max(0);
                }
                Some(Least::Price(price)) => bound = bound.max(price),
                None => {}
            }
        }
        // What is outside of each domain: every node is, but for the one that it is in.
        if let Some(times) = (self.domains.len() as i128).checked_sub(1).filter(|times| *times > 0)
        {
            bound = bound.max((outside + times - 1).div_euclid(times));
        }
        let unit = self.ground.prices.iter().fold(0, |one, other| one.gcd(other)).max(1);
        let bound = (bound + unit - 1).div_euclid(unit) * unit;
        if bound > self.price(&range.most) { Least::Never } else { Least::Price(bound) }
    }

    /// Looks at all mixes that may be better than the best: what none of those costs less than that
    /// may still do.
    fn sift(&mut self, quotes: Quotes) -> Result<i128, Refused> {
        let mut heap = BinaryHeap::new();
        let mut range = self.all();
        if let Some((rank, _)) = &self.best {
            for (most, price) in range.most.iter_mut().zip(&self.ground.prices) {
                *most = (*most).min(u32::try_from(rank.0 / price).unwrap_or(NODES_MAX));
            }
        }
        let quotes = Rc::new(quotes);
        heap.extend(self.opened(range, (&quotes, false), 0));
        let mut doubtful: Option<i128> = None;
        let mut looked = 0;
        while let Some(open) = heap.pop() {
            let worst =
                |doubtful: Option<i128>| doubtful.map_or(open.rank.0, |one| one.min(open.rank.0));
            if !self.is_better(&open.rank) {
                return Ok(doubtful.unwrap_or(open.rank.0));
            }
            looked += 1;
            if looked > self.ground.mixer.limits.ranges {
                return Ok(worst(doubtful));
            }
            if open.range.least == open.range.most {
                match self.tried(&open.range.least)? {
                    None => return Ok(worst(doubtful)),
                    Some(Outcome::Unknown) => doubtful = Some(worst(doubtful)),
                    Some(_) => {}
                }
            } else if open.own {
                for half in self.cut(&open) {
                    heap.extend(self.opened(half, (&open.quotes, false), open.rank.0));
                }
            } else {
                let quotes = Rc::new(self.quotes(&open.range, &open.quotes));
                heap.extend(self.opened(open.range, (&quotes, true), open.rank.0));
            }
        }
        let best = self.best.as_ref().map(|(rank, _)| rank.0);
        Ok(doubtful.or(best).unwrap_or(0))
    }

    /// A range that may hold something better.
    fn opened(
        &self,
        range: Range,
        (quotes, own): (&Rc<Quotes>, bool),
        known: i128,
    ) -> Option<Open> {
        let Least::Price(price) = self.least(&range, quotes) else { return None };
        let nodes = range.least.iter().map(|count| u64::from(*count)).sum();
        let rank = (price.max(known), nodes, Reverse(range.most.clone()));
        let open = Open { rank, range, quotes: Rc::clone(quotes), own };
        self.is_better(&open.rank).then_some(open)
    }

    /// The range in two: by the offer whose number says the most, which is the one whose nodes cost
    /// about what their room is worth, and of those the one of which the fewest is known.
    fn cut(&self, open: &Open) -> [Range; 2] {
        let Range { least, most } = &open.range;
        let dear = |at: usize| {
            let worth = |prices: &Prices| -> Option<i128> {
                let bin = &self.market.bins[at];
                let pairs = bin.room.iter().zip(&prices[at]);
                let worth =
                    pairs.map(|(room, price)| room.checked_mul(*price)).sum::<Option<i128>>();
                Some(bin.price * PARTS - worth?)
            };
            let losses = open.quotes.iter().flatten().filter_map(worth);
            // In thousandths of its price, so that what nearly pays counts as paying.
            losses
                .min()
                .map_or(0, |loss| loss.max(0) * 1_000 / (self.market.bins[at].price * PARTS))
        };
        let free = (0..least.len()).filter(|at| least[*at] < most[*at]);
        let at = free
            .min_by_key(|at| (dear(*at), Reverse(most[*at] - least[*at]), *at))
            .expect("it holds more than one mix");
        let middle = least[at].midpoint(most[at]);
        let (mut low, mut high) = (open.range.clone(), open.range.clone());
        low.most[at] = middle;
        high.least[at] = middle + 1;
        [low, high]
    }
}
