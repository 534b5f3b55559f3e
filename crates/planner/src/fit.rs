//! How many more of a pod fit.
//!
//! Three numbers, which differ: how many the scheduler places, one after the other, until it finds
//! no node for the next ([`Fit::seats`]); how many there could be at most, wherever anybody put
//! them ([`Best`]); and how many may be added so that failures are still survived ([`Survival`]).
//! The last speaks of the copies where the scheduler puts them, and is proved: the prover answers
//! for that number, and says what it makes of one more.

use std::collections::BTreeMap;

use holdfast_cluster::quota::{Allowance, Quota};
use holdfast_cluster::{Cluster, NodeId, Placement, PodId, WorkloadId};
use holdfast_proof::Domain;
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::tolerance::Culprits;
use holdfast_scheduler::{Needs, Scheduler};

use crate::best::{Best, best};
use crate::copies::{Copies, NoCopies, in_turn};
use crate::recovery::{Asking, Recovery};

/// How many fit.
#[derive(Clone, Debug)]
pub struct Fit {
    /// Where the scheduler puts each, in order.
    pub seats: Vec<NodeId>,
    /// No more were placed because no node takes another or a quota refuses it, and not because
    /// that is as many as were asked about.
    pub complete: bool,
    /// How many there could be at most; `None` where no node is looked at before something of the
    /// pod itself changes.
    pub best: Option<Best>,
    /// How many each node that takes any would take if no other did.
    pub alone: BTreeMap<NodeId, u64>,
    /// The cluster in which all of them run, and one more waits.
    pub full: Cluster,
    /// What that one would need, where no node takes it.
    pub needs: Needs,
    /// The quotas of the namespace, each with how many copies it lets in, as far as that is known.
    pub quotas: Vec<(Quota, Option<Allowance>)>,
}

impl Fit {
    /// How many fit, up to `most`.
    ///
    /// # Errors
    /// When there can be no copies.
    pub fn of(copies: &Copies, most: u32) -> Result<Self, NoCopies> {
        let quotas = quotas(copies)?;
        let allowed = quotas.iter().filter_map(|(_, known)| known.map(|known| known.pods)).min();
        let allowed = allowed.map_or(u32::MAX, |pods| u32::try_from(pods).unwrap_or(u32::MAX));
        let refused = allowed <= most;
        let most = most.min(allowed);
        let seats =
            if copies.are_numbered() { numbered(copies, most)? } else { alike(copies, most)? };
        let complete = refused || seats.len() < most as usize;
        let room = room(copies, most)?;
        let (full, last) = full(copies, &seats)?;
        let mut needs = Needs::default();
        if complete {
            needs = Scheduler::new(&full).needs(&Placement::of(&full), last.into());
        }
        let best = needs.pod.is_empty().then(|| best(copies, seats.len() as u64, &room));
        let best = best.map(|best| best.within(allowed.into()));
        let alone = room.nodes.into_iter().collect();
        Ok(Self { seats, complete, best, alone, full, needs, quotas })
    }

    /// How many of the copies each node holds.
    pub fn held(&self) -> BTreeMap<NodeId, u32> {
        let mut held = BTreeMap::new();
        for node in &self.seats {
            *held.entry(*node).or_default() += 1;
        }
        held
    }
}

/// What the quotas of the namespace make of copies.
fn quotas(copies: &Copies) -> Result<Vec<(Quota, Option<Allowance>)>, NoCopies> {
    if copies.cluster().objects().quotas.is_empty() {
        return Ok(Vec::new());
    }
    let (cluster, pods) = copies.with(1)?;
    let class = cluster.pod(pods[0]).class;
    let own = |quota: &&Quota| quota.namespace == cluster.class(class).namespace;
    let quotas = cluster.objects().quotas.iter().filter(own);
    // The copy itself is not there yet.
    let allows = |quota: &Quota| quota.allows(copies.cluster(), class);
    Ok(quotas.map(|quota| (quota.clone(), allows(quota))).collect())
}

/// Copies that are alike.
fn alike(copies: &Copies, most: u32) -> Result<Vec<NodeId>, NoCopies> {
    let (cluster, pods) = copies.with(1)?;
    let (scheduler, placement) = (Scheduler::new(&cluster), Placement::of(&cluster));
    Ok(scheduler.series(&placement, pods[0].into()).take(most as usize).collect())
}

/// Copies with claims of their own: they are made by and by, twice as many each time.
fn numbered(copies: &Copies, most: u32) -> Result<Vec<NodeId>, NoCopies> {
    let mut size = most.min(16);
    loop {
        let (cluster, pods) = copies.with(size)?;
        let found = in_turn(&cluster, pods.iter().copied());
        let seats: Vec<NodeId> = found.map_while(|(_, node)| node).collect();
        if seats.len() < pods.len() || size >= most {
            return Ok(seats);
        }
        size = size.saturating_mul(2).min(most);
    }
}

fn room(copies: &Copies, most: u32) -> Result<holdfast_scheduler::Room, NoCopies> {
    let (cluster, pods) = copies.with(1)?;
    let (scheduler, placement) = (Scheduler::new(&cluster), Placement::of(&cluster));
    Ok(scheduler.room(&placement, pods[0].into(), most.into()))
}

/// The cluster with all the copies that found a node, and the one that waits.
fn full(copies: &Copies, seats: &[NodeId]) -> Result<(Cluster, PodId), NoCopies> {
    let more = u32::try_from(seats.len()).expect("as many as were asked about") + 1;
    let (cluster, pods) = copies.with(more)?;
    let seated = pods.iter().copied().zip(seats.iter().copied());
    Ok((cluster.seated(seated), pods[seats.len()]))
}

/// How many copies may be added so that everything that is back in full after every failure today
/// is so with them, and they are, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survival {
    /// It is proved with so many; `None` where not even what runs of the workload today comes
    /// back.
    pub most: Option<u32>,
    /// What is made of one more, where one more fits.
    pub beyond: Option<Beyond>,
    /// Workloads that are not proved to come back today: nothing is asked about them.
    pub amiss: Vec<WorkloadId>,
    /// How many numbers were proved about.
    pub proofs: usize,
}

/// What is made of one more than can be proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// How many that is.
    pub count: u32,
    /// The verdict on the workload.
    pub verdict: VerdictName,
    /// The workload that does not come back, or of which nobody knows.
    pub workload: WorkloadId,
    /// After what.
    pub but_for: Option<Culprits>,
}

impl Survival {
    /// How many of these copies may be added. Where more than one number stands on the edge, one of
    /// them is found: it is proved, and the next is not.
    pub fn of(copies: &Copies, fit: &Fit, question: &Question, asking: &Asking<'_>) -> Self {
        let own = copies.workload();
        let today = asking.of(copies.cluster(), question);
        let amiss: Vec<WorkloadId> = today.open().collect();
        let asked = |known: &Recovery| -> Vec<WorkloadId> {
            known.of.keys().copied().filter(|id| !amiss.contains(id)).collect()
        };
        let mut proofs = 1;
        let mut beyond = |count: u32| {
            proofs += 1;
            let cluster = copies.on(&fit.seats[..count as usize]);
            let known = asking.until(&cluster, question, |id| !amiss.contains(&id));
            let worst = known.worst_of(asked(&known).into_iter());
            worst.map(|(workload, known)| Beyond {
                count,
                verdict: known.verdict,
                workload,
                but_for: known.but_for.clone(),
            })
        };
        if amiss.contains(&own) {
            let known = &today.of[&own];
            let beyond = Beyond {
                count: 0,
                verdict: known.verdict,
                workload: own,
                but_for: known.but_for.clone(),
            };
            return Self { most: None, beyond: Some(beyond), amiss, proofs };
        }
        let all = u32::try_from(fit.seats.len()).expect("no more than were asked about");
        let (most, beyond) = edge(all, by_sums(fit, question, all), &mut beyond);
        Self { most: Some(most), beyond, amiss, proofs }
    }
}

/// How many copies there may be at most so that those on the nodes that fail find room on others,
/// as sums tell: where to begin to look.
fn by_sums(fit: &Fit, question: &Question, all: u32) -> u32 {
    let alone = |node: &NodeId| fit.alone.get(node).copied().unwrap_or(0);
    let lost = match question {
        Question::AnyNodes(most) => {
            let mut rooms: Vec<u64> = fit.alone.values().copied().collect();
            rooms.sort_unstable_by(|one, other| other.cmp(one));
            rooms.iter().take(*most).sum()
        }
        Question::AnyDomains(domains, _) => {
            let of = |domain: &Domain| domain.nodes.iter().map(alone).sum::<u64>();
            domains.all.iter().map(of).max().unwrap_or(0)
        }
        Question::Set(set) => set.nodes().iter().map(alone).sum(),
    };
    let left = fit.alone.values().sum::<u64>().saturating_sub(lost);
    u32::try_from(left).unwrap_or(u32::MAX).min(all)
}

/// A number that holds while the next does not; zero is known to hold, and `guess` is where to
/// begin.
fn edge(
    all: u32,
    guess: u32,
    beyond: &mut impl FnMut(u32) -> Option<Beyond>,
) -> (u32, Option<Beyond>) {
    let (mut most, mut next) = (0, None);
    // The guess, one more, and all of them: mostly no more is asked.
    for count in [guess, guess + 1, all] {
        let known = next.as_ref().is_some_and(|next: &Beyond| count >= next.count);
        if count > most && count <= all && !known {
            match beyond(count) {
                None => most = count,
                found => next = found,
            }
        }
    }
    let Some(mut next) = next else { return (most, None) };
    while next.count - most > 1 {
        let middle = most + (next.count - most) / 2;
        match beyond(middle) {
            None => most = middle,
            Some(found) => next = found,
        }
    }
    (most, Some(next))
}
