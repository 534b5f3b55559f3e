//! How many nodes must be added so that failures are survived.
//!
//! A number is tried by adding so many nodes, which are ready and run what `DaemonSets` put there,
//! and proving anew: pods that wait are scheduled in every order, and every node may fail, the new
//! ones too. Numbers are doubled until everything comes back that any of them brings back; then the
//! least is looked for, and every smaller number is tried as well, as far as the effort goes: no
//! number is taken to be too small because a larger one was.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::change::{NewNode, Refused, Shape, Shaped};
use holdfast_cluster::{Change, Cluster, NodeId, Placement, PodId, Resources, Symbol, WorkloadId};
use holdfast_proof::Domains;
use holdfast_proof::report::Question;
use holdfast_proof::subject::{Subjects, follows_nodes};

use crate::copies::in_turn;
use crate::recovery::{Asking, Recovered, Recovery};

/// The label that says in which zone a node is.
pub const ZONE: &str = "topology.kubernetes.io/zone";

/// What the new nodes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Make {
    /// Like a node of the cluster.
    Like(Symbol),
    /// Of a type by this name.
    Of(String, Shape),
}

/// What is to be survived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Survive {
    /// Any so many nodes.
    Nodes(usize),
    /// Any value of a node label.
    Domain(String),
}

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes to be added at most, in each domain.
    pub nodes: u32,
    /// Numbers to be proved about.
    pub proofs: usize,
}

/// A number that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// How many nodes, by place.
    pub counts: Vec<u32>,
    /// Workloads that are not proved to come back then.
    pub open: BTreeMap<WorkloadId, Recovered>,
}

/// How many nodes must be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The values of the label in which nodes are added; empty where it does not matter where.
    pub places: Vec<String>,
    /// How many, by place: with them all comes back that is brought back by any number that was
    /// tried. `None` where no number brings anything back.
    pub counts: Option<Vec<u32>>,
    /// Every number below it was tried, and does not do.
    pub least: bool,
    /// Fewer than so many cannot do, as sums tell; for each place.
    pub bound: u32,
    /// Everything that was tried, in order.
    pub tried: Vec<Tried>,
    /// Workloads that come back with no number that was tried.
    pub helpless: BTreeMap<WorkloadId, Recovered>,
}

/// Looks for the least number.
pub struct Grower<'a> {
    /// The cluster as it is.
    pub cluster: &'a Cluster,
    /// What the new nodes are.
    pub make: &'a Make,
    /// The zones in which there are any such nodes; empty is all. They are added in one after the
    /// other.
    pub zones: &'a [String],
    /// What is to be survived.
    pub survive: &'a Survive,
    /// How it is proved.
    pub asking: Asking<'a>,
    /// How much is tried.
    pub limits: Limits,
}

impl Grower<'_> {
    /// How many nodes must be added.
    ///
    /// # Errors
    /// When no such node can be added.
    pub fn grow(&self) -> Result<Growth, Refused> {
        let places = match self.survive {
            Survive::Nodes(_) => Vec::new(),
            Survive::Domain(label) if label == ZONE && !self.zones.is_empty() => {
                self.zones.iter().cloned().collect::<BTreeSet<String>>().into_iter().collect()
            }
            Survive::Domain(label) => {
                Domains::of_label(self.cluster, label).all.into_iter().map(|one| one.name).collect()
            }
        };
        let mut search = Search { grower: self, places, tried: Vec::new() };
        let width = search.places.len().max(1);
        search.open(&vec![0; width])?;
        let Some(helpless) = search.raise(self.bound(&BTreeSet::new(), width), width)? else {
            let helpless = search.tried[0].open.clone();
            return Ok(search.end(None, 0, helpless));
        };
        let goal: BTreeSet<WorkloadId> = helpless.keys().copied().collect();
        let (counts, least) = search.lower(&goal, width)?;
        let bound = self.bound(&goal, width);
        Ok(search.end(Some((counts, least)), bound, helpless))
    }

    /// The cluster with so many nodes besides, by place, and what `DaemonSets` run on them.
    fn grown(&self, places: &[String], counts: &[u32]) -> Result<Cluster, Refused> {
        let before = self.cluster.pods().len();
        let names = self.names(places, counts);
        let label = match self.survive {
            Survive::Nodes(_) => None,
            Survive::Domain(label) => Some(label),
        };
        let labels = |at: usize, place: Option<&String>| -> BTreeMap<String, String> {
            let zone = self.zones.get(at % self.zones.len().max(1));
            let zone = zone.map(|zone| (ZONE.to_owned(), zone.clone()));
            let place = label.zip(place).map(|(key, value)| (key.clone(), value.clone()));
            zone.into_iter().chain(place).collect()
        };
        let grown = match self.make {
            Make::Like(like) => {
                let added = |(at, (name, place)): (usize, &(String, Option<&String>))| {
                    let labels = labels(at, *place).into_iter().collect();
                    Change::AddNode(NewNode { name: name.clone(), like: *like, labels })
                };
                self.cluster.changed(&names.iter().enumerate().map(added).collect::<Vec<_>>())?
            }
            Make::Of(_, shape) => {
                let added = |(at, (name, place)): (usize, &(String, Option<&String>))| Shaped {
                    name: name.clone(),
                    shape: shape.clone(),
                    labels: labels(at, *place).into_iter().collect(),
                };
                self.cluster.with_nodes(&names.iter().enumerate().map(added).collect::<Vec<_>>())?
            }
        };
        Ok(with_daemons(&grown, before))
    }

    /// What the new nodes are called: names that are free.
    fn names<'p>(&self, places: &'p [String], counts: &[u32]) -> Vec<(String, Option<&'p String>)> {
        let mut base = "added".to_owned();
        while self.cluster.node_ids().any(|id| self.cluster.node_name(id).starts_with(&base)) {
            base.push('-');
        }
        let of = |(at, count): (usize, &u32)| {
            let place = places.get(at);
            let middle = place.map_or_else(String::new, |place| format!("-{place}"));
            let base = base.clone();
            (1..=*count).map(move |number| (format!("{base}{middle}-{number}"), place))
        };
        counts.iter().enumerate().flat_map(of).collect()
    }

    fn question(&self, cluster: &Cluster) -> Question {
        match self.survive {
            Survive::Nodes(most) => Question::AnyNodes(*most),
            Survive::Domain(label) => Question::AnyDomains(Domains::of_label(cluster, label), 1),
        }
    }

    /// With fewer new nodes in each place what is left after a failure is less than what all that
    /// runs asks for, but for workloads that need not come back.
    fn bound(&self, helpless: &BTreeSet<WorkloadId>, places: usize) -> u32 {
        let Survive::Nodes(most) = *self.survive else { return 0 };
        let wanted = self.wanted(helpless);
        let room = |id: NodeId| {
            let node = self.cluster.node(id);
            size(&node.allocatable, node.pods_allocatable)
        };
        let own: Vec<[i128; 3]> = self.cluster.node_ids().map(room).collect();
        let new = match self.make {
            Make::Like(like) => self.cluster.node_named(*like).map_or([0; 3], room),
            Make::Of(_, shape) => {
                let amounts = &shape.allocatable;
                [amounts.cpu_milli.into(), amounts.memory.into(), shape.pods.into()]
            }
        };
        let enough = |count: u32| {
            (0..3).all(|resource| {
                let added = std::iter::repeat_n(new[resource], count as usize * places);
                let mut all: Vec<i128> = own.iter().map(|one| one[resource]).chain(added).collect();
                all.sort_unstable_by(|one, other| other.cmp(one));
                all.iter().skip(most).sum::<i128>() >= wanted[resource]
            })
        };
        (0..self.limits.nodes).find(|count| enough(*count)).unwrap_or(0)
    }

    /// What the pods of all other workloads ask for that run now.
    fn wanted(&self, helpless: &BTreeSet<WorkloadId>) -> [i128; 3] {
        let placement = Placement::of(self.cluster);
        let subjects = Subjects::of(self.cluster, &placement);
        let kept = subjects.subjects.iter().filter(|subject| {
            !helpless.contains(&subject.root)
                && !follows_nodes(self.cluster.workload(subject.root).kind)
        });
        let mut sum = [0; 3];
        for pod in kept.flat_map(|subject| subject.instances(&placement).collect::<Vec<_>>()) {
            let instance = placement.instance(pod);
            if instance.ready {
                let asked = size(&self.cluster.spec_of(instance.class).requests, 1);
                (0..3).for_each(|at| sum[at] += asked[at]);
            }
        }
        sum
    }
}

fn size(amounts: &Resources, pods: i64) -> [i128; 3] {
    [amounts.cpu_milli.into(), amounts.memory.into(), pods.into()]
}

/// The same cluster, in which pods that were made since run where the scheduler has them: those of
/// `DaemonSets` on new nodes, each of which can go nowhere else.
pub(crate) fn with_daemons(cluster: &Cluster, before: usize) -> Cluster {
    let made = (before..cluster.pods().len()).map(PodId::at);
    cluster.seated(in_turn(cluster, made).filter_map(|(pod, node)| Some((pod, node?))))
}

/// What was tried so far.
struct Search<'g, 'a> {
    grower: &'g Grower<'a>,
    places: Vec<String>,
    tried: Vec<Tried>,
}

impl Search<'_, '_> {
    /// What is known of every workload with so many nodes.
    fn open(&mut self, counts: &[u32]) -> Result<Recovery, Refused> {
        let grown = self.grower.grown(&self.places, counts)?;
        let known = self.grower.asking.of(&grown, &self.grower.question(&grown));
        self.note(counts, &known);
        Ok(known)
    }

    fn note(&mut self, counts: &[u32], known: &Recovery) -> &BTreeMap<WorkloadId, Recovered> {
        self.tried.push(Tried { counts: counts.to_vec(), open: known.unproved() });
        &self.tried.last().expect("it was just put there").open
    }

    /// Whether only these do not come back with so many nodes.
    fn does(&mut self, counts: &[u32], goal: &BTreeSet<WorkloadId>) -> Result<bool, Refused> {
        if let Some(known) = self.tried.iter().find(|tried| tried.counts == counts) {
            return Ok(known.open.keys().all(|id| goal.contains(id)));
        }
        let grown = self.grower.grown(&self.places, counts)?;
        let question = self.grower.question(&grown);
        let known = self.grower.asking.until(&grown, &question, |id| !goal.contains(&id));
        Ok(self.note(counts, &known).keys().all(|id| goal.contains(id)))
    }

    fn is_left(&self) -> bool {
        self.tried.len() < self.grower.limits.proofs
    }

    /// Doubles the number until all comes back, or twice as many bring nothing more back: those
    /// that do not come back then. `None` where no number brings anything back that does not
    /// today.
    fn raise(
        &mut self,
        bound: u32,
        width: usize,
    ) -> Result<Option<BTreeMap<WorkloadId, Recovered>>, Refused> {
        let today = self.tried[0].open.clone();
        let mut best = today.clone();
        let mut count = bound.max(1);
        let mut idle = 0;
        while !best.is_empty() && count <= self.grower.limits.nodes && idle < 3 && self.is_left() {
            self.open(&vec![count; width])?;
            let open = &self.tried.last().expect("it was just tried").open;
            idle += 1;
            if open.len() < best.len() && open.keys().all(|id| today.contains_key(id)) {
                (best, idle) = (open.clone(), 0);
            }
            count = count.saturating_mul(2);
        }
        Ok((today.is_empty() || best.len() < today.len()).then_some(best))
    }

    /// The least number that does as well, and whether every smaller one was tried.
    fn lower(
        &mut self,
        goal: &BTreeSet<WorkloadId>,
        width: usize,
    ) -> Result<(Vec<u32>, bool), Refused> {
        let fits = |tried: &&Tried| tried.open.keys().all(|id| goal.contains(id));
        let mut most = self.tried.iter().filter(fits).map(|tried| tried.counts[0]).min();
        let mut least = 0;
        // By halves to where it turns, then one by one through all that is smaller.
        while let Some(found) = most.filter(|found| found - least > 1 && self.is_left()) {
            let middle = least + (found - least) / 2;
            if self.does(&vec![middle; width], goal)? {
                most = Some(middle);
            } else {
                least = middle;
            }
        }
        let mut found = most.unwrap_or(0);
        let mut all = true;
        for count in (0..found).rev() {
            let counts = vec![count; width];
            let known = self.tried.iter().any(|tried| tried.counts == counts);
            if !known && !self.is_left() {
                all = false;
                break;
            }
            if self.does(&counts, goal)? {
                found = count;
            }
        }
        let counts = self.thin(vec![found; width], goal)?;
        Ok((counts, all))
    }

    /// Fewer in single places, where that does as well: none of them could be one less.
    fn thin(
        &mut self,
        mut counts: Vec<u32>,
        goal: &BTreeSet<WorkloadId>,
    ) -> Result<Vec<u32>, Refused> {
        if counts.len() < 2 {
            return Ok(counts);
        }
        for at in 0..counts.len() {
            while counts[at] > 0 && self.is_left() {
                let mut fewer = counts.clone();
                fewer[at] -= 1;
                if !self.does(&fewer, goal)? {
                    break;
                }
                counts = fewer;
            }
        }
        Ok(counts)
    }

    fn end(
        self,
        found: Option<(Vec<u32>, bool)>,
        bound: u32,
        helpless: BTreeMap<WorkloadId, Recovered>,
    ) -> Growth {
        let (counts, least) = found.map_or((None, false), |(counts, least)| (Some(counts), least));
        Growth { places: self.places, counts, least, bound, tried: self.tried, helpless }
    }
}
