//! Other programs: starting them, and saying which one failed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A program about to run in some folder.
pub(crate) struct Program(Command);

impl Program {
    /// `name`, found on the path, to run in `folder`.
    pub(crate) fn new(name: impl AsRef<OsStr>, folder: &Path) -> Self {
        let mut command = Command::new(name);
        command.current_dir(folder);
        Self(command)
    }

    /// The cargo that runs this task, so that toolchain overrides hold for what it starts.
    pub(crate) fn cargo(folder: &Path) -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), folder)
    }

    /// Adds arguments separated by blanks.
    pub(crate) fn args(mut self, arguments: &str) -> Self {
        self.0.args(arguments.split_whitespace());
        self
    }

    /// Adds one argument as it is.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Writes its stdout to `file`.
    pub(crate) fn stdout(mut self, file: File) -> Self {
        self.0.stdout(file);
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started or does not succeed.
    pub(crate) fn run(mut self) -> Result<()> {
        let status = self.0.status().with_context(|| format!("start {}", self.line()))?;
        if !status.success() {
            bail!("{} ended with {status}", self.line());
        }
        Ok(())
    }

    /// Runs it to its end and hands each line of its stdout to `each`; tells whether it succeeded.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn lines(mut self, mut each: impl FnMut(&str)) -> Result<bool> {
        let mut child = self
            .0
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", self.line()))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).split(b'\n') {
                each(&String::from_utf8_lossy(&line?));
            }
        }
        Ok(child.wait()?.success())
    }

    /// What it prints on stdout.
    ///
    /// # Errors
    /// When it cannot be started or does not succeed.
    pub(crate) fn output(self) -> Result<String> {
        let line = self.line();
        let mut text = String::new();
        let succeeded = self.lines(|line| {
            text.push_str(line);
            text.push('\n');
        })?;
        if !succeeded {
            bail!("{line} did not succeed");
        }
        Ok(text)
    }

    /// Whether it can be started and succeeds; nothing of its output is shown.
    pub(crate) fn succeeds(mut self) -> bool {
        let quiet = self.0.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    }

    /// The command line, for messages.
    fn line(&self) -> String {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
    }
}
