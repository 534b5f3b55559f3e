//! Resource quotas, as far as they can keep controllers from making pods.
//!
//! The API server charges every pod that has not ended to the quotas of its namespace, and refuses
//! one that would exceed them (`pkg/quota/v1/evaluator/core/pods.go`, v1.36.3). A pod whose grace
//! period is over is not charged any more, so that one that is stuck on a silent node is in
//! nobody's way. Hence quotas that are kept today let every lost pod come back, as long as nobody
//! makes more than there are; where that is not so, nobody knows who is let in first.

use std::collections::BTreeSet;

use crate::budget::Amount;
use crate::pod::Phase;
use crate::workload::{Strategy, WorkloadKind};
use crate::{ClassId, Cluster, InstanceId, Placement, Pod, Symbol, Workload, WorkloadId};

/// A `ResourceQuota` that speaks of pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Its namespace.
    pub namespace: Symbol,
    /// Its name.
    pub name: Symbol,
    /// By its status it is kept today, and charges nothing but pods that have not ended.
    pub kept: bool,
    /// How much all pods may request.
    pub limit: Limit,
    /// It limits something else of pods as well.
    pub more: bool,
    /// It is only of some pods of the namespace.
    pub scoped: bool,
}

/// How much all pods of a namespace may request; what is not named has no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// How many pods.
    pub pods: Option<i64>,
    /// Thousandths of a core.
    pub cpu_milli: Option<i64>,
    /// Bytes of memory.
    pub memory: Option<i64>,
    /// Bytes of ephemeral storage.
    pub ephemeral_storage: Option<i64>,
}

/// What pods are charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Charged {
    /// That they are there.
    Pods,
    /// The cores that they request.
    Cpu,
    /// The memory that they request.
    Memory,
    /// The ephemeral storage that they request.
    EphemeralStorage,
}

/// How many more pods a quota lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// So many.
    pub pods: u64,
    /// What there is too little of for the next.
    pub of: Charged,
    /// How much the next is charged.
    pub wanted: i64,
    /// How much is left today.
    pub free: i64,
}

/// Pods, cores, memory and ephemeral storage, as a limit has them.
type Charge = [i128; 4];

impl Limit {
    /// Each limit that there is, with the place of what it limits in a charge.
    fn all(&self) -> impl Iterator<Item = (Charged, usize, i128)> {
        let limits = [
            (Charged::Pods, self.pods),
            (Charged::Cpu, self.cpu_milli),
            (Charged::Memory, self.memory),
            (Charged::EphemeralStorage, self.ephemeral_storage),
        ];
        let known = |(at, (of, limit)): (usize, (Charged, Option<i64>))| {
            limit.map(|limit| (of, at, i128::from(limit)))
        };
        limits.into_iter().enumerate().filter_map(known)
    }

    fn allows(&self, charge: Charge) -> bool {
        self.all().all(|(_, at, limit)| charge[at] <= limit)
    }
}

impl Quota {
    /// How many more pods of a class it lets in besides those that are there, as far as the amounts
    /// go that it limits: it may limit [`more`](Self::more). `None` where nothing of that keeps
    /// them out, or which pods it is of is not known.
    pub fn allows(&self, cluster: &Cluster, class: ClassId) -> Option<Allowance> {
        if self.scoped {
            return None;
        }
        let inside = Inside::of(cluster, self.namespace);
        let each = inside.request(class);
        let mut used = Charge::default();
        let ended = |pod: &Pod| matches!(pod.phase, Phase::Succeeded | Phase::Failed);
        for pod in inside.pods.iter().filter(|pod| !ended(pod)) {
            add(&mut used, 1, inside.request(pod.class));
        }
        let allowance = |(of, at, limit): (Charged, usize, i128)| {
            let free = limit - used[at];
            let pods = free.max(0).checked_div(each[at])?;
            Some(Allowance {
                pods: u64::try_from(pods).unwrap_or(u64::MAX),
                of,
                wanted: i64::try_from(each[at]).unwrap_or(i64::MAX),
                free: i64::try_from(free).unwrap_or(i64::MIN),
            })
        };
        self.limit.all().filter_map(allowance).min_by_key(|allowance| allowance.pods)
    }
}

/// The namespaces in which quotas may refuse pods that controllers make.
pub(crate) fn refusing(cluster: &Cluster) -> BTreeSet<Symbol> {
    let mut refusing = BTreeSet::new();
    for quota in &cluster.objects().quotas {
        let inside = Inside::of(cluster, quota.namespace);
        let allowed = || !quota.more && quota.limit.allows(inside.demand());
        if !(quota.kept && inside.is_steady() || allowed()) {
            refusing.insert(quota.namespace);
        }
    }
    refusing
}

/// Whether a quota may have refused a pod that takes no lost one's place: one that was made here as
/// its controller would make it, or because more are wanted than the export says.
pub fn may_refuse(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    if cluster.objects().quotas.is_empty() {
        return false;
    }
    let instance = placement.instance(pod);
    let workload = cluster.workload(instance.workload);
    let more = instance.origin.is_none_or(|pod| cluster.pod(pod).expanded);
    let root = cluster.root(instance.workload);
    let scaled = placement.target(root).desired > cluster.workload(root).desired;
    let charged = || {
        let mut quotas = cluster.objects().quotas.iter();
        quotas.any(|quota| quota.namespace == workload.namespace)
    };
    more && (workload.rationed || scaled && charged())
}

/// What is in a namespace.
struct Inside<'c> {
    cluster: &'c Cluster,
    pods: Vec<&'c Pod>,
    workloads: Vec<WorkloadId>,
}

impl<'c> Inside<'c> {
    fn of(cluster: &'c Cluster, namespace: Symbol) -> Self {
        let pods = cluster.pods().iter();
        let own = |id: &WorkloadId| cluster.workload(*id).namespace == namespace;
        Self {
            cluster,
            pods: pods.filter(|pod| cluster.class(pod.class).namespace == namespace).collect(),
            workloads: cluster.workload_ids().filter(own).collect(),
        }
    }

    /// How many pods a workload lacks that makes as many as it says.
    fn lacking(&self, id: WorkloadId) -> i64 {
        let workload = self.cluster.workload(id);
        let counts = matches!(
            workload.kind,
            WorkloadKind::ReplicaSet
                | WorkloadKind::ReplicationController
                | WorkloadKind::StatefulSet
        );
        let has = self.pods.iter().filter(|pod| pod.workload == id).count() as i64;
        if counts { (workload.desired - has).max(0) } else { 0 }
    }

    /// Whether a Deployment is between two ReplicaSets, or about to be.
    fn rolls_out(&self, id: WorkloadId) -> bool {
        let workload = self.cluster.workload(id);
        let sets = self.cluster.owned(id).iter().map(|set| self.cluster.workload(*set));
        let mut wanted = sets.clone().map(|set| set.desired).filter(|desired| *desired > 0);
        workload.kind == WorkloadKind::Deployment
            && (sets.clone().any(|set| set.rollout > 0)
                || wanted.next().unwrap_or(0) != workload.desired
                || wanted.next().is_some())
    }

    /// Whether all that controllers want is there, and would be made again as it is.
    fn is_steady(&self) -> bool {
        self.pods.iter().all(|pod| !pod.expanded && pod.class == pod.replacement)
            && self.workloads.iter().all(|id| self.lacking(*id) == 0 && !self.rolls_out(*id))
    }

    /// The most that all pods may request together: those that are there, those that are missing,
    /// and those that rollouts add.
    fn demand(&self) -> Charge {
        let mut all = Charge::default();
        for pod in &self.pods {
            add(&mut all, 1, self.larger(self.request(pod.class), pod.replacement));
        }
        for &id in &self.workloads {
            let root = self.cluster.root(id);
            let own = self.pods.iter().filter(|pod| self.cluster.root(pod.workload) == root);
            let classes = own.map(|pod| pod.replacement);
            let classes = classes.chain(self.cluster.workload(id).template);
            let largest = classes.fold(Charge::default(), |most, class| self.larger(most, class));
            let more = self.lacking(id) + surge(self.cluster.workload(id));
            add(&mut all, i128::from(more), largest);
        }
        all
    }

    fn request(&self, class: ClassId) -> Charge {
        let requests = &self.cluster.spec_of(class).requests;
        [1, requests.cpu_milli, requests.memory, requests.ephemeral_storage].map(i128::from)
    }

    fn larger(&self, one: Charge, class: ClassId) -> Charge {
        let other = self.request(class);
        std::array::from_fn(|at| one[at].max(other[at]))
    }
}

fn add(all: &mut Charge, pods: i128, each: Charge) {
    for (sum, each) in all.iter_mut().zip(each) {
        *sum += pods * each;
    }
}

/// How many pods a rollout adds at most.
fn surge(workload: &Workload) -> i64 {
    match workload.strategy {
        Some(Strategy::RollingUpdate { max_surge, .. }) => match max_surge {
            Amount::Count(count) => count,
            Amount::Percent(share) => (workload.desired * share + 99) / 100,
        },
        _ => 0,
    }
}
