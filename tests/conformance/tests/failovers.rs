//! Recorded failovers, without Go: the engine must allow all that happened, and little else.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use holdfast_conformance::archive;
use holdfast_conformance::failovers::{self, Sum};
use holdfast_conformance::replay::{Reading, Told, replay_all};

/// All recordings, told once for all tests.
static TOLD: LazyLock<Vec<Told>> =
    LazyLock::new(|| replay_all(&archive::failover()).expect("a replay"));

#[test]
fn what_happened_is_among_what_may_happen() {
    let differences = failovers::differences(&TOLD);
    assert!(differences.is_empty(), "{} of them:\n{}", differences.len(), differences.join("\n"));
}

/// Whatever happened lies in ranges that are wide enough. These floors only go up, or down with a
/// reason: a step that was claimed to be exact and was not, or ranges that were widened too little.
#[test]
fn ranges_say_something() {
    let of = |reading| Sum::of(TOLD.iter().filter(|told| told.reading == reading));
    let floors = [
        (Reading::Story, [96, 412, 399, 7_782, 990]),
        (Reading::Step, [96, 685, 678, 13_654, 1_697]),
    ];
    for (reading, floor) in floors {
        let Sum { stories, steps, exact, single, matched, .. } = of(reading);
        let found = [stories.len(), steps, exact, single, matched];
        let names = ["stories", "steps", "exact", "single", "matched"];
        for ((name, found), floor) in names.iter().zip(found).zip(floor) {
            assert!(found >= floor, "{reading:?}: {found} {name}, at least {floor} before");
        }
    }
}

#[test]
fn the_page_is_what_the_engine_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let page = fs::read_to_string(root.join("docs/failover.md")).unwrap();
    let how = "cargo xtask conformance failovers --table docs/failover.md";
    assert!(page == failovers::page(&TOLD), "docs/failover.md is old: {how}");
}
