//! Archives and compression, told by their first bytes.

use std::{
    borrow::Cow,
    io::{Cursor, ErrorKind, Read},
};

use crate::Rule;

/// How many layers of packing are opened: a `.tar.gz` is two.
pub(crate) const LAYERS_MAX: usize = 6;

/// What any input may unpack to, at least.
const UNPACKED_BYTES_MIN: u64 = 1 << 30;

/// How many times its packed size an input may unpack to, beyond [`UNPACKED_BYTES_MIN`]. Exports
/// pack 10 to 30 times; what packs 100 times is made to fill memory.
const UNPACKED_RATIO_MAX: u64 = 100;

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
    Tar,
    /// Packed in a way that is not read here.
    Other(&'static str),
    /// Not packed.
    Plain,
}

/// Tells how bytes are packed.
pub(crate) fn packing(bytes: &[u8]) -> Packing {
    let known: [(&[u8], Packing); 7] = [
        (b"\x1f\x8b", Packing::Gzip),
        (b"\x28\xb5\x2f\xfd", Packing::Zstd),
        (b"PK\x03\x04", Packing::Other("zip")),
        (b"\xfd7zXZ\0", Packing::Other("xz")),
        (b"BZh", Packing::Other("bzip2")),
        (b"7z\xbc\xaf\x27\x1c", Packing::Other("7z")),
        (b"\x04\x22\x4d\x18", Packing::Other("lz4")),
    ];
    let magic = known.iter().find(|(magic, _)| bytes.starts_with(magic));
    match magic {
        // Text may well start with "BZh"; a digit for the block size follows in bzip2.
        Some((b"BZh", _)) if !bytes.get(3).is_some_and(u8::is_ascii_digit) => Packing::Plain,
        Some(&(_, packing)) => packing,
        None if is_tar(bytes) => Packing::Tar,
        None => Packing::Plain,
    }
}

/// The magic of POSIX and GNU archives, or the header checksum of older ones that have none.
fn is_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else { return false };
    if &header[257..262] == b"ustar" {
        return true;
    }
    let stated = header[148..156].iter().filter(|byte| matches!(byte, b'0'..=b'7'));
    let stated = stated.fold(0, |sum, digit| sum * 8 + u32::from(digit - b'0'));
    let blanks = 8 * u32::from(b' ');
    let rest = header[..148].iter().chain(&header[156..]);
    header[0] != 0
        && stated > 0
        && stated == blanks + rest.map(|&byte| u32::from(byte)).sum::<u32>()
}

/// Why something does not unpack.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unpacked {
    pub(crate) rule: Rule,
    pub(crate) detail: String,
}

/// Unpacks gzip, all members of it.
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Unpacked> {
    let mut all = Vec::new();
    read_all(flate2::bufread::MultiGzDecoder::new(bytes), bytes.len(), &mut all)?;
    Ok(all)
}

/// Unpacks zstd, all frames of it.
pub(crate) fn zstd(bytes: &[u8]) -> Result<Vec<u8>, Unpacked> {
    let mut rest = bytes;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let decoder = ruzstd::decoding::StreamingDecoder::new(&mut rest);
        let decoder = decoder
            .map_err(|error| Unpacked { rule: Rule::BrokenArchive, detail: error.to_string() })?;
        read_all(decoder, bytes.len(), &mut all)?;
    }
    Ok(all)
}

/// Reads to the end, or to what the packed size allows in all.
fn read_all(reader: impl Read, packed: usize, all: &mut Vec<u8>) -> Result<(), Unpacked> {
    let limit = UNPACKED_BYTES_MIN.max((packed as u64).saturating_mul(UNPACKED_RATIO_MAX));
    let left = limit.saturating_sub(all.len() as u64);
    reader.take(left + 1).read_to_end(all).map_err(|error| broken(&error))?;
    if all.len() as u64 > limit {
        let detail = format!("{packed} bytes unpack to more than {limit}");
        return Err(Unpacked { rule: Rule::ArchiveTooLarge, detail });
    }
    Ok(())
}

fn broken(error: &std::io::Error) -> Unpacked {
    let rule = match error.kind() {
        ErrorKind::UnexpectedEof => Rule::Truncated,
        _ => Rule::BrokenArchive,
    };
    Unpacked { rule, detail: error.to_string() }
}

/// Gives each regular file of a tar archive to `take`, in the archive's order, by its path.
pub(crate) fn for_each_member(
    bytes: &[u8],
    mut take: impl FnMut(&str, Cow<'_, [u8]>),
) -> Result<(), Unpacked> {
    let mut archive = tar::Archive::new(Cursor::new(bytes));
    for entry in archive.entries_with_seek().map_err(|error| broken(&error))? {
        let mut entry = entry.map_err(|error| broken(&error))?;
        if !entry.header().entry_type().is_file() && !entry.header().entry_type().is_gnu_sparse() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let start = usize::try_from(entry.raw_file_position()).ok();
        let end = start.and_then(|start| start.checked_add(usize::try_from(entry.size()).ok()?));
        let whole = start.zip(end).and_then(|(start, end)| bytes.get(start..end));
        match whole {
            // Lent, not copied: a bundle's members lie in the archive as they are.
            Some(member) if entry.header().entry_type().is_file() => {
                take(&path, Cow::Borrowed(member));
            }
            Some(_) => {
                let mut member = Vec::new();
                entry.read_to_end(&mut member).map_err(|error| broken(&error))?;
                take(&path, Cow::Owned(member));
            }
            None => {
                let detail = format!("the archive ends within {path}");
                return Err(Unpacked { rule: Rule::Truncated, detail });
            }
        }
    }
    Ok(())
}
