//! The published plans: a change of each kind, and the same edit of the export.

use holdfast_cluster::{Change, Cluster};
use holdfast_ingest::Source;
use holdfast_ingest::edit::Manifests;
use holdfast_ingest::overlay::{Alteration, Named};
use holdfast_planner::patch::{Patch, patches};

use serde_json::Value;

use crate::altered::{self, Altered, Pick};
use crate::{proved, read};

const PLANS: [&str; 5] = [
    "homelab/cluster.json",
    "edge/cluster.json",
    "k3s/after.json",
    "zero-spof/after-longhorn.json",
    "data-platform/option-a.json",
];

#[test]
fn changes_of_the_plans_are_edits_of_their_exports() {
    let (mut same, mut telling, mut manifests) = (0, 0, 0);
    for plan in PLANS {
        let path = format!("{}/../../fixtures/{plan}", env!("CARGO_MANIFEST_DIR"));
        let sources = vec![Source::named(plan, std::fs::read(path).unwrap())];
        let before = read(sources.clone());
        let unchanged = proved(&before);
        for what in 0..9_u8 {
            // Spread over the plan, each kind of change meets another workload and another node.
            let at = usize::from(what);
            let pick = Pick { what, workload: 3 * at + 1, node: at, replicas: 2 };
            let Some(Altered { change, alteration }) = altered::of(&before, &pick) else {
                continue;
            };
            let changed = before.changed(std::slice::from_ref(&change)).unwrap();
            let one = proved(&changed);
            let other = proved(&altered::edited(sources.clone(), vec![alteration]));
            assert_eq!(one, other, "{plan}: {change:?}");
            if let Some(file) = written(&sources, &before, &change) {
                let laid = altered::edited(sources.clone(), vec![Alteration::Apply(vec![file])]);
                assert_eq!(one, proved(&laid), "{plan}: {change:?}, in its manifests");
                manifests += 1;
            }
            same += 1;
            telling += u32::from(one != unchanged);
        }
    }
    assert!(same >= 30 && telling >= 8, "{same} alike, {telling} of which make a difference");
    assert!(manifests >= 15, "{manifests} are said by manifests");
}

/// The manifests of what a change patches, with the patches written into them, if it has any.
fn written(sources: &[Source], cluster: &Cluster, change: &Change) -> Option<Source> {
    let after = cluster.changed(std::slice::from_ref(change)).ok()?;
    let mut texts = String::new();
    for Patch { object, patch, .. } in patches(cluster, &after, std::slice::from_ref(change)) {
        let (kind, name) = (&object.kind, &object.name);
        let export: Value = serde_json::from_slice(&sources[0].bytes).expect("it is JSON");
        let is_it = |one: &&Value| {
            let metadata = &one["metadata"];
            one["kind"] == **kind
                && metadata["name"] == **name
                && metadata["namespace"] == *object.namespace
        };
        let manifest = export["items"].as_array()?.iter().find(is_it)?;
        let manifest = format!("---\n{manifest:#}\n");
        let mut files = Manifests::new(vec![Source::named("manifest", manifest)]);
        let named = Named { kind: object.kind, namespace: object.namespace, name: object.name };
        files.write(&named, &patch?).expect("a manifest is edited");
        texts += &files.changed().next()?.after;
    }
    (!texts.is_empty()).then(|| Source::named("written", texts))
}
