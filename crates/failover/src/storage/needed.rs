//! The volumes that pods need, those together that are kept alike: whether one can be used says
//! whether all can.

use std::collections::BTreeMap;

use holdfast_cluster::cluster::Key;
use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Instance, NodeId, Placement};

use super::{Access, AccessRange, Copies, Kept, Standing, Storage};
use crate::host::Host;

/// Volumes that are needed for the same and kept in the same way.
#[derive(Clone, Debug)]
pub struct Needed<'s> {
    kept: &'s Kept,
    writes: bool,
    /// Namespace and name of their claims, in order.
    pub claims: Vec<Key>,
}

impl Storage {
    /// The volumes that are kept on the nodes and needed by a pod that is there and `of_interest`.
    pub fn needed(
        &self,
        placement: &Placement,
        of_interest: impl Fn(&Instance) -> bool,
    ) -> Vec<Needed<'_>> {
        let there = |instance: &&Instance| instance.whereabouts != Whereabouts::Gone;
        let instances = placement.instance_ids().map(|id| placement.instance(id));
        let classes = instances.filter(there).filter(|one| of_interest(one)).map(|one| one.class);
        let needs = classes.flat_map(|class| self.needs.get(class.index()).into_iter().flatten());
        // What is written by one pod and only read by another is needed for writing.
        let mut writes: BTreeMap<usize, bool> = BTreeMap::new();
        for need in needs {
            *writes.entry(need.kept).or_default() |= need.writes;
        }
        let mut alike: BTreeMap<_, Needed<'_>> = BTreeMap::new();
        for (at, writes) in writes {
            let kept = &self.kept[at];
            let Kept { claim, copies, bare, readable_with, writable_with, quorum } = kept;
            let way = (copies, *bare, *readable_with, *writable_with, quorum, writes);
            let needed =
                alike.entry(way).or_insert_with(|| Needed { kept, writes, claims: Vec::new() });
            needed.claims.push(*claim);
        }
        alike.into_values().collect()
    }
}

impl Needed<'_> {
    /// Whether they can be used for what they are needed for.
    pub fn standing(&self, placement: &Placement) -> Standing {
        Standing::of(self.kept.access(placement), self.writes)
    }

    /// The nodes whose failure may change that.
    pub fn nodes(&self) -> Vec<NodeId> {
        let copies: Vec<Host> = match &self.kept.copies {
            Copies::At(copies) => copies.iter().map(|(host, _)| *host).collect(),
            Copies::Among(_, groups) => groups.iter().flatten().copied().collect(),
            Copies::Somewhere(hosts) => hosts.clone(),
        };
        let hosts = copies.into_iter().chain(self.kept.quorum.iter().copied());
        let mut nodes: Vec<NodeId> = hosts.filter_map(Host::node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

impl Standing {
    /// Of a volume of which so much is known, for what it is needed for.
    pub(super) fn of(AccessRange { best, worst }: AccessRange, writes: bool) -> Self {
        let enough = if writes { Access::Writable } else { Access::Readable };
        match () {
            () if best > enough => Self::Starved,
            () if worst > enough => Self::Unknown,
            () => Self::Usable,
        }
    }
}
