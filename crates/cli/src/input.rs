//! Files, directories and standard input to [`Source`]s.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use holdfast_ingest::Source;

use crate::failure::Failure;
use crate::live;

const STDIN: &str = "<stdin>";

/// Reads the cluster: every input, or the cluster itself where none may be and none is named.
///
/// # Errors
/// As [`read`], and [`live::read`].
pub fn read_cluster(inputs: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    if inputs.is_empty() { Ok(vec![live::read()?]) } else { read(inputs) }
}

/// Refuses standard input where it is named twice.
///
/// # Errors
/// When it is.
pub fn refuse_twice<'p>(inputs: impl IntoIterator<Item = &'p PathBuf>) -> Result<(), Failure> {
    if inputs.into_iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Failure::usage("standard input (-) can be read only once"));
    }
    Ok(())
}

/// Reads every input, directories recursively in order of names.
///
/// # Errors
/// An input that is missing or cannot be read, or standard input named twice.
pub fn read(inputs: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    refuse_twice(inputs)?;
    let mut sources = Vec::new();
    for path in inputs {
        if is_stdin(path) {
            sources.push(read_stdin()?);
        } else {
            read_path(path, true, &mut sources)?;
        }
    }
    Ok(sources)
}

/// Reads the one file that an option, or another file, names.
///
/// # Errors
/// As [`read`], and a directory that holds none or several.
pub fn read_one(option: &str, path: &Path) -> Result<Source, Failure> {
    let mut sources = read(&[path.to_owned()])?;
    let source = sources.pop().filter(|_| sources.is_empty());
    source.ok_or_else(|| {
        let text = format!("{option} {}: name one file", path.display());
        Failure::usage(text.trim_start())
    })
}

/// What the inputs of a cluster go by in messages.
pub fn names(inputs: &[PathBuf]) -> Vec<String> {
    if inputs.is_empty() {
        return vec![live::NAME.to_owned()];
    }
    inputs.iter().map(|path| name(path)).collect()
}

/// What an input goes by in messages.
pub fn name(path: &Path) -> String {
    if is_stdin(path) { STDIN.to_owned() } else { path.display().to_string() }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn read_stdin() -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
    Ok(Source::named(STDIN, bytes))
}

fn read_path(path: &Path, named: bool, sources: &mut Vec<Source>) -> Result<(), Failure> {
    let unreadable = |error: io::Error| {
        let failure = Failure::usage(format!("cannot read {}: {error}", path.display()));
        match error.kind() {
            io::ErrorKind::NotFound => failure.hint("check the path; - reads standard input"),
            _ => failure,
        }
    };
    let metadata = match fs::metadata(path) {
        // A link in a directory that leads nowhere holds nothing.
        Err(_) if !named && path.is_symlink() => return Ok(()),
        metadata => metadata.map_err(unreadable)?,
    };
    if metadata.is_dir() {
        // Followed, it could lead back up and never end.
        if !named && path.is_symlink() {
            return Ok(());
        }
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(unreadable)?;
        entries.sort();
        return entries.iter().try_for_each(|entry| read_path(entry, false, sources));
    }
    // What a directory holds besides files (sockets, devices) is nobody's export.
    if metadata.is_file() || named {
        let bytes = fs::read(path).map_err(unreadable)?;
        let name = path.display().to_string();
        sources.push(if named { Source::named(name, bytes) } else { Source::found(name, bytes) });
    }
    Ok(())
}
