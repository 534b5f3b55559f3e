//! What pods spend that spend anything: they are on a node whole.
//!
//! Of a resource they request together a multiple of what divides all that any of them requests.
//! And with it go the other resources: if each of them requests at least `a` of one for `b` of the
//! other, so do all together.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::{ClassId, Cluster};

use crate::prices::Resource;

/// Pods of some classes, as many as you like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Purse {
    /// Divides what each requests, by resource.
    units: BTreeMap<Resource, i128>,
    /// By resource and another one: so much of the other goes at least with so much of the first.
    along: BTreeMap<(Resource, Resource), (i128, i128)>,
}

impl Purse {
    pub(crate) fn of(cluster: &Cluster, classes: &[ClassId]) -> Self {
        let coin = |class: &ClassId| -> BTreeMap<Resource, i128> {
            let spec = cluster.spec_of(*class);
            Resource::asked(spec).map(|one| (one, one.of(&spec.requests, 1))).collect()
        };
        let coins: BTreeSet<BTreeMap<Resource, i128>> = classes.iter().map(coin).collect();
        let resources: BTreeSet<Resource> =
            coins.iter().flat_map(BTreeMap::keys).copied().collect();
        let mut purse = Self::default();
        for (resource, amount) in coins.iter().flatten() {
            let unit = purse.units.entry(*resource).or_insert(0);
            *unit = common(*unit, *amount);
        }
        for coin in &coins {
            for (resource, amount) in coin {
                for other in resources.iter().filter(|other| *other != resource) {
                    let share = (coin.get(other).copied().unwrap_or(0), *amount);
                    let least = purse.along.entry((*resource, *other)).or_insert(share);
                    if share.0 * least.1 < least.0 * share.1 {
                        *least = share;
                    }
                }
            }
        }
        purse
    }

    /// How much of `other` is spent at least by whoever spends so much of a resource.
    pub(crate) fn spent(&self, resource: Resource, amount: i128, other: Resource) -> i128 {
        let amount = self.whole(resource, amount);
        if other == resource {
            return amount;
        }
        let (share, of) = self.along.get(&(resource, other)).copied().unwrap_or((0, 1));
        // What is too much to be told counts for nothing.
        let product = amount.checked_mul(share).and_then(|product| product.checked_add(of - 1));
        self.whole(other, product.map_or(0, |product| product / of))
    }

    fn whole(&self, resource: Resource, amount: i128) -> i128 {
        let unit = self.units.get(&resource).copied().unwrap_or(1);
        (amount + unit - 1) / unit * unit
    }
}

/// The greatest number that divides both.
fn common(one: i128, other: i128) -> i128 {
    if other == 0 { one } else { common(other, one % other) }
}
