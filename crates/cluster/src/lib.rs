//! What is: nodes, pods, workloads, volumes and budgets, as one interned, immutable [`Cluster`],
//! and the cheap-to-fork [`Placement`] that says which pod runs where.
//!
//! This crate holds facts and nothing else: it reads no files, knows no JSON and has no notion of
//! time passing. Names are Kubernetes' own. Every string is interned as a [`Symbol`]; pods that
//! nothing can tell apart share one [`PodClass`], so that work over a large cluster follows its
//! variety and not its size.
//!
//! * [`quantity`]: exact resource quantities.
//! * [`symbol`], [`label`], [`selector`], [`fault`]: names, label sets, what selects them and what
//!   does not parse.
//! * [`node`], [`pod`], [`workload`], [`volume`], [`budget`], [`service`]: the objects.
//! * [`storage`], [`assumptions`]: copies of volumes, and what an export cannot show.
//! * [`cluster`]: all of it together, and the builder that interns it.
//! * [`change`]: what if, as data, and the cluster that stands then.
//! * [`daemon`]: where DaemonSets run.
//! * [`profile`]: how the scheduler is configured.
//! * [`placement`]: who runs where, with an undo log.
//! * [`coverage`]: which kinds of object the export held, hence what silence proves.

pub mod affinity;
pub mod assumptions;
pub mod budget;
pub mod change;
pub mod cluster;
pub mod coverage;
pub mod daemon;
pub mod fault;
pub mod id;
pub mod label;
pub mod merge_keys;
pub mod node;
pub mod placement;
pub mod pod;
pub mod profile;
pub mod quantity;
pub mod quota;
pub mod resources;
mod rollout;
pub mod selector;
pub mod service;
pub mod spread;
pub mod storage;
pub mod symbol;
pub mod taint;
pub mod volume;
pub mod well_known;
pub mod workload;

pub use change::Change;
pub use cluster::{Builder, Cluster};
pub use id::{ClassId, InstanceId, LabelsId, NodeId, PodId, SpecId, WorkloadId};
pub use label::Labels;
pub use merge_keys::merge_keys;
pub use node::Node;
pub use placement::{Instance, Placement};
pub use pod::{Pod, PodClass, PodSpec};
pub use profile::{Plugin, Profile};
pub use quantity::Quantity;
pub use resources::Resources;
pub use symbol::{Symbol, Symbols};
pub use workload::Workload;
