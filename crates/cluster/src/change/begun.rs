//! Rollouts of templates that were read: a manifest laid over an export.

use super::edit::with;
use super::{Refused, Work};
use crate::pod::Pod;
use crate::volume::PodVolume;
use crate::workload::{Strategy, WorkloadKind};
use crate::{ClassId, Cluster, PodClass, PodId, Symbol, WorkloadId, daemon, rollout};

impl Cluster {
    /// The same cluster, in which these workloads have begun to roll their templates out, which are
    /// not those that their pods were made from. Ids stay what they are.
    ///
    /// # Errors
    /// A rollout that is not followed.
    pub fn with_begun(&self, workloads: &[WorkloadId]) -> Result<Self, Refused> {
        let mut work = Work::new(self);
        for &id in workloads {
            work.begin(id)?;
        }
        work.finish()
    }
}

impl Work {
    fn begin(&mut self, id: WorkloadId) -> Result<(), Refused> {
        let workload = self.cluster().workload(id);
        let template = workload.template.ok_or(Refused::NoTemplate(id))?;
        match (workload.kind, workload.strategy) {
            (WorkloadKind::Deployment, strategy) => {
                let desired = u32::try_from(workload.desired).unwrap_or(0);
                if !self.cluster().owned(id).is_empty() {
                    self.scale(id, desired)?;
                }
                if strategy.is_some() {
                    rollout::add_set(&mut self.builder, id, 0);
                }
                Ok(())
            }
            (WorkloadKind::StatefulSet, Some(Strategy::Ordered { partition })) => {
                self.replace_all(id, template, Some(partition));
                Ok(())
            }
            (WorkloadKind::DaemonSet, Some(Strategy::RollingUpdate { max_surge, .. })) => {
                if !max_surge.is_none() {
                    return Err(Refused::Surges(id));
                }
                self.replace_all(id, template, Some(0));
                Ok(())
            }
            _ => {
                self.replace_all(id, template, None);
                Ok(())
            }
        }
    }

    /// Has pods made again from a template, each in its own place; those from the number `from` on
    /// are replaced by and by.
    fn replace_all(&mut self, id: WorkloadId, template: ClassId, from: Option<u32>) {
        let first = self.cluster().workload(id).first_ordinal;
        let of_set = self.cluster().workload(id).kind == WorkloadKind::StatefulSet;
        let own: Vec<PodId> = self.living(id).map(|(id, _)| id).collect();
        for at in own {
            let Pod { name, expanded, node, replacement, .. } = *self.cluster().pod(at);
            let number = || self.cluster().text(name).rsplit_once('-')?.1.parse::<u32>().ok();
            let number = if of_set { number().unwrap_or(0) } else { 0 };
            let below = from.is_some_and(|from| number < first.saturating_add(from));
            if below || expanded && node.is_none() {
                continue;
            }
            let next = self.in_place(template, name, replacement);
            let pod = self.builder.pod_mut(at);
            pod.replacement = next;
            pod.outdated |= from.is_some();
        }
    }

    /// What a pod of this name asks for that is made from a template: its own claims, its own
    /// number or its own node.
    fn in_place(&mut self, template: ClassId, name: Symbol, before: ClassId) -> ClassId {
        let cluster = self.cluster();
        let PodClass { namespace, labels, spec } = *cluster.class(template);
        let (mut labels, mut spec) = (cluster.labels(labels).clone(), cluster.spec(spec).clone());
        let old = cluster.spec_of(before);
        let end = format!("-{}", cluster.text(name));
        let own = old.volumes.iter().filter(|volume| match volume {
            PodVolume::Claim { name, .. } => cluster.text(*name).ends_with(&end),
            _ => false,
        });
        let own: Vec<PodVolume> = own.filter(|one| !spec.volumes.contains(one)).cloned().collect();
        let pinned = daemon::pinned_to(old);
        let name_field = cluster.known().metadata_name;
        let numbered = ["statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"];
        let kept: Vec<(Symbol, Symbol)> = numbered
            .iter()
            .filter_map(|key| cluster.find(key))
            .filter_map(|key| Some((key, cluster.labels_of(before).get(key)?)))
            .collect();
        for (key, value) in kept {
            labels = with(&labels, key, Some(value));
        }
        spec.volumes =
            std::mem::take(&mut spec.volumes).into_vec().into_iter().chain(own).collect();
        if let Some(node) = pinned {
            spec.node_affinity.required = Some(daemon::pin(node, name_field));
        }
        let (labels, spec) = (self.builder.labels(labels), self.builder.spec(spec));
        self.builder.class(PodClass { namespace, labels, spec })
    }
}
