package desk

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/assets/i18n"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platform"
	"sealdesk/signer/cleancopy"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/preview"
	"sealdesk/signer/preview/previewtest"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/ui/desk/words"
)

const (
	rightPIN = "123456"
	wrongPIN = "654321"
	tries    = 3 // before a key of the world locks

	// patience is how long a test waits for what others do.
	patience = 20 * time.Second
)

// The two parties; names and credit codes are invented.
var (
	buyer  = ca.Subject{Name: "云台县第一人民医院", USCC: "12410899415270838H", Handler: "王建国"}
	seller = ca.Subject{Name: "中原示范医疗器械有限公司", USCC: "91410899MA9K3T7X11", Handler: "李秀英"}
)

// coarse is the resolution of seals here, where it matters little: they are drawn, packed and looked at hundreds of times.
const coarse = 150

// engine is started once: compiling it takes seconds.
var engine *preview.Renderer

func TestMain(m *testing.M) {
	engine = preview.New(preview.Options{CacheDir: previewtest.Cache()})
	code := m.Run()
	_ = engine.Close()
	os.Exit(code)
}

// A world is a platform, the keys of two parties who were awarded lots together, and a folder for each desk.
type world struct {
	t       *testing.T
	dir     string
	keys    string // folder of the software keys
	file    string // a contract of two pages
	url     string
	ca      *ca.Authority
	words   *words.Catalog
	cleaner *cleancopy.Cleaner
	gate    atomic.Pointer[gate]
	timeout time.Duration // of a call to the platform
	// algorithm of the parties' keys, and whom they and the platform trust as makers of seals.
	algorithm ca.Algorithm
	makers    []*smx509.Certificate
	order     platformapi.SealOrder // in which contracts are made

	platform http.Handler
}

// A gate stands before the platform: it answers itself, or lets a call pass by telling so.
type gate func(http.ResponseWriter, *http.Request) (answered bool)

// cutOff breaks every connection, as when the network is gone.
func cutOff(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }

// newWorld makes a world of a test's own. Most of the time is spent on waiting for disks, so tests run beside each other.
func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	return aloneInTheWorld(t)
}

// newWorldOfSeals is a world of SM2 keys, in which this maker of electronic seals is trusted.
func newWorldOfSeals(t *testing.T, m *sealMaker) *world {
	t.Helper()
	t.Parallel()
	return makeWorld(t, ca.SM2, m.authority.Roots(), platformapi.OrderSealFirst)
}

// newWorldOfReview is a world in which both agree before anybody seals.
func newWorldOfReview(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	return makeWorld(t, ca.ECDSA, nil, platformapi.OrderReviewFirst)
}

// aloneInTheWorld is newWorld for a test that changes something of the whole process.
func aloneInTheWorld(t *testing.T) *world {
	t.Helper()
	return makeWorld(t, ca.ECDSA, nil, platformapi.OrderSealFirst)
}

func makeWorld(t *testing.T, algorithm ca.Algorithm, makers []*smx509.Certificate, order platformapi.SealOrder) *world {
	t.Helper()
	dir := t.TempDir()
	authority, err := ca.New(algorithm)
	must(t, err)
	w := &world{t: t, dir: dir, ca: authority, timeout: patience, algorithm: algorithm, makers: makers, order: order}
	w.keys, w.file = filepath.Join(dir, "keys"), filepath.Join(dir, "合同.pdf")
	w.words, err = words.New(i18n.Files, words.Chinese)
	must(t, err)
	must(t, os.WriteFile(w.file, pdftest.Document(pdftest.Options{Pages: 2}), 0o600))
	w.cleaner = &cleancopy.Cleaner{TempDir: t.TempDir(), PDF: pdfcopy.Copier{Engine: engine}}
	for _, s := range []ca.Subject{buyer, seller} {
		w.makeKey(soft.Options{Label: s.Name, Subject: s})
	}
	w.serve()
	return w
}

// in makes the world fail a subtest until that ends.
func (w *world) in(t *testing.T) {
	outer := w.t
	w.t = t
	t.Cleanup(func() { w.t = outer })
}

// makeKey adds a software key whose PIN is cheap to try.
func (w *world) makeKey(o soft.Options) {
	w.t.Helper()
	o.Algorithm, o.PIN, o.Issuer, o.Tries = w.algorithm, []byte(rightPIN), w.ca, tries
	o.Cost = soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1}
	_, err := soft.Create(w.keys, o)
	must(w.t, err)
}

// certificate is the one that a party signs with.
func (w *world) certificate(who ca.Subject) *smx509.Certificate {
	w.t.Helper()
	driver, err := soft.Open(w.keys)
	must(w.t, err)
	tokens, err := driver.Tokens(w.t.Context())
	must(w.t, err)
	for _, t := range tokens {
		defer t.Close()
		ids, err := t.Identities(w.t.Context())
		must(w.t, err)
		for _, id := range ids {
			if c := id.Certificate(); id.Usage()&token.UsageSign != 0 && ca.SubjectOf(c).Name == who.Name {
				return c
			}
		}
	}
	w.t.Fatalf("no certificate of %s", who.Name)
	return nil
}

func (w *world) serve() {
	w.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if g := w.gate.Load(); g != nil && (*g)(out, r) {
			return
		}
		w.platform.ServeHTTP(out, r)
	}))
	w.t.Cleanup(server.Close)
	roots := smx509.NewCertPool()
	for _, r := range w.ca.Roots() {
		roots.AddCert(r)
	}
	p, err := platform.New(w.t.Context(), platform.Config{
		Dir: filepath.Join(w.dir, "platform"), Judge: judge{w.ca.Roots(), w.makers}, Roots: roots, Origins: []string{server.URL, "https://example.com", "https://b.example.com"},
		Log: slog.New(slog.DiscardHandler), Order: w.order,
	})
	must(w.t, err)
	w.t.Cleanup(func() { _ = p.Close() })
	w.platform, w.url = p.Handler(), server.URL
	party := func(s ca.Subject) platformapi.Organisation {
		return platformapi.Organisation{Name: s.Name, USCC: s.USCC}
	}
	ago := func(days int) time.Time { return time.Now().AddDate(0, 0, -days) }
	lot := platform.Lot{
		ProjectNumber: "ZC-2026-001842", ProjectName: "云台县第一人民医院医疗设备采购项目", Number: "标段二", Name: "影像与检验设备",
		Kind: platformapi.LotProcurement, Method: platformapi.MethodOpenTender, AwardFen: 328_600_000,
		Purchaser: party(buyer), Supplier: party(seller), TradedAt: ago(9),
	}
	seed := platform.Seed{Organisations: []platformapi.Organisation{lot.Purchaser, lot.Supplier}}
	for n := range 9 {
		lot.ID, lot.AwardSentAt = "lot-"+strconv.Itoa(n+1), ago(6)
		seed.Lots = append(seed.Lots, lot)
	}
	lot.ID, lot.AwardSentAt = "lot-not-awarded", time.Time{}
	seed.Lots = append(seed.Lots, lot)
	must(w.t, p.Import(w.t.Context(), seed))
}

// before puts a gate before the platform; nil opens the way.
func (w *world) before(g gate) {
	if g == nil {
		w.gate.Store(nil)
		return
	}
	w.gate.Store(&g)
}

// desk opens the desk that keeps its things in a folder of this name; the same name again is the same machine.
func (w *world) desk(name string) *Desk {
	w.t.Helper()
	driver, err := soft.Open(w.keys)
	must(w.t, err)
	d, err := Open(w.t.Context(), Config{
		Words: w.words, Folders: Folders{Data: filepath.Join(w.dir, name), Cache: filepath.Join(w.dir, name+"-cache")},
		Drivers: []token.Driver{driver}, PlatformName: "演示平台", Roots: w.ca.Roots(), Makers: w.makers, Cleaner: w.cleaner, Renderer: engine, SealDPI: coarse,
		Connect: func(ctx context.Context, key PlatformKey) (platformapi.Platform, error) {
			return client.Login(ctx, w.url, key.Signer, key.Chain, client.Options{Timeout: w.timeout, Transfer: w.timeout})
		},
	})
	must(w.t, err)
	w.t.Cleanup(func() { _ = d.Close() }) // a second time does nothing
	return d
}

// key is a party's key as the login page shows it now.
func key(t *testing.T, d *Desk, who ca.Subject) Key {
	t.Helper()
	keys, err := d.Keys(t.Context())
	must(t, err)
	for _, k := range keys {
		if k.Label == who.Name {
			return k
		}
	}
	t.Fatalf("no key of %s", who.Name)
	return Key{}
}

// login logs a party in at a desk.
func (w *world) login(d *Desk, who ca.Subject) *Session {
	w.t.Helper()
	s, err := d.Login(w.t.Context(), LoginRequest{Key: key(w.t, d, who), PIN: []byte(rightPIN)})
	must(w.t, err)
	w.t.Cleanup(s.Close)
	return s
}

// at opens a desk of a party's own and logs it in.
func (w *world) at(who ca.Subject) *Session {
	w.t.Helper()
	return w.login(w.desk("desk-of-"+who.USCC), who)
}

// restart closes a session and its desk as an end of the program does, and opens both again.
func (w *world) restart(s *Session, who ca.Subject) *Session {
	w.t.Helper()
	w.shut(s)
	return w.at(who)
}

func (w *world) shut(s *Session) {
	w.t.Helper()
	s.Close()
	must(w.t, s.desk.Close())
}

// lot is one of the world's lots as a session sees it.
func (w *world) lot(s *Session, id string) platformapi.Lot {
	w.t.Helper()
	lots, err := s.Lots(w.t.Context(), "")
	must(w.t, err)
	for _, l := range lots {
		if l.ID == id {
			return l
		}
	}
	w.t.Fatalf("no lot %s", id)
	return platformapi.Lot{}
}

// begin starts a contract with everything typed that is asked for.
func (w *world) begin(s *Session, lot string) *Work {
	w.t.Helper()
	work, err := s.NewWork(w.t.Context(), w.lot(s, lot))
	must(w.t, err)
	fields := work.View(w.t.Context()).Fields
	fields.TermDays = 180
	must(w.t, work.Type(fields))
	return work
}

// clean attaches the contract's file and makes its clean copy.
func (w *world) clean(work *Work) {
	w.t.Helper()
	must(w.t, work.AttachFiling(w.t.Context(), w.file))
	_, err := work.Clean(w.t.Context(), nil)
	must(w.t, err)
	must(w.t, work.ConfirmClean())
}

// show opens and closes the preview, and gives the digest that stood there.
func (w *world) show(work *Work) string {
	w.t.Helper()
	shown, err := work.Preview(w.t.Context())
	must(w.t, err)
	must(w.t, shown.Close())
	return shown.Document.SHA256()
}

// request is what a person chose on the page 加盖印章.
func (w *world) request(work *Work, pin string) SealRequest {
	w.t.Helper()
	seals, err := work.s.Seals()
	must(w.t, err)
	at := "page=1,x=70mm,y=200mm"
	if !work.View(w.t.Context()).Starter {
		at = "page=1,x=140mm,y=200mm"
	}
	place, err := seal.ParsePlace(at)
	must(w.t, err)
	return SealRequest{Seal: seals[0], Places: []seal.Place{place}, PIN: []byte(pin)}
}

// seal looks at what is to be signed and seals it.
func (w *world) seal(work *Work) {
	w.t.Helper()
	w.show(work)
	_, err := work.Seal(w.t.Context(), w.request(work, rightPIN), nil)
	must(w.t, err)
}

// keyword is a place beside words of the document.
func keyword(t *testing.T, words string) []seal.Place {
	t.Helper()
	place, err := seal.ParsePlace("keyword=" + words)
	must(t, err)
	return []seal.Place{place}
}

// deliver waits for the receipt of what was sent.
func (w *world) deliver(sent Sent, err error) platformapi.Receipt {
	w.t.Helper()
	must(w.t, err)
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	receipt, err := sent.Wait(ctx)
	must(w.t, err)
	return receipt
}

// submitted is a contract that its starter sealed and submitted.
func (w *world) submitted(s *Session, lot string) *Work {
	w.t.Helper()
	work := w.begin(s, lot)
	w.clean(work)
	w.seal(work)
	w.deliver(work.Submit(w.t.Context()))
	return work
}

// open takes a contract onto another desk.
func (w *world) open(s *Session, id string) *Work {
	w.t.Helper()
	work, err := s.Open(w.t.Context(), id)
	must(w.t, err)
	return work
}

// until waits for what others do.
func (w *world) until(what string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("waited in vain: %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// told fails unless err is told in whole Chinese sentences, under this code, with what happened and what to do.
func (w *world) told(err error, code string) {
	w.t.Helper()
	told(w.t, w.words, err, code)
}

func told(t *testing.T, catalog *words.Catalog, err error, code string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", code)
	}
	p := catalog.Problem(err)
	if p.Code != code {
		t.Fatalf("told as %q (%v), want %s", p.Code, err, code)
	}
	for name, text := range map[string]string{"What": p.What, "Do": p.Do} {
		if !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s of %s is not in Chinese: %q", name, code, text)
		}
		for _, hole := range []string{"{{", "<no value>", "%!"} {
			if strings.Contains(text, hole) {
				t.Errorf("%s of %s has a hole: %q", name, code, text)
			}
		}
	}
}

// content is what stands in a file.
func content(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// untouched gives a check that the files of a folder are as they are now: none is changed or gone. New ones may come.
func untouched(t *testing.T, dir string) func() {
	t.Helper()
	before := map[string][]byte{}
	must(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			before[path] = content(t, path)
		}
		return err
	}))
	return func() {
		t.Helper()
		for path, data := range before {
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, data) {
				t.Errorf("%s was changed: %v", filepath.Base(path), err)
			}
		}
	}
}

// named are the files of a contract's folder whose names begin so.
func named(t *testing.T, work *Work, stem string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(work.dir, stem+"*"))
	must(t, err)
	return found
}

// glob finds files by a pattern in parts.
func (w *world) glob(parts ...string) []string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(parts...))
	must(w.t, err)
	return found
}

// judge tells the platform what holds of a seal.
type judge struct{ roots, makers []*smx509.Certificate }

func (j judge) Judge(ctx context.Context, r io.ReaderAt, size int64) ([]platform.SignatureFact, error) {
	report, err := verify.File(ctx, r, size, verify.Options{Roots: j.roots, Makers: j.makers, Now: time.Now()})
	if err != nil {
		return nil, err
	}
	var facts []platform.SignatureFact
	for _, s := range report.Signatures {
		f := platform.SignatureFact{
			Field: s.Field, Intact: s.Intact && s.Verdict != verify.Invalid, Trusted: s.Verdict == verify.Valid,
			CoversWholeFile: s.CoversWholeFile, SignerName: s.Signer, RangeEnd: s.ByteRange[2] + s.ByteRange[3],
		}
		if s.Certificate != nil {
			f.CertSHA256, f.SignerUSCC = fingerprint(s.Certificate), platform.OrganisationCode(s.Certificate)
		}
		facts = append(facts, f)
	}
	return facts, nil
}
