//! Nothing ever leaves the machine.

use std::process::{Command, Stdio};

use crate::holdfast::fixtures;

/// Whether a program can be run here, and may trace.
fn strace_works() -> bool {
    let traced = Command::new("strace").args(["-f", "-e", "trace=network", "true"]).output();
    traced.is_ok_and(|output| output.status.success())
}

/// The kernel is the witness: no command makes a single call of the network, on any thread.
#[test]
fn no_command_opens_a_socket() {
    if !strace_works() {
        println!("strace is not here or may not trace: nothing was checked");
        return;
    }
    for arguments in [
        &["prove", "edge/cluster.json"][..],
        &["inspect", "homelab/cluster.json"],
        &["redact", "homelab/cluster.json"],
        &["--help"],
    ] {
        let output = Command::new("strace")
            .args(["-f", "-qq", "-e", "trace=network", "-e", "signal=none", "-o", "/dev/stderr"])
            .arg(env!("CARGO_BIN_EXE_holdfast"))
            .args(arguments)
            .current_dir(fixtures())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .output()
            .unwrap();
        let calls = String::from_utf8_lossy(&output.stderr);
        assert!(!calls.contains('('), "{arguments:?} called\n{calls}");
    }
}
