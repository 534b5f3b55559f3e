//! Rules for any text: width, blanks at the end, words and paths that do not belong.

use super::tree::{File, Kind};
use super::{Complaint, Rule};

/// The longest line of code, comments included, in characters.
pub(super) const COLUMNS_MAX: usize = 100;

/// Notes to self, in pieces so that this file may be checked like any other.
const BANNED: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("dbg", "!")];

/// Places outside of the repository.
const MACHINE_PATHS: [&str; 6] = [
    concat!("/wo", "rk/"),
    concat!("/tm", "p/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/mn", "t/"),
    concat!("../sha", "red"),
];

pub(super) fn check(file: &File, complaints: &mut Vec<Complaint>) {
    for (number, line) in file.lines() {
        let mut complain =
            |rule, what: String| complaints.push(Complaint::new(rule, file, number, what));
        let columns = line.chars().count();
        if columns > COLUMNS_MAX && matches!(file.kind, Kind::Rust | Kind::Shell) {
            complain(Rule::Columns, format!("{columns} columns, {COLUMNS_MAX} are allowed"));
        }
        if line.ends_with([' ', '\t', '\r']) {
            complain(Rule::TrailingSpace, "the line ends in blanks".into());
        }
        for word in BANNED.iter().filter(|word| has_word(line, word)) {
            complain(Rule::BannedWord, format!("{word}: do it, or open an issue"));
        }
        for path in MACHINE_PATHS.iter().filter(|path| starts_word(line, path)) {
            complain(Rule::MachinePath, format!("{path} is a place on one machine"));
        }
    }
    if !file.text.is_empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n")) {
        let last = file.text.lines().count();
        let what = "a file ends in exactly one newline";
        complaints.push(Complaint::new(Rule::TrailingSpace, file, last, what));
    }
}

/// Whether `word` stands in `line` and not merely within a longer word.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(in_word)
            && (word.ends_with('!') || !line[at + word.len()..].starts_with(in_word))
    })
}

/// Whether a word of `line` begins with `path`: `crates/work/` is no absolute path.
fn starts_word(line: &str, path: &str) -> bool {
    let in_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '}' | '$');
    line.match_indices(path).any(|(at, _)| !line[..at].ends_with(in_path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<Rule> {
        let mut complaints = Vec::new();
        check(&File::fake(path, text), &mut complaints);
        complaints.iter().map(|complaint| complaint.rule).collect()
    }

    #[test]
    fn width_counts_characters_of_code_alone() {
        assert_eq!(rules("a.rs", &format!("{}\n", "é".repeat(100))), []);
        assert_eq!(rules("a.rs", &format!("{}\n", "e".repeat(101))), [Rule::Columns]);
        assert_eq!(rules("a.md", &format!("{}\n", "e".repeat(101))), []);
    }

    #[test]
    fn blanks_at_the_end() {
        assert_eq!(rules("a.md", "one \ntwo\n"), [Rule::TrailingSpace]);
        assert_eq!(rules("a.md", "one\ntwo"), [Rule::TrailingSpace]);
        assert_eq!(rules("a.md", "one\n\n"), [Rule::TrailingSpace]);
    }

    #[test]
    fn words_that_do_not_belong() {
        assert_eq!(rules("a.rs", concat!("// TO", "DO: later\n")), [Rule::BannedWord]);
        assert_eq!(rules("a.rs", concat!("    dbg", "!(x);\n")), [Rule::BannedWord]);
        assert_eq!(rules("a.sh", concat!("mktemp a.XX", "XXXX\n")), []);
    }

    #[test]
    fn paths_of_one_machine() {
        assert_eq!(rules("a.md", concat!("see /wo", "rk/main\n")), [Rule::MachinePath]);
        assert_eq!(rules("a.md", concat!("see `../sha", "red/x`\n")), [Rule::MachinePath]);
        assert_eq!(rules("a.rs", concat!("\"crates/wo", "rk/x\"\n")), []);
    }
}
