//! How a cluster comes to where nothing is left but to place pods, whichever way it takes.

use std::collections::BTreeSet;

use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{InstanceId, Placement, WorkloadId};
use holdfast_failover::controllers::{autoscaler, deployment, replicas, steady};
use holdfast_failover::{Dynamics, Step};
use holdfast_scheduler::Scratch;

use crate::bound::{self, Cover, Left, Uncertain, leaving};
use crate::doubts::Doubts;

/// What it takes to tell.
pub(super) struct Coming<'s, 'c> {
    pub(super) dynamics: &'s Dynamics<'c>,
    pub(super) doubts: &'s Doubts,
    pub(super) scratch: &'s mut Scratch,
}

impl Coming<'_, '_> {
    /// Where the cluster stands once pods were evicted and have ended, and rollouts are through,
    /// with whoever has yet to be placed, or was meanwhile, waiting. `rest` is where one run ended.
    pub(super) fn come(
        &mut self,
        begun: &Placement,
        rest: Option<&Placement>,
    ) -> Option<Placement> {
        let cluster = self.dynamics.cluster();
        let all = || cluster.workload_ids();
        if all().all(|id| steady::only_makes_up(cluster, begun, id)) {
            return self.evicted(begun);
        }
        self.rolled(begun, rest?)
    }

    /// Which of the pods that wait are surely placed, where no others come and nobody leaves; all
    /// others surely are not.
    pub(super) fn placed(&mut self, state: &mut Placement) -> Option<Vec<InstanceId>> {
        let cover = self.cover(state, &[], &[])?;
        Some(cover.sure)
    }

    /// Carries out evictions for taints that nodes have, and the ends of pods that are to be
    /// deleted. Whoever waits finds its node before and after, or never.
    fn evicted(&mut self, begun: &Placement) -> Option<Placement> {
        let dynamics = self.dynamics;
        let mut state = begun.clone();
        let next = |step: &Step| {
            matches!(step, Step::Schedule { .. } | Step::Evict { .. } | Step::End { .. })
        };
        if !self.is_only(&mut state, next) {
            return None;
        }
        let situation = dynamics.situation(&state);
        let evicted = dynamics.evict_all(&mut state, &situation);
        if !evicted.uncertain.is_empty() {
            return None;
        }
        let left = leaving::of(&state, &evicted.pods);
        let mut before = state.clone();
        let ends: Vec<InstanceId> = state.ending().collect();
        for &pod in &ends {
            dynamics.apply(&mut state, &Step::End { pod, replaced: true });
        }
        let places = |step: &Step| matches!(step, Step::Schedule { .. });
        if !self.is_only(&mut state, places) {
            return None;
        }
        let after = self.cover(&mut state, &left, &[])?;
        if !ends.is_empty() {
            self.cover(&mut before, &left, &after.hopeless)?;
        }
        Some(state)
    }

    /// Takes the pods that a run placed off their nodes again. Every run makes the same, as each of
    /// them finds a node with all those there that it replaces, and these go wherever they are.
    fn rolled(&mut self, begun: &Placement, rest: &Placement) -> Option<Placement> {
        let dynamics = self.dynamics;
        let cluster = dynamics.cluster();
        let unfinished = |id: &WorkloadId| !steady::only_makes_up(cluster, begun, *id);
        let rolling: BTreeSet<WorkloadId> = cluster.workload_ids().filter(unfinished).collect();
        let mut first = begun.clone();
        let next = |step: &Step| matches!(step, Step::Schedule { .. } | Step::ScaleDown { .. });
        if !rolling.iter().all(|root| self.rolls_by_itself(begun, *root))
            || !self.is_only(&mut first, next)
            || !cluster.workload_ids().all(|id| {
                rolling.contains(&cluster.root(id))
                    || replicas::surplus(cluster, begun, id) == 0
                        && autoscaler::correction(cluster, begun, id).is_none()
            })
        {
            return None;
        }
        // The most there ever are: all those to be replaced, and all that replace them.
        for &root in &rolling {
            let set = deployment::present_set(cluster, begun, root)?;
            let class = cluster.workload(set).template.or(cluster.workload(root).template)?;
            let missing = begun.target(root).desired - i64::from(begun.tally(set).active);
            for _ in 0..missing.max(0) {
                first.add(cluster, class, set, None);
            }
        }
        let mut last = rest.clone();
        let moved = |id: InstanceId| {
            let node = rest.instance(id).node();
            let known = id.index() < begun.instances().len();
            node.is_some() && !(known && begun.instance(id).node() == node)
        };
        for pod in rest.instance_ids().filter(|pod| moved(*pod)) {
            let instance = *last.instance(pod);
            last.remove(cluster, pod);
            last.add(cluster, instance.class, instance.workload, instance.origin);
        }
        let places = |step: &Step| matches!(step, Step::Schedule { .. });
        let gone = |pod: &InstanceId| rest.instance(*pod).node().is_none();
        let left: Vec<InstanceId> = begun.instance_ids().filter(gone).collect();
        let left = leaving::of(begun, &left);
        if !self.is_only(&mut last, places) {
            return None;
        }
        let after = self.cover(&mut last, &left, &[])?;
        let kind = |state: &Placement, pod: InstanceId| {
            let instance = state.instance(pod);
            (instance.class, instance.workload)
        };
        let hopeless: BTreeSet<_> = after.hopeless.iter().map(|pod| kind(&last, *pod)).collect();
        let mut known = BTreeSet::new();
        for pod in first.pending().to_vec() {
            if hopeless.contains(&kind(&first, pod)) || !known.insert(kind(&first, pod)) {
                continue;
            }
            let (dynamics, scratch) = (self.dynamics, &mut *self.scratch);
            if !bound::is_sure_while_others_leave(dynamics, &mut first, scratch, pod) {
                return None;
            }
        }
        Some(last)
    }

    /// Whether nothing holds up the rollout of a workload but that its pods find no node.
    fn rolls_by_itself(&self, begun: &Placement, root: WorkloadId) -> bool {
        let cluster = self.dynamics.cluster();
        let workload = cluster.workload(root);
        let sets = || cluster.owned(root).iter();
        let bare = |class| {
            let mut volumes = cluster.spec_of(class).volumes.iter();
            volumes.all(|volume| matches!(volume, PodVolume::HostPath))
        };
        let serves = |pod: &InstanceId| {
            let instance = begun.instance(*pod);
            instance.node().is_none_or(|node| begun.node(node).serves()) && bare(instance.class)
        };
        let whole = |set: &WorkloadId| {
            replicas::surplus(cluster, begun, *set) > 0
                || i64::from(begun.tally(*set).active) == begun.target(*set).desired
        };
        workload.kind == WorkloadKind::Deployment
            && workload.provenance == Provenance::Read
            && workload.autoscaled.is_none()
            && sets().all(whole)
            && sets().all(|set| begun.of_workload(*set).iter().all(serves))
    }

    /// Whether such steps alone come next.
    fn is_only(&mut self, state: &mut Placement, such: impl Fn(&Step) -> bool) -> bool {
        let situation = self.dynamics.situation(state);
        let next = self.dynamics.steps(state, &situation, self.scratch);
        let fixed = state.attaching().is_empty() && state.nominated().is_empty();
        situation.acts && fixed && next.possible.is_empty() && next.sure.iter().all(such)
    }

    /// What becomes of those that wait, once those have left; `None` where that is not known of all
    /// of them, or where somebody may be preempted.
    fn cover(
        &mut self,
        state: &mut Placement,
        left: &[Left],
        hopeless: &[InstanceId],
    ) -> Option<Cover> {
        let (dynamics, doubts) = (self.dynamics, self.doubts);
        let doubtful = |pod: &InstanceId| doubts.of_pod(dynamics.cluster(), state, *pod).is_some();
        if state.pending().iter().any(doubtful) {
            return None;
        }
        let nobody = |_: &Placement, _| false;
        let uncertain = Uncertain { hopeless, ..Uncertain::of(&[], left, &nobody) };
        let cover = bound::cover(dynamics, state, self.scratch, uncertain);
        let known = cover.sure.len() + cover.hopeless.len() == state.pending().len();
        (known && !cover.preemption).then_some(cover)
    }
}
