//! A pod or workload of a manifest that there is to be more of: laid over an export so that what it
//! asks for is known, while none of its pods is there.

use serde_json::{Value, json};

use super::{Alteration, Manifest, Named, read};
use crate::{Diagnostic, Source};

/// Why a manifest tells nothing to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSample {
    /// It holds no pod and no workload.
    Nothing,
    /// It holds several.
    Several(Vec<Named>),
    /// Copies of this kind cannot be made from a manifest alone.
    Kind(Named),
}

/// What is laid over an export so that copies of the one pod or workload can be made.
///
/// # Errors
/// When there is not one of a kind that can be copied.
pub fn sample(
    manifests: Vec<Source>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Alteration, NoSample> {
    const KINDS: [&str; 8] = [
        "Pod",
        "Deployment",
        "ReplicaSet",
        "ReplicationController",
        "Job",
        "CronJob",
        "StatefulSet",
        "DaemonSet",
    ];
    let mut found = read(manifests, None, diagnostics);
    found.retain(|one| KINDS.contains(&&*one.named.kind));
    if found.len() > 1 {
        return Err(NoSample::Several(found.into_iter().map(|one| one.named).collect()));
    }
    let Manifest { named, mut value, .. } = found.pop().ok_or(NoSample::Nothing)?;
    match &*named.kind {
        "Pod" => Ok(bare(named, &value.clone(), value["spec"].take())),
        "Job" => Ok(of_template(named, &value["spec"]["template"])),
        "CronJob" => Ok(of_template(named, &value["spec"]["jobTemplate"]["spec"]["template"])),
        "Deployment" | "ReplicaSet" | "ReplicationController" => {
            value["spec"]["replicas"] = json!(0);
            if let Some(object) = value.as_object_mut() {
                object.remove("status");
            }
            Ok(Alteration::Sample { object: named, value })
        }
        _ => Err(NoSample::Kind(named)),
    }
}

fn of_template(named: Named, template: &Value) -> Alteration {
    bare(named, template, template["spec"].clone())
}

/// A pod that has ended: it asks for what others like it will.
fn bare(named: Named, like: &Value, mut spec: Value) -> Alteration {
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("nodeName");
    }
    let named = Named { kind: "Pod".to_owned(), ..named };
    let metadata = json!({
        "labels": like["metadata"]["labels"], "annotations": like["metadata"]["annotations"],
    });
    let value = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec,
        "status": { "phase": "Succeeded" },
    });
    Alteration::Sample { object: named, value }
}
