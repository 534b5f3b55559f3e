//! How much a browser loads before anything can be done.

use anyhow::{Result, ensure};

use crate::dist::{Files, OFFLINE_ONLY};

/// What the first load is to be, compressed.
const TARGET_BYTES: usize = 1_000_000;

/// What it is not to grow beyond: a twentieth more than what has been reached so far.
const LIMIT_BYTES: usize = 1_712_000;

/// One line a file, and one for all of what loads first.
pub(crate) fn table(files: &Files) -> (Vec<String>, usize) {
    let mut lines = vec![format!("{:>10} {:>10}  file", "bytes", "brotli")];
    let mut first = 0;
    for (name, bytes) in files {
        let small = compressed(bytes);
        if !OFFLINE_ONLY.contains(&name.as_str()) {
            first += small;
        }
        lines.push(format!("{:>10} {small:>10}  {name}", bytes.len()));
    }
    let share = first * 100 / TARGET_BYTES;
    lines.push(format!("first load: {first} bytes in brotli, {share} % of {TARGET_BYTES}"));
    (lines, first)
}

/// Whether so many bytes are few enough.
///
/// # Errors
/// When they are not.
pub(crate) fn check(first: usize) -> Result<()> {
    ensure!(
        first <= LIMIT_BYTES,
        "the first load is {first} bytes in brotli, more than the {LIMIT_BYTES} it may be"
    );
    Ok(())
}

/// As a host compresses that takes its time once.
fn compressed(bytes: &[u8]) -> usize {
    let mut small = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    let written = brotli::BrotliCompress(&mut &*bytes, &mut small, &parameters);
    written.unwrap_or(bytes.len())
}
