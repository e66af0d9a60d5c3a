package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
)

func session(now time.Time) store.Session {
	return store.Session{
		ID: "s", TokenHash: "t", TokenUntil: now.Add(time.Minute), RefreshHash: "r", RenewedAt: now, Thumbprint: "k",
		USCC: buyer.USCC, Person: "张三", CertSHA256: "c", ExpiresAt: now.Add(time.Hour),
	}
}

func sessions(t *testing.T, w *world) {
	x := session(w.now)
	w.must(w.any().SaveSession(t.Context(), x, w.now))
	for name, read := range map[string]func() (store.Session, error){
		"by token": func() (store.Session, error) { return w.any().Session(t.Context(), "t") },
		"by id":    func() (store.Session, error) { return w.any().SessionByID(t.Context(), "s") },
	} {
		if got, err := read(); err != nil || got != x {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	// Of those that renew at once, one does.
	var renewed atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			next := x
			next.TokenHash, next.RefreshHash, next.PreviousHash = fmt.Sprint("t", i), fmt.Sprint("r", i), "r"
			next.RenewedAt, next.TokenUntil = w.now.Add(time.Second), w.now.Add(time.Hour)
			switch err := w.any().RenewSession(t.Context(), "r", next); {
			case err == nil:
				renewed.Add(1)
			case !errors.Is(err, store.ErrNotFound):
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := w.any().SessionByID(t.Context(), "s")
	if err != nil || renewed.Load() != 1 || got.PreviousHash != "r" || got.RefreshHash != "r"+got.TokenHash[1:] || !got.RenewedAt.Equal(w.now.Add(time.Second)) {
		t.Errorf("%d renewed it: %+v, %v", renewed.Load(), got, err)
	}
	if _, err := w.any().Session(t.Context(), "t"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the old token: %v", err)
	}
	w.must(w.any().DropSession(t.Context(), "s", w.now))
	if _, err := w.any().Session(t.Context(), got.TokenHash); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if err := w.any().DropSession(t.Context(), "s", w.now); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if h, err := w.any().AuditHead(t.Context()); err != nil || h.Seq != 3 { // import, login, logout
		t.Errorf("%+v, %v", h, err)
	}
}

func accounts(t *testing.T, w *world) {
	a := store.Account{Name: "13800000000", Person: "张三", Password: "hash", Organisations: []platformapi.Organisation{buyer, seller}}
	w.must(w.any().SaveAccount(t.Context(), a))
	a.Person, a.Organisations = "李四", []platformapi.Organisation{buyer}
	w.must(w.any().SaveAccount(t.Context(), a))
	got, err := w.any().Account(t.Context(), a.Name)
	if err != nil || got.Person != "李四" || got.Password != "hash" || len(got.Organisations) != 1 || got.Organisations[0] != buyer {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := w.any().Account(t.Context(), "nobody"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}

	// Tries side by side all count: of ten, five look at the password.
	try := func(now time.Time) error {
		_, err := w.any().TakeTry(t.Context(), a.Name, now, 5, time.Hour)
		return err
	}
	var looked, locked atomic.Int64
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			switch err := try(w.now); {
			case err == nil:
				looked.Add(1)
			case errors.Is(err, store.ErrLocked):
				locked.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if looked.Load() != 5 || locked.Load() != 5 {
		t.Errorf("%d looked, %d were locked out", looked.Load(), locked.Load())
	}
	w.must(try(w.now.Add(time.Hour)))
	w.must(w.any().ResetTries(t.Context(), a.Name))
	for range 5 {
		w.must(try(w.now))
	}
	if err := try(w.now); !errors.Is(err, store.ErrLocked) {
		t.Error(err)
	}
	if _, err := w.any().TakeTry(t.Context(), "nobody", w.now, 5, time.Hour); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}

	b := platformapi.Binding{CertificateSHA256: "c", Organisation: buyer, Person: "王五", NotAfter: w.now.Add(time.Hour), BoundAt: w.now}
	w.must(w.any().Bind(t.Context(), a.Name, b))
	b.BoundAt = w.now.Add(time.Minute)
	w.must(w.any().Bind(t.Context(), a.Name, b))
	if got, err := w.any().Account(t.Context(), a.Name); err != nil || len(got.Bindings) != 1 || got.Bindings[0] != b {
		t.Errorf("%+v, %v", got.Bindings, err)
	}
	w.must(w.any().Unbind(t.Context(), a.Name, "c", w.now))
	if err := w.any().Unbind(t.Context(), a.Name, "c", w.now); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if h, err := w.any().AuditHead(t.Context()); err != nil || h.Seq != 4 { // import, bound twice, unbound
		t.Errorf("%+v, %v", h, err)
	}
}

func devices(t *testing.T, w *world) {
	d := store.Device{
		CodeHash: "h", UserCode: "BCDF-GHJK", ClientName: "电脑", Address: "10.0.0.1", Thumbprint: "k", State: store.DeviceWaits, ExpiresAt: w.now.Add(time.Minute),
	}
	w.must(w.any().SaveDevice(t.Context(), d))
	other := d
	other.CodeHash = "h2"
	if err := w.any().SaveDevice(t.Context(), other); !errors.Is(err, store.ErrIDTaken) {
		t.Errorf("a user code twice: %v", err)
	}
	if got, err := w.any().DeviceByUserCode(t.Context(), d.UserCode); err != nil || got != d {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := w.any().PollDevice(t.Context(), "h", w.now); err != nil || got != d {
		t.Errorf("first poll: %+v, %v", got, err)
	}
	if got, err := w.any().PollDevice(t.Context(), "h", w.now.Add(time.Second)); err != nil || !got.PolledAt.Equal(w.now) {
		t.Errorf("second poll: %+v, %v", got, err)
	}
	// Of those that decide at once, one does; of those that ask at once, one is answered.
	d.USCC, d.Person, d.CertSHA256, d.CertUntil, d.State = buyer.USCC, "张三", "c", w.now.Add(time.Hour), store.DeviceApproved
	var decided, answered atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch err := w.any().DecideDevice(t.Context(), d); {
			case err == nil:
				decided.Add(1)
			case !errors.Is(err, store.ErrNotFound):
				t.Error(err)
			}
		})
	}
	all.Wait()
	for range 8 {
		all.Go(func() {
			got, err := w.any().PollDevice(t.Context(), "h", w.now)
			switch {
			case err == nil:
				answered.Add(1)
				if got.PolledAt = d.PolledAt; got != d {
					t.Errorf("%+v", got)
				}
			case !errors.Is(err, store.ErrNotFound):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if decided.Load() != 1 || answered.Load() != 1 {
		t.Errorf("%d decided, %d were answered", decided.Load(), answered.Load())
	}
}

func roles(t *testing.T, w *world) {
	if r, err := w.any().OrganisationKind(t.Context(), buyer.USCC); err != nil || r != platformapi.OrganisationParty {
		t.Errorf("%q, %v", r, err)
	}
	w.must(w.any().SetOrganisationKind(t.Context(), buyer.USCC, platformapi.OrganisationSupervisor))
	if r, err := w.any().OrganisationKind(t.Context(), buyer.USCC); err != nil || r != platformapi.OrganisationSupervisor {
		t.Errorf("%q, %v", r, err)
	}
	if err := w.any().SetOrganisationKind(t.Context(), "none", platformapi.OrganisationAgency); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if err := w.any().SetVenues(t.Context(), "none", []string{"一号开标室"}); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	w.must(w.any().SetVenues(t.Context(), buyer.USCC, []string{"二号开标室", "三号开标室"}))
	w.must(w.any().SetVenues(t.Context(), buyer.USCC, []string{"二号开标室", "一号开标室", "一号开标室"}))
	w.must(w.any().SetVenues(t.Context(), seller.USCC, []string{"一号开标室", "四号开标室"}))
	for uscc, want := range map[string]int{"": 3, buyer.USCC: 2, seller.USCC: 2, "none": 0} {
		if got, err := w.any().Venues(t.Context(), uscc); err != nil || len(got) != want {
			t.Errorf("%q: %v, %v", uscc, got, err)
		}
	}
	agency := platformapi.Organisation{USCC: "91410800MA40000003", Name: "代理机构"}
	with := lot("lot-3")
	with.AgencyUSCC = agency.USCC
	w.must(w.any().Import(t.Context(), []platformapi.Organisation{agency}, []store.Lot{with}, w.now))
	if lots, err := w.any().Lots(t.Context(), agency.USCC); err != nil || len(lots) != 1 || lots[0].ID != "lot-3" {
		t.Errorf("%+v, %v", lots, err)
	}
	draft, sent, elsewhere := platformapi.NewID(), platformapi.NewID(), platformapi.NewID()
	w.must(w.create(draft, "lot-1"))
	w.must(w.create(sent, "lot-3"))
	w.must(w.create(elsewhere, "lot-2"))
	for _, id := range []string{sent, elsewhere} {
		_, err := w.step(w.any(), w.request(id), func(c *store.Contract) { c.SubmittedAt = w.now })
		w.must(err)
	}
	for name, x := range map[string]struct {
		q    store.Query
		want int
	}{
		"supervisor":         {store.Query{USCC: "x", Observer: platformapi.OrganisationSupervisor, Limit: 10}, 2},
		"agency":             {store.Query{USCC: agency.USCC, Observer: platformapi.OrganisationAgency, Limit: 10}, 1},
		"another agency":     {store.Query{USCC: "y", Observer: platformapi.OrganisationAgency, Limit: 10}, 0},
		"one of its parties": {store.Query{USCC: buyer.USCC, Limit: 10}, 3},
	} {
		if got, err := w.any().Contracts(t.Context(), x.q); err != nil || len(got) != x.want {
			t.Errorf("%s: %d contracts, %v; want %d", name, len(got), err, x.want)
		}
	}
}

func events(t *testing.T, w *world) {
	draft, sent := platformapi.NewID(), platformapi.NewID()
	w.must(w.create(draft, "lot-1"))
	w.must(w.create(sent, "lot-2"))
	_, err := w.step(w.any(), w.request(sent), func(c *store.Contract) { c.SubmittedAt = w.now })
	w.must(err)
	head, err := w.any().AuditHead(t.Context())
	w.must(err)
	for name, x := range map[string]struct {
		q    store.EventQuery
		want []string
	}{
		"who began them":   {store.EventQuery{USCC: buyer.USCC}, []string{draft, sent, sent}},
		"the other side":   {store.EventQuery{USCC: seller.USCC}, []string{sent, sent}},
		"a stranger":       {store.EventQuery{USCC: "x"}, nil},
		"a supervisor":     {store.EventQuery{USCC: "x", Observer: platformapi.OrganisationSupervisor}, []string{sent, sent}},
		"an agency":        {store.EventQuery{USCC: "x", Observer: platformapi.OrganisationAgency}, nil},
		"behind the first": {store.EventQuery{USCC: buyer.USCC, After: head.Seq - 1}, []string{sent}},
		"up to a number":   {store.EventQuery{USCC: buyer.USCC, Until: head.Seq - 1}, []string{draft, sent}},
		"the first one":    {store.EventQuery{USCC: buyer.USCC, Limit: 1}, []string{draft}},
	} {
		if x.q.Until == 0 {
			x.q.Until = head.Seq
		}
		if x.q.Limit == 0 {
			x.q.Limit = 10
		}
		list, err := w.any().Events(t.Context(), x.q)
		var got []string
		last := int64(0)
		for _, e := range list {
			got = append(got, e.ContractID)
			if e.Seq <= last || e.Act == "" || e.At.IsZero() {
				t.Errorf("%s: %+v", name, e)
			}
			last = e.Seq
		}
		if err != nil || !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, x.want)
		}
	}
}
