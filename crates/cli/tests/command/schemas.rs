//! Every report and outcome is what its schema in the repository says.

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::holdfast::{fixtures, run};

/// Fixtures with every kind of verdict and counterexample between them.
const REPORTS: [&[&str]; 8] = [
    &["prove", "-o", "json", "homelab/cluster.json"],
    &["prove", "-o", "json", "edge/cluster.json"],
    &["prove", "-o", "json", "--nodes", "2", "edge/cluster.json"],
    &["prove", "-o", "json", "--domain", "node-role", "homelab/cluster.json"],
    &["prove", "-o", "json", "--tolerance", "edge/cluster.json"],
    &["prove", "-o", "json", "--fail", "worker-1,worker-2", "--orders", "edge/cluster.json"],
    &["prove", "-o", "json", "--sequence", "fail worker-1; fail worker-2", "edge/cluster.json"],
    &["prove", "-o", "json", "--fail", "homelab-02", "homelab/cluster.json"],
];

/// Stories with ranges, messages, storage, a lost quorum and a run that is told.
const OUTCOMES: [&[&str]; 5] = [
    &["simulate", "-o", "json", "homelab/cluster.json"],
    &["simulate", "-o", "json", "homelab/cluster.json", "--event", "fail:homelab-04"],
    &["simulate", "-o", "json", "edge/cluster.json", "--event", "fail:worker-1,worker-2"],
    &["simulate", "-o", "json", "zero-spof/after-ceph.json", "--event", "fail:cloudserver1"],
    &["simulate", "-o", "json", "edge/cluster.json", "--event", "drain:worker-1+fail:worker-2"],
];

#[test]
fn outcomes_follow_their_schema() {
    let path = fixtures().join("../docs/schemas/holdfast.outcome.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    for arguments in OUTCOMES {
        let outcome: Value = serde_json::from_str(&run(arguments).stdout).unwrap();
        if let Err(error) = schemas.validate(&outcome, schema) {
            panic!("{arguments:?}: {error}");
        }
        let mut wrong = outcome;
        wrong["steps"][0]["nodes"] = Value::Null;
        assert!(schemas.validate(&wrong, schema).is_err(), "the schema says something");
    }
}

/// Whether an answer of `plan` follows its schema.
pub(crate) fn schema_of_plans(told: &Value) -> Result<(), String> {
    let path = fixtures().join("../docs/schemas/holdfast.plan.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    schemas.validate(told, schema).map_err(|error| error.to_string())
}

#[test]
fn plans_follow_their_schema() {
    for plan in ["k3s/after.json", "data-platform/option-a.json"] {
        let plan: Value =
            serde_json::from_str(&run(&["plan", "repair", "-o", "json", plan]).stdout).unwrap();
        assert_eq!(schema_of_plans(&plan), Ok(()));
        let mut wrong = plan;
        wrong["workloads"][0]["refuted"][0] = "MAYBE".into();
        assert!(schema_of_plans(&wrong).is_err(), "the schema says something");
    }
}

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
