//! Every object of the fixtures is one that `k8s-openapi` reads, also of kinds whose meaning is not
//! compared; custom resources aside.

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::storage::v1::{CSIDriver, VolumeAttachment};
use serde::Deserialize;
use serde_json::Value;

use crate::{inputs, typed};

/// Groups of custom resources in the fixtures.
const CUSTOM: [&str; 2] = ["longhorn.io/", "ceph.rook.io/"];

#[test]
fn every_object_of_the_fixtures_is_read() {
    for (name, objects) in inputs::exports() {
        for object in objects.iter().filter(|object| !is_custom(object)) {
            let read = match object["kind"].as_str() {
                Some("Namespace") => Namespace::deserialize(object).map(drop),
                Some("CSIDriver") => CSIDriver::deserialize(object).map(drop),
                Some("VolumeAttachment") => VolumeAttachment::deserialize(object).map(drop),
                _ => typed::fact(object).expect("a kind that the judge knows").map(drop),
            };
            if let Err(error) = read {
                panic!("{name}: {error}: {object}");
            }
        }
    }
}

fn is_custom(object: &Value) -> bool {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    CUSTOM.iter().any(|group| version.starts_with(group))
}
