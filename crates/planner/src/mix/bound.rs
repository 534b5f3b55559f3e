//! No mix costs less: prices of resources, added up in whole numbers.
//!
//! Each resource of each kind of node gets a price, any whole number that is not negative. A pod is
//! worth the least that any node it may be on asks for what it requests, and a node has room for
//! pods of no more than what all its resources are worth. So the nodes of a mix that holds all pods
//! cost at least
//!
//! > what all pods are worth + for each node bought: its price − what its resources are worth,
//!
//! which is least where of each kind the fewest or the most are bought that may be. That holds for
//! whatever prices; good ones come from a linear program ([`super::suggest`]), which nobody has to
//! believe. Where nodes fail, the pods that come back have room on the others: what the lost nodes'
//! resources are worth comes on top.

use super::market::{Bin, Class, Market};

/// Prices are whole numbers of so many parts of the smallest unit of money.
pub(super) const PARTS: i128 = 1 << 40;

/// Prices of resources, by bin and resource.
pub(super) type Prices = Vec<Vec<i128>>;

/// How many of each offer may be bought: at least and at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) least: Vec<u32>,
    pub(super) most: Vec<u32>,
}

/// Which pods must have room, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Demand<'d> {
    /// All of them, on all nodes.
    All,
    /// Those that come back, once so many nodes are lost.
    AfterNodes(usize),
    /// Those that come back, outside of a domain.
    Outside(&'d str),
}

/// What mixes cost at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Least {
    /// So much.
    Price(i128),
    /// There is none.
    Never,
}

impl Demand<'_> {
    /// How many pods of a class must have room.
    pub(super) fn count(&self, class: &Class) -> i128 {
        match self {
            Self::All => class.count,
            Self::AfterNodes(_) | Self::Outside(_) => class.back,
        }
    }

    /// Whether nodes of a bin are left.
    pub(super) fn leaves(&self, bin: &Bin) -> bool {
        match self {
            Self::Outside(domain) => bin.domain.as_deref() != Some(*domain),
            Self::All | Self::AfterNodes(_) => true,
        }
    }
}

impl Range {
    /// How many there are of a bin: at least and at most.
    pub(super) fn of(&self, bin: &Bin, at: usize) -> (i128, i128) {
        match bin.there {
            Some(count) => (count, count),
            None => (self.least[at].into(), self.most[at].into()),
        }
    }
}

/// What the nodes cost at least that hold the demand, of all nodes for all pods, else of those that
/// are left: by these prices. `None` where numbers grow too large.
pub(super) fn least(
    market: &Market,
    range: &Range,
    demand: &Demand<'_>,
    prices: &Prices,
) -> Option<Least> {
    let left = |at: usize, bin: &Bin| demand.leaves(bin) && range.of(bin, at).1 > 0;
    let mut sum: i128 = 0;
    for class in &market.classes {
        let count = demand.count(class);
        if count == 0 {
            continue;
        }
        let bins = market.bins.iter().enumerate();
        let open = bins.filter(|(at, bin)| class.open[*at] && left(*at, bin));
        let mut worth: Option<i128> = None;
        for (at, _) in open {
            let asked = value(&class.asks, &prices[at])?;
            worth = Some(worth.map_or(asked, |known| known.min(asked)));
        }
        let Some(worth) = worth else { return Some(Least::Never) };
        sum = sum.checked_add(worth.checked_mul(count)?)?;
    }
    for (at, bin) in market.bins.iter().enumerate().filter(|(at, bin)| left(*at, bin)) {
        let (few, many) = range.of(bin, at);
        let loss = bin.price.checked_mul(PARTS)?.checked_sub(value(&bin.room, &prices[at])?)?;
        sum = sum.checked_add(loss.checked_mul(few)?.min(loss.checked_mul(many)?))?;
    }
    // Where anything is to come back there are more nodes than are lost.
    if let Demand::AfterNodes(lost) = demand
        && market.classes.iter().any(|class| class.back > 0)
    {
        match dearest(market, range, *lost, prices)? {
            Some(worth) => sum = sum.checked_add(worth)?,
            None => return Some(Least::Never),
        }
    }
    // Whole units: what costs more than some costs at least one more.
    Some(Least::Price(sum.checked_add(PARTS - 1)?.div_euclid(PARTS)))
}

/// What the room of so many nodes is worth that may be lost: the dearest of those that there are in
/// any case, and as many of the cheapest as it takes. `None` inside where there never are so many.
#[expect(clippy::option_option, reason = "too large a number, and none at all")]
fn dearest(market: &Market, range: &Range, lost: usize, prices: &Prices) -> Option<Option<i128>> {
    let mut sure: Vec<i128> = Vec::new();
    let mut cheapest: Option<i128> = None;
    let mut most: i128 = 0;
    for (at, bin) in market.bins.iter().enumerate() {
        let (few, many) = range.of(bin, at);
        let worth = value(&bin.room, &prices[at])?;
        most += many;
        let certain = usize::try_from(few).map_or(lost, |few| few.min(lost));
        sure.extend(std::iter::repeat_n(worth, certain));
        if many > few {
            cheapest = Some(cheapest.map_or(worth, |known| known.min(worth)));
        }
    }
    if most <= lost as i128 {
        return Some(None);
    }
    sure.sort_unstable_by(|one, other| other.cmp(one));
    sure.truncate(lost);
    let missing = (lost - sure.len()) as i128;
    let sum = sure.iter().try_fold(0_i128, |sum, one| sum.checked_add(*one))?;
    Some(sum.checked_add(cheapest.unwrap_or(0).checked_mul(missing)?))
}

/// What so much of each resource is worth.
pub(super) fn value(amounts: &[i128], prices: &[i128]) -> Option<i128> {
    amounts
        .iter()
        .zip(prices)
        .try_fold(0_i128, |sum, (amount, price)| sum.checked_add(amount.checked_mul(*price)?))
}
