//! Files of kind `Domains`: machines that fail as a whole, by name, where no label says so.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::Cluster;
use serde::Deserialize;

use crate::objects::lean::{List, Text};
use crate::own::OwnKind;
use crate::{Diagnostic, Place, RawObject, Rule, Source, for_each_object};

const FILE: OwnKind = OwnKind { name: "Domains", rule: Rule::BadDomain };

/// Machines that fail as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// What it is called.
    pub name: String,
    /// Names of nodes of the cluster, or of machines that were declared.
    pub members: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Raw<'a> {
    #[serde(rename = "apiVersion")]
    _api_version: Text<'a>,
    #[serde(rename = "kind")]
    _kind: Text<'a>,
    domains: BTreeMap<String, List<Text<'a>>>,
}

/// Reads the domains of a cluster in order of their names, and tells what is wrong with them: with
/// an error among the diagnostics they must not be used.
pub fn domains(cluster: &Cluster, source: Source) -> (Vec<Domain>, Vec<Diagnostic>) {
    let file = source.name.clone();
    let (mut found, mut told, mut diagnostics) = (Vec::new(), Vec::new(), Vec::new());
    let mut visit = |raw: RawObject<'_>| {
        if let Some(foreign) = FILE.foreign(&raw) {
            told.push(foreign);
            return;
        }
        match raw.parse::<Raw<'_>>() {
            Ok(read) => read.take(cluster, &raw, &mut found, &mut told),
            Err(diagnostic) => told.push(diagnostic),
        }
    };
    for_each_object(vec![source], &mut visit, &mut diagnostics);
    if found.is_empty() && told.is_empty() {
        told.push(FILE.missing(&file));
    }
    diagnostics.append(&mut told);
    found.sort_by(|one: &Domain, other| one.name.cmp(&other.name));
    (found, diagnostics)
}

impl Raw<'_> {
    fn take(
        &self,
        cluster: &Cluster,
        raw: &RawObject<'_>,
        found: &mut Vec<Domain>,
        told: &mut Vec<Diagnostic>,
    ) {
        let is_node =
            |name: &str| cluster.find(name).is_some_and(|name| cluster.node_named(name).is_some());
        for (name, members) in &self.domains {
            if found.iter().any(|known| known.name == *name) {
                told.push(bad(Some(raw.place_at(0)), format!("{name} is declared twice")));
            }
            if members.is_empty() {
                told.push(bad(Some(raw.place_at(0)), format!("{name:?} has no nodes")));
            }
            let mut seen = BTreeSet::new();
            for member in members.iter() {
                let place = || Some(raw.place_of(member));
                if !is_node(member) && cluster.machine_named(member).is_none() {
                    let detail = format!("{:?} of {name} is no node", &**member);
                    told.push(bad(place(), detail));
                }
                if !seen.insert(&**member) {
                    told.push(bad(place(), format!("{} is in {name} twice", &**member)));
                }
            }
            let members = seen.into_iter().map(str::to_owned).collect();
            found.push(Domain { name: name.clone(), members });
        }
    }
}

fn bad(place: Option<Place>, detail: String) -> Diagnostic {
    FILE.bad(place, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, load};

    fn read(text: &str) -> (Vec<Domain>, Vec<(u32, String)>) {
        let export = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"}}
                        {"apiVersion":"v1","kind":"Node","metadata":{"name":"b"}}"#;
        let loaded = load(vec![Source::named("export", export)], &Options::default());
        let header = "apiVersion: holdfast.dev/v1\nkind: Domains\n";
        let source = Source::named("file", format!("{header}{text}"));
        let (found, told) = domains(&loaded.cluster, source);
        let line = |one: &Diagnostic| one.place.as_ref().map_or(0, |place| place.line);
        (found, told.iter().map(|one| (line(one), one.detail.clone())).collect())
    }

    #[test]
    fn a_node_may_be_in_several() {
        let (found, told) = read("domains:\n  right: [b, a]\n  left: [a]\n");
        assert_eq!(told, []);
        let named = |name: &str, members: &[&str]| Domain {
            name: name.to_owned(),
            members: members.iter().map(|member| (*member).to_owned()).collect(),
        };
        assert_eq!(found, [named("left", &["a"]), named("right", &["a", "b"])]);
    }

    #[test]
    fn what_is_not_there_is_told_with_its_place() {
        let (_, told) = read("domains:\n  left: [a]\n  right:\n    - c\n    - b\n    - b\n");
        let expected = [(6, "\"c\" of right is no node"), (8, "b is in right twice")];
        assert_eq!(told, expected.map(|(line, detail)| (line, detail.to_owned())));
        assert_eq!(read("domains:\n  left: []\n").1, [(1, "\"left\" has no nodes".to_owned())]);
        assert_eq!(read("domains: {}\n").1, [(0, "file holds no Domains".to_owned())]);
    }
}
