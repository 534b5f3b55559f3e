//! The pages in the repository are those that the catalogue writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use holdfast_policy::catalogue::{self, Id};

#[test]
fn every_id_has_its_page_and_no_page_is_stale() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks");
    let committed: BTreeMap<String, String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    let pages = Id::ALL.iter().map(|id| (format!("{}.md", id.name()), id.markdown()));
    let written = pages.chain([("README.md".to_owned(), catalogue::index())]).collect();
    assert_eq!(committed, written, "run `cargo xtask generate`");
}

#[test]
fn every_page_says_something_of_its_own() {
    for (at, id) in Id::ALL.iter().enumerate() {
        let page = id.page();
        assert_ne!(page.instead.code, page.example.code, "{}", id.name());
        assert!(Id::ALL[..at].iter().all(|other| other.page().title != page.title));
    }
}
