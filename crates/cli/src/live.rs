//! The cluster itself, read by the user's own `kubectl`: beside the browser that `open` shows the
//! page in nothing else here ever starts a program, and nothing at all opens a connection.

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use holdfast_ingest::Source;

use crate::args::{Inputs, export_command, export_line};
use crate::failure::Failure;
use crate::program::Program;

/// What the cluster goes by in messages.
pub const NAME: &str = "<kubectl>";

/// Whether the cluster may be read where no input is named.
pub fn inputs(program: Program) -> Inputs {
    decide(program, io::stdin().is_terminal(), io::stderr().is_terminal())
}

/// Somebody sits there who started kubectl themselves, and sees what is run.
fn decide(program: Program, types: bool, reads: bool) -> Inputs {
    match program {
        Program::Plugin if types && reads => Inputs::Optional,
        _ => Inputs::Named,
    }
}

/// Runs the line that exports a cluster, and shows it first.
///
/// # Errors
/// Where there is no `kubectl`, or it does not end well: half a cluster is none.
pub fn read() -> Result<Source, Failure> {
    let line = export_command();
    // A closed standard error leaves nobody to show it to.
    let _ = writeln!(io::stderr(), "No INPUT: your own kubectl reads the cluster\n\n{line}\n");
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    // It may ask who somebody is, on the terminal.
    command.args(words).stdin(Stdio::inherit()).stderr(Stdio::inherit());
    let output = command.output();
    let by_hand = || format!("export it yourself, and name the file:\n  {}", export_line(""));
    match output {
        Ok(output) if output.status.success() => Ok(Source::named(NAME, output.stdout)),
        Ok(output) => {
            let message = format!("kubectl failed ({}), and nothing was done", output.status);
            Err(Failure::usage(message).hint(by_hand()))
        }
        Err(error) => Err(Failure::usage(format!("cannot run kubectl: {error}")).hint(by_hand())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plugin_on_a_terminal_reads_a_cluster() {
        for types in [false, true] {
            for reads in [false, true] {
                assert_eq!(decide(Program::Own, types, reads), Inputs::Named);
                let both = types && reads;
                assert_eq!(decide(Program::Plugin, types, reads) == Inputs::Optional, both);
            }
        }
    }
}
