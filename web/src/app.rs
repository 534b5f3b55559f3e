//! The app: what is open, what was done to it, and what is shown of it.

mod beside;
mod cell;
mod loaded;
mod policy;
mod sharing;
mod sweeping;

use std::rc::Rc;

use gloo_events::EventListener;
use holdfast_session::cell::{Claim, Place};
use holdfast_session::changes::Change;
use holdfast_session::link::Link;
use holdfast_session::protocol::{Document, Given, Reply, Request};
use holdfast_session::simulate::Simulate;
use wasm_bindgen::JsCast;
use web_sys::{Element, File, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent, window};
use yew::prelude::*;

use crate::act::{self, Act};
use crate::answers::{Answered, Topic};
use crate::crew::Crew;
use crate::desk::{Desk, Handed};
use crate::engine::Engine;
use crate::grouping;
use crate::history::History;
use crate::later::Later;
use crate::map::Deed;
use crate::samples::Sample;
use crate::save::save;
use crate::scene::Scene;
use crate::sharing::{Sharing, is_link};
use crate::sides::Sides;
use crate::standing::Standing;
use crate::start::Shell;
use crate::sweep::{Columns, Sweep};
use crate::tale::Tale;
use crate::timeline::Timeline;
use crate::wire::{Ask, Tell, Word};
use crate::words;
use beside::{Aside, Beside};
use holdfast_session::aftermath::Aftermath;

/// What somebody opens.
#[derive(Clone)]
pub(crate) enum Opening {
    Files(Vec<File>),
    Text(String),
    Sample(Sample),
}

impl Opening {
    /// What a worker is asked, and the files that it is about.
    pub(crate) fn order(&self) -> (Ask, Vec<File>) {
        match self.clone() {
            Self::Files(files) => (Ask::OpenFiles, files),
            Self::Text(text) => (Ask::OpenText(text), Vec::new()),
            Self::Sample(sample) => (Ask::OpenSample(sample), Vec::new()),
        }
    }
}

/// How the cluster is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Map,
    Table,
    Matrix,
    Timeline,
    WhatIf,
    Compare,
    Policy,
    Answers,
    Share,
}

/// What an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Save,
    /// To be drawn as a timeline.
    Time,
}

/// What happens to the app.
pub(crate) enum Msg {
    /// Somebody opens something.
    Open(Opening),
    /// The worker says something.
    Heard(Word),
    /// Somebody does something to a node.
    Do(u32, Deed),
    /// Something beside the run.
    Aside(Aside),
    Undo,
    Redo,
    /// Everything that was done is undone at once.
    Reset,
    /// Back to the first view.
    Close,
    Select(Option<u32>),
    Group(Option<String>),
    Show(View),
    /// Every workload against these failures.
    Sweep(Columns),
    /// The same, from where it was left.
    GoOn,
    /// It is left there.
    Halt,
    /// One of those that help with it says something.
    Helper(u32, Word),
    /// What is claimed in the matrix.
    Claim(Claim),
    /// Why a cell of the matrix is as it is.
    Cell(Place),
    /// Back from a cell to the matrix.
    LeaveCell,
    /// These machines fail, and nothing else: shown on the map.
    Fail(Vec<String>),
    /// A question that the command answers, for people or to be saved.
    Ask(Topic, Purpose),
    /// Something is done to the policy.
    Policy(crate::policy::Msg),
    /// Something is done about what is handed on.
    Share(crate::sharing::Msg),
    /// What is being worked out is given up.
    Cancel,
    /// One map or two.
    Sides(Sides),
    /// The workload whose moves are drawn.
    Follow(Option<u32>),
    /// Another moment of the run is shown.
    Moment(usize),
    Keys(bool),
    /// A key that holds wherever one is.
    Key(KeyboardEvent),
}

/// A cluster that is open.
pub(crate) struct Open {
    name: String,
    scene: Rc<Scene>,
    history: History<Act>,
    /// The changes that the worker's cluster has, and those it is to have.
    changed: Vec<Change>,
    changing: Vec<Change>,
    /// What becomes of it, if anything was done.
    run: Option<Rc<Aftermath>>,
    /// The same with the command.
    command: String,
    standing: Rc<Standing>,
    /// Before anything happens.
    before: Rc<Standing>,
    sides: Sides,
    /// The workload whose moves are drawn.
    follow: Option<u32>,
    /// The moment that is shown; past the last is the end.
    moment: usize,
    refused: Option<String>,
    /// The question that an answer is awaited to, what for, and how far it is.
    asked: Option<(Topic, Purpose)>,
    progress: Option<(u64, u64)>,
    answer: Option<Rc<Answered>>,
    /// The failures that are asked about, and what is known of them.
    columns: Columns,
    claim: Claim,
    sweep: Option<Rc<Sweep>>,
    /// The cell that is asked about, and the one that is told instead of what was done.
    place: Option<Place>,
    tale: Option<Rc<Tale>>,
    beside: Beside,
    /// How long workloads are short of pods, where that was asked.
    timeline: Option<Rc<Timeline>>,
    desk: Desk,
    sharing: Sharing,
    /// The cluster that comes with the page that it is, if it is one.
    sample: Option<Sample>,
    selected: Option<u32>,
    by: Option<String>,
    view: View,
}

/// All that the page knows.
pub(crate) struct App {
    engine: Option<Engine>,
    /// The order that an answer is awaited to; answers to others come too late.
    awaited: Option<u32>,
    open: Option<Open>,
    /// What is open, to be opened again where a worker is given up; and whether it is being.
    opening: Option<Opening>,
    opening_again: bool,
    /// Who helps with the matrix, the order about it that an answer is awaited to, and when what
    /// came of it was last shown.
    crew: Crew,
    sweeping: Option<u32>,
    shown: f64,
    /// Somebody stopped it.
    halted: bool,
    /// How many bytes the worker takes that holds the cluster.
    held: f64,
    /// What was heard last changes nothing that is shown.
    quiet: bool,
    /// The link that waits for its export.
    link: Option<Link>,
    keys: bool,
    /// The pause after something was typed.
    pause: Option<Later>,
    _ear: Option<EventListener>,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let engine = Engine::start(ctx.link().callback(Msg::Heard));
        if engine.is_err() {
            say(words::NO_WORKERS, true);
        }
        let link = ctx.link().clone();
        let ear = window().map(|window| {
            EventListener::new(&window, "keydown", move |event| {
                let event = event.dyn_ref::<KeyboardEvent>();
                if let Some(event) = event {
                    link.send_message(Msg::Key(event.clone()));
                }
            })
        });
        Self {
            engine: engine.ok(),
            awaited: None,
            open: None,
            opening: None,
            opening_again: false,
            crew: Crew::nobody(ctx.link().callback(|(number, word)| Msg::Helper(number, word))),
            sweeping: None,
            shown: 0.0,
            halted: false,
            held: 0.0,
            quiet: false,
            link: None,
            keys: false,
            pause: None,
            _ear: ear,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Open(Opening::Files(files)) if self.takes_policy(&files, ctx) => {}
            Msg::Open(Opening::Files(files)) if files.iter().any(is_link) => {
                let others = Self::without_links(&files, ctx);
                if !others.is_empty() {
                    ctx.link().send_message(Msg::Open(Opening::Files(others)));
                }
            }
            Msg::Open(opening) => {
                say(words::OPENING, false);
                self.begin(&opening);
                self.opening = Some(opening);
            }
            Msg::Ask(topic, purpose) => self.ask_topic(topic, purpose),
            Msg::Show(view) if self.leaves_cell(view) => {
                self.leave_cell();
                ctx.link().send_message(Msg::Show(view));
            }
            Msg::Show(View::Matrix) => self.show_matrix(),
            Msg::Claim(claim) => {
                self.open.iter_mut().for_each(|open| open.claim = claim);
                self.resume();
            }
            Msg::Cell(place) => self.ask_cell(place),
            Msg::LeaveCell => ctx.link().send_message(Msg::Show(View::Matrix)),
            Msg::Show(View::Timeline) => {
                self.open.iter_mut().for_each(|open| open.view = View::Timeline);
                self.time();
            }
            Msg::Show(View::Policy) => self.show_policy(),
            Msg::Policy(deed) => self.policy(deed, ctx),
            Msg::Show(View::Share) => self.show_share(),
            Msg::Share(deed) => self.share(deed, ctx),
            Msg::Sweep(columns) => self.sweep(columns),
            Msg::GoOn => self.resume(),
            Msg::Halt => self.halt(),
            Msg::Helper(number, word) => self.hear_helper(number, word),
            Msg::Fail(names) => {
                self.open.iter_mut().for_each(|open| open.view = View::Map);
                let event = format!("fail:{}", names.join(","));
                self.change(|history| {
                    while history.undo() {}
                    history.act(Act::Event(event));
                });
            }
            Msg::Cancel => self.cancel(),
            Msg::Heard(word) => self.hear(word),
            Msg::Close => {
                self.open = None;
                self.let_go();
                say(words::READY, false);
                Shell::here().inspect(|shell| shell.show(true));
            }
            Msg::Keys(shown) => self.keys = shown,
            Msg::Key(event) => return self.key(&event),
            Msg::Do(node, deed) => self.deed(node, deed),
            Msg::Aside(aside) => self.aside(aside),
            Msg::Undo => self.change(|history| {
                history.undo();
            }),
            Msg::Redo => self.change(|history| {
                history.redo();
            }),
            Msg::Reset => self.change(|history| while history.undo() {}),
            msg => self.open.iter_mut().for_each(|open| open.update(&msg)),
        }
        self.open.iter_mut().for_each(Open::compare);
        !std::mem::take(&mut self.quiet)
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        match &self.open {
            Some(open) => {
                let busy = self.awaited.is_some() || self.sweeping.is_some();
                loaded::view(open, ctx.link(), (busy, self.crew.len()), self.keys)
            }
            None => html! {},
        }
    }
}

impl App {
    fn ask(&mut self, ask: Ask, files: &[File]) {
        self.awaited = self.engine.as_mut().map(|engine| engine.ask(ask, files));
    }

    fn begin(&mut self, opening: &Opening) {
        self.let_go();
        let (ask, files) = opening.order();
        self.ask(ask, &files);
    }

    fn ask_topic(&mut self, topic: Topic, purpose: Purpose) {
        let Some(open) = &mut self.open else { return };
        (open.asked, open.progress) = (Some((topic, purpose)), None);
        let question = topic.question(&act::events(open.history.done()));
        let format = if purpose == Purpose::Read { "human" } else { "json" };
        if self.join(&question, format) {
            return;
        }
        self.ask(Ask::Session(Request::Ask { question, format: format.into() }), &[]);
    }

    /// Asks how long workloads are short of pods, where that is looked at and not known.
    fn time(&mut self) {
        let asks = |open: &&Open| open.view == View::Timeline && open.timeline.is_none();
        let open = self.open.as_ref().filter(asks);
        if open.is_some_and(|open| open.run.is_some()) {
            self.ask_topic(Topic::Run, Purpose::Time);
        }
    }

    /// Gives the worker up, and opens the same files in another.
    fn cancel(&mut self) {
        self.open.iter_mut().for_each(|open| {
            open.asked = None;
            open.give_up_aside();
        });
        if let (Some(engine), Some(opening)) = (&mut self.engine, self.opening.clone())
            && engine.restart().is_ok()
        {
            self.opening_again = true;
            self.begin(&opening);
        }
    }

    /// Changes what was done, and asks what comes of it.
    fn change(&mut self, change: impl FnOnce(&mut History<Act>)) {
        let Some(open) = &mut self.open else { return };
        change(&mut open.history);
        (open.refused, open.tale) = (None, None);
        let changes = act::changes(open.history.done());
        if changes == open.changed {
            self.tell();
        } else {
            open.changing.clone_from(&changes);
            self.let_go();
            self.ask(Ask::Change(changes), &[]);
        }
    }

    /// Shows the cluster with all changes, and asks what happens.
    fn changed(&mut self, scene: Scene) {
        let Some(open) = &mut self.open else { return };
        open.before = Rc::new(Standing::after(&scene, None, 0));
        open.scene = Rc::new(scene);
        open.changed = std::mem::take(&mut open.changing);
        (open.sweep, open.answer, open.selected) = (None, None, None);
        open.desk.forget();
        open.show(None);
        self.tell();
        self.judge();
        if self.open.as_ref().is_some_and(|open| open.view == View::Matrix) {
            self.show_matrix();
        }
    }

    /// Asks what comes of what was done.
    fn tell(&mut self) {
        let Some(open) = &mut self.open else { return };
        let events = act::events(open.history.done());
        if events.is_empty() && open.changed.is_empty() {
            self.awaited = None;
            open.show(None);
            open.desk.state = None;
        } else {
            let asked = Simulate { events, ..Simulate::default() };
            self.ask(Ask::Session(Request::Tell(asked)), &[]);
        }
    }

    fn hear(&mut self, word: Word) {
        if let Tell::Reply(reply) = &word.tell
            && ![self.awaited, self.sweeping].contains(&Some(word.id))
        {
            let Reply { result, told } = (**reply).clone();
            let result = result.map_err(|failure| {
                words::refused(&failure.message, failure.hint.as_deref(), &told)
            });
            let _ = self.hear_sharing(word.id, &result) || self.hear_policy(word.id, result);
            return;
        }
        match word.tell {
            Tell::Ready => self.engine.iter_mut().for_each(Engine::ready),
            Tell::Broken { text } => self.start_again(&text),
            Tell::Checked { done, all } => {
                self.open.iter_mut().for_each(|open| open.progress = Some((done, all)));
            }
            Tell::Reply(reply) if self.sweeping == Some(word.id) => {
                self.sweeping = None;
                self.examined(*reply, word.beside);
            }
            _ if self.awaited != Some(word.id) => {}
            Tell::Opened { memory, .. } if self.opening_again => {
                (self.opening_again, self.held) = (false, memory);
                self.awaited = None;
                if let Some(open) = &mut self.open {
                    open.changed.clear();
                    if !act::changes(open.history.done()).is_empty() {
                        self.change(|_| {});
                    }
                }
            }
            Tell::Reading { name, read, size } => say(&words::reading(&name, read, size), false),
            Tell::Understanding { bytes } => say(&words::understanding(bytes), false),
            Tell::Opened { name, scene, told, policy, memory } => {
                (self.awaited, self.held) = (None, memory);
                let mut open = Open::new(name, *scene, policy);
                if let Some(Opening::Sample(sample)) = &self.opening {
                    open.sample = Some(*sample);
                }
                self.open = Some(open);
                say(&told, false);
                Shell::here().inspect(|shell| shell.show(false));
                self.opened_for_link();
            }
            Tell::Changed { scene } => {
                self.awaited = None;
                self.changed(*scene);
            }
            Tell::Piece(_) => {}
            Tell::Reply(reply) => self.given(*reply),
            Tell::Refused { text, hint, told } => {
                self.refuse(&words::refused(&text, hint.as_deref(), &told));
            }
        }
    }

    fn given(&mut self, reply: Reply) {
        self.awaited = None;
        match reply.result {
            Ok(Given::Aftermath { aftermath, command }) => {
                let Some(open) = &mut self.open else { return };
                open.command = command;
                open.show(Some(Rc::new(aftermath)));
                self.time();
                self.go_on();
                self.ask_state();
                self.write_report();
                self.follow_on();
            }
            Ok(Given::Document(document)) => {
                self.open.iter_mut().for_each(|open| open.answered(&document, &reply.told));
            }
            Ok(Given::Matrix(matrix)) => {
                let Some(open) = &mut self.open else { return };
                open.sweep = Some(Rc::new(Sweep::new(open.columns.clone(), matrix)));
                self.resume();
            }
            Ok(Given::Cell(story)) => self.tell_cell(*story),
            Ok(given) => self.given_beside(given),
            Err(failure) => {
                let hint = failure.hint.as_deref();
                self.refuse(&words::refused(&failure.message, hint, &reply.told));
            }
        }
    }

    fn refuse(&mut self, why: &str) {
        self.awaited = None;
        match &mut self.open {
            Some(open) => {
                let asked = open.asked.take().is_some() | open.beside.was_only_asked();
                if !asked && open.view != View::Matrix {
                    open.take_back();
                }
                open.refused = Some(why.to_owned());
                self.misfit();
            }
            None => say(why, true),
        }
    }

    fn start_again(&mut self, why: &str) {
        self.open = None;
        self.awaited = None;
        self.let_go();
        Shell::here().inspect(|shell| shell.show(true));
        say(&format!("{} ({why})", words::BROKEN), true);
        if self.engine.as_mut().is_some_and(|engine| engine.restart().is_err()) {
            self.engine = None;
        }
    }

    fn key(&mut self, event: &KeyboardEvent) -> bool {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let typing = target.is_some_and(|it| {
            it.is_instance_of::<HtmlTextAreaElement>()
                || it.dyn_ref::<HtmlInputElement>().is_some_and(|input| input.type_() != "range")
        });
        if typing || self.open.is_none() {
            return false;
        }
        let command = event.ctrl_key() || event.meta_key();
        match (event.key().as_str(), command) {
            ("?", false) => self.keys = true,
            ("Escape", false) if self.keys => self.keys = false,
            ("Escape", false) => self.open.iter_mut().for_each(|open| open.selected = None),
            ("z" | "Z", true) => {
                event.prevent_default();
                let back = !event.shift_key();
                self.change(|history| {
                    if back {
                        history.undo()
                    } else {
                        history.redo()
                    };
                });
            }
            _ => return false,
        }
        true
    }
}

impl Open {
    fn new(name: String, scene: Scene, policy: Option<Handed>) -> Self {
        let standing = Rc::new(Standing::after(&scene, None, 0));
        let by = grouping::first(&scene.overview);
        Self {
            name,
            scene: Rc::new(scene),
            history: History::default(),
            changed: Vec::new(),
            changing: Vec::new(),
            run: None,
            command: String::new(),
            before: standing.clone(),
            standing,
            sides: Sides::One,
            follow: None,
            moment: 0,
            refused: None,
            asked: None,
            progress: None,
            answer: None,
            columns: Columns::Nodes,
            claim: Claim::Immediately,
            place: None,
            tale: None,
            beside: Beside::default(),
            sweep: None,
            timeline: None,
            desk: Desk::of(policy),
            sharing: Sharing::default(),
            sample: None,
            selected: None,
            by,
            view: View::Map,
        }
    }

    /// Shows where a run ends; without one, the cluster as it is.
    fn show(&mut self, run: Option<Rc<Aftermath>>) {
        self.moment = run.as_ref().map_or(0, |run| run.frames.len());
        self.timeline = None;
        self.follow = None;
        self.sharing.forget();
        self.beside.outdate();
        self.run = run;
        self.stand();
    }

    /// What made no sense was not done: the last deed, or all changes that came with it.
    fn take_back(&mut self) {
        self.history.undo();
        while act::changes(self.history.done()) != self.changed && self.history.undo() {}
    }

    /// Finds where everything is at the moment that is shown.
    fn stand(&mut self) {
        let standing = Standing::after(&self.scene, self.run.as_deref(), self.moment);
        self.standing = Rc::new(standing);
    }

    fn answered(&mut self, document: &Document, told: &str) {
        match self.asked.take() {
            Some((topic, Purpose::Save)) if save(topic.file(), &document.text).is_err() => {
                self.refused = Some(words::NOT_SAVED.to_owned());
            }
            Some((_, Purpose::Time)) => {
                self.timeline = Timeline::read(&document.text).map(Rc::new);
            }
            Some((topic, Purpose::Read)) => {
                let (document, told) = (document.clone(), told.to_owned());
                self.answer = Some(Rc::new(Answered { topic, document, told }));
            }
            _ => {}
        }
    }

    fn update(&mut self, msg: &Msg) {
        match msg {
            Msg::Select(node) => self.selected = *node,
            Msg::Group(label) => self.by.clone_from(label),
            Msg::Show(view) => self.view = *view,
            Msg::Follow(workload) => self.follow = *workload,
            Msg::Sides(sides) => self.sides = *sides,
            Msg::Moment(moment) => {
                self.moment = *moment;
                self.stand();
            }
            _ => {}
        }
    }
}

fn say(what: &str, failed: bool) {
    Shell::here().inspect(|shell| shell.say(what, failed));
}
