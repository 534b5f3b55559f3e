//! Nodes put together by a label, as the map shows them.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_session::overview::Overview;

/// The label that clouds and people put zones into.
const ZONE: &str = "topology.kubernetes.io/zone";

/// Some nodes, and what they have in common; nothing where they lack the label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    pub(crate) title: Option<String>,
    pub(crate) nodes: Vec<u32>,
}

/// All nodes by the values of a label; without one, all together.
pub(crate) fn groups(scene: &Overview, label: Option<&str>) -> Vec<Group> {
    let Some(label) = label else {
        return vec![Group { title: None, nodes: (0..scene.nodes.len() as u32).collect() }];
    };
    let mut groups: BTreeMap<Option<&str>, Vec<u32>> = BTreeMap::new();
    for (at, node) in scene.nodes.iter().enumerate() {
        let value = node.labels.get(label).map(String::as_str);
        groups.entry(value).or_default().push(at as u32);
    }
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|(title, nodes)| Group { title: title.map(str::to_owned), nodes })
        .collect();
    // Those that lack it come last.
    groups.sort_by_key(|group| group.title.is_none());
    groups
}

/// Labels that tell nodes apart and put some of them together.
pub(crate) fn labels(scene: &Overview) -> Vec<String> {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut nodes: BTreeMap<&str, usize> = BTreeMap::new();
    for (label, value) in scene.nodes.iter().flat_map(|node| &node.labels) {
        values.entry(label).or_default().insert(value);
        *nodes.entry(label).or_default() += 1;
    }
    let all = scene.nodes.len();
    let useful = |label: &&str| {
        let (values, nodes) = (values[label].len(), nodes[label]);
        (values > 1 && values < nodes) || (nodes < all && values < all)
    };
    let labels = values.keys().copied().filter(useful);
    labels.map(str::to_owned).collect()
}

/// The label to begin with.
pub(crate) fn first(scene: &Overview) -> Option<String> {
    let zones = groups(scene, Some(ZONE));
    (zones.len() > 1).then(|| ZONE.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use holdfast_session::overview::{Amounts, NodeView, PodsView};

    fn node(name: &str, labels: &[(&str, &str)]) -> NodeView {
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        NodeView {
            name: name.into(),
            zone: None,
            labels,
            taints: Vec::new(),
            cordoned: false,
            ready: true,
            allocatable: Amounts::default(),
            requested: Amounts::default(),
            reserved: Amounts::default(),
        }
    }

    fn overview(nodes: Vec<NodeView>) -> Overview {
        Overview { nodes, workloads: Vec::new(), pods: PodsView::default() }
    }

    #[test]
    fn nodes_that_lack_the_label_come_last() {
        let nodes = vec![node("a", &[]), node("b", &[(ZONE, "z2")]), node("c", &[(ZONE, "z1")])];
        let scene = overview(nodes);
        let groups = groups(&scene, Some(ZONE));
        let titles: Vec<Option<&str>> = groups.iter().map(|it| it.title.as_deref()).collect();
        assert_eq!(titles, [Some("z1"), Some("z2"), None]);
        assert_eq!(first(&scene).as_deref(), Some(ZONE));
    }

    #[test]
    fn labels_that_every_node_has_for_itself_group_nothing() {
        let of = |host| vec![("host", host), ("disk", "ssd")];
        let scene = overview(vec![node("a", &of("a")), node("b", &of("b"))]);
        assert!(labels(&scene).is_empty());
    }
}
