package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/daemon"
	"sealdesk/cmd/internal/mobile"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/sqldb/pgtest"
	"sealdesk/token"
	"sealdesk/token/ca"
)

func TestMain(m *testing.M) {
	exit := m.Run()
	pgtest.Stop()
	os.Exit(exit)
}

// running is a mobilecad.
type running struct {
	url  string
	out  *console
	stop func() int
}

// console keeps what was printed.
type console struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(b)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

func start(t *testing.T, args ...string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	out, done := &console{}, make(chan int, 1)
	go func() {
		done <- program().Run(ctx, args, io.MultiWriter(writer, out), out)
		_ = writer.Close()
	}()
	lines := bufio.NewScanner(reader)
	if !lines.Scan() {
		t.Fatalf("it does not start:\n%s", out)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	stop := sync.OnceValue(func() int { cancel(); return <-done })
	t.Cleanup(func() { stop() })
	return running{lines.Text(), out, stop}
}

var code = regexp.MustCompile(`验证码：([0-9]{6})`)

// A person whose number gets the code on the console makes certificates, and they are of the authority in the folder; after
// a restart the keys still sign.
func TestFromTheFirstCodeToASignature(t *testing.T) {
	ctx := t.Context()
	data := t.TempDir()
	serve := func() (running, *phonetest.Service) {
		d := start(t, "--demo", "--data", data, "--listen", "127.0.0.1:0")
		return d, &phonetest.Service{URL: d.url, Client: http.DefaultClient}
	}
	d, service := serve()
	p, err := phonetest.NewPhone(service)
	must(t, err)
	must(t, p.Call(ctx, "POST", "/codes", wire.CodeRequest{Phone: phonetest.Number, Purpose: wire.CodeLogin}, nil))
	must(t, p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: code.FindStringSubmatch(d.out.String())[1]}))
	must(t, p.Enrol(ctx, phonetest.Hospital))
	der, err := phonetest.DecodeBytes(p.Certs[0].DER)
	must(t, err)
	cert, err := smx509.ParseCertificate(der)
	must(t, err)
	authority, err := ca.Open(data + "/ca")
	must(t, err)
	must(t, cert.CheckSignatureFrom(authority.Root(ca.SM2)))
	if s := ca.SubjectOf(cert); s.Name != phonetest.Hospital.Name || s.USCC != phonetest.Hospital.USCC || s.Handler != phonetest.Name {
		t.Errorf("the certificate names %+v", s)
	}
	answer, err := http.Get(d.url + strings.TrimPrefix(cert.CRLDistributionPoints[0], d.url))
	must(t, err)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the revocation list: %s", answer.Status)
	}
	if exit := d.stop(); exit != 0 {
		t.Fatalf("it ends with %d\n%s", exit, d.out)
	}

	d, service = serve()
	p.Move(service)
	sum := sm3.Sum([]byte("contract"))
	desktop, err := phonetest.NewDesktop(ctx, service, wire.PairSign, false)
	must(t, err)
	must(t, phonetest.Link(ctx, desktop, p, nil))
	r, err := desktop.Ask(ctx, phonetest.Contract(sum[:]))
	must(t, err)
	must(t, p.Approve(ctx, r.ID, phonetest.PIN))
	if exit := d.stop(); exit != 0 {
		t.Fatalf("it ends with %d\n%s", exit, d.out)
	}
	var out, errs bytes.Buffer
	if exit := program().Run(ctx, []string{"audit", "verify", "--data", data}, &out, &errs); exit != 0 || !strings.Contains(out.String(), "rows, head ") {
		t.Errorf("audit verify: %d, %s%s", exit, &out, &errs)
	}
	db, err := sql.Open("sqlite", web.SQLiteName(filepath.Join(data, "mobileca.db"), "_txlock=immediate"))
	must(t, err)
	for _, s := range []string{`DROP TRIGGER audit_no_delete`, `DELETE FROM audit WHERE seq = 3`} {
		_, err := db.Exec(s)
		must(t, err)
	}
	must(t, db.Close())
	errs.Reset()
	if exit := program().Run(ctx, []string{"audit", "verify", "--data", data}, &out, &errs); exit != daemon.ExitBroken || !strings.Contains(errs.String(), "row 3 was deleted") {
		t.Errorf("audit verify of a trail without its third row: %d, %s", exit, &errs)
	}
}

// Two of them in one PostgreSQL database, with one master key, are one mobile CA.
func TestTwoInOneDatabase(t *testing.T) {
	ctx := t.Context()
	url := pgtest.Shared(t).Database(t)
	key := filepath.Join(t.TempDir(), "master.key")
	serve := func() (running, *phonetest.Service) {
		d := start(t, "--demo", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--database", url, "--master-key", key)
		return d, &phonetest.Service{URL: d.url, Client: http.DefaultClient}
	}
	d, service := serve()
	p, err := phonetest.NewPhone(service)
	must(t, err)
	must(t, p.Call(ctx, "POST", "/codes", wire.CodeRequest{Phone: phonetest.Number, Purpose: wire.CodeLogin}, nil))
	must(t, p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: code.FindStringSubmatch(d.out.String())[1]}))
	must(t, p.Enrol(ctx, phonetest.Hospital))
	_, other := serve()
	p.Move(other)
	desktop, err := phonetest.NewDesktop(ctx, other, wire.PairSign, false)
	must(t, err)
	must(t, phonetest.Link(ctx, desktop, p, nil))
	sum := sm3.Sum([]byte("contract"))
	r, err := desktop.Ask(ctx, phonetest.Contract(sum[:]))
	must(t, err)
	must(t, p.Approve(ctx, r.ID, phonetest.PIN))
}

// A second one is kept from a folder with a SQLite file as long as the first serves.
func TestAFolderIsOneServersAlone(t *testing.T) {
	args := []string{"--demo", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}
	first := start(t, args...)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second) // should it serve after all
	defer stop()
	var stderr bytes.Buffer
	if code := program().Run(ctx, args, io.Discard, &stderr); code != daemon.ExitFailed || !strings.Contains(stderr.String(), "--data "+args[2]+": ") {
		t.Errorf("exit %d, %s", code, &stderr)
	}
	if exit := first.stop(); exit != 0 {
		t.Fatalf("it ends with %d\n%s", exit, first.out)
	}
	start(t, args...)
}

// With --review an application waits until the CA's clerk decides, beside the running service, and --fee has it paid.
func TestTheClerkReviews(t *testing.T) {
	ctx := t.Context()
	data := t.TempDir()
	d := start(t, "--demo", "--review", "--fee", "100", "--data", data, "--listen", "127.0.0.1:0")
	p, err := phonetest.NewPhone(&phonetest.Service{URL: d.url, Client: http.DefaultClient})
	must(t, err)
	must(t, p.Call(ctx, "POST", "/codes", wire.CodeRequest{Phone: phonetest.Number, Purpose: wire.CodeLogin}, nil))
	must(t, p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: code.FindStringSubmatch(d.out.String())[1]}))
	must(t, p.Identify(ctx, phonetest.Name, phonetest.IDNumber))
	apply := func() wire.Application {
		a, err := p.Apply(ctx, phonetest.Hospital)
		must(t, err)
		return a
	}
	review := func(words ...string) string {
		var out, errs bytes.Buffer
		if exit := program().Run(ctx, append([]string{"review"}, append(words, "--data", data)...), &out, &errs); exit != 0 {
			t.Fatalf("review %v: %d, %s", words, exit, &errs)
		}
		return out.String()
	}
	forged := *phonetest.Hospital
	forged.Name += "\nforged\t\x1b[2J"
	f, err := p.Apply(ctx, &forged)
	must(t, err)
	if list := review("list"); strings.Count(list, "\n") != 1 || strings.Count(list, "\t") != 5 || strings.Contains(list, "\x1b") {
		t.Errorf("a name that steers the terminal: %q", list)
	}
	review("refuse", f.ID, "名称有误")
	a := apply()
	if list := review("list"); !strings.Contains(list, a.ID) || !strings.Contains(list, phonetest.Hospital.Name) {
		t.Errorf("list: %s", list)
	}
	review("refuse", a.ID, "材料不全")
	must(t, p.Call(ctx, "GET", "/applications/"+a.ID, nil, &a))
	if a.State != wire.ApplicationRefused || a.Reason != "材料不全" {
		t.Errorf("refused: %+v", a)
	}
	a = apply()
	review("approve", a.ID)
	must(t, p.Call(ctx, "GET", "/applications/"+a.ID+"?after=1&wait=5", nil, &a))
	if a.State != wire.ApplicationToPay || a.Price != 100_00 {
		t.Errorf("approved: %+v", a)
	}
	must(t, p.Create(ctx, "/applications/"+a.ID+"/payment", wire.PaymentRequest{Method: wire.PayWechat}, nil))
	must(t, p.Download(ctx, a.ID, phonetest.PIN))
	if list := review("list"); list != "" {
		t.Errorf("list at the end: %s", list)
	}
}

// The phone's app is served at / and at the address in codes, under a policy that runs nothing else; the API has none of it.
func TestTheAppIsServed(t *testing.T) {
	d := start(t, "--demo", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	for path, want := range map[string]string{"/": "text/html", "/q": "text/html", "/mca/v1/info": "application/json", "/nothing": "text/plain"} {
		r, err := http.Get(d.url + path)
		must(t, err)
		body, err := io.ReadAll(r.Body)
		must(t, err)
		_ = r.Body.Close()
		if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", path, got)
		}
		policy := r.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe-inline") || strings.Contains(policy, "'unsafe-eval'") || strings.Contains(policy, "*") {
			t.Errorf("%s: policy %s", path, policy)
		}
		if path == "/q" && !bytes.Contains(body, []byte("<script")) {
			t.Error("/q is not the app")
		}
	}
}

// On all addresses it speaks TLS by a certificate of its own authority, whose root it hands out.
func TestTLSByALocalAuthority(t *testing.T) {
	d := start(t, "--demo", "--data", t.TempDir(), "--listen", "0.0.0.0:0")
	if !strings.HasPrefix(d.url, "https://") {
		t.Fatalf("it is at %s", d.url)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(d.url, "https://"), ":")
	at := "https://127.0.0.1:" + port
	if _, err := http.Get(at); err == nil {
		t.Fatal("the local authority is trusted by itself")
	}
	blind := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // to get the root
	r, err := blind.Get(at + mobile.RootPath)
	must(t, err)
	root, err := io.ReadAll(r.Body)
	must(t, err)
	_ = r.Body.Close()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(root) {
		t.Fatalf("no root: %s", root)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	r, err = client.Get(at + "/mca/v1/info")
	must(t, err)
	_ = r.Body.Close()
	leaf := r.TLS.PeerCertificates[0]
	if len(leaf.ExtKeyUsage) != 1 || leaf.ExtKeyUsage[0] != x509.ExtKeyUsageServerAuth || time.Until(leaf.NotAfter) > 398*24*time.Hour {
		t.Errorf("phones do not take it: %v until %v", leaf.ExtKeyUsage, leaf.NotAfter)
	}
}

// With a certificate of one's own it is announced by what that covers, the names for phones first, and asks for --origin where that is nothing.
func TestOnlyWhatACertificateCoversIsAnnounced(t *testing.T) {
	authority, err := ca.New(ca.ECDSA)
	must(t, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Root(ca.ECDSA).Raw}))
	for _, tt := range []struct {
		hosts []string
		want  string // "": nothing fits
	}{
		{[]string{"localhost", "ca.example", "127.0.0.1"}, "ca.example"},
		{[]string{"localhost", "127.0.0.1"}, "localhost"},
		{[]string{"127.0.0.1"}, "127.0.0.1"},
		{[]string{"*.example"}, ""},
	} {
		key, err := ca.GenerateKey(ca.ECDSA)
		must(t, err)
		cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "移动CA"}, PublicKey: key.Public(), Usage: token.UsageSign, Purpose: ca.ForServers, Hosts: tt.hosts})
		must(t, err)
		der, err := x509.MarshalPKCS8PrivateKey(key)
		must(t, err)
		certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
		must(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600))
		must(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
		args := []string{"--demo", "--data", t.TempDir(), "--listen", "0.0.0.0:0", "--tls-cert", certFile, "--tls-key", keyFile}
		if tt.want == "" {
			var errs bytes.Buffer
			ctx, stop := context.WithTimeout(t.Context(), 20*time.Second) // should it serve after all
			defer stop()
			if exit := program().Run(ctx, args, io.Discard, &errs); exit != daemon.ExitUsage || !strings.Contains(errs.String(), "--origin is required") || !strings.Contains(errs.String(), certFile) {
				t.Errorf("%v: exit %d, %s", tt.hosts, exit, &errs)
			}
			args = append(args, "--origin", "https://ca.example")
			if d := start(t, args...); d.url != "https://ca.example" {
				t.Errorf("%v: announced as %s", tt.hosts, d.url)
			}
			continue
		}
		d := start(t, args...)
		host, port, _ := strings.Cut(strings.TrimPrefix(d.url, "https://"), ":")
		if host != tt.want {
			t.Errorf("%v: announced as %s", tt.hosts, d.url)
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port) // where the name leads to
		}}}
		r, err := client.Get(d.url + "/mca/v1/info")
		if err != nil {
			t.Errorf("%v: a phone does not reach %s: %v", tt.hosts, d.url, err)
			continue
		}
		_ = r.Body.Close()
	}
}

func TestWrongArguments(t *testing.T) {
	dir := t.TempDir()
	broken := dir + "/platforms.json"
	must(t, os.WriteFile(broken, []byte("{"), 0o600))
	mistyped := dir + "/mistyped.json"
	must(t, os.WriteFile(mistyped, []byte(`[{"id": "a", "name": "A", "origins": "https://a.example"}]`), 0o600))
	short := dir + "/short.key"
	must(t, os.WriteFile(short, []byte("short"), 0o600))
	master := dir + "/master.key"
	must(t, os.WriteFile(master, make([]byte, mobileca.MasterSize), 0o600))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	for _, tt := range []struct {
		want string
		exit int
		args []string
	}{
		{"--data is required", daemon.ExitUsage, []string{"--demo"}},
		{"--demo is required", daemon.ExitUsage, []string{"--data", dir}},
		{"no command", daemon.ExitUsage, []string{"stand"}},
		{"go together", daemon.ExitUsage, []string{"--demo", "--data", dir, "--tls-cert", "x"}},
		{"not postgres://", daemon.ExitUsage, []string{"--demo", "--data", dir, "--database", "mysql://x"}},
		{"not host:port", daemon.ExitUsage, []string{"--demo", "--data", dir, "--listen", "x"}},
		{"--fee is between", daemon.ExitUsage, []string{"--demo", "--data", dir, "--fee", "-1"}},
		{"review list", daemon.ExitUsage, []string{"review", "approve", "--data", dir}},
		{"is not a network", daemon.ExitUsage, []string{"--demo", "--data", dir, "--proxies", "x"}},
		{"--origin: ", daemon.ExitUsage, []string{"--demo", "--data", dir, "--origin", "ca.example"}},
		{"end it or name another port", daemon.ExitFailed, []string{"--demo", "--data", dir, "--listen", taken.Addr().String()}},
		{"--tls-key " + short + ".none: ", daemon.ExitFailed, []string{"--demo", "--data", dir, "--listen", "127.0.0.1:0", "--tls-cert", short, "--tls-key", short + ".none"}},
		{"--platforms ", daemon.ExitFailed, []string{"--demo", "--data", dir, "--listen", "127.0.0.1:0", "--platforms", broken + ".none"}},
		{"platforms.json", daemon.ExitFailed, []string{"--demo", "--data", dir, "--listen", "127.0.0.1:0", "--platforms", broken}},
		{`mistyped.json: json: unknown field "origins"`, daemon.ExitFailed, []string{"--demo", "--data", dir, "--listen", "127.0.0.1:0", "--platforms", mistyped}},
		{"there is no mobile CA", daemon.ExitFailed, []string{"audit", "verify", "--data", dir + "/nowhere"}},
		{"there is no mobile CA", daemon.ExitFailed, []string{"review", "list", "--data", dir + "/nowhere"}},
		{"no master key", daemon.ExitFailed, []string{"--demo", "--data", dir, "--listen", "127.0.0.1:0", "--master-key", short}},
		{"master.key", daemon.ExitFailed, []string{"review", "list", "--data", dir + "/nowhere", "--database", "postgres://127.0.0.1:1/none"}},
		{"no certificate authority", daemon.ExitFailed, []string{"review", "list", "--data", dir + "/nowhere", "--master-key", master, "--database", "postgres://127.0.0.1:1/none"}},
		{"database", daemon.ExitFailed, []string{"audit", "verify", "--data", dir + "/nowhere", "--database", "postgres://127.0.0.1:1/none"}},
	} {
		var out, errs bytes.Buffer
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second) // should it serve after all
		defer stop()
		if exit := program().Run(ctx, tt.args, &out, &errs); exit != tt.exit || !strings.Contains(errs.String(), tt.want) {
			t.Errorf("%q: %d, %s", tt.args, exit, &errs)
		}
	}
	if _, err := os.Stat(dir + "/nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a mobile CA was made where one was looked for: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
