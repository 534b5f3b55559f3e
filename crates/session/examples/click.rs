//! How long a click takes, and with `sweep` behind it all failures of one node on one thread:
//! `cargo run --release -p holdfast-session --example click -- EXPORT [sweep]`, an export that
//! `holdfast synth` made. Nodes fail one at a time, each in the cluster as it is.

use std::time::{Duration, Instant};

use holdfast_ingest::Source;
use holdfast_session::protocol::{Given, Request};
use holdfast_session::prove::Prove;
use holdfast_session::simulate::Simulate;
use holdfast_session::{Files, Session};

/// Sets that are examined at once, as the page asks for them.
const BATCH: usize = 16;

/// How many nodes fail, evenly spread over the cluster.
const CLICKS: usize = 20;

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let done = work();
    (done, started.elapsed())
}

fn given(session: &mut Session, request: &Request) -> Given {
    session.reply(request).result.unwrap_or_else(|failure| panic!("{failure}"))
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() {
    let path = std::env::args().nth(1).expect("an export");
    let bytes = std::fs::read(&path).expect("a file that can be read");
    let files = Files { exports: vec![Source::named(path, bytes)], ..Files::default() };
    let (opened, took) = timed(|| Session::open(files, |_, _| {}));
    let Ok((mut session, _)) = opened else { panic!("the export is refused") };
    println!("opened in {:.0} ms", took.as_secs_f64() * 1e3);
    let (overview, took) = timed(|| given(&mut session, &Request::Overview));
    let text = serde_json::to_string(&overview).expect("plain data");
    println!("overview in {:.0} ms, {} kB as JSON", took.as_secs_f64() * 1e3, text.len() / 1000);
    let Given::Overview(overview) = overview else { panic!("something else was given") };
    let step = (overview.nodes.len() / CLICKS).max(1);
    let mut all = Vec::new();
    for node in overview.nodes.iter().step_by(step).take(CLICKS) {
        let events = vec![format!("fail:{}", node.name)];
        let asked = Request::Tell(Simulate { events, ..Simulate::default() });
        let (aftermath, took) = timed(|| given(&mut session, &asked));
        let (text, written) = timed(|| serde_json::to_string(&aftermath).expect("plain data"));
        let Given::Aftermath { aftermath, .. } = aftermath else { panic!("nothing was told") };
        let (took, written) = (took.as_secs_f64() * 1e3, written.as_secs_f64() * 1e3);
        all.push(took + written);
        println!("{took:7.1} ms, {} kB: {}", text.len() / 1000, aftermath.sentence);
    }
    let first = all.remove(0);
    all.sort_by(f64::total_cmp);
    let (median, slowest) = (all[all.len() / 2], all[all.len() - 1]);
    println!("first {first:.1} ms, median {median:.1} ms, slowest {slowest:.1} ms");
    if std::env::args().nth(2).is_some() {
        let (sets, took) = timed(|| sweep(&mut session));
        println!("{sets} sets in {:.0} ms", took.as_secs_f64() * 1e3);
    }
}

/// All failures of one node, as the page asks for them; how many there are.
fn sweep(session: &mut Session) -> usize {
    let question = Prove::default();
    let Given::Matrix(matrix) = given(session, &Request::Matrix(question.clone())) else {
        panic!("something else was given")
    };
    let all = matrix.sets.len();
    for from in (0..all).step_by(BATCH) {
        let to = (from + BATCH).min(all);
        let part = given(session, &Request::Examine { question: question.clone(), from, to });
        serde_json::to_string(&part).expect("plain data");
    }
    all
}
