package main

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/web/sqldb/pgtest"
	"sealdesk/signer"
	"sealdesk/token/ca"
)

const childVariable = "SEALDESK_PLATFORMD_CHILD"

// TestMain is platformd itself in the processes that the tests start.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(program().Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
	}
	code := m.Run()
	pgtest.Stop()
	os.Exit(code)
}

// realm is a certificate authority, two organisations, and lots.
type realm struct {
	dir, rootsFile, seedFile string
	authority                *ca.Authority
	buyer, seller            ca.Subject
	lots                     []string
}

func newRealm(t testing.TB, lots int) *realm {
	t.Helper()
	authority, err := ca.New(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	r := &realm{
		dir: t.TempDir(), authority: authority,
		buyer:  ca.Subject{Name: "修武县第一中学", USCC: "91410800MA40000001", Handler: "张三"},
		seller: ca.Subject{Name: "国泰测试（焦作）有限公司", USCC: "91410800MA40000002", Handler: "李四"},
	}
	r.rootsFile, r.seedFile = filepath.Join(r.dir, "roots.pem"), filepath.Join(r.dir, "seed.json")
	now := time.Now()
	buyer, seller := organisation(r.buyer), organisation(r.seller)
	seed := platform.Seed{Organisations: []platformapi.Organisation{buyer, seller}}
	run := platformapi.NewID()[24:] // realms that share a database have their own
	for i := range lots {
		id := fmt.Sprintf("lot-%s-%d", run, i)
		r.lots = append(r.lots, id)
		seed.Lots = append(seed.Lots, platform.Lot{
			ID: id, ProjectNumber: "修财采购-2026-12", ProjectName: "教学设备采购", Number: id, Name: "第" + id + "标段", Kind: platformapi.LotProcurement,
			Method: platformapi.MethodNegotiation, Purchaser: buyer, Supplier: seller, AwardFen: 111100, TradedAt: now.AddDate(0, 0, -3), AwardSentAt: now.AddDate(0, 0, -2),
		})
	}
	data, err := json.Marshal(seed)
	if err != nil {
		t.Fatal(err)
	}
	write(t, r.rootsFile, rootsPEM(authority))
	write(t, r.seedFile, data)
	return r
}

func rootsPEM(a *ca.Authority) []byte {
	var roots []byte
	for _, c := range a.Roots() {
		roots = append(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return roots
}

func organisation(s ca.Subject) platformapi.Organisation {
	return platformapi.Organisation{Name: s.Name, USCC: s.USCC}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// person is somebody with a key.
type person struct {
	key   crypto.Signer
	chain []*smx509.Certificate
}

func (r *realm) person(t testing.TB, s ca.Subject) person {
	t.Helper()
	key, err := ca.GenerateKey(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	cert, _, err := r.authority.IssuePair(s, key.Public(), key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return person{key, append([]*smx509.Certificate{cert}, r.authority.Roots()...)}
}

// sign puts a person's signature on a PDF.
func (p person) sign(ctx context.Context, dir string, file []byte) ([]byte, error) {
	work, err := os.MkdirTemp(dir, "sign-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }() // within the test's folder
	job := signer.Job{In: filepath.Join(work, "in.pdf"), Out: filepath.Join(work, "out.pdf"), Key: p.key, Chain: p.chain, Time: time.Now()}
	if err := os.WriteFile(job.In, file, 0o600); err != nil {
		return nil, err
	}
	if _, err := job.Run(ctx); err != nil {
		return nil, err
	}
	return os.ReadFile(job.Out)
}

// server is a platformd process.
type server struct {
	address string // host:port
	cmd     *exec.Cmd
	log     *bytes.Buffer
	done    chan struct{}
}

// freeAddress is a loopback address that nobody listens on now.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it was only asked for a port
	return l.Addr().String()
}

// startServer starts platformd at an address and waits until it is ready.
func startServer(t testing.TB, address string, args ...string) *server {
	t.Helper()
	s := &server{address: address, log: new(bytes.Buffer), done: make(chan struct{})}
	s.cmd = exec.Command(os.Args[0], append([]string{"serve", "--listen", address, "--log", "json"}, args...)...)
	s.cmd.Env = append(os.Environ(), childVariable+"=1")
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is asked for by those who ended it
		close(s.done)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it may have ended
		<-s.done
		if t.Failed() {
			t.Logf("platformd at %s:\n%s", address, tail(s.log.Bytes(), 4000))
		}
	})
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			err = resp.Body.Close()
			if err == nil && resp.StatusCode == http.StatusNoContent {
				return s
			}
		}
		select {
		case <-s.done:
			t.Fatal("platformd ended")
		default:
		}
		if time.Now().After(until) {
			t.Fatalf("platformd is not ready: %v", err)
		}
	}
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// kill ends a process as a power cut does.
func (s *server) kill() error {
	err := s.cmd.Process.Kill()
	<-s.done
	return err
}

// stop ends a process as an administrator does, and says how it ended.
func (s *server) stop() (int, error) {
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.done
	return s.cmd.ProcessState.ExitCode(), err
}

// proxy hands requests to servers in turn; one that does not answer is left out for a while.
type proxy struct {
	mu      sync.Mutex
	servers []string
	out     map[string]time.Time
	next    int
	changes atomic.Int64 // requests that change something, which were answered
	after   func(changes int64)
}

func (p *proxy) set(servers ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.servers, p.out = servers, map[string]time.Time{}
}

func (p *proxy) pick() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range p.servers {
		p.next++
		s := p.servers[p.next%len(p.servers)]
		if time.Now().After(p.out[s]) {
			return s
		}
	}
	return p.servers[p.next%len(p.servers)]
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := p.pick()
	(&httputil.ReverseProxy{
		Rewrite: func(x *httputil.ProxyRequest) {
			x.SetURL(&url.URL{Scheme: "http", Host: at})
			x.SetXForwarded()
			x.Out.Host = x.In.Host
		},
		ModifyResponse: func(resp *http.Response) error {
			if r.Method != http.MethodGet && resp.StatusCode < 300 {
				if n := p.changes.Add(1); p.after != nil {
					p.after(n)
				}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
				p.mu.Lock()
				p.out[at] = time.Now().Add(time.Second)
				p.mu.Unlock()
			}
			w.WriteHeader(http.StatusBadGateway)
		},
	}).ServeHTTP(w, r)
}
