//! The matrix: who works at it, what came of that, and what it comes to.

use std::rc::Rc;

use holdfast_session::cell::Claim;
use holdfast_session::protocol::{Given, Question, Reply, Request};
use js_sys::Date;
use wasm_bindgen::JsValue;

use super::{App, View};
use crate::crew::Heard;
use crate::sweep::{Columns, Sweep};
use crate::wire::{Ask, Word};
use crate::words;

/// What came of it is shown no more often than every so many milliseconds: to draw the matrix takes
/// longer than to examine a few sets.
const SHOW_MS: f64 = 250.0;

impl App {
    /// Shows the matrix, and begins or goes on with it.
    pub(super) fn show_matrix(&mut self) {
        let Some(open) = &mut self.open else { return };
        open.view = View::Matrix;
        match open.sweep {
            None => {
                let columns = open.columns.clone();
                self.sweep(columns);
            }
            Some(_) => self.resume(),
        }
    }

    pub(super) fn sweep(&mut self, columns: Columns) {
        self.sweeping = None;
        self.crew.begin();
        let Some(open) = &mut self.open else { return };
        let question = columns.question();
        (open.columns, open.sweep) = (columns, None);
        self.ask(Ask::Session(Request::Matrix(question)), &[]);
    }

    /// Goes on with the matrix, with as many as are of use.
    pub(super) fn resume(&mut self) {
        self.halted = false;
        let Some(open) = self.open.as_ref().filter(|open| open.view == View::Matrix) else {
            return;
        };
        let left = |sweep: &Rc<Sweep>| sweep.sets().len() - sweep.done(open.claim);
        let left = open.sweep.as_ref().map_or(0, left);
        if let Some(opening) = &self.opening {
            self.crew.gather(opening, &open.changed, (left, self.held));
        }
        self.go_on();
    }

    /// Hands out the next sets to whoever has nothing to do, as long as the matrix is looked at.
    pub(super) fn go_on(&mut self) {
        let is_looked_at = |open: &&mut super::Open| open.view == View::Matrix;
        let Some(open) = self.open.as_mut().filter(is_looked_at) else { return };
        let Some(sweep) = open.sweep.as_mut().filter(|_| !self.halted).map(Rc::make_mut) else {
            return;
        };
        let (question, claim) = (open.columns.question(), open.claim);
        let mut next = || {
            let ((from, to), question) = (sweep.lend(claim)?, question.clone());
            Some(match claim {
                Claim::ByRule => Request::ByRule { question, from, to },
                Claim::Immediately | Claim::Recovered => Request::Examine { question, from, to },
            })
        };
        while self.crew.ask(&mut next) {}
        // Who holds the cluster answers people first.
        if self.awaited.is_none() && self.sweeping.is_none() {
            let engine = self.engine.as_mut();
            self.sweeping = engine.and_then(|it| Some(it.ask(Ask::Session(next()?), &[])));
        }
        if sweep.is_complete(claim) {
            self.crew.dismiss();
        }
    }

    /// Stops where it is. What was being examined is examined again if somebody goes on.
    pub(super) fn halt(&mut self) {
        self.let_go();
        self.halted = true;
    }

    /// Nobody works at the matrix any more, and what helpers hold is free.
    pub(super) fn let_go(&mut self) {
        self.crew.dismiss();
        self.crew.begin();
        self.sweeping = None;
        if let Some(sweep) = self.open.as_mut().and_then(|open| open.sweep.as_mut()) {
            Rc::make_mut(sweep).give_back();
        }
    }

    pub(super) fn hear_helper(&mut self, number: u32, word: Word) {
        self.quiet = true;
        match self.crew.hear(number, word) {
            Heard::Nothing => {}
            Heard::Free => self.go_on(),
            Heard::Found(reply, found) => self.examined(*reply, found),
            // What the others are asked is asked again too: few sets, and once.
            Heard::Lost => {
                self.let_go();
                self.go_on();
            }
        }
    }

    /// Takes in what some sets do.
    pub(super) fn examined(&mut self, reply: Reply, found: JsValue) {
        let given = match reply.result {
            Ok(given) => given,
            Err(failure) => {
                self.halt();
                let hint = failure.hint.as_deref();
                return self.refuse(&words::refused(&failure.message, hint, &reply.told));
            }
        };
        let Some(open) = &mut self.open else { return };
        let (claim, Some(sweep)) = (open.claim, open.sweep.as_mut()) else { return };
        let sweep = Rc::make_mut(sweep);
        match given {
            Given::Part(part) => {
                if !sweep.add(part, found) {
                    // A file is not what it was when the others read it.
                    self.crew.dismiss();
                    sweep.give_back();
                }
            }
            Given::ByRule(part) => sweep.add_rules(part),
            _ => return,
        }
        let complete = sweep.is_complete(claim);
        let now = Date::now();
        self.quiet = !complete && now - self.shown < SHOW_MS;
        if !self.quiet {
            self.shown = now;
        }
        self.go_on();
    }

    /// Asks for what the matrix comes to, where that is the question and all of it is known.
    pub(super) fn join(&mut self, question: &Question, format: &str) -> bool {
        let Question::Prove(asked) = question else { return false };
        let sweep = self.open.as_ref().and_then(|open| open.sweep.clone());
        let Some(sweep) = sweep.filter(|sweep| sweep.columns().question() == *asked) else {
            return false;
        };
        let (Some(engine), Some(parts)) = (&mut self.engine, sweep.parts()) else { return false };
        self.awaited = Some(engine.join(asked.clone(), format, parts));
        true
    }
}
