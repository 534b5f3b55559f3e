//! How each question is asked of the command.

use crate::check::Check;
use crate::command::Words;
use crate::plan::rebalance::LoadOf;
use crate::plan::{self, fit::Fit, mix::Mix, nodes::Nodes};
use crate::plan::{rebalance::Rebalance, remove::Remove, repair::Repair, tolerance::Tolerance};
use crate::protocol::Question;
use crate::prove::{self, Prove};
use crate::simulate::Simulate;

impl Question {
    /// The words of the command, but for what the session knows: files and changes.
    pub fn words(&self) -> Words {
        match self {
            Self::Inspect(one) => Words::new("inspect").switch("--all", one.all),
            Self::Prove(one) => prove(one),
            Self::Simulate(one) => simulate(one),
            Self::Explain(one) => Words::new("explain")
                .some("--pod", one.pod.as_ref())
                .some("--node", one.node.as_ref())
                .switch("--all", one.all),
            Self::Check(one) => check(one),
            Self::Fit(one) => fit(one),
            Self::Waste(one) => Words::new("plan waste").switch("--all", one.all),
            Self::Nodes(one) => nodes(one),
            Self::Mix(one) => mix(one),
            Self::Tolerance(one) => tolerance(one),
            Self::Remove(one) => remove(one),
            Self::Rebalance(one) => rebalance(one),
            Self::Repair(one) => repair(one),
        }
    }

    /// The word that goes before the files of the cluster.
    pub fn before_files(&self) -> Option<&str> {
        match self {
            Self::Fit(one) => Some(&one.of),
            _ => None,
        }
    }

    /// Whether files of assumptions are named for it.
    pub fn assumes(&self) -> bool {
        !matches!(self, Self::Explain(_) | Self::Waste(_))
    }

    /// Whether the configuration of the scheduler is named for it.
    pub fn schedules(&self) -> bool {
        !matches!(self, Self::Inspect(_))
    }
}

fn prove(one: &Prove) -> Words {
    Words::new("prove")
        .failures(&one.failures)
        .switch("--tolerance", one.tolerance)
        .some("--up-to", one.up_to.as_ref())
        .switch("--orders", one.orders)
        .some("--sequence", one.sequence.as_ref())
        .value("--budget", &one.budget, &prove::STATES)
        .switch("--no-symmetry", one.no_symmetry)
        .switch("--possible", one.possible)
        .switch("--remedies", one.remedies)
        .switch("--all", one.all)
}

fn simulate(one: &Simulate) -> Words {
    Words::new("simulate")
        .each("--event", &one.events)
        .each("--assume", &one.assume)
        .some("--budget", one.budget.as_ref())
        .switch("--all", one.all)
}

fn check(one: &Check) -> Words {
    Words::new("check")
        .some("--policy", Some(&one.policy.display()))
        .switch("--remedies", one.remedies)
        .each("--suppress", &one.suppress)
        .switch("--show-suppressed", one.show_suppressed)
        .some("--baseline", one.baseline.as_ref().map(|path| path.display()).as_ref())
        .some("--today", Some(&one.today))
        .value("--budget", &one.budget, &prove::STATES)
}

fn fit(one: &Fit) -> Words {
    Words::new("plan fit")
        .survivors(&one.survivors)
        .value("--up-to", &one.up_to, &Fit::default().up_to)
        .value("--budget", &one.budget, &plan::STATES)
        .switch("--all", one.all)
}

fn nodes(one: &Nodes) -> Words {
    let usual = Nodes::default();
    Words::new("plan nodes")
        .survivors(&one.survivors)
        .some("--like", one.like.as_ref())
        .some("--catalog", one.catalog.as_ref().map(|path| path.display()).as_ref())
        .some("--type", one.make.as_ref())
        .value("--up-to", &one.up_to, &usual.up_to)
        .value("--proofs", &one.proofs, &usual.proofs)
        .value("--budget", &one.budget, &plan::STATES)
}

fn mix(one: &Mix) -> Words {
    Words::new("plan mix")
        .some("--catalog", Some(&one.catalog.display()))
        .survivors(&one.survivors)
        .switch("--keep", one.keep)
        .some("--grow", one.grow.as_ref())
        .some("--tries", one.tries.as_ref())
        .value("--budget", &one.budget, &plan::STATES)
}

fn tolerance(one: &Tolerance) -> Words {
    Words::new("plan tolerance")
        .some("--domain", one.domain.as_ref())
        .some("--up-to", one.up_to.as_ref())
        .value("--budget", &one.budget, &prove::STATES)
}

fn remove(one: &Remove) -> Words {
    Words::new("plan remove")
        .survivors(&one.survivors)
        .value("--proofs", &one.proofs, &Remove::default().proofs)
        .value("--budget", &one.budget, &plan::STATES)
}

fn rebalance(one: &Rebalance) -> Words {
    let usual = Rebalance::default();
    let load = one.load.map(|load| match load {
        LoadOf::Cpu => "cpu",
        LoadOf::Memory => "memory",
    });
    Words::new("plan rebalance")
        .some("--load", load.as_ref())
        .value("--within", &one.within, &usual.within)
        .value("--moves", &one.moves, &usual.moves)
        .value("--steps", &one.steps, &usual.steps)
        .value("--budget", &one.budget, &plan::STATES)
}

fn repair(one: &Repair) -> Words {
    let usual = Repair::default();
    Words::new("plan repair")
        .failures(&one.failures)
        .value("--remedies", &one.remedies, &usual.remedies)
        .value("--proposals", &one.proposals, &usual.proposals)
        .value("--proofs", &one.proofs, &usual.proofs)
        .value("--budget", &one.budget, &prove::STATES)
}
