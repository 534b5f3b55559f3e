//! How many failures are survived, in the frame of plans.

use holdfast_proof::Report;
use holdfast_proof::report::Checked;
use holdfast_proof::tolerance::ToleranceReport;
use serde::Serialize;

use crate::format::Format;
use crate::prove;
use crate::sheet::Sheet;
use crate::tolerance::{answer, broken_by, human, survives};

/// The answer to `plan tolerance`.
#[derive(Serialize)]
pub struct Answer<'a> {
    schema: &'static str,
    question: &'static str,
    checked: &'a Checked,
    tolerance: &'a ToleranceReport,
}

impl<'a> Answer<'a> {
    /// What `prove --tolerance` says.
    pub fn new(report: &'a Report, tolerance: &'a ToleranceReport) -> Self {
        let (schema, question) = ("holdfast.plan/v1", "tolerance");
        Self { schema, question, checked: &report.checked, tolerance }
    }
}

/// The answer in a format that is not JSON.
pub fn render(report: &Report, tolerance: &ToleranceReport, format: Format) -> String {
    let headings = ["namespace", "workload", "survives", "broken by"];
    let mut sheet = Sheet::new(&headings, &[2]);
    for workload in &tolerance.workloads {
        sheet.row([
            workload.object.namespace.clone(),
            prove::short(&workload.object),
            survives(workload, tolerance.up_to),
            broken_by(workload),
        ]);
    }
    match format {
        Format::Csv => sheet.csv(),
        Format::Markdown => format!("**{}**\n\n{}", answer(report, tolerance), sheet.markdown()),
        _ => human(report, tolerance),
    }
}
