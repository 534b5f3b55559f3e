//! `plan fit`: how many more of a pod or workload fit.

use holdfast_cluster::{Cluster, PodId, WorkloadId};
use holdfast_ingest::Source;
use holdfast_ingest::overlay::{self, Alteration, Named, NoSample, spelled};
use holdfast_planner::report::{FitReport, RefusedReport, SurvivalReport};
use holdfast_planner::{Asking, Copies, NoCopies, Sample, Survival};
use holdfast_proof::Settings;
use holdfast_render::{self as render, Format, words};
use serde::{Deserialize, Serialize};

use super::{STATES, at_least_one};
use crate::answer::Answer;
use crate::failure::{Failure, nearest};
use crate::question::{self, Survivors};
use crate::rim::Rim;
use crate::{exit, loading, sweep};

/// The question, as the flags of the command say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fit {
    /// What there is to be more of: `NAMESPACE/NAME` of a workload or pod, or
    /// `KIND/NAMESPACE/NAME`.
    pub of: String,
    /// What is to be survived.
    pub survivors: Survivors,
    /// Counting stops at so many.
    pub up_to: u32,
    /// States to search per failure set.
    pub budget: usize,
    /// Every node is shown, also in large clusters.
    pub all: bool,
}

impl Default for Fit {
    fn default() -> Self {
        let survivors = Survivors::default();
        let of = String::new();
        Self { of, survivors, up_to: 100_000, budget: STATES, all: false }
    }
}

/// How many fit.
pub struct Fitted {
    /// The report.
    pub report: FitReport,
    all: bool,
}

impl Fit {
    /// Refuses numbers that are none.
    ///
    /// # Errors
    /// When one is zero.
    pub fn check(&self) -> Result<(), Failure> {
        at_least_one(&[("--budget", self.budget), ("--up-to", self.up_to as usize)])
    }

    /// What there is to be more of, in a cluster.
    ///
    /// # Errors
    /// When there is nothing of that name.
    pub fn sample(&self, cluster: &Cluster) -> Result<Sample, Failure> {
        named(cluster, &self.of)
    }

    /// Asks it of a cluster about more of something in it.
    ///
    /// # Errors
    /// What there cannot be more of, and failures that there cannot be.
    pub fn ask(
        &self,
        cluster: &Cluster,
        sample: Sample,
        rim: &impl Rim,
    ) -> Result<Fitted, Failure> {
        self.check()?;
        let copies = Copies::of(cluster, sample).map_err(|why| none(cluster, why))?;
        let fit = holdfast_planner::Fit::of(&copies, self.up_to);
        let fit = fit.map_err(|why| none(copies.cluster(), why))?;
        let mut report = FitReport::new(&copies, &fit);
        if let Some(asked) = question::surviving(&self.survivors, copies.cluster())? {
            let settings = Settings { states_per_set: self.budget, ..Settings::default() };
            let sweep = sweep::few(rim);
            let asking = Asking { settings, sweep: &sweep };
            let survival = Survival::of(&copies, &fit, &asked, &asking);
            let Survivors { survive, domain } = &self.survivors;
            let asked = (*survive, domain.as_deref());
            report.survival = Some(SurvivalReport::new(&copies, &survival, asked));
        }
        Ok(Fitted { report, all: self.all })
    }
}

impl Answer for Fitted {
    fn text(&self, format: Format) -> String {
        match format {
            Format::Json => render::json(&self.report),
            format => render::plan::fit::render(&self.report, format, self.all),
        }
    }

    fn code(&self) -> u8 {
        if self.report.blocked.is_empty() { exit::HOLDS } else { exit::INCONCLUSIVE }
    }
}

/// What a manifest, which goes by this name, holds one of, to be laid over a cluster.
///
/// # Errors
/// When it cannot be read, or does not hold one thing that there can be more of.
pub fn sample(manifest: Vec<Source>, name: &str, rim: &impl Rim) -> Result<Alteration, Failure> {
    let mut told = Vec::new();
    let sample = overlay::sample(manifest, &mut told);
    loading::heed(&told, rim)?;
    sample.map_err(|why| no_sample(name, &why))
}

/// What is called so in a cluster.
pub fn found(cluster: &Cluster, named: &Named) -> Option<Sample> {
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
