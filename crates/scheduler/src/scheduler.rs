//! A cluster compiled for deciding.

use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};

use crate::decision::{Decision, NodeVerdict, Outcome, Preemption, Scores};
use crate::framework::{Cycle, Eligible};
use crate::needs::{Need, Needs};
use crate::node_info::{NodeInfo, snapshot};
use crate::plugin::{Plugin, Profile};
use crate::plugins::{Compiled, Context, scheduling_gates};
use crate::preemption;
use crate::preemption::outcomes::{self, Outcomes};
use crate::reason::{Code, Failure, Reason, Rejection, Stage};
use crate::sampling::{self, look_round};
use crate::series::{Series, Turn};

/// kube-scheduler 1.36 for one cluster.
///
/// What it keeps follows from the cluster and the profile alone, so that it may be shared between
/// threads and placements, and no answer depends on what was asked before.
#[derive(Debug)]
pub struct Scheduler<'c> {
    cluster: &'c Cluster,
    /// By profile; the first also for pods that no profile answers for.
    compiled: Box<[Compiled]>,
}

/// Room for one decision after the other without allocating anew.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    feasible: Vec<NodeId>,
    scores: Vec<i64>,
    totals: Vec<i64>,
    best: Vec<NodeId>,
    reasons: Vec<Reason>,
}

/// Where a pod may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice<'s> {
    /// To one of these, which tie at the highest total, sorted; nowhere if there are none.
    Best(&'s [NodeId]),
    /// The scheduler looks at some of the nodes that take the pod only.
    Sampled {
        /// How many it looks at.
        looked_at: usize,
        /// Every node that takes the pod, sorted: it goes to one of them.
        any: &'s [NodeId],
        /// Nodes that tie at the highest total of what is found from some start, sorted: it may go
        /// to each of them.
        reachable: &'s [NodeId],
    },
}

impl<'s> Choice<'s> {
    /// Every node that the pod may go to, and perhaps more.
    pub fn nodes(self) -> &'s [NodeId] {
        match self {
            Self::Best(nodes) => nodes,
            Self::Sampled { any, .. } => any,
        }
    }
}

/// Whether strict topology spread is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepSpread {
    /// As always.
    Yes,
    /// As if the pod asked for none.
    No,
}

/// A pod held against nodes one by one.
#[derive(Debug)]
pub struct Look<'a> {
    cycle: Cycle<'a>,
    eligible: Eligible<'a>,
    reasons: Vec<Reason>,
}

impl Look<'_> {
    /// Whether the node passes all filters.
    pub fn takes(&mut self, node: NodeId) -> bool {
        let Context { cluster, placement, .. } = self.cycle.context;
        let info = NodeInfo::of(cluster, placement, node);
        self.eligible.contains(node)
            && info.usage.exists
            && self.cycle.filter_with_nominated(&info, &mut self.reasons).is_ok()
    }
}

/// When a decision is made, or there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    AllAreLookedAt,
    OneTakesIt,
}

impl<'c> Scheduler<'c> {
    /// The scheduler as the cluster has it configured.
    pub fn new(cluster: &'c Cluster) -> Self {
        let profiles = &cluster.scheduling().profiles;
        assert!(!profiles.is_empty(), "a scheduler has a profile");
        let compile = |profile: &Profile| Compiled::new(cluster, profile.clone());
        Self { cluster, compiled: profiles.iter().map(compile).collect() }
    }

    /// The cluster it decides for.
    pub fn cluster(&self) -> &'c Cluster {
        self.cluster
    }

    /// The profile that places the pod, if one does; what is decided for other pods is what the
    /// first profile would.
    pub fn profile_of(&self, placement: &Placement, pod: InstanceId) -> Option<&'c Profile> {
        let spec = self.cluster.spec_of(placement.instance(pod).class);
        self.cluster.scheduling().profile(spec.scheduler_name)
    }

    fn context<'a>(&'a self, placement: &'a Placement, pod: InstanceId) -> Context<'a> {
        let spec = self.cluster.spec_of(placement.instance(pod).class);
        let at = self.cluster.scheduling().position(spec.scheduler_name).unwrap_or(0);
        Context::new(self.cluster, &self.compiled[at], placement, pod)
    }

    /// The nodes that tie at the highest total of all nodes, sorted; empty when the pod is gated,
    /// fits nowhere or cannot be scored.
    ///
    /// The fast path: no reasons are kept, and nothing about preemption is asked.
    pub fn candidates<'s>(
        &self,
        placement: &Placement,
        pod: InstanceId,
        scratch: &'s mut Scratch,
    ) -> &'s [NodeId] {
        scratch.best.clear();
        let Some((cycle, _)) = self.find_feasible(placement, pod, scratch) else { return &[] };
        add_best(&cycle, None, scratch);
        &scratch.best
    }

    /// Where the pod may go, as far as the scheduler looks. What it finds where it does not look at
    /// all nodes is tried from at most so many starts.
    pub fn choose<'s>(
        &self,
        placement: &Placement,
        pod: InstanceId,
        starts: usize,
        scratch: &'s mut Scratch,
    ) -> Choice<'s> {
        scratch.best.clear();
        let Some((cycle, eligible)) = self.find_feasible(placement, pod, scratch) else {
            return Choice::Best(&[]);
        };
        let nodes = || snapshot(self.cluster, placement).map(|node| node.id);
        let compiled = cycle.context.compiled;
        let left = eligible.count(placement, nodes().count());
        let looked_at = compiled.profile.nodes_to_find(left);
        if scratch.feasible.len() <= looked_at {
            add_best(&cycle, None, scratch);
            return Choice::Best(&scratch.best);
        }
        if cycle.pre_score().is_err() {
            return Choice::Best(&[]);
        }
        // Nodes that `PreFilter` named are looked at in no order at all.
        if eligible == Eligible::All {
            let mut ordered = compiled.zones.interleave(nodes());
            ordered.retain(|node| scratch.feasible.binary_search(node).is_ok());
            for stretch in sampling::stretches(&ordered, looked_at, starts) {
                add_best(&cycle, Some(&stretch), scratch);
            }
            scratch.best.sort_unstable();
            scratch.best.dedup();
        }
        Choice::Sampled { looked_at, any: &scratch.feasible, reachable: &scratch.best }
    }

    /// The nodes that copies of a pending pod go to, one after the other, until no node takes one;
    /// the pod itself is the first.
    pub fn series<'a>(&'a self, placement: &'a Placement, pod: InstanceId) -> Series<'a> {
        self.series_from(placement, pod, Turn::default())
    }

    /// The same by a scheduler that has come so far in its list of nodes.
    pub fn series_from<'a>(
        &'a self,
        placement: &'a Placement,
        pod: InstanceId,
        turn: Turn,
    ) -> Series<'a> {
        Series::new(self, placement, pod, turn)
    }

    /// Where a scheduler has the pod that looks at nodes one by one, goes on where its last search
    /// ended, and of nodes that tie takes the one whose name sorts first.
    pub fn pick(
        &self,
        placement: &Placement,
        pod: InstanceId,
        turn: &mut Turn,
        scratch: &mut Scratch,
    ) -> Option<NodeId> {
        let (cycle, eligible) = self.opened(placement, pod)?;
        let Scratch { feasible, best, reasons, .. } = scratch;
        feasible.clear();
        best.clear();
        let mut failed = false;
        let mut takes = |node: NodeId| {
            let info = NodeInfo::of(self.cluster, placement, node);
            let filtered = cycle.filter_with_nominated(&info, reasons);
            failed |= matches!(filtered, Err((_, Code::Error)));
            filtered.is_ok()
        };
        if let Some(node) = nominated_node(placement, pod).filter(|node| takes(*node)) {
            return Some(node);
        }
        let order = self.in_turn(placement, &eligible);
        let wanted = cycle.context.compiled.profile.nodes_to_find(order.len());
        let search = (turn.0, wanted);
        turn.0 =
            look_round(order.len(), search, |at| takes(order[at]), |at| feasible.push(order[at]));
        if failed {
            return None;
        }
        feasible.sort_unstable();
        add_best(&cycle, None, scratch);
        scratch.best.first().copied()
    }

    /// A cycle that has been begun, with the nodes that are left to look at; `None` where the pod
    /// is gated or fits nowhere whatever the node.
    pub(crate) fn opened<'a>(
        &'a self,
        placement: &'a Placement,
        pod: InstanceId,
    ) -> Option<(Cycle<'a>, Eligible<'a>)> {
        let context = self.context(placement, pod);
        if scheduling_gates::pre_enqueue(&context).is_some() {
            return None;
        }
        let (cycle, eligible) = Cycle::pre_filter(context);
        Some((cycle, eligible.ok()?))
    }

    /// The nodes that are left to look at, in the order in which they are looked at.
    pub(crate) fn in_turn(&self, placement: &Placement, eligible: &Eligible<'_>) -> Vec<NodeId> {
        let nodes = snapshot(self.cluster, placement).map(|node| node.id);
        match eligible {
            Eligible::All => self.compiled[0].zones.interleave(nodes),
            // Upstream looks at them in no order at all.
            Eligible::Only(..) => nodes.filter(|node| eligible.contains(*node)).collect(),
        }
    }

    /// Every node that passes all filters, sorted; empty when the pod is gated.
    ///
    /// A node that is kept free for the pod (`nominatedNodeName`) and still fits is the only one
    /// looked at, as upstream does.
    pub fn feasible<'s>(
        &self,
        placement: &Placement,
        pod: InstanceId,
        scratch: &'s mut Scratch,
    ) -> &'s [NodeId] {
        self.find_feasible(placement, pod, scratch);
        &scratch.feasible
    }

    /// The pod held against nodes one by one, for who needs a few of them only; `None` when it is
    /// gated or fits nowhere whatever the node. Nodes kept free for it are not preferred.
    pub fn look<'a>(
        &'a self,
        placement: &'a Placement,
        pod: InstanceId,
        spread: KeepSpread,
    ) -> Option<Look<'a>> {
        let context = self.context(placement, pod);
        if scheduling_gates::pre_enqueue(&context).is_some() {
            return None;
        }
        let (cycle, eligible) = match spread {
            KeepSpread::Yes => Cycle::pre_filter(context),
            KeepSpread::No => Cycle::pre_filter_but_for_spread(context),
        };
        Some(Look { cycle, eligible: eligible.ok()?, reasons: Vec::new() })
    }

    /// Every preemption that there may be for a pod that was decided to fit nowhere, whichever of
    /// equally important pods came first, and with whichever of these states of the budgets (what
    /// each allows, in their order).
    pub fn preemptions(
        &self,
        placement: &Placement,
        decision: &Decision,
        allowed: &[Vec<i64>],
    ) -> Outcomes {
        if !matches!(decision.preemption, Some(Preemption::Helps(_))) {
            return Outcomes::default();
        }
        let (cycle, _) = Cycle::pre_filter(self.context(placement, decision.pod));
        outcomes::outcomes(&cycle, decision, allowed)
    }

    /// The full story: every node with reasons or scores, candidates, preemption.
    ///
    /// The pod is decided as if it was its turn in the queue; it should be pending.
    pub fn decide(&self, placement: &Placement, pod: InstanceId) -> Decision {
        let decision = self.decided(placement, pod, Until::AllAreLookedAt);
        decision.expect("a decision is made once all nodes are looked at")
    }

    /// The same of a pod that no node takes; `None` as soon as one does.
    pub fn refusal(&self, placement: &Placement, pod: InstanceId) -> Option<Decision> {
        self.decided(placement, pod, Until::OneTakesIt)
    }

    fn decided(&self, placement: &Placement, pod: InstanceId, until: Until) -> Option<Decision> {
        let context = self.context(placement, pod);
        let nodes_total = snapshot(self.cluster, placement).count();
        let mut decision = Decision {
            pod,
            outcome: Outcome::Unschedulable,
            pre_filter: None,
            nodes: Vec::new(),
            nominated: None,
            nodes_total,
            narrowed_by: None,
            preemption: None,
        };
        if scheduling_gates::pre_enqueue(&context).is_some() {
            decision.outcome = Outcome::Gated;
            return Some(decision);
        }
        if nodes_total == 0 {
            decision.outcome = Outcome::NoNodes;
            return Some(decision);
        }
        let (cycle, eligible) = Cycle::pre_filter(context);
        match eligible {
            Err(Rejection { plugin, code: Code::Error, reasons }) => {
                let stage = Stage::PreFilter;
                let failure = Failure { stage, plugin, reason: reasons[0] };
                decision.outcome = Outcome::Failed(failure);
            }
            Err(rejection) => decision.pre_filter = Some(rejection),
            Ok(eligible) => self.judge(&cycle, &eligible, &mut decision, until)?,
        }
        if decision.outcome == Outcome::Unschedulable && context.compiled.profile.preempts {
            decision.preemption = Some(preemption::post_filter(&cycle, &decision));
        }
        Some(decision)
    }

    /// What would have to change for the pod to fit, node by node, with every filter asked.
    ///
    /// A pod fits a node exactly when neither it nor the node needs anything.
    pub fn needs(&self, placement: &Placement, pod: InstanceId) -> Needs {
        let cycle = Cycle::for_needs(self.context(placement, pod));
        let nodes = snapshot(self.cluster, placement);
        let mut of_pod = cycle.pod_needs();
        if let Outcome::Failed(failure) = self.decide(placement, pod).outcome {
            let mend = Need::Mend(failure.reason);
            if !of_pod.contains(&mend) {
                of_pod.push(mend);
            }
        }
        Needs { pod: of_pod, nodes: nodes.map(|node| (node.id, cycle.needs(&node))).collect() }
    }

    /// Filters and scores the nodes into the decision; `None` where that ends early.
    fn judge(
        &self,
        cycle: &Cycle<'_>,
        eligible: &Eligible<'_>,
        decision: &mut Decision,
        until: Until,
    ) -> Option<()> {
        let placement = cycle.context.placement;
        let mut reasons = Vec::new();
        let mut look = |node: &NodeInfo<'_>| match cycle.filter_with_nominated(node, &mut reasons) {
            Ok(()) => NodeVerdict::Feasible(None),
            Err((plugin, code)) => {
                NodeVerdict::Rejected(Rejection { plugin, code, reasons: reasons.clone() })
            }
        };
        if let Some(node) = nominated_node(placement, decision.pod) {
            match look(&NodeInfo::of(self.cluster, placement, node)) {
                // Upstream logs it, and goes on with all nodes.
                NodeVerdict::Rejected(rejection) if rejection.code == Code::Error => {}
                NodeVerdict::Rejected(rejection) => decision.nominated = Some((node, rejection)),
                verdict => {
                    decision.nodes = vec![(node, verdict)];
                    decision.outcome = Outcome::Scheduled { candidates: vec![node] };
                    return (until == Until::AllAreLookedAt).then_some(());
                }
            }
        }
        decision.nodes = snapshot(self.cluster, placement)
            .map(|node| {
                let left = eligible.contains(node.id);
                let verdict = if left { look(&node) } else { NodeVerdict::LeftOut };
                let ends = until == Until::OneTakesIt && verdict == NodeVerdict::Feasible(None);
                (!ends).then_some((node.id, verdict))
            })
            .collect::<Option<_>>()?;
        if let Some(failure) = decision.nodes.iter().find_map(|(_, verdict)| verdict.failure()) {
            decision.outcome = Outcome::Failed(failure);
            decision.nodes.clear();
            return Some(());
        }
        if let Eligible::Only(_, plugin) = eligible {
            decision.narrowed_by = Some(*plugin);
        }
        choose(cycle, decision);
        Some(())
    }

    /// Fills in the feasible nodes; `None` if there are none, or if looking at one fails.
    fn find_feasible<'a>(
        &'a self,
        placement: &'a Placement,
        pod: InstanceId,
        scratch: &mut Scratch,
    ) -> Option<(Cycle<'a>, Eligible<'a>)> {
        scratch.feasible.clear();
        let (cycle, eligible) = self.opened(placement, pod)?;
        if let Some(node) = nominated_node(placement, pod) {
            let info = NodeInfo::of(self.cluster, placement, node);
            if cycle.filter_with_nominated(&info, &mut scratch.reasons).is_ok() {
                scratch.feasible.push(node);
                return Some((cycle, eligible));
            }
        }
        for node in snapshot(self.cluster, placement) {
            if !eligible.contains(node.id) {
                continue;
            }
            match cycle.filter_with_nominated(&node, &mut scratch.reasons) {
                Ok(()) => scratch.feasible.push(node.id),
                Err((_, Code::Error)) => {
                    scratch.feasible.clear();
                    return None;
                }
                Err(_) => {}
            }
        }
        (!scratch.feasible.is_empty()).then_some((cycle, eligible))
    }
}

/// Scores these of the feasible nodes, or all of them, and adds the best.
fn add_best(cycle: &Cycle<'_>, some: Option<&[NodeId]>, scratch: &mut Scratch) {
    let Scratch { feasible, scores, totals, best, .. } = scratch;
    let nodes = some.unwrap_or(feasible);
    totals.clear();
    totals.resize(nodes.len(), 0);
    let mut scored = Ok(());
    if nodes.len() > 1 {
        scored = cycle.score(nodes, scores, |_, scores| {
            for (total, score) in totals.iter_mut().zip(scores) {
                *total += score;
            }
        });
    }
    if scored.is_ok() {
        pick_best(nodes, totals, best);
    }
}

/// The node that is kept free for the pod, if it exists.
fn nominated_node(placement: &Placement, pod: InstanceId) -> Option<NodeId> {
    placement.instance(pod).nominated.filter(|node| placement.node(*node).exists)
}

/// Scores the feasible nodes, if there is a choice.
fn choose(cycle: &Cycle<'_>, decision: &mut Decision) {
    let is_feasible = |(node, verdict): &(NodeId, NodeVerdict)| {
        matches!(verdict, NodeVerdict::Feasible(_)).then_some(*node)
    };
    let feasible: Vec<NodeId> = decision.nodes.iter().filter_map(is_feasible).collect();
    if feasible.len() < 2 {
        if !feasible.is_empty() {
            decision.outcome = Outcome::Scheduled { candidates: feasible };
        }
        return;
    }
    // Without plugins that score, every node is worth one (`prioritizeNodes`).
    let total = i64::from(cycle.context.compiled.profile.scores.is_empty());
    let mut rows = vec![Scores { by_plugin: Vec::new(), total }; feasible.len()];
    let scored = cycle.score(&feasible, &mut Vec::new(), |plugin, scores| {
        for (row, &score) in rows.iter_mut().zip(scores) {
            row.by_plugin.push((plugin, score));
            row.total += score;
        }
    });
    if let Err(failure) = scored {
        decision.outcome = Outcome::Failed(failure);
        decision.nodes.clear();
        return;
    }
    let totals: Vec<i64> = rows.iter().map(|row| row.total).collect();
    let mut candidates = Vec::new();
    pick_best(&feasible, &totals, &mut candidates);
    decision.outcome = Outcome::Scheduled { candidates };
    let mut rows = rows.into_iter();
    for (_, verdict) in &mut decision.nodes {
        if let NodeVerdict::Feasible(scores) = verdict {
            *scores = rows.next();
        }
    }
}

/// The nodes with the highest total.
fn pick_best(nodes: &[NodeId], totals: &[i64], best: &mut Vec<NodeId>) {
    let highest = totals.iter().copied().max();
    let top = nodes.iter().zip(totals).filter(|(_, total)| Some(**total) == highest);
    best.extend(top.map(|(node, _)| *node));
}

impl NodeVerdict {
    /// How final the rejection is; `None` for a feasible node.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Feasible(_) => None,
            Self::Rejected(rejection) => Some(rejection.code),
            Self::LeftOut => Some(Code::UnschedulableAndUnresolvable),
        }
    }

    /// What failed while the node was looked at.
    fn failure(&self) -> Option<Failure> {
        match self {
            Self::Rejected(Rejection { plugin, code: Code::Error, reasons }) => {
                let reason = *reasons.last()?;
                Some(Failure { stage: Stage::Filter, plugin: *plugin, reason })
            }
            _ => None,
        }
    }

    /// Who turned the node down; `None` for a feasible node.
    pub fn plugin(&self) -> Option<Plugin> {
        match self {
            Self::Feasible(_) => None,
            Self::Rejected(rejection) => Some(rejection.plugin),
            Self::LeftOut => Some(Plugin::PreFilter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_may_share_a_scheduler() {
        fn shared<T: Send + Sync>() {}
        shared::<Scheduler<'_>>();
    }
}
