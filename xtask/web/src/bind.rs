//! cargo's wasm to one that JavaScript can start, and made small.

use std::path::Path;
use std::process::Command;
use std::{env, fs, process};

use anyhow::{Context, Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

/// What a browser needs of it.
pub(crate) struct Bound {
    /// Lets JavaScript and the wasm call each other.
    pub(crate) glue: String,
    pub(crate) wasm: Vec<u8>,
}

/// Binds the wasm, and makes it small where there is a `wasm-opt`.
pub(crate) fn bind(wasm: &Path, optimiser: Option<&Path>) -> Result<Bound> {
    let mut binding = Bindgen::new();
    binding.input_path(wasm).web(true)?.typescript(false).omit_default_module_path(true);
    let mut output = binding.generate_output().context("bind the wasm")?;
    let bytes = output.wasm_mut().emit_wasm();
    let wasm = optimiser.map_or_else(|| Ok(bytes.clone()), |program| optimise(program, &bytes))?;
    Ok(Bound { glue: output.js().to_owned(), wasm })
}

/// What all browsers know that know WebAssembly's second edition, which is what rustc emits. Not
/// all features that the optimiser knows: it would write what no browser reads.
const FEATURES: [&str; 7] = [
    "--mvp-features",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

fn optimise(program: &Path, bytes: &[u8]) -> Result<Vec<u8>> {
    let draft = env::temp_dir().join(format!("holdfast-web-{}.wasm", process::id()));
    fs::write(&draft, bytes)?;
    let status = Command::new(program)
        .args(FEATURES)
        .args(["-O1", "--strip-producers"])
        .arg(&draft)
        .arg("-o")
        .arg(&draft)
        .status()
        .with_context(|| format!("start {}", program.display()))?;
    ensure!(status.success(), "wasm-opt ended with {status}");
    let small = fs::read(&draft)?;
    fs::remove_file(&draft)?;
    Ok(small)
}
