//! The plugins and the profile that orders and weighs them, as the cluster has them.

pub use holdfast_cluster::profile::{Plugin, Profile};
