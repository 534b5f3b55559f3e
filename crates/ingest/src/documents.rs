//! Every API object of every source, handed over one at a time.

mod head;
mod list;
mod stream;

use self::list::Stop;
use crate::{
    Diagnostic, RawObject, Rule, Severity, Source,
    inventory::Inventory,
    text::{LineCursor, Positions, Text},
};

/// Who is told of what is found, through all layers of packing and nesting.
pub(crate) struct Reader<'v> {
    pub(crate) visit: &'v mut dyn FnMut(RawObject<'_>),
    pub(crate) diagnostics: &'v mut Vec<Diagnostic>,
    pub(crate) inventory: Inventory,
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
    let mut reader = Reader { visit, diagnostics, inventory: Inventory::default() };
    let only = if sources.len() == 1 { sources.first().map(|one| one.name.clone()) } else { None };
    for source in sources {
        reader.source(&source);
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

impl Reader<'_> {
    fn source(&mut self, source: &Source) {
        let file = self.inventory.files.len() as u32;
        self.inventory.files.push(source.name.clone());
        let Ok(json) = std::str::from_utf8(&source.bytes) else { return };
        let text = Text {
            file,
            name: &source.name,
            explicit: source.explicit,
            json,
            positions: Positions::Direct(LineCursor::default()),
        };
        match self.json_stream(&text) {
            Ok(_) | Err(Stop::Told) => {}
            Err(Stop::Fault(fault)) => self.diagnostics.push(text.report(fault)),
        }
    }
}

#[cfg(test)]
mod tests;
