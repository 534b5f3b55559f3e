//! Where the page is: a folder that `cargo xtask web` made, as this program has none within it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// What makes a folder the page.
const INDEX: &str = "index.html";

/// Where packages put it, seen from the folder of the program.
const BESIDE: [&str; 2] = ["../share/holdfast/page", "share/holdfast/page"];

/// Where a checkout has it.
const BUILT: &str = "web/dist";

/// The files of the page, by name.
pub type Page = BTreeMap<String, PathBuf>;

/// Finds the page: in the folder that is named, beside the program, or in a checkout.
///
/// # Errors
/// When there is none.
pub fn find(named: Option<&Path>) -> Result<Page, Failure> {
    if let Some(folder) = named {
        return read(folder).ok_or_else(|| {
            let text = format!("--page {}: there is no page in this folder", folder.display());
            Failure::usage(text).hint("cargo xtask web makes one in web/dist")
        });
    }
    let program = std::env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent);
    let beside = beside.into_iter().flat_map(|folder| BESIDE.map(|path| folder.join(path)));
    let here = std::env::current_dir().ok();
    let built = here.iter().flat_map(|here| here.ancestors().map(|folder| folder.join(BUILT)));
    let found = beside.chain(built).find_map(|folder| read(&folder));
    found.ok_or_else(|| {
        Failure::usage("the page is not here: this program does not hold it").hint(
            "unpack the release's page and name its folder with --page, or make it in a checkout: \
             cargo xtask web",
        )
    })
}

/// The plain files of a folder that holds the page.
fn read(folder: &Path) -> Option<Page> {
    let files = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let files = files.filter(|path| path.is_file());
    let page: Page = files
        .filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path.clone())))
        .collect();
    page.contains_key(INDEX).then_some(page)
}

/// What a browser takes a file for.
pub fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript",
        "css" => "text/css",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
