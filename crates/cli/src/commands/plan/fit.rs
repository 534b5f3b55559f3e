//! `holdfast plan fit`: how many more of a pod or workload fit.

use std::path::Path;

use holdfast_cluster::{Cluster, PodId, WorkloadId};
use holdfast_ingest::overlay::{self, Named, NoSample, spelled};
use holdfast_ingest::{Loaded, Severity};
use holdfast_planner::report::{FitReport, RefusedReport, SurvivalReport};
use holdfast_planner::{Asking, Copies, Fit, NoCopies, Sample, Survival};
use holdfast_proof::Settings;

use crate::args::FitArguments;
use crate::commands;
use crate::failure::{Failure, nearest};
use crate::output::{self, Format};
use crate::render::words;
use crate::{exit, input, question, render, sweep};

/// Runs the command.
///
/// # Errors
/// Bad input, and a name of nothing that there can be more of.
pub(super) fn run(arguments: &FitArguments) -> Result<u8, Failure> {
    for (option, number) in
        [("--budget", arguments.proof.budget), ("--up-to", arguments.up_to as usize)]
    {
        if number == 0 {
            return Err(Failure::usage(format!("{option} must be at least one")));
        }
    }
    output::check_plan(&arguments.output.output)?;
    let (loaded, sample) = load(arguments)?;
    let copies = Copies::of(&loaded.cluster, sample).map_err(|why| none(&loaded.cluster, why))?;
    let fit = Fit::of(&copies, arguments.up_to).map_err(|why| none(copies.cluster(), why))?;
    let mut report = FitReport::new(&copies, &fit);
    if let Some(asked) = question::surviving(&arguments.survivors, copies.cluster())? {
        let settings = Settings { states_per_set: arguments.proof.budget, ..Settings::default() };
        let asking = Asking { settings, sweep: &sweep::until };
        let survival = Survival::of(&copies, &fit, &asked, &asking);
        let survivors = &arguments.survivors;
        let asked = (survivors.survive, survivors.domain.as_deref());
        report.survival = Some(SurvivalReport::new(&copies, &survival, asked));
    }
    output::write_all(&arguments.output.output, |format| match format {
        Format::Json => render::json(&report),
        format => render::plan::fit::render(&report, format, arguments.all),
    })?;
    Ok(if report.blocked.is_empty() { exit::HOLDS } else { exit::INCONCLUSIVE })
}

/// The cluster, and what there is to be more of.
fn load(arguments: &FitArguments) -> Result<(Loaded, Sample), Failure> {
    let FitArguments { input, scheduler, what_if, .. } = arguments;
    let manifest = Path::new(&arguments.of);
    if !manifest.is_file() {
        let loaded = commands::load_cluster(&input.inputs, scheduler, what_if)?;
        let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
        let sample = named(&loaded.cluster, &arguments.of)?;
        return Ok((loaded, sample));
    }
    let mut told = Vec::new();
    let sample = overlay::sample(input::read(&[manifest.to_owned()])?, &mut told);
    render::diagnostics::tell(told.iter(), true);
    if told.iter().any(|found| found.severity == Severity::Error) {
        return Err(Failure::refused());
    }
    let sample = sample.map_err(|why| no_sample(&arguments.of, &why))?;
    let (loaded, sample) = commands::load_with_sample(&input.inputs, scheduler, what_if, sample)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let found = sample.as_ref().and_then(|named| found(&loaded.cluster, named));
    let found = found
        .ok_or_else(|| Failure::usage(format!("{}: the object could not be read", arguments.of)))?;
    Ok((loaded, found))
}

/// What is called so in a cluster.
fn found(cluster: &Cluster, named: &Named) -> Option<Sample> {
    if named.kind == "Pod" {
        let pod = pod(cluster, &named.namespace, &named.name)?;
        return Some(Sample::Pod(pod));
    }
    workload(cluster, Some(&named.kind), &named.namespace, &named.name).map(Sample::Workload)
}

/// `namespace/name` of a pod or workload, or `kind/namespace/name`.
fn named(cluster: &Cluster, text: &str) -> Result<Sample, Failure> {
    let parts: Vec<&str> = text.split('/').collect();
    let (kind, namespace, name) = match *parts {
        [namespace, name] => (None, namespace, name),
        [kind, namespace, name] => {
            let (kind, _) = spelled(kind).ok_or_else(|| {
                Failure::usage(format!("plan fit {text}: no kind {kind:?} is known here"))
            })?;
            (Some(kind), namespace, name)
        }
        _ => {
            return Err(Failure::usage(format!("plan fit {text}: of what?")).hint(
                "name a pod or workload as NAMESPACE/NAME or KIND/NAMESPACE/NAME, or a manifest \
                 file that is there",
            ));
        }
    };
    let of_pod = || pod(cluster, namespace, name).map(Sample::Pod);
    let of_workload = || workload(cluster, kind, namespace, name).map(Sample::Workload);
    let found = match kind {
        Some("Pod") => of_pod(),
        Some(_) => of_workload(),
        None => of_workload().or_else(of_pod),
    };
    found.ok_or_else(|| {
        let failure = Failure::usage(format!("plan fit {text}: there is nothing of that name"));
        let ids = cluster.workload_ids().filter(|id| cluster.workload(*id).owner.is_none());
        let names: Vec<String> = ids.map(|id| key(cluster, id, kind.is_some())).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match nearest(text, names.iter().copied()) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint(format!("there are {}", words::list(&names, 8))),
        }
    })
}

fn key(cluster: &Cluster, id: WorkloadId, with_kind: bool) -> String {
    let workload = cluster.workload(id);
    let (namespace, name) = (cluster.text(workload.namespace), cluster.text(workload.name));
    if with_kind {
        let kind = workload.kind.name(cluster).to_lowercase();
        return format!("{kind}/{namespace}/{name}");
    }
    format!("{namespace}/{name}")
}

fn pod(cluster: &Cluster, namespace: &str, name: &str) -> Option<PodId> {
    let (namespace, name) = (cluster.find(namespace)?, cluster.find(name)?);
    cluster.pod_ids().find(|id| {
        let pod = cluster.pod(*id);
        pod.name == name && cluster.class(pod.class).namespace == namespace
    })
}

/// The workload of that name: of several kinds the one that owns the others, or comes first.
fn workload(
    cluster: &Cluster,
    kind: Option<&str>,
    namespace: &str,
    name: &str,
) -> Option<WorkloadId> {
    let (namespace, name) = (cluster.find(namespace)?, cluster.find(name)?);
    let fits = |id: &WorkloadId| {
        let workload = cluster.workload(*id);
        (workload.namespace, workload.name) == (namespace, name)
            && kind.is_none_or(|kind| workload.kind.name(cluster) == kind)
    };
    let found = cluster.workload_ids().filter(fits);
    found.min_by_key(|id| (cluster.workload(*id).owner.is_some(), cluster.workload(*id).kind))
}

fn no_sample(file: &str, why: &NoSample) -> Failure {
    match why {
        NoSample::Nothing => Failure::usage(format!("{file} holds no pod and no workload")),
        NoSample::Several(all) => {
            let names: Vec<String> =
                all.iter().map(|one| format!("{}/{}", one.kind, one.name)).collect();
            Failure::usage(format!("{file} holds {}: of which?", words::list(&names, 6))).hint(
                "name a file with one of them, or lay the file over the export with --overlay \
                     and name one",
            )
        }
        NoSample::Kind(named) => {
            let kind = &named.kind;
            Failure::usage(format!(
                "{file}: copies of a {kind} cannot be told from a manifest alone"
            ))
            .hint("lay it over the export with --overlay, and name it")
        }
    }
}

/// Why there can be no more of it.
fn none(cluster: &Cluster, why: NoCopies) -> Failure {
    let name = |id: WorkloadId| key(cluster, id, true);
    match why {
        NoCopies::OnePerNode(id) => {
            Failure::usage(format!("{} has one pod on each node that it belongs on", name(id)))
                .hint("it has more as nodes are added: see holdfast plan nodes")
        }
        NoCopies::RollingOut(id) => Failure::usage(format!("{} is being rolled out", name(id)))
            .hint(
                "nobody knows yet which template its next pod is made from; name one of its pods",
            ),
        NoCopies::NoTemplate(id) => Failure::usage(format!(
            "{} has no pod, and no template that tells what its next one asks for",
            name(id)
        )),
        NoCopies::Refused(why) => {
            let why = RefusedReport::new(cluster, why);
            Failure::usage(format!("there can be no more of it: {}", render::plan::refused(&why)))
        }
    }
}
