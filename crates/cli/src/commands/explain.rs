//! `holdfast explain`: what the scheduler decides for each pending pod, and why.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{InstanceId, Placement};
use holdfast_ingest::{Severity, from_case};
use holdfast_scheduler::trace::{self, DecisionTrace};
use holdfast_scheduler::{Release, Scheduler, Words, release};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::args::ExplainArguments;
use crate::failure::{Failure, nearest};
use crate::output::{self, Format};
use crate::render::explain::Scope;
use crate::story::Story;
use crate::{exit, render};

/// One case of a stream.
#[derive(Deserialize)]
struct Case<'a> {
    id: String,
    #[serde(borrow)]
    objects: Vec<&'a RawValue>,
    /// The configuration of the scheduler that decides it.
    #[serde(borrow, default)]
    config: Option<&'a RawValue>,
}

/// The answer to a case.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pods: Option<Vec<DecisionTrace>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What was decided for one pod.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The decision trace.
    #[serde(flatten)]
    pub trace: DecisionTrace,
    /// What people are told besides.
    #[serde(skip)]
    pub story: Story,
}

/// Runs the command.
///
/// # Errors
/// Bad input, an unknown pod or node, or nothing that waits for a node.
pub fn run(arguments: &ExplainArguments) -> Result<u8, Failure> {
    if let Some(path) = &arguments.cases {
        return cases(path);
    }
    output::check(&arguments.output.output)?;
    let loaded = super::load_cluster(&arguments.inputs, &arguments.scheduler, &arguments.what_if)?;
    let cluster = &loaded.cluster;
    if let Some(name) = &arguments.node {
        super::node_named(cluster, "--node", name)?;
    }
    let release = arguments.kubernetes_version.unwrap_or_else(|| Release::of(cluster));
    let told = arguments.output.output.iter().any(|output| output.format == Format::Human);
    let teller = Explainer {
        scheduler: Scheduler::new(cluster),
        words: Words { cluster, release },
        tells: told,
    };
    let mut placement = Placement::of(cluster);
    let explained = match &arguments.pod {
        Some(name) => vec![teller.one(&mut placement, name)?],
        None => teller.pending(&mut placement),
    };
    if explained.is_empty() {
        return Err(Failure::nothing("no pod waits for a node")
            .hint("--pod NAMESPACE/NAME explains any pod as if it did"));
    }
    let scope = match &arguments.node {
        Some(name) => Scope::Node(name),
        None if arguments.all => Scope::All,
        None => Scope::Some,
    };
    let render = |format| match format {
        Format::Human => {
            render::explain::human(&explained, scope)
                + &render::explain::emulation(release, release::version(cluster))
        }
        Format::Ndjson => lines(&explained),
        _ => render::json(&explained),
    };
    output::write_all(&arguments.output.output, render)?;
    Ok(exit::HOLDS)
}

/// What pods are explained with.
struct Explainer<'c> {
    scheduler: Scheduler<'c>,
    words: Words<'c>,
    /// People are told, so that needs are asked for.
    tells: bool,
}

impl Explainer<'_> {
    /// Every pending pod in the order of the queue, each bound before the next is decided.
    fn pending(&self, placement: &mut Placement) -> Vec<Explained> {
        let cluster = self.words.cluster;
        let mut explained = Vec::new();
        for pod in holdfast_scheduler::queue::order(cluster, placement) {
            let found = self.explain(placement, pod);
            let node = found.trace.node.as_deref().and_then(|name| cluster.find(name));
            explained.push(found);
            if let Some(node) = node.and_then(|name| cluster.node_named(name)) {
                placement.bind(cluster, pod, node);
            }
        }
        explained
    }

    /// One pod, as if it were pending and everything else stood where it stands.
    fn one(&self, placement: &mut Placement, name: &str) -> Result<Explained, Failure> {
        let cluster = self.words.cluster;
        let names: Vec<(InstanceId, String)> = placement
            .instance_ids()
            .filter(|pod| placement.instance(*pod).whereabouts != Whereabouts::Gone)
            .map(|pod| (pod, trace::pod_name(cluster, placement, pod)))
            .collect();
        let Some((pod, _)) = names.iter().find(|(_, known)| known == name) else {
            let failure = Failure::usage(format!("--pod: there is no living pod {name}"));
            let near = nearest(name, names.iter().map(|(_, known)| known.as_str()));
            return Err(match near {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure.hint("name it as NAMESPACE/NAME, as kubectl get pods -A shows it"),
            });
        };
        let bound = placement.instance(*pod).node();
        placement.change(cluster, *pod, |instance| {
            instance.whereabouts = Whereabouts::Pending;
            instance.terminating = false;
        });
        let mut explained = self.explain(placement, *pod);
        explained.story.runs_on = bound.map(|node| cluster.node_name(node).to_owned());
        Ok(explained)
    }

    fn explain(&self, placement: &Placement, pod: InstanceId) -> Explained {
        let decision = self.scheduler.decide(placement, pod);
        let story = if self.tells {
            Story::of(&self.scheduler, self.words, placement, &decision)
        } else {
            Story::default()
        };
        Explained { trace: trace::of(self.words, placement, &decision), story }
    }
}

/// A stream of cases, one a line, answered in order; a bad case gives an `error` line.
fn cases(path: &Path) -> Result<u8, Failure> {
    let unreadable =
        |error: io::Error| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let lines: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).map_err(unreadable)?))
    };
    for line in lines.lines() {
        let line = line.map_err(unreadable)?;
        if !line.trim().is_empty() {
            output::print(answer(&line).as_bytes())?;
        }
    }
    Ok(exit::HOLDS)
}

fn answer(line: &str) -> String {
    let answered = match serde_json::from_str::<Case<'_>>(line) {
        Ok(case) => {
            let decided = decide(&case);
            let (pods, error) = match decided {
                Ok(pods) => (Some(pods), None),
                Err(error) => (None, Some(error)),
            };
            serde_json::to_string(&Answer { id: &case.id, pods, error })
        }
        Err(error) => {
            let error = Some(format!("not a case: {error}"));
            serde_json::to_string(&Answer { id: "", pods: None, error })
        }
    };
    answered.expect("answers are plain data") + "\n"
}

fn decide(case: &Case<'_>) -> Result<Vec<DecisionTrace>, String> {
    let objects = case.objects.iter().map(|object| object.get().as_bytes());
    let config = case.config.map(|config| config.get().as_bytes());
    let (cluster, diagnostics) = from_case(objects, config);
    let error = diagnostics.iter().find(|found| found.severity == Severity::Error);
    if let Some(found) = error {
        return Err(format!("{}: {}", found.rule.summary(), found.detail));
    }
    let mut placement = Placement::of(&cluster);
    Ok(trace::decide_all(&Scheduler::new(&cluster), &mut placement))
}

fn lines(explained: &[Explained]) -> String {
    let mut out = Vec::new();
    for one in explained {
        serde_json::to_writer(&mut out, one).expect("traces are plain data");
        // Writing to memory cannot fail.
        let _ = out.write_all(b"\n");
    }
    String::from_utf8(out).expect("JSON is UTF-8")
}
