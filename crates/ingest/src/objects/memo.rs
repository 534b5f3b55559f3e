//! Pod specs, translated once for all pods that differ in nothing but names.
//!
//! Pods of one ReplicaSet differ in `nodeName` and in the random name of the volume with their
//! token; pods of one DaemonSet also in the node that their affinity names. Specs are compared as
//! text with these parts masked, so that most of an export's bytes are scanned and never parsed.

use std::fmt;

use holdfast_cluster::affinity::NodeAffinity;
use holdfast_cluster::pod::ScoredRequests;
use holdfast_cluster::selector::{Operator, Requirement};
use holdfast_cluster::{LabelsId, Resources, Symbol};
use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::lean::Text;
use super::podspec::Draft;
use super::requests::Demand;

/// Texts kept for comparison, in bytes. Beyond it specs are translated each time.
const BYTES_MAX: usize = 16 << 20;

/// A spec cut into its fields; those that decide nothing are left out.
#[derive(Debug, Default)]
pub(crate) struct SpecPieces<'a> {
    pub(crate) node_name: Text<'a>,
    pieces: Vec<(Text<'a>, &'a str)>,
}

/// Fields that differ from pod to pod, or weigh something, and decide nothing.
const IGNORED: [&str; 8] = [
    "hostname",
    "subdomain",
    "serviceAccount",
    "serviceAccountName",
    "imagePullSecrets",
    "hostAliases",
    "dnsConfig",
    "ephemeralContainers",
];

struct PiecesVisitor;

impl<'de> Visitor<'de> for PiecesVisitor {
    type Value = SpecPieces<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a pod spec")
    }

    fn visit_unit<E>(self) -> Result<SpecPieces<'de>, E> {
        Ok(SpecPieces::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<SpecPieces<'de>, A::Error> {
        let mut spec = SpecPieces { pieces: Vec::with_capacity(16), ..SpecPieces::default() };
        let mut named = false;
        while let Some(key) = fields.next_key::<Text<'de>>()? {
            match &*key {
                "nodeName" if named => return Err(A::Error::duplicate_field("nodeName")),
                "nodeName" => {
                    named = true;
                    spec.node_name = fields.next_value()?;
                }
                known if IGNORED.contains(&known) => {
                    fields.next_value::<IgnoredAny>()?;
                }
                _ => {
                    let value: &'de RawValue = fields.next_value()?;
                    spec.pieces.push((key, value.get()));
                }
            }
        }
        Ok(spec)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for SpecPieces<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PiecesVisitor)
    }
}

impl SpecPieces<'_> {
    /// The spec as JSON again, without what was left out.
    pub(crate) fn json(&self) -> String {
        let length = self.pieces.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
        let mut json = String::with_capacity(length);
        for (key, value) in &self.pieces {
            json.push(if json.is_empty() { '{' } else { ',' });
            // Keys of the API need no escapes; one that does is none of them.
            let key = if key.contains(['"', '\\']) || key.contains(char::is_control) {
                ""
            } else {
                &**key
            };
            json.extend(["\"", key, "\":", *value]);
        }
        if json.is_empty() {
            json.push('{');
        }
        json.push('}');
        json
    }
}

/// What a spec became.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// Its draft, by number.
    pub(crate) draft: u32,
    /// What it asks for, by number.
    pub(crate) demand: u32,
    /// The node that its affinity names, masked in the text.
    pub(crate) pin: Option<Symbol>,
}

/// Requests of a pod whose kubelet has given what it asked for, or something else.
pub(crate) type Resized = Option<(Resources, ScoredRequests)>;

/// Specs and resource statuses that were seen before.
#[derive(Default)]
pub(crate) struct Memo {
    specs: IndexMap<Box<[u8]>, Known, FxBuildHasher>,
    resized: IndexMap<Box<[u8]>, Resized, FxBuildHasher>,
    demands: IndexSet<Demand, FxBuildHasher>,
    /// The text of the spec at hand, masked.
    key: Vec<u8>,
    pinned: bool,
    bytes: usize,
}

impl Memo {
    /// Looks a spec up. Gives what it became, and the node to put in place of the one that was
    /// named.
    pub(crate) fn find(
        &mut self,
        spec: &SpecPieces<'_>,
        namespace: &str,
        labels: LabelsId,
    ) -> Option<Known> {
        self.key.clear();
        self.pinned = false;
        self.key.extend(labels.0.to_le_bytes());
        self.key.extend(namespace.as_bytes());
        for (name, value) in &spec.pieces {
            // No JSON text holds a zero byte, so that pieces cannot run into each other.
            self.key.push(0);
            self.key.extend(name.as_bytes());
            self.key.push(0);
            match &**name {
                "containers" | "initContainers" | "volumes" => {
                    mask_token_volume(value, &mut self.key);
                }
                "affinity" => self.pinned = mask_node(value, &spec.node_name, &mut self.key),
                _ => self.key.extend(value.as_bytes()),
            }
        }
        self.specs.get(&self.key[..]).copied()
    }

    /// Keeps what the spec that was looked up last became.
    pub(crate) fn keep(
        &mut self,
        draft: &Draft,
        number: u32,
        demand: Demand,
        node: Option<Symbol>,
    ) -> Known {
        let pin = node.filter(|_| self.pinned);
        let known = Known { pin, ..self.unkept(number, demand) };
        let fits = self.bytes + self.key.len() <= BYTES_MAX;
        if fits && pin.is_none_or(|node| pins(&draft.spec.node_affinity, node) == 1) {
            self.bytes += self.key.len();
            self.specs.insert(self.key.as_slice().into(), known);
        }
        known
    }

    /// A spec that no other pod can share.
    pub(crate) fn unkept(&mut self, draft: u32, demand: Demand) -> Known {
        let demand = self.demands.insert_full(demand).0 as u32;
        Known { draft, demand, pin: None }
    }

    /// A numbered demand.
    pub(crate) fn demand_at(&self, number: u32) -> &Demand {
        &self.demands[number as usize]
    }

    /// What a resource status, given as text, made of a demand before.
    pub(crate) fn resized(&self, status: &[u8]) -> Option<&Resized> {
        self.resized.get(status)
    }

    /// Keeps what a resource status makes of a demand.
    pub(crate) fn keep_resized(&mut self, status: &[u8], resized: Resized) {
        if self.bytes + status.len() <= BYTES_MAX {
            self.bytes += status.len();
            self.resized.insert(status.into(), resized);
        }
    }
}

impl Known {
    /// The draft with another node in its affinity, where it must differ.
    pub(crate) fn repin(&self, draft: &Draft, node: Option<Symbol>) -> Option<Draft> {
        let (old, new) = (self.pin?, node?);
        if old == new {
            return None;
        }
        let mut draft = draft.clone();
        for field in fields(&mut draft.spec.node_affinity) {
            if names_only(field, old) {
                field.operator = Operator::In([new].into());
            }
        }
        Some(draft)
    }
}

fn fields(affinity: &mut NodeAffinity) -> impl Iterator<Item = &mut Requirement> {
    let required = affinity.required.iter_mut().flat_map(|selector| selector.terms.iter_mut());
    let preferred = affinity.preferred.iter_mut().map(|(_, term)| term);
    required.chain(preferred).flat_map(|term| term.fields.iter_mut())
}

/// How many fields ask for just this node.
fn pins(affinity: &NodeAffinity, node: Symbol) -> usize {
    fields(&mut affinity.clone()).filter(|field| names_only(field, node)).count()
}

fn names_only(field: &Requirement, node: Symbol) -> bool {
    matches!(&field.operator, Operator::In(names) if **names == [node])
}

/// Appends a text without the random end of `kube-api-access-x7k2p`, the volume with the pod's
/// token.
fn mask_token_volume(text: &str, key: &mut Vec<u8>) {
    const START: &str = "\"kube-api-access-";
    let mut rest = text;
    while let Some(at) = rest.find(START) {
        let (before, after) = rest.split_at(at + START.len());
        key.extend(before.as_bytes());
        let named = before[..at].trim_end().strip_suffix(':').map(str::trim_end);
        let random = after
            .as_bytes()
            .get(..6)
            .is_some_and(|end| end[5] == b'"' && end[..5].iter().all(u8::is_ascii_alphanumeric));
        rest = after;
        if random && named.is_some_and(|named| named.ends_with("\"name\"")) {
            rest = &after[5..];
        }
    }
    key.extend(rest.as_bytes());
}

/// Appends an affinity without the name of the pod's own node, if a field asks for it. True if so.
fn mask_node(text: &str, node: &str, key: &mut Vec<u8>) -> bool {
    let quoted = format!("\"{node}\"");
    let field = text.find("\"metadata.name\"").filter(|_| !node.is_empty());
    let at = field.and_then(|_| text.find(&quoted));
    match at {
        Some(at) if !text[at + quoted.len()..].contains(&quoted) => {
            key.extend(&text.as_bytes()[..at]);
            key.extend(&text.as_bytes()[at + quoted.len()..]);
            true
        }
        _ => {
            key.extend(text.as_bytes());
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut key = Vec::new();
        mask_token_volume(text, &mut key);
        String::from_utf8(key).unwrap()
    }

    #[test]
    fn token_volumes_are_masked_where_they_are_named() {
        let (one, other) = (
            r#"[{"name":"kube-api-access-x7k2p"},{"name" : "kube-api-access-x7k2p"}]"#,
            r#"[{"name":"kube-api-access-9bbbb"},{"name" : "kube-api-access-9bbbb"}]"#,
        );
        assert_eq!(masked(one), masked(other));
        for text in [
            r#"{"claimName":"kube-api-access-x7k2p"}"#,
            r#"{"name":"kube-api-access-x7k2p-more"}"#,
            r#"{"name":"kube-api-access-"}"#,
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn pieces_make_the_spec_again() {
        let pieces: SpecPieces<'_> =
            serde_json::from_str(r#"{"nodeName":"n","a":[1, 2],"hostname":"h","b":{"c":null}}"#)
                .unwrap();
        assert_eq!(&*pieces.node_name, "n");
        assert_eq!(pieces.json(), r#"{"a":[1, 2],"b":{"c":null}}"#);
        assert_eq!(SpecPieces::default().json(), "{}");
        assert!(
            serde_json::from_str::<SpecPieces<'_>>(r#"{"nodeName":"n","nodeName":"m"}"#).is_err()
        );
    }
}
