package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"
	"github.com/rogpeppe/go-internal/testscript"

	"sealdesk/assets"
	"sealdesk/signer/cleancopy/apart"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/preview/previewtest"
	"sealdesk/signer/tsa"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
)

// sharedCache is the cache folder of all tests of this package.
var sharedCache string

func TestMain(m *testing.M) {
	if apart.Asked(os.Args[1:]) {
		os.Exit(start())
	}
	status, err := test(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// test runs the tests with the program in their path, as it is built for people: it is started hundreds of times, each of which
// takes a second under the race detector. What it works with has that in its own tests.
func test(m *testing.M) (status int, err error) {
	dir, err := os.MkdirTemp("", "sealctl-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	sharedCache = filepath.Join(dir, "cache")
	if err := previewtest.Lend(filepath.Join(sharedCache, "sealdesk")); err != nil {
		return 0, err
	}
	bin := filepath.Join(dir, "bin")
	if out, err := exec.Command("go", "build", "-o", bin+string(filepath.Separator), ".").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	if err := os.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH")); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

func TestScripts(t *testing.T) {
	t.Parallel()
	server, skf := softkeytest.Start(t, softkey.SKFLongmai)
	for _, serial := range []string{"KEY1", "KEY2"} { // scripts run beside each other, and change PINs
		if _, err := server.Add(softkey.DeviceOptions{Label: "key", Serial: serial, PIN: []byte("246810")}); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// SoftHSM2 is told where this script's tokens are; SKF is a library with two keys behind it.
			if err := os.Mkdir(filepath.Join(e.WorkDir, "tokens"), 0o700); err != nil {
				return err
			}
			conf := filepath.Join(e.WorkDir, "softhsm.conf")
			if err := os.WriteFile(conf, []byte("directories.tokendir = "+filepath.Join(e.WorkDir, "tokens")+"\n"), 0o600); err != nil {
				return err
			}
			e.Setenv("SOFTHSM2_CONF", conf)
			e.Setenv("SKF", skf)
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "data"))
			e.Setenv("XDG_CACHE_HOME", sharedCache)
			e.Setenv("LC_ALL", "en_US.UTF-8")
			e.Setenv("NO_COLOR", "1")
			// An editor of another account must not read a PIN; git keeps no such mode.
			for name, pin := range map[string]string{"pin": "246810\n", "wrong": "000000\n", "pin2": "135791"} {
				if err := os.WriteFile(filepath.Join(e.WorkDir, name), []byte(pin), 0o600); err != nil {
					return err
				}
			}
			five := pdftest.Document(pdftest.Options{Pages: 5})
			if err := os.WriteFile(filepath.Join(e.WorkDir, "five.pdf"), five, 0o600); err != nil {
				return err
			}
			fields := pdftest.Fields(pdftest.Options{}, pdf.Dict{"SV": pdf.Dict{"Ff": pdf.Integer(8), "Reasons": pdf.Array{pdf.TextString("合同签章")}}})
			if err := os.WriteFile(filepath.Join(e.WorkDir, "fields.pdf"), fields, 0o600); err != nil {
				return err
			}
			for name, text := range map[string]string{"page.pdf": "SIGN HERE", "other.pdf": "SEAL HERE"} {
				if err := os.WriteFile(filepath.Join(e.WorkDir, name), pagePDF(text), 0o600); err != nil {
					return err
				}
			}
			return os.WriteFile(filepath.Join(e.WorkDir, "sample.docx"), assets.SampleContract(), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": wantStatus, "flip": flip, "mode": wantMode, "unpack": unpack, "nowhere": nowhere,
			"stamper": stamper, "archive": archive, "revoke": revoke,
		},
	})
}

// wantStatus runs a command that must end with one exit status: status 3 sealctl sign ...
func wantStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// stamper starts a time-stamp service whose certificate is of an authority, and says where in a variable: stamper VAR folder
func stamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: stamper VAR folder")
	}
	authority, err := ca.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	var config tsa.AuthorityConfig
	config.Policy = []int{1, 3, 6, 1, 4, 1, 32473, 1}
	for _, alg := range []ca.Algorithm{ca.ECDSA, ca.SM2} {
		key, err := ca.GenerateKey(alg)
		ts.Check(err)
		cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "Test TSA"}, PublicKey: key.Public(), Usage: token.UsageSign, Purpose: ca.ForTimeStamps})
		ts.Check(err)
		config.Pairs = append(config.Pairs, tsa.Pair{Key: key, Chain: []*smx509.Certificate{cert}})
	}
	service, err := tsa.NewAuthority(config)
	ts.Check(err)
	server := httptest.NewServer(stamping(service))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// stamping serves a time-stamp service.
func stamping(service *tsa.Authority) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(io.LimitReader(r.Body, tsa.MaxRequest))
		if err != nil {
			return // the asker finds no answer
		}
		answer, err := service.Stamp(r.Context(), query)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
		w.Header().Set("Content-Type", tsa.AnswerType)
		_, _ = w.Write(answer)
	})
}

// flip changes one bit of a file: flip file offset. A negative offset counts from the end.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip file offset")
	}
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 1
	ts.Check(os.WriteFile(path, data, 0o600))
}

// pagePDF is a document of one A4 page with one line of text.
func pagePDF(text string) []byte {
	content := "BT /F1 18 Tf 200 400 Td (" + text + ") Tj ET"
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return b.Bytes()
}

// called is what a call of the program printed, and its exit status.
type called struct {
	out, err string
	status   int
}

// program is the program, in Chinese, with its folders in home.
func program(ctx context.Context, home string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sealctl", args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=zh_CN.UTF-8", "SEALDESK_KEYRING=file", "HOME=" + home,
		"XDG_DATA_HOME=" + filepath.Join(home, "data"), "XDG_CACHE_HOME=" + sharedCache}
	return cmd
}

// ended runs a program to its end and gives its exit status.
func ended(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// call runs the program to its end.
func call(t *testing.T, home string, args ...string) called {
	t.Helper()
	return finish(t, program(t.Context(), home, args...))
}

func finish(t *testing.T, cmd *exec.Cmd) called {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	status := ended(t, cmd)
	return called{out.String(), errs.String(), status}
}

// must is call for what has to go well.
func must(t *testing.T, home string, args ...string) string {
	t.Helper()
	c := call(t, home, args...)
	if c.status != statusDone {
		t.Fatalf("sealctl %s: exit status %d\n%s%s", strings.Join(args, " "), c.status, c.out, c.err)
	}
	return c.out
}

// judge runs a program that judges our work independently.
func judge(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is not here; packaging/deps.sh test installs it", name)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
