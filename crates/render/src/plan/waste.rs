//! What is free and cannot be used, for people and for spreadsheets.

use std::fmt::Write;

use holdfast_planner::report::waste::{AmountsReport, NodeWasteReport, WasteReport};
use holdfast_planner::waste::Reason;

use crate::format::Format;
use crate::sheet::Sheet;
use crate::words;

/// The width of running text.
const WIDTH: usize = 96;

/// Nodes that are shown in large clusters, those with most stranded first.
const ROWS_MAX: usize = 40;

/// The answer in a format that is not JSON.
pub fn render(report: &WasteReport, format: Format, all: bool) -> String {
    match format {
        Format::Csv => csv(report).csv(),
        Format::Markdown => format!(
            "**{}**\n\n{}\n{}\n{}\n",
            answer(report),
            by_reason(report).markdown(),
            by_node(report, all).markdown(),
            paragraphs(report).join("\n\n")
        ),
        _ => {
            let mut out = words::wrap(&answer(report), WIDTH).join("\n") + "\n";
            // Writing to a string cannot fail.
            let reasons = by_reason(report);
            if reasons.len() > 0 {
                let _ = write!(out, "\n{}", reasons.human());
            }
            let nodes = by_node(report, all);
            if nodes.len() > 0 {
                let _ = write!(out, "\n{}", nodes.human());
            }
            let left = report.nodes.len() - nodes.len();
            if left > 0 {
                let left = words::count(left, "node", "nodes");
                let _ = writeln!(out, "\n{left} more, with less or nothing; --all shows them.");
            }
            for text in paragraphs(report) {
                let _ = writeln!(out, "\n{}", words::wrap(&text, WIDTH).join("\n"));
            }
            out
        }
    }
}

/// One sentence that answers.
fn answer(report: &WasteReport) -> String {
    let (free, stranded) = (report.total.free, report.total.stranded);
    let nodes = words::count(report.nodes.len(), "node", "nodes");
    if stranded.cpu_milli == 0 && stranded.memory == 0 {
        return format!("nothing that is free on {nodes} is known to be stranded");
    }
    format!(
        "of what is free on {nodes}, at least {} of {} CPU and {} of {} of memory cannot be used \
         by anything that runs here",
        cpu(stranded.cpu_milli),
        cpu(free.cpu_milli),
        bytes(stranded.memory),
        bytes(free.memory)
    )
}

fn by_reason(report: &WasteReport) -> Sheet {
    let mut sheet = Sheet::new(&["why", "nodes", "cpu", "memory"], &[1, 2, 3]);
    for one in &report.reasons {
        sheet.row([
            why(one.reason).to_owned(),
            one.nodes.to_string(),
            cpu(one.cpu_milli),
            bytes(one.memory),
        ]);
    }
    sheet
}

fn by_node(report: &WasteReport, all: bool) -> Sheet {
    let headings =
        ["node", "free cpu", "stranded", "why", "free memory", "stranded", "why", "pods"];
    let mut sheet = Sheet::new(&headings, &[1, 2, 4, 5, 7]);
    let mut nodes: Vec<&NodeWasteReport> = report.nodes.iter().collect();
    let large = nodes.len() > ROWS_MAX && !all;
    if large {
        nodes.sort_by_key(|node| std::cmp::Reverse(share(node)));
        nodes.retain(|node| share(node) > 0);
        nodes.truncate(ROWS_MAX);
    }
    for node in nodes {
        let reason = |reason: Option<Reason>| reason.map_or("–", why).to_owned();
        sheet.row([
            node.node.clone(),
            cpu(node.free.cpu_milli),
            cpu(node.stranded.cpu_milli),
            reason(node.cpu),
            bytes(node.free.memory),
            bytes(node.stranded.memory),
            reason(node.memory),
            format!("{}/{}", node.free.pods, node.allocatable.pods),
        ]);
    }
    sheet
}

/// How much of a node is stranded, in thousandths, of CPU and memory together.
fn share(node: &NodeWasteReport) -> i128 {
    let AmountsReport { cpu_milli, memory, .. } = node.stranded;
    let of = |part: i128, all: i128| if all == 0 { 0 } else { part * 1000 / all };
    of(cpu_milli, node.allocatable.cpu_milli) + of(memory, node.allocatable.memory)
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Closed => "not ready or cordoned",
        Reason::Barred => "taints, labels or who runs there",
        Reason::Pods => "pods per node",
        Reason::Cpu => "too little CPU beside it",
        Reason::Memory => "too little memory beside it",
        Reason::Other => "too little of another resource",
        Reason::Fragment => "less than the smallest request",
        Reason::Mixed => "nothing asks for little of both",
        Reason::NoTakers => "nothing runs that would take it",
    }
}

fn paragraphs(report: &WasteReport) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(smallest) = report.smallest {
        all.push(format!(
            "The smallest requests of the {} that might take it: {} CPU, {} of memory.",
            words::count(report.takers.len(), "workload", "workloads"),
            cpu(smallest.cpu_milli.into()),
            bytes(smallest.memory.into())
        ));
    }
    let largest = report.nodes.iter().max_by_key(|node| (node.free.cpu_milli, node.free.memory));
    if let Some(node) = largest {
        all.push(format!(
            "The largest free piece is on {}: {} CPU and {} of memory.",
            node.node,
            cpu(node.free.cpu_milli),
            bytes(node.free.memory)
        ));
    }
    all.push(
        "Stranded is what no number of further pods of these workloads could use, each node by \
         itself, one limit at a time: it is at least so much. Pods of DaemonSets, static pods and \
         jobs are no takers."
            .to_owned(),
    );
    all
}

fn cpu(milli: i128) -> String {
    words::cpu(i64::try_from(milli).unwrap_or(i64::MAX))
}

fn bytes(bytes: i128) -> String {
    words::bytes(i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// Every node, with plain numbers.
fn csv(report: &WasteReport) -> Sheet {
    let headings = [
        "node",
        "cpu_milli",
        "cpu_milli_free",
        "cpu_milli_stranded",
        "cpu_why",
        "memory",
        "memory_free",
        "memory_stranded",
        "memory_why",
        "pods",
        "pods_free",
        "takers",
    ];
    let mut sheet = Sheet::new(&headings, &[]);
    for node in &report.nodes {
        let reason = |reason: Option<Reason>| reason.map_or("", why).to_owned();
        let NodeWasteReport { allocatable, free, stranded, .. } = node;
        sheet.row([
            node.node.clone(),
            allocatable.cpu_milli.to_string(),
            free.cpu_milli.to_string(),
            stranded.cpu_milli.to_string(),
            reason(node.cpu),
            allocatable.memory.to_string(),
            free.memory.to_string(),
            stranded.memory.to_string(),
            reason(node.memory),
            allocatable.pods.to_string(),
            free.pods.to_string(),
            node.takers.to_string(),
        ]);
    }
    sheet
}
