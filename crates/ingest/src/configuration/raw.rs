//! A `KubeSchedulerConfiguration` as it is written, read as strictly as kube-scheduler reads it.
//!
//! Models `k8s.io/kube-scheduler/config/v1/types.go` and `types_pluginargs.go` (v0.36.3). How the
//! process elects, serves and connects decides nothing about pods and is passed over.

use serde::Deserialize as Derived;
use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde_json::value::RawValue;

/// `null` is the value that is left out.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// `KubeSchedulerConfiguration`.
#[derive(Debug, Derived)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 'a"))]
pub(super) struct RawConfiguration<'a> {
    #[serde(rename = "apiVersion")]
    _api_version: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    pub(super) parallelism: Option<i32>,
    #[serde(rename = "leaderElection")]
    _leader_election: Option<IgnoredAny>,
    #[serde(rename = "clientConnection")]
    _client_connection: Option<IgnoredAny>,
    #[serde(rename = "enableProfiling")]
    _enable_profiling: Option<bool>,
    #[serde(rename = "enableContentionProfiling")]
    _enable_contention_profiling: Option<bool>,
    pub(super) percentage_of_nodes_to_score: Option<i32>,
    pub(super) pod_initial_backoff_seconds: Option<i64>,
    pub(super) pod_max_backoff_seconds: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) profiles: Vec<RawProfile<'a>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) extenders: Vec<RawExtender>,
    #[serde(rename = "delayCacheUntilActive")]
    _delay_cache_until_active: Option<bool>,
}

/// `KubeSchedulerProfile`.
#[derive(Debug, Default, Derived)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 'a"))]
pub(super) struct RawProfile<'a> {
    pub(super) scheduler_name: Option<String>,
    pub(super) percentage_of_nodes_to_score: Option<i32>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) plugins: RawPlugins,
    #[serde(default, deserialize_with = "or_default", borrow)]
    pub(super) plugin_config: Vec<RawPluginConfig<'a>>,
}

/// `Plugins`.
#[derive(Clone, Debug, Default, Derived)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawPlugins {
    #[serde(deserialize_with = "or_default")]
    pub(super) pre_enqueue: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) queue_sort: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) pre_filter: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) filter: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) post_filter: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) pre_score: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) score: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) reserve: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) permit: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) pre_bind: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) bind: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) post_bind: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) multi_point: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) placement_generate: RawPluginSet,
    #[serde(deserialize_with = "or_default")]
    pub(super) placement_score: RawPluginSet,
}

/// `PluginSet`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Derived)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPluginSet {
    #[serde(deserialize_with = "or_default")]
    pub(super) enabled: Vec<RawPlugin>,
    #[serde(deserialize_with = "or_default")]
    pub(super) disabled: Vec<RawPlugin>,
}

/// `Plugin`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Derived)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPlugin {
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    pub(super) weight: Option<i32>,
}

/// `PluginConfig`.
#[derive(Debug, Default, Derived)]
#[serde(default, deny_unknown_fields, bound(deserialize = "'de: 'a"))]
pub(super) struct RawPluginConfig<'a> {
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(borrow)]
    pub(super) args: Option<&'a RawValue>,
}

/// `Extender`, as far as it decides something.
#[derive(Debug, Default, Derived)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawExtender {
    #[serde(rename = "urlPrefix")]
    _url_prefix: Option<String>,
    #[serde(rename = "filterVerb")]
    _filter_verb: Option<String>,
    #[serde(rename = "preemptVerb")]
    _preempt_verb: Option<String>,
    pub(super) prioritize_verb: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) weight: i64,
    pub(super) bind_verb: Option<String>,
    #[serde(rename = "enableHTTPS")]
    _enable_https: Option<bool>,
    #[serde(rename = "tlsConfig")]
    _tls_config: Option<IgnoredAny>,
    #[serde(rename = "httpTimeout")]
    _http_timeout: Option<String>,
    #[serde(rename = "nodeCacheCapable")]
    _node_cache_capable: Option<bool>,
    #[serde(deserialize_with = "or_default")]
    pub(super) managed_resources: Vec<RawManagedResource>,
    #[serde(rename = "ignorable")]
    _ignorable: Option<bool>,
}

/// `ExtenderManagedResource`.
#[derive(Debug, Default, Derived)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawManagedResource {
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) ignored_by_scheduler: bool,
}

/// Defines the arguments of a plugin, each with the type that every arguments object carries.
macro_rules! arguments {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Default, Derived)]
        #[serde(default, rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $name {
            #[serde(rename = "apiVersion")]
            _api_version: IgnoredAny,
            #[serde(rename = "kind")]
            _kind: IgnoredAny,
            $($(#[$attribute])* pub(super) $field: $type,)*
        }
    )*};
}

arguments! {
    /// `DefaultPreemptionArgs`.
    RawPreemptionArgs {
        min_candidate_nodes_percentage: Option<i32>,
        min_candidate_nodes_absolute: Option<i32>,
    }
    /// `InterPodAffinityArgs`.
    RawInterPodAffinityArgs {
        hard_pod_affinity_weight: Option<i32>,
        #[serde(deserialize_with = "or_default")]
        ignore_preferred_terms_of_existing_pods: bool,
    }
    /// `NodeResourcesFitArgs`.
    RawFitArgs {
        #[serde(deserialize_with = "or_default")]
        ignored_resources: Vec<String>,
        #[serde(deserialize_with = "or_default")]
        ignored_resource_groups: Vec<String>,
        scoring_strategy: Option<RawStrategy>,
    }
    /// `PodTopologySpreadArgs`.
    RawSpreadArgs {
        #[serde(deserialize_with = "or_default")]
        default_constraints: Vec<RawDefaultConstraint>,
        #[serde(deserialize_with = "or_default")]
        defaulting_type: String,
    }
    /// `NodeResourcesBalancedAllocationArgs`.
    RawBalancedArgs {
        #[serde(deserialize_with = "or_default")]
        resources: Vec<RawResource>,
    }
    /// `VolumeBindingArgs`.
    RawVolumeBindingArgs {
        bind_timeout_seconds: Option<i64>,
        shape: Option<IgnoredAny>,
    }
    /// `NodeAffinityArgs`.
    RawNodeAffinityArgs {
        added_affinity: Option<RawNodeAffinity>,
    }
    /// `DynamicResourcesArgs`: how long it may take, which is not modelled.
    RawDynamicResourcesArgs {
        filter_timeout: Option<String>,
        binding_timeout: Option<String>,
    }
}

/// `ScoringStrategy`.
#[derive(Debug, Default, Derived)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawStrategy {
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) resources: Vec<RawResource>,
    pub(super) requested_to_capacity_ratio: Option<RawRatio>,
}

/// `RequestedToCapacityRatioParam`.
#[derive(Debug, Default, Derived)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRatio {
    #[serde(deserialize_with = "or_default")]
    pub(super) shape: Vec<RawPoint>,
}

/// `UtilizationShapePoint`.
#[derive(Debug, Default, Derived)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPoint {
    #[serde(deserialize_with = "or_default")]
    pub(super) utilization: i32,
    #[serde(deserialize_with = "or_default")]
    pub(super) score: i32,
}

/// `ResourceSpec`.
#[derive(Debug, Default, Derived)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawResource {
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) weight: i64,
}

/// `v1.TopologySpreadConstraint`, for pods that have none. Its label keys change nothing: the
/// selector is found for each pod.
#[derive(Debug, Default, Derived)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawDefaultConstraint {
    #[serde(deserialize_with = "or_default")]
    pub(super) max_skew: i32,
    #[serde(deserialize_with = "or_default")]
    pub(super) topology_key: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) when_unsatisfiable: String,
    pub(super) label_selector: Option<IgnoredAny>,
    pub(super) min_domains: Option<i32>,
    pub(super) node_affinity_policy: Option<String>,
    pub(super) node_taints_policy: Option<String>,
    #[serde(rename = "matchLabelKeys")]
    _match_label_keys: Option<Vec<String>>,
}

/// `v1.NodeAffinity`.
#[derive(Debug, Default, Derived)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawNodeAffinity {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub(super) required: Option<RawNodeSelector>,
    #[serde(
        rename = "preferredDuringSchedulingIgnoredDuringExecution",
        deserialize_with = "or_default"
    )]
    pub(super) preferred: Vec<RawPreferredTerm>,
}

/// `v1.NodeSelector`.
#[derive(Debug, Default, Derived)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawNodeSelector {
    #[serde(deserialize_with = "or_default")]
    pub(super) node_selector_terms: Vec<RawTerm>,
}

/// `v1.PreferredSchedulingTerm`.
#[derive(Debug, Default, Derived)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPreferredTerm {
    #[serde(deserialize_with = "or_default")]
    pub(super) weight: i32,
    #[serde(deserialize_with = "or_default")]
    pub(super) preference: RawTerm,
}

/// `v1.NodeSelectorTerm`.
#[derive(Debug, Default, Derived)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawTerm {
    #[serde(deserialize_with = "or_default")]
    pub(super) match_expressions: Vec<RawRequirement>,
    #[serde(deserialize_with = "or_default")]
    pub(super) match_fields: Vec<RawRequirement>,
}

/// `v1.NodeSelectorRequirement`.
#[derive(Debug, Default, Derived)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRequirement {
    #[serde(deserialize_with = "or_default")]
    pub(super) key: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) operator: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) values: Vec<String>,
}
