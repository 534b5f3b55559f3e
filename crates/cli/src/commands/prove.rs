//! `holdfast prove`: for every failure, what keeps running and what comes back.

use holdfast_cluster::{Cluster, NodeId};
use holdfast_ingest::Loaded;
use holdfast_proof::certify::certify;
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::{FailureSet, Prover, Report, Settings};

use crate::args::ProveArguments;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{exit, interrupt, render, sweep};

/// Runs the command.
///
/// # Errors
/// Bad input, an unknown node, nothing to check.
pub fn run(arguments: &ProveArguments) -> Result<u8, Failure> {
    if arguments.budget == 0 {
        return Err(Failure::usage("--budget must be at least one state"));
    }
    output::check(&arguments.output.output)?;
    arguments.certificate.as_deref().map_or(Ok(()), output::check_folder)?;
    let loaded = super::load_cluster(&arguments.input.inputs, &arguments.scheduler)?;
    let loaded = super::assume(loaded, arguments.assumptions.as_ref())?;
    let cluster = &loaded.cluster;
    let question = question(arguments, cluster)?;
    let settings = Settings { states_per_set: arguments.budget, ..Settings::default() };
    let mut prover = Prover::new(cluster, settings);
    if let Question::AnyNodes(most) = question {
        prover.foresee(most);
    }
    if prover.subjects().subjects.is_empty() {
        return Err(nothing_runs(&loaded));
    }
    let summary = sweep::sweep(&prover, &question, interrupt::flag());
    if let Some(path) = &arguments.certificate {
        let certified = certify(&prover, &question, &summary);
        output::write_file(path, &render::json(&certified.certificate))?;
        render::verify::tell_left_out(&certified.left_out);
    }
    let report = Report::new(&prover, &question, &summary);
    output::refuse_ndjson(&arguments.output.output)?;
    output::write_all(&arguments.output.output, |format| match format {
        Format::Human => render::prove::human(&report, arguments.all),
        Format::Json | Format::Ndjson => render::json(&report),
    })?;
    Ok(match report.verdict {
        _ if !report.checked.complete => exit::INCONCLUSIVE,
        VerdictName::Proved => exit::HOLDS,
        VerdictName::Refuted => exit::REFUTED,
        VerdictName::Unknown => exit::INCONCLUSIVE,
    })
}

/// Nodes alone, or nothing but jobs and what is scaled to zero.
fn nothing_runs(loaded: &Loaded) -> Failure {
    if loaded.cluster.workloads().is_empty() {
        return Failure::nothing("the input holds nodes, but no pods and no workloads")
            .hint(format!("export all that is needed with:\n  {}", crate::args::export_line("")));
    }
    Failure::nothing(
        "every workload runs to its end or is scaled to zero: none should keep running",
    )
    .hint("holdfast inspect shows what was read")
}

fn question(arguments: &ProveArguments, cluster: &Cluster) -> Result<Question, Failure> {
    let Some(names) = &arguments.fail else {
        return any_nodes(arguments.nodes, cluster.nodes().len());
    };
    let nodes: Vec<Vec<NodeId>> =
        names.iter().map(|name| host(cluster, name)).collect::<Result<_, _>>()?;
    Ok(Question::Set(FailureSet::new(nodes.concat())))
}

fn any_nodes(most: usize, nodes: usize) -> Result<Question, Failure> {
    if most == 0 {
        return Err(Failure::usage("--nodes 0: with no node failing there is nothing to prove")
            .hint("--nodes 1 asks for every single node"));
    }
    if most > nodes {
        let only = render::words::count(nodes, "node", "nodes");
        return Err(Failure::usage(format!("--nodes {most}: the cluster has only {only}"))
            .hint(format!("ask for at most --nodes {nodes}")));
    }
    Ok(Question::AnyNodes(most))
}

/// A node, or the nodes of a machine.
fn host(cluster: &Cluster, name: &str) -> Result<Vec<NodeId>, Failure> {
    let Some(machine) = cluster.machine_named(name) else {
        return super::node_named(cluster, "--fail", name).map(|node| vec![node]);
    };
    if machine.nodes.is_empty() {
        return Err(Failure::usage(format!("--fail: machine {name} carries no nodes"))
            .hint(format!("tell its failure with holdfast simulate --event fail:{name}")));
    }
    Ok(machine.nodes.iter().filter_map(|name| cluster.node_named(*name)).collect())
}
