//! `prove --sequence` and `--orders`: failures one after another, each once all is quiet.

use holdfast_cluster::Cluster;
use holdfast_failover::{Dynamics, Joined};
use holdfast_proof::report::sequences::{Asked, Followed};
use holdfast_proof::sequence::{self, orders};
use holdfast_proof::simulation::Refused;
use holdfast_proof::{Report, Sequencer, Settings, Symmetry};

use crate::events::{self, Named, Told};
use crate::failure::Failure;
use crate::prove::Prove;
use crate::rim::Rim;

/// More failures than these have more orders than anybody waits for: 7 have 5,040.
const ORDERED_MAX: usize = 6;

const SEQUENCE: &str = "--sequence";
const FAIL: &str = "--fail";

/// The sequences that are asked for: one, or every order of some failures.
#[derive(Clone, Debug)]
pub struct Sequences {
    asked: Asked,
    events: Vec<Told>,
    /// Positions of the events, in the order in which they come.
    orders: Vec<Vec<usize>>,
}

impl Sequences {
    /// Those that are asked about, if any are.
    ///
    /// # Errors
    /// Events that cannot be understood, and too many failures to be ordered.
    pub fn of(question: &Prove, cluster: &Cluster) -> Result<Option<Self>, Failure> {
        if let Some(text) = &question.sequence {
            return Self::of_text(text, cluster).map(Some);
        }
        let Some(names) = question.failures.fail.as_ref().filter(|_| question.orders) else {
            return Ok(None);
        };
        if names.len() > ORDERED_MAX {
            let text = format!("--orders: {} failures have too many orders", names.len());
            return Err(Failure::usage(text)
                .hint(format!("name up to {ORDERED_MAX}; or ask for one order with --sequence")));
        }
        let typed: Vec<String> = names.iter().map(|name| format!("fail:{name}")).collect();
        let events = parse(cluster, &typed, FAIL)?;
        let orders = orders(events.len());
        Ok(Some(Self { asked: Asked::Orders(names.clone()), events, orders }))
    }

    /// One sequence.
    ///
    /// # Errors
    /// Events that cannot be understood.
    pub fn of_text(text: &str, cluster: &Cluster) -> Result<Self, Failure> {
        let typed = typed(text)?;
        let events = parse(cluster, &typed, SEQUENCE)?;
        let names = events.iter().map(told).collect();
        let orders = vec![(0..events.len()).collect()];
        Ok(Self { asked: Asked::Sequence(names), events, orders })
    }

    /// The cluster with the pods of the rollouts among the events.
    pub fn prepare(&self, cluster: &Cluster) -> Cluster {
        cluster.with_rollouts(&events::rollouts(&self.events))
    }

    /// Follows all of them, until somebody asks to stop.
    ///
    /// # Errors
    /// An event that makes no sense where it stands.
    pub fn prove(
        &self,
        cluster: &Cluster,
        settings: Settings,
        rim: &impl Rim,
    ) -> Result<Report, Failure> {
        let sequencer = Sequencer::new(Dynamics::new(cluster), settings);
        let alike = self.alike(&sequencer, settings);
        let all: Vec<(usize, &Vec<usize>)> = self.orders.iter().enumerate().collect();
        let mut all = rim.each(&all, |(at, order)| {
            let is_first = alike[*at] == *at;
            (is_first && !rim.stopped()).then(|| self.follow(&sequencer, order))
        });
        let mut followed: Vec<Followed> = Vec::new();
        for (at, order) in self.orders.iter().enumerate() {
            // What is behind one that was left out is left out, too.
            let one = match (alike[at] == at, all[at].take()) {
                (true, None) => break,
                (true, Some(one)) => one.map_err(|refused| {
                    let mut events = order.iter().flat_map(|at| self.events[*at].all());
                    let event = events.nth(refused.event).expect("it is one of them");
                    renamed(events::refused(cluster, event, refused.why), self.option())
                })?,
                (false, _) => (self.names(order), followed[alike[at]].1.clone(), 0),
            };
            followed.push(one);
        }
        let complete = followed.len() == self.orders.len();
        let asked = settings.symmetry && matches!(self.asked, Asked::Orders(_));
        let played = || (0..followed.len()).filter(|at| alike[*at] == *at).count() as u64;
        let played = asked.then(played);
        Ok(Report::of_sequences(&sequencer, &self.asked, &followed, complete, played))
    }

    /// The events of every sequence, for a certificate.
    pub fn events(&self) -> Vec<Vec<Joined>> {
        self.orders.iter().map(|order| self.joined(order)).collect()
    }

    fn joined(&self, order: &[usize]) -> Vec<Joined> {
        order.iter().map(|at| self.events[*at].joined()).collect()
    }

    /// For each order the first that nothing can tell apart from it.
    fn alike(&self, sequencer: &Sequencer<'_>, settings: Settings) -> Vec<usize> {
        if !settings.symmetry || self.orders.len() < 2 {
            return (0..self.orders.len()).collect();
        }
        let events: Vec<Joined> = self.events.iter().map(Told::joined).collect();
        sequence::alike(&Symmetry::of(sequencer.dynamics()), &events, &self.orders)
    }

    fn names(&self, order: &[usize]) -> Vec<String> {
        order.iter().map(|at| told(&self.events[*at])).collect()
    }

    fn follow(&self, sequencer: &Sequencer<'_>, order: &[usize]) -> Result<Followed, Refused> {
        let (courses, states) = sequencer.follow(&self.joined(order))?;
        Ok((self.names(order), courses, states))
    }

    fn option(&self) -> &'static str {
        match self.asked {
            Asked::Sequence(_) => SEQUENCE,
            Asked::Orders(_) => FAIL,
        }
    }
}

/// `drain a + fail b; recover a, b` as the events `drain:a+fail:b` and `recover:a,b`.
fn typed(text: &str) -> Result<Vec<String>, Failure> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let event = |part: &str| match part.trim().split_once([' ', ':']) {
        None => part.trim().to_owned(),
        Some((verb, what)) => {
            let what: String = what.split_whitespace().collect();
            format!("{verb}:{what}")
        }
    };
    let joined = |part: &str| part.split('+').map(event).collect::<Vec<_>>().join("+");
    let typed: Vec<String> = parts.map(joined).collect();
    if typed.is_empty() {
        return Err(Failure::usage("--sequence: what happens?")
            .hint("for instance --sequence \"fail n1; fail n2; recover n1\""));
    }
    Ok(typed)
}

/// `drain a + fail b` for `drain:a+fail:b`.
fn told(event: &Told) -> String {
    let all: Vec<String> = event.all().map(|named: &Named| spoken(&named.name)).collect();
    all.join(" + ")
}

/// `fail a` for `fail:a`.
fn spoken(name: &str) -> String {
    name.replacen(':', " ", 1).replace(',', ", ")
}

fn parse(cluster: &Cluster, typed: &[String], option: &str) -> Result<Vec<Told>, Failure> {
    events::parse(cluster, typed).map_err(|failure| renamed(failure, option))
}

/// The same about another option than `--event`.
fn renamed(failure: Failure, option: &str) -> Failure {
    let event = if option == FAIL { "--event fail:" } else { "--event" };
    let option = if option == FAIL { "--fail " } else { option };
    Failure { message: failure.message.replacen(event, option, 1), ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_they_are_spoken() {
        let read = |text| typed(text).map_err(|failure| failure.message);
        let expected = ["fail:a", "fail:b,c", "recover:a", "heal"].map(str::to_owned);
        assert_eq!(read("fail a; fail b, c;recover:a ; heal;"), Ok(expected.to_vec()));
        assert_eq!(read(" ; "), Err("--sequence: what happens?".to_owned()));
        assert_eq!(spoken("fail:b,c"), "fail b, c");
        assert_eq!(spoken("scale:deployment/a/b=3"), "scale deployment/a/b=3");
    }
}
