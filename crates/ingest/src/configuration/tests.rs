use holdfast_cluster::profile::{DefaultSpread, Oddity, ResourceName, Scheduling, Strategy};
use holdfast_cluster::{Builder, Plugin, Profile};

use crate::{Diagnostic, Rule, Severity, Source};

const HEAD: &str = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

fn read_all(text: &str) -> (Scheduling, Vec<Diagnostic>, Builder) {
    let (mut builder, mut found) = (Builder::default(), Vec::new());
    super::read(Source::named("scheduler.yaml", text), &mut builder, &mut found);
    (builder.scheduling().clone(), found, builder)
}

/// The only profile of a configuration that nothing is wrong with.
fn profile(rest: &str) -> Profile {
    let (scheduling, found, _) = read_all(&format!("{HEAD}{rest}"));
    assert_eq!(found, []);
    assert_eq!(scheduling.profiles.len(), 1);
    scheduling.profiles[0].clone()
}

/// What is told of a configuration: rule, line and words.
fn told(rest: &str) -> Vec<(Rule, u32, String)> {
    let (_, found, _) = read_all(&format!("{HEAD}{rest}"));
    let one = |found: Diagnostic| (found.rule, found.place.unwrap().line, found.detail);
    found.into_iter().map(one).collect()
}

fn standard() -> Profile {
    Profile::standard(Builder::default().so_far().known().default_scheduler)
}

#[test]
fn nothing_said_is_the_default_profile() {
    assert_eq!(profile(""), standard());
    assert_eq!(profile("profiles: [{}]"), standard());
    assert_eq!(profile("profiles: [{plugins: {}, pluginConfig: null}]"), standard());
}

#[test]
fn points_override_multi_point_in_upstream_s_order() {
    let plugins = "
profiles:
- plugins:
    multiPoint:
      disabled: [{name: ImageLocality}]
      enabled: [{name: NodeResourcesFit, weight: 9}]
    score:
      enabled: [{name: InterPodAffinity, weight: 7}, {name: ImageLocality}]
      disabled: [{name: PodTopologySpread}]
";
    // First what is named twice, then what `multiPoint` has alone, then what the point has alone.
    let wanted = [
        (Plugin::InterPodAffinity, 7),
        (Plugin::TaintToleration, 3),
        (Plugin::NodeAffinity, 2),
        (Plugin::NodeResourcesFit, 9),
        (Plugin::VolumeBinding, 1),
        (Plugin::DynamicResources, 2),
        (Plugin::NodeResourcesBalancedAllocation, 1),
        (Plugin::ImageLocality, 1),
    ];
    let read = profile(plugins);
    assert_eq!(*read.scores, wanted);
    assert_eq!(read.filters, standard().filters);
}

#[test]
fn a_star_leaves_only_what_is_named() {
    let score = "{disabled: [{name: '*'}], enabled: [{name: NodeAffinity}]}";
    let read = profile(&format!("profiles: [{{plugins: {{score: {score}}}}}]"));
    // The weight is that of the point, where none is said.
    assert_eq!(*read.scores, [(Plugin::NodeAffinity, 1)]);
    assert!(read.pre_scores.contains(&Plugin::TaintToleration));
    let off = profile("profiles: [{plugins: {postFilter: {disabled: [{name: '*'}]}}}]");
    assert!(!off.preempts);
}

#[test]
fn arguments_are_read() {
    let text = "
percentageOfNodesToScore: 30
profiles:
- pluginConfig:
  - name: NodeResourcesFit
    args:
      ignoredResources: [example.com/a]
      scoringStrategy:
        type: RequestedToCapacityRatio
        resources: [{name: cpu, weight: 3}, {name: nvidia.com/gpu}, {name: pods}]
        requestedToCapacityRatio:
          shape: [{utilization: 0, score: 2}, {utilization: 80, score: 10}]
  - name: PodTopologySpread
    args:
      defaultingType: List
      defaultConstraints: [{maxSkew: 1, topologyKey: disk, whenUnsatisfiable: DoNotSchedule}]
  - name: InterPodAffinity
    args: {hardPodAffinityWeight: 5, ignorePreferredTermsOfExistingPods: true}
  - name: DefaultPreemption
    args: {minCandidateNodesPercentage: 50}
";
    let read = profile(text);
    let shape: Box<[(i64, i64)]> = [(0, 20), (80, 100)].into();
    assert_eq!(read.fit.strategy, Strategy::RequestedToCapacityRatio(shape));
    assert_eq!(read.fit.resources.len(), 2);
    assert_eq!(read.fit.resources[0], (ResourceName::Cpu, 3));
    assert!(matches!(read.fit.resources[1], (ResourceName::Scalar(_), 1)));
    assert_eq!(read.fit.ignored.len(), 1);
    assert!(matches!(&read.default_spread, DefaultSpread::List(list) if list.len() == 1));
    assert!(read.spreads_strictly_by_default());
    assert_eq!((read.hard_pod_affinity_weight, read.ignores_wishes_of_others), (5, true));
    assert_eq!((read.preemption.percentage, read.preemption.absolute), (50, 100));
    assert_eq!(read.percentage_of_nodes, 30);
}

#[test]
fn what_kube_scheduler_refuses_is_refused_in_its_place() {
    let bad = |line, detail: &str| vec![(Rule::BadSchedulerConfig, line, detail.to_owned())];
    assert_eq!(
        told("profiles:\n- schedulerName: a\n- schedulerName: a\n"),
        bad(5, "profiles[1].schedulerName: the same as of profiles[0]")
    );
    assert_eq!(
        told(
            "profiles:\n- pluginConfig:\n  - name: InterPodAffinity\n    args:\n      \
             hardPodAffinityWeight: 101\n"
        ),
        bad(7, "profiles[0].pluginConfig[0].args.hardPodAffinityWeight: must be from 0 to 100")
    );
    assert_eq!(
        told("profiles:\n- plugins:\n    bind:\n      enabled: [{name: NodeName}]\n"),
        bad(5, "profiles[0].plugins.bind: NodeName does not run at bind")
    );
    let (rule, line, detail) = told("profiles:\n- plugin: {}\n").remove(0);
    assert_eq!((rule, line), (Rule::BadSchedulerConfig, 4));
    assert!(detail.starts_with("unknown field `plugin`"), "{detail}");
    assert_eq!(told("percentageOfNodesToScore: '50'\n")[0].0, Rule::BadSchedulerConfig);
}

#[test]
fn refused_configurations_change_nothing() {
    let (scheduling, found, _) = read_all(&format!("{HEAD}profiles: [{{schedulerName: ''}}]"));
    assert_eq!(found[0].severity, Severity::Error);
    assert_eq!(*scheduling.profiles, [standard()]);
}

#[test]
fn other_objects_and_versions_are_refused() {
    let rules = |text: &str| -> Vec<Rule> {
        read_all(text).1.into_iter().map(|found| found.rule).collect()
    };
    let old = HEAD.replace("/v1\n", "/v1beta3\n");
    assert_eq!(rules(&old), [Rule::SchedulerConfigVersion]);
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}}";
    assert_eq!(rules(pod), [Rule::BadSchedulerConfig]);
    assert_eq!(rules(&format!("{HEAD}---\n{HEAD}")), [Rule::BadSchedulerConfig]);
    assert_eq!(rules("- 1\n"), [Rule::BadSchedulerConfig]);
}

#[test]
fn what_is_not_modelled_is_told() {
    let warned = |rest: &str| -> (Vec<Rule>, Vec<Oddity>) {
        let (scheduling, found, _) = read_all(&format!("{HEAD}{rest}"));
        assert!(found.iter().all(|found| found.severity == Severity::Warning), "{found:?}");
        let rules = found.into_iter().map(|found| found.rule).collect();
        (rules, scheduling.profiles[0].oddities.to_vec())
    };
    let (rules, oddities) =
        warned("profiles: [{plugins: {score: {enabled: [{name: Coscheduling}]}}}]");
    assert_eq!(rules, [Rule::ForeignPlugin]);
    assert!(matches!(*oddities, [Oddity::Foreign(_)]));
    let off = |point: &str, name: &str| {
        warned(&format!("profiles: [{{plugins: {{{point}: {{disabled: [{{name: {name}}}]}}}}}}]"))
    };
    let odd = |oddity| (vec![Rule::OddProfile], vec![oddity]);
    assert_eq!(off("preFilter", "NodePorts"), odd(Oddity::Torn(Plugin::NodePorts)));
    assert_eq!(off("preScore", "TaintToleration"), odd(Oddity::Torn(Plugin::TaintToleration)));
    assert_eq!(off("filter", "NodeAffinity"), odd(Oddity::Unchecked(Plugin::NodeAffinity)));
    assert_eq!(off("multiPoint", "PodTopologySpread"), (vec![], vec![]));
    assert_eq!(off("score", "NodeResourcesFit"), (vec![], vec![]));
    let (rules, _) = warned("extenders: [{urlPrefix: 'http://x', filterVerb: filter}]");
    assert_eq!(rules, [Rule::Extender]);
}
