//! The report as one page that needs nothing else: no script, no file beside it, no network.

use holdfast_proof::report::VerdictName;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::{Length, NodeState, Paper, PolicyPart, WorkloadLine, verdict};
use crate::check::html::{POLICY, STYLE, class, mark};

/// The whole report.
pub fn html(paper: &Paper) -> String {
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (paper.title()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.command { (paper.title()) }
                    h1 { (paper.answer()) }
                    p { (paper.size_told()) "." }
                    @for (name, digest) in &paper.files {
                        p.hint { code { (name) } ", SHA-256 " code { (digest) } }
                    }
                }
                main {
                    (done("Changed before", &paper.changes))
                    (done("What happened", &paper.events))
                    (nodes(paper))
                    (workloads(paper))
                    (pending(paper))
                    @if let Some(proved) = &paper.proved {
                        section { h2 { "Proved" } p { (proved.told()) }
                            pre { code { (proved.command) } } }
                    }
                    @if let Some(policy) = &paper.policy { (self::policy(policy)) }
                    (list("What it rests on", &paper.assumed))
                    (list("What is not known or not modelled", &paper.gaps))
                    section {
                        h2 { "The same with the command" }
                        pre tabindex="0" { code { (paper.command) } }
                    }
                }
                footer { p.hint { (paper.made_by()) } }
            }
        }
    };
    page.into_string() + "\n"
}

fn done(title: &str, all: &[String]) -> Markup {
    markup! {
        @if !all.is_empty() {
            section { h2 { (title) } ol { @for one in all { li { code { (one) } } } } }
        }
    }
}

fn list(title: &str, all: &[String]) -> Markup {
    markup! {
        @if !all.is_empty() {
            section { h2 { (title) } ul { @for one in all { li { (one) } } } }
        }
    }
}

/// A table that can be scrolled by keyboard, too.
fn table(title: &str, headings: &[&str], rows: &Markup) -> Markup {
    markup! {
        section {
            h2 { (title) }
            div.scroll role="region" aria-label=(title) tabindex="0" {
                table.map {
                    thead { tr { @for heading in headings { th scope="col" { (heading) } } } }
                    tbody { (rows) }
                }
            }
        }
    }
}

fn nodes(paper: &Paper) -> Markup {
    if paper.nodes.is_empty() {
        return markup! {};
    }
    let zones = paper.has_zones();
    let rows = markup! {
        @for one in &paper.nodes {
            tr {
                th scope="row" { (one.name) }
                @if zones { td { (one.zone.as_deref().unwrap_or("")) } }
                td class=(state_class(one.state)) {
                    b { (one.state.sign()) " " (one.state.told()) }
                }
                td.number { (one.before) }
                td.number { (one.after) }
                td.number { (one.came) }
            }
        }
    };
    let mut headings = vec!["Node", "State", "Pods ready before", "After", "Of them, came"];
    if zones {
        headings.insert(1, "Zone");
    }
    table("Failure map", &headings, &rows)
}

fn state_class(state: NodeState) -> &'static str {
    match state {
        NodeState::Ready => "proved",
        NodeState::Cordoned => "unknown",
        NodeState::Down | NodeState::CutOff | NodeState::Deleted => "refuted",
    }
}

fn workloads(paper: &Paper) -> Markup {
    if paper.workloads.is_empty() {
        return markup! {};
    }
    let (times, verdicts) = paper.columns();
    let mut headings = vec!["Workload", "Wanted", "Ready before", "After"];
    if times {
        headings.extend(["Without any pod", "Short of pods"]);
    }
    if verdicts {
        headings.extend(["Up at once", "Back in full"]);
    }
    let rows = markup! {
        @for one in &paper.workloads {
            tr {
                th scope="row" { (one.name) }
                td.number { (one.desired) }
                td.number { (one.before) }
                td class=(if one.after < one.before { "number refuted" } else { "number" }) {
                    (one.after) }
                @if times { (lengths(one)) }
                @if verdicts { (claims(one)) }
            }
        }
    };
    table("Workloads", &headings, &rows)
}

fn lengths(one: &WorkloadLine) -> Markup {
    let length = |length: Option<Length>| {
        markup! { td.number { @if let Some(length) = length { (length.told()) } } }
    };
    let (outage, below) = one.downtime.unzip();
    markup! { (length(outage)) (length(below)) }
}

fn claims(one: &WorkloadLine) -> Markup {
    let claim = |known: Option<VerdictName>| {
        markup! {
            @if let Some(known) = known {
                td class=(class(known)) { b { (mark(known)) " " (verdict(known)) } }
            } @else { td.none { "–" } }
        }
    };
    let (at_once, back) = one.verdicts.unzip();
    markup! { (claim(at_once)) (claim(back)) }
}

fn pending(paper: &Paper) -> Markup {
    markup! {
        @if !paper.pending.is_empty() {
            section {
                h2 { "Pending" }
                ul { @for (pod, why) in &paper.pending {
                    li { span.object { (pod) } @if let Some(why) = why { ": " (why) } }
                } }
            }
        }
    }
}

fn policy(policy: &PolicyPart) -> Markup {
    let (known, sentence) = &policy.answer;
    markup! {
        section {
            h2 { "Policy " code { (policy.name) } }
            p { b class=(class(*known)) { (mark(*known)) " " } (sentence) }
            @for (when, state) in &policy.states {
                p { "State in " (when) ": " b { (state) } }
            }
            @for found in &policy.findings {
                article class=(found.severity) {
                    p.hint { b.severity { (found.severity) } " " code { (found.id) } }
                    p { @if let Some(object) = &found.object { span.object { (object) } ": " }
                        (found.what) }
                    p.hint { (found.background) }
                    @if let Some(remedy) = &found.remedy { p { (remedy) } }
                    @if !found.story.is_empty() { pre { (found.story) } }
                }
            }
        }
    }
}
