//! Sessions about the plans, and the command beside them.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use holdfast_ingest::Source;
use holdfast_session::changes::Change;
use holdfast_session::overview::Overview;
use holdfast_session::protocol::{Document, Given, Question, Reply, Request};
use holdfast_session::{Failure, Files, Session};

/// A plan, as far as it is an export.
pub(crate) struct Plan {
    pub(crate) export: &'static str,
    pub(crate) assumptions: &'static str,
    pub(crate) policy: &'static str,
}

/// The five plans.
pub(crate) const PLANS: [Plan; 5] = [
    Plan {
        export: "homelab/cluster.json",
        assumptions: "homelab/assumptions.yaml",
        policy: "homelab",
    },
    Plan { export: "edge/cluster.json", assumptions: "edge/assumptions.yaml", policy: "edge" },
    Plan { export: "k3s/after.json", assumptions: "k3s/assumptions.yaml", policy: "k3s" },
    Plan {
        export: "zero-spof/after-longhorn.json",
        assumptions: "zero-spof/assumptions.yaml",
        policy: "zero-spof",
    },
    Plan {
        export: "data-platform/option-a.json",
        assumptions: "data-platform/assumptions.yaml",
        policy: "data-platform",
    },
];

/// What there is to buy.
pub(crate) const CATALOG: &str = "catalogs/example-cloud.yaml";

/// The path of a fixture.
pub(crate) fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    folder.canonicalize().unwrap().join(name).display().to_string()
}

/// A fixture.
pub(crate) fn source(name: &str) -> Source {
    let path = fixture(name);
    Source::named(path.clone(), fs::read(path).unwrap())
}

/// A session about a plan, with all that questions may name.
pub(crate) fn open(plan: &Plan) -> Session {
    let policies = PLANS.map(|plan| format!("policies/{}.yaml", plan.policy));
    let named = ["policies/k3s-members.yaml", "policies/data-platform-members.yaml", CATALOG];
    let beside = policies.iter().map(String::as_str).chain(named).map(source);
    let files = Files {
        exports: vec![source(plan.export)],
        scheduler_config: None,
        assumptions: Some(source(plan.assumptions)),
        beside: beside.collect(),
    };
    match Session::open(files, |_, _| {}) {
        Ok((session, _)) => session,
        Err((failure, told)) => panic!("{told}{failure}"),
    }
}

/// What a session gives, or why not.
pub(crate) fn ask(session: &mut Session, request: &Request) -> Result<Given, Failure> {
    // As the page sends and gets it.
    let sent = serde_json::to_string(request).unwrap();
    let reply = session.reply(&serde_json::from_str(&sent).unwrap());
    let got = serde_json::to_string(&reply).unwrap();
    let read: Reply = serde_json::from_str(&got).unwrap();
    assert_eq!(read, reply);
    read.result
}

#[track_caller]
pub(crate) fn overview(session: &mut Session) -> Overview {
    match ask(session, &Request::Overview) {
        Ok(Given::Overview(overview)) => overview,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn change(session: &mut Session, changes: &[Change]) {
    let given = ask(session, &Request::Change(changes.to_vec()));
    assert_eq!(given, Ok(Given::Ready));
}

#[track_caller]
pub(crate) fn document(session: &mut Session, question: &Question, format: &str) -> Document {
    let request = Request::Ask { question: question.clone(), format: format.to_owned() };
    match ask(session, &request) {
        Ok(Given::Document(document)) => document,
        other => panic!("{other:?}"),
    }
}

/// Whether the command that a session names gives the same bytes and the same exit code.
#[track_caller]
pub(crate) fn same(session: &mut Session, question: &Question, format: &str) {
    let document = document(session, question, format);
    let path = folder().join(format!("{}.out", number()));
    let mut words = split(&document.command);
    words.extend(["-o".to_owned(), format!("{format}={}", path.display())]);
    let code = holdfast::run(words.iter().map(OsString::from));
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(document.code)), "{words:?}");
    let printed = fs::read_to_string(&path).unwrap();
    assert!(printed == document.text, "{words:?}\n{}", document.text);
    assert!(!printed.is_empty());
}

/// Writes a file, and says where.
pub(crate) fn write(name: &str, text: &str) -> String {
    let path = folder().join(format!("{}-{name}", number()));
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("session");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Another one each time, in each process.
fn number() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The words of a command as a shell takes them.
fn split(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in command.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words
}
