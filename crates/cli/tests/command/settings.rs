//! Flags by environment, and what tells where values come from.

use std::process::Stdio;

use boon::{Compiler, Schemas};
use insta::assert_snapshot;
use serde_json::Value;

use crate::holdfast::{Run, command, ended, fixtures, folder, run, write};

const EDGE: &str = "edge/cluster.json";

/// Runs the command with variables.
fn with(variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = command(&fixtures());
    ended(command.envs(variables.iter().copied()).args(arguments).output().unwrap())
}

#[test]
fn every_value_says_where_it_comes_from() {
    let variables =
        [("HOLDFAST_BUDGET", "500"), ("HOLDFAST_BUDGETS", "2"), ("HOLDFAST_ALL", "yes")];
    let words = ["config", "show", "prove", EDGE, "--nodes", "2", "--set", "a=1", "--set", "b=2"];
    assert_snapshot!(with(&variables, &words).ended(0).transcript());
    // Without a command it is about the gate.
    let gate = with(&[], &["config", "show"]).ended(0).stdout;
    assert!(gate.starts_with("holdfast check would run with\n"), "{gate}");
    assert!(gate.contains("no holdfast.yaml here or above"), "{gate}");
}

#[test]
fn settings_follow_their_schema() {
    let path = fixtures().join("../docs/schemas/holdfast.config.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let variables = [("HOLDFAST_REMEDIE", "2"), ("HOLDFAST_OUTPUT", "json")];
    let words = ["config", "show", "-o", "json", "plan", "repair", "--write", "out"];
    let mut told = with(&variables, &words).ended(0).json();
    schemas.validate(&told, schema).unwrap();
    let settings = told["settings"].as_array().unwrap();
    let source = |name: &str| {
        let found = settings.iter().find(|setting| setting["name"] == name);
        found.map(|setting| (setting["source"].clone(), setting["variable"].clone())).unwrap()
    };
    assert_eq!(source("--write"), ("commandLine".into(), "HOLDFAST_WRITE".into()));
    assert_eq!(source("--output"), ("environment".into(), "HOLDFAST_OUTPUT".into()));
    assert_eq!(source("--remedies"), ("default".into(), "HOLDFAST_PLAN_REPAIR_REMEDIES".into()));
    assert_eq!(source("INPUT"), ("unset".into(), Value::Null));
    told["settings"][0]["source"] = "guessed".into();
    assert!(schemas.validate(&told, schema).is_err(), "the schema says something");
}

#[test]
fn the_policy_that_would_be_found_is_told() {
    let folder = folder("settings-policy");
    write(&folder, "above/here/.keep", "");
    let told = |place: &str| {
        let words = ["config", "show", "-o", "json", "check"];
        let run = ended(command(&folder.join(place)).args(words).output().unwrap());
        let told = run.ended(0).json();
        let settings = told["settings"].as_array().unwrap();
        let policy = settings.iter().find(|setting| setting["name"] == "--policy").unwrap();
        (policy["source"].clone(), policy["values"][0].as_str().unwrap_or_default().to_owned())
    };
    write(&folder, "above/holdfast.yaml", "");
    assert_eq!(told("above"), ("here".into(), "holdfast.yaml".to_owned()));
    let (source, found) = told("above/here");
    assert_eq!(source, "above");
    assert!(found.ends_with("above/holdfast.yaml"), "{found}");
}

#[test]
fn what_makes_no_sense_is_refused_as_the_command_would() {
    assert_snapshot!("nonsense", run(&["config", "show", "proof"]).ended(2).transcript());
    let number = run(&["config", "show", "prove", "--nodes", "all"]).ended(2);
    assert!(number.stderr.contains("invalid value 'all' for '--nodes <K>'"), "{}", number.stderr);
    let format = run(&["config", "show", "-o", "csv"]).ended(2);
    assert_eq!(format.stdout, "");
}

#[test]
fn switches_take_yes_and_no() {
    let check = ["check", "--policy", "policies/edge.yaml", EDGE, "-o", "concise"];
    for yes in ["1", "true", "yes"] {
        with(&[("HOLDFAST_EXIT_ZERO", yes)], &check).ended(0);
    }
    for no in ["", "0", "false", "no"] {
        with(&[("HOLDFAST_EXIT_ZERO", no)], &check).ended(1);
    }
    with(&[("HOLDFAST_EXIT_ZERO", "perhaps")], &check).ended(2);
    // No is as good as nothing said: it conflicts with nothing.
    let tolerance = [("HOLDFAST_TOLERANCE", "no"), ("HOLDFAST_DOMAIN", "")];
    with(&tolerance, &["prove", EDGE, "--nodes", "1"]).ended(1);
}

#[test]
fn the_command_line_comes_first() {
    let variables = [("HOLDFAST_POLICY", "no-such.yaml"), ("HOLDFAST_OUTPUT", "json")];
    let check = ["check", "--policy", "policies/homelab.yaml", "homelab/cluster.json"];
    let told = with(&variables, &[&check[..], &["-o", "concise"]].concat()).ended(0);
    assert_eq!(told.stdout, "");
    assert!(with(&variables, &check).ended(0).stdout.starts_with('{'));
}

#[test]
fn what_the_environment_brings_about_is_hinted_at() {
    let conflict = with(&[("HOLDFAST_NODES", "2")], &["prove", EDGE, "--domain", "zone"]);
    assert_snapshot!("conflict", conflict.ended(2).transcript());
}

/// A variable of one command's own does not reach the others.
#[test]
fn nodes_of_synth_are_not_those_that_fail() {
    let mut made = command(&fixtures());
    made.args(["synth", "--pods", "3"]).env("HOLDFAST_NODES", "1").stdin(Stdio::null());
    let all = ended(made.output().unwrap()).ended(0);
    let few = with(&[("HOLDFAST_SYNTH_NODES", "4")], &["synth", "--pods", "3"]).ended(0);
    let nodes = |run: &Run| run.stdout.matches("\"kind\":\"Node\"").count();
    assert_eq!((nodes(&all), nodes(&few)), (100, 4));
}
