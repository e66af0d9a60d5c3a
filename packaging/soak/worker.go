package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"sealdesk/platformapi/client"
)

// A worker does one run at a time.
type worker struct {
	b     *bench
	dir   string
	tally *tally
	proxy *proxy
	front *httptest.Server
	disk  disk
	audit *client.Client // who asks the platform what it got

	mu     sync.Mutex
	server *exec.Cmd
}

// patience is how long a run may take once the line is good again: then something stands still.
const patience = 30 * time.Second

func newWorker(ctx context.Context, b *bench, dir string, t *tally) (*worker, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	to := free.Addr().String() // the platform's, after each of its deaths
	if err := free.Close(); err != nil {
		return nil, err
	}
	w := &worker{b: b, dir: dir, tally: t, proxy: &proxy{tally: t, to: to}}
	w.proxy.use(nil, address(0))
	w.front = httptest.NewUnstartedServer(w.proxy)
	w.front.Config.ErrorLog = nil
	w.front.Start()
	if w.disk, err = smallDisk(filepath.Join(dir, "disk")); err != nil {
		return nil, err
	}
	if err := w.start(ctx); err != nil {
		return nil, err
	}
	who, err := b.issue()
	if err != nil {
		return nil, err
	}
	w.audit, err = client.Login(ctx, w.front.URL, who.key, who.chain, client.Options{})
	return w, err
}

// start starts the platform, and waits until it answers.
func (w *worker) start(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, w.b.platformd, "--listen", w.proxy.to, "--data", filepath.Join(w.dir, "platform"), "--roots", w.b.rootsFile,
		"--seed", w.b.seedFile, "--origin", w.front.URL)
	var told bytes.Buffer
	cmd.Stderr = &told
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return errors.Join(fmt.Errorf("platformd does not start: %s", told.String()), cmd.Wait())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = cmd
	return nil
}

// kill kills the platform.
func (w *worker) kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.server.Process.Kill()
	_ = w.server.Wait() // it was killed
}

func (w *worker) close() error {
	w.kill()
	w.front.Close()
	return w.disk.close()
}

// A client is the process that works for a run, and what it has said.
type clientProcess struct {
	cmd  *exec.Cmd
	done chan struct{}
	errs bytes.Buffer

	mu   sync.Mutex
	said map[string]bool
}

func (w *worker) client(ctx context.Context, j job) (*clientProcess, error) {
	data, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &clientProcess{cmd: exec.CommandContext(ctx, self, clientRole), done: make(chan struct{}), said: map[string]bool{}}
	c.cmd.Stdin, c.cmd.Stderr = bytes.NewReader(data), &c.errs
	c.cmd.Env = append(os.Environ(), "SEALDESK_KEYRING=file")
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.done)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			c.mu.Lock()
			c.said[lines.Text()] = true
			c.mu.Unlock()
		}
		_ = c.cmd.Wait() // how it ended stands in the process's state
	}()
	return c, nil
}

func (c *clientProcess) hasSaid(what string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said[what]
}

// ready waits for the moment of a blow; false when the client has ended before it.
func (w *worker) ready(c *clientProcess, b blow) bool {
	until := w.proxy.requests() + b.requests
	for w.proxy.requests() < until {
		select {
		case <-c.done:
			return false
		case <-time.After(time.Millisecond):
		}
	}
	select {
	case <-c.done:
		return false
	case <-time.After(b.pause):
		return true
	}
}

// run does one run, and tells what was lost in it.
func (w *worker) run(ctx context.Context, n int, seed uint64) (lost []string, err error) {
	p := draw(seed)
	w.proxy.use(&p, address(n))
	j := job{
		Data: filepath.Join(w.disk.dir, "desk"), Keys: filepath.Join(w.dir, "keys"), URL: w.front.URL, Lot: lot(n), Number: fmt.Sprintf("HT-%d", seed),
		Word: w.b.word, Signed: w.b.signed,
	}
	if err := w.b.token(j.Keys); err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(j.Data), os.RemoveAll(j.Data+"-cache"), os.RemoveAll(j.Keys))
	}()
	promised := map[string]bool{}
	c, err := w.client(ctx, j)
	if err != nil {
		return nil, err
	}
	// again takes up a client that died, and checks what it left behind.
	again := func() error {
		for _, what := range []string{saidDrafted, saidSigned, saidFiled} {
			promised[what] = promised[what] || c.hasSaid(what)
		}
		lost = append(lost, w.left(ctx, j, promised)...)
		c, err = w.client(ctx, j)
		return err
	}
	for _, b := range p.blows {
		if !w.ready(c, b) {
			break // all is filed already
		}
		w.tally.add(b.kind)
		switch b.kind {
		case clientDies:
			_ = c.cmd.Process.Kill()
			<-c.done
			if err := again(); err != nil {
				return nil, err
			}
		case serverDies:
			w.kill()
			if err := w.start(ctx); err != nil {
				return nil, err
			}
		case diskFull:
			if err := w.disk.fill(c.cmd.Process.Pid); err != nil {
				return nil, err
			}
			time.Sleep(b.last)
			if err := w.disk.free(c.cmd.Process.Pid); err != nil {
				return nil, err
			}
		}
	}
	select {
	case <-c.done:
	case <-time.After(patience):
		_ = c.cmd.Process.Kill()
		<-c.done
		return append(lost, "it stands still: "+strings.TrimSpace(c.errs.String())), nil
	}
	w.proxy.use(nil, address(n))
	if !c.hasSaid(saidFiled) {
		return append(lost, "the client gave up: "+strings.TrimSpace(c.errs.String())), nil
	}
	return append(lost, w.filed(ctx, j)...), nil
}
