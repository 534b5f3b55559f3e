//! Settings as a table: the value, where it comes from, and the variable that would set it.

use std::fmt::Write;

use crate::commands::check;
use crate::commands::config::{Origin, Resolved, Setting};
use crate::render::table::Grid;

/// The whole answer.
pub fn human(resolved: &Resolved) -> String {
    let mut out = format!("holdfast {} would run with\n\n", resolved.command);
    let mut grid = Grid::new(&["SETTING", "VALUE", "FROM", "VARIABLE"], &[]);
    for setting in &resolved.settings {
        let value = if setting.values.is_empty() { "-".into() } else { setting.values.join(" ") };
        let variable = setting.variable.clone().unwrap_or_default();
        grid.row([setting.name.clone(), value, from(setting), variable]);
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

fn from(setting: &Setting) -> String {
    match (setting.source, setting.name.as_str()) {
        (Origin::CommandLine, _) => "command line".to_owned(),
        (Origin::Environment, _) => "environment".to_owned(),
        (Origin::Here, _) => "found in the working directory".to_owned(),
        (Origin::Above, _) => "found above the working directory".to_owned(),
        (Origin::Default, _) => "default".to_owned(),
        (Origin::Unset, "--policy") => format!("no {} here or above", check::FILE),
        (Origin::Unset, _) => "not set".to_owned(),
    }
}
