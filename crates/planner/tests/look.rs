use holdfast_ingest::{Options, Source, load};
use holdfast_planner::{Asked, Effort, Repairer, asked};
use holdfast_proof::report::Question;
use holdfast_proof::{Prover, Settings};
#[test]
fn look() {
    for (file, k) in [
        ("homelab/cluster.json", 1),
        ("edge/cluster.json", 1),
        ("edge/cluster.json", 2),
        ("k3s/after.json", 1),
        ("zero-spof/after-longhorn.json", 1),
        ("k3s/tainted.json", 1),
        ("data-platform/option-a.json", 1),
    ] {
        let path = format!("{}/../../fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
        let Ok(bytes) = std::fs::read(&path) else {
            println!("no {file}");
            continue;
        };
        let cluster = load(vec![Source::named(file, bytes)], &Options::default()).cluster;
        let settings = Settings {
            states_per_set: std::env::var("ST").map_or(20000, |t| t.parse().unwrap()),
            ..Settings::default()
        };
        let mut prover = Prover::new(&cluster, settings);
        let question = Question::AnyNodes(k);
        prover.foresee(k);
        let summary = asked::one_by_one(&prover, &question);
        let sweep = asked::one_by_one;
        let asked = Asked {
            prover: &prover,
            question: &question,
            summary: &summary,
            sweep: &sweep,
            settings,
        };
        let repairer = Repairer { asked, effort: Effort::default() };
        println!("== {file} {k}: {} pods", cluster.pods().len());
        for position in repairer.refuted() {
            #[allow(clippy::disallowed_methods)]
            let t = std::time::Instant::now();
            let found = repairer.repair(position);
            let root = prover.subjects().subjects[position].root;
            let w = cluster.workload(root);
            println!(
                "-- {:?} {} refuted {:?} {:?} left {}",
                w.kind,
                cluster.text(w.name),
                found.refuted,
                t.elapsed(),
                found.left
            );
            for r in &found.found {
                println!(
                    "   FOUND {} {:?} {:?} leaves {:?}",
                    r.cost, r.changes, r.proves, r.leaves
                );
            }
            for (c, o) in &found.tried {
                if std::env::var("V").is_ok() {
                    println!("   tried {o:?} {c:?}");
                }
            }
        }
    }
}
