//! What the translation of one object needs: the interner, and a place for complaints.

use holdfast_cluster::quantity::QuantityError;
use holdfast_cluster::{Builder, Labels, Quantity, Symbol};

use super::lean::{Pairs, Text};
use crate::Rule;

/// Something wrong inside one object, told with the object's place once it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) rule: Rule,
    pub(crate) detail: String,
}

/// The interner and the complaints of the object at hand.
pub(crate) struct Context<'b> {
    pub(crate) builder: &'b mut Builder,
    pub(crate) complaints: &'b mut Vec<Complaint>,
}

impl Context<'_> {
    /// The symbol of a text.
    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        self.builder.intern(text)
    }

    /// The symbol of a text that is not empty.
    pub(crate) fn intern_some(&mut self, text: &str) -> Option<Symbol> {
        (!text.is_empty()).then(|| self.intern(text))
    }

    /// Notes that a part of the object is wrong.
    pub(crate) fn complain(&mut self, rule: Rule, detail: impl Into<String>) {
        self.complaints.push(Complaint { rule, detail: detail.into() });
    }

    /// A label set.
    pub(crate) fn labels(&mut self, pairs: &Pairs<'_>) -> Labels {
        let symbols: Vec<(Symbol, Symbol)> =
            pairs.iter().map(|(key, value)| (self.intern(key), self.intern(value))).collect();
        Labels::new(symbols)
    }

    /// The symbols of a list of texts, sorted and each once.
    pub(crate) fn sorted(&mut self, texts: &[Text<'_>]) -> Box<[Symbol]> {
        let mut symbols: Vec<Symbol> = texts.iter().map(|text| self.intern(text)).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols.into_boxed_slice()
    }

    /// A quantity that may not be negative; anything else is complained about and lost.
    pub(crate) fn quantity(&mut self, what: &str, text: &str) -> Option<Quantity> {
        match Quantity::parse(text) {
            Ok(quantity) if !quantity.is_negative() => Some(quantity),
            Ok(_) => {
                self.complain(Rule::BadQuantity, format!("{what}: {text} is negative"));
                None
            }
            Err(QuantityError::Huge) => {
                let detail = format!("{what}: {text} is more than any machine has");
                self.complain(Rule::BadQuantity, detail);
                None
            }
            Err(_) => {
                self.complain(Rule::BadQuantity, format!("{what}: {text:?} is no quantity"));
                None
            }
        }
    }
}
