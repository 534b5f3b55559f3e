//! JSON scalars and collections as exports really hold them: `null` where the API means "none",
//! numbers where it means a quantity, digits in quotes where it means a number.
//!
//! Every type borrows from the text where no escape stands in the way.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A string. `null` is empty; numbers and booleans, which YAML makes of unquoted words, are their
/// text.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// What accepts the scalars that stand for a text.
struct TextVisitor<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for TextVisitor<'a> {
    type Value = Text<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'a>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'a>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Text<'a>, E> {
        Ok(Text::default())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Text<'a>, E> {
        Ok(Text(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Text<'a>, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Text<'a>, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Text<'a>, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor(PhantomData))
    }
}

/// A whole number, also in quotes or written as `3.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Int(pub(crate) i64);

struct IntVisitor;

impl Visitor<'_> for IntVisitor {
    type Value = Int;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an integer")
    }

    fn visit_i64<E>(self, value: i64) -> Result<Int, E> {
        Ok(Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Int, E> {
        Ok(Int(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Int, E> {
        // Casts from f64 saturate; a fraction is no integer.
        if value.fract() == 0.0 { Ok(Int(value as i64)) } else { Err(E::custom("not an integer")) }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Int, E> {
        text.parse().map(Int).map_err(|_| E::custom("not an integer"))
    }
}

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntVisitor)
    }
}

/// An array; `null` is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> std::ops::Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(List(list))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

/// A map of texts in the order they stand; `null` is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pairs<'a>(pub(crate) Vec<(Text<'a>, Text<'a>)>);

impl<'a> std::ops::Deref for Pairs<'a> {
    type Target = [(Text<'a>, Text<'a>)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Pairs<'_> {
    /// The value of this key.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| &**known == key).map(|(_, value)| &**value)
    }
}

struct PairsVisitor<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for PairsVisitor<'a> {
    type Value = Pairs<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map of strings")
    }

    fn visit_unit<E>(self) -> Result<Pairs<'a>, E> {
        Ok(Pairs::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Pairs<'a>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = entries.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PairsVisitor(PhantomData))
    }
}

/// The few annotations that decide anything. All others are skipped unread: they may hold a whole
/// `last-applied-configuration`, secrets included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Annotations<'a>(Vec<(Text<'a>, Text<'a>)>);

/// A mirror of a static pod carries it.
pub(crate) const MIRROR: &str = "kubernetes.io/config.mirror";
/// The number of a Deployment's rollout.
pub(crate) const REVISION: &str = "deployment.kubernetes.io/revision";
/// The volume controller is done with a claim.
pub(crate) const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// The node a provisioner was told to use.
pub(crate) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The storage class, before there was a field for it.
pub(crate) const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
/// The class of claims that name none.
pub(crate) const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// The same in its beta.
pub(crate) const BETA_DEFAULT_CLASS: &str = "storageclass.beta.kubernetes.io/is-default-class";
/// In-tree volume plugins that a node hands to CSI drivers.
pub(crate) const MIGRATED_PLUGINS: &str = "storage.alpha.kubernetes.io/migrated-plugins";
/// What the deletion of a pod costs: cheaper ones go first.
pub(crate) const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

const KEPT: [&str; 9] = [
    MIRROR,
    REVISION,
    BIND_COMPLETED,
    SELECTED_NODE,
    BETA_CLASS,
    DEFAULT_CLASS,
    BETA_DEFAULT_CLASS,
    MIGRATED_PLUGINS,
    DELETION_COST,
];

impl Annotations<'_> {
    /// The value of one of the kept annotations.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| **known == *key).map(|(_, value)| &**value)
    }
}

struct AnnotationsVisitor<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for AnnotationsVisitor<'a> {
    type Value = Annotations<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map of strings")
    }

    fn visit_unit<E>(self) -> Result<Annotations<'a>, E> {
        Ok(Annotations::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Annotations<'a>, A::Error> {
        let mut kept = Vec::new();
        while let Some(key) = entries.next_key::<Text<'a>>()? {
            if KEPT.contains(&&*key) {
                kept.push((key, entries.next_value()?));
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Annotations(kept))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Annotations<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnnotationsVisitor(PhantomData))
    }
}

/// The keys of a map of which nothing else counts; `null` is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Keys<'a>(Vec<Text<'a>>);

impl<'a> std::ops::Deref for Keys<'a> {
    type Target = [Text<'a>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

struct KeysVisitor<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for KeysVisitor<'a> {
    type Value = Keys<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_unit<E>(self) -> Result<Keys<'a>, E> {
        Ok(Keys::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Keys<'a>, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = entries.next_entry()? {
            keys.push(key);
        }
        Ok(Keys(keys))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Keys<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeysVisitor(PhantomData))
    }
}

/// Anything at all, of which only the presence counts; `null` is absence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Present(pub(crate) bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::<IgnoredAny>::deserialize(deserializer)?.is_some()))
    }
}
