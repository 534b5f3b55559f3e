//! Findings where Markdown is shown: the comment on a pull request, the summary of a step.
//!
//! Such places have a limit, and cut or refuse what is longer. So nothing is ever longer: findings
//! are written worst first, in full, then in short, and at last counted.

use std::fmt::Write;

use holdfast_policy::{CheckReport, Finding};

use super::{Findings, reason};
use crate::sheet::Sheet;
use crate::words;

/// What a comment on GitHub may hold, in bytes.
const COMMENT: usize = 64 * 1024;
/// Kept free for what is said behind the list.
const KEPT: usize = 80;
/// Kept free for the line that counts what is left out.
const LEFT_OUT: usize = 160;

/// The answer, the findings, and the requirements as far as they fit, in 64 KiB.
pub fn markdown(report: &CheckReport) -> String {
    let tail = requirements(report) + &words::modelled(&report.kubernetes) + "\n";
    comment(&Findings::from(report), &tail)
}

/// The answer and the findings in 64 KiB, and the tail where it fits, too: findings say what it
/// sums up, so that it is the first to go.
pub fn comment(told: &Findings<'_>, tail: &str) -> String {
    let mut out = format!("**{}**\n\n", told.answer);
    if !told.all.is_empty() {
        out += &list(&told.all, COMMENT - out.len() - KEPT);
        out.push('\n');
    }
    if !told.suppressed.is_empty() {
        let count = words::count(told.suppressed.len(), "finding is", "findings are");
        let _ = writeln!(out, "{count} suppressed.\n");
    }
    if out.len() + tail.len() <= COMMENT {
        out += tail;
    }
    out
}

/// Findings in up to so many bytes, in the order in which they come, and how many were left out.
/// Where there is no room for so much as that, nothing.
pub fn list(findings: &[&Finding], most: usize) -> String {
    let mut out = String::new();
    for (at, found) in findings.iter().enumerate() {
        let left = findings.len() - at;
        let kept = if left == 1 { 0 } else { LEFT_OUT };
        let fits = |block: &String| out.len() + block.len() + kept <= most;
        let Some(block) = [in_full, in_short].into_iter().map(|told| told(found)).find(fits) else {
            let line = left_out(left);
            return if out.len() + line.len() <= most { out + &line } else { out };
        };
        out += &block;
    }
    out
}

fn left_out(count: usize) -> String {
    let more = words::count(count, "finding more is", "findings more are");
    format!("\n**{more} left out here**, none worse than these; `-o json` tells all.\n")
}

fn in_short(found: &Finding) -> String {
    let object = reason::object(found).unwrap_or_else(|| reason::what(found));
    format!("* {} {}, {}\n", label(found), plain(&object), plain(&reason::background(found)))
}

fn in_full(found: &Finding) -> String {
    let object = reason::object(found).map(|object| format!("**{}**: ", plain(&object)));
    let mut out = format!(
        "* {} {}{}\n  <br>{} · {} · {}\n",
        label(found),
        object.unwrap_or_default(),
        plain(&reason::what(found)),
        code(&found.place.to_string()),
        plain(&reason::background(found)),
        reason::page(found),
    );
    if let Some(remedy) = reason::remedy(found) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  <br>{}", plain(&remedy));
    }
    if let Some(story) = reason::story(found) {
        let summary = "<summary>How it comes to that</summary>";
        // Stories are indented as far as what belongs to a point of a list.
        let told = fenced(&story, "  ");
        // Writing to a string cannot fail.
        let _ = write!(out, "  <details>{summary}\n\n{told}\n  </details>\n");
    }
    out
}

fn label(found: &Finding) -> String {
    let severity = reason::severity(found.severity);
    format!("{severity} `{}`{}", found.fault.id(), reason::standing(found))
}

fn requirements(report: &CheckReport) -> String {
    let headings =
        ["requirement", "scenario", "worth", "workloads", "PROVED", "REFUTED", "UNKNOWN"];
    let mut sheet = Sheet::new(&headings, &[3, 4, 5, 6]);
    for one in &report.requirements {
        let counts = [one.workloads, one.hold, one.fail, one.unknown];
        let names =
            [plain(&one.name), plain(reason::when(one)), reason::severity(one.severity).to_owned()];
        sheet.row(names.into_iter().chain(counts.map(|count| count.to_string())));
    }
    sheet.markdown() + "\n"
}

/// Text that means nothing but itself. Bars are left to tables.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if "\\`*_[]<>&~#".contains(letter) {
            out.push('\\');
        }
        out.push(if letter.is_control() { ' ' } else { letter });
    }
    out
}

/// The same as code, which takes no escapes: the marks around it are longer than any in it.
pub(crate) fn code(text: &str) -> String {
    let marks = "`".repeat(longest_run(text) + 1);
    let text = text.replace(char::is_control, " ");
    if text.contains('`') {
        format!("{marks} {text} {marks}")
    } else {
        format!("{marks}{text}{marks}")
    }
}

/// Lines as they are, behind an indentation that they may have already.
pub fn fenced(text: &str, indent: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let mut out = format!("{indent}{fence}text\n");
    for line in text.lines() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{indent}{}", line.strip_prefix(indent).unwrap_or(line));
    }
    out + &format!("{indent}{fence}\n")
}

/// How many backticks follow one another at most.
fn longest_run(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use holdfast_ingest::Place;
    use holdfast_ingest::policy::Weight;
    use holdfast_policy::finding::{Claim, Fault, Why};

    use super::*;

    #[test]
    fn a_list_is_never_longer_than_it_may_be() {
        let found = |at: usize| Finding {
            severity: Weight::Error,
            requirement: Some("é".repeat(at % 40)),
            scenario: None,
            object: None,
            place: Place { file: "`".repeat(at % 7), line: 1, column: 1 },
            fingerprint: String::new(),
            since: None,
            standing: None,
            remedy: None,
            fault: Fault::Inconclusive { claim: Claim::Recovered, why: Why::of("budget") },
        };
        let all: Vec<Finding> = (0..30).map(found).collect();
        let all: Vec<&Finding> = all.iter().collect();
        for most in 0..12_000 {
            let told = list(&all, most);
            assert!(told.len() <= most, "{} bytes instead of {most}", told.len());
            let shown = told.lines().filter(|line| line.starts_with("* ")).count();
            let counted = told.contains(&left_out(all.len() - shown));
            assert!(shown == all.len() || counted || (told.is_empty() && most < LEFT_OUT));
        }
        assert_eq!(list(&all, 12_000).matches("<br>").count(), all.len(), "all in full");
    }

    #[test]
    fn names_mean_nothing_but_themselves() {
        assert_eq!(plain("<b>a_b\n*"), "\\<b\\>a\\_b \\*");
        assert_eq!(code("a``b"), "``` a``b ```");
        assert_eq!(code("a:1"), "`a:1`");
    }

    #[test]
    fn the_line_that_counts_has_its_room() {
        assert!(left_out(usize::MAX).len() <= LEFT_OUT);
    }
}
