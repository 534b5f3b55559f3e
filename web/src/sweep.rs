//! What every failure does to every workload, as far as it has been worked out.

mod known;

use std::rc::Rc;

use holdfast_proof::report::VerdictName;
use holdfast_session::cell::Claim;
use holdfast_session::cells::{Matrix, Part, RulePart, SetView, Touched, Verdicts};
use holdfast_session::prove::Prove;
use holdfast_session::question::Failures;
use wasm_bindgen::JsValue;

use known::Known;

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

/// The claims that the examination of a set judges together.
const EXAMINED: [Claim; 2] = [Claim::Immediately, Claim::Recovered];

/// The verdict on one of those.
fn examined(claim: Claim, verdicts: Verdicts) -> VerdictName {
    if claim == Claim::Immediately { verdicts.immediately } else { verdicts.recovered }
}

/// Whether it is not proved.
fn is_open(claim: Claim, verdicts: Verdicts) -> bool {
    examined(claim, verdicts) != VerdictName::Proved
}

/// The sets, the workloads, and what is known of both.
#[derive(Clone, Debug)]
pub(crate) struct Sweep {
    columns: Columns,
    matrix: Rc<Matrix>,
    /// Of each set that was looked at the workloads that it touches.
    touched: Known<Vec<Touched>>,
    /// Of each examined claim and workload, by how many sets more than it stands they leave it
    /// unproved.
    more: [Vec<i64>; 2],
    /// Of each set of which that was asked what it leaves by rule of each workload.
    rules: Known<Vec<VerdictName>>,
    /// By workload, how many of those are not proved.
    unruled: Vec<usize>,
    /// What the parts are parts of, and the parts for who joins them.
    of: String,
    parts: Vec<JsValue>,
}

impl Sweep {
    /// Nothing is looked at yet.
    pub(crate) fn new(columns: Columns, matrix: Matrix) -> Self {
        let (more, unruled) = (vec![0; matrix.workloads.len()], vec![0; matrix.workloads.len()]);
        Self {
            columns,
            touched: Known::nothing(matrix.sets.len()),
            rules: Known::nothing(matrix.sets.len()),
            matrix: Rc::new(matrix),
            more: [more.clone(), more],
            unruled,
            of: String::new(),
            parts: Vec::new(),
        }
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

    /// Takes in what was found of some sets, in any order, and what whoever joins the parts needs
    /// to know of it. Whether it is a part of the same: files may change between two readings.
    pub(crate) fn add(&mut self, part: Part, found: JsValue) -> bool {
        if self.of.is_empty() {
            self.of = part.of;
        } else if self.of != part.of {
            return false;
        }
        for (at, cell) in part.cells.into_iter().enumerate() {
            if self.touched.get(part.from + at).is_some() {
                return true;
            }
            self.count(&cell);
            self.touched.add(part.from + at, cell);
        }
        self.parts.push(found);
        true
    }

    fn count(&mut self, cell: &[Touched]) {
        for one in cell {
            let workload = one.workload as usize;
            for (claim, more) in EXAMINED.into_iter().zip(&mut self.more) {
                let stood = is_open(claim, self.matrix.standing[workload]);
                more[workload] += i64::from(is_open(claim, one.verdicts)) - i64::from(stood);
            }
        }
    }

    /// Takes in what some sets leave by rule, in any order.
    pub(crate) fn add_rules(&mut self, part: RulePart) {
        for (set, row) in (part.from..).zip(part.verdicts) {
            let open: Vec<bool> = row.iter().map(|one| *one != VerdictName::Proved).collect();
            if self.rules.add(set, row) {
                self.unruled.iter_mut().zip(open).for_each(|(all, one)| *all += usize::from(one));
            }
        }
    }

    /// How many sets were looked at for a claim.
    pub(crate) fn done(&self, claim: Claim) -> usize {
        match claim {
            Claim::Immediately | Claim::Recovered => self.touched.done(),
            Claim::ByRule => self.rules.done(),
        }
    }

    /// Whether all were.
    pub(crate) fn is_complete(&self, claim: Claim) -> bool {
        self.done(claim) == self.sets().len()
    }

    /// The parts, once all are there.
    pub(crate) fn parts(&self) -> Option<&[JsValue]> {
        self.touched.is_complete().then_some(&self.parts)
    }

    /// The next sets to look at for a claim, which nobody else is asked about then: from the first
    /// up to the one behind the last.
    pub(crate) fn lend(&mut self, claim: Claim) -> Option<(usize, usize)> {
        match claim {
            Claim::Immediately | Claim::Recovered => self.touched.lend(BATCH),
            Claim::ByRule => self.rules.lend(BATCH),
        }
    }

    /// Whoever was asked and has not answered does not answer any more.
    pub(crate) fn give_back(&mut self) {
        self.touched.give_back();
        self.rules.give_back();
    }

    /// The verdict on a claim, where it is known.
    pub(crate) fn verdict(&self, claim: Claim, workload: usize, set: usize) -> Option<VerdictName> {
        match claim {
            Claim::Immediately | Claim::Recovered => {
                self.at(workload, set).map(|found| examined(claim, found))
            }
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
        if claim == Claim::ByRule {
            return self.unruled[workload];
        }
        let stood = is_open(claim, self.matrix.standing[workload]);
        let stood = if stood { self.done(claim) as i64 } else { 0 };
        let more = &self.more[usize::from(claim == Claim::Recovered)];
        (stood + more[workload]).max(0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLDS: Verdicts =
        Verdicts { immediately: VerdictName::Proved, recovered: VerdictName::Proved, ready: 2 };

    fn sweep(standing: Vec<Verdicts>, sets: usize) -> Sweep {
        let set = SetView { fail: Vec::new(), domains: Vec::new(), count: 1 };
        let workloads = vec!["Deployment/a/web".to_owned(); standing.len()];
        Sweep::new(Columns::Nodes, Matrix { workloads, standing, sets: vec![set; sets] })
    }

    fn part(of: &str, from: usize, cells: Vec<Vec<Touched>>) -> Part {
        Part { of: of.to_owned(), from, cells, found: Vec::new() }
    }

    #[test]
    fn parts_come_in_any_order() {
        let lost = Verdicts { immediately: VerdictName::Refuted, ready: 0, ..HOLDS };
        let mut sweep = sweep(vec![HOLDS; 2], 2);
        assert!(sweep.add(part("a", 1, vec![Vec::new()]), JsValue::NULL));
        assert_eq!(
            (sweep.at(0, 0), sweep.at(0, 1), sweep.done(Claim::Recovered)),
            (None, Some(HOLDS), 1)
        );
        let first = vec![vec![Touched { workload: 1, verdicts: lost }]];
        assert!(!sweep.add(part("b", 0, first.clone()), JsValue::NULL), "of another cluster");
        assert!(sweep.parts().is_none());
        assert!(sweep.add(part("a", 0, first), JsValue::NULL));
        assert_eq!(sweep.parts().map(<[JsValue]>::len), Some(2));
        assert_eq!((sweep.at(0, 0), sweep.at(1, 0)), (Some(HOLDS), Some(lost)));
        assert_eq!((sweep.open(1, Claim::Immediately), sweep.open(1, Claim::Recovered)), (1, 0));
    }

    #[test]
    fn what_stands_unproved_is_open_in_every_set() {
        let down = Verdicts { immediately: VerdictName::Refuted, ready: 0, ..HOLDS };
        let mut sweep = sweep(vec![down], 3);
        let cells = vec![Vec::new(), vec![Touched { workload: 0, verdicts: HOLDS }]];
        sweep.add(part("a", 0, cells), JsValue::NULL);
        assert_eq!((sweep.done(Claim::Recovered), sweep.open(0, Claim::Immediately)), (2, 1));
    }

    #[test]
    fn by_rule_is_asked_by_itself() {
        let mut sweep = sweep(vec![HOLDS; 2], 2);
        assert_eq!(sweep.lend(Claim::Recovered), Some((0, 2)));
        assert_eq!(sweep.lend(Claim::ByRule), Some((0, 2)));
        let verdicts = vec![vec![VerdictName::Proved, VerdictName::Unknown]];
        sweep.add_rules(RulePart { from: 1, verdicts: verdicts.clone() });
        sweep.add_rules(RulePart { from: 1, verdicts });
        assert_eq!((sweep.open(0, Claim::ByRule), sweep.open(1, Claim::ByRule)), (0, 1));
        let known = |set| sweep.verdict(Claim::ByRule, 1, set);
        assert_eq!((known(0), known(1)), (None, Some(VerdictName::Unknown)));
        assert_eq!((sweep.is_complete(Claim::ByRule), sweep.done(Claim::Recovered)), (false, 0));
    }
}
