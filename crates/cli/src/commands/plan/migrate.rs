//! `holdfast plan migrate`: the way between two layouts, step by step.

use std::collections::BTreeSet;
use std::path::PathBuf;

use holdfast_cluster::{Cluster, NodeId, Placement};
use holdfast_failover::{Dynamics, Event, Joined, Times, story};
use holdfast_ingest::moves::{Assumed, Difference, Objects};
use holdfast_ingest::overlay::{Named, Overlaid};
use holdfast_ingest::{Loaded, Options, Severity, Source};
use holdfast_planner::Asking;
use holdfast_planner::migration::{self, Facts, Risk, Step};
use holdfast_planner::report::MigrateReport;
use holdfast_planner::report::migrate::{ChangedReport, StepReport};
use holdfast_proof::report::VerdictName;
use holdfast_proof::{Prover, Settings, Simulator};

use holdfast_session::loading::nothing_runs;
use holdfast_session::{events, export, sweep, whatif};

use crate::args::MigrateArguments;
use crate::commands;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{exit, input, interrupt, render, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, two layouts that are one, nothing to check.
pub(super) fn run(arguments: &MigrateArguments) -> Result<u8, Failure> {
    if arguments.budget == 0 {
        return Err(Failure::usage("--budget must be at least one"));
    }
    output::check_plan(&arguments.output.output)?;
    let from = End::read(arguments, &arguments.from, arguments.from_assumptions.as_ref())?;
    let to = End::read(arguments, &arguments.to, arguments.to_assumptions.as_ref())?;
    let report = Way::new(arguments, &from, &to)?.walked()?;
    if report.steps.is_empty() && report.complete {
        return Err(Failure::usage("both are the same layout, so there is nothing to do")
            .hint("name the export that is moved from, then the one that is moved to"));
    }
    let names = [input::name(&arguments.from), input::name(&arguments.to)];
    output::write_all(&arguments.output.output, |format| match format {
        Format::Json => render::json(&report),
        format => render::plan::migrate::render(&report, &names, format),
    })?;
    let is = |verdict: VerdictName| report.steps.iter().any(|step| step.safe == verdict);
    Ok(match () {
        () if is(VerdictName::Refuted) => exit::REFUTED,
        () if is(VerdictName::Unknown) || !report.complete => exit::INCONCLUSIVE,
        () => exit::HOLDS,
    })
}

/// A layout.
struct End {
    objects: Objects,
    cluster: Cluster,
    assumptions: Option<Source>,
}

impl End {
    fn read(
        arguments: &MigrateArguments,
        path: &PathBuf,
        assumptions: Option<&PathBuf>,
    ) -> Result<Self, Failure> {
        let paths = std::slice::from_ref(path);
        let sources = input::read(paths)?;
        let objects = Objects::read(sources.clone());
        let overlaid = Overlaid { sources, ..Overlaid::default() };
        let loaded = commands::load_overlaid(overlaid, paths, &arguments.scheduler)?;
        let loaded = commands::assume(loaded, assumptions)?;
        let few = Settings { states_per_set: 1, ..Settings::default() };
        if Prover::new(&loaded.cluster, few).subjects().subjects.is_empty() {
            return Err(nothing_runs(&loaded));
        }
        let file = assumptions.map(|path| input::read(std::slice::from_ref(path))).transpose()?;
        let assumptions = file.and_then(|mut sources| sources.pop());
        Ok(Self { objects, cluster: loaded.cluster, assumptions })
    }
}

/// A cluster on its way.
struct Way<'a> {
    to: &'a End,
    settings: Settings,
    options: Options,
    assumed: Option<Assumed>,
    steps: Vec<Step>,
    /// The objects as they are by now.
    objects: Objects,
    /// Nodes that are declared to carry parts of the control plane, and do not carry them now.
    resting: BTreeSet<String>,
    ends: [Facts; 2],
    /// Workloads that lack pods before anything is done.
    wait: BTreeSet<String>,
}

impl<'a> Way<'a> {
    fn new(arguments: &MigrateArguments, from: &End, to: &'a End) -> Result<Self, Failure> {
        let settings = Settings { states_per_set: arguments.budget, ..Settings::default() };
        let parts = [&from.cluster, &to.cluster].map(migration::parts);
        let files = [from.assumptions.clone(), to.assumptions.clone()];
        let assumed = Assumed::both(files, &parts);
        let known = &migration::nodes(&from.cluster) | &migration::nodes(&to.cluster);
        let foreign = assumed.iter().flat_map(Assumed::apart).find(|name| !known.contains(*name));
        if let Some(machine) = foreign {
            let message = format!("the control plane is on {machine} in one layout alone");
            return Err(Failure::usage(message)
                .hint("machines that are no nodes are not moved: declare them for both layouts"));
        }
        let simulator = Simulator::new(Dynamics::new(&from.cluster), settings);
        let stages = simulator.run(&[]).expect("nothing happens that could be refused");
        let wait = migration::waiting(&simulator, &stages[0]).into_keys().collect();
        let facts = |end: &End| self::facts(&end.cluster, settings);
        let resting = &migration::members(&to.cluster) - &migration::members(&from.cluster);
        Ok(Self {
            to,
            settings,
            options: commands::options(&arguments.scheduler)?,
            assumed,
            steps: migration::steps(&from.cluster, &to.cluster),
            objects: from.objects.clone(),
            resting: &resting & &migration::nodes(&from.cluster),
            ends: [facts(from), facts(to)],
            wait,
        })
    }

    fn walked(mut self) -> Result<MigrateReport, Failure> {
        let mut told = Vec::new();
        let mut complete = true;
        for step in std::mem::take(&mut self.steps) {
            if interrupt::stopped() {
                complete = false;
                break;
            }
            told.extend(self.step(step)?);
        }
        let [from, to] = &self.ends;
        Ok(MigrateReport::new(from, to, told, complete))
    }

    /// Takes a step; nothing where it changes nothing.
    fn step(&mut self, step: Step) -> Result<Option<StepReport>, Failure> {
        let mut difference = Difference::default();
        match &step {
            Step::Join { node, .. } | Step::Promote { node } => {
                self.objects.join(&self.to.objects, node);
                self.resting.remove(node);
            }
            Step::Node { node } if !self.objects.differs(&self.to.objects, node) => {
                return Ok(None);
            }
            Step::Node { node } => self.objects.join(&self.to.objects, node),
            Step::Workloads => {
                difference = self.objects.apply(&self.to.objects);
                if difference == Difference::default() {
                    return Ok(None);
                }
            }
            Step::Cordon { .. }
            | Step::Drain { .. }
            | Step::Resign { .. }
            | Step::Remove { .. } => {}
        }
        let mut risks = self.happen(&step, &difference.rolled)?;
        if let Step::Resign { node } = &step {
            self.objects.join(&self.to.objects, node);
            self.resting.insert(node.clone());
        }
        let now = self.load(&[])?;
        let facts = self::facts(&now.cluster, self.settings);
        let [from, to] = &self.ends;
        risks.extend(migration::between([from, to], &facts));
        Ok(Some(StepReport::new(step, changed(&difference), risks, &facts)))
    }

    /// Lets a step happen, and everything that follows from it; tells what may go wrong.
    fn happen(&mut self, step: &Step, rolled: &[Named]) -> Result<Vec<Risk>, Failure> {
        let loaded = self.load(rolled)?;
        let cluster = &loaded.cluster;
        let named = events_of(cluster, step);
        let joined: Vec<Joined> =
            named.iter().map(|named| Joined::from(named.event.clone())).collect();
        let simulator = Simulator::new(Dynamics::new(cluster), self.settings);
        let stages = simulator.run(&joined).map_err(|refused| {
            let failure = events::refused(cluster, &named[refused.event], refused.why);
            Failure { message: failure.message.replace("--event", "on the way,"), ..failure }
        })?;
        let times = Times::of_cluster(cluster);
        let story = story::tell(simulator.dynamics(), &stages[0].example, &joined, &times);
        let source = self.objects.source(BETWEEN);
        let end = export::of(vec![source], simulator.dynamics(), &loaded.origins, &story);
        let end = end.map_err(|_| Failure::usage("on the way the cluster never comes to rest"))?;
        self.objects = Objects::read(vec![Source::named(BETWEEN, end.to_string())]);
        Ok(migration::during(&simulator, &stages, &story, &self.wait))
    }

    /// The cluster as it is by now.
    fn load(&self, rolled: &[Named]) -> Result<Loaded, Failure> {
        let mut loaded = holdfast_ingest::load(vec![self.objects.source(BETWEEN)], &self.options);
        if let Some(assumed) = &self.assumed {
            let nodes = migration::nodes(&loaded.cluster);
            loaded = holdfast_ingest::assume(loaded, assumed.of(&nodes, &self.resting));
        }
        let wrong = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let wrong: Vec<_> = wrong.collect();
        if !wrong.is_empty() {
            terminal::tell(&render::diagnostics::summary(wrong.into_iter(), true));
            return Err(Failure::refused());
        }
        whatif::begin(loaded, rolled)
    }
}

/// What the objects go by in messages.
const BETWEEN: &str = "<between the layouts>";

/// How questions are answered on the way.
fn facts(cluster: &Cluster, settings: Settings) -> Facts {
    let sweep = sweep::few(terminal::rim());
    Facts::of(cluster, &Asking { settings, sweep: &sweep })
}

/// What happens at a step, as events.
fn events_of(cluster: &Cluster, step: &Step) -> Vec<events::Named> {
    let ids = |names: &[String]| -> Vec<NodeId> {
        let id = |name: &String| cluster.node_named(cluster.find(name)?);
        names.iter().filter_map(id).collect()
    };
    let one = |what: &str, node: &String, event: fn(Vec<NodeId>) -> Event| events::Named {
        name: format!("{what}:{node}"),
        event: event(ids(std::slice::from_ref(node))),
    };
    let forget = |node: &String| {
        let is_member = migration::parts(cluster)[0].contains(node);
        is_member.then(|| one("remove-member", node, Event::RemoveMember))
    };
    match step {
        Step::Cordon { nodes } => {
            let new = |id: &NodeId| !cluster.node(*id).unschedulable;
            let nodes: Vec<NodeId> = ids(nodes).into_iter().filter(new).collect();
            let event = Event::Cordon(nodes.clone());
            let named = events::Named { name: "cordon".to_owned(), event };
            (!nodes.is_empty()).then_some(named).into_iter().collect()
        }
        Step::Drain { node } => vec![one("drain", node, Event::Drain)],
        Step::Resign { node } => forget(node).into_iter().collect(),
        Step::Remove { node, .. } => {
            // One that is silent already has stopped.
            let standing = Placement::of(cluster);
            let is_heard =
                ids(std::slice::from_ref(node)).iter().any(|id| standing.node(*id).reachable);
            let fail = is_heard.then(|| one("fail", node, Event::Fail));
            let delete = one("delete", node, Event::Delete);
            forget(node).into_iter().chain(fail).chain([delete]).collect()
        }
        Step::Join { .. } | Step::Promote { .. } | Step::Workloads | Step::Node { .. } => {
            Vec::new()
        }
    }
}

fn changed(difference: &Difference) -> ChangedReport {
    let names = |all: &[Named]| {
        let name = |one: &Named| format!("{}/{}/{}", one.kind, one.namespace, one.name);
        all.iter().map(name).collect()
    };
    ChangedReport {
        added: names(&difference.added),
        changed: names(&difference.changed),
        removed: names(&difference.removed),
    }
}
