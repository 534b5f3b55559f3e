//! How many more fit, for people and for spreadsheets.

use std::fmt::Write;

use holdfast_planner::report::fit::{
    FitReport, Level, Limit, LimitCount, LimitReport, NodeFit, QuotaReport, SurvivalReport,
};
use holdfast_proof::report::VerdictName;

use super::bar::bar;
use crate::format::Format;
use crate::prove::verdict;
use crate::sheet::Sheet;
use crate::{domain, prove, words};

/// The width of running text.
const WIDTH: usize = 96;

/// Nodes that take a copy and are shown in large clusters.
const ROWS_MAX: usize = 40;

/// The answer in a format that is not JSON.
pub fn render(report: &FitReport, format: Format, all: bool) -> String {
    match format {
        Format::Csv => csv(report).csv(),
        Format::Markdown => {
            let text = paragraphs(report, usize::MAX).join("\n\n");
            format!(
                "**{}**\n\n{}\n{text}\n",
                answer(report),
                table(report, all, percent).markdown()
            )
        }
        _ => {
            let mut out = String::new();
            // Writing to a string cannot fail, here and below.
            for line in words::wrap(&answer(report), WIDTH) {
                let _ = writeln!(out, "{line}");
            }
            let table = table(report, all, with_bar);
            let _ = write!(out, "\n{}", table.human());
            if table.len() < report.nodes.len() {
                let left = words::count(report.nodes.len() - table.len(), "node", "nodes");
                let _ = writeln!(out, "\n{left} more; --all shows them.");
            }
            for text in paragraphs(report, WIDTH) {
                let _ = writeln!(out, "\n{text}");
            }
            out
        }
    }
}

/// One sentence that answers.
fn answer(report: &FitReport) -> String {
    let name = format!("{}/{}", report.of.namespace, prove::short(&report.of));
    let count = words::thousands(report.fits as u64);
    let least = if report.complete { "" } else { "at least " };
    let copies = if report.fits == 1 { "copy" } else { "copies" };
    let fit = if report.fits == 1 { "fits" } else { "fit" };
    if !report.blocked.is_empty() {
        return format!(
            "no copy of {name} is placed as things are, and how many would fit is not told"
        );
    }
    let mut text = match report.fits {
        0 => format!("no further copy of {name} fits"),
        _ => format!("{least}{count} more {copies} of {name} {fit}"),
    };
    if let Some(survival) = &report.survival {
        text += &survived(survival, report.fits);
    }
    text
}

fn survived(survival: &SurvivalReport, fits: usize) -> String {
    let failure = failure(survival);
    match (survival.count, &survival.next) {
        (None, _) => format!("; what runs of it today is not proved to come back when {failure}"),
        (Some(_), None) if fits == 0 => String::new(),
        (Some(_), None) => format!(", and {failure} then"),
        (Some(0), Some(_)) => format!("; none may be added if {failure}"),
        (Some(count), Some(_)) => {
            let count = words::thousands(count.into());
            format!("; {count} of them may be added so that {failure}")
        }
    }
}

fn failure(survival: &SurvivalReport) -> String {
    match (&survival.domain, survival.nodes) {
        (Some(label), _) => {
            format!("any one {} may still fail", domain::short(label))
        }
        (None, Some(1) | None) => "any one node may still fail".to_owned(),
        (None, Some(most)) => format!("any {} nodes may still fail", words::number(most)),
    }
}

/// Every node that takes a copy, and in small clusters the others.
fn table(report: &FitReport, all: bool, full: fn(Level) -> String) -> Sheet {
    let headings = ["node", "fits", "alone", "cpu", "memory", "pods", "then full of"];
    let mut sheet = Sheet::new(&headings, &[1, 2, 3, 4, 5]);
    let shown = if all { usize::MAX } else { ROWS_MAX };
    for node in report.nodes.iter().take(shown) {
        sheet.row([
            node.node.clone(),
            node.fits.to_string(),
            node.alone.to_string(),
            full(node.cpu),
            full(node.memory),
            format!("{}→{}/{}", node.pods.before, node.pods.after, node.pods.of),
            limits(node),
        ]);
    }
    sheet
}

/// The same with a bar.
fn with_bar(level: Level) -> String {
    let bar = bar(level.before.into(), level.after.into(), level.of.into());
    format!("{} {bar}", percent(level)).trim_end().to_owned()
}

/// How full before and after, in whole percent, rounded down.
fn percent(level: Level) -> String {
    let share = |part: i64| match level.of {
        0 => "–".to_owned(),
        of => (i128::from(part) * 100).div_euclid(i128::from(of)).to_string(),
    };
    let (before, after) = (share(level.before), share(level.after));
    if before == after { format!("{before}%") } else { format!("{before}→{after}%") }
}

fn limits(node: &NodeFit) -> String {
    let all: Vec<String> = node.limits.iter().map(limit).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

pub(super) fn limit(limit: &LimitReport) -> String {
    let name = name(limit.limit, limit.of.as_deref());
    match (limit.of.as_deref(), limit.wanted, limit.free) {
        (Some(of), Some(wanted), Some(free)) => {
            format!("{name} ({} free, {} asked)", amount(of, free), amount(of, wanted))
        }
        _ => name,
    }
}

/// What the next copy waits for whatever the node.
fn waits(blocked: &LimitReport) -> String {
    match (blocked.limit, &blocked.of) {
        (Limit::Volume, Some(claim)) => {
            format!(
                "its claim {claim} is not bound, and its storage class does not wait for the pod"
            )
        }
        _ => limit(blocked),
    }
}

/// An amount of a resource as people write it, rounded down.
pub(super) fn amount(resource: &str, amount: i64) -> String {
    match resource {
        "cpu" => words::cpu(amount),
        "memory" | "ephemeral-storage" => words::bytes_down(amount),
        _ => amount.to_string(),
    }
}

/// What is in the way.
fn name(limit: Limit, of: Option<&str>) -> String {
    let of = of.unwrap_or_default();
    match limit {
        Limit::Resource => of.to_owned(),
        Limit::Pods => "pods".to_owned(),
        Limit::Port => format!("port {of}"),
        Limit::Apart => format!("anti-affinity by {of}"),
        Limit::Spread => format!("spread over {of}"),
        Limit::Together => "affinity".to_owned(),
        Limit::Topology => format!("no label {of}"),
        Limit::Taint => format!("taint {of}"),
        Limit::Cordoned => "cordoned".to_owned(),
        Limit::NodeAffinity if of.is_empty() => "node affinity".to_owned(),
        Limit::NodeAffinity => format!("node affinity ({of})"),
        Limit::Volume if of.is_empty() => "volume".to_owned(),
        Limit::Volume => format!("volume {of}"),
        Limit::Feature => format!("kubelet feature {of}"),
        Limit::KeptFree => "kept free for others".to_owned(),
        Limit::Gate => format!("scheduling gate {of}"),
        Limit::Broken => "something that does not parse".to_owned(),
    }
}

/// What stands behind the table.
fn paragraphs(report: &FitReport, width: usize) -> Vec<String> {
    let mut all = vec![ending(report), best(report)];
    all.extend(report.survival.as_ref().map(survival));
    if report.as_replica_set {
        all.push("Nothing scales it: its copies are taken to be kept by a ReplicaSet.".to_owned());
    }
    all.push(quotas(report));
    if report.pending > 0 {
        let pods = words::count(report.pending, "pod", "pods");
        all.push(format!("{pods} wait for a node already; they are left waiting."));
    }
    all.push(
        "Copies are placed one by one as the scheduler does, nodes that tie by name, and nobody is \
         evicted for them. FITS is what a node gets, ALONE what it would take if no other did."
            .to_owned(),
    );
    all.into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| words::wrap(&text, width).join("\n"))
        .collect()
}

/// What quotas allow, and what of them is not held against copies.
fn quotas(report: &FitReport) -> String {
    let mut text = String::new();
    for quota in &report.quotas {
        if let (Some(allows), Some(want)) = (quota.allows, &quota.for_want_of) {
            let (allows, want) = (words::thousands(allows), limit(want));
            let _ = write!(text, "Quota {} allows {allows} more: by {want}. ", quota.name);
        }
    }
    let more = report.quotas.iter().filter(|quota| quota.more);
    let more: Vec<String> = more.map(|quota| quota.name.clone()).collect();
    if !more.is_empty() {
        let of = if more.len() == 1 { "quota" } else { "quotas" };
        let _ = write!(
            text,
            "What else {of} {} of the namespace limits is not held against copies, and may refuse \
             them.",
            words::list(&more, 4)
        );
    }
    text.trim_end().to_owned()
}

fn ending(report: &FitReport) -> String {
    if !report.complete {
        return "The next one would fit, too: no more were asked about (--up-to).".to_owned();
    }
    if !report.blocked.is_empty() {
        let blocked: Vec<String> = report.blocked.iter().map(waits).collect();
        return format!(
            "The scheduler looks at no node for it: {}. Whether nodes have room then is not told.",
            words::list(&blocked, 4)
        );
    }
    let refuses =
        |quota: &&QuotaReport| quota.allows.is_some_and(|most| most <= report.fits as u64);
    let refusing: Vec<&str> =
        report.quotas.iter().filter(refuses).map(|quota| quota.name.as_str()).collect();
    if !refusing.is_empty() {
        let quotas = if refusing.len() == 1 { "quota" } else { "quotas" };
        return format!("The next one is refused by {quotas} {}.", words::list(&refusing, 4));
    }
    let limits = report.limits.iter().map(|LimitCount { limit, of, nodes }| {
        let on = words::count(*nodes, "node", "nodes");
        format!("{} on {on}", name(*limit, of.as_deref()))
    });
    let limits: Vec<String> = limits.collect();
    format!("What the next one lacks: {}.", words::list(&limits, 8))
}

fn best(report: &FitReport) -> String {
    let fits = report.fits as u64;
    let Some(best) = report.best.filter(|_| report.complete) else { return String::new() };
    let bound = words::thousands(best.bound);
    if best.bound == fits {
        return "No placement holds more.".to_owned();
    }
    if best.found == best.bound {
        return format!("Placed otherwise, {bound} fit, and no placement holds more.");
    }
    let found = match best.found {
        found if found > fits => format!(" {} were found to fit.", words::thousands(found)),
        _ => String::new(),
    };
    format!(
        "Whether more fit if they are placed otherwise is not known; {bound} is a bound.{found}"
    )
}

fn survival(survival: &SurvivalReport) -> String {
    let mut text = String::new();
    let after = |next: &holdfast_planner::report::fit::NextReport| {
        let failing =
            next.but_for.as_ref().and_then(|known| domain::failing(&known.domains, &known.fail));
        let when = failing.map_or_else(|| "even today".to_owned(), |what| format!("when {what}"));
        let is = match next.verdict {
            VerdictName::Refuted => "does not come back",
            VerdictName::Unknown | VerdictName::Proved => "is not known to come back",
        };
        format!("{} {is} {when}", words::short_name(&next.workload))
    };
    match (survival.count, &survival.next) {
        (Some(count), Some(next)) => {
            let _ = write!(
                text,
                "PROVED with {}: everything comes back that does today, and the copies do. With {} \
                 {}: {}.",
                words::thousands(count.into()),
                words::thousands(next.count.into()),
                verdict(next.verdict),
                after(next)
            );
        }
        (Some(count), None) => {
            let _ = write!(
                text,
                "PROVED with {}, which is all that fit: everything comes back that does today, and \
                 the copies do.",
                words::thousands(count.into())
            );
        }
        (None, Some(next)) => {
            let _ = write!(text, "{} as it is: {}.", verdict(next.verdict), after(next));
        }
        (None, None) => {}
    }
    if !survival.amiss.is_empty() {
        let names: Vec<String> =
            survival.amiss.iter().map(|name| words::short_name(name)).collect();
        let _ = write!(
            text,
            " Not asked about, as they are not proved to come back today: {}.",
            words::list(&names, 6)
        );
    }
    text
}

/// Every node, with plain numbers.
fn csv(report: &FitReport) -> Sheet {
    let headings = [
        "node",
        "fits",
        "alone",
        "cpu_milli_before",
        "cpu_milli_after",
        "cpu_milli",
        "memory_before",
        "memory_after",
        "memory",
        "pods_before",
        "pods_after",
        "pods",
        "limits",
    ];
    let mut sheet = Sheet::new(&headings, &[]);
    for node in &report.nodes {
        let limits: Vec<String> =
            node.limits.iter().map(|one| name(one.limit, one.of.as_deref())).collect();
        let mut row = vec![node.node.clone(), node.fits.to_string(), node.alone.to_string()];
        for level in [node.cpu, node.memory, node.pods] {
            row.extend([level.before, level.after, level.of].map(|amount| amount.to_string()));
        }
        row.push(limits.join("; "));
        sheet.row(row);
    }
    sheet
}
