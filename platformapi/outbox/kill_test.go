package outbox_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/platformapi/platformtest"
)

// job is what the child process is told on its standard input.
type job struct {
	Dir, URL, Lot string
	Key           []byte // SEC 1
	Chain         [][]byte
	Moment        string // at which it stops and waits to be killed
	Count         int    // at the how manieth occurrence of it
}

const childVariable = "SEALDESK_OUTBOX_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// stopper stops the process for good at one moment, and says so on standard output.
type stopper struct {
	mu     sync.Mutex
	moment string
	left   int
}

func (s *stopper) at(moment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if moment != s.moment {
		return
	}
	if s.left--; s.left == 0 {
		fmt.Println("stopped")
		select {}
	}
}

// stopping stops the process in the middle of requests.
type stopping struct{ *stopper }

func (s stopping) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Idempotency-Key") == "" {
		return http.DefaultTransport.RoundTrip(r)
	}
	s.at("before request")
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = &half{Reader: r.Body, Closer: r.Body, stop: s}
		r.GetBody = nil
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	s.at("after response")
	return resp, err
}

// half hands out a body byte by byte and stops in its middle.
type half struct {
	io.Reader
	io.Closer
	stop stopping
	n    int
}

func (h *half) Read(p []byte) (int, error) {
	if h.n++; h.n == 10 {
		h.stop.at("within body")
	}
	return h.Reader.Read(p[:min(len(p), 1)])
}

// child is what a desktop does: it hands over a contract, once, and sends until there is nothing left.
func child() error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return err
	}
	key, err := x509.ParseECPrivateKey(j.Key)
	if err != nil {
		return err
	}
	var chain []*smx509.Certificate
	for _, der := range j.Chain {
		c, err := smx509.ParseCertificate(der)
		if err != nil {
			return err
		}
		chain = append(chain, c)
	}
	stop := &stopper{moment: j.Moment, left: j.Count}
	p, err := client.Login(ctx, j.URL, crypto.Signer(key), chain, client.Options{Transport: stopping{stop}})
	if err != nil {
		return err
	}
	v, err := vault.Open(ctx, filepath.Join(j.Dir, "vault"), nil)
	if err != nil {
		return err
	}
	b, err := outbox.Open(ctx, j.Dir, v, outbox.Options{
		Backoff: func(int) time.Duration { return 10 * time.Millisecond },
		Trace:   func(m outbox.Moment, _ outbox.Entry) { stop.at(string(m)) },
	})
	if err != nil {
		return err
	}
	entries, err := b.Entries(ctx, "")
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		if entries, err = b.AddAll(ctx, wholeWay(j.Lot)); err != nil {
			return err
		}
		fmt.Println("added")
	}
	inner, end := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- b.Run(inner, p, platformtest.Purchaser.USCC) }()
	_, err = b.Wait(ctx, entries[len(entries)-1].ID)
	end()
	<-done
	return errors.Join(err, b.Close())
}

// start starts a child and returns its output.
func start(t *testing.T, j job) (*exec.Cmd, *bufio.Reader, *bytes.Buffer) {
	t.Helper()
	said, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stdin = bytes.NewReader(said)
	errOut := new(bytes.Buffer)
	cmd.Stderr = errOut
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewReader(out), errOut
}

// serverStop kills the child at a moment of the server's.
type serverStop struct {
	mu     sync.Mutex
	moment string // "request arrived", "effect made"
	path   string // how the request's path ends
	kill   func()
	done   bool
}

func (s *serverStop) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mine := strings.Contains(r.Method+" "+r.URL.Path, s.path) && r.Header.Get("Idempotency-Key") != ""
		if mine && s.moment == "request arrived" && s.fire() {
			panic(http.ErrAbortHandler)
		}
		if mine && s.moment == "effect made" {
			answer := &swallowed{header: http.Header{}}
			s.mu.Lock()
			first := !s.done
			s.mu.Unlock()
			if first {
				next.ServeHTTP(answer, r)
				s.fire()
				panic(http.ErrAbortHandler)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// fire kills the child, once.
func (s *serverStop) fire() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done || s.kill == nil {
		return false
	}
	s.done = true
	s.kill()
	return true
}

// swallowed is an answer that never arrives.
type swallowed struct{ header http.Header }

func (s *swallowed) Header() http.Header         { return s.header }
func (s *swallowed) Write(p []byte) (int, error) { return len(p), nil }
func (s *swallowed) WriteHeader(int)             {}

// TestSignedContractIsInTheOutboxOrFiledOnce holds the promise: a signed contract is in the outbox or filed, once,
// whatever fails and whenever. A process is killed at each moment of its work and another one takes up where it left.
func TestSignedContractIsInTheOutboxOrFiledOnce(t *testing.T) {
	type kill struct {
		moment string
		count  int
		server string
	}
	kills := []kill{
		{string(outbox.FileCopied), 1, ""}, {string(outbox.FileKept), 1, ""}, {string(outbox.FileCopied), 2, ""}, {string(outbox.FileKept), 2, ""},
		{string(outbox.RowsWritten), 1, ""}, {string(outbox.RowsWritten), 5, ""}, {string(outbox.Added), 1, ""},
	}
	for _, n := range []int{1, 4, 5} { // create, the sealed file, submit
		kills = append(kills, kill{string(outbox.Claimed), n, ""}, kill{"before request", n, ""}, kill{"within body", n, ""},
			kill{"after response", n, ""}, kill{string(outbox.Answered), n, ""}, kill{string(outbox.Recorded), n, ""})
	}
	kills = append(kills, kill{string(outbox.FilesRemoved), 1, ""}, kill{string(outbox.FilesRemoved), 2, ""})
	for _, path := range []string{"POST /v1/contracts", "/fields", "/attachments/", "/submit"} {
		kills = append(kills, kill{"request arrived", 0, path}, kill{"effect made", 0, path})
	}
	for _, k := range kills {
		t.Run(fmt.Sprintf("%s %d%s", k.moment, k.count, strings.ReplaceAll(k.server, "/", "_")), func(t *testing.T) {
			t.Parallel()
			stop := &serverStop{moment: k.moment, path: k.server}
			var wrap func(http.Handler) http.Handler
			if k.server != "" {
				wrap = stop.wrap
			}
			w := platformtest.NewWorld(t, t.TempDir(), wrap)
			id := w.Identity(platformtest.Purchaser)
			key, err := x509.MarshalECPrivateKey(id.Key.(*ecdsa.PrivateKey))
			if err != nil {
				t.Fatal(err)
			}
			j := job{Dir: filepath.Join(t.TempDir(), "outbox"), URL: w.URL, Lot: platformtest.LotID, Key: key, Chain: [][]byte{id.Chain[0].Raw}, Moment: k.moment, Count: k.count}

			cmd, out, errOut := start(t, j)
			stop.mu.Lock()
			stop.kill = func() { _ = cmd.Process.Kill() }
			stop.mu.Unlock()
			added := false
			for {
				line, err := out.ReadString('\n')
				if line == "added\n" {
					added = true
				}
				if line == "stopped\n" {
					if err := cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
				if err != nil {
					break
				}
			}
			if err := cmd.Wait(); err == nil {
				t.Fatalf("the child was not killed at %q %d", k.moment, k.count)
			} else if errOut.Len() > 0 {
				t.Fatalf("child: %v: %s", err, errOut)
			}

			if added {
				inOutboxOrFiled(t, w, j.Dir)
			}
			j.Moment = ""
			cmd, out, errOut = start(t, j)
			if _, err := io.Copy(io.Discard, out); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Fatalf("second child: %v: %s", err, errOut)
			}
			filedOnce(t, w)
		})
	}
}

// inOutboxOrFiled looks into the outbox as the killed process left it.
func inOutboxOrFiled(t *testing.T, w *platformtest.World, dir string) {
	t.Helper()
	b, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := b.Entries(t.Context(), "")
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	if len(entries) != 5 {
		t.Fatalf("%d entries after the kill", len(entries))
	}
	p := w.Login(t, platformtest.Purchaser, client.Options{})
	receipts, err := p.Receipts(t.Context(), entries[0].ContractID)
	if err != nil && !platformapi.IsCode(err, platformapi.CodeNotFound) {
		t.Fatal(err)
	}
	filed := map[string]bool{}
	for _, r := range receipts {
		filed[r.Number] = true
	}
	for _, e := range entries {
		if e.State == outbox.Done && !filed[e.Receipt.Number] {
			t.Errorf("%s is called done and has no receipt at the platform", e.Op)
		}
		if e.State == outbox.Failed {
			t.Errorf("%s failed: %s", e.Op, e.LastError)
		}
	}
}

// filedOnce asks the platform what it got.
func filedOnce(t *testing.T, w *platformtest.World) {
	t.Helper()
	p := w.Login(t, platformtest.Purchaser, client.Options{})
	page, err := p.Contracts(t.Context(), platformapi.ContractQuery{})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("contracts %+v, %v", page.Items, err)
	}
	c, err := p.Contract(t.Context(), page.Items[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, r := range c.History {
		steps = append(steps, string(r.Step))
	}
	if got := strings.Join(steps, " "); got != "create save attach seal submit" || c.Summary.State != platformapi.StateAwaiting || c.Summary.Version != 5 {
		t.Errorf("filed: %s, state %s, version %d", got, c.Summary.State, c.Summary.Version)
	}
	receipts, err := p.Receipts(t.Context(), c.Summary.ID)
	if err != nil || len(receipts) != 5 {
		t.Errorf("receipts %+v, %v", receipts, err)
	}
	path, err := p.Download(t.Context(), c.Summary.ID, c.Attachments[len(c.Attachments)-1], t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(file, platformtest.Seal(platformtest.PDF("contract"), platformtest.Purchaser.USCC)) {
		t.Errorf("the sealed file is %q, %v", file, err)
	}
}
