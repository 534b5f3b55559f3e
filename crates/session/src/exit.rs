//! Exit codes. They are API: scripts and pipelines rest on them, and the output format never
//! changes them.

/// Everything that was asked for holds.
pub const HOLDS: u8 = 0;
/// A claim is refuted: there is a counterexample.
pub const REFUTED: u8 = 1;
/// Bad usage, bad input, or an internal error.
pub const USAGE: u8 = 2;
/// There is nothing to check.
pub const NOTHING: u8 = 3;
/// Inconclusive: a budget ran out, or the export lacks something the answer depends on.
pub const INCONCLUSIVE: u8 = 4;

/// The codes as `--help` shows them.
pub const HELP: &str = "\
Exit codes:
  0  everything that was asked for holds
  1  a claim is refuted: there is a counterexample
  2  bad usage, bad input or an internal error
  3  there is nothing to check
  4  inconclusive: a budget ran out or the export lacks something";
