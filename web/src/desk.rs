//! The policy that somebody writes on the page, and what is known of it.

use std::rc::Rc;

use holdfast_session::check::Check;
use holdfast_session::judged::{Judged, Spot};
use holdfast_session::states::StateOf;
use serde::{Deserialize, Serialize};

/// What a policy is called that has no name of its own: the command looks for this one.
const NAME: &str = "holdfast.yaml";

/// A policy that was handed over as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Handed {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A policy, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Desk {
    name: Rc<str>,
    pub(crate) text: Rc<str>,
    /// As it was handed over.
    given: Rc<str>,
    /// What the text comes to; absent until that is known, and where it is empty.
    pub(crate) judged: Option<Rc<Judged>>,
    /// Why that is not known.
    pub(crate) refused: Option<String>,
    /// The state that what has failed leaves, where the policy has states.
    pub(crate) state: Option<StateOf>,
    /// The orders that answers are awaited to.
    pub(crate) awaited: Awaited,
}

/// The numbers of orders that answers are awaited to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Awaited {
    pub(crate) judged: Option<u32>,
    /// The text has changed since that was asked.
    pub(crate) again: bool,
    pub(crate) state: Option<u32>,
    pub(crate) draft: Option<u32>,
    pub(crate) saved: Option<u32>,
}

impl Desk {
    /// With a policy that was handed over, or an empty one.
    pub(crate) fn of(handed: Option<Handed>) -> Self {
        let Handed { name, text } =
            handed.unwrap_or_else(|| Handed { name: NAME.to_owned(), text: String::new() });
        Self {
            name: name.into(),
            text: text.as_str().into(),
            given: text.into(),
            judged: None,
            refused: None,
            state: None,
            awaited: Awaited::default(),
        }
    }

    /// Another text.
    pub(crate) fn write(&mut self, text: &str) {
        self.text = text.into();
        (self.judged, self.refused) = (None, None);
    }

    /// Nothing is known any more: the cluster is another.
    pub(crate) fn forget(&mut self) {
        (self.judged, self.refused, self.state) = (None, None, None);
    }

    /// Whether there is anything to judge.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Whether nobody changed what was handed over.
    pub(crate) fn is_as_given(&self) -> bool {
        self.text == self.given
    }

    /// Whether the policy may have states, which is cheaper to tell than which.
    pub(crate) fn has_states(&self) -> bool {
        self.text.lines().any(|line| line.starts_with("states:"))
    }

    /// What is asked of the session, as of a day.
    pub(crate) fn check(&self, today: String) -> Check {
        let text = Some(self.text.to_string());
        Check { policy: (&*self.name).into(), text, today, ..Check::default() }
    }

    /// What the policy is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// What a place means within a text, in UTF-16 code units as browsers count: from the place to the
/// end of its line.
pub(crate) fn range(text: &str, spot: Spot) -> (u32, u32) {
    let units = |text: &str| text.encode_utf16().count() as u32;
    let mut start = 0;
    for (at, line) in (1..).zip(text.split('\n')) {
        if at == spot.line {
            let before: String =
                line.chars().take(spot.column.saturating_sub(1) as usize).collect();
            return (start + units(&before), start + units(line));
        }
        start += units(line) + 1;
    }
    (start, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_in_the_text() {
        let text = "a: 1\n# é𝄞\nb: 2\n";
        assert_eq!(range(text, Spot { line: 1, column: 4 }), (3, 4));
        assert_eq!(range(text, Spot { line: 2, column: 3 }), (7, 10), "𝄞 is two units");
        assert_eq!(range(text, Spot { line: 3, column: 1 }), (11, 15));
    }

    #[test]
    fn states_are_seen() {
        let handed = |text: &str| Handed { name: "p.yaml".into(), text: text.into() };
        assert!(Desk::of(Some(handed("kind: Policy\nstates:\n"))).has_states());
        assert!(!Desk::of(Some(handed("# states:\n"))).has_states());
        assert!(Desk::of(None).is_empty());
    }
}
