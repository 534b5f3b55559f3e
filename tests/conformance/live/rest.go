package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

const (
	// stillness is how long nothing may have changed: the scheduler backs off for 10 s at most, and
	// so does a Job that has lost a pod once.
	stillness = 12 * time.Second
	// perEviction is how long the controller waits between taints of the nodes of a zone, at its
	// default rate of 0.1 a second.
	perEviction = 10 * time.Second
	// patience is how long a step may take: more than forgetting does, which waits for the garbage
	// collector of pods for up to 80 s, and less than anybody minds.
	patience = 170 * time.Second
	// detaching is how much longer it may take where volumes are attached: they are torn off a node
	// that does not answer after six minutes.
	detaching = 7 * time.Minute
	// never is from which on a toleration outlasts every step.
	never = 600
)

// pulse notes when anything last happened that matters.
type pulse struct {
	mutex sync.Mutex
	last  time.Time
	// faint is a node that was not heard for a while though it ran: the machine is too busy for
	// these timers, and what followed is no part of the story.
	faint string
}

// feelPulse watches nodes, pods and what makes pods.
func feelPulse(ctx context.Context, c *cluster, factory informers.SharedInformerFactory) (*pulse, error) {
	p := &pulse{last: time.Now()}
	for _, informer := range []cache.SharedIndexInformer{
		factory.Core().V1().Nodes().Informer(),
		factory.Core().V1().Pods().Informer(),
		factory.Apps().V1().Deployments().Informer(),
		factory.Apps().V1().ReplicaSets().Informer(),
		factory.Apps().V1().StatefulSets().Informer(),
		factory.Apps().V1().DaemonSets().Informer(),
		factory.Batch().V1().Jobs().Informer(),
		factory.Policy().V1().PodDisruptionBudgets().Informer(),
		factory.Core().V1().PersistentVolumes().Informer(),
		factory.Core().V1().PersistentVolumeClaims().Informer(),
		factory.Storage().V1().VolumeAttachments().Informer(),
	} {
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { p.beat() },
			DeleteFunc: func(any) { p.beat() },
			UpdateFunc: func(before, after any) {
				if matters(before.(runtime.Object), after.(runtime.Object)) {
					p.beat()
				}
				if node, is := after.(*corev1.Node); is && readiness(node) == corev1.ConditionUnknown && c.runs(node.Name) {
					p.faints(node.Name)
				}
			},
		}); err != nil {
			return nil, err
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return p, ctx.Err()
}

// matters tells a change from a heartbeat.
func matters(before, after runtime.Object) bool {
	old, isNode := before.(*corev1.Node)
	if !isNode {
		return !apiequality.Semantic.DeepEqual(before, after)
	}
	new := after.(*corev1.Node)
	return readiness(old) != readiness(new) || !apiequality.Semantic.DeepEqual(old.Spec, new.Spec)
}

func (p *pulse) beat() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.last = time.Now()
}

func (p *pulse) faints(node string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.faint = node
}

// steady is an error if some node fainted.
func (p *pulse) steady() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.faint != "" {
		return fmt.Errorf("node %s was not heard though it ran", p.faint)
	}
	return nil
}

func (p *pulse) still() time.Duration {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return time.Since(p.last)
}

// state is a cluster at rest.
type state struct {
	items     []any
	decisions []byte
	taken     time.Time
	// restless is why it is not, if it never came to rest.
	restless string
}

// rest waits until nothing has changed for a while and nothing is about to.
func (t *telling) rest(ctx context.Context, id string, began time.Time) (*state, error) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ticks.C:
		}
		if err := errors.Join(t.cluster.alive(), t.pulse.steady()); err != nil {
			return nil, err
		}
		late := time.Since(began) > t.patience()
		if min(t.pulse.still(), time.Since(began)) < stillness && !late {
			continue
		}
		s, err := t.look(ctx, id)
		if err != nil {
			return nil, err
		}
		if s.restless == "" && t.pulse.still() > stillness || late {
			return s, nil
		}
	}
}

func (t *telling) patience() time.Duration {
	if t.story.attaches() {
		return patience + detaching
	}
	return patience
}

// look exports the cluster and says what is about to happen, if anything is.
func (t *telling) look(ctx context.Context, id string) (*state, error) {
	s := &state{taken: time.Now()}
	var err error
	if s.items, err = t.cluster.fetch(ctx, exported...); err != nil {
		return nil, err
	}
	v, err := newView(s.items, t.cluster.nodes)
	if err != nil {
		return nil, err
	}
	s.restless = v.restless(t.pulse.still())
	// Asking the scheduler costs most, so it comes last.
	var decisions []decision
	if s.decisions, decisions, err = decide(ctx, t.recorder, id, s.items); err != nil {
		return nil, err
	}
	for _, d := range decisions {
		helps := slices.ContainsFunc(d.Preemption, func(p struct {
			Best bool `json:"best"`
		}) bool {
			return p.Best
		})
		if s.restless == "" && (d.Result == "scheduled" || helps) {
			s.restless = fmt.Sprintf("pod %s can be scheduled", d.Pod)
		}
	}
	return s, nil
}
