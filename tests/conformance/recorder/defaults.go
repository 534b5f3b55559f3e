package main

import (
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	apps "k8s.io/kubernetes/pkg/apis/apps/v1"
	core "k8s.io/kubernetes/pkg/apis/core/v1"
	policy "k8s.io/kubernetes/pkg/apis/policy/v1"
	resourceapi "k8s.io/kubernetes/pkg/apis/resource/v1"
	storage "k8s.io/kubernetes/pkg/apis/storage/v1"
)

// notStarted stands in for the start time of a bound pod that has none.
// Preemption takes such a pod as started just now, each time it looks; one
// instant later than every other means the same and compares alike each time.
var notStarted = metav1.NewTime(time.Date(2200, time.January, 1, 0, 0, 0, 0, time.UTC))

// watched are the kinds the scheduler reads, by the resource its informer is
// known by. All other kinds change nothing for it and are passed over.
var watched = map[schema.GroupVersionKind]kind{
	gvk("", "v1", "Namespace"):                        {resource: "namespaces", cluster: true},
	gvk("", "v1", "Node"):                             {resource: "nodes", cluster: true},
	gvk("", "v1", "PersistentVolume"):                 {resource: "persistentvolumes", cluster: true},
	gvk("", "v1", "PersistentVolumeClaim"):            {resource: "persistentvolumeclaims"},
	gvk("", "v1", "Pod"):                              {resource: "pods"},
	gvk("", "v1", "ReplicationController"):            {resource: "replicationcontrollers"},
	gvk("", "v1", "Service"):                          {resource: "services"},
	gvk("apps", "v1", "ReplicaSet"):                   {resource: "replicasets"},
	gvk("apps", "v1", "StatefulSet"):                  {resource: "statefulsets"},
	gvk("policy", "v1", "PodDisruptionBudget"):        {resource: "poddisruptionbudgets"},
	gvk("resource.k8s.io", "v1", "DeviceClass"):       {resource: "deviceclasses", cluster: true},
	gvk("resource.k8s.io", "v1", "ResourceClaim"):     {resource: "resourceclaims"},
	gvk("resource.k8s.io", "v1", "ResourceSlice"):     {resource: "resourceslices", cluster: true},
	gvk("storage.k8s.io", "v1", "CSIDriver"):          {resource: "csidrivers", cluster: true},
	gvk("storage.k8s.io", "v1", "CSINode"):            {resource: "csinodes", cluster: true},
	gvk("storage.k8s.io", "v1", "StorageClass"):       {resource: "storageclasses", cluster: true},
	gvk("storage.k8s.io", "v1", "VolumeAttachment"):   {resource: "volumeattachments", cluster: true},
	gvk("storage.k8s.io", "v1", "CSIStorageCapacity"): {resource: "csistoragecapacities"},
}

type kind struct {
	resource string
	cluster  bool // has no namespace
}

func gvk(group, version, kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: group, Version: version, Kind: kind}
}

// newScheme knows the API types together with the API server's defaulting.
func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	builder := runtime.NewSchemeBuilder(
		core.AddToScheme, apps.AddToScheme, policy.AddToScheme, resourceapi.AddToScheme, storage.AddToScheme)
	return scheme, builder.AddToScheme(scheme)
}

// object is one object of a case, as the API server would hand it out.
type object struct {
	runtime.Object
	resource schema.GroupVersionResource
}

// readObjects turns a case's manifests into what an API server would store.
// Objects of kinds the scheduler does not read are left out, and so are pods
// that have finished: its informer filters them away.
func readObjects(scheme *runtime.Scheme, manifests []json.RawMessage) ([]object, error) {
	objects := make([]object, 0, len(manifests))
	seen := make(map[string]bool, len(manifests))
	for i, manifest := range manifests {
		read, err := readObject(scheme, manifest)
		if err != nil {
			return nil, fmt.Errorf("objects[%d]: %w", i, err)
		}
		if read == nil {
			continue
		}
		accessor, err := meta.Accessor(read.Object)
		if err != nil {
			return nil, fmt.Errorf("objects[%d]: %w", i, err)
		}
		key := fmt.Sprintf("%s %s", read.resource.Resource, cache.MetaObjectToName(accessor))
		if seen[key] {
			return nil, fmt.Errorf("objects[%d]: %s is there twice", i, key)
		}
		seen[key] = true
		if pod, ok := read.Object.(*corev1.Pod); !ok || !finished(pod) {
			objects = append(objects, *read)
		}
	}
	return objects, nil
}

func readObject(scheme *runtime.Scheme, manifest json.RawMessage) (*object, error) {
	var typeMeta metav1.TypeMeta
	if err := json.Unmarshal(manifest, &typeMeta); err != nil {
		return nil, err
	}
	gvk := typeMeta.GroupVersionKind()
	if gvk.Kind == "" {
		return nil, fmt.Errorf("no kind")
	}
	kind, ok := watched[gvk]
	if !ok {
		return nil, nil
	}
	typed, err := scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(manifest, typed); err != nil {
		return nil, fmt.Errorf("%s: %w", gvk.Kind, err)
	}
	accessor, err := meta.Accessor(typed)
	if err != nil {
		return nil, err
	}
	if accessor.GetName() == "" {
		return nil, fmt.Errorf("%s: no name", gvk.Kind)
	}
	if accessor.GetNamespace() == "" && !kind.cluster {
		accessor.SetNamespace(metav1.NamespaceDefault)
	}
	scheme.Default(typed)
	if pod, ok := typed.(*corev1.Pod); ok {
		completePod(pod)
		mergeLabelKeys(pod)
	}
	handedOut, err := scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	if err := passOn(typed, handedOut); err != nil {
		return nil, fmt.Errorf("%s: %w", gvk.Kind, err)
	}
	return &object{Object: handedOut, resource: gvk.GroupVersion().WithResource(kind.resource)}, nil
}

// passOn takes an object through its serialized form, as an API server does.
// Quantities come out in canonical form: upstream adds to one that it holds as a
// decimal, 1.5Gi and not 1536Mi, in place, and counts it anew each time it looks.
func passOn(object runtime.Object, into any) error {
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// completePod fills in what no manifest has but the scheduler relies on.
func completePod(pod *corev1.Pod) {
	if pod.UID == "" {
		// The cache and the cycle state know pods by it alone.
		pod.UID = types.UID(podName(pod))
	}
	if pod.Spec.NodeName != "" && pod.Status.StartTime == nil {
		pod.Status.StartTime = &notStarted
	}
}

func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func podName(pod *corev1.Pod) string {
	return pod.Namespace + "/" + pod.Name
}
