//! `holdfast explain`: what the scheduler decides for each pending pod, and why.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use holdfast_session::cases;
use holdfast_session::explain::Explain;

use crate::args::ExplainArguments;
use crate::exit;
use crate::failure::Failure;
use crate::output::{self, Format};

/// Runs the command.
///
/// # Errors
/// Bad input, an unknown pod or node, or nothing that waits for a node.
pub fn run(arguments: &ExplainArguments) -> Result<u8, Failure> {
    if let Some(path) = &arguments.cases {
        return stream(path);
    }
    output::check(&arguments.output.output)?;
    let loaded = super::load_cluster(&arguments.inputs, &arguments.scheduler, &arguments.what_if)?;
    let asked = Explain {
        pod: arguments.pod.clone(),
        node: arguments.node.clone(),
        all: arguments.all,
        release: arguments.kubernetes_version,
        for_people: arguments.output.output.iter().any(|one| one.format == Format::Human),
    };
    output::answer(&arguments.output.output, &asked.ask(&loaded)?)
}

/// A stream of cases, one a line, answered in order; a bad case gives an `error` line.
fn stream(path: &Path) -> Result<u8, Failure> {
    let unreadable =
        |error: io::Error| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let lines: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).map_err(unreadable)?))
    };
    for line in lines.lines() {
        let line = line.map_err(unreadable)?;
        if !line.trim().is_empty() {
            output::print(cases::answer(&line).as_bytes())?;
        }
    }
    Ok(exit::HOLDS)
}
