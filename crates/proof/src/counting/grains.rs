//! In which pieces resources are spent: pods are whole.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::{ClassId, Cluster, Resources};
use num_integer::Integer;

use super::Resource;

/// What pods have in common that ask for resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grains {
    all: BTreeMap<Resource, Grain>,
}

/// Pieces of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Grain {
    /// What each pod asks for is a multiple of this; 0 where none asks for any.
    unit: i128,
    /// So much of another resource, and no less, is asked for by whoever asks for so much of this
    /// one.
    beside: BTreeMap<Resource, (i128, i128)>,
}

impl Grains {
    /// Those of pods of these classes, as far as these resources go.
    pub fn of(
        cluster: &Cluster,
        resources: impl Iterator<Item = Resource>,
        classes: impl Iterator<Item = ClassId>,
    ) -> Self {
        let mut grains = Self::none(resources);
        for class in classes.collect::<BTreeSet<ClassId>>() {
            grains.add(&cluster.spec_of(class).requests);
        }
        grains
    }

    /// Those of no pods.
    fn none(resources: impl Iterator<Item = Resource>) -> Self {
        Self { all: resources.map(|resource| (resource, Grain::default())).collect() }
    }

    /// Adds a pod.
    fn add(&mut self, requests: &Resources) {
        let asked: Vec<(Resource, i128)> = (self.all.keys())
            .map(|resource| (*resource, i128::from(resource.amount(requests))))
            .collect();
        for (grain, (resource, amount)) in self.all.values_mut().zip(&asked) {
            if *amount <= 0 {
                continue;
            }
            grain.unit = grain.unit.gcd(amount);
            for (other, share) in asked.iter().filter(|(other, _)| other != resource) {
                let least = grain.beside.entry(*other).or_insert((*share, *amount));
                if share * least.1 < least.0 * amount {
                    *least = (*share, *amount);
                }
            }
        }
    }

    /// The least that is spent of a resource by whoever spends so much of it, and not nothing.
    pub fn whole(&self, resource: Resource, amount: i128) -> i128 {
        let unit = self.all.get(&resource).map_or(1, |grain| grain.unit.max(1));
        (amount + unit - 1) / unit * unit
    }

    /// The least that is spent of another resource then.
    pub fn beside(&self, resource: Resource, amount: i128, other: Resource) -> i128 {
        let ratio = self.all.get(&resource).and_then(|grain| grain.beside.get(&other));
        // What is too large to be told counts for nothing.
        let least = ratio
            .and_then(|(share, of)| Some(amount.checked_mul(*share)?.checked_add(of - 1)? / of));
        self.whole(other, least.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPU: Resource = Resource::Cpu;
    const MEMORY: Resource = Resource::Memory;
    const PODS: Resource = Resource::Pods;

    fn grains(pods: &[(i64, i64)]) -> Grains {
        let mut grains = Grains::none([CPU, MEMORY, PODS].into_iter());
        for (cpu_milli, memory) in pods {
            grains.add(&Resources { cpu_milli: *cpu_milli, memory: *memory, ..Default::default() });
        }
        grains
    }

    #[test]
    fn pods_alike_are_spent_whole() {
        let grains = grains(&[(900, 64)]);
        assert_eq!(grains.whole(CPU, 0), 0);
        assert_eq!(grains.whole(CPU, 1), 900);
        assert_eq!(grains.whole(CPU, 901), 1_800);
        assert_eq!(grains.beside(PODS, 3, CPU), 2_700);
        assert_eq!(grains.beside(CPU, 900, MEMORY), 64);
    }

    #[test]
    fn whoever_asks_for_least_beside_it_counts() {
        let grains = grains(&[(600, 64), (900, 0), (0, 100)]);
        assert_eq!(grains.whole(CPU, 1), 300, "both are multiples of that");
        assert_eq!(grains.beside(CPU, 900, MEMORY), 0, "the second asks for none");
        assert_eq!(grains.beside(CPU, 900, PODS), 1, "one of 900 does");
        assert_eq!(grains.beside(CPU, 1_200, PODS), 2);
        assert_eq!(grains.beside(PODS, 2, CPU), 0, "the third asks for none");
    }

    #[test]
    fn nobody_spends_nothing() {
        let grains = grains(&[]);
        assert_eq!(grains.whole(CPU, 7), 7);
        assert_eq!(grains.beside(CPU, 7, MEMORY), 0);
    }
}
