//! Running the command and looking at what it did.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What a run printed and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The run as one text for a snapshot.
    pub(crate) fn transcript(&self) -> String {
        let code = self.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        let mut text = format!("exit code {code}\n");
        for (name, output) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !output.is_empty() {
                text += &format!("--- {name}\n{output}");
            }
        }
        text
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {}", self.transcript()))
    }

    /// Asserts the exit code and shows everything where it is another.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.transcript());
        self
    }
}

/// The command, free of the caller's terminal and environment.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    let settings = std::env::vars().filter(|(name, _)| name.starts_with("HOLDFAST_"));
    for (name, _) in settings {
        command.env_remove(name);
    }
    command.env_remove("GITHUB_STEP_SUMMARY");
    // Without a terminal clap asks COLUMNS how wide help may be.
    command.current_dir(folder).env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// Runs the command in a folder.
pub(crate) fn run_in(folder: &Path, arguments: &[&str]) -> Run {
    ended(command(folder).args(arguments).output().unwrap())
}

/// Runs the command in the folder of the fixtures.
pub(crate) fn run(arguments: &[&str]) -> Run {
    run_in(&fixtures(), arguments)
}

/// Runs the command with bytes on its standard input.
pub(crate) fn run_with(input: &[u8], arguments: &[&str]) -> Run {
    let mut child = command(&fixtures())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // All of it fits before the answer comes: the command reads to the end first.
    child.stdin.take().unwrap().write_all(input).unwrap();
    ended(child.wait_with_output().unwrap())
}

/// What a run that ended printed.
pub(crate) fn ended(output: Output) -> Run {
    let text = |bytes| String::from_utf8(bytes).expect("the command writes UTF-8");
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The folder of the fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").canonicalize().unwrap()
}

/// A folder for one test, empty at first.
pub(crate) fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    fs::create_dir_all(&path).unwrap();
    path
}

/// Writes a file below a folder, with the folders on the way.
pub(crate) fn write(folder: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The report of `prove -o json`, which must end with `code`.
#[track_caller]
pub(crate) fn report(folder: &Path, inputs: &[&str], code: i32) -> Value {
    let arguments: Vec<&str> = ["prove", "-o", "json"].iter().chain(inputs).copied().collect();
    run_in(folder, &arguments).ended(code).json()
}

/// A workload of a report by kind and name.
#[track_caller]
pub(crate) fn workload<'r>(report: &'r Value, kind: &str, name: &str) -> &'r Value {
    let workloads = report["workloads"].as_array().unwrap();
    let found = workloads.iter().find(|found| found["kind"] == kind && found["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name} in the report"))
}
