package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/assets"
	"sealdesk/cmd/internal/bidding"
	"sealdesk/cmd/internal/judge"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox/turn"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/web"
	"sealdesk/signer/disk"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
)

// PlatformName is what the embedded platform calls itself.
const PlatformName = "云溪县公共资源交易平台（演示）"

// sampleName is the file name of the sample contract.
const sampleName = "政府采购合同（示范）.docx"

// FinalName is the file name under which a demo keeps the contract that both parties signed.
const FinalName = "final.pdf"

// A Holder names a key that takes the place of a party's software key. Its certificate must be of the demo's authority
// and carry a credit code (统一社会信用代码).
type Holder struct {
	Driver token.Driver
	URI    string // as the token names itself
}

// Options tell what world to open.
type Options struct {
	Work      string       // folder of the world; made when it is not there
	Algorithm ca.Algorithm // of the software keys; empty means RSA, which every PDF reader can judge
	Purchaser *Holder      // instead of the software key
	Supplier  *Holder
	Log       *slog.Logger          // of the platform; nil keeps it silent
	Order     platformapi.SealOrder // in which contracts are made; empty is the platform's usual one

	// Console is where the mobile CA shows the short messages that it would send; nil: there is no mobile CA.
	Console io.Writer
	// MobileListen is the address on which it listens for phones; "" is a free port of loopback. On any other address it
	// speaks TLS by a certificate of a local authority.
	MobileListen string
}

// A Party is one side of the contract.
type Party struct {
	URI     string // of the token
	Name    string
	USCC    string
	Handler string
	PIN     string // empty when the key is not the demo's own
}

// A World is open until it is closed. What it made stays in its folder.
type World struct {
	Work       string
	Purchaser  Party
	Supplier   Party
	Drivers    []token.Driver
	Roots      []*smx509.Certificate
	Makers     []*smx509.Certificate // of seals
	RootsFile  string
	PINs       map[string]string // of the demo's own keys, by the token's URI
	Documents  string            // folder with the person's files, the sample contract among them
	Sample     string            // path of the sample contract
	Folders    desk.Folders
	URL        string // of the platform
	TSA        string // URL of its time-stamp service (RFC 3161)
	MobileCA   string // URL of the mobile CA, "" when there is none
	MobileRoot []byte // PEM of the local authority that its phones must trust, nil when they need not
	lock       *turn.Turn
	state      state
	platform   *platform.Server
	server     *http.Server
	serverDone chan struct{}
	mobile     *mobileCA
	hallOpen   bool // the keys of an opening are among the Drivers
}

// state is the content of demo.json.
type state struct {
	Born time.Time      `json:"born"`
	Lots map[string]int `json:"lots"` // how many there are, by the two parties

	Tenders int `json:"tenders,omitempty"`
}

// MakersFolder holds, beside the demo CA, the authority that certifies nobody but seal makers: whoever trusts it lets no holder
// of a signing key make a seal.
const MakersFolder = "makers"

const (
	stateFile = "demo.json"
	lockName  = "demo.lock"
	maxState  = 64 << 10 // bytes
)

// known is what a guess at a PIN of the demo's keys costs: hardly a thing, so that no one waits for PINs that are printed.
var known = soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1}

// Folders are those of the person who works in the demo of this folder.
func Folders(work string) desk.Folders {
	return desk.Folders{Data: filepath.Join(work, "desk"), Cache: filepath.Join(work, "cache"), Memory: desk.MemoryFolder("sealdesk-demo")}
}

// Open makes the world in o.Work, or finds it there as it was left. Errors beside those of its parts: *Error.
func Open(ctx context.Context, o Options) (_ *World, err error) {
	if o.Algorithm == "" {
		o.Algorithm = ca.RSA
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	work, err := filepath.Abs(o.Work)
	if err != nil {
		return nil, fault("folder", o.Work, err)
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return nil, fault("folder", work, err)
	}
	w := &World{
		Work: work, PINs: map[string]string{}, Documents: filepath.Join(work, "documents"), RootsFile: ca.RootsFile(work),
		Folders: Folders(work),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if err := w.take(); err != nil {
		return nil, err
	}
	authority, err := ca.OpenOrCreate(work)
	if err != nil {
		return nil, err
	}
	w.Roots = authority.Roots()
	makers, err := ca.OpenOrCreate(filepath.Join(work, MakersFolder))
	if err != nil {
		return nil, err
	}
	w.Makers = makers.Roots()
	if err := w.recall(); err != nil {
		return nil, err
	}
	if err := w.castParties(ctx, authority, o); err != nil {
		return nil, err
	}
	if err := w.writeSample(); err != nil {
		return nil, err
	}
	if err := w.serve(ctx, authority, o.Order, o.Log); err != nil {
		return nil, err
	}
	if err := w.populate(ctx); err != nil {
		return nil, err
	}
	if o.Console != nil {
		if err := w.serveMobile(ctx, authority, o); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// Close stops the platform and lets go of the folder.
func (w *World) Close() error {
	var errs []error
	if w.mobile != nil {
		errs = append(errs, w.mobile.close())
	}
	if w.server != nil {
		// Connections of clients that are gone would hold up a polite shutdown.
		errs = append(errs, w.server.Close())
		<-w.serverDone
	}
	if w.platform != nil {
		errs = append(errs, w.platform.Close())
	}
	if w.lock != nil {
		errs = append(errs, w.lock.End())
	}
	w.mobile, w.server, w.platform, w.lock = nil, nil, nil, nil
	return errors.Join(errs...)
}

// take keeps a second demo out of the folder.
func (w *World) take() error {
	t, err := turn.Try(filepath.Join(w.Work, lockName))
	switch {
	case errors.Is(err, turn.ErrTaken):
		return fault("in_use", w.Work, nil)
	case err != nil:
		return fault("folder", w.Work, err)
	}
	w.lock = t
	return nil
}

func (w *World) recall() error {
	path := filepath.Join(w.Work, stateFile)
	data, err := disk.Read(path, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		w.state = state{Born: time.Now().UTC().Truncate(time.Second), Lots: map[string]int{}}
		return w.remember()
	}
	if err == nil {
		err = json.Unmarshal(data, &w.state)
	}
	if err != nil || w.state.Born.IsZero() || w.state.Lots == nil {
		return fault("damaged", w.Work, err)
	}
	return nil
}

func (w *World) remember() error {
	data, err := json.MarshalIndent(w.state, "", "  ")
	if err != nil {
		return err
	}
	if err := disk.Write(filepath.Join(w.Work, stateFile), bytes.NewReader(data)); err != nil {
		return fault("folder", w.Work, err)
	}
	return nil
}

func (w *World) writeSample() error {
	w.Sample = filepath.Join(w.Documents, sampleName)
	if err := os.MkdirAll(w.Documents, 0o700); err != nil {
		return fault("folder", w.Documents, err)
	}
	if _, err := os.Stat(w.Sample); err == nil {
		return nil // it may have been edited
	}
	if err := disk.Write(w.Sample, bytes.NewReader(assets.SampleContract())); err != nil {
		return fault("folder", w.Work, err)
	}
	return nil
}

// castParties finds both keys, making the software keys that are not there yet.
func (w *World) castParties(ctx context.Context, authority *ca.Authority, o Options) error {
	dir := filepath.Join(w.Work, "keys", string(o.Algorithm))
	own, err := soft.Open(dir)
	if err != nil {
		return err
	}
	for _, side := range []struct {
		party   *Party
		holder  *Holder
		subject ca.Subject
		label   string
		pin     string
	}{
		{&w.Purchaser, o.Purchaser, purchaser, purchaserLabel, purchaserPIN},
		{&w.Supplier, o.Supplier, supplier, supplierLabel, supplierPIN},
	} {
		if side.holder != nil {
			if *side.party, err = w.guest(ctx, *side.holder); err != nil {
				return err
			}
			w.Drivers = append(w.Drivers, only{side.holder.Driver, side.holder.URI})
			continue
		}
		uri, err := labelled(ctx, own, side.label)
		if err == nil && uri == "" {
			uri, err = soft.Create(dir, soft.Options{
				Label: side.label, Algorithm: o.Algorithm, PIN: []byte(side.pin), Subject: side.subject, Issuer: authority, Cost: known,
			})
		}
		if err != nil {
			return err
		}
		*side.party = Party{URI: uri, Name: side.subject.Name, USCC: side.subject.USCC, Handler: side.subject.Handler, PIN: side.pin}
		w.PINs[uri] = side.pin
	}
	if o.Purchaser == nil || o.Supplier == nil {
		w.Drivers = append(w.Drivers, own)
	}
	if w.Purchaser.USCC == w.Supplier.USCC {
		return fault("same_party", w.Work, nil)
	}
	return nil
}

// labelled gives the URI of the software key with this label, or empty.
func labelled(ctx context.Context, d token.Driver, label string) (string, error) {
	tokens, err := d.Tokens(ctx)
	if err != nil {
		return "", err
	}
	uri := ""
	for _, t := range tokens {
		info, err := t.Info(ctx)
		if err == nil && info.Label == label {
			uri = info.URI
		}
		if err := errors.Join(err, t.Close()); err != nil {
			return "", err
		}
	}
	return uri, nil
}

// guest is the party whose key was brought along: its signing certificate must be of this world's authority.
func (w *World) guest(ctx context.Context, h Holder) (Party, error) {
	tokens, err := h.Driver.Tokens(ctx)
	if err != nil {
		return Party{}, err
	}
	party, found := Party{}, false
	for _, t := range tokens {
		info, err := t.Info(ctx)
		if err == nil && info.URI == h.URI {
			var ids []token.Identity
			ids, err = t.Identities(ctx)
			for _, id := range ids {
				if id.Usage()&token.UsageSign == 0 || !w.issued(id.Certificate()) {
					continue
				}
				if s := ca.SubjectOf(id.Certificate()); s.USCC != "" {
					party, found = Party{URI: info.URI, Name: s.Name, USCC: s.USCC, Handler: s.Handler}, true
				}
			}
		}
		if err := errors.Join(err, t.Close()); err != nil {
			return Party{}, err
		}
	}
	if !found {
		return Party{}, fault("foreign_token", w.Work, nil)
	}
	return party, nil
}

// only shows one token of a driver: others that lie beside it are nobody of this world.
type only struct {
	token.Driver
	uri string
}

func (o only) Tokens(ctx context.Context) ([]token.Token, error) {
	all, err := o.Driver.Tokens(ctx)
	var one []token.Token
	for _, t := range all {
		if info, err := t.Info(ctx); err == nil && info.URI == o.uri {
			one = append(one, t)
			continue
		}
		err = errors.Join(err, t.Close())
	}
	return one, err
}

func (w *World) issued(cert *smx509.Certificate) bool {
	for _, root := range w.Roots {
		if cert.CheckSignatureFrom(root) == nil {
			return true
		}
	}
	return false
}

// serve runs the platform on a free port of this machine.
func (w *World) serve(ctx context.Context, authority *ca.Authority, order platformapi.SealOrder, log *slog.Logger) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.URL = "http://" + listener.Addr().String()
	w.TSA = w.URL + "/tsa"
	roots := smx509.NewCertPool()
	for _, r := range w.Roots {
		roots.AddCert(r)
	}
	signer, err := receiptSigner(w.Work, authority)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	w.platform, err = platform.New(ctx, platform.Config{
		Bidding: bidding.Late(func() ([]bidding.Key, error) { return bidKeys(w.Work, authority) }, w.Roots),
		Dir:     filepath.Join(w.Work, "platform"), Judge: judge.New(w.Roots, w.Makers), Roots: roots, Origins: []string{w.URL}, Log: log,
		Stamper: newStamper(w.Work, authority), Receipts: signer, Order: order, Templates: templates(),
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	w.server = web.NewServer(w.platform.Handler(), log)
	w.serverDone = make(chan struct{})
	go func() {
		defer close(w.serverDone)
		if err := w.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the demo's platform ended", "error", err)
		}
	}()
	return nil
}

// pair names the two parties in lots' ids and in demo.json: the lots of other keys are others.
func (w *World) pair() string {
	sum := sha256.Sum256([]byte(w.Purchaser.USCC + "-" + w.Supplier.USCC))
	return hex.EncodeToString(sum[:4])
}

func (w *World) subjects() (buyer, seller ca.Subject) {
	return ca.Subject{Name: w.Purchaser.Name, USCC: w.Purchaser.USCC}, ca.Subject{Name: w.Supplier.Name, USCC: w.Supplier.USCC}
}

// populate gives the parties their first lots, and the purchaser's handler an account.
func (w *World) populate(ctx context.Context) error {
	buyer, seller := w.subjects()
	if w.state.Lots[w.pair()] == 0 {
		lots := chapter(w.state.Born, w.pair(), buyer, seller)
		if err := w.add(ctx, lots...); err != nil {
			return err
		}
		w.state.Lots[w.pair()] = len(lots)
		if err := w.remember(); err != nil {
			return err
		}
	}
	if err := w.furnish(ctx); err != nil {
		return err
	}
	return w.platform.AddAccount(ctx, AccountName, purchaser.Handler, AccountPassword, w.Purchaser.USCC)
}

func (w *World) add(ctx context.Context, lots ...platform.Lot) error {
	buyer, seller := w.subjects()
	return w.platform.Import(ctx, platform.Seed{
		Organisations: []platformapi.Organisation{organisation(buyer), organisation(seller)}, Lots: lots,
	})
}

// AddLot awards one more lot, for when the others have their contracts, and gives its id.
func (w *World) AddLot(ctx context.Context) (string, error) {
	n := w.state.Lots[w.pair()] + 1
	buyer, seller := w.subjects()
	lot := further(time.Now(), w.pair(), n, buyer, seller)
	// Counted before it is there: a crash in between leaves a gap in the numbers, never a lot that is made anew.
	w.state.Lots[w.pair()] = n
	if err := w.remember(); err != nil {
		return "", err
	}
	return lot.ID, w.add(ctx, lot)
}

// Connect logs in to the embedded platform: a desk.Connector.
func (w *World) Connect(ctx context.Context, key desk.PlatformKey) (platformapi.Platform, error) {
	c, err := client.Login(ctx, w.URL, key.Signer, key.Chain, client.Options{})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// creditAlphabet is that of credit codes (GB 32100-2015, 4): without I, O, S, V and Z.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// Invented gives a credit code that belongs to nobody, with right check characters, always the same for the same name:
// for demo certificates whose owner has none.
func Invented(name string) string {
	sum := sha256.Sum256([]byte(name))
	code := "91410899" // a company, in a region that does not exist
	body := "MA"
	for _, b := range sum[:6] {
		body += string(creditAlphabet[int(b)%len(creditAlphabet)])
	}
	code += body + organisationCheck(body)
	return code + creditCheck(code)
}

// organisationCheck is the check character of an organisation code of eight characters (GB 11714-1997).
func organisationCheck(body string) string {
	weights := []int{3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, c := range []byte(body) {
		v := int(c - '0')
		if c >= 'A' {
			v = int(c-'A') + 10
		}
		sum += v * weights[i]
	}
	return string("0X987654321"[sum%11])
}

// creditCheck is the check character of a credit code's first seventeen (GB 32100-2015, 4.6).
func creditCheck(code string) string {
	sum, weight := 0, 1
	for _, c := range []byte(code) {
		for v := range creditAlphabet {
			if creditAlphabet[v] == c {
				sum += v * weight
			}
		}
		weight = weight * 3 % 31
	}
	return string(creditAlphabet[(31-sum%31)%31])
}
