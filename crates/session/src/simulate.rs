//! `simulate`: one story, event by event, and every way it may end.

use holdfast_cluster::Cluster;
use holdfast_failover::{Dynamics, Joined, Time, Times, story};
use holdfast_ingest::{Loaded, Source};
use holdfast_proof::{Outcome, Settings, Simulator, Timeline};
use holdfast_render::{self as render, Format};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::Answer;
use crate::events::{self, Named, Told};
use crate::failure::{Failure, nearest};
use crate::{exit, export};

/// What happens, as the flags of the command say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Simulate {
    /// The events, in order.
    pub events: Vec<String>,
    /// How long something takes, `TIME=DURATION`.
    pub assume: Vec<String>,
    /// States to search per event.
    pub budget: Option<usize>,
    /// Every workload and node is shown, also in large clusters.
    pub all: bool,
}

/// What happened.
pub struct Simulated {
    /// The outcome.
    pub outcome: Outcome,
    /// Where one run ends, as an export.
    pub export: Option<Value>,
    all: bool,
}

impl Simulate {
    /// Lets it happen to a cluster. Where its `sources` are given, the end is exported.
    ///
    /// # Errors
    /// An event that names nothing or makes no sense, and an end that there is not.
    pub fn ask(&self, loaded: &Loaded, sources: Option<Vec<Source>>) -> Result<Simulated, Failure> {
        let times = times(Times::of_cluster(&loaded.cluster), &self.assume)?;
        let told = events::parse(&loaded.cluster, &self.events)?;
        let cluster = loaded.cluster.with_rollouts(&events::rollouts(&told));
        let states_per_set = self.budget.unwrap_or_else(|| default_budget(&cluster, &told));
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
        let export = |sources| export::of(sources, simulator.dynamics(), &loaded.origins, &story);
        let export = sources.map(export).transpose()?;
        if !told.is_empty() {
            outcome.timeline = Some(Timeline::new(&simulator, &titles, &stages, &story, &times));
        }
        Ok(Simulated { outcome, export, all: self.all })
    }
}

impl Answer for Simulated {
    fn text(&self, format: Format) -> String {
        match format {
            Format::Human => render::simulate::human(&self.outcome, self.all),
            _ => render::json(&self.outcome),
        }
    }

    fn code(&self) -> u8 {
        let all_known = self.outcome.steps.iter().all(|step| step.exact);
        if all_known { exit::HOLDS } else { exit::INCONCLUSIVE }
    }
}

/// Small clusters are searched further: their states are cheap, unless events are joined, in the
/// middle of which many pods wait for a node at once.
pub(crate) fn default_budget(cluster: &Cluster, story: &[Told]) -> usize {
    let joined = story.iter().any(|told| !told.others.is_empty());
    let cheap = cluster.pods().len() <= 200 && !joined;
    if cheap { 200_000 } else { Settings::default().states_per_set }
}

/// `NAME=DURATION`, for instance `image-start=20s`.
pub(crate) fn times(mut times: Times, given: &[String]) -> Result<Times, Failure> {
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
