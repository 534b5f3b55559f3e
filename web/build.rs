//! Packs the exports that come with the page.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;
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
        // Without the indentation it packs a third smaller.
        let export: Value = serde_json::from_slice(&fs::read(&path)?)?;
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&serde_json::to_vec(&export)?)?;
        fs::write(out.join(format!("{name}.json.gz")), packed.finish()?)?;
    }
    Ok(())
}
