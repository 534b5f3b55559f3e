//! What `prove` is asked: which machines fail together.

use std::path::{Path, PathBuf};

use holdfast_cluster::{Cluster, NodeId, Symbol};
use holdfast_proof::report::Question;
use holdfast_proof::{Domain, Domains, FailureSet};
use holdfast_render::words;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, nearest};
use crate::loading;
use crate::names::node_named;
use crate::rim::Rim;

/// Which machines fail together, as the flags of `prove` say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Failures {
    /// Every set of up to so many nodes.
    pub nodes: usize,
    /// Every value of this label of nodes as a whole, instead of nodes.
    pub domain: Option<String>,
    /// Whatever this file lists as a whole, instead of nodes.
    pub domain_file: Option<PathBuf>,
    /// Every set of up to so many of these.
    pub domains: usize,
    /// These together, and no others.
    pub fail: Option<Vec<String>>,
}

impl Default for Failures {
    fn default() -> Self {
        Self { nodes: 1, domain: None, domain_file: None, domains: 1, fail: None }
    }
}

/// Which failures are to be survived by what is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Survivors {
    /// Any so many nodes.
    pub survive: usize,
    /// Any value of this label of nodes instead.
    pub domain: Option<String>,
}

impl Default for Survivors {
    fn default() -> Self {
        Self { survive: 1, domain: None }
    }
}

/// The question.
///
/// # Errors
/// Names of nothing, and more failures than there are machines.
pub fn of(asked: &Failures, cluster: &Cluster, rim: &impl Rim) -> Result<Question, Failure> {
    ask(asked, Size::Given, cluster, rim)
}

/// The question how many failures are survived, up to so many.
///
/// # Errors
/// As [`of`].
pub fn of_tolerance(
    asked: &Failures,
    up_to: Option<usize>,
    cluster: &Cluster,
    rim: &impl Rim,
) -> Result<Question, Failure> {
    ask(asked, Size::UpTo(up_to), cluster, rim)
}

/// The question whether any so many nodes, or any value of a label, may fail; `None` where no node
/// is to.
///
/// # Errors
/// A label of no node, and more failures than there are nodes.
pub fn surviving(asked: &Survivors, cluster: &Cluster) -> Result<Option<Question>, Failure> {
    let Survivors { survive, domain } = asked;
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

fn ask(
    asked: &Failures,
    size: Size,
    cluster: &Cluster,
    rim: &impl Rim,
) -> Result<Question, Failure> {
    if let Some(names) = &asked.fail {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (nodes, machines) = hosts(cluster, "--fail", &names)?;
        return Ok(Question::Set(FailureSet::new(nodes).and_machines(machines)));
    }
    let domains = match (&asked.domain, &asked.domain_file) {
        (Some(label), _) => labelled(cluster, label)?,
        (None, Some(file)) => listed(cluster, file, rim)?,
        (None, None) => {
            let all = cluster.nodes().len();
            let most = how_many(size, ("--nodes", asked.nodes), all);
            return Ok(Question::AnyNodes(within(most, all, || {
                format!("the cluster has only {}", words::count(all, "node", "nodes"))
            })?));
        }
    };
    let all = domains.all.len();
    let most = how_many(size, ("--domains", asked.domains), all);
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
fn listed(cluster: &Cluster, file: &Path, rim: &impl Rim) -> Result<Domains, Failure> {
    let source = rim.read("--domain-file", file)?;
    let (listed, told) = holdfast_ingest::domains(cluster, source);
    loading::heed(&told, rim)?;
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
