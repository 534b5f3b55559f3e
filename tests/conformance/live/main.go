// Command live records failovers of a real control plane.
//
// It reads stories as lines of JSON, plays each against kube-apiserver, kube-controller-manager,
// kube-scheduler and etcd with a kwok process for every node, and writes an archive of what the
// cluster looked like whenever it had come to rest.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"k8s.io/klog/v2"
)

// longestLine is how large a story may be.
const longestLine = 16 << 20

type options struct {
	bin, recorder, out, work string
	atOnce                   int
	keep                     bool
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin", "folder of kube-apiserver, kube-controller-manager, kube-scheduler, etcd and kwok")
	flag.StringVar(&o.recorder, "recorder", "recorder", "the program that records decisions")
	flag.StringVar(&o.out, "out", ".", "folder that the archives go to; a story that has one is passed over")
	flag.StringVar(&o.work, "work", filepath.Join(os.TempDir(), "holdfast-live"), "folder for etcd's data and for logs")
	flag.IntVar(&o.atOnce, "at-once", 4, "how many clusters run at a time")
	flag.BoolVar(&o.keep, "keep", false, "keeps the logs of stories that went well, too")
	flag.Parse()
	// client-go's reflectors grumble whenever a cluster is taken down.
	klog.SetOutput(io.Discard)
	klog.LogToStderr(false)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed, err := run(ctx, o, os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

// run plays every story of the stream and tells how many could not be recorded.
func run(ctx context.Context, o options, stories io.Reader) (int, error) {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return 0, err
	}
	todo := make(chan *story)
	var failed counter
	var workers sync.WaitGroup
	for range max(o.atOnce, 1) {
		workers.Go(func() {
			for s := range todo {
				began := time.Now()
				err := record(ctx, o, s)
				took := time.Since(began).Round(time.Second)
				if err != nil {
					failed.add()
					fmt.Fprintf(os.Stderr, "%s: failed after %s: %v\n", s.Name, took, err)
					continue
				}
				fmt.Fprintf(os.Stderr, "%s: %d steps in %s\n", s.Name, len(s.Steps), took)
			}
		})
	}
	err := feed(ctx, o, stories, todo)
	close(todo)
	workers.Wait()
	return failed.count, err
}

// feed hands out the stories that have no archive yet.
func feed(ctx context.Context, o options, stories io.Reader, todo chan<- *story) error {
	lines := bufio.NewScanner(stories)
	lines.Buffer(nil, longestLine)
	for number := 1; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		s, err := parseStory(lines.Bytes())
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if _, err := os.Stat(archivePath(o.out, s.Name)); err == nil {
			continue
		}
		select {
		case todo <- s:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return lines.Err()
}

// record plays one story on a cluster of its own.
func record(ctx context.Context, o options, s *story) error {
	dir := filepath.Join(o.work, s.Name)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	c, err := startCluster(ctx, o.bin, dir)
	if err != nil {
		return err
	}
	defer c.stop()
	t := &telling{cluster: c, story: s, recorder: o.recorder, files: map[string][]byte{}}
	if err := t.tell(ctx); err != nil {
		return fmt.Errorf("%w (logs in %s)", err, dir)
	}
	if err := writeArchive(o.out, s.Name, t.files); err != nil {
		return err
	}
	if o.keep {
		return nil
	}
	c.stop()
	return os.RemoveAll(dir)
}

// counter counts from several goroutines.
type counter struct {
	sync.Mutex
	count int
}

func (c *counter) add() {
	c.Lock()
	defer c.Unlock()
	c.count++
}
