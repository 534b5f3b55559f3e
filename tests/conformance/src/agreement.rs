//! How far a told step and a recorded one agree.

use std::collections::BTreeSet;
use std::fmt;

use holdfast_proof::outcome::{RangeOutcome, StepOutcome, WorkloadOutcome};

use crate::recorded::{Standing, State};

/// One step, compared.
#[derive(Debug, Default)]
pub struct Agreement {
    /// The engine says that its ranges are no wider than need be.
    pub exact: bool,
    /// Ranges: three for each workload, one for each node.
    pub ranges: usize,
    /// Ranges that hold what was recorded.
    pub contained: usize,
    /// Ranges of one number.
    pub single: usize,
    /// Pods that the real scheduler found no node for.
    pub messages: usize,
    /// Those whose message is among their workload's.
    pub matched: usize,
    /// What an inexact step rests on.
    pub doubts: Vec<String>,
    /// Where the engine is wrong.
    pub differences: Vec<Difference>,
}

/// Something that was recorded and that the engine rules out.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// A workload, node or pod, and what of it.
    pub what: String,
    /// What was recorded.
    pub recorded: String,
    /// What the engine allows.
    pub told: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: recorded {}, told {}", self.what, self.recorded, self.told)
    }
}

impl Agreement {
    /// Compares what the engine says with what was recorded. Where a step is not exact its messages
    /// are those of the runs that were followed, which rules no other out: one that is missing
    /// there is no difference, but not matched either.
    pub fn of(told: &StepOutcome, recorded: &State) -> Self {
        let mut agreement = Self { exact: told.exact, ..Self::default() };
        if !told.exact {
            let name = |reason: &str, detail: Option<&String>| match detail {
                Some(detail) => format!("{reason}: {detail}"),
                None => reason.to_owned(),
            };
            let doubts = told.doubts.iter();
            agreement.doubts =
                doubts.map(|doubt| name(doubt.reason, doubt.detail.as_ref())).collect();
        }
        let keys = told.workloads.keys().chain(recorded.workloads.keys());
        for key in keys.collect::<BTreeSet<_>>() {
            let standing = recorded.workloads.get(key).copied().unwrap_or_default();
            agreement.workload(key, told.workloads.get(key), standing);
        }
        let nodes = told.nodes.keys().chain(recorded.nodes.keys());
        for name in nodes.collect::<BTreeSet<_>>() {
            let pods = recorded.nodes.get(name).copied().unwrap_or_default();
            let range = told.nodes.get(name).map(|node| node.pods);
            agreement.range(format!("pods on {name}"), range, pods);
        }
        agreement.messages(told, recorded);
        agreement
    }

    fn workload(&mut self, key: &str, told: Option<&WorkloadOutcome>, recorded: Standing) {
        let Standing { ready, pending, terminating } = recorded;
        self.range(format!("{key} ready"), told.map(|told| told.ready), ready);
        self.range(format!("{key} pending"), told.map(|told| told.pending), pending);
        self.range(format!("{key} terminating"), told.map(|told| told.terminating), terminating);
    }

    /// What the engine does not know of has no range, which holds nothing.
    fn range(&mut self, what: String, told: Option<RangeOutcome>, recorded: u32) {
        self.ranges += 1;
        self.single += usize::from(told.is_some_and(|told| told.min == told.max));
        if told.is_some_and(|told| (told.min..=told.max).contains(&recorded)) {
            self.contained += 1;
            return;
        }
        let told =
            told.map_or("nothing".to_owned(), |told| format!("{} to {}", told.min, told.max));
        self.differences.push(Difference { what, recorded: recorded.to_string(), told });
    }

    fn messages(&mut self, told: &StepOutcome, recorded: &State) {
        for waiting in &recorded.waiting {
            let known = told.workloads.get(&waiting.workload).map(|told| told.messages.as_slice());
            let known = known.unwrap_or_default();
            self.messages += 1;
            if known.contains(&waiting.message) {
                self.matched += 1;
            } else if told.exact {
                self.differences.push(Difference {
                    what: format!("message of {}", waiting.pod),
                    recorded: waiting.message.clone(),
                    told: format!("{known:?}"),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use holdfast_proof::outcome::NodeOutcome;

    use super::*;
    use crate::recorded::Waiting;

    fn range(min: u32, max: u32) -> RangeOutcome {
        RangeOutcome { min, max }
    }

    /// One workload with two to three pods ready, one pending that is told "no room", and a node.
    fn told(exact: bool) -> StepOutcome {
        let web = WorkloadOutcome {
            desired: 4,
            ready: range(2, 3),
            pending: range(1, 1),
            terminating: range(0, 0),
            attaching: None,
            starved: None,
            messages: vec!["no room".to_owned()],
        };
        let node =
            NodeOutcome { state: "Ready", cordoned: false, cut_off: false, pods: range(3, 3) };
        StepOutcome {
            event: String::new(),
            joined: Vec::new(),
            workloads: BTreeMap::from([("Deployment/default/web".to_owned(), web)]),
            nodes: BTreeMap::from([("n1".to_owned(), node)]),
            exact,
            doubts: Vec::new(),
            restless: false,
            states: 1,
            control_plane: None,
            storage: BTreeMap::new(),
            blocked: Vec::new(),
            stuck: Vec::new(),
            gave_up: Vec::new(),
        }
    }

    fn recorded(ready: u32, message: &str) -> State {
        let key = "Deployment/default/web".to_owned();
        let standing = Standing { ready, pending: 1, terminating: 0 };
        let (pod, message) = ("default/web-1".to_owned(), message.to_owned());
        State {
            workloads: BTreeMap::from([(key.clone(), standing)]),
            nodes: BTreeMap::from([("n1".to_owned(), 3)]),
            waiting: vec![Waiting { pod, workload: key, message }],
        }
    }

    fn differences(told: &StepOutcome, recorded: &State) -> Vec<String> {
        let agreement = Agreement::of(told, recorded);
        agreement.differences.iter().map(|difference| difference.what.clone()).collect()
    }

    #[test]
    fn what_lies_in_every_range_agrees() {
        let agreement = Agreement::of(&told(true), &recorded(3, "no room"));
        assert!(agreement.differences.is_empty());
        assert_eq!((agreement.ranges, agreement.contained, agreement.single), (4, 4, 3));
        assert_eq!((agreement.messages, agreement.matched), (1, 1));
    }

    #[test]
    fn what_lies_outside_is_told() {
        let outside = Agreement::of(&told(false), &recorded(4, "no room"));
        assert_eq!(outside.contained, 3);
        let told = "Deployment/default/web ready: recorded 4, told 2 to 3";
        assert_eq!(outside.differences[0].to_string(), told);
    }

    #[test]
    fn an_exact_step_knows_every_message() {
        assert_eq!(
            differences(&told(true), &recorded(2, "no memory")),
            ["message of default/web-1"]
        );
        let loose = Agreement::of(&told(false), &recorded(2, "no memory"));
        assert!(loose.differences.is_empty());
        assert_eq!((loose.messages, loose.matched), (1, 0));
    }

    #[test]
    fn both_sides_must_know_a_workload_and_a_node() {
        let mut more = recorded(2, "no room");
        more.workloads.insert("Pod/default/lone".to_owned(), Standing::default());
        more.nodes.insert("n2".to_owned(), 0);
        assert_eq!(differences(&told(true), &more).len(), 4);
        let less = differences(&told(true), &State::default());
        assert_eq!(
            less,
            ["Deployment/default/web ready", "Deployment/default/web pending", "pods on n1"]
        );
    }
}
