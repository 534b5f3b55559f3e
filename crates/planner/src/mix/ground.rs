//! The cluster without the nodes that are replaced, and with the nodes of a mix.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::change::{Refused, Shaped};
use holdfast_cluster::{Cluster, NodeId, Placement, PodId, WorkloadId, daemon, node};
use holdfast_proof::Domains;
use holdfast_proof::report::Question;
use holdfast_proof::subject::follows_nodes;

use super::market::{Market, Site};
use super::packing::Packed;
use super::{Mixer, NoMix, Offer};
use crate::nodes::{Survive, ZONE};
use crate::recovery::Recovered;

const HOSTNAME: &str = "kubernetes.io/hostname";

/// What every mix is added to.
pub(super) struct Ground<'a> {
    pub(super) mixer: &'a Mixer<'a>,
    /// The nodes that stay, and what waits for others.
    pub(super) base: Cluster,
    pub(super) offers: Vec<Offer>,
    pub(super) prices: Vec<i128>,
    /// How many nodes are replaced.
    pub(super) replaced: usize,
    /// Offers whose nodes are too small for what `DaemonSets` put there.
    pub(super) useless: Vec<bool>,
    /// Pods that wait whatever is bought: for something of their own, or those of `DaemonSets` on
    /// nodes that stay.
    excused: BTreeSet<PodId>,
    /// What names of new nodes begin with.
    lead: String,
}

impl<'a> Ground<'a> {
    pub(super) fn of(mixer: &'a Mixer<'a>) -> Result<Self, NoMix> {
        let cluster = mixer.cluster;
        let gone: Vec<NodeId> = if mixer.keep {
            Vec::new()
        } else {
            cluster.node_ids().filter(|id| !is_of_control_plane(cluster, *id)).collect()
        };
        let base = cluster.vacated(&gone);
        let offers = offers(mixer);
        let prices = offers.iter().map(|offer| mixer.sold[offer.sold].price).collect();
        let mut lead = String::new();
        let taken = |lead: &str| {
            let begins = |name: &str| {
                mixer.sold.iter().any(|one| name.starts_with(&(lead.to_owned() + &one.name)))
            };
            base.node_ids().any(|id| begins(base.node_name(id)))
        };
        while taken(&lead) {
            lead.push_str("new-");
        }
        let useless = vec![false; offers.len()];
        let excused = BTreeSet::new();
        let ground =
            Self { mixer, base, offers, prices, replaced: gone.len(), useless, excused, lead };
        match ground.label() {
            Some(label) => {
                let lacks =
                    ground.offers.iter().filter(|offer| ground.domain(offer, label).is_none());
                let lacking: BTreeSet<String> = lacks.map(|offer| offer.name.clone()).collect();
                if lacking.is_empty() {
                    Ok(ground)
                } else {
                    Err(NoMix::Label(lacking.into_iter().collect()))
                }
            }
            None => Ok(ground),
        }
    }

    /// The label by which nodes fail together; nodes that fail by their names fail one by one.
    pub(super) fn label(&self) -> Option<&'a str> {
        match self.mixer.survive {
            Survive::Domain(label) if label != HOSTNAME => Some(label),
            Survive::Domain(_) | Survive::Nodes(_) => None,
        }
    }

    /// The value of the label on nodes of an offer.
    fn domain(&self, offer: &Offer, label: &str) -> Option<&str> {
        let own = &self.mixer.sold[offer.sold].shape.labels;
        let own = own.iter().find(|(key, _)| key == label).map(|(_, value)| value.as_str());
        let place =
            self.offers.iter().find(|one| *one == offer).and_then(|one| one.place.as_deref());
        if label == ZONE { place.or(own) } else { own }
    }

    /// The cluster with the nodes of a mix, nothing of it placed; and those nodes.
    fn with(&self, counts: &[u32]) -> Result<(Cluster, Vec<(usize, NodeId)>), Refused> {
        let mut shaped = Vec::new();
        for (at, (offer, count)) in self.offers.iter().zip(counts).enumerate() {
            let place = offer.place.as_ref();
            let middle = place.map_or_else(String::new, |place| format!("-{place}"));
            let labels = place.map(|place| (ZONE.to_owned(), place.clone()));
            for number in 1..=*count {
                let name = format!("{}{}{middle}-{number}", self.lead, offer.name);
                let shape = self.mixer.sold[offer.sold].shape.clone();
                shaped.push((at, Shaped { name, shape, labels: labels.iter().cloned().collect() }));
            }
        }
        let all: Vec<Shaped> = shaped.iter().map(|(_, one)| one.clone()).collect();
        let cluster = self.base.with_nodes(&all)?;
        let named = |one: &Shaped| cluster.node_named(cluster.find(&one.name)?);
        let nodes = shaped.iter().filter_map(|(at, one)| Some((*at, named(one)?))).collect();
        Ok((cluster, nodes))
    }

    /// The cluster with one node of each offer, what `DaemonSets` run on them in its place.
    pub(super) fn site(&self) -> Result<(Cluster, Vec<(usize, NodeId)>), Refused> {
        let before = self.base.pods().len();
        let (cluster, nodes) = self.with(&vec![1; self.offers.len()])?;
        Ok((crate::nodes::with_daemons(&cluster, before), nodes))
    }

    /// What is for sale and what is wanted.
    pub(super) fn market(&mut self) -> Result<Market, Refused> {
        let (cluster, bought) = self.site()?;
        let nodes: Vec<NodeId> = bought.into_iter().map(|(_, node)| node).collect();
        let market = Market::of(&Site {
            cluster: &cluster,
            nodes: &nodes,
            prices: &self.prices,
            label: self.label(),
        });
        let placement = Placement::of(&cluster);
        for id in cluster.pod_ids().filter(|id| placement.instance((*id).into()).is_pending()) {
            if !follows_nodes(cluster.workload(cluster.pod(id).workload).kind) {
                continue;
            }
            let home = daemon::pinned_to(cluster.spec_of(cluster.pod(id).class));
            let home = home.and_then(|name| cluster.node_named(name));
            match nodes.iter().position(|node| Some(*node) == home) {
                Some(at) => self.useless[at] = true,
                None => _ = self.excused.insert(id),
            }
        }
        self.excused.extend(market.lacking.iter().map(|(id, _)| *id));
        Ok(market)
    }

    /// The pods that should not wait.
    pub(super) fn waits(&self, packed: &Packed) -> Vec<PodId> {
        packed.waiting.iter().copied().filter(|id| !self.excused.contains(id)).collect()
    }

    /// The cluster with the nodes of a mix, everything in its place that finds one.
    pub(super) fn packed(&self, counts: &[u32]) -> Result<Packed, Refused> {
        let (cluster, bought) = self.with(counts)?;
        Ok(Packed::of(&cluster, bought))
    }

    fn question(&self, cluster: &Cluster) -> Question {
        match self.mixer.survive {
            Survive::Nodes(most) => Question::AnyNodes((*most).min(cluster.nodes().len())),
            Survive::Domain(label) => Question::AnyDomains(Domains::of_label(cluster, label), 1),
        }
    }

    /// The workloads that are not proved to come back after every failure.
    pub(super) fn open(&self, cluster: &Cluster) -> BTreeMap<WorkloadId, Recovered> {
        let known = self.mixer.asking.of(cluster, &self.question(cluster));
        known.unproved()
    }

    /// The same, of all but those of which it is known that they do not.
    pub(super) fn open_but(
        &self,
        cluster: &Cluster,
        helpless: &BTreeMap<WorkloadId, Recovered>,
    ) -> BTreeMap<WorkloadId, Recovered> {
        let asked = |id: WorkloadId| !helpless.contains_key(&id);
        let known = self.mixer.asking.until(cluster, &self.question(cluster), asked);
        let mut open = known.unproved();
        open.retain(|id, _| asked(*id));
        open
    }
}

/// Every type in each place in which it is sold, in the order of names and places.
pub(super) fn offers(mixer: &Mixer<'_>) -> Vec<Offer> {
    let cluster = mixer.cluster;
    let zone = cluster.known().zone;
    let there = cluster.nodes().iter().filter_map(|node| node.labels.get(zone));
    let mut places: BTreeSet<String> = there.map(|value| cluster.text(value).to_owned()).collect();
    places.extend(mixer.sold.iter().flat_map(|one| one.zones.iter().cloned()));
    let mut offers = Vec::new();
    for (sold, one) in mixer.sold.iter().enumerate() {
        let offer = |place| Offer { name: one.name.clone(), place, sold };
        let fixed = one.shape.labels.iter().any(|(key, _)| key == ZONE);
        if fixed || places.is_empty() {
            offers.push(offer(None));
        } else if one.zones.is_empty() {
            offers.extend(places.iter().cloned().map(|place| offer(Some(place))));
        } else {
            offers.extend(one.zones.iter().cloned().map(|place| offer(Some(place))));
        }
    }
    offers.sort();
    offers.dedup();
    offers
}

/// Whether a node says that it runs a part of the control plane.
fn is_of_control_plane(cluster: &Cluster, id: NodeId) -> bool {
    let labels = &cluster.node(id).labels;
    let mut roles = node::CONTROL_PLANE_ROLES.iter().filter_map(|role| cluster.find(role));
    roles.any(|role| labels.get(role).is_some())
}
