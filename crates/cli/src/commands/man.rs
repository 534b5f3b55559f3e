//! `holdfast man`: the manual, a page for each command.

use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use crate::args::{Inputs, ManArguments, export_line, table};
use crate::failure::Failure;
use crate::program::Program;
use crate::{exit, output};

/// Runs the command.
///
/// # Errors
/// When a page cannot be written.
pub fn run(arguments: &ManArguments) -> Result<u8, Failure> {
    let mut command = in_one_line(table(Program::Own, Inputs::Named));
    command.build();
    match &arguments.dir {
        Some(folder) => write(&command, folder)?,
        None => output::print(page(&Man::new(command)).as_bytes())?,
    }
    Ok(exit::HOLDS)
}

/// Pages are indented, and what a shell is to join must not be.
fn in_one_line(command: Command) -> Command {
    let help = command.get_after_long_help().map(ToString::to_string);
    let help = help.map(|help| help.replace(&export_line("\\\n"), &export_line("")));
    let command = command.mut_subcommands(in_one_line);
    if let Some(help) = help { command.after_long_help(help) } else { command }
}

/// A page for a command, and for those below it.
fn write(command: &Command, folder: &Path) -> Result<(), Failure> {
    let man = Man::new(command.clone());
    output::write_file(&folder.join(man.get_filename()), &page(&man))?;
    command.get_subcommands().try_for_each(|each| write(each, folder))
}

/// A page. What help says at its end keeps its lines, so that commands can be pasted.
fn page(man: &Man) -> String {
    let mut bytes = Vec::new();
    man.render(&mut bytes).expect("memory can be written to");
    let text = String::from_utf8(bytes).expect("help is UTF-8");
    let Some((before, after)) = text.split_once(".SH EXTRA\n") else { return text };
    let end = after.find("\n.SH ").map_or(after.len(), |at| at + 1);
    let (notes, rest) = after.split_at(end);
    format!("{before}.SH NOTES\n.nf\n{notes}.fi\n{rest}")
}
