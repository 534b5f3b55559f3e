//! A cluster that is held in memory, the changes that are made to it, and what is asked of it.

mod paper;
mod policy;

use std::collections::BTreeMap;

use holdfast_ingest::overlay::{self, Overlaid};
use holdfast_ingest::{Loaded, Options, Source};
use holdfast_policy::suppress;
use holdfast_proof::Prover;
use holdfast_render::Format;

use crate::alone::{Alone, Progress};
use crate::answer::Answer;
use crate::cell::{self, CellStory, Place};
use crate::cells::{self, Part};
use crate::changes::{Change, what_if};
use crate::check::{Check, Checked};
use crate::command::Words;
use crate::explain::Explain;
use crate::failure::Failure;
use crate::held::Held;
use crate::overview::Overview;
use crate::protocol::{Document, Given, Question, Reply, Request};
use crate::prove::{Prove, STATES};
use crate::rim::Rim;
use crate::{digest, exported, forms, loading, whatif};

/// The files that a session is about.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Of the cluster.
    pub exports: Vec<Source>,
    /// The configuration of its scheduler.
    pub scheduler_config: Option<Source>,
    /// What the export cannot show.
    pub assumptions: Option<Source>,
    /// What questions name: policies, catalogues, domains, baselines.
    pub beside: Vec<Source>,
}

/// A cluster that is held in memory.
pub struct Session {
    files: Files,
    changes: Vec<Change>,
    held: Held,
    progress: Progress,
}

impl Session {
    /// Reads the files. What was told on the way comes with the session, or with why there is none.
    ///
    /// # Errors
    /// Files that are refused, or hold no nodes.
    pub fn open(files: Files, progress: Progress) -> Result<(Self, String), (Failure, String)> {
        let rim = Alone::new(&files.beside, progress);
        let loaded = load(&files, &[], &rim);
        let told = rim.told();
        match loaded {
            Ok(loaded) => {
                let held = Held::of(loaded);
                Ok((Self { files, changes: Vec::new(), held, progress }, told))
            }
            Err(failure) => Err((failure, told)),
        }
    }

    /// What was loaded, with the changes.
    pub fn loaded(&self) -> &Loaded {
        self.held.loaded()
    }

    /// The changes, in the order in which they were made.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Does what is asked. Where it cannot be done everything is as before.
    pub fn reply(&mut self, request: &Request) -> Reply {
        let files = std::mem::take(&mut self.files);
        let rim = Alone::new(&files.beside, self.progress);
        let result = self.give(request, &files, &rim);
        let told = rim.told();
        self.files = files;
        Reply { told, result }
    }

    fn give(
        &mut self,
        request: &Request,
        files: &Files,
        rim: &Alone<'_>,
    ) -> Result<Given, Failure> {
        match request {
            Request::Change(changes) => {
                if *changes != self.changes {
                    self.held = Held::of(load(files, changes, rim)?);
                    self.changes.clone_from(changes);
                }
                Ok(Given::Ready)
            }
            Request::Overview => Ok(Given::Overview(Overview::of(&self.loaded().cluster))),
            Request::Tell(asked) => {
                let aftermath = self.held.tell(asked)?;
                let command = self.command(&Question::Simulate(asked.clone()), files);
                Ok(Given::Aftermath { aftermath, command })
            }
            Request::Matrix(asked) => {
                let (question, _) = self.sets(asked, rim)?;
                self.held
                    .prove(asked, &question, |prover| cells::matrix(prover, &question))?
                    .map(Given::Matrix)
            }
            Request::Examine { question: asked, from, to } => {
                let (question, progress) = self.sets(asked, rim)?;
                let range = (self.part_of(asked), *from, *to);
                let work = |prover: &Prover<'_>| cells::examine(prover, &question, range, progress);
                self.held.prove(asked, &question, work).map(Given::Part)
            }
            Request::ByRule { question: asked, from, to } => {
                let (question, progress) = self.sets(asked, rim)?;
                let work =
                    |prover: &Prover<'_>| cells::by_rule(prover, &question, (*from, *to), progress);
                self.held.prove(asked, &question, work).map(Given::ByRule)
            }
            Request::Spell(form) => form.changes(&self.loaded().cluster).map(Given::Changes),
            Request::Types(text) => forms::types(text).map(Given::Types),
            Request::Export(question) => self.export(question, files, rim),
            Request::Why { run, pod } => {
                self.held.why(run, *pod).map(|why| Given::Why(Box::new(why)))
            }
            Request::Cell { question, place } => {
                self.cell(question, *place, files, rim).map(|story| Given::Cell(Box::new(story)))
            }
            Request::Join { question, parts, format } => {
                let asked = Question::Prove(question.clone());
                self.document(&asked, files, format, |format| {
                    self.join(question, parts, format, rim)
                })
            }
            Request::Judge(asked) => Ok(Given::Judged(Box::new(self.judge(asked, files, rim)))),
            Request::State { policy, events } => {
                self.state(policy, events, files, rim).map(Given::State)
            }
            Request::Draft => self.draft(STATES, files, rim).map(Given::Draft),
            Request::Digest => Ok(Given::Digest(digest::all(&files.exports))),
            Request::Paper { asked, format } => self.paper(asked, format, files).map(Given::Paper),
            Request::Ask { question, format } => self
                .document(question, files, format, |format| self.ask(question, format, files, rim)),
        }
    }

    /// What the command prints to a question, in the format that is named.
    fn document(
        &self,
        question: &Question,
        files: &Files,
        format: &str,
        answer: impl FnOnce(Format) -> Result<(String, u8), Failure>,
    ) -> Result<Given, Failure> {
        let (text, code) = answer(format.parse().map_err(Failure::usage)?)?;
        let command = self.command(question, files);
        Ok(Given::Document(Document { text, code, command }))
    }

    /// The sets that a proof looks at.
    fn sets(
        &self,
        asked: &Prove,
        rim: &Alone<'_>,
    ) -> Result<(holdfast_proof::report::Question, Progress), Failure> {
        loading::check_budget(Some(asked.budget))?;
        if asked.sequence.is_some() || asked.orders {
            return Err(Failure::usage("events that come one after another have no cells")
                .hint("ask for them as a whole"));
        }
        Ok((asked.question(&self.loaded().cluster, rim)?, self.progress))
    }

    /// What was changed, to be done to a cluster, and the command that asks about it.
    fn export(
        &self,
        question: &Question,
        files: &Files,
        rim: &Alone<'_>,
    ) -> Result<Given, Failure> {
        let overlaid = laid_over(files, &self.changes, rim)?;
        let command = self.command(question, files);
        let exported = exported::of(&self.changes, &overlaid.edited, command);
        Ok(Given::Export(Box::new(exported)))
    }

    /// Why a cell is as it is, and the command that proves it.
    fn cell(
        &self,
        asked: &Prove,
        place: Place,
        files: &Files,
        rim: &Alone<'_>,
    ) -> Result<CellStory, Failure> {
        let (question, _) = self.sets(asked, rim)?;
        let work = |prover: &Prover<'_>| cell::of(prover, &question, place);
        let (mut story, fail) = self.held.prove(asked, &question, work)??;
        let alone = Question::Prove(cell::question_of(asked, &fail));
        story.command = self.command(&alone, files);
        Ok(story)
    }

    /// What a part of a sweep is a part of.
    fn part_of(&self, asked: &Prove) -> String {
        let asked = serde_json::to_string(asked).expect("questions are plain data");
        format!("{} {asked}", self.held.digest())
    }

    /// What all parts of a sweep come to, in a format, and the exit code.
    fn join(
        &self,
        asked: &Prove,
        parts: &[Part],
        format: Format,
        rim: &Alone<'_>,
    ) -> Result<(String, u8), Failure> {
        let (question, _) = self.sets(asked, rim)?;
        let of = self.part_of(asked);
        self.held.prove(asked, &question, |prover| {
            let summary = cells::join(prover, &question, &of, parts)?;
            let proved = asked.proved(prover, (&question, &summary), rim);
            Ok((proved.text(format), proved.code()))
        })?
    }

    /// The answer in a format, and its exit code.
    fn ask(
        &self,
        question: &Question,
        format: Format,
        files: &Files,
        rim: &Alone<'_>,
    ) -> Result<(String, u8), Failure> {
        let other = self.other(question, files, rim)?;
        let loaded = other.as_ref().unwrap_or_else(|| self.loaded());
        let of = |answer: &dyn Answer| Ok((answer.text(format), answer.code()));
        match question {
            Question::Inspect(asked) => of(&asked.ask(loaded)),
            Question::Prove(asked) => {
                loading::check_budget(Some(asked.budget))?;
                of(&asked.ask(loaded, rim)?)
            }
            Question::Simulate(asked) => {
                loading::check_budget(asked.budget)?;
                of(&asked.ask(loaded, None)?)
            }
            Question::Explain(asked) => {
                let for_people = format == Format::Human;
                of(&Explain { for_people, ..asked.clone() }.ask(loaded)?)
            }
            Question::Check(asked) => of(&self.check(asked, loaded, files, rim)?),
            Question::Fit(asked) => {
                of(&asked.ask(&loaded.cluster, asked.sample(&loaded.cluster)?, rim)?)
            }
            Question::Waste(asked) => of(&asked.ask(loaded)),
            Question::Nodes(asked) => of(&asked.ask(loaded, asked.catalog(rim)?.as_ref(), rim)?),
            Question::Mix(asked) => of(&asked.ask(loaded, &asked.catalog(rim)?, rim)?),
            Question::Tolerance(asked) => of(&asked.ask(loaded, rim)?),
            Question::Remove(asked) => of(&asked.ask(loaded, rim)?),
            Question::Rebalance(asked) => of(&asked.ask(loaded)?),
            Question::Repair(asked) => of(&asked.ask(loaded, rim)?),
        }
    }

    /// The cluster as the command reads it for a question that does not take all files.
    fn other(
        &self,
        question: &Question,
        files: &Files,
        rim: &Alone<'_>,
    ) -> Result<Option<Loaded>, Failure> {
        let of_policy = match (question, &files.assumptions) {
            (Question::Check(asked), None) => {
                // What is asked for outright is nearer than what the policy says.
                let told = Alone::new(&files.beside, self.progress);
                let file = asked.policy(&told)?.assumptions;
                file.map(|file| asked.policy.with_file_name(file))
            }
            _ => None,
        };
        let configured = files.scheduler_config.is_some() && !question.schedules();
        let assumed = files.assumptions.is_some() && !question.assumes();
        if !configured && !assumed && of_policy.is_none() {
            return Ok(None);
        }
        let mut taken = files.clone();
        taken.scheduler_config = taken.scheduler_config.filter(|_| !configured);
        taken.assumptions = taken.assumptions.filter(|_| !assumed);
        if let Some(path) = of_policy {
            taken.assumptions = Some(rim.read("--assumptions", &path)?);
        }
        load(&taken, &self.changes, rim).map(Some)
    }

    fn check(
        &self,
        asked: &Check,
        loaded: &Loaded,
        files: &Files,
        rim: &Alone<'_>,
    ) -> Result<Checked, Failure> {
        loading::check_budget(Some(asked.budget))?;
        let policy = asked.policy(rim)?;
        let overlaid = laid_over(files, &self.changes, rim)?;
        // Objects are read once more only where one of them may accept findings.
        let accepts = overlaid.sources.iter().any(|source| source.may_say(suppress::DOMAIN));
        let manifests = if accepts { overlay::manifests(&overlaid) } else { BTreeMap::new() };
        asked.ask(&policy, loaded, &manifests, rim)
    }

    /// The command that gives the same answer to the same files.
    fn command(&self, question: &Question, files: &Files) -> String {
        let name = |file: &Option<Source>| file.as_ref().map(|file| file.name.clone());
        let mut words = question.words();
        if question.schedules() {
            words = words.some("--scheduler-config", name(&files.scheduler_config).as_ref());
        }
        if question.assumes() {
            words = words.some("--assumptions", name(&files.assumptions).as_ref());
        }
        let changes = self.changes.iter().flat_map(Change::words);
        let words = words.all(changes);
        let words = question.before_files().into_iter().fold(words, Words::word);
        files.exports.iter().fold(words, |words, file| words.word(&file.name)).to_string()
    }
}

fn laid_over(files: &Files, changes: &[Change], rim: &Alone<'_>) -> Result<Overlaid, Failure> {
    whatif::over(files.exports.clone(), what_if(changes), rim)
}

fn load(files: &Files, changes: &[Change], rim: &Alone<'_>) -> Result<Loaded, Failure> {
    let scheduler_config = files.scheduler_config.clone();
    let options = Options { scheduler_config, ..Options::default() };
    let names: Vec<String> = files.exports.iter().map(|file| file.name.clone()).collect();
    let loaded = loading::cluster(laid_over(files, changes, rim)?, &names, &options, rim)?;
    loading::assume(loaded, files.assumptions.clone(), rim)
}
