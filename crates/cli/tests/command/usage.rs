//! Flags, help and outputs: what is typed wrong is said with the way out.

use insta::{assert_snapshot, with_settings};

use crate::holdfast::{folder, run, run_in, write};
use crate::sample::text;

const EDGE: &str = "edge/cluster.json";

#[test]
fn help() {
    for command in ["prove", "inspect", "redact", "synth"] {
        with_settings!({ snapshot_suffix => command }, {
            assert_snapshot!("help", run(&[command, "--help"]).ended(0).transcript());
        });
    }
    assert_snapshot!(run(&["--help"]).ended(0).transcript());
}

/// The line can be pasted from the help as it stands: the shell joins what the backslashes part.
#[test]
fn the_export_line_survives_pasting() {
    let help = run(&["--help"]).ended(0).stdout;
    let start = help.find("kubectl get nodes,").unwrap();
    let line = help[start..].split("\n\n").next().unwrap().replace("\\\n", "");
    assert!(!line.contains('\n'), "{line}");
    assert!(line.ends_with("resourcequotas -A -o json > cluster.json"), "{line}");
    let kinds = line.split(' ').nth(2).unwrap();
    assert!(kinds.split(',').all(|kind| !kind.contains("secret") && !kind.contains("configmap")));
    assert!(kinds.split(',').count() > 20, "{kinds}");
    // Where it is not wrapped it is one line.
    assert!(run(&["prove", "hostile/empty-list.json"]).ended(3).stderr.contains(&line));
}

#[test]
fn bad_usage() {
    for (name, arguments) in [
        ("no-command", &[][..]),
        ("no-such-command", &["proof", EDGE][..]),
        ("no-input", &["prove"]),
        ("stdin-twice", &["prove", "-", "-"]),
        ("nodes-zero", &["prove", EDGE, "--nodes", "0"]),
        ("nodes-beyond", &["prove", EDGE, "--nodes", "4"]),
        ("nodes-no-number", &["prove", EDGE, "--nodes", "all"]),
        ("nodes-and-fail", &["prove", EDGE, "--nodes", "1", "--fail", "master"]),
        ("budget-zero", &["prove", EDGE, "--budget", "0"]),
        ("fail-slip", &["prove", EDGE, "--fail", "master,worker2"]),
        ("fail-nonsense", &["prove", EDGE, "--fail", "kubernetes"]),
        ("fail-nothing", &["prove", EDGE, "--fail", ""]),
        ("two-formats", &["prove", EDGE, "-o", "human", "-o", "json"]),
        ("no-such-format", &["prove", EDGE, "-o", "yaml"]),
        ("format-without-path", &["prove", EDGE, "-o", "json="]),
        ("no-such-folder", &["prove", EDGE, "-o", "json=reports/today.json"]),
        ("output-is-a-folder", &["prove", EDGE, "-o", "human", "-o", "json=edge"]),
    ] {
        let run = run(arguments).ended(2);
        assert_eq!(run.stdout, "", "{}", run.transcript());
        with_settings!({ snapshot_suffix => name }, {
            assert_snapshot!("usage", run.transcript());
        });
    }
}

#[test]
fn the_same_by_environment() {
    let folder = crate::holdfast::fixtures();
    let by_environment = crate::holdfast::command(&folder)
        .args(["prove", EDGE])
        .env("HOLDFAST_NODES", "2")
        .env("HOLDFAST_OUTPUT", "json")
        .output()
        .unwrap();
    let by_flag = run(&["prove", EDGE, "--nodes", "2", "-o", "json"]);
    assert_eq!(String::from_utf8(by_environment.stdout).unwrap(), by_flag.stdout);
}

/// A verdict of 0 needs every workload to survive: here the two that do, alone.
#[test]
fn zero_means_that_all_hold() {
    let kept = crate::sample::objects().into_iter().filter(|object| {
        !["mailer", "db"].iter().any(|name| crate::sample::name(object).starts_with(name))
    });
    let folder = folder("zero");
    let objects: Vec<_> = kept.collect();
    write(&folder, "cluster.json", crate::sample::list(&objects).to_string());
    let run = run_in(&folder, &["prove", "cluster.json"]).ended(0);
    assert!(run.stdout.starts_with("all 2 workloads survive any one node\n"), "{}", run.stdout);
}

/// A controller that Kubernetes does not ship leaves nothing refuted and not all proved.
#[test]
fn four_means_inconclusive() {
    let folder = folder("four");
    let mut objects = crate::sample::objects();
    for object in &mut objects {
        if object["kind"] == "Deployment" || object["kind"] == "Pod" {
            let pod =
                if object["kind"] == "Pod" { object } else { &mut object["spec"]["template"] };
            pod["spec"]["schedulerName"] = "volcano".into();
        }
    }
    objects.retain(|object| {
        !["mailer", "db"].iter().any(|name| crate::sample::name(object).starts_with(name))
    });
    write(&folder, "cluster.json", crate::sample::list(&objects).to_string());
    let run = run_in(&folder, &["prove", "cluster.json"]).ended(4);
    assert!(run.stdout.contains("web is UNKNOWN"), "{}", run.stdout);
}

#[test]
fn a_workload_twice_in_the_inputs_counts_once() {
    let folder = folder("twice");
    write(&folder, "a.json", text());
    write(&folder, "b.json", text());
    let once = run_in(&folder, &["prove", "-o", "json", "a.json"]).ended(1);
    let twice = run_in(&folder, &["prove", "-o", "json", "a.json", "b.json"]).ended(1);
    assert_eq!(once.stdout, twice.stdout);
}
