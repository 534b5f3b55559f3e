//! How far pods are from being spread as their rules say, or nodes from being loaded alike.
//!
//! *Spread*: each workload's own `topologySpreadConstraints`, whether they filter or score, and its
//! anti-affinity against itself, required or preferred. A rule is held against the domains that
//! have a node which takes its pods: an empty domain that they cannot go to keeps nobody from being
//! spread. How many pods a rule wants moved, wherever there was room, is a sum over its domains.
//!
//! *Load*: the share of a node's allocatable CPU or memory that its pods request. It holds where no
//! two nodes that take pods differ by more than so many hundredths.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::spread::SpreadConstraint;
use holdfast_cluster::taint::{Effect, Taint};
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, Symbol, WorkloadId};

/// What is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Every workload is spread as its rules say.
    Spread,
    /// Nodes are loaded alike.
    Load {
        /// With what.
        by: By,
        /// Shares differ by so many hundredths at most.
        within: u32,
    },
}

/// What loads a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Requests of CPU.
    Cpu,
    /// Requests of memory.
    Memory,
}

/// What a rule asks of its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// No domain has more than so many more than another.
    Skew(i64),
    /// One pod a domain, as far as there are domains.
    Apart,
}

/// A rule of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whose.
    pub workload: WorkloadId,
    /// The label whose values are the domains.
    pub key: Symbol,
    /// What it asks.
    pub asks: Asks,
    /// It filters nodes; otherwise it only scores them.
    pub hard: bool,
    /// The classes of the pods that count.
    classes: Vec<ClassId>,
    /// The domain of each node that has one, by node.
    domains: Vec<Option<Symbol>>,
    /// Domains that take its pods.
    open: BTreeSet<Symbol>,
}

/// How far a rule is from holding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Pods by domain that takes them.
    pub counts: BTreeMap<Symbol, i64>,
    /// Pods that have to move, at least.
    pub excess: i64,
}

/// The measure of a goal in one cluster.
#[derive(Clone, Debug)]
pub struct Measure<'c> {
    cluster: &'c Cluster,
    /// What is to hold.
    pub goal: Goal,
    /// The rules, where spread is to hold.
    pub rules: Vec<Rule>,
    /// Which of them count pods of a class, by class.
    of_class: Vec<Vec<usize>>,
    /// Nodes that take pods, where load is to be alike.
    nodes: Vec<NodeId>,
}

/// Shares are counted in millionths.
const WHOLE: i128 = 1_000_000;

impl<'c> Measure<'c> {
    /// The measure; `placement` is where the cluster stands.
    pub fn new(cluster: &'c Cluster, placement: &Placement, goal: Goal) -> Self {
        let open = |id: &NodeId| {
            let known = cluster.known();
            let shut = |effect| matches!(effect, Effect::NoSchedule | Effect::NoExecute);
            let node = cluster.node(*id);
            let taints = node.taints.iter().filter(|taint| taint.key != known.unschedulable);
            placement.node(*id).serves()
                && !placement.node(*id).unschedulable
                && !taints.clone().any(|taint| shut(taint.effect))
        };
        let (rules, nodes) = match goal {
            Goal::Spread => (rules(cluster, placement), Vec::new()),
            Goal::Load { .. } => (Vec::new(), cluster.node_ids().filter(open).collect()),
        };
        let mut of_class = vec![Vec::new(); cluster.classes().len()];
        for (at, rule) in rules.iter().enumerate() {
            rule.classes.iter().for_each(|class| of_class[class.index()].push(at));
        }
        Self { cluster, goal, rules, of_class, nodes }
    }

    /// How far from the goal: nothing where it holds, and less the nearer it is.
    pub fn distance(&self, placement: &Placement) -> i128 {
        match self.goal {
            Goal::Spread => {
                self.rules.iter().map(|rule| i128::from(rule.standing(placement).excess)).sum()
            }
            Goal::Load { .. } if self.holds(placement) => 0,
            Goal::Load { by, .. } => {
                let shares = self.nodes.iter().map(|id| self.share(placement, by, *id));
                shares.map(|share| share * share).sum::<i128>() + 1
            }
        }
    }

    /// The part of the distance that pods of these classes make a difference to.
    pub(crate) fn part(&self, placement: &Placement, classes: [ClassId; 2]) -> i128 {
        let Goal::Spread = self.goal else { return self.distance(placement) };
        let of = |class: &ClassId| self.of_class[class.index()].iter().copied();
        let rules: BTreeSet<usize> = classes.iter().flat_map(of).collect();
        rules.iter().map(|at| i128::from(self.rules[*at].standing(placement).excess)).sum()
    }

    /// Those of some pods that are where there is too much.
    pub(crate) fn crowding(
        &self,
        placement: &Placement,
        pods: impl Iterator<Item = InstanceId>,
    ) -> Vec<InstanceId> {
        let node = |pod: &InstanceId| placement.instance(*pod).node();
        if let Goal::Load { by, .. } = self.goal {
            let all = self.by_share(placement, by);
            // The fullest first.
            let rank = |pod: &InstanceId| all.iter().position(|(id, _)| Some(*id) == node(pod));
            let full = pods.filter_map(|pod| Some((rank(&pod)?, pod)));
            let mut full: Vec<_> = full.filter(|(at, _)| 2 * at >= all.len()).collect();
            full.sort_unstable_by_key(|(at, pod)| (std::cmp::Reverse(*at), *pod));
            return full.into_iter().map(|(_, pod)| pod).collect();
        }
        let standings: Vec<Standing> =
            self.rules.iter().map(|rule| rule.standing(placement)).collect();
        let crowds = |pod: &InstanceId| {
            let class = placement.instance(*pod).class;
            let broken =
                self.of_class[class.index()].iter().filter(|at| standings[**at].excess > 0);
            node(pod).is_some_and(|node| {
                let mut broken = broken;
                broken.any(|at| self.rules[*at].is_crowding(&standings[*at].counts, node))
            })
        };
        pods.filter(crowds).collect()
    }

    /// Whether the goal is met.
    pub fn holds(&self, placement: &Placement) -> bool {
        match self.goal {
            Goal::Spread => self.distance(placement) == 0,
            Goal::Load { by, within } => {
                let (least, most) = self.range(placement, by);
                most - least <= i128::from(within) * WHOLE / 100
            }
        }
    }

    /// The least and the greatest share of a node, in millionths.
    pub fn range(&self, placement: &Placement, by: By) -> (i128, i128) {
        let shares = || self.nodes.iter().map(|id| self.share(placement, by, *id));
        (shares().min().unwrap_or(0), shares().max().unwrap_or(0))
    }

    /// The nodes with the least and the greatest share come first and last.
    pub fn by_share(&self, placement: &Placement, by: By) -> Vec<(NodeId, i128)> {
        let mut all: Vec<(NodeId, i128)> =
            self.nodes.iter().map(|id| (*id, self.share(placement, by, *id))).collect();
        all.sort_by_key(|(id, share)| (*share, *id));
        all
    }

    fn share(&self, placement: &Placement, by: By, node: NodeId) -> i128 {
        let (all, used) = (&self.cluster.node(node).allocatable, &placement.node(node).requested);
        let (all, used) = match by {
            By::Cpu => (all.cpu_milli, used.cpu_milli),
            By::Memory => (all.memory, used.memory),
        };
        i128::from(used) * WHOLE / i128::from(all.max(1))
    }

    /// Fewer moves than this do not do, wherever there was room.
    pub fn bound(&self, placement: &Placement) -> usize {
        if self.holds(placement) {
            return 0;
        }
        match self.goal {
            Goal::Spread => self.bound_of_spread(placement),
            Goal::Load { by, within } => self.bound_of_load(placement, by, within).max(1),
        }
    }

    /// A move moves one pod: rules that count no pod in common add up.
    fn bound_of_spread(&self, placement: &Placement) -> usize {
        let mut all: Vec<(i64, &Rule)> =
            self.rules.iter().map(|rule| (rule.standing(placement).excess, rule)).collect();
        all.sort_by_key(|(excess, _)| std::cmp::Reverse(*excess));
        let (mut counted, mut sum) = (BTreeSet::new(), 0);
        for (excess, rule) in all {
            if rule.classes.iter().all(|class| !counted.contains(class)) {
                counted.extend(rule.classes.iter().copied());
                sum += usize::try_from(excess).unwrap_or(0);
            }
        }
        sum
    }

    /// The mean of all shares, weighted by size, stays what it is: in the end no share is farther
    /// from it than they may differ. What a node has more must go, its largest pods first; what it
    /// lacks must come, the largest pods of all first.
    fn bound_of_load(&self, placement: &Placement, by: By, within: u32) -> usize {
        let amount = |id: &NodeId| {
            let (all, used) = (&self.cluster.node(*id).allocatable, &placement.node(*id).requested);
            match by {
                By::Cpu => (i128::from(all.cpu_milli), i128::from(used.cpu_milli)),
                By::Memory => (i128::from(all.memory), i128::from(used.memory)),
            }
        };
        // What runs on other nodes may come here, and raise the mean.
        let total: i128 = self.nodes.iter().map(|id| amount(id).0).sum();
        let used: i128 = self.nodes.iter().map(|id| amount(id).1).sum();
        let others = self.cluster.node_ids().filter(|id| !self.nodes.contains(id));
        let others: i128 = others
            .flat_map(|id| self.movable_on(placement, id))
            .map(|pod| self.size(placement, pod, by))
            .sum();
        let mine = self.nodes.iter().flat_map(|id| self.movable_on(placement, *id));
        let mut sizes: Vec<i128> = mine.map(|pod| self.size(placement, pod, by)).collect();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        let within = i128::from(within);
        let (mut leaving, mut coming) = (0, 0);
        for id in &self.nodes {
            let (room, taken) = amount(id);
            // taken - x <= room * (used + others) / total + room * within / 100, exactly.
            let over = taken * total * 100 - room * ((used + others) * 100 + within * total);
            let mut own: Vec<i128> =
                self.movable_on(placement, *id).map(|pod| self.size(placement, pod, by)).collect();
            own.sort_unstable_by(|one, other| other.cmp(one));
            leaving += how_many(&own, over, total * 100);
            let under = room * (used * 100 - within * total) - taken * total * 100;
            coming += how_many(&sizes, under, total * 100);
        }
        // Where pods may leave for other nodes the mean may fall, and less need come.
        if self.may_leave(placement) { leaving } else { leaving.max(coming) }
    }

    /// Whether a pod may come to a node whose load is not measured.
    fn may_leave(&self, placement: &Placement) -> bool {
        let others = || self.cluster.node_ids().filter(|id| !self.nodes.contains(id));
        let movable =
            placement.instance_ids().filter(|id| is_movable(self.cluster, placement, *id));
        let classes: BTreeSet<ClassId> =
            movable.map(|id| placement.instance(id).next_class(self.cluster)).collect();
        classes.iter().any(|class| others().any(|id| takes(self.cluster, placement, *class, id)))
    }

    fn size(&self, placement: &Placement, pod: InstanceId, by: By) -> i128 {
        let asked = &self.cluster.spec_of(placement.instance(pod).class).requests;
        match by {
            By::Cpu => asked.cpu_milli.into(),
            By::Memory => asked.memory.into(),
        }
    }

    fn movable_on<'p>(
        &'p self,
        placement: &'p Placement,
        node: NodeId,
    ) -> impl Iterator<Item = InstanceId> + 'p {
        let pods = placement.node(node).pods.iter().copied();
        pods.filter(|pod| is_movable(self.cluster, placement, *pod))
    }
}

/// How many of these amounts, the largest first, come to `needed` parts of `scale`.
fn how_many(sizes: &[i128], needed: i128, scale: i128) -> usize {
    let (mut sum, mut count) = (0, 0);
    while sum < needed {
        let Some(size) = sizes.get(count) else { break };
        (sum, count) = (sum + size * scale, count + 1);
    }
    count
}

/// Whether deleting the pod makes another that the scheduler places.
pub(crate) fn is_movable(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    let instance = placement.instance(pod);
    let kind = cluster.workload(instance.workload).kind;
    let kept = matches!(
        kind,
        WorkloadKind::ReplicaSet | WorkloadKind::ReplicationController | WorkloadKind::StatefulSet
    );
    kept && instance.node().is_some() && !instance.terminating
}

impl Rule {
    /// How the rule stands.
    pub fn standing(&self, placement: &Placement) -> Standing {
        let mut counts: BTreeMap<Symbol, i64> = self.open.iter().map(|name| (*name, 0)).collect();
        let mut elsewhere = false;
        for class in &self.classes {
            for id in placement.of_class(*class) {
                let instance = placement.instance(id);
                let Some(node) = instance.node().filter(|_| !instance.terminating) else {
                    continue;
                };
                let count = self.domains[node.index()].and_then(|domain| counts.get_mut(&domain));
                match count {
                    Some(count) => *count += 1,
                    None => elsewhere = true,
                }
            }
        }
        let all: Vec<i64> = counts.values().copied().collect();
        let excess = match self.asks {
            Asks::Skew(most) => excess(&all, most, elsewhere),
            Asks::Apart => {
                let doubles: i64 = all.iter().map(|count| (count - 1).max(0)).sum();
                let spare = all.iter().sum::<i64>() - all.len() as i64;
                doubles - spare.max(0)
            }
        };
        Standing { counts, excess }
    }

    /// Whether a pod is in a domain that has more than another, or that is not to have any.
    fn is_crowding(&self, counts: &BTreeMap<Symbol, i64>, node: NodeId) -> bool {
        let least = counts.values().copied().min().unwrap_or(0);
        let count = self.domains[node.index()].and_then(|domain| counts.get(&domain));
        count.is_none_or(|count| *count > least)
    }
}

/// How many pods have to move so that no domain has more than `most` more than another; more may
/// come from `elsewhere`.
fn excess(counts: &[i64], most: i64, elsewhere: bool) -> i64 {
    let (total, domains) = (counts.iter().sum::<i64>(), counts.len() as i64);
    let moves = |least: i64| {
        let over: i64 = counts.iter().map(|count| (count - least - most).max(0)).sum();
        let under: i64 = counts.iter().map(|count| (least - count).max(0)).sum();
        over.max(under)
    };
    let fits = |least: &i64| domains * least <= total && total <= domains * (least + most);
    let levels = 0..=counts.iter().copied().max().unwrap_or(0);
    levels.filter(|least| elsewhere || fits(least)).map(moves).min().unwrap_or(0)
}

/// The rules of all workloads.
fn rules(cluster: &Cluster, placement: &Placement) -> Vec<Rule> {
    let mut seen = BTreeSet::new();
    let mut all: Vec<Rule> = Vec::new();
    for id in placement.instance_ids().filter(|id| is_movable(cluster, placement, *id)) {
        let instance = placement.instance(id);
        let class = placement.instance(id).next_class(cluster);
        let root = cluster.root(instance.workload);
        if !seen.insert((root, class)) {
            continue;
        }
        let spec = cluster.spec_of(class);
        let spreads = spec.spread.iter().filter_map(|one| of_spread(cluster, (root, class), one));
        let apart = &spec.pod_anti_affinity;
        let required = apart.required.iter().map(|term| (term, true));
        let preferred = apart.preferred.iter().map(|(_, term)| (term, false));
        let terms = required.chain(preferred);
        let terms = terms.filter_map(|(term, hard)| of_term(cluster, (root, class), term, hard));
        for mut rule in spreads.chain(terms) {
            rule.open = open(cluster, placement, class, &rule.domains);
            if all.iter().all(|known| !known.is_same(&rule)) {
                all.push(rule);
            }
        }
    }
    all
}

impl Rule {
    /// Whether it asks the same of the same pods.
    fn is_same(&self, other: &Self) -> bool {
        (self.key, self.asks, &self.classes, &self.open)
            == (other.key, other.asks, &other.classes, &other.open)
    }
}

/// A spread constraint that counts the workload's own pods.
fn of_spread(
    cluster: &Cluster,
    (workload, class): (WorkloadId, ClassId),
    one: &SpreadConstraint,
) -> Option<Rule> {
    use holdfast_cluster::spread::WhenUnsatisfiable::DoNotSchedule;
    let namespace = cluster.class(class).namespace;
    let counts = |other: &ClassId| {
        cluster.class(*other).namespace == namespace
            && one.selector.matches(cluster.labels_of(*other), cluster.symbols())
    };
    let hard = one.when_unsatisfiable == DoNotSchedule;
    rule(
        cluster,
        (workload, class),
        (one.topology_key, Asks::Skew(one.max_skew.into())),
        hard,
        counts,
    )
}

/// A term of anti-affinity that the workload's own pods meet.
fn of_term(
    cluster: &Cluster,
    (workload, class): (WorkloadId, ClassId),
    term: &PodAffinityTerm,
    hard: bool,
) -> Option<Rule> {
    let counts = |other: &ClassId| {
        let of = cluster.class(*other);
        let of_namespace = cluster.namespace_labels(of.namespace);
        let labels = cluster.labels(of.labels);
        term.matches(of.namespace, of_namespace, labels, cluster.symbols())
    };
    rule(cluster, (workload, class), (term.topology_key, Asks::Apart), hard, counts)
}

fn rule(
    cluster: &Cluster,
    (workload, class): (WorkloadId, ClassId),
    (key, asks): (Symbol, Asks),
    hard: bool,
    counts: impl Fn(&ClassId) -> bool,
) -> Option<Rule> {
    let classes: Vec<ClassId> =
        (0..cluster.classes().len()).map(ClassId::at).filter(|other| counts(other)).collect();
    let domains = cluster.nodes().iter().map(|node| node.labels.get(key)).collect();
    let open = BTreeSet::new();
    let own = classes.contains(&class);
    own.then_some(Rule { workload, key, asks, hard, classes, domains, open })
}

/// The domains with a node that pods of the class may come to.
fn open(
    cluster: &Cluster,
    placement: &Placement,
    class: ClassId,
    domains: &[Option<Symbol>],
) -> BTreeSet<Symbol> {
    let nodes = cluster.node_ids().filter(|id| takes(cluster, placement, class, *id));
    nodes.filter_map(|id| domains[id.index()]).collect()
}

/// Whether labels and taints let pods of the class onto a node that takes pods.
fn takes(cluster: &Cluster, placement: &Placement, class: ClassId, id: NodeId) -> bool {
    let (spec, node, usage) = (cluster.spec_of(class), cluster.node(id), placement.node(id));
    let bears = |taint: &Taint| {
        taint.effect == Effect::PreferNoSchedule
            || spec.tolerations.iter().any(|one| one.tolerates(taint, cluster.symbols(), false))
    };
    usage.serves()
        && !usage.unschedulable
        && spec.selects(node, cluster.symbols())
        && node.taints.iter().all(bears)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_move_as_must() {
        let among = |counts: &[i64], most| excess(counts, most, false);
        assert_eq!(among(&[3, 0, 0], 1), 2);
        assert_eq!(among(&[2, 1, 0], 1), 1);
        assert_eq!(among(&[2, 2, 1], 1), 0);
        assert_eq!(among(&[5, 1], 2), 1);
        assert_eq!(among(&[0, 0], 1), 0);
        assert_eq!(among(&[], 1), 0);
        assert_eq!(among(&[4, 4, 0], 1), 2);
        assert_eq!(excess(&[5, 5, 3], 1, true), 1, "one comes from elsewhere");
    }
}
