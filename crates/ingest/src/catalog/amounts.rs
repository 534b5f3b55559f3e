//! What a make of node has, and what of it pods may request.

use holdfast_cluster::Quantity;
use holdfast_cluster::change::{Amounts, Shape};

use super::RawType;
use crate::objects::lean::{Pairs, Text};

/// What a kubelet takes where nobody says otherwise (`maxPods`).
const PODS: i64 = 110;

/// The amounts of a type; `tell` gets what is wrong, and where.
pub(super) fn read(one: &RawType<'_>, mut tell: impl FnMut(&Text<'_>, String)) -> Shape {
    let (capacity, pods) = listed(&one.capacity, false, &mut tell);
    for (name, amount) in [("cpu", capacity.cpu_milli), ("memory", capacity.memory)] {
        if amount == 0 && one.capacity.get(name).is_none() {
            tell(&one.name, format!("no {name} in its capacity"));
        }
    }
    let pods = pods.unwrap_or(PODS);
    let (allocatable, pods) = match (&one.allocatable, &one.reserved) {
        (Some(given), Some(_)) => {
            tell(&one.name, "either allocatable or reserved, not both".to_owned());
            let (amounts, own) = listed(given, false, &mut tell);
            (amounts, own.unwrap_or(pods))
        }
        (Some(given), None) => {
            let (amounts, own) = listed(given, false, &mut tell);
            for (name, left, all) in compared(&amounts, &capacity) {
                if left > all {
                    tell(&one.name, format!("more {name} is allocatable than there is"));
                }
            }
            (amounts, own.unwrap_or(pods))
        }
        (None, Some(reserved)) => {
            let (taken, own) = listed(reserved, true, &mut tell);
            for (name, taken, all) in compared(&taken, &capacity) {
                if taken > 0 && taken >= all {
                    tell(&one.name, format!("as much {name} is reserved as there is"));
                }
            }
            (without(&capacity, &taken), pods - own.unwrap_or(0))
        }
        (None, None) => (capacity.clone(), pods),
    };
    Shape { allocatable, capacity, pods, ..Shape::default() }
}

/// Amounts, and `pods` apart. Zero is nothing to be named, unless it is reserved.
fn listed(
    pairs: &Pairs<'_>,
    may_be_zero: bool,
    tell: &mut impl FnMut(&Text<'_>, String),
) -> (Amounts, Option<i64>) {
    let (mut amounts, mut pods) = (Amounts::default(), None);
    for (name, text) in pairs.iter() {
        let Ok(quantity) = Quantity::parse(text) else {
            tell(name, format!("{}: {} is no quantity", &**name, &**text));
            continue;
        };
        if quantity.is_negative() || quantity.is_zero() && !may_be_zero {
            tell(name, format!("{}: {} is not more than zero", &**name, &**text));
            continue;
        }
        match &**name {
            "cpu" => amounts.cpu_milli = quantity.milli_value(),
            "memory" => amounts.memory = quantity.value(),
            "ephemeral-storage" => amounts.ephemeral_storage = quantity.value(),
            "pods" => pods = Some(quantity.value()),
            other if other.contains('/') || other.starts_with("hugepages-") => {
                amounts.scalars.push((other.to_owned(), quantity.value()));
            }
            other => tell(name, format!("{other} is no resource of a node")),
        }
    }
    amounts.scalars.sort();
    (amounts, pods)
}

/// Two lists, resource by resource.
fn compared<'a>(one: &'a Amounts, other: &'a Amounts) -> Vec<(&'a str, i64, i64)> {
    let scalar = |name: &str| {
        other.scalars.iter().find(|(known, _)| known == name).map_or(0, |(_, amount)| *amount)
    };
    let mut all = vec![
        ("cpu", one.cpu_milli, other.cpu_milli),
        ("memory", one.memory, other.memory),
        ("ephemeral-storage", one.ephemeral_storage, other.ephemeral_storage),
    ];
    all.extend(one.scalars.iter().map(|(name, amount)| (name.as_str(), *amount, scalar(name))));
    all
}

/// What is left of the capacity.
fn without(capacity: &Amounts, taken: &Amounts) -> Amounts {
    let scalar = |name: &str| {
        taken.scalars.iter().find(|(known, _)| known == name).map_or(0, |(_, amount)| *amount)
    };
    Amounts {
        cpu_milli: capacity.cpu_milli - taken.cpu_milli,
        memory: capacity.memory - taken.memory,
        ephemeral_storage: (capacity.ephemeral_storage - taken.ephemeral_storage).max(0),
        scalars: capacity
            .scalars
            .iter()
            .map(|(name, amount)| (name.clone(), amount - scalar(name)))
            .collect(),
    }
}
