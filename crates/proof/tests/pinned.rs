//! The exact numbers of sets, classes and states for the fixtures: a search that comes to another
//! number searches something else, be it for the better.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use holdfast_cluster::{Cluster, NodeId};
use holdfast_failover::Dynamics;
use holdfast_ingest::{Loaded, Options, Severity, Source, assume, load};
use holdfast_proof::report::Question;
use holdfast_proof::report::downtime::SpanReport;
use holdfast_proof::scenario::sets_up_to;
use holdfast_proof::{Prover, Report, Settings, Summary, Symmetry};

/// Every published plan, and the cluster of odd shapes.
const FOLDERS: [&str; 6] = ["data-platform", "edge", "homelab", "k3s", "shapes", "zero-spof"];

#[test]
fn fixtures_have_so_many_sets_classes_and_states() {
    let mut table = String::new();
    for folder in FOLDERS {
        for path in exports(folder) {
            let name = path.file_stem().expect("a file").to_string_lossy();
            let _ = writeln!(table, "{folder}/{name}: {}", counted(&path));
        }
    }
    insta::assert_snapshot!(table);
}

/// How long each workload is down when any one node fails: without any pod, and until as many serve
/// as are wanted.
#[test]
fn fixtures_are_down_for_so_long() {
    let mut table = String::new();
    for folder in FOLDERS {
        for path in exports(folder) {
            let name = path.file_stem().expect("a file").to_string_lossy();
            let _ = writeln!(table, "{folder}/{name}");
            for (downtimes, workloads) in downtimes(&path) {
                let _ = writeln!(table, "  {downtimes}: {}", workloads.join(", "));
            }
        }
    }
    insta::assert_snapshot!(table);
}

/// Workloads by how long they are down.
fn downtimes(path: &Path) -> BTreeMap<String, Vec<String>> {
    let loaded = load(vec![source(path)], &Options::default());
    let cluster = &assumed(path, &loaded).unwrap_or(loaded).cluster;
    let (prover, summary) = swept(cluster, 1);
    let report = Report::new(&prover, &Question::AnyNodes(1), &summary);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for workload in report.workloads {
        let downtime = workload.downtime.expect("one set at a time fails");
        let of = |span: &SpanReport| {
            let bound = |seconds: Option<i64>| seconds.map_or("–".to_owned(), |s| s.to_string());
            let unknown = span.unknown.as_ref().map(|unknown| unknown.reason.to_owned());
            let never = span.for_ever.map(|why| format!("{why:?}"));
            let why = unknown.or(never).map_or(String::new(), |why| format!(" ({why})"));
            let and: String = span.and.iter().map(|part| [" + ", part].concat()).collect();
            format!("{}..{}{and}{why}", bound(span.at_least), bound(span.at_most))
        };
        let key = format!("outage {}, shortage {}", of(&downtime.outage), of(&downtime.shortage));
        found.entry(key).or_default().push(workload.object.name);
    }
    found
}

fn exports(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder);
    let entries = fs::read_dir(root).expect("a folder of fixtures");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
}

fn source(path: &Path) -> Source {
    Source::named(path.to_string_lossy(), fs::read(path).expect("a fixture"))
}

fn counted(path: &Path) -> String {
    let loaded = load(vec![source(path)], &Options::default());
    let cluster = &assumed(path, &loaded).unwrap_or(loaded).cluster;
    let mut text = format!(
        "{} nodes of {} classes, {} pods of {} classes, {} workloads",
        cluster.nodes().len(),
        Symmetry::of(&Dynamics::new(cluster)).classes(),
        cluster.pods().len(),
        cluster.classes().len(),
        cluster.workloads().len()
    );
    for most in 1..=2 {
        let _ = write!(text, "\n  {}", of_sets(cluster, most));
    }
    text
}

/// On the assumptions beside it, where they are about this plan.
fn assumed(path: &Path, loaded: &Loaded) -> Option<Loaded> {
    let assumptions = path.with_file_name("assumptions.yaml");
    let assumed = assumptions.exists().then(|| assume(loaded.clone(), source(&assumptions)))?;
    let refused = assumed.diagnostics.iter().any(|found| found.severity == Severity::Error);
    (!refused).then_some(assumed)
}

/// What `prove --nodes MOST` counts.
fn of_sets(cluster: &Cluster, most: usize) -> String {
    let (prover, summary) = swept(cluster, most);
    let nodes: Vec<NodeId> = cluster.node_ids().collect();
    let mut workspace = prover.workspace();
    let mut orbits = Summary::new(&prover);
    for (set, count) in Question::AnyNodes(most).orbits(&nodes, prover.symmetry()) {
        orbits.add_orbit((&set, count), &prover.examine(&mut workspace, &set));
    }
    orbits.finish();
    assert_eq!(orbits.subjects, summary.subjects, "what is like it is answered alike");
    let mut counts = [0; 3];
    for claim in
        summary.subjects.iter().flat_map(|subject| [&subject.immediately, &subject.recovered])
    {
        for (count, more) in counts.iter_mut().zip([claim.proved, claim.refuted, claim.unknown]) {
            *count += more;
        }
    }
    format!(
        "up to {most}: {} sets, {} states from {} starts; {} up to symmetry, {} states; \
         {} proved, {} refuted, {} unknown",
        summary.sets,
        summary.states,
        prover.starts().starts.len(),
        orbits.examined,
        orbits.states,
        counts[0],
        counts[1],
        counts[2],
    )
}

/// The answers to all sets of up to so many nodes.
fn swept(cluster: &Cluster, most: usize) -> (Prover<'_>, Summary) {
    let mut prover = Prover::new(cluster, Settings::default());
    prover.foresee(most);
    let nodes: Vec<NodeId> = cluster.node_ids().collect();
    let mut workspace = prover.workspace();
    let mut summary = Summary::new(&prover);
    for set in sets_up_to(&nodes, most) {
        summary.add(&set, &prover.examine(&mut workspace, &set));
    }
    summary.finish();
    (prover, summary)
}
