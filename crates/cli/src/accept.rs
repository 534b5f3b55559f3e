//! What is lived with: suppressions and baselines as they are asked for.

use std::collections::BTreeMap;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use holdfast_ingest::overlay::{Manifest, Named};
use holdfast_ingest::policy::{Date, Policy};
use holdfast_policy::Finding;
use holdfast_policy::accepted::Accepted;
use holdfast_policy::baseline::Baseline;
use holdfast_policy::finding::IDS;
use holdfast_policy::suppress::{ForOneRun, Suppressions};
use holdfast_proof::report::Object;

use crate::args::AcceptArguments;
use crate::failure::{Failure, nearest};
use crate::{output, render};

/// What a run accepts.
///
/// # Errors
/// An option that makes no sense, a suppression of findings that there are none of, a baseline that
/// cannot be read.
pub fn read(
    arguments: &AcceptArguments,
    policy: Option<&Policy>,
    manifests: &BTreeMap<Named, Manifest>,
) -> Result<Accepted, Failure> {
    let mut suppressions = Suppressions::default();
    suppressions.of_annotations(manifests);
    for one in policy.into_iter().flat_map(|policy| &policy.suppressions) {
        known(&one.id).map_err(|failure| failure.at(&one.object.place))?;
    }
    if let Some(policy) = policy {
        suppressions.of_policy(policy);
    }
    for text in &arguments.suppress {
        suppressions.of_run(&for_one_run(text)?);
    }
    let baseline = arguments.baseline.as_ref().map(|path| {
        let name = path.display();
        let bytes = fs::read(path).map_err(|error| {
            Failure::usage(format!("--baseline {name}: {error}"))
                .hint("make one with --write-baseline FILE")
        })?;
        Baseline::read(&bytes).map_err(|why| {
            Failure::usage(format!("--baseline {name}: {why}"))
                .hint("make one with --write-baseline FILE")
        })
    });
    let baseline = baseline.transpose()?;
    Ok(Accepted { suppressions, today: arguments.today.unwrap_or_else(today), baseline })
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

const EXAMPLE: &str = "for instance --suppress 'none-left:Deployment/shop/web=single by design'";

/// `ID[:KIND/NAMESPACE/NAME]=REASON`.
fn for_one_run(text: &str) -> Result<ForOneRun, Failure> {
    let bad = |why: &str| Failure::usage(format!("--suppress {text}: {why}")).hint(EXAMPLE);
    let (what, reason) = text.split_once('=').ok_or_else(|| bad("for which reason?"))?;
    if reason.trim().is_empty() {
        return Err(bad("for which reason?"));
    }
    let (id, object) = match what.split_once(':') {
        None => (what, None),
        Some((id, object)) => {
            let parts: Vec<&str> = object.split('/').collect();
            let [kind, namespace, name] = parts[..] else {
                return Err(bad("an object is KIND/NAMESPACE/NAME"));
            };
            let [kind, namespace, name] = [kind, namespace, name].map(str::to_owned);
            (id, Some(Object { kind, namespace, name }))
        }
    };
    known(id)?;
    Ok(ForOneRun { id: id.to_owned(), object, reason: reason.trim().to_owned() })
}

/// Whether there are findings of this id.
fn known(id: &str) -> Result<(), Failure> {
    if IDS.contains(&id) {
        return Ok(());
    }
    let failure = Failure::usage(format!("no finding has the id {id}"));
    Err(match nearest(id, IDS.iter().copied()) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint(format!("the ids are {}", render::words::list(IDS, IDS.len()))),
    })
}
