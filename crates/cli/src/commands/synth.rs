//! `holdfast synth`: a cluster of any size from a seed.
use crate::args::SynthArguments;
use crate::failure::Failure;
/// Runs the command.
pub fn run(_arguments: &SynthArguments) -> Result<u8, Failure> {
    Ok(0)
}
