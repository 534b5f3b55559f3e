//! A linear program that suggests: prices of resources, and how many of each kind to buy.
//!
//! Pods that may be in the same places and ask for resources in about the same ratio are one group,
//! which may be split as one likes; nodes that are alike for all groups are one kind. So the
//! program follows the variety and not the number. What it says proves nothing: prices are held
//! against whole numbers ([`super::bound`]), counts against the scheduler and the prover.

use std::collections::BTreeMap;

use good_lp::{Constraint, Expression, ProblemVariables, Variable, variable};

use super::bound::{Demand, PARTS, Prices, Range};
use super::linear::Solver;
use super::market::Market;

/// Ratios of resources are told apart in so many parts; fewer where that makes too many groups.
const GRAINS: [i128; 6] = [1_000, 64, 16, 8, 4, 1];

/// So many groups are not too many.
const GROUPS: usize = 48;

/// Kinds of nodes that are there and told apart.
const THERE: usize = 16;

/// No price of a resource of a whole node is more than so many times the dearest node.
const PRICE_MAX: f64 = 1e3;

/// So many nodes are as good as any number.
const MANY: f64 = 1e3;

/// How near to a whole number is one.
const NEAR: f64 = 1e-6;

/// Nodes that are alike.
struct Kind {
    bins: Vec<usize>,
    room: Vec<f64>,
    price: f64,
    least: f64,
    most: f64,
    there: bool,
}

/// Pods that are alike but for their size.
struct Group {
    asks: Vec<f64>,
    open: Vec<bool>,
}

/// The program, in shares of the roomiest and the dearest node.
pub(super) struct Program {
    kinds: Vec<Kind>,
    groups: Vec<Group>,
    units: Vec<i128>,
    dearest: i128,
    /// How many nodes are lost.
    lost: f64,
    solver: Solver,
}

impl Program {
    /// `None` where it is too large, nothing is for sale, or some pods may be nowhere.
    pub(super) fn of(
        market: &Market,
        range: &Range,
        demand: &Demand<'_>,
        solver: Solver,
    ) -> Option<Self> {
        let bins = market.bins.iter().enumerate();
        let left: Vec<usize> = bins
            .filter(|(at, bin)| demand.leaves(bin) && range.of(bin, *at).1 > 0)
            .map(|(at, _)| at)
            .collect();
        let width = market.bins.first()?.room.len();
        let unit = |resource: usize| {
            left.iter().map(|at| market.bins[*at].room[resource]).max().unwrap_or(0).max(1)
        };
        let units: Vec<i128> = (0..width).map(unit).collect();
        let dearest = left.iter().map(|at| market.bins[*at].price).max()?.max(1);
        let kinds = kinds(market, range, (&left, &units), dearest);
        let groups = groups(market, demand, &kinds, &units);
        let size = kinds.len() * groups.len();
        let is_open = groups.iter().all(|group| group.open.contains(&true));
        let lost = match demand {
            Demand::AfterNodes(lost) => float(*lost as i128),
            Demand::All | Demand::Outside(_) => 0.0,
        };
        let does = is_open && size <= solver.pairs_max();
        does.then_some(Self { kinds, groups, units, dearest, lost, solver })
    }

    /// How much there is to reckon with: about so many steps.
    pub(super) fn effort(&self) -> usize {
        let pairs = self.kinds.len() * self.groups.len();
        1 + pairs + pairs * pairs / 16
    }

    /// The prices at which the demand is worth the most.
    pub(super) fn prices(&self, market: &Market) -> Option<Prices> {
        let mut variables = ProblemVariables::new();
        let width = self.units.len();
        let prices: Vec<Vec<Variable>> = (self.kinds.iter())
            .map(|_| variables.add_vector(variable().min(0.0).max(PRICE_MAX), width))
            .collect();
        let worths = variables.add_vector(variable().min(0.0), self.groups.len());
        // Where any number may be bought, none is given up.
        let most = |kind: &Kind| if kind.most < MANY || kind.there { f64::INFINITY } else { 0.0 };
        let over: Vec<Variable> = (self.kinds.iter())
            .map(|kind| variables.add(variable().min(0.0).max(most(kind))))
            .collect();
        let under = variables.add_vector(variable().min(0.0).max(PRICE_MAX), self.kinds.len());
        let mut gain = Expression::from(0.0);
        for worth in &worths {
            gain += *worth;
        }
        for (at, kind) in self.kinds.iter().enumerate() {
            gain += under[at] * kind.least;
            gain -= over[at] * kind.most.min(MANY);
        }
        let lost = variables.add(variable().min(0.0));
        gain += lost * self.lost;
        let mut constraints: Vec<Constraint> = Vec::new();
        for at in self.may_be_lost() {
            let mut worth = Expression::from(lost);
            let room = self.kinds[at].room.iter().zip(&prices[at]);
            room.for_each(|(room, price)| worth -= *price * *room);
            constraints.push(worth.leq(0.0));
        }
        for (at, kind) in self.kinds.iter().enumerate() {
            let mut cost = Expression::from(0.0);
            kind.room.iter().zip(&prices[at]).for_each(|(room, price)| cost += *price * *room);
            constraints.push((cost + under[at] - over[at]).leq(kind.price));
            for (group, worth) in self.groups.iter().zip(&worths) {
                if group.open[at] {
                    let mut asked = Expression::from(*worth);
                    let asks = group.asks.iter().zip(&prices[at]);
                    asks.filter(|(ask, _)| **ask > 0.0)
                        .for_each(|(ask, price)| asked -= *price * *ask);
                    constraints.push(asked.leq(0.0));
                }
            }
        }
        let program = variables.maximise(gain);
        let found = self.solver.solve(program, constraints, &prices.concat())?;
        let mut all = vec![vec![0; width]; market.bins.len()];
        for (kind, prices) in self.kinds.iter().zip(found.chunks(width)) {
            let whole = |(price, unit): (&f64, &i128)| {
                let parts = price.max(0.0) * float(self.dearest) * float(PARTS);
                (parts / float(*unit)).round() as i128
            };
            let whole: Vec<i128> = prices.iter().zip(&self.units).map(whole).collect();
            kind.bins.iter().for_each(|at| all[*at].clone_from(&whole));
        }
        Some(all)
    }

    /// Kinds of which the nodes are that are lost: the roomiest of which there are as many in any
    /// case, else any.
    fn may_be_lost(&self) -> Vec<usize> {
        let all = 0..self.kinds.len();
        let sure = all.clone().filter(|at| self.kinds[*at].least >= self.lost);
        let room = |at: usize| self.kinds[at].room.iter().sum::<f64>();
        match sure.max_by(|one, other| room(*one).total_cmp(&room(*other))) {
            Some(at) => vec![at],
            None => all.collect(),
        }
    }

    /// How many of each kind to buy, if the demand is so many times as large, in thousandths: whole
    /// numbers, rounded up one after the other.
    pub(super) fn counts(&mut self, thousandths: u32) -> Option<Vec<(Vec<usize>, u32)>> {
        let before: Vec<f64> = self.kinds.iter().map(|kind| kind.least).collect();
        let found = self.dive(f64::from(thousandths) / 1e3);
        self.kinds.iter_mut().zip(before).for_each(|(kind, least)| kind.least = least);
        let counts = found?.into_iter().zip(&self.kinds).filter(|(_, kind)| !kind.there);
        Some(counts.map(|(count, kind)| (kind.bins.clone(), count.round() as u32)).collect())
    }

    fn dive(&mut self, times: f64) -> Option<Vec<f64>> {
        loop {
            let counts = self.relaxed(times)?;
            let part = |count: &f64| count - (count + NEAR).floor();
            let broken = counts.iter().enumerate().filter(|(_, count)| part(count) > NEAR);
            let widest = broken.max_by(|(_, one), (_, other)| part(one).total_cmp(&part(other)));
            let Some((at, count)) = widest else { return Some(counts) };
            self.kinds[at].least = count.ceil();
        }
    }

    /// The cheapest counts, which need not be whole.
    fn relaxed(&self, times: f64) -> Option<Vec<f64>> {
        let mut variables = ProblemVariables::new();
        let counts: Vec<Variable> = (self.kinds.iter())
            .map(|kind| variables.add(variable().min(kind.least).max(kind.most)))
            .collect();
        let mut pairs: BTreeMap<(usize, usize), Variable> = BTreeMap::new();
        for (at, group) in self.groups.iter().enumerate() {
            for kind in (0..self.kinds.len()).filter(|kind| group.open[*kind]) {
                pairs.insert((at, kind), variables.add(variable().min(0.0).max(1.0)));
            }
        }
        let mut cost = Expression::from(0.0);
        counts.iter().zip(&self.kinds).for_each(|(count, kind)| cost += *count * kind.price);
        let mut constraints: Vec<Constraint> = Vec::new();
        for at in 0..self.groups.len() {
            let mut whole = Expression::from(0.0);
            pairs.range((at, 0)..(at + 1, 0)).for_each(|(_, part)| whole += *part);
            constraints.push(whole.eq(1.0));
        }
        for (kind, count) in counts.iter().enumerate() {
            for resource in 0..self.units.len() {
                let mut used = Expression::from(0.0);
                for (at, group) in self.groups.iter().enumerate() {
                    if let Some(part) =
                        pairs.get(&(at, kind)).filter(|_| group.asks[resource] > 0.0)
                    {
                        used += *part * (group.asks[resource] * times);
                    }
                }
                used -= *count * self.kinds[kind].room[resource];
                constraints.push(used.leq(0.0));
            }
        }
        let found = self.solver.solve(variables.minimise(cost), constraints, &counts)?;
        Some(found.into_iter().map(|count| count.max(0.0)).collect())
    }
}

/// What makes bins alike: whether they are there, their room and price, and who may be there.
type Alike = (bool, Vec<i128>, i128, Vec<bool>);

/// Bins that are alike, for sale and there.
fn kinds(
    market: &Market,
    range: &Range,
    (left, units): (&[usize], &[i128]),
    dearest: i128,
) -> Vec<Kind> {
    let open = |at: usize| market.classes.iter().map(|class| class.open[at]).collect::<Vec<bool>>();
    let there = left.iter().filter(|at| market.bins[**at].there.is_some()).count();
    let mut known: BTreeMap<Alike, Vec<usize>> = BTreeMap::new();
    for at in left {
        let bin = &market.bins[*at];
        let key = match bin.there {
            Some(_) if there > THERE => (true, Vec::new(), 0, Vec::new()),
            is_there => (is_there.is_some(), bin.room.clone(), bin.price, open(*at)),
        };
        known.entry(key).or_default().push(*at);
    }
    let kind = |((there, _, price, _), bins): (Alike, Vec<usize>)| {
        let ranges: Vec<(i128, i128)> =
            bins.iter().map(|at| range.of(&market.bins[*at], *at)).collect();
        let all: i128 = ranges.iter().map(|(_, most)| most).sum();
        // Where they differ, each has its share of the room of all.
        let room = |resource: usize| {
            let sum = bins
                .iter()
                .zip(&ranges)
                .map(|(at, (_, most))| market.bins[*at].room[resource] * most);
            float(sum.sum()) / float(all.max(1)) / float(units[resource])
        };
        Kind {
            room: (0..units.len()).map(room).collect(),
            price: float(price) / float(dearest),
            least: float(ranges.iter().map(|(least, _)| least).sum()),
            most: float(all),
            there,
            bins,
        }
    };
    known.into_iter().map(kind).collect()
}

/// Classes that may be in the same places and ask for about the same ratio of resources.
fn groups(market: &Market, demand: &Demand<'_>, kinds: &[Kind], units: &[i128]) -> Vec<Group> {
    let mut groups = Vec::new();
    for grain in GRAINS {
        let mut known: BTreeMap<(Vec<bool>, Vec<i128>), Vec<i128>> = BTreeMap::new();
        for class in market.classes.iter().filter(|class| demand.count(class) > 0) {
            let open = |kind: &Kind| kind.bins.iter().any(|at| class.open[*at]);
            let open: Vec<bool> = kinds.iter().map(open).collect();
            let shares: Vec<i128> =
                class.asks.iter().zip(units).map(|(ask, unit)| ask * (1 << 30) / unit).collect();
            let all: i128 = shares.iter().sum();
            let ratio = shares.iter().map(|share| share * grain / all.max(1)).collect();
            let asks = known.entry((open, ratio)).or_insert_with(|| vec![0; units.len()]);
            for (sum, ask) in asks.iter_mut().zip(&class.asks) {
                *sum += ask * demand.count(class);
            }
        }
        let few = known.len() <= GROUPS;
        groups = known
            .into_iter()
            .map(|((open, _), asks)| Group {
                asks: asks
                    .iter()
                    .zip(units)
                    .map(|(ask, unit)| float(*ask) / float(*unit))
                    .collect(),
                open,
            })
            .collect();
        if few {
            break;
        }
    }
    groups
}

/// For the linear program, which need not be exact.
#[expect(clippy::cast_precision_loss, reason = "whoever believes it asks integers first")]
fn float(number: i128) -> f64 {
    number as f64
}
