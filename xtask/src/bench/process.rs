//! What a process uses, read from `/proc` while it runs: no tool to install, and no unsafe code.

use std::fmt;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::log::Stopwatch;

/// How often the process is looked at. Its peak is kept by the kernel and lost as it exits, so a
/// peak in its last moment before this would be missed.
const INTERVAL: Duration = Duration::from_millis(1);

/// Clock ticks a second in `/proc/PID/stat`: fixed by Linux' interface, whatever the kernel's own.
const TICKS_PER_SECOND: f64 = 100.0;

/// What one run used.
pub(super) struct Usage {
    user_seconds: f64,
    system_seconds: f64,
    wall_seconds: f64,
    pub(super) peak_bytes: u64,
}

impl Usage {
    /// Seconds that passed.
    pub(super) fn wall(&self) -> f64 {
        self.wall_seconds
    }

    /// Seconds of CPU, the kernel's copying of the file included.
    pub(super) fn cpu(&self) -> f64 {
        self.user_seconds + self.system_seconds
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user_seconds, system_seconds, wall_seconds, peak_bytes } = self;
        let peak = super::megabytes(*peak_bytes);
        write!(
            f,
            "{user_seconds:.2} s user, {system_seconds:.2} s system, {wall_seconds:.2} s wall, \
             {peak:.0} MB at its peak"
        )
    }
}

/// Runs a program that ends with one of these codes.
///
/// # Errors
/// When it cannot be started, ends with another code, or there is no `/proc`.
pub(super) fn measure(program: &mut Command, codes: &[i32]) -> Result<Usage> {
    let watch = Stopwatch::start();
    let mut child = program.spawn().with_context(|| format!("start {program:?}"))?;
    let mut peak_bytes = 0;
    // A process that has ended stays as a zombie, times included, until it is waited for.
    let (user_seconds, system_seconds) = loop {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))
            .context("the measurement needs Linux' /proc")?;
        let Stat { zombie, user, system } = Stat::parse(&stat)?;
        if zombie {
            break (user, system);
        }
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        peak_bytes = peak_bytes.max(peak(&status).unwrap_or(0));
        thread::sleep(INTERVAL);
    };
    let wall_seconds = watch.elapsed().as_secs_f64();
    let status = child.wait()?;
    if !status.code().is_some_and(|code| codes.contains(&code)) {
        bail!("{program:?} ended with {status}");
    }
    Ok(Usage { user_seconds, system_seconds, wall_seconds, peak_bytes })
}

/// What `/proc/PID/stat` tells.
struct Stat {
    zombie: bool,
    user: f64,
    system: f64,
}

impl Stat {
    fn parse(stat: &str) -> Result<Self> {
        // The second field is the program's name in parentheses and may hold anything.
        let (_, fields) = stat.rsplit_once(')').context("no name in /proc/PID/stat")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let seconds = |at: usize| {
            let ticks: f64 = fields.get(at).context("a short /proc/PID/stat")?.parse()?;
            anyhow::Ok(ticks / TICKS_PER_SECOND)
        };
        Ok(Self { zombie: fields.first() == Some(&"Z"), user: seconds(11)?, system: seconds(12)? })
    }
}

/// The most memory that a process has had resident, from its `/proc/PID/status`.
fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_measured() {
        let usage = measure(Command::new("sleep").arg("0.05"), &[0]).unwrap();
        assert!(usage.wall_seconds >= 0.05 && usage.peak_bytes > 0, "{usage}");
        assert!(measure(&mut Command::new("false"), &[0]).is_err());
        assert!(measure(&mut Command::new("false"), &[0, 1]).is_ok());
    }

    #[test]
    fn proc_is_read() {
        let stat = "7 (a) b) Z 1 7 7 0 -1 0 10 0 0 0 150 25 0 0 20 0 1 0 99 0 0";
        let Stat { zombie, user, system } = Stat::parse(stat).unwrap();
        assert!(zombie);
        assert_eq!(format!("{user} {system}"), "1.5 0.25");
        assert_eq!(peak("Name:\ta\nVmHWM:\t    2048 kB\n"), Some(2_097_152));
        assert_eq!(peak("Name:\ta\n"), None);
    }
}
