//! The timeline: how long each workload is short of pods in the run that is told, and what the time
//! goes to. It is read from the very document that the command prints.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Deserialize;
use yew::prelude::*;

use crate::words;

/// Workloads at once; of the others it is said how many they are.
const ROWS_MAX: usize = 200;

/// How wide a bar is drawn that takes the longest.
const WIDTH: i64 = 1_000;

/// The parts of a downtime, in the order in which they come.
pub(crate) const PARTS: [&str; 6] =
    ["detection", "toleration", "ending", "waiting", "volume", "start"];

/// What of an outcome (`holdfast.outcome/v1`) is shown.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Outcome {
    timeline: Option<Timeline>,
}

/// How long workloads are short of pods, `KIND/NAMESPACE/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Timeline {
    downtime: BTreeMap<String, Downtime>,
}

/// Of one workload.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Downtime {
    /// With fewer ready pods than are wanted.
    pub(crate) below_desired: Span,
    /// Without any.
    pub(crate) outage: Span,
    /// What the time goes to.
    pub(crate) parts: Vec<Part>,
}

/// Seconds in the run that is told, and at least and at most in any; nothing where it does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Span {
    pub(crate) told: Option<i64>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
}

/// A part of a downtime.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Part {
    pub(crate) part: String,
    pub(crate) seconds: i64,
}

impl Timeline {
    /// What an outcome says of it.
    pub(crate) fn read(outcome: &str) -> Option<Self> {
        serde_json::from_str::<Outcome>(outcome).ok()?.timeline
    }

    /// Workloads without any pod for longest come first, then those that are short for longest.
    fn worst_first(&self) -> Vec<(&String, &Downtime)> {
        let mut all: Vec<(&String, &Downtime)> = self.downtime.iter().collect();
        let long = |span: Span| span.told.unwrap_or(i64::MAX);
        all.sort_by_key(|(_, one)| Reverse((long(one.outage), long(one.below_desired))));
        all
    }

    /// The longest that has an end.
    fn longest(&self) -> i64 {
        let ends = self.downtime.values().filter_map(|one| one.below_desired.told);
        ends.max().unwrap_or(0).max(1)
    }
}

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) timeline: Option<Rc<Timeline>>,
    /// Something was done to the cluster, so that there is a run.
    pub(crate) has_run: bool,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        let at = |props: &Self| props.timeline.as_ref().map(Rc::as_ptr);
        at(self) == at(other) && self.has_run == other.has_run
    }
}

#[component]
pub(crate) fn Bars(props: &Props) -> Html {
    let Some(timeline) = &props.timeline else {
        let says = if props.has_run { words::WORKING_OUT } else { words::NO_RUN };
        return html! { <p role="status">{ says }</p> };
    };
    let all = timeline.worst_first();
    if all.is_empty() {
        return html! { <p role="status">{ words::NOBODY_SHORT }</p> };
    }
    let longest = timeline.longest();
    html! {
        <div class="table-view">
            <ul class="legend" aria-label={words::PARTS}>
                { for PARTS.iter().map(|part| html! {
                    <li><svg class="sign" viewBox="0 0 10 10" aria-hidden="true">
                        <rect class={class(part)} width="10" height="10" /></svg>
                        { words::part(part) }</li>
                }) }
            </ul>
            <div class="table-frame" tabindex="0" role="region" aria-label={words::TIMELINE}>
                <table class="timeline">
                    <thead><tr>
                        { for words::TIMELINE_COLUMNS.iter().map(|name| html! {
                            <th scope="col">{ name }</th>
                        }) }
                    </tr></thead>
                    <tbody>{ for all.iter().take(ROWS_MAX).map(|(name, downtime)| {
                        row(name, downtime, longest)
                    }) }</tbody>
                </table>
            </div>
            if all.len() > ROWS_MAX { <p>{ words::more(all.len() - ROWS_MAX) }</p> }
        </div>
    }
}

fn row(name: &str, downtime: &Downtime, longest: i64) -> Html {
    html! {
        <tr key={name.to_owned()}>
            <th scope="row">{ words::workload(name) }</th>
            <td>{ words::span(downtime.below_desired) }</td>
            <td>{ words::span(downtime.outage) }</td>
            <td>
                { bar(downtime, longest) }
                <span>{ words::parts(&downtime.parts) }</span>
            </td>
        </tr>
    }
}

/// What the time goes to, one part after another; all of it where it has no end.
fn bar(downtime: &Downtime, longest: i64) -> Html {
    let mut at = 0;
    let mut drawn: Vec<Html> = Vec::new();
    for Part { part, seconds } in &downtime.parts {
        let width = seconds * WIDTH / longest;
        drawn.push(html! {
            <rect class={class(part)} x={at.to_string()} width={width.to_string()} height="10" />
        });
        at += width;
    }
    if downtime.below_desired.told.is_none() {
        drawn = vec![html! { <rect class="part-never" width={WIDTH.to_string()} height="10" /> }];
    }
    html! {
        <svg class="span" viewBox={format!("0 0 {WIDTH} 10")} preserveAspectRatio="none"
            aria-hidden="true">{ drawn }</svg>
    }
}

fn class(part: &str) -> &'static str {
    match part {
        "detection" => "part-detection",
        "toleration" => "part-toleration",
        "ending" => "part-ending",
        "volume" => "part-volume",
        "start" => "part-start",
        _ => "part-waiting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_comes_back_is_told_first() {
        let outcome = r#"{ "schema": "holdfast.outcome/v1", "timeline": { "downtime": {
            "Deployment/a/short": { "belowDesired": { "told": 370, "min": 359, "max": 380 },
                "outage": { "told": 0, "min": 0, "max": 0 },
                "parts": [{ "part": "detection", "seconds": 50 }] },
            "Deployment/a/gone": { "belowDesired": { "told": null, "min": null, "max": null },
                "outage": { "told": null, "min": null, "max": null }, "parts": [] } } } }"#;
        let timeline = Timeline::read(outcome).expect("it is one");
        let names: Vec<&str> =
            timeline.worst_first().into_iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Deployment/a/gone", "Deployment/a/short"]);
        assert_eq!(timeline.longest(), 370);
        assert_eq!(Timeline::read("{}"), None);
    }
}
