//! What is asked of a session and what it gives, as plain data: the page carries it as JSON.

use serde::{Deserialize, Serialize};

use crate::aftermath::Aftermath;
use crate::cells::{Matrix, Part};
use crate::changes::Change;
use crate::check::Check;
use crate::explain::Explain;
use crate::failure::Failure;
use crate::inspect::Inspect;
use crate::judged::Judged;
use crate::overview::Overview;
use crate::paper::PaperAsked;
use crate::plan::fit::Fit;
use crate::plan::mix::Mix;
use crate::plan::nodes::Nodes;
use crate::plan::rebalance::Rebalance;
use crate::plan::remove::Remove;
use crate::plan::repair::Repair;
use crate::plan::tolerance::Tolerance;
use crate::plan::waste::Waste;
use crate::prove::Prove;
use crate::simulate::Simulate;
use crate::states::StateOf;

/// What is asked of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// The cluster with these changes, and no others: to undo one is to leave it out.
    Change(Vec<Change>),
    /// What a map of the cluster shows.
    Overview,
    /// What becomes of the cluster in one run, told at once.
    Tell(Simulate),
    /// Which sets a proof looks at, and which workloads it is about.
    Matrix(Prove),
    /// What some of these sets do: from this position on, up to that one.
    Examine {
        /// What is proved.
        question: Prove,
        /// The first.
        from: usize,
        /// The one behind the last.
        to: usize,
    },
    /// What all parts come to.
    Join {
        /// What is proved.
        question: Prove,
        /// The parts, in any order.
        parts: Vec<Part>,
        /// As `-o` takes it.
        format: String,
    },
    /// What a policy comes to, piece by piece.
    Judge(Check),
    /// Which of a policy's states the cluster comes to.
    State {
        /// The policy.
        policy: Check,
        /// What happened, as events are typed.
        events: Vec<String>,
    },
    /// The policy of what the cluster survives today.
    Draft,
    /// Which export it is, whatever was changed since: [`crate::digest`].
    Digest,
    /// The report to hand on.
    Paper {
        /// What it is about.
        asked: Box<PaperAsked>,
        /// `markdown` or `html`.
        format: String,
    },
    /// A question that the command answers, in one of its formats.
    Ask {
        /// The question.
        question: Question,
        /// As `-o` takes it.
        format: String,
    },
}

/// A question that the command answers, with the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Question {
    /// What was understood.
    Inspect(Inspect),
    /// What keeps running and what comes back.
    Prove(Prove),
    /// What happens, and every way it may end.
    Simulate(Simulate),
    /// What the scheduler decides.
    Explain(Explain),
    /// Whether what a policy requires holds.
    Check(Check),
    /// How many more fit.
    Fit(Fit),
    /// What cannot be used.
    Waste(Waste),
    /// How many nodes to add.
    Nodes(Nodes),
    /// The cheapest mix of nodes.
    Mix(Mix),
    /// How many failures are survived.
    Tolerance(Tolerance),
    /// Which nodes can go.
    Remove(Remove),
    /// Which pods to delete.
    Rebalance(Rebalance),
    /// What repairs.
    Repair(Repair),
}

/// What a session says to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// What was told on the way: what was wrong with the inputs, and how to mend it.
    pub told: String,
    /// The answer, or why there is none.
    pub result: Result<Given, Failure>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Given {
    /// The cluster is as it was asked to be.
    Ready,
    /// What a map shows.
    Overview(Overview),
    /// What became of the cluster.
    Aftermath {
        /// What became of it.
        aftermath: Aftermath,
        /// The command that tells more.
        command: String,
    },
    /// What a proof looks at.
    Matrix(Matrix),
    /// What some sets do.
    Part(Part),
    /// What a policy comes to.
    Judged(Box<Judged>),
    /// Which state the cluster comes to, where that can be said.
    State(Option<StateOf>),
    /// A policy.
    Draft(String),
    /// Which export it is.
    Digest(String),
    /// The report.
    Paper(String),
    /// What the command would print.
    Document(Document),
}

/// The very bytes of the command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// What it prints.
    pub text: String,
    /// Its exit code.
    pub code: u8,
    /// The command.
    pub command: String,
}
