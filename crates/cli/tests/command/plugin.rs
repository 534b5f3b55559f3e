//! `kubectl holdfast`: what it is called, and when it reads the cluster itself.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::holdfast::{Run, command, ended, fixtures, folder, run, write};

/// The command as kubectl starts it.
fn plugin(folder: &Path) -> Command {
    let mut command = command(folder);
    command.arg0("/opt/krew/bin/kubectl-holdfast");
    command
}

#[test]
fn usage_says_what_people_type() {
    let told = |arguments: &[&str]| {
        ended(plugin(&fixtures()).args(arguments).output().unwrap()).transcript()
    };
    assert_snapshot!("verify", told(&["verify", "--help"]));
    assert_snapshot!("no-input", told(&["check"]));
    assert_snapshot!("hint", told(&["simulate", "edge/cluster.json", "--event", "fail:"]));
    // Nothing that is typed by others says `holdfast` alone, and nobody says `kubectl` twice.
    for (path, _) in crate::generated::commands() {
        let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = told(&words);
        assert!(help.contains("Usage: kubectl holdfast"), "{help}");
        for line in help.lines().filter(|line| !line.contains("kubectl holdfast")) {
            let alone = ["`holdfast ", "  holdfast ", "; holdfast "];
            assert!(!alone.iter().any(|text| line.contains(text)), "{line}");
        }
        assert!(!help.contains("kubectl kubectl"), "{help}");
    }
}

/// A kubectl that does what the script says, and writes down how it was called.
fn kubectl(test: &str, script: &str) -> std::path::PathBuf {
    let folder = folder(test);
    write(
        &folder,
        "bin/kubectl",
        format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >> called\n{script}\n"),
    );
    fs::set_permissions(folder.join("bin/kubectl"), Permissions::from_mode(0o755)).unwrap();
    fs::copy(fixtures().join("edge/cluster.json"), folder.join("cluster.json")).unwrap();
    folder
}

/// The line that was called, if any was.
fn called(folder: &Path) -> String {
    fs::read_to_string(folder.join("called")).unwrap_or_default()
}

/// Runs a command whose standard input and error are a terminal, in a folder of [`kubectl`].
fn on_terminal(mut command: Command) -> Run {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let name = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
    let terminal = OpenOptions::new().read(true).write(true).open(name).unwrap();
    let copy = || Stdio::from(terminal.try_clone().unwrap());
    command.stdin(copy()).stderr(copy()).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    // What was handed over must be closed here, or the terminal never ends.
    drop(command);
    drop(terminal);
    let mut shown = Vec::new();
    let reader = std::thread::spawn(move || {
        // Once nobody has the terminal open, reading fails: that is its end.
        let _ = File::from(controller).read_to_end(&mut shown);
        shown
    });
    let mut run = ended(child.wait_with_output().unwrap());
    run.stderr = String::from_utf8(reader.join().unwrap()).unwrap().replace("\r\n", "\n");
    run
}

fn with_path(mut command: Command, folder: &Path) -> Command {
    let path = format!("{}:/usr/bin:/bin", folder.join("bin").display());
    command.env("PATH", path);
    command
}

#[test]
fn on_a_terminal_the_plugin_shows_the_line_and_runs_it() {
    let folder = kubectl("plugin-live", "cat cluster.json");
    let mut command = with_path(plugin(&folder), &folder);
    command.args(["prove", "-o", "json"]);
    let told = on_terminal(command).ended(1);
    let line = called(&folder);
    assert!(line.starts_with("get nodes,namespaces,pods,"), "{line}");
    assert!(line.ends_with(",resourcequotas -A -o json\n"), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(told.stderr.contains(&format!("\nkubectl {line}")), "{}", told.stderr);
    let read = run(&["prove", "-o", "json", "edge/cluster.json"]).ended(1);
    assert_eq!(told.stdout, read.stdout);
}

#[test]
fn half_a_cluster_is_none() {
    let folder = kubectl("plugin-half", "cat cluster.json; echo Forbidden >&2; exit 1");
    let mut command = with_path(plugin(&folder), &folder);
    command.args(["prove"]);
    let half = on_terminal(command).ended(2);
    assert_eq!(half.stdout, "");
    assert!(half.stderr.contains("Forbidden"), "{}", half.stderr);
    assert!(half.stderr.contains("nothing was done"), "{}", half.stderr);
    fs::remove_file(folder.join("bin/kubectl")).unwrap();
    let mut command = plugin(&folder);
    command.args(["prove"]).env("PATH", folder.join("bin"));
    let none = on_terminal(command).ended(2);
    assert!(none.stderr.contains("cannot run kubectl"), "{}", none.stderr);
    let empty =
        kubectl("plugin-empty", "echo '{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[]}'");
    let mut command = with_path(plugin(&empty), &empty);
    command.args(["inspect"]);
    let nothing = on_terminal(command).ended(3);
    assert!(nothing.stderr.contains("no API objects in <kubectl>"), "{}", nothing.stderr);
}

/// Under its own name, without a terminal, or with an input, nothing is ever run.
#[test]
fn nobody_else_runs_kubectl() {
    let folder = kubectl("plugin-never", "cat cluster.json");
    let mut own = with_path(command(&folder), &folder);
    own.args(["prove"]);
    let own = on_terminal(own).ended(2);
    assert!(own.stderr.contains("hint: export a cluster with:"), "{}", own.stderr);
    let mut piped = with_path(plugin(&folder), &folder);
    let piped = ended(piped.args(["prove"]).output().unwrap()).ended(2);
    assert!(piped.stderr.contains("hint: export a cluster with:"), "{}", piped.stderr);
    let mut named = with_path(plugin(&folder), &folder);
    named.args(["prove", "cluster.json"]);
    on_terminal(named).ended(1);
    for (_, words) in crate::network::cases() {
        let mut every = with_path(command(&folder), &folder);
        ended(every.args(words).output().unwrap());
    }
    assert_eq!(called(&folder), "");
}
