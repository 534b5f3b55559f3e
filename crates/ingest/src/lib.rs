//! Bytes to a [`holdfast_cluster::Cluster`]: exports, manifests, dumps, defaults, diagnostics.
