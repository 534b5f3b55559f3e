//! Rules for Rust: lengths, module files, crate documentation, and what the engine keeps out.

use super::text::has_word;
use super::tree::{File, Kind};
use super::{Complaint, Rule, layers};

/// The longest function, from its signature to its closing brace.
pub(super) const FUNCTION_LINES_MAX: usize = 70;

/// The longest file.
pub(super) const FILE_LINES_MAX: usize = 800;

/// What never appears in the engine, and why.
const KEPT_OUT: [(&str, &str); 8] = [
    ("std::fs", "the engine reads no files"),
    ("std::net", "the engine opens no connections"),
    ("std::thread", "the engine starts no threads"),
    ("std::time::Instant", "the engine reads no clock"),
    ("std::time::SystemTime", "the engine reads no clock"),
    ("std::env", "the engine reads no environment"),
    ("HashMap", "hash order must never reach an answer"),
    ("HashSet", "hash order must never reach an answer"),
];

pub(super) fn check(file: &File, complaints: &mut Vec<Complaint>) {
    if file.kind != Kind::Rust {
        return;
    }
    let path = file.path.as_str();
    let mut complain =
        |rule, line, what: String| complaints.push(Complaint::new(rule, file, line, what));
    let lines = file.text.lines().count();
    if lines > FILE_LINES_MAX {
        complain(Rule::FileLength, 0, format!("{lines} lines, {FILE_LINES_MAX} are allowed"));
    }
    if path.ends_with("/mod.rs") && !path.contains("/tests/") && !path.starts_with("tests/") {
        complain(Rule::ModRs, 0, "a module's file has the module's name".into());
    }
    if path.ends_with("src/lib.rs") && !file.text.starts_with("//!") {
        complain(Rule::CrateDocs, 1, "a crate begins by saying what it is (`//!`)".into());
    }
    for (line, length) in functions(&file.text) {
        if length > FUNCTION_LINES_MAX {
            let what = format!("a function of {length} lines, {FUNCTION_LINES_MAX} are allowed");
            complain(Rule::FunctionLength, line, what);
        }
    }
    if layers::is_engine(path) {
        for (line, code) in engine_code(file) {
            for (word, why) in KEPT_OUT.iter().filter(|(word, _)| has_word(code, word)) {
                complain(Rule::Engine, line, format!("{word}: {why}"));
            }
        }
    }
}

/// Where each function begins and how many lines it has. Reads what rustfmt wrote: a function that
/// is not on one line ends with a brace that stands as far in as its signature.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(indent) = signature_indent(line) else { continue };
        let same_indent = |other: &&str| indent_of(other) == indent && !other.is_empty();
        // A signature that wraps comes back to its indentation once or twice (`) -> X`, `where`,
        // `{`) before the body; one without a body ends in a semicolon.
        for (further, end) in lines.iter().enumerate().skip(at).filter(|(_, l)| same_indent(l)) {
            let end = end.trim();
            if end == "}" || end.ends_with(';') || (further == at && end.ends_with('}')) {
                found.push((at + 1, further - at + 1));
                break;
            }
        }
    }
    found
}

/// How far in a function's signature begins, if one begins on this line.
fn signature_indent(line: &str) -> Option<usize> {
    let mut rest = line.trim_start();
    let words = ["pub", "const", "async", "unsafe", "extern \"C\"", "default"];
    loop {
        let visibility = rest.strip_prefix("pub(").and_then(|inner| inner.split_once(") "));
        let word = words.iter().find_map(|word| rest.strip_prefix(word)?.strip_prefix(' '));
        match visibility.map(|(_, after)| after).or(word) {
            Some(after) => rest = after,
            None => break,
        }
    }
    rest.starts_with("fn ").then(|| indent_of(line))
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The code of an engine file without comments and without its tests, which may read fixtures.
fn engine_code(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let tests = file.path.ends_with("/tests.rs") || file.path.contains("/tests/");
    file.lines()
        .take_while(move |(_, line)| !tests && !line.starts_with("#[cfg(test)]"))
        .map(|(number, line)| (number, line.split("//").next().unwrap_or(line)))
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
    fn functions_are_measured_to_their_brace() {
        let text = "\
impl X {
    pub(crate) const fn one() -> u8 { 1 }

    fn two(
        a: u8,
    ) -> u8
    where
        u8: Copy,
    {
        if a == 0 {
        }
        a
    }
}

trait Y {
    fn three();
}

fn four() {
    let fn_name = |x| x;
}
";
        assert_eq!(functions(text), [(2, 1), (4, 10), (17, 1), (20, 3)]);
    }

    #[test]
    fn long_functions_and_files_are_told() {
        let long = format!("fn f() {{\n{}}}\n", "    g();\n".repeat(69));
        assert_eq!(rules("crates/cli/src/a.rs", &long), [Rule::FunctionLength]);
        let longer = "//! Long.\n".repeat(801);
        assert_eq!(rules("crates/cli/src/a.rs", &longer), [Rule::FileLength]);
    }

    #[test]
    fn modules_have_their_names() {
        assert_eq!(rules("crates/cli/src/a/mod.rs", "//! A.\n"), [Rule::ModRs]);
        assert_eq!(rules("crates/cli/tests/common/mod.rs", "//! A.\n"), []);
    }

    #[test]
    fn crates_say_what_they_are() {
        assert_eq!(rules("crates/proof/src/lib.rs", "mod a;\n"), [Rule::CrateDocs]);
    }

    #[test]
    fn the_engine_keeps_to_itself() {
        let engine = |text| rules("crates/proof/src/a.rs", text);
        assert_eq!(engine("use std::fs::File;\n"), [Rule::Engine]);
        assert_eq!(engine("type A = HashMap<u8, u8>;\n"), [Rule::Engine]);
        assert_eq!(engine("// never a HashMap\nuse rustc_hash::FxHasher;\n"), []);
        assert_eq!(engine("#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n"), []);
        assert_eq!(rules("crates/cli/src/a.rs", "use std::fs::File;\n"), []);
    }
}
