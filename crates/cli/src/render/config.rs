//! Settings as a table: the value, where it comes from, and the variable that would set it.

use std::fmt::Write;

use crate::commands::check;
use crate::commands::config::{Origin, Resolved};
use crate::render::table::Grid;

/// The whole answer.
pub fn human(resolved: &Resolved) -> String {
    let mut out = format!("holdfast {} would run with\n\n", resolved.command);
    let mut grid = Grid::new(&["SETTING", "VALUE", "FROM", "VARIABLE"], &[]);
    for setting in &resolved.settings {
        let value = if setting.values.is_empty() { "-".into() } else { setting.values.join(" ") };
        let variable = setting.variable.clone().unwrap_or_default();
        grid.row([setting.name.clone(), value, from(setting.source), variable]);
    }
    for line in grid.lines() {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{line}");
    }
    for unknown in &resolved.unknown {
        let near = unknown.near.as_ref().map(|near| format!("; did you mean {near}?"));
        let (name, near) = (&unknown.variable, near.unwrap_or_default());
        let _ = writeln!(out, "\nNo flag goes by {name}{near}");
    }
    out
}

fn from(source: Origin) -> String {
    let text = match source {
        Origin::CommandLine => "command line",
        Origin::Environment => "environment",
        Origin::Here => "found in the working directory",
        Origin::Above => "found above the working directory",
        Origin::Default => "default",
        Origin::Unset => "not set",
        Origin::Missing => return format!("no {} here or above", check::FILE),
    };
    text.to_owned()
}
