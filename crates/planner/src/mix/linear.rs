//! Who solves the linear programs. Nothing is believed of it that integers do not confirm, so that
//! another solver may find another answer, and never a wrong one.

use good_lp::variable::UnsolvedProblem;
use good_lp::{Constraint, Solution, SolverModel, Variable};

/// A solver of linear programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Solver {
    /// In Rust, and the same everywhere.
    #[default]
    Microlp,
    /// In C++, for programs too large for the other.
    #[cfg(feature = "highs")]
    Highs,
}

impl Solver {
    /// How many pairs of a group and a kind a program may have, so that it does not take too long.
    pub(super) fn pairs_max(self) -> usize {
        match self {
            Self::Microlp => 8_000,
            #[cfg(feature = "highs")]
            Self::Highs => 200_000,
        }
    }

    /// The values of these variables in a best solution, where one is found.
    pub(super) fn solve(
        self,
        problem: UnsolvedProblem,
        constraints: Vec<Constraint>,
        asked: &[Variable],
    ) -> Option<Vec<f64>> {
        match self {
            Self::Microlp => values(problem.using(good_lp::microlp), constraints, asked),
            #[cfg(feature = "highs")]
            Self::Highs => {
                use good_lp::solvers::highs::HighsParallelType;
                // On one thread it takes the same steps every time.
                let model = problem.using(good_lp::highs).set_threads(1);
                values(model.set_parallel(HighsParallelType::Off), constraints, asked)
            }
        }
    }
}

fn values<M: SolverModel>(
    model: M,
    constraints: Vec<Constraint>,
    asked: &[Variable],
) -> Option<Vec<f64>> {
    let solution = model.with_all(constraints).solve().ok()?;
    Some(asked.iter().map(|variable| solution.value(*variable)).collect())
}
