//! The folder as a zip, to be released: the same files give the same bytes.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use crate::dist::Files;

/// The version of the format that deflated files need.
const NEEDS: u16 = 20;
/// Deflated.
const METHOD: u16 = 8;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// 1980-01-01, before which the format knows no days.
const DATE: u16 = (1 << 5) | 1;

/// Writes it.
pub(crate) fn write(files: &Files, path: &Path) -> Result<()> {
    let bytes = zip(files)?;
    fs::write(path, bytes).with_context(|| format!("write {}", path.display()))
}

fn zip(files: &Files) -> Result<Vec<u8>> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let at = u32::try_from(out.len())?;
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(bytes)?;
        let deflated = deflated.finish()?;
        let about = about(name, bytes, deflated.len())?;
        out.extend(b"PK\x03\x04");
        out.extend(&about);
        out.extend(name.as_bytes());
        out.extend(deflated);
        directory.extend(b"PK\x01\x02");
        directory.extend(NEEDS.to_le_bytes());
        directory.extend(about);
        // No comment, the first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (count, from) = (u16::try_from(files.len())?, u32::try_from(out.len())?);
    let size = u32::try_from(directory.len())?;
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend([size.to_le_bytes(), from.to_le_bytes()].concat());
    out.extend([0; 2]);
    Ok(out)
}

/// What is said of a file before it and in the directory.
fn about(name: &str, bytes: &[u8], deflated: usize) -> Result<Vec<u8>> {
    let mut sum = Crc::new();
    sum.update(bytes);
    let mut out = Vec::new();
    for short in [NEEDS, FLAGS, METHOD, 0, DATE] {
        out.extend(short.to_le_bytes());
    }
    for long in [sum.sum(), u32::try_from(deflated)?, u32::try_from(bytes.len())?] {
        out.extend(long.to_le_bytes());
    }
    out.extend(u16::try_from(name.len())?.to_le_bytes());
    out.extend([0; 2]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_a_directory_of_all_files() {
        let files: Files = [("a.txt", "aaaa"), ("b.txt", "")]
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .into();
        let bytes = zip(&files).expect("small files fit");
        let end = &bytes[bytes.len() - 22..];
        assert_eq!(&end[..4], b"PK\x05\x06");
        assert_eq!(end[10], 2);
        let from = u32::from_le_bytes([end[16], end[17], end[18], end[19]]) as usize;
        assert_eq!(&bytes[from..from + 4], b"PK\x01\x02");
        let size = u32::from_le_bytes([end[12], end[13], end[14], end[15]]) as usize;
        assert_eq!(from + size + end.len(), bytes.len());
        assert_eq!(zip(&files).expect("small files fit"), bytes, "the same bytes");
    }
}
