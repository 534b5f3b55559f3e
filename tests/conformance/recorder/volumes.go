package main

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// newVolumeInformer gives volumes in the order of their names. VolumeBinding
// takes the first of the smallest that fit a claim, out of a Go map: which one is
// gone for the next pod would differ from run to run.
func newVolumeInformer(client kubernetes.Interface, resync time.Duration) cache.SharedIndexInformer {
	return volumeInformer{coreinformers.NewPersistentVolumeInformer(client, resync, cache.Indexers{})}
}

type volumeInformer struct {
	cache.SharedIndexInformer
}

// GetIndexer implements cache.SharedIndexInformer.
func (v volumeInformer) GetIndexer() cache.Indexer {
	return volumeIndexer{v.SharedIndexInformer.GetIndexer()}
}

type volumeIndexer struct {
	cache.Indexer
}

// ByIndex implements cache.Indexer.
func (v volumeIndexer) ByIndex(index, value string) ([]any, error) {
	volumes, err := v.Indexer.ByIndex(index, value)
	slices.SortFunc(volumes, func(a, b any) int { return cmp.Compare(volumeName(a), volumeName(b)) })
	return volumes, err
}

func volumeName(object any) string {
	if volume, ok := object.(*corev1.PersistentVolume); ok {
		return volume.Name
	}
	return ""
}
