//! How long proofs take and how long checking them, how large certificates are, and how many
//! answers stay UNKNOWN.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::process::{self, Usage};
use super::{export, megabytes};
use crate::log;

/// Folders of fixtures that hold no exports to prove something of.
const OTHER_FIXTURES: [&str; 4] = ["catalogs", "conformance", "failover", "hostile"];

/// What `prove` says of claims: all hold, some do not, some are not known.
const VERDICTS: &[i32] = &[0, 1, 4];

/// A question, and what its answer may cost.
struct Row {
    name: String,
    export: PathBuf,
    nodes: usize,
    /// Seconds, whole process.
    seconds_max: f64,
    /// Of all answers, in percent.
    decided_min: f64,
}

/// A synthetic cluster, and up to how many nodes fail.
struct Size {
    nodes: u32,
    pods: u32,
    failing: usize,
    seconds_max: f64,
    decided_min: f64,
    /// Only if asked for.
    long: bool,
}

const SIZES: [Size; 5] = [
    Size::of(100, 3_000, 1, 60.0, 99.0),
    Size::of(100, 3_000, 2, 60.0, 99.0),
    Size::of(100, 3_000, 3, 60.0, 99.0),
    Size::of(1_000, 30_000, 1, 3.0, 99.0),
    Size { long: true, ..Size::of(1_000, 30_000, 2, 60.0, 95.0) },
];

impl Size {
    const fn of(nodes: u32, pods: u32, failing: usize, seconds_max: f64, decided_min: f64) -> Self {
        Self { nodes, pods, failing, seconds_max, decided_min, long: false }
    }
}

/// How many answers came out how: of every workload, for every set, to both claims.
#[derive(Debug, Default, PartialEq)]
struct Answers {
    proved: u64,
    refuted: u64,
    unknown: u64,
}

/// Proves, certifies and checks every row.
///
/// # Errors
/// When something does not run or a certificate is not accepted. Missing a target is no error.
pub(super) fn run(root: &Path, holdfast: &Path, pairs: bool) -> Result<()> {
    let mut rows = fixtures(root)?;
    for size in SIZES.iter().filter(|size| pairs || !size.long) {
        let Size { nodes, pods, failing, seconds_max, decided_min, .. } = *size;
        rows.push(Row {
            name: format!("{nodes} nodes, {pods} pods"),
            export: export(root, holdfast, nodes, pods)?,
            nodes: failing,
            seconds_max,
            decided_min,
        });
    }
    let folder = super::folder(root)?;
    rows.iter().try_for_each(|row| row.measure(holdfast, &folder))
}

/// All pairs of every exported plan.
fn fixtures(root: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for folder in sorted(&root.join("fixtures"))? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !folder.is_dir() || OTHER_FIXTURES.contains(&name.as_str()) {
            continue;
        }
        for export in sorted(&folder)? {
            let Some(file) =
                export.file_stem().filter(|_| export.extension().is_some_and(|e| e == "json"))
            else {
                continue;
            };
            rows.push(Row {
                name: format!("{name}/{}", file.to_string_lossy()),
                nodes: 2,
                seconds_max: 0.2,
                decided_min: 0.0,
                export,
            });
        }
    }
    Ok(rows)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

impl Row {
    fn measure(&self, holdfast: &Path, folder: &Path) -> Result<()> {
        let report = folder.join("report.json");
        let certificate = folder.join("certificate.json");
        let mut prove = command(holdfast, "prove");
        prove.args(["--nodes", &self.nodes.to_string(), "-o", "json"]).arg(&self.export);
        prove.stdout(fs::File::create(&report)?);
        let proved = process::measure(&mut prove, VERDICTS)?;
        let answers = Answers::of(&serde_json::from_slice(&fs::read(&report)?)?);
        let mut certify = command(holdfast, "prove");
        certify.args(["--nodes", &self.nodes.to_string()]).arg("--certificate").arg(&certificate);
        let certified = process::measure(certify.arg(&self.export), VERDICTS)?;
        let mut verify = command(holdfast, "verify");
        let checked = process::measure(verify.arg(&certificate).arg(&self.export), &[0])?;
        self.tell(&proved, &certified, &checked, fs::metadata(&certificate)?.len(), &answers);
        Ok(())
    }

    fn tell(
        &self,
        proved: &Usage,
        certified: &Usage,
        checked: &Usage,
        bytes: u64,
        answers: &Answers,
    ) {
        let held = |held: bool| if held { "held" } else { "MISSED" };
        log::result(format_args!(
            "{}, --nodes {}: prove {:.2} s (target {}: {}), certify {:.2} s, verify {:.2} s (no \
             slower than proving: {}), {:.3} MB; {answers} (target {} % decided: {})",
            self.name,
            self.nodes,
            proved.cpu(),
            self.seconds_max,
            held(proved.cpu() <= self.seconds_max),
            certified.cpu(),
            checked.cpu(),
            held(checked.cpu() <= proved.cpu()),
            megabytes(bytes),
            self.decided_min,
            held(answers.share(answers.proved + answers.refuted) >= self.decided_min),
        ));
    }
}

/// One of the commands, its output thrown away.
fn command(holdfast: &Path, verb: &str) -> Command {
    let mut command = Command::new(holdfast);
    command.arg(verb).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

impl Answers {
    fn of(report: &Value) -> Self {
        let mut answers = Self::default();
        for workload in report["workloads"].as_array().into_iter().flatten() {
            for claim in [&workload["immediately"], &workload["recovered"]] {
                let count = |name: &str| claim[name].as_u64().unwrap_or(0);
                answers.proved += count("proved");
                answers.refuted += count("refuted");
                answers.unknown += count("unknown");
            }
        }
        answers
    }

    /// In percent of all.
    #[expect(clippy::cast_precision_loss, reason = "printed with two decimals")]
    fn share(&self, count: u64) -> f64 {
        let all = self.proved + self.refuted + self.unknown;
        count as f64 * 100.0 / all.max(1) as f64
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { proved, refuted, unknown } = *self;
        write!(
            f,
            "{} answers: {:.2} % PROVED, {:.2} % REFUTED, {:.2} % UNKNOWN",
            proved + refuted + unknown,
            self.share(proved),
            self.share(refuted),
            self.share(unknown)
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_counted() {
        let claim = |counts: [u64; 3]| {
            let [proved, refuted, unknown] = counts;
            json!({"proved": proved, "refuted": refuted, "unknown": unknown})
        };
        let report = json!({"workloads": [
            {"immediately": claim([3, 1, 0]), "recovered": claim([2, 1, 1])},
            {"immediately": claim([4, 0, 0]), "recovered": claim([4, 0, 0])},
        ]});
        let answers = Answers::of(&report);
        assert_eq!(answers, Answers { proved: 13, refuted: 2, unknown: 1 });
        let told = "16 answers: 81.25 % PROVED, 12.50 % REFUTED, 6.25 % UNKNOWN";
        assert_eq!(answers.to_string(), told);
    }
}
