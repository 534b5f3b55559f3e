//! Findings for spreadsheets: a row each.

use super::{Findings, reason};
use crate::sheet::Sheet;

/// Comma-separated values with a line of headings.
pub fn csv(told: &Findings<'_>) -> String {
    let mut sheet = Sheet::new(
        &[
            "severity",
            "id",
            "kind",
            "namespace",
            "name",
            "requirement",
            "scenario",
            "finding",
            "file",
            "line",
            "column",
            "fingerprint",
            "standing",
        ],
        &[],
    );
    for found in &told.all {
        let object = found.object.clone().map(|one| [one.kind, one.namespace, one.name]);
        let [kind, namespace, name] = object.unwrap_or_default();
        sheet.row([
            reason::severity(found.severity).to_owned(),
            found.fault.id().to_owned(),
            kind,
            namespace,
            name,
            found.requirement.clone().unwrap_or_default(),
            found.scenario.clone().unwrap_or_default(),
            reason::what(found),
            found.place.file.clone(),
            found.place.line.to_string(),
            found.place.column.to_string(),
            found.fingerprint.clone(),
            reason::standing(found).trim_matches([' ', '(', ')']).to_owned(),
        ]);
    }
    sheet.csv()
}
