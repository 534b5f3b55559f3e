//! The cheapest mix of node types, for people and for spreadsheets.

use std::fmt::Write;

use holdfast_planner::report::mix::{BoughtReport, HomelessReport, MixFound, MixReport, UseReport};
use holdfast_planner::report::nodes::OpenReport;
use holdfast_proof::report::VerdictName;

use super::fit;
use super::nodes;
use crate::format::Format;
use crate::prove::verdict;
use crate::sheet::{Sheet, laid_out};
use crate::words;

/// Pods without a place that are told one by one.
const HOMELESS_MAX: usize = 8;

/// The answer in a format that is not JSON.
pub fn render(report: &MixReport, format: Format) -> String {
    let table = |plain: bool| match &report.mix {
        Some(mix) => table(mix, plain),
        None => reasons(report, plain),
    };
    laid_out(format, &answer(report), table, &paragraphs(report))
}

fn failure(report: &MixReport) -> Option<String> {
    match (&report.domain, report.survive) {
        (None, Some(0)) => None,
        (label, survive) => Some(nodes::failing(label.as_deref(), survive)),
    }
}

/// One sentence that answers.
fn answer(report: &MixReport) -> String {
    let what = match &report.grow {
        Some(factor) => format!("all that runs, grown by {factor}"),
        None => "all that runs".to_owned(),
    };
    let failure = failure(report);
    let Some(mix) = &report.mix else {
        if report.verdict == VerdictName::Unknown {
            return format!("no mix was found for {what}, and none is ruled out");
        }
        let names: Vec<&str> = report.homeless.iter().map(|one| one.pod.as_str()).collect();
        return format!("no mix of these types has room for {}", words::list(&names, 4));
    };
    let comes = match failure {
        None => String::new(),
        Some(failure) if report.helpless.is_empty() => {
            format!(", and {failure}: everything comes back")
        }
        Some(failure) => format!(", and {failure}: all comes back but what no mix helps"),
    };
    if mix.nodes == 0 {
        return format!("nothing need be bought for {what}{comes}");
    }
    let price = &mix.price;
    format!(
        "{} for {} {} a {} {} {what}{comes}; {}",
        words::count(mix.nodes as usize, "node", "nodes"),
        price.amount,
        price.currency,
        price.per,
        if mix.nodes == 1 { "holds" } else { "hold" },
        gap(report, mix)
    )
}

fn gap(report: &MixReport, mix: &MixFound) -> String {
    if mix.optimal {
        return "no mix is cheaper".to_owned();
    }
    let bound = report.bound.as_deref().unwrap_or_default();
    format!("no mix costs less than {bound} (gap {} %)", mix.gap_percent)
}

fn table(mix: &MixFound, plain: bool) -> Sheet {
    let headings = ["type", "zone", "nodes", "each", "together", "cpu", "memory", "pods"];
    let mut sheet = Sheet::new(&headings, &[2, 3, 4, 5, 6, 7]);
    for one in &mix.bought {
        let zone = one.zone.clone().unwrap_or_else(|| if plain { "" } else { "–" }.to_owned());
        let BoughtReport { of, count, each, amount, cpu, memory, pods, .. } = one;
        let [cpu, memory, pods] = [cpu, memory, pods].map(|one| percent(*one, plain));
        sheet.row([
            of.clone(),
            zone,
            count.to_string(),
            each.clone(),
            amount.clone(),
            cpu,
            memory,
            pods,
        ]);
    }
    sheet
}

/// How much is in use, in whole percent, rounded down.
fn percent(one: UseReport, plain: bool) -> String {
    let sign = if plain { "" } else { " %" };
    match i128::from(one.of) {
        0 if plain => String::new(),
        0 => "–".to_owned(),
        of => format!("{}{sign}", (i128::from(one.used) * 100).div_euclid(of)),
    }
}

/// What keeps pods off, where no mix has room for them.
fn reasons(report: &MixReport, plain: bool) -> Sheet {
    let mut sheet = Sheet::new(&["pod", "nodes", "what keeps it off"], &[]);
    let most = if plain { usize::MAX } else { HOMELESS_MAX };
    for HomelessReport { pod, nodes, .. } in report.homeless.iter().take(most) {
        for off in nodes {
            let limits: Vec<String> = off.limits.iter().map(fit::limit).collect();
            let of = words::list(&off.of, if plain { usize::MAX } else { 6 });
            sheet.row([pod.clone(), of, limits.join(", ")]);
        }
    }
    sheet
}

fn paragraphs(report: &MixReport) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(report.mix.as_ref().map(|mix| standing(report, mix)));
    all.extend(tried(report));
    if report.homeless.len() > HOMELESS_MAX {
        let left = report.homeless.len() - HOMELESS_MAX;
        all.push(format!("{} more; -o json has them all.", words::count(left, "pod", "pods")));
    }
    match report.homeless.first() {
        Some(one) if one.alone => all.push(
            "On each of these nodes nothing runs but what DaemonSets put there: no number of them \
             helps. A pod stands for all of its kind."
                .to_owned(),
        ),
        Some(_) => all.push(
            "That is so where more than enough of every type is bought, with everything else in \
             its place. A pod stands for all of its workload."
                .to_owned(),
        ),
        None => {}
    }
    if !report.helpless.is_empty() {
        let one = |open: &OpenReport| {
            let name = words::short_name(&open.workload);
            format!("{name} ({}, {})", verdict(open.verdict), nodes::when(open))
        };
        let names: Vec<String> = report.helpless.iter().map(one).collect();
        all.push(format!(
            "What does not come back however much is bought: {}. holdfast plan repair looks for \
             what helps.",
            words::list(&names, 8)
        ));
    }
    all.extend(left_out(report));
    if let Some(mix) = &report.mix {
        all.push(format!("Prices, as the catalogue says: {}.", mix.price.source));
    }
    all
}

/// What the mix stands beside, and how it was packed.
fn standing(report: &MixReport, mix: &MixFound) -> String {
    let (kept, replaced) = (mix.kept, mix.replaced);
    let today = words::count(kept + replaced, "node", "nodes");
    let beside = match kept {
        _ if report.keep => format!("Today's {today} stay, with what runs there."),
        0 => format!("They replace all of today's {today}."),
        _ => format!(
            "They replace {replaced} of today's {today}; those of the control plane stay, with \
             what runs there."
        ),
    };
    format!(
        "{beside} The scheduler placed every pod, from the most important and the largest on, \
         after what DaemonSets put on each node. CPU, MEMORY and PODS are what is requested of \
         what pods may."
    )
}

/// What was tried.
fn tried(report: &MixReport) -> Option<String> {
    let tried = report.tried?;
    let all = tried.waits + tried.lost + tried.unknown + tried.holds;
    let mut text = format!(
        "{} tried: {} left some pod waiting",
        words::count(all, "mix was", "mixes were"),
        tried.waits
    );
    if failure(report).is_some() {
        let _ = write!(text, ", with {} something did not come back", tried.lost);
    }
    if tried.unknown > 0 {
        let _ = write!(text, ", and {} stayed UNKNOWN (--budget)", tried.unknown);
    }
    text.push('.');
    if let Some(mix) = &report.mix {
        let _ = write!(
            text,
            " Whole numbers alone tell that no mix costs less than {}, wherever pods are put",
            mix.arithmetic
        );
        text += if mix.optimal {
            "; those between were tried, or ruled out likewise."
        } else {
            "; more may be tried (--tries)."
        };
    }
    Some(text)
}

/// What is not a part of the answer.
fn left_out(report: &MixReport) -> Vec<String> {
    let mut all = Vec::new();
    if !report.not_grown.is_empty() {
        let names: Vec<String> =
            report.not_grown.iter().map(|one| words::short_name(one)).collect();
        all.push(format!("Not grown, as it cannot be scaled: {}.", words::list(&names, 8)));
    }
    if !report.lacking.is_empty() {
        let one = |one: &holdfast_planner::report::mix::LackingReport| {
            let limits: Vec<String> = one.limits.iter().map(fit::limit).collect();
            format!("{} ({})", one.pod, limits.join(", "))
        };
        let names: Vec<String> = report.lacking.iter().map(one).collect();
        all.push(format!(
            "Left waiting, for something that no node gives: {}.",
            words::list(&names, 8)
        ));
    }
    all
}
