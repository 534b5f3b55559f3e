//! What-if flags: what is laid over an export before it is read.

use holdfast_ingest::overlay::{self, Alteration, Named, Overlaid, Path, PathError, Refusal};
use holdfast_ingest::{Loaded, Source};
use holdfast_planner::report::RefusedReport;
use holdfast_render::{self as render, words};
use serde_json::Value;

use crate::failure::{Failure, nearest};
use crate::loading;
use crate::rim::Rim;

/// What if: changes to the cluster before anything is asked of it, in the spelling of the flags.
#[derive(Clone, Debug, Default)]
pub struct WhatIf {
    /// Manifests that are laid over the export.
    pub overlay: Vec<Source>,
    /// `KIND/NAMESPACE/NAME.FIELD=VALUE`.
    pub set: Vec<String>,
    /// `NAME=LIKE[,KEY=VALUE]`.
    pub add_node: Vec<String>,
    /// Names of nodes.
    pub cordon: Vec<String>,
    /// `NODE:KEY=VALUE:EFFECT`.
    pub taint: Vec<String>,
}

/// The sources with what the flags lay over them.
///
/// # Errors
/// A flag that does not parse or names nothing, and manifests that are refused.
pub fn over(sources: Vec<Source>, what_if: WhatIf, rim: &impl Rim) -> Result<Overlaid, Failure> {
    with(sources, what_if, None, rim)
}

/// The same, and something that there is to be more of.
///
/// # Errors
/// As [`over`].
pub fn with(
    sources: Vec<Source>,
    what_if: WhatIf,
    sample: Option<Alteration>,
    rim: &impl Rim,
) -> Result<Overlaid, Failure> {
    let mut alterations = alterations(what_if)?;
    alterations.extend(sample);
    let overlaid = overlay::overlay(sources, alterations).map_err(|why| refused(&why))?;
    loading::heed(&overlaid.diagnostics, rim)?;
    Ok(overlaid)
}

/// What was loaded, in which the workloads roll out whose template is another.
///
/// # Errors
/// A rollout that is not followed.
pub fn begin(loaded: Loaded, rolled: &[Named]) -> Result<Loaded, Failure> {
    let ids = overlay::rolled(&loaded, rolled);
    if ids.is_empty() {
        return Ok(loaded);
    }
    let cluster = loaded.cluster.with_begun(&ids).map_err(|why| {
        let why = RefusedReport::new(&loaded.cluster, why);
        Failure::usage(format!("what if: {}", render::plan::refused(&why)))
            .hint("leave its template as it is")
    })?;
    Ok(Loaded { cluster, ..loaded })
}

/// Nodes come first, so that others may speak of them; then manifests, then single fields.
fn alterations(what_if: WhatIf) -> Result<Vec<Alteration>, Failure> {
    let mut all = Vec::new();
    for text in &what_if.add_node {
        all.push(new_node(text)?);
    }
    if !what_if.overlay.is_empty() {
        all.push(Alteration::Apply(what_if.overlay));
    }
    for text in &what_if.set {
        all.push(field(text)?);
    }
    for text in &what_if.taint {
        all.push(taint(text)?);
    }
    all.extend(what_if.cordon.into_iter().map(Alteration::Cordon));
    Ok(all)
}

const NEW_NODE: &str = "for instance --add-node worker-4=worker-1, or \
                        --add-node worker-4=worker-1,topology.kubernetes.io/zone=b";

/// `NAME=LIKE`, with labels behind commas.
fn new_node(text: &str) -> Result<Alteration, Failure> {
    let bad = |why: &str| Failure::usage(format!("--add-node {text}: {why}")).hint(NEW_NODE);
    let mut parts = text.split(',');
    let (node, like) = parts
        .next()
        .and_then(|first| first.split_once('='))
        .ok_or_else(|| bad("like which node?"))?;
    let label = |part: &str| {
        let (key, value) = part.split_once('=').ok_or_else(|| bad("a label is KEY=VALUE"))?;
        Ok((key.to_owned(), value.to_owned()))
    };
    let labels = parts.map(label).collect::<Result<_, Failure>>()?;
    if node.is_empty() || like.is_empty() {
        return Err(bad("both nodes need a name"));
    }
    Ok(Alteration::AddNode { node: node.to_owned(), like: like.to_owned(), labels })
}

/// `NODE:KEY=VALUE:EFFECT`, as `kubectl taint` takes what stands behind the node.
fn taint(text: &str) -> Result<Alteration, Failure> {
    const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    let bad = |why: &str| {
        Failure::usage(format!("--taint {text}: {why}"))
            .hint("for instance --taint worker-1:dedicated=gpu:NoSchedule")
    };
    let (node, taint) = text.split_once(':').ok_or_else(|| bad("which taint?"))?;
    let (pair, effect) = taint.rsplit_once(':').ok_or_else(|| bad("with which effect?"))?;
    let Some(effect) = EFFECTS.into_iter().find(|known| *known == effect) else {
        return Err(bad(&format!("the effects are {}", words::list(&EFFECTS, 3))));
    };
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    if key.is_empty() {
        return Err(bad("a taint needs a key"));
    }
    Ok(Alteration::Taint {
        node: node.to_owned(),
        key: key.to_owned(),
        value: value.to_owned(),
        effect: effect.to_owned(),
    })
}

/// `KIND/NAMESPACE/NAME.FIELD=VALUE`; kinds without namespaces leave theirs out.
fn field(text: &str) -> Result<Alteration, Failure> {
    let bad = |why: String| {
        Failure::usage(format!("--set {text}: {why}"))
            .hint("for instance --set deployment/shop/web.replicas=3")
    };
    let (what, value) = text.split_once('=').ok_or_else(|| bad("to which value?".into()))?;
    let (kind, rest) = what.split_once('/').ok_or_else(|| bad("of which object?".into()))?;
    let (kind, namespaced) =
        overlay::spelled(kind).ok_or_else(|| bad(format!("no kind {kind:?} is known here")))?;
    let (namespace, rest) = match rest.split_once('/') {
        // What stands behind a slash then is the key of a label.
        _ if !namespaced => ("", rest),
        Some((namespace, rest)) => (namespace, rest),
        None => return Err(bad("in which namespace?".into())),
    };
    let (name, path) = split(rest).ok_or_else(|| bad("which field?".into()))?;
    let path: Path = path.parse().map_err(|_| bad(format!("{path:?} is no field")))?;
    let object =
        Named { kind: kind.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() };
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok(Alteration::Set { object, path, value })
}

/// A name and the field behind it. Names may have dots themselves: a field begins at the top of an
/// object or is `replicas`, where there is one of these, else behind the first dot.
fn split(text: &str) -> Option<(&str, &str)> {
    const TOPS: [&str; 4] = [".spec.", ".metadata.", ".status.", ".replicas"];
    let at = TOPS.iter().filter_map(|top| text.find(top)).min().or_else(|| text.find('.'))?;
    let (name, field) = (&text[..at], &text[at + 1..]);
    (!name.is_empty() && !field.is_empty()).then_some((name, field))
}

fn refused(why: &Refusal) -> Failure {
    match why {
        Refusal::NoObject(named, others) => {
            let failure = Failure::usage(format!("what if: there is no {}", spoken(named)));
            match nearest(&named.name, others.iter().map(String::as_str)) {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None if others.is_empty() => failure.hint("the export holds none of that kind"),
                None => failure.hint(format!("there are {}", words::list(others, 12))),
            }
        }
        Refusal::Exists(named) => {
            Failure::usage(format!("what if: there is a {} already", spoken(named)))
                .hint("choose another name")
        }
        Refusal::NoField(named, why) => {
            let why = match why {
                PathError::Unreadable => "the field does not parse".to_owned(),
                PathError::Blocked(at) => format!("there is no way through {at}"),
            };
            Failure::usage(format!("what if: {}: {why}", spoken(named)))
                .hint("items of lists are numbers in brackets: spec.template.spec.containers[0]")
        }
        Refusal::ControlPlane(named) => {
            Failure::usage(format!("what if: {} is part of the control plane", spoken(named)))
                .hint("name a worker that the new node is like")
        }
    }
}

fn spoken(named: &Named) -> String {
    if named.namespace.is_empty() {
        return format!("{} {}", named.kind, named.name);
    }
    format!("{} {}/{}", named.kind, named.namespace, named.name)
}
