//! Specs, completed by what other objects say of them.
//!
//! Models the admission plugins `Priority` (`plugin/pkg/admission/priority/admission.go`) and
//! `RuntimeClass` (`plugin/pkg/admission/runtimeclass/admission.go`, v1.36.3).

use std::collections::BTreeSet;

use holdfast_cluster::{Builder, ClassId, Labels, LabelsId, PodClass, PodSpec, SpecId, Symbol};
use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use crate::objects::podspec::Draft;
use crate::objects::policy::{PriorityClass, RuntimeClass};

/// Priorities that every cluster has (`pkg/apis/scheduling/types.go`, `SystemPriorityClasses`).
const SYSTEM_CLASSES: [(&str, i32); 2] =
    [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];

/// Completes drafts; each distinct one once.
pub(crate) struct Resolver {
    drafts: IndexSet<Draft, FxBuildHasher>,
    resolved: Vec<Option<SpecId>>,
    priorities: IndexMap<Symbol, PriorityClass, FxBuildHasher>,
    runtimes: IndexMap<Symbol, RuntimeClass, FxBuildHasher>,
    default: Option<PriorityClass>,
    /// Priority classes that are named and nowhere.
    pub(crate) missing_priorities: BTreeSet<Symbol>,
    /// Runtime classes that are named and nowhere.
    pub(crate) missing_runtimes: BTreeSet<Symbol>,
}

impl Resolver {
    /// A resolver over the drafts and classes of an export.
    pub(crate) fn new(
        drafts: IndexSet<Draft, FxBuildHasher>,
        priorities: impl Iterator<Item = PriorityClass>,
        runtimes: impl Iterator<Item = RuntimeClass>,
        builder: &mut Builder,
    ) -> Self {
        let mut by_name = IndexMap::default();
        for (name, value) in SYSTEM_CLASSES {
            let name = builder.intern(name);
            let class = PriorityClass { name, value, global_default: false, preempts: true };
            by_name.insert(name, class);
        }
        by_name.extend(priorities.map(|class| (class.name, class)));
        // Of several defaults the lowest counts (`getDefaultPriorityClass`).
        let default = by_name.values().filter(|class| class.global_default);
        let default = default.min_by_key(|class| class.value).copied();
        let resolved = vec![None; drafts.len()];
        Self {
            drafts,
            resolved,
            priorities: by_name,
            runtimes: runtimes.map(|class| (class.name, class)).collect(),
            default,
            missing_priorities: BTreeSet::new(),
            missing_runtimes: BTreeSet::new(),
        }
    }

    /// The class of pods of a numbered draft.
    pub(crate) fn class(
        &mut self,
        namespace: Symbol,
        labels: LabelsId,
        draft: u32,
        builder: &mut Builder,
    ) -> ClassId {
        let at = draft as usize;
        let spec = if let Some(spec) = self.resolved[at] {
            spec
        } else {
            let draft = self.drafts[at].clone();
            let spec = builder.spec(self.complete(draft));
            self.resolved[at] = Some(spec);
            spec
        };
        builder.class(PodClass { namespace, labels, spec })
    }

    /// The priority class of pods of a draft: what it names, or what admission gives it.
    pub(crate) fn priority_class(&self, draft: &Draft) -> Option<Symbol> {
        let given = || self.default.filter(|_| draft.priority.is_none());
        draft.priority_class.or_else(|| given().map(|class| class.name))
    }

    /// A numbered draft.
    pub(crate) fn draft(&self, number: u32) -> &Draft {
        &self.drafts[number as usize]
    }

    /// Numbers a draft made just now.
    pub(crate) fn add(&mut self, draft: Draft) -> u32 {
        let (at, new) = self.drafts.insert_full(draft);
        if new {
            self.resolved.push(None);
        }
        at as u32
    }

    /// The class of pods of a draft made just now.
    pub(crate) fn class_of(
        &mut self,
        namespace: Symbol,
        labels: Labels,
        draft: Draft,
        builder: &mut Builder,
    ) -> ClassId {
        let spec = builder.spec(self.complete(draft));
        let labels = builder.labels(labels);
        builder.class(PodClass { namespace, labels, spec })
    }

    fn complete(&mut self, draft: Draft) -> PodSpec {
        let mut spec = draft.spec;
        spec.priority = match (draft.priority, draft.priority_class) {
            // Admission has been here before.
            (Some(priority), _) => priority,
            (None, class) => {
                let class = match class {
                    None => self.default,
                    Some(name) => {
                        let known = self.priorities.get(&name).copied();
                        if known.is_none() {
                            self.missing_priorities.insert(name);
                        }
                        known
                    }
                };
                if !draft.preemption_policy {
                    spec.preempts = class.is_none_or(|class| class.preempts);
                }
                class.map_or(0, |class| class.value)
            }
        };
        if let Some(name) = draft.runtime_class {
            match self.runtimes.get(&name) {
                Some(class) => apply(class, &mut spec),
                None => {
                    self.missing_runtimes.insert(name);
                }
            }
        }
        spec
    }
}

/// Adds what a runtime class asks for; what a live export carries already is not added twice.
fn apply(class: &RuntimeClass, spec: &mut PodSpec) {
    spec.requests.add(&class.overhead);
    for scored in [&mut spec.scored_requests, &mut spec.arriving_requests] {
        scored.cpu_milli = scored.cpu_milli.wrapping_add(class.overhead.cpu_milli);
        scored.memory = scored.memory.wrapping_add(class.overhead.memory);
    }
    let selector = spec.node_selector.iter().chain(class.node_selector.iter());
    spec.node_selector = Labels::new(selector.collect::<Vec<_>>());
    let mut tolerations = std::mem::take(&mut spec.tolerations).into_vec();
    for toleration in &class.tolerations {
        if !tolerations.contains(toleration) {
            tolerations.push(toleration.clone());
        }
    }
    spec.tolerations = tolerations.into_boxed_slice();
}
