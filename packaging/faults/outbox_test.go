//go:build linux && amd64

package faults_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/packaging/faults"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platformtest"
)

type outboxJob struct {
	Dir, URL, Lot, From string
	Key                 []byte   // PKCS #8
	Chain               [][]byte // DER
}

const pieceSize = 512

// from dials from a loopback address of its own: the platform counts logins by it.
func from(address string) *http.Transport {
	return &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}).DialContext}
}

var sources atomic.Int64

func source() string {
	n := sources.Add(1)
	return fmt.Sprintf("127.1.%d.%d", 1+n/250%250, 1+n%250)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func sealedFile() []byte {
	return platformtest.Seal(platformtest.PDF(string(bytes.Repeat([]byte("contract "), 150))), platformtest.Purchaser.USCC)
}

// requests bring a sealed contract to the platform.
func requests(lot string) []outbox.Request {
	id, file := platformapi.NewID(), sealedFile()
	r := outbox.Request{Org: platformtest.Purchaser.USCC, ContractID: id, Title: "合同"}
	create, seal, submit := r, r, r
	create.Op, create.New = outbox.OpCreate, platformapi.NewContract{ID: id, LotID: lot, Fields: platformapi.ContractFields{
		AmountFen: platformtest.AwardFen, TermDays: 30, SignedOn: "2026-03-24"}}
	seal.Op, seal.Upload = outbox.OpAttach, platformapi.Upload{ID: platformapi.NewID(), Kind: platformapi.KindFiling, Stage: platformapi.StageSealed,
		Name: "合同.pdf", Size: int64(len(file)), SHA256: digest(file), Content: bytes.NewReader(file)}
	submit.Op, submit.SHA256 = outbox.OpSubmit, digest(file)
	return []outbox.Request{create, seal, submit}
}

// send hands a contract over, once, and sends until nothing is left.
func send(ctx context.Context, b *outbox.Box, p platformapi.Changer, lot string, added func()) error {
	entries, err := b.Entries(ctx, "")
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		if entries, err = b.AddAll(ctx, requests(lot)); err != nil {
			return err
		}
	}
	added()
	inner, end := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		err := b.Run(inner, p, platformtest.Purchaser.USCC)
		done <- err
		end() // a journal that cannot be written ends the waiting, too
	}()
	_, err = b.Wait(inner, entries[len(entries)-1].ID)
	end()
	if ended := <-done; err != nil {
		err = errors.Join(err, ended)
	}
	return err
}

func outboxChild(in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var j outboxJob
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	key, err := x509.ParsePKCS8PrivateKey(j.Key)
	if err != nil {
		return err
	}
	chain, err := chainOf(j.Chain)
	if err != nil {
		return err
	}
	v, err := vault.Open(ctx, filepath.Join(j.Dir, "vault"), nil)
	if err != nil {
		return err
	}
	b, err := outbox.Open(ctx, filepath.Join(j.Dir, "outbox"), v, outbox.Options{Backoff: func(int) time.Duration { return 5 * time.Millisecond }})
	if err != nil {
		return err
	}
	p, err := client.Login(ctx, j.URL, key.(crypto.Signer), chain, client.Options{Transport: from(j.From), Piece: pieceSize})
	if err != nil {
		return err
	}
	return errors.Join(send(ctx, b, p, j.Lot, func() { fmt.Fprintln(out, "added") }), b.Close())
}

// A street is a platform with as many lots as are asked for.
type street struct {
	*platformtest.World
	lots    atomic.Int64
	auditor *client.Client
}

func newStreet(t *testing.T) *street {
	w := platformtest.NewWorld(t, folder(t), nil)
	return &street{World: w, auditor: w.Login(t, platformtest.Purchaser, client.Options{})}
}

// lot is one more lot.
func (s *street) lot(t *testing.T) string {
	t.Helper()
	id := fmt.Sprintf("street-%d", s.lots.Add(1))
	seed := platformtest.Seed(s.Clock.Now())
	l := seed.Lots[0]
	l.ID = id
	if err := s.Server.Import(t.Context(), platform.Seed{Organisations: seed.Organisations, Lots: []platform.Lot{l}}); err != nil {
		t.Fatal(err)
	}
	return id
}

// filedOnce fails unless the lot's contract came once, whole.
func (s *street) filedOnce(t *testing.T, id string) {
	t.Helper()
	c, err := patient(func() (platformapi.Contract, error) { return s.auditor.Contract(t.Context(), id) })
	if err != nil {
		t.Fatal(err)
	}
	steps := ""
	for _, r := range c.History {
		steps += string(r.Step) + " "
	}
	if steps != "create seal submit " || c.Summary.State != platformapi.StateAwaiting || len(c.Attachments) != 1 || c.Attachments[0].SHA256 != digest(sealedFile()) {
		t.Errorf("filed: %s, %s, %+v", steps, c.Summary.State, c.Attachments)
	}
}

// patient asks again while the platform has no time.
func patient[T any](ask func() (T, error)) (T, error) {
	for {
		v, err := ask()
		if !platformapi.Retryable(err) {
			return v, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// The outbox at every point of the disk: what it took is there, all of it or nothing, and is filed once.
func TestOutboxAtEveryPoint(t *testing.T) {
	s := newStreet(t)
	everyPoint(t, 61, []faults.Kind{faults.IOError, faults.Full, faults.Short, faults.Kill}, func(t *testing.T, point int, kind faults.Kind) string {
		dir := folder(t)
		who := s.CA.Issue(t, "ecdsa", platformtest.Purchaser) // a platform bounds how often a certificate logs in
		j := outboxJob{Dir: dir, URL: s.URL, Lot: s.lot(t), From: source(), Key: marshalKey(t, who.Key), Chain: [][]byte{who.Chain[0].Raw}}
		p, out, errs := program(t, "outbox", j, dir, point, kind)
		added := said(t, out)["added\n"]
		failed, err := p.Wait()
		if failed == "" && err != nil {
			t.Fatalf("without a fault: %v: %s", err, errs)
		}
		entries := look(t, dir)
		if len(entries) != 3 && (added || len(entries) != 0) {
			t.Errorf("%d entries, added: %t: %s", len(entries), added, errs)
		}
		for _, e := range entries {
			if e.State == outbox.Failed {
				t.Errorf("%s was refused: %s", e.Op, e.LastError)
			}
		}
		p, out, errs = program(t, "outbox", j, dir, 0, faults.None)
		said(t, out)
		if _, err := p.Wait(); err != nil {
			t.Fatalf("afterwards: %v: %s", err, errs)
		}
		s.filedOnce(t, look(t, dir)[0].ContractID)
		return failed
	})
}

// look opens the outbox as a program finds it afterwards.
func look(t *testing.T, dir string) []outbox.Entry {
	t.Helper()
	v, err := vault.Open(t.Context(), filepath.Join(dir, "vault"), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := outbox.Open(t.Context(), filepath.Join(dir, "outbox"), v, outbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := b.Entries(t.Context(), "")
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	return entries
}

// wire fails one call over HTTP.
type wire struct {
	next http.RoundTripper
	how  string
	left int
	what string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	cut := errors.New("the line is cut")
	w.left--
	if w.left != 0 {
		return w.next.RoundTrip(r)
	}
	w.what = r.Method + " " + r.URL.Path
	switch w.how {
	case "before":
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, cut
	case "within the request":
		if r.Body != nil && r.Body != http.NoBody {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			r = r.Clone(r.Context())
			r.Body, r.GetBody = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), stop{cut})), nil
		}
	}
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if w.how == "within the answer" {
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), stop{cut}))
		return resp, nil
	}
	_ = resp.Body.Close()
	return nil, cut
}

type stop struct{ err error }

func (s stop) Read([]byte) (int, error) { return 0, s.err }

// Every call over HTTP fails before it, within it, after it, and within its answer.
func TestOutboxAtEveryCall(t *testing.T) {
	s := newStreet(t)
	total := 0
	for _, how := range []string{"before", "within the request", "after", "within the answer"} {
		for n := 1; ; n++ {
			dir := folder(t)
			network := &wire{next: from(source()), how: how}
			who := s.CA.Issue(t, "ecdsa", platformtest.Purchaser) // a platform bounds how often a certificate logs in
			p, err := client.Login(t.Context(), s.URL, who.Key, who.Chain, client.Options{Transport: network, Piece: pieceSize})
			if err != nil {
				t.Fatal(err)
			}
			network.left = n
			v, err := vault.Open(t.Context(), filepath.Join(dir, "vault"), nil)
			if err != nil {
				t.Fatal(err)
			}
			b, err := outbox.Open(t.Context(), filepath.Join(dir, "outbox"), v, outbox.Options{Backoff: func(int) time.Duration { return time.Millisecond }})
			if err != nil {
				t.Fatal(err)
			}
			err = send(t.Context(), b, p, s.lot(t), func() {})
			entries, listErr := b.Entries(t.Context(), "")
			if err := errors.Join(err, listErr, b.Close()); err != nil {
				t.Fatalf("%s call %d, %s: %v", how, n, network.what, err)
			}
			s.filedOnce(t, entries[0].ContractID)
			if network.what == "" {
				break
			}
			total++
		}
	}
	fmt.Printf("%s: %d faults\n", t.Name(), total)
	if total < 4*8 {
		t.Errorf("only %d calls were failed", total)
	}
}
