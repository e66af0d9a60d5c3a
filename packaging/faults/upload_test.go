//go:build linux && amd64

package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/packaging/faults"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/web"
)

type platformJob struct {
	Dir, Listen string
	Root        []byte // DER
	Lots        int
}

// platformChild is a platform.
func platformChild(in io.Reader, out io.Writer) error {
	var j platformJob
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	root, err := smx509.ParseCertificate(j.Root)
	if err != nil {
		return err
	}
	pool := smx509.NewCertPool()
	pool.AddCert(root)
	listener, err := net.Listen("tcp", j.Listen)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	url := "http://" + listener.Addr().String()
	p, err := platform.New(context.Background(), platform.Config{Dir: j.Dir, Judge: platformtest.PaperJudge{}, Roots: pool, Origins: []string{url}, Log: log})
	if err != nil {
		return err
	}
	seed := platformtest.Seed(time.Now())
	l := seed.Lots[0]
	seed.Lots = nil
	for i := range j.Lots {
		l.ID = fmt.Sprintf("lot-%d", i)
		seed.Lots = append(seed.Lots, l)
	}
	if err := p.Import(context.Background(), seed); err != nil {
		return err
	}
	fmt.Fprintln(out, url)
	return web.NewServer(p.Handler(), log).Serve(listener)
}

// The platform at every point of an upload in pieces: the file is attached once, and is whole, when the client has its
// receipt; before that it asks again.
func TestUploadAtEveryPoint(t *testing.T) {
	file := sealedFile()
	everyPoint(t, 23, []faults.Kind{faults.IOError, faults.Full, faults.Short, faults.Kill}, func() func(t *testing.T, point int, kind faults.Kind) string {
		type running struct {
			program *faults.Program
			client  *client.Client
			job     platformJob
			dir     string
			lots    int
		}
		servers := map[faults.Kind]*running{}
		for _, kind := range []faults.Kind{faults.IOError, faults.Full, faults.Short, faults.Kill} {
			ca := platformtest.NewCA(t, "ecdsa")
			who := ca.Issue(t, "ecdsa", platformtest.Purchaser)
			r := &running{dir: folder(t), job: platformJob{Listen: "127.0.0.1:0", Root: ca.Certificate().Raw, Lots: 400}}
			r.job.Dir = r.dir
			p, out, errs := program(t, "platform", r.job, r.dir, 0, faults.None)
			url, err := out.ReadString('\n')
			if err != nil {
				t.Fatalf("%v: %s", err, errs)
			}
			r.program, r.job.Listen = p, strings.TrimPrefix(strings.TrimSpace(url), "http://")
			if r.client, err = client.Login(t.Context(), strings.TrimSpace(url), who.Key, who.Chain, client.Options{Piece: pieceSize}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { r.program.Stop() })
			servers[kind] = r
		}
		return func(t *testing.T, point int, kind faults.Kind) string {
			r := servers[kind]
			p := r.client
			id := platformapi.NewID()
			lot := fmt.Sprintf("lot-%d", r.lots)
			r.lots++
			out, err := patient(func() (platformapi.Outcome, error) {
				return p.Create(t.Context(), platformapi.Change{Key: id}, platformapi.NewContract{ID: id, LotID: lot})
			})
			if err != nil {
				t.Fatal(err)
			}
			u := platformapi.Upload{ID: platformapi.NewID(), Kind: platformapi.KindFiling, Stage: platformapi.StageSealed, Name: "合同.pdf",
				Size: int64(len(file)), SHA256: digest(file), Content: bytes.NewReader(file)}
			change := platformapi.Change{Key: u.ID, ContractID: id, Version: out.Contract.Summary.Version}
			r.program.Arm(point, kind)
			_, err = p.PutAttachment(t.Context(), change, u)
			for platformapi.IsCode(err, platformapi.CodeRateLimited) && r.program.Failed() == "" { // nothing was done yet
				time.Sleep(50 * time.Millisecond)
				_, err = p.PutAttachment(t.Context(), change, u)
			}
			if err != nil && !platformapi.Retryable(err) {
				t.Errorf("refused: %v", err)
			}
			failed := r.program.Failed()
			r.program.Arm(0, faults.None)
			if kind == faults.Kill && failed != "" {
				r.program.Stop()
				r.program = again(t, r.job, r.dir)
			}
			out, err = patient(func() (platformapi.Outcome, error) { return p.PutAttachment(t.Context(), change, u) })
			if err != nil {
				t.Fatal(err)
			}
			if a := out.Contract.Attachments; len(a) != 1 || a[0].ID != u.ID || out.Receipt.SHA256 != u.SHA256 {
				t.Errorf("attached: %+v", a)
			}
			c, err := patient(func() (platformapi.Contract, error) { return p.Contract(t.Context(), id) })
			if err != nil || len(c.Attachments) != 1 || len(c.History) != 2 {
				t.Errorf("%+v, %v", c.History, err)
			}
			path, err := patient(func() (string, error) { return p.Download(t.Context(), id, c.Attachments[0], t.TempDir()) })
			if err != nil || path == "" {
				t.Errorf("the file: %v", err)
			}
			return failed
		}
	}())
}

// again starts a platform where another one was killed.
func again(t *testing.T, j platformJob, dir string) *faults.Program {
	t.Helper()
	p, out, errs := program(t, "platform", j, dir, 0, faults.None)
	if _, err := out.ReadString('\n'); err != nil {
		t.Fatalf("%v: %s", err, errs)
	}
	return p
}
