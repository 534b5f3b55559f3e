//! No certificate that somebody tampered with is accepted, unless all it claims is true still.
//!
//! Some ways to tamper can never leave a certificate in order: those must be refused. For the
//! others it is decided exactly: whoever accepts a certificate must find in it, for the very
//! question it asks, what the prover answers, or nothing.

use std::path::Path;

use holdfast_certificate::format::{self, Certificate, Claim, Question, Run, Summary};
use holdfast_certificate::{Broken, Flaw, verify};
use holdfast_cluster::{Cluster, NodeId};
use holdfast_ingest::{Options, Source, load};
use holdfast_proof::certify::Certified;
use holdfast_proof::scenario::sets_up_to;
use holdfast_proof::{Domain, Domains, FailureSet, Prover, Settings, Summary as Answers, Verdict};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::certify::{self, certificate};
use crate::check;
use crate::foreseen;
use crate::plan::{self, Family};
use crate::render;

/// Numbers by chance (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end.max(1) as u64).expect("below the end")
    }
}

/// Takes in a way to tamper: its name, and the change.
type Lie<'l> = dyn FnMut(&'static str, &mut dyn FnMut(&mut Certificate)) + 'l;

/// What became of tampered certificates.
#[derive(Debug, Default)]
struct Score {
    tampered: u64,
    refused: u64,
    /// Still true.
    accepted: u64,
    /// Sets that the reader checked all at once before anybody tampered.
    at_once: u64,
}

/// A cluster, what the prover says of it, and its certificate.
struct Case<'p, 'c> {
    prover: &'p Prover<'c>,
    certified: Certified,
}

impl Case<'_, '_> {
    /// Whether the certificate is in order.
    fn is_accepted(&self, certificate: &Certificate) -> bool {
        verify(self.prover.cluster(), certificate).is_ok()
    }

    /// Every claim is what the prover answers to the certificate's own question, or none is made.
    fn is_true(&self, certificate: &Certificate) -> bool {
        let cluster = self.prover.cluster();
        let nodes: Vec<NodeId> = cluster.node_ids().collect();
        let nodes_of = |names: &[String]| -> Vec<NodeId> {
            let fails = |id: &NodeId| names.iter().any(|name| name == cluster.node_name(*id));
            nodes.iter().copied().filter(fails).collect()
        };
        let sets: Vec<FailureSet> = match &certificate.question {
            Question::Nodes(most) => sets_up_to(&nodes, *most).collect(),
            Question::Fail(names) => vec![FailureSet::default(), FailureSet::new(nodes_of(names))],
            Question::Domains(asked) => {
                let listed = |one: &format::Domain| Domain {
                    name: one.name.clone(),
                    nodes: nodes_of(&one.fail),
                    machines: Vec::new(),
                };
                let listed = Domains { label: None, all: asked.all.iter().map(listed).collect() };
                let label = asked.label.as_ref();
                let all = label.map_or(listed, |label| Domains::of_label(cluster, label));
                all.sets_up_to(asked.most).collect()
            }
            Question::Sequences(_) => unreachable!("nobody asks about sequences here"),
        };
        let mut workspace = self.prover.workspace();
        let mut answers = Answers::new(self.prover);
        for set in sets {
            answers.add(&set, &self.prover.examine(&mut workspace, &set));
        }
        answers.finish();
        let agrees = |claim: &Claim, verdict: &Verdict| match claim {
            Claim::Proved => matches!(verdict, Verdict::Proved(_)),
            Claim::Refuted { .. } => *verdict == Verdict::Refuted,
            Claim::Unknown => true,
        };
        certificate.workloads.len() == answers.subjects.len()
            && certificate.workloads.iter().zip(&answers.subjects).all(|(claims, answer)| {
                agrees(&claims.immediately, &answer.immediately.verdict())
                    && agrees(&claims.recovered, &answer.recovered.verdict())
            })
    }

    /// Ways that must be refused.
    fn lies(&self, chance: &mut Chance) -> Vec<(&'static str, Certificate)> {
        let whole = &self.certified.certificate;
        let mut lies = Vec::new();
        let mut lie = |name, change: &mut dyn FnMut(&mut Certificate)| {
            let mut changed = whole.clone();
            change(&mut changed);
            if changed != *whole {
                lies.push((name, changed));
            }
        };
        lie("schema", &mut |c| c.schema.push('2'));
        lie("digest", &mut |c| c.input = c.input.replace(['0', '1'], "2"));
        lie("summary", &mut |c| c.summary.proved += 1);
        lie("no workloads", &mut |c| c.workloads.clear());
        let at = chance.below(whole.workloads.len());
        lie("one workload less", &mut |c| drop(c.workloads.remove(at)));
        lie("a workload twice", &mut |c| c.workloads.insert(at, c.workloads[at].clone()));
        lie("another name", &mut |c| c.workloads[at].name.push('x'));
        lie("another kind", &mut |c| c.workloads[at].kind.push('x'));
        lie("another order", &mut |c| c.workloads.reverse());
        lie("more nodes than there are", &mut |c| c.question = Question::Nodes(99));
        self.false_claims(&mut lie);
        self.false_headroom(&mut lie, chance.below(whole.headroom.len()));
        // Where the cluster may stand matters to proofs alone.
        let starts = if whole.summary.proved > 0 { whole.starts.len() } else { 0 };
        let pick = chance.below(starts);
        lie("a state less", &mut |c| {
            if pick < starts {
                c.starts.remove(pick);
            }
        });
        lie("a state twice", &mut |c| {
            if pick < starts {
                c.starts.push(c.starts[pick]);
            }
        });
        lie("a state from nowhere", &mut |c| {
            if pick < starts {
                c.starts[pick].0 = usize::MAX;
            }
        });
        let set = chance.below(whole.sets.len());
        let pick = chance.below(whole.sets.get(set).map_or(0, |set| set.states.len()));
        for (name, change) in [
            ("a closed state less", 0),
            ("a closed state twice", 1),
            ("no closed states", 2),
            ("a closed set twice", 3),
            ("from where nothing rests", 4),
        ] {
            lie(name, &mut |c| {
                let Some(closed) = c.sets.get(set).cloned() else { return };
                let states = &mut c.sets[set].states;
                match change {
                    0 if pick < states.len() => drop(states.remove(pick)),
                    1 if pick < states.len() => states.push(states[pick]),
                    2 => states.clear(),
                    3 => c.sets.push(closed),
                    4 => c.sets[set].from = 77_777,
                    _ => {}
                }
            });
        }
        lies
    }

    /// Each claim turned round, its summary kept right.
    fn false_claims(&self, lie: &mut Lie<'_>) {
        let whole = &self.certified.certificate;
        let runs: Vec<Run> = whole.workloads.iter().flat_map(claims).filter_map(run).collect();
        for at in 0..2 * whole.workloads.len() {
            match claim(&mut whole.clone(), at) {
                Claim::Refuted { run } => {
                    lie("refuted to proved", &mut |c| set_claim(c, at, Claim::Proved));
                    let number = |change: fn(&mut Run)| {
                        let mut run = run.clone();
                        change(&mut run);
                        Claim::Refuted { run }
                    };
                    lie("one pod more", &mut |c| set_claim(c, at, number(|run| run.ready += 1)));
                    lie("one more wanted", &mut |c| {
                        set_claim(c, at, number(|run| run.wanted += 1));
                    });
                    let lost = number(|run| run.fail = vec!["no-such-node".to_owned()]);
                    lie("nowhere fails", &mut |c| set_claim(c, at, lost.clone()));
                    let step = number(|run| run.steps.push(usize::MAX));
                    lie("a step that is not there", &mut |c| set_claim(c, at, step.clone()));
                }
                Claim::Proved => {
                    for run in &runs {
                        let refuted = Claim::Refuted { run: run.clone() };
                        lie("proved to refuted", &mut |c| set_claim(c, at, refuted.clone()));
                    }
                }
                Claim::Unknown if self.certified.left_out.is_empty() => {
                    lie("unknown to proved", &mut |c| set_claim(c, at, Claim::Proved));
                    for run in &runs {
                        let refuted = Claim::Refuted { run: run.clone() };
                        lie("unknown to refuted", &mut |c| set_claim(c, at, refuted.clone()));
                    }
                }
                Claim::Unknown => {}
            }
        }
    }

    /// What holds whichever nodes fail, told wrongly.
    fn false_headroom(&self, lie: &mut Lie<'_>, pick: usize) {
        let whole = &self.certified.certificate;
        if whole.headroom.is_empty() {
            return;
        }
        lie("a sort twice", &mut |c| {
            let sorts = &mut c.headroom[pick].like;
            sorts.push(sorts[0].clone());
        });
        lie("a sort that is not there", &mut |c| c.headroom[pick].like[0].push('x'));
        lie("a node that is not there", &mut |c| c.headroom[pick].nodes[0].push('x'));
        lie("no nodes", &mut |c| c.headroom[pick].nodes.clear());
        lie("no prices", &mut |c| {
            c.headroom[pick].prices.clear();
            c.headroom[pick].whole = false;
        });
        lie("headroom of one set", &mut |c| c.question = Question::Fail(Vec::new()));
        let counted = |claim: &Claim| matches!(claim, Claim::Refuted { run } if run.counted);
        for at in
            (0..2 * whole.workloads.len()).filter(|at| counted(&claim(&mut whole.clone(), *at)))
        {
            lie("counted, and not why", &mut |c| c.headroom.clear());
            lie("counted where nothing fails", &mut |c| change_run(c, at, |run| run.fail.clear()));
            lie("counted and stepped", &mut |c| change_run(c, at, |run| run.steps.push(0)));
            lie("counted elsewhere", &mut |c| change_run(c, at, |run| run.settle.push(0)));
        }
    }

    /// Any one change of the text as JSON, and what a reader makes of it.
    fn mutants(&self, chance: &mut Chance, count: usize) -> Vec<Option<Certificate>> {
        let whole = serde_json::to_value(&self.certified.certificate).expect("it is written");
        let mutant = |chance: &mut Chance| {
            let mut changed = whole.clone();
            let places = places(&whole);
            let place = &places[chance.below(places.len())];
            let value = changed.pointer_mut(place).expect("it is there");
            mutate(value, chance);
            serde_json::from_value(changed).ok()
        };
        (0..count).map(|_| mutant(chance)).collect()
    }

    fn tamper(&self, chance: &mut Chance, score: &mut Score) {
        let whole = &self.certified.certificate;
        assert!(self.is_accepted(whole), "what was not tampered with is accepted");
        for (name, lie) in self.lies(chance) {
            score.tampered += 1;
            score.refused += 1;
            assert!(!self.is_accepted(&lie), "accepted: {name}\n{lie:#?}");
        }
        for mutant in self.mutants(chance, 12) {
            score.tampered += 1;
            match mutant.filter(|mutant| mutant != whole && self.is_accepted(mutant)) {
                Some(mutant) => {
                    score.accepted += 1;
                    assert!(self.is_true(&mutant), "accepted, and not true: {mutant:#?}");
                }
                None => score.refused += 1,
            }
        }
        let text = serde_json::to_string(whole).expect("it is written");
        let cut = chance.below(text.len());
        score.tampered += 1;
        score.refused += 1;
        assert!(serde_json::from_str::<Certificate>(&text[..cut]).is_err(), "cut off at {cut}");
    }
}

fn claims(workload: &holdfast_certificate::format::Workload) -> [&Claim; 2] {
    [&workload.immediately, &workload.recovered]
}

fn run(claim: &Claim) -> Option<Run> {
    match claim {
        Claim::Refuted { run } => Some(run.clone()),
        Claim::Proved | Claim::Unknown => None,
    }
}

fn claim(certificate: &mut Certificate, at: usize) -> Claim {
    let workload = &certificate.workloads[at / 2];
    claims(workload)[at % 2].clone()
}

fn change_run(certificate: &mut Certificate, at: usize, change: fn(&mut Run)) {
    if let Claim::Refuted { mut run } = claim(certificate, at) {
        change(&mut run);
        set_claim(certificate, at, Claim::Refuted { run });
    }
}

fn set_claim(certificate: &mut Certificate, at: usize, claim: Claim) {
    let workload = &mut certificate.workloads[at / 2];
    *(if at.is_multiple_of(2) { &mut workload.immediately } else { &mut workload.recovered }) =
        claim;
    let all: Vec<&Claim> = certificate.workloads.iter().flat_map(claims).collect();
    let count = |such: fn(&Claim) -> bool| all.iter().filter(|claim| such(claim)).count();
    certificate.summary = Summary {
        proved: count(|claim| *claim == Claim::Proved),
        refuted: count(|claim| matches!(claim, Claim::Refuted { .. })),
        unknown: count(|claim| *claim == Claim::Unknown),
    };
}

/// Where there is a value, as JSON pointers.
fn places(value: &Value) -> Vec<String> {
    let mut places = Vec::new();
    let mut open = vec![(String::new(), value)];
    while let Some((place, value)) = open.pop() {
        match value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                open.extend(items.map(|(at, item)| (format!("{place}/{at}"), item)));
            }
            Value::Object(fields) => {
                let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
                let fields = fields.iter();
                open.extend(fields.map(|(key, one)| (format!("{place}/{}", escape(key)), one)));
            }
            _ => {}
        }
        places.push(place);
    }
    places
}

fn mutate(value: &mut Value, chance: &mut Chance) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let (at, other) = (chance.below(items.len()), chance.below(items.len()));
            match chance.below(3) {
                0 => drop(items.remove(at)),
                1 => items.insert(at, items[other].clone()),
                _ => items.swap(at, other),
            }
        }
        Value::Number(number) => {
            let number = number.as_u64().unwrap_or(0);
            let other = [number + 1, number.saturating_sub(1), 0, number / 2][chance.below(4)];
            *value = other.into();
        }
        Value::String(text) => {
            let other = [format!("{text}x"), text.replace('0', "1"), text.replace('1', "0")];
            *value = other[chance.below(3)].clone().into();
        }
        Value::Bool(flag) => *flag = !*flag,
        Value::Object(fields) => {
            let key = fields.keys().nth(chance.below(fields.len())).cloned();
            key.map(|key| fields.remove(&key));
        }
        Value::Array(_) | Value::Null => {}
    }
}

fn tamper_with(cluster: &Cluster, most: usize, chance: &mut Chance, score: &mut Score) {
    tamper_with_what(cluster, most, &|prover| certificate(prover, most), chance, score);
}

/// Tampers with a certificate that is made where sets of up to so many nodes were foreseen.
fn tamper_with_what(
    cluster: &Cluster,
    most: usize,
    certify: &dyn Fn(&Prover<'_>) -> Certified,
    chance: &mut Chance,
    score: &mut Score,
) {
    let settings = Settings { states_per_set: 4_000, ..Settings::default() };
    let mut prover = Prover::new(cluster, settings);
    prover.foresee(most);
    if prover.subjects().subjects.is_empty() {
        return;
    }
    let certified = certify(&prover);
    score.at_once += verify(cluster, &certified.certificate).map_or(0, |found| found.at_once);
    Case { prover: &prover, certified }.tamper(chance, score);
}

#[test]
fn tampered_certificates_of_small_clusters_are_refused() {
    let family = Family {
        affinity: 0.4,
        spread: 0.4,
        priority: 0.4,
        trouble: 0.2,
        odd_kinds: true,
        budgets: 0.2,
        ..Family::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut chance, mut score) = (Chance(11), Score::default());
    for _ in 0..150 {
        let plan = plan::plan(family).new_tree(&mut runner).expect("plans are made").current();
        let cluster = check::read(&render::objects(&plan));
        tamper_with(&cluster, 1, &mut chance, &mut score);
    }
    assert!(score.tampered >= 5_000 && score.refused * 10 >= score.tampered * 9, "{score:?}");
}

#[test]
fn tampered_certificates_of_fixtures_are_refused() {
    let (mut chance, mut score) = (Chance(13), Score::default());
    for name in ["homelab/cluster", "edge/cluster", "k3s/tainted", "shapes/cluster"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
        let bytes = std::fs::read(root.join(format!("{name}.json"))).expect("it is there");
        let loaded = load(vec![Source::named(name, bytes)], &Options::default());
        tamper_with(&loaded.cluster, 1, &mut chance, &mut score);
    }
    assert!(score.tampered >= 500, "{score:?}");
}

#[test]
fn tampered_certificates_of_every_set_at_once_are_refused() {
    let (mut chance, mut score) = (Chance(17), Score::default());
    let cluster = foreseen::wide();
    for most in [1, 2] {
        for _ in 0..20 {
            tamper_with(&cluster, most, &mut chance, &mut score);
        }
    }
    far_pods_are_not_counted_on(&cluster);
    assert_eq!(score.at_once, 20 * (9 + 45), "sets of nodes that lose no far pod");
    assert!(score.tampered >= 1_000 && score.refused * 10 >= score.tampered * 9, "{score:?}");
}

/// Zones by their label, and racks as somebody listed them, of which a node may be in two.
#[test]
fn tampered_certificates_of_domains_are_refused() {
    let (mut chance, mut score) = (Chance(19), Score::default());
    let cluster = foreseen::wide();
    let zones = Domains::of_label(&cluster, "zone");
    let all: Vec<NodeId> = cluster.node_ids().collect();
    let rack = |at: usize| Domain {
        name: format!("rack {at}"),
        nodes: all[2 * at..2 * at + 3].to_vec(),
        machines: Vec::new(),
    };
    let racks = Domains { label: None, all: (0..5).map(rack).collect() };
    for domains in [zones, racks] {
        for _ in 0..20 {
            let made = |prover: &Prover<'_>| certify::of_domains(prover, &domains, 2);
            tamper_with_what(&cluster, 1, &made, &mut chance, &mut score);
        }
    }
    assert!(score.tampered >= 1_000 && score.refused * 10 >= score.tampered * 9, "{score:?}");
}

/// Pods that are strictly spread over two labels may lose what lets them in: no written headroom
/// may speak of them.
fn far_pods_are_not_counted_on(cluster: &Cluster) {
    let mut prover = Prover::new(cluster, Settings::default());
    prover.foresee(1);
    let whole = certificate(&prover, 1).certificate;
    assert!(verify(cluster, &whole).is_ok());
    for at in 0..whole.headroom.len() {
        let mut lie = whole.clone();
        lie.headroom[at].like.push("next:default/far-0".to_owned());
        let far = Flaw::Headroom(Broken::NoRoom("next:default/far-0".to_owned()));
        assert_eq!(verify(cluster, &lie), Err(far));
    }
}
