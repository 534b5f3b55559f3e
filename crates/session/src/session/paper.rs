//! What a session puts into a report.

use holdfast_render::Format;

use super::{Files, Session};
use crate::failure::Failure;
use crate::paper::{Of, PaperAsked};
use crate::protocol::Question;
use crate::prove::Prove;
use crate::simulate::Simulate;

impl Session {
    /// The report to hand on.
    pub(super) fn paper(
        &self,
        asked: &PaperAsked,
        format: &str,
        files: &Files,
    ) -> Result<String, Failure> {
        let format: Format = format.parse().map_err(Failure::usage)?;
        let run = Simulate { events: asked.events.clone(), ..Simulate::default() };
        let done = !(asked.events.is_empty() && self.changes.is_empty());
        let aftermath = done.then(|| self.held.tell(&run)).transpose()?;
        let question = asked.proved.as_ref().map_or_else(Prove::default, |it| it.question.clone());
        let commands = (
            self.command(&Question::Simulate(run), files),
            self.command(&Question::Prove(question), files),
        );
        let of = Of {
            loaded: self.loaded(),
            files,
            changes: &self.changes,
            aftermath: aftermath.as_ref(),
            commands,
        };
        asked.text(&of, format)
    }
}
