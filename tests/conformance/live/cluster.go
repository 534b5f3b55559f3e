package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// grace is how long a node may be silent before it counts as lost.
	grace = 12 * time.Second
	// toleration is how long pods stay on a lost node unless they say otherwise.
	toleration = 15 * time.Second
	// lease is how long a node's lease lasts; it is renewed four times as often.
	lease = 8 * time.Second
	// retried is how long an unschedulable pod that no event concerns waits for its next attempt,
	// five minutes by default.
	retried = 10 * time.Second
	// startup is how long the API server may take on a busy machine.
	startup = 3 * time.Minute

	// settling is how long a node that starts may take until it is heard.
	settling = 30 * time.Second

	token = "live"
)

// cluster is a control plane on loopback, and the processes that play the nodes.
type cluster struct {
	bin, dir   string
	kubeconfig string
	parts      []*process
	// nodes are the processes that play nodes, since is from when on each is surely heard.
	nodes   map[string]*process
	since   map[string]time.Time
	mutex   sync.Mutex
	client  kubernetes.Interface
	dynamic dynamic.Interface
	mapper  meta.RESTMapper
}

// startCluster brings up a control plane that knows no nodes yet.
func startCluster(ctx context.Context, bin, dir string) (*cluster, error) {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return nil, err
	}
	c := &cluster{bin: bin, dir: dir, nodes: map[string]*process{}, since: map[string]time.Time{}}
	if err := c.up(ctx); err != nil {
		c.stop()
		return nil, fmt.Errorf("control plane: %w (logs in %s)", err, dir)
	}
	return c, nil
}

func (c *cluster) up(ctx context.Context) error {
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	if err := c.writeFiles(ports[2]); err != nil {
		return err
	}
	etcd := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	peer := fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	if err := c.launch("etcd",
		"--data-dir="+c.file("etcd"), "--unsafe-no-fsync",
		"--listen-client-urls="+etcd, "--advertise-client-urls="+etcd,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer,
	); err != nil {
		return err
	}
	seconds := fmt.Sprint(int(toleration.Seconds()))
	if err := c.launch("kube-apiserver",
		"--etcd-servers="+etcd, "--cert-dir="+c.file("certs"),
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", ports[2]), "--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=AlwaysAllow", "--token-auth-file="+c.file("tokens.csv"),
		"--service-account-issuer=https://live.invalid",
		"--service-account-key-file="+c.file("key.pem"), "--service-account-signing-key-file="+c.file("key.pem"),
		"--disable-admission-plugins=ServiceAccount",
		"--default-not-ready-toleration-seconds="+seconds, "--default-unreachable-toleration-seconds="+seconds,
	); err != nil {
		return err
	}
	if err := c.connect(ctx); err != nil {
		return err
	}
	if err := c.launch("kube-controller-manager",
		"--kubeconfig="+c.kubeconfig, "--secure-port=0", "--leader-elect=false",
		"--node-monitor-grace-period="+grace.String(), "--node-monitor-period=2s", "--node-startup-grace-period="+grace.String(),
		"--kube-api-qps=200", "--kube-api-burst=400",
	); err != nil {
		return err
	}
	return c.launch("kube-scheduler",
		"--kubeconfig="+c.kubeconfig, "--secure-port=0", "--leader-elect=false",
		"--pod-max-in-unschedulable-pods-duration="+retried.String(),
	)
}

func (c *cluster) launch(name string, args ...string) error {
	p, err := launch(c.bin, c.dir, name, name, args...)
	if err != nil {
		return err
	}
	c.parts = append(c.parts, p)
	return nil
}

// alive tells which part of the control plane or which node's process ended by itself.
func (c *cluster) alive() error {
	for _, p := range c.parts {
		if !p.running() {
			return fmt.Errorf("%s ended", filepath.Base(p.command.Path))
		}
	}
	for name, p := range c.nodes {
		if !p.running() {
			return fmt.Errorf("the process of node %s ended", name)
		}
	}
	return nil
}

func (c *cluster) file(name string) string { return filepath.Join(c.dir, name) }

// writeFiles writes what the programs read: a key, a token, and how to reach the API server.
func (c *cluster) writeFiles(port int) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	c.kubeconfig = c.file("kubeconfig")
	files := map[string]string{
		"key.pem":     string(pem.EncodeToMemory(block)),
		"tokens.csv":  token + ",live,live,system:masters\n",
		"kubeconfig":  fmt.Sprintf(kubeconfig, port, token),
		"stages.yaml": "",
	}
	stages, err := stages()
	if err != nil {
		return err
	}
	files["stages.yaml"] = stages
	for name, text := range files {
		if err := os.WriteFile(c.file(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: live, cluster: {server: "https://127.0.0.1:%d", insecure-skip-tls-verify: true}}]
users: [{name: live, user: {token: %s}}]
contexts: [{name: live, context: {cluster: live, user: live}}]
current-context: live
`

// connect waits for the API server.
func (c *cluster) connect(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 200, 400
	config.WarningHandler = rest.NoWarnings{}
	if c.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if c.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(c.client.Discovery()))
	return wait.PollUntilContextTimeout(ctx, time.Second, startup, true, func(ctx context.Context) (bool, error) {
		if err := c.alive(); err != nil {
			return false, err
		}
		_, err := c.client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err != nil {
			return false, nil
		}
		_, err = c.client.CoreV1().Namespaces().Get(ctx, "default", get)
		return err == nil, nil
	})
}

// startNode lets a kwok process play the kubelet of a node.
func (c *cluster) startNode(name string) error {
	if c.nodes[name] != nil {
		return fmt.Errorf("node %s runs already", name)
	}
	p, err := launch(c.bin, c.dir, "kwok", "kwok-"+name,
		"--kubeconfig="+c.kubeconfig, "--manage-single-node="+name, "--config="+c.file("stages.yaml"),
		fmt.Sprintf("--node-lease-duration-seconds=%d", int(lease.Seconds())),
	)
	if err != nil {
		return err
	}
	c.nodes[name] = p
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.since[name] = time.Now().Add(settling)
	return nil
}

// killNode ends a node's process, if it has one.
func (c *cluster) killNode(name string) {
	if p := c.nodes[name]; p != nil {
		c.mutex.Lock()
		delete(c.since, name)
		c.mutex.Unlock()
		p.kill()
		delete(c.nodes, name)
	}
}

// plays tells if a node has a process.
func (c *cluster) plays(name string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	_, plays := c.since[name]
	return plays
}

// runs tells if a node's process has run for so long that the cluster must hear it.
func (c *cluster) runs(name string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	since, runs := c.since[name]
	return runs && time.Now().After(since)
}

// stop ends every process; more than once does no harm.
func (c *cluster) stop() {
	for name := range c.nodes {
		c.killNode(name)
	}
	for at := len(c.parts) - 1; at >= 0; at-- {
		c.parts[at].kill()
	}
	c.parts = nil
}

func freePorts(count int) ([]int, error) {
	var ports []int
	var held []net.Listener
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		held = append(held, listener)
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	var errs []error
	for _, listener := range held {
		errs = append(errs, listener.Close())
	}
	return ports, errors.Join(errs...)
}
