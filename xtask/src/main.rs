//! Everything a contributor runs: `cargo run -p xtask -- TASK`.

mod fixtures;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let task = std::env::args().nth(1);
    match task.as_deref() {
        Some("generate") => fixtures::generate(&root()),
        Some(other) => bail!("no task named {other:?}; there is: generate"),
        None => bail!("name a task: generate"),
    }
}

/// The repository: the folder above this crate.
fn root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.parent().unwrap_or(crate_dir).to_path_buf()
}
