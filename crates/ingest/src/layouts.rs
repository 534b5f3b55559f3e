//! Files of kind `LayoutOptions`: layouts of a cluster to choose between, each with its export.

use std::collections::BTreeSet;

use holdfast_cluster::Quantity;
use serde::Deserialize;

use crate::objects::lean::{Int, List, Pairs, Text};
use crate::own::OwnKind;
use crate::{Diagnostic, Place, RawObject, Rule, Source};

const FILE: OwnKind = OwnKind { name: "LayoutOptions", rule: Rule::BadOptions };

/// What there is to choose between, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layouts {
    /// The failures that are to be survived.
    pub survive: Survive,
    /// The catalogue of the types of nodes.
    pub catalog: Option<At>,
    /// In their order.
    pub options: Vec<Layout>,
}

/// Which failures are to be survived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Survive {
    /// Any so many nodes.
    Nodes(usize),
    /// Any value of this node label.
    Domain(String),
}

/// One layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What it is called.
    pub name: At,
    /// Its export, beside the file.
    pub exports: Vec<At>,
    /// What the export cannot show, beside the file.
    pub assumptions: Option<At>,
    /// Types of the catalogue by names of nodes.
    pub types: Vec<(At, At)>,
    /// What somebody says it has: thousandths of a core.
    pub says_cpu_milli: Option<i64>,
    /// The same of memory, in bytes.
    pub says_memory: Option<i64>,
}

/// A text, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The text.
    pub text: String,
    /// Its place.
    pub place: Place,
}

impl At {
    /// That something is wrong with it.
    pub fn wrong(&self, detail: String) -> Diagnostic {
        bad(Some(self.place.clone()), detail)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Raw<'a> {
    #[serde(rename = "apiVersion")]
    _api_version: Text<'a>,
    #[serde(rename = "kind")]
    _kind: Text<'a>,
    survive: RawSurvive<'a>,
    #[serde(default)]
    catalog: Option<Text<'a>>,
    options: List<RawLayout<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'a"))]
struct RawSurvive<'a> {
    #[serde(default)]
    nodes: Option<Int>,
    #[serde(default)]
    domain: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawLayout<'a> {
    name: Text<'a>,
    exports: List<Text<'a>>,
    #[serde(default)]
    assumptions: Option<Text<'a>>,
    #[serde(default)]
    node_types: Pairs<'a>,
    #[serde(default)]
    says: RawSays<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'a"))]
struct RawSays<'a> {
    #[serde(default)]
    cpu: Option<Text<'a>>,
    #[serde(default)]
    memory: Option<Text<'a>>,
}

/// Reads the layouts, and tells what is wrong with them: there are none where anything is.
pub fn layouts(source: Source) -> (Option<Layouts>, Vec<Diagnostic>) {
    FILE.only(source, |raw, told| {
        let read = raw.parse::<Raw<'_>>().map_err(|wrong| told.push(wrong)).ok()?;
        Reader { raw, told }.layouts(&read)
    })
}

/// Reads one file.
struct Reader<'r, 'a> {
    raw: &'r RawObject<'a>,
    told: &'r mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    fn layouts(&mut self, read: &Raw<'_>) -> Option<Layouts> {
        if read.options.is_empty() {
            self.tell(self.raw.place_at(0), "it has no options".to_owned());
        }
        let mut seen = BTreeSet::new();
        for one in read.options.iter() {
            if !one.name.is_empty() && !seen.insert(one.name.to_string()) {
                self.tell(
                    self.raw.place_of(&one.name),
                    format!("option {} is there twice", &*one.name),
                );
            }
        }
        let typed = read.options.iter().find_map(|one| one.node_types.first());
        if let (Some((node, _)), None) = (typed, &read.catalog) {
            let detail = "there are nodeTypes, but no catalog that they are of".to_owned();
            self.tell(self.raw.place_of(node), detail);
        }
        let options = read.options.iter().map(|one| self.layout(one)).collect();
        let catalog = read.catalog.as_ref().map(|path| self.at(path));
        Some(Layouts { survive: self.survive(&read.survive)?, catalog, options })
    }

    fn survive(&mut self, read: &RawSurvive<'_>) -> Option<Survive> {
        match (read.nodes, &read.domain) {
            (Some(Int(most)), None) if most > 0 => {
                Some(Survive::Nodes(usize::try_from(most).ok()?))
            }
            (None, Some(label)) if !label.is_empty() => Some(Survive::Domain(label.to_string())),
            _ => {
                let detail = "survive is either `nodes`, at least 1, or `domain`, a node label";
                self.tell(self.raw.place_at(0), detail.to_owned());
                None
            }
        }
    }

    fn layout(&mut self, one: &RawLayout<'_>) -> Layout {
        if one.name.is_empty() {
            self.tell(self.raw.place_of(&one.name), "an option without a name".to_owned());
        }
        if one.exports.is_empty() || one.exports.iter().any(|path| path.is_empty()) {
            let detail = format!("option {} has no export", &*one.name);
            self.tell(self.raw.place_of(&one.name), detail);
        }
        let mut nodes = BTreeSet::new();
        for (node, _) in one.node_types.iter() {
            if !nodes.insert(&**node) {
                self.tell(self.raw.place_of(node), format!("{} has two types", &**node));
            }
        }
        let cpu = self.amount(&one.name, "cpu", one.says.cpu.as_ref());
        let memory = self.amount(&one.name, "memory", one.says.memory.as_ref());
        Layout {
            name: self.at(&one.name),
            exports: one.exports.iter().map(|path| self.at(path)).collect(),
            assumptions: one.assumptions.as_ref().map(|path| self.at(path)),
            types: one.node_types.iter().map(|(node, of)| (self.at(node), self.at(of))).collect(),
            says_cpu_milli: cpu.map(Quantity::milli_value),
            says_memory: memory.map(Quantity::value),
        }
    }

    /// What somebody says; a number that is not in quotes is a copy, which has no place of its own.
    fn amount(&mut self, name: &Text<'_>, what: &str, text: Option<&Text<'_>>) -> Option<Quantity> {
        let text = text?;
        let quantity = Quantity::parse(text).ok();
        let quantity = quantity.filter(|amount| !amount.is_negative() && !amount.is_zero());
        if quantity.is_none() {
            let detail = format!("option {}: {what} {} is no amount above zero", &**name, &**text);
            self.tell(self.raw.place_of(name), detail);
        }
        quantity
    }

    fn at(&self, text: &Text<'_>) -> At {
        At { text: text.to_string(), place: self.raw.place_of(text) }
    }

    fn tell(&mut self, place: Place, detail: String) {
        self.told.push(bad(Some(place), detail));
    }
}

fn bad(place: Option<Place>, detail: String) -> Diagnostic {
    FILE.bad(place, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Layouts>, Vec<(u32, String)>) {
        let head = "apiVersion: holdfast.dev/v1\nkind: LayoutOptions\n";
        let (found, told) = layouts(Source::named("file", format!("{head}{text}")));
        let line = |one: &Diagnostic| one.place.as_ref().map_or(0, |place| place.line);
        (found, told.iter().map(|one| (line(one), one.detail.clone())).collect())
    }

    #[test]
    fn layouts_are_read_with_what_is_said_of_them() {
        let (found, told) = read(concat!(
            "survive: {domain: zone}\ncatalog: c.yaml\noptions:\n- name: A\n  exports: [a.json]\n",
            "  nodeTypes: {n1: small}\n  says: {cpu: 18, memory: 40Gi}\n",
        ));
        assert_eq!(told, []);
        let found = found.unwrap();
        assert_eq!(found.survive, Survive::Domain("zone".to_owned()));
        let one = &found.options[0];
        assert_eq!((one.name.text.as_str(), one.exports[0].text.as_str()), ("A", "a.json"));
        assert_eq!((one.exports[0].place.line, one.types[0].1.text.as_str()), (7, "small"));
        assert_eq!((one.says_cpu_milli, one.says_memory), (Some(18_000), Some(40 << 30)));
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_place() {
        let one = "- name: A\n  exports: [a.json]\n";
        let cases = [
            ("survive: {nodes: 1}\noptions: []\n".to_owned(), 1, "it has no options"),
            (format!("survive: {{nodes: 1}}\noptions:\n{one}{one}"), 7, "option A is there twice"),
            (
                "survive: {nodes: 1}\noptions:\n- name: A\n  exports: []\n".to_owned(),
                5,
                "option A has no export",
            ),
            (
                format!("survive: {{nodes: 0}}\noptions:\n{one}"),
                1,
                "survive is either `nodes`, at least 1, or `domain`, a node label",
            ),
            (
                format!("survive: {{nodes: 1}}\noptions:\n{one}  nodeTypes: {{n1: small}}\n"),
                7,
                "there are nodeTypes, but no catalog that they are of",
            ),
            (
                format!("survive: {{nodes: 1}}\noptions:\n{one}  says: {{cpu: none}}\n"),
                5,
                "option A: cpu none is no amount above zero",
            ),
        ];
        for (text, line, detail) in cases {
            let (found, told) = read(&text);
            assert_eq!((found, told), (None, vec![(line, detail.to_owned())]), "{text}");
        }
    }
}
