//! `holdfast simulate`: one story, event by event, and every way it may end.

use holdfast_cluster::Cluster;
use holdfast_failover::{Dynamics, Joined, Time, Times, story};
use holdfast_proof::{Outcome, Settings, Simulator, Timeline};

use crate::args::SimulateArguments;
use crate::events::{self, Named, Told};
use crate::failure::{Failure, nearest};
use crate::output::{self, Format};
use crate::{exit, export, input, render, whatif};

/// Runs the command.
///
/// # Errors
/// Bad input, an event that names nothing or makes no sense.
pub fn run(arguments: &SimulateArguments) -> Result<u8, Failure> {
    super::check_budget(arguments.budget)?;
    output::check(&arguments.output.output)?;
    output::refuse_ndjson(&arguments.output.output)?;
    arguments.export.as_deref().map_or(Ok(()), output::check_folder)?;
    let inputs = &arguments.input.inputs;
    let overlaid = whatif::over(input::read_cluster(inputs)?, &arguments.what_if)?;
    let kept = arguments.export.is_some().then(|| overlaid.sources.clone());
    let loaded = super::load_overlaid(overlaid, inputs, &arguments.scheduler)?;
    let loaded = super::assume(loaded, arguments.assumptions.as_ref())?;
    let times = times(Times::of_cluster(&loaded.cluster), &arguments.assume)?;
    let told = events::parse(&loaded.cluster, &arguments.event)?;
    let cluster = loaded.cluster.with_rollouts(&events::rollouts(&told));
    let states_per_set = arguments.budget.unwrap_or_else(|| default_budget(&cluster, &told));
    let settings = Settings { states_per_set, ..Settings::default() };
    let simulator = Simulator::new(Dynamics::new(&cluster), settings);
    let joined: Vec<Joined> = told.iter().map(Told::joined).collect();
    let named: Vec<&Named> = told.iter().flat_map(Told::all).collect();
    let stages = simulator
        .run(&joined)
        .map_err(|refused| events::refused(&cluster, named[refused.event], refused.why))?;
    let titles: Vec<String> = named.iter().map(|named| named.name.clone()).collect();
    let titles_of = |told: &Told| told.all().map(|named| named.name.clone()).collect();
    let groups: Vec<Vec<String>> = told.iter().map(titles_of).collect();
    let mut outcome = Outcome::new(&simulator, &groups, &stages);
    let story = story::tell(simulator.dynamics(), &stages[0].example, &joined, &times);
    if let (Some(path), Some(sources)) = (&arguments.export, kept) {
        let export = export::of(sources, simulator.dynamics(), &loaded.origins, &story)?;
        output::write_file(path, &render::json(&export))?;
    }
    if !told.is_empty() {
        outcome.timeline = Some(Timeline::new(&simulator, &titles, &stages, &story, &times));
    }
    output::write_all(&arguments.output.output, |format| match format {
        Format::Human => render::simulate::human(&outcome, arguments.all),
        _ => render::json(&outcome),
    })?;
    let all_known = outcome.steps.iter().all(|step| step.exact);
    Ok(if all_known { exit::HOLDS } else { exit::INCONCLUSIVE })
}

/// Small clusters are searched further: their states are cheap, unless events are joined, in the
/// middle of which many pods wait for a node at once.
fn default_budget(cluster: &Cluster, story: &[Told]) -> usize {
    let joined = story.iter().any(|told| !told.others.is_empty());
    let cheap = cluster.pods().len() <= 200 && !joined;
    if cheap { 200_000 } else { Settings::default().states_per_set }
}

/// `NAME=DURATION`, for instance `image-start=20s`.
fn times(mut times: Times, given: &[String]) -> Result<Times, Failure> {
    for text in given {
        let bad = |why: &str| Failure::usage(format!("--assume {text}: {why}"));
        let Some((name, value)) = text.split_once('=') else {
            return Err(bad("how long?").hint("for instance --assume image-start=20s"));
        };
        let Some(time) = Time::ALL.into_iter().find(|time| time.name() == name) else {
            let names: Vec<&str> = Time::ALL.iter().map(|time| time.name()).collect();
            return Err(bad("there is no such time").hint(match nearest(name, names.clone()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the times are {}", render::words::list(&names, names.len())),
            }));
        };
        let Some(seconds) = seconds(value) else {
            return Err(bad("that is no length of time").hint("write 90s, 5m, 1m30s or 1h"));
        };
        times.set(time, seconds);
    }
    Ok(times)
}

/// Whole seconds of a duration as Kubernetes writes it: `90s`, `1m30s`, `1h`. A bare number is
/// seconds.
fn seconds(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(seconds.into());
    }
    let mut total = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let number: u32 = rest[..end].parse().ok()?;
        let unit = match rest[end..].chars().next()? {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total += i64::from(number) * unit;
        rest = &rest[end + 1..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_kubernetes_own() {
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("1m30s"), Some(90));
        assert_eq!(seconds("1h"), Some(3600));
        assert_eq!(seconds("20"), Some(20));
        assert_eq!(seconds(""), None);
        assert_eq!(seconds("5x"), None);
        assert_eq!(seconds("-5s"), None);
    }
}
