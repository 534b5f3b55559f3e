//! Headroom as a certificate has it.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_certificate::format;
use holdfast_certificate::names;
use holdfast_certificate::prices::{PRICE_MAX, Resource as Named};
use holdfast_cluster::{ClassId, Cluster};

use super::Sorts;
use crate::counting::{Prices, Resource};
use crate::headroom::Headroom;
use crate::headroom::kin::{Prospect, Room};

/// Why pods find a node whichever nodes fail: those of which the same nodes and prices show it are
/// told together.
pub(super) fn written(
    cluster: &Cluster,
    sorts: &Sorts,
    headroom: &Headroom,
) -> Vec<format::Headroom> {
    let mut known: BTreeSet<ClassId> = BTreeSet::new();
    let mut alike: BTreeMap<(Vec<String>, Vec<format::Prices>, bool), Vec<String>> =
        BTreeMap::new();
    for ((class, _), prospect) in headroom.kins().all().zip(headroom.prospects()) {
        let (Prospect::Sure(Room { nodes, why }), Some(like)) = (prospect, sorts.get(class)) else {
            continue;
        };
        let prices: Option<Vec<format::Prices>> =
            why.prices.iter().map(|prices| named(cluster, prices)).collect();
        if let Some(prices) = prices.filter(|_| known.insert(*class)) {
            let mut nodes = nodes.clone();
            nodes.sort_unstable();
            let reasons = (names::nodes(cluster, &nodes), prices, why.whole);
            alike.entry(reasons).or_default().push(like.clone());
        }
    }
    let one = |((nodes, prices, whole), mut like): (_, Vec<String>)| {
        like.sort_unstable();
        format::Headroom { like, nodes, prices, whole }
    };
    alike.into_iter().map(one).collect()
}

/// Prices by name, if none is higher than may be written.
fn named(cluster: &Cluster, prices: &Prices) -> Option<format::Prices> {
    let one = |(resource, price): &(Resource, i128)| {
        let resource = match *resource {
            Resource::Cpu => Named::Cpu,
            Resource::Memory => Named::Memory,
            Resource::EphemeralStorage => Named::EphemeralStorage,
            Resource::Scalar(name) => Named::Scalar(name),
            Resource::Pods => Named::Pods,
        };
        let price = u64::try_from(*price).ok().filter(|price| *price <= PRICE_MAX)?;
        Some((resource.name(cluster).to_owned(), price))
    };
    prices.0.iter().map(one).collect()
}
