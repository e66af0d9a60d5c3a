package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/daemon"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/web/sqldb/pgtest"
	"sealdesk/signer/tsa"
	"sealdesk/token"
	"sealdesk/token/ca"
)

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"--data", "x"},
		{"--data", "x", "--roots", "y", "more"},
		{"--data", "x", "--roots", "y", "--listen", "0.0.0.0:1"},
		{"--data", "x", "--roots", "y", "--listen", ":1"},
		{"--data", "x", "--roots", "y", "--listen", "1"},
		{"--data", "x", "--roots", "y", "--tls-cert", "z"},
		{"--data", "x", "--roots", "y", "--tsa-keys", "z"},
		{"--data", "x", "--roots", "y", "--tsa-policy", "1.2.3"},
		{"--data", "x", "--roots", "y", "--order", "both_at_once"},
		{"--unknown"},
		{"unknown"},
		{"--data", "x", "--roots", "y", "--database", "mysql://z"},
		{"--data", "x", "--roots", "y", "--blobs", "https://z"},
		{"--data", "x", "--roots", "y", "--proxies", "10.0.0.1"},
		{"--data", "x", "--roots", "y", "--log", "xml"},
		{"--data", "x", "--roots", "y", "--origin", "contracts.example"},
		{"--data", "x", "--roots", "y", "--tls-cert", "z", "--tls-key", "z", "--listen", ":8443"},
		{"--data", "x", "--roots", "y", "--tls-cert", "z", "--tls-key", "z", "--listen", "[::]:8443"},
		{"--data", "x", "--roots", "y", "--origin", "https://contracts.example,https://contracts.example/path"},
		{"backup", "--data", "x"},
		{"backup", "there"},
		{"restore", "a", "b", "--data", "x"},
		{"audit", "--data", "x"},
		{"audit", "forge", "--data", "x"},
	} {
		var stderr bytes.Buffer
		if code := program().Run(t.Context(), args, io.Discard, &stderr); code != daemon.ExitUsage || stderr.Len() == 0 {
			t.Errorf("%v: exit %d, %q", args, code, stderr.String())
		}
	}
}

// Who only looks at a platform makes none where a folder was mistyped.
func TestLookingMakesNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "nowhere")
	for _, more := range [][]string{nil, {"--database", "postgres://127.0.0.1:1/none"}} {
		for _, verb := range [][]string{{"audit", "verify"}, {"backup", data + ".copy"}} {
			args := append(append(verb, "--data", data), more...)
			var stderr bytes.Buffer
			if code := program().Run(t.Context(), args, io.Discard, &stderr); code != daemon.ExitFailed || !strings.Contains(stderr.String(), "there is no platform in "+data) {
				t.Errorf("%v: exit %d, %s", args, code, &stderr)
			}
			if _, err := os.Stat(data); err == nil {
				t.Fatalf("%v made a folder", args)
			}
		}
	}
}

// What is wrong with a file or an address is told with the flag that names it.
func TestTroubleNamesItsFlag(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	roots, empty, none := file("roots.pem", string(rootsPEM(authority))), file("empty.pem", ""), filepath.Join(dir, "none")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--roots", none}, "--roots " + none + ": "},
		{[]string{"--roots", empty}, "--roots " + empty + ": "},
		{[]string{"--roots", roots, "--makers", empty}, "--makers " + empty + ": "},
		{[]string{"--roots", roots, "--listen", taken.Addr().String()}, "end it or name another port"},
		{[]string{"--roots", roots, "--admin", taken.Addr().String()}, "--admin " + taken.Addr().String() + ": "},
		{[]string{"--roots", roots, "--tls-cert", roots, "--tls-key", none}, "--tls-key " + none + ": "},
		{[]string{"--roots", roots, "--tls-cert", empty, "--tls-key", empty}, "--tls-cert " + empty + ", --tls-key " + empty + ": "},
		{[]string{"--roots", roots, "--seed", none}, "--seed " + none + ": "},
		{[]string{"--roots", roots, "--seed", file("seed.json", `{"lotts": []}`)}, `"lotts"`},
		{[]string{"--roots", roots, "--seed", file("two.json", `{}{}`)}, "something follows"},
		{[]string{"--roots", roots, "--calendar", file("years.json", `{"yeers": []}`)}, "--calendar " + filepath.Join(dir, "years.json") + ": "},
		{[]string{"--roots", roots, "--terms", none}, "--terms " + none + ": "},
		{[]string{"--roots", roots, "--templates", none}, "--templates " + none + ": "},
		{[]string{"--roots", roots, "--data", filepath.Dir(file("platform.db", strings.Repeat("no database ", 100)))}, filepath.Join(dir, "platform.db") + ": "},
	} {
		var stderr bytes.Buffer
		args := append([]string{"--data", filepath.Join(t.TempDir(), "data"), "--listen", "127.0.0.1:0"}, tt.args...)
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second) // should it serve after all
		defer stop()
		if code := program().Run(ctx, args, io.Discard, &stderr); code != daemon.ExitFailed || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%v: exit %d, %s", tt.args, code, &stderr)
		}
	}
}

// A second server is kept from a folder with a SQLite file, is told whose it is, and may have it when the first one is gone, however
// that ended; a backup and a look at the trail go on beside it. Over a database of its own the folder is free.
func TestAFolderIsOneServersAlone(t *testing.T) {
	r := newRealm(t, 1)
	data := filepath.Join(r.dir, "data")
	args := []string{"--data", data, "--roots", r.rootsFile}
	first := startServer(t, freeAddress(t), args...)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second) // should it serve after all
	defer stop()
	var stderr bytes.Buffer
	code := program().Run(ctx, append(args, "--listen", "127.0.0.1:0"), io.Discard, &stderr)
	if said := stderr.String(); code != daemon.ExitFailed || !strings.Contains(said, "--data "+data+": ") || !strings.Contains(said, fmt.Sprintf("process %d)", first.cmd.Process.Pid)) {
		t.Errorf("exit %d, %s", code, said)
	}
	ask(t, 0, "backup", filepath.Join(r.dir, "backup"), "--data", data)
	ask(t, 0, "audit", "verify", "--data", data)
	startServer(t, freeAddress(t), append(args, "--database", pgtest.Shared(t).Database(t))...)
	if err := first.kill(); err != nil {
		t.Fatal(err)
	}
	startServer(t, freeAddress(t), args...)
}

// The example of the package is taken as it is.
func TestExampleOfASeed(t *testing.T) {
	r := newRealm(t, 0)
	startServer(t, freeAddress(t), "--data", filepath.Join(r.dir, "data"), "--roots", r.rootsFile, "--seed", "../../packaging/linux/lots.json")
}

func TestStampersKeysAreChecked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tsa.pem")
	if err := os.WriteFile(file, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ files, policy, want string }{
		{file, "1.2.3", file}, {file + ".none", "1.2.3", "none"}, {file, "a.b", "not an OID"}, {file, "9.9.9", "--tsa-policy"}, {file, "1", "--tsa-policy"},
		{file, "1.99999999999", "not an OID"},
	} {
		if _, err := stamper(tt.files, tt.policy); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v", tt, err)
		}
	}
}

func TestServesAndEnds(t *testing.T) {
	dir := t.TempDir()
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	rootsFile, seedFile := filepath.Join(dir, "roots.pem"), filepath.Join(dir, "seed.json")
	roots := rootsPEM(authority)
	seed, err := json.Marshal(platformtest.Seed(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{rootsFile: roots, seedFile: seed} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key, err := ca.GenerateKey(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	cert, _, err := authority.IssuePair(ca.Subject{Name: platformtest.Purchaser.Name, USCC: platformtest.Purchaser.USCC, Handler: "张三"}, key.Public(), key.Public())
	if err != nil {
		t.Fatal(err)
	}

	tsaFile := filepath.Join(dir, "tsa.pem")
	tsaKey, err := ca.GenerateKey(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	tsaCert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "TSA"}, PublicKey: tsaKey.Public(), Usage: token.UsageSign, Purpose: ca.ForTimeStamps})
	if err != nil {
		t.Fatal(err)
	}
	tsaPEM, err := tsa.Pair{Key: tsaKey, Chain: []*smx509.Certificate{tsaCert}}.MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tsaFile, tsaPEM, 0o600); err != nil {
		t.Fatal(err)
	}

	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	years := write("years.json", `{"years": [{"year": 2027, "source": "notice", "off": ["2027-01-01"], "work": ["2027-01-03"]}]}`)
	terms := write("terms.json", `{"version": "next", "as_of": "2027-01-01", "items": []}`)
	write("templates.json", `[{"id": "goods", "name": "Goods", "file": "goods.pdf"}]`)
	write("goods.pdf", "%PDF-1.7 template")

	admin := freeAddress(t)
	var log bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- program().Run(ctx, []string{"--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--roots", rootsFile, "--seed", seedFile,
			"--tsa-keys", tsaFile, "--tsa-policy", "1.3.6.1.4.1.32473.1", "--audit-key", tsaFile, "--admin", admin, "--log", "json", "--drain", "300ms",
			"--order", "review_first", "--calendar", years, "--terms", terms, "--templates", dir}, in, &log)
	}()
	line := make([]byte, 100)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(string(line[:n]))
	get := func(url string) (int, string) {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	for _, page := range []string{url + "/healthz", url + "/readyz", "http://" + admin + "/healthz", "http://" + admin + "/readyz"} {
		if status, _ := get(page); status != http.StatusNoContent {
			t.Errorf("%s: %d", page, status)
		}
	}
	if status, _ := get(url + "/metrics"); status != http.StatusNotFound {
		t.Errorf("the public sees the metrics: %d", status)
	}
	c, err := client.Login(t.Context(), url, key, append(authority.Roots()[:0:0], cert), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if y, err := c.Calendar(t.Context(), 2027); err != nil || y.State != platformapi.CalendarDeclared || len(y.Work) != 1 {
		t.Errorf("2027: %+v, %v", y, err)
	}
	if y, err := c.Calendar(t.Context(), 2026); err != nil || y.State != platformapi.CalendarDeclared {
		t.Errorf("2026: %+v, %v", y, err)
	}
	if x, err := c.Terms(t.Context()); err != nil || x.Version != "next" {
		t.Errorf("terms: %+v, %v", x, err)
	}
	if l, err := c.Templates(t.Context()); err != nil || len(l) != 1 || l[0].File != "goods.pdf" {
		t.Errorf("templates: %+v, %v", l, err)
	}
	if lots, err := c.Lots(t.Context(), ""); err != nil || len(lots) != 4 || lots[0].Order != platformapi.OrderReviewFirst {
		t.Errorf("lots %v, %v", lots, err)
	}
	if l, err := c.Tenders(t.Context(), platformapi.TenderQuery{}); err != nil || len(l.Items) != 0 {
		t.Errorf("tenders: %+v, %v", l, err)
	}
	for _, name := range []string{"bids-sm2.pem", "bids-rsa.pem"} { // which the first start made
		if info, err := os.Stat(filepath.Join(dir, "data", name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, err)
		}
	}
	digest := sm3.Sum([]byte("content"))
	stamps := tsa.Client{URL: url + "/tsa", Roots: authority.Roots()}
	if token, err := stamps.Stamp(t.Context(), tsa.Imprint{Hash: "SM3", Digest: digest[:]}); err != nil || token.Policy.String() != "1.3.6.1.4.1.32473.1" {
		t.Errorf("%v, %v", token, err)
	}
	status, text := get("http://" + admin + "/metrics")
	for _, want := range []string{`sealdesk_requests_total{operation="ListLots",status="200"} 1`, `sealdesk_request_seconds_bucket{operation="Login"`,
		`sealdesk_jobs_total{job="expire",result="ok"} 1`, "process_resident_memory_bytes"} {
		if status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("metrics (%d) without %s:\n%s", status, want, text)
		}
	}
	stop()
	for until := time.Now().Add(250 * time.Millisecond); ; time.Sleep(5 * time.Millisecond) { // it drains
		if status, _ := get(url + "/readyz"); status == http.StatusServiceUnavailable {
			break
		} else if time.Now().After(until) {
			t.Fatal("it does not say that it drains")
		}
	}
	if code := <-done; code != 0 {
		t.Errorf("exit %d", code)
	}
	for line := range strings.Lines(log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %s", line)
		}
	}
	if !strings.Contains(log.String(), `"operation":"Login"`) || !strings.Contains(log.String(), `"uscc":"`+platformtest.Purchaser.USCC) || strings.Contains(log.String(), "Bearer") {
		t.Errorf("log: %s", log.String())
	}
	if _, err := c.Now(t.Context()); err == nil {
		t.Error("it still answers")
	}
}
