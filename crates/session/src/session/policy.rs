//! What a session says of a policy that somebody is writing.

use holdfast_ingest::policy::Policy;
use holdfast_render as render;

use super::{Files, Session};
use crate::alone::Alone;
use crate::check::{self, Check, Effort};
use crate::draft;
use crate::failure::Failure;
use crate::judged::{Judged, Mistake};
use crate::loading;
use crate::protocol::Question;
use crate::states::{self, StateOf};

impl Session {
    /// What a policy comes to; what of it makes no sense is a part of that.
    pub(super) fn judge(&self, asked: &Check, files: &Files, rim: &Alone<'_>) -> Judged {
        let question = Question::Check(asked.clone());
        let command = self.command(&question, files);
        let (policy, mistakes) = match read(asked, rim) {
            Ok(read) => read,
            Err(failure) => (None, vec![Mistake::fatal(failure, &asked.policy)]),
        };
        let Some(policy) = policy else {
            return Judged { mistakes, command, ..Judged::default() };
        };
        let judged = self.other(&question, files, rim).and_then(|other| {
            let loaded = other.as_ref().unwrap_or_else(|| self.loaded());
            self.check(asked, loaded, files, rim)
        });
        let judged = match judged {
            Ok(checked) => Judged::of(&policy, &asked.policy, &checked.report),
            Err(failure) => {
                let fatal = Mistake::fatal(failure, &asked.policy);
                let mistakes = mistakes.into_iter().chain([fatal]).collect();
                return Judged { mistakes, command, ..Judged::default() };
            }
        };
        Judged { mistakes, command, ..judged }
    }

    /// Which of a policy's states the cluster comes to after events; nothing where the policy has
    /// none, or something else happens than failures.
    pub(super) fn state(
        &self,
        asked: &Check,
        events: &[String],
        files: &Files,
        rim: &Alone<'_>,
    ) -> Result<Option<StateOf>, Failure> {
        let Some(fail) = states::failed(&self.loaded().cluster, events)? else { return Ok(None) };
        let asking = read(asked, rim)?.0.and_then(|policy| states::asking(&policy, &fail));
        let Some(policy) = asking else { return Ok(None) };
        loading::check_budget(Some(asked.budget))?;
        let other = self.other(&Question::Check(asked.clone()), files, rim)?;
        let loaded = other.as_ref().unwrap_or_else(|| self.loaded());
        let effort = Effort { budget: asked.budget, remedies: None };
        let gate = check::judge(&policy, &asked.policy, loaded, effort, rim)?;
        let report = gate.map(|gate| gate.finish(draft::nothing_accepted()));
        let scenario = report.and_then(|report| report.scenarios.into_iter().next());
        Ok(scenario.and_then(|one| {
            let state = one.state.as_ref()?;
            Some(StateOf::new(one.name, &policy, state))
        }))
    }

    /// The policy of what the cluster survives today, as `init` writes it.
    pub(super) fn draft(
        &self,
        budget: usize,
        files: &Files,
        rim: &Alone<'_>,
    ) -> Result<String, Failure> {
        let words = files.exports.iter().map(|file| file.name.clone()).collect();
        let draft = draft::of(words, self.loaded(), budget, rim)?;
        Ok(render::init::policy(&draft))
    }
}

/// A policy as far as it makes sense, and what of it does not.
fn read(asked: &Check, rim: &Alone<'_>) -> Result<(Option<Policy>, Vec<Mistake>), Failure> {
    let source = asked.source(rim)?;
    let (policy, told) = holdfast_ingest::policy(source);
    Ok((policy, told.iter().map(Mistake::from).collect()))
}
