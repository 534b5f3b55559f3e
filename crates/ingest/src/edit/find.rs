//! Which object a part of a text is.

use serde_json::Value;

use super::tree::{Document, Node};
use crate::object::group_of;
use crate::objects::kind_of;
use crate::overlay::{Named, is_namespaced};

/// An object in a text.
pub(super) struct Found<'d> {
    pub(super) document: usize,
    /// The way to it through lists.
    pub(super) way: Vec<Step>,
    pub(super) node: &'d Node,
    api_version: &'d str,
    kind: &'d str,
    namespace: &'d str,
    name: &'d str,
}

/// A step into a list of objects.
#[derive(Clone, Copy)]
pub(super) struct Step(usize);

impl Step {
    pub(super) fn enter(self, list: &mut Value) -> Option<&mut Value> {
        list.get_mut("items")?.get_mut(self.0)
    }
}

/// All objects that have a name.
pub(super) fn objects(documents: &[Document]) -> Vec<Found<'_>> {
    let mut all = Vec::new();
    for (at, document) in documents.iter().enumerate() {
        collect(at, Vec::new(), &document.root, ("", ""), &mut all);
    }
    all
}

/// `of_list` is what the items of a list are where they do not say.
fn collect<'d>(
    document: usize,
    way: Vec<Step>,
    node: &'d Node,
    of_list: (&'d str, &'d str),
    all: &mut Vec<Found<'d>>,
) {
    let text = |node: Option<&'d Node>| node.and_then(Node::text);
    let api_version = text(node.get("apiVersion")).unwrap_or(of_list.0);
    let kind = text(node.get("kind")).unwrap_or(of_list.1);
    if let (Some(of_items), Some(items)) = (kind.strip_suffix("List"), node.get("items")) {
        for (at, item) in items.items().iter().enumerate() {
            let way = way.iter().copied().chain([Step(at)]).collect();
            collect(document, way, item, (api_version, of_items), all);
        }
        return;
    }
    let metadata = node.get("metadata");
    let field = |name| text(metadata.and_then(|metadata| metadata.get(name)));
    if let Some(name) = field("name") {
        let namespace = field("namespace").unwrap_or_default();
        all.push(Found { document, way, node, api_version, kind, namespace, name });
    }
}

impl Found<'_> {
    /// Whether it is the object, whose kind is as Kubernetes spells it or a resource with its
    /// group.
    pub(super) fn is(&self, object: &Named) -> bool {
        let Some(kind) = kind_of(self.api_version, self.kind) else { return false };
        let namespace = match self.namespace {
            _ if !is_namespaced(kind) => "",
            "" => "default",
            namespace => namespace,
        };
        self.is_of(object) && namespace == object.namespace
    }

    /// Whether it is one of the kind and name, in whatever namespace.
    pub(super) fn is_near(&self, object: &Named) -> bool {
        kind_of(self.api_version, self.kind).is_some() && self.is_of(object)
    }

    fn is_of(&self, object: &Named) -> bool {
        let resource = format!("{}s.{}", self.kind, group_of(self.api_version));
        (self.kind == object.kind || resource.eq_ignore_ascii_case(&object.kind))
            && self.name == object.name
    }
}
