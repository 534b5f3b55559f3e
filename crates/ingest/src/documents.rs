//! Every API object of every source, handed over one at a time.

mod contents;
mod decode;
mod go_names;
mod head;
mod list;
mod path;
mod stream;

use crate::{Diagnostic, RawObject, Rule, Severity, Source, inventory::Inventory};

/// Who is told of what is found, through all layers of packing and nesting.
pub(crate) struct Reader<'v> {
    pub(crate) visit: &'v mut dyn FnMut(RawObject<'_>),
    pub(crate) diagnostics: &'v mut Vec<Diagnostic>,
    pub(crate) inventory: Inventory,
    /// The file whose path was last taken for the kind of its objects, to say so once.
    pub(crate) told_by_path: Option<u32>,
    /// The file last told to have Go's field names.
    pub(crate) told_of_go: Option<u32>,
}

/// Hands every API object of the sources to `visit`, in order, and tells what was found.
///
/// A source's bytes are freed once it is read. Diagnostics of severity [`Severity::Error`] mean
/// that the input is refused as a whole: what was visited until then must not be used. The visitor
/// keeps the diagnostics of its own parses.
pub fn for_each_object(
    sources: Vec<Source>,
    visit: &mut dyn FnMut(RawObject<'_>),
    diagnostics: &mut Vec<Diagnostic>,
) -> Inventory {
    let mut reader = Reader {
        visit,
        diagnostics,
        inventory: Inventory::default(),
        told_by_path: None,
        told_of_go: None,
    };
    let only = if sources.len() == 1 { sources.first().map(|one| one.name.clone()) } else { None };
    for source in sources {
        reader.source(source);
    }
    let Reader { diagnostics, inventory, .. } = reader;
    let refused = diagnostics.iter().any(|found| found.severity == Severity::Error);
    if inventory.objects.total() == 0 && !refused {
        diagnostics.push(Diagnostic {
            rule: Rule::NoObjects,
            severity: Severity::Warning,
            place: None,
            object: None,
            detail: only.unwrap_or_default(),
        });
    }
    inventory
}

#[cfg(test)]
mod tests;
