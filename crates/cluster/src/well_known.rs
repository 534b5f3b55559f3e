//! Strings with a meaning of their own, interned once per cluster.

use crate::{Symbol, Symbols};

/// The well-known strings of one cluster's symbol table.
#[derive(Clone, Debug)]
pub struct WellKnown {
    /// The empty string.
    pub empty: Symbol,
    /// `default-scheduler`.
    pub default_scheduler: Symbol,
    /// `metadata.name`, the field that node selectors may ask for.
    pub metadata_name: Symbol,
    /// `kubernetes.io/hostname`.
    pub hostname: Symbol,
    /// `topology.kubernetes.io/zone`.
    pub zone: Symbol,
    /// `topology.kubernetes.io/region`.
    pub region: Symbol,
    /// `kubernetes.io/metadata.name`, the label that every namespace carries.
    pub namespace_name: Symbol,
    /// `node.kubernetes.io/not-ready`.
    pub not_ready: Symbol,
    /// `node.kubernetes.io/unreachable`.
    pub unreachable: Symbol,
    /// `node.kubernetes.io/unschedulable`.
    pub unschedulable: Symbol,
    /// `node.kubernetes.io/out-of-service`.
    pub out_of_service: Symbol,
    /// `0.0.0.0`, every address of a node.
    pub any_address: Symbol,
}

impl WellKnown {
    /// Whether taints of this key come and go with the state of their node.
    pub fn is_of_lifecycle(&self, key: Symbol) -> bool {
        [self.not_ready, self.unreachable, self.unschedulable, self.out_of_service].contains(&key)
    }

    pub(crate) fn intern(symbols: &mut Symbols) -> Self {
        Self {
            empty: symbols.intern(""),
            default_scheduler: symbols.intern("default-scheduler"),
            metadata_name: symbols.intern("metadata.name"),
            hostname: symbols.intern("kubernetes.io/hostname"),
            zone: symbols.intern("topology.kubernetes.io/zone"),
            region: symbols.intern("topology.kubernetes.io/region"),
            namespace_name: symbols.intern("kubernetes.io/metadata.name"),
            not_ready: symbols.intern("node.kubernetes.io/not-ready"),
            unreachable: symbols.intern("node.kubernetes.io/unreachable"),
            unschedulable: symbols.intern("node.kubernetes.io/unschedulable"),
            out_of_service: symbols.intern("node.kubernetes.io/out-of-service"),
            any_address: symbols.intern("0.0.0.0"),
        }
    }
}
