//! A cell of the matrix, told on the map instead of what was done.

use std::rc::Rc;

use holdfast_session::cell::{CellStory, Place};
use holdfast_session::protocol::Request;

use super::{App, View};
use crate::tale::Tale;
use crate::wire::Ask;
use crate::words;

impl App {
    /// Asks why a cell is as it is.
    pub(super) fn ask_cell(&mut self, place: Place) {
        let Some(open) = &mut self.open else { return };
        open.place = Some(place);
        let question = open.columns.question();
        self.ask(Ask::Session(Request::Cell { question, place }), &[]);
    }

    /// Tells it, from the beginning.
    pub(super) fn tell_cell(&mut self, mut story: CellStory) {
        let Some(open) = &mut self.open else { return };
        let (Some(place), Some(sweep)) = (open.place.take(), &open.sweep) else { return };
        let run = story.run.take().map(Rc::new);
        let tale = Tale {
            workload: words::workload(&sweep.workloads()[place.workload]),
            set: words::set(&sweep.sets()[place.set]),
            place,
            story,
            run: run.clone(),
        };
        open.tale = Some(Rc::new(tale));
        (open.view, open.selected, open.refused) = (View::Map, None, None);
        open.show(run);
        open.moment = 0;
        open.stand();
    }

    /// Whether a cell is told, and would not be in this view.
    pub(super) fn leaves_cell(&self, view: View) -> bool {
        let told = self.open.as_ref().is_some_and(|open| open.tale.is_some());
        told && !matches!(view, View::Map | View::Table)
    }

    /// From a cell back to what was done.
    pub(super) fn leave_cell(&mut self) {
        let Some(open) = &mut self.open else { return };
        open.tale = None;
        open.show(None);
        self.tell();
    }
}
