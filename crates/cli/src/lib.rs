//! The parts of the `holdfast` command that other programs of the repository use, too.

pub mod synth;
