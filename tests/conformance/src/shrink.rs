//! The least of a case on which both sides still disagree.

use anyhow::Result;
use serde_json::Value;

use crate::case::Case;

/// How many smaller cases are tried at a time: deciding many at once costs little more than one.
const BATCH: usize = 64;

/// Shrinks a case: first whole objects are left out, many at a time, then single fields and items,
/// until nothing more can go. `disagree` tells of each case whether it still shows the difference.
///
/// # Errors
/// When `disagree` fails.
pub fn shrink(case: &Case, disagree: impl Fn(&[Case]) -> Result<Vec<bool>>) -> Result<Case> {
    let mut case = case.clone();
    let mut chunk = case.objects.len() / 2;
    while chunk > 0 {
        let starts: Vec<usize> = (0..case.objects.len()).step_by(chunk).collect();
        let without = |start: usize| {
            let mut smaller = case.clone();
            smaller.objects.drain(start..(start + chunk).min(case.objects.len()));
            smaller
        };
        let smaller: Vec<Case> = starts.into_iter().map(without).collect();
        match first(&smaller, &disagree)? {
            Some(at) => case = smaller[at].clone(),
            None => chunk /= 2,
        }
    }
    while let Some(smaller) = without_some_field(&case, &disagree)? {
        case = smaller;
    }
    Ok(case)
}

/// The first case that still disagrees.
fn first(
    cases: &[Case],
    disagree: &impl Fn(&[Case]) -> Result<Vec<bool>>,
) -> Result<Option<usize>> {
    for (batch, cases) in cases.chunks(BATCH).enumerate() {
        if let Some(at) = disagree(cases)?.into_iter().position(|still| still) {
            return Ok(Some(batch * BATCH + at));
        }
    }
    Ok(None)
}

/// Leaves out all the fields that can go at once, or nothing if none can go.
fn without_some_field(
    case: &Case,
    disagree: &impl Fn(&[Case]) -> Result<Vec<bool>>,
) -> Result<Option<Case>> {
    let paths = paths(case);
    for paths in paths.chunks(BATCH) {
        let smaller: Vec<Case> = paths.iter().map(|path| without(case, &[path])).collect();
        let still = disagree(&smaller)?;
        let gone: Vec<&Path> =
            paths.iter().zip(&still).filter(|(_, still)| **still).map(|(path, _)| path).collect();
        if gone.is_empty() {
            continue;
        }
        // Most fields can go together; if these cannot, one of them can go alone.
        let together = without(case, &gone);
        let ok = disagree(std::slice::from_ref(&together))?.first() == Some(&true);
        return Ok(Some(if ok { together } else { without(case, &gone[..1]) }));
    }
    Ok(None)
}

/// A way into a case: the object, then names and places. The configuration comes after the last
/// object.
type Path = Vec<Step>;

#[derive(Clone, Debug)]
enum Step {
    Field(String),
    Item(usize),
}

/// All that can be left out, what holds the most first.
fn paths(case: &Case) -> Vec<Path> {
    let mut found = Vec::new();
    for (at, object) in case.objects.iter().enumerate() {
        collect(object, &vec![Step::Item(at)], &mut found);
    }
    if let Some(config) = &case.config {
        collect(config, &vec![Step::Item(case.objects.len())], &mut found);
    }
    found.sort_by_key(Vec::len);
    found
}

fn collect(value: &Value, path: &Path, found: &mut Vec<Path>) {
    let mut visit = |step: Step, value: &Value| {
        let mut path = path.clone();
        path.push(step);
        found.push(path.clone());
        collect(value, &path, found);
    };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| visit(Step::Field(name.clone()), value));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| visit(Step::Item(at), value));
        }
        _ => {}
    }
}

/// The case without what is at the end of these paths, which [`paths`] lists in order: from the
/// last to the first, so that no place shifts before its turn.
fn without(case: &Case, paths: &[&Path]) -> Case {
    let mut case = case.clone();
    for path in paths.iter().rev() {
        let [Step::Item(object), inner @ .., last] = path.as_slice() else { continue };
        let root = case.objects.get_mut(*object).or(case.config.as_mut());
        let Some(root) = root else { continue };
        let holder = inner.iter().try_fold(root, |value, step| match step {
            Step::Field(name) => value.get_mut(name),
            Step::Item(at) => value.get_mut(at),
        });
        match (holder, last) {
            (Some(Value::Object(fields)), Step::Field(name)) => {
                fields.remove(name);
            }
            (Some(Value::Array(items)), Step::Item(at)) if *at < items.len() => {
                items.remove(*at);
            }
            _ => {}
        }
    }
    case
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_matters_is_left() {
        let list = json!([1, 2, {"deep": [true, 7]}]);
        let object = |name: &str| json!({"name": name, "list": list, "other": {"x": 1}});
        let objects = (0..9).map(|at| object(&format!("o{at}"))).collect();
        let case = Case { id: "a".into(), objects, config: Some(json!({"x": [1]})), run: None };
        let matters = |case: &Case| {
            let objects = &case.objects;
            objects.iter().any(|o| o["name"] == "o5" && o.to_string().contains('7'))
        };
        let shrunk = shrink(&case, |cases| Ok(cases.iter().map(matters).collect())).unwrap();
        assert_eq!(shrunk.objects, [json!({"name": "o5", "list": [{"deep": [7]}]})]);
        assert_eq!(shrunk.config, Some(json!({})));
    }

    #[test]
    fn what_cannot_shrink_stays() {
        let case = Case { id: "a".into(), objects: vec![json!({"a": 1})], config: None, run: None };
        let all = case.clone();
        let shrunk = shrink(&case, |cases| Ok(cases.iter().map(|c| *c == all).collect())).unwrap();
        assert_eq!(shrunk, case);
    }
}
