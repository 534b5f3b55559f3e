//! Which pods to delete, for people and for spreadsheets.

use holdfast_planner::report::rebalance::{HinderedReport, RebalanceReport, RuleReport};

use super::bar::bar;
use super::steps;
use crate::format::Format;
use crate::sheet::Sheet;
use crate::{domain, words};

/// The answer in a format that is not JSON.
pub fn render(report: &RebalanceReport, format: Format) -> String {
    let answer = steps::Answer {
        sentence: answer(report),
        table: table(report),
        below: (format == Format::Human).then(|| loads(report)).flatten(),
        commands: &report.commands,
        paragraphs: paragraphs(report),
    };
    steps::render(&answer, format)
}

fn goal(report: &RebalanceReport) -> String {
    match (report.resource, report.within) {
        (Some(resource), Some(within)) => {
            let what = if resource == "cpu" { "CPU" } else { resource };
            format!("requests of {what} differ by no more than {within} % from node to node")
        }
        _ => "every workload is spread as its rules say".to_owned(),
    }
}

/// One sentence that answers.
fn answer(report: &RebalanceReport) -> String {
    let goal = goal(report);
    let moves = words::count(report.moves.len(), "pod", "pods");
    match (report.reached, report.moves.len()) {
        (true, 0) => format!("{goal}: no pod need be deleted"),
        (true, _) if report.fewest => {
            format!("with {moves} deleted, one after the other, {goal}; no fewer do")
        }
        (true, _) => format!(
            "with {moves} deleted, one after the other, {goal}; fewer than {} do not do",
            report.bound
        ),
        (false, 0) => {
            format!("no deletion was found that surely helps; it does not hold that {goal}")
        }
        (false, _) => format!(
            "{moves} deleted one after the other bring it nearer, and no more was found that \
             surely helps: it does not hold then that {goal}"
        ),
    }
}

fn table(report: &RebalanceReport) -> Sheet {
    let mut sheet = Sheet::new(&["step", "pod", "from", "to"], &[0]);
    for (at, step) in report.moves.iter().enumerate() {
        let to = words::list(&step.to, 4).replace(" and ", " or ");
        sheet.row([(at + 1).to_string(), step.pod.clone(), step.from.clone(), to]);
    }
    sheet
}

/// How nodes are loaded before and after, the worst that may be.
fn loads(report: &RebalanceReport) -> Option<Sheet> {
    report.resource?;
    let mut sheet = Sheet::new(&["node", "before", "after", ""], &[1, 2]);
    for node in &report.nodes {
        let (least, most) = node.after;
        let after = if least == most { format!("{most}%") } else { format!("{least}–{most}%") };
        let bar = bar(node.before.into(), most.into(), 100);
        sheet.row([node.node.clone(), format!("{}%", node.before), after, bar]);
    }
    Some(sheet)
}

fn paragraphs(report: &RebalanceReport) -> Vec<String> {
    let mut all = Vec::new();
    if !report.rules.is_empty() {
        let told: Vec<String> = report.rules.iter().map(rule).collect();
        all.push(format!("What does not hold: {}.", words::list(&told, 8)));
    }
    if let (Some(first), Some(_)) = (report.nodes.first(), report.resource) {
        let before = || report.nodes.iter().map(|node| node.before);
        let least = report.nodes.iter().map(|node| node.after.0).min().unwrap_or(first.before);
        let most = report.nodes.iter().map(|node| node.after.1).max().unwrap_or(first.before);
        all.push(format!(
            "Nodes that take pods are loaded from {} to {} %, and then from {least} to {most} %.",
            before().min().unwrap_or_default(),
            before().max().unwrap_or_default(),
        ));
    }
    if !report.hindered.is_empty() {
        let told: Vec<String> = report.hindered.iter().map(hindered).collect();
        all.push(format!("What keeps pods that would have to move: {}.", words::list(&told, 8)));
    }
    if !report.moves.is_empty() {
        all.push(
            "Each deletion was followed in every order and with every tie: whichever of the nodes \
             the next pod comes to, nobody else moves, and no budget or only pod is touched. \
             Before each all pods must be ready again."
                .to_owned(),
        );
    }
    all
}

fn rule(rule: &RuleReport) -> String {
    let asks = match rule.max_skew {
        Some(most) => format!("maxSkew {most}"),
        None => "anti-affinity".to_owned(),
    };
    let left = match rule.excess_after {
        0 => String::new(),
        left => format!(", {left} in the end"),
    };
    format!(
        "{} by {} ({asks}; at least {} must move{left})",
        words::short_name(&rule.workload),
        domain::short(&rule.label),
        rule.excess
    )
}

fn hindered(one: &HinderedReport) -> String {
    let pods = format!("those of {}", words::count(one.pods, "kind", "kinds"));
    match one.reason {
        "budget" => format!("{pods} by a budget that allows no eviction"),
        "alone" => format!("{pods} as no other pod of the workload serves"),
        "disturbs" => format!("{pods} as the next one may wait, or others may move"),
        "no-help" => format!("{pods} as the scheduler may put the next one where it does not help"),
        _ => format!("{pods} as what follows is not known, or has too many ends"),
    }
}
