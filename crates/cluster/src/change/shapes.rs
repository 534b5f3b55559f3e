//! Nodes of a shape that somebody described, where no node of the cluster is like them.

use super::{Refused, Work};
use crate::node::Readiness;
use crate::taint::{Effect, Taint};
use crate::{Cluster, Labels, Node, Resources};

/// What a node of some make has, by names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// What pods may request.
    pub allocatable: Amounts,
    /// What it has in all.
    pub capacity: Amounts,
    /// How many pods it takes.
    pub pods: i64,
    /// Its labels, but for its name.
    pub labels: Vec<(String, String)>,
    /// Its taints: key, value, effect.
    pub taints: Vec<(String, String, Effect)>,
}

/// Amounts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// Extended resources, in whole units.
    pub scalars: Vec<(String, i64)>,
}

/// A node of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shaped {
    /// Its name.
    pub name: String,
    /// What it has.
    pub shape: Shape,
    /// Labels that it has besides, or with another value.
    pub labels: Vec<(String, String)>,
}

impl Cluster {
    /// The same cluster with further nodes: ready, empty, with nothing that storage drivers would
    /// say of them. `DaemonSets` have made their pods, which wait. Ids of workloads and pods stay
    /// what they are.
    ///
    /// # Errors
    /// A node whose name is taken.
    pub fn with_nodes(&self, nodes: &[Shaped]) -> Result<Self, Refused> {
        let mut work = Work::new(self);
        for node in nodes {
            work.add_shaped(node)?;
        }
        work.finish()
    }
}

impl Work {
    fn add_shaped(&mut self, new: &Shaped) -> Result<(), Refused> {
        let name = self.builder.intern(&new.name);
        if self.cluster().nodes().iter().any(|node| node.name == name) {
            return Err(Refused::NodeExists(name));
        }
        let mut labels = vec![(self.cluster().known().hostname, name)];
        for (key, value) in new.shape.labels.iter().chain(&new.labels) {
            labels.push((self.builder.intern(key), self.builder.intern(value)));
        }
        let mut taints = Vec::new();
        for (key, value, effect) in &new.shape.taints {
            let (key, value) = (self.builder.intern(key), self.builder.intern(value));
            taints.push(Taint { key, value, effect: *effect });
        }
        let (allocatable, capacity) =
            (self.resources(&new.shape.allocatable), self.resources(&new.shape.capacity));
        self.builder.node(Node {
            name,
            labels: Labels::new(labels),
            taints: taints.into(),
            unschedulable: false,
            allocatable,
            pods_allocatable: new.shape.pods,
            capacity,
            readiness: Readiness::Ready,
            images: [].into(),
            declared_features: [].into(),
            kubelet_version: None,
            terminating: false,
        });
        self.looked_over = false;
        Ok(())
    }

    fn resources(&mut self, amounts: &Amounts) -> Resources {
        let Amounts { cpu_milli, memory, ephemeral_storage, .. } = *amounts;
        let mut resources = Resources { cpu_milli, memory, ephemeral_storage, scalars: Vec::new() };
        for (name, amount) in &amounts.scalars {
            resources.set_scalar(self.builder.intern(name), *amount);
        }
        resources
    }
}
