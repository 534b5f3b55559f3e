//! What was found before and is lived with: only what is new or worse closes the gate.
//!
//! The shape is `holdfast.baseline/v1`; findings go by their fingerprints, which lines that move do
//! not change.

use std::collections::BTreeMap;

use holdfast_proof::report::Object;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Standing};

/// The format.
const SCHEMA: &str = "holdfast.baseline/v1";

/// Findings that were there before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    schema: String,
    /// By fingerprint, so that the file changes where a finding does and nowhere else.
    findings: BTreeMap<String, Known>,
}

/// A finding that was there before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// Its id, for those who read the file.
    id: String,
    /// Whose, for the same.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    object: String,
    /// How bad it was: the higher, number by number, the worse.
    gravity: Vec<i64>,
}

/// Why a file is no baseline.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NoBaseline {
    /// It does not parse.
    #[error("it is no baseline: {0}")]
    Unreadable(String),
    /// It is of another version.
    #[error("it is {0}, not holdfast.baseline/v1")]
    Foreign(String),
}

impl Baseline {
    /// The findings of a run.
    pub fn of<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Self {
        let known = |one: &Finding| {
            let object = one.object.as_ref().map(name).unwrap_or_default();
            let known =
                Known { id: one.fault.id().to_owned(), object, gravity: one.fault.gravity() };
            (one.fingerprint.clone(), known)
        };
        Self { schema: SCHEMA.to_owned(), findings: findings.into_iter().map(known).collect() }
    }

    /// Reads what was written.
    ///
    /// # Errors
    /// Something else.
    pub fn read(text: &[u8]) -> Result<Self, NoBaseline> {
        let wrong = |error: serde_json::Error| NoBaseline::Unreadable(error.to_string());
        let read: Self = serde_json::from_slice(text).map_err(wrong)?;
        if read.schema == SCHEMA { Ok(read) } else { Err(NoBaseline::Foreign(read.schema)) }
    }

    /// Marks each finding as new, worse or known; tells how many of the known ones are there no
    /// more.
    pub fn mark(&self, findings: &mut [Finding]) -> usize {
        let mut met = 0;
        for finding in findings {
            finding.standing = Some(match self.findings.get(&finding.fingerprint) {
                None => Standing::New,
                Some(known) => {
                    met += 1;
                    let worse = finding.fault.gravity() > known.gravity;
                    if worse { Standing::Worse } else { Standing::Known }
                }
            });
        }
        self.findings.len() - met
    }
}

fn name(object: &Object) -> String {
    format!("{}/{}/{}", object.kind, object.namespace, object.name)
}
