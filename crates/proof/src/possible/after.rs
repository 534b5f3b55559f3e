//! What is possible after failures, for many of them: the question about everybody is asked once a
//! failure.

use std::collections::BTreeMap;

use super::{Answer, Budget, possible};
use crate::prover::Prover;
use crate::scenario::FailureSet;
use crate::subject::follows_nodes;

/// What is known of one failure and one subject.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whether any placement serves everybody.
    pub everybody: Answer,
    /// Whether one serves the subject, where it is not known that one serves everybody.
    pub alone: Option<Answer>,
}

/// Asks no more than so many questions.
pub struct Asker<'p, 'c> {
    prover: &'p Prover<'c>,
    everybody: BTreeMap<(usize, FailureSet), Answer>,
    left: usize,
    /// Subjects for which there was no question left.
    left_out: usize,
}

impl<'p, 'c> Asker<'p, 'c> {
    /// No question asked yet.
    pub fn new(prover: &'p Prover<'c>, questions: usize) -> Self {
        Self { prover, everybody: BTreeMap::new(), left: questions, left_out: 0 }
    }

    /// Subjects for which no question was left.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// What is possible for the subject at `position` once the nodes fail, from the start at
    /// `start`. Nothing is said where the number of pods follows from the nodes, nor where it is
    /// not known what there is.
    pub fn ask(&mut self, start: usize, set: &FailureSet, position: usize) -> Option<Asked> {
        let prover = self.prover;
        let root = prover.subjects().subjects[position].root;
        let unknown = prover.lost().is_some() || !prover.starts().complete;
        if unknown || follows_nodes(prover.cluster().workload(root).kind) {
            return None;
        }
        let key = (start, set.clone());
        let everybody = if let Some(known) = self.everybody.get(&key) {
            known.clone()
        } else {
            let answer = self.question(start, set, None)?;
            self.everybody.insert(key, answer.clone());
            answer
        };
        let alone = match everybody {
            Answer::Yes(_) => None,
            _ => Some(self.question(start, set, Some(position))?),
        };
        Some(Asked { everybody, alone })
    }

    fn question(&mut self, start: usize, set: &FailureSet, only: Option<usize>) -> Option<Answer> {
        let Some(left) = self.left.checked_sub(1) else {
            self.left_out += 1;
            return None;
        };
        self.left = left;
        let (dynamics, subjects) = (self.prover.dynamics(), self.prover.subjects());
        let mut placement = self.prover.starts().starts[start].placement.clone();
        dynamics.fail_hosts(&mut placement, set.nodes(), set.machines());
        Some(possible(dynamics, subjects, &mut placement, only, Budget::default()))
    }
}
