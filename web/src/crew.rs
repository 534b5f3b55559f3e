//! Workers that help with a sweep: each holds the same cluster with the same changes and examines
//! some of the sets. Nothing is shared between them but what is said.

mod size;

use holdfast_session::changes::Change;
use holdfast_session::protocol::{Reply, Request};
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use web_sys::window;
use yew::Callback;

use crate::app::Opening;
use crate::engine::Engine;
use crate::wire::{Ask, Tell, Word};
use size::Machine;

/// Memory where the browser does not tell.
const MEMORY_GIB: f64 = 4.0;

/// What a helper does.
enum Stage {
    /// It reads the files; then the cluster is to be changed.
    Opening(Vec<Change>),
    Changing,
    Free,
    /// It examines sets of the sweep of this number.
    Busy(u32),
}

struct Member {
    number: u32,
    engine: Engine,
    stage: Stage,
}

/// All helpers.
pub(crate) struct Crew {
    members: Vec<Member>,
    /// How many there have ever been: words of those that are gone are not heard.
    started: u32,
    /// The number of the sweep; what is found of another comes too late.
    sweep: u32,
    tell: Callback<(u32, Word)>,
}

impl Crew {
    /// Nobody, as yet. Their words go to `tell`, with the number of who says them.
    pub(crate) fn nobody(tell: Callback<(u32, Word)>) -> Self {
        Self { members: Vec::new(), started: 0, sweep: 0, tell }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Another sweep begins, for which those that are there stay.
    pub(crate) fn begin(&mut self) {
        self.sweep += 1;
    }

    /// Gets as many as are of use, unless there are some: the sweep has so many sets, and who holds
    /// the cluster takes so many bytes.
    pub(crate) fn gather(
        &mut self,
        opening: &Opening,
        changes: &[Change],
        (sets, held): (usize, f64),
    ) {
        if !self.members.is_empty() {
            return;
        }
        for _ in 0..size::helpers(machine(), sets, held) {
            self.started += 1;
            let number = self.started;
            let Ok(mut engine) = Engine::start(self.tell.reform(move |word| (number, word))) else {
                return;
            };
            let (ask, files) = opening.order();
            engine.ask_quietly(ask, &files);
            let stage = Stage::Opening(changes.to_vec());
            self.members.push(Member { number, engine, stage });
        }
    }

    /// Everybody goes, and what they hold is free.
    pub(crate) fn dismiss(&mut self) {
        self.members.clear();
    }

    /// Asks somebody who has nothing to do, if there is anybody.
    pub(crate) fn ask(&mut self, next: impl FnOnce() -> Option<Request>) -> bool {
        let free = self.members.iter_mut().find(|one| matches!(one.stage, Stage::Free));
        let Some((member, request)) = free.and_then(|free| Some((free, next()?))) else {
            return false;
        };
        member.engine.ask(Ask::Session(request), &[]);
        member.stage = Stage::Busy(self.sweep);
        true
    }

    /// Hears what somebody says. What was found, and what comes with it; or that somebody is lost,
    /// and with them what they were asked.
    pub(crate) fn hear(&mut self, number: u32, word: Word) -> Heard {
        let Some(at) = self.members.iter().position(|one| one.number == number) else {
            return Heard::Nothing;
        };
        let member = &mut self.members[at];
        match word.tell {
            Tell::Ready => member.engine.ready(),
            Tell::Opened { .. } => match std::mem::replace(&mut member.stage, Stage::Free) {
                Stage::Opening(changes) if !changes.is_empty() => {
                    member.stage = Stage::Changing;
                    member.engine.ask_quietly(Ask::Change(changes), &[]);
                }
                _ => return Heard::Free,
            },
            Tell::Changed { .. } => {
                member.stage = Stage::Free;
                return Heard::Free;
            }
            Tell::Reply(reply) => {
                let asked = std::mem::replace(&mut member.stage, Stage::Free);
                return match asked {
                    Stage::Busy(sweep) if sweep == self.sweep => Heard::Found(reply, word.beside),
                    _ => Heard::Free,
                };
            }
            Tell::Refused { .. } | Tell::Broken { .. } => {
                self.members.remove(at);
                return Heard::Lost;
            }
            _ => {}
        }
        Heard::Nothing
    }
}

/// What comes of a word.
pub(crate) enum Heard {
    Nothing,
    /// Somebody has nothing to do.
    Free,
    /// What some sets do.
    Found(Box<Reply>, JsValue),
    /// Somebody is gone, and does not answer what was asked.
    Lost,
}

fn machine() -> Machine {
    let Some(navigator) = window().map(|it| it.navigator()) else {
        return Machine { cores: 1, memory: 0.0 };
    };
    let memory = Reflect::get(&navigator, &"deviceMemory".into()).ok().and_then(|it| it.as_f64());
    let gib = memory.unwrap_or(MEMORY_GIB);
    let cores = navigator.hardware_concurrency() as usize;
    Machine { cores, memory: gib * 1024.0 * 1024.0 * 1024.0 }
}
