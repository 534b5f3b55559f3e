//! `holdfast explain`: what the scheduler decides for each pending pod, and why.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_ingest::{Severity, from_case};
use holdfast_scheduler::trace::{self, DecisionTrace};
use holdfast_scheduler::{Choice, Scheduler, Scratch, message};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::args::ExplainArguments;
use crate::failure::{Failure, nearest};
use crate::output::{self, Format};
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

/// What was decided for one pod, with the message its condition would carry.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The decision trace.
    #[serde(flatten)]
    pub trace: DecisionTrace,
    /// What the pod's `PodScheduled` condition would say; `None` if it is scheduled.
    #[serde(skip)]
    pub condition: Option<String>,
    /// What is found where the scheduler does not look at all nodes.
    #[serde(skip)]
    pub sampled: Option<Sampled>,
}

/// The scheduler looks at some of the nodes that take a pod only.
#[derive(Debug)]
pub struct Sampled {
    /// At how many.
    pub looked_at: usize,
    /// Of how many.
    pub feasible: usize,
    /// How many of them may be the best of those looked at.
    pub winners: usize,
    /// There may be more of them: not every start was tried.
    pub at_least: bool,
}

/// From how many starts a search through some of the nodes is tried.
const STARTS: usize = 512;

/// Runs the command.
///
/// # Errors
/// Bad input, an unknown pod, or nothing that waits for a node.
pub fn run(arguments: &ExplainArguments) -> Result<u8, Failure> {
    if let Some(path) = &arguments.cases {
        return cases(path);
    }
    let loaded = super::load_cluster(&arguments.inputs, &arguments.scheduler)?;
    let cluster = &loaded.cluster;
    let mut placement = Placement::of(cluster);
    let explained = match &arguments.pod {
        Some(name) => vec![one(cluster, &mut placement, name)?],
        None => pending(cluster, &mut placement),
    };
    if explained.is_empty() {
        return Err(Failure::nothing("no pod waits for a node")
            .hint("--pod NAMESPACE/NAME explains any pod as if it did"));
    }
    let render = |format| match format {
        Format::Human => render::explain::human(&explained),
        Format::Json => render::json(&explained),
        Format::Ndjson => lines(&explained),
    };
    output::write_all(&arguments.output.output, render)?;
    Ok(exit::HOLDS)
}

/// Every pending pod in the order of the queue, each bound before the next is decided.
fn pending(cluster: &Cluster, placement: &mut Placement) -> Vec<Explained> {
    let scheduler = Scheduler::new(cluster);
    let mut explained = Vec::new();
    for pod in holdfast_scheduler::queue::order(cluster, placement) {
        let found = explain(&scheduler, placement, pod);
        let node = found.trace.node.as_deref().and_then(|name| cluster.find(name));
        explained.push(found);
        if let Some(node) = node.and_then(|name| cluster.node_named(name)) {
            placement.bind(cluster, pod, node);
        }
    }
    explained
}

/// One pod, as if it were pending and everything else stood where it stands.
fn one(cluster: &Cluster, placement: &mut Placement, name: &str) -> Result<Explained, Failure> {
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
    placement.change(cluster, *pod, |instance| {
        instance.whereabouts = Whereabouts::Pending;
        instance.terminating = false;
    });
    Ok(explain(&Scheduler::new(cluster), placement, *pod))
}

fn explain(scheduler: &Scheduler<'_>, placement: &Placement, pod: InstanceId) -> Explained {
    let cluster = scheduler.cluster();
    let decision = scheduler.decide(placement, pod);
    Explained {
        trace: trace::of(cluster, placement, &decision),
        condition: message::of_condition(cluster, &decision),
        sampled: sampled(scheduler, placement, pod),
    }
}

fn sampled(scheduler: &Scheduler<'_>, placement: &Placement, pod: InstanceId) -> Option<Sampled> {
    match scheduler.choose(placement, pod, STARTS, &mut Scratch::default()) {
        Choice::Best(_) => None,
        Choice::Sampled { looked_at, any, reachable } => Some(Sampled {
            looked_at,
            feasible: any.len(),
            winners: reachable.len(),
            at_least: any.len() > STARTS,
        }),
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
