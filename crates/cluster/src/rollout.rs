//! The ReplicaSets that rollouts to come will make.
//!
//! A Deployment tells the pods of one rollout from those of another by a label, `pod-template-hash`
//! (`pkg/controller/deployment/util/deployment_util.go`, v1.36.3), which spread constraints and
//! affinity terms may ask for (`matchLabelKeys`). A cluster never changes, so what a rollout makes
//! must be in it beforehand.

use std::collections::BTreeMap;

use crate::affinity::{PodAffinity, PodAffinityTerm};
use crate::cluster::Builder;
use crate::selector::{LabelSelector, Operator, Requirement};
use crate::workload::{Provenance, Strategy, Workload, WorkloadKind};
use crate::{Cluster, Labels, PodClass, PodSpec, Symbol, WorkloadId};

/// The label by which a Deployment tells its rollouts apart.
const HASH: &str = "pod-template-hash";

impl Cluster {
    /// The same cluster, ready for so many rollouts of each of these Deployments: with a ReplicaSet
    /// for each, that wants no pods yet. All ids stay what they are.
    #[must_use]
    pub fn with_rollouts(&self, rollouts: &BTreeMap<WorkloadId, u32>) -> Self {
        let mut builder = Builder::from(self.clone());
        for (&deployment, &count) in rollouts {
            if self.workload(deployment).kind == WorkloadKind::Deployment {
                (1..=count).for_each(|rollout| add_set(&mut builder, deployment, rollout));
            }
        }
        builder.finish()
    }

    /// The same cluster with the ReplicaSets that Deployments are about to make: one that replaces
    /// its pods all at once makes the next only when the last old pod is gone
    /// (`rolloutRecreate`, `pkg/controller/deployment/recreate.go`, v1.36.3), and until then all it
    /// has are empty.
    #[must_use]
    pub fn with_due_sets(self) -> Self {
        let due: Vec<WorkloadId> =
            self.workload_ids().filter(|id| self.lacks_its_set(*id)).collect();
        if due.is_empty() {
            return self;
        }
        let mut builder = Builder::from(self.clone());
        for id in due {
            add_set(&mut builder, id, 0);
        }
        builder.finish()
    }

    fn lacks_its_set(&self, id: WorkloadId) -> bool {
        let deployment = self.workload(id);
        let empty = |set: &WorkloadId| {
            let set = self.workload(*set);
            set.provenance == Provenance::Read && set.desired == 0
        };
        deployment.kind == WorkloadKind::Deployment
            && deployment.strategy == Some(Strategy::Recreate)
            && deployment.desired > 0
            && !self.owned(id).is_empty()
            && self.owned(id).iter().all(empty)
    }
}

/// Adds the ReplicaSet of a rollout to come, or, numbered 0, of one that has begun.
pub(crate) fn add_set(builder: &mut Builder, id: WorkloadId, rollout: u32) {
    let cluster = builder.so_far();
    let deployment = cluster.workload(id).clone();
    let newest = cluster.owned(id).iter().max_by_key(|set| cluster.workload(**set).revision);
    let newest = newest.map(|set| cluster.workload(*set));
    let template = deployment.template.or_else(|| newest?.template);
    let Some(template) = template else { return };
    // Numbered on from the newest, so that what a rollout made before is told from it.
    let revision = newest.map_or(0, |set| set.revision) + i64::from(rollout.max(1));
    let PodClass { namespace, labels, spec } = *cluster.class(template);
    let (labels, spec) = (cluster.labels(labels).clone(), cluster.spec(spec).clone());
    let name = format!("{}-rollout-{revision}", cluster.text(deployment.name));
    let key = builder.intern(HASH);
    let new = builder.intern(&format!("rollout-{revision}"));
    let name = builder.intern(&name);
    let swap = Swap { key, old: labels.get(key), new };
    let labels = swap.labels(&labels);
    let selector = LabelSelector::All(
        labels.iter().map(|(key, value)| Requirement::equals(key, value)).collect(),
    );
    let (labels, spec) = (builder.labels(labels), builder.spec(swap.spec(&spec)));
    let template = builder.class(PodClass { namespace, labels, spec });
    let provenance = if rollout == 0 { Provenance::Read } else { Provenance::Inferred };
    builder.workload(Workload {
        kind: WorkloadKind::ReplicaSet,
        name,
        owner: Some(id),
        made_by: None,
        desired: 0,
        selector,
        template: Some(template),
        priority_class: None,
        strategy: None,
        revision,
        rollout,
        autoscaled: None,
        provenance,
        ..deployment
    });
}

/// One hash in place of another, wherever it is asked for.
struct Swap {
    key: Symbol,
    old: Option<Symbol>,
    new: Symbol,
}

impl Swap {
    fn labels(&self, labels: &Labels) -> Labels {
        let others = labels.iter().filter(|(key, _)| *key != self.key);
        Labels::new(others.chain([(self.key, self.new)]).collect::<Vec<_>>())
    }

    fn spec(&self, spec: &PodSpec) -> PodSpec {
        let mut spec = spec.clone();
        for constraint in &mut spec.spread {
            constraint.selector = self.selector(&constraint.selector);
        }
        for affinity in [&mut spec.pod_affinity, &mut spec.pod_anti_affinity] {
            self.affinity(affinity);
        }
        spec
    }

    fn affinity(&self, affinity: &mut PodAffinity) {
        let required = affinity.required.iter_mut();
        let preferred = affinity.preferred.iter_mut().map(|(_, term)| term);
        let swap = |term: &mut PodAffinityTerm| term.selector = self.selector(&term.selector);
        required.chain(preferred).for_each(swap);
    }

    fn selector(&self, selector: &LabelSelector) -> LabelSelector {
        let LabelSelector::All(requirements) = selector else { return selector.clone() };
        let swap = |requirement: &Requirement| {
            let swapped = |values: &[Symbol]| -> Box<[Symbol]> {
                let one = |value: &Symbol| {
                    if Some(*value) == self.old { self.new } else { *value }
                };
                let mut values: Vec<Symbol> = values.iter().map(one).collect();
                values.sort_unstable();
                values.into()
            };
            let operator = match &requirement.operator {
                Operator::In(values) if requirement.key == self.key => {
                    Operator::In(swapped(values))
                }
                Operator::NotIn(values) if requirement.key == self.key => {
                    Operator::NotIn(swapped(values))
                }
                other => other.clone(),
            };
            Requirement { key: requirement.key, operator }
        };
        LabelSelector::All(requirements.iter().map(swap).collect())
    }
}
