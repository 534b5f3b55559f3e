//! From the bytes of a file to the reader of what they are.

use std::borrow::Cow;
use std::sync::Arc;

use super::{
    Reader, decode,
    list::Stop,
    stream::{self, LOG_START},
};
use crate::{
    Diagnostic, Place, Rule, Severity, Source,
    inventory::Skipped,
    json::{self, Cursor},
    text::{Fault, LineCursor, Positions, Text},
    unpack::{self, LAYERS_MAX, Packing, Unpacked},
    yaml::{self, Broken, Document},
};

/// The file that is being read.
#[derive(Debug, Clone, Copy)]
struct File<'f> {
    name: &'f str,
    explicit: bool,
    /// How many layers of packing were opened to get here.
    layer: usize,
}

impl File<'_> {
    fn loss(self) -> Severity {
        if self.explicit { Severity::Error } else { Severity::Warning }
    }
}

impl Reader<'_> {
    /// Reads one source.
    pub(super) fn source(&mut self, source: Source) {
        let Source { name, bytes, explicit } = source;
        let file = File { name: &name, explicit, layer: 0 };
        match Arc::try_unwrap(bytes) {
            Ok(bytes) => self.bytes(file, Cow::Owned(bytes)),
            Err(shared) => self.bytes(file, Cow::Borrowed(&shared)),
        }
    }

    /// Reads bytes, packed or not. Owned bytes are freed as soon as they are unpacked.
    fn bytes(&mut self, file: File<'_>, bytes: Cow<'_, [u8]>) {
        let inner = File { layer: file.layer + 1, ..file };
        let packing = unpack::packing(&bytes);
        if !matches!(packing, Packing::Plain | Packing::Other(_)) && file.layer == LAYERS_MAX {
            return self.whole_file(file, Rule::ArchiveTooLarge, "archives within archives");
        }
        let unpacked = match packing {
            Packing::Gzip => unpack::gzip(&bytes),
            Packing::Zstd => unpack::zstd(&bytes),
            Packing::Tar => {
                let members = unpack::for_each_member(&bytes, |path, member| {
                    let name = format!("{}!/{}", file.name, path.trim_start_matches("./"));
                    self.bytes(File { name: &name, explicit: false, ..inner }, member);
                });
                return self.unpacked(file, members);
            }
            Packing::Other(_) if !file.explicit => return self.inventory.skip(Skipped::Binary),
            Packing::Other(kind) => return self.whole_file(file, Rule::UnsupportedArchive, kind),
            Packing::Plain => return self.plain(file, &bytes),
        };
        drop(bytes);
        match unpacked {
            Ok(unpacked) => self.bytes(inner, Cow::Owned(unpacked)),
            Err(error) => self.unpacked(file, Err(error)),
        }
    }

    fn unpacked(&mut self, file: File<'_>, result: Result<(), Unpacked>) {
        if let Err(Unpacked { rule, detail }) = result {
            self.whole_file(file, rule, &detail);
        }
    }

    /// Tells what is wrong with a file as a whole.
    fn whole_file(&mut self, file: File<'_>, rule: Rule, detail: &str) {
        self.inventory.losses.unknown();
        self.diagnostics.push(Diagnostic {
            rule,
            severity: file.loss(),
            place: Some(Place { file: file.name.to_owned(), line: 1, column: 1 }),
            object: None,
            detail: detail.to_owned(),
        });
    }

    /// Reads bytes that are not packed.
    fn plain(&mut self, file: File<'_>, bytes: &[u8]) {
        let json = match decode::text(bytes) {
            Ok(json) => json,
            Err(wrong) if !file.explicit && wrong.rule == Rule::BinaryFile => {
                return self.inventory.skip(Skipped::Binary);
            }
            Err(wrong) if !file.explicit && !may_hold_objects(wrong.before) => {
                return self.inventory.skip(Skipped::OtherText);
            }
            Err(wrong) => {
                // What stands behind the wrong byte is not known.
                self.inventory.losses.unknown();
                let text = self.text(file, wrong.before);
                let fault = Fault::new(wrong.rule, wrong.before.len(), wrong.detail);
                return self.diagnostics.push(text.report(fault));
            }
        };
        match Cursor::new(json, 0).peek() {
            None if file.explicit => {
                let detail = format!("{} bytes", bytes.len());
                self.whole_file(file, Rule::EmptyFile, &detail);
            }
            None => self.inventory.skip(Skipped::Empty),
            Some(_) if starts_like_json(json) => self.json(file, json),
            Some(_) if file.explicit && is_kubectl_error(json) => {
                let line = json.trim_start().lines().next().unwrap_or_default();
                self.whole_file(file, Rule::ApiError, line);
            }
            Some(_) if file.explicit || may_hold_objects(json) => self.yaml(file, json, 0),
            Some(_) => self.inventory.skip(Skipped::OtherText),
        }
    }

    fn text<'a>(&mut self, file: File<'a>, json: &'a str) -> Text<'a> {
        Text {
            file: self.file_index(file.name),
            name: file.name,
            explicit: file.explicit,
            json,
            positions: Positions::Direct(LineCursor::default()),
        }
    }

    fn file_index(&mut self, name: &str) -> u32 {
        if self.inventory.files.last().is_none_or(|last| last != name) {
            self.inventory.files.push(name.to_owned());
        }
        self.inventory.files.len() as u32 - 1
    }

    fn json(&mut self, file: File<'_>, json: &str) {
        let before = self.inventory.objects.total();
        let text = self.text(file, json);
        let result = match json::too_deep(json) {
            Some(at) => Err(too_deep(at).into()),
            None => self.json_stream(&text),
        };
        match result {
            Ok(None) | Err(Stop::Told) => {}
            Ok(Some(at)) => self.yaml(file, json, at),
            // Logs and metrics often start like JSON; what never names an object is passed over.
            Err(Stop::Fault(_))
                if !file.explicit
                    && self.inventory.objects.total() == before
                    && !may_hold_objects(json) =>
            {
                self.inventory.skip(Skipped::OtherText);
            }
            Err(Stop::Fault(fault)) => {
                self.inventory.losses.text(json);
                self.diagnostics.push(text.report(fault));
            }
        }
    }

    /// Reads YAML from a byte offset to the end.
    fn yaml(&mut self, file: File<'_>, whole: &str, at: usize) {
        let first_line = self.text(file, whole).line_column(at).0;
        let (text, logs, unended) = without_logs(&whole[at..]);
        (0..logs).for_each(|_| self.inventory.skip(Skipped::LogBlock));
        if let Some(log) = unended {
            let place = self.text(file, whole).place(at + log);
            self.unended_log(place);
        }
        yaml::for_each_document(&text, first_line, |result| match result {
            Ok(document) => self.document(file, &document),
            Err(broken) => {
                self.inventory.losses.text(&text);
                self.broken(file, broken);
            }
        });
    }

    fn document(&mut self, file: File<'_>, document: &Document) {
        if document.json == "null" || document.json.is_empty() {
            return self.inventory.skip(Skipped::Empty);
        }
        for &(line, column) in &document.hidden {
            self.diagnostics.push(Diagnostic {
                rule: Rule::HiddenValue,
                severity: Severity::Warning,
                place: Some(Place { file: file.name.to_owned(), line, column }),
                object: None,
                detail: String::new(),
            });
        }
        let positions = Positions::Mapped(&document.marks);
        let text = Text { json: &document.json, positions, ..self.text(file, "") };
        let result = match json::too_deep(text.json) {
            Some(at) => Err(too_deep(at).into()),
            None => self.value(&text, &mut Cursor::new(text.json, 0)),
        };
        if let Err(Stop::Fault(fault)) = result {
            self.inventory.losses.text(text.json);
            self.diagnostics.push(text.report(fault));
        }
    }

    fn broken(&mut self, file: File<'_>, broken: Broken) {
        let Broken { rule, line, column, detail } = broken;
        let place = Some(Place { file: file.name.to_owned(), line, column });
        let severity = file.loss();
        self.diagnostics.push(Diagnostic { rule, severity, place, object: None, detail });
    }
}

fn too_deep(at: usize) -> Fault {
    Fault::new(Rule::TooDeep, at, format!("more than {} levels", json::DEPTH_MAX))
}

/// Whether a text is to be read as JSON: an object whose first key is quoted, or an array of
/// objects, arrays or strings. YAML's flow style allows more, and is read as YAML.
fn starts_like_json(text: &str) -> bool {
    let mut cursor = Cursor::new(text, 0);
    if cursor.take(b'{') {
        matches!(cursor.peek(), Some(b'"' | b'}') | None)
    } else {
        cursor.take(b'[') && matches!(cursor.peek(), Some(b'{' | b'[' | b']' | b'"') | None)
    }
}

/// Whether a text begins with what kubectl says when it has nothing to print, as a file holds it
/// that was written with `&>`.
fn is_kubectl_error(text: &str) -> bool {
    const STARTS: [&str; 4] = [
        "Error from server",
        "Unable to connect to the server",
        "The connection to the server",
        "error: ",
    ];
    STARTS.iter().any(|start| text.trim_start().starts_with(start))
}

/// Whether some line says what every API object says. Tells manifests from logs and configuration.
fn may_hold_objects(text: &str) -> bool {
    text.contains("apiVersion") || text.contains("APIVersion")
}

/// The text with a document separator in place of every block of container logs, as a
/// `kubectl cluster-info dump -o yaml` has them; lines keep their numbers. Also how many blocks
/// there were, and where one starts that does not end.
fn without_logs(text: &str) -> (Cow<'_, str>, u64, Option<usize>) {
    let mut kept = String::new();
    let mut rest = text;
    let mut blocks = 0;
    let mut unended = None;
    while let Some(start) = line_starting(rest, LOG_START) {
        kept.push_str(&rest[..start]);
        let block = &rest[start..];
        let length = stream::log_block(block).unwrap_or_else(|| {
            unended = Some(text.len() - block.len());
            block.len()
        });
        blocks += 1;
        kept.push_str("---");
        kept.extend(block[..length].chars().filter(|&character| character == '\n'));
        rest = &block[length..];
    }
    if blocks == 0 {
        return (Cow::Borrowed(text), 0, None);
    }
    kept.push_str(rest);
    (Cow::Owned(kept), blocks, unended)
}

/// Where a line starts with these words.
fn line_starting(text: &str, words: &str) -> Option<usize> {
    text.match_indices(words).map(|(at, _)| at).find(|&at| at == 0 || text[..at].ends_with('\n'))
}
