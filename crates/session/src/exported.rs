//! What was changed, as it is done to a cluster: patches, lines for `kubectl`, and the command that
//! asks about the same.

use holdfast_ingest::overlay::Edited;
use holdfast_planner::patch::{self, Patch};
use holdfast_proof::report::Object;
use holdfast_render::exported;
use serde::{Deserialize, Serialize};

use crate::changes::Change;

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    /// Partial manifests, as kustomize merges them; empty where nothing is patched.
    pub patches: String,
    /// Lines for a shell.
    pub kubectl: String,
    /// Files that the lines and the command name.
    pub files: Vec<File>,
    /// The command that asks about the changed cluster.
    pub command: String,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// Its name.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// What these changes came to, object by object.
pub(crate) fn of(changes: &[Change], edited: &[Edited], command: String) -> Exported {
    let files: Vec<File> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Overlay { file, text } => Some(File { name: file.clone(), text: text.clone() }),
            _ => None,
        })
        .collect();
    let mut patched: Vec<(String, Patch)> = Vec::new();
    let mut made: Vec<Object> = Vec::new();
    for one in edited {
        let named = &one.named;
        let object = Object {
            kind: named.kind.clone(),
            namespace: named.namespace.clone(),
            name: named.name.clone(),
        };
        let version = one.after["apiVersion"].as_str().unwrap_or_default();
        match &one.before {
            None => made.push(object),
            Some(before) => {
                let all = patch::of_object(object, before, &one.after).into_iter();
                patched.extend(all.map(|patch| (version.to_owned(), patch)));
            }
        }
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    Exported {
        patches: exported::patches(&patched),
        kubectl: exported::kubectl(&patched, &made, &names),
        files,
        command,
    }
}
