//! Settings as a table: the value, where it comes from, and the variable that would set it.

use std::fmt::Write;

use serde::Serialize;

use crate::table::Grid;

/// What a policy is called where none is named.
pub const FILE: &str = "holdfast.yaml";

/// The settings of a command; the shape is `holdfast.config/v1`.
#[derive(Debug, Serialize)]
pub struct Resolved {
    /// `holdfast.config/v1`.
    pub schema: &'static str,
    /// The command, for instance `plan repair`.
    pub command: String,
    /// In the order in which help tells them.
    pub settings: Vec<Setting>,
    /// Variables that look like settings and are none.
    pub unknown: Vec<Unknown>,
}

/// One setting.
#[derive(Debug, Serialize)]
pub struct Setting {
    /// `--nodes`, or `INPUT` of what has no name.
    pub name: String,
    /// What it is set to; nothing where it is not.
    pub values: Vec<String>,
    /// Where that comes from.
    pub source: Origin,
    /// The variable that sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// It was typed.
    CommandLine,
    /// The variable is set.
    Environment,
    /// A file in the working directory.
    Here,
    /// A file in a directory above it.
    Above,
    /// Nobody said otherwise.
    Default,
    /// There is none.
    Unset,
    /// There is none, and no file was found.
    Missing,
}

/// A variable that no flag goes by.
#[derive(Debug, Serialize)]
pub struct Unknown {
    /// Its name.
    pub variable: String,
    /// The one that may have been meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
}

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
        Origin::Missing => return format!("no {FILE} here or above"),
    };
    text.to_owned()
}
