//! `cargo xtask web`: the page, as a folder that any static host serves from any path.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::log;
use crate::program::Program;
use crate::suite::Outcome;
use crate::toolchain::{self, WASM};

/// The page, and the program that makes a folder of it.
const PAGE: &str = "holdfast-web";
const BUILDER: &str = "holdfast-web-build";

/// The folder of the page's source; `wasm-opt` is installed into it.
const SOURCE: &str = "web";
const OPTIMISER: &str = "web/node_modules/.bin/wasm-opt";

/// Tests of the page in a browser, and what they are run in.
const TESTS: &str = "tests/web";
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The profile of tests and drafts: it shares the engine with the step that builds it for wasm.
const DRAFT: Profile = Profile { name: "test", folder: "debug" };
const FINAL: Profile = Profile { name: "web", folder: "web" };

/// How cargo builds the page, and where it puts it.
#[derive(Clone, Copy)]
struct Profile {
    name: &'static str,
    folder: &'static str,
}

/// How to make it.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Neither fast nor small, but soon there: for working on the page.
    #[arg(long)]
    draft: bool,
    /// Where to.
    #[arg(long, value_name = "DIR", default_value = "web/dist")]
    out: PathBuf,
}

/// Makes the page and tells how large it is.
///
/// # Errors
/// When something does not build.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    toolchain::install_missing(root)?;
    let profile = if arguments.draft { DRAFT } else { FINAL };
    let table = make(root, profile, &root.join(&arguments.out))?;
    table.lines().for_each(log::result);
    Ok(())
}

/// Makes the page's folder and returns a table of what is in it.
///
/// # Errors
/// When something does not build.
fn make(root: &Path, profile: Profile, out: &Path) -> Result<String> {
    let cargo = Program::cargo(root).args("build --target").arg(WASM);
    cargo.arg("--package").arg(PAGE).arg("--profile").arg(profile.name).run()?;
    let folder = toolchain::target_folder(root).join(WASM).join(profile.folder);
    let wasm = folder.join("holdfast-web.wasm");
    let builder = Program::cargo(root).args("run --quiet --package").arg(BUILDER).arg("--");
    let mut builder = builder.arg(wasm).arg(root.join(SOURCE).join("shell")).arg(out);
    if profile.name == FINAL.name
        && let Some(optimiser) = optimiser(root)?
    {
        builder = builder.arg(optimiser);
    }
    builder.output()
}

/// The program that makes wasm smaller, installed by npm where it is not there yet.
fn optimiser(root: &Path) -> Result<Option<PathBuf>> {
    let folder = root.join(SOURCE);
    if !Program::new("npm", &folder).args("--version").succeeds() {
        log::say("there is no npm here to get wasm-opt with: the page will be a little larger");
        return Ok(None);
    }
    install(&folder)?;
    Ok(Some(root.join(OPTIMISER)))
}

/// Runs the tests in a browser, and hands each line that they print to `each`.
///
/// # Errors
/// When the page does not build, or a test fails.
pub(crate) fn test(root: &Path, mut each: impl FnMut(&str)) -> Result<Outcome> {
    let has = |program: &str| Program::new(program, root).args("--version").succeeds();
    if !has("node") || !has("npm") {
        return Ok(Outcome::LeftOut("there is no node with npm here to drive a browser".into()));
    }
    let Some(browser) = browser(root) else {
        return Ok(Outcome::LeftOut("there is no Chromium here, and apt has none".into()));
    };
    let page = toolchain::target_folder(root).join("web-test");
    make(root, DRAFT, &page)?;
    // What the page's answers are compared with.
    Program::cargo(root).args("build --profile test --package holdfast").run()?;
    let command = toolchain::target_folder(root).join("debug/holdfast");
    let succeeded = script(root, &page, browser)?
        .env("HOLDFAST_COMMAND", &command.to_string_lossy())
        .args("--test --test-reporter=tap --test-concurrency=1")
        .lines(|line| each(line))?;
    ensure!(succeeded, "tests of the page failed");
    Ok(Outcome::Done)
}

/// What measures the page.
pub(crate) struct Bench<'r> {
    root: &'r Path,
    page: PathBuf,
    browser: &'static str,
}

impl<'r> Bench<'r> {
    /// The page as it is released, and a browser.
    ///
    /// # Errors
    /// When there is no browser, or the page does not build.
    pub(crate) fn prepare(root: &'r Path) -> Result<Self> {
        let browser = browser(root).context("there is no Chromium here, and apt has none")?;
        let page = toolchain::target_folder(root).join("web-bench");
        make(root, FINAL, &page)?;
        Ok(Self { root, page, browser })
    }

    /// What is measured with an export, as JSON; all failures of one node only if that is asked.
    ///
    /// # Errors
    /// When something goes wrong on the page.
    pub(crate) fn run(&self, export: &Path, sweep: bool) -> Result<String> {
        let script = script(self.root, &self.page, self.browser)?.arg("bench.mjs").arg(export);
        let script = if sweep { script.arg("sweep") } else { script };
        script.output()
    }
}

/// A script of the tests' folder, about a page and in a browser.
fn script(root: &Path, page: &Path, browser: &str) -> Result<Program> {
    let folder = root.join(TESTS);
    install(&folder)?;
    let pictures = toolchain::target_folder(root).join("web-pictures");
    Ok(Program::new("node", &folder)
        .env("HOLDFAST_DIST", &page.to_string_lossy())
        .env("HOLDFAST_CHROMIUM", &toolchain::path_of(root, browser)?)
        .env("HOLDFAST_PICTURES", &pictures.to_string_lossy()))
}

/// A browser, installed where there is none.
fn browser(root: &Path) -> Option<&'static str> {
    let has = |program: &&str| Program::new(program, root).args("--version").succeeds();
    BROWSERS.into_iter().find(has).or_else(|| install_browser(root))
}

/// Chromium from the system's packages, where that can be had.
fn install_browser(root: &Path) -> Option<&'static str> {
    let apt = |what: &str| Program::new("apt-get", root).args(what).succeeds();
    log::say("installing Chromium: apt-get install chromium");
    let installed = apt("update") && apt("install -y --no-install-recommends chromium");
    installed.then_some(BROWSERS[0])
}

/// Installs what a folder's `package-lock.json` names, unless it is there.
fn install(folder: &Path) -> Result<()> {
    if !has_installed(folder) {
        Program::new("npm", folder).args("ci --no-audit --no-fund").run()?;
    }
    Ok(())
}

/// Whether what `package-lock.json` names has been installed.
fn has_installed(folder: &Path) -> bool {
    // npm writes this copy of the lock once all of it is there.
    let installed = folder.join("node_modules/.package-lock.json");
    let lock = folder.join("package-lock.json");
    let when = |file: &Path| fs::metadata(file).and_then(|it| it.modified());
    when(&installed).is_ok_and(|installed| when(&lock).is_ok_and(|lock| lock <= installed))
}
