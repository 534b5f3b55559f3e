//! What is wrong with assumptions: names of nothing, entries that make no sense, and what the
//! export says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::storage::FailureDomain;
use holdfast_cluster::volume::{StorageClass, VolumeSource};
use holdfast_cluster::{Cluster, Symbol};

use super::{Entry, Name, Written, bad};
use crate::{Diagnostic, Rule, Severity};

/// Tells all of it.
pub(super) fn check(cluster: &Cluster, written: &Written, told: &mut Vec<Diagnostic>) {
    let machines: BTreeSet<&str> =
        written.machines.iter().map(|(name, _)| name.text.as_str()).collect();
    let mut checker = Checker { cluster, machines, told };
    checker.machines(written);
    checker.control_plane(written);
    let mut seen: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in &written.storage {
        if let Some(first) = seen.insert(&entry.class.text, entry) {
            let line = first.class.place.line;
            let detail = format!(
                "storage class {} is declared twice, first in line {line}",
                entry.class.text
            );
            checker.told.push(bad(Some(entry.class.place.clone()), detail));
        }
        checker.storage(entry);
    }
}

struct Checker<'c> {
    cluster: &'c Cluster,
    machines: BTreeSet<&'c str>,
    told: &'c mut Vec<Diagnostic>,
}

/// Node labels that say that an API server runs there.
const API_ROLES: [&str; 3] = [
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/controlplane",
    "node-role.kubernetes.io/master",
];

impl<'c> Checker<'c> {
    fn bad(&mut self, at: &Name, detail: String) {
        self.told.push(bad(Some(at.place.clone()), detail));
    }

    fn contradicts(&mut self, at: &Name, detail: String) {
        self.told.push(Diagnostic {
            rule: Rule::AssumptionContradicts,
            ..bad(Some(at.place.clone()), detail)
        });
    }

    fn is_node(&self, name: &str) -> bool {
        self.cluster.find(name).is_some_and(|name| self.cluster.node_named(name).is_some())
    }

    fn machines(&mut self, written: &Written) {
        let mut names = BTreeSet::new();
        let mut carried: BTreeMap<&str, &str> = BTreeMap::new();
        for (machine, nodes) in &written.machines {
            if self.is_node(&machine.text) {
                self.bad(machine, format!("machine {} has the name of a node", machine.text));
            }
            if !names.insert(&machine.text) {
                self.bad(machine, format!("machine {} is declared twice", machine.text));
            }
            for node in nodes {
                if !self.is_node(&node.text) {
                    self.bad(node, format!("{} is no node of the export", node.text));
                }
                let before = carried.insert(&node.text, &machine.text);
                if let Some(other) = before.filter(|other| *other != machine.text) {
                    let detail = format!("{} is on {other} and on {}", node.text, machine.text);
                    self.bad(node, detail);
                }
            }
        }
    }

    /// Members are nodes or machines, each once.
    fn members(&mut self, names: &[Name]) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !self.is_node(&name.text) && !self.machines.contains(name.text.as_str()) {
                self.bad(name, format!("{} is neither a node nor a machine", name.text));
            }
            if !seen.insert(&name.text) {
                self.bad(name, format!("{} is named twice", name.text));
            }
        }
    }

    fn control_plane(&mut self, written: &Written) {
        let parts = [&written.etcd, &written.api_servers, &written.load_balancer];
        for names in parts.into_iter().flatten() {
            self.members(names);
        }
        let etcd = self.found(&["node-role.kubernetes.io/etcd"], "etcd");
        self.same(written.etcd.as_deref(), &etcd, "etcd");
        let servers = self.found(&API_ROLES, "kube-apiserver");
        self.same(written.api_servers.as_deref(), &servers, "API servers");
    }

    /// Nodes with one of these labels, else those with a static pod of this name.
    fn found(&self, roles: &[&str], pod: &str) -> BTreeSet<&'c str> {
        let cluster = self.cluster;
        let roles: Vec<Symbol> = roles.iter().filter_map(|role| cluster.find(role)).collect();
        let has = |labels: &holdfast_cluster::Labels| {
            roles.iter().any(|role| labels.get(*role).is_some())
        };
        let labelled = cluster.nodes().iter().filter(|node| has(&node.labels));
        let labelled: BTreeSet<&str> = labelled.map(|node| cluster.text(node.name)).collect();
        if !labelled.is_empty() {
            return labelled;
        }
        let named = |one: &&holdfast_cluster::Pod| {
            one.mirror && cluster.text(cluster.workload(one.workload).name) == pod
        };
        let nodes = cluster.pods().iter().filter(named).filter_map(|one| one.node);
        nodes.map(|node| cluster.text(node)).collect()
    }

    /// The export speaks first of who is a member.
    fn same(&mut self, declared: Option<&[Name]>, found: &BTreeSet<&str>, what: &str) {
        let Some(declared) = declared.filter(|_| !found.is_empty()) else { return };
        let names: BTreeSet<&str> = declared.iter().map(|name| name.text.as_str()).collect();
        if let Some(at) = declared.first().filter(|_| names != *found) {
            let detail =
                format!("{what} on {} here, on {} in the export", list(&names), list(found));
            self.contradicts(at, detail);
        }
    }

    fn storage(&mut self, entry: &Entry) {
        for names in [&entry.nodes, &entry.quorum].into_iter().flatten() {
            self.members(names);
        }
        for (count, what) in [
            (entry.replicas, "replicas"),
            (entry.writable_with, "writableWith"),
            (entry.readable_with, "readableWith"),
        ] {
            if count == Some(0) {
                self.bad(&entry.class, format!("{what} of {} is 0", entry.class.text));
            }
        }
        for (count, what) in
            [(entry.writable_with, "writableWith"), (entry.readable_with, "readableWith")]
        {
            if let (Some(count), Some(replicas)) = (count, entry.replicas)
                && count > replicas
            {
                let class = &entry.class.text;
                let detail = format!("{class} has {replicas} replicas and {what} {count}");
                self.bad(&entry.class, detail);
            }
        }
        let cluster = self.cluster;
        let class = cluster.find(&entry.class.text);
        let class = class.and_then(|class| cluster.objects().storage_classes.get(&class));
        let Some(class) = class else {
            let detail = format!("storage class {}", entry.class.text);
            self.told.push(Diagnostic {
                rule: Rule::UnusedAssumption,
                severity: Severity::Note,
                ..bad(Some(entry.class.place.clone()), detail)
            });
            return;
        };
        self.longhorn(entry, class);
        self.pool(entry, class);
    }

    /// Longhorn's volumes say how many replicas they have.
    fn longhorn(&mut self, entry: &Entry, class: &StorageClass) {
        let objects = self.cluster.objects();
        let Some(declared) = entry.replicas else { return };
        for volume in objects.volumes.values().filter(|one| one.class == Some(class.name)) {
            let VolumeSource::Csi { handle, .. } = volume.source else { continue };
            let known = objects.storage.longhorn_volumes.get(&handle).map(|one| one.replicas);
            if let Some(known) = known.filter(|known| *known != declared && *known > 0) {
                let name = self.cluster.text(handle);
                let detail = format!("{declared} replicas here, {known} of volume {name}");
                return self.contradicts(&entry.class, detail);
            }
        }
    }

    /// A pool of Ceph says how many copies it keeps and where, and the monitors run as pods.
    fn pool(&mut self, entry: &Entry, class: &StorageClass) {
        let cluster = self.cluster;
        let Some((namespace, pool)) = class.pool else { return };
        let storage = &cluster.objects().storage;
        if let Some(pool) = storage.ceph_pools.get(&(namespace, pool)) {
            let name = cluster.text(pool.name);
            let counts = [
                ("replicas", entry.replicas, pool.size),
                ("writableWith", entry.writable_with, Some(pool.min_size)),
            ];
            for (what, here, there) in counts {
                if let (Some(here), Some(there)) = (here, there)
                    && here != there
                {
                    let detail = format!("{what} {here} here, {there} in pool {name}");
                    self.contradicts(&entry.class, detail);
                }
            }
            if let (Some(here), FailureDomain::Label(label)) =
                (&entry.failure_domain, pool.failure_domain)
            {
                let label = cluster.text(label);
                if here.text != label {
                    let detail = format!("{} here, {label} in pool {name}", here.text);
                    self.contradicts(here, detail);
                }
            }
        }
        let monitors = self.monitors(namespace);
        self.same(entry.quorum.as_deref(), &monitors, "monitors");
    }

    fn monitors(&self, namespace: Symbol) -> BTreeSet<&'c str> {
        let cluster = self.cluster;
        let Some((key, app)) = cluster.find("app").zip(cluster.find("rook-ceph-mon")) else {
            return BTreeSet::new();
        };
        let pods = cluster.pods().iter().filter(|pod| {
            cluster.class(pod.class).namespace == namespace
                && cluster.labels_of(pod.class).get(key) == Some(app)
                && !pod.phase.is_terminal()
        });
        pods.filter_map(|pod| pod.node).map(|node| cluster.text(node)).collect()
    }
}

fn list(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}
