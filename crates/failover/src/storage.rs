//! Which volumes can still be read and written: copies on the nodes, and how many of them it takes.
//!
//! * Longhorn serves a volume from any one healthy replica; the objects say which node each is on.
//! * Ceph stops reading and writing where fewer than `min_size` copies of a block are up
//!   (<https://docs.ceph.com/en/latest/rados/operations/pools>), and altogether without more than
//!   half of its monitors. Which blocks are where no object says: every choice of hosts that the
//!   failure domain allows may hold all copies of some block.
//! * Anything else is as somebody declared it, by storage class; what nobody declared is taken to
//!   be outside and up.
//!
//! What is not known makes a range of it: from the worst that may be to the best. Storage is taken
//! to make no new copies on other nodes while nodes are down.

mod needed;

use std::collections::BTreeMap;

use holdfast_cluster::cluster::Key;
use holdfast_cluster::storage::{CephCluster, Declared, FailureDomain, Health};
use holdfast_cluster::volume::{AccessMode, Claim, PodVolume, Volume, VolumeSource};
use holdfast_cluster::{
    ClassId, Cluster, Instance, InstanceId, NodeId, Placement, PodClass, Symbol,
};

use crate::host::{Host, Power};

pub use needed::Needed;

/// What can be done with a volume, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Enough copies are up to take writes.
    Writable,
    /// Enough are up to answer reads.
    Readable,
    /// Too few are up; they come back with their nodes.
    Unavailable,
    /// No copy is left.
    Lost,
}

/// What can be done with a volume, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessRange {
    /// At best.
    pub best: Access,
    /// At worst.
    pub worst: Access,
}

/// Whether a pod can use all the volumes it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It can.
    Usable,
    /// Nobody knows.
    Unknown,
    /// It cannot.
    Starved,
}

/// Volumes that are kept on the nodes.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    kept: Vec<Kept>,
    /// What the pods of each class need, by class.
    needs: Vec<Box<[Need]>>,
}

/// A volume, and how it is kept.
#[derive(Clone, Debug)]
struct Kept {
    claim: Key,
    copies: Copies,
    /// The copies are files of their nodes, which takes no pod: local volumes.
    bare: bool,
    readable_with: usize,
    writable_with: usize,
    /// More than half of these must be up.
    quorum: Vec<Host>,
}

/// Where the copies of a volume are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Copies {
    /// Here; `false` for one that may not hold all the data.
    At(Vec<(Host, bool)>),
    /// In so many of these groups of hosts, one in each, whichever.
    Among(usize, Vec<Vec<Host>>),
    /// On some of these hosts, maybe all on one.
    Somewhere(Vec<Host>),
}

/// A volume that a pod needs.
#[derive(Clone, Copy, Debug)]
struct Need {
    kept: usize,
    writes: bool,
}

const LONGHORN: &str = "driver.longhorn.io";

/// What the names of Ceph's drivers end in; Rook puts its namespace in front.
const CEPH: [&str; 2] = ["rbd.csi.ceph.com", "cephfs.csi.ceph.com"];

impl Storage {
    /// What the export and the assumptions say.
    pub fn of(cluster: &Cluster) -> Self {
        let mut storage = Self::default();
        let mut of_claim = BTreeMap::new();
        for (key, claim) in &cluster.objects().claims {
            if let Some(kept) = keep(cluster, claim) {
                of_claim.insert(*key, storage.kept.len());
                storage.kept.push(kept);
            }
        }
        if !storage.kept.is_empty() {
            let classes = (0..cluster.classes().len()).map(ClassId::at);
            storage.needs = classes
                .map(|class| needs(cluster, cluster.class(class), &of_claim).collect())
                .collect();
        }
        storage
    }

    /// Whether no volume is kept on the nodes.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// What can be done with each volume, by namespace and name of its claim.
    pub fn claims<'s>(
        &'s self,
        placement: &'s Placement,
    ) -> impl Iterator<Item = (Key, AccessRange)> + 's {
        self.kept.iter().map(|kept| (kept.claim, kept.access(placement)))
    }

    /// Whether pods of a class need volumes that are kept on the nodes.
    pub fn keeps_for(&self, class: ClassId) -> bool {
        self.needs.get(class.index()).is_some_and(|needs| !needs.is_empty())
    }

    /// Whether a pod can use the volumes it needs.
    pub fn standing(&self, placement: &Placement, instance: &Instance) -> Standing {
        let needs = self.needs.get(instance.class.index()).into_iter().flatten();
        let each =
            needs.map(|need| Standing::of(self.kept[need.kept].access(placement), need.writes));
        each.max().unwrap_or(Standing::Usable)
    }

    /// Sets for every bound pod whether too few copies are up of a volume that it needs.
    pub fn refresh(&self, cluster: &Cluster, placement: &mut Placement) {
        for id in self.users(placement).collect::<Vec<_>>() {
            self.refresh_pod(cluster, placement, id);
        }
    }

    /// The same for one pod.
    pub fn refresh_pod(&self, cluster: &Cluster, placement: &mut Placement, id: InstanceId) {
        let instance = placement.instance(id);
        let bound = instance.node().is_some();
        let starved = bound && self.standing(placement, instance) == Standing::Starved;
        if starved != instance.starved {
            placement.change(cluster, id, |instance| instance.starved = starved);
        }
    }

    /// Pods that would serve if they could use their volumes.
    pub fn starved<'s>(
        &'s self,
        placement: &'s Placement,
    ) -> impl Iterator<Item = InstanceId> + 's {
        self.users(placement).filter(|id| {
            let instance = placement.instance(*id);
            let served = instance.node().is_some_and(|node| placement.node(node).serves());
            instance.starved && served && !instance.terminating
        })
    }

    /// Pods of which nobody knows whether they can use the volumes they need.
    pub fn doubtful(&self, placement: &Placement) -> Vec<InstanceId> {
        let users = self.users(placement);
        let unknown = |id: &InstanceId| {
            self.standing(placement, placement.instance(*id)) == Standing::Unknown
        };
        users.filter(unknown).collect()
    }

    /// Pods that need such a volume.
    fn users<'s>(&'s self, placement: &'s Placement) -> impl Iterator<Item = InstanceId> + 's {
        let all = if self.is_empty() { 0 } else { usize::MAX };
        placement.instance_ids().take(all).filter(|id| {
            let instance = placement.instance(*id);
            let there = instance.whereabouts != holdfast_cluster::placement::Whereabouts::Gone;
            there && self.keeps_for(instance.class)
        })
    }
}

impl Kept {
    fn access(&self, placement: &Placement) -> AccessRange {
        let power = |host: &Host| {
            if self.bare { host.power_of_disks(placement) } else { host.power(placement) }
        };
        let (fewest, most, left) = self.copies.count(placement, power);
        let (sure, possible) = majority(&self.quorum, placement);
        let access = |up: usize, quorum: bool| match () {
            () if !left => Access::Lost,
            () if quorum && up >= self.writable_with => Access::Writable,
            () if quorum && up >= self.readable_with => Access::Readable,
            () => Access::Unavailable,
        };
        AccessRange { best: access(most, possible), worst: access(fewest, sure) }
    }
}

/// Whether more than half are up: surely, and at best. Nobody to ask is a yes.
fn majority(hosts: &[Host], placement: &Placement) -> (bool, bool) {
    let count = |most: Power| hosts.iter().filter(|host| host.power(placement) <= most).count();
    let enough = |up: usize| hosts.is_empty() || up * 2 > hosts.len();
    (enough(count(Power::Up)), enough(count(Power::Unsure)))
}

impl Copies {
    /// The fewest and the most copies that may be up, and whether any may be left.
    fn count(
        &self,
        placement: &Placement,
        power: impl Fn(&Host) -> Power + Copy,
    ) -> (usize, usize, bool) {
        let is_left = |host: &Host| match host {
            Host::Node(node) => placement.node(*node).exists,
            Host::Machine(_) | Host::Unknown => true,
        };
        match self {
            Self::At(copies) => {
                let up = |most| copies.iter().filter(move |(host, _)| power(host) <= most);
                let fewest = up(Power::Up).filter(|(_, whole)| *whole).count();
                let left = copies.iter().any(|(host, _)| is_left(host));
                (fewest, up(Power::Unsure).count(), left)
            }
            Self::Among(copies, groups) => {
                let count = |holds: &dyn Fn(&Vec<Host>) -> bool| {
                    groups.iter().filter(|group| holds(group)).count()
                };
                let safe = count(&|group| group.iter().all(|host| power(host) == Power::Up));
                let most = count(&|group| group.iter().any(|host| power(host) != Power::Down));
                let copies = (*copies).min(groups.len());
                let fewest = copies.saturating_sub(groups.len() - safe);
                (fewest, most.min(copies), count(&|group| group.iter().any(is_left)) > 0)
            }
            Self::Somewhere(hosts) => {
                let safe = hosts.iter().all(|host| power(host) == Power::Up);
                let gone = hosts.iter().all(|host| power(host) == Power::Down);
                let fewest = if safe { usize::MAX } else { 0 };
                let most = if gone { 0 } else { usize::MAX };
                (fewest, most, hosts.iter().any(is_left))
            }
        }
    }
}

/// The volumes that a pod of this class needs.
fn needs<'c>(
    cluster: &'c Cluster,
    class: &'c PodClass,
    of_claim: &'c BTreeMap<Key, usize>,
) -> impl Iterator<Item = Need> + 'c {
    cluster.spec(class.spec).volumes.iter().filter_map(|volume| {
        let PodVolume::Claim { name, read_only, .. } = volume else { return None };
        let key = (class.namespace, *name);
        let kept = *of_claim.get(&key)?;
        let modes = &cluster.objects().claims[&key].access_modes;
        let only_read = !modes.is_empty() && modes.iter().all(|m| *m == AccessMode::ReadOnlyMany);
        Some(Need { kept, writes: !read_only && !only_read })
    })
}

/// How the volume of a claim is kept; `None` where nothing says that it is kept on the nodes, or
/// there is none yet.
fn keep(cluster: &Cluster, claim: &Claim) -> Option<Kept> {
    let objects = cluster.objects();
    let name = claim.volume?;
    let volume = objects.volumes.get(&name);
    let class = claim.class.or_else(|| volume?.class);
    let declared = class.and_then(|class| objects.storage.declared.get(&class));
    let of_class = class.and_then(|class| objects.storage_classes.get(&class));
    let (driver, handle) = match volume.map(|volume| volume.source) {
        Some(VolumeSource::Csi { driver, handle }) => (Some(driver), handle),
        Some(VolumeSource::Node | VolumeSource::Direct(_)) => (None, name),
        None => (of_class.map(|class| class.provisioner), name),
    };
    let source = Source { cluster, claim, volume, driver, declared };
    let text = driver.map_or("", |driver| cluster.text(driver));
    if text == LONGHORN {
        return Some(source.longhorn(handle));
    }
    if CEPH.iter().any(|end| text.ends_with(end)) {
        let place = of_class.and_then(|class| class.pool);
        let ceph = place.and_then(|(space, _)| objects.storage.ceph_clusters.get(&space));
        return match ceph {
            Some(ceph) if ceph.external => source.as_declared(),
            Some(ceph) => Some(source.ceph(*ceph, place?.1)),
            // Rook's driver carries its namespace; a driver of its own has its Ceph elsewhere.
            None if CEPH.contains(&text) || declared.is_some() => source.as_declared(),
            None => Some(source.unknown()),
        };
    }
    source.as_declared()
}

/// What is known of one volume.
struct Source<'c> {
    cluster: &'c Cluster,
    claim: &'c Claim,
    volume: Option<&'c Volume>,
    driver: Option<Symbol>,
    declared: Option<&'c Declared>,
}

impl Source<'_> {
    /// Any one healthy replica will do (`controller/volume_controller.go` of longhorn-manager: a
    /// volume is faulted when none is healthy).
    fn longhorn(&self, handle: Symbol) -> Kept {
        let storage = &self.cluster.objects().storage;
        let of_volume = storage.longhorn_replicas.iter().filter(|one| one.volume == handle);
        let usable = of_volume.filter(|one| one.health != Health::Failed);
        let placed = usable.filter_map(|one| match (one.node, one.health) {
            (Some(node), health) => {
                Some((Host::named(self.cluster, node), health == Health::Healthy))
            }
            // A copy that somebody means to add: where Longhorn makes it nobody knows.
            (None, Health::Healthy) => Some((Host::Unknown, true)),
            (None, _) => None,
        });
        let at: Vec<(Host, bool)> = placed.collect();
        let counted = storage.longhorn_volumes.get(&handle).map(|volume| volume.replicas);
        let copies = if at.is_empty() { self.placed(counted) } else { Copies::At(at) };
        let writable = self.declared.and_then(|declared| declared.writable_with).unwrap_or(1);
        self.kept(copies, Some(writable), self.declared_quorum())
    }

    /// Blocks of a pool, and the monitors.
    fn ceph(&self, ceph: CephCluster, pool: Symbol) -> Kept {
        let pool = self.cluster.objects().storage.ceph_pools.get(&(ceph.namespace, pool));
        let hosts = daemons(self.cluster, ceph.namespace, "rook-ceph-osd");
        let label = match pool.map(|pool| pool.failure_domain) {
            Some(FailureDomain::Label(label)) => Some(label),
            Some(FailureDomain::Unknown) | None => None,
        };
        let copies = match (pool.and_then(|pool| pool.size), label) {
            (Some(size), Some(label)) if !hosts.is_empty() => {
                self.apart(size as usize, &hosts, label)
            }
            _ if hosts.is_empty() => Copies::Somewhere(all_nodes(self.cluster)),
            _ => somewhere(&hosts),
        };
        let known = |(host, ready)| if ready { host } else { Host::Unknown };
        let monitors = daemons(self.cluster, ceph.namespace, "rook-ceph-mon").into_iter();
        let mut monitors: Vec<Host> = monitors.map(known).collect();
        let unseen = (ceph.monitors as usize).saturating_sub(monitors.len());
        match self.declared_quorum() {
            declared if monitors.is_empty() && !declared.is_empty() => monitors = declared,
            _ => monitors.extend(std::iter::repeat_n(Host::Unknown, unseen)),
        }
        self.kept(copies, pool.map(|pool| pool.min_size), monitors)
    }

    /// As somebody declared it.
    fn as_declared(&self) -> Option<Kept> {
        let declared = self.declared?;
        let copies = self.placed(None);
        Some(self.kept(copies, declared.writable_with, self.declared_quorum()))
    }

    /// On nodes, and nothing more is known.
    fn unknown(&self) -> Kept {
        self.kept(Copies::Somewhere(all_nodes(self.cluster)), None, Vec::new())
    }

    /// So many copies, or as many as were declared, wherever they may be.
    fn placed(&self, counted: Option<u32>) -> Copies {
        let declared = self.declared;
        let hosts = self.candidates();
        let replicas = counted.filter(|count| *count > 0);
        let replicas = replicas.or_else(|| declared?.replicas);
        match (replicas, declared.and_then(|declared| declared.failure_domain)) {
            (Some(replicas), Some(label)) => {
                let hosts: Vec<(Host, bool)> = hosts.into_iter().map(|host| (host, true)).collect();
                self.apart(replicas as usize, &hosts, label)
            }
            _ => Copies::Somewhere(hosts),
        }
    }

    /// No two copies in one failure domain. Nodes without the label say nothing of that.
    /// A host of which it is not said that all is well there may be up or not.
    fn apart(&self, copies: usize, hosts: &[(Host, bool)], label: Symbol) -> Copies {
        let mut groups: BTreeMap<Option<Symbol>, Vec<Host>> = BTreeMap::new();
        for (host, well) in hosts {
            let value = match host {
                Host::Node(node) => self.cluster.node(*node).labels.get(label),
                Host::Machine(_) | Host::Unknown => None,
            };
            if value.is_none() && *host != Host::Unknown {
                return somewhere(hosts);
            }
            let group = groups.entry(value).or_default();
            group.push(*host);
            if !well {
                group.push(Host::Unknown);
            }
        }
        Copies::Among(copies, groups.into_values().collect())
    }

    /// Where copies may be: what was declared, else the nodes that have the driver, else all. A
    /// single copy is where its volume can be used.
    fn candidates(&self) -> Vec<Host> {
        let cluster = self.cluster;
        let named = |name: &Symbol| Host::named(cluster, *name);
        if let Some(nodes) = self.declared.and_then(|declared| declared.nodes.as_ref()) {
            return nodes.iter().map(named).collect();
        }
        let single = self.declared.is_some_and(|declared| declared.replicas == Some(1));
        let affinity = self.volume.and_then(|volume| volume.node_affinity.as_ref());
        if let Some(affinity) = affinity.filter(|_| single) {
            let fits = |node: &NodeId| {
                let node = cluster.node(*node);
                affinity.matches(node.name, &node.labels, cluster.symbols())
            };
            return cluster.node_ids().filter(fits).map(Host::Node).collect();
        }
        let has = |node: &NodeId| {
            let known = cluster.objects().csi_nodes.get(&cluster.node(*node).name);
            known.is_some_and(|known| {
                known.drivers.iter().any(|one| Some(one.driver) == self.driver)
            })
        };
        let with_driver: Vec<Host> = cluster.node_ids().filter(has).map(Host::Node).collect();
        if with_driver.is_empty() { all_nodes(cluster) } else { with_driver }
    }

    fn declared_quorum(&self) -> Vec<Host> {
        let names = self.declared.and_then(|declared| declared.quorum.as_ref());
        names.into_iter().flatten().map(|name| Host::named(self.cluster, *name)).collect()
    }

    /// The volume. Where nobody knows how many copies it takes, or where there can never be enough
    /// of them, which what is said of it must then be wrong about, little is known.
    fn kept(&self, copies: Copies, writable: Option<u32>, quorum: Vec<Host>) -> Kept {
        let writable_with = writable.unwrap_or(1).max(1) as usize;
        let copies = match copies {
            Copies::Among(copies, groups)
                if writable.is_none() || copies.min(groups.len()) < writable_with =>
            {
                Copies::Somewhere(groups.into_iter().flatten().collect())
            }
            copies => copies,
        };
        let readable = self.declared.and_then(|declared| declared.readable_with);
        Kept {
            claim: (self.claim.namespace, self.claim.name),
            copies,
            bare: self.volume.is_some_and(|volume| volume.source == VolumeSource::Node),
            readable_with: readable.map_or(writable_with, |count| count.max(1) as usize),
            writable_with,
            quorum,
        }
    }
}

/// Hosts of which one that is not well may be up or not.
fn somewhere(hosts: &[(Host, bool)]) -> Copies {
    let ill = hosts.iter().any(|(_, well)| !well).then_some(Host::Unknown);
    Copies::Somewhere(hosts.iter().map(|(host, _)| *host).chain(ill).collect())
}

fn all_nodes(cluster: &Cluster) -> Vec<Host> {
    cluster.node_ids().map(Host::Node).collect()
}

/// Where the daemons of a kind run that Rook made in a namespace, and whether they are ready.
fn daemons(cluster: &Cluster, namespace: Symbol, app: &str) -> Vec<(Host, bool)> {
    let Some((key, app)) = cluster.find("app").zip(cluster.find(app)) else { return Vec::new() };
    let pods = cluster.pods().iter().filter(|pod| {
        cluster.class(pod.class).namespace == namespace
            && cluster.labels_of(pod.class).get(key) == Some(app)
            && !pod.phase.is_terminal()
    });
    let host = |name| cluster.node_named(name).map_or(Host::Unknown, Host::Node);
    pods.map(|pod| (pod.node.map_or(Host::Unknown, host), pod.ready)).collect()
}

#[cfg(test)]
mod tests;
