//! The minor releases of Kubernetes whose words are known.
//!
//! Decisions are those of 1.36 for every cluster; what the scheduler calls them changed in between
//! (`docs/wording.md` lists where and how).

use std::fmt;

use holdfast_cluster::Cluster;

/// A minor release, 1.30 to 1.36.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release(u32);

impl Release {
    /// The oldest whose words are known: clusters older than that get its words.
    pub const OLDEST: Self = Self(30);
    /// The newest, whose decisions are modelled.
    pub const NEWEST: Self = Self(36);
    /// `TaintToleration` and `VolumeRestrictions` say it differently, and `DynamicResources` is
    /// there to speak.
    pub(crate) const V34: Self = Self(34);
    /// `VolumeBinding` says it differently.
    pub(crate) const V33: Self = Self(33);
    /// Nodes that `PreFilter` left out are counted.
    pub(crate) const V32: Self = Self(32);

    /// The release that a version names (`1.32`, `v1.32.4-gke.7`), or the nearest that is known.
    pub fn nearest(version: &str) -> Option<Self> {
        let (major, minor, _) = numbers(version)?;
        let minor = if major > 1 { Self::NEWEST.0 } else { minor };
        Some(Self(minor.clamp(Self::OLDEST.0, Self::NEWEST.0)))
    }

    /// The release of a cluster; the newest where nothing tells.
    pub fn of(cluster: &Cluster) -> Self {
        version(cluster).and_then(Self::nearest).unwrap_or(Self::NEWEST)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "1.{}", self.0)
    }
}

/// The version of a cluster's control plane, as the export tells it: that of its API server, or
/// else the highest of its kubelets. A kubelet may be older than the API server, never newer, and
/// the scheduler is of the API server's minor or the one before
/// (<https://kubernetes.io/releases/version-skew-policy>): the highest kubelet is the nearest.
pub fn version(cluster: &Cluster) -> Option<&str> {
    let server = cluster.objects().server_version.map(|version| cluster.text(version));
    let kubelets = cluster.nodes().iter().filter_map(|node| node.kubelet_version);
    let highest =
        || kubelets.map(|version| cluster.text(version)).max_by_key(|text| (numbers(text), *text));
    server.or_else(highest)
}

/// Major, minor and patch of a version.
fn numbers(version: &str) -> Option<(u32, u32, u32)> {
    let mut parts = version.trim().trim_start_matches('v').splitn(3, '.');
    let mut next = || {
        let part = parts.next()?;
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse().ok()
    };
    let (major, minor) = (next()?, next()?);
    Some((major, minor, next().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_vendors_write_them() {
        let of = |text: &str| Release::nearest(text).map(|release| release.to_string());
        assert_eq!(of("v1.32.4-gke.1353003").as_deref(), Some("1.32"));
        assert_eq!(of("1.33").as_deref(), Some("1.33"));
        assert_eq!(of("1.34+").as_deref(), Some("1.34"));
        assert_eq!(of("v1.22.9").as_deref(), Some("1.30"));
        assert_eq!(of("v1.41.0").as_deref(), Some("1.36"));
        assert_eq!(of("latest"), None);
        assert_eq!(of("1"), None);
        assert!(numbers("v1.9.9") < numbers("v1.30.0"));
    }
}
