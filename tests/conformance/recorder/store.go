package main

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	resourceslicetracker "k8s.io/dynamic-resource-allocation/resourceslice/tracker"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/features"
	internalcache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/dynamicresources"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	"k8s.io/kubernetes/pkg/scheduler/util/assumecache"
)

// store is what the scheduler sees of one case's cluster: the informers that
// plugins list from, and the scheduler's own cache of nodes and bound pods.
type store struct {
	informers  informers.SharedInformerFactory
	cache      internalcache.Cache
	snapshot   *internalcache.Snapshot
	images     imageStates
	nominator  *nominator
	draManager fwk.SharedDRAManager
	csiManager fwk.CSIManager
}

func (r *recorder) newStore(ctx context.Context, objects []object) (*store, error) {
	s := &store{
		informers: informers.NewSharedInformerFactory(r.client, 0),
		cache:     internalcache.New(ctx, nil, utilfeature.DefaultFeatureGate.Enabled(features.GenericWorkload)),
		snapshot:  internalcache.NewEmptySnapshot(),
		images:    newImageStates(objects),
		nominator: newNominator(),
	}
	s.informers.InformerFor(&corev1.PersistentVolume{}, newVolumeInformer)
	if err := s.fillInformers(objects); err != nil {
		return nil, err
	}
	if err := s.fillCache(objects); err != nil {
		return nil, err
	}
	s.csiManager = nodevolumelimits.NewCSIManager(s.informers.Storage().V1().CSINodes().Lister())
	return s, s.startDRA(ctx)
}

// fillInformers puts the objects straight into the informers' stores, which are
// never started: what changes under a running case is put there as well, so there is
// nothing to watch and no event to wait for.
func (s *store) fillInformers(objects []object) error {
	for _, o := range objects {
		if err := s.inform(o); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) inform(o object) error {
	informer, err := s.informers.ForResource(o.resource)
	if err != nil {
		return err
	}
	return informer.Informer().GetIndexer().Update(o.Object)
}

// fillCache adds nodes before pods, each in the order of the case. The order of
// a node's pods decides between victims that are alike in all else.
func (s *store) fillCache(objects []object) error {
	logger := klog.Background()
	for _, o := range objects {
		if node, ok := o.Object.(*corev1.Node); ok {
			s.cache.AddNode(logger, node)
		}
	}
	for _, o := range objects {
		pod, ok := o.Object.(*corev1.Pod)
		if !ok {
			continue
		}
		if bound(pod) {
			if err := s.cache.AddPod(logger, pod); err != nil {
				return err
			}
			continue
		}
		// A selector that does not parse is for the plugins to complain about; the
		// queue passes over it, too.
		info, _ := framework.NewPodInfo(pod)
		s.nominator.AddNominatedPod(logger, info, nil)
	}
	return nil
}

// updateSnapshot shows the plugins the cluster as it is now.
func (s *store) updateSnapshot(ctx context.Context) error {
	if err := s.cache.UpdateSnapshot(klog.FromContext(ctx), s.snapshot); err != nil {
		return err
	}
	return s.images.apply(s.snapshot)
}

// startDRA builds the manager of dynamic resources as scheduler.New does.
func (s *store) startDRA(ctx context.Context) error {
	logger := klog.FromContext(ctx)
	resources := s.informers.Resource().V1()
	tracker, err := resourceslicetracker.StartTracker(ctx, resourceslicetracker.Options{
		SliceInformer: resources.ResourceSlices(),
	})
	if err != nil {
		return err
	}
	claims := assumecache.NewAssumeCache(logger, replay{resources.ResourceClaims().Informer()}, "ResourceClaim", "", nil)
	manager := dynamicresources.NewDRAManager(ctx, claims, tracker, s.informers)
	if classes, ok := manager.DeviceClassResolver().(cache.ResourceEventHandler); ok {
		if _, err := (replay{resources.DeviceClasses().Informer()}).AddEventHandler(classes); err != nil {
			return err
		}
	}
	s.draManager = manager
	return nil
}

// replay tells a handler at once of all that an informer holds: the informers
// here are never started and would say nothing.
type replay struct {
	cache.SharedIndexInformer
}

// AddEventHandler implements assumecache.Informer.
func (r replay) AddEventHandler(handler cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	for _, object := range r.GetStore().List() {
		handler.OnAdd(object, true)
	}
	return r.SharedIndexInformer.AddEventHandler(handler)
}
