//! Which cluster a certificate is about: a SHA-256 over every fact that was read.
//!
//! Facts are told with their names, in a text of which each part says where it ends, so that no two
//! clusters tell the same. What has no order of its own (labels, selectors, objects by name) is
//! sorted, so that neither spaces nor the order of keys in the export matter. The order of items
//! does: it is the order of pods.

mod facts;

use std::fmt::Write;

use holdfast_cluster::Cluster;
use sha2::{Digest, Sha256};

use facts::{Fact, Teller};

/// The digest of a cluster: `sha256:` and 64 digits.
pub fn of(cluster: &Cluster) -> String {
    let specs: Vec<String> = cluster.specs().map(|spec| told(cluster, spec)).collect();
    let specs: Vec<String> = specs.iter().map(|text| sum(text)).collect();
    let mut teller = Teller::new(cluster);
    teller.classes = cluster
        .classes()
        .map(|class| {
            let name = cluster.text(class.namespace);
            let labels = told(cluster, cluster.labels(class.labels));
            sum(&format!("{}:{name}{labels}{}", name.len(), specs[class.spec.index()]))
        })
        .collect();
    cluster.nodes().tell(&mut teller);
    cluster.pods().tell(&mut teller);
    cluster.workloads().tell(&mut teller);
    cluster.objects().tell(&mut teller);
    cluster.scheduling().tell(&mut teller);
    format!("sha256:{}", sum(&teller.text))
}

fn told(cluster: &Cluster, fact: &impl Fact) -> String {
    let mut teller = Teller::new(cluster);
    fact.tell(&mut teller);
    teller.text
}

fn sum(text: &str) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        write!(digits, "{byte:02x}").expect("a string takes what is written");
    }
    digits
}
