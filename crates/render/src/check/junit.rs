//! Findings as test reports: a suite for each requirement, or else for the command, and a case for
//! each finding.
//!
//! What is refuted is a failure, and what is not known an error. Warnings, what the baseline knows
//! and what somebody accepts are skipped, so that they are seen and fail nothing. A requirement
//! that holds in a scenario is a case that passed.

use std::collections::BTreeMap;
use std::io;

use holdfast_ingest::policy::Weight;
use holdfast_policy::Finding;
use holdfast_policy::finding::{Fault, carried};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Findings, reason};

/// How a case ended that fails nothing.
const SKIPPED: &str = "skipped";

/// A case by its name.
type Case<'a> = (String, Option<Ended<'a>>);

/// How a case ended that did not pass, what was found, and what there is to say of it first.
struct Ended<'a> {
    how: &'static str,
    found: &'a Finding,
    message: String,
}

/// One XML document.
///
/// # Panics
/// Never: memory can be written to.
pub fn junit(told: &Findings<'_>) -> String {
    let mut suites: BTreeMap<&str, Vec<Case<'_>>> = BTreeMap::new();
    let accepted = told.suppressed.iter().map(|one| {
        let found = &one.finding;
        let message = format!("accepted {}: {}", reason::accepted(one), reason::sentence(found));
        Ended { how: SKIPPED, found, message }
    });
    for ended in told.all.iter().copied().map(ended).chain(accepted) {
        let suite = ended.found.requirement.as_deref().unwrap_or(told.command);
        suites.entry(suite).or_default().push((name(ended.found), Some(ended)));
    }
    for (requirement, scenario) in &told.held {
        suites.entry(requirement).or_default().push(((*scenario).to_owned(), None));
    }
    if suites.is_empty() {
        // Readers of reports take one without any case for a run that went wrong.
        suites.insert(told.command, vec![("nothing was found".to_owned(), None)]);
    }
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut out, told, &suites).expect("memory can be written to");
    String::from_utf8(out.into_inner()).expect("text was written") + "\n"
}

fn write(
    out: &mut Writer<Vec<u8>>,
    told: &Findings<'_>,
    suites: &BTreeMap<&str, Vec<Case<'_>>>,
) -> io::Result<()> {
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let name = format!("holdfast {}", told.command);
    let counts = counts(suites.values().flatten());
    let root = out.create_element("testsuites").with_attribute(("name", name.as_str()));
    let root = root.with_attributes(counts.iter().map(|(key, count)| (*key, count.as_str())));
    root.write_inner_content(|out| suites.iter().try_for_each(|one| suite(out, one)))?;
    Ok(())
}

fn suite(
    out: &mut Writer<Vec<u8>>,
    (requirement, cases): (&&str, &Vec<Case<'_>>),
) -> io::Result<()> {
    let counts = counts(cases);
    let name = clean(requirement);
    let suite = out.create_element("testsuite").with_attribute(("name", name.as_str()));
    let suite = suite.with_attributes(counts.iter().map(|(key, count)| (*key, count.as_str())));
    suite.write_inner_content(|out| cases.iter().try_for_each(|one| case(out, &name, one)))?;
    Ok(())
}

fn case(out: &mut Writer<Vec<u8>>, suite: &str, (name, found): &Case<'_>) -> io::Result<()> {
    let name = clean(name);
    let case = out.create_element("testcase");
    let case = case.with_attributes([("name", name.as_str()), ("classname", suite)]);
    let Some(Ended { how, found, message }) = found else {
        case.write_empty()?;
        return Ok(());
    };
    let (file, line) = (clean(&found.place.file), found.place.line.to_string());
    let case = case.with_attributes([("file", file.as_str()), ("line", line.as_str())]);
    let message = clean(message);
    case.write_inner_content(|out| {
        let ended = out.create_element(*how).with_attribute(("message", message.as_str()));
        if *how == SKIPPED {
            ended.write_empty()?;
        } else {
            let ended = ended.with_attribute(("type", found.fault.id()));
            ended.write_text_content(BytesText::new(&clean(&reason::text(found))))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn ended(found: &Finding) -> Ended<'_> {
    let how = match reason::rank(found) {
        (false, Weight::Error, false) => "failure",
        (false, Weight::Error, true) => "error",
        _ => SKIPPED,
    };
    Ended { how, found, message: reason::sentence(found) + reason::standing(found) }
}

fn counts<'c, 'a: 'c>(
    cases: impl IntoIterator<Item = &'c Case<'a>>,
) -> [(&'static str, String); 4] {
    let ends: Vec<Option<&str>> =
        cases.into_iter().map(|(_, found)| found.as_ref().map(|ended| ended.how)).collect();
    let number = |end| ends.iter().filter(|one| **one == Some(end)).count().to_string();
    [
        ("tests", ends.len().to_string()),
        ("failures", number("failure")),
        ("errors", number("error")),
        (SKIPPED, number(SKIPPED)),
    ]
}

/// The same from run to run, and no two alike.
fn name(found: &Finding) -> String {
    let claim = match &found.fault {
        Fault::Inconclusive { claim, .. } => format!(" ({})", claim.id()),
        Fault::MustCarry { misses, .. } => format!(" ({})", carried(*misses)),
        _ => String::new(),
    };
    let scenario = found.scenario.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    let about = reason::object(found).unwrap_or_else(|| reason::what(found));
    format!("{scenario}{about}: {}{claim}", found.fault.id())
}

/// XML has no way to write most control characters.
fn clean(text: &str) -> String {
    let odd = |letter: char| {
        (letter.is_control() && letter != '\n' && letter != '\t')
            || matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    text.replace(odd, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(clean("a\u{1b}[31m\0b\n"), "a\u{fffd}[31m\u{fffd}b\n");
    }
}
