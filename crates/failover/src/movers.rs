//! The pods in whose place one may have to be scheduled.

use holdfast_cluster::{ClassId, Cluster, InstanceId, Placement};

/// Them, but of the pods of one class and workload two at most: whoever asks what they count wants
/// to know whether any does, and perhaps whether any other than a given one does.
pub(crate) struct Movers {
    /// The last that was kept of a class, by its number.
    last: Box<[Option<usize>]>,
    kept: Vec<Kept>,
    /// How many of them, the first, move without anybody being preempted on a node that nobody
    /// hears.
    without: usize,
}

struct Kept {
    pod: InstanceId,
    /// The one of the same class before it.
    before: Option<usize>,
}

/// How many pods of one class and workload are kept.
const OF_A_KIND: usize = 2;

impl Movers {
    /// Those that are `due` to be evicted, those that wait and those that end, and whom one of
    /// these might preempt.
    pub(crate) fn of<'i>(
        cluster: &Cluster,
        placement: &Placement,
        due: impl Iterator<Item = &'i InstanceId>,
    ) -> Self {
        let last = vec![None; cluster.classes().len()].into();
        let mut movers = Self { last, kept: Vec::new(), without: 0 };
        let waiting = placement.pending().iter().copied();
        for pod in due.copied().chain(waiting).chain(placement.ending()) {
            movers.add(placement, pod);
        }
        let spec = |pod: InstanceId| cluster.spec_of(placement.instance(pod).class);
        let preempting = movers.iter().map(spec).filter(|spec| spec.preempts);
        let highest = preempting.map(|spec| spec.priority).max();
        let mut unheard = Vec::new();
        for pod in placement.instance_ids().filter(|_| highest.is_some()) {
            let Some(node) = placement.instance(pod).node() else { continue };
            if Some(spec(pod).priority) >= highest {
                continue;
            }
            if placement.node(node).reachable {
                movers.add(placement, pod);
            } else {
                unheard.push(pod);
            }
        }
        movers.without = movers.kept.len();
        for pod in unheard {
            movers.add(placement, pod);
        }
        movers
    }

    fn add(&mut self, placement: &Placement, pod: InstanceId) {
        let instance = placement.instance(pod);
        let mut kin = 0;
        for other in self.of_class(instance.class) {
            if other == pod {
                return;
            }
            kin += usize::from(placement.instance(other).workload == instance.workload);
        }
        if kin < OF_A_KIND {
            let last = &mut self.last[instance.class.index()];
            self.kept.push(Kept { pod, before: *last });
            *last = Some(self.kept.len() - 1);
        }
    }

    /// All that are kept.
    pub(crate) fn iter(&self) -> impl Iterator<Item = InstanceId> {
        self.kept.iter().map(|kept| kept.pod)
    }

    /// Those that move without anybody being preempted on a node that nobody hears.
    pub(crate) fn without_preemption_unheard(&self) -> impl Iterator<Item = InstanceId> {
        self.kept[..self.without].iter().map(|kept| kept.pod)
    }

    /// Those of a class.
    pub(crate) fn of_class(&self, class: ClassId) -> impl Iterator<Item = InstanceId> {
        let last = self.last[class.index()];
        let back = |at: &usize| self.kept[*at].before;
        std::iter::successors(last, back).map(|at| self.kept[at].pod)
    }
}
