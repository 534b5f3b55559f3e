//! `holdfast plan options`: layouts side by side.

use std::path::{Path, PathBuf};

use holdfast_cluster::{Cluster, NodeId};
use holdfast_ingest::catalog::{Catalog, NodeType, Price};
use holdfast_ingest::layouts::{At, Layout as Listed, Layouts, Survive};
use holdfast_ingest::{Diagnostic, Loaded};
use holdfast_planner::report::nodes::PriceReport;
use holdfast_planner::report::{OptionReport, OptionsReport, SizeReport};
use holdfast_planner::{Asking, Layout};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::{Domains, Prover, Settings};

use holdfast_session::loading::nothing_runs;
use holdfast_session::plan::nodes::{catalog, in_full};
use holdfast_session::question::{self, Failures};
use holdfast_session::sweep;

use crate::args::{OptionsArguments, WhatIfArguments};
use crate::commands;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{exit, input, render, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, an option whose export is missing or holds nothing to check.
pub(super) fn run(arguments: &OptionsArguments) -> Result<u8, Failure> {
    if arguments.budget == 0 {
        return Err(Failure::usage("--budget must be at least one"));
    }
    output::check_plan(&arguments.output.output)?;
    let layouts = read(&arguments.file)?;
    let folder = arguments.file.parent().unwrap_or(Path::new(""));
    let catalog = match &layouts.catalog {
        Some(path) => Some(catalog(&beside(folder, path)?, terminal::rim())?),
        None => None,
    };
    let comparison = Comparison { arguments, folder, layouts: &layouts, catalog: catalog.as_ref() };
    let mut options = Vec::new();
    for listed in &layouts.options {
        options.push(comparison.option(listed)?);
    }
    let (survive, domain) = match layouts.survive {
        Survive::Nodes(most) => (Some(most), None),
        Survive::Domain(label) => (None, Some(label)),
    };
    let report = OptionsReport::new(survive, domain, options);
    output::write_all(&arguments.output.output, |format| match format {
        Format::Json => render::json(&report),
        format => render::plan::options::render(&report, format),
    })?;
    Ok(code(&report))
}

fn code(report: &OptionsReport) -> u8 {
    let is_wrong =
        |one: &OptionReport| one.size.says.iter().any(|said| said.verdict == VerdictName::Refuted);
    let is_open = |one: &OptionReport| {
        let open = one.single_points.iter().any(|point| !point.unknown.is_empty());
        one.verdict == VerdictName::Unknown || !one.complete || open
    };
    match report.options.as_slice() {
        options if options.iter().any(is_wrong) => exit::REFUTED,
        options if options.iter().any(is_open) => exit::INCONCLUSIVE,
        _ => exit::HOLDS,
    }
}

/// Reads the file.
fn read(file: &Path) -> Result<Layouts, Failure> {
    let mut sources = input::read(&[file.to_owned()])?;
    let source = sources.pop().filter(|_| sources.is_empty());
    let source =
        source.ok_or_else(|| Failure::usage(format!("{}: name one file", file.display())))?;
    let (layouts, told) = holdfast_ingest::layouts(source);
    terminal::tell(&render::diagnostics::summary(told.iter(), true));
    layouts.ok_or_else(Failure::refused)
}

/// A file that another names, which is taken to lie beside it.
fn beside(folder: &Path, path: &At) -> Result<PathBuf, Failure> {
    let found = folder.join(&path.text);
    if found.exists() {
        return Ok(found);
    }
    Err(refuse(&path.wrong(format!("there is no {}", found.display()))))
}

fn refuse(why: &Diagnostic) -> Failure {
    terminal::tell(&render::diagnostics::summary(std::iter::once(why), true));
    Failure::refused()
}

/// What all options have in common.
struct Comparison<'a> {
    arguments: &'a OptionsArguments,
    folder: &'a Path,
    layouts: &'a Layouts,
    catalog: Option<&'a Catalog>,
}

impl Comparison<'_> {
    fn option(&self, listed: &Listed) -> Result<OptionReport, Failure> {
        let loaded = self.load(listed)?;
        let cluster = &loaded.cluster;
        let size = self.size(listed, cluster)?;
        let (question, most) = self.question(listed, cluster)?;
        let settings = Settings { states_per_set: self.arguments.budget, ..Settings::default() };
        let few = Settings { states_per_set: 1, ..settings };
        if Prover::new(cluster, few).subjects().subjects.is_empty() {
            return Err(nothing_runs(&loaded));
        }
        let sweep = sweep::few(terminal::rim());
        let asking = Asking { settings, sweep: &sweep };
        let layout = Layout::of(cluster, &question, &asking);
        Ok(OptionReport::new(listed.name.text.clone(), size, cluster, &layout, most))
    }

    fn load(&self, listed: &Listed) -> Result<Loaded, Failure> {
        let beside = |path: &At| beside(self.folder, path);
        let exports: Vec<PathBuf> = listed.exports.iter().map(beside).collect::<Result<_, _>>()?;
        let assumptions = listed.assumptions.as_ref().map(beside).transpose()?;
        let what_if = WhatIfArguments::default();
        let loaded = commands::load_cluster(&exports, &self.arguments.scheduler, &what_if)?;
        commands::assume(loaded, assumptions.as_ref())
    }

    /// What is asked about, and how many failures are to be survived.
    fn question(&self, listed: &Listed, cluster: &Cluster) -> Result<(Question, usize), Failure> {
        let wrong = |detail: String| {
            Err(refuse(&listed.name.wrong(format!("option {}: {detail}", listed.name.text))))
        };
        let all = cluster.nodes().len();
        match &self.layouts.survive {
            Survive::Domain(label) => {
                let domains = Domains::of_label(cluster, label);
                if domains.all.is_empty() {
                    return wrong(format!("no node has the label {label}"));
                }
                Ok((Question::AnyDomains(domains, 1), 1))
            }
            Survive::Nodes(most) if *most > all => {
                wrong(format!("{most} nodes are to fail, and it has only {all}"))
            }
            Survive::Nodes(most) => {
                let unasked = Failures::default();
                let rim = terminal::rim();
                let question = match question::of_tolerance(&unasked, None, cluster, rim)? {
                    Question::AnyNodes(unasked) => Question::AnyNodes(unasked.max(*most)),
                    other => other,
                };
                Ok((question, *most))
            }
        }
    }

    /// How large it is: by the types of its nodes where all have one, else as nodes tell.
    fn size(&self, listed: &Listed, cluster: &Cluster) -> Result<SizeReport, Failure> {
        let types = self.types(listed, cluster)?;
        let all: Option<Vec<&NodeType>> = types.into_iter().collect();
        let amounts: Vec<(i64, i64)> = if let Some(types) = &all {
            let capacities = types.iter().map(|one| &one.shape.capacity);
            capacities.map(|capacity| (capacity.cpu_milli, capacity.memory)).collect()
        } else {
            let capacities = cluster.nodes().iter().map(|node| &node.capacity);
            capacities.map(|capacity| (capacity.cpu_milli, capacity.memory)).collect()
        };
        let size = SizeReport {
            nodes: cluster.nodes().len(),
            cpu_milli: amounts.iter().map(|(cpu, _)| cpu).sum(),
            memory: amounts.iter().map(|(_, memory)| memory).sum(),
            typed: all.is_some(),
            price: all.and_then(|types| self.price(&types)),
            says: Vec::new(),
        };
        Ok(size.and_said(listed.says_cpu_milli, listed.says_memory))
    }

    /// The type of each node, in the order of nodes.
    fn types(&self, listed: &Listed, cluster: &Cluster) -> Result<Vec<Option<&NodeType>>, Failure> {
        let mut types = vec![None; cluster.nodes().len()];
        for (node, of) in &listed.types {
            let id = cluster.find(&node.text).and_then(|name| cluster.node_named(name));
            let id = id.ok_or_else(|| {
                refuse(&node.wrong(format!("{} is no node of {}", node.text, listed.name.text)))
            })?;
            let known = self.catalog.iter().flat_map(|catalog| &catalog.types);
            let found = known.into_iter().find(|one| one.name == of.text).ok_or_else(|| {
                refuse(&of.wrong(format!("the catalogue has no type {}", of.text)))
            })?;
            is_of(cluster, id, found).map_err(|why| refuse(&of.wrong(why)))?;
            types[id.index()] = Some(found);
        }
        Ok(types)
    }

    /// What they cost, if the catalogue tells of all.
    fn price(&self, types: &[&NodeType]) -> Option<PriceReport> {
        let prices = self.catalog?.prices.as_ref()?;
        let each: Option<Vec<Price>> = types.iter().map(|one| one.price).collect();
        let sum = each?.into_iter().reduce(Price::plus)?;
        Some(in_full(sum, prices))
    }
}

/// A kubelet tells of as many cores as its machine has, and of less memory: the kernel keeps some.
fn is_of(cluster: &Cluster, id: NodeId, of: &NodeType) -> Result<(), String> {
    let (has, sold) = (&cluster.node(id).capacity, &of.shape.capacity);
    let name = cluster.node_name(id);
    if has.cpu_milli != sold.cpu_milli {
        let (has, sold) = (render::words::cpu(has.cpu_milli), render::words::cpu(sold.cpu_milli));
        return Err(format!("{name} has {has} CPU, and {} has {sold}", of.name));
    }
    if has.memory > sold.memory {
        let (has, sold) = (render::words::bytes(has.memory), render::words::bytes(sold.memory));
        return Err(format!("{name} has {has} of memory, and {} only {sold}", of.name));
    }
    Ok(())
}
