package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/audit"
)

// Harness is a fresh, empty database.
type Harness struct {
	// Stores are one or more servers' stores in it.
	Stores []store.Store
	// Tamper runs a statement past every guard of the database.
	Tamper func(t *testing.T, statement string)
}

// Run runs the suite. open makes a fresh database for each test, and closes it at the test's end.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for name, test := range map[string]func(*testing.T, *world){
		"LogIn":                 logIn,
		"Codes":                 codes,
		"WeChat":                wechat,
		"Sessions":              sessions,
		"Devices":               devices,
		"Pairings":              pairings,
		"Requests":              requests,
		"TriesAreCountedOnce":   tries,
		"AFailureLeavesNothing": failure,
		"Keys":                  keys,
		"Issue":                 issue,
		"Organisations":         organisations,
		"Belongings":            belongings,
		"OnceAtOnce":            once,
		"Expire":                expire,
		"TheTrail":              trail,
		"JobsAreClaimedOnce":    claims,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			test(t, &world{T: t, h: h, now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)})
		})
	}
}

type world struct {
	*testing.T
	h   Harness
	now time.Time
	n   atomic.Int64
}

// any is one of the servers, another one each time.
func (w *world) any() store.Store { return w.h.Stores[int(w.n.Add(1))%len(w.h.Stores)] }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) wants(what string, err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Errorf("%s: %v, want %v", what, err, want)
	}
}

func (w *world) session(jkt string) store.Session {
	id := platformapi.NewID()
	return store.Session{ID: id, JKT: jkt, TokenHash: "t" + id, RefreshHash: "r" + id, TokenUntil: w.now.Add(time.Minute), ExpiresAt: w.now.Add(time.Hour)}
}

const number = "13812345678"

// phone is an account with a device.
func (w *world) phone() (store.Account, store.Device) {
	w.Helper()
	a, d, err := w.any().LogIn(w.Context(), store.LoginBy{Phone: number, Make: true}, "phone", w.session("jkt"), w.now)
	w.must(err)
	return a, d
}

// key is a key of an account, certified.
func (w *world) key(a store.Account, d store.Device) store.Key {
	w.Helper()
	ctx := w.Context()
	app, err := w.any().CreateApplication(ctx, store.Application{ID: platformapi.NewID(), Version: 1, Account: a.ID, State: wire.ApplicationToDownload, CreatedAt: w.now}, store.Once{}, nil, nil)
	w.must(err)
	k := store.Key{ID: platformapi.NewID(), Account: a.ID, Device: d.ID, Application: app.ID, Use: wire.UseSign, State: wire.KeyCertified, CreatedAt: w.now}
	w.must(w.any().CreateKey(ctx, k, func(*store.Application) (store.Entries, error) { return nil, nil }))
	return k
}

func logIn(_ *testing.T, w *world) {
	ctx := w.Context()
	_, _, err := w.any().LogIn(ctx, store.LoginBy{Phone: number}, "phone", w.session("jkt"), w.now)
	w.wants("a number without an account", err, store.ErrNotFound)
	a, d := w.phone()
	b, e, err := w.any().LogIn(ctx, store.LoginBy{Phone: number, Make: true}, "renamed", w.session("jkt"), w.now.Add(time.Second))
	w.must(err)
	if a.ID != b.ID || d.ID != e.ID || e.Name != "renamed" || !e.SeenAt.After(d.SeenAt) {
		w.Errorf("the same phone again: %+v, %+v", b, e)
	}
	_, other, err := w.any().LogIn(ctx, store.LoginBy{Phone: number, Make: true}, "phone", w.session("another"), w.now)
	w.must(err)
	if other.ID == d.ID {
		w.Error("another key is the same device")
	}
	all, err := w.any().Devices(ctx, a.ID)
	w.must(err)
	if len(all) != 2 {
		w.Errorf("%d devices", len(all))
	}
	w.wants("a number that is taken", w.any().CreateAccount(ctx, store.Account{ID: platformapi.NewID(), Phone: number}, nil), store.ErrTaken)
}

func codes(_ *testing.T, w *world) {
	ctx := w.Context()
	w.must(w.any().ChangeCode(ctx, number, wire.CodeLogin, func(c *store.Code) error { return nil })) // nothing was sent: nothing is kept
	w.must(w.any().ChangeCode(ctx, number, wire.CodeLogin, func(c *store.Code) error {
		if c.Hash != "" || c.Phone != number || c.Purpose != wire.CodeLogin {
			w.Errorf("a new code is %+v", c)
		}
		c.Hash, c.SentAt = "h", w.now
		return nil
	}))
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if err := w.any().ChangeCode(ctx, number, wire.CodeLogin, func(c *store.Code) error { c.Tries++; return nil }); err != nil {
				w.Error(err)
			}
		})
	}
	all.Wait()
	w.must(w.any().ChangeCode(ctx, number, wire.CodeLogin, func(c *store.Code) error {
		if c.Tries != 10 {
			w.Errorf("%d of 10 tries are counted", c.Tries)
		}
		return nil
	}))
	w.must(w.any().ChangeCode(ctx, number, wire.CodePassword, func(c *store.Code) error {
		if c.Hash != "" {
			w.Error("a code is another purpose's too")
		}
		return nil
	}))
}

func wechat(_ *testing.T, w *world) {
	ctx := w.Context()
	keep := func(code, identity string) store.WeChat {
		k := store.WeChat{Code: code, Identity: identity, Until: w.now.Add(time.Minute)}
		w.must(w.any().KeepWeChat(ctx, k))
		return k
	}
	logIn := func(by store.LoginBy, now time.Time) (store.Account, error) {
		a, _, err := w.any().LogIn(ctx, by, "phone", w.session("jkt"), now)
		return a, err
	}
	a, _ := w.phone() // has none
	first := keep("c1", "i1")
	if got, err := w.any().WeChat(ctx, "c1"); err != nil || got != first {
		w.Errorf("a code is kept as %+v, %v", got, err)
	}
	w.wants("a code twice", w.any().KeepWeChat(ctx, first), store.ErrTaken)
	_, err := logIn(store.LoginBy{WeChat: first}, w.now)
	w.wants("an identity that is nobody's", err, store.ErrNotFound)
	_, err = logIn(store.LoginBy{Phone: number, WeChat: first}, w.now.Add(time.Minute))
	w.wants("a code that is over", err, store.ErrNotFound)
	_, err = w.any().AccountByWeChat(ctx, "")
	w.wants("no identity", err, store.ErrNotFound)
	_, err = logIn(store.LoginBy{Phone: number, WeChat: first}, w.now)
	w.must(err)
	_, err = logIn(store.LoginBy{WeChat: first}, w.now)
	w.wants("a code that was used", err, store.ErrNotFound)
	if b, err := logIn(store.LoginBy{WeChat: keep("c2", "i1")}, w.now); err != nil || b.ID != a.ID {
		w.Errorf("the identity's account is %+v, %v", b, err)
	}
	taken := keep("c3", "i1")
	for _, make := range []bool{true, false} {
		if !make {
			_, err = logIn(store.LoginBy{Phone: "13700000000", Make: true}, w.now)
			w.must(err)
		}
		_, err = logIn(store.LoginBy{Phone: "13700000000", Make: make, WeChat: taken}, w.now)
		w.wants("an identity for a second account", err, store.ErrTaken)
	}
	w.must(w.any().Expire(ctx, w.now.Add(30*time.Second)))
	_, err = w.any().WeChat(ctx, "c3")
	w.must(err) // it was not used
	_, err = logIn(store.LoginBy{Phone: number, WeChat: keep("c4", "i2")}, w.now)
	w.must(err)
	_, err = w.any().AccountByWeChat(ctx, "i1")
	w.wants("an identity that another took the place of", err, store.ErrNotFound)
	b, err := w.any().AccountByWeChat(ctx, "i2")
	w.must(err)
	if b.ID != a.ID {
		w.Errorf("the new identity's account is %+v", b)
	}
	w.must(w.any().Expire(ctx, w.now.Add(2*time.Minute)))
	_, err = w.any().WeChat(ctx, "c3")
	w.wants("a code after its time", err, store.ErrNotFound)
}

func sessions(_ *testing.T, w *world) {
	ctx := w.Context()
	x := w.session("jkt")
	a, d, err := w.any().LogIn(ctx, store.LoginBy{Phone: number, Make: true}, "phone", x, w.now)
	w.must(err)
	got, err := w.any().Session(ctx, x.TokenHash)
	w.must(err)
	if got.ID != x.ID || got.Account != a.ID || got.Device != d.ID || !got.ExpiresAt.Equal(x.ExpiresAt) {
		w.Errorf("session %+v", got)
	}
	old := got.RefreshHash
	var renewed, late atomic.Int64
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			next := got
			next.RefreshHash, next.TokenHash = fmt.Sprint("r", i), fmt.Sprint("t", i)
			switch err := w.any().RenewSession(ctx, old, next); {
			case err == nil:
				renewed.Add(1)
			case errors.Is(err, store.ErrNotFound):
				late.Add(1)
			default:
				w.Error(err)
			}
		})
	}
	all.Wait()
	if renewed.Load() != 1 || late.Load() != 5 {
		w.Errorf("%d renewed it, %d were late", renewed.Load(), late.Load())
	}
	second := w.session("jkt")
	_, _, err = w.any().LogIn(ctx, store.LoginBy{Phone: number, Make: true}, "phone", second, w.now)
	w.must(err)
	w.must(w.any().DropSessions(ctx, a.ID, second.ID))
	_, err = w.any().SessionByID(ctx, x.ID)
	w.wants("the other session", err, store.ErrNotFound)
	w.must(w.any().DropSession(ctx, second.ID, w.now))
	w.wants("twice", w.any().DropSession(ctx, second.ID, w.now), store.ErrNotFound)
}

func (w *world) pairing(device string) store.Pairing {
	return store.Pairing{
		ID: platformapi.NewID(), Version: 1, Kind: wire.PairSign, State: wire.PairingLinked, Device: device, CreatedAt: w.now, ExpiresAt: w.now.Add(time.Minute),
	}
}

func (w *world) request(p store.Pairing, k store.Key) store.Request {
	return store.Request{
		ID: platformapi.NewID(), Version: 1, Source: wire.FromPairing, Kind: wire.KindSign, State: wire.RequestWaiting, Account: k.Account, Device: p.Device, Pairing: p.ID, Key: k.ID,
		CreatedAt: w.now, ExpiresAt: w.now.Add(30 * time.Second),
	}
}

func keepIt(r store.Request) func(*store.Pairing, *store.Request, []store.Request) (*store.Request, store.Entries, error) {
	return func(_ *store.Pairing, known *store.Request, _ []store.Request) (*store.Request, store.Entries, error) {
		if known != nil {
			return known, nil, nil
		}
		return &r, nil, nil
	}
}

func devices(_ *testing.T, w *world) {
	ctx := w.Context()
	a, d := w.phone()
	k := w.key(a, d)
	p := w.pairing(d.ID)
	w.must(w.any().CreatePairing(ctx, p))
	r, err := w.any().CreateRequest(ctx, p.ID, "", w.now, keepIt(w.request(p, k)))
	w.must(err)
	w.wants("another account's", w.any().RemoveDevice(ctx, "x", d.ID, w.now), store.ErrNotFound)
	w.must(w.any().RemoveDevice(ctx, a.ID, d.ID, w.now))
	k, err = w.any().Key(ctx, k.ID)
	w.must(err)
	p, err = w.any().Pairing(ctx, p.ID)
	w.must(err)
	r, err = w.any().Request(ctx, r.ID)
	w.must(err)
	if k.Device != "" || p.State != wire.PairingEnded || r.State != wire.RequestCancelled {
		w.Errorf("of a device that is gone: key on %q, pairing %s, request %s", k.Device, p.State, r.State)
	}
	_, err = w.any().Device(ctx, d.ID)
	w.wants("the device", err, store.ErrNotFound)
}

func pairings(_ *testing.T, w *world) {
	ctx := w.Context()
	_, d := w.phone()
	p := w.pairing("")
	p.State = wire.PairingCreated
	w.must(w.any().CreatePairing(ctx, p))
	var got atomic.Int64
	var all sync.WaitGroup
	taken := errors.New("taken")
	for range 8 {
		all.Go(func() {
			_, err := w.any().ChangePairing(ctx, p.ID, w.now, func(p *store.Pairing) (store.Entries, error) {
				if p.Device != "" {
					return nil, taken
				}
				p.Device, p.State = d.ID, wire.PairingLinked
				return nil, nil
			})
			if err == nil {
				got.Add(1)
			} else if !errors.Is(err, taken) {
				w.Error(err)
			}
		})
	}
	all.Wait()
	kept, err := w.any().Pairing(ctx, p.ID)
	w.must(err)
	if got.Load() != 1 || kept.Version != 2 || kept.Device != d.ID {
		w.Errorf("%d phones have it, version %d", got.Load(), kept.Version)
	}
	live, err := w.any().LivePairings(ctx, d.ID, w.now)
	w.must(err)
	if len(live) != 1 {
		w.Errorf("%d live", len(live))
	}
	if live, err = w.any().LivePairings(ctx, d.ID, w.now.Add(time.Minute)); err != nil || len(live) != 0 {
		w.Errorf("%d live after its time, %v", len(live), err)
	}
	_, err = w.any().ChangePairing(ctx, p.ID, w.now.Add(time.Minute), func(p *store.Pairing) (store.Entries, error) {
		if p.State != wire.PairingEnded {
			w.Errorf("after its time a rule sees it %s", p.State)
		}
		return nil, nil
	})
	w.must(err)
	_, err = w.any().Pairing(ctx, "none")
	w.wants("another", err, store.ErrNotFound)
}

func requests(_ *testing.T, w *world) {
	ctx := w.Context()
	a, d := w.phone()
	k := w.key(a, d)
	p := w.pairing(d.ID)
	w.must(w.any().CreatePairing(ctx, p))
	before, _, err := w.any().Inbox(ctx, d.ID, w.now)
	w.must(err)
	r := w.request(p, k)
	kept, err := w.any().CreateRequest(ctx, p.ID, r.ID, w.now, keepIt(r))
	w.must(err)
	again, err := w.any().CreateRequest(ctx, p.ID, r.ID, w.now, func(_ *store.Pairing, known *store.Request, live []store.Request) (*store.Request, store.Entries, error) {
		if known == nil || known.ID != r.ID || len(live) != 1 {
			w.Errorf("the rule sees %+v and %d live", known, len(live))
		}
		return known, nil, nil
	})
	if err != nil || again.ID != kept.ID {
		w.Errorf("again: %+v, %v", again, err)
	}
	after, waiting, err := w.any().Inbox(ctx, d.ID, w.now)
	w.must(err)
	if after <= before || len(waiting) != 1 {
		w.Errorf("inbox %d after %d, %d wait", after, before, len(waiting))
	}
	if _, waiting, err = w.any().Inbox(ctx, d.ID, w.now.Add(30*time.Second)); err != nil || len(waiting) != 0 {
		w.Errorf("%d wait after their time, %v", len(waiting), err)
	}
	_, err = w.any().ChangePairing(ctx, p.ID, w.now, func(p *store.Pairing) (store.Entries, error) { p.State = wire.PairingEnded; return nil, nil })
	w.must(err)
	kept, err = w.any().Request(ctx, r.ID)
	w.must(err)
	if kept.State != wire.RequestCancelled || kept.Version != 2 {
		w.Errorf("with its pairing it is %s, version %d", kept.State, kept.Version)
	}
	page, err := w.any().Activity(ctx, a.ID, "", "", 10)
	w.must(err)
	if len(page) != 1 {
		w.Errorf("%d in the list of what was done", len(page))
	}
	if page, err = w.any().Activity(ctx, a.ID, p.ID, r.ID, 10); err != nil || len(page) != 0 {
		w.Errorf("%d before the first one, %v", len(page), err)
	}
}

// Whatever a rule does to a key and its request is done one after the other.
func tries(_ *testing.T, w *world) {
	ctx := w.Context()
	a, d := w.phone()
	k := w.key(a, d)
	p := w.pairing(d.ID)
	p.Session = &store.Terms{Max: 200, EndsAt: w.now.Add(time.Hour), Idle: time.Hour, IdleUntil: w.now.Add(time.Hour)}
	w.must(w.any().CreatePairing(ctx, p))
	var ids []string
	for range 2 {
		r, err := w.any().CreateRequest(ctx, p.ID, "", w.now, keepIt(w.request(p, k)))
		w.must(err)
		ids = append(ids, r.ID)
	}
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			_, err := w.any().ChangeRequest(ctx, ids[i%2], w.now, func(r *store.Request, k *store.Key, p *store.Pairing) (store.Entries, error) {
				k.Wrong++
				p.Session.Used++
				r.Answers = append(r.Answers, "x")
				return store.Entries{{At: w.now, Act: "try", Key: k.ID}}, nil
			})
			if err != nil {
				w.Error(err)
			}
		})
	}
	all.Wait()
	k, err := w.any().Key(ctx, k.ID)
	w.must(err)
	p, err = w.any().Pairing(ctx, p.ID)
	w.must(err)
	if k.Wrong != 12 || p.Session.Used != 12 {
		w.Errorf("%d and %d of 12 are counted", k.Wrong, p.Session.Used)
	}
	head, err := w.any().CheckAudit(ctx)
	w.must(err)
	if head.Seq != 13 { // and the login
		w.Errorf("%d rows in the trail", head.Seq)
	}
}

func failure(_ *testing.T, w *world) {
	ctx := w.Context()
	a, d := w.phone()
	k := w.key(a, d)
	head, err := w.any().AuditHead(ctx)
	w.must(err)
	refused := errors.New("refused")
	_, err = w.any().ChangeKey(ctx, k.ID, func(k *store.Key) (store.Entries, error) {
		k.Wrong = 4
		return store.Entries{{At: w.now, Act: "x"}}, refused
	})
	w.wants("the rule's error", err, refused)
	got, err := w.any().Key(ctx, k.ID)
	w.must(err)
	now, err := w.any().AuditHead(ctx)
	w.must(err)
	if got.Wrong != 0 || now != head {
		w.Errorf("of what was refused there is left: %+v, %+v", got, now)
	}
}

func keys(_ *testing.T, w *world) {
	ctx := w.Context()
	a, d := w.phone()
	first := w.key(a, d)
	second := first
	second.ID, second.State = platformapi.NewID(), wire.KeyBegun
	accept := func(*store.Application) (store.Entries, error) { return nil, nil }
	w.must(w.any().CreateKey(ctx, second, accept))
	got, err := w.any().Key(ctx, first.ID)
	w.must(err)
	if got.State != wire.KeyEnded {
		w.Errorf("the key that was begun before is %s", got.State)
	}
	w.wants("an id that is used", w.any().CreateKey(ctx, second, accept), store.ErrTaken)
	third := second
	third.ID, third.Use, third.Application = platformapi.NewID(), wire.UseEncrypt, "none"
	w.wants("of no application", w.any().CreateKey(ctx, third, accept), store.ErrNotFound)
	all, err := w.any().Keys(ctx, a.ID)
	w.must(err)
	if len(all) != 2 {
		w.Errorf("%d keys", len(all))
	}
}

func issue(_ *testing.T, w *world) {
	ctx := w.Context()
	a, d := w.phone()
	k := w.key(a, d)
	certify := func(a *store.Application, keys []store.Key) ([]store.Certificate, store.Entries, error) {
		if a.State == wire.ApplicationDone {
			return nil, nil, nil
		}
		a.State = wire.ApplicationDone
		return []store.Certificate{{ID: "c", Account: a.Account, Application: a.ID, Key: keys[0].ID, IssuedAt: w.now, NotAfter: w.now.Add(time.Hour)}}, nil, nil
	}
	var issued atomic.Int64
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			some, err := w.any().Issue(ctx, k.Application, certify)
			if err != nil {
				w.Error(err)
			}
			issued.Add(int64(len(some)))
		})
	}
	all.Wait()
	if issued.Load() != 1 {
		w.Errorf("%d certificates of one application", issued.Load())
	}
	k, err := w.any().Key(ctx, k.ID)
	w.must(err)
	if k.Certificate != "c" || k.State != wire.KeyCertified {
		w.Errorf("key %+v", k)
	}
	w.must(w.any().ChangeCertificates(ctx, "c", func(c, pair *store.Certificate, held []*store.Key) (store.Entries, error) {
		if pair != nil || len(held) != 1 {
			w.Errorf("pair %+v, %d keys", pair, len(held))
		}
		c.RevokedAt, held[0].State = w.now, wire.KeyEnded
		return nil, nil
	}))
	c, err := w.any().Certificate(ctx, "c")
	w.must(err)
	if c.State(w.now) != wire.CertificateRevoked {
		w.Errorf("it is %s", c.State(w.now))
	}
}

func organisations(_ *testing.T, w *world) {
	ctx := w.Context()
	a, _ := w.phone()
	claimed := errors.New("claimed")
	claim := func(app *store.Application, known *store.Organisation) (*store.Organisation, store.Entries, error) {
		if known != nil {
			return nil, nil, claimed
		}
		o := &store.Organisation{ID: platformapi.NewID(), USCC: "1233012747013082XH", Name: "医院", Members: []store.Member{{Account: app.Account, Role: wire.RoleAdministrator}}}
		app.Organisation = o.ID
		return o, nil, nil
	}
	var got atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			app, err := w.any().CreateApplication(ctx, store.Application{ID: platformapi.NewID(), Account: a.ID, CreatedAt: w.now}, store.Once{}, nil, nil)
			if err == nil {
				_, err = w.any().ReviewApplication(ctx, app.ID, "1233012747013082XH", claim)
			}
			switch {
			case err == nil:
				got.Add(1)
			case !errors.Is(err, claimed) && !errors.Is(err, store.ErrTaken):
				w.Error(err)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		w.Errorf("%d claimed it", got.Load())
	}
	mine, err := w.any().OrganisationsOf(ctx, a.ID)
	w.must(err)
	if len(mine) != 1 || mine[0].Role(a.ID) != wire.RoleAdministrator || mine[0].Role("x") != "" {
		w.Errorf("organisations %+v", mine)
	}
	if of, err := w.any().OrganisationsOf(ctx, "x"); err != nil || len(of) != 0 {
		w.Errorf("of nobody: %+v, %v", of, err)
	}
	_, err = w.any().ChangeOrganisation(ctx, mine[0].ID, func(o *store.Organisation) (store.Entries, error) {
		o.Members = append(o.Members, store.Member{ID: "i", Role: wire.RoleStaff, Name: "李明", Phone: "13900000001"})
		return nil, nil
	})
	w.must(err)
	inviting, err := w.any().Inviting(ctx, "13900000001")
	w.must(err)
	if len(inviting) != 1 || inviting[0].ID != mine[0].ID {
		w.Errorf("inviting %+v", inviting)
	}
	waiting, err := w.any().WaitingApplications(ctx, "", mine[0].ID)
	w.must(err)
	if len(waiting) != 1 || waiting[0].Organisation != mine[0].ID {
		w.Errorf("the organisation's applications %+v", waiting)
	}
}

func belongings(_ *testing.T, w *world) {
	ctx := w.Context()
	a, _ := w.phone()
	w.must(w.any().Seals().Create(ctx, store.Seal{ID: "s", Owner: a.ID, PNG: []byte{1, 2}, Width: 42.5}, store.Once{}, nil))
	w.wants("the same seal again", w.any().Seals().Create(ctx, store.Seal{ID: "s", Owner: a.ID}, store.Once{}, nil), store.ErrTaken)
	seals, err := w.any().Seals().Of(ctx, a.ID)
	w.must(err)
	if len(seals) != 1 || seals[0].Width != 42.5 || len(seals[0].PNG) != 2 {
		w.Errorf("seals %+v", seals)
	}
	failed := errors.New("failed")
	_, err = w.any().Seals().Change(ctx, "s", func(s *store.Seal) (store.Entries, error) { s.Name = "x"; return nil, failed })
	w.wants("a change that fails", err, failed)
	if s, err := w.any().Seals().One(ctx, "s"); err != nil || s.Name != "" {
		w.Errorf("a change that failed was kept: %+v, %v", s, err)
	}

	app, err := w.any().CreateApplication(ctx, store.Application{ID: platformapi.NewID(), Version: 1, Account: a.ID, CreatedAt: w.now}, store.Once{}, []wire.Attachment{{Name: "n", Content: "AA"}}, nil)
	w.must(err)
	if attached, err := w.any().Attachments(ctx, app.ID); err != nil || len(attached) != 1 || attached[0].Content != "AA" {
		w.Errorf("attached %+v, %v", attached, err)
	}
	_, err = w.any().PayApplication(ctx, store.Once{}, store.Bill{ID: "b", Account: a.ID, Application: app.ID, Amount: 7}, func(*store.Application) (store.Entries, error) { return nil, failed })
	w.wants("a payment that fails", err, failed)
	if _, err := w.any().Zones().One(ctx, "s"); !errors.Is(err, store.ErrNotFound) {
		w.Errorf("a seal is found among the zones: %v", err)
	}
	if all, err := w.any().Cards().Of(ctx, a.ID); err != nil || len(all) != 0 {
		w.Errorf("a seal is among the cards: %+v, %v", all, err)
	}
	if _, err := w.any().Bills().One(ctx, "b"); !errors.Is(err, store.ErrNotFound) {
		w.Errorf("a payment that failed left a bill: %v", err)
	}
	_, err = w.any().PayApplication(ctx, store.Once{}, store.Bill{ID: "b", Account: a.ID, Application: app.ID, Amount: 7}, func(x *store.Application) (store.Entries, error) { x.Paid = true; return nil, nil })
	w.must(err)

	var got atomic.Int64
	var all sync.WaitGroup
	for i := range 4 { // of invoices over one bill at once, one is made
		all.Go(func() {
			v := store.Invoice{ID: string(rune('0' + i)), Account: a.ID, Bills: []string{"b"}, CreatedAt: w.now}
			err := w.any().CreateInvoice(ctx, v, store.Once{}, func(over []*store.Bill) (store.Entries, error) {
				if over[0].Invoice != "" {
					return nil, failed
				}
				return nil, nil
			})
			switch {
			case err == nil:
				got.Add(1)
			case !errors.Is(err, failed):
				w.Error(err)
			}
		})
	}
	all.Wait()
	invoices, err := w.any().Invoices().Of(ctx, a.ID)
	w.must(err)
	if got.Load() != 1 || len(invoices) != 1 || invoices[0].Amount != 7 {
		w.Errorf("%d invoices were made, there are %+v", got.Load(), invoices)
	}

	for _, id := range []string{"1", "2", "3"} {
		w.must(w.any().CreateMessage(ctx, store.Message{ID: id, Account: a.ID, At: w.now}))
	}
	page, err := w.any().Messages(ctx, a.ID, "3", 1)
	w.must(err)
	if len(page) != 1 || page[0].ID != "2" {
		w.Errorf("before the third: %+v", page)
	}
	if n, err := w.any().Unread(ctx, a.ID, "1"); err != nil || n != 2 {
		w.Errorf("%d after the first, %v", n, err)
	}
}

func once(_ *testing.T, w *world) {
	ctx := w.Context()
	a, _ := w.phone()
	var made, late atomic.Int64
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			o := store.Once{Account: a.ID, Key: "key", Hash: "h", ID: platformapi.NewID()}
			_, err := w.any().CreateApplication(ctx, store.Application{ID: o.ID, Account: a.ID, CreatedAt: w.now}, o, nil, nil)
			switch {
			case err == nil:
				made.Add(1)
			case errors.Is(err, store.ErrTaken):
				late.Add(1)
			default:
				w.Error(err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 || late.Load() != 5 {
		w.Errorf("%d made, %d late", made.Load(), late.Load())
	}
	o, err := w.any().Made(ctx, a.ID, "key")
	w.must(err)
	apps, err := w.any().Applications(ctx, a.ID)
	w.must(err)
	if len(apps) != 1 || apps[0].ID != o.ID || o.Hash != "h" {
		w.Errorf("made %+v, there are %d", o, len(apps))
	}
	_, err = w.any().Made(ctx, "another", "key")
	w.wants("another account's key", err, store.ErrNotFound)
}

func expire(_ *testing.T, w *world) {
	ctx := w.Context()
	a, d := w.phone()
	k := w.key(a, d)
	p := w.pairing(d.ID)
	w.must(w.any().CreatePairing(ctx, p))
	r, err := w.any().CreateRequest(ctx, p.ID, "", w.now, keepIt(w.request(p, k)))
	w.must(err)
	done, err := w.any().CreateRequest(ctx, "", "", w.now, func(*store.Pairing, *store.Request, []store.Request) (*store.Request, store.Entries, error) {
		q := w.request(store.Pairing{Device: d.ID}, k)
		q.State, q.Result, q.ResultTill = wire.RequestApproved, &wire.Result{Signature: "AAAAAAAAAAAA"}, w.now.Add(10*time.Minute)
		return &q, nil, nil
	})
	w.must(err)
	unseen := w.pairing("")
	unseen.State = wire.PairingCreated
	w.must(w.any().CreatePairing(ctx, unseen))
	w.must(w.any().Expire(ctx, w.now.Add(40*time.Second)))
	r, err = w.any().Request(ctx, r.ID)
	w.must(err)
	p, err = w.any().Pairing(ctx, p.ID)
	w.must(err)
	if r.State != wire.RequestExpired || p.State != wire.PairingLinked {
		w.Errorf("after 40 s: request %s, pairing %s", r.State, p.State)
	}
	w.must(w.any().Expire(ctx, w.now.Add(2*time.Hour)))
	p, err = w.any().Pairing(ctx, p.ID)
	w.must(err)
	done, err = w.any().Request(ctx, done.ID)
	w.must(err)
	sessions, err := w.any().Devices(ctx, a.ID)
	w.must(err)
	if p.State != wire.PairingEnded || done.Result != nil || !done.Collected || len(sessions) != 1 {
		w.Errorf("after two hours: pairing %s, result %+v", p.State, done.Result)
	}
	w.must(w.any().Expire(ctx, w.now.Add(2*time.Hour))) // nothing is left to do
	if unseen, err = w.any().Pairing(ctx, unseen.ID); err != nil || unseen.State != wire.PairingExpired {
		w.Errorf("a pairing that nobody scanned is %s, %v", unseen.State, err)
	}
	w.must(w.any().Expire(ctx, w.now.Add(25*time.Hour)))
	_, err = w.any().Pairing(ctx, unseen.ID)
	w.wants("a day later", err, store.ErrNotFound)
	_, err = w.any().Pairing(ctx, p.ID)
	w.must(err)
}

func trail(t *testing.T, w *world) {
	ctx := w.Context()
	a, _ := w.phone()
	for i := range 5 {
		_, err := w.any().ChangeAccount(ctx, a.ID, func(a *store.Account) (store.Entries, error) {
			a.Name = fmt.Sprint(i)
			return store.Entries{{At: w.now, Act: "named", Account: a.ID, Note: a.Name}}, nil
		})
		w.must(err)
	}
	var notes []string
	w.must(w.any().Trail(ctx, func(e audit.Entry) error { notes = append(notes, e.Note); return nil }))
	if !slices.Equal(notes, []string{"", "0", "1", "2", "3", "4"}) {
		w.Errorf("the trail says %q", notes)
	}
	w.h.Tamper(t, `UPDATE audit SET data = replace(data, '"note":"2"', '"note":"9"') WHERE seq = 4`)
	_, err := w.any().CheckAudit(ctx)
	if fault, ok := errors.AsType[*audit.Fault](err); !ok || fault.Seq != 4 || fault.Damage != audit.Changed {
		w.Errorf("a row was changed: %v", err)
	}
}

func claims(_ *testing.T, w *world) {
	var got atomic.Int64
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			due, err := w.any().Claim(context.WithoutCancel(w.Context()), "job", time.Minute, w.now)
			if err != nil {
				w.Error(err)
			}
			if due {
				got.Add(1)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		w.Errorf("%d do it", got.Load())
	}
	due, err := w.any().Claim(w.Context(), "job", time.Minute, w.now.Add(time.Minute))
	w.must(err)
	if !due {
		w.Error("it is not due again")
	}
}
