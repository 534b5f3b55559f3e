//! `cargo xtask test`: all that CI runs, in the order in which a mistake shows soonest.

use std::cell::Cell;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::log::{self, Stopwatch, human};
use crate::program::Program;
use crate::{conformance, fixtures, parity, tidy, toolchain, web};

/// The crates that must also build for the browser.
const ENGINE: [&str; 7] =
    ["cluster", "ingest", "scheduler", "failover", "proof", "planner", "policy"];

/// One step of the suite: its name and what it does.
type Step<'a> = (&'static str, &'a dyn Fn() -> Result<Outcome>);

/// How a step that did not fail ended.
pub(crate) enum Outcome {
    /// All of it ran.
    Done,
    /// It could not run here, and why.
    LeftOut(String),
}

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tally {
    passed: u64,
    failed: u64,
}

/// Runs every step and ends with the line that CI counts by.
///
/// # Errors
/// When a step fails; those after it do not run.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tally = Cell::new(Tally::default());
    let outcome = run_steps(&[
        ("toolchain", &|| done(toolchain::install_missing(root))),
        ("format", &|| done(Program::cargo(root).args("fmt --all --check").run())),
        ("tidy", &|| done(tidy::run(root))),
        ("fixtures", &|| done(fixtures::check(root))),
        ("clippy", &|| done(clippy(root))),
        ("tests", &|| done(tests(root, &tally))),
        ("wasm", &|| done(wasm(root))),
        ("parity", &|| parity::check(root)),
        ("page", &|| page(root, &tally)),
        ("docs", &|| done(docs(root))),
        ("recorders", &|| recorders(root)),
        ("conformance", &|| conformance::fresh(root)),
    ]);
    let Tally { passed, failed } = tally.get();
    log::result(format_args!("{passed} passed, {failed} failed"));
    outcome
}

fn done(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Done)
}

fn run_steps(steps: &[Step<'_>]) -> Result<()> {
    let whole = Stopwatch::start();
    let mut summary = Vec::new();
    let mut outcome = Ok(());
    for (number, (name, step)) in steps.iter().enumerate() {
        log::say(format_args!("\n== {}/{} {name}", number + 1, steps.len()));
        let watch = Stopwatch::start();
        let result = step().with_context(|| format!("step {name} failed"));
        let took = human(watch.elapsed());
        let ended = match &result {
            Ok(Outcome::Done) => format!("ok in {took}"),
            Ok(Outcome::LeftOut(why)) => format!("LEFT OUT: {why}"),
            Err(_) => format!("FAILED after {took}"),
        };
        log::say(format_args!("== {name}: {ended}"));
        summary.push(format!("{name:<12} {ended}"));
        if let Err(error) = result {
            outcome = Err(error);
            break;
        }
    }
    log::say(format_args!("\n{}\nall of it took {}", summary.join("\n"), human(whole.elapsed())));
    outcome
}

fn clippy(root: &Path) -> Result<()> {
    Program::cargo(root).args("clippy --workspace --all-targets -- -D warnings").run()
}

/// Runs every test, also past one that fails, so that one run tells of all of them.
fn tests(root: &Path, tally: &Cell<Tally>) -> Result<()> {
    let succeeded = Program::cargo(root).args("test --workspace --no-fail-fast").lines(|line| {
        log::result(line);
        tally.set(tally.get().plus(line));
    })?;
    if !succeeded {
        bail!("{} tests failed", tally.get().failed);
    }
    Ok(())
}

impl Tally {
    /// Adds what a line like `test result: ok. 12 passed; 0 failed; …` of cargo tells, or `# pass
    /// 12` of node; others tell nothing.
    fn plus(self, line: &str) -> Self {
        let of_node = |what| line.strip_prefix(what).and_then(|count| count.parse::<u64>().ok());
        let Self { passed, failed } = self;
        if let Some(more) = of_node("# pass ") {
            return Self { passed: passed + more, failed };
        }
        if let Some(more) = of_node("# fail ") {
            return Self { passed, failed: failed + more };
        }
        let Some(counts) = line.strip_prefix("test result: ") else { return self };
        let count = |what: &str| {
            let words: Vec<&str> = counts.split([' ', ';']).collect();
            let at = words.iter().position(|word| *word == what)?;
            words.get(at.checked_sub(1)?)?.parse::<u64>().ok()
        };
        Self {
            passed: self.passed + count("passed").unwrap_or(0),
            failed: self.failed + count("failed").unwrap_or(0),
        }
    }
}

fn wasm(root: &Path) -> Result<()> {
    let mut cargo = Program::cargo(root).args("build --lib --profile test --target");
    cargo = cargo.arg(toolchain::WASM).args("--package").arg(parity::PACKAGE);
    for room in ENGINE {
        cargo = cargo.arg(format!("--package=holdfast-{room}"));
    }
    cargo.run()
}

/// The page, in a real browser.
fn page(root: &Path, tally: &Cell<Tally>) -> Result<Outcome> {
    web::test(root, |line| {
        if line.starts_with("ok ") || line.starts_with("not ok ") || line.starts_with("# ") {
            log::result(line);
        }
        tally.set(tally.get().plus(line));
    })
}

fn docs(root: &Path) -> Result<()> {
    Program::cargo(root).args("doc --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings").run()
}

/// The Go programs' own tests.
fn recorders(root: &Path) -> Result<Outcome> {
    if !toolchain::has_go(root) {
        return Ok(Outcome::LeftOut("there is no Go here to build the recorders with".into()));
    }
    for folder in [conformance::RECORDER, conformance::LIVE].map(|folder| root.join(folder)) {
        Program::new("go", &folder).args("vet ./...").run()?;
        Program::new("go", &folder).args("test ./...").run()?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_summed() {
        let tally = Tally::default()
            .plus("running 3 tests")
            .plus("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out")
            .plus("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured");
        assert_eq!(tally, Tally { passed: 15, failed: 2 });
        let tally = tally.plus("# Subtest: passes").plus("# pass 4").plus("# fail 1");
        assert_eq!(tally, Tally { passed: 19, failed: 3 });
    }

    #[test]
    fn a_failing_step_ends_the_suite() {
        let ran = Cell::new(0);
        let step = || {
            ran.set(ran.get() + 1);
            anyhow::ensure!(ran.get() != 2, "no good");
            Ok(Outcome::Done)
        };
        let outcome =
            run_steps(&[("works", &step), ("fails on purpose", &step), ("is never run", &step)]);
        assert!(outcome.is_err_and(|error| error.to_string() == "step fails on purpose failed"));
        assert_eq!(ran.get(), 2);
    }
}
