//! What is lived with: suppressions and baselines as they are asked for.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use holdfast_ingest::Source;
use holdfast_ingest::policy::Date;
use holdfast_policy::Finding;
use holdfast_policy::baseline::Baseline;
use holdfast_session::accept::Accept;

use crate::args::AcceptArguments;
use crate::failure::Failure;
use crate::{output, render};

/// What a run accepts.
///
/// # Errors
/// A baseline that cannot be read.
pub fn asked(arguments: &AcceptArguments) -> Result<Accept, Failure> {
    let baseline = arguments.baseline.as_ref().map(|path| {
        let name = path.display().to_string();
        let bytes = fs::read(path).map_err(|error| {
            Failure::usage(format!("--baseline {name}: {error}"))
                .hint("make one with --write-baseline FILE")
        });
        bytes.map(|bytes| Source::named(name, bytes))
    });
    let today = arguments.today.unwrap_or_else(today);
    Ok(Accept { suppress: arguments.suppress.clone(), baseline: baseline.transpose()?, today })
}

/// Writes the findings as a baseline, where that is asked for: from then on they are known.
///
/// # Errors
/// When the file cannot be written.
pub fn write(arguments: &AcceptArguments, findings: &mut [Finding]) -> Result<(), Failure> {
    let Some(path) = &arguments.write_baseline else { return Ok(()) };
    let baseline = Baseline::of(findings.iter());
    output::write_file(path, &render::json(&baseline))?;
    baseline.mark(findings);
    Ok(())
}

/// The day by the clock, in UTC.
fn today() -> Date {
    const DAY: u64 = 86_400;
    #[expect(clippy::disallowed_methods, reason = "what expires does so by the clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Date { days: i64::try_from(since.as_secs() / DAY).unwrap_or(i64::MAX) }
}
