//! What the scheduler decides for a pod, for people: a sentence, then node by node.

use std::fmt::Write;

use crate::commands::explain::{Explained, Sampled};
use crate::render::table::Grid;
use crate::render::words;

/// The width of running text.
const WIDTH: usize = 96;

/// Every pod after the other.
pub fn human(explained: &[Explained]) -> String {
    let mut out = String::new();
    for one in explained {
        for line in words::wrap(&sentence(one), WIDTH) {
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(out, "{line}");
        }
        for line in one.sampled.iter().flat_map(|found| words::wrap(&sampled(found), WIDTH)) {
            let _ = writeln!(out, "{line}");
        }
        out.push('\n');
        table(&mut out, one);
        preemption(&mut out, one);
    }
    out
}

fn sentence(one: &Explained) -> String {
    let trace = &one.trace;
    match (&trace.node, trace.candidates.as_slice()) {
        (Some(node), [_]) => format!("{} goes to {node}", trace.pod),
        (Some(_), tied) => {
            format!("{} goes to one of {}, which score alike", trace.pod, words::list(tied, 6))
        }
        (None, _) => {
            let why = one.condition.as_deref().unwrap_or("it cannot be scheduled");
            format!("{} stays Pending: {why}", trace.pod)
        }
    }
}

/// What follows from not looking at all nodes.
fn sampled(found: &Sampled) -> String {
    let winners = words::count(found.winners, "node", "nodes");
    let most = if found.at_least { "at least " } else { "" };
    format!(
        "That is of all nodes. The scheduler looks at {} of the {} that take the pod, and where it \
         begins is not told: {most}{winners} may come out best.",
        found.looked_at, found.feasible
    )
}

/// Node × plugin: scores of the nodes that take it, the plugin and its reasons for those that do
/// not.
fn table(out: &mut String, one: &Explained) {
    let nodes = &one.trace.nodes;
    let mut plugins: Vec<&str> =
        nodes.values().flat_map(|node| node.scores.keys().copied()).collect();
    plugins.sort_unstable();
    plugins.dedup();
    let mut headings = vec!["NODE", "TOTAL"];
    headings.extend(&plugins);
    headings.push("TURNED DOWN BY");
    let right: Vec<usize> = (1..=plugins.len() + 1).collect();
    let mut grid = Grid::new(&headings, &right);
    for (name, node) in nodes {
        let score =
            |plugin: &&str| node.scores.get(plugin).map_or_else(|| "–".to_owned(), i64::to_string);
        let mut row = vec![name.clone()];
        row.push(node.total.map_or_else(|| "–".to_owned(), |total| total.to_string()));
        row.extend(plugins.iter().map(score));
        row.push(match &node.plugin {
            Some(plugin) => format!("{plugin}: {}", node.reasons.join(", ")),
            None => String::new(),
        });
        grid.row(row);
    }
    for line in grid.lines() {
        let _ = writeln!(out, "{line}");
    }
    out.push('\n');
}

fn preemption(out: &mut String, one: &Explained) {
    for helps in one.trace.preemption.iter().filter(|found| found.best) {
        let victims = words::list(&helps.victims, 6);
        let _ = writeln!(out, "It would preempt {victims} on {}.\n", helps.node);
    }
}
