package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
	"k8s.io/kubernetes/pkg/scheduler/profile"
)

// recorder holds what all cases share.
type recorder struct {
	scheme *runtime.Scheme
	config *config.KubeSchedulerConfiguration
	// client is only there because plugins ask for one: recording stops short of
	// every step that would write to an API server.
	client kubernetes.Interface
	panics []any
}

func newRecorder(configFile string) (*recorder, error) {
	// Victims are read off a dry run, so that no preemption is ever under way.
	if err := utilfeature.DefaultMutableFeatureGate.Set("SchedulerAsyncPreemption=false"); err != nil {
		return nil, err
	}
	metrics.Register()
	// What plugins are set up is told in the answers.
	klog.SetLogger(logr.Discard())
	config, err := loadConfig(configFile)
	if err != nil {
		return nil, err
	}
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	r := &recorder{scheme: scheme, config: config, client: fake.NewClientset()}
	// Plugins run in goroutines of their own, where a panic would end the
	// program; it must end the case alone.
	utilruntime.ReallyCrash = false
	utilruntime.PanicHandlers = append(utilruntime.PanicHandlers, func(_ context.Context, reason any) {
		r.panics = append(r.panics, reason)
	})
	return r, nil
}

// answer decides one line of input: a trace, or a failure that says why not.
func (r *recorder) answer(line []byte) any {
	var c testCase
	if err := json.Unmarshal(line, &c); err != nil {
		return failure{ID: c.ID, Error: err.Error()}
	}
	r.panics = nil
	answer, err := r.decide(c)
	if err == nil && len(r.panics) > 0 {
		err = fmt.Errorf("panic: %v", r.panics[0])
	}
	if err != nil {
		return failure{ID: c.ID, Error: err.Error()}
	}
	return answer
}

func (r *recorder) decide(c testCase) (answer trace, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	answer = trace{ID: c.ID, Pods: []decision{}}
	objects, err := readObjects(r.scheme, c.Objects)
	if err != nil {
		return answer, err
	}
	if r, err = r.configured(c.Config); err != nil {
		return answer, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cluster, err := r.newCluster(ctx, objects)
	if err != nil {
		return answer, err
	}
	if c.Run != nil {
		play := r.stage(cluster, objects)
		err = play.follow(ctx, c.Run)
		answer.Pods, answer.Ends = play.decisions, play.ends()
		return answer, err
	}
	for _, pod := range cluster.queue() {
		answer.Pods = append(answer.Pods, cluster.decide(ctx, pod))
	}
	return answer, nil
}

// configured is the recorder with a case's own configuration, if it has one.
func (r *recorder) configured(own json.RawMessage) (*recorder, error) {
	if len(own) == 0 {
		return r, nil
	}
	config, err := decodeConfig(own)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	with := *r
	with.config = config
	return &with, nil
}

// profiles builds the framework of every profile over one case's objects, and
// with them the preemption plugin of each that runs it.
func (r *recorder) profiles(ctx context.Context, s *store) (profile.Map, map[string]*defaultpreemption.DefaultPreemption, error) {
	registry := plugins.NewInTreeRegistry()
	var built *defaultpreemption.DefaultPreemption
	newPreemption := registry[names.DefaultPreemption]
	// The framework keeps its plugins to itself; this one is needed by hand.
	registry[names.DefaultPreemption] = func(ctx context.Context, args runtime.Object, handle fwk.Handle) (fwk.Plugin, error) {
		plugin, err := newPreemption(ctx, args, handle)
		built, _ = plugin.(*defaultpreemption.DefaultPreemption)
		return plugin, err
	}
	frameworks := profile.Map{}
	preemption := map[string]*defaultpreemption.DefaultPreemption{}
	noEvents := func(string) events.EventRecorderLogger { return nil }
	for _, p := range r.config.Profiles {
		built = nil
		one, err := profile.NewMap(ctx, []config.KubeSchedulerProfile{p}, registry, noEvents, s.options(r)...)
		if err != nil {
			return nil, nil, err
		}
		framework := one[p.SchedulerName]
		frameworks[p.SchedulerName] = framework
		runs := func(plugin config.Plugin) bool { return plugin.Name == names.DefaultPreemption }
		if slices.ContainsFunc(framework.ListPlugins().PostFilter.Enabled, runs) {
			preemption[p.SchedulerName] = built
		}
	}
	return frameworks, preemption, nil
}

func (s *store) options(r *recorder) []frameworkruntime.Option {
	return []frameworkruntime.Option{
		frameworkruntime.WithComponentConfigVersion(r.config.APIVersion),
		frameworkruntime.WithClientSet(r.client),
		frameworkruntime.WithInformerFactory(s.informers),
		frameworkruntime.WithSharedDRAManager(s.draManager),
		frameworkruntime.WithSharedCSIManager(s.csiManager),
		frameworkruntime.WithSnapshotSharedLister(s.snapshot),
		frameworkruntime.WithPodNominator(s.nominator),
		frameworkruntime.WithPodGroupManager(s.cache),
		frameworkruntime.WithWaitingPods(frameworkruntime.NewWaitingPodsMap()),
		frameworkruntime.WithPodsInPreBind(frameworkruntime.NewPodsInPreBindMap()),
		// One at a time: the clusters are small, and nothing hangs on timing.
		frameworkruntime.WithParallelism(1),
	}
}

// bound says whether a pod has a node; the rest waits in the queue.
func bound(pod *corev1.Pod) bool {
	return pod.Spec.NodeName != ""
}
