package hall

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/signer/bid"
	"sealdesk/signer/envelope"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca"
	"sealdesk/token/soft"
)

const (
	rightPIN = "123456"
	wrongPIN = "654321"
	pinTries = 3
)

// scripted is a platform that fails as it is told: what a real one cannot be made to do at a wanted moment. The opening itself is
// played against the real platform elsewhere.
type scripted struct {
	mu      sync.Mutex
	tender  platformapi.Tender
	bids    []platformapi.Bid
	secrets map[string][]byte
	inner   map[string][]byte
	told    []platformapi.Failure
	reads   int
	changed func()
	verdict *platformapi.Failure // of the next decryption
	fail    map[string]error     // of the next call, by name
	record  []byte
	conduct []platformapi.OpeningAct
	backups int
}

func (p *scripted) failing(call string) error {
	err := p.fail[call]
	delete(p.fail, call)
	return err
}

func (p *scripted) Now(context.Context) (time.Time, error) { return time.Now(), nil }

func (p *scripted) Tender(context.Context, string) (platformapi.Tender, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reads++
	return p.tender, p.failing("tender")
}

func (p *scripted) TenderBids(context.Context, string) ([]platformapi.Bid, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.bids), p.failing("bids")
}

func (p *scripted) WatchTender(ctx context.Context, _ string, _ func(platformapi.TenderEvent), reset func()) error {
	p.mu.Lock()
	p.changed = reset
	p.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

func (p *scripted) Conduct(_ context.Context, c platformapi.TenderChange, act platformapi.OpeningAct) (platformapi.Tender, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Key == "" || c.Version != p.tender.Version {
		return platformapi.Tender{}, errors.New("stale")
	}
	p.conduct = append(p.conduct, act)
	p.tender.Version++
	return p.tender, p.failing("conduct")
}

func (p *scripted) change(id string, f func(*platformapi.Bid)) (platformapi.Bid, error) {
	for i := range p.bids {
		if p.bids[i].ID == id {
			f(&p.bids[i])
			p.bids[i].Version++
			return p.bids[i], nil
		}
	}
	return platformapi.Bid{}, errors.New("no such bid")
}

func (p *scripted) SignIn(_ context.Context, _, id string, in platformapi.SignIn) (platformapi.Bid, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.change(id, func(b *platformapi.Bid) {
		b.SignedInAt, b.SignedInBy, b.SignedInPlace = time.Now(), in.Person, in.Place
	})
}

func (p *scripted) TakeEnvelopes(_ context.Context, id string) ([]platformapi.BidEnvelope, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.failing("envelopes"); err != nil {
		return nil, err
	}
	return []platformapi.BidEnvelope{{Name: "商务技术", Inner: p.inner[id]}}, nil
}

func (p *scripted) Decrypt(_ context.Context, _, id string, opened []platformapi.OpenedEnvelope) (platformapi.Bid, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.failing("decrypt"); err != nil {
		return platformapi.Bid{}, err
	}
	verdict := p.verdict
	p.verdict = nil
	if verdict == nil && (len(opened) != 1 || !bytes.Equal(opened[0].Secret, p.secrets[id])) {
		verdict = &platformapi.Failure{Cause: platformapi.CauseWrongSecret}
	}
	return p.change(id, func(b *platformapi.Bid) {
		if b.Failure = verdict; verdict != nil {
			b.State = platformapi.BidFailed
			return
		}
		b.State, b.DecryptedAt, b.Waiting = platformapi.BidDecrypted, time.Now(), nil
	})
}

func (p *scripted) ReportFailure(_ context.Context, _, id string, f platformapi.Failure) (platformapi.Bid, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, f)
	return p.change(id, func(b *platformapi.Bid) { b.State, b.Failure = platformapi.BidFailed, &f })
}

func (p *scripted) Object(_ context.Context, _, id string, o platformapi.NewObjection) (platformapi.Bid, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.change(id, func(b *platformapi.Bid) {
		b.Objections = append(b.Objections, platformapi.Objection{ID: o.ID, Text: o.Text})
	})
}

func (p *scripted) AnswerObjection(_ context.Context, _, id, objection, text string) (platformapi.Bid, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.change(id, func(b *platformapi.Bid) {
		for i := range b.Objections {
			if b.Objections[i].ID == objection {
				b.Objections[i].Answer = text
			}
		}
	})
}

func (p *scripted) BeginBackup(_ context.Context, _, id string, _ platformapi.NewBackup) (platformapi.Bid, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backups++
	return p.change(id, func(*platformapi.Bid) {})
}

func (p *scripted) SendBackup(context.Context, platformapi.NewBackup, io.ReaderAt, func(int64, int64)) error {
	return nil
}

func (p *scripted) CompleteBackup(_ context.Context, _, id string) (platformapi.Bid, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.change(id, func(b *platformapi.Bid) { b.BackupAt = time.Now() })
}

func (p *scripted) Record(context.Context, platformapi.Tender) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.record, nil
}

func (p *scripted) SignRecord(context.Context, string, string, []byte) (platformapi.Tender, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conduct = append(p.conduct, platformapi.OpeningAct{Act: "signed"})
	return p.tender, nil
}

// row is a row of ports: of all the keys that a driver has, those that are plugged in.
type row struct {
	token.Driver
	mu      sync.Mutex
	plugged []string // URIs
}

func (r *row) plug(uris ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plugged = uris
}

func (r *row) Tokens(ctx context.Context) ([]token.Token, error) {
	r.mu.Lock()
	plugged := r.plugged
	r.mu.Unlock()
	all, err := r.Driver.Tokens(ctx)
	var out []token.Token
	for _, t := range all {
		info, e := t.Info(ctx)
		if e == nil && slices.Contains(plugged, info.URI) {
			out = append(out, t)
			continue
		}
		_ = t.Close()
	}
	return out, err
}

// A hallWorld is an opening in its decryption, with bidders whose keys lie beside the terminal.
type hallWorld struct {
	t         *testing.T
	platform  *scripted
	room      *Room
	stand     *Stand
	row       *row
	dir       string
	authority *ca.Authority
	uris      []string // of the bidders' keys
}

func bidder(i int) ca.Subject {
	return ca.Subject{Name: fmt.Sprintf("示范投标单位%03d有限公司", i+1), USCC: fmt.Sprintf("91410899MA9%06d%d", i+1, i%10)}
}

func newHall(t *testing.T, bidders int) *hallWorld {
	t.Helper()
	authority, err := ca.New(ca.SM2)
	must(t, err)
	w := &hallWorld{t: t, dir: filepath.Join(t.TempDir(), "keys"), authority: authority}
	opened := time.Now().Add(-time.Minute)
	w.platform = &scripted{secrets: map[string][]byte{}, inner: map[string][]byte{}, fail: map[string]error{}, tender: platformapi.Tender{
		ID: platformapi.NewID(), Version: 1, Number: "YX-2026-0117", Name: "医疗设备采购项目", State: platformapi.TenderDecrypting,
		MyRole: platformapi.TenderHall, Deadline: opened, MinBidders: 3,
		Opening: &platformapi.Opening{AnnouncedAt: opened, WindowFrom: opened, WindowUntil: opened.Add(30 * time.Minute)},
	}}
	for i := range bidders {
		uri := w.key(bidder(i), time.Time{})
		w.uris = append(w.uris, uri)
		w.bidOf(bidder(i), w.encryption(uri))
	}
	driver, err := soft.Open(w.dir)
	must(t, err)
	w.row = &row{Driver: driver}
	w.room = NewRoom(w.platform, w.platform.tender.ID)
	must(t, w.room.Read(t.Context()))
	w.stand = NewStand(w.room, Keys{
		Drivers: func() []token.Driver { return []token.Driver{w.row} },
		Owner: func(c *smx509.Certificate) Holder {
			s := ca.SubjectOf(c)
			return Holder{Name: s.Name, USCC: s.USCC, Person: s.Handler}
		},
	})
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// key makes a key with a pair of certificates that end at some time.
func (w *hallWorld) key(who ca.Subject, until time.Time) string {
	w.t.Helper()
	o := soft.Options{Label: who.Name + strconv.Itoa(len(w.uris)) + until.String(), Algorithm: ca.SM2, PIN: []byte(rightPIN), Tries: pinTries, Subject: who,
		Issuer: w.authority, Cost: soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1}, NotAfter: until}
	if len(o.Label) > 60 {
		o.Label = o.Label[:60]
	}
	if !until.IsZero() {
		o.NotBefore = until.AddDate(-1, 0, 0)
	}
	uri, err := soft.Create(w.dir, o)
	must(w.t, err)
	return uri
}

// encryption is the key's certificate for encryption.
func (w *hallWorld) encryption(uri string) *smx509.Certificate {
	w.t.Helper()
	driver, err := soft.Open(w.dir)
	must(w.t, err)
	tokens, err := driver.Tokens(w.t.Context())
	must(w.t, err)
	for _, t := range tokens {
		defer t.Close()
		if info, err := t.Info(w.t.Context()); err != nil || info.URI != uri {
			continue
		}
		ids, err := t.Identities(w.t.Context())
		must(w.t, err)
		for _, id := range ids {
			if id.Usage()&token.UsageEncrypt != 0 {
				return id.Certificate()
			}
		}
	}
	w.t.Fatal("no certificate for encryption")
	return nil
}

// bidOf hands in a bid whose inner layer is for a certificate.
func (w *hallWorld) bidOf(who ca.Subject, c *smx509.Certificate) string {
	w.t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	inner, err := envelope.Seal(envelope.GM, envelope.Data, secret, c)
	must(w.t, err)
	b := platformapi.Bid{ID: platformapi.NewID(), TenderID: w.platform.tender.ID, Version: 1, State: platformapi.BidDecrypting, BegunAt: time.Now().Add(-time.Hour),
		Bidder: platformapi.Organisation{Name: who.Name, USCC: who.USCC}, Waiting: []string{"商务技术"},
		Recipients: []platformapi.BidCertificate{{Issuer: c.Issuer.String(), Serial: bid.Serial(c)}}}
	p := w.platform
	p.bids, p.secrets[b.ID], p.inner[b.ID] = append(p.bids, b), secret, inner
	return b.ID
}

// plug puts keys in and has the stand look.
func (w *hallWorld) plug(uris ...string) StandView {
	w.t.Helper()
	w.row.plug(uris...)
	must(w.t, w.stand.Look(w.t.Context()))
	v, _ := w.stand.View()
	return v
}

func (w *hallWorld) enter(pin string) (StandView, error) {
	w.t.Helper()
	asked, _ := w.stand.View()
	err := w.stand.Enter(w.t.Context(), asked.Seat.Key.URI, []byte(pin), false)
	v, _ := w.stand.View()
	return v, err
}

func (w *hallWorld) bid(i int) platformapi.Bid {
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	return w.platform.bids[i]
}

// A hundred bidders come to one terminal: each plugs in, types the PIN, Enter, and pulls out.
func TestAHundredKeysOneAfterAnother(t *testing.T) {
	const bidders = 100
	w := newHall(t, bidders)
	for i, uri := range w.uris {
		v := w.plug(uri)
		if v.Stage != Asking || v.Seat.Bid.ID != w.bid(i).ID {
			t.Fatalf("key %d: %+v", i, v)
		}
		v, err := w.enter(rightPIN)
		if err != nil || v.Stage != Done || v.Seat.Bid.ID != w.bid(i).ID {
			t.Fatalf("key %d: %+v, %v", i, v, err)
		}
		if v = w.plug(); v.Stage != Done {
			t.Fatalf("key %d is pulled out, and that it was done is not said any more: %+v", i, v)
		}
	}
	v, _ := w.room.View()
	if tally := v.Tally(); tally.Decrypted != bidders || len(w.platform.told) != 0 {
		t.Errorf("%+v, %v", tally, w.platform.told)
	}
}

// Keys in several ports come one after the other in the order in which they were plugged in; the one that is asked keeps its turn.
func TestSeveralPorts(t *testing.T) {
	w := newHall(t, 4)
	w.plug(w.uris[2])
	w.plug(w.uris[2], w.uris[0])
	v := w.plug(w.uris[0], w.uris[1], w.uris[2])
	if v.Stage != Asking || v.Seat.Key.URI != w.uris[2] || v.Waiting != 2 {
		t.Fatalf("%+v", v)
	}
	for _, next := range []int{0, 1} {
		v, err := w.enter(rightPIN)
		if err != nil || v.Stage != Asking || v.Seat.Key.URI != w.uris[next] {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	if v = w.plug(w.uris[0], w.uris[2]); v.Stage == Asking {
		t.Errorf("the key that was asked is gone: %+v", v)
	}
	if v = w.plug(w.uris[0], w.uris[2], w.uris[3]); v.Stage != Asking || v.Seat.Key.URI != w.uris[3] {
		t.Errorf("%+v", v)
	}
}

// Every cause has its own error, and the platform hears it in its own words.
func TestCausesOfFailure(t *testing.T) {
	other := ca.Subject{Name: "未投标单位有限公司", USCC: "91410899MA9999999X"}
	tests := []struct {
		name   string
		set    func(w *hallWorld) string // the key that is plugged in
		pins   []string
		stage  Stage
		is     error
		cause  platformapi.FailureCause // that the platform is told; "" is nothing
		params func(*testing.T, *hallWorld, platformapi.Failure)
	}{
		{name: "wrong certificate", set: func(w *hallWorld) string { return w.key(bidder(0), time.Now().AddDate(0, 6, 0)) },
			stage: Idle, is: &Error{Kind: WrongCertificate}, cause: platformapi.CauseWrongCertificate,
			params: func(t *testing.T, w *hallWorld, f platformapi.Failure) {
				if len(f.Needed) != 1 || f.Needed[0] != bid.Serial(w.encryption(w.uris[0])) || len(f.Found) != 1 || f.Found[0] == f.Needed[0] {
					t.Errorf("%+v", f)
				}
			}},
		{name: "replaced after sealing", set: func(w *hallWorld) string { return w.key(bidder(0), time.Time{}) },
			stage: Idle, is: &Error{Kind: Replaced}, cause: platformapi.CauseCertificateReplaced},
		{name: "a stranger's key", set: func(w *hallWorld) string { return w.key(other, time.Time{}) }, stage: Idle, is: &Error{Kind: Stranger}},
		{name: "wrong PIN", pins: []string{wrongPIN}, stage: Asking, is: &token.PINWrongError{Tries: 2}, cause: platformapi.CausePINWrong,
			params: func(t *testing.T, _ *hallWorld, f platformapi.Failure) {
				if f.TriesLeft == nil || *f.TriesLeft != 2 {
					t.Errorf("tries left: %v", f.TriesLeft)
				}
			}},
		{name: "the last try asks first", pins: []string{wrongPIN, wrongPIN, wrongPIN}, stage: Asking, is: token.ErrLastTry, cause: platformapi.CausePINWrong},
		{name: "no PIN", pins: []string{""}, stage: Asking, is: token.ErrPINEmpty},
		{name: "key pulled out", pins: []string{"-"}, stage: Failed, is: token.ErrRemoved, cause: platformapi.CauseNoKey},
		{name: "file damaged", set: func(w *hallWorld) string {
			w.platform.verdict = &platformapi.Failure{Cause: platformapi.CauseFileDamaged, Detail: "技术文件 3"}
			return w.uris[0]
		}, pins: []string{rightPIN}, stage: Failed, is: &Error{Kind: Refused}},
		{name: "another secret than was sealed", set: func(w *hallWorld) string {
			w.platform.secrets[w.platform.bids[0].ID] = make([]byte, 32)
			return w.uris[0]
		}, pins: []string{rightPIN}, stage: Failed, is: &Error{Kind: Refused}},
		{name: "the envelope is for another key", set: func(w *hallWorld) string {
			w.platform.inner[w.platform.bids[0].ID] = w.platform.inner[w.platform.bids[1].ID]
			return w.uris[0]
		}, pins: []string{rightPIN}, stage: Failed, is: &Error{Kind: WrongCertificate}, cause: platformapi.CauseWrongCertificate},
		{name: "the envelope is none", set: func(w *hallWorld) string {
			w.platform.inner[w.platform.bids[0].ID] = []byte("no DER")
			return w.uris[0]
		}, pins: []string{rightPIN}, stage: Failed, is: &Error{Kind: Unfit}},
		{name: "late", set: func(w *hallWorld) string {
			w.platform.tender.Opening.WindowUntil = time.Now().Add(-time.Second)
			return w.uris[0]
		}, stage: Idle, is: &Error{Kind: TooLate}},
		{name: "before the decryption", set: func(w *hallWorld) string {
			w.platform.tender.State = platformapi.TenderOpening
			return w.uris[0]
		}, stage: Idle, is: &Error{Kind: NotYet}},
		{name: "before the bidders are announced", set: func(w *hallWorld) string {
			w.platform.tender.State, w.platform.tender.Opening, w.platform.bids = platformapi.TenderClosed, nil, nil
			return w.uris[0]
		}, stage: Idle, is: &Error{Kind: Unannounced}},
		{name: "a wrong key before the decryption is only said here", set: func(w *hallWorld) string {
			w.platform.tender.State = platformapi.TenderOpening
			return w.key(bidder(0), time.Now().AddDate(0, 6, 0))
		}, stage: Idle, is: &Error{Kind: WrongCertificate}},
		{name: "paused", set: func(w *hallWorld) string {
			w.platform.tender.Opening.PausedAt = time.Now()
			return w.uris[0]
		}, stage: Idle, is: &Error{Kind: Standstill}},
		{name: "decrypted already", set: func(w *hallWorld) string {
			w.platform.bids[0].State, w.platform.bids[0].Waiting = platformapi.BidDecrypted, nil
			return w.uris[0]
		}, stage: Idle, is: &Error{Kind: AlreadyOpen}},
		{name: "the platform is away", set: func(w *hallWorld) string {
			w.platform.fail["envelopes"] = &platformapi.Error{Kind: platformapi.KindOffline, CodeValue: platformapi.CodeOffline}
			return w.uris[0]
		}, pins: []string{rightPIN}, stage: Failed, is: nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newHall(t, 2)
			uri := w.uris[0]
			if tt.set != nil {
				uri = tt.set(w)
			}
			must(t, w.room.Read(t.Context()))
			v := w.plug(uri)
			for _, pin := range tt.pins {
				if v.Stage != Asking {
					t.Fatalf("before the PIN: %+v", v)
				}
				if pin == "-" {
					w.row.plug()
					v, _ = w.enter(rightPIN)
					continue
				}
				v, _ = w.enter(pin)
			}
			if v.Stage != tt.stage || v.Problem == nil {
				t.Fatalf("stage %d with %v, want %d", v.Stage, v.Problem, tt.stage)
			}
			if wrong, ok := tt.is.(*token.PINWrongError); ok {
				if got, ok := errors.AsType[*token.PINWrongError](v.Problem); !ok || got.Tries != wrong.Tries {
					t.Errorf("problem %v", v.Problem)
				}
			} else if tt.is != nil && !errors.Is(v.Problem, tt.is) {
				t.Errorf("problem %v, want %v", v.Problem, tt.is)
			}
			told := w.platform.told
			switch {
			case tt.cause == "" && len(told) != 0:
				t.Errorf("the platform was told %+v", told)
			case tt.cause != "" && (len(told) == 0 || told[len(told)-1].Cause != tt.cause):
				t.Errorf("the platform was told %+v, want %s", told, tt.cause)
			case tt.params != nil:
				tt.params(t, w, told[0])
			}
			n := len(told)
			must(t, w.stand.Look(t.Context()))
			must(t, w.stand.Look(t.Context()))
			if len(w.platform.told) != n {
				t.Errorf("looking again told the platform again: %+v", w.platform.told)
			}
		})
	}
}

// What failed can be tried again with the same key, and a key that failed keeps nobody from the terminal.
func TestRetries(t *testing.T) {
	w := newHall(t, 2)
	w.platform.verdict = &platformapi.Failure{Cause: platformapi.CauseFileDamaged}
	w.plug(w.uris[0])
	if v, _ := w.enter(rightPIN); v.Stage != Failed {
		t.Fatalf("%+v", v)
	}
	if v := w.plug(w.uris[0], w.uris[1]); v.Stage != Asking || v.Seat.Key.URI != w.uris[1] {
		t.Fatalf("the next key is kept waiting: %+v", v)
	}
	if v, err := w.enter(rightPIN); err != nil || w.bid(1).State != platformapi.BidDecrypted {
		t.Fatalf("%+v, %v", v, err)
	}
	must(t, w.stand.Again(t.Context()))
	if v, _ := w.stand.View(); v.Stage != Asking || v.Seat.Key.URI != w.uris[0] {
		t.Fatalf("%+v", v)
	}
	if v, err := w.enter(rightPIN); err != nil || w.bid(0).State != platformapi.BidDecrypted {
		t.Fatalf("%+v, %v", v, err)
	}
}

// A wrong key is told of though the one before it, which has done its work, was left in its port.
func TestAWrongKeyBesideADoneOne(t *testing.T) {
	w := newHall(t, 2)
	old := w.key(bidder(1), time.Now().AddDate(0, 6, 0))
	w.plug(w.uris[0])
	if v, err := w.enter(rightPIN); err != nil || v.Stage != Done {
		t.Fatalf("%+v, %v", v, err)
	}
	for range 2 {
		if v := w.plug(w.uris[0], old); v.Stage != Idle || v.Seat.Key.URI != old || !errors.Is(v.Problem, &Error{Kind: WrongCertificate}) {
			t.Fatalf("%+v", v)
		}
	}
	if n := len(w.platform.told); n != 1 {
		t.Errorf("told %d times", n)
	}
	if v := w.plug(w.uris[0], w.uris[1]); v.Stage != Asking || v.Seat.Key.URI != w.uris[1] {
		t.Errorf("%+v", v)
	}
}

// The terminal's own key, and the host's, are in their ports all day and say nothing.
func TestKeysOfTheHouse(t *testing.T) {
	w := newHall(t, 1)
	here, host := ca.Subject{Name: "公共资源交易中心", USCC: "12410899415270001A"}, ca.Subject{Name: "采购人", USCC: "12410899415270002B"}
	w.stand.keys.Own, w.platform.tender.Purchaser.USCC = here.USCC, host.USCC
	must(t, w.room.Read(t.Context()))
	mine, theirs := w.key(here, time.Time{}), w.key(host, time.Time{})
	if v := w.plug(mine, theirs); v.Stage != Idle || v.Problem != nil {
		t.Fatalf("%+v", v)
	}
	w.plug(mine, theirs, w.uris[0])
	if v, err := w.enter(rightPIN); err != nil || v.Stage != Done {
		t.Fatalf("%+v, %v", v, err)
	}
	if v := w.plug(mine, theirs); v.Stage != Done {
		t.Errorf("that it was done is not said any more: %+v", v)
	}
}

// Pulled out and put in again, a key that failed has its turn again.
func TestReplugged(t *testing.T) {
	w := newHall(t, 1)
	w.platform.verdict = &platformapi.Failure{Cause: platformapi.CauseFileDamaged}
	w.plug(w.uris[0])
	_, _ = w.enter(rightPIN)
	w.plug()
	if v := w.plug(w.uris[0]); v.Stage != Asking {
		t.Fatalf("%+v", v)
	}
}

// A certificate that has ended opens its bid all the same.
func TestExpiredCertificateDecrypts(t *testing.T) {
	w := newHall(t, 0)
	uri := w.key(bidder(0), time.Now().AddDate(0, 0, -3))
	w.bidOf(bidder(0), w.encryption(uri))
	must(t, w.room.Read(t.Context()))
	v := w.plug(uri)
	if v.Stage != Asking || v.Seat.Expired.IsZero() {
		t.Fatalf("%+v", v)
	}
	if v, err := w.enter(rightPIN); err != nil || v.Stage != Done {
		t.Fatalf("%+v, %v", v, err)
	}
}

// The last try is spent only by who confirmed it, and then the key is locked and left alone.
func TestLastTry(t *testing.T) {
	w := newHall(t, 1)
	w.plug(w.uris[0])
	for range pinTries - 1 {
		_, _ = w.enter(wrongPIN)
	}
	v, err := w.enter(rightPIN)
	if !errors.Is(err, token.ErrLastTry) || v.Seat.Key.Tries != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	if err := w.stand.Enter(t.Context(), w.uris[0], []byte(wrongPIN), true); !errors.Is(err, token.ErrPINLocked) {
		if _, wrong := errors.AsType[*token.PINWrongError](err); !wrong {
			t.Fatal(err)
		}
	}
	_ = w.stand.Enter(t.Context(), w.uris[0], []byte(rightPIN), true)
	if v, _ := w.stand.View(); v.Stage != Failed || !errors.Is(v.Problem, token.ErrPINLocked) {
		t.Errorf("%+v", v)
	}
	if last := w.platform.told[len(w.platform.told)-1]; last.Cause != platformapi.CausePINLocked {
		t.Errorf("%+v", w.platform.told)
	}
}

// A PIN that was typed for a key is tried on no other one: pulled out at the same moment, with another in the next port, it is not
// asked for any more.
func TestAPINIsForTheKeyThatWasSeen(t *testing.T) {
	w := newHall(t, 2)
	seen := w.plug(w.uris...)
	if seen.Stage != Asking {
		t.Fatalf("%+v", seen)
	}
	other := w.uris[1]
	if seen.Seat.Key.URI == other { // which of two comes first is not told
		other = w.uris[0]
	}
	if v := w.plug(other); v.Stage != Asking || v.Seat.Key.URI != other {
		t.Fatalf("%+v", v)
	}
	pin := []byte(wrongPIN)
	if err := w.stand.Enter(t.Context(), seen.Seat.Key.URI, pin, false); err != nil {
		t.Fatal(err)
	}
	if v, _ := w.stand.View(); v.Stage != Asking || v.Problem != nil || v.Seat.Key.Tries != pinTries || len(w.platform.told) > 0 || pin[0] != 0 {
		t.Errorf("%+v, told %+v, the PIN is left: %q", v, w.platform.told, pin)
	}
}

// A bidder at home decrypts its own bid, with another bidder's key in the port nothing.
func TestAtHomeOnlyOnesOwn(t *testing.T) {
	w := newHall(t, 2)
	w.platform.tender.MyRole, w.platform.tender.MyBidID = platformapi.TenderBidder, w.bid(0).ID
	must(t, w.room.Read(t.Context()))
	if v := w.plug(w.uris[1]); v.Stage == Asking {
		t.Errorf("another's bid is offered: %+v", v)
	}
	if v := w.plug(w.uris[0]); v.Stage != Asking {
		t.Errorf("%+v", v)
	}
}

// A phone opens a bid that is chosen, and each turn of it is told apart.
func TestPhone(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fails error
		stage Stage
		cause platformapi.FailureCause
	}{
		{"confirmed", nil, Done, ""},
		{"refused", mobileca.ErrRefused, Failed, platformapi.CausePhoneRefused},
		{"not confirmed in time", mobileca.ErrUnconfirmed, Failed, platformapi.CausePhoneExpired},
		{"offline", mobileca.ErrUnreachable, Failed, platformapi.CausePhoneOffline},
		{"called off here", context.Canceled, Idle, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newHall(t, 1)
			w.stand.keys.Phone = func(ctx context.Context, title string, use func(context.Context, token.Token) error) error {
				if tt.fails != nil {
					return tt.fails
				}
				if title == "" {
					t.Error("the phone shows nothing")
				}
				w.row.plug(w.uris[0])
				tokens, err := w.row.Tokens(ctx)
				must(t, err)
				defer tokens[0].Close()
				must(t, tokens[0].Unlock(ctx, []byte(rightPIN)))
				return use(ctx, tokens[0])
			}
			err := w.stand.Scan(t.Context(), w.bid(0).ID)
			v, _ := w.stand.View()
			if !errors.Is(err, tt.fails) || v.Stage != tt.stage {
				t.Fatalf("%v, %+v", err, v)
			}
			told := w.platform.told
			if tt.cause == "" && len(told) != 0 || tt.cause != "" && (len(told) != 1 || told[0].Cause != tt.cause) {
				t.Errorf("told %+v", told)
			}
			if done := w.bid(0).State == platformapi.BidDecrypted; done != (tt.stage == Done) {
				t.Errorf("decrypted: %v", done)
			}
			w.row.plug()
			must(t, w.stand.Look(t.Context()))
			if after, _ := w.stand.View(); after.Stage != tt.stage {
				t.Errorf("how it ended is not said any more: %+v", after)
			}
		})
	}
	w := newHall(t, 1)
	if err := w.stand.Scan(t.Context(), w.bid(0).ID); !errors.Is(err, &Error{Kind: NoPhone}) {
		t.Errorf("without a mobile CA: %v", err)
	}
}

// A record that cannot be shown is not one to be signed.
func TestReadRecord(t *testing.T) {
	good := `{"format":"sealdesk opening record 1","number":"N","name":"X","bids":[{"bidder":{"name":"A"},"price":[{"name":"投标总价","value":"1"}]}],"more":1}`
	r, err := ReadRecord([]byte(good))
	if err != nil || r.Number != "N" || r.Bids[0].Bidder.Name != "A" || r.Bids[0].Price[0].Value != "1" {
		t.Errorf("%+v, %v", r, err)
	}
	for _, bad := range []string{"", "{}", "[]", strings.Replace(good, "record 1", "record 2", 1), strings.Replace(good, `"number":"N"`, `"number":""`, 1), good[:40]} {
		if _, err := ReadRecord([]byte(bad)); !errors.Is(err, &Error{Kind: UnknownRecord}) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// mute is a platform that answers when it is told to.
type mute struct {
	*scripted
	answer chan struct{}
}

func (p mute) Tender(ctx context.Context, id string) (platformapi.Tender, error) {
	<-p.answer
	return p.scripted.Tender(ctx, id)
}

// A platform that only does not answer, as behind a cable that was pulled, is told of while it is still waited for.
func TestAPlatformThatIsSilentIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := mute{&scripted{tender: platformapi.Tender{ID: "t", Version: 1}}, make(chan struct{})}
		room := NewRoom(p, "t")
		done := make(chan error, 1)
		go func() { done <- room.Read(t.Context()) }()
		time.Sleep(patience + time.Second)
		if v, _ := room.View(); !platformapi.IsCode(v.Problem, platformapi.CodeTimeout) {
			t.Errorf("after %s: %v", patience+time.Second, v.Problem)
		}
		p.answer <- struct{}{}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		time.Sleep(patience)
		if v, _ := room.View(); v.Problem != nil || !v.Known {
			t.Errorf("it answered: %v", v.Problem)
		}
	})
}

// The room is read once for a burst of news, and again when it could not be read.
func TestRoomIsReadForNews(t *testing.T) {
	w := newHall(t, 1)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.room.Follow(ctx) }()
	eventually(t, func() bool {
		w.platform.mu.Lock()
		defer w.platform.mu.Unlock()
		return w.platform.changed != nil && w.platform.reads >= 2
	})
	w.platform.mu.Lock()
	before := w.platform.reads
	w.platform.bids[0].State = platformapi.BidDecrypted
	w.platform.mu.Unlock()
	for range 300 {
		w.platform.changed()
	}
	eventually(t, func() bool { v, _ := w.room.View(); return v.Bids[0].State == platformapi.BidDecrypted })
	w.platform.mu.Lock()
	if n := w.platform.reads - before; n > 2 {
		t.Errorf("%d readings for a burst of news", n)
	}
	w.platform.fail["bids"] = &platformapi.Error{Kind: platformapi.KindOffline, CodeValue: platformapi.CodeOffline}
	w.platform.mu.Unlock()
	w.platform.changed()
	eventually(t, func() bool { v, _ := w.room.View(); return v.Problem != nil })
	if v, _ := w.room.View(); len(v.Bids) != 1 {
		t.Error("what was known is gone with the platform")
	}
	eventually(t, func() bool { v, _ := w.room.View(); return v.Problem == nil })
	stop()
	<-done
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

// What is signed is the record that was shown.
func TestOnlyTheShownRecordIsSigned(t *testing.T) {
	w := newHall(t, 1)
	p := w.platform
	p.record = []byte(`{"record":1}`)
	shown, err := w.room.Record(t.Context())
	must(t, err)
	signed := 0
	sign := func(context.Context, []byte) ([]byte, error) { signed++; return []byte{1}, nil }
	must(t, w.room.SignRecord(t.Context(), shown, sign))
	p.record = []byte(`{"record":2}`)
	if err := w.room.SignRecord(t.Context(), shown, sign); !errors.Is(err, &Error{Kind: OtherRecord}) || signed != 1 {
		t.Errorf("%v, signed %d times", err, signed)
	}
}

// A backup is sent only if it is the file that was handed in, byte for byte.
func TestOnlyTheSameFileIsABackup(t *testing.T) {
	w := newHall(t, 1)
	content := []byte("the bid that was handed in")
	sum := sha256.Sum256(content)
	w.platform.bids[0].Size, w.platform.bids[0].SHA256 = int64(len(content)), hex.EncodeToString(sum[:])
	must(t, w.room.Read(t.Context()))
	id, path := w.bid(0).ID, filepath.Join(t.TempDir(), "备份.bid")
	bring := func() error { return w.room.BringBackup(t.Context(), id, path, nil) }
	if err := bring(); !errors.Is(err, &Error{Kind: NoFile}) {
		t.Error(err)
	}
	for _, other := range [][]byte{nil, content[1:], bytes.ToUpper(content)} {
		must(t, os.WriteFile(path, other, 0o600))
		if err := bring(); !errors.Is(err, &Error{Kind: OtherFile}) || w.platform.backups != 0 {
			t.Errorf("%q: %v", other, err)
		}
	}
	must(t, os.WriteFile(path, content, 0o600))
	must(t, bring())
	if w.platform.backups != 1 || w.bid(0).BackupAt.IsZero() {
		t.Error("the backup was not taken")
	}
}

// The countdown goes by the platform's clock and stands still in a pause.
func TestCountdown(t *testing.T) {
	there := time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)
	c := NewClock(func(context.Context) (time.Time, error) { return there, nil })
	must(t, c.Sync(t.Context()))
	tender := func(s platformapi.TenderState, o *platformapi.Opening) platformapi.Tender {
		return platformapi.Tender{State: s, Deadline: there.Add(time.Hour), Opening: o}
	}
	window := &platformapi.Opening{WindowUntil: there.Add(30 * time.Minute)}
	paused := &platformapi.Opening{WindowUntil: there.Add(18 * time.Minute), PausedAt: there.Add(-5 * time.Minute),
		Log: []platformapi.OpeningLog{{Act: platformapi.MovePause, Reason: "网络故障"}, {Act: platformapi.MoveExtend, Reason: "延长"}}}
	second := []platformapi.Bid{{State: platformapi.BidFailed, Waiting: []string{"a"}, Until: there.Add(40 * time.Minute)}}
	for _, tt := range []struct {
		name string
		view View
		kind CountdownKind
		left time.Duration
	}{
		{"before", NewView(tender(platformapi.TenderOpen, nil), nil, c), CountOpening, time.Hour},
		{"decryption", NewView(tender(platformapi.TenderDecrypting, window), nil, c), CountDecryption, 30 * time.Minute},
		{"more time for one", NewView(tender(platformapi.TenderDecrypting, window), second, c), CountDecryption, 40 * time.Minute},
		{"paused", NewView(tender(platformapi.TenderDecrypting, paused), nil, c), CountPaused, 18 * time.Minute},
		{"read-out", NewView(tender(platformapi.TenderReadout, window), nil, c), CountNothing, 0},
	} {
		got := tt.view.Countdown()
		if got.Kind != tt.kind || (got.Left-tt.left).Abs() > 5*time.Second {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	if why := NewView(tender(platformapi.TenderDecrypting, paused), nil, c).PauseReason(); why != "网络故障" {
		t.Errorf("paused because of %q", why)
	}
	there = there.Add(2 * time.Hour)
	must(t, c.Sync(t.Context()))
	if got := NewView(platformapi.Tender{Deadline: there.Add(-time.Hour)}, nil, c).Countdown(); !got.Over || got.Left != 0 {
		t.Errorf("after its time: %+v", got)
	}
}
