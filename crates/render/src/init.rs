//! A policy as text that people go on writing: what is required, and why the rest is not.

mod draft;

use std::fmt::Write as _;

use holdfast_policy::Finding;
use holdfast_proof::report::Object;

use crate::{check, words};

pub use draft::{Asked, Draft, Failing, Group};

/// So wide are comments.
const WIDTH: usize = 98;

/// The whole file.
pub fn policy(draft: &Draft) -> String {
    let mut out = String::new();
    comment(
        &mut out,
        "",
        "What is PROVED to survive today. Written by holdfast init; check it with:",
    );
    // Not wrapped, so that it can be pasted. Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "#   holdfast check {}", draft.words.join(" "));
    for one in &draft.hopeless {
        let text = format!("Nothing is PROVED in scenario {} ({}).", one.name, one.field);
        comment(&mut out, "", &text);
    }
    out += &head(draft.assumptions.as_deref(), &draft.scenarios);
    for (at, (asked, groups, left)) in draft.claims.iter().enumerate() {
        out += if at == 0 { "" } else { "\n" };
        comment(&mut out, "  ", asked.means);
        for group in groups {
            let name = requirement_name(asked.name, group, draft);
            let selectors: Vec<String> = group.workloads.iter().map(selector).collect();
            out += &requirement(&name, &group.scenarios, asked.field, &selectors);
        }
        for (verdict, is_open) in [("REFUTED", false), ("UNKNOWN", true)] {
            let of = left.iter().filter(|found| found.fault.is_open() == is_open);
            left_out(&mut out, verdict, of, draft);
        }
    }
    out
}

/// Everything before the requirements.
pub fn head(assumptions: Option<&str>, scenarios: &[Failing]) -> String {
    let mut out = "apiVersion: holdfast.dev/v1\nkind: Policy\n".to_owned();
    if let Some(file) = assumptions {
        let _ = writeln!(out, "assumptions: {}", scalar(file));
    }
    out += "scenarios:\n";
    for Failing { name, field } in scenarios {
        let _ = writeln!(out, "  - {{ name: {name}, {field} }}");
    }
    out + "requirements:\n"
}

/// One requirement.
pub fn requirement(name: &str, scenarios: &[&str], field: &str, selectors: &[String]) -> String {
    let scenarios = scenarios.join(", ");
    let mut out = format!("  - name: {name}\n    scenarios: [{scenarios}]\n    {field}: true\n");
    out += "    workloads:\n";
    for selector in selectors {
        let _ = writeln!(out, "      - {selector}");
    }
    out
}

/// The name of the claim, and of the scenario where the claim holds in that alone.
fn requirement_name(claim: &str, group: &Group, draft: &Draft) -> String {
    if group.scenarios.len() == draft.scenarios.len() {
        claim.to_owned()
    } else {
        format!("{claim}-{}", group.scenarios.join("-"))
    }
}

fn selector(object: &Object) -> String {
    let Object { kind, namespace, name } = object;
    let (namespace, kind, name) = (scalar(namespace), scalar(kind), scalar(name));
    format!("{{ namespace: {namespace}, kind: {kind}, name: {name} }}")
}

/// Text as YAML: in quotes where it might be read as a number or a word with a meaning.
fn scalar(text: &str) -> String {
    const MEANING: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter))
        && !MEANING.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { format!("{text:?}") }
}

fn left_out<'f>(
    out: &mut String,
    verdict: &str,
    found: impl Iterator<Item = &'f Finding>,
    draft: &Draft,
) {
    let several = draft.scenarios.len() + draft.hopeless.len() > 1;
    for (at, found) in found.enumerate() {
        if at == 0 {
            comment(out, "  ", &format!("Left out, {verdict}:"));
        }
        let scenario = found.scenario.as_ref().filter(|_| several);
        let scenario = scenario.map(|name| format!("{name}: ")).unwrap_or_default();
        comment(out, "  ", &format!("- {scenario}{}", check::sentence(found)));
    }
}

/// A comment of as many lines as it takes; lines of a list hang together.
fn comment(out: &mut String, indent: &str, text: &str) {
    let hang = if text.starts_with("- ") { "  " } else { "" };
    for (at, line) in words::wrap(text, WIDTH - indent.len() - 4).iter().enumerate() {
        let hang = if at == 0 { "" } else { hang };
        let _ = writeln!(out, "{indent}# {hang}{line}");
    }
}

/// What was written, in a line.
pub fn told(name: &str, draft: &Draft) -> String {
    let left = |is_open: bool| -> usize {
        let all = draft.claims.iter().flat_map(|(_, _, left)| left);
        all.filter(|found| found.fault.is_open() == is_open).count()
    };
    let claims = words::count(draft.held, "PROVED claim", "PROVED claims");
    format!(
        "{name} requires {claims}; left out: {} REFUTED, {} UNKNOWN\n",
        words::thousands(left(false) as u64),
        words::thousands(left(true) as u64)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_text() {
        assert_eq!(scalar("argocd-server.v2"), "argocd-server.v2");
        for text in ["1e3", "true", "No", "", "a: b", "~"] {
            assert_eq!(scalar(text), format!("\"{text}\""));
        }
    }
}
