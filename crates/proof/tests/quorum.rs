//! Majorities of the published plans, held against every set of their nodes looked at one by one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use holdfast_cluster::cluster::Key;
use holdfast_cluster::{Cluster, NodeId, Placement};
use holdfast_failover::Dynamics;
use holdfast_failover::storage::Access;
use holdfast_ingest::{Loaded, Options, Source, assume, load};
use holdfast_proof::FailureSet;
use holdfast_proof::quorum::{self, Majority};
use holdfast_proof::report::Question;
use holdfast_proof::scenario::sets_up_to;

const FOLDERS: [&str; 5] = ["data-platform", "edge", "homelab", "k3s", "zero-spof"];

#[test]
fn majorities_are_lost_to_the_first_set_that_takes_them() {
    let (mut lost, mut kept, mut doubtful) = (0, 0, 0);
    for folder in FOLDERS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder);
        let assumptions = folder.join("assumptions.yaml");
        for path in exports(&folder) {
            let mut loaded = load(vec![source(&path)], &Options::default());
            if assumptions.is_file() {
                loaded = assume(loaded, source(&assumptions));
            }
            for most in 1..=3 {
                let question = Question::AnyNodes(most);
                let dynamics = Dynamics::new(&loaded.cluster);
                let known = quorum::storage(&dynamics, &question, |_| true);
                let (surely, perhaps) = volumes(&loaded, &dynamics, most);
                match known {
                    Majority::Lost(found) => {
                        assert_eq!(by_claim(found), surely, "{}", path.display());
                        lost += 1;
                    }
                    Majority::Doubtful(found) => {
                        assert!(surely.is_empty(), "{}", path.display());
                        assert_eq!(by_claim(found), perhaps, "{}", path.display());
                        doubtful += 1;
                    }
                    Majority::Kept => {
                        assert!(surely.is_empty() && perhaps.is_empty(), "{}", path.display());
                        kept += 1;
                    }
                    Majority::Outside => assert!(dynamics.storage().is_empty()),
                    Majority::Unsettled => panic!("there are few sets: {}", path.display()),
                }
                let known = quorum::control_plane(&dynamics, &question);
                let stopped = first_that_stops(&loaded.cluster, &dynamics, most);
                let found = match known {
                    Majority::Lost(found) => Some(found[0].0.clone()),
                    _ => None,
                };
                assert_eq!(found, stopped, "{}", path.display());
            }
        }
    }
    assert!(lost > 20 && kept > 3, "{lost} lost, {kept} kept, {doubtful} doubtful");
}

type FirstSets = BTreeMap<Key, FailureSet>;

fn by_claim(found: Vec<(FailureSet, Vec<Key>)>) -> FirstSets {
    let each = |(set, claims): (FailureSet, Vec<Key>)| {
        claims.into_iter().map(move |claim| (claim, set.clone()))
    };
    found.into_iter().flat_map(each).collect()
}

/// The first set that surely takes each volume which a pod writes, and those that perhaps do.
fn volumes(loaded: &Loaded, dynamics: &Dynamics<'_>, most: usize) -> (FirstSets, FirstSets) {
    let (mut surely, mut perhaps) = (FirstSets::new(), FirstSets::new());
    each_set(&loaded.cluster, dynamics, most, |set, placement| {
        for (claim, access) in dynamics.storage().claims(placement) {
            if access.best > Access::Writable {
                surely.entry(claim).or_insert_with(|| set.clone());
            } else if access.worst > Access::Writable {
                perhaps.entry(claim).or_insert_with(|| set.clone());
            }
        }
    });
    (surely, perhaps)
}

fn first_that_stops(cluster: &Cluster, dynamics: &Dynamics<'_>, most: usize) -> Option<FailureSet> {
    let mut first = None;
    each_set(cluster, dynamics, most, |set, placement| {
        if first.is_none() && !dynamics.control_plane().acts(placement) {
            first = Some(set.clone());
        }
    });
    first
}

/// What every set of up to so many nodes leaves, from one fresh placement each.
fn each_set(
    cluster: &Cluster,
    dynamics: &Dynamics<'_>,
    most: usize,
    mut look: impl FnMut(&FailureSet, &Placement),
) {
    let nodes: Vec<NodeId> = cluster.node_ids().collect();
    for set in sets_up_to(&nodes, most) {
        let mut placement = Placement::of(cluster);
        dynamics.fail(&mut placement, set.nodes());
        look(&set, &placement);
    }
}

fn source(path: &Path) -> Source {
    Source::named(path.display().to_string(), fs::read(path).expect("a fixture"))
}

fn exports(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    files
}
