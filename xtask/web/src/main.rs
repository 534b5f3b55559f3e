//! Makes the folder that a static host serves out of the page's wasm:
//! `holdfast-web-build WASM SHELL OUT [WASM-OPT]`.
//!
//! A program of its own, as binding is slow to build and only `cargo xtask web` needs it.

mod archive;
mod bind;
mod dist;
mod single;
mod size;

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let mut next = |what| arguments.next().with_context(|| format!("no {what} was given"));
    let (wasm, shell, out) = (next("wasm")?, next("shell")?, next("folder to write")?);
    let optimiser = next("wasm-opt").ok();
    let bound = bind::bind(&wasm, optimiser.as_deref())?;
    let files = dist::write(&shell, &bound, &out)?;
    archive::write(&files, &out.with_extension("zip"))?;
    // How large a draft is says nothing, and compressing it takes a while.
    if optimiser.is_some() {
        let (table, first) = size::table(&files);
        let mut stdout = io::stdout().lock();
        for line in table {
            writeln!(stdout, "{line}")?;
        }
        size::check(first)?;
    }
    Ok(())
}
