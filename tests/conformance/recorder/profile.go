package main

import (
	"errors"
	"fmt"
	"os"

	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	configscheme "k8s.io/kubernetes/pkg/scheduler/apis/config/scheme"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/validation"
)

// loadConfig reads a KubeSchedulerConfiguration as kube-scheduler does; without
// a file it is the one kube-scheduler starts with by default.
func loadConfig(file string) (*config.KubeSchedulerConfiguration, error) {
	if file == "" {
		return latest.Default()
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	loaded, err := decodeConfig(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return loaded, nil
}

func decodeConfig(data []byte) (*config.KubeSchedulerConfiguration, error) {
	decoded, gvk, err := configscheme.Codecs.UniversalDecoder().Decode(data, nil, nil)
	if err != nil {
		return nil, err
	}
	loaded, ok := decoded.(*config.KubeSchedulerConfiguration)
	if !ok {
		return nil, fmt.Errorf("is a %s, not a KubeSchedulerConfiguration", gvk.Kind)
	}
	// Conversion drops the version; plugins choose their defaults by it.
	loaded.APIVersion = gvk.GroupVersion().String()
	if err := validation.ValidateKubeSchedulerConfiguration(loaded); err != nil {
		return nil, err
	}
	if len(loaded.Extenders) > 0 {
		return nil, errors.New("extenders answer over the network and cannot be recorded")
	}
	return loaded, nil
}
