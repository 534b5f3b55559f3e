package main

import (
	"slices"
	"strings"
)

const insufficient = "Insufficient "

// namedResources are the ones NodeResourcesFit checks one by one, in a fixed
// order; their reasons stand where it put them.
var namedResources = []string{"cpu", "memory", "ephemeral-storage"}

// stableReasons sorts what NodeResourcesFit says of extended resources and huge
// pages. It walks a Go map there, so that the order differs from run to run and
// carries no meaning.
func stableReasons(reasons []string) []string {
	stable := slices.Clone(reasons)
	first := slices.IndexFunc(stable, isScalarReason)
	if first < 0 {
		return stable
	}
	end := first
	for end < len(stable) && isScalarReason(stable[end]) {
		end++
	}
	slices.Sort(stable[first:end])
	return stable
}

func isScalarReason(reason string) bool {
	resource, found := strings.CutPrefix(reason, insufficient)
	return found && !slices.Contains(namedResources, resource)
}
