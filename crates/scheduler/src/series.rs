//! Pods of one kind, placed one after the other.
//!
//! A scheduler that has just started takes them in turn: it begins with the first node, goes on
//! where its last search ended, looks at nodes one by one, and of nodes that tie it takes the one
//! whose name sorts first. That is one of the runs that upstream may take, and the same one each
//! time.
//!
//! Between two pods of a kind only the node that took the first has changed, and what counts pods
//! of that kind. So each node is judged once, and again when it has taken one ([`Quick`]); what
//! minds company is kept count of. Pods with volumes are left to full cycles ([`Whole`]).

use holdfast_cluster::{InstanceId, NodeId, Placement};

use crate::framework::{Company, Cycle, normalize_scores};
use crate::node_info::{NodeInfo, Variant};
use crate::plugin::Plugin;
use crate::plugins::{
    Context, image_locality, node_resources_balanced_allocation, node_resources_fit,
};
use crate::reason::{Code, Reason};
use crate::sampling::look_round;
use crate::scheduler::{Scheduler, Scratch};

/// The nodes that copies of a pending pod go to, one after the other, until no node takes one.
///
/// Nobody is evicted for them, and nothing else happens meanwhile.
#[derive(Debug)]
pub struct Series<'a>(Pace<'a>);

#[derive(Debug)]
enum Pace<'a> {
    Quick(Box<Quick<'a>>),
    Whole(Box<Whole<'a>>),
}

impl<'a> Series<'a> {
    /// Copies of the pod, which is pending and counts as the first of them, by a scheduler that has
    /// come so far in its list of nodes.
    pub(crate) fn new(
        scheduler: &'a Scheduler<'a>,
        placement: &'a Placement,
        pod: InstanceId,
        turn: Turn,
    ) -> Self {
        let quick = scheduler.opened(placement, pod).map(|(cycle, eligible)| {
            let order = scheduler.in_turn(placement, &eligible);
            Quick::new(cycle, order, turn)
        });
        Self(match quick {
            Some(Some(quick)) => Pace::Quick(Box::new(quick)),
            _ => Pace::Whole(Box::new(Whole::new(scheduler, placement.clone(), pod, turn))),
        })
    }

    /// How far the scheduler has come in its list of nodes.
    pub fn turn(&self) -> Turn {
        match &self.0 {
            Pace::Quick(quick) => Turn(quick.start),
            Pace::Whole(whole) => whole.turn,
        }
    }
}

impl Iterator for Series<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        match &mut self.0 {
            Pace::Quick(quick) => quick.next(),
            Pace::Whole(whole) => whole.next(),
        }
    }
}

/// How far a scheduler has come in its list of nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turn(pub(crate) usize);

/// A full cycle for each copy.
#[derive(Debug)]
struct Whole<'a> {
    scheduler: &'a Scheduler<'a>,
    placement: Placement,
    pod: InstanceId,
    turn: Turn,
    scratch: Scratch,
}

impl<'a> Whole<'a> {
    fn new(
        scheduler: &'a Scheduler<'a>,
        placement: Placement,
        pod: InstanceId,
        turn: Turn,
    ) -> Self {
        let scratch = Scratch::default();
        Self { scheduler, placement, pod, turn, scratch }
    }

    fn next(&mut self) -> Option<NodeId> {
        let Self { scheduler, placement, pod, turn, scratch } = self;
        let node = scheduler.pick(placement, *pod, turn, scratch)?;
        let cluster = scheduler.cluster();
        placement.bind(cluster, *pod, node);
        let placed = *placement.instance(*pod);
        *pod = placement.add(cluster, placed.class, placed.workload, None);
        Some(node)
    }
}

/// What a node that does not take a copy by itself is worth.
const UNFIT: i64 = i64::MIN;

/// One cycle, kept up to date.
#[derive(Debug)]
struct Quick<'a> {
    cycle: Cycle<'a>,
    company: Company,
    /// The nodes, as they are looked at.
    order: Vec<NodeId>,
    /// How many that fit are looked for.
    wanted: usize,
    /// Where the last search ended.
    start: usize,
    /// What runs on each node.
    seats: Vec<Variant>,
    /// Points that a node has by itself, or [`UNFIT`].
    worth: Vec<i64>,
    /// Points that nothing changes any more.
    fixed: Vec<i64>,
    /// Weights of what depends on the node's own use: how much is in use, and how evenly.
    of_use: (i64, i64),
    /// Scores that nothing changes, and that are scaled by the best of those that are found.
    scaled: Vec<(Plugin, i64, Vec<i64>)>,
    /// Scores that every copy changes.
    moving: Vec<(Plugin, i64)>,
    placed: usize,
    found: Vec<usize>,
    reasons: Vec<Reason>,
}

impl<'a> Quick<'a> {
    /// `None` where more than the node that took a copy may change by it.
    fn new(cycle: Cycle<'a>, order: Vec<NodeId>, turn: Turn) -> Option<Self> {
        let Context { cluster, placement, spec, compiled, .. } = cycle.context;
        let simple = spec.volumes.is_empty() && placement.nominated().is_empty();
        if !simple || cycle.pre_score().is_err() {
            return None;
        }
        let seat = |&node: &NodeId| {
            Variant::of(cluster, placement, &NodeInfo::of(cluster, placement, node))
        };
        let mut quick = Self {
            company: cycle.company(),
            wanted: compiled.profile.nodes_to_find(order.len()),
            start: turn.0,
            seats: order.iter().map(seat).collect(),
            worth: vec![UNFIT; order.len()],
            fixed: vec![0; order.len()],
            of_use: (0, 0),
            scaled: Vec::new(),
            moving: Vec::new(),
            placed: 0,
            found: Vec::new(),
            reasons: Vec::new(),
            order,
            cycle,
        };
        let fits = quick.fitting()?;
        quick.score_once(&fits);
        for at in fits {
            quick.weigh(at);
        }
        Some(quick)
    }

    /// The nodes that take the first copy; `None` where looking at one fails.
    fn fitting(&mut self) -> Option<Vec<usize>> {
        let mut fits = Vec::new();
        for at in 0..self.order.len() {
            match self.judge(at) {
                Ok(()) => fits.push(at),
                Err(Code::Error) => return None,
                Err(_) => {}
            }
        }
        Some(fits)
    }

    fn judge(&mut self, at: usize) -> Result<(), Code> {
        let Self { cycle, company, order, seats, reasons, .. } = self;
        let Context { cluster, placement, .. } = cycle.context;
        let node = NodeInfo::of(cluster, placement, order[at]);
        let alone = |plugin| !company.counts_for(plugin);
        cycle.filter_some(alone, &seats[at].info(&node), reasons)
    }

    /// Sorts the plugins that score by what changes their scores.
    fn score_once(&mut self, fits: &[usize]) {
        let context = self.cycle.context;
        let fitting: Vec<NodeId> = fits.iter().map(|at| self.order[*at]).collect();
        let mut scores = Vec::new();
        for &(plugin, weight) in &context.compiled.profile.scores {
            match plugin {
                Plugin::NodeResourcesFit => self.of_use.0 += weight,
                Plugin::NodeResourcesBalancedAllocation => {
                    if node_resources_balanced_allocation::scores(&context) {
                        self.of_use.1 += weight;
                    }
                }
                Plugin::ImageLocality => {
                    let images = image_locality::State::new(&context);
                    for &at in fits {
                        self.fixed[at] += weight * images.score(self.order[at]);
                    }
                }
                Plugin::PodTopologySpread => self.moving.push((plugin, weight)),
                Plugin::InterPodAffinity if self.company.affinity => {
                    self.moving.push((plugin, weight));
                }
                _ => {
                    scores.clear();
                    let speaks = self.cycle.raw_scores(plugin, &fitting, &mut scores);
                    // Where all are alike, they are alike on any scale.
                    if speaks && scores.iter().any(|score| *score != scores[0]) {
                        let mut all = vec![0; self.order.len()];
                        fits.iter().zip(&scores).for_each(|(at, score)| all[*at] = *score);
                        self.scaled.push((plugin, weight, all));
                    }
                }
            }
        }
        // Without constraints there is nothing to be counted.
        let speaks = |plugin| self.cycle.score_by(plugin, &fitting, &mut scores);
        let mut speaks = speaks;
        self.moving.retain(|(plugin, _)| *plugin != Plugin::PodTopologySpread || speaks(*plugin));
    }

    /// Works out the points that a node has by itself, which takes a copy.
    fn weigh(&mut self, at: usize) {
        let Self { cycle, order, seats, fixed, of_use: (fit, balance), .. } = self;
        let Context { cluster, placement, .. } = cycle.context;
        let node = NodeInfo::of(cluster, placement, order[at]);
        let node = seats[at].info(&node);
        let mut worth = fixed[at];
        if *fit != 0 {
            worth += *fit * node_resources_fit::score(&cycle.context, &node);
        }
        if *balance != 0 {
            worth += *balance * node_resources_balanced_allocation::score(&cycle.context, &node);
        }
        self.worth[at] = worth;
    }

    fn next(&mut self) -> Option<NodeId> {
        let alone = self.company == Company::default();
        let at = if alone && self.scaled.is_empty() && self.moving.is_empty() {
            self.best_alone()?
        } else {
            self.best_in_company()?
        };
        self.take(at);
        Some(self.order[at])
    }

    /// The best of those that are found, where nodes are worth what they are worth by themselves.
    fn best_alone(&mut self) -> Option<usize> {
        let Self { order, worth, .. } = self;
        let mut best: Option<usize> = None;
        let better = |at: usize, best: usize| {
            (worth[at], std::cmp::Reverse(order[at]))
                > (worth[best], std::cmp::Reverse(order[best]))
        };
        self.start = look_round(
            order.len(),
            (self.start, self.wanted),
            |at| worth[at] != UNFIT,
            |at| {
                if best.is_none_or(|known| better(at, known)) {
                    best = Some(at);
                }
            },
        );
        best
    }

    /// The best of those that are found, where it matters who else is found and who is near.
    fn best_in_company(&mut self) -> Option<usize> {
        let Self { cycle, company, order, seats, worth, found, reasons, .. } = self;
        let Context { cluster, placement, .. } = cycle.context;
        let mut fits = |at: usize| {
            worth[at] != UNFIT && {
                let node = NodeInfo::of(cluster, placement, order[at]);
                let node = seats[at].info(&node);
                cycle.filter_some(|plugin| company.counts_for(plugin), &node, reasons).is_ok()
            }
        };
        found.clear();
        self.start =
            look_round(order.len(), (self.start, self.wanted), &mut fits, |at| found.push(at));
        if found.len() < 2 {
            return found.first().copied();
        }
        let nodes: Vec<NodeId> = found.iter().map(|at| order[*at]).collect();
        let mut totals: Vec<i64> = found.iter().map(|at| worth[*at]).collect();
        let mut scores = Vec::new();
        let mut add = |weight: i64, scores: &[i64]| {
            totals.iter_mut().zip(scores).for_each(|(total, score)| *total += weight * score);
        };
        for (plugin, weight, raw) in &self.scaled {
            scores.clear();
            scores.extend(found.iter().map(|at| raw[*at]));
            normalize_scores(*plugin, &mut scores);
            add(*weight, &scores);
        }
        for &(plugin, weight) in &self.moving {
            scores.clear();
            if cycle.score_by(plugin, &nodes, &mut scores) {
                add(weight, &scores);
            }
        }
        let best = (0..found.len()).max_by_key(|at| (totals[*at], std::cmp::Reverse(nodes[*at])));
        best.map(|at| found[at])
    }

    /// Puts a copy on a node.
    fn take(&mut self, at: usize) {
        let Context { cluster, placement, class, .. } = self.cycle.context;
        let node = NodeInfo::of(cluster, placement, self.order[at]);
        self.cycle.count_in(&node);
        let pod = InstanceId::at(placement.instances().len() + self.placed);
        self.placed += 1;
        self.seats[at].add(cluster, pod, class);
        if self.judge(at).is_ok() {
            self.weigh(at);
        } else {
            self.worth[at] = UNFIT;
        }
    }
}
