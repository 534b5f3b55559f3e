//! `holdfast redact`: the export with stable pseudonyms.
use crate::args::RedactArguments;
use crate::failure::Failure;
/// Runs the command.
pub fn run(_arguments: &RedactArguments) -> Result<u8, Failure> {
    Ok(0)
}
