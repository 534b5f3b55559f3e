//! The command that gives the same answer: its words, as a shell takes them.

use holdfast_planner::shell;

use crate::question::{Failures, Survivors};

/// Words of a command, flag by flag; what is as it would be anyway is left out.
#[derive(Clone, Debug, Default)]
pub struct Words(Vec<String>);

impl Words {
    /// A command, for instance `plan fit`.
    pub fn new(command: &str) -> Self {
        Self(command.split(' ').map(str::to_owned).collect())
    }

    /// A flag with a value, where that differs from the default.
    #[must_use]
    pub fn value<T: ToString + PartialEq>(mut self, flag: &str, value: &T, default: &T) -> Self {
        if value != default {
            self.push(flag, &value.to_string());
        }
        self
    }

    /// A flag with a value, if there is one.
    #[must_use]
    pub fn some<T: ToString>(mut self, flag: &str, value: Option<&T>) -> Self {
        if let Some(value) = value {
            self.push(flag, &value.to_string());
        }
        self
    }

    /// A flag for each value.
    #[must_use]
    pub fn each(mut self, flag: &str, values: &[String]) -> Self {
        for value in values {
            self.push(flag, value);
        }
        self
    }

    /// A switch, where it is on.
    #[must_use]
    pub fn switch(mut self, flag: &str, is_on: bool) -> Self {
        if is_on {
            self.0.push(flag.to_owned());
        }
        self
    }

    /// What fails.
    #[must_use]
    pub fn failures(self, failures: &Failures) -> Self {
        let Failures { nodes, domain, domain_file, domains, fail } = failures;
        let file = domain_file.as_ref().map(|path| path.display());
        let fail = fail.as_ref().map(|names| names.join(","));
        let words = self.value("--nodes", nodes, &1).some("--domain", domain.as_ref());
        let words = words.some("--domain-file", file.as_ref()).value("--domains", domains, &1);
        words.some("--fail", fail.as_ref())
    }

    /// What is to be survived.
    #[must_use]
    pub fn survivors(self, survivors: &Survivors) -> Self {
        let Survivors { survive, domain } = survivors;
        match domain {
            Some(label) => self.some("--domain", Some(label)),
            None => self.value("--survive", survive, &1),
        }
    }

    /// A word that no flag goes before.
    #[must_use]
    pub fn word(mut self, word: &str) -> Self {
        self.0.push(shell::word(word));
        self
    }

    /// Words that are quoted already.
    #[must_use]
    pub fn all(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.0.extend(words);
        self
    }

    fn push(&mut self, flag: &str, value: &str) {
        self.0.push(flag.to_owned());
        self.0.push(shell::word(value));
    }
}

impl std::fmt::Display for Words {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "holdfast {}", self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_so_anyway_is_not_said() {
        let failures = Failures { nodes: 2, ..Failures::default() };
        let words = Words::new("prove").failures(&failures).switch("--all", false);
        assert_eq!(
            words.word("my cluster.json").to_string(),
            "holdfast prove --nodes 2 'my cluster.json'"
        );
    }
}
