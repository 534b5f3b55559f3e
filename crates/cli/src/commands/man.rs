//! `holdfast man`: the manual, a page for each command.

use std::path::Path;

use clap_mangen::Man;

use crate::args::{Inputs, ManArguments, table};
use crate::failure::Failure;
use crate::program::Program;
use crate::{exit, output};

/// Runs the command.
///
/// # Errors
/// When a page cannot be written.
pub fn run(arguments: &ManArguments) -> Result<u8, Failure> {
    let command = table(Program::Own, Inputs::Named);
    if let Some(folder) = &arguments.dir {
        write(command, folder)?;
    } else {
        let mut page = Vec::new();
        let rendered = Man::new(command).render(&mut page);
        rendered.map_err(|error| Failure::writing("standard output", &error))?;
        output::print(&page)?;
    }
    Ok(exit::HOLDS)
}

/// A page for each command.
fn write(command: clap::Command, folder: &Path) -> Result<(), Failure> {
    let name = folder.display().to_string();
    clap_mangen::generate_to(command, folder).map_err(|error| Failure::writing(&name, &error))
}
