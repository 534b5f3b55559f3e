//! What the scheduler decides for a pod, for people: a sentence, the table of filters and of
//! scores, and what would have to change for each node to fit.

use std::collections::BTreeMap;
use std::fmt::Write;

use holdfast_scheduler::Release;
use holdfast_scheduler::trace::NodeTrace;

use crate::needs::Phrase;
use crate::story::{Explained, NodeStory};
use crate::table::Grid;
use crate::{grouping, words};

/// The width of running text.
const WIDTH: usize = 96;

/// Up to so many nodes each has a row of its own.
const NODES_MAX: usize = 20;

/// The most rows and lines where nodes are grouped.
const ROWS_MAX: usize = 20;

/// Longer names of nodes stand on a line of their own.
const HEAD_MAX: usize = 24;

/// Which nodes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// All of them where they are few, else groups and the best.
    Some,
    /// Every one.
    All,
    /// One.
    Node(&'a str),
}

impl Scope<'_> {
    fn shows(self, name: &str) -> bool {
        match self {
            Self::Some | Self::All => true,
            Self::Node(only) => only == name,
        }
    }

    /// Whether so many nodes are shown in groups.
    fn groups(self, nodes: usize) -> bool {
        self == Self::Some && nodes > NODES_MAX
    }
}

/// Every pod after the other.
pub fn human(explained: &[Explained], scope: Scope<'_>) -> String {
    let mut out = String::new();
    for one in explained {
        paragraph(&mut out, &sentence(one));
        if let Some(condition) = &one.story.condition {
            paragraph(&mut out, &format!("In kube-scheduler's words: {condition}"));
        }
        filters(&mut out, one, scope);
        scores(&mut out, one, scope);
        changes(&mut out, one, scope);
        for note in notes(one) {
            paragraph(&mut out, &note);
        }
    }
    out
}

/// Which release decides and whose words are used.
pub fn emulation(release: Release, version: Option<&str>) -> String {
    let newest = Release::NEWEST;
    let cluster = version.map_or("the cluster does not tell its version".to_owned(), |version| {
        format!("the cluster runs {version}")
    });
    let mut out = String::new();
    let text = if release == newest {
        format!("Decided and worded as by kube-scheduler {newest}; {cluster}.")
    } else {
        let oldest = if release == Release::OLDEST { ", the oldest that are known" } else { "" };
        format!(
            "Decided as by kube-scheduler {newest}, in the words of {release}{oldest}; {cluster}."
        )
    };
    paragraph(&mut out, &text);
    out.pop();
    out
}

fn paragraph(out: &mut String, text: &str) {
    for line in words::wrap(text, WIDTH) {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{line}");
    }
    out.push('\n');
}

/// What happens to the pod, and why.
pub fn sentence(one: &Explained) -> String {
    let (trace, story) = (&one.trace, &one.story);
    let nodes = story.nodes.len();
    let if_pending = match &story.runs_on {
        Some(node) => format!(", if it did not run on {node},"),
        None => String::new(),
    };
    let pod = format!("{}{if_pending}", trace.pod);
    if trace.result == "gated" {
        let gates = words::list(&story.pod_needs, 2);
        return format!("{pod} is not looked at until {gates}.");
    }
    let total = |name: &String| trace.nodes.get(name).and_then(|node| node.total);
    match trace.candidates.as_slice() {
        [] => format!("{pod} stays Pending: {}{}.", why(one), evictions(one)),
        [only] => match total(only) {
            None => format!("{pod} goes to {only}, {}.", the_only(nodes)),
            Some(total) => format!(
                "{pod} goes to {only}, which scores {total}, the most of {} that fit.",
                words::count(story.fitting(), "node", "nodes")
            ),
        },
        tied => format!(
            "{pod} goes to one of {}, which score alike ({}), the most of {} that fit.",
            words::list(tied, 6),
            total(&tied[0]).unwrap_or(0),
            words::count(story.fitting(), "node", "nodes")
        ),
    }
}

fn the_only(nodes: usize) -> String {
    match nodes {
        1 => "the only node, and it fits".to_owned(),
        _ => format!("the only one of {nodes} nodes that fits"),
    }
}

/// Why no node takes the pod: what upstream holds against each.
fn why(one: &Explained) -> String {
    let (trace, story) = (&one.trace, &one.story);
    if !story.pod_needs.is_empty() && trace.result == "error" {
        return format!("to decide fails until {}", words::list(&story.pod_needs, 2));
    }
    if !story.pod_needs.is_empty() {
        return format!("no node is looked at until {}", words::list(&story.pod_needs, 2));
    }
    let nodes = story.nodes.len();
    if nodes == 0 {
        return "there is no node".to_owned();
    }
    let mut counts = BTreeMap::<&str, usize>::new();
    for node in &story.nodes {
        let said = trace.nodes.get(&node.name).and_then(|node| node.plugin);
        let first = node.needs.first().map(|(plugin, _)| *plugin);
        let plugin = said.filter(|plugin| *plugin != "PreFilter").or(first);
        *counts.entry(plugin.unwrap_or_default()).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if let [(plugin, _)] = counts.as_slice() {
        return match nodes {
            1 => format!("the only node {}", objection(plugin, true)),
            _ => format!("all {nodes} nodes {}", objection(plugin, false)),
        };
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(plugin, count)| {
            format!("{} {}", words::thousands(*count as u64), objection(plugin, *count == 1))
        })
        .collect();
    format!("of {} nodes {}", words::thousands(nodes as u64), words::list(&parts, parts.len()))
}

/// What a filter holds against one node or several.
fn objection(plugin: &str, one: bool) -> String {
    let (verb, rest) = match plugin {
        "NodeUnschedulable" => ("is/are", "cordoned"),
        "NodeName" => ("is/are", "not the one it names"),
        "TaintToleration" => ("has/have", "a taint it does not tolerate"),
        "NodeAffinity" => ("lacks/lack", "the labels it asks for"),
        "NodePorts" => ("has/have", "its port taken"),
        "NodeResourcesFit" => ("has/have", "too little room"),
        "VolumeRestrictions" => ("cannot/cannot", "share its volume"),
        "NodeVolumeLimits" => ("has/have", "no more volumes to attach"),
        "VolumeBinding" => ("is/are", "out of its volumes' reach"),
        "VolumeZone" => ("is/are", "in another zone than its volume"),
        "PodTopologySpread" => ("holds/hold", "too many of its kind"),
        "InterPodAffinity" => ("breaks/break", "a rule about other pods nearby"),
        "NodeDeclaredFeatures" => ("lacks/lack", "a feature of the kubelet"),
        other => return format!("{} by {other}", if one { "is refused" } else { "are refused" }),
    };
    let (singular, plural) = verb.split_once('/').unwrap_or((verb, verb));
    format!("{} {rest}", if one { singular } else { plural })
}

/// What preemption would do about it.
fn evictions(one: &Explained) -> String {
    let best: Vec<_> = one.trace.preemption.iter().filter(|found| found.best).collect();
    let Some(first) = best.first() else { return String::new() };
    let budget = match first.pdb_violations {
        0 => String::new(),
        some => format!(", against the budgets of {some} of them"),
    };
    let others = match best.len() {
        1 => String::new(),
        several => format!(", or likewise on one of {} others", several - 1),
    };
    let victims = words::list(&first.victims, 6);
    format!("; to make room it evicts {victims} from {}{budget}{others}", first.node)
}

/// Node × filter: who turns the node down, and who would next.
fn filters(out: &mut String, one: &Explained, scope: Scope<'_>) {
    let shown: Vec<&NodeStory> =
        one.story.nodes.iter().filter(|node| scope.shows(&node.name)).collect();
    let mut plugins: Vec<&str> = Vec::new();
    for (plugin, _) in shown.iter().flat_map(|node| &node.needs) {
        if !plugins.contains(plugin) {
            plugins.push(plugin);
        }
    }
    if plugins.is_empty() || one.trace.result == "gated" {
        return;
    }
    plugins.sort_by_key(|plugin| one.story.filters.iter().position(|known| known == plugin));
    let row = |node: &&NodeStory| -> Vec<String> {
        let first = node.needs.first().map(|(plugin, _)| *plugin);
        let asks = |plugin: &str| node.needs.iter().any(|(known, _)| *known == plugin);
        let mark = |plugin: &&str| match asks(plugin) {
            true if first == Some(plugin) => "✗",
            true => "(✗)",
            false => "·",
        };
        plugins.iter().map(|plugin| mark(plugin).to_owned()).collect()
    };
    let mut grid = headed("FILTER", &[], &plugins);
    let several =
        shown.iter().any(|node| node.needs.iter().any(|(plugin, _)| *plugin != node.needs[0].0));
    let named = shown.iter().map(|node| (row(node), node.name.clone()));
    let rows: Vec<(Vec<String>, Vec<String>)> = if scope.groups(shown.len()) {
        let mut groups = grouping::by(named);
        groups.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
        groups
    } else {
        named.map(|(row, name)| (row, vec![name])).collect()
    };
    for (row, names) in rows {
        grid.row([grouping::label(&names)].into_iter().chain(row));
    }
    print(out, grid);
    let next = if several { "; (✗) would turn it down next" } else { "" };
    let _ = writeln!(out, " · passes, ✗ turns the node down{next}\n");
}

/// Node × plugin: the weighted scores of the nodes that fit, the best first.
fn scores(out: &mut String, one: &Explained, scope: Scope<'_>) {
    let scored =
        one.trace.nodes.iter().filter(|(name, node)| node.total.is_some() && scope.shows(name));
    let mut scored: Vec<(&String, &NodeTrace)> = scored.collect();
    if scored.is_empty() {
        return;
    }
    scored.sort_by_key(|(name, node)| (std::cmp::Reverse(node.total), *name));
    let mut plugins: Vec<&str> = Vec::new();
    for &plugin in &one.story.scores {
        // What is zero everywhere adds nothing, and hides nothing.
        let of = |node: &NodeTrace| node.scores.get(plugin).copied().unwrap_or(0);
        if scored.iter().any(|(_, node)| of(node) != 0) {
            plugins.push(plugin);
        }
    }
    let row = |node: &NodeTrace| -> Vec<i64> {
        let of = |plugin: &&str| node.scores.get(plugin).copied().unwrap_or(0);
        [node.total.unwrap_or(0)].into_iter().chain(plugins.iter().map(of)).collect()
    };
    let mut rows: Vec<(Vec<i64>, Vec<String>)> = Vec::new();
    for (name, node) in &scored {
        let row = row(node);
        let groups = scope.groups(scored.len());
        match rows.iter_mut().find(|(known, _)| groups && *known == row) {
            Some((_, names)) => names.push((*name).clone()),
            None => rows.push((row, vec![(*name).clone()])),
        }
    }
    let mut grid = headed("SCORE", &["TOTAL"], &plugins);
    let most = if scope == Scope::Some { ROWS_MAX } else { rows.len() };
    for (row, names) in rows.iter().take(most) {
        let numbers = row.iter().map(i64::to_string);
        grid.row([grouping::label(names)].into_iter().chain(numbers));
    }
    print(out, grid);
    let left: usize = rows.iter().skip(most).map(|(_, names)| names.len()).sum();
    if let Some((worst, _)) = rows.last().filter(|_| left > 0) {
        let nodes = words::count(left, "node", "nodes");
        let _ = writeln!(out, " … and {nodes} down to {}; --all shows them", worst[0]);
    }
    out.push('\n');
}

/// A table of nodes and plugins. The names of plugins stand in several lines, a word or more each.
fn headed(corner: &str, before: &[&str], plugins: &[&str]) -> Grid {
    let names: Vec<Vec<String>> = plugins.iter().map(|plugin| stacked(plugin)).collect();
    let height = names.iter().map(Vec::len).max().unwrap_or(1);
    let low = |lines: &[String]| {
        let mut all = vec![String::new(); height - lines.len()];
        all.extend_from_slice(lines);
        all.join("\n")
    };
    let mut headings = vec![low(&[corner.to_owned()])];
    headings.extend(before.iter().map(|name| low(&[(*name).to_owned()])));
    headings.extend(names.iter().map(|lines| low(lines)));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    Grid::new(&headings, &(1..headings.len()).collect::<Vec<_>>())
}

/// A plugin's name in lines no longer than need be, broken where it has a capital.
fn stacked(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for letter in name.chars() {
        match parts.last_mut() {
            Some(part) if !letter.is_uppercase() => part.push(letter),
            _ => parts.push(letter.to_string()),
        }
    }
    let width = parts.iter().map(String::len).max().unwrap_or(0);
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.len() + part.len() <= width => line.push_str(&part),
            _ => lines.push(part),
        }
    }
    lines
}

fn print(out: &mut String, grid: Grid) {
    for line in grid.lines() {
        let _ = writeln!(out, "{line}");
    }
}

/// What would have to change for the pod, and for each node, to fit.
fn changes(out: &mut String, one: &Explained, scope: Scope<'_>) {
    let story = &one.story;
    if !story.pod_needs.is_empty() {
        let _ = writeln!(out, "It fits nowhere until");
        for need in &story.pod_needs {
            item(out, need, "");
        }
        out.push('\n');
    }
    let lacking = story.nodes.iter().filter(|node| scope.shows(&node.name));
    let lacking: Vec<&NodeStory> = lacking.filter(|node| !node.needs.is_empty()).collect();
    if lacking.is_empty() {
        return;
    }
    let _ = writeln!(out, "For each node to fit, all that its line says would have to change");
    let rows = if scope.groups(lacking.len()) { grouped(&lacking) } else { single(&lacking) };
    let most = if scope == Scope::Some { ROWS_MAX } else { rows.len() };
    let width = rows.iter().take(most).map(|(names, _)| names.chars().count()).max().unwrap_or(0);
    for (names, needs) in rows.iter().take(most) {
        if width <= HEAD_MAX {
            item(out, &needs.join("; "), &format!("{names:<width$}  "));
        } else {
            let _ = writeln!(out, "  {names}");
            item(out, &needs.join("; "), "    ");
        }
    }
    if rows.len() > most {
        let left = words::count(rows.len() - most, "more line", "more lines");
        let _ = writeln!(out, "  … and {left}; --all shows every node, --node NAME one");
    }
    out.push('\n');
}

/// A line with a hanging indent.
fn item(out: &mut String, text: &str, head: &str) {
    let indent = 2 + head.chars().count();
    let room = WIDTH.saturating_sub(indent).max(40);
    for (at, line) in words::wrap(text, room).into_iter().enumerate() {
        let start = if at == 0 { head } else { "" };
        let _ = writeln!(out, "  {start:<width$}{line}", width = indent - 2);
    }
}

/// Each node with its needs, in the order of the profile, each once.
fn single(nodes: &[&NodeStory]) -> Vec<(String, Vec<String>)> {
    let words = |node: &&NodeStory| {
        let mut needs: Vec<String> = Vec::new();
        for (_, phrase) in &node.needs {
            let text = phrase.of_one();
            if !needs.contains(&text) {
                needs.push(text);
            }
        }
        needs
    };
    nodes.iter().map(|node| (node.name.clone(), words(node))).collect()
}

/// Nodes with the same kinds of needs together, those that need least first.
fn grouped(nodes: &[&NodeStory]) -> Vec<(String, Vec<String>)> {
    let shape = |node: &NodeStory| {
        let mut shape: Vec<(String, String)> = Vec::new();
        for (_, phrase) in &node.needs {
            let part = (phrase.text.clone(), phrase.fixed.clone());
            if !shape.contains(&part) {
                shape.push(part);
            }
        }
        (shape.len(), shape)
    };
    let mut groups = BTreeMap::<_, Vec<&NodeStory>>::new();
    for node in nodes {
        groups.entry(shape(node)).or_default().push(node);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|((parts, _), nodes)| (*parts, std::cmp::Reverse(nodes.len())));
    groups
        .into_iter()
        .map(|((_, shape), nodes)| {
            let names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
            let same = |(text, fixed): &(String, String)| {
                let of_all: Vec<&Phrase> = nodes
                    .iter()
                    .flat_map(|node| &node.needs)
                    .map(|(_, phrase)| phrase)
                    .filter(|phrase| phrase.text == *text && phrase.fixed == *fixed)
                    .collect();
                Phrase::of_many(&of_all)
            };
            (grouping::label(&names), shape.iter().map(same).collect())
        })
        .collect()
}

fn notes(one: &Explained) -> Vec<String> {
    let mut all = one.story.notes.clone();
    if let Some(found) = one.story.sampled {
        all.push(format!(
            "That is of all nodes. kube-scheduler looks at {} of the {} that take the pod, and \
             where it begins is not told: {}{} may come out best.",
            words::thousands(found.looked_at as u64),
            words::thousands(found.feasible as u64),
            if found.at_least { "at least " } else { "" },
            words::count(found.winners, "node", "nodes"),
        ));
    }
    all
}
