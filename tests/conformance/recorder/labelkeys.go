package main

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mergeLabelKeys writes matchLabelKeys and mismatchLabelKeys of a pod's affinity
// terms into their selectors, as the API server does when a pod is created
// (mutatePodAffinity in pkg/registry/core/pod/strategy.go) and the scheduler takes
// for granted.
func mergeLabelKeys(pod *corev1.Pod) {
	affinity := pod.Spec.Affinity
	if affinity == nil {
		return
	}
	if to := affinity.PodAffinity; to != nil {
		mergeIntoTerms(to.RequiredDuringSchedulingIgnoredDuringExecution,
			to.PreferredDuringSchedulingIgnoredDuringExecution, pod.Labels)
	}
	if against := affinity.PodAntiAffinity; against != nil {
		mergeIntoTerms(against.RequiredDuringSchedulingIgnoredDuringExecution,
			against.PreferredDuringSchedulingIgnoredDuringExecution, pod.Labels)
	}
}

func mergeIntoTerms(required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm, labels map[string]string) {
	for i := range required {
		mergeIntoTerm(&required[i], labels)
	}
	for i := range preferred {
		mergeIntoTerm(&preferred[i].PodAffinityTerm, labels)
	}
}

// mergeIntoTerm leaves out what an API server has merged already. Validation
// forbids a selector to name a key of matchLabelKeys, so that one which does has
// been merged; keys of mismatchLabelKeys it may name, and only the very
// requirement tells.
func mergeIntoTerm(term *corev1.PodAffinityTerm, labels map[string]string) {
	selector := term.LabelSelector
	if selector == nil {
		return
	}
	for _, key := range term.MatchLabelKeys {
		value, has := labels[key]
		_, named := selector.MatchLabels[key]
		named = named || slices.ContainsFunc(selector.MatchExpressions,
			func(known metav1.LabelSelectorRequirement) bool { return known.Key == key })
		if has && !named {
			selector.MatchExpressions = append(selector.MatchExpressions, oneValue(key, metav1.LabelSelectorOpIn, value))
		}
	}
	for _, key := range term.MismatchLabelKeys {
		value, has := labels[key]
		merged := slices.ContainsFunc(selector.MatchExpressions, func(known metav1.LabelSelectorRequirement) bool {
			return known.Key == key && known.Operator == metav1.LabelSelectorOpNotIn && slices.Equal(known.Values, []string{value})
		})
		if has && !merged {
			selector.MatchExpressions = append(selector.MatchExpressions, oneValue(key, metav1.LabelSelectorOpNotIn, value))
		}
	}
}

func oneValue(key string, operator metav1.LabelSelectorOperator, value string) metav1.LabelSelectorRequirement {
	return metav1.LabelSelectorRequirement{Key: key, Operator: operator, Values: []string{value}}
}
