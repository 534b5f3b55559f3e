//! How much a browser loads before anything can be done.

use crate::dist::{Files, OFFLINE_ONLY};

/// The budget of the first load, compressed.
const BUDGET_BYTES: usize = 1_000_000;

/// One line a file, and one for all of what loads first.
pub(crate) fn table(files: &Files) -> Vec<String> {
    let mut lines = vec![format!("{:>10} {:>10}  file", "bytes", "brotli")];
    let mut first = 0;
    for (name, bytes) in files {
        let small = compressed(bytes);
        if !OFFLINE_ONLY.contains(&name.as_str()) {
            first += small;
        }
        lines.push(format!("{:>10} {small:>10}  {name}", bytes.len()));
    }
    let share = first * 100 / BUDGET_BYTES;
    lines.push(format!("first load: {first} bytes in brotli, {share} % of {BUDGET_BYTES}"));
    lines
}

/// As a host compresses that takes its time once.
fn compressed(bytes: &[u8]) -> usize {
    let mut small = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    let written = brotli::BrotliCompress(&mut &*bytes, &mut small, &parameters);
    written.unwrap_or(bytes.len())
}
