//! Rules for Markdown: one title, and links that lead somewhere.

use std::path::Path;

use super::tree::{File, Kind};
use super::{Complaint, Rule};

pub(super) fn check(file: &File, root: &Path, complaints: &mut Vec<Complaint>) {
    if file.kind != Kind::Markdown {
        return;
    }
    let titles = prose(file).filter(|(_, line)| line.starts_with("# ")).count();
    if titles != 1 {
        let what = format!("{titles} titles (`# …`), there should be one");
        complaints.push(Complaint::new(Rule::Title, file, 0, what));
    }
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    for (number, line) in prose(file) {
        for target in links(line).filter(|target| is_relative(target)) {
            let path = target.split('#').next().unwrap_or(target);
            if !root.join(folder).join(path).exists() {
                let what = format!("the link to {target} leads nowhere");
                complaints.push(Complaint::new(Rule::Link, file, number, what));
            }
        }
    }
}

/// The lines outside of code blocks.
fn prose(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    file.lines().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The targets of a line's inline links, code spans left out.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let outside_code = line.split('`').step_by(2);
    outside_code.flat_map(|text| {
        let targets = text.split("](").skip(1);
        targets.filter_map(|after| after.split_once(')')?.0.split(' ').next())
    })
}

fn is_relative(target: &str) -> bool {
    !target.starts_with('#') && !target.contains("://") && !target.starts_with("mailto:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<Rule> {
        let mut complaints = Vec::new();
        check(&File::fake("xtask/a.md", text), &crate::root(), &mut complaints);
        complaints.iter().map(|complaint| complaint.rule).collect()
    }

    #[test]
    fn one_title() {
        assert_eq!(rules("# One\n\n```sh\n# no title\n```\n"), []);
        assert_eq!(rules("# One\n# Two\n"), [Rule::Title]);
        assert_eq!(rules("text\n"), [Rule::Title]);
    }

    #[test]
    fn links_lead_somewhere() {
        assert_eq!(rules("# T\n[a](Cargo.toml#x) [b](../LICENSE \"t\") [c](https://x.y/z)\n"), []);
        assert_eq!(rules("# T\n[a](nowhere.md)\n"), [Rule::Link]);
        assert_eq!(rules("# T\n[a](#there) `[a](nowhere.md)` [m](mailto:a@b.c)\n"), []);
    }

    #[test]
    fn a_link_may_have_code_for_its_text() {
        assert_eq!(rules("# T\n[`a`](nowhere.md)\n"), [Rule::Link]);
    }
}
