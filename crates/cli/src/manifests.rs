//! `plan repair --write`: patches in the manifests that objects come from.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use holdfast_ingest::Place;
use holdfast_ingest::edit::{Manifest, Manifests, Unwritten};
use holdfast_ingest::overlay::Named;
use holdfast_planner::patch::Patch;
use holdfast_planner::report::{ChangeReport, TogetherReport};
use holdfast_proof::report::Object;
use holdfast_render::written::{Written, WrittenObject};
use tempfile::{NamedTempFile, TempPath};

use crate::failure::{Failure, unwritten};
use crate::{input, render};

/// A folder of manifests.
pub struct Folder {
    path: PathBuf,
    manifests: Manifests,
}

impl Folder {
    /// Reads the manifests below a folder.
    ///
    /// # Errors
    /// When it cannot be read, or is no folder.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" || path.exists() && !path.is_dir() {
            let message = format!("--write {}: this is no folder", path.display());
            return Err(Failure::usage(message).hint("name the folder that holds the manifests"));
        }
        let sources = input::read(&[path.to_owned()])?;
        Ok(Self { path: path.to_owned(), manifests: Manifests::new(sources) })
    }

    /// Writes all patches into their manifests, or none.
    ///
    /// # Errors
    /// A manifest that cannot be edited safely, or a file that cannot be written.
    pub fn write(mut self, together: &TogetherReport) -> Result<Written, Failure> {
        let by_hand = together.changes.iter().filter(|change| !is_of_manifest(change));
        let mut all = Written { written: Vec::new(), by_hand: by_hand.cloned().collect() };
        for Patch { object, patch, .. } in &together.patches {
            let Some(patch) = patch else { continue };
            let named = Named {
                kind: object.kind.clone(),
                namespace: object.namespace.clone(),
                name: object.name.clone(),
            };
            let file = self.manifests.write(&named, patch);
            let file = file.map_err(|why| refused(&self.path, object, &why))?.to_owned();
            all.written.push(WrittenObject { file, object: object.clone() });
        }
        save(&self.manifests)?;
        Ok(all)
    }
}

/// Whether a patch says it: nodes are machines, and what was declared is in a file of assumptions.
fn is_of_manifest(change: &ChangeReport) -> bool {
    !matches!(
        change,
        ChangeReport::AddNode { .. }
            | ChangeReport::RemoveNode { .. }
            | ChangeReport::Cordon { .. }
            | ChangeReport::Taint { .. }
            | ChangeReport::Untaint { .. }
            | ChangeReport::Label { .. }
            | ChangeReport::Copies { of: "storage-class", .. }
    )
}

/// Puts every file in its place at once, when all of them are written beside it.
fn save(manifests: &Manifests) -> Result<(), Failure> {
    let failed = |file: &Manifest, error: &io::Error| unwritten(&file.name, error);
    let mut beside = Vec::new();
    for file in manifests.changed() {
        beside.push((file, put_beside(file).map_err(|error| failed(file, &error))?));
    }
    for (file, (new, path)) in beside {
        new.persist(path).map_err(|error| failed(file, &error.error))?;
    }
    Ok(())
}

/// The new text in a file beside the old one, with its permissions; where the old one is.
fn put_beside(file: &Manifest) -> io::Result<(TempPath, PathBuf)> {
    // A link stays a link.
    let path = fs::canonicalize(&file.name)?;
    if fs::read(&path)? != file.before.as_bytes() {
        return Err(io::Error::other("somebody else has changed it meanwhile"));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(file.after.as_bytes())?;
    new.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
    new.as_file().sync_all()?;
    Ok((new.into_temp_path(), path))
}

fn refused(folder: &Path, object: &Object, why: &Unwritten) -> Failure {
    let what = render::prove::short(object);
    let what = match &*object.namespace {
        "" => what,
        namespace => format!("{namespace}/{what}"),
    };
    let at = |Place { file, line, .. }: &Place| format!("{file}:{line}");
    let said = |why: &str| Failure::usage(format!("--write: {what}: {why}; nothing was written"));
    match why {
        Unwritten::NotFound { near, unread } => {
            let failure = said(&format!("no manifest of it is in {}", folder.display()));
            match (near.first(), unread.first()) {
                (Some(near), _) => failure.hint(format!(
                    "{} is of another namespace, or says none, which is default",
                    at(near)
                )),
                (None, Some(unread)) => failure.hint(format!(
                    "{unread} does not parse: templates are not edited, what they are rendered \
                     from is"
                )),
                (None, None) => failure.hint(
                    "name the folder that holds it, or apply the patch with the kubectl line",
                ),
            }
        }
        Unwritten::Twice(places) => {
            let places: Vec<String> = places.iter().map(at).collect();
            said(&format!("it is there more than once: {}", render::words::list(&places, 4)))
                .hint("name a folder that holds it once")
        }
        Unwritten::Tied(place) => said(&format!("{} has anchors, aliases or tags", at(place)))
            .hint("edit it by hand: what they stand for may be meant elsewhere, too"),
        Unwritten::Template(place) => {
            said(&format!("{} is a template", at(place))).hint("edit its values by hand")
        }
        Unwritten::Shape(place) => {
            said(&format!("{} is written in a way that is not edited", at(place)))
                .hint("edit it by hand, as the patch says")
        }
    }
}
