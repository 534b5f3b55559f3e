//! What there is to tell once everything was brought together.

use std::collections::BTreeSet;

use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{Builder, Node, Symbol, WorkloadId};

use crate::expand::Made;
use crate::objects::pod::PodEntry;
use crate::objects::policy::Autoscaler;
use crate::objects::table::Row;
use crate::resolve::Resolver;
use crate::workloads::{Member, Roster};
use crate::{Diagnostic, Inventory, ObjectRef, Origin, Place, Rule, Severity};

/// Names that a diagnostic spells out before it only counts.
const NAMES_MAX: usize = 3;

/// What diagnostics about the whole are told from.
pub(crate) struct Teller<'l> {
    pub(crate) builder: &'l Builder,
    pub(crate) inventory: &'l Inventory,
    pub(crate) roster: &'l Roster,
    pub(crate) pods: &'l [Row<PodEntry>],
}

impl Teller<'_> {
    fn text(&self, symbol: Symbol) -> &str {
        self.builder.so_far().text(symbol)
    }

    /// Nodes that are missing: all of them, or some on which pods run.
    pub(crate) fn nodes(&self, nodes: &[Node]) -> Option<Diagnostic> {
        let listed: BTreeSet<Symbol> = nodes.iter().map(|node| node.name).collect();
        let on = |pod: &PodEntry| pod.node.filter(|node| !listed.contains(node));
        let living = self.pods.iter().filter(|row| !row.value.phase.is_terminal());
        let names: Vec<Symbol> = living.filter_map(|row| on(&row.value)).collect();
        let unlisted: BTreeSet<&str> = names.iter().map(|name| self.text(*name)).collect();
        if nodes.is_empty() && !self.roster.members.is_empty() {
            let detail = match unlisted.len() {
                0 => String::new(),
                count => format!("pods name {count}: {}", some(unlisted.into_iter())),
            };
            return Some(whole(Rule::NoNodes, Severity::Warning, detail));
        }
        if unlisted.is_empty() {
            return None;
        }
        let count = names.len();
        let detail = format!("{count} pods on {}", some(unlisted.into_iter()));
        Some(whole(Rule::UnlistedNode, Severity::Warning, detail))
    }

    /// Workloads that are known from their pods alone.
    pub(crate) fn inferred(&self) -> Option<Diagnostic> {
        let told = |member: &&Member| {
            member.owner.is_none()
                && member.provenance == Provenance::Inferred
                && member.entry.kind != WorkloadKind::StaticPod
        };
        let members: Vec<&Member> = self.roster.members.iter().filter(told).collect();
        let names = members.iter().map(|member| self.name(member));
        let detail = some(names);
        let rule = Rule::OwnerInferred;
        (!members.is_empty()).then(|| whole(rule, Severity::Note, detail))
    }

    /// Pods that were made: one note for all workloads without a pod, and one for each that lacked
    /// some.
    pub(crate) fn made(&self, made: &[Made]) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        let fresh: Vec<&Made> = made.iter().filter(|made| !made.had_some).collect();
        if !fresh.is_empty() {
            let pods: u64 = fresh.iter().map(|made| made.pods).sum();
            let detail = format!("{pods} pods of {} workloads without any", fresh.len());
            told.push(whole(Rule::PodsExpanded, Severity::Note, detail));
        }
        for made in made.iter().filter(|made| made.had_some) {
            let member = self.root(made.workload);
            told.push(Diagnostic {
                place: member.origin.map(|origin| self.place(origin)),
                object: Some(self.reference(member)),
                ..whole(Rule::PodsExpanded, Severity::Note, format!("{} pods lacked", made.pods))
            });
        }
        told
    }

    /// Autoscalers whose target is not there.
    pub(crate) fn lost(&self, autoscalers: &[Autoscaler]) -> Vec<Diagnostic> {
        let tell = |autoscaler: &Autoscaler| {
            let (kind, name) = (autoscaler.target_kind, autoscaler.target_name);
            let detail = format!("{} {}", self.text(kind), self.text(name));
            Diagnostic {
                object: Some(ObjectRef {
                    kind: "HorizontalPodAutoscaler".to_owned(),
                    namespace: Some(self.text(autoscaler.namespace).to_owned()),
                    name: self.text(autoscaler.name).to_owned(),
                }),
                ..whole(Rule::AutoscalerWithoutTarget, Severity::Note, detail)
            }
        };
        autoscalers.iter().map(tell).collect()
    }

    /// Classes that pods name and that are not there.
    pub(crate) fn classes(&self, resolver: &Resolver) -> Vec<Diagnostic> {
        let missing = [
            (Rule::UnknownPriorityClass, &resolver.missing_priorities),
            (Rule::UnknownRuntimeClass, &resolver.missing_runtimes),
        ];
        let tell = |(rule, names): (Rule, &BTreeSet<Symbol>)| {
            let names: BTreeSet<&str> = names.iter().map(|name| self.text(*name)).collect();
            let detail = some(names.iter().copied());
            (!names.is_empty()).then(|| whole(rule, Severity::Warning, detail))
        };
        missing.into_iter().filter_map(tell).collect()
    }

    fn root(&self, id: WorkloadId) -> &Member {
        let member = &self.roster.members[id.index()];
        member.owner.map_or(member, |owner| &self.roster.members[owner.index()])
    }

    fn reference(&self, member: &Member) -> ObjectRef {
        let kind = match member.entry.kind {
            WorkloadKind::Custom(kind) => self.text(kind).to_owned(),
            kind => format!("{kind:?}"),
        };
        ObjectRef {
            kind,
            namespace: Some(self.text(member.entry.namespace).to_owned()),
            name: self.text(member.entry.name).to_owned(),
        }
    }

    fn name(&self, member: &Member) -> String {
        let ObjectRef { kind, namespace, name } = self.reference(member);
        format!("{kind}/{}/{name}", namespace.unwrap_or_default())
    }

    fn place(&self, origin: Origin) -> Place {
        let file = self.inventory.files.get(origin.file as usize).cloned().unwrap_or_default();
        Place { file, line: origin.line, column: origin.column }
    }
}

/// A diagnostic about the input as a whole.
fn whole(rule: Rule, severity: Severity, detail: String) -> Diagnostic {
    Diagnostic { rule, severity, place: None, object: None, detail }
}

/// The first few names, and how many more there are.
fn some<T: AsRef<str>>(names: impl ExactSizeIterator<Item = T>) -> String {
    let more = names.len().saturating_sub(NAMES_MAX);
    let mut parts: Vec<String> = names.take(NAMES_MAX).map(|name| name.as_ref().into()).collect();
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    parts.join(", ")
}
