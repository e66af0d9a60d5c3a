package platform_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/platform/store/sqlite"
	"sealdesk/platformapi/platform/tenders"
	"sealdesk/platformapi/platformtest"
)

// tendering is a tender with one bid, received.
type tendering struct {
	*platformtest.World
	host, bidder *client.Client
	id           string
	file         []byte
	bid          platformapi.Bid
}

func newTendering(t *testing.T, dir string, remedy platformapi.Remedy) *tendering {
	t.Helper()
	x := &tendering{World: platformtest.NewWorld(t, dir, nil)}
	x.host, x.bidder = x.Login(t, platformtest.Purchaser, client.Options{}), x.Login(t, platformtest.Supplier, client.Options{})
	x.file = paper(x.publish(t, remedy), platformtest.Supplier)
	out, err := x.bidder.CompleteBid(t.Context(), platformapi.NewID(), x.send(t, x.bidder, x.file).ID)
	if err != nil {
		t.Fatal(err)
	}
	x.bid = out.Bid
	return x
}

// publish makes the tender, and gives its outline.
func (x *tendering) publish(t *testing.T, remedy platformapi.Remedy) []byte {
	t.Helper()
	outline := platformtest.PaperOutline{Tender: "XW-1", Lot: "1", Envelopes: []string{"投标"}, Fields: []string{"投标总价"}}.JSON()
	tender, err := x.host.CreateTender(t.Context(), platformapi.NewID(), platformapi.NewTender{
		ID: platformapi.NewID(), Number: "XW-1", Name: "设备", LotNumber: "1", LotName: "一", PurchaserUSCC: platformtest.Purchaser.USCC, Outline: outline,
		Deadline: x.Clock.Now().Add(time.Hour), DecryptMinutes: 10, Remedy: remedy, OthersGoOn: true, MinBidders: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	x.id = tender.ID
	return outline
}

// paper is an organisation's bid as a file.
func paper(outline []byte, o platformapi.Organisation) []byte {
	return platformtest.PaperBid{
		Paper: 1, ID: "1", Tender: "XW-1", Lot: "1", Outline: digestOf(outline), Bidder: o.USCC, Signer: o.USCC, Platform: "paper platform",
		Envelopes: []string{"投标"}, Price: []platformapi.PriceField{{Name: "投标总价", Value: "1"}}, Text: "技术",
	}.File()
}

// send uploads a bid without handing it in.
func (x *tendering) send(t *testing.T, p *client.Client, file []byte) platformapi.Bid {
	t.Helper()
	b, err := p.BeginBid(t.Context(), platformapi.NewID(), x.id, platformapi.NewBid{ID: platformapi.NewID(), Size: int64(len(file)), SHA256: digestOf(file)})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.SendBid(t.Context(), b, bytes.NewReader(file), nil); err != nil {
		t.Fatal(err)
	}
	return b
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (x *tendering) act(t *testing.T, a platformapi.OpeningAct) {
	t.Helper()
	now, err := x.host.Tender(t.Context(), x.id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.host.Conduct(t.Context(), platformapi.TenderChange{Key: platformapi.NewID(), TenderID: x.id, Version: now.Version}, a); err != nil {
		t.Fatal(err)
	}
}

// path is where the platform keeps the bid.
func (x *tendering) path(dir string) string {
	d := x.bid.SHA256
	return filepath.Join(dir, platform.BlobFolder, "sha256", d[:2], d[2:4], d)
}

// A bid whose file is damaged at the platform is opened by a backup of its very digest, and by no other file.
func TestBackupOfADamagedBid(t *testing.T) {
	dir := t.TempDir()
	x := newTendering(t, dir, platformapi.RemedyBackupFile)
	damaged := bytes.Clone(x.file)
	damaged[len(damaged)-70] ^= 1
	if err := os.WriteFile(x.path(dir), damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	x.Clock.Add(time.Hour)
	x.act(t, platformapi.OpeningAct{Act: platformapi.MoveAnnounce})
	backup := platformapi.NewBackup{UploadID: platformapi.NewID(), Size: x.bid.Size, SHA256: x.bid.SHA256}
	_, err := x.bidder.BeginBackup(t.Context(), platformapi.NewID(), x.bid.ID, backup)
	if !platformapi.IsCode(err, platformapi.CodeRemedyNone) {
		t.Errorf("a bid that nothing is known to be wrong with: %v", err)
	}
	x.act(t, platformapi.OpeningAct{Act: platformapi.MoveStart})
	b, err := x.bidder.Bid(t.Context(), x.bid.ID)
	if err != nil || b.State != platformapi.BidFailed || b.Failure.Cause != platformapi.CauseOuterClosed {
		t.Fatalf("%s, %v", b.State, err)
	}
	x.Clock.Add(11 * time.Minute)
	if b, err := x.bidder.Bid(t.Context(), x.bid.ID); err != nil || b.Liable != platformapi.LiableUndecided {
		t.Errorf("%q, %v", b.Liable, err)
	}
	other := backup
	other.SHA256 = digestOf(damaged)
	if _, err := x.bidder.BeginBackup(t.Context(), platformapi.NewID(), x.bid.ID, other); !platformapi.IsCode(err, platformapi.CodeBackupOther) {
		t.Errorf("another file: %v", err)
	}
	stranger := x.Login(t, platformtest.Stranger, client.Options{})
	if _, err := stranger.BeginBackup(t.Context(), platformapi.NewID(), x.bid.ID, backup); !platformapi.IsCode(err, platformapi.CodeNotFound) {
		t.Errorf("another bidder: %v", err)
	}
	if _, err := x.bidder.BeginBackup(t.Context(), platformapi.NewID(), x.bid.ID, backup); err != nil {
		t.Fatal(err)
	}
	if _, err := x.bidder.CompleteBackup(t.Context(), platformapi.NewID(), x.bid.ID); !platformapi.IsCode(err, platformapi.CodeUploadIncomplete) {
		t.Errorf("nothing was sent: %v", err)
	}
	if err := x.bidder.SendBackup(t.Context(), backup, bytes.NewReader(x.file), nil); err != nil {
		t.Fatal(err)
	}
	b, err = x.bidder.CompleteBackup(t.Context(), platformapi.NewID(), x.bid.ID)
	if err != nil || b.State != platformapi.BidDecrypting || b.BackupAt.IsZero() {
		t.Fatalf("%s, %v", b.State, err)
	}
	list, err := x.bidder.TakeEnvelopes(t.Context(), x.bid.ID)
	if err != nil {
		t.Fatal(err)
	}
	b, err = x.bidder.Decrypt(t.Context(), platformapi.NewID(), x.bid.ID, []platformapi.OpenedEnvelope{{Name: list[0].Name, Secret: platformtest.PaperKey(list[0].Inner)}})
	if err != nil || b.State != platformapi.BidDecrypted {
		t.Errorf("%s, %v", b.State, err)
	}
	if kept, err := os.ReadFile(x.path(dir)); err != nil || !bytes.Equal(kept, x.file) {
		t.Errorf("the platform keeps %d bytes, %v", len(kept), err)
	}
}

// Damage that comes between the start and the bidder's secret is found before the bid counts as opened.
func TestDamageIsFoundWhenABidIsOpened(t *testing.T) {
	dir := t.TempDir()
	x := newTendering(t, dir, platformapi.RemedyNone)
	x.Clock.Add(time.Hour)
	x.act(t, platformapi.OpeningAct{Act: platformapi.MoveAnnounce})
	x.act(t, platformapi.OpeningAct{Act: platformapi.MoveStart})
	list, err := x.bidder.TakeEnvelopes(t.Context(), x.bid.ID)
	if err != nil {
		t.Fatal(err)
	}
	opened := []platformapi.OpenedEnvelope{{Name: list[0].Name, Secret: platformtest.PaperKey(list[0].Inner)}}
	if err := os.Remove(x.path(dir)); err != nil {
		t.Fatal(err)
	}
	b, err := x.bidder.Decrypt(t.Context(), platformapi.NewID(), x.bid.ID, opened)
	if err != nil || b.State != platformapi.BidFailed || b.Failure.Cause != platformapi.CauseFileDamaged {
		t.Errorf("the file is gone: %s, %v", b.State, err)
	}
	if err := os.WriteFile(x.path(dir), bytes.Replace(x.file, []byte("技术"), []byte("价格"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err = x.bidder.Decrypt(t.Context(), platformapi.NewID(), x.bid.ID, opened)
	if err != nil || b.State != platformapi.BidFailed || b.Failure.Cause != platformapi.CauseFileDamaged {
		t.Errorf("the file is another one: %s, %v", b.State, err)
	}
	if err := os.WriteFile(x.path(dir), x.file, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err = x.bidder.Decrypt(t.Context(), platformapi.NewID(), x.bid.ID, opened)
	if err != nil || b.State != platformapi.BidDecrypted {
		t.Errorf("the file is back: %s, %v", b.State, err)
	}
}

// Who watches a tender is told of what happens there, of other's bids from the announcement on only.
func TestWatchTender(t *testing.T) {
	x := newTendering(t, t.TempDir(), platformapi.RemedyNone)
	watch := func(c *client.Client) <-chan platformapi.TenderEvent {
		events := make(chan platformapi.TenderEvent, 100)
		go func() {
			_ = c.WatchTender(t.Context(), x.id, func(e platformapi.TenderEvent) { events <- e }, func() {}) // it ends with the test
		}()
		return events
	}
	bidder, supervisor := watch(x.bidder), watch(x.Login(t, platformtest.Supervisor, client.Options{}))
	time.Sleep(300 * time.Millisecond) // the streams begin with what happens from now on
	if _, err := x.bidder.SignIn(t.Context(), platformapi.NewID(), x.bid.ID, platformapi.SignIn{Place: platformapi.PlaceRemote}); err != nil {
		t.Fatal(err)
	}
	x.Clock.Add(time.Hour)
	x.act(t, platformapi.OpeningAct{Act: platformapi.MoveAnnounce})
	x.act(t, platformapi.OpeningAct{Act: platformapi.MoveStart})
	if _, err := x.bidder.TakeEnvelopes(t.Context(), x.bid.ID); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"bidder":     {"bid.sign_in", "tender.announce", "tender.start", "bid.fetch"},
		"supervisor": {"tender.announce", "tender.start", "bid.fetch"},
	} {
		from := map[string]<-chan platformapi.TenderEvent{"bidder": bidder, "supervisor": supervisor}[name]
		for _, act := range want {
			select {
			case e := <-from:
				if e.Act != act || e.TenderID != x.id {
					t.Errorf("%s is told %+v, not %s", name, e, act)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s is not told of %s", name, act)
			}
		}
	}
}

// A bid may be larger than an attachment, in pieces that are not; nothing else may.
func TestABidIsLargerThanAnAttachment(t *testing.T) {
	x := newTendering(t, t.TempDir(), platformapi.RemedyNone) // whose attachments have a mebibyte at most
	p := x.Login(t, platformtest.Third, client.Options{Piece: 256 << 10})
	large := append(bytes.Clone(x.file), make([]byte, 3<<20)...)
	n := platformapi.NewBid{ID: platformapi.NewID(), Size: int64(len(large)), SHA256: digestOf(large)}
	b, err := p.BeginBid(t.Context(), platformapi.NewID(), x.id, n)
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	if err := p.SendBid(t.Context(), b, bytes.NewReader(large), func(done, _ int64) { total = done }); err != nil || total != b.Size {
		t.Errorf("%d of %d bytes, %v", total, b.Size, err)
	}
	if _, err := p.CompleteBid(t.Context(), platformapi.NewID(), b.ID); !platformapi.IsCode(err, platformapi.CodeBidDamaged) {
		t.Errorf("%v", err) // it was judged
	}
	if err := p.SendCredit(t.Context(), platformapi.NewCreditFile{UploadID: platformapi.NewID(), SHA256: n.SHA256}, n.Size, bytes.NewReader(large)); !platformapi.IsCode(err, platformapi.CodeTooLarge) {
		t.Errorf("as anything else: %v", err)
	}
	n.ID, n.Size = platformapi.NewID(), 8<<30+1
	if _, err := p.BeginBid(t.Context(), platformapi.NewID(), x.id, n); !platformapi.IsCode(err, platformapi.CodeBidTooLarge) {
		t.Errorf("larger than any bid: %v", err)
	}
}

// A terminal acts at the openings of its own venue, and at no other one; where terminals have no venue, at all (which the suite shows).
func TestATerminalActsAtItsVenueOnly(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	host, terminal, bidder := w.Login(t, platformtest.Purchaser, client.Options{}), w.Login(t, platformtest.Hall, client.Options{}), w.Login(t, platformtest.Supplier, client.Options{})
	ctx := t.Context()
	publish := func(number, venue string) (platformapi.Tender, []byte, error) {
		outline := platformtest.PaperOutline{Tender: number, Lot: "1", Envelopes: []string{"投标"}, Fields: []string{"投标总价"}}.JSON()
		x, err := host.CreateTender(ctx, platformapi.NewID(), platformapi.NewTender{
			ID: platformapi.NewID(), Number: number, Name: "设备", LotNumber: "1", LotName: "一", PurchaserUSCC: platformtest.Purchaser.USCC, Outline: outline, Venue: venue,
			Deadline: w.Clock.Now().Add(time.Hour), DecryptMinutes: 10, Remedy: platformapi.RemedyNone, OthersGoOn: true, MinBidders: 1,
		})
		return x, outline, err
	}
	if _, _, err := publish("XW-0", "一号开标室"); !platformapi.IsCode(err, platformapi.CodeVenueUnknown) {
		t.Errorf("a venue where there are none: %v", err)
	}
	seed := platform.Seed{Venues: map[string][]string{platformtest.Hall.USCC: {"一号开标室"}, platformtest.Third.USCC: {"二号开标室"}}}
	if err := w.Server.Import(ctx, seed); err != nil {
		t.Fatal(err)
	}
	for _, venue := range []string{"", "三号开标室"} {
		if _, _, err := publish("XW-0", venue); !platformapi.IsCode(err, platformapi.CodeVenueUnknown) {
			t.Errorf("venue %q: %v", venue, err)
		}
	}
	for i, x := range []struct {
		venue string
		role  platformapi.TenderRole
	}{{"一号开标室", platformapi.TenderHall}, {"二号开标室", platformapi.TenderElsewhere}} {
		number := []string{"XW-1", "XW-2"}[i]
		tender, outline, err := publish(number, x.venue)
		if err != nil {
			t.Fatal(err)
		}
		file := platformtest.PaperBid{
			Paper: 1, ID: number, Tender: number, Lot: "1", Outline: digestOf(outline), Bidder: platformtest.Supplier.USCC, Signer: platformtest.Supplier.USCC, Platform: "paper platform",
			Envelopes: []string{"投标"}, Price: []platformapi.PriceField{{Name: "投标总价", Value: "1"}}, Text: "技术",
		}.File()
		b, err := bidder.BeginBid(ctx, platformapi.NewID(), tender.ID, platformapi.NewBid{ID: platformapi.NewID(), Size: int64(len(file)), SHA256: digestOf(file)})
		if err != nil {
			t.Fatal(err)
		}
		if err := bidder.SendBid(ctx, b, bytes.NewReader(file), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := bidder.CompleteBid(ctx, platformapi.NewID(), b.ID); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Hour)
		for _, act := range []platformapi.OpeningMove{platformapi.MoveAnnounce, platformapi.MoveStart} {
			now, err := host.Tender(ctx, tender.ID)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := host.Conduct(ctx, platformapi.TenderChange{Key: platformapi.NewID(), TenderID: tender.ID, Version: now.Version}, platformapi.OpeningAct{Act: act}); err != nil {
				t.Fatal(err)
			}
		}
		seen, err := terminal.Tender(ctx, tender.ID)
		if err != nil || seen.MyRole != x.role || seen.Venue != x.venue {
			t.Errorf("%s: the terminal is %s at %q, %v", x.venue, seen.MyRole, seen.Venue, err)
		}
		mine := x.role == platformapi.TenderHall
		if b, err := terminal.Bid(ctx, b.ID); err != nil || (len(b.Recipients) > 0) != mine {
			t.Errorf("%s: the terminal is told of %d certificates, %v", x.venue, len(b.Recipients), err)
		}
		secret := []platformapi.OpenedEnvelope{{Name: "投标", Secret: []byte("0123456789abcdef")}}
		for name, do := range map[string]func() error{
			"sign in": func() error {
				_, err := terminal.SignIn(ctx, platformapi.NewID(), b.ID, platformapi.SignIn{Place: platformapi.PlaceHall, Person: "李四"})
				return err
			},
			"take the envelopes": func() error { _, err := terminal.TakeEnvelopes(ctx, b.ID); return err },
			"report a failure": func() error {
				_, err := terminal.ReportFailure(ctx, platformapi.NewID(), b.ID, platformapi.Failure{Cause: platformapi.CauseNoKey})
				return err
			},
			"decrypt": func() error { _, err := terminal.Decrypt(ctx, platformapi.NewID(), b.ID, secret); return err },
		} {
			err := do()
			if mine && err != nil || !mine && !platformapi.IsCode(err, platformapi.CodeOtherVenue) {
				t.Errorf("%s, %s: %v", x.venue, name, err)
			}
		}
		if _, err := bidder.TakeEnvelopes(ctx, b.ID); err != nil {
			t.Errorf("%s, the bidder itself: %v", x.venue, err)
		}
	}
}

// judging waits with the first judgement until it is let, and fails at one.
type judging struct {
	tenders.Bidding
	began  chan struct{} // closed by the first
	on     chan struct{} // closed: it goes on
	calls  atomic.Int32
	failAt int32
}

func (j *judging) Judge(ctx context.Context, r io.ReaderAt, size int64, outline []byte) (tenders.Facts, error) {
	switch j.calls.Add(1) {
	case j.failAt:
		return tenders.Facts{}, errors.New("the disk is full")
	case 1:
		close(j.began)
		select {
		case <-j.on:
		case <-ctx.Done():
			return tenders.Facts{}, ctx.Err()
		}
	}
	return j.Bidding.Judge(ctx, r, size, outline)
}

// Bids that were complete and that nobody handed in are judged once each, however often the announcement breaks off meanwhile.
func TestTheAnnouncementGoesOnWhereItBrokeOff(t *testing.T) {
	for name, tt := range map[string]struct {
		gone   bool // the host's line breaks while the first is judged
		failAt int32
		calls  int32
	}{
		"the host's line breaks": {gone: true, calls: 3},
		"one cannot be judged":   {failAt: 2, calls: 4},
	} {
		t.Run(name, func(t *testing.T) {
			gate := &judging{began: make(chan struct{}), on: make(chan struct{}), failAt: tt.failAt}
			change := func(c *platform.Config) { gate.Bidding, c.Bidding = c.Bidding, gate }
			x := &tendering{World: platformtest.NewWorldOf(t, t.TempDir(), change, nil)}
			x.host = x.Login(t, platformtest.Purchaser, client.Options{})
			outline := x.publish(t, platformapi.RemedyNone)
			bids := map[*client.Client]string{}
			for _, o := range []platformapi.Organisation{platformtest.Supplier, platformtest.Stranger, platformtest.Third} {
				p := x.Login(t, o, client.Options{})
				bids[p] = x.send(t, p, paper(outline, o)).ID
			}
			x.Clock.Add(2 * time.Hour)
			now, err := x.host.Tender(t.Context(), x.id)
			if err != nil {
				t.Fatal(err)
			}
			announce := func(ctx context.Context) error {
				_, err := x.host.Conduct(ctx, platformapi.TenderChange{Key: platformapi.NewID(), TenderID: x.id, Version: now.Version}, platformapi.OpeningAct{Act: platformapi.MoveAnnounce})
				return err
			}
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			answered := make(chan error, 1)
			go func() { answered <- announce(ctx) }()
			<-gate.began
			if tt.gone {
				leave()
				err = <-answered
			}
			close(gate.on)
			if !tt.gone {
				err = <-answered
			}
			if err == nil {
				t.Fatal("the announcement has come through")
			}
			if err := announce(t.Context()); err != nil {
				t.Fatal(err)
			}
			for p, id := range bids {
				if b, err := p.Bid(t.Context(), id); err != nil || b.State != platformapi.BidLocked {
					t.Errorf("a bid is %s, %v", b.State, err)
				}
			}
			if n := gate.calls.Load(); n != tt.calls {
				t.Errorf("%d judgements of 3 bids, not %d", n, tt.calls)
			}
		})
	}
}

// brokenStore is a store that fails once when it is told to.
type brokenStore struct {
	store.Store
	create, change atomic.Bool
}

var errStore = errors.New("the database is away")

func (s *brokenStore) CreateUpload(ctx context.Context, u store.Upload, now time.Time) error {
	if s.create.CompareAndSwap(true, false) {
		return errStore
	}
	return s.Store.CreateUpload(ctx, u, now)
}

func (s *brokenStore) ChangeTender(ctx context.Context, r store.TenderRequest, decide func(*store.TenderFile) ([]store.TenderEffect, error)) (store.TenderAnswer, error) {
	if s.change.CompareAndSwap(true, false) {
		return store.TenderAnswer{}, errStore
	}
	return s.Store.ChangeTender(ctx, r, decide)
}

// What failed between the steps of a bid's, or a backup's, way to the platform goes on when the same is asked again. The bid is
// larger than an upload may be that nothing was begun for.
func TestWhatFailedBetweenIsAskedAgain(t *testing.T) {
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, platform.StoreFile))
	if err != nil {
		t.Fatal(err)
	}
	broken := &brokenStore{Store: db}
	x := &tendering{World: platformtest.NewWorldOf(t, dir, func(c *platform.Config) { c.Store, c.MaxFile = broken, 200 }, nil)}
	x.host, x.bidder = x.Login(t, platformtest.Purchaser, client.Options{}), x.Login(t, platformtest.Supplier, client.Options{Piece: 150})
	x.file = paper(x.publish(t, platformapi.RemedyBackupFile), platformtest.Supplier)
	send := func(begin func(key string) error, send, complete func() error) {
		t.Helper()
		key := platformapi.NewID()
		broken.create.Store(true)
		if err := begin(key); err == nil {
			t.Fatal("it was begun although the upload could not be made")
		}
		if err := begin(key); err != nil {
			t.Fatal(err)
		}
		if err := send(); err != nil {
			t.Fatal(err)
		}
		broken.change.Store(true)
		if err := complete(); err == nil {
			t.Fatal("it is complete although that could not be kept")
		}
		if err := complete(); err != nil {
			t.Fatal(err)
		}
	}
	n := platformapi.NewBid{ID: platformapi.NewID(), Size: int64(len(x.file)), SHA256: digestOf(x.file)}
	send(func(key string) (err error) {
		x.bid, err = x.bidder.BeginBid(t.Context(), key, x.id, n)
		return err
	}, func() error {
		return x.bidder.SendBid(t.Context(), x.bid, bytes.NewReader(x.file), nil)
	}, func() error {
		_, err := x.bidder.CompleteBid(t.Context(), platformapi.NewID(), n.ID)
		return err
	})
	damaged := bytes.Clone(x.file)
	damaged[len(damaged)-70] ^= 1
	if err := os.WriteFile(x.path(dir), damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	x.Clock.Add(time.Hour)
	x.act(t, platformapi.OpeningAct{Act: platformapi.MoveAnnounce})
	x.act(t, platformapi.OpeningAct{Act: platformapi.MoveStart})
	backup := platformapi.NewBackup{UploadID: platformapi.NewID(), Size: n.Size, SHA256: n.SHA256}
	send(func(key string) error {
		_, err := x.bidder.BeginBackup(t.Context(), key, n.ID, backup)
		return err
	}, func() error {
		return x.bidder.SendBackup(t.Context(), backup, bytes.NewReader(x.file), nil)
	}, func() error {
		_, err := x.bidder.CompleteBackup(t.Context(), platformapi.NewID(), n.ID)
		return err
	})
	if b, err := x.bidder.Bid(t.Context(), n.ID); err != nil || b.State != platformapi.BidDecrypting {
		t.Errorf("%s, %v", b.State, err)
	}
}
