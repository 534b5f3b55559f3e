//! Which failures, or sequences of events, a certificate is about.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, NodeId, Symbol};
use holdfast_failover::{Dynamics, Joined};

use crate::choices::Choices;
use crate::{format, happening};

/// What fails together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failed {
    /// Nodes, in order.
    pub nodes: Vec<NodeId>,
    /// Machines that somebody declared, by name, in order.
    pub machines: Vec<Symbol>,
}

/// What a machine's name begins with, which no node's does.
const MACHINE: &str = "machine:";

impl Failed {
    /// These nodes.
    pub fn of_nodes(nodes: Vec<NodeId>) -> Self {
        Self { nodes, machines: Vec::new() }
    }

    /// What goes by these names, each once and in order, the nodes first. The nodes that run on a
    /// machine must be among them.
    pub fn find(cluster: &Cluster, names: &[String]) -> Option<Self> {
        let mut found = Self::default();
        for name in names {
            if let Some(name) = name.strip_prefix(MACHINE) {
                let machine = cluster.machine_named(name)?;
                let node = |name: &Symbol| cluster.node_named(*name);
                let falls = |node: NodeId| found.nodes.contains(&node);
                if !machine.nodes.iter().filter_map(node).all(falls) {
                    return None;
                }
                found.machines.push(machine.name);
            } else {
                found.nodes.push(cluster.node_named(cluster.find(name)?)?);
            }
        }
        let ordered = found.nodes.is_sorted_by(|one, other| one < other)
            && found.machines.is_sorted_by(|one, other| one < other);
        (ordered && found.names(cluster) == names).then_some(found)
    }

    /// The names of all of it.
    pub fn names(&self, cluster: &Cluster) -> Vec<String> {
        let nodes = self.nodes.iter().map(|node| cluster.node_name(*node).to_owned());
        let machines = self.machines.iter().map(|name| format!("{MACHINE}{}", cluster.text(*name)));
        nodes.chain(machines).collect()
    }

    /// Nothing fails.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.machines.is_empty()
    }

    fn holds(&self, other: &Self) -> bool {
        other.nodes.iter().all(|node| self.nodes.contains(node))
            && other.machines.iter().all(|machine| self.machines.contains(machine))
    }

    /// All that is in any of these.
    fn together<'f>(all: impl Iterator<Item = &'f Self>) -> Self {
        let mut whole = Self::default();
        for one in all {
            whole.nodes.extend(&one.nodes);
            whole.machines.extend(&one.machines);
        }
        whole.nodes.sort_unstable();
        whole.nodes.dedup();
        whole.machines.sort_unstable();
        whole.machines.dedup();
        whole
    }
}

/// The failures that are asked about, that nothing fails always among them.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// Every set of up to so many nodes.
    Nodes(usize),
    /// This set.
    Set(Failed),
    /// Up to so many of these.
    Domains(Vec<Failed>, usize),
    /// Sequences of events.
    Sequences(Vec<Vec<Joined>>),
}

impl Asked {
    /// What a certificate asks; `None` where it names what there is not, or more than there are.
    pub(crate) fn read(cluster: &Cluster, question: &format::Question) -> Option<Self> {
        match question {
            format::Question::Nodes(most) => {
                (*most <= cluster.nodes().len()).then_some(Self::Nodes(*most))
            }
            format::Question::Fail(names) => Failed::find(cluster, names).map(Self::Set),
            format::Question::Domains(domains) => {
                let all = match &domains.label {
                    Some(label) if domains.all.is_empty() => of_label(cluster, label),
                    Some(_) => return None,
                    None => {
                        let listed = domains.all.iter();
                        listed.map(|one| Failed::find(cluster, &one.fail)).collect::<Option<_>>()?
                    }
                };
                (domains.most <= all.len()).then_some(Self::Domains(all, domains.most))
            }
            format::Question::Sequences(sequences) => {
                let event = |one: &format::Happening| happening::find(cluster, one);
                let events = |one: &Vec<_>| {
                    one.iter().map(event).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())
                };
                sequences.iter().map(events).collect::<Option<_>>().map(Self::Sequences)
            }
        }
    }

    /// Every set, the empty one first.
    pub(crate) fn sets<'a>(
        &'a self,
        dynamics: &'a Dynamics<'_>,
    ) -> Box<dyn Iterator<Item = Failed> + 'a> {
        let nodes = |set: Vec<usize>| set.into_iter().map(NodeId::at).collect();
        match self {
            Self::Nodes(most) => {
                let all = Choices::up_to(dynamics.cluster().nodes().len(), *most);
                Box::new(all.map(move |set| Failed::of_nodes(nodes(set))))
            }
            Self::Set(set) if set.is_empty() => Box::new(std::iter::once(Failed::default())),
            Self::Set(set) => Box::new([Failed::default(), set.clone()].into_iter()),
            Self::Domains(all, most) => {
                let union = |set: Vec<usize>| Failed::together(set.iter().map(|at| &all[*at]));
                Box::new(Choices::up_to(all.len(), *most).map(union))
            }
            Self::Sequences(_) => Box::new(std::iter::empty()),
        }
    }

    /// The sequences of events.
    pub(crate) fn sequences(&self) -> &[Vec<Joined>] {
        match self {
            Self::Sequences(sequences) => sequences,
            _ => &[],
        }
    }

    /// How many they are.
    pub(crate) fn count(&self, nodes: usize) -> u64 {
        match self {
            Self::Nodes(most) => Choices::count_up_to(nodes, *most),
            Self::Set(set) => 1 + u64::from(!set.is_empty()),
            Self::Domains(all, most) => Choices::count_up_to(all.len(), *most),
            Self::Sequences(_) => 0,
        }
    }

    /// Whether a set is among them.
    pub(crate) fn has(&self, set: &Failed) -> bool {
        match self {
            Self::Nodes(most) => set.nodes.len() <= *most && set.machines.is_empty(),
            Self::Set(asked) => set.is_empty() || set == asked,
            Self::Domains(all, most) => {
                let within: Vec<&Failed> = all.iter().filter(|one| set.holds(one)).collect();
                let union =
                    |chosen: &[usize]| Failed::together(chosen.iter().map(|at| within[*at]));
                let every: Vec<usize> = (0..within.len()).collect();
                union(&every) == *set
                    && (within.len() <= *most
                        || Choices::up_to(within.len(), *most).any(|chosen| union(&chosen) == *set))
            }
            Self::Sequences(_) => false,
        }
    }
}

/// The nodes that have each value of a label.
fn of_label(cluster: &Cluster, label: &str) -> Vec<Failed> {
    let key = cluster.find(label);
    let mut values: BTreeMap<Symbol, Vec<NodeId>> = BTreeMap::new();
    for node in cluster.node_ids() {
        if let Some(value) = key.and_then(|key| cluster.node(node).labels.get(key)) {
            values.entry(value).or_default().push(node);
        }
    }
    values.into_values().map(Failed::of_nodes).collect()
}
