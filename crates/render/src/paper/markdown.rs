//! The report in Markdown: for a ticket, a wiki, a pull request.

use std::fmt::Write;

use super::{Paper, PolicyPart, verdict};
use crate::check::markdown::{code, fenced, plain};
use crate::sheet::Sheet;

/// The whole report.
pub fn markdown(paper: &Paper) -> String {
    let mut out = format!("# {}\n\n**{}**\n\n", plain(&paper.title()), plain(&paper.answer()));
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{}.\n", paper.size_told());
    for (name, digest) in &paper.files {
        let _ = writeln!(out, "* {}, SHA-256 `{digest}`", code(name));
    }
    out.push('\n');
    done(&mut out, paper);
    nodes(&mut out, paper);
    workloads(&mut out, paper);
    pending(&mut out, paper);
    if let Some(proved) = &paper.proved {
        let _ = writeln!(out, "## Proved\n\n{}\n", proved.told());
        out += &(fenced(&proved.command, "") + "\n");
    }
    if let Some(policy) = &paper.policy {
        self::policy(&mut out, policy);
    }
    list(&mut out, "What it rests on", &paper.assumed);
    list(&mut out, "What is not known or not modelled", &paper.gaps);
    let _ = writeln!(out, "## The same with the command\n\n{}", fenced(&paper.command, ""));
    out + &plain(&paper.made_by()) + "\n"
}

fn done(out: &mut String, paper: &Paper) {
    for (title, all) in [("Changed before", &paper.changes), ("What happened", &paper.events)] {
        if all.is_empty() {
            continue;
        }
        let _ = writeln!(out, "## {title}\n");
        for (at, one) in (1..).zip(all) {
            let _ = writeln!(out, "{at}. {}", code(one));
        }
        out.push('\n');
    }
}

fn nodes(out: &mut String, paper: &Paper) {
    if paper.nodes.is_empty() {
        return;
    }
    let zones = paper.has_zones();
    let mut headings = vec!["node", "state", "ready before", "ready after", "of them, came"];
    if zones {
        headings.insert(1, "zone");
    }
    let right = [2, 3, 4].map(|at| at + usize::from(zones));
    let mut sheet = Sheet::new(&headings, &right);
    for one in &paper.nodes {
        let zone = zones.then(|| one.zone.as_deref().map(plain).unwrap_or_default());
        let state = format!("{} {}", one.state.sign(), one.state.told());
        let counts = [one.before, one.after, one.came].map(|count| count.to_string());
        sheet.row([plain(&one.name)].into_iter().chain(zone).chain([state]).chain(counts));
    }
    let _ = writeln!(out, "## Failure map\n\n{}", sheet.markdown());
}

fn workloads(out: &mut String, paper: &Paper) {
    if paper.workloads.is_empty() {
        return;
    }
    let (times, verdicts) = paper.columns();
    let mut headings = vec!["workload", "wanted", "ready before", "ready after"];
    if times {
        headings.extend(["without any pod", "short of pods"]);
    }
    if verdicts {
        headings.extend(["up at once", "back in full"]);
    }
    let mut sheet = Sheet::new(&headings, &[1, 2, 3]);
    for one in &paper.workloads {
        let counts = [one.desired, one.before.into(), one.after.into()];
        let mut row = vec![plain(&one.name)];
        row.extend(counts.map(|count| count.to_string()));
        if times {
            let told = |length: fn(_) -> _| {
                one.downtime.map(length).map_or_else(String::new, super::Length::told)
            };
            row.extend([told(|(outage, _)| outage), told(|(_, below)| below)]);
        }
        if verdicts {
            let told = |claim: fn(_) -> _| one.verdicts.map(claim).map_or("", verdict).to_owned();
            row.extend([told(|(at_once, _)| at_once), told(|(_, back)| back)]);
        }
        sheet.row(row);
    }
    let _ = writeln!(out, "## Workloads\n\n{}", sheet.markdown());
}

fn pending(out: &mut String, paper: &Paper) {
    if paper.pending.is_empty() {
        return;
    }
    let _ = writeln!(out, "## Pending\n");
    for (pod, why) in &paper.pending {
        let why = why.as_deref().map(|why| format!(": {}", plain(why))).unwrap_or_default();
        let _ = writeln!(out, "* **{}**{why}", plain(pod));
    }
    out.push('\n');
}

fn policy(out: &mut String, policy: &PolicyPart) {
    let (known, sentence) = &policy.answer;
    let _ = writeln!(out, "## Policy {}\n", code(&policy.name));
    let _ = writeln!(out, "{}: {}\n", verdict(*known), plain(sentence));
    for (when, state) in &policy.states {
        let _ = writeln!(out, "* state in {}: **{}**", plain(when), plain(state));
    }
    for found in &policy.findings {
        let object = found.object.as_deref().map(|one| format!("**{}**: ", plain(one)));
        let object = object.unwrap_or_default();
        let (severity, id) = (&found.severity, &found.id);
        let _ = writeln!(out, "* {severity} `{id}` {object}{}", plain(&found.what));
        if let Some(remedy) = &found.remedy {
            let _ = writeln!(out, "  <br>{}", plain(remedy));
        }
    }
    out.push('\n');
}

fn list(out: &mut String, title: &str, all: &[String]) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {title}\n");
    for one in all {
        let _ = writeln!(out, "* {}", plain(one));
    }
    out.push('\n');
}
