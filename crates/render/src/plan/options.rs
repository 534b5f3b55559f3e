//! Layouts side by side, for people and for spreadsheets.

use holdfast_ingest::catalog::Price;
use holdfast_planner::report::options::{BrokenReport, PointReport, StandingReport};
use holdfast_planner::report::{OptionReport, OptionsReport};
use holdfast_proof::report::VerdictName;

use crate::format::Format;
use crate::prove::verdict;
use crate::sheet::{Sheet, laid_out};
use crate::{domain, words};

/// The answer in a format that is not JSON.
pub fn render(report: &OptionsReport, format: Format) -> String {
    let table = |plain: bool| table(report, plain);
    laid_out(format, &answer(report), table, &paragraphs(report))
}

fn failures(report: &OptionsReport) -> String {
    match (&report.domain, report.survive) {
        (Some(label), _) => format!("any one {}", domain::short(label)),
        (None, Some(1) | None) => "any one node".to_owned(),
        (None, Some(most)) => format!("any {} nodes", words::number(most)),
    }
}

/// One sentence that answers.
fn answer(report: &OptionsReport) -> String {
    let proved = |one: &&OptionReport| one.verdict == VerdictName::Proved;
    let good: Vec<&OptionReport> = report.options.iter().filter(proved).collect();
    let failures = failures(report);
    let text = match good.as_slice() {
        [] => format!("no option is proved to survive the loss of {failures}"),
        [one] => format!("{} alone is proved to survive the loss of {failures}", one.name),
        several => {
            let names: Vec<&str> = several.iter().map(|one| one.name.as_str()).collect();
            let best = best(several).map_or_else(String::new, |(one, why)| {
                format!("; {} is the {why} of them", one.name)
            });
            format!("{} are proved to survive the loss of {failures}{best}", words::list(&names, 8))
        }
    };
    format!("{text}; {}", standing(report))
}

/// The cheapest where all have a price, else one that is no larger than any other in anything.
fn best<'r>(options: &[&'r OptionReport]) -> Option<(&'r OptionReport, &'static str)> {
    let least = |one: &&&OptionReport| {
        options.iter().all(|other| {
            let (one, other) = (&one.size, &other.size);
            one.nodes <= other.nodes
                && one.cpu_milli <= other.cpu_milli
                && one.memory <= other.memory
        })
    };
    let priced: Option<Vec<_>> = options
        .iter()
        .map(|one| Some((Price::parse(&one.size.price.as_ref()?.amount).ok()?, *one)))
        .collect();
    match priced {
        Some(priced) => {
            priced.into_iter().min_by_key(|(price, _)| *price).map(|it| (it.1, "cheapest"))
        }
        None => options.iter().find(least).map(|one| (*one, "smallest")),
    }
}

/// Without how many nodes control planes act.
fn standing(report: &OptionsReport) -> String {
    let of = |most: Option<usize>| {
        let mut names = Vec::new();
        for one in &report.options {
            if one.control_plane.as_ref().is_some_and(|standing| standing.survives == most) {
                names.push(one.name.as_str());
            }
        }
        (!names.is_empty()).then(|| words::list(&names, 8))
    };
    let mut sizes: Vec<Option<usize>> = Vec::new();
    for one in report.options.iter().filter_map(|one| one.control_plane.as_ref()) {
        if !sizes.contains(&one.survives) {
            sizes.push(one.survives);
        }
    }
    sizes.sort_unstable();
    let told: Vec<String> = sizes
        .into_iter()
        .rev()
        .filter_map(|most| {
            let names = of(most)?;
            Some(match most {
                None => format!("that of {names} does not act today"),
                Some(0) => format!("that of {names} survives the loss of no node"),
                Some(1) => format!("that of {names} survives any one node"),
                Some(most) => format!("that of {names} survives any {}", words::number(most)),
            })
        })
        .collect();
    if told.is_empty() {
        return "their control planes run somewhere else".to_owned();
    }
    format!("of the control planes {}", words::list(&told, 8))
}

fn table(report: &OptionsReport, plain: bool) -> Sheet {
    let headings = [
        "option",
        "nodes",
        "cpu",
        "memory",
        "cost",
        "survives",
        "control plane",
        "asked",
        "proved",
        "broken by",
    ];
    let mut sheet = Sheet::new(&headings, &[1, 2, 3, 4, 5, 6]);
    let none = || if plain { String::new() } else { "–".to_owned() };
    for one in &report.options {
        let size = &one.size;
        let cost = size.price.as_ref().map(|price| format!("{} {}", price.amount, price.currency));
        let (most, up_to) = (one.tolerance.proved, one.tolerance.up_to);
        let survives = most.map(|most| match up_to {
            _ if most >= up_to => format!("≥{most}"),
            _ => most.to_string(),
        });
        let standing = one.control_plane.as_ref();
        sheet.row([
            one.name.clone(),
            size.nodes.to_string(),
            if plain { size.cpu_milli.to_string() } else { words::cpu(size.cpu_milli) },
            if plain { size.memory.to_string() } else { words::bytes(size.memory) },
            cost.unwrap_or_else(none),
            survives.unwrap_or_else(none),
            standing.and_then(without).unwrap_or_else(none),
            verdict(one.verdict).to_owned(),
            format!("{} of {}", one.surviving, one.tolerance.workloads.len()),
            one.broken_by.as_ref().map_or_else(none, culprits),
        ]);
    }
    sheet
}

/// Without how many nodes a control plane acts.
fn without(standing: &StandingReport) -> Option<String> {
    let most = standing.survives?;
    Some(if standing.broken_by.is_some() { most.to_string() } else { format!("≥{most}") })
}

fn culprits(broken: &BrokenReport) -> String {
    let failed = domain::failed(&broken.culprits.domains, &broken.culprits.fail);
    failed.unwrap_or_else(|| "nothing: it is so today".to_owned())
}

fn paragraphs(report: &OptionsReport) -> Vec<String> {
    let mut all: Vec<String> = report.options.iter().flat_map(of_option).collect();
    let unit = if report.domain.is_some() { "domains" } else { "nodes" };
    all.push(format!(
        "SURVIVES: whichever so many {unit} fail at once, every workload keeps a pod and comes \
         back in full, PROVED. CONTROL PLANE: without so many nodes it still acts. ASKED, PROVED: \
         the verdict where {} may fail, and of how many workloads it is PROVED.",
        failures(report)
    ));
    if report.options.iter().any(|one| !one.size.typed) {
        all.push(
            "CPU and memory are what the nodes tell, which is less than what was bought, \
                  unless all nodes of an option have a type of the catalogue."
                .to_owned(),
        );
    }
    if let Some(price) = report.options.iter().find_map(|one| one.size.price.as_ref()) {
        all.push(format!(
            "Prices are for a {}, as the catalogue says: {}.",
            price.per, price.source
        ));
    }
    all
}

/// What an option does not survive, and what is wrong of what is said of it.
fn of_option(one: &OptionReport) -> Vec<String> {
    let mut all = Vec::new();
    let points: Vec<String> = one.single_points.iter().filter_map(point).collect();
    all.push(if points.is_empty() {
        format!("{}: no single point of failure was found.", one.name)
    } else {
        let points = points.join("; ");
        format!("{}: single points of failure are {points}.", one.name)
    });
    let unknown: Vec<&str> = one
        .single_points
        .iter()
        .filter(|point| !point.unknown.is_empty())
        .map(|point| point.name.as_str())
        .collect();
    if !unknown.is_empty() {
        all.push(format!(
            "{}: of {} it is not known what their loss does to every workload.",
            one.name,
            words::list(&unknown, 8)
        ));
    }
    if let Some(broken) = one.broken_by.as_ref().filter(|broken| broken.culprits.fail.len() != 1) {
        all.push(format!(
            "{}: a smallest set that breaks something is {}, and it breaks {}.",
            one.name,
            culprits(broken),
            short(&broken.workloads)
        ));
    }
    if let Some(lost) = lost(one.control_plane.as_ref()) {
        all.push(format!("{}: the control plane does not act without {lost}.", one.name));
    }
    if !one.complete {
        all.push(format!("{}: interrupted; not every set was looked at.", one.name));
    }
    all.extend(said(one));
    all
}

fn lost(standing: Option<&StandingReport>) -> Option<String> {
    let nodes = standing?.broken_by.as_ref().filter(|nodes| nodes.len() > 1)?;
    Some(words::list(nodes, 8))
}

fn point(point: &PointReport) -> Option<String> {
    let mut parts = Vec::new();
    if point.stops_control_plane {
        parts.push("stops the control plane".to_owned());
    }
    if !point.breaks.is_empty() {
        parts.push(format!("breaks {}", short(&point.breaks)));
    }
    (!parts.is_empty()).then(|| format!("{} ({})", point.name, words::list(&parts, 2)))
}

/// Names alone, the first few.
fn short(workloads: &[String]) -> String {
    let names: Vec<&str> =
        workloads.iter().map(|name| name.rsplit('/').next().unwrap_or(name)).collect();
    words::list(&names, 6)
}

/// What is said of an option and not so.
fn said(one: &OptionReport) -> Vec<String> {
    let wrong = one.size.says.iter().filter(|said| said.verdict == VerdictName::Refuted);
    wrong
        .map(|said| {
            let (told, is) = match said.what {
                "cpu" => (words::cpu(said.said), words::cpu(one.size.cpu_milli)),
                _ => (words::bytes(said.said), words::bytes(one.size.memory)),
            };
            format!("{}: REFUTED that it has {told} of {}: it has {is}.", one.name, said.what)
        })
        .collect()
}
