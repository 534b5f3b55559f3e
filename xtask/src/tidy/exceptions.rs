//! What may break a rule, and why: the one list of it.

use anyhow::{Result, bail};

use super::tree::File;
use super::{Complaint, Rule};

/// The list, from the repository's root.
pub(super) const PATH: &str = "xtask/tidy-exceptions.txt";

/// The list as read, and which lines of it were needed.
pub(super) struct Exceptions(Vec<Exception>);

struct Exception {
    rule: Rule,
    path: String,
    line: usize,
    used: bool,
}

impl Exceptions {
    /// Reads the list: `RULE PATH REASON…` a line, `#` begins a comment.
    ///
    /// # Errors
    /// When a line names no rule that there is, or gives no reason.
    pub(super) fn read(files: &[File]) -> Result<Self> {
        let text = files.iter().find(|file| file.path == PATH).map_or("", |file| &file.text);
        let lines = text.lines().zip(1..).filter(|(line, _)| !line.starts_with('#'));
        let exceptions = lines.filter(|(line, _)| !line.is_empty()).map(|(text, line)| {
            let mut words = text.split_whitespace();
            let rule =
                words.next().and_then(|name| Rule::ALL.into_iter().find(|r| r.name() == name));
            match (rule, words.next(), words.next()) {
                (Some(rule), Some(path), Some(_)) => {
                    Ok(Exception { rule, path: path.into(), line, used: false })
                }
                _ => bail!("{PATH}:{line}: expected `RULE PATH REASON…` with a rule that there is"),
            }
        });
        Ok(Self(exceptions.collect::<Result<_>>()?))
    }

    /// Whether the list excuses this complaint.
    pub(super) fn excuse(&mut self, complaint: &Complaint) -> bool {
        let same = |e: &&mut Exception| e.rule == complaint.rule && e.path == complaint.path;
        self.0.iter_mut().find(same).is_some_and(|exception| {
            exception.used = true;
            true
        })
    }

    /// Complains of what excuses nothing, so that the list never outlives its reasons.
    pub(super) fn unused(&self) -> impl Iterator<Item = Complaint> {
        self.0.iter().filter(|exception| !exception.used).map(|exception| Complaint {
            rule: Rule::Exception,
            path: PATH.into(),
            line: exception.line,
            what: format!("{} no longer breaks {}", exception.path, exception.rule.name()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Exceptions> {
        Exceptions::read(&[File::fake(PATH, text)])
    }

    #[test]
    fn an_exception_excuses_its_file_alone() {
        let mut exceptions = read("# why\n\nfile-length a.rs one long table\n").unwrap();
        let complaint =
            |path: &str| Complaint::new(Rule::FileLength, &File::fake(path, ""), 0, "too long");
        assert!(!exceptions.excuse(&complaint("b.rs")));
        assert_eq!(exceptions.unused().count(), 1);
        assert!(exceptions.excuse(&complaint("a.rs")));
        assert_eq!(exceptions.unused().count(), 0);
    }

    #[test]
    fn an_exception_names_a_rule_and_a_reason() {
        assert!(read("file-length a.rs\n").is_err());
        assert!(read("beauty a.rs it is ugly\n").is_err());
    }
}
