package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/platformapi/platform/blobs/blobstest"
	"sealdesk/platformapi/web/sqldb/pgtest"
	"sealdesk/signer/pdf/pdftest"
)

// The two manuals' ways, from both sides, while a server is killed in the middle: nothing is lost, and every contract is
// concluded once.

func TestManualsWithSQLiteKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	r := newRealm(t, 4)
	p := &proxy{}
	front := httptest.NewServer(p)
	defer front.Close()
	args := []string{"--data", filepath.Join(r.dir, "data"), "--roots", r.rootsFile, "--seed", r.seedFile, "--origin", front.URL, "--proxies", "127.0.0.0/8"}
	first := startServer(t, freeAddress(t), args...)
	p.set(first.address)
	killed := make(chan struct{})
	p.after = once(15, func() {
		defer close(killed)
		if err := first.kill(); err != nil {
			t.Error(err)
		}
		p.set(startServer(t, freeAddress(t), args...).address)
	})
	playManuals(t, r, front.URL)
	<-killed
	checkTrail(t, "--data", filepath.Join(r.dir, "data"))
}

func TestManualsWithTwoServersOneKilled(t *testing.T) {
	pg := pgtest.Shared(t)
	r := newRealm(t, 6)
	p := &proxy{}
	front := httptest.NewServer(p)
	defer front.Close()
	database, bucket := pg.Database(t), blobstest.Server(t)
	var both []*server
	for i := range 2 {
		both = append(both, startServer(t, freeAddress(t), "--data", filepath.Join(r.dir, fmt.Sprint("scratch", i)), "--database", database, "--blobs", bucket,
			"--roots", r.rootsFile, "--seed", r.seedFile, "--origin", front.URL, "--proxies", "127.0.0.0/8"))
	}
	p.set(both[0].address, both[1].address)
	killed := make(chan struct{})
	p.after = once(25, func() {
		defer close(killed)
		if err := both[0].kill(); err != nil {
			t.Error(err)
		}
	})
	playManuals(t, r, front.URL)
	<-killed
	checkTrail(t, "--data", filepath.Join(r.dir, "scratch1"), "--database", database, "--blobs", bucket)
	if code, err := both[1].stop(); code != 0 || err != nil {
		t.Errorf("the other server ended with %d, %v", code, err)
	}
	for i, s := range both {
		if n := strings.Count(s.log.String(), `"operation":"AgreeContract"`); n == 0 && i == 1 {
			t.Errorf("server %d concluded no contract", i)
		}
		if strings.Contains(s.log.String(), "Bearer") || strings.Contains(s.log.String(), blobstest.Secret) {
			t.Errorf("server %d logs a secret", i)
		}
	}
}

// once calls f in the background when the n-th change was made.
func once(n int64, f func()) func(int64) {
	return func(changes int64) {
		if changes == n {
			go f()
		}
	}
}

func checkTrail(t *testing.T, storage ...string) {
	t.Helper()
	var out, complaint bytes.Buffer
	if code := program().Run(t.Context(), append([]string{"audit", "verify"}, storage...), &out, &complaint); code != 0 {
		t.Errorf("audit verify: %d, %s", code, complaint.String())
	}
}

// side is an organisation at its desk: changes go by the outbox, which repeats them.
type side struct {
	person
	platformapi.Platform
	dir string
}

func newSide(t *testing.T, ctx context.Context, r *realm, who person, uscc, url string) *side {
	t.Helper()
	s := &side{person: who, dir: t.TempDir()}
	c, err := client.New(url, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := again(ctx, func() error { _, err := c.Login(ctx, who.key, who.chain); return err }); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(ctx, filepath.Join(s.dir, "vault"), nil)
	if err != nil {
		t.Fatal(err)
	}
	box, err := outbox.Open(ctx, filepath.Join(s.dir, "outbox"), v, outbox.Options{Backoff: func(int) time.Duration { return 30 * time.Millisecond }})
	if err != nil {
		t.Fatal(err)
	}
	inner, end := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- box.Run(inner, c, uscc) }()
	t.Cleanup(func() {
		end()
		<-done
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Platform = box.Through(c, uscc)
	return s
}

// again repeats what may succeed when it is repeated.
func again(ctx context.Context, f func() error) error {
	for {
		err := f()
		if err == nil || !platformapi.Retryable(err) || ctx.Err() != nil {
			return err
		}
		time.Sleep(30 * time.Millisecond)
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// contract is one as a side last saw it.
type contract struct {
	*side
	c platformapi.Contract
}

func (x *contract) change() platformapi.Change {
	return platformapi.Change{Key: platformapi.NewID(), ContractID: x.c.Summary.ID, Version: x.c.Summary.Version}
}

func (x *contract) did(out platformapi.Outcome, err error) error {
	if err == nil {
		x.c = out.Contract
	}
	return err
}

func (x *contract) look(ctx context.Context, id string) error {
	return again(ctx, func() error {
		var err error
		x.c, err = x.Contract(ctx, id)
		return err
	})
}

func (x *contract) put(ctx context.Context, file []byte) error {
	return x.did(x.PutAttachment(ctx, x.change(), platformapi.Upload{ID: platformapi.NewID(), Kind: platformapi.KindFiling, Stage: platformapi.StageSealed,
		Name: "合同.pdf", Size: int64(len(file)), SHA256: digest(file), Content: bytes.NewReader(file)}))
}

// offer is the first manual: a contract is begun, filled in, sealed and submitted.
func (x *contract) offer(ctx context.Context, lot string, pages int) error {
	id := platformapi.NewID()
	if err := x.did(x.Create(ctx, platformapi.Change{Key: platformapi.NewID()}, platformapi.NewContract{ID: id, LotID: lot})); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	fields := platformapi.ContractFields{Number: "HT-" + lot, Name: "教学设备采购合同", AmountFen: 111100, TermDays: 90, SignedOn: "2026-11-24"}
	if err := x.did(x.SaveFields(ctx, x.change(), fields)); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	return x.sealAndSubmit(ctx, pages)
}

func (x *contract) sealAndSubmit(ctx context.Context, pages int) error {
	file, err := x.sign(ctx, x.dir, pdftest.Document(pdftest.Options{Pages: pages}))
	if err != nil {
		return err
	}
	if err := x.put(ctx, file); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if err := x.did(x.Submit(ctx, x.change(), digest(file))); err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	return nil
}

// answer is the second manual: what was submitted is fetched, sealed and agreed to.
func (x *contract) answer(ctx context.Context, id string) error {
	if err := x.look(ctx, id); err != nil {
		return fmt.Errorf("look: %w", err)
	}
	var sent platformapi.Attachment
	for _, a := range x.c.Attachments {
		if a.Current && a.Stage == platformapi.StageSealed {
			sent = a
		}
	}
	var path string
	if err := again(ctx, func() error {
		var err error
		path, err = x.Download(ctx, id, sent, x.dir)
		return err
	}); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	both, err := x.sign(ctx, x.dir, file)
	if err != nil {
		return err
	}
	if err := x.put(ctx, both); err != nil {
		return fmt.Errorf("countersign: %w", err)
	}
	if err := x.did(x.Agree(ctx, x.change(), digest(both), "同意")); err != nil {
		return fmt.Errorf("agree: %w", err)
	}
	return nil
}

// playManuals concludes a contract of every lot: begun by the purchaser or by the supplier in turn, one in four refused first.
func playManuals(t *testing.T, r *realm, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	buyer := newSide(t, ctx, r, r.person(t, r.buyer), r.buyer.USCC, url)
	seller := newSide(t, ctx, r, r.person(t, r.seller), r.seller.USCC, url)
	var concluded atomic.Int64
	var all sync.WaitGroup
	for i, lot := range r.lots {
		starter, other := &contract{side: buyer}, &contract{side: seller}
		if i%2 == 1 {
			starter.side, other.side = seller, buyer
		}
		all.Go(func() {
			err := starter.offer(ctx, lot, i+1)
			id := starter.c.Summary.ID
			steps := "create save seal submit view countersign agree"
			if i%4 == 2 && err == nil {
				steps = "create save seal submit view refuse seal submit view countersign agree"
				err = errors.Join(other.look(ctx, id), other.did(other.Refuse(ctx, other.change(), "第三条金额有误")), starter.look(ctx, id), starter.sealAndSubmit(ctx, i+1))
			}
			if err == nil {
				err = other.answer(ctx, id)
			}
			if err == nil {
				err = starter.look(ctx, id)
			}
			if err != nil {
				t.Errorf("%s: %v", lot, err)
				return
			}
			var got []string
			for _, row := range starter.c.History {
				got = append(got, string(row.Step))
			}
			if strings.Join(got, " ") != steps || starter.c.Summary.State != platformapi.StateConcluded {
				t.Errorf("%s: %s %v", lot, starter.c.Summary.State, got)
			}
			if err := platformapi.CheckHistory(id, starter.c.History); err != nil {
				t.Error(err)
			}
			concluded.Add(1)
		})
	}
	all.Wait()
	for _, s := range []*side{buyer, seller} {
		var page platformapi.ContractPage
		if err := again(ctx, func() error {
			var err error
			page, err = s.Contracts(ctx, platformapi.ContractQuery{Limit: 100})
			return err
		}); err != nil || len(page.Items) != len(r.lots) {
			t.Errorf("%d contracts of %d lots, %v", len(page.Items), len(r.lots), err)
		}
	}
	if concluded.Load() != int64(len(r.lots)) {
		t.Errorf("%d of %d contracts were concluded", concluded.Load(), len(r.lots))
	}
}
