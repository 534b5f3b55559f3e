// Command recorder writes what the real kube-scheduler framework decides for
// each case it is given: cases on stdin, decision traces on stdout, one JSON
// value a line.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	configFile := flag.String("config", "", "KubeSchedulerConfiguration to build the profiles from (default: the default profile)")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: recorder [--config FILE] < cases.ndjson > decisions.ndjson")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*configFile, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "recorder:", err)
		os.Exit(2)
	}
}

// run decides every case of in. Only trouble with the configuration or the
// streams ends it: a bad case is answered in place, so that answers stay in
// step with cases.
func run(configFile string, in io.Reader, out io.Writer) error {
	recorder, err := newRecorder(configFile)
	if err != nil {
		return err
	}
	reader := bufio.NewReaderSize(in, 1<<20)
	for {
		line, readErr := reader.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := writeLine(out, recorder.answer(line)); err != nil {
				return err
			}
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}

// writeLine hands every answer over at once, so that a reader at the other end
// of a pipe can work in step.
func writeLine(out io.Writer, answer any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	// Reasons hold quotes and comparison signs; they are no HTML.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		return err
	}
	_, err := out.Write(line.Bytes())
	return err
}
