//! What holds while joined events come, from one to the next.
//!
//! A run through joined events passes phases: one right after the first event, one more with each
//! that has come since. What holds in a phase was settled when its event came, and the same event
//! may come at many moments.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::Mark;
use holdfast_cluster::{Cluster, InstanceId, Placement};

use crate::dynamics::{Dynamics, Situation, Step};
use crate::event::Event;

/// One of the [`Phases`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phase(u32);

impl Phase {
    /// Its number: that of no other of the same [`Phases`].
    pub fn number(self) -> u32 {
        self.0
    }
}

/// The phases that runs pass.
pub struct Phases<'p, 'c> {
    dynamics: &'p Dynamics<'c>,
    /// The events that come at any moment, in their order.
    joined: &'p [Event],
    /// How many of them have come, and what holds since.
    all: Vec<(usize, Situation)>,
    known: BTreeMap<(usize, Situation), Phase>,
    /// Preemption goes by what budgets allowed.
    ranked: bool,
}

impl<'p, 'c> Phases<'p, 'c> {
    /// Those of runs in which these events come at any moment, in their order.
    pub fn new(dynamics: &'p Dynamics<'c>, joined: &'p [Event]) -> Self {
        let ranked = is_ranked(dynamics.cluster());
        Self { dynamics, joined, all: Vec::new(), known: BTreeMap::new(), ranked }
    }

    /// The one phase of runs in which nothing more comes, and since which this holds.
    pub fn single(dynamics: &'p Dynamics<'c>, situation: &Situation) -> (Self, Phase) {
        let mut phases = Self::new(dynamics, &[]);
        let phase = phases.number(0, situation.clone());
        (phases, phase)
    }

    /// Whether states of two phases may get on in different ways.
    pub fn matter(&self) -> bool {
        self.ranked || !self.joined.is_empty()
    }

    /// The phase that begins with what just happened. What follows from that unnoticed is carried
    /// out.
    pub fn begin(&mut self, placement: &mut Placement) -> Phase {
        let situation = if self.joined.is_empty() {
            self.dynamics.situation(placement)
        } else {
            self.dynamics.situation_awaiting(placement, self.joined)
        };
        self.dynamics.evict_unnoticed(placement, &situation);
        self.number(0, situation)
    }

    /// Lets the next event come, if there is one, and what follows from it unnoticed.
    pub fn come(&mut self, placement: &mut Placement, phase: Phase) -> Option<Phase> {
        self.next(phase)?.join(self.dynamics, placement);
        let (come, before) = &self.all[phase.0 as usize];
        let come = come + 1;
        let situation = self.dynamics.situation_awaiting(placement, &self.joined[come..]);
        let awaited = situation.awaited.zip(before.awaited.as_ref());
        let awaited = awaited.map(|(awaited, before)| awaited.since(before));
        let situation = Situation { awaited, ..situation };
        self.dynamics.evict_unnoticed(placement, &situation);
        Some(self.number(come, situation))
    }

    /// The event that is still to come first.
    pub fn next(&self, phase: Phase) -> Option<&'p Event> {
        self.joined.get(self.all[phase.0 as usize].0)
    }

    /// What holds.
    pub fn situation(&self, phase: Phase) -> &Situation {
        &self.all[phase.0 as usize].1
    }

    /// Carries out a step. Where somebody may notice when a pod starts, that is a step of its own.
    pub fn apply(&self, placement: &mut Placement, phase: Phase, step: &Step) {
        match step {
            Step::Schedule { pod, .. } | Step::Attach { pod }
                if self.dynamics.is_start_noticed(placement, self.situation(phase), *pod) =>
            {
                self.dynamics.apply_unstarted(placement, step);
            }
            _ => self.dynamics.apply(placement, step),
        }
    }

    /// Pods that serve here and may as well, all else being the same, have yet to start, where the
    /// next event comes: they have begun to serve since `base`, where the phases began, and their
    /// start is no step of its own, as nobody notices it. Workloads begin to change with events
    /// alone, so that nobody noticed it earlier either.
    pub fn unsure(&self, placement: &Placement, phase: Phase, base: Mark) -> Vec<InstanceId> {
        let situation = self.situation(phase);
        let changed = placement.changed_since(base).into_iter();
        let unsure = changed.filter(|(id, before)| {
            placement.instance(*id).ready
                && !before.is_some_and(|before| before.ready)
                && !self.dynamics.is_start_noticed(placement, situation, *id)
        });
        unsure.map(|(id, _)| id).collect()
    }

    fn number(&mut self, come: usize, situation: Situation) -> Phase {
        let mut told_apart = situation.clone();
        if !self.ranked {
            told_apart.allowed.clear();
        }
        let next = Phase(u32::try_from(self.all.len()).expect("phases are few"));
        let phase = *self.known.entry((come, told_apart)).or_insert(next);
        if phase == next {
            self.all.push((come, situation));
        }
        phase
    }
}

/// Whether some pods outrank others, and there are budgets that preemption goes by.
fn is_ranked(cluster: &Cluster) -> bool {
    let priorities: BTreeSet<i32> = cluster.specs().map(|spec| spec.priority).collect();
    priorities.len() > 1 && !cluster.objects().budgets.is_empty()
}
