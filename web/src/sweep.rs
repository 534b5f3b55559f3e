//! What every failure does to every workload, as far as it has been worked out.

use holdfast_proof::report::VerdictName;
use holdfast_session::cell::Claim;
use holdfast_session::cells::{Matrix, Part, RulePart, SetView, Touched, Verdicts};
use holdfast_session::prove::Prove;
use holdfast_session::question::Failures;

/// Sets that are asked for at once: few enough that one hears of them soon.
const BATCH: usize = 16;

/// Which failures there are columns for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Any one node.
    Nodes,
    /// Any two.
    Pairs,
    /// All nodes with a value of this label.
    Domains(String),
}

impl Columns {
    /// The question that they are the sets of.
    pub(crate) fn question(&self) -> Prove {
        let failures = match self {
            Self::Nodes => Failures::default(),
            Self::Pairs => Failures { nodes: 2, ..Failures::default() },
            Self::Domains(label) => Failures { domain: Some(label.clone()), ..Failures::default() },
        };
        Prove { failures, ..Prove::default() }
    }
}

/// What is claimed of workloads, in the order in which it is told.
pub(crate) const CLAIMS: [Claim; 3] = [Claim::Immediately, Claim::ByRule, Claim::Recovered];

/// The sets, the workloads, and what is known of both.
#[derive(Clone, Debug)]
pub(crate) struct Sweep {
    columns: Columns,
    matrix: Matrix,
    /// Of each set that was looked at the workloads that it touches.
    touched: Vec<Vec<Touched>>,
    /// Of each set of which that was asked what it leaves by rule of each workload.
    rules: Vec<Vec<VerdictName>>,
}

impl Sweep {
    /// Nothing is looked at yet.
    pub(crate) fn new(columns: Columns, matrix: Matrix) -> Self {
        Self { columns, matrix, touched: Vec::new(), rules: Vec::new() }
    }

    /// Which failures it is about.
    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The sets, of which none fails first.
    pub(crate) fn sets(&self) -> &[SetView] {
        &self.matrix.sets
    }

    /// The workloads, `KIND/NAMESPACE/NAME`.
    pub(crate) fn workloads(&self) -> &[String] {
        &self.matrix.workloads
    }

    /// Takes in what was found of the next sets; anything else comes too late.
    pub(crate) fn add(&mut self, part: Part) {
        if part.from == self.touched.len() {
            self.touched.extend(part.cells);
        }
    }

    /// Takes in what the next sets leave by rule; anything else comes too late.
    pub(crate) fn add_rules(&mut self, part: RulePart) {
        if part.from == self.rules.len() {
            self.rules.extend(part.verdicts);
        }
    }

    /// How many sets were looked at for a claim.
    pub(crate) fn done(&self, claim: Claim) -> usize {
        match claim {
            Claim::Immediately | Claim::Recovered => self.touched.len(),
            Claim::ByRule => self.rules.len(),
        }
    }

    /// The next sets to look at for a claim: from the first up to the one behind the last.
    pub(crate) fn next(&self, claim: Claim) -> Option<(usize, usize)> {
        let (from, all) = (self.done(claim), self.matrix.sets.len());
        (from < all).then(|| (from, (from + BATCH).min(all)))
    }

    /// The verdict on a claim, where it is known.
    pub(crate) fn verdict(&self, claim: Claim, workload: usize, set: usize) -> Option<VerdictName> {
        match claim {
            Claim::Immediately => self.at(workload, set).map(|found| found.immediately),
            Claim::Recovered => self.at(workload, set).map(|found| found.recovered),
            Claim::ByRule => self.rules.get(set).map(|row| row[workload]),
        }
    }

    /// What is known of a workload when a set fails; nothing where that was not looked at.
    pub(crate) fn at(&self, workload: usize, set: usize) -> Option<Verdicts> {
        let touched = self.touched.get(set)?;
        let found = touched.binary_search_by_key(&workload, |one| one.workload as usize);
        Some(found.map_or(self.matrix.standing[workload], |at| touched[at].verdicts))
    }

    /// How many of the sets that were looked at leave a claim about a workload unproved.
    pub(crate) fn open(&self, workload: usize, claim: Claim) -> usize {
        let verdicts = (0..self.done(claim)).filter_map(|set| self.verdict(claim, workload, set));
        verdicts.filter(|verdict| *verdict != VerdictName::Proved).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLDS: Verdicts =
        Verdicts { immediately: VerdictName::Proved, recovered: VerdictName::Proved, ready: 2 };

    fn part(from: usize, cells: Vec<Vec<Touched>>) -> Part {
        Part { of: String::new(), from, cells, found: Vec::new() }
    }

    #[test]
    fn parts_come_in_their_order() {
        let set =
            |fail: &str| SetView { fail: vec![fail.to_owned()], domains: Vec::new(), count: 1 };
        let matrix = Matrix {
            workloads: vec!["Deployment/a/web".to_owned(), "Deployment/a/db".to_owned()],
            standing: vec![HOLDS; 2],
            sets: vec![set("n1"), set("n2")],
        };
        let lost = Verdicts { immediately: VerdictName::Refuted, ready: 0, ..HOLDS };
        let mut sweep = Sweep::new(Columns::Nodes, matrix);
        assert_eq!((sweep.next(Claim::Recovered), sweep.at(0, 0)), (Some((0, 2)), None));
        sweep.add(part(1, vec![Vec::new()]));
        assert_eq!(sweep.done(Claim::Recovered), 0, "what comes too early or late is left out");
        sweep.add(part(0, vec![vec![Touched { workload: 1, verdicts: lost }], Vec::new()]));
        assert_eq!((sweep.at(0, 0), sweep.at(1, 0)), (Some(HOLDS), Some(lost)));
        assert_eq!((sweep.open(1, Claim::Immediately), sweep.open(1, Claim::Recovered)), (1, 0));
        assert_eq!(sweep.next(Claim::Recovered), None);
        assert_eq!(sweep.next(Claim::ByRule), Some((0, 2)), "by rule is asked by itself");
        let verdicts = vec![vec![VerdictName::Proved, VerdictName::Unknown]; 2];
        sweep.add_rules(RulePart { from: 0, verdicts });
        assert_eq!((sweep.open(0, Claim::ByRule), sweep.open(1, Claim::ByRule)), (0, 2));
    }
}
