//! What the tasks say. All of it goes to stderr, but for the one line that CI reads.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Says one thing. Nobody listening is no reason to stop.
pub(crate) fn say(what: impl Display) {
    let _ = writeln!(io::stderr(), "{what}");
}

/// Passes on a line of a program's output, or a result for CI to read.
pub(crate) fn result(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Since when something has been going on.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "a task runner tells how long its steps take")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A duration as people write it: `8.2 s`, `3 min 05 s`.
pub(crate) fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(human(Duration::from_millis(8_240)), "8.2 s");
        assert_eq!(human(Duration::from_secs(185)), "3 min 05 s");
    }
}
