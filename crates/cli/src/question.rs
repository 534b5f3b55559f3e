//! What `prove` is asked: which machines fail together.

use std::path::Path;

use holdfast_cluster::{Cluster, NodeId, Symbol};
use holdfast_ingest::Severity;
use holdfast_proof::report::Question;
use holdfast_proof::{Domain, Domains, FailureSet};

use crate::args::{FailureArguments, SurvivorArguments};
use crate::commands::node_named;
use crate::failure::{Failure, nearest};
use crate::render::words;
use crate::{input, render};

/// The question.
///
/// # Errors
/// Names of nothing, and more failures than there are machines.
pub fn of(arguments: &FailureArguments, cluster: &Cluster) -> Result<Question, Failure> {
    ask(arguments, Size::Given, cluster)
}

/// The question how many failures are survived, up to so many.
///
/// # Errors
/// As [`of`].
pub fn of_tolerance(
    arguments: &FailureArguments,
    up_to: Option<usize>,
    cluster: &Cluster,
) -> Result<Question, Failure> {
    ask(arguments, Size::UpTo(up_to), cluster)
}

/// The question whether any so many nodes, or any value of a label, may fail; `None` where no node
/// is to.
///
/// # Errors
/// A label of no node, and more failures than there are nodes.
pub fn surviving(
    arguments: &SurvivorArguments,
    cluster: &Cluster,
) -> Result<Option<Question>, Failure> {
    let SurvivorArguments { survive, domain } = arguments;
    if let Some(label) = domain {
        return Ok(Some(Question::AnyDomains(labelled(cluster, label)?, 1)));
    }
    if *survive == 0 {
        return Ok(None);
    }
    let all = cluster.nodes().len();
    let most = within(("--survive", *survive), all, || {
        format!("the cluster has only {}", words::count(all, "node", "nodes"))
    })?;
    Ok(Some(Question::AnyNodes(most)))
}

/// How many may fail at once.
#[derive(Clone, Copy)]
enum Size {
    /// As many as the question says.
    Given,
    /// So many, or as many as can be asked about soon.
    UpTo(Option<usize>),
}

fn ask(arguments: &FailureArguments, size: Size, cluster: &Cluster) -> Result<Question, Failure> {
    if let Some(names) = &arguments.fail {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (nodes, machines) = hosts(cluster, "--fail", &names)?;
        return Ok(Question::Set(FailureSet::new(nodes).and_machines(machines)));
    }
    let domains = match (&arguments.domain, &arguments.domain_file) {
        (Some(label), _) => labelled(cluster, label)?,
        (None, Some(file)) => listed(cluster, file)?,
        (None, None) => {
            let all = cluster.nodes().len();
            let most = how_many(size, ("--nodes", arguments.nodes), all);
            return Ok(Question::AnyNodes(within(most, all, || {
                format!("the cluster has only {}", words::count(all, "node", "nodes"))
            })?));
        }
    };
    let all = domains.all.len();
    let most = how_many(size, ("--domains", arguments.domains), all);
    let most = within(most, all, || match &domains.label {
        Some(label) => format!("{label} has only {}", words::count(all, "value", "values")),
        None => format!("the file lists only {}", words::count(all, "domain", "domains")),
    })?;
    Ok(Question::AnyDomains(domains, most))
}

/// Beyond so many nodes or domains sets of three are too many to be asked about unasked.
const FEW: usize = 100;

/// How many of `all` may fail at once, and the option that says so.
fn how_many(
    size: Size,
    (option, most): (&'static str, usize),
    all: usize,
) -> (&'static str, usize) {
    let unasked = if all <= FEW { 3 } else { 2 };
    match size {
        Size::UpTo(up_to) => ("--up-to", up_to.unwrap_or(unasked.min(all))),
        Size::Given => (option, most),
    }
}

/// At least one, and no more than there are.
fn within(
    (option, most): (&str, usize),
    all: usize,
    only: impl Fn() -> String,
) -> Result<usize, Failure> {
    if most == 0 {
        let what = if option == "--nodes" { "no node" } else { "nothing" };
        let text = format!("{option} 0: with {what} failing there is nothing to prove");
        let single = if option == "--nodes" { "every single node" } else { "every single one" };
        return Err(Failure::usage(text).hint(format!("{option} 1 asks for {single}")));
    }
    if most > all {
        return Err(Failure::usage(format!("{option} {most}: {}", only()))
            .hint(format!("ask for at most {option} {all}")));
    }
    Ok(most)
}

/// The values of a label that nodes have.
fn labelled(cluster: &Cluster, label: &str) -> Result<Domains, Failure> {
    let domains = Domains::of_label(cluster, label);
    if !domains.all.is_empty() {
        return Ok(domains);
    }
    let mut known: Vec<&str> = cluster
        .nodes()
        .iter()
        .flat_map(|node| node.labels.iter().map(|(key, _)| cluster.text(key)))
        .collect();
    known.sort_unstable();
    known.dedup();
    let hint = match nearest(label, known.iter().copied()).filter(|_| !label.is_empty()) {
        Some(near) => format!("did you mean {near}?"),
        None if known.is_empty() => "the nodes have no labels; list domains in a file".to_owned(),
        None => format!("the nodes have {}", words::list(&known, 12)),
    };
    let failure = if label.is_empty() {
        Failure::usage("--domain: which label?")
    } else {
        Failure::usage(format!("--domain {label}: no node has this label"))
    };
    Err(failure.hint(hint))
}

/// The domains of a file.
fn listed(cluster: &Cluster, file: &Path) -> Result<Domains, Failure> {
    let mut sources = input::read(&[file.to_owned()])?;
    let source = sources.pop().filter(|_| sources.is_empty());
    let source = source.ok_or_else(|| {
        Failure::usage(format!("--domain-file {}: name one file", file.display()))
    })?;
    let (listed, told) = holdfast_ingest::domains(cluster, source);
    render::diagnostics::tell(told.iter(), true);
    if told.iter().any(|found| found.severity == Severity::Error) {
        return Err(Failure::refused());
    }
    let domain = |one: holdfast_ingest::domains::Domain| {
        let names: Vec<&str> = one.members.iter().map(String::as_str).collect();
        let (nodes, machines) = hosts(cluster, "--domain-file", &names)?;
        Ok(Domain { name: one.name, nodes, machines })
    };
    let all = listed.into_iter().map(domain).collect::<Result<_, Failure>>()?;
    Ok(Domains { label: None, all })
}

/// Nodes and machines by name; with a machine fail the nodes on it.
fn hosts(
    cluster: &Cluster,
    option: &str,
    names: &[&str],
) -> Result<(Vec<NodeId>, Vec<Symbol>), Failure> {
    let (mut nodes, mut machines) = (Vec::new(), Vec::new());
    for name in names {
        match cluster.machine_named(name) {
            Some(machine) => {
                machines.push(machine.name);
                nodes.extend(machine.nodes.iter().filter_map(|name| cluster.node_named(*name)));
            }
            None => nodes.push(node_named(cluster, option, name)?),
        }
    }
    Ok((nodes, machines))
}
