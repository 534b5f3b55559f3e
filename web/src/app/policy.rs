//! What becomes of the policy: it is written, judged after a pause, and asked after every run which
//! state the cluster has come to.

use holdfast_session::protocol::{Given, Question, Request};
use web_sys::File;
use yew::prelude::*;

use super::{App, Msg, Open, View, say};
use crate::act;
use crate::later::Later;
use crate::policy::{self, Msg as Deed};
use crate::save::save;
use crate::wire::Ask;
use crate::words;

/// How long nothing must be typed before the policy is judged.
const PAUSE_MS: i32 = 500;

/// What findings are called as a file.
const FINDINGS: &str = "findings.json";

impl App {
    /// Does something to the policy.
    pub(super) fn policy(&mut self, deed: Deed, ctx: &Context<Self>) {
        let Some(open) = &mut self.open else { return };
        match deed {
            Deed::Write(text) => {
                open.desk.write(&text);
                let link = ctx.link().clone();
                let judge = move || link.send_message(Msg::Policy(Deed::Judge));
                self.pause = Later::after(PAUSE_MS, judge);
            }
            Deed::Judge => self.judge(),
            Deed::Draft => {
                let asked = self.ask_aside(Request::Draft);
                self.open.iter_mut().for_each(|open| open.desk.awaited.draft = asked);
            }
            Deed::Save => {
                if save(open.desk.name(), &open.desk.text).is_err() {
                    open.refused = Some(words::NOT_SAVED.to_owned());
                }
            }
            Deed::SaveFindings => {
                let question = Question::Check(open.desk.check(today()));
                let format = "json".to_owned();
                let asked = self.ask_aside(Request::Ask { question, format });
                self.open.iter_mut().for_each(|open| open.desk.awaited.saved = asked);
            }
        }
    }

    /// Shows the policy, and what it comes to.
    pub(super) fn show_policy(&mut self) {
        self.open.iter_mut().for_each(|open| open.view = View::Policy);
        self.judge();
    }

    /// The file that is a policy, where one is dropped or pasted while the policy is looked at.
    pub(super) fn takes_policy(&self, files: &[File], ctx: &Context<Self>) -> bool {
        let looks = self.open.as_ref().is_some_and(|open| open.view == View::Policy);
        let [file] = files else { return false };
        let is_yaml = [".yaml", ".yml"].iter().any(|ending| file.name().ends_with(ending));
        if looks && is_yaml {
            policy::read(file, ctx.link().callback(Msg::Policy));
        }
        looks && is_yaml
    }

    /// Asks what the policy comes to, where it is looked at and that is not known.
    pub(super) fn judge(&mut self) {
        let Some(open) = &mut self.open else { return };
        let desk = &mut open.desk;
        if desk.is_empty() || desk.judged.is_some() || open.view != View::Policy {
            return;
        }
        if desk.awaited.judged.is_some() {
            desk.awaited.again = true;
            return;
        }
        let asked = Request::Judge(desk.check(today()));
        let asked = self.ask_aside(asked);
        self.open.iter_mut().for_each(|open| open.desk.awaited.judged = asked);
    }

    /// Asks which state the cluster has come to, where the policy has states.
    pub(super) fn ask_state(&mut self) {
        let Some(open) = &mut self.open else { return };
        let events = act::events(open.history.done());
        if events.is_empty() || !open.desk.has_states() {
            open.desk.state = None;
            return;
        }
        let policy = open.desk.check(today());
        let asked = self.ask_aside(Request::State { policy, events });
        self.open.iter_mut().for_each(|open| open.desk.awaited.state = asked);
    }

    /// Asks for something beside what is awaited.
    pub(super) fn ask_aside(&mut self, request: Request) -> Option<u32> {
        self.engine.as_mut().map(|engine| engine.ask(Ask::Session(request), &[]))
    }

    /// Takes an answer that is about the policy; whether it was one.
    pub(super) fn hear_policy(&mut self, id: u32, result: Result<Given, String>) -> bool {
        let Some(open) = &mut self.open else { return false };
        let awaited = &mut open.desk.awaited;
        let is = |order: &mut Option<u32>| *order == Some(id) && order.take().is_some();
        if is(&mut awaited.judged) {
            self.judged(result);
        } else if is(&mut awaited.state) {
            // A policy that makes no sense has no states; what is wrong with it is told beside it.
            open.desk.state = result.ok().and_then(|given| match given {
                Given::State(state) => state,
                _ => None,
            });
        } else if is(&mut awaited.draft) {
            match result {
                Ok(Given::Draft(text)) => {
                    open.desk.write(&text);
                    self.judge();
                    self.ask_state();
                }
                Ok(_) => {}
                Err(why) => open.desk.refused = Some(why),
            }
        } else if is(&mut awaited.saved) {
            match result {
                Ok(Given::Document(document)) if save(FINDINGS, &document.text).is_ok() => {}
                Err(why) => open.desk.refused = Some(why),
                Ok(_) => say(words::NOT_SAVED, true),
            }
        } else {
            return false;
        }
        true
    }

    fn judged(&mut self, result: Result<Given, String>) {
        let Some(open) = &mut self.open else { return };
        let desk = &mut open.desk;
        if std::mem::take(&mut desk.awaited.again) {
            self.judge();
            return;
        }
        match result {
            Ok(Given::Judged(judged)) => {
                (desk.judged, desk.refused) = (Some((*judged).into()), None);
            }
            Ok(_) => {}
            Err(why) => desk.refused = Some(why),
        }
        self.ask_state();
    }
}

impl Open {
    /// Nothing that was asked of a worker that is given up will be answered.
    pub(super) fn give_up_aside(&mut self) {
        self.desk.awaited = crate::desk::Awaited::default();
        self.sharing.forget();
        (self.sharing.awaited_digest, self.sharing.awaited_file) = (None, None);
    }
}

/// The day, as policies write it.
fn today() -> String {
    let now = js_sys::Date::new_0().to_iso_string();
    String::from(now).chars().take("2027-01-31".len()).collect()
}
