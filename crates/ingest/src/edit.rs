//! Patches written into the manifests that objects come from, in place.
//!
//! Nothing is printed anew: what the patch makes of an object is compared with what its text says,
//! and the lines that differ are written, so that comments, order and formatting stay. JSON is read
//! as the YAML that it is. Every edit is judged by reading the text again: where the object does
//! not say then what it was to say, or anything else says something else, it is refused.

mod changes;
mod find;
mod place;
mod tree;
mod words;

use std::sync::Arc;

use serde_json::Value;

use self::changes::Editor;
use self::find::Found;
pub use self::place::IDENTITIES;
use self::tree::Document;
use crate::overlay::{Named, merge};
use crate::text::LineCursor;
use crate::{Place, Source};

/// Manifests that are edited.
#[derive(Debug)]
pub struct Manifests {
    files: Vec<Manifest>,
}

/// A file of manifests.
#[derive(Debug)]
pub struct Manifest {
    /// What it goes by.
    pub name: String,
    /// The text as it was read.
    pub before: String,
    /// The text as it is to be.
    pub after: String,
    /// What stands there; nothing where the parser does not take it.
    documents: Option<Vec<Document>>,
}

/// Why a patch is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// There is no such object; places where one of the kind and name is in another namespace, and
    /// files that look like manifests and do not parse.
    NotFound {
        /// Of another namespace, or of none.
        near: Vec<Place>,
        /// What the parser does not take, templates for instance.
        unread: Vec<String>,
    },
    /// There are several.
    Twice(Vec<Place>),
    /// It is written with anchors, aliases or tags.
    Tied(Place),
    /// It is a template.
    Template(Place),
    /// It is written in a way that is not edited.
    Shape(Place),
}

impl Manifests {
    /// The manifests of sources; what is no text holds none.
    pub fn new(sources: Vec<Source>) -> Self {
        let texts = sources.into_iter().filter_map(|source| {
            let text = String::from_utf8(Arc::unwrap_or_clone(source.bytes)).ok()?;
            Some((source.name, text))
        });
        let file = |(name, text): (String, String)| Manifest {
            name,
            documents: tree::documents(&text).ok(),
            after: text.clone(),
            before: text,
        };
        Self { files: texts.map(file).collect() }
    }

    /// Writes a patch into the manifest of an object; tells the file.
    ///
    /// The kind is as Kubernetes spells it, or the name of the resource with its group.
    ///
    /// # Errors
    /// Where it is not safe. Nothing is changed then.
    pub fn write(&mut self, object: &Named, patch: &Value) -> Result<&str, Unwritten> {
        let (at, found) = self.find(object)?;
        let (after, documents) = self.files[at].patched(&found, patch)?;
        let file = &mut self.files[at];
        file.after = after;
        file.documents = Some(documents);
        Ok(&file.name)
    }

    /// Where a field of an object stands, or what is nearest above it where it is not there.
    /// `None` where the object itself is not found, or twice.
    pub fn place_of(&self, object: &Named, path: &str) -> Option<Place> {
        let (at, found) = self.find(object).ok()?;
        Some(self.files[at].at(place::of(found.node, path)))
    }

    /// Files whose text is another now.
    pub fn changed(&self) -> impl Iterator<Item = &Manifest> {
        self.files.iter().filter(|file| file.before != file.after)
    }

    /// The one part of a document that is the object, and its file.
    fn find(&self, object: &Named) -> Result<(usize, Found<'_>), Unwritten> {
        let (mut all, mut near, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        for (at, file) in self.files.iter().enumerate() {
            let Some(documents) = &file.documents else {
                if file.after.contains("apiVersion") {
                    unread.push(file.name.clone());
                }
                continue;
            };
            for found in find::objects(documents) {
                if found.is(object) {
                    all.push((at, found));
                } else if found.is_near(object) {
                    near.push(file.place(&found));
                }
            }
        }
        match all.len() {
            0 => Err(Unwritten::NotFound { near, unread }),
            1 => Ok(all.remove(0)),
            _ => {
                let places = all.iter().map(|(at, found)| self.files[*at].place(found));
                Err(Unwritten::Twice(places.collect()))
            }
        }
    }
}

impl Manifest {
    fn place(&self, found: &Found<'_>) -> Place {
        self.at(found.node.span.start)
    }

    fn at(&self, byte: usize) -> Place {
        let (line, column) = LineCursor::default().locate(&self.after, byte);
        Place { file: self.name.clone(), line, column }
    }

    /// The text with the patch in it, and what stands there then.
    fn patched(
        &self,
        found: &Found<'_>,
        patch: &Value,
    ) -> Result<(String, Vec<Document>), Unwritten> {
        let documents = self.documents.as_deref().unwrap_or_default();
        let document = &documents[found.document];
        if document.tied {
            return Err(Unwritten::Tied(self.place(found)));
        }
        if self.after[found.node.span.clone()].contains("{{") {
            return Err(Unwritten::Template(self.place(found)));
        }
        let mut wanted = found.node.value();
        merge::patch(&mut wanted, patch);
        let edited = Editor::new(&self.after, &document.root).edited(found.node, &wanted);
        let read = edited.and_then(|text| Some((tree::documents(&text).ok()?, text)));
        let judged = read.filter(|(after, _)| says(documents, after, found, &wanted));
        let (after, text) = judged.ok_or_else(|| Unwritten::Shape(self.place(found)))?;
        Ok((text, after))
    }
}

/// Whether the object says what it is to say, and everything else what it said.
fn says(before: &[Document], after: &[Document], found: &Found<'_>, wanted: &Value) -> bool {
    let expected = |(at, document): (usize, &Document)| {
        let mut value = document.root.value();
        if at == found.document {
            let object = found.way.iter().try_fold(&mut value, |value, step| step.enter(value));
            *object? = wanted.clone();
        }
        Some(value)
    };
    let expected: Option<Vec<Value>> = before.iter().enumerate().map(expected).collect();
    expected.is_some_and(|expected| {
        expected.into_iter().eq(after.iter().map(|document| document.root.value()))
    })
}

#[cfg(test)]
mod tests;
