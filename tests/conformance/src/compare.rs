//! What differs between two decision traces, and the table of how often what agreed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use serde_json::Value;

/// What was compared: a plugin, or the part of the scheduler that is no plugin, and a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// `NodeAffinity`, or `decision`.
    pub plugin: String,
    /// `reasons`, `score` and so on.
    pub field: &'static str,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.plugin, self.field)
    }
}

/// One thing on which the two sides do not agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What it is about.
    pub point: Point,
    /// The pod and, for some, the node.
    pub place: String,
    /// What the real scheduler says.
    pub upstream: Value,
    /// What Holdfast says.
    pub holdfast: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { point, place, upstream, holdfast } = self;
        write!(f, "{point} of {place}: upstream {upstream}, holdfast {holdfast}")
    }
}

/// How often both sides agreed on what.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    cases: u64,
    cases_agreed: u64,
    points: BTreeMap<Point, (u64, u64)>,
}

impl Tally {
    /// Compares the answers to one case; the differences are those of the first pod that has any,
    /// as all pods after it meet another cluster.
    pub fn compare(&mut self, upstream: &Value, holdfast: &Value) -> Vec<Difference> {
        let mut comparison = Comparison { tally: self, differences: Vec::new() };
        comparison.case(upstream, holdfast);
        let differences = comparison.differences;
        self.cases += 1;
        self.cases_agreed += u64::from(differences.is_empty());
        differences
    }

    /// Whether everything agreed.
    pub fn agreed(&self) -> bool {
        self.cases == self.cases_agreed
    }

    /// The table as Markdown.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{} of {} cases agree in full.\n\n\
             | plugin | field | compared | agreed |\n|---|---|---:|---:|\n",
            self.cases_agreed, self.cases
        );
        for (point, (compared, agreed)) in &self.points {
            let share = percent(*agreed, *compared);
            let _ = writeln!(text, "| {} | {} | {compared} | {share} |", point.plugin, point.field);
        }
        text
    }
}

/// A share with two digits, and never 100 % when something is missing.
fn percent(part: u64, whole: u64) -> String {
    let hundredths = part * 10_000 / whole.max(1);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// One comparison under way.
struct Comparison<'a> {
    tally: &'a mut Tally,
    differences: Vec<Difference>,
}

impl Comparison<'_> {
    fn point(&mut self, plugin: &str, field: &'static str, place: &str, up: &Value, own: &Value) {
        let point = Point { plugin: plugin.to_owned(), field };
        let (compared, agreed) = self.tally.points.entry(point.clone()).or_default();
        *compared += 1;
        if up == own {
            *agreed += 1;
            return;
        }
        self.differences.push(Difference {
            point,
            place: place.to_owned(),
            upstream: up.clone(),
            holdfast: own.clone(),
        });
    }

    fn case(&mut self, up: &Value, own: &Value) {
        // What an error says is Go's; that there is one is not.
        let failed = |answer: &Value| Value::from(answer.get("error").is_some());
        self.point("case", "error", "the case", &failed(up), &failed(own));
        let ends = [&up["ends"], &own["ends"]];
        let pods = |answer: &Value| answer["pods"].as_array().cloned().unwrap_or_default();
        let (up, own) = (pods(up), pods(own));
        let queue = |pods: &[Value]| pods.iter().map(|pod| pod["pod"].clone()).collect::<Value>();
        self.point("case", "queue", "the case", &queue(&up), &queue(&own));
        for (up, own) in up.iter().zip(&own) {
            if !self.differences.is_empty() {
                return;
            }
            self.pod(up, own);
        }
        if ends.iter().any(|ends| !ends.is_null()) {
            self.point("case", "ends", "the case", ends[0], ends[1]);
        }
    }

    fn pod(&mut self, up: &Value, own: &Value) {
        // Causes come before what follows from them: a case is filed under its first difference.
        let place = up["pod"].as_str().unwrap_or_default();
        self.rejection(place, &up["preFilter"], &own["preFilter"]);
        let names = |pod: &Value| -> BTreeSet<String> {
            pod["nodes"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
        };
        for node in names(up).union(&names(own)) {
            let place = format!("{place} on {node}");
            let (up, own) = (&up["nodes"][node], &own["nodes"][node]);
            self.rejection(&place, up, own);
            self.scores(&place, &up["scores"], &own["scores"]);
            self.point("decision", "total", &place, &up["total"], &own["total"]);
        }
        for field in ["result", "node", "candidates", "message"] {
            self.point("decision", field, place, &up[field], &own[field]);
        }
        self.preemption(place, &up["preemption"], &own["preemption"]);
        let message = "preemptionMessage";
        self.point("DefaultPreemption", "message", place, &up[message], &own[message]);
    }

    /// Whether and why somebody said no. Where only one side did, it is that side's plugin.
    fn rejection(&mut self, place: &str, up: &Value, own: &Value) {
        let by = up["plugin"].as_str().or(own["plugin"].as_str());
        let Some(by) = by else { return };
        self.point(by, "rejects", place, &up["plugin"], &own["plugin"]);
        if up["plugin"] == own["plugin"] {
            self.point(by, "code", place, &up["code"], &own["code"]);
            let (up, own) = (reasons(by, &up["reasons"]), reasons(by, &own["reasons"]));
            self.point(by, "reasons", place, &up, &own);
        }
    }

    fn scores(&mut self, place: &str, up: &Value, own: &Value) {
        let plugins = [up, own].into_iter().filter_map(Value::as_object).flatten();
        let plugins: BTreeSet<String> = plugins.map(|(plugin, _)| plugin.clone()).collect();
        for plugin in &plugins {
            self.point(plugin, "score", place, &up[plugin], &own[plugin]);
        }
    }

    fn preemption(&mut self, place: &str, up: &Value, own: &Value) {
        let by_node = |list: &Value| -> BTreeMap<String, Value> {
            let candidates = list.as_array().into_iter().flatten();
            let node = |one: &Value| one["node"].as_str().unwrap_or_default().to_owned();
            candidates.map(|one| (node(one), one.clone())).collect()
        };
        let (up, own) = (by_node(up), by_node(own));
        let nodes = |all: &BTreeMap<String, Value>| all.keys().cloned().collect::<Value>();
        self.point("DefaultPreemption", "candidates", place, &nodes(&up), &nodes(&own));
        for (node, up) in &up {
            let Some(own) = own.get(node) else { continue };
            let place = format!("{place} on {node}");
            for field in ["victims", "pdbViolations", "best"] {
                self.point("DefaultPreemption", field, &place, &up[field], &own[field]);
            }
        }
    }
}

/// The reasons as they are compared: upstream lists what a node lacks of extended resources in the
/// order of a Go map (`fitsRequest` in `pkg/scheduler/framework/plugins/noderesources/fit.go`).
fn reasons(plugin: &str, reasons: &Value) -> Value {
    let mut reasons = reasons.clone();
    if plugin == "NodeResourcesFit"
        && let Some(list) = reasons.as_array_mut()
    {
        list.sort_by_key(ToString::to_string);
    }
    reasons
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn points(up: &Value, own: &Value) -> Vec<String> {
        let differences = Tally::default().compare(up, own);
        differences.iter().map(|difference| difference.point.to_string()).collect()
    }

    fn answer(pods: &Value) -> Value {
        json!({"id": "a", "pods": pods})
    }

    #[test]
    fn the_same_answer_agrees() {
        let one = answer(&json!([{"pod": "a/b", "result": "scheduled", "nodes": {"n": {}}}]));
        assert!(points(&one, &one).is_empty());
        assert!(points(&json!({"error": "x"}), &json!({"error": "y"})).is_empty());
        assert_eq!(points(&json!({"error": "x"}), &answer(&json!([]))), ["case.error"]);
    }

    #[test]
    fn a_difference_belongs_to_its_plugin() {
        let one = |verdict: Value| {
            answer(&json!([{"pod": "a/b", "result": "unschedulable", "nodes": {"n": verdict}}]))
        };
        let full = one(json!({"plugin": "NodeResourcesFit", "code": "U", "reasons": ["x", "y"]}));
        let other = one(json!({"plugin": "NodeResourcesFit", "code": "U", "reasons": ["y", "x"]}));
        let free = one(json!({"scores": {"ImageLocality": 1}, "total": 1}));
        assert!(points(&full, &other).is_empty());
        let missed = ["NodeResourcesFit.rejects", "ImageLocality.score", "decision.total"];
        assert_eq!(points(&full, &free), missed);
        assert_eq!(points(&free, &full), missed);
    }

    #[test]
    fn later_pods_are_not_blamed() {
        let pods = |first: &str, second: &str| {
            answer(&json!([{"pod": "a", "result": first}, {"pod": "b", "result": second}]))
        };
        assert_eq!(points(&pods("x", "x"), &pods("y", "y")), ["decision.result"]);
    }

    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(percent(99_999, 100_000), "99.99 %");
        assert_eq!(percent(7, 7), "100.00 %");
    }
}
