package main

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestLabelKeysAreMergedOnce(t *testing.T) {
	labels := map[string]string{"ver": "2", "tier": "be"}
	own := oneValue("tier", metav1.LabelSelectorOpNotIn, "fe")
	match := oneValue("ver", metav1.LabelSelectorOpIn, "2")
	mismatch := oneValue("tier", metav1.LabelSelectorOpNotIn, "be")
	earlier := oneValue("ver", metav1.LabelSelectorOpIn, "1")
	for name, row := range map[string]struct {
		before, after []metav1.LabelSelectorRequirement
	}{
		"a manifest":               {nil, []metav1.LabelSelectorRequirement{match, mismatch}},
		"a selector with its own":  {[]metav1.LabelSelectorRequirement{own}, []metav1.LabelSelectorRequirement{own, match, mismatch}},
		"a live object":            {[]metav1.LabelSelectorRequirement{match, mismatch}, []metav1.LabelSelectorRequirement{match, mismatch}},
		"a label that has changed": {[]metav1.LabelSelectorRequirement{earlier, mismatch}, []metav1.LabelSelectorRequirement{earlier, mismatch}},
	} {
		term := corev1.PodAffinityTerm{
			LabelSelector:     &metav1.LabelSelector{MatchExpressions: row.before},
			MatchLabelKeys:    []string{"ver", "absent"},
			MismatchLabelKeys: []string{"tier"},
		}
		mergeIntoTerm(&term, labels)
		if got := term.LabelSelector.MatchExpressions; !reflect.DeepEqual(got, row.after) {
			t.Errorf("%s: got %v, want %v", name, got, row.after)
		}
	}
}
