package main

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	fwk "k8s.io/kube-scheduler/framework"
	internalcache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// imageStates holds, by node, what ImageLocality is to know of its images.
//
// Where nodes report one image with different sizes, a running scheduler's cache
// keeps the size of whichever node it heard of first, for all of them. That is
// an accident of history which no export tells; traces have each node's own
// size, as upstream's NewSnapshot does.
type imageStates map[string]map[string]*fwk.ImageStateSummary

func newImageStates(objects []object) imageStates {
	holders := map[string]sets.Set[string]{}
	states := imageStates{}
	eachImage(objects, func(node, image string, _ int64) {
		if holders[image] == nil {
			holders[image] = sets.New[string]()
		}
		holders[image].Insert(node)
	})
	eachImage(objects, func(node, image string, size int64) {
		if states[node] == nil {
			states[node] = map[string]*fwk.ImageStateSummary{}
		}
		states[node][image] = &fwk.ImageStateSummary{Size: size, NumNodes: holders[image].Len()}
	})
	return states
}

func eachImage(objects []object, visit func(node, image string, size int64)) {
	for _, o := range objects {
		node, ok := o.Object.(*corev1.Node)
		if !ok {
			continue
		}
		for _, image := range node.Status.Images {
			for _, name := range image.Names {
				visit(node.Name, name, image.SizeBytes)
			}
		}
	}
}

// apply puts the states in place of the cache's.
func (states imageStates) apply(snapshot *internalcache.Snapshot) error {
	nodes, err := snapshot.ListNodesInPlacement()
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if info, ok := node.(*framework.NodeInfo); ok {
			info.ImageStates = states[node.Node().Name]
		}
	}
	return nil
}
