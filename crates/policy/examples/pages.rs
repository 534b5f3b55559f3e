//! Writes the page on every finding into the folder that is named.

use std::path::PathBuf;
use std::{env, fs, io};

use holdfast_policy::catalogue::{self, Id};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("name the folder to write pages to"))?;
    fs::create_dir_all(&folder)?;
    for id in Id::ALL {
        fs::write(folder.join(format!("{}.md", id.name())), id.markdown())?;
    }
    fs::write(folder.join("README.md"), catalogue::index())
}
