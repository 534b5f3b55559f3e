//! One file per command.

pub mod check;
pub mod completions;
pub mod config;
pub mod diff;
pub mod explain;
pub mod init;
pub mod inspect;
pub mod man;
pub mod open;
pub mod plan;
pub mod prove;
pub mod redact;
pub mod simulate;
pub mod synth;
pub mod verify;

use std::path::{Path, PathBuf};

use holdfast_ingest::overlay::{Alteration, Named, Overlaid};
use holdfast_ingest::{Loaded, Options, Source};
use holdfast_session::loading::{self, check_budget};
use holdfast_session::whatif::{self, WhatIf};

use crate::args::{SchedulerArguments, WhatIfArguments};
use crate::failure::Failure;
use crate::{input, terminal};

/// Reads the inputs into a cluster, with what is laid over them, and tells on standard error what
/// was wrong with them.
///
/// # Errors
/// When an input cannot be read or is refused: nothing is half-done. Exit code 3 where it holds no
/// objects.
fn load(inputs: &[PathBuf], what_if: &WhatIfArguments) -> Result<Loaded, Failure> {
    let overlaid = over(input::read_cluster(inputs)?, what_if)?;
    let names = input::names(inputs);
    loading::overlaid(overlaid, &names, &Options::default(), terminal::rim())
}

/// The same with the scheduler's configuration, where a cluster without nodes leaves nothing to
/// ask.
///
/// # Errors
/// As [`load`], and exit code 3 where there are no nodes.
fn load_cluster(
    inputs: &[PathBuf],
    scheduler: &SchedulerArguments,
    what_if: &WhatIfArguments,
) -> Result<Loaded, Failure> {
    load_overlaid(over(input::read_cluster(inputs)?, what_if)?, inputs, scheduler)
}

/// The same with something laid over it that there is to be more of; what that goes by.
///
/// # Errors
/// As [`load_cluster`].
fn load_with_sample(
    inputs: &[PathBuf],
    scheduler: &SchedulerArguments,
    what_if: &WhatIfArguments,
    sample: Alteration,
) -> Result<(Loaded, Option<Named>), Failure> {
    let sources = input::read_cluster(inputs)?;
    let overlaid = whatif::with(sources, asked(what_if)?, Some(sample), terminal::rim())?;
    let sample = overlaid.sample.clone();
    Ok((load_overlaid(overlaid, inputs, scheduler)?, sample))
}

/// The same of sources that were read, with what was laid over them.
fn load_overlaid(
    overlaid: Overlaid,
    inputs: &[PathBuf],
    scheduler: &SchedulerArguments,
) -> Result<Loaded, Failure> {
    let options = options(scheduler)?;
    loading::cluster(overlaid, &input::names(inputs), &options, terminal::rim())
}

/// The sources with what the flags lay over them.
///
/// # Errors
/// A flag that does not parse or names nothing, and manifests that are refused.
fn over(sources: Vec<Source>, what_if: &WhatIfArguments) -> Result<Overlaid, Failure> {
    whatif::over(sources, asked(what_if)?, terminal::rim())
}

/// What is to be laid over, read.
fn asked(arguments: &WhatIfArguments) -> Result<WhatIf, Failure> {
    let WhatIfArguments { overlay, set, add_node, cordon, taint } = arguments.clone();
    Ok(WhatIf { overlay: input::read(&overlay)?, set, add_node, cordon, taint })
}

/// How exports are read: with the scheduler's configuration.
///
/// # Errors
/// When it cannot be read, or is several files.
fn options(scheduler: &SchedulerArguments) -> Result<Options, Failure> {
    let path = scheduler.scheduler_config.as_ref();
    let configs = path.map(|path| input::read(std::slice::from_ref(path))).transpose()?;
    let scheduler_config = match configs.as_deref() {
        None => None,
        Some([source]) => Some(source.clone()),
        Some(_) => return Err(Failure::usage("--scheduler-config must be one file")),
    };
    Ok(Options { scheduler_config, ..Options::default() })
}

/// Lays a file of assumptions over what was loaded, if one was given.
///
/// # Errors
/// When the file cannot be read, makes no sense or contradicts the export.
fn assume(loaded: Loaded, file: Option<&PathBuf>) -> Result<Loaded, Failure> {
    let read = |path: &PathBuf| input::read_one("--assumptions", Path::new(path));
    loading::assume(loaded, file.map(read).transpose()?, terminal::rim())
}
