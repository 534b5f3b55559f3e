//! Whether any placement serves everybody, with names.

use holdfast_cluster::{NodeId, Placement};
use serde::Serialize;

use super::rules::{GapReport, MoveReport, RefusalReport};
use super::{Namer, Report, doubt_id};
use crate::names;
use crate::possible::after::{Asked, Asker};
use crate::possible::{Answer, Gap, Separation, Wanted, Why};
use crate::prover::Prover;
use crate::rules::Refusal;
use crate::summary::Summary;

/// What is possible after a failure.
#[derive(Clone, Debug, Serialize)]
pub struct PossibleReport {
    /// Whether any placement serves everybody.
    pub everybody: AnswerReport,
    /// Whether any placement serves the workload, with everybody else left out where need be;
    /// absent where one serves everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<AnswerReport>,
}

/// Whether there is a placement.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "answer", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AnswerReport {
    /// This one.
    Yes {
        /// The pods that are put somewhere, in an order in which every filter lets them in.
        moved: Vec<MoveReport>,
        /// Pods that are left out, as nobody claims that they serve.
        left_out: Vec<String>,
    },
    /// None.
    No {
        /// Why.
        why: WhyReport,
    },
    /// Nobody found out.
    Unknown {
        /// Why not.
        doubt: GapReport,
    },
}

/// Why there is no placement. CPU counts in thousandths, all else in units.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum WhyReport {
    /// The pod is lost, and nothing makes it again.
    NothingMakesIt {
        /// The pod.
        pod: String,
    },
    /// Too few copies are up of a volume that the pod needs.
    Starved {
        /// The pod.
        pod: String,
    },
    /// No node that serves takes the pod.
    NoNode {
        /// The pod.
        pod: String,
        /// What each of them has against it.
        nodes: Vec<AgainstReport>,
    },
    /// The pods can go to these nodes only, and ask for more than is left there.
    Sum {
        /// The pods.
        pods: Vec<String>,
        /// The nodes.
        nodes: Vec<String>,
        /// Of what.
        resource: String,
        /// What the pods ask for.
        needed: i64,
        /// What is left for pods that can move.
        available: i64,
    },
    /// The pods must be apart, and there are fewer places for them.
    Apart {
        /// The pods.
        pods: Vec<String>,
        /// The label whose values keep them apart.
        #[serde(skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// The port that keeps them apart.
        #[serde(skip_serializing_if = "Option::is_none")]
        port: Option<String>,
        /// The nodes that they can go to.
        nodes: Vec<String>,
        /// How many pods there are.
        needed: u64,
        /// For how many of them there is a place.
        available: u64,
    },
    /// Strict topology spread leaves fewer places.
    Spread {
        /// The pods.
        pods: Vec<String>,
        /// The label whose values are the domains.
        label: String,
        /// How many more than the emptiest domain one may hold.
        max_skew: i32,
        /// How many the emptiest domain holds at most.
        emptiest: u64,
        /// How many pods there are.
        needed: u64,
        /// How many the domains hold at most.
        available: u64,
    },
    /// No node can hold pods of more than its due, and all together cost more.
    Prices {
        /// The pods.
        pods: Vec<PricedReport>,
        /// The nodes.
        nodes: Vec<DueReport>,
        /// What all pods cost.
        needed: u64,
        /// What all nodes hold at most.
        available: u64,
    },
    /// Wherever the pod goes, it does not work.
    Cases {
        /// The pod.
        pod: String,
        /// Where it may go.
        cases: Vec<CaseReport>,
        /// What the other nodes have against it.
        nodes: Vec<AgainstReport>,
    },
}

/// What a node has against a pod.
#[derive(Clone, Debug, Serialize)]
pub struct AgainstReport {
    /// The node.
    pub node: String,
    /// What.
    #[serde(flatten)]
    pub refusal: RefusalReport,
}

/// Pods that cost the same.
#[derive(Clone, Debug, Serialize)]
pub struct PricedReport {
    /// What each costs.
    pub price: u64,
    /// The pods.
    pub pods: Vec<String>,
}

/// Nodes that hold as much.
#[derive(Clone, Debug, Serialize)]
pub struct DueReport {
    /// What the pods that one can hold at once cost at most.
    pub due: u64,
    /// The nodes.
    pub nodes: Vec<String>,
}

/// One place for a pod.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// Where it goes.
    pub node: String,
    /// Nodes that are as good for everybody who is left.
    pub alike: Vec<String>,
    /// Why that does not work.
    pub why: WhyReport,
}

impl Report {
    /// Asks after every recovery that is not proved whether there is a placement, with at most so
    /// many questions.
    pub fn ask_possible(&mut self, prover: &Prover<'_>, summary: &Summary, questions: usize) {
        let namer = Namer { cluster: prover.cluster(), domains: None };
        let mut asker = Asker::new(prover, questions);
        for (position, subject) in summary.subjects.iter().enumerate() {
            let recovered = &subject.recovered;
            let refuting = recovered.counterexample.as_ref();
            let refuting = refuting.map(|(set, finding)| (set, finding.start));
            let doubted = recovered.doubt.as_ref().map(|(set, _)| (set, 0));
            let Some((set, start)) = refuting.or(doubted) else { continue };
            let Some(answers) = asker.ask(start, set, position) else { continue };
            let placement = &prover.starts().starts[start].placement;
            let possible = Some(Speaker { namer: &namer, placement }.asked(&answers));
            let workload = &mut self.workloads[position];
            let told = workload.recovered.counterexample.as_mut();
            match (told, &mut workload.recovered.doubt) {
                (Some(told), _) => {
                    let first = workload.counterexample.as_mut();
                    if let Some(first) = first.filter(|first| first.fail == told.fail) {
                        first.possible.clone_from(&possible);
                    }
                    told.possible = possible;
                }
                (None, Some(doubt)) => doubt.possible = possible,
                (None, None) => {}
            }
        }
        self.checked.possible_not_asked = asker.left_out();
    }
}

/// Names for one placement.
struct Speaker<'a, 'c> {
    namer: &'a Namer<'c>,
    /// Before the failure.
    placement: &'a Placement,
}

impl Speaker<'_, '_> {
    fn asked(&self, asked: &Asked) -> PossibleReport {
        PossibleReport {
            everybody: self.answer(&asked.everybody),
            workload: asked.alone.as_ref().map(|answer| self.answer(answer)),
        }
    }

    fn answer(&self, answer: &Answer) -> AnswerReport {
        match answer {
            Answer::Yes(found) => {
                let name = |id| names::of_pod(self.namer.cluster, self.placement, id).0;
                AnswerReport::Yes {
                    moved: self.namer.moves(&found.moved, self.placement),
                    left_out: found.left_out.iter().map(|id| name(*id)).collect(),
                }
            }
            Answer::No(why) => AnswerReport::No { why: self.why(why) },
            Answer::Unknown(gap) => AnswerReport::Unknown { doubt: self.gap(*gap) },
        }
    }

    fn gap(&self, gap: Gap) -> GapReport {
        let (reason, detail) = match gap {
            Gap::Budget => ("budget", None),
            Gap::Doubt(doubt) => doubt_id(doubt),
            Gap::NoTemplate(id) => {
                ("no-template", Some(names::of_workload(self.namer.cluster, id)))
            }
            Gap::FollowsNodes => ("follows-nodes", None),
        };
        GapReport { reason, detail }
    }

    fn why(&self, why: &Why) -> WhyReport {
        let text = |symbol| self.namer.cluster.text(symbol).to_owned();
        match why {
            Why::NothingMakesIt(pod) => WhyReport::NothingMakesIt { pod: self.pod(*pod) },
            Why::Starved(pod) => WhyReport::Starved { pod: self.pod(*pod) },
            Why::NoNode { pod, nodes } => {
                WhyReport::NoNode { pod: self.pod(*pod), nodes: self.against(nodes) }
            }
            &Why::Sum { ref pods, ref nodes, resource, needed, available } => WhyReport::Sum {
                pods: self.pods(pods),
                nodes: self.namer.names(nodes),
                resource: self.namer.resource(resource),
                needed,
                available,
            },
            &Why::Apart { ref pods, by, ref nodes, needed, available } => {
                let (label, port) = match by {
                    Separation::Label(key) => (Some(text(key)), None),
                    Separation::Port(port) => (None, Some(self.namer.port(port))),
                };
                let (pods, nodes) = (self.pods(pods), self.namer.names(nodes));
                WhyReport::Apart { pods, label, port, nodes, needed, available }
            }
            &Why::Spread { ref pods, key, max_skew, emptiest, needed, available } => {
                let (pods, label) = (self.pods(pods), text(key));
                WhyReport::Spread { pods, label, max_skew, emptiest, needed, available }
            }
            Why::Prices { .. } | Why::Cases { .. } => self.long(why),
        }
    }

    /// The reasons that only a reader with time follows.
    fn long(&self, why: &Why) -> WhyReport {
        match why {
            &Why::Prices { ref pods, ref nodes, needed, available } => {
                let pods = pods.iter();
                let pods =
                    pods.map(|one| PricedReport { price: one.price, pods: self.pods(&one.pods) });
                let nodes = nodes.iter();
                let nodes = nodes
                    .map(|one| DueReport { due: one.due, nodes: self.namer.names(&one.nodes) });
                let (pods, nodes) = (pods.collect(), nodes.collect());
                WhyReport::Prices { pods, nodes, needed, available }
            }
            Why::Cases { pod, cases, nodes } => {
                let case = |case: &crate::possible::Case| CaseReport {
                    node: self.namer.cluster.node_name(case.node).to_owned(),
                    alike: self.namer.names(&case.alike),
                    why: self.why(&case.why),
                };
                WhyReport::Cases {
                    pod: self.pod(*pod),
                    cases: cases.iter().map(case).collect(),
                    nodes: self.against(nodes),
                }
            }
            short => self.why(short),
        }
    }

    fn against(&self, nodes: &[(NodeId, Refusal)]) -> Vec<AgainstReport> {
        let one = |(node, refusal): &(NodeId, Refusal)| AgainstReport {
            node: self.namer.cluster.node_name(*node).to_owned(),
            refusal: self.namer.refusal(*refusal),
        };
        nodes.iter().map(one).collect()
    }

    fn pod(&self, pod: Wanted) -> String {
        match pod.pod {
            Some(id) => names::of_pod(self.namer.cluster, self.placement, id).0,
            None => names::of_maker(self.namer.cluster, pod.workload),
        }
    }

    fn pods(&self, pods: &[Wanted]) -> Vec<String> {
        pods.iter().map(|pod| self.pod(*pod)).collect()
    }
}
