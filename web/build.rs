//! Writes the exports that come with the page, without indentation.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

const SAMPLES: [(&str, &str); 3] = [
    ("homelab", "homelab/cluster.json"),
    ("edge", "edge/cluster.json"),
    ("zero-spof", "zero-spof/after-longhorn.json"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for (name, path) in SAMPLES {
        let path = Path::new("../fixtures").join(path);
        println!("cargo::rerun-if-changed={}", path.display());
        // Hosts pack the page: what was packed before would stay nearly twice as large.
        let export: Value = serde_json::from_slice(&fs::read(&path)?)?;
        fs::write(out.join(format!("{name}.json")), serde_json::to_vec(&export)?)?;
    }
    Ok(())
}
