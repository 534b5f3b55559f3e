//! Files of kind `NodeCatalog`: what machines there are to choose from, and what they cost.
//!
//! What is read is what is written: no price is known here that the file does not state, and a file
//! that states prices says where they come from.

mod amounts;
mod price;

use std::collections::BTreeSet;

use holdfast_cluster::change::Shape;
use holdfast_cluster::taint::Effect;
use serde::Deserialize;

use crate::objects::lean::{List, Pairs, Text};
use crate::own::OwnKind;
use crate::{Diagnostic, Place, RawObject, Rule, Source};

pub use price::{Per, Price};

const FILE: OwnKind = OwnKind { name: "NodeCatalog", rule: Rule::BadCatalog };

/// What there is to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// What prices are in, and for how long they are; absent where there are none.
    pub prices: Option<Prices>,
    /// The types, as they stand.
    pub types: Vec<NodeType>,
}

/// What all prices of a catalogue have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// In which currency.
    pub currency: String,
    /// For how long.
    pub per: Per,
    /// Where they come from.
    pub source: String,
}

/// A make of node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeType {
    /// Its name.
    pub name: String,
    /// What it has.
    pub shape: Shape,
    /// What it costs.
    pub price: Option<Price>,
    /// The zones in which there are any; empty is all.
    pub zones: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Raw<'a> {
    #[serde(rename = "apiVersion")]
    _api_version: Text<'a>,
    #[serde(rename = "kind")]
    _kind: Text<'a>,
    #[serde(default)]
    currency: Option<Text<'a>>,
    #[serde(default)]
    per: Option<Text<'a>>,
    #[serde(default)]
    source: Option<Text<'a>>,
    types: List<RawType<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawType<'a> {
    name: Text<'a>,
    capacity: Pairs<'a>,
    #[serde(default)]
    allocatable: Option<Pairs<'a>>,
    #[serde(default)]
    reserved: Option<Pairs<'a>>,
    #[serde(default)]
    price: Option<Text<'a>>,
    #[serde(default)]
    zones: List<Text<'a>>,
    #[serde(default)]
    labels: Pairs<'a>,
    #[serde(default)]
    taints: List<RawTaint<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'a"))]
struct RawTaint<'a> {
    key: Text<'a>,
    #[serde(default)]
    value: Text<'a>,
    effect: Text<'a>,
}

/// Reads a catalogue, and tells what is wrong with it: with an error among the diagnostics it must
/// not be used.
pub fn catalog(source: Source) -> (Catalog, Vec<Diagnostic>) {
    let (found, diagnostics) = FILE.only(source, |raw, told| {
        let read = raw.parse::<Raw<'_>>().map_err(|wrong| told.push(wrong)).ok()?;
        Some(Reader { raw, told }.catalog(&read))
    });
    (found.unwrap_or_default(), diagnostics)
}

/// Reads one file.
struct Reader<'r, 'a> {
    raw: &'r RawObject<'a>,
    told: &'r mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    fn catalog(&mut self, read: &Raw<'_>) -> Catalog {
        let mut seen = BTreeSet::new();
        let mut types = Vec::new();
        if read.types.is_empty() {
            self.told.push(bad(Some(self.raw.place_at(0)), "it has no types".to_owned()));
        }
        for one in read.types.iter() {
            if one.name.is_empty() {
                self.tell(&one.name, "a type without a name".to_owned());
            } else if !seen.insert(one.name.to_string()) {
                self.tell(&one.name, format!("{} is there twice", &*one.name));
            }
            types.push(self.node_type(one));
        }
        let priced = read.types.iter().find(|one| one.price.is_some()).map(|one| &one.name);
        Catalog { prices: self.prices(read, priced), types }
    }

    /// What prices are in: all of it is there where any is.
    fn prices(&mut self, read: &Raw<'_>, priced: Option<&Text<'_>>) -> Option<Prices> {
        let priced = priced?;
        let mut wanted = |field: &Option<Text<'_>>, name: &str| match field {
            Some(text) if !text.is_empty() => Some(text.to_string()),
            _ => {
                self.told.push(bad(
                    Some(self.raw.place_of(priced)),
                    format!("there is a price, but no {name}"),
                ));
                None
            }
        };
        let currency = wanted(&read.currency, "currency");
        let source = wanted(&read.source, "source that says where prices come from");
        let per = wanted(&read.per, "`per` (hour or month)")?;
        let Some(per) = Per::named(&per) else {
            let place = read.per.as_ref().map(|text| self.raw.place_of(text));
            self.told.push(bad(place, format!("per {per}: hour or month")));
            return None;
        };
        Some(Prices { currency: currency?, per, source: source? })
    }

    fn node_type(&mut self, one: &RawType<'_>) -> NodeType {
        let name = one.name.to_string();
        let shape = self.shape(one);
        let price = one.price.as_ref().and_then(|text| match Price::parse(text) {
            Ok(price) => Some(price),
            Err(why) => {
                // A number that is not in quotes is a copy, which has no place of its own.
                self.tell(&one.name, format!("{name}: price {}: {why}", &**text));
                None
            }
        });
        NodeType {
            name,
            shape,
            price,
            zones: one.zones.iter().map(|zone| zone.to_string()).collect(),
        }
    }

    fn shape(&mut self, one: &RawType<'_>) -> Shape {
        let amounts = amounts::read(one, |text, detail| {
            self.told.push(bad(Some(self.raw.place_of(text)), format!("{}: {detail}", &*one.name)));
        });
        let mut taints = Vec::new();
        for taint in one.taints.iter() {
            let effect = match &*taint.effect {
                "NoSchedule" => Effect::NoSchedule,
                "PreferNoSchedule" => Effect::PreferNoSchedule,
                "NoExecute" => Effect::NoExecute,
                other => {
                    self.tell(&taint.effect, format!("{}: effect {other:?}", &*one.name));
                    continue;
                }
            };
            taints.push((taint.key.to_string(), taint.value.to_string(), effect));
        }
        // Every kubelet says of its node on what it runs; what is not told is not Windows.
        let system = ("kubernetes.io/os".to_owned(), "linux".to_owned());
        let own = one.labels.iter().map(|(key, value)| (key.to_string(), value.to_string()));
        let mut labels: Vec<(String, String)> = own.collect();
        if labels.iter().all(|(key, _)| *key != system.0) {
            labels.push(system);
        }
        Shape { labels, taints, ..amounts }
    }

    fn tell(&mut self, at: &Text<'_>, detail: String) {
        self.told.push(bad(Some(self.raw.place_of(at)), detail));
    }
}

fn bad(place: Option<Place>, detail: String) -> Diagnostic {
    FILE.bad(place, detail)
}

#[cfg(test)]
mod tests;
