//! The answers to all failure sets, joined in the order of the sets.

use std::cmp::Ordering;

use crate::downtime::{Downtime, Span};
use crate::prover::{Examination, Finding, Prover};
use crate::scenario::FailureSet;
use crate::verdict::{Doubt, Ground, Verdict};

/// What is known of one claim over all sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimSummary {
    /// Sets for which it is proved.
    pub proved: u64,
    /// Sets for which it is refuted.
    pub refuted: u64,
    /// Sets for which nothing is known.
    pub unknown: u64,
    /// The weakest ground of a proof: searching is more than a bound, which is more than counting.
    pub ground: Option<Ground>,
    /// The first set that refutes it, which is a smallest one.
    pub counterexample: Option<(FailureSet, Finding)>,
    /// The first set for which nothing is known, and why.
    pub doubt: Option<(FailureSet, Doubt)>,
}

/// The longest of a kind of downtimes, over all sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Longest {
    /// The bounds: some set costs no less in any run, and no set costs more.
    pub span: Span,
    /// The first set that costs most; `None` where none costs more than nothing at all failed.
    pub set: Option<FailureSet>,
}

impl Longest {
    fn of(span: Span) -> Self {
        Self { span, set: None }
    }

    fn take(&mut self, set: &FailureSet, span: Span) {
        let least = self.span.least.zip(span.least);
        self.span.least = least.map(|(one, other)| one.max(other));
        if span.most.compare(&self.span.most) == Ordering::Greater {
            self.span.most = span.most;
            self.set = Some(set.clone());
        }
    }
}

/// What is known of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectSummary {
    /// At least one pod serves as soon as the nodes are gone.
    pub immediately: ClaimSummary,
    /// As many pods as are wanted serve once all is quiet.
    pub recovered: ClaimSummary,
    /// The fewest pods that any set leaves at once.
    pub ready_at_once_min: u32,
    /// Every set surely leaves so many at once.
    pub surely_at_once: u32,
    /// A first set that surely leaves fewest in some run, and how many; any number where nothing
    /// is known.
    pub fewest_at_once: (FailureSet, u32),
    /// The longest time without any ready pod.
    pub outage: Longest,
    /// The longest time with fewer ready pods than are wanted.
    pub shortage: Longest,
    /// How it stands before anything fails.
    base: Finding,
    /// Sets that were taken in.
    counted: u64,
}

/// What is known of all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// By position of the subject.
    pub subjects: Vec<SubjectSummary>,
    /// Sets of at least one node that were examined, or are like one that was.
    pub sets: u64,
    /// How many of them were examined.
    pub examined: u64,
    /// States that were searched.
    pub states: u64,
    /// All sets that were asked for were examined.
    pub complete: bool,
    /// All sets that were taken in, the empty one included.
    added: u64,
    /// Subjects for which it matters which set left them as they were: something is amiss even so.
    amiss: Vec<usize>,
}

impl Summary {
    /// Nothing examined yet.
    pub fn new(prover: &Prover<'_>) -> Self {
        let all = 0..prover.subjects().subjects.len();
        let subjects: Vec<SubjectSummary> =
            all.map(|position| SubjectSummary::new(prover.standing(position))).collect();
        let holds = |verdict: &Verdict| matches!(verdict, Verdict::Proved(_));
        let amiss = |subject: &SubjectSummary| {
            !holds(&subject.base.immediately) || !holds(&subject.base.recovered)
        };
        let amiss = (0..subjects.len()).filter(|position| amiss(&subjects[*position])).collect();
        Self { subjects, sets: 0, examined: 0, states: 0, complete: true, added: 0, amiss }
    }

    /// Takes in what the failure of a set does. Sets come in order, the empty one, if at all,
    /// first.
    pub fn add(&mut self, set: &FailureSet, examination: &Examination) {
        self.add_orbit((set, 1), examination);
    }

    /// The same for so many sets that nothing can tell apart, of which this is the first.
    pub fn add_orbit(&mut self, (set, count): (&FailureSet, u64), examination: &Examination) {
        if !set.is_empty() {
            self.sets += count;
            self.examined += 1;
        }
        self.states += examination.states;
        self.added += count;
        for (position, finding) in &examination.findings {
            self.subjects[*position].add((set, count), finding);
        }
        let untouched = |position: &usize| !examination.findings.contains_key(position);
        for position in &examination.disturbed {
            self.subjects[*position].take_time(set, Downtime::disturbed());
        }
        match examination.untouched_doubt {
            None => {
                for position in self.amiss.iter().copied().filter(untouched) {
                    self.subjects[position].add_untouched((set, count));
                }
            }
            Some(doubt) => {
                for position in (0..self.subjects.len()).filter(untouched) {
                    let subject = &mut self.subjects[position];
                    let mut finding = subject.base.clone();
                    finding.doubt(doubt);
                    finding.downtime.heed(&finding.immediately, &finding.recovered);
                    subject.add((set, count), &finding);
                }
            }
        }
    }

    /// Counts the sets that left a subject as it was. To be called once, after all sets.
    pub fn finish(&mut self) {
        for subject in &mut self.subjects {
            subject.add_rest(self.added - subject.counted);
        }
    }

    /// The verdict on the subject at `position`: both claims for every set.
    pub fn verdict(&self, position: usize) -> Verdict {
        let subject = &self.subjects[position];
        let (one, other) = (subject.immediately.verdict(), subject.recovered.verdict());
        let worst = if other.is_worse_than(&one) { other } else { one };
        match worst {
            Verdict::Proved(_) if !self.complete => Verdict::Unknown(Doubt::Budget),
            Verdict::Proved(_) => {
                let ground = subject.immediately.ground.max(subject.recovered.ground);
                Verdict::Proved(ground.unwrap_or(Ground::Counted))
            }
            worst => worst,
        }
    }
}

impl SubjectSummary {
    fn new(base: Finding) -> Self {
        Self {
            immediately: ClaimSummary::default(),
            recovered: ClaimSummary::default(),
            ready_at_once_min: base.ready_at_once,
            surely_at_once: base.surely_at_once.0,
            fewest_at_once: (FailureSet::default(), base.surely_at_once.1),
            outage: Longest::of(base.downtime.outage),
            shortage: Longest::of(base.downtime.shortage),
            base,
            counted: 0,
        }
    }

    /// Pods that serve before anything fails.
    pub fn ready_before(&self) -> u32 {
        self.base.ready_at_once
    }

    /// Pods that are wanted before anything fails.
    pub fn desired_before(&self) -> u32 {
        self.base.desired
    }

    fn add(&mut self, set: (&FailureSet, u64), finding: &Finding) {
        self.counted += set.1;
        self.ready_at_once_min = self.ready_at_once_min.min(finding.ready_at_once);
        let (least, most) = finding.surely_at_once;
        self.surely_at_once = self.surely_at_once.min(least);
        if most < self.fewest_at_once.1 {
            self.fewest_at_once = (set.0.clone(), most);
        }
        self.take_time(set.0, finding.downtime);
        self.immediately.add(set, &finding.immediately, finding);
        self.recovered.add(set, &finding.recovered, finding);
    }

    fn take_time(&mut self, set: &FailureSet, downtime: Downtime) {
        self.outage.take(set, downtime.outage);
        self.shortage.take(set, downtime.shortage);
    }

    fn add_untouched(&mut self, set: (&FailureSet, u64)) {
        let Self { immediately, recovered, base, .. } = self;
        self.counted += set.1;
        immediately.add(set, &base.immediately, base);
        recovered.add(set, &base.recovered, base);
    }

    /// So many more sets leave it as it was, when all is well.
    fn add_rest(&mut self, sets: u64) {
        let Self { immediately, recovered, base, .. } = self;
        immediately.add_proved(sets, &base.immediately);
        recovered.add_proved(sets, &base.recovered);
        self.counted += sets;
    }
}

impl ClaimSummary {
    fn add(&mut self, (set, count): (&FailureSet, u64), verdict: &Verdict, finding: &Finding) {
        match verdict {
            Verdict::Proved(ground) => {
                self.proved += count;
                self.ground = self.ground.max(Some(*ground));
            }
            Verdict::Refuted => {
                self.refuted += count;
                if self.counterexample.is_none() {
                    self.counterexample = Some((set.clone(), finding.clone()));
                }
            }
            Verdict::Unknown(doubt) => {
                self.unknown += count;
                if self.doubt.is_none() {
                    self.doubt = Some((set.clone(), *doubt));
                }
            }
        }
    }

    fn add_proved(&mut self, sets: u64, verdict: &Verdict) {
        let Verdict::Proved(ground) = verdict else {
            assert_eq!(sets, 0, "what is amiss was taken in set by set");
            return;
        };
        self.proved += sets;
        if sets > 0 {
            self.ground = self.ground.max(Some(*ground));
        }
    }

    /// The verdict over all sets that were examined.
    pub fn verdict(&self) -> Verdict {
        if self.refuted > 0 {
            Verdict::Refuted
        } else if let Some((_, doubt)) = self.doubt {
            Verdict::Unknown(doubt)
        } else {
            Verdict::Proved(self.ground.unwrap_or(Ground::Counted))
        }
    }
}
