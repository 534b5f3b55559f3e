//! What is handed on: the report is written, a link is made, and one that was opened is followed.

use std::rc::Rc;

use holdfast_session::link::{Link, Unreadable};
use holdfast_session::paper::PaperAsked;
use holdfast_session::protocol::{Given, Request};
use web_sys::{File, window};
use yew::prelude::*;

use super::{App, Msg, Open, Opening, View, say};
use crate::act;
use crate::samples::Sample;
use crate::save::save;
use crate::sharing::{self, Format, Msg as Deed};
use crate::words::sharing as words;

impl App {
    /// Does something about what is handed on.
    pub(super) fn share(&mut self, deed: Deed, ctx: &Context<Self>) {
        let on_msg = ctx.link().callback(Msg::Share);
        match deed {
            Deed::Linked(link) => self.linked(link),
            Deed::Save(format) => {
                if let Some(asked) = self.ask_report(format) {
                    self.each_open(|open| open.sharing.awaited_file = Some((asked, format)));
                }
            }
            Deed::Copy => self.each_open(|open| {
                if let Some(report) = &open.sharing.report {
                    sharing::copy(report.to_string(), on_msg);
                }
            }),
            Deed::CopyLink => self.each_open(|open| {
                if let Some(address) = sharing::address(&open.link()) {
                    sharing::copy(address, on_msg);
                }
            }),
            Deed::SaveLink => self.each_open(|open| {
                if save(&words::file(&open.name), &open.link().file()).is_err() {
                    open.refused = Some(crate::words::NOT_SAVED.to_owned());
                }
            }),
            Deed::Copied(done) => self.each_open(|open| {
                let said = if done { words::COPIED } else { words::NOT_COPIED };
                open.sharing.said = Some(said);
            }),
            Deed::Print => {
                window().inspect(|window| drop(window.print()));
            }
            Deed::Follow(follow) => self.follow_other(follow),
        }
    }

    /// Shows the report and the link.
    pub(super) fn show_share(&mut self) {
        self.each_open(|open| {
            open.view = View::Share;
            // More may be known by now of the matrix and the policy.
            open.sharing.forget();
        });
        self.find_digest();
        self.write_report();
    }

    /// Asks for the report, where it is looked at and not known.
    pub(super) fn write_report(&mut self) {
        let asks = |open: &Open| {
            let sharing = &open.sharing;
            open.view == View::Share && sharing.report.is_none() && sharing.awaited_report.is_none()
        };
        if self.open.as_ref().is_some_and(asks) {
            let asked = self.ask_report(Format::Markdown);
            self.each_open(|open| open.sharing.awaited_report = asked);
        }
    }

    fn ask_report(&mut self, format: Format) -> Option<u32> {
        let open = self.open.as_ref()?;
        let desk = &open.desk;
        let asked = Box::new(PaperAsked {
            name: open.name.clone(),
            events: act::events(open.history.done()),
            proved: open.sweep.as_deref().map(sharing::so_far),
            policy: desk.judged.as_deref().map(|judged| (desk.name().to_owned(), judged.clone())),
        });
        self.ask_aside(Request::Paper { asked, format: format.name().to_owned() })
    }

    fn find_digest(&mut self) {
        let unknown =
            |open: &Open| open.sharing.digest.is_none() && open.sharing.awaited_digest.is_none();
        if self.open.as_ref().is_some_and(unknown) {
            let asked = self.ask_aside(Request::Digest);
            self.each_open(|open| open.sharing.awaited_digest = asked);
        }
    }

    /// A link was opened: its export is opened where the page has it, else asked for.
    fn linked(&mut self, link: Result<Link, Unreadable>) {
        match link {
            Err(why) => self.complain(words::unreadable(why)),
            Ok(link) => {
                let sample = link.sample.as_deref().and_then(Sample::named);
                let asks = words::asks_for(&link);
                self.link = Some(link);
                match (sample, &self.open) {
                    (Some(sample), _) => {
                        let opening = Opening::Sample(sample);
                        self.begin(opening.clone());
                        self.opening = Some(opening);
                    }
                    (None, Some(_)) => self.find_digest_anew(),
                    (None, None) => say(&asks, false),
                }
            }
        }
    }

    /// Where anything is open, a link is held against it.
    fn find_digest_anew(&mut self) {
        self.each_open(|open| open.sharing.digest = None);
        self.find_digest();
    }

    fn complain(&mut self, what: &str) {
        match &mut self.open {
            Some(open) => open.refused = Some(what.to_owned()),
            None => say(what, true),
        }
    }

    /// Something was opened: where a link waits for it, it must be known which it is.
    pub(super) fn opened_for_link(&mut self) {
        if self.link.is_some() {
            self.find_digest();
        }
    }

    /// Reads links among files, and returns the files that are none.
    pub(super) fn without_links(files: &[File], ctx: &Context<Self>) -> Vec<File> {
        let (links, others): (Vec<_>, Vec<_>) = files.iter().cloned().partition(sharing::is_link);
        for file in &links {
            sharing::read(file, ctx.link().callback(Msg::Share));
        }
        others
    }

    /// Takes an answer that is about what is handed on; whether it was one.
    pub(super) fn hear_sharing(&mut self, id: u32, result: &Result<Given, String>) -> bool {
        let Some(open) = &mut self.open else { return false };
        let sharing = &mut open.sharing;
        if sharing.awaited_digest == Some(id) {
            sharing.awaited_digest = None;
            if let Ok(Given::Digest(digest)) = result {
                sharing.digest = Some(digest.as_str().into());
                self.follow();
            }
        } else if sharing.awaited_report == Some(id) {
            sharing.awaited_report = None;
            match result {
                Ok(Given::Paper(text)) => sharing.report = Some(text.as_str().into()),
                Ok(_) => {}
                Err(why) => sharing.refused = Some(why.clone()),
            }
        } else if let Some((_, format)) = sharing.awaited_file.filter(|(order, _)| *order == id) {
            sharing.awaited_file = None;
            match result {
                Ok(Given::Paper(text)) if save(format.file(), text).is_ok() => {}
                Ok(_) => sharing.refused = Some(crate::words::NOT_SAVED.to_owned()),
                Err(why) => sharing.refused = Some(why.clone()),
            }
        } else {
            return false;
        }
        true
    }

    /// Does what a link says to the export that it is for; of another it is asked first.
    fn follow(&mut self) {
        let Some(open) = &mut self.open else { return };
        let Some(link) = self.link.take() else { return };
        if open.sharing.digest.as_deref() != Some(link.digest.as_str()) {
            open.sharing.other = Some(Rc::new(link));
            return;
        }
        let acts: Vec<_> = sharing::acts(&link.deeds).collect();
        self.prepare(&link);
        self.change(|history| acts.into_iter().for_each(|act| history.act(act)));
        self.show(View::named(&link.view));
    }

    /// What a link says besides deeds.
    fn prepare(&mut self, link: &Link) {
        self.change(|history| while history.undo() {});
        self.each_open(|open| {
            if let Some(policy) = &link.policy {
                open.desk.write(policy);
            }
        });
    }

    fn follow_other(&mut self, follow: bool) {
        let Some(open) = &mut self.open else { return };
        let Some(link) = open.sharing.other.take() else { return };
        if !follow {
            return;
        }
        self.prepare(&link);
        self.each_open(|open| {
            open.view = View::Map;
            open.sharing.left = sharing::acts(&link.deeds).collect();
            (open.sharing.follows, open.sharing.misfits) = (true, 0);
        });
        self.follow_on();
    }

    /// Does the next thing that a link says, once the one before is done.
    pub(super) fn follow_on(&mut self) {
        let Some(open) = &mut self.open else { return };
        match open.sharing.left.pop_front() {
            Some(act) => self.change(|history| history.act(act)),
            None if open.sharing.follows => {
                open.sharing.follows = false;
                let misfits = open.sharing.misfits;
                open.refused = (misfits > 0).then(|| words::misfits(misfits));
            }
            None => {}
        }
    }

    /// Something was refused: where a link says it, it is left out, and how much that is is told in
    /// the end.
    pub(super) fn misfit(&mut self) {
        let Some(sharing) = self.open.as_mut().map(|open| &mut open.sharing) else { return };
        if sharing.follows {
            sharing.misfits += 1;
            self.follow_on();
        }
    }

    fn show(&mut self, view: View) {
        match view {
            View::Matrix => self.show_matrix(),
            View::Policy => self.show_policy(),
            View::Share => self.show_share(),
            view => self.each_open(|open| open.view = view),
        }
        self.time();
    }

    fn each_open(&mut self, act: impl FnOnce(&mut Open)) {
        if let Some(open) = &mut self.open {
            act(open);
        }
    }
}

/// Views that a link names; any other is opened on the map.
const VIEWS: [(View, &str); 6] = [
    (View::Table, "table"),
    (View::Matrix, "matrix"),
    (View::Timeline, "timeline"),
    (View::WhatIf, "what-if"),
    (View::Policy, "policy"),
    (View::Answers, "answers"),
];

impl View {
    fn name(self) -> &'static str {
        VIEWS.into_iter().find(|(view, _)| *view == self).map_or("map", |(_, name)| name)
    }

    fn named(name: &str) -> Self {
        VIEWS.into_iter().find(|(_, known)| *known == name).map_or(Self::Map, |(view, _)| view)
    }
}

impl Open {
    /// What was done, as a link says it.
    pub(super) fn link(&self) -> Link {
        let desk = &self.desk;
        Link {
            name: self.name.clone(),
            digest: self.sharing.digest.as_deref().unwrap_or_default().to_owned(),
            sample: self.sample.map(|sample| sample.name().to_owned()),
            deeds: sharing::deeds(self.history.done()),
            view: self.view.name().to_owned(),
            policy: (!desk.is_as_given()).then(|| desk.text.to_string()),
        }
    }
}
