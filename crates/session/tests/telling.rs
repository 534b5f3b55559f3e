//! What becomes of a cluster in one run: the run that the command tells, and frames that lead
//! there.

mod rig;

use std::collections::BTreeMap;

use holdfast_session::aftermath::{Aftermath, Fate};
use holdfast_session::overview::{Overview, PodState};
use holdfast_session::protocol::{Given, Question, Request};
use holdfast_session::simulate::Simulate;
use rig::{PLANS, ask, document, open, overview};
use serde_json::Value;

fn tell(session: &mut holdfast_session::Session, events: &[&str]) -> (Aftermath, String) {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    match ask(session, &Request::Tell(Simulate { events, ..Simulate::default() })) {
        Ok(Given::Aftermath { aftermath, command }) => (aftermath, command),
        other => panic!("{other:?}"),
    }
}

/// Where each pod is and how it stands, once all frames have been shown.
fn shown(overview: &Overview, aftermath: &Aftermath) -> BTreeMap<u32, (Option<u32>, PodState)> {
    let numbers = 0..u32::try_from(overview.pods.names.len()).expect("few pods");
    let columns = overview.pods.nodes.iter().zip(&overview.pods.states);
    let start = columns.map(|(node, state)| (*node, *state));
    let mut pods: BTreeMap<u32, _> = numbers.zip(start).collect();
    for stands in aftermath.frames.iter().flat_map(|frame| &frame.pods) {
        pods.insert(stands.pod, (stands.node, stands.state));
    }
    pods
}

#[test]
fn frames_lead_to_the_aftermath() {
    let mut fates = BTreeMap::new();
    for plan in &PLANS {
        let session = &mut open(plan);
        let overview = overview(session);
        for node in &overview.nodes {
            let (aftermath, _) = tell(session, &[&format!("fail:{}", node.name)]);
            let pods = shown(&overview, &aftermath);
            for pod in &aftermath.pods {
                *fates.entry(pod.fate).or_insert(0) += 1;
                let (at, state) = pods[&pod.pod];
                assert_eq!(at, pod.to, "{}: {pod:?}", aftermath.sentence);
                let expected = match pod.fate {
                    Fate::Moved | Fate::Renewed | Fate::Placed | Fate::New => PodState::Ready,
                    Fate::Pending => PodState::Pending,
                    Fate::Terminating => PodState::Terminating,
                    Fate::Down | Fate::Waiting => PodState::NotReady,
                    Fate::Lost => PodState::Gone,
                };
                assert_eq!(state, expected, "{}: {pod:?}", aftermath.sentence);
                assert_eq!(pod.why.is_some(), pod.fate == Fate::Pending, "{pod:?}");
            }
        }
    }
    // Otherwise little was looked at.
    for fate in [Fate::Moved, Fate::Pending, Fate::Down, Fate::Terminating] {
        assert!(fates.contains_key(&fate), "{fates:?}");
    }
}

#[test]
fn the_run_is_the_one_that_the_command_tells() {
    for plan in &PLANS {
        let session = &mut open(plan);
        let node = overview(session).nodes.remove(0).name;
        let events = [format!("fail:{node}"), format!("recover:{node}")];
        let events = [events[0].as_str(), &events[1]];
        let (aftermath, command) = tell(session, &events);
        let typed = events.iter().map(|event| (*event).to_owned()).collect();
        let asked = Question::Simulate(Simulate { events: typed, ..Simulate::default() });
        let document = document(session, &asked, "json");
        assert_eq!(document.command, command);
        let outcome: Value = serde_json::from_str(&document.text).unwrap();
        let moments = outcome["timeline"]["moments"].as_array().unwrap();
        let mut told: Vec<i64> = moments.iter().map(|one| one["at"].as_i64().unwrap()).collect();
        let mut shown: Vec<i64> = aftermath.frames.iter().filter_map(|frame| frame.at).collect();
        told.dedup();
        shown.dedup();
        assert_eq!(told, shown);
    }
}

/// Nodes are shown as they are at each step, not as they are at the end.
#[test]
fn frames_tell_how_nodes_stand_by_then() {
    let session = &mut open(&PLANS[0]);
    let position = |session: &mut _, name: &str| {
        let at = overview(session).nodes.iter().position(|node| node.name == name);
        u32::try_from(at.unwrap()).unwrap()
    };
    let (a, b) = (position(session, "homelab-02"), position(session, "homelab-03"));
    let events = ["fail:homelab-02", "recover:homelab-02", "cordon:homelab-02", "fail:homelab-03"];
    let (aftermath, _) = tell(session, &events);
    let mut stands = BTreeMap::new();
    let mut told = Vec::new();
    for frame in &aftermath.frames {
        stands.extend(frame.nodes.iter().map(|one| (one.node, (one.serves, one.cordoned))));
        if frame.text.starts_with("──") {
            told.push((stands.get(&a).copied(), stands.get(&b).copied()));
        }
    }
    let fine = Some((true, false));
    assert_eq!(told[0], (Some((false, false)), None));
    assert_eq!(told[1], (fine, None));
    assert_eq!(told[2], (Some((true, true)), None));
    assert_eq!(told[3], (Some((true, true)), Some((false, false))));
    let ends: BTreeMap<u32, _> =
        aftermath.nodes.iter().map(|one| (one.node, (one.serves, one.cordoned))).collect();
    assert_eq!(ends, stands);
}

#[test]
fn one_sentence_states_the_consequence() {
    let session = &mut open(&PLANS[0]);
    let sentence = |session: &mut _, events: &[&str]| tell(session, events).0.sentence;
    insta::assert_snapshot!(sentence(session, &["fail:homelab-02"]));
    insta::assert_snapshot!(sentence(session, &["cordon:homelab-02"]));
    insta::assert_snapshot!(sentence(session, &["fail:homelab-02", "fail:homelab-03"]));
    insta::assert_snapshot!(sentence(session, &["drain:homelab-04", "uncordon:homelab-04"]));
    insta::assert_snapshot!(sentence(session, &[]));
}

#[test]
fn rollouts_are_told_too() {
    let session = &mut open(&PLANS[0]);
    let workload = overview(session).workloads.into_iter().find(|one| one.kind == "Deployment");
    let workload = workload.unwrap();
    let event = format!("rollout:deployment/{}/{}", workload.namespace, workload.name);
    let (aftermath, _) = tell(session, &[&event]);
    assert!(!aftermath.made.is_empty(), "{}", aftermath.sentence);
}
