//! What a pod requests.
//!
//! Models `PodRequests` and `AggregateContainerRequests`
//! (`k8s.io/component-helpers/resource/helpers.go`, v0.36.3), the defaults of `SetDefaults_Pod`
//! (`pkg/apis/core/v1/defaults.go`) and `PodInfo.CalculateResource` with
//! `getNonMissingContainerRequests` (`pkg/scheduler/framework/types.go`, v1.36.3).

use holdfast_cluster::pod::ScoredRequests;
use holdfast_cluster::{Quantity, Resources, Symbol};
use serde::Deserialize;

use super::amounts::{self, Amounts};
use super::context::Context;
use super::lean::{List, Pairs, Text};

/// `v1.ResourceRequirements`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawResources<'a> {
    pub(crate) limits: Pairs<'a>,
    pub(crate) requests: Pairs<'a>,
}

/// `v1.ContainerStatus`, as far as it speaks of resources.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawContainerStatus<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) resources: Option<RawResources<'a>>,
    pub(crate) allocated_resources: Pairs<'a>,
}

/// Which part a container plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// An ordinary container.
    Main,
    /// Runs before the ordinary ones, and ends.
    Init,
    /// An init container that stays (`restartPolicy: Always`).
    Sidecar,
}

/// Requests and limits of one container or of a whole pod, defaults applied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) requests: Amounts,
    pub(crate) limits: Amounts,
}

impl Asked {
    /// Reads a container's resources: what has a limit and no request requests its limit.
    pub(crate) fn of_container(raw: Option<&RawResources<'_>>, context: &mut Context<'_>) -> Self {
        let mut asked = Self::read(raw, context);
        asked.requests.complete(&asked.limits);
        asked
    }

    /// Reads resources without defaults.
    pub(crate) fn read(raw: Option<&RawResources<'_>>, context: &mut Context<'_>) -> Self {
        let Some(raw) = raw else { return Self::default() };
        Self {
            requests: Amounts::read(&raw.requests, context),
            limits: Amounts::read(&raw.limits, context),
        }
    }
}

/// A container, as far as it asks for resources.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Container {
    pub(crate) name: Symbol,
    pub(crate) role: Role,
    pub(crate) asked: Asked,
}

/// Everything that decides what a pod requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Demand {
    /// Ordinary containers first, then init containers, each in order.
    pub(crate) containers: Vec<Container>,
    /// `spec.resources`, where it is given.
    pub(crate) pod: Option<Asked>,
    /// `spec.overhead`.
    pub(crate) overhead: Amounts,
}

/// What the kubelet says it has really given (`status`), while an in-place resize is under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// By container: actuated and allocated.
    pub(crate) containers: Vec<(Symbol, Amounts, Amounts)>,
    /// Of the whole pod: actuated and allocated.
    pub(crate) pod: Option<(Amounts, Amounts)>,
    /// The kubelet cannot ever grant what the spec asks for.
    pub(crate) infeasible: bool,
}

impl Given {
    /// Reads container statuses; those without `resources` count for nothing.
    pub(crate) fn add(&mut self, raws: &[RawContainerStatus<'_>], context: &mut Context<'_>) {
        for raw in raws {
            let Some(resources) = &raw.resources else { continue };
            let actuated = Amounts::read(&resources.requests, context);
            let allocated = Amounts::read(&raw.allocated_resources, context);
            self.containers.push((context.intern(&raw.name), actuated, allocated));
        }
    }

    /// `determineEffectiveRequests`.
    fn effective(&self, spec: &Amounts, actuated: &Amounts, allocated: &Amounts) -> Amounts {
        let mut most = if self.infeasible { actuated.clone() } else { spec.clone() };
        most.raise(actuated);
        most.raise(allocated);
        most
    }

    fn of_container(&self, container: &Container) -> Amounts {
        match self.containers.iter().find(|(name, ..)| *name == container.name) {
            Some((_, actuated, allocated)) if container.role != Role::Init => {
                self.effective(&container.asked.requests, actuated, allocated)
            }
            _ => container.asked.requests.clone(),
        }
    }
}

impl Demand {
    /// Applies the API server's defaults for pod-level resources: `defaultHugePagePodLimits` and
    /// `defaultPodRequests`.
    pub(crate) fn default_pod_level(&mut self, context: &mut Context<'_>) {
        let Some(mut pod) = self.pod.take() else { return };
        if pod.requests.is_empty() && pod.limits.is_empty() {
            return;
        }
        let text = |name, context: &Context<'_>| context.builder.so_far().text(name).to_owned();
        for (name, limit) in self.sum(|container| container.asked.limits.clone()).iter() {
            let absent = pod.requests.get(name).is_none() && pod.limits.get(name).is_none();
            if absent && amounts::is_huge_page(&text(name, context)) {
                pod.limits.set(name, limit);
            }
        }
        if !pod.limits.is_empty() {
            for (name, sum) in self.sum(|container| container.asked.requests.clone()).iter() {
                let known = text(name, context);
                let fits = amounts::is_pod_level(&known) && amounts::may_overcommit(&known);
                if fits && pod.requests.get(name).is_none() {
                    pod.requests.set(name, sum);
                }
            }
            for (name, limit) in pod.limits.clone().iter() {
                if amounts::is_pod_level(&text(name, context)) && pod.requests.get(name).is_none() {
                    pod.requests.set(name, limit);
                }
            }
        }
        self.pod = Some(pod);
    }

    /// What the scheduler counts for the pod, and what it counts when it scores.
    pub(crate) fn requests(
        &self,
        given: Option<&Given>,
        context: &mut Context<'_>,
    ) -> (Resources, ScoredRequests) {
        let (cpu, memory) = (context.intern("cpu"), context.intern("memory"));
        let pod_level = self.pod_level(context);
        let requests = self.total(&pod_level, given, &Amounts::default());
        let mut floor = Amounts::default();
        for (name, least) in floors(cpu, memory) {
            if pod_level.is_empty() || requests.get(name).is_none() {
                floor.set(name, least);
            }
        }
        let scored = self.total(&pod_level, given, &floor);
        (requests.counted(context).0, scored_requests(&scored, cpu, memory))
    }

    /// What `NodeResourcesFit` takes the pod to request while it scores nodes for it:
    /// `calculatePodResourceRequest` (`noderesources/resource_allocation.go`), which there leaves
    /// out pod-level resources and what the kubelet has given.
    pub(crate) fn arriving(&self, context: &mut Context<'_>) -> ScoredRequests {
        let (cpu, memory) = (context.intern("cpu"), context.intern("memory"));
        let mut floor = Amounts::default();
        for (name, least) in floors(cpu, memory) {
            floor.set(name, least);
        }
        scored_requests(&self.total(&Amounts::default(), None, &floor), cpu, memory)
    }

    /// Pod-level requests of the resources that may be asked for at that level.
    fn pod_level(&self, context: &Context<'_>) -> Amounts {
        let mut level = Amounts::default();
        for (name, quantity) in self.pod.iter().flat_map(|pod| pod.requests.iter()) {
            if amounts::is_pod_level(context.builder.so_far().text(name)) {
                level.set(name, quantity);
            }
        }
        level
    }

    /// `PodRequests`.
    fn total(&self, pod_level: &Amounts, given: Option<&Given>, floor: &Amounts) -> Amounts {
        let mut total = self.sum(|container| {
            let mut requests = match given {
                Some(given) => given.of_container(container),
                None => container.asked.requests.clone(),
            };
            requests.complete(floor);
            requests
        });
        let effective = given.and_then(|given| {
            let (actuated, allocated) = given.pod.as_ref()?;
            let spec = &self.pod.as_ref()?.requests;
            Some(given.effective(spec, actuated, allocated))
        });
        for (name, quantity) in pod_level.iter() {
            let counted = effective.as_ref().map_or(quantity, |e| e.get(name).unwrap_or_default());
            total.set(name, counted);
        }
        total.add(&self.overhead);
        total
    }

    /// `AggregateContainerRequests` (and `AggregateContainerLimits`): ordinary containers and
    /// sidecars add up; each init container needs its own amount on top of the sidecars started
    /// before it.
    fn sum(&self, amount: impl Fn(&Container) -> Amounts) -> Amounts {
        let mut total = Amounts::default();
        let mut sidecars = Amounts::default();
        let mut peak = Amounts::default();
        for container in &self.containers {
            let asked = amount(container);
            match container.role {
                Role::Main => total.add(&asked),
                Role::Sidecar => {
                    total.add(&asked);
                    sidecars.add(&asked);
                    peak.raise(&sidecars);
                }
                Role::Init => {
                    let mut moment = asked;
                    moment.add(&sidecars);
                    peak.raise(&moment);
                }
            }
        }
        total.raise(&peak);
        total
    }
}

/// What a container that asks for none counts for when nodes are scored (`GetNonzeroRequests`).
fn floors(cpu: Symbol, memory: Symbol) -> [(Symbol, Quantity); 2] {
    [(cpu, Quantity::from_milli(100)), (memory, Quantity::from_units(200 * 1024 * 1024))]
}

fn scored_requests(amounts: &Amounts, cpu: Symbol, memory: Symbol) -> ScoredRequests {
    let amount = |name| amounts.get(name).unwrap_or_default();
    ScoredRequests { cpu_milli: amount(cpu).milli_value(), memory: amount(memory).value() }
}

/// Container statuses of a pod.
pub(crate) type RawStatuses<'a> = List<RawContainerStatus<'a>>;
