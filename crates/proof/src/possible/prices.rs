//! Prices at which all pods together cost more than all nodes can hold.
//!
//! Each pod gets a price, a whole number. What one node can hold at once costs at most so much, its
//! due, which an exact knapsack finds. If all pods cost more than all nodes hold, then wherever
//! they were, some node would hold more than it can. Good prices come from a linear program (the
//! dual of the one that covers the pods with loads): it is solved over the loads that are known,
//! and each answer is held against all loads by the knapsack, which either confirms it or finds a
//! load to add. What the program says proves nothing, and need not be exact.

use std::collections::BTreeMap;

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, microlp, variable};
use num_integer::Integer;

use super::knapsack::{Goods, dearest};
use super::model::Model;
use super::{Due, Priced, Why, shrink};

/// Prices are shares of this, which halves, thirds and so on divide.
const WHOLE: u64 = 5_040;

/// Simpler shares, which make a simpler reason where they do: first each pod costs one or nothing.
const SIMPLER: [u64; 6] = [1, 2, 3, 4, 6, 12];

/// Steps for one load.
const STEPS: usize = 50_000;

/// Beyond so many prices and dues the program takes too long.
const SIZE_MAX: usize = 600;

/// How often the argument is tried with fewer pods.
const TRIES: usize = 200;

/// Pods that get one price.
struct Class {
    asks: Vec<i64>,
    area: usize,
    items: Vec<usize>,
    /// The one kind they are of, where that matters.
    kind: Option<usize>,
}

/// Nodes that nothing tells apart.
struct Group {
    nodes: Vec<usize>,
    left: Vec<i64>,
    /// The classes that may be there.
    open: Vec<usize>,
    /// For each of them which others may not be there as well, as positions in `open`.
    apart: Vec<Vec<usize>>,
}

/// What makes nodes alike: what is left, who may be there, and who not together.
type Alike = (Vec<i64>, Vec<usize>, Vec<Vec<usize>>);

struct Market {
    classes: Vec<Class>,
    groups: Vec<Group>,
}

/// A reason, if prices give one.
pub(super) fn refute(model: &Model<'_>, rounds: usize) -> Option<Why> {
    let market = Market::of(model)?;
    let prices = market.search(rounds)?;
    market.explain(model, &prices)
}

impl Market {
    /// `None` where it is too large.
    fn of(model: &Model<'_>) -> Option<Self> {
        let minds =
            |kind: usize| model.apart.keys().any(|(one, other)| *one == kind || *other == kind);
        let mut classes: Vec<Class> = Vec::new();
        let mut known: BTreeMap<(Option<usize>, Vec<i64>, usize), usize> = BTreeMap::new();
        for (at, kind) in model.kinds.iter().enumerate() {
            let own = minds(at).then_some(at);
            let key = (own, kind.asks.clone(), kind.area);
            let class = *known.entry(key).or_insert_with(|| {
                let (asks, area) = (kind.asks.clone(), kind.area);
                classes.push(Class { asks, area, items: Vec::new(), kind: own });
                classes.len() - 1
            });
            classes[class].items.extend(&kind.items);
        }
        if classes.len() > SIZE_MAX {
            return None;
        }
        let mut groups: BTreeMap<Alike, Vec<usize>> = BTreeMap::new();
        for node in 0..model.nodes.len() {
            let takes =
                |class: &usize| model.areas[classes[*class].area].binary_search(&node).is_ok();
            let open: Vec<usize> = (0..classes.len()).filter(takes).collect();
            let apart = apart_on(model, &classes, &open, node);
            groups.entry((model.left[node].clone(), open, apart)).or_default().push(node);
        }
        let group = |((left, open, apart), nodes)| Group { nodes, left, open, apart };
        let groups: Vec<Group> = groups.into_iter().map(group).collect();
        (classes.len() + groups.len() <= SIZE_MAX).then_some(Self { classes, groups })
    }

    /// What the dearest load of a group costs, with how many of each class.
    fn load(&self, group: &Group, prices: &[u64], counts: &[u64]) -> Option<(u64, Vec<u64>)> {
        let goods: Vec<Goods> = group
            .open
            .iter()
            .zip(&group.apart)
            .map(|(class, apart)| Goods {
                price: prices[*class],
                asks: self.classes[*class].asks.clone(),
                count: counts[*class],
                apart: apart.clone(),
            })
            .collect();
        let (cost, pattern) = dearest(&goods, &group.left, STEPS)?;
        let mut load = vec![0; self.classes.len()];
        group.open.iter().zip(pattern).for_each(|(class, count)| load[*class] = count);
        Some((cost, load))
    }

    fn counts(&self) -> Vec<u64> {
        self.classes.iter().map(|class| class.items.len() as u64).collect()
    }

    /// Whether all pods cost more than all nodes hold: both sums, and the due of each group.
    fn weigh(&self, prices: &[u64], counts: &[u64]) -> Option<(u64, u64, Vec<u64>)> {
        let dues: Option<Vec<u64>> =
            self.groups.iter().map(|group| Some(self.load(group, prices, counts)?.0)).collect();
        let dues = dues?;
        let needed = sum(prices.iter().zip(counts))?;
        let sizes: Vec<u64> = self.groups.iter().map(|group| group.nodes.len() as u64).collect();
        Some((needed, sum(dues.iter().zip(&sizes))?, dues))
    }

    fn search(&self, rounds: usize) -> Option<Vec<u64>> {
        let counts = self.counts();
        let mut loads: Vec<Vec<Vec<u64>>> = vec![Vec::new(); self.groups.len()];
        for (group, loads) in self.groups.iter().zip(&mut loads) {
            for class in &group.open {
                let mut prices = vec![0; self.classes.len()];
                prices[*class] = 1;
                loads.push(self.load(group, &prices, &counts)?.1);
            }
        }
        for _ in 0..rounds {
            let suggested = self.suggest(&loads, &counts)?;
            let prices = rounded(&suggested, WHOLE);
            let mut dues = Vec::new();
            let mut added = false;
            for (group, loads) in self.groups.iter().zip(&mut loads) {
                let (due, load) = self.load(group, &prices, &counts)?;
                dues.push(due * group.nodes.len() as u64);
                if !loads.contains(&load) {
                    loads.push(load);
                    added = true;
                }
            }
            if sum(prices.iter().zip(&counts))? > dues.iter().sum() {
                return Some(self.simplest(&suggested, &counts).unwrap_or(prices));
            }
            if !added {
                return None;
            }
        }
        None
    }

    /// The first of the simpler prices that still prove it.
    fn simplest(&self, suggested: &[f64], counts: &[u64]) -> Option<Vec<u64>> {
        let simpler = SIMPLER.iter().map(|whole| rounded(suggested, *whole));
        let mut proving = simpler.filter(|prices| {
            let weighed = self.weigh(prices, counts);
            weighed.is_some_and(|(needed, available, _)| needed > available)
        });
        proving.next()
    }

    /// The best prices as far as the known loads tell; `None` where even by those the pods do not
    /// cost more.
    fn suggest(&self, loads: &[Vec<Vec<u64>>], counts: &[u64]) -> Option<Vec<f64>> {
        let mut variables = ProblemVariables::new();
        let prices = variables.add_vector(variable().min(0.0).max(1.0), self.classes.len());
        let dues = variables.add_vector(variable().min(0.0), self.groups.len());
        let mut gain = Expression::from(0.0);
        for (price, count) in prices.iter().zip(counts) {
            gain += *price * float(*count);
        }
        for (due, group) in dues.iter().zip(&self.groups) {
            gain -= *due * float(group.nodes.len() as u64);
        }
        let mut problem = variables.maximise(gain.clone()).using(microlp);
        for (due, loads) in dues.iter().zip(loads) {
            for load in loads {
                let mut cost = Expression::from(0.0);
                for (price, count) in prices.iter().zip(load).filter(|(_, count)| **count > 0) {
                    cost += *price * float(*count);
                }
                problem = problem.with(cost.leq(*due));
            }
        }
        let solution = problem.solve().ok()?;
        let enough = solution.eval(&gain) > 1e-6;
        enough.then(|| prices.iter().map(|price| solution.value(*price)).collect())
    }

    /// The prices as a reason, for as few pods as carry it.
    fn explain(&self, model: &Model<'_>, prices: &[u64]) -> Option<Why> {
        let items = |class: usize| self.classes[class].items.iter().map(move |item| (class, *item));
        let mut pods: Vec<(usize, usize)> = (0..self.classes.len()).flat_map(items).collect();
        pods.retain(|(class, _)| prices[*class] > 0);
        pods.sort_by_key(|(class, item)| (prices[*class], *item));
        let counts = |pods: &[(usize, usize)]| {
            let mut counts = vec![0; self.classes.len()];
            for (class, _) in pods {
                counts[*class] += 1;
            }
            counts
        };
        let holds = |pods: &[(usize, usize)]| {
            let weighed = self.weigh(prices, &counts(pods));
            weighed.is_some_and(|(needed, available, _)| needed > available)
        };
        if !holds(&pods) {
            return None;
        }
        let pods = shrink::irreducible(pods, TRIES, holds);
        let (needed, available, dues) = self.weigh(prices, &counts(&pods))?;
        // Common divisors say nothing.
        let all = pods.iter().map(|(class, _)| prices[*class]).chain(dues.iter().copied());
        let unit = all.fold(0, |one: u64, other| one.gcd(&other)).max(1);
        let mut by_price: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (class, item) in pods {
            by_price.entry(prices[class] / unit).or_default().push(item);
        }
        let mut due: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (group, one) in self.groups.iter().zip(dues) {
            due.entry(one / unit).or_default().extend(&group.nodes);
        }
        due.remove(&0);
        let name = |mut nodes: Vec<usize>| {
            nodes.sort_unstable();
            nodes.into_iter().map(|node| model.nodes[node]).collect()
        };
        let of_price = |(price, mut items): (u64, Vec<usize>)| {
            items.sort_unstable();
            Priced { price, pods: model.pods(&items) }
        };
        Some(Why::Prices {
            pods: by_price.into_iter().rev().map(of_price).collect(),
            nodes: due.into_iter().map(|(due, nodes)| Due { due, nodes: name(nodes) }).collect(),
            needed: needed / unit,
            available: available / unit,
        })
    }
}

/// For the linear program, which need not be exact.
#[expect(clippy::cast_precision_loss, reason = "whoever believes it asks integers first")]
fn float(number: u64) -> f64 {
    number as f64
}

/// Shares of one as whole numbers, out of so many.
fn rounded(shares: &[f64], whole: u64) -> Vec<u64> {
    shares.iter().map(|share| (share.clamp(0.0, 1.0) * float(whole)).round() as u64).collect()
}

/// Which classes may not be on a node together.
fn apart_on(model: &Model<'_>, classes: &[Class], open: &[usize], node: usize) -> Vec<Vec<usize>> {
    let mind = |one: usize, other: usize| {
        let (Some(one), Some(other)) = (classes[one].kind, classes[other].kind) else {
            return false;
        };
        model.between(one, other).any(|by| {
            let domain = model.domain(by, node);
            domain.is_some_and(|domain| !model.excused.contains(&(by, domain)))
        })
    };
    let of_class = |one: &usize| -> Vec<usize> {
        let others = open.iter().enumerate().filter(|(_, other)| mind(*one, **other));
        others.map(|(place, _)| place).collect()
    };
    open.iter().map(of_class).collect()
}

fn sum<'a>(pairs: impl Iterator<Item = (&'a u64, &'a u64)>) -> Option<u64> {
    pairs
        .map(|(one, times)| one.checked_mul(*times))
        .try_fold(0_u64, |sum, one| sum.checked_add(one?))
}
