//! The interned, immutable cluster and its builder.

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use crate::assumptions::Machine;
use crate::budget::Budget;
use crate::coverage::Coverage;
use crate::profile::Scheduling;
use crate::quota::{self, Quota};
use crate::service::Service;
use crate::volume::{Attachment, Claim, CsiDriver, CsiNode, StorageCapacity, StorageClass, Volume};
use crate::well_known::WellKnown;
use crate::{
    ClassId, Labels, LabelsId, Node, NodeId, Pod, PodClass, PodId, PodSpec, SpecId, Symbol,
    Symbols, Workload, WorkloadId,
};

type Set<T> = IndexSet<T, FxBuildHasher>;
type Map<K, V> = IndexMap<K, V, FxBuildHasher>;

/// A namespaced name.
pub type Key = (Symbol, Symbol);

/// Everything an export says, interned. Never changes once built: what-if changes build another.
#[derive(Clone, Debug)]
pub struct Cluster {
    symbols: Symbols,
    known: WellKnown,
    nodes: Vec<Node>,
    nodes_by_name: Map<Symbol, NodeId>,
    label_sets: Set<Labels>,
    specs: Set<PodSpec>,
    classes: Set<PodClass>,
    pods: Vec<Pod>,
    workloads: Vec<Workload>,
    /// What each workload made in turn, by workload.
    owned: Vec<Vec<WorkloadId>>,
    objects: Objects,
    scheduling: Scheduling,
}

/// Objects that pods and nodes refer to, by name.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// Labels of each namespace that the export holds.
    pub namespaces: Map<Symbol, Labels>,
    /// Services with a selector.
    pub services: Vec<Service>,
    /// Disruption budgets.
    pub budgets: Vec<Budget>,
    /// Resource quotas that speak of pods.
    pub quotas: Vec<Quota>,
    /// Claims by namespace and name.
    pub claims: Map<Key, Claim>,
    /// Persistent volumes by name.
    pub volumes: Map<Symbol, Volume>,
    /// Storage classes by name.
    pub storage_classes: Map<Symbol, StorageClass>,
    /// CSI nodes by node name.
    pub csi_nodes: Map<Symbol, CsiNode>,
    /// CSI drivers by name.
    pub csi_drivers: Map<Symbol, CsiDriver>,
    /// What drivers can still make.
    pub storage_capacities: Vec<StorageCapacity>,
    /// What is attached where.
    pub attachments: Vec<Attachment>,
    /// Values of priority classes by name.
    pub priority_classes: Map<Symbol, i32>,
    /// Copies of volumes.
    pub storage: crate::storage::Storage,
    /// What was declared that the export cannot show.
    pub assumptions: crate::assumptions::Assumptions,
    /// The version of the API server, where the export tells.
    pub server_version: Option<Symbol>,
    /// What the export speaks of.
    pub coverage: Coverage,
}

impl Cluster {
    /// The text of a symbol.
    pub fn text(&self, symbol: Symbol) -> &str {
        self.symbols.text(symbol)
    }

    /// The symbol of a text, if anything in the cluster is called so.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.symbols.find(text)
    }

    /// The symbol table, for selectors.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// Strings with a meaning of their own.
    pub fn known(&self) -> &WellKnown {
        &self.known
    }

    /// All nodes, sorted by name.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The ids of all nodes, in order of their names.
    pub fn node_ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + use<> {
        (0..self.nodes.len()).map(NodeId::at)
    }

    /// One node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The node of this name.
    pub fn node_named(&self, name: Symbol) -> Option<NodeId> {
        self.nodes_by_name.get(&name).copied()
    }

    /// The machine of this name, which is no node, if one was declared.
    pub fn machine_named(&self, name: &str) -> Option<&Machine> {
        let name = self.find(name)?;
        self.objects.assumptions.machines.iter().find(|machine| machine.name == name)
    }

    /// The name of a node.
    pub fn node_name(&self, id: NodeId) -> &str {
        self.text(self.node(id).name)
    }

    /// All pods, in the export's order.
    pub fn pods(&self) -> &[Pod] {
        &self.pods
    }

    /// The ids of all pods.
    pub fn pod_ids(&self) -> impl DoubleEndedIterator<Item = PodId> + ExactSizeIterator + use<> {
        (0..self.pods.len()).map(PodId::at)
    }

    /// One pod.
    pub fn pod(&self, id: PodId) -> &Pod {
        &self.pods[id.index()]
    }

    /// One pod class.
    pub fn class(&self, id: ClassId) -> &PodClass {
        &self.classes[id.index()]
    }

    /// All pod classes, in the order of their ids.
    pub fn classes(&self) -> impl ExactSizeIterator<Item = &PodClass> {
        self.classes.iter()
    }

    /// The spec of a class.
    pub fn spec_of(&self, class: ClassId) -> &PodSpec {
        self.spec(self.class(class).spec)
    }

    /// The labels of a class.
    pub fn labels_of(&self, class: ClassId) -> &Labels {
        self.labels(self.class(class).labels)
    }

    /// One pod spec.
    pub fn spec(&self, id: SpecId) -> &PodSpec {
        &self.specs[id.index()]
    }

    /// All pod specs, in the order of their ids.
    pub fn specs(&self) -> impl ExactSizeIterator<Item = &PodSpec> {
        self.specs.iter()
    }

    /// One label set.
    pub fn labels(&self, id: LabelsId) -> &Labels {
        &self.label_sets[id.index()]
    }

    /// All workloads.
    pub fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// The ids of all workloads.
    pub fn workload_ids(
        &self,
    ) -> impl DoubleEndedIterator<Item = WorkloadId> + ExactSizeIterator + use<> {
        (0..self.workloads.len()).map(WorkloadId::at)
    }

    /// One workload.
    pub fn workload(&self, id: WorkloadId) -> &Workload {
        &self.workloads[id.index()]
    }

    /// The workloads that a workload made: the ReplicaSets of a Deployment, the Jobs of a CronJob.
    pub fn owned(&self, id: WorkloadId) -> &[WorkloadId] {
        &self.owned[id.index()]
    }

    /// The workload that answers for `id` towards people: the Deployment of a ReplicaSet, and so
    /// on.
    pub fn root(&self, mut id: WorkloadId) -> WorkloadId {
        // Owners form no cycle: the builder refuses one.
        while let Some(owner) = self.workload(id).owner {
            id = owner;
        }
        id
    }

    /// Objects that pods and nodes refer to.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// How the scheduler is configured.
    pub fn scheduling(&self) -> &Scheduling {
        &self.scheduling
    }

    /// The labels of a namespace. The API server gives every namespace its name as a label, so that
    /// one is there even where the export lacks the namespace.
    pub fn namespace_labels(&self, namespace: Symbol) -> &Labels {
        self.objects.namespaces.get(&namespace).expect("the builder adds every namespace in use")
    }
}

/// Interns objects into a [`Cluster`].
#[derive(Clone, Debug)]
pub struct Builder {
    cluster: Cluster,
}

impl Default for Builder {
    fn default() -> Self {
        let mut symbols = Symbols::default();
        let known = WellKnown::intern(&mut symbols);
        let scheduling = Scheduling::standard(known.default_scheduler);
        Self {
            cluster: Cluster {
                symbols,
                known,
                nodes: Vec::new(),
                nodes_by_name: Map::default(),
                label_sets: Set::default(),
                specs: Set::default(),
                classes: Set::default(),
                pods: Vec::new(),
                workloads: Vec::new(),
                owned: Vec::new(),
                objects: Objects::default(),
                scheduling,
            },
        }
    }
}

/// A cluster to be extended: the ids of all it holds stay what they are.
impl From<Cluster> for Builder {
    fn from(cluster: Cluster) -> Self {
        Self { cluster }
    }
}

impl Builder {
    /// The symbol of `text`.
    pub fn intern(&mut self, text: &str) -> Symbol {
        self.cluster.symbols.intern(text)
    }

    /// What has been put in so far. Nodes are unsorted and unknown by name until
    /// [`Builder::finish`].
    pub fn so_far(&self) -> &Cluster {
        &self.cluster
    }

    /// Interns a label set.
    pub fn labels(&mut self, labels: Labels) -> LabelsId {
        LabelsId::at(self.cluster.label_sets.insert_full(labels).0)
    }

    /// Interns a pod spec.
    pub fn spec(&mut self, spec: PodSpec) -> SpecId {
        SpecId::at(self.cluster.specs.insert_full(spec).0)
    }

    /// Interns a pod class.
    pub fn class(&mut self, class: PodClass) -> ClassId {
        ClassId::at(self.cluster.classes.insert_full(class).0)
    }

    /// Adds a node.
    pub fn node(&mut self, node: Node) {
        self.cluster.nodes.push(node);
    }

    /// The nodes that were added.
    pub(crate) fn nodes(&mut self) -> &mut Vec<Node> {
        &mut self.cluster.nodes
    }

    /// Adds a pod.
    pub fn pod(&mut self, pod: Pod) -> PodId {
        self.cluster.pods.push(pod);
        PodId::at(self.cluster.pods.len() - 1)
    }

    /// Changes a pod that was added, as its owner becomes known.
    pub fn pod_mut(&mut self, id: PodId) -> &mut Pod {
        &mut self.cluster.pods[id.index()]
    }

    /// Adds a workload.
    pub fn workload(&mut self, workload: Workload) -> WorkloadId {
        self.cluster.workloads.push(workload);
        WorkloadId::at(self.cluster.workloads.len() - 1)
    }

    /// Changes a workload that was added.
    pub fn workload_mut(&mut self, id: WorkloadId) -> &mut Workload {
        &mut self.cluster.workloads[id.index()]
    }

    /// The objects that pods and nodes refer to.
    pub fn objects(&mut self) -> &mut Objects {
        &mut self.cluster.objects
    }

    /// How the scheduler is configured; the default profile alone unless it is changed.
    pub fn scheduling(&mut self) -> &mut Scheduling {
        &mut self.cluster.scheduling
    }

    /// The cluster: nodes sorted and indexed, namespaces complete.
    ///
    /// # Panics
    /// When two nodes share a name or owners form a cycle; ingest reports both before it comes to
    /// this.
    pub fn finish(mut self) -> Cluster {
        self.sort_nodes();
        self.complete_namespaces();
        self.check_owners();
        self.index_owners();
        self.note_quotas();
        self.cluster
    }

    fn sort_nodes(&mut self) {
        let Cluster { nodes, symbols, nodes_by_name, .. } = &mut self.cluster;
        nodes.sort_by(|a, b| symbols.text(a.name).cmp(symbols.text(b.name)));
        nodes_by_name.clear();
        for (position, node) in nodes.iter().enumerate() {
            let before = nodes_by_name.insert(node.name, NodeId::at(position));
            assert!(before.is_none(), "two nodes named {}", symbols.text(node.name));
        }
    }

    fn complete_namespaces(&mut self) {
        let key = self.cluster.known.namespace_name;
        let cluster = &mut self.cluster;
        for labels in &mut cluster.objects.namespaces {
            let (name, given) = labels;
            if given.get(key).is_none() {
                *given = Labels::new(given.iter().chain([(key, *name)]).collect::<Vec<_>>());
            }
        }
        for class in &cluster.classes {
            cluster
                .objects
                .namespaces
                .entry(class.namespace)
                .or_insert_with(|| Labels::new([(key, class.namespace)]));
        }
    }

    fn index_owners(&mut self) {
        let workloads = &self.cluster.workloads;
        let mut owned = vec![Vec::new(); workloads.len()];
        for (at, workload) in workloads.iter().enumerate() {
            if let Some(owner) = workload.owner {
                owned[owner.index()].push(WorkloadId::at(at));
            }
        }
        self.cluster.owned = owned;
    }

    fn note_quotas(&mut self) {
        let refusing = quota::refusing(&self.cluster);
        for workload in &mut self.cluster.workloads {
            workload.rationed = refusing.contains(&workload.namespace);
        }
    }

    fn check_owners(&self) {
        let workloads = &self.cluster.workloads;
        for start in workloads {
            let mut at = start;
            for _ in 0..=workloads.len() {
                match at.owner {
                    None => break,
                    Some(owner) => at = &workloads[owner.index()],
                }
            }
            assert!(at.owner.is_none(), "workload owners form a cycle");
        }
    }
}
