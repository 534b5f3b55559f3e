package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the answers to testdata instead of comparing with them")

func TestCases(t *testing.T) {
	const golden = "testdata/decisions.ndjson"
	got := record(t, "")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	if len(gotLines) != len(wantLines) {
		t.Fatalf("%d lines, want %d", len(gotLines), len(wantLines))
	}
	for i := range wantLines {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Errorf("line %d:\n got %s\nwant %s", i+1, gotLines[i], wantLines[i])
		}
	}
}

// Maps are walked in random order and ties drawn by lot upstream; none of it
// may show.
func TestAnswersDoNotVary(t *testing.T) {
	first := record(t, "")
	for range 5 {
		if !bytes.Equal(record(t, ""), first) {
			t.Fatal("a second run answers differently")
		}
	}
}

func TestConfig(t *testing.T) {
	answers := bytes.NewReader(record(t, "testdata/packing.yaml"))
	pods := map[string]decision{}
	for decoder := json.NewDecoder(answers); decoder.More(); {
		var answer trace
		if err := decoder.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		for _, pod := range answer.Pods {
			pods[answer.ID+" "+pod.Pod] = pod
		}
	}
	if node := pods["ties-and-order default/low"].Node; node != "a" {
		t.Errorf("the second pod goes to %q, not next to the first", node)
	}
	if result := pods["who-is-decided default/others"].Result; result != resultScheduled {
		t.Errorf("the second profile's pod is %q", result)
	}
}

func TestConfigThatCannotBe(t *testing.T) {
	for name, config := range map[string]string{
		"no-such-field.yaml": "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofile: []\n",
		"extenders.yaml": "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n" +
			"extenders: [{urlPrefix: \"http://localhost\", filterVerb: filter}]\n",
	} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := run(file, bytes.NewReader(nil), &bytes.Buffer{}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestConfigOfACase(t *testing.T) {
	const objects = `"objects": [
		{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}, "status": {"allocatable": {"pods": "9"}}},
		{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
			"spec": {"schedulerName": "own", "containers": [{"name": "c", "image": "i"}]}}]`
	const config = `"config": {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
		"profiles": [{"schedulerName": "own", "plugins": {"postFilter": {"disabled": [{"name": "*"}]}}}]}`
	r, err := newRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{
		`{"id": "own", ` + objects + `, ` + config + `}`: 1,
		`{"id": "default", ` + objects + `}`:             0,
	} {
		answer, ok := r.answer([]byte(line)).(trace)
		if !ok || len(answer.Pods) != want {
			t.Errorf("%s: %d pods are decided, want %d", answer.ID, len(answer.Pods), want)
		}
	}
	if _, refused := r.answer([]byte(`{"id": "bad", ` + objects + `, "config": {}}`)).(failure); !refused {
		t.Error("a configuration of no kind is taken")
	}
}

func TestStableReasons(t *testing.T) {
	got := stableReasons([]string{"Too many pods", "Insufficient cpu", "Insufficient hugepages-2Mi", "Insufficient example.com/a"})
	want := []string{"Too many pods", "Insufficient cpu", "Insufficient example.com/a", "Insufficient hugepages-2Mi"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func record(t *testing.T, config string) []byte {
	t.Helper()
	cases, err := os.Open("testdata/cases.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer cases.Close()
	var out bytes.Buffer
	if err := run(config, cases, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
