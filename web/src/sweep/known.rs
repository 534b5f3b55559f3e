//! What is known of the sets of a sweep, and who has been asked about which: parts are found by
//! several workers and come in any order.

use std::rc::Rc;

/// How it is with a set.
#[derive(Clone, Debug)]
enum Place<T> {
    Unknown,
    /// Somebody was asked.
    Lent,
    Known(Rc<T>),
}

/// What is known, set by set.
#[derive(Clone, Debug)]
pub(crate) struct Known<T> {
    places: Vec<Place<T>>,
    done: usize,
    /// Before this one all are known or lent.
    from: usize,
}

impl<T> Known<T> {
    /// Nothing, of so many sets.
    pub(crate) fn nothing(sets: usize) -> Self {
        let places = (0..sets).map(|_| Place::Unknown).collect();
        Self { places, done: 0, from: 0 }
    }

    /// Takes in what was found of a set; whether it was not known yet.
    pub(crate) fn add(&mut self, set: usize, found: T) -> bool {
        let Some(place @ (Place::Unknown | Place::Lent)) = self.places.get_mut(set) else {
            return false;
        };
        *place = Place::Known(Rc::new(found));
        self.done += 1;
        true
    }

    /// What was found of a set.
    pub(crate) fn get(&self, set: usize) -> Option<&T> {
        match self.places.get(set)? {
            Place::Known(found) => Some(found),
            Place::Unknown | Place::Lent => None,
        }
    }

    /// Of how many sets something is known.
    pub(crate) fn done(&self) -> usize {
        self.done
    }

    /// Whether there is nothing more to find.
    pub(crate) fn is_complete(&self) -> bool {
        self.done == self.places.len()
    }

    /// The next sets that nobody was asked about, so many at most, which somebody is asked about
    /// now: from the first up to the one behind the last.
    pub(crate) fn lend(&mut self, most: usize) -> Option<(usize, usize)> {
        let free = |place: &Place<T>| matches!(place, Place::Unknown);
        let from = self.from + self.places[self.from..].iter().position(free)?;
        let count = self.places[from..].iter().take(most).take_while(|it| free(it)).count();
        self.places[from..from + count].fill_with(|| Place::Lent);
        self.from = from + count;
        Some((from, from + count))
    }

    /// Whoever was asked and has not answered does not answer any more.
    pub(crate) fn give_back(&mut self) {
        for place in &mut self.places {
            if matches!(place, Place::Lent) {
                *place = Place::Unknown;
            }
        }
        self.from = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_twice() {
        let mut known = Known::nothing(5);
        assert_eq!(
            (known.lend(2), known.lend(2), known.lend(2)),
            (Some((0, 2)), Some((2, 4)), Some((4, 5)))
        );
        assert_eq!(known.lend(2), None);
        assert!(known.add(3, "c") && known.add(2, "b") && !known.add(3, "again"));
        assert_eq!((known.done(), known.get(3), known.get(0)), (2, Some(&"c"), None));
        known.give_back();
        assert_eq!((known.lend(9), known.lend(9)), (Some((0, 2)), Some((4, 5))));
        for set in [0, 1, 4] {
            assert!(!known.is_complete() && known.add(set, "late"));
        }
        assert!(known.is_complete() && !known.add(5, "no such set"));
    }
}
