//! The `holdfast` command: a thin shell over [`holdfast::run`].

use std::process::ExitCode;

fn main() -> ExitCode {
    holdfast::run(std::env::args_os())
}
