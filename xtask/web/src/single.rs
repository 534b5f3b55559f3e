//! The page as one file, which opens from disk: everything stands in it, and it may load nothing.

use std::io::Write;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::bind::Bound;
use crate::dist::Words;

/// What it is called in the folder.
pub(crate) const NAME: &str = "holdfast.html";

/// How the glue hands its start to other scripts, of which there are none here.
const EXPORT: &str = "export { initSync, __wbg_init as default };";

/// The file.
pub(crate) fn file(words: &mut Words<'_>, bound: &Bound) -> Result<String> {
    let glue = bound.glue.replace(EXPORT, "");
    ensure!(!glue.contains("\nexport "), "the glue exports more than its start");
    let script = format!("{glue}\n{}", words.read("single.js")?);
    let style = words.read("style.css")?;
    for (what, text) in [("</script", &script), ("</style", &style)] {
        ensure!(!text.contains(what), "{what} would end what it stands in");
    }
    let policy = format!(
        "default-src 'none'; script-src '{}' 'wasm-unsafe-eval'; style-src '{}'; img-src data:; \
         connect-src 'none'; worker-src blob:; base-uri 'none'; form-action 'none'",
        digest(&script),
        digest(&style),
    );
    words.say("policy", &policy);
    let page = words.read("index.html")?;
    let head = "<link rel=\"manifest\"";
    let (before, rest) = page.split_once(head).context("index.html links a manifest")?;
    let (_, after) = rest.split_once("</script>").context("index.html loads a script")?;
    // The script is deferred, as all modules are: what stands behind it is there when it runs.
    Ok(format!(
        "{before}<style>{style}</style>\n<script type=\"module\" id=\"whole\">{script}</script>\
         {after}<script type=\"text/plain\" id=\"wasm\">{}</script>\n",
        packed(&bound.wasm)?
    ))
}

fn packed(wasm: &[u8]) -> Result<String> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(wasm)?;
    Ok(STANDARD.encode(packed.finish()?))
}

/// By which a policy knows what may stand in a page.
fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}
