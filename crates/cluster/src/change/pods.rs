//! Pods that controllers make at once, and those that they are to replace.

use std::collections::BTreeSet;

use super::edit::{Editor, with};
use super::{Edit, Refused, Work};
use crate::pod::{Phase, Pod};
use crate::volume::{Claim, PodVolume};
use crate::workload::{Provenance, Strategy, WorkloadKind};
use crate::{ClassId, PodClass, PodId, Symbol, Workload, WorkloadId, rollout};

impl Work {
    /// Scales a workload and makes the pods that it lacks. Those that it has too many its
    /// controller deletes by and by, as nobody knows which.
    pub(super) fn scale(&mut self, id: WorkloadId, replicas: u32) -> Result<(), Refused> {
        let workload = self.cluster().workload(id);
        let owned = workload.owner.is_some();
        match workload.kind {
            WorkloadKind::Deployment => self.scale_deployment(id, replicas),
            WorkloadKind::StatefulSet if workload.provenance == Provenance::Read => {
                self.scale_set(id, replicas)
            }
            WorkloadKind::ReplicaSet | WorkloadKind::ReplicationController if !owned => {
                self.builder.workload_mut(id).desired = replicas.into();
                self.fill_up(id);
                Ok(())
            }
            WorkloadKind::StatefulSet => Err(Refused::NotRead(id)),
            _ => Err(Refused::NoScale(id)),
        }
    }

    /// The only ReplicaSet in use is scaled at once, whatever is to be rolled out
    /// (`isScalingEvent`, `FindActiveOrLatest`, `pkg/controller/deployment`, v1.36.3); several are
    /// left to the rollout that is under way.
    fn scale_deployment(&mut self, id: WorkloadId, replicas: u32) -> Result<(), Refused> {
        let Some(set) = self.set_in_use(id)? else {
            self.builder.workload_mut(id).desired = replicas.into();
            return Ok(());
        };
        for id in [id, set] {
            self.builder.workload_mut(id).desired = replicas.into();
        }
        self.fill_up(set);
        Ok(())
    }

    /// The ReplicaSet that is in use, or else the newest; none where several are in use.
    fn set_in_use(&self, id: WorkloadId) -> Result<Option<WorkloadId>, Refused> {
        let cluster = self.cluster();
        let owned = cluster.owned(id);
        let in_use = |set: &&WorkloadId| {
            cluster.workload(**set).desired > 0 || self.living(**set).next().is_some()
        };
        let mut sets = owned.iter().filter(in_use);
        match (sets.next(), sets.next()) {
            (Some(only), None) => Ok(Some(*only)),
            (None, _) => {
                let newest = owned.iter().max_by_key(|set| cluster.workload(**set).revision);
                newest.map(|set| Some(*set)).ok_or(Refused::NoPods(id))
            }
            (Some(_), Some(_)) if cluster.workload(id).provenance == Provenance::Inferred => {
                Err(Refused::NotRead(id))
            }
            (Some(_), Some(_)) => Ok(None),
        }
    }

    /// Pods of a workload that have not ended.
    pub(super) fn living(&self, id: WorkloadId) -> impl Iterator<Item = (PodId, &Pod)> {
        let all = self.cluster().pods().iter().enumerate();
        all.filter(move |(_, pod)| pod.workload == id && !pod.phase.is_terminal())
            .map(|(at, pod)| (PodId::at(at), pod))
    }

    /// What the next pod of a workload asks for: what admission left of its pods today, else its
    /// template.
    fn next_class(&self, id: WorkloadId) -> Result<ClassId, Refused> {
        let mut classes = self.living(id).map(|(_, pod)| pod.replacement);
        match classes.next() {
            Some(class) if classes.all(|other| other == class) => Ok(class),
            Some(_) => Err(Refused::Differ(id)),
            None => self.cluster().workload(id).template.ok_or(Refused::NoPods(id)),
        }
    }

    /// Makes the pods that a workload lacks whose pods are all alike.
    pub(super) fn fill_up(&mut self, id: WorkloadId) {
        let template = self.cluster().workload(id).template;
        let Some(class) = self.next_class(id).ok().or(template) else { return };
        let wanted = self.cluster().workload(id).desired;
        let active = self.living(id).filter(|(_, pod)| !pod.terminating).count() as i64;
        let taken: BTreeSet<Symbol> = self.living(id).map(|(_, pod)| pod.name).collect();
        let base = self.cluster().text(self.cluster().workload(id).name).to_owned();
        let names = (0_u64..).map(|number| format!("{base}-{number}"));
        let free =
            |name: &String| self.cluster().find(name).is_none_or(|symbol| !taken.contains(&symbol));
        let missing = usize::try_from(wanted - active).unwrap_or(0);
        let names: Vec<String> = names.filter(free).take(missing).collect();
        for name in names {
            self.make(id, &name, class);
        }
    }

    /// Gives a StatefulSet its further pods, each with claims of its own like those of the others.
    fn scale_set(&mut self, id: WorkloadId, replicas: u32) -> Result<(), Refused> {
        let first = self.cluster().workload(id).first_ordinal;
        let there: Vec<(Symbol, ClassId)> =
            self.living(id).map(|(_, pod)| (pod.name, pod.replacement)).collect();
        let &(sibling, class) = there.first().ok_or(Refused::NoPods(id))?;
        self.builder.workload_mut(id).desired = replicas.into();
        let set = self.cluster().text(self.cluster().workload(id).name).to_owned();
        for ordinal in first..first.saturating_add(replicas) {
            let name = format!("{set}-{ordinal}");
            let known = self.cluster().find(&name);
            if known.is_some_and(|known| there.iter().any(|(name, _)| *name == known)) {
                continue;
            }
            let class = self.numbered(class, sibling, &name, ordinal);
            self.make(id, &name, class);
        }
        Ok(())
    }

    /// What a pod of another number asks for, given what `sibling` does.
    fn numbered(&mut self, class: ClassId, sibling: Symbol, name: &str, ordinal: u32) -> ClassId {
        let PodClass { namespace, labels, spec } = *self.cluster().class(class);
        let (mut spec, mut labels) =
            (self.cluster().spec(spec).clone(), self.cluster().labels(labels).clone());
        let own = [
            ("statefulset.kubernetes.io/pod-name", name.to_owned()),
            ("apps.kubernetes.io/pod-index", ordinal.to_string()),
        ];
        for (key, value) in own {
            let (key, value) = (self.builder.intern(key), self.builder.intern(&value));
            labels = with(&labels, key, Some(value));
        }
        let end = format!("-{}", self.cluster().text(sibling));
        for volume in &mut spec.volumes {
            let PodVolume::Claim { name: claim, .. } = volume else { continue };
            let stem = self.cluster().text(*claim).strip_suffix(&end).map(str::to_owned);
            if let Some(stem) = stem {
                *claim = self.claim((namespace, *claim), &format!("{stem}-{name}"));
            }
        }
        let (labels, spec) = (self.builder.labels(labels), self.builder.spec(spec));
        self.builder.class(PodClass { namespace, labels, spec })
    }

    /// A claim like another, for which no volume has been found yet. One that is there from before
    /// is used again.
    fn claim(&mut self, like: (Symbol, Symbol), name: &str) -> Symbol {
        let name = self.builder.intern(name);
        let claims = &mut self.builder.objects().claims;
        if let Some(known) = claims.get(&like).cloned() {
            claims.entry((like.0, name)).or_insert(Claim {
                name,
                volume: None,
                bound: false,
                lost: false,
                terminating: false,
                selected_node: None,
                owner_uid: None,
                ..known
            });
        }
        name
    }

    /// Adds a pod that waits for a node.
    pub(super) fn make(&mut self, workload: WorkloadId, name: &str, class: ClassId) {
        let deletion_cost = self.cluster().workload(workload).deletion_cost;
        let name = self.builder.intern(name);
        self.builder.pod(Pod {
            name,
            class,
            replacement: class,
            node: None,
            phase: Phase::Pending,
            ready: false,
            terminating: false,
            mirror: false,
            workload,
            nominated_node: None,
            start_time: None,
            created: None,
            uid: None,
            deletion_cost,
            preempted: false,
            scheduling_message: None,
            expanded: true,
            outdated: false,
        });
    }

    /// Edits a template, and begins the rollout of it.
    pub(super) fn roll_out(&mut self, id: WorkloadId, edits: &[Edit]) -> Result<(), Refused> {
        let Workload { kind, owner, provenance, strategy, .. } = *self.cluster().workload(id);
        if provenance == Provenance::Inferred {
            return Err(Refused::NotRead(id));
        }
        match kind {
            WorkloadKind::Deployment => self.roll_out_deployment(id, edits),
            WorkloadKind::ReplicaSet | WorkloadKind::ReplicationController if owner.is_none() => {
                self.outdate(id, edits, None)
            }
            WorkloadKind::StatefulSet => {
                let from = match strategy {
                    Some(Strategy::Ordered { partition }) => Some(partition),
                    _ => None,
                };
                self.outdate(id, edits, from)
            }
            WorkloadKind::DaemonSet => {
                if edits.iter().any(|edit| matches!(edit, Edit::NodeSelector { .. })) {
                    return Err(Refused::PicksNodes(id));
                }
                self.looked_over = false;
                match strategy {
                    Some(Strategy::RollingUpdate { max_surge, .. }) if !max_surge.is_none() => {
                        Err(Refused::Surges(id))
                    }
                    Some(Strategy::RollingUpdate { .. }) => self.outdate(id, edits, Some(0)),
                    _ => self.outdate(id, edits, None),
                }
            }
            _ => Err(Refused::NoTemplate(id)),
        }
    }

    /// A Deployment gets its next ReplicaSet. One whose pods are all yet to be placed is taken to
    /// have had that template from the first.
    fn roll_out_deployment(&mut self, id: WorkloadId, edits: &[Edit]) -> Result<(), Refused> {
        let newest = self.cluster().owned(id).iter().copied();
        let newest = newest.max_by_key(|set| self.cluster().workload(*set).revision);
        let newest = newest.ok_or(Refused::NoPods(id))?;
        let class = self.next_class(newest)?;
        let edited = self.editor(id).class(class, edits)?;
        if edited == class {
            return Ok(());
        }
        let begun = self.living(newest).any(|(_, pod)| !pod.expanded);
        let alone = self.cluster().owned(id).len() == 1;
        self.builder.workload_mut(id).template = Some(edited);
        if !begun && alone && self.living(newest).next().is_some() {
            self.builder.workload_mut(newest).template = Some(edited);
            let own: Vec<PodId> = self.living(newest).map(|(id, _)| id).collect();
            for id in own {
                let pod = self.builder.pod_mut(id);
                (pod.class, pod.replacement) = (edited, edited);
            }
        } else if self.cluster().workload(id).strategy.is_some() {
            // A Deployment that is paused makes none.
            rollout::add_set(&mut self.builder, id, 0);
        }
        Ok(())
    }

    /// Edits what the pods of a workload ask for that are made in their own places. Those from the
    /// number `from` on are to be replaced by and by; the others follow when they are lost, but
    /// for those below the partition of a StatefulSet, which are made again as they were.
    fn outdate(
        &mut self,
        id: WorkloadId,
        edits: &[Edit],
        from: Option<u32>,
    ) -> Result<(), Refused> {
        if let Some(template) = self.cluster().workload(id).template {
            let edited = self.editor(id).class(template, edits)?;
            self.builder.workload_mut(id).template = Some(edited);
        }
        let first = self.cluster().workload(id).first_ordinal;
        let of_set = self.cluster().workload(id).kind == WorkloadKind::StatefulSet;
        let own: Vec<PodId> = self.living(id).map(|(id, _)| id).collect();
        for pod in own {
            let Pod { name, class, replacement, expanded, node, .. } = *self.cluster().pod(pod);
            let number = || self.cluster().text(name).rsplit_once('-')?.1.parse::<u32>().ok();
            let number = if of_set { number().unwrap_or(0) } else { 0 };
            let waits = expanded && node.is_none();
            if !waits && from.is_some_and(|from| number < first.saturating_add(from)) {
                continue;
            }
            let next = self.editor(id).class(replacement, edits)?;
            let own = if waits { self.editor(id).class(class, edits)? } else { class };
            let pod = self.builder.pod_mut(pod);
            pod.outdated |= from.is_some() && !waits && next != replacement;
            (pod.class, pod.replacement) = (own, next);
        }
        Ok(())
    }

    fn editor(&mut self, workload: WorkloadId) -> Editor<'_> {
        Editor { builder: &mut self.builder, workload }
    }
}
