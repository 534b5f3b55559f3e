//! Archives and compression.

use std::io::Write;

use super::{read, told};
use crate::{Skipped, Source};

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#;

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn tar(members: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn reads_packed_files_by_their_content() {
    for packed in [
        gzip(POD.as_bytes()),
        zstd(POD.as_bytes()),
        [zstd(b"\n"), zstd(POD.as_bytes())].concat(),
        gzip(&gzip(POD.as_bytes())),
    ] {
        let (objects, diagnostics, inventory) = read(vec![Source::named("x", packed)]);
        assert_eq!((objects.len(), diagnostics.len()), (1, 0));
        assert_eq!(inventory.files, ["x"]);
    }
}

#[test]
fn reads_trees_in_archives() {
    let log = gzip(b"2024-01-01 a log line\n");
    let tree = tar(&[("./b/pods.json", POD), ("b/log.txt", "a log"), ("b/empty", "")]);
    for packed in [tree.clone(), gzip(&tree), zstd(&tree)] {
        let sources = vec![Source::named("b.tgz", packed), Source::found("l.gz", log.clone())];
        let (objects, diagnostics, inventory) = read(sources);
        assert_eq!(objects, ["v1 Pod a @1:1"]);
        assert_eq!(told(&diagnostics), [] as [&str; 0]);
        assert_eq!(inventory.files, ["b.tgz!/b/pods.json"]);
        assert_eq!(inventory.skipped.get(&Skipped::OtherText), Some(&2));
        assert_eq!(inventory.skipped.get(&Skipped::Empty), Some(&1));
    }
}

#[test]
fn archives_that_are_cut_off_are_refused() {
    let packed = gzip(POD.as_bytes());
    let (_, diagnostics, _) = read(vec![Source::named("x.gz", &packed[..packed.len() - 9])]);
    assert_eq!(told(&diagnostics), ["Error truncated x.gz:1:1"]);
    let packed = tar(&[("a", &POD.repeat(20))]);
    let (_, diagnostics, _) = read(vec![Source::named("x.tar", &packed[..700])]);
    assert_eq!(told(&diagnostics), ["Error truncated x.tar:1:1"]);
}

#[test]
fn what_is_wrong_within_an_archive_is_left_out() {
    let tree = tar(&[("a.json", &POD[..40]), ("b.json", POD)]);
    let (objects, diagnostics, _) = read(vec![Source::named("t.tar", tree)]);
    assert_eq!(objects.len(), 1);
    assert_eq!(told(&diagnostics), ["Warning truncated t.tar!/a.json:1:41"]);
}

#[test]
fn archives_within_archives_end_somewhere() {
    let mut packed = POD.as_bytes().to_vec();
    for _ in 0..9 {
        packed = gzip(&packed);
    }
    let (_, diagnostics, _) = read(vec![Source::named("x", packed)]);
    assert_eq!(told(&diagnostics), ["Error archive-too-large x:1:1"]);
}
