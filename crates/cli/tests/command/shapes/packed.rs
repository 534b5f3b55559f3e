//! Compressed files and archives, told by their first bytes.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{assert_file, assert_same};
use crate::holdfast::{folder, run_in, run_with, write};
use crate::sample::{by_kind, list, objects, text};

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// A tar archive of files by path.
pub(super) fn tar<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

/// A file for each kind, as an archive.
fn bundle() -> Vec<u8> {
    let files: Vec<(String, String)> = by_kind(&objects())
        .into_iter()
        .map(|(plural, items)| (format!("./bundle/{plural}.json"), list(&items).to_string()))
        .collect();
    let junk = ("./bundle/logs/web.log", &b"{\"level\":\"info\"}\n{\"level\":\"warn\"}\n"[..]);
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_bytes()));
    tar(files.chain([junk]))
}

#[test]
fn gz() {
    assert_file("gz", "cluster.json.gz", gzip(text().as_bytes()));
}

/// Compressed files that are joined are one compressed file.
#[test]
fn gz_in_two_parts() {
    let objects = objects();
    let halves = objects.split_at(objects.len() / 2);
    let half = |objects| gzip(list(objects).to_string().as_bytes());
    assert_file("gz-parts", "cluster.json.gz", [half(halves.0), half(halves.1)].concat());
}

#[test]
fn zst() {
    assert_file("zst", "cluster.json.zst", zstd(text().as_bytes()));
}

#[test]
fn tar_plain() {
    assert_file("tar", "bundle.tar", bundle());
}

#[test]
fn tar_gz() {
    assert_file("tar-gz", "bundle.tar.gz", gzip(&bundle()));
}

#[test]
fn tar_zst_under_any_name() {
    assert_file("tar-zst", "download", zstd(&bundle()));
}

#[test]
fn an_archive_from_standard_input() {
    assert_same(&objects(), run_with(&gzip(&bundle()), &["prove", "-o", "json", "-"]));
}

#[test]
fn an_archive_within_a_directory() {
    let folder = folder("packed-directory");
    write(&folder, "export/a/bundle.tgz", gzip(&bundle()));
    assert_same(&objects(), run_in(&folder, &["prove", "-o", "json", "export"]));
}
