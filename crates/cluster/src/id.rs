//! Indices into a [`Cluster`](crate::Cluster) or a [`Placement`](crate::Placement), one type each,
//! so that none is taken for another.

use serde::{Deserialize, Serialize};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The position as a slice index.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The index of the element at `position`.
            ///
            /// # Panics
            /// Above `u32::MAX` elements, which no export can hold.
            pub fn at(position: usize) -> Self {
                Self(u32::try_from(position).expect("fewer than 2^32 elements"))
            }
        }
    };
}

index! {
    /// A node. Nodes are sorted by name, so that the order of ids is the order of names.
    NodeId
}
index! {
    /// A pod of the export.
    PodId
}
index! {
    /// A distinct [`PodSpec`](crate::PodSpec).
    SpecId
}
index! {
    /// A distinct set of labels.
    LabelsId
}
index! {
    /// A distinct [`PodClass`](crate::PodClass).
    ClassId
}
index! {
    /// A workload: whatever makes pods, or a pod that nothing makes.
    WorkloadId
}
index! {
    /// A pod of a [`Placement`](crate::Placement): the export's own come first and keep the number
    /// of their [`PodId`]; replacements follow.
    InstanceId
}

impl From<PodId> for InstanceId {
    fn from(pod: PodId) -> Self {
        Self(pod.0)
    }
}
