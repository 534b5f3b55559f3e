//! The user's own browser is asked to show an address of this machine.

use std::process::{Command, Stdio};

/// What opens addresses on this system, and what it is told before the address.
const OPENER: (&str, &[&str]) = if cfg!(target_os = "macos") {
    ("open", &[])
} else if cfg!(windows) {
    ("explorer", &[])
} else {
    ("xdg-open", &[])
};

/// Opens an address; whether something was there to open it with.
pub fn open(address: &str) -> bool {
    let (program, arguments) = OPENER;
    let mut command = Command::new(program);
    command.args(arguments).arg(address).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
}
