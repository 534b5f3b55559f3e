//! Files to sources, piece by piece, so that a large one tells how far it is.

use holdfast_ingest::Source;
use holdfast_session::Files;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, ReadableStreamDefaultReader};

use super::tell;
use crate::desk::Handed;
use crate::samples::Sample;
use crate::wire::Tell;
use crate::words;

/// How often it is told how far a file is read, in bytes.
const STRIDE_BYTES: usize = 4 << 20;

/// What does not fit a browser's memory beside the cluster that is made of it.
const SIZE_MAX_BYTES: f64 = 2e9;

/// Whatever is said beside an export is in a file of this name.
const ASSUMPTIONS: [&str; 2] = ["assumptions.yaml", "assumptions.yml"];

/// What a policy is called that comes with a sample.
const POLICY: &str = "holdfast.yaml";

/// A file is a policy where its first bytes say so.
const HEAD_BYTES: usize = 4096;

/// The policy among what stands beside the cluster.
pub(super) fn policy(beside: &[Source]) -> Option<Handed> {
    let source = beside.iter().find(|source| is_policy(source))?;
    let text = String::from_utf8_lossy(&source.bytes).into_owned();
    Some(Handed { name: source.name.clone(), text })
}

fn is_policy(source: &Source) -> bool {
    let head = &source.bytes[..source.bytes.len().min(HEAD_BYTES)];
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let is_one = lines.clone().any(|line| line == b"kind: Policy");
    is_one && lines.any(|line| line.starts_with(b"apiVersion: holdfast.dev/"))
}

/// What was pasted, as a file.
pub(super) fn text(text: String) -> Files {
    Files { exports: vec![Source::named(words::PASTED, text)], ..Files::default() }
}

/// A cluster that comes with the page.
pub(super) fn sample(sample: Sample) -> Files {
    Files {
        exports: vec![Source::named(sample.file(), sample.export())],
        assumptions: Some(Source::named(ASSUMPTIONS[0], sample.assumptions())),
        beside: vec![Source::named(POLICY, sample.policy())],
        ..Files::default()
    }
}

/// Reads all files to their ends.
pub(super) async fn files(id: u32, handles: &[File]) -> Result<Files, Tell> {
    let mut files = Files::default();
    for file in handles {
        let name = name(file);
        if file.size() > SIZE_MAX_BYTES {
            return Err(words::too_large(&name, file.size()));
        }
        let bytes = bytes(id, &name, file).await;
        let source = Source::named(name.clone(), bytes.map_err(|_| words::unreadable(&name))?);
        if ASSUMPTIONS.iter().any(|it| name.ends_with(it)) {
            files.assumptions = Some(source);
        } else if is_policy(&source) {
            files.beside.push(source);
        } else {
            files.exports.push(source);
        }
    }
    Ok(files)
}

/// The path within a folder that was dropped or picked, else the file's name.
fn name(file: &File) -> String {
    let path = Reflect::get(file, &"webkitRelativePath".into()).ok();
    path.and_then(|it| it.as_string()).filter(|it| !it.is_empty()).unwrap_or_else(|| file.name())
}

async fn bytes(id: u32, name: &str, file: &File) -> Result<Vec<u8>, JsValue> {
    let size = file.size();
    let mut bytes = Vec::with_capacity(size as usize);
    let reader: ReadableStreamDefaultReader = file.stream().get_reader().unchecked_into();
    let mut told = 0;
    tell(id, Tell::Reading { name: name.to_owned(), read: 0.0, size });
    loop {
        let piece = JsFuture::from(reader.read()).await?;
        if Reflect::get(&piece, &"done".into())?.is_truthy() {
            return Ok(bytes);
        }
        let piece: Uint8Array = Reflect::get(&piece, &"value".into())?.unchecked_into();
        let from = bytes.len();
        bytes.resize(from + piece.length() as usize, 0);
        piece.copy_to(&mut bytes[from..]);
        if bytes.len() - told >= STRIDE_BYTES {
            told = bytes.len();
            tell(id, Tell::Reading { name: name.to_owned(), read: told as f64, size });
        }
    }
}
