//! Edits of what pods ask for.

use super::{Edit, Refused, own};
use crate::affinity::PodAffinityTerm;
use crate::cluster::Builder;
use crate::selector::LabelSelector;
use crate::spread::{InclusionPolicy, SpreadConstraint, WhenUnsatisfiable};
use crate::taint::Toleration;
use crate::{ClassId, Labels, PodClass, PodSpec, Symbol, WorkloadId};

/// Edits what pods of a workload ask for.
pub(super) struct Editor<'e> {
    pub(super) builder: &'e mut Builder,
    pub(super) workload: WorkloadId,
}

impl Editor<'_> {
    /// The class that pods of `class` have once they are edited.
    pub(super) fn class(&mut self, class: ClassId, edits: &[Edit]) -> Result<ClassId, Refused> {
        let PodClass { namespace, labels, spec } = *self.builder.so_far().class(class);
        let mut spec = self.builder.so_far().spec(spec).clone();
        for edit in edits {
            self.edit(&mut spec, namespace, edit)?;
        }
        let spec = self.builder.spec(spec);
        Ok(self.builder.class(PodClass { namespace, labels, spec }))
    }

    fn edit(&mut self, spec: &mut PodSpec, namespace: Symbol, edit: &Edit) -> Result<(), Refused> {
        match edit {
            Edit::Apart { topology_key } => self.keep_apart(spec, namespace, topology_key),
            Edit::RequirePreferred => self.require_preferred(spec),
            Edit::Spread { topology_key, max_skew, hard } => {
                self.spread(spec, topology_key, (*max_skew, *hard))
            }
            Edit::Tolerate { .. } => {
                self.tolerate(spec, edit);
                Ok(())
            }
            Edit::Requests { cpu_milli, memory } => self.request(spec, *cpu_milli, *memory),
            Edit::Priority { value, preempts, .. } => {
                (spec.priority, spec.preempts) = (*value, *preempts);
                Ok(())
            }
            Edit::NodeSelector { key, value } => {
                self.select(spec, key, value.as_deref());
                Ok(())
            }
        }
    }

    fn selector(&self) -> Result<LabelSelector, Refused> {
        let selector = &self.builder.so_far().workload(self.workload).selector;
        own(selector).cloned().ok_or(Refused::NoSelector(self.workload))
    }

    fn keep_apart(
        &mut self,
        spec: &mut PodSpec,
        namespace: Symbol,
        key: &str,
    ) -> Result<(), Refused> {
        if !spec.pod_anti_affinity.required_faults.is_empty() {
            return Err(Refused::Unparsable(self.workload));
        }
        let term = PodAffinityTerm {
            namespaces: [namespace].into(),
            namespace_selector: LabelSelector::Nothing,
            selector: self.selector()?,
            topology_key: self.builder.intern(key),
        };
        let required = &mut spec.pod_anti_affinity.required;
        if !required.contains(&term) {
            let mut terms = std::mem::take(required).into_vec();
            terms.push(term);
            *required = terms.into();
        }
        Ok(())
    }

    fn require_preferred(&self, spec: &mut PodSpec) -> Result<(), Refused> {
        let affinity = &mut spec.pod_anti_affinity;
        if !affinity.required_faults.is_empty() || !affinity.preferred_faults.is_empty() {
            return Err(Refused::Unparsable(self.workload));
        }
        if affinity.preferred.is_empty() {
            return Err(Refused::NothingPreferred(self.workload));
        }
        let mut terms = std::mem::take(&mut affinity.required).into_vec();
        let preferred = std::mem::take(&mut affinity.preferred).into_vec();
        terms.extend(preferred.into_iter().map(|(_, term)| term));
        affinity.required = terms.into();
        Ok(())
    }

    fn spread(
        &mut self,
        spec: &mut PodSpec,
        key: &str,
        (max_skew, hard): (u32, bool),
    ) -> Result<(), Refused> {
        let constraint = SpreadConstraint {
            max_skew: i32::try_from(max_skew).unwrap_or(i32::MAX),
            topology_key: self.builder.intern(key),
            when_unsatisfiable: if hard {
                WhenUnsatisfiable::DoNotSchedule
            } else {
                WhenUnsatisfiable::ScheduleAnyway
            },
            selector: self.selector()?,
            faults: [].into(),
            min_domains: None,
            // `SetDefaults` of the API: tainted nodes count as domains.
            node_affinity_policy: InclusionPolicy::Honor,
            node_taints_policy: InclusionPolicy::Ignore,
        };
        // The API allows one of a label and a kind.
        let mut all = std::mem::take(&mut spec.spread).into_vec();
        all.retain(|known| {
            known.topology_key != constraint.topology_key
                || known.when_unsatisfiable != constraint.when_unsatisfiable
        });
        all.push(constraint);
        spec.spread = all.into();
        Ok(())
    }

    fn tolerate(&mut self, spec: &mut PodSpec, edit: &Edit) {
        let Edit::Tolerate { key, operator, value, effect, seconds } = edit else { return };
        let toleration = Toleration {
            key: key.as_ref().map(|key| self.builder.intern(key)),
            operator: (*operator).into(),
            value: self.builder.intern(value),
            effect: *effect,
            seconds: *seconds,
        };
        let mut all = std::mem::take(&mut spec.tolerations).into_vec();
        // In its place, as the first that matches a taint says how long it is borne.
        let same =
            |known: &Toleration| (known.key, known.effect) == (toleration.key, toleration.effect);
        match all.iter().position(same) {
            Some(at) => all[at] = toleration,
            None => all.push(toleration),
        }
        spec.tolerations = all.into();
    }

    fn request(
        &self,
        spec: &mut PodSpec,
        cpu_milli: Option<i64>,
        memory: Option<i64>,
    ) -> Result<(), Refused> {
        if spec.images.len() > 1 {
            return Err(Refused::SeveralContainers(self.workload));
        }
        if [cpu_milli, memory].into_iter().flatten().any(|amount| amount <= 0) {
            return Err(Refused::NoAmount(self.workload));
        }
        spec.requests.cpu_milli = cpu_milli.unwrap_or(spec.requests.cpu_milli);
        spec.requests.memory = memory.unwrap_or(spec.requests.memory);
        for scored in [&mut spec.scored_requests, &mut spec.arriving_requests] {
            scored.cpu_milli = cpu_milli.unwrap_or(scored.cpu_milli);
            scored.memory = memory.unwrap_or(scored.memory);
        }
        Ok(())
    }

    fn select(&mut self, spec: &mut PodSpec, key: &str, value: Option<&str>) {
        let key = self.builder.intern(key);
        let value = value.map(|value| self.builder.intern(value));
        spec.node_selector = with(&spec.node_selector, key, value);
    }
}

/// Labels with another value of a key, or without it.
pub(super) fn with(labels: &Labels, key: Symbol, value: Option<Symbol>) -> Labels {
    let others = labels.iter().filter(|(known, _)| *known != key);
    Labels::new(others.chain(value.map(|value| (key, value))).collect::<Vec<_>>())
}
