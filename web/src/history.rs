//! What was done to the cluster, as a list that can be gone back and forth along.

/// Deeds, and those that were undone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct History<D> {
    done: Vec<D>,
    undone: Vec<D>,
}

impl<D> Default for History<D> {
    fn default() -> Self {
        Self { done: Vec::new(), undone: Vec::new() }
    }
}

impl<D> History<D> {
    /// Does something, after which nothing can be done again.
    pub(crate) fn act(&mut self, deed: D) {
        self.done.push(deed);
        self.undone.clear();
    }

    /// Takes the last deed back, if there is one.
    pub(crate) fn undo(&mut self) -> bool {
        let deed = self.done.pop();
        let some = deed.is_some();
        self.undone.extend(deed);
        some
    }

    /// Does again what was taken back last.
    pub(crate) fn redo(&mut self) -> bool {
        let deed = self.undone.pop();
        let some = deed.is_some();
        self.done.extend(deed);
        some
    }

    /// What was done and not taken back, in order.
    pub(crate) fn done(&self) -> &[D] {
        &self.done
    }

    /// Whether something can be done again.
    pub(crate) fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_back_and_forth() {
        let mut history = History::default();
        history.act("fail a");
        history.act("fail b");
        assert!(history.undo());
        assert_eq!(history.done(), ["fail a"]);
        assert!(history.redo());
        assert_eq!(history.done(), ["fail a", "fail b"]);
        assert!(!history.redo());
    }

    #[test]
    fn a_new_deed_forgets_what_was_undone() {
        let mut history = History::default();
        history.act("fail a");
        assert!(history.undo());
        history.act("fail b");
        assert!(!history.can_redo());
        assert_eq!(history.done(), ["fail b"]);
        assert!(history.undo() && !history.undo());
    }
}
