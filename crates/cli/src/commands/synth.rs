//! `holdfast synth`: a cluster of any size from a seed.

use std::io::{self, BufWriter, Write};

use crate::args::SynthArguments;
use crate::exit;
use crate::failure::{Failure, unwritten};
use crate::synth::{Options, write};

/// Runs the command.
///
/// # Errors
/// Sizes that make no cluster, or standard output that cannot be written.
pub fn run(arguments: &SynthArguments) -> Result<u8, Failure> {
    let SynthArguments { nodes, pods, zones, seed } = *arguments;
    if nodes == 0 || zones == 0 {
        return Err(Failure::usage("--nodes and --zones must be at least 1"));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out, &Options { nodes, pods, seed, zones }).and_then(|()| out.flush()) {
        // The reader has what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(unwritten("standard output", &error))
        }
        _ => Ok(exit::HOLDS),
    }
}
