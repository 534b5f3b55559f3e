//! Who decides cases: a program that reads them line by line and answers line by line.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::case::Case;

/// Decides cases.
pub trait Decider {
    /// A decision trace for each case, in their order.
    ///
    /// # Errors
    /// When there is no answer to every case. A case that cannot be decided has an answer, too.
    fn decide(&self, cases: &[Case]) -> Result<Vec<Value>>;
}

/// A program that decides.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    arguments: &'static [&'static str],
}

impl Program {
    /// The recorder: the real scheduler.
    pub fn recorder(path: PathBuf) -> Self {
        Self { path, arguments: &[] }
    }

    /// Holdfast.
    pub fn holdfast(path: PathBuf) -> Self {
        Self { path, arguments: &["explain", "--cases", "-", "-o", "ndjson"] }
    }

    /// The program's answers, one a line, word by word.
    ///
    /// # Errors
    /// As [`Decider::decide`].
    pub fn answers(&self, cases: &[Case]) -> Result<Vec<String>> {
        let name = self.path.display();
        let mut child = Command::new(&self.path)
            .args(self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {name}"))?;
        let stdin = child.stdin.take().context("a pipe to write to")?;
        let stdout = child.stdout.take().context("a pipe to read from")?;
        // Both ends of the program are served at once: it may answer before it has read all.
        let answers = thread::scope(|scope| {
            let writer = scope.spawn(|| write_all(stdin, cases));
            let answers: Result<Vec<String>, _> = BufReader::new(stdout).lines().collect();
            // What matters of a pipe that broke is what the program says of itself.
            let _ = writer.join().map_err(|_| anyhow!("the writer panicked"))?;
            anyhow::Ok(answers?)
        })?;
        let status = child.wait()?;
        if !status.success() || answers.len() != cases.len() {
            bail!("{name} answered {} of {} cases, {status}", answers.len(), cases.len());
        }
        Ok(answers)
    }
}

impl Decider for Program {
    fn decide(&self, cases: &[Case]) -> Result<Vec<Value>> {
        let answers = self.answers(cases)?;
        let parse = |line: &String| serde_json::from_str(line).context("an answer that is no JSON");
        answers.iter().map(parse).collect()
    }
}

fn write_all(stdin: ChildStdin, cases: &[Case]) -> std::io::Result<()> {
    let mut out = BufWriter::new(stdin);
    for case in cases {
        writeln!(out, "{}", case.line())?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_answer_is_told() {
        let silent = Program { path: "true".into(), arguments: &[] };
        let case = Case { id: "a".into(), objects: Vec::new(), config: None, run: None };
        assert!(silent.answers(&[case]).is_err());
        assert!(silent.answers(&[]).is_ok_and(|answers| answers.is_empty()));
    }

    #[test]
    fn more_than_a_pipe_holds_goes_through() {
        let echo = Program { path: "cat".into(), arguments: &[] };
        let case = Case { id: "a".repeat(10_000), objects: Vec::new(), config: None, run: None };
        let answers = echo.answers(&vec![case.clone(); 100]).unwrap();
        assert!(answers.iter().all(|answer| *answer == case.line()));
        assert_eq!(answers.len(), 100);
    }
}
