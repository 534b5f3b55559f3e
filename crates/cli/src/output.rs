//! `-o FORMAT[=PATH]`: which renderings of one result go where.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use holdfast_render::Format;
use holdfast_session::Answer;

use crate::failure::{Failure, unwritten};

/// A format and where to write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The format.
    pub format: Format,
    /// The file; standard output where there is none.
    pub path: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = match text.split_once('=') {
            Some((_, "")) => return Err("the path after = is empty".to_owned()),
            Some((format, path)) => (format, Some(PathBuf::from(path))),
            None => (text, None),
        };
        Ok(Self { format: format.parse()?, path })
    }
}

/// Looks whether every output can be written, before any work is done for it.
///
/// # Errors
/// Two formats for standard output, a file in a folder that is not there, or a table where the
/// result is none.
pub fn check(outputs: &[Output]) -> Result<(), Failure> {
    if outputs.iter().any(|output| matches!(output.format, Format::Markdown | Format::Csv)) {
        return Err(Failure::usage("markdown and csv are formats of plan, check and diff")
            .hint("use -o json"));
    }
    refuse_findings(outputs)?;
    check_places(outputs)
}

/// The same where the result is a list of findings.
///
/// # Errors
/// Two formats for standard output, a file in a folder that is not there, or the format of streams.
pub fn check_findings(outputs: &[Output]) -> Result<(), Failure> {
    refuse_ndjson(outputs)?;
    check_places(outputs)
}

/// Refuses the formats of findings where the result is something else.
fn refuse_findings(outputs: &[Output]) -> Result<(), Failure> {
    use Format::{Concise, Github, Gitlab, Html, Junit, Sarif};
    let told =
        |output: &Output| matches!(output.format, Concise | Html | Sarif | Junit | Github | Gitlab);
    if outputs.iter().any(told) {
        let text = "concise, html, sarif, junit, github and gitlab are formats of check and \
                    diff, whose result is findings";
        return Err(Failure::usage(text).hint("use -o human or -o json"));
    }
    Ok(())
}

/// The same where the result is a table, and no list of things.
///
/// # Errors
/// Two formats for standard output, a file in a folder that is not there, or the format of streams.
pub fn check_plan(outputs: &[Output]) -> Result<(), Failure> {
    refuse_ndjson(outputs)?;
    refuse_findings(outputs)?;
    check_places(outputs)
}

fn check_places(outputs: &[Output]) -> Result<(), Failure> {
    if outputs.iter().filter(|output| output.path.is_none()).count() > 1 {
        return Err(Failure::usage("two formats cannot both go to standard output")
            .hint("write one of them to a file: -o human -o json=report.json"));
    }
    outputs.iter().filter_map(|output| output.path.as_deref()).try_for_each(check_folder)
}

/// Looks whether a file can be written, before any work is done for it.
///
/// # Errors
/// When its folder is not there.
pub fn check_folder(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        let (path, folder) = (path.display(), folder.display());
        return Err(Failure::usage(format!("cannot write {path}: there is no folder {folder}"))
            .hint(format!("make it first: mkdir -p {folder}")));
    }
    Ok(())
}

/// Writes a file.
///
/// # Errors
/// When it cannot be written.
pub fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| unwritten(&path.display().to_string(), &error))
}

/// Refuses the format of streams where the result is one thing.
///
/// # Errors
/// When it was asked for.
pub fn refuse_ndjson(outputs: &[Output]) -> Result<(), Failure> {
    if outputs.iter().any(|output| output.format == Format::Ndjson) {
        return Err(Failure::usage("ndjson is the format of explain, whose result is a list")
            .hint("use -o json"));
    }
    Ok(())
}

/// Renders a result in every format that was asked for and writes each where it belongs. Files come
/// first: where one cannot be written, nothing is printed as if all were well.
///
/// # Errors
/// A file that cannot be written.
pub fn write_all(outputs: &[Output], render: impl Fn(Format) -> String) -> Result<(), Failure> {
    for output in outputs {
        if let Some(path) = &output.path {
            write_file(path, &render(output.format))?;
        }
    }
    match outputs.iter().find(|output| output.path.is_none()) {
        Some(output) => print(render(output.format).as_bytes()),
        None => Ok(()),
    }
}

/// Writes an answer in every format that was asked for, and returns its exit code.
///
/// # Errors
/// A file that cannot be written.
pub fn answer(outputs: &[Output], answer: &impl Answer) -> Result<u8, Failure> {
    write_all(outputs, |format| answer.text(format))?;
    Ok(answer.code())
}

/// Writes to standard output.
///
/// # Errors
/// When it cannot be written, except that a closed pipe is the reader's choice: it has what it
/// wanted.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(unwritten("standard output", &error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_may_name_its_file() {
        let output: Output = "json=out/report.json".parse().unwrap();
        assert_eq!(output.format, Format::Json);
        assert_eq!(output.path, Some(PathBuf::from("out/report.json")));
        assert!("yaml".parse::<Output>().is_err());
        assert!("json=".parse::<Output>().is_err());
    }
}
