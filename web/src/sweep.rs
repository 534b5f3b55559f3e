//! What every failure does to every workload, as far as it has been worked out.

mod known;

use std::rc::Rc;

use holdfast_proof::report::VerdictName;
use holdfast_session::cells::{Matrix, Part, SetView, Touched, Verdicts};
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

/// What is claimed of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// A pod serves at once.
    Immediately,
    /// All are back once all is quiet.
    Recovered,
}

impl Claim {
    pub(crate) const ALL: [Self; 2] = [Self::Immediately, Self::Recovered];

    /// Whether it is not proved.
    fn is_open(self, verdicts: Verdicts) -> bool {
        self.of(verdicts) != VerdictName::Proved
    }

    /// The verdict on it.
    pub(crate) fn of(self, verdicts: Verdicts) -> VerdictName {
        match self {
            Self::Immediately => verdicts.immediately,
            Self::Recovered => verdicts.recovered,
        }
    }
}

/// The sets, the workloads, and what is known of both.
#[derive(Clone, Debug)]
pub(crate) struct Sweep {
    columns: Columns,
    matrix: Rc<Matrix>,
    /// Of each set that was looked at the workloads that it touches.
    touched: Known<Vec<Touched>>,
    /// Of each claim and workload, by how many sets more than it stands they leave it unproved.
    more: [Vec<i64>; 2],
    /// What the parts are parts of, and the parts for who joins them.
    of: String,
    parts: Vec<JsValue>,
}

impl Sweep {
    /// Nothing is looked at yet.
    pub(crate) fn new(columns: Columns, matrix: Matrix) -> Self {
        let more = vec![0; matrix.workloads.len()];
        Self {
            columns,
            touched: Known::nothing(matrix.sets.len()),
            matrix: Rc::new(matrix),
            more: [more.clone(), more],
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
            for (claim, more) in Claim::ALL.into_iter().zip(&mut self.more) {
                let stood = claim.is_open(self.matrix.standing[workload]);
                more[workload] += i64::from(claim.is_open(one.verdicts)) - i64::from(stood);
            }
        }
    }

    /// How many sets were looked at.
    pub(crate) fn done(&self) -> usize {
        self.touched.done()
    }

    /// The parts, once all are there.
    pub(crate) fn parts(&self) -> Option<&[JsValue]> {
        self.touched.is_complete().then_some(&self.parts)
    }

    /// The next sets to look at, which nobody else is asked about then: from the first up to the
    /// one behind the last.
    pub(crate) fn lend(&mut self) -> Option<(usize, usize)> {
        self.touched.lend(BATCH)
    }

    /// Whoever was asked and has not answered does not answer any more.
    pub(crate) fn give_back(&mut self) {
        self.touched.give_back();
    }

    /// What is known of a workload when a set fails; nothing where that was not looked at.
    pub(crate) fn at(&self, workload: usize, set: usize) -> Option<Verdicts> {
        let touched = self.touched.get(set)?;
        let found = touched.binary_search_by_key(&workload, |one| one.workload as usize);
        Some(found.map_or(self.matrix.standing[workload], |at| touched[at].verdicts))
    }

    /// How many of the sets that were looked at leave a claim about a workload unproved.
    pub(crate) fn open(&self, workload: usize, claim: Claim) -> usize {
        let stood = claim.is_open(self.matrix.standing[workload]);
        let stood = if stood { self.done() as i64 } else { 0 };
        (stood + self.more[claim as usize][workload]).max(0) as usize
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
        assert_eq!((sweep.at(0, 0), sweep.at(0, 1), sweep.done()), (None, Some(HOLDS), 1));
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
        assert_eq!((sweep.done(), sweep.open(0, Claim::Immediately)), (2, 1));
    }
}
