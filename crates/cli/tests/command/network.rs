//! Nothing ever leaves the machine.
//!
//! Three witnesses, as none is enough: the kernel sees no call of the network, the program has
//! no function to open a connection with, and our sources name none. One file listens, for `open`,
//! and on the loopback address alone (see `open.rs`). Only the plugin runs the user's own `kubectl`
//! (see `plugin.rs`), and only `open` the user's browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::holdfast::{fixtures, folder};

/// Every command with arguments by which it does its work.
pub(crate) fn cases() -> Vec<(&'static str, Vec<&'static str>)> {
    let plan = |question: &'static str| vec!["plan", question, "edge/cluster.json"];
    vec![
        ("prove", vec!["prove", "edge/cluster.json"]),
        ("check", vec!["check", "--policy", "policies/edge.yaml", "edge/cluster.json"]),
        (
            "diff",
            vec![
                "diff",
                "edge/cluster.json",
                "--set",
                "deployment/argocd/argocd-server.replicas=2",
            ],
        ),
        ("init", vec!["init", "edge/cluster.json", "--policy", "-"]),
        ("verify", vec!["verify", "edge/cluster.json", "edge/cluster.json"]),
        ("simulate", vec!["simulate", "edge/cluster.json", "--event", "fail:worker-1"]),
        ("plan repair", plan("repair")),
        ("plan fit", vec!["plan", "fit", "argocd/argocd-server", "edge/cluster.json"]),
        ("plan waste", plan("waste")),
        ("plan nodes", vec!["plan", "nodes", "edge/cluster.json", "--like", "worker-1"]),
        (
            "plan mix",
            vec![
                "plan",
                "mix",
                "data-platform/option-a.json",
                "--catalog",
                "data-platform/catalog.yaml",
            ],
        ),
        ("plan tolerance", plan("tolerance")),
        ("plan options", vec!["plan", "options", "data-platform/options.yaml"]),
        ("plan migrate", vec!["plan", "migrate", "k3s/before.json", "k3s/after.json"]),
        ("plan remove", plan("remove")),
        ("plan rebalance", plan("rebalance")),
        ("inspect", vec!["inspect", "homelab/cluster.json"]),
        ("explain", vec!["explain", "homelab/cluster.json"]),
        // Where there is no page, nothing is listened on.
        ("open", vec!["open", "homelab/cluster.json", "--page", "homelab"]),
        ("redact", vec!["redact", "homelab/cluster.json"]),
        ("synth", vec!["synth", "--nodes", "5", "--pods", "20"]),
        ("config show", vec!["config", "show", "check"]),
        ("completions", vec!["completions", "bash"]),
        ("man", vec!["man"]),
        ("", vec!["--help"]),
    ]
}

#[test]
fn every_command_has_its_case() {
    let cases = cases();
    for (path, command) in crate::generated::commands() {
        let name = path.join(" ");
        let is_leaf = command.get_subcommands().next().is_none();
        assert!(!is_leaf || cases.iter().any(|(of, _)| *of == name), "{name} has no case");
    }
}

/// Whether a program can be run here, and may trace.
fn strace_works() -> bool {
    let traced = Command::new("strace").args(["-f", "-e", "trace=network", "true"]).output();
    traced.is_ok_and(|output| output.status.success())
}

/// The kernel is the witness: no command makes a single call of the network, on any thread.
#[test]
fn no_command_opens_a_socket() {
    if !strace_works() {
        println!("strace is not here or may not trace: nothing was checked");
        return;
    }
    for (name, arguments) in cases() {
        let trace = folder("network").join("calls");
        let ended = Command::new("strace")
            .args(["-f", "-qq", "-e", "trace=network", "-e", "signal=none", "-o"])
            .arg(&trace)
            .arg(env!("CARGO_BIN_EXE_holdfast"))
            .args(arguments)
            .current_dir(fixtures())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(ended.code().is_some(), "{name} was ended");
        let calls = fs::read_to_string(trace).unwrap();
        // A thread that ends while it is looked at is no call.
        let mut made = calls.lines().filter(|line| line.contains('(') && !line.contains("???("));
        assert!(made.next().is_none(), "{name} called\n{calls}");
    }
}

/// What asks for addresses and opens connections is none of the functions that the program takes
/// from the C library, whichever crate would call it. (Starting a program takes `socketpair` and
/// `sendmsg`, which stay within the machine.)
#[test]
#[cfg(unix)]
fn the_program_cannot_connect() {
    let program = fs::read(env!("CARGO_BIN_EXE_holdfast")).unwrap();
    let program = object::File::parse(&*program).unwrap();
    let imports = object::Object::imports(&program).unwrap();
    let name = |one: object::Result<object::Import<'_>>| match one.unwrap().name() {
        object::NameOrOrdinal::Name(name) => String::from_utf8_lossy(name).into_owned(),
        object::NameOrOrdinal::Ordinal(number) => number.to_string(),
    };
    let names: Vec<String> = imports.map(name).collect();
    let has = |name: &str| names.iter().any(|one| one.trim_start_matches('_') == name);
    assert!(has("getcwd") && has("write"), "it takes something: {names:?}");
    for name in ["connect", "getaddrinfo", "sendto"] {
        assert!(!has(name), "the program takes {name}");
    }
}

/// The sources of the command and of everything that it is made of here.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Two files start a program, the user's own kubectl and browser, and one listens.
#[test]
fn our_sources_neither_connect_nor_start_programs() {
    let mut all = Vec::new();
    for room in fs::read_dir(fixtures().join("../crates")).unwrap() {
        sources(&room.unwrap().path().join("src"), &mut all);
    }
    assert!(all.len() > 200, "{}", all.len());
    let (mut starts, mut listens) = (Vec::new(), Vec::new());
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        for name in
            ["std::net", "os::unix::net", "TcpStream", "UdpSocket", "UnixStream", "TcpListener"]
        {
            let listens_here = path.ends_with("cli/src/open/server.rs");
            if text.contains(name) && listens_here {
                listens.push(name);
                continue;
            }
            assert!(!text.contains(name), "{} names {name}", path.display());
        }
        if text.contains("process::Command") || text.contains("process::{Command") {
            starts.push(path.file_name().unwrap().to_owned());
        }
    }
    starts.sort_unstable();
    assert_eq!(starts, ["browser.rs", "live.rs"]);
    // What it accepts is a stream; it never connects one.
    assert_eq!(listens, ["std::net", "TcpStream", "TcpListener"]);
    let server = fs::read_to_string(fixtures().join("../crates/cli/src/open/server.rs")).unwrap();
    assert!(server.contains("Ipv4Addr::LOCALHOST") && !server.contains("connect("));
}

/// Nothing that the command is made of speaks to a network.
#[test]
fn no_dependency_speaks_to_a_network() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "-p", "holdfast", "-e", "normal", "--prefix", "none", "--offline"])
        .current_dir(fixtures().join(".."))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"serde_json"), "{tree}");
    for name in [
        "tokio",
        "mio",
        "async-std",
        "smol",
        "socket2",
        "hyper",
        "reqwest",
        "ureq",
        "curl",
        "attohttpc",
        "isahc",
        "kube",
        "kube-client",
        "rustls",
        "native-tls",
        "openssl",
        "quinn",
        "h2",
        "tonic",
    ] {
        assert!(!names.contains(&name), "{name} is a dependency");
    }
}
