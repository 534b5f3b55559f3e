//! What keeps a command from answering: said to people, with the exit code and the way out.

use std::fmt;

use holdfast_ingest::Place;
use serde::{Deserialize, Serialize};

use crate::exit;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// Bad usage or bad input.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: exit::USAGE, message: message.into(), hint: None }
    }

    /// Input that is refused for reasons that were told already.
    pub fn refused() -> Self {
        Self::usage("the input is refused, and nothing was done with it")
    }

    /// Nothing to check.
    pub fn nothing(message: impl Into<String>) -> Self {
        Self { code: exit::NOTHING, message: message.into(), hint: None }
    }

    /// The same with a way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the place in a file that it is about.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => writeln!(out, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// The known name nearest to `given`, if one is near enough to have been meant.
pub fn nearest<'n>(given: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let distances = known.into_iter().map(|name| (distance(given, name), name));
    let (distance, name) = distances.min()?;
    (distance <= 1 + given.chars().count() / 4).then_some(name)
}

/// The number of single-character edits between two names (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, target) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *target);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_and_nonsense_does_not() {
        let nodes = ["homelab-02", "homelab-03", "master"];
        assert_eq!(nearest("homelab-2", nodes), Some("homelab-02"));
        assert_eq!(nearest("mastre", nodes), Some("master"));
        assert_eq!(nearest("xyz", nodes), None);
    }
}
