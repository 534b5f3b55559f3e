//! The clusters that come with the page: published plans as exports, small enough to be part of it.

use serde::{Deserialize, Serialize};

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sample {
    Homelab,
    Edge,
    ZeroSpof,
}

impl Sample {
    /// By the name that the shell's buttons have.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "homelab" => Some(Self::Homelab),
            "edge" => Some(Self::Edge),
            "zero-spof" => Some(Self::ZeroSpof),
            _ => None,
        }
    }

    /// The name that links have for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Homelab => "homelab",
            Self::Edge => "edge",
            Self::ZeroSpof => "zero-spof",
        }
    }

    /// What its export is called.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Homelab => "homelab.json",
            Self::Edge => "edge.json",
            Self::ZeroSpof => "zero-spof.json",
        }
    }

    /// Its export.
    pub(crate) fn export(self) -> &'static [u8] {
        match self {
            Self::Homelab => include_bytes!(concat!(env!("OUT_DIR"), "/homelab.json")),
            Self::Edge => include_bytes!(concat!(env!("OUT_DIR"), "/edge.json")),
            Self::ZeroSpof => include_bytes!(concat!(env!("OUT_DIR"), "/zero-spof.json")),
        }
    }

    /// What its plan assumes beside the export.
    pub(crate) fn assumptions(self) -> &'static str {
        match self {
            Self::Homelab => include_str!("../../fixtures/homelab/assumptions.yaml"),
            Self::Edge => include_str!("../../fixtures/edge/assumptions.yaml"),
            Self::ZeroSpof => include_str!("../../fixtures/zero-spof/assumptions.yaml"),
        }
    }

    /// What its plan requires.
    pub(crate) fn policy(self) -> &'static str {
        match self {
            Self::Homelab => include_str!("../../fixtures/policies/homelab.yaml"),
            Self::Edge => include_str!("../../fixtures/policies/edge.yaml"),
            Self::ZeroSpof => include_str!("../../fixtures/policies/zero-spof.yaml"),
        }
    }
}
