//! Machines that fail as a whole, in words.

use std::fmt::Write;

use holdfast_proof::report::{Checked, DomainsReport};

use crate::words;

/// `any one zone`, `any two values of topology.kubernetes.io/zone`.
pub fn any(domains: &DomainsReport) -> String {
    let most = words::number(domains.most);
    match (&domains.label, domains.most) {
        (Some(label), 1) => format!("any one {}", short(label)),
        (Some(label), _) => format!("any {most} values of {label}"),
        (None, 1) => "any one domain".to_owned(),
        (None, _) => format!("any {most} domains"),
    }
}

/// What fails, with its verb: `n1 fails`, `zone a fails (n1 and n2)`; `None` where nothing does.
pub fn failing(domains: &[String], machines: &[String]) -> Option<String> {
    let fails = |names: &[String]| if names.len() == 1 { "fails" } else { "fail" };
    match (domains, machines) {
        (_, []) => None,
        ([], machines) => Some(format!("{} {}", words::list(machines, 8), fails(machines))),
        (domains, machines) => {
            let machines = words::list(machines, 6);
            Some(format!("{} {} ({machines})", named(domains), fails(domains)))
        }
    }
}

/// What fails, without a verb; `None` where nothing does.
pub fn failed(domains: &[String], machines: &[String]) -> Option<String> {
    match (domains, machines) {
        (_, []) => None,
        ([], machines) => Some(words::list(machines, 8)),
        (domains, _) => Some(named(domains)),
    }
}

fn named(domains: &[String]) -> String {
    let names: Vec<String> = domains.iter().map(|domain| name(domain)).collect();
    words::list(&names, 6)
}

/// How many sets were looked at, and of what: `3 sets of failed nodes out of 3 nodes`.
pub fn looked_at(checked: &Checked) -> String {
    let sets = usize::try_from(checked.sets).unwrap_or(usize::MAX);
    format!("{} {}", words::count(sets, "set", "sets"), sets_of(checked))
}

/// What the sets are made of: `of failed nodes out of 3 nodes`.
fn sets_of(checked: &Checked) -> String {
    let nodes = words::count(checked.cluster_nodes, "node", "nodes");
    let Some(domains) = &checked.domains else {
        return format!("of failed nodes out of {nodes}");
    };
    let (one, many) =
        if domains.label.is_some() { ("value", "values") } else { ("domain", "domains") };
    let all = words::count(domains.of, one, many);
    match &domains.label {
        Some(label) => format!("out of {all} of {label} on {nodes}"),
        None => format!("out of {all} on {nodes}"),
    }
}

/// Tells of the nodes that never fail.
pub fn tell_without(out: &mut String, domains: Option<&DomainsReport>, width: usize) {
    let Some(domains) = domains.filter(|domains| !domains.without.is_empty()) else { return };
    let why = match &domains.label {
        Some(label) => format!("without {label}"),
        None => "in no domain of the file".to_owned(),
    };
    let text = format!("Not failed: {} ({why}).", words::list(&domains.without, 6));
    for line in words::wrap(&text, width) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{line}");
    }
}

/// `zone a` for `topology.kubernetes.io/zone=a`; a name from a file stays.
fn name(domain: &str) -> String {
    match domain.split_once('=') {
        Some((label, value)) => format!("{} {value}", short(label)),
        None => domain.to_owned(),
    }
}

/// A label without the prefix that says whose it is.
pub(super) fn short(label: &str) -> &str {
    label.rsplit('/').next().unwrap_or(label)
}
