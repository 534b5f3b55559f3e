//! Which crate may depend on which: data flows one way.

use super::tree::{File, Kind};
use super::{Complaint, Rule};

/// The rooms in the order of the house; those that share a number do not know each other.
const ROOMS: [(&str, u8); 11] = [
    ("cluster", 0),
    ("ingest", 1),
    ("scheduler", 1),
    ("failover", 2),
    ("certificate", 3),
    ("proof", 4),
    ("planner", 5),
    ("policy", 6),
    ("render", 7),
    ("session", 8),
    ("cli", 9),
];

/// A pair that the order would allow and the design forbids: the second reader shares no code with
/// what it checks.
const STRANGERS: (&str, &str) = ("certificate", "proof");

/// Whether `path` is source of a crate that also runs in the browser: all but the command.
pub(super) fn is_engine(path: &str) -> bool {
    room(path).is_some_and(|room| room != "cli") && path.contains("/src/")
}

/// The room that a file is in, if it is in one.
fn room(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split('/').next()
}

pub(super) fn check(file: &File, complaints: &mut Vec<Complaint>) {
    if file.kind != Kind::Toml || !file.path.ends_with("/Cargo.toml") {
        return;
    }
    let Some(own) = room(&file.path) else { return };
    let Some(own_rank) = rank(own) else {
        let what = format!("crates/{own} has no place in the order of rooms");
        complaints.push(Complaint::new(Rule::Layer, file, 0, what));
        return;
    };
    for (line, other) in dependencies(file) {
        let below = rank(other).is_none_or(|other_rank| other_rank >= own_rank);
        if below || STRANGERS == (own, other) {
            let what = format!("{own} must not depend on {other}");
            complaints.push(Complaint::new(Rule::Layer, file, line, what));
        }
    }
}

fn rank(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, rank)| *rank)
}

/// The rooms that a manifest depends on, where it says so. Tests may reach anywhere.
fn dependencies(file: &File) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut counts = false;
    for (number, line) in file.lines() {
        if let Some(section) = line.strip_prefix('[') {
            counts = section.contains("dependencies]") && !section.contains("dev-dependencies");
        } else if counts && let Some(rest) = line.strip_prefix("holdfast") {
            let name = rest.split(['.', ' ', '=']).next().unwrap_or(rest);
            found.push((number, name.strip_prefix('-').unwrap_or("cli")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(room: &str, manifest: &str) -> Vec<String> {
        let mut complaints = Vec::new();
        check(&File::fake(&format!("crates/{room}/Cargo.toml"), manifest), &mut complaints);
        complaints.into_iter().map(|complaint| complaint.what).collect()
    }

    #[test]
    fn data_flows_one_way() {
        let on = |name: &str| format!("[dependencies]\nholdfast-{name}.workspace = true\n");
        assert!(complaints("failover", &on("scheduler")).is_empty());
        assert_eq!(complaints("scheduler", &on("ingest")), ["scheduler must not depend on ingest"]);
        assert_eq!(complaints("cluster", &on("proof")), ["cluster must not depend on proof"]);
        assert_eq!(complaints("certificate", &on("proof")).len(), 1);
        assert_eq!(complaints("planner", &on("surprise")).len(), 1);
        assert_eq!(complaints("surprise", "").len(), 1);
    }

    #[test]
    fn nothing_depends_on_the_command() {
        let manifest = "[dependencies]\nholdfast = { path = \"../cli\" }\n";
        assert_eq!(complaints("policy", manifest), ["policy must not depend on cli"]);
    }

    #[test]
    fn tests_may_reach_anywhere() {
        let manifest = "[dev-dependencies]\nholdfast-ingest.workspace = true\n";
        assert!(complaints("scheduler", manifest).is_empty());
    }
}
