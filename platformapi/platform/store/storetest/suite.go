package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
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
		"Import":              imports,
		"ChallengesGoOnce":    challenges,
		"Sessions":            sessions,
		"Accounts":            accounts,
		"Devices":             devices,
		"Roles":               roles,
		"Events":              events,
		"ContractComesBack":   contractComesBack,
		"PagesAndSearch":      pages,
		"WhatIsNotDone":       undone,
		"LotsAndIdsAreUnique": unique,
		"AmendmentsOneByOne":  amendments,
		"AFailureLeavesNone":  failure,
		"SameKeyAtOnce":       sameKey,
		"VersionsDoNotFork":   versions,
		"MarkWritesOnce":      mark,
		"TrailDoesNotFork":    trail,
		"TrailIsChecked":      tampering,
		"SignedHeads":         signedHeads,
		"Blobs":               sweep,
		"JobsAreClaimedOnce":  claims,
		"SecretsAreShared":    secrets,
		"Expire":              expire,
		"Tenders":             tenders,
		"TendersDoNotFork":    tendersDoNotFork,
		"TenderPages":         tenderPages,
		"Credit":              credit,
		"BidsKeepTheirFiles":  bidsKeepTheirFiles,
		"LastByte":            lastByte,
		"UploadsAreOwned":     uploadsAreOwned,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			w := &world{T: t, h: h, now: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
			w.must(w.any().Import(t.Context(), []platformapi.Organisation{buyer, seller}, []store.Lot{lot("lot-1"), lot("lot-2")}, w.now))
			test(t, w)
		})
	}
}

var (
	buyer  = platformapi.Organisation{USCC: "91410800MA40000001", Name: "修武县第一中学"}
	seller = platformapi.Organisation{USCC: "91410800MA40000002", Name: "国泰测试（焦作）有限公司"}
)

func lot(id string) store.Lot {
	return store.Lot{
		ID: id, ProjectNumber: "修财采购-2026-12", ProjectName: "教学设备采购", Number: "ZB-" + id, Name: "标段 " + id, Kind: platformapi.LotProcurement,
		Method: platformapi.MethodInquiry, Purchaser: buyer, Supplier: seller, AwardFen: 111100,
		TradedAt: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), AwardSentAt: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
	}
}

type world struct {
	*testing.T
	h   Harness
	now time.Time
	n   atomic.Int64
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// any is one of the servers, another one each time.
func (w *world) any() store.Store {
	return w.h.Stores[int(w.n.Add(1))%len(w.h.Stores)]
}

func (w *world) request(contractID string) store.Request {
	return store.Request{USCC: buyer.USCC, Person: "张三", Key: platformapi.NewID(), Hash: "h", ContractID: contractID, Now: w.now}
}

// note appends a row to a contract's history, as the rules do.
func note(c *store.Contract, step platformapi.HistoryStep, now time.Time) error {
	before := ""
	if n := len(c.History); n > 0 {
		before = c.History[n-1].Hash
	}
	row := platformapi.HistoryRow{Seq: len(c.History) + 1, Round: c.Round, Step: step, Person: "张三", Organisation: buyer, ReceivedAt: now, HandledAt: now}
	var err error
	row.Hash, err = platformapi.HistoryHash(c.ID, before, row)
	c.History = append(c.History, row)
	return err
}

func render(platformapi.Receipt, *store.Contract) ([]byte, error) { return []byte(`{}`), nil }

func fresh(id, lotID string, now time.Time) (*store.Contract, store.Effect, error) {
	c := &store.Contract{
		ID: id, Lot: lot(lotID), Kind: platformapi.ContractMain, Order: platformapi.OrderSealFirst, Starter: platformapi.RolePurchaser, State: platformapi.StateDraft, Round: 1, Version: 1,
		Fields: platformapi.ContractFields{Number: "HT-1", Name: "教学设备采购合同"}, CreatedAt: now, UpdatedAt: now, ArrivedAt: now,
	}
	return c, store.Effect{Kind: platformapi.ReceiptCreate}, note(c, platformapi.HistoryCreate, now)
}

func (w *world) create(id, lotID string) error {
	_, err := w.any().Change(w.Context(), w.request(id), func(c *store.Contract) (*store.Contract, store.Effect, error) {
		if c != nil {
			return nil, store.Effect{}, store.ErrIDTaken
		}
		return fresh(id, lotID, w.now)
	}, render)
	return err
}

// step is a change of a contract that is there.
func (w *world) step(s store.Store, r store.Request, edit func(*store.Contract)) (store.Answer, error) {
	return s.Change(w.Context(), r, func(c *store.Contract) (*store.Contract, store.Effect, error) {
		if c == nil {
			return nil, store.Effect{}, store.ErrNotFound
		}
		c.Version++
		if edit != nil {
			edit(c)
		}
		return c, store.Effect{Kind: platformapi.ReceiptSave}, note(c, platformapi.HistorySave, r.Now)
	}, render)
}

func imports(t *testing.T, w *world) {
	other := buyer
	other.Name = "修武县第二中学"
	l := lot("lot-1")
	l.Purchaser = other
	l.Name = "另一标段"
	w.must(w.any().Import(t.Context(), []platformapi.Organisation{other}, []store.Lot{l}, w.now))
	if o, err := w.any().Organisation(t.Context(), buyer.USCC); err != nil || o != other {
		t.Errorf("%+v, %v", o, err)
	}
	if got, err := w.any().Lot(t.Context(), "lot-1"); err != nil || got.Name != l.Name || !got.AwardSentAt.Equal(l.AwardSentAt) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, uscc := range []string{buyer.USCC, seller.USCC} {
		if lots, err := w.any().Lots(t.Context(), uscc); err != nil || len(lots) != 2 {
			t.Errorf("%v, %v", lots, err)
		}
	}
	if _, err := w.any().Lot(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if _, err := w.any().Organisation(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if lots, err := w.any().Lots(t.Context(), "none"); err != nil || len(lots) != 0 {
		t.Errorf("%v, %v", lots, err)
	}
}

func challenges(t *testing.T, w *world) {
	c := store.Challenge{ID: platformapi.NewID(), Data: []byte{0, 1, 0xff}, ExpiresAt: w.now.Add(time.Minute)}
	w.must(w.any().SaveChallenge(t.Context(), c))
	var got atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			back, err := w.any().TakeChallenge(t.Context(), c.ID)
			switch {
			case err == nil:
				got.Add(1)
				if string(back.Data) != string(c.Data) || !back.ExpiresAt.Equal(c.ExpiresAt) {
					t.Errorf("%+v", back)
				}
			case !errors.Is(err, store.ErrNotFound):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		t.Errorf("%d got the challenge", got.Load())
	}
}

func contractComesBack(t *testing.T, w *world) {
	id := platformapi.NewID()
	w.must(w.create(id, "lot-1"))
	file := store.Attachment{Attachment: platformapi.Attachment{ID: platformapi.NewID(), Name: "合同.pdf", SHA256: strings.Repeat("a", 64), Current: true}, Shared: true}
	r := w.request(id)
	_, err := w.step(w.any(), r, func(c *store.Contract) {
		c.State, c.Round, c.SubmittedAt, c.ViewedAt = platformapi.StateAwaiting, 2, w.now, w.now.Add(time.Microsecond)
		c.Sent, c.HalfSealed = c.Fields, platformapi.RoleSupplier
		c.Attachments = append(c.Attachments, file)
	})
	w.must(err)
	c, err := w.any().Contract(t.Context(), id)
	w.must(err)
	if c.State != platformapi.StateAwaiting || c.Round != 2 || c.Version != 2 || !c.CreatedAt.Equal(w.now) || !c.ViewedAt.Equal(w.now.Add(time.Microsecond)) ||
		!c.ConcludedAt.IsZero() || c.Sent != c.Fields || c.HalfSealed != platformapi.RoleSupplier || c.Lot.Name != lot("lot-1").Name {
		t.Errorf("%+v", c)
	}
	if len(c.Attachments) != 1 || c.Attachments[0].Name != "合同.pdf" || !c.Attachments[0].Shared {
		t.Errorf("%+v", c.Attachments)
	}
	w.must(platformapi.CheckHistory(id, c.History))
	if live, err := w.any().LiveContract(t.Context(), "lot-1"); err != nil || live.ID != id {
		t.Errorf("%+v, %v", live, err)
	}
	if _, err := w.any().LiveContract(t.Context(), "lot-2"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if a, err := w.any().Answer(t.Context(), r.USCC, r.Key); err != nil || a.Hash != "h" || string(a.Body) != "{}" || !a.Replayed {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := w.any().Answer(t.Context(), seller.USCC, r.Key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another organisation's key: %v", err)
	}
	receipts, err := w.any().Receipts(t.Context(), buyer.USCC, id)
	if err != nil || len(receipts) != 2 || receipts[0].Number == "" || receipts[0].Number >= receipts[1].Number || receipts[1].AuditSeq != receipts[0].AuditSeq+1 {
		t.Errorf("%+v, %v", receipts, err)
	}
	if h, err := w.any().AuditHead(t.Context()); err != nil || h.Seq != receipts[1].AuditSeq || h.Hash != receipts[1].AuditHash {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := w.any().Contract(t.Context(), platformapi.NewID()); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

func pages(t *testing.T, w *world) {
	var ids []string
	for i := range 5 {
		id := platformapi.NewID()
		ids = append(ids, id)
		w.now = w.now.Add(time.Duration(i/2) * time.Millisecond) // some at the same moment
		w.must(w.create(id, "lot-1"))
		_, err := w.step(w.any(), w.request(id), func(c *store.Contract) { c.State, c.Fields.Name = platformapi.StateVoid, fmt.Sprintf(`a%%b_c\%dX`, i) })
		w.must(err)
	}
	slices.Reverse(ids)
	var got []string
	q := store.Query{USCC: buyer.USCC, State: platformapi.StateVoid, Limit: 2}
	for {
		page, err := w.any().Contracts(t.Context(), q)
		w.must(err)
		for _, c := range page {
			got = append(got, c.ID)
		}
		if len(page) < 2 {
			break
		}
		q.Before, q.BeforeID = page[1].CreatedAt, page[1].ID
	}
	if !slices.Equal(got, ids) {
		t.Errorf("pages give %v, want %v", got, ids)
	}
	for words, want := range map[string]int{"": 5, "教学设备": 5, "a%b": 5, `c\3`: 1, `C\3x 标段`: 1, "a_b": 0, "%%": 0, `\\`: 0, "'": 0} {
		page, err := w.any().Contracts(t.Context(), store.Query{USCC: buyer.USCC, State: platformapi.StateVoid, Words: words, Limit: 9})
		if err != nil || len(page) != want {
			t.Errorf("search %q: %d, %v; want %d", words, len(page), err, want)
		}
	}
	for q, want := range map[store.Query]int{
		{USCC: buyer.USCC, Limit: 9}:                                0, // all are void
		{USCC: seller.USCC, State: platformapi.StateVoid, Limit: 9}: 0, // nothing was submitted
	} {
		if page, err := w.any().Contracts(t.Context(), q); err != nil || len(page) != want {
			t.Errorf("%+v: %d, %v", q, len(page), err)
		}
	}
}

func undone(t *testing.T, w *world) {
	id := platformapi.NewID()
	w.must(w.create(id, "lot-2"))
	check := func(lots, contracts string) {
		t.Helper()
		l, err := w.any().Unsigned(t.Context(), "", 9)
		w.must(err)
		c, err := w.any().Unfinished(t.Context(), "", 9)
		w.must(err)
		var gotLots, gotContracts []string
		for _, x := range l {
			gotLots = append(gotLots, x.ID)
		}
		for _, x := range c {
			gotContracts = append(gotContracts, x.ID)
		}
		if strings.Join(gotLots, " ") != lots || strings.Join(gotContracts, " ") != contracts {
			t.Errorf("lots %v, want %s; contracts %v, want %s", gotLots, lots, gotContracts, contracts)
		}
	}
	step := func(edit func(*store.Contract)) {
		t.Helper()
		_, err := w.step(w.any(), w.request(id), edit)
		w.must(err)
	}
	check("lot-1", id)
	if l, err := w.any().Unsigned(t.Context(), "lot-1", 9); err != nil || len(l) != 0 {
		t.Errorf("after the last: %v, %v", l, err)
	}
	if c, err := w.any().Unfinished(t.Context(), id, 9); err != nil || len(c) != 0 {
		t.Errorf("after the last: %v, %v", c, err)
	}
	step(func(c *store.Contract) { c.State = platformapi.StateConcluded })
	check("lot-1", id)
	step(func(c *store.Contract) { c.Publication = &platformapi.Publication{PublishedAt: w.now} })
	check("lot-1", id)
	step(func(c *store.Contract) { c.Filed = &platformapi.Filed{RecordedAt: w.now} })
	check("lot-1", "")
	step(func(c *store.Contract) { c.State = platformapi.StateVoid })
	check("lot-1 lot-2", "")
}

func unique(t *testing.T, w *world) {
	id := platformapi.NewID()
	var won atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		contract := platformapi.NewID()
		if i == 0 {
			contract = id
		}
		all.Go(func() {
			switch err := w.create(contract, "lot-1"); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, store.ErrLotTaken):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Fatalf("%d contracts of one lot", won.Load())
	}
	live, err := w.any().LiveContract(t.Context(), "lot-1")
	w.must(err)
	if err := w.create(live.ID, "lot-2"); !errors.Is(err, store.ErrIDTaken) {
		t.Errorf("the same id again: %v", err)
	}
	w.must(w.any().Import(t.Context(), nil, []store.Lot{lot("lot-3")}, w.now))
	var errs [2]error
	id = platformapi.NewID()
	for i, l := range []string{"lot-2", "lot-3"} {
		all.Go(func() { errs[i] = w.create(id, l) })
	}
	all.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs[:]...), store.ErrIDTaken) {
		t.Errorf("the same id at once: %v", errs)
	}
	if errs[0] != nil {
		w.must(w.create(platformapi.NewID(), "lot-2"))
	}
	file := store.Attachment{Attachment: platformapi.Attachment{ID: platformapi.NewID(), SHA256: "x"}}
	add := func(c *store.Contract) { c.Attachments = append(c.Attachments, file) }
	_, err = w.step(w.any(), w.request(live.ID), add)
	w.must(err)
	second, err := w.any().LiveContract(t.Context(), "lot-2")
	w.must(err)
	if _, err = w.step(w.any(), w.request(second.ID), add); !errors.Is(err, store.ErrIDTaken) {
		t.Errorf("another contract's attachment: %v", err)
	}
}

func amendments(t *testing.T, w *world) {
	parent := platformapi.NewID()
	w.must(w.create(parent, "lot-1"))
	amend := func(kind platformapi.ContractKind) (string, error) {
		id := platformapi.NewID()
		_, err := w.any().Change(t.Context(), w.request(id), func(*store.Contract) (*store.Contract, store.Effect, error) {
			c, effect, err := fresh(id, "lot-1", w.now)
			c.Kind, c.ParentID, c.Order = kind, parent, platformapi.OrderReviewFirst
			return c, effect, err
		}, render)
		return id, err
	}
	var ids [4]string
	var errs [4]error
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() { ids[i], errs[i] = amend(platformapi.ContractSupplement) })
	}
	all.Wait()
	first, won := "", 0
	for i, err := range errs {
		if err == nil {
			first, won = ids[i], won+1
		} else if !errors.Is(err, store.ErrAmending) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Fatalf("%d amendments at once: %v", won, errs)
	}
	c, err := w.any().Contract(t.Context(), first)
	if err != nil || c.Kind != platformapi.ContractSupplement || c.Order != platformapi.OrderReviewFirst || c.Parent == nil || c.Parent.ID != parent ||
		len(c.Parent.Amendments) != 1 || len(c.Amendments) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := w.any().Contract(t.Context(), parent); err != nil || len(c.Amendments) != 1 || c.Amendments[0].ID != first || c.Parent != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if live, err := w.any().LiveContract(t.Context(), "lot-1"); err != nil || live.ID != parent {
		t.Errorf("the live contract is %s, %v", live.ID, err)
	}
	conclude := func(c *store.Contract) { c.State = platformapi.StateConcluded }
	_, err = w.step(w.any(), w.request(first), conclude)
	w.must(err)
	end, err := amend(platformapi.ContractTermination)
	w.must(err)
	_, err = w.step(w.any(), w.request(end), conclude)
	w.must(err)
	if _, err := amend(platformapi.ContractSupplement); !errors.Is(err, store.ErrAmending) {
		t.Errorf("after the termination: %v", err)
	}
}

func failure(t *testing.T, w *world) {
	id := platformapi.NewID()
	w.must(w.create(id, "lot-1"))
	head, err := w.any().AuditHead(t.Context())
	w.must(err)
	wrong := errors.New("refused")
	r := w.request(id)
	change := func(decided, rendered error) error {
		_, err := w.any().Change(t.Context(), r, func(c *store.Contract) (*store.Contract, store.Effect, error) {
			c.Version = 99
			return c, store.Effect{Kind: platformapi.ReceiptSave}, errors.Join(decided, note(c, platformapi.HistorySave, w.now))
		}, func(platformapi.Receipt, *store.Contract) ([]byte, error) { return nil, rendered })
		return err
	}
	if err := change(wrong, nil); !errors.Is(err, wrong) {
		t.Error(err)
	}
	if err := change(nil, wrong); !errors.Is(err, wrong) {
		t.Error(err)
	}
	c, err := w.any().Contract(t.Context(), id)
	if err != nil || c.Version != 1 || len(c.History) != 1 {
		t.Errorf("version %d, %d rows, %v", c.Version, len(c.History), err)
	}
	if _, err := w.any().Answer(t.Context(), r.USCC, r.Key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("answer: %v", err)
	}
	if list, err := w.any().Receipts(t.Context(), buyer.USCC, id); err != nil || len(list) != 1 {
		t.Errorf("receipts %v, %v", list, err)
	}
	if now, err := w.any().AuditHead(t.Context()); err != nil || now != head {
		t.Errorf("the trail went on: %+v, %v", now, err)
	}
	if _, err := w.step(w.any(), r, nil); err != nil {
		t.Errorf("the key is burnt: %v", err)
	}
}

func sameKey(t *testing.T, w *world) {
	id := platformapi.NewID()
	w.must(w.create(id, "lot-1"))
	r := w.request(id)
	var first atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			a, err := w.step(w.any(), r, nil)
			if err != nil || string(a.Body) != "{}" || a.Hash != "h" {
				t.Errorf("%+v, %v", a, err)
			}
			if !a.Replayed {
				first.Add(1)
			}
		})
	}
	all.Wait()
	c, err := w.any().Contract(t.Context(), id)
	if err != nil || first.Load() != 1 || c.Version != 2 {
		t.Errorf("%d were done, version %d, %v", first.Load(), c.Version, err)
	}
}

func versions(t *testing.T, w *world) {
	id := platformapi.NewID()
	w.must(w.create(id, "lot-1"))
	stale := errors.New("stale")
	var won atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := w.any().Change(t.Context(), w.request(id), func(c *store.Contract) (*store.Contract, store.Effect, error) {
				if c.Version != 1 {
					return nil, store.Effect{}, stale
				}
				c.Version++
				return c, store.Effect{Kind: platformapi.ReceiptSave}, note(c, platformapi.HistorySave, w.now)
			}, render)
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, stale) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
}

func mark(t *testing.T, w *world) {
	id := platformapi.NewID()
	w.must(w.create(id, "lot-1"))
	var marked atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := w.any().Mark(t.Context(), id, func(c *store.Contract) (bool, error) {
				if !c.ViewedAt.IsZero() {
					return false, nil
				}
				c.ViewedAt = w.now
				marked.Add(1)
				return true, note(c, platformapi.HistoryView, w.now)
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c, err := w.any().Contract(t.Context(), id)
	if err != nil || marked.Load() != 1 || len(c.History) != 2 || c.Version != 1 {
		t.Errorf("marked %d times, %d rows, %v", marked.Load(), len(c.History), err)
	}
	if err := w.any().Mark(t.Context(), platformapi.NewID(), nil); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

func trail(t *testing.T, w *world) {
	for i := range 4 {
		w.must(w.any().Import(t.Context(), nil, []store.Lot{lot(fmt.Sprint("many-", i))}, w.now))
	}
	var all sync.WaitGroup
	for i := range 4 {
		id := platformapi.NewID()
		all.Go(func() {
			if err := w.create(id, fmt.Sprint("many-", i)); err != nil {
				t.Error(err)
			}
			for range 10 {
				if _, err := w.step(w.any(), w.request(id), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	h, err := w.any().CheckAudit(t.Context())
	if err != nil || h.Seq != 1+4+4+4*10 {
		t.Errorf("%+v, %v", h, err)
	}
}

func tampering(t *testing.T, w *world) {
	id := platformapi.NewID()
	w.must(w.create(id, "lot-1")) // row 2
	for range 8 {                 // rows 3 to 10
		_, err := w.step(w.any(), w.request(id), nil)
		w.must(err)
	}
	if _, err := w.any().CheckAudit(t.Context()); err != nil {
		t.Fatal(err)
	}
	restore := []string{"DELETE FROM audit", "INSERT INTO audit SELECT * FROM kept", "DELETE FROM audit_head", "INSERT INTO audit_head SELECT * FROM kept_head"}
	w.h.Tamper(t, "CREATE TABLE kept AS SELECT * FROM audit")
	w.h.Tamper(t, "CREATE TABLE kept_head AS SELECT * FROM audit_head")
	for name, x := range map[string]struct {
		statements []string
		seq        int64
		damage     audit.Damage
	}{
		"a changed row":             {[]string{`UPDATE audit SET data = replace(data, '张三', '李四') WHERE seq = 4`}, 4, audit.Changed},
		"a changed hash":            {[]string{`UPDATE audit SET hash = '` + strings.Repeat("0", 64) + `' WHERE seq = 4`}, 4, audit.Changed},
		"a row that is no JSON":     {[]string{`UPDATE audit SET data = 'x' WHERE seq = 4`}, 4, audit.Changed},
		"the first row":             {[]string{`DELETE FROM audit WHERE seq = 1`}, 1, audit.Deleted},
		"a deleted row":             {[]string{`DELETE FROM audit WHERE seq = 5`}, 5, audit.Deleted},
		"deleted and renumbered":    {[]string{`DELETE FROM audit WHERE seq = 5`, `UPDATE audit SET seq = -seq WHERE seq > 5`, `UPDATE audit SET seq = -seq - 1 WHERE seq < 0`}, 5, audit.Deleted},
		"the last row":              {[]string{`DELETE FROM audit WHERE seq = 10`}, 10, audit.Deleted},
		"the last row and the head": {[]string{`DELETE FROM audit WHERE seq = 10`, `UPDATE audit_head SET seq = 9, hash = (SELECT hash FROM audit WHERE seq = 9)`}, 10, audit.Deleted},
		"an appended row":           {[]string{`INSERT INTO audit SELECT seq + 1, data, hash FROM audit WHERE seq = 10`}, 10, audit.Inserted},
		"inserted and renumbered": {[]string{`UPDATE audit SET seq = -seq WHERE seq >= 5`, `UPDATE audit SET seq = 1 - seq WHERE seq < 0`,
			`INSERT INTO audit SELECT 5, replace(data, '"seq":4', '"seq":5'), hash FROM audit WHERE seq = 4`}, 5, audit.Inserted},
		"everything": {[]string{`DELETE FROM audit`}, 1, audit.Deleted},
	} {
		for _, s := range x.statements {
			w.h.Tamper(t, s)
		}
		_, err := w.any().CheckAudit(t.Context())
		if f, ok := errors.AsType[*audit.Fault](err); !ok || f.Seq != x.seq || f.Damage != x.damage {
			t.Errorf("%s: %v, want row %d %s", name, err, x.seq, x.damage)
		}
		for _, s := range restore {
			w.h.Tamper(t, s)
		}
		if _, err := w.any().CheckAudit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.h.Tamper(t, `UPDATE history SET data = replace(data, '张三', '李四') WHERE seq = 3`)
	if _, err := w.any().CheckAudit(t.Context()); err == nil || !strings.Contains(err.Error(), id) {
		t.Errorf("a changed history: %v", err)
	}
	w.h.Tamper(t, `DELETE FROM history`)
	if _, err := w.any().CheckAudit(t.Context()); err == nil || !strings.Contains(err.Error(), id) {
		t.Errorf("a deleted history: %v", err)
	}
}

func signedHeads(t *testing.T, w *world) {
	head, err := w.any().AuditHead(t.Context())
	w.must(err)
	h := audit.SignedHead{Head: head, At: w.now, Signature: []byte{1, 2}}
	w.must(w.any().KeepSignedHead(t.Context(), h))
	w.must(w.any().KeepSignedHead(t.Context(), h))
	list, err := w.any().SignedHeads(t.Context())
	if err != nil || len(list) != 1 || list[0].Head != head || !list[0].At.Equal(w.now) || string(list[0].Signature) != "\x01\x02" {
		t.Errorf("%+v, %v", list, err)
	}
	w.h.Tamper(t, `UPDATE audit_signed SET hash = '`+strings.Repeat("0", 64)+`'`)
	_, err = w.any().CheckAudit(t.Context())
	if f, ok := errors.AsType[*audit.Fault](err); !ok || f.Seq != 1 {
		t.Errorf("a chain that is not the one that was signed: %v", err)
	}
}

func sweep(t *testing.T, w *world) {
	digest := func(c string) string { return strings.Repeat(c, 64) }
	for _, c := range []string{"a", "b", "c"} {
		w.must(w.any().AnnounceBlob(t.Context(), digest(c), w.now))
	}
	id := platformapi.NewID()
	w.must(w.create(id, "lot-1"))
	_, err := w.step(w.any(), w.request(id), func(c *store.Contract) {
		c.Attachments = append(c.Attachments, store.Attachment{Attachment: platformapi.Attachment{ID: platformapi.NewID(), SHA256: digest("a")}})
	})
	w.must(err)
	if list, err := w.any().Blobs(t.Context(), "", 9); err != nil || !slices.Equal(list, []string{digest("a")}) {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := w.any().Blobs(t.Context(), digest("a"), 9); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	w.must(w.any().AnnounceBlob(t.Context(), digest("c"), w.now.Add(time.Hour)))
	var removed []string
	remove := func(_ context.Context, d string) error { removed = append(removed, d); return nil }
	failing := errors.New("the bucket is away")
	if _, err := w.any().SweepBlobs(t.Context(), w.now.Add(time.Minute), func(context.Context, string) error { return failing }); !errors.Is(err, failing) {
		t.Error(err)
	}
	for i, want := range []int{1, 0} {
		if n, err := w.any().SweepBlobs(t.Context(), w.now.Add(time.Minute), remove); err != nil || n != want {
			t.Errorf("sweep %d: %d, %v", i, n, err)
		}
	}
	if !slices.Equal(removed, []string{digest("b")}) {
		t.Errorf("removed %v", removed)
	}
	// A file that is announced while it is removed comes after.
	announced := make(chan error, 1)
	_, err = w.any().SweepBlobs(t.Context(), w.now.Add(2*time.Hour), func(ctx context.Context, d string) error {
		go func() { announced <- w.any().AnnounceBlob(t.Context(), d, w.now.Add(3*time.Hour)) }()
		select {
		case err := <-announced:
			t.Errorf("it was announced before it was removed (%v)", err)
		case <-time.After(50 * time.Millisecond):
		}
		return nil
	})
	w.must(err)
	w.must(<-announced)
}

func claims(t *testing.T, w *world) {
	for round := range 3 {
		now := w.now.Add(time.Duration(round) * time.Hour)
		var got atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				mine, err := w.any().Claim(t.Context(), "sweep", time.Hour, now)
				if err != nil {
					t.Error(err)
				}
				if mine {
					got.Add(1)
				}
			})
		}
		all.Wait()
		if got.Load() != 1 {
			t.Errorf("round %d: %d got it", round, got.Load())
		}
	}
	if mine, err := w.any().Claim(t.Context(), "other", time.Hour, w.now); err != nil || !mine {
		t.Errorf("another job: %v, %v", mine, err)
	}
}

func secrets(t *testing.T, w *world) {
	got := make(chan string, 8)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			v, err := w.any().Secret(t.Context(), "cursor", []byte{byte(i)})
			if err != nil {
				t.Error(err)
			}
			got <- string(v)
		})
	}
	all.Wait()
	first := <-got
	for range 7 {
		if v := <-got; v != first || len(v) != 1 {
			t.Errorf("%q and %q", v, first)
		}
	}
}

func expire(t *testing.T, w *world) {
	w.must(w.any().SaveChallenge(t.Context(), store.Challenge{ID: "old", Data: []byte{}, ExpiresAt: w.now.Add(-time.Second)}))
	w.must(w.any().SaveChallenge(t.Context(), store.Challenge{ID: "new", Data: []byte{}, ExpiresAt: w.now.Add(time.Second)}))
	w.must(w.any().SaveSession(t.Context(), store.Session{ID: "old", TokenHash: "old", USCC: buyer.USCC, ExpiresAt: w.now.Add(-time.Second)}, w.now))
	w.must(w.any().SaveSession(t.Context(), store.Session{ID: "new", TokenHash: "new", USCC: buyer.USCC, ExpiresAt: w.now.Add(time.Second)}, w.now))
	id := platformapi.NewID()
	w.must(w.create(id, "lot-1"))
	early, late := w.request(id), w.request(id)
	early.Now = w.now.Add(-91 * 24 * time.Hour)
	for _, r := range []store.Request{early, late} {
		_, err := w.step(w.any(), r, nil)
		w.must(err)
	}
	w.must(w.any().Expire(t.Context(), w.now))
	_, err1 := w.any().TakeChallenge(t.Context(), "old")
	_, err2 := w.any().Session(t.Context(), "old")
	_, err3 := w.any().Answer(t.Context(), early.USCC, early.Key)
	for _, err := range []error{err1, err2, err3} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("what is old is there: %v", err)
		}
	}
	_, err1 = w.any().TakeChallenge(t.Context(), "new")
	_, err2 = w.any().Session(t.Context(), "new")
	_, err3 = w.any().Answer(t.Context(), late.USCC, late.Key)
	w.must(errors.Join(err1, err2, err3))
}
