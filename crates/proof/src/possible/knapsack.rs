//! The dearest pods that one node holds at once, exactly.

use num_integer::Integer;

/// What may go onto a node: how many there are, what one costs and asks for.
#[derive(Clone, Debug)]
pub(super) struct Goods {
    pub(super) price: u64,
    pub(super) asks: Vec<i64>,
    pub(super) count: u64,
    /// Positions of goods of which none may be there as well, itself included where two may not.
    pub(super) apart: Vec<usize>,
}

/// The most that goods of a node cost together, and how many of each; `None` where that takes more
/// steps than the budget allows.
pub(super) fn dearest(goods: &[Goods], left: &[i64], steps: usize) -> Option<(u64, Vec<u64>)> {
    let mut order: Vec<usize> =
        (0..goods.len()).filter(|at| goods[*at].price > 0 && goods[*at].count > 0).collect();
    // What gives most for the share that it takes of the scarcest resource comes first.
    order.sort_by(|one, other| {
        let share = |at: &usize| {
            let shares = goods[*at]
                .asks
                .iter()
                .zip(left)
                .map(|(asks, left)| i128::from(*asks) * (1 << 40) / i128::from((*left).max(1)));
            shares.max().unwrap_or(0)
        };
        let left = i128::from(goods[*one].price) * share(other).max(1);
        let right = i128::from(goods[*other].price) * share(one).max(1);
        right.cmp(&left).then(one.cmp(other))
    });
    let orders = (0..left.len()).map(|resource| by_density(goods, &order, resource)).collect();
    let mut search = Search {
        goods,
        order: &order,
        orders,
        rank: rank(goods.len(), &order),
        unit: order.iter().map(|at| goods[*at].price).fold(0, |one, other| one.gcd(&other)).max(1),
        best: 0,
        pattern: vec![0; goods.len()],
        chosen: vec![0; goods.len()],
        steps,
    };
    search.from(0, &mut left.to_vec(), 0).then_some((search.best, search.pattern))
}

/// Goods by what they cost for each unit of a resource, the dearest first.
fn by_density(goods: &[Goods], order: &[usize], resource: usize) -> Vec<usize> {
    let mut sorted = order.to_vec();
    sorted.sort_by(|one, other| {
        let (one, other) = (&goods[*one], &goods[*other]);
        let left = u128::from(one.price) * u128::from(other.asks[resource].max(0).unsigned_abs());
        let right = u128::from(other.price) * u128::from(one.asks[resource].max(0).unsigned_abs());
        right.cmp(&left)
    });
    sorted
}

fn rank(count: usize, order: &[usize]) -> Vec<usize> {
    let mut rank = vec![usize::MAX; count];
    order.iter().enumerate().for_each(|(place, at)| rank[*at] = place);
    rank
}

struct Search<'a> {
    goods: &'a [Goods],
    order: &'a [usize],
    orders: Vec<Vec<usize>>,
    /// Where in the order each of the goods comes.
    rank: Vec<usize>,
    /// What all prices are multiples of, and so every load.
    unit: u64,
    best: u64,
    pattern: Vec<u64>,
    chosen: Vec<u64>,
    steps: usize,
}

impl Search<'_> {
    /// Decides about the goods from a place in the order on; false once the steps run out.
    fn from(&mut self, place: usize, left: &mut Vec<i64>, cost: u64) -> bool {
        if cost > self.best {
            self.best = cost;
            self.pattern.clone_from(&self.chosen);
        }
        let fits = |place: &usize| self.fits(self.order[*place], left) > 0;
        let Some(place) = (place..self.order.len()).find(fits) else { return true };
        let at = self.order[place];
        if self.steps == 0 {
            return false;
        }
        self.steps -= 1;
        if cost.saturating_add(self.bound(place, left)) <= self.best {
            return true;
        }
        let goods = &self.goods[at];
        for count in (0..=self.fits(at, left)).rev() {
            let amount = i64::try_from(count).unwrap_or(i64::MAX);
            let take = |left: &mut Vec<i64>, sign: i64| {
                left.iter_mut()
                    .zip(&goods.asks)
                    .for_each(|(left, asks)| *left -= sign * amount * asks);
            };
            take(left, 1);
            self.chosen[at] = count;
            let done = self.from(place + 1, left, cost + count * goods.price);
            self.chosen[at] = 0;
            take(left, -1);
            if !done {
                return false;
            }
        }
        true
    }

    /// How many of the goods may be added.
    fn fits(&self, at: usize, left: &[i64]) -> u64 {
        let goods = &self.goods[at];
        if goods.apart.iter().any(|other| self.chosen[*other] > 0) {
            return 0;
        }
        let by_room = goods.asks.iter().zip(left).filter(|(asks, _)| **asks > 0);
        let by_room = by_room.map(|(asks, left)| ((*left).max(0) / asks).unsigned_abs()).min();
        let count = if goods.apart.contains(&at) { goods.count.min(1) } else { goods.count };
        by_room.unwrap_or(u64::MAX).min(count)
    }

    /// More than can still be added: by each resource alone, the dearest for it first and the last
    /// of them divided.
    fn bound(&self, place: usize, left: &[i64]) -> u64 {
        let all = self.order[place..].iter().filter(|at| self.fits(**at, left) > 0);
        let all = all.map(|at| self.goods[*at].price.saturating_mul(self.goods[*at].count));
        let all = all.fold(0, u64::saturating_add);
        let each = 0..left.len();
        let bound = each.map(|resource| self.by_resource(resource, place, left)).min();
        bound.unwrap_or(u64::MAX).min(all) / self.unit * self.unit
    }

    fn by_resource(&self, resource: usize, place: usize, all_left: &[i64]) -> u64 {
        let mut left = u128::from(all_left[resource].max(0).unsigned_abs());
        let mut sum = 0_u128;
        let later = self.orders[resource].iter().filter(|at| self.rank[**at] >= place);
        for at in later.filter(|at| self.fits(**at, all_left) > 0) {
            let goods = &self.goods[*at];
            let asks = u128::from(goods.asks[resource].max(0).unsigned_abs());
            let price = u128::from(goods.price);
            let all = asks * u128::from(goods.count);
            if all <= left {
                left -= all;
                sum += price * u128::from(goods.count);
                continue;
            }
            sum += price * left / asks;
            break;
        }
        u64::try_from(sum).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goods(price: u64, asks: &[i64], count: u64) -> Goods {
        Goods { price, asks: asks.to_vec(), count, apart: Vec::new() }
    }

    #[test]
    fn the_dearest_load_is_found_and_fits() {
        let all = [goods(6, &[4, 1], 2), goods(5, &[3, 1], 2), goods(4, &[3, 1], 2)];
        assert_eq!(dearest(&all, &[10, 10], 1_000), Some((16, vec![1, 2, 0])));
        assert_eq!(dearest(&all, &[10, 1], 1_000), Some((6, vec![1, 0, 0])));
        assert_eq!(dearest(&all, &[10, 10], 1), None);
    }

    #[test]
    fn goods_that_mind_each_other_do_not_share() {
        let mut all = vec![goods(5, &[1], 3), goods(3, &[1], 3)];
        all[0].apart = vec![0, 1];
        all[1].apart = vec![0];
        assert_eq!(dearest(&all, &[3], 1_000), Some((9, vec![0, 3])));
    }
}
