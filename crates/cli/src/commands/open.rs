//! `holdfast open`: the page, with an export loaded.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::args::OpenArguments;
use crate::failure::Failure;
use crate::open::server::Server;
use crate::open::{browser, page};
use crate::{exit, output, terminal};

/// What the page asks for the export by.
const EXPORT: &str = "export";

/// Runs the command, until somebody ends it.
///
/// # Errors
/// An export that is not there, no page, and a port that is taken.
pub fn run(arguments: &OpenArguments) -> Result<u8, Failure> {
    let export = &arguments.export;
    if !export.is_file() {
        let text = format!("cannot read {}: it is not a file", export.display());
        return Err(Failure::usage(text).hint("name one export, written with kubectl get -o json"));
    }
    let mut files = page::find(arguments.page.as_deref())?;
    files.insert(EXPORT.to_owned(), export.clone());
    let server = Server::listen(arguments.port, files).map_err(|error| {
        Failure::usage(format!("cannot listen on port {}: {error}", arguments.port))
            .hint("leave --port out to take one that is free")
    })?;
    let name = export.file_name().unwrap_or_default().to_string_lossy();
    let name = utf8_percent_encode(&name, NON_ALPHANUMERIC);
    let address = format!("{}?open={name}", server.address());
    output::print(format!("{address}\n").as_bytes())?;
    if !arguments.no_browser && !browser::open(&address) {
        terminal::tell("No browser was found here; open the address above.\n");
    }
    terminal::tell("Only this machine reaches it. Ctrl-C ends it.\n");
    server.serve();
    Ok(exit::HOLDS)
}
