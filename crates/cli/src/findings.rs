//! Where findings go: `-o` of the commands whose result they are, and the summary of a step of
//! GitHub Actions, which takes what its annotations cannot.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::failure::{Failure, unwritten};
use crate::output::{self, Format, Output};
use crate::render::check::{self, Findings, Rest};

/// Where GitHub Actions says that the summary of a step is.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";
/// What the summary of a step may hold, in bytes; a longer one is not shown at all.
const SUMMARY_MAX: usize = 1024 * 1024;

/// Writes findings in every format that was asked for.
///
/// # Errors
/// A file that cannot be written.
pub fn write(
    outputs: &[Output],
    told: &Findings<'_>,
    text: impl Fn(Format, Rest) -> String,
) -> Result<(), Failure> {
    let annotates = outputs.iter().any(|output| output.format == Format::Github);
    let rest = if annotates { summarise(told)? } else { Rest::Nowhere };
    output::write_all(outputs, |format| text(format, rest))
}

/// Adds what cannot be annotated to the summary of the step, as far as it may grow.
fn summarise(told: &Findings<'_>) -> Result<Rest, Failure> {
    let beyond = check::beyond(told);
    let path = std::env::var_os(SUMMARY).filter(|path| !path.is_empty());
    let Some(path) = path.filter(|_| !beyond.is_empty()) else { return Ok(Rest::Nowhere) };
    let failed = |error: io::Error| unwritten(SUMMARY, &error);
    let held = std::fs::metadata(&path).map_or(0, |file| file.len());
    let room = SUMMARY_MAX.saturating_sub(usize::try_from(held).unwrap_or(usize::MAX));
    let title = format!("\n**{}**; not annotated:\n\n", told.answer);
    let list = check::list(&beyond, room.saturating_sub(title.len()));
    if list.is_empty() {
        return Ok(Rest::Full);
    }
    append(Path::new(&path), &(title + &list)).map_err(failed)?;
    Ok(Rest::Summary)
}

/// Other commands of the same step write there, too.
fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}
