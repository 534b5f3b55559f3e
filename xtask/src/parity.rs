//! The engine in WebAssembly and the native one say the same, byte for byte.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::log;
use crate::program::Program;
use crate::suite::Outcome;
use crate::toolchain::{self, WASM};

/// The library that answers, and in its folder the script that asks it in WebAssembly.
pub(crate) const PACKAGE: &str = "holdfast-parity";
const SCRIPT: &str = "tests/parity/parity.mjs";

/// What each input may have beside it; it is read with each, and no input.
const ASSUMPTIONS: &str = "assumptions.yaml";

/// Asks both about every input among the fixtures. The step `wasm` has built the one for the
/// browser.
///
/// # Errors
/// When one does not build or run, or they differ.
pub(crate) fn check(root: &Path) -> Result<Outcome> {
    if !Program::new("node", root).args("--version").succeeds() {
        return Ok(Outcome::LeftOut("there is no node here to run WebAssembly with".into()));
    }
    Program::cargo(root).args("build --profile test --bin parity --package").arg(PACKAGE).run()?;
    let target = toolchain::target_folder(root);
    let module = target.join(WASM).join("debug/holdfast_parity.wasm");
    let inputs = inputs(root)?;
    let ask = |program: Program| inputs.iter().fold(program, Program::arg).output();
    let native = ask(Program::new(target.join("debug/parity"), root))?;
    let wasm = ask(Program::new("node", root).arg(SCRIPT).arg(module))?;
    for (input, (one, other)) in inputs.iter().zip(native.lines().zip(wasm.lines())) {
        let at = one.bytes().zip(other.bytes()).position(|(one, other)| one != other);
        let at = at.unwrap_or(one.len().min(other.len()));
        let near = |line: &str| {
            let bytes = &line.as_bytes()[at.saturating_sub(200)..line.len().min(at + 200)];
            String::from_utf8_lossy(bytes).into_owned()
        };
        ensure!(one == other, "{input}: native {}\nand in wasm {}", near(one), near(other));
    }
    ensure!(native == wasm, "not as many answers natively as in wasm");
    ensure!(native.lines().count() == inputs.len(), "not every input was answered");
    let (bytes, files) = (native.len(), inputs.len());
    log::say(format_args!("the same {bytes} bytes of answers to {files} inputs"));
    Ok(Outcome::Done)
}

/// Every export, manifest and hostile input, from the repository's root.
fn inputs(root: &Path) -> Result<Vec<String>> {
    let mut inputs = Vec::new();
    for folder in names(root, "fixtures")? {
        if matches!(folder.as_str(), "fixtures/conformance" | "fixtures/failover") {
            continue;
        }
        let files = names(root, &folder)?.into_iter();
        inputs.extend(files.filter(|file| {
            let extension = Path::new(file).extension();
            !file.ends_with(ASSUMPTIONS) && extension.is_some_and(|it| it == "json" || it == "yaml")
        }));
    }
    Ok(inputs)
}

/// What is in a folder, sorted.
fn names(root: &Path, folder: &str) -> Result<Vec<String>> {
    let entries = fs::read_dir(root.join(folder)).with_context(|| format!("read {folder}"))?;
    let name = |entry: std::io::Result<fs::DirEntry>| {
        Ok(format!("{folder}/{}", entry?.file_name().to_string_lossy()))
    };
    let folders = folder == "fixtures";
    let mut names = entries.map(name).collect::<Result<Vec<_>>>()?;
    names.retain(|name| root.join(name).is_dir() == folders);
    names.sort();
    Ok(names)
}
