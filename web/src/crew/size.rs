//! How many workers help with a sweep.

/// More share the work no better: handing it out and reading the files again takes its time too.
const WORKERS_MAX: usize = 8;

/// A worker reads all files before it can help, which fewer sets are not worth.
const SETS_A_WORKER: usize = 64;

/// Helpers take at most this share of the machine's memory: browsers end pages that take most of
/// it, and one that is slow is of more use than one that is gone.
const SHARE: f64 = 0.25;

/// What there is to work with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    /// Bytes of memory.
    pub(crate) memory: f64,
}

/// How many workers help the one that holds the cluster: one a core, if there is enough for all to
/// do, and if as many clusters as that one holds have room.
pub(crate) fn helpers(machine: Machine, sets: usize, held: f64) -> usize {
    let by_cores = machine.cores.min(WORKERS_MAX).saturating_sub(1);
    let by_work = (sets / SETS_A_WORKER).saturating_sub(1);
    let by_memory = (machine.memory * SHARE / held.max(1.0)).floor() as usize;
    by_cores.min(by_work).min(by_memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

    fn of(cores: usize, gib: f64, sets: usize, held: f64) -> usize {
        helpers(Machine { cores, memory: gib * GIB }, sets, held * GIB)
    }

    #[test]
    fn there_is_one_a_core_at_most_eight() {
        assert_eq!((of(1, 8.0, 1_000, 0.1), of(2, 8.0, 1_000, 0.1)), (0, 1));
        assert_eq!((of(4, 8.0, 1_000, 0.1), of(32, 8.0, 1_000, 0.1)), (3, 7));
    }

    #[test]
    fn there_is_none_for_what_is_soon_done() {
        assert_eq!((of(8, 8.0, 6, 0.1), of(8, 8.0, 127, 0.1), of(8, 8.0, 200, 0.1)), (0, 0, 2));
    }

    #[test]
    fn a_huge_export_is_not_held_many_times() {
        assert_eq!((of(8, 8.0, 5_000, 1.5), of(8, 4.0, 5_000, 1.5)), (1, 0));
    }
}
