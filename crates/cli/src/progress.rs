//! A progress bar on a terminal, for work that takes over a second.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::environment;

/// How long work goes on before anything is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// Progress over a known number of things.
pub struct Progress {
    bar: Option<ProgressBar>,
    total: u64,
}

impl Progress {
    /// Progress over `total` things called `what`. Nothing is ever shown unless standard error is a
    /// terminal; `HOLDFAST_NO_PROGRESS` switches it off there too.
    pub fn new(total: u64) -> Self {
        let wanted =
            std::io::stderr().is_terminal() && std::env::var_os(environment::NO_PROGRESS).is_none();
        let bar = wanted
            .then(|| ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden()));
        Self { bar, total }
    }

    /// So many are done.
    pub fn reach(&mut self, done: u64) {
        let Some(bar) = &self.bar else { return };
        bar.set_position(done);
        if bar.is_hidden() && bar.elapsed() > PATIENCE && bar.position() < self.total {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            let style =
                ProgressStyle::with_template("{wide_bar} {pos}/{len} failure sets, {eta} left");
            bar.set_style(style.expect("the template is valid"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
