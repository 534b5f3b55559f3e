//! What the tasks need besides cargo, and how it gets there.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::log;
use crate::program::Program;

/// The target that every engine crate builds for besides the native one.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Components that a minimal toolchain lacks, and the cargo command that shows each is there.
const COMPONENTS: [(&str, &str); 2] =
    [("rustfmt", "fmt --version"), ("clippy", "clippy --version")];

/// Installs through rustup what the tests need and the toolchain lacks.
///
/// # Errors
/// When rustup is missing or fails.
pub(crate) fn install_missing(root: &Path) -> Result<()> {
    for (component, probe) in COMPONENTS {
        if !Program::cargo(root).args(probe).succeeds() {
            log::say(format_args!("installing {component}: rustup component add {component}"));
            Program::new("rustup", root).args("component add").arg(component).run()?;
        }
    }
    if !has_wasm(root)? {
        log::say(format_args!("installing the wasm target: rustup target add {WASM}"));
        Program::new("rustup", root).args("target add").arg(WASM).run()?;
    }
    Ok(())
}

/// Whether the standard library for wasm is there. Asked of rustc, which knows for any toolchain;
/// rustup would have to be there.
fn has_wasm(root: &Path) -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let folder =
        Program::new(rustc, root).args("--print target-libdir --target").arg(WASM).output()?;
    Ok(Path::new(folder.trim()).is_dir())
}

/// Where cargo builds to.
pub(crate) fn target_folder(root: &Path) -> PathBuf {
    let elsewhere = std::env::var_os("CARGO_TARGET_DIR");
    root.join(elsewhere.unwrap_or_else(|| "target".into()))
}

/// Where a program is that is found by its name.
///
/// # Errors
/// When it is nowhere.
pub(crate) fn path_of(root: &Path, program: &str) -> Result<String> {
    let found =
        Program::new("sh", root).args("-c").arg(format!("command -v {program}")).output()?;
    Ok(found.trim().to_owned())
}

/// Whether there is a Go to build the recorder with.
pub(crate) fn has_go(root: &Path) -> bool {
    Program::new("go", root).args("version").succeeds()
}
