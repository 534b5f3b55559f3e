//! The folder that is served: the shell with the names of the files that it loads.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::bind::Bound;
use crate::single;

/// Nothing but the page's own files, no code in the page, no base, no forms that go anywhere.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                      img-src data:; connect-src 'self'; manifest-src 'self'; \
                      worker-src 'self' blob:; base-uri 'none'; form-action 'none'";

/// Loaded before anything can be done: what the budget is about.
pub(crate) const OFFLINE_ONLY: [&str; 4] =
    ["service-worker.js", "manifest.webmanifest", "_headers", single::NAME];

/// The files of the folder by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Writes the folder anew and returns what is in it.
pub(crate) fn write(shell: &Path, bound: &Bound, out: &Path) -> Result<Files> {
    let files = assemble(shell, bound)?;
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("clear {}", out.display()))?;
    }
    fs::create_dir_all(out)?;
    for (name, bytes) in &files {
        fs::write(out.join(name), bytes).with_context(|| format!("write {name}"))?;
    }
    Ok(files)
}

fn assemble(shell: &Path, bound: &Bound) -> Result<Files> {
    let mut words = Words::new(shell)?;
    let mut files = Files::new();
    let mut put = |words: &mut Words<'_>, key: &'static str, stem, ending, bytes: Vec<u8>| {
        let name = hashed(stem, ending, &bytes);
        words.say(key, &name);
        files.insert(name, bytes);
    };
    put(&mut words, "wasm", "holdfast", "wasm", bound.wasm.clone());
    put(&mut words, "glue", "holdfast", "js", bound.glue.clone().into_bytes());
    let style = words.read("style.css")?;
    put(&mut words, "style", "style", "css", style.into_bytes());
    let page = words.read("page.js")?;
    words.say("page", page.trim_end());
    let boot = words.read("boot.js")?;
    put(&mut words, "boot", "boot", "js", boot.into_bytes());
    words.say("policy", POLICY);
    files.insert("index.html".into(), words.read("index.html")?.into_bytes());
    files.insert("manifest.webmanifest".into(), words.read("manifest.webmanifest")?.into_bytes());
    words.say("build", &digest(&files.values().flatten().copied().collect::<Vec<_>>()));
    let kept = files.keys().filter(|name| *name != "index.html").map(|it| format!("\"./{it}\""));
    words.say("files", &format!("[\"./\", {}]", kept.collect::<Vec<_>>().join(", ")));
    let single = single::file(&mut words, bound)?;
    files.insert("service-worker.js".into(), words.read("service-worker.js")?.into_bytes());
    // For hosts that read it: the policy as a header, which also forbids framing.
    let headers = format!(
        "/*\n  Content-Security-Policy: {POLICY}; frame-ancestors 'none'\n  \
         X-Content-Type-Options: nosniff\n  Referrer-Policy: no-referrer\n"
    );
    files.insert("_headers".into(), headers.into_bytes());
    files.insert(single::NAME.into(), single.into_bytes());
    Ok(files)
}

/// What stands for `{{key}}` in the shell's files.
pub(crate) struct Words<'a> {
    shell: &'a Path,
    said: BTreeMap<&'static str, String>,
}

impl<'a> Words<'a> {
    fn new(shell: &'a Path) -> Result<Self> {
        let mut words = Self { shell, said: BTreeMap::new() };
        words.say("version", env!("CARGO_PKG_VERSION"));
        words.say("command", fs::read_to_string(shell.join("export.txt"))?.trim());
        let icon = fs::read_to_string(shell.join("icon.svg"))?;
        words.say("icon", &format!("data:image/svg+xml,{}", escaped(icon.trim())));
        Ok(words)
    }

    pub(crate) fn say(&mut self, key: &'static str, what: &str) {
        self.said.insert(key, what.to_owned());
    }

    /// A file of the shell with everything filled in.
    pub(crate) fn read(&self, name: &str) -> Result<String> {
        let path = self.shell.join(name);
        let mut text =
            fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        for (key, what) in &self.said {
            text = text.replace(&format!("{{{{{key}}}}}"), what);
        }
        ensure!(!text.contains("{{"), "{name} asks for something that nothing fills in");
        Ok(text)
    }
}

/// What may not stand in an address as it is.
fn escaped(text: &str) -> String {
    let escape = |letter: char| match letter {
        '"' => "'".to_owned(),
        '<' | '>' | '#' | '%' | ' ' => format!("%{:02X}", letter as u32),
        _ => letter.to_string(),
    };
    text.chars().map(escape).collect()
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let first = digest.first_chunk::<8>().expect("a digest is longer");
    format!("{:016x}", u64::from_be_bytes(*first))
}

fn hashed(stem: &str, ending: &str, bytes: &[u8]) -> String {
    format!("{stem}-{}.{ending}", digest(bytes))
}
