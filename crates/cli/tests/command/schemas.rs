//! Every report is what its schema in the repository says.

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::holdfast::{fixtures, run};

/// Fixtures with every kind of verdict and counterexample between them.
const REPORTS: [&[&str]; 4] = [
    &["prove", "-o", "json", "homelab/cluster.json"],
    &["prove", "-o", "json", "edge/cluster.json"],
    &["prove", "-o", "json", "--nodes", "2", "edge/cluster.json"],
    &["prove", "-o", "json", "--fail", "homelab-02", "homelab/cluster.json"],
];

#[test]
fn reports_follow_their_schema() {
    let path = fixtures().join("../docs/schemas/holdfast.report.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    for arguments in REPORTS {
        let report: Value = serde_json::from_str(&run(arguments).stdout).unwrap();
        if let Err(error) = schemas.validate(&report, schema) {
            panic!("{arguments:?}: {error}");
        }
        let mut wrong = report;
        wrong["workloads"][0]["verdict"] = "MAYBE".into();
        assert!(schemas.validate(&wrong, schema).is_err(), "the schema says something");
    }
}
