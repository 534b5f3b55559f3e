//! Findings as GitHub Actions reads them from a log: workflow commands, which become annotations.

use std::fmt::Write;

use holdfast_ingest::policy::Weight;
use holdfast_policy::Finding;

use super::{Findings, reason};
use crate::words;

/// GitHub shows so many annotations of a type for each step, and drops the rest without a word.
const MOST: usize = 10;

/// What became of the findings that are not annotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// The summary of the step tells them.
    Summary,
    /// The summary of the step is full.
    Full,
    /// Nobody said where the summary of the step is.
    Nowhere,
}

/// Findings beyond those that are annotated, worst first. What the baseline knows is neither.
pub fn beyond<'a>(told: &Findings<'a>) -> Vec<&'a Finding> {
    let of = |severity| new(told, severity).skip(MOST);
    of(Weight::Error).chain(of(Weight::Warning)).collect()
}

fn new<'t, 'a: 't>(
    told: &'t Findings<'a>,
    severity: Weight,
) -> impl Iterator<Item = &'a Finding> + 't {
    let all = told.all.iter().copied();
    all.filter(move |found| found.severity == severity && !reason::is_known(found))
}

/// The answer, which only the log shows, and a workflow command for each of the worst findings.
pub fn github(told: &Findings<'_>, rest: Rest) -> String {
    let mut out = format!("{}\n", told.answer);
    for severity in [Weight::Error, Weight::Warning] {
        out.extend(new(told, severity).take(MOST).map(annotation));
    }
    // Writing to a string cannot fail, here and below.
    let known = told.all.iter().filter(|found| reason::is_known(found)).count();
    if known > 0 {
        let known = words::count(known, "finding is", "findings are");
        let _ = writeln!(out, "{known} in the baseline, and not annotated.");
    }
    let left = beyond(told).len();
    if left > 0 {
        let where_to = match rest {
            Rest::Summary => "in the summary of this step",
            Rest::Full => "not shown, as the summary of this step is full; -o json tells all",
            Rest::Nowhere => "not shown, as GITHUB_STEP_SUMMARY is not set; -o json tells all",
        };
        let more = words::count(left, "finding more is", "findings more are");
        let _ = writeln!(out, "::notice title=holdfast::{}", data(&format!("{more} {where_to}")));
    }
    out
}

fn annotation(found: &Finding) -> String {
    let title = match reason::object(found) {
        Some(object) => format!("{}: {object}", found.fault.id()),
        None => found.fault.id().to_owned(),
    };
    format!(
        "::{} file={},line={},col={},title={}::{}\n",
        reason::severity(found.severity),
        property(&found.place.file),
        found.place.line,
        found.place.column,
        property(&title),
        data(reason::text(found).trim_end()),
    )
}

/// What ends a command, or begins another, is written as the runner decodes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same where a property ends, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a,b: c\n"), "a%2Cb%3A c%0A");
    }
}
