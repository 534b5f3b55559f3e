//! Whatever makes pods: Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and their like.

use holdfast_cluster::budget::Amount;
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::workload::{Losses, Strategy, WorkloadKind};
use holdfast_cluster::{Cluster, Labels, Symbol};
use serde::Deserialize;

use super::affinity::Bearer;
use super::context::Context;
use super::lean::{self, Int, List, Pairs, Text};
use super::meta::Meta;
use super::pod::{Maker, RawCondition, maker};
use super::podspec::{Draft, Owner, RawPodSpec};
use super::policy::amount;
use super::selector::{RawLabelSelector, equals};
use super::storage::{ClaimEntry, RawClaim};
use crate::Rule;

/// Every kind of workload at once: no two of them use one field with different meanings, but for
/// the selector of a ReplicationController, which is a plain map.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawWorkload<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawWorkloadSpec<'a>>,
    status: Option<RawWorkloadStatus<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawWorkloadSpec<'a> {
    replicas: Option<Int>,
    selector: Option<RawLabelSelector<'a>>,
    template: Option<RawTemplate<'a>>,
    strategy: Option<RawStrategy<'a>>,
    update_strategy: Option<RawStrategy<'a>>,
    paused: Option<bool>,
    min_ready_seconds: Option<Int>,
    pod_management_policy: Text<'a>,
    ordinals: Option<RawOrdinals>,
    volume_claim_templates: List<RawClaim<'a>>,
    parallelism: Option<Int>,
    completions: Option<Int>,
    pod_replacement_policy: Text<'a>,
    pod_failure_policy: Option<RawFailurePolicy<'a>>,
    backoff_limit: Option<Int>,
    backoff_limit_per_index: Option<Int>,
    suspend: Option<bool>,
}

/// `v1/ReplicationController`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawController<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawControllerSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawControllerSpec<'a> {
    replicas: Option<Int>,
    #[serde(rename = "minReadySeconds")]
    min_ready_seconds: Option<Int>,
    selector: Pairs<'a>,
    template: Option<RawTemplate<'a>>,
}

/// `v1.PodTemplateSpec`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawTemplate<'a> {
    metadata: Option<Meta<'a>>,
    spec: Option<RawPodSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawStrategy<'a> {
    #[serde(rename = "type")]
    kind: Text<'a>,
    rolling_update: Option<RawRollingUpdate<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawRollingUpdate<'a> {
    max_unavailable: Option<Text<'a>>,
    max_surge: Option<Text<'a>>,
    partition: Option<Int>,
}

/// `batch/v1.PodFailurePolicy`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawFailurePolicy<'a> {
    rules: List<RawFailureRule<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawFailureRule<'a> {
    action: Text<'a>,
    on_exit_codes: Option<serde::de::IgnoredAny>,
    on_pod_conditions: List<RawCondition<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawOrdinals {
    start: Option<Int>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawWorkloadStatus<'a> {
    succeeded: Option<Int>,
    failed: Option<Int>,
    conditions: List<RawCondition<'a>>,
}

/// What a workload's pods are made from, with what admission adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) draft: Draft,
    pub(crate) labels: Labels,
    /// `spec.nodeName` of the template: its pods are born bound.
    pub(crate) node: Option<Symbol>,
    /// What the deletion of its pods costs.
    pub(crate) deletion_cost: i32,
    /// What its generic ephemeral volumes claim, by volume.
    pub(crate) ephemeral: Vec<(Symbol, ClaimEntry)>,
}

impl Template {
    /// The value of [`POD_TEMPLATE_HASH`].
    pub(crate) fn hash(&self, cluster: &Cluster) -> Option<Symbol> {
        self.labels.get(cluster.find(POD_TEMPLATE_HASH)?)
    }
}

/// A workload before its owner is found and its pods are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkloadEntry {
    pub(crate) kind: WorkloadKind,
    pub(crate) namespace: Symbol,
    pub(crate) name: Symbol,
    pub(crate) owner: Option<Maker>,
    pub(crate) desired: i64,
    pub(crate) selector: LabelSelector,
    pub(crate) template: Option<Template>,
    pub(crate) strategy: Option<Strategy>,
    pub(crate) parallel: bool,
    /// A Job that waits until a pod has ended before it makes another.
    pub(crate) replaces_ended: bool,
    /// What a Job makes of pods that it loses.
    pub(crate) losses: Losses,
    /// How long a pod must be ready to count as available.
    pub(crate) min_ready_seconds: i64,
    pub(crate) inactive: bool,
    /// The number of the rollout (`deployment.kubernetes.io/revision`).
    pub(crate) revision: i64,
    /// The number of a StatefulSet's first pod.
    pub(crate) first_ordinal: i64,
    /// Claims that a StatefulSet makes for each pod; names are the templates' own.
    pub(crate) claims: Vec<ClaimEntry>,
    pub(crate) terminating: bool,
    pub(crate) created: Option<i64>,
}

impl RawWorkload<'_> {
    /// Translates a workload. `legacy` groups select by the template's labels where no selector is
    /// given.
    pub(crate) fn read(&self, kind: WorkloadKind, context: &mut Context<'_>) -> WorkloadEntry {
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        let none = RawWorkloadSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&none);
        let mut entry = blank(kind, meta, context);
        entry.template =
            template(spec.template.as_ref(), kind, (entry.namespace, entry.name), context);
        entry.selector = match (&spec.selector, &entry.template) {
            (None, Some(_)) => {
                let raw = spec.template.as_ref().and_then(|raw| raw.metadata.as_ref());
                let labels = raw.map(|meta| context.labels(&meta.labels));
                of_labels(&labels.unwrap_or_default())
            }
            (selector, _) => RawLabelSelector::compile(selector.as_ref(), context),
        };
        entry.strategy = spec.strategy(kind, context);
        entry.parallel = &*spec.pod_management_policy == "Parallel";
        // `SetDefaults_Job` (`pkg/apis/batch/v1/defaults.go`, v1.36.3).
        entry.replaces_ended =
            &*spec.pod_replacement_policy == "Failed" || spec.pod_failure_policy.is_some();
        entry.min_ready_seconds = spec.min_ready_seconds.map_or(0, |seconds| seconds.0.max(0));
        entry.first_ordinal =
            spec.ordinals.as_ref().and_then(|ordinals| ordinals.start).map_or(0, |start| start.0);
        entry.claims =
            spec.volume_claim_templates.iter().map(|claim| claim.read(context)).collect();
        let no_status = RawWorkloadStatus::default();
        let status = self.status.as_ref().unwrap_or(&no_status);
        entry.inactive = spec.suspend == Some(true) || status.finished();
        entry.losses = spec.losses(status);
        entry.desired = match kind {
            WorkloadKind::Job if entry.inactive => 0,
            WorkloadKind::Job => spec.parallel_jobs(status, context),
            WorkloadKind::DaemonSet | WorkloadKind::CronJob => 0,
            _ => count("replicas", spec.replicas, context).unwrap_or(1),
        };
        entry
    }
}

impl RawController<'_> {
    /// Translates a ReplicationController.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> WorkloadEntry {
        let kind = WorkloadKind::ReplicationController;
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        let none = RawControllerSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&none);
        let mut entry = blank(kind, meta, context);
        entry.template =
            template(spec.template.as_ref(), kind, (entry.namespace, entry.name), context);
        let selector = context.labels(&spec.selector);
        entry.selector = match &entry.template {
            Some(template) if selector.is_empty() => of_labels(&template.labels),
            _ => of_labels(&selector),
        };
        entry.desired = count("replicas", spec.replicas, context).unwrap_or(1);
        entry.min_ready_seconds = spec.min_ready_seconds.map_or(0, |seconds| seconds.0.max(0));
        entry
    }
}

/// A count of pods: the API keeps it in 32 bits, and never below zero.
fn count(what: &str, number: Option<Int>, context: &mut Context<'_>) -> Option<i64> {
    let number = number?.0;
    if !(0..=i64::from(i32::MAX)).contains(&number) {
        context.complain(Rule::BadQuantity, format!("{what}: {number}"));
    }
    Some(number)
}

fn blank(kind: WorkloadKind, meta: &Meta<'_>, context: &mut Context<'_>) -> WorkloadEntry {
    WorkloadEntry {
        kind,
        namespace: context.intern(meta.namespace()),
        name: context.intern(&meta.name),
        owner: meta.controller().and_then(|owner| maker(owner, context)),
        desired: 0,
        selector: LabelSelector::Nothing,
        template: None,
        strategy: None,
        parallel: false,
        replaces_ended: false,
        losses: Losses::Unknown,
        min_ready_seconds: 0,
        inactive: false,
        revision: meta
            .annotations
            .get(lean::REVISION)
            .and_then(|revision| revision.parse().ok())
            .unwrap_or(0),
        first_ordinal: 0,
        claims: Vec::new(),
        terminating: meta.terminating(),
        created: super::meta::seconds(&meta.creation_timestamp),
    }
}

/// A selector that asks for every one of these labels.
pub(crate) fn of_labels(labels: &Labels) -> LabelSelector {
    LabelSelector::All(labels.iter().map(|(key, value)| equals(key, value)).collect())
}

fn template(
    raw: Option<&RawTemplate<'_>>,
    kind: WorkloadKind,
    (namespace, name): (Symbol, Symbol),
    context: &mut Context<'_>,
) -> Option<Template> {
    let raw = raw?;
    let spec = raw.spec.as_ref()?;
    let mut labels = match &raw.metadata {
        Some(meta) => context.labels(&meta.labels),
        None => Labels::default(),
    };
    if kind == WorkloadKind::Deployment {
        labels = with_hash(&labels, namespace, name, context);
    }
    let bearer = Bearer { namespace, labels: &labels };
    let (mut draft, _) = spec.translate(Owner { name: "", bearer }, context);
    super::admission::tolerations(&mut draft.spec, kind, context);
    let node = context.intern_some(&spec.node_name);
    let ephemeral = spec.volumes.iter().filter_map(|volume| volume.ephemeral_claim(context));
    let ephemeral = ephemeral.collect();
    let deletion_cost = raw.metadata.as_ref().map_or(0, Meta::deletion_cost);
    Some(Template { draft, labels, node, deletion_cost, ephemeral })
}

/// Labels with the one by which a Deployment tells its rollouts apart. The real hash is of Go's own
/// rendering of the template; this one is as good as any that is its own.
fn with_hash(
    labels: &Labels,
    namespace: Symbol,
    name: Symbol,
    context: &mut Context<'_>,
) -> Labels {
    let known = context.builder.so_far();
    let mut hash: u32 = 0x811c_9dc5;
    for byte in known.text(namespace).bytes().chain([b'/']).chain(known.text(name).bytes()) {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    let key = context.intern(POD_TEMPLATE_HASH);
    let value = context.intern(&format!("{hash:08x}"));
    Labels::new(labels.iter().chain([(key, value)]).collect::<Vec<_>>())
}

/// The label by which a Deployment tells its rollouts apart.
pub(crate) const POD_TEMPLATE_HASH: &str = "pod-template-hash";

impl RawWorkloadSpec<'_> {
    /// How it rolls out, unless it is paused, by the defaults of `pkg/apis/apps/v1/defaults.go`
    /// (v1.36.3): Deployments 25 % at a time, DaemonSets one by one, StatefulSets from the
    /// highest number down.
    fn strategy(&self, kind: WorkloadKind, context: &mut Context<'_>) -> Option<Strategy> {
        let none = RawStrategy::default();
        let (raw, unavailable, surge) = match kind {
            WorkloadKind::Deployment if self.paused == Some(true) => return None,
            WorkloadKind::Deployment => (&self.strategy, Amount::Percent(25), Amount::Percent(25)),
            WorkloadKind::DaemonSet => (&self.update_strategy, Amount::Count(1), Amount::Count(0)),
            WorkloadKind::StatefulSet => {
                (&self.update_strategy, Amount::Count(1), Amount::Count(0))
            }
            _ => return None,
        };
        let raw = raw.as_ref().unwrap_or(&none);
        match &*raw.kind {
            "Recreate" => return Some(Strategy::Recreate),
            "OnDelete" => return Some(Strategy::OnDelete),
            _ => {}
        }
        let update = raw.rolling_update.as_ref();
        if kind == WorkloadKind::StatefulSet {
            let partition = update.and_then(|update| update.partition);
            let partition = partition.map_or(0, |number| ordinal(number.0));
            return Some(Strategy::Ordered { partition });
        }
        let mut read = |what, text: Option<&Text<'_>>, default| {
            text.and_then(|text| amount(what, text, context)).unwrap_or(default)
        };
        let (least, most) = match update {
            Some(update) => (update.max_unavailable.as_ref(), update.max_surge.as_ref()),
            None => (None, None),
        };
        Some(Strategy::RollingUpdate {
            max_unavailable: read("maxUnavailable", least, unavailable),
            max_surge: read("maxSurge", most, surge),
        })
    }

    /// What a Job makes of pods that it loses to a disruption (`matchPodFailurePolicy`,
    /// `pkg/controller/job/pod_failure_policy.go`, v1.36.3): the first rule that matches decides.
    fn losses(&self, status: &RawWorkloadStatus<'_>) -> Losses {
        if self.backoff_limit_per_index.is_some() {
            return Losses::Unknown;
        }
        let rules = self.pod_failure_policy.as_ref().map_or(&[][..], |policy| &policy.rules);
        for rule in rules {
            let disrupted = |condition: &RawCondition<'_>| {
                &*condition.kind == "DisruptionTarget" && matches!(&*condition.status, "" | "True")
            };
            match &*rule.action {
                _ if rule.on_exit_codes.is_some() => return Losses::Unknown,
                _ if !rule.on_pod_conditions.iter().any(disrupted) => {}
                "Ignore" => return Losses::Ignored,
                "FailJob" => return Losses::Counted(0),
                "Count" => break,
                _ => return Losses::Unknown,
            }
        }
        let failed = status.failed.map_or(0, |number| number.0);
        Losses::Counted(self.backoff_limit.map_or(6, |limit| limit.0).saturating_sub(failed))
    }

    /// How many pods a running Job wants at once (`wantActivePods`, `pkg/controller/job`): no more
    /// than it may run, nor than it still lacks.
    fn parallel_jobs(&self, status: &RawWorkloadStatus<'_>, context: &mut Context<'_>) -> i64 {
        let parallelism = count("parallelism", self.parallelism, context).unwrap_or(1);
        let succeeded = status.succeeded.map_or(0, |number| number.0);
        match count("completions", self.completions, context) {
            Some(completions) => parallelism.min(completions.saturating_sub(succeeded).max(0)),
            // A Job without either number runs once.
            None if self.parallelism.is_none() => i64::from(succeeded < 1),
            // A work queue takes no new pods once one of them has ended well.
            None if succeeded > 0 => 0,
            None => parallelism,
        }
    }
}

/// The number of a StatefulSet's pod; the API keeps it in 32 bits, and never below zero.
pub(crate) fn ordinal(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

impl RawWorkloadStatus<'_> {
    /// A Job that is over.
    fn finished(&self) -> bool {
        self.conditions.iter().any(|condition| {
            matches!(&*condition.kind, "Complete" | "Failed") && &*condition.status == "True"
        })
    }
}

impl WorkloadEntry {
    /// A workload of which nothing but its name is known.
    pub(crate) fn unread((kind, namespace, name): (WorkloadKind, Symbol, Symbol)) -> Self {
        Self {
            kind,
            namespace,
            name,
            owner: None,
            desired: 0,
            selector: LabelSelector::Nothing,
            template: None,
            strategy: None,
            parallel: false,
            replaces_ended: false,
            losses: Losses::Unknown,
            min_ready_seconds: 0,
            inactive: false,
            revision: 0,
            first_ordinal: 0,
            claims: Vec::new(),
            terminating: false,
            created: None,
        }
    }
}
