//! `explain --cases`: decisions on a stream of small clusters, each on its own line.

use holdfast_cluster::Placement;
use holdfast_ingest::{Severity, from_case};
use holdfast_scheduler::Scheduler;
use holdfast_scheduler::trace::{self, DecisionTrace};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One case of a stream.
#[derive(Deserialize)]
struct Case<'a> {
    id: String,
    #[serde(borrow)]
    objects: Vec<&'a RawValue>,
    /// The configuration of the scheduler that decides it.
    #[serde(borrow, default)]
    config: Option<&'a RawValue>,
}

/// The answer to a case.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pods: Option<Vec<DecisionTrace>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The answer to a case of a stream, a line; a bad case gives an `error` line.
pub fn answer(line: &str) -> String {
    let answered = match serde_json::from_str::<Case<'_>>(line) {
        Ok(case) => {
            let decided = decide(&case);
            let (pods, error) = match decided {
                Ok(pods) => (Some(pods), None),
                Err(error) => (None, Some(error)),
            };
            serde_json::to_string(&Answer { id: &case.id, pods, error })
        }
        Err(error) => {
            let error = Some(format!("not a case: {error}"));
            serde_json::to_string(&Answer { id: "", pods: None, error })
        }
    };
    answered.expect("answers are plain data") + "\n"
}

fn decide(case: &Case<'_>) -> Result<Vec<DecisionTrace>, String> {
    let objects = case.objects.iter().map(|object| object.get().as_bytes());
    let config = case.config.map(|config| config.get().as_bytes());
    let (cluster, diagnostics) = from_case(objects, config);
    let error = diagnostics.iter().find(|found| found.severity == Severity::Error);
    if let Some(found) = error {
        return Err(format!("{}: {}", found.rule.summary(), found.detail));
    }
    let mut placement = Placement::of(&cluster);
    Ok(trace::decide_all(&Scheduler::new(&cluster), &mut placement))
}
