//! Prints what the engine says of files natively, a line each.

use std::io::Write;
use std::path::Path;
use std::{fs, io};

use holdfast_parity::{File, answer};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for path in std::env::args().skip(1) {
        let assumptions = Path::new(&path).with_file_name("assumptions.yaml");
        let beside = assumptions.exists().then(|| read(&assumptions.to_string_lossy()));
        let said = answer(read(&path)?, beside.transpose()?);
        writeln!(out, "{path} {said}")?;
    }
    Ok(())
}

/// A file, known by its last name so that nothing depends on where it is.
fn read(path: &str) -> io::Result<File> {
    let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
    Ok((name.into_owned(), fs::read(path)?))
}
