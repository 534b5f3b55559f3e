//! A field inside an object, as people name it: `spec.template.spec.containers[0].image`.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

/// The way to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Item(usize),
}

/// Why a field cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathError {
    /// The way does not parse.
    Unreadable,
    /// What stands there is neither an object nor a list, or a list is shorter.
    Blocked(String),
}

impl FromStr for Path {
    type Err = PathError;

    /// Fields are separated by dots, and a dot within a name has a backslash before it; items of
    /// lists are numbers in brackets. `replicas` is short for `spec.replicas`, as is every field
    /// that does not begin at the top of an object.
    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        let mut name = String::new();
        let mut letters = text.chars();
        let mut named = false;
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => name.push(letters.next().ok_or(PathError::Unreadable)?),
                '.' if name.is_empty() && !named => return Err(PathError::Unreadable),
                '.' => steps.extend(taken(&mut name)),
                '[' => {
                    steps.extend(taken(&mut name));
                    let digits: String = letters.by_ref().take_while(|one| *one != ']').collect();
                    steps.push(Step::Item(digits.parse().map_err(|_| PathError::Unreadable)?));
                }
                letter => name.push(letter),
            }
            named = letter == '[';
        }
        steps.extend(taken(&mut name));
        let top = ["spec", "metadata", "status"];
        let begins = |field: &String| top.contains(&field.as_str());
        match steps.first() {
            Some(Step::Field(first)) if begins(first) => Ok(Self(steps)),
            Some(Step::Field(_)) => {
                let spec = Step::Field("spec".to_owned());
                Ok(Self([vec![spec], steps].concat()))
            }
            _ => Err(PathError::Unreadable),
        }
    }
}

fn taken(name: &mut String) -> Option<Step> {
    let name = std::mem::take(name);
    (!name.is_empty()).then_some(Step::Field(name))
}

impl Path {
    /// Sets the field; `null` takes it away.
    pub(super) fn set(&self, object: &mut Value, value: Value) -> Result<(), PathError> {
        let (last, way) = self.0.split_last().ok_or(PathError::Unreadable)?;
        let mut at = object;
        let mut gone = String::new();
        for step in way {
            gone.push_str(&step.to_string());
            at = step.enter(at).ok_or_else(|| PathError::Blocked(gone.clone()))?;
        }
        gone.push_str(&last.to_string());
        match (last, value) {
            (Step::Field(name), Value::Null) => {
                at.as_object_mut().ok_or(PathError::Blocked(gone))?.remove(name);
            }
            (step, value) => *step.enter(at).ok_or(PathError::Blocked(gone))? = value,
        }
        Ok(())
    }
}

impl Step {
    /// What stands there; an object is put where nothing does.
    fn enter<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        match self {
            Self::Field(name) => {
                Some(value.as_object_mut()?.entry(name.clone()).or_insert(Value::Null))
            }
            Self::Item(at) => value.as_array_mut()?.get_mut(*at),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(out, ".{name}"),
            Self::Item(at) => write!(out, "[{at}]"),
        }
    }
}
