//! What is looked at beside the run: forms, what was changed written down, why a pod waits, and A
//! beside B.

use std::rc::Rc;

use holdfast_session::exported::Exported;
use holdfast_session::protocol::{Given, Question, Request};
use holdfast_session::prove::Prove;
use holdfast_session::simulate::Simulate;
use holdfast_session::why::Why;

use super::{App, Msg, Open};
use crate::act::{self, Act};
use crate::compare::Kept;
use crate::whatif::{Catalog, Wish};
use crate::wire::Ask;

/// What is looked at beside the run.
#[derive(Default)]
pub(crate) struct Beside {
    pub(crate) catalog: Option<Rc<Catalog>>,
    pub(crate) exported: Option<Rc<Exported>>,
    pub(crate) why: Option<Rc<Why>>,
    /// A.
    pub(crate) kept: Option<Rc<Kept>>,
    /// What stands now, as B, once it was looked at.
    pub(crate) stands: Option<Rc<Kept>>,
    /// The text of a catalogue that is being read.
    reading: Option<String>,
    /// What is awaited changes nothing, whatever becomes of it.
    only_asked: bool,
}

/// What somebody does about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Aside {
    Wish(Wish),
    Export,
    /// Why a pod waits; nothing closes it.
    Why(Option<u32>),
    Keep,
    Swap,
    Forget,
}

impl Beside {
    /// Forgets what was said of a run or a cluster that is another now.
    pub(super) fn outdate(&mut self) {
        (self.exported, self.why, self.stands) = (None, None, None);
    }

    /// Whether what was awaited changes nothing.
    pub(super) fn was_only_asked(&mut self) -> bool {
        self.reading = None;
        std::mem::take(&mut self.only_asked)
    }
}

impl App {
    /// Does something about it.
    pub(super) fn aside(&mut self, aside: Aside) {
        match aside {
            Aside::Wish(Wish::Form(form)) => self.only_ask(Request::Spell(form)),
            Aside::Wish(Wish::Types(text)) => {
                if let Some(open) = &mut self.open {
                    open.beside.reading = Some(text.clone());
                }
                self.only_ask(Request::Types(text));
            }
            Aside::Wish(Wish::Change(change)) => {
                self.change(|history| history.act(Act::Change(change)));
            }
            Aside::Wish(Wish::Deed(node, deed)) => self.deed(node, deed),
            Aside::Export => {
                let Some(open) = &self.open else { return };
                let events = act::events(open.history.done());
                let question = if events.is_empty() {
                    Question::Prove(Prove::default())
                } else {
                    Question::Simulate(Simulate { events, ..Simulate::default() })
                };
                self.only_ask(Request::Export(question));
            }
            Aside::Why(Some(pod)) => {
                let Some(open) = &self.open else { return };
                let events = act::events(open.history.done());
                let run = Simulate { events, ..Simulate::default() };
                self.only_ask(Request::Why { run, pod });
            }
            Aside::Why(None) => self.open.iter_mut().for_each(|open| open.beside.why = None),
            Aside::Keep => self.open.iter_mut().for_each(Open::keep),
            Aside::Swap => self.swap(),
            Aside::Forget => self.open.iter_mut().for_each(|open| open.beside.kept = None),
        }
    }

    fn only_ask(&mut self, request: Request) {
        let Some(open) = &mut self.open else { return };
        (open.beside.only_asked, open.refused) = (true, None);
        self.ask(Ask::Session(request), &[]);
    }

    /// Takes in what was asked for; whatever else is given is of no concern here.
    pub(super) fn given_beside(&mut self, given: Given) {
        let Some(open) = &mut self.open else { return };
        open.beside.only_asked = false;
        match given {
            Given::Changes(changes) => self.change(|history| {
                for change in changes {
                    history.act(Act::Change(change));
                }
            }),
            Given::Types(types) => {
                let text = open.beside.reading.take().unwrap_or_default();
                open.beside.catalog = Some(Rc::new(Catalog { text, types }));
            }
            Given::Export(exported) => open.beside.exported = Some(Rc::new(*exported)),
            Given::Why(why) => open.beside.why = Some(Rc::new(*why)),
            _ => {}
        }
    }

    /// What was kept is done instead, and what stands is kept.
    fn swap(&mut self) {
        let Some(open) = &mut self.open else { return };
        let Some(kept) = open.beside.kept.take() else { return };
        open.keep();
        self.change(|history| {
            while history.undo() {}
            for act in &kept.acts {
                history.act(act.clone());
            }
        });
    }

    /// Something is done to a node.
    pub(super) fn deed(&mut self, node: u32, deed: crate::map::Deed) {
        if let Some(open) = &self.open {
            let event = deed.event(&open.scene.overview.nodes[node as usize].name);
            self.change(|history| history.act(Act::Event(event)));
        }
    }
}

impl Open {
    /// What stands at the end of the run.
    pub(super) fn stands(&self) -> Kept {
        Kept::of(self.history.done(), &self.scene, self.run.as_deref())
    }

    fn keep(&mut self) {
        self.beside.kept = Some(Rc::new(self.stands()));
    }

    /// Works out what stands now, where that is looked at.
    pub(super) fn compare(&mut self) {
        if self.view == super::View::Compare && self.beside.stands.is_none() {
            self.beside.stands = Some(Rc::new(self.stands()));
        }
    }
}

impl From<Aside> for Msg {
    fn from(aside: Aside) -> Self {
        Self::Aside(aside)
    }
}
