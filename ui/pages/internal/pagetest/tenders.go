package pagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
)

// Tenders are the tenders of a platform, as one bidder sees them: enough of one for pages to be tested. What a platform does with
// bids is its own tests' matter.
type Tenders struct {
	platformapi.Tendering // what no page of these tests asks for is not there

	mu       sync.Mutex
	tenders  []platformapi.Tender
	outlines map[string][]byte
	bids     []platformapi.Bid
	receipts map[string][]platformapi.BidReceipt
	seats    map[string][]platformapi.Bid // of an opening
	credit   []platformapi.CreditItem
	files    map[string][]byte
	cut      int64 // after so many bytes an upload is cut, once; 0: never
	watchers []func()
	key      []byte
}

// NewWorldOfBids makes a world whose parties have SM2 keys, and a platform with tenders.
func NewWorldOfBids(t *testing.T) (*World, *Tenders) { return NewWorldOfBidsIn(t, words.Chinese) }

// NewWorldOfBidsIn makes one that speaks a language.
func NewWorldOfBidsIn(t *testing.T, language string) (*World, *Tenders) {
	t.Helper()
	w := newWorld(t, language, platformapi.OrderSealFirst, ca.SM2)
	x := &Tenders{outlines: map[string][]byte{}, receipts: map[string][]platformapi.BidReceipt{}, seats: map[string][]platformapi.Bid{}, files: map[string][]byte{}}
	key, err := ca.GenerateKey(ca.SM2)
	Must(t, err)
	cert, err := w.ca.Issue(ca.Request{Subject: ca.Subject{Name: "演示平台"}, PublicKey: key.Public(), Usage: token.UsageEncrypt})
	Must(t, err)
	x.key = cert.Raw
	login := w.config.Connect
	w.config.Connect = func(ctx context.Context, key desk.PlatformKey) (platformapi.Platform, error) {
		p, err := login(ctx, key)
		return joined{p, x}, err
	}
	w.Restart()
	return w, x
}

// joined is a platform that has tenders.
type joined struct {
	platformapi.Platform
	platformapi.Tendering
}

// Now is the platform's time, as its rooms ask for it.
func (x *Tenders) Now(context.Context) (time.Time, error) { return time.Now(), nil }

// Outline is what a tender asks of a bid: parts in three envelopes, two of which are sealed, and a price of two fields.
func Outline(number, name string) []byte {
	return fmt.Appendf(nil, `{"tender": %q, "lot": "01", "name": %q, "parts": [
  {"code": "licence", "name": "营业执照", "kind": "qualification", "required": true, "envelope": "", "types": [".pdf"]},
  {"code": "letter", "name": "资格声明函", "kind": "qualification", "required": true, "envelope": "商务技术", "stamp": true, "types": [".pdf"]},
  {"code": "tech", "name": "技术方案", "kind": "technical", "required": true, "envelope": "商务技术", "stamp": true, "types": [".pdf"]},
  {"code": "list", "name": "分项报价表", "kind": "price", "required": true, "envelope": "报价", "types": [".csv", ".xlsx"]},
  {"code": "other", "name": "其他材料", "kind": "other", "required": false, "envelope": "商务技术"}],
 "price": {"envelope": "报价", "fields": [
  {"name": "投标总价", "kind": "amount", "required": true, "capitals": true, "max": "3500000.00"},
  {"name": "供货期", "kind": "days", "required": true}]}}`, number, name)
}

// Offer adds a tender.
func (x *Tenders) Offer(number, name string, outline []byte, deadline time.Time) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	sum := sha256.Sum256(outline)
	t := platformapi.Tender{ID: platformapi.NewID(), Number: number, Name: name, LotNumber: "01", LotName: "设备", Purchaser: org(buyer), Deadline: deadline, DecryptMinutes: 30,
		MinBidders: 3, MyRole: platformapi.TenderBidder, State: platformapi.TenderOpen, OutlineSHA256: platformapi.SHA256(hex.EncodeToString(sum[:])),
		PlatformCertificates: []platformapi.PlatformCertificate{{Algorithm: platformapi.BidSM2, Certificate: x.key}}}
	x.tenders, x.outlines[t.ID] = append(x.tenders, t), outline
	return t.ID
}

// Opening adds a tender whose opening is in a state, for one who takes part in it.
func (x *Tenders) Opening(number, name string, role platformapi.TenderRole, state platformapi.TenderState, deadline time.Time) string {
	id := x.Offer(number, name, nil, deadline)
	x.Move(id, state, func(t *platformapi.Tender) { t.MyRole, t.MyBidID = role, platformapi.NewID() })
	return id
}

// Move takes a tender to a state, and changes what else there is of it; who watches is told.
func (x *Tenders) Move(id string, state platformapi.TenderState, change func(*platformapi.Tender)) {
	x.mu.Lock()
	x.tenders = slices.Clone(x.tenders)
	for i := range x.tenders {
		if t := &x.tenders[i]; t.ID == id {
			t.State = state
			change(t)
		}
	}
	tell := slices.Clone(x.watchers)
	x.mu.Unlock()
	for _, f := range tell {
		f()
	}
}

// Seat adds a tender with the bids that are to be seen at its opening.
func (x *Tenders) Seat(t platformapi.Tender, bids []platformapi.Bid) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.tenders, x.seats[t.ID] = append(x.tenders, t), bids
}

// TenderBids implements platformapi.Tendering.
func (x *Tenders) TenderBids(_ context.Context, tender string) ([]platformapi.Bid, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.seats[tender]), nil
}

// WatchTender implements platformapi.Tendering.
func (x *Tenders) WatchTender(ctx context.Context, _ string, _ func(platformapi.TenderEvent), reset func()) error {
	x.mu.Lock()
	x.watchers = append(x.watchers, reset)
	x.mu.Unlock()
	<-ctx.Done()
	return context.Canceled
}

// AddCredit adds an entry with one file to the credit library.
func (x *Tenders) AddCredit(kind platformapi.CreditKind, name, file, until string, content []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	x.files[digest] = content
	x.credit = append(x.credit, platformapi.CreditItem{ID: platformapi.NewID(), Kind: kind, Name: name, ValidUntil: until,
		Files: []platformapi.CreditFile{{Name: file, SHA256: platformapi.SHA256(digest), Size: int64(len(content))}}})
}

// CutAfter has the next upload cut after so many bytes.
func (x *Tenders) CutAfter(n int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cut = n
}

// Tenders implements platformapi.Tendering, as do those below.
func (x *Tenders) Tenders(context.Context, platformapi.TenderQuery) (platformapi.TenderPage, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return platformapi.TenderPage{Items: x.tenders}, nil
}

func (x *Tenders) Tender(_ context.Context, id string) (platformapi.Tender, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, t := range x.tenders {
		if t.ID == id {
			return t, nil
		}
	}
	return platformapi.Tender{}, &platformapi.Error{Kind: platformapi.KindProblem, CodeValue: platformapi.CodeNotFound}
}

func (x *Tenders) Outline(_ context.Context, t platformapi.Tender) ([]byte, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.outlines[t.ID], nil
}

func (x *Tenders) Bids(context.Context, platformapi.BidQuery) (platformapi.BidPage, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return platformapi.BidPage{Items: slices.Clone(x.bids)}, nil
}

func (x *Tenders) BidReceipts(_ context.Context, id string) ([]platformapi.BidReceipt, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.receipts[id], nil
}

func (x *Tenders) find(id string) *platformapi.Bid {
	for i := range x.bids {
		if x.bids[i].ID == id {
			return &x.bids[i]
		}
	}
	return nil
}

func (x *Tenders) BeginBid(_ context.Context, _, tender string, n platformapi.NewBid) (platformapi.Bid, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if b := x.find(n.ID); b != nil {
		return *b, nil
	}
	b := platformapi.Bid{ID: n.ID, TenderID: tender, SHA256: n.SHA256, Size: n.Size, Replaces: n.Replaces, State: platformapi.BidUploading}
	x.bids = append(x.bids, b)
	return b, nil
}

func (x *Tenders) SendBid(_ context.Context, b platformapi.Bid, content io.ReaderAt, progress func(done, total int64)) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	own := x.find(b.ID)
	if x.cut > 0 {
		own.Offset, x.cut = min(x.cut, b.Size), 0
		progress(own.Offset, b.Size)
		return &platformapi.Error{Kind: platformapi.KindOffline}
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(content, 0, b.Size)); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != string(b.SHA256) {
		return fmt.Errorf("another file than was announced")
	}
	own.Offset = b.Size
	progress(b.Size, b.Size)
	return nil
}

func (x *Tenders) receipt(b *platformapi.Bid, kind platformapi.BidReceiptKind) platformapi.BidOutcome {
	r := platformapi.BidReceipt{Number: fmt.Sprintf("B20261126-%06d", len(x.receipts)+1), Kind: kind, BidID: b.ID, TenderID: b.TenderID, SHA256: b.SHA256, Size: b.Size, At: time.Now(), Replaces: b.Replaces}
	b.Receipt = r.Number
	x.receipts[b.ID] = append(x.receipts[b.ID], r)
	return platformapi.BidOutcome{Bid: *b, Receipt: r}
}

func (x *Tenders) CompleteBid(_ context.Context, _, id string) (platformapi.BidOutcome, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	b := x.find(id)
	b.State = platformapi.BidReceived
	if old := x.find(b.Replaces); old != nil {
		old.State = platformapi.BidReplaced
	}
	return x.receipt(b, platformapi.ReceiptBid), nil
}

func (x *Tenders) WithdrawBid(_ context.Context, _, id string) (platformapi.BidOutcome, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	b := x.find(id)
	if b == nil {
		return platformapi.BidOutcome{}, &platformapi.Error{Kind: platformapi.KindProblem, CodeValue: platformapi.CodeNotFound}
	}
	b.State = platformapi.BidWithdrawn
	return x.receipt(b, platformapi.ReceiptWithdrawBid), nil
}

func (x *Tenders) Credit(context.Context) (platformapi.CreditLibrary, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return platformapi.CreditLibrary{Organisation: org(seller), Items: slices.Clone(x.credit)}, nil
}

func (x *Tenders) SendCredit(_ context.Context, f platformapi.NewCreditFile, size int64, content io.ReaderAt) error {
	data, err := io.ReadAll(io.NewSectionReader(content, 0, size))
	x.mu.Lock()
	defer x.mu.Unlock()
	x.files[f.SHA256] = data
	return err
}

func (x *Tenders) PutCredit(_ context.Context, _, id string, e platformapi.CreditEntry) (platformapi.CreditItem, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	item := platformapi.CreditItem{ID: id, Kind: e.Kind, Name: e.Name, Number: e.Number, Issuer: e.Issuer, ValidUntil: e.ValidUntil}
	for _, f := range e.Files {
		item.Files = append(item.Files, platformapi.CreditFile{Name: f.Name, SHA256: f.SHA256, Size: int64(len(x.files[f.SHA256]))})
	}
	x.credit = append(slices.DeleteFunc(x.credit, func(o platformapi.CreditItem) bool { return o.ID == id }), item)
	return item, nil
}

func (x *Tenders) RemoveCredit(_ context.Context, _, id string) (platformapi.CreditItem, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.credit = slices.DeleteFunc(x.credit, func(o platformapi.CreditItem) bool { return o.ID == id })
	return platformapi.CreditItem{ID: id}, nil
}

func (x *Tenders) DownloadCredit(_ context.Context, _ string, f platformapi.CreditFile, dir string) (string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	path := filepath.Join(dir, "download-"+platformapi.NewID())
	return path, os.WriteFile(path, bytes.Clone(x.files[string(f.SHA256)]), 0o600)
}
