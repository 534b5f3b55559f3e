//! The one dictionary from words to pseudonyms.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Words that belong to Kubernetes or to no one, kept wherever they stand.
const KNOWN: [&str; 28] = [
    "386",
    "amd64",
    "api",
    "arm",
    "arm64",
    "control-plane",
    "default",
    "default-scheduler",
    "false",
    "file",
    "http",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "linux",
    "master",
    "metadata.name",
    "ppc64le",
    "riscv64",
    "rook-ceph-mon",
    "rook-ceph-osd",
    "s390x",
    "spot",
    "system-cluster-critical",
    "system-node-critical",
    "true",
    "windows",
    "worker",
];

/// Label keys without a domain that controllers and Rook set.
const KNOWN_KEYS: [&str; 7] = [
    "app",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "metadata.name",
    "pod-template-generation",
    "pod-template-hash",
];

/// Words to pseudonyms. First every word is seen, then each gets a number.
#[derive(Debug, Default)]
pub(super) struct Pseudonyms {
    nodes: BTreeMap<String, String>,
    namespaces: BTreeMap<String, String>,
    /// Storage drivers: public software, and some are known to the scheduler by name.
    drivers: BTreeSet<String>,
    /// Names of objects, which other names start with.
    names: BTreeSet<String>,
    /// What no longer divides, with its number.
    atoms: BTreeMap<String, usize>,
    width: usize,
}

impl Pseudonyms {
    /// Learns the names of nodes, namespaces and other objects.
    pub(super) fn of(objects: &[Map<String, Value>]) -> Self {
        let mut nodes = BTreeSet::new();
        let mut namespaces = BTreeSet::new();
        let mut drivers = BTreeSet::new();
        let mut names = BTreeSet::new();
        for object in objects {
            let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
            let metadata = object.get("metadata");
            let name = metadata.and_then(|metadata| metadata.get("name")).and_then(Value::as_str);
            match (kind, name) {
                ("Node", Some(name)) => drop(nodes.insert(name.to_owned())),
                ("Namespace", Some(name)) => drop(namespaces.insert(name.to_owned())),
                _ => {}
            }
            object.values().for_each(|value| {
                strings(value, "", &mut |key, word| match key {
                    "nodeName" | "nodeID" if !word.is_empty() => {
                        nodes.insert(word.to_owned());
                    }
                    "namespace" | "namespaces" => drop(namespaces.insert(word.to_owned())),
                    "driver" | "provisioner" | "attacher" => drop(drivers.insert(word.to_owned())),
                    "name" | "claimName" | "volumeName" => drop(names.insert(word.to_owned())),
                    _ => {}
                });
            });
        }
        namespaces.retain(|name| !KNOWN.contains(&name.as_str()));
        Self {
            nodes: numbered(nodes, "node"),
            namespaces: numbered(namespaces, "ns"),
            drivers,
            names,
            ..Self::default()
        }
    }

    /// Gives every word that was seen its number, in the order of the words.
    pub(super) fn number(&mut self) {
        self.width = digits(self.atoms.len());
        for (number, place) in (1..).zip(self.atoms.values_mut()) {
            *place = number;
        }
    }

    /// The pseudonym of a name, a label's value or any other word.
    pub(super) fn word(&mut self, word: &str) -> String {
        // Nodes before all else, as the order of their pseudonyms must be that of their names.
        if let Some(known) = self.nodes.get(word).or_else(|| self.namespaces.get(word)) {
            return known.clone();
        }
        if kept(word) || self.drivers.contains(word) {
            return word.to_owned();
        }
        match self.divide(word) {
            Some((front, back)) => {
                let (front, back) = (front.to_owned(), back.to_owned());
                format!("{}-{}", self.word(&front), self.word(&back))
            }
            None => self.atom(word),
        }
    }

    /// The pseudonym of a label key. Those of Kubernetes stay.
    pub(super) fn label_key(&mut self, key: &str) -> String {
        // A toleration without a key tolerates every taint.
        if key.is_empty() || kubernetes_own(key) || KNOWN_KEYS.contains(&key) {
            return key.to_owned();
        }
        self.atom(key)
    }

    /// The pseudonym of a resource. A domain before a slash is what makes a resource extended.
    pub(super) fn resource(&mut self, resource: &str) -> String {
        if let Some(requested) = resource.strip_prefix("requests.") {
            return format!("requests.{}", self.resource(requested));
        }
        if !resource.contains('/') || kubernetes_own(resource) {
            return resource.to_owned();
        }
        format!("example.com/{}", self.atom(resource))
    }

    /// The pseudonym of an image. The scheduler compares images by name after adding `:latest`
    /// where there is no tag, so tag and digest stay apart from the name, and `latest` stays.
    pub(super) fn image(&mut self, image: &str) -> String {
        let (name, digest) = image.split_once('@').unzip();
        let name = name.unwrap_or(image);
        let tag = name.rfind(':').filter(|&colon| !name[colon..].contains('/'));
        let (name, tag) = tag.map_or((name, None), |at| (&name[..at], Some(&name[at + 1..])));
        let mut pseudonym = self.atom(name);
        if let Some(tag) = tag {
            pseudonym.push(':');
            pseudonym += &if tag == "latest" { tag.to_owned() } else { self.atom(tag) };
        }
        if let Some(digest) = digest {
            pseudonym.push('@');
            pseudonym += &self.atom(digest);
        }
        pseudonym
    }

    /// Cuts a name into two that have pseudonyms of their own: before a node's name at its end, or
    /// after the longest name of an object at its start.
    fn divide<'w>(&self, word: &'w str) -> Option<(&'w str, &'w str)> {
        let cuts = || word.match_indices('-').map(|(at, _)| (&word[..at], &word[at + 1..]));
        let cuts = || cuts().filter(|(front, back)| !front.is_empty() && !back.is_empty());
        let by_node = cuts().find(|(_, back)| self.nodes.contains_key(*back));
        by_node.or_else(|| cuts().rfind(|(front, _)| self.names.contains(*front)))
    }

    fn atom(&mut self, word: &str) -> String {
        let number = match self.atoms.get(word) {
            Some(&number) => number,
            None => *self.atoms.entry(word.to_owned()).or_default(),
        };
        format!("x{number:0width$}", width = self.width)
    }
}

/// Pseudonyms that sort as the names do.
fn numbered(names: BTreeSet<String>, class: &str) -> BTreeMap<String, String> {
    let width = digits(names.len());
    let pseudonym = |(number, name)| (name, format!("{class}-{number:0width$}"));
    (1..).zip(names).map(|(number, name): (usize, String)| pseudonym((number, name))).collect()
}

fn digits(count: usize) -> usize {
    count.to_string().len()
}

/// Empty, known, or a number short enough to be an ordinal, an index, a size or a share, and not
/// somebody's account.
fn kept(word: &str) -> bool {
    let number = word.strip_suffix('%').unwrap_or(word);
    word.is_empty()
        || KNOWN.contains(&word)
        || (number.len() <= 9 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a key is in a domain of Kubernetes' own.
fn kubernetes_own(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    ["kubernetes.io", "k8s.io"].iter().any(|own| {
        domain.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Every string with the nearest key above it.
fn strings(value: &Value, key: &str, take: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(word) => take(key, word),
        Value::Array(values) => values.iter().for_each(|value| strings(value, key, take)),
        Value::Object(map) => map.iter().for_each(|(key, value)| strings(value, key, take)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
