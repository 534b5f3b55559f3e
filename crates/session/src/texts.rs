//! Many short texts in one piece of memory: a hundred thousand names are handed over as two blocks,
//! not as a hundred thousand of them.

use std::fmt;
use std::ops::Index;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Many short texts. As JSON they are a list like any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    all: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    /// Of one text, and where each ends in it; nothing where that cannot be.
    pub fn of(all: String, ends: Vec<u32>) -> Option<Self> {
        let rise = ends.is_sorted() && ends.last().copied().unwrap_or(0) as usize == all.len();
        let whole = rise && ends.iter().all(|end| all.is_char_boundary(*end as usize));
        whole.then_some(Self { all, ends })
    }

    /// All of them as one text, and where each ends in it.
    pub fn parts(&self) -> (&str, &[u32]) {
        (&self.all, &self.ends)
    }

    /// Adds one.
    pub fn push(&mut self, text: &str) {
        self.all += text;
        self.ends.push(u32::try_from(self.all.len()).expect("names are shorter than the export"));
    }

    /// The one at a position.
    pub fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)? as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        Some(&self.all[start..end])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

impl Index<usize> for Texts {
    type Output = str;

    fn index(&self, at: usize) -> &str {
        self.get(at).expect("a position of one of them")
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Texts;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of texts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut texts = Texts::default();
                while let Some(text) = list.next_element::<String>()? {
                    texts.push(&text);
                }
                Ok(texts)
            }
        }

        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Texts {
        let mut texts = Texts::default();
        for text in ["web", "", "ö"] {
            texts.push(text);
        }
        texts
    }

    #[test]
    fn each_is_found_again() {
        let texts = texts();
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["web", "", "ö"]);
        assert_eq!((texts.len(), &texts[2], texts.get(3)), (3, "ö", None));
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let texts = texts();
        let (all, ends) = texts.parts();
        assert_eq!(Texts::of(all.to_owned(), ends.to_vec()).as_ref(), Some(&texts));
        for ends in [vec![3, 3], vec![5, 3], vec![3, 4, 5], vec![3, 9]] {
            assert_eq!(Texts::of(all.to_owned(), ends), None);
        }
    }

    #[test]
    fn as_json_they_are_a_list() {
        let json = serde_json::to_string(&texts()).expect("plain data");
        assert_eq!(json, r#"["web","","ö"]"#);
        assert_eq!(serde_json::from_str::<Texts>(&json).expect("what was written"), texts());
    }
}
