package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
)

// waitsForVolumes keeps a pod with claims from being ready, until [volumes] has mounted them.
var waitsForVolumes = map[string]any{
	"key": `select([.spec.volumes[]? | select(.persistentVolumeClaim)] | length > 0)` +
		` | select([.status.conditions[]? | select(.type == "` + string(corev1.PodReadyToStartContainers) +
		`" and .status == "True")] | length == 0) | "waits"`,
	"operator": "DoesNotExist",
}

// volumes plays what kwok does not: the CSI driver's attacher, which attaches what it is told to,
// and the part of kubelets that mounts volumes and reports those in use.
type volumes struct {
	cluster *cluster
	seen    informers.SharedInformerFactory
}

// play goes on until the story is over. What cannot be written now can be a moment later.
func (v *volumes) play(ctx context.Context) {
	ticks := time.NewTicker(500 * time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		attachments, _ := v.seen.Storage().V1().VolumeAttachments().Lister().List(labels.Everything())
		nodes, _ := v.seen.Core().V1().Nodes().Lister().List(labels.Everything())
		pods, _ := v.seen.Core().V1().Pods().Lister().List(labels.Everything())
		for _, attachment := range attachments {
			v.attach(ctx, attachment)
		}
		for _, node := range nodes {
			if v.cluster.plays(node.Name) {
				v.mount(ctx, node, pods, attachments)
			}
		}
	}
}

func (v *volumes) attach(ctx context.Context, attachment *storagev1.VolumeAttachment) {
	if attachment.Status.Attached {
		return
	}
	attached := attachment.DeepCopy()
	attached.Status.Attached = true
	v.cluster.client.StorageV1().VolumeAttachments().UpdateStatus(ctx, attached, metav1.UpdateOptions{})
}

// mount lets the pods of a node go on whose volumes are there, and reports what the node holds.
func (v *volumes) mount(ctx context.Context, node *corev1.Node, pods []*corev1.Pod, attachments []*storagev1.VolumeAttachment) {
	inUse := []corev1.UniqueVolumeName{}
	for _, pod := range pods {
		if pod.Spec.NodeName != node.Name {
			continue
		}
		claims, complete := 0, true
		for _, volume := range pod.Spec.Volumes {
			if volume.PersistentVolumeClaim == nil {
				continue
			}
			claims++
			pv := v.volumeOf(pod.Namespace, volume.PersistentVolumeClaim.ClaimName)
			complete = complete && pv != nil && (pv.Spec.CSI == nil || isAttached(attachments, pv.Name, node.Name))
			if pv != nil && pv.Spec.CSI != nil {
				inUse = append(inUse, corev1.UniqueVolumeName("kubernetes.io/csi/"+pv.Spec.CSI.Driver+"^"+pv.Spec.CSI.VolumeHandle))
			}
		}
		if claims > 0 && complete && !mounted(pod) {
			v.start(ctx, pod)
		}
	}
	slices.Sort(inUse)
	inUse = slices.Compact(inUse)
	if slices.Equal(inUse, node.Status.VolumesInUse) {
		return
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"volumesInUse": inUse}})
	if err == nil {
		v.cluster.client.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	}
}

// start reports that all is there that a pod's containers need.
func (v *volumes) start(ctx context.Context, pod *corev1.Pod) {
	started := pod.DeepCopy()
	condition := corev1.PodCondition{
		Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now(),
	}
	started.Status.Conditions = append(started.Status.Conditions, condition)
	v.cluster.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, started, metav1.UpdateOptions{})
}

// volumeOf is the volume that a claim is bound to, if it is.
func (v *volumes) volumeOf(namespace, claim string) *corev1.PersistentVolume {
	pvc, err := v.seen.Core().V1().PersistentVolumeClaims().Lister().PersistentVolumeClaims(namespace).Get(claim)
	if err != nil || pvc.Status.Phase != corev1.ClaimBound {
		return nil
	}
	pv, err := v.seen.Core().V1().PersistentVolumes().Lister().Get(pvc.Spec.VolumeName)
	if err != nil {
		return nil
	}
	return pv
}

func mounted(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodReadyToStartContainers && condition.Status == corev1.ConditionTrue
	})
}

func isAttached(attachments []*storagev1.VolumeAttachment, volume, node string) bool {
	return slices.ContainsFunc(attachments, func(attachment *storagev1.VolumeAttachment) bool {
		name := attachment.Spec.Source.PersistentVolumeName
		return name != nil && *name == volume && attachment.Spec.NodeName == node && attachment.Status.Attached
	})
}
