package pagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/assets"
	"sealdesk/assets/i18n"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/receipt"
	"sealdesk/signer/preview"
	"sealdesk/signer/preview/previewtest"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca/mobilecatest"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/checkup"
	"sealdesk/ui/desk/words"
)

// PIN opens the keys of both parties; Tries wrong ones lock them.
const (
	PIN   = "123456"
	Tries = 3
)

// Account is the purchaser's on the platform, once AddAccount was called.
const (
	Account  = "wangjianguo"
	Password = "yuntai-2026"
)

// The two parties; names and credit codes are invented.
var (
	buyer  = ca.Subject{Name: "云台县第一人民医院", USCC: "12410899415270838H", Handler: "王建国"}
	seller = ca.Subject{Name: "中原示范医疗器械有限公司", USCC: "91410899MA9K3T7X11", Handler: "李秀英"}
)

// A World is a platform and the desk of two parties.
type World struct {
	Desk   *desk.Desk
	Sample string // a contract as a Word document
	t      *testing.T
	config desk.Config
	ring   *keyring
	dir    string
	ca     *ca.Authority
	order  platformapi.SealOrder // in which contracts are made
	kind   ca.Algorithm          // of the parties' keys
	server *platform.Server
	away   atomic.Bool
	held   atomic.Pointer[chan struct{}]
}

// Data is the folder in which the desk keeps what must not be lost.
func (w *World) Data() string { return filepath.Join(w.dir, "data") }

// Away makes the platform unreachable, or reachable again.
func (w *World) Away(on bool) { w.away.Store(on) }

// Hold makes the platform answer nothing until the world is let go.
func (w *World) Hold() (letGo func()) {
	held := make(chan struct{})
	w.held.Store(&held)
	return sync.OnceFunc(func() {
		w.held.Store(nil)
		close(held)
	})
}

// engine is started once for all worlds of a test program: compiling it takes seconds.
var engine = sync.OnceValue(func() *preview.Renderer {
	return preview.New(preview.Options{CacheDir: previewtest.Cache()})
})

// NewWorld makes the world in a folder of the test; it speaks Chinese.
func NewWorld(t *testing.T) *World {
	t.Helper()
	return NewWorldIn(t, words.Chinese)
}

// NewWorldIn makes a world that speaks a language.
func NewWorldIn(t *testing.T, language string) *World {
	t.Helper()
	return newWorld(t, language, platformapi.OrderSealFirst, ca.ECDSA)
}

// NewWorldOfReview makes a world in which both agree before anybody seals.
func NewWorldOfReview(t *testing.T) *World {
	t.Helper()
	return newWorld(t, words.Chinese, platformapi.OrderReviewFirst, ca.ECDSA)
}

func newWorld(t *testing.T, language string, order platformapi.SealOrder, kind ca.Algorithm) *World {
	t.Helper()
	dir := t.TempDir()
	w := &World{t: t, dir: dir, ring: &keyring{secrets: map[string][]byte{}}, order: order, kind: kind, Sample: filepath.Join(dir, "政府采购合同（示范）.docx")}
	Must(t, os.WriteFile(w.Sample, assets.SampleContract(), 0o600))
	var err error
	w.ca, err = ca.New(ca.ECDSA, ca.SM2) // phones have SM2 keys
	Must(t, err)
	for _, s := range []ca.Subject{buyer, seller} {
		w.MakeKey(soft.Options{Label: s.USCC, Subject: s})
	}
	driver, err := soft.Open(w.Keys())
	Must(t, err)
	url := w.serve(dir, w.ca.Roots())
	catalog, err := words.New(i18n.Files, language)
	Must(t, err)
	w.config = desk.Config{
		Words: catalog, Program: checkup.Program{Name: "sealdesk", Version: "1.4.0"}, Folders: desk.Folders{Data: filepath.Join(dir, "data"), Cache: filepath.Join(dir, "cache")},
		Drivers: []token.Driver{driver}, PlatformName: "演示平台", Roots: w.ca.Roots(), Renderer: engine(), FontFolders: []string{},
		Connect: func(ctx context.Context, key desk.PlatformKey) (platformapi.Platform, error) {
			return client.Login(ctx, url, key.Signer, key.Chain, client.Options{Keeper: key.Keeper})
		},
		Keyring: w.ring, PlatformURL: url,
		Resume: func(ctx context.Context, secret []byte, proxy client.Proxy, keep desk.Keeper) (platformapi.Platform, error) {
			c, err := client.New(url, client.Options{Proxy: proxy, Keeper: keep})
			if err != nil {
				return nil, err
			}
			_, err = c.Resume(ctx, secret)
			return c, err
		},
	}
	w.open()
	t.Cleanup(func() { _ = w.Desk.Close() })
	return w
}

func (w *World) open() {
	w.t.Helper()
	d, err := desk.Open(w.t.Context(), w.config)
	Must(w.t, err)
	w.Desk = d
}

// Phone gives the platform a mobile CA, and the buyer a phone with a certificate of it. The desk is opened anew. Whoever scans what
// the screen shows is the phone's Scan.
func (w *World) Phone() *mobilecatest.Person {
	w.t.Helper()
	phones := mobilecatest.New(w.t, w.ca, buyer)
	w.config.MobileCA, w.config.DemoPhone = phones.URL, desk.DemoPhone{Address: phones.URL, Number: "13900000001"}
	w.Restart()
	return &mobilecatest.Person{CA: phones}
}

// Restart ends the program and starts it again. Sessions are closed before.
func (w *World) Restart() {
	w.t.Helper()
	Must(w.t, w.Desk.Close())
	w.open()
}

// EndSessions has the platform end the sessions that the keyring keeps, which does not hear of it.
func (w *World) EndSessions() {
	w.t.Helper()
	w.ring.mu.Lock()
	defer w.ring.mu.Unlock()
	for name, data := range w.ring.secrets {
		if !strings.HasPrefix(name, "session ") {
			continue
		}
		var kept struct{ Secret []byte }
		Must(w.t, json.Unmarshal(data, &kept))
		p, err := w.config.Resume(w.t.Context(), kept.Secret, nil, nil)
		Must(w.t, err)
		Must(w.t, p.Logout(w.t.Context()))
	}
}

// keyring is that of the person at the desk.
type keyring struct {
	mu      sync.Mutex
	secrets map[string][]byte
}

func (k *keyring) Get(name string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s, ok := k.secrets[name]; ok {
		return bytes.Clone(s), nil
	}
	return nil, vault.ErrNoSecret
}

func (k *keyring) Set(name string, secret []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.secrets[name] = bytes.Clone(secret)
	return nil
}

func (k *keyring) Delete(name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.secrets, name)
	return nil
}

// Keys is the folder of the parties' keys.
func (w *World) Keys() string { return filepath.Join(w.dir, "keys") }

// MakeKey adds a key whose PIN is cheap to try.
func (w *World) MakeKey(o soft.Options) {
	w.t.Helper()
	o.Algorithm, o.PIN, o.Issuer, o.Tries = w.kind, []byte(PIN), w.ca, Tries
	o.Cost = soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1}
	_, err := soft.Create(w.Keys(), o)
	Must(w.t, err)
}

// Paper is what a contract begins with: the sample in full for pictures that people look at, which takes LibreOffice; else a short PDF.
func (w *World) Paper() string {
	if os.Getenv(screensFolder) != "" {
		return w.Sample
	}
	return w.Contract(2)
}

// Contract writes a contract of so many pages as a PDF, with words for both parties' seals on the last.
func (w *World) Contract(pages int) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "政府采购合同.pdf")
	Must(w.t, os.WriteFile(path, contractPDF(pages), 0o600))
	return path
}

// Must ends a test at an error that it is not about.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *World) serve(dir string, roots []*smx509.Certificate) string {
	w.t.Helper()
	pool := smx509.NewCertPool()
	for _, r := range roots {
		pool.AddCert(r)
	}
	var inner http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if held := w.held.Load(); held != nil {
			select {
			case <-*held:
			case <-r.Context().Done():
			}
		}
		if w.away.Load() {
			panic(http.ErrAbortHandler) // the connection breaks, as it does when the network is gone
		}
		inner.ServeHTTP(out, r)
	}))
	w.t.Cleanup(server.Close)
	office, err := ca.GenerateKey(ca.ECDSA)
	Must(w.t, err)
	cert, err := w.ca.Issue(ca.Request{Subject: ca.Subject{Name: "演示平台"}, PublicKey: office.Public(), Usage: token.UsageSign, Hosts: []string{"127.0.0.1"}})
	Must(w.t, err)
	p, err := platform.New(w.t.Context(), platform.Config{
		Dir: filepath.Join(dir, "platform"), Judge: judge{roots}, Roots: pool, Origins: []string{server.URL}, Log: slog.New(slog.DiscardHandler),
		Order: w.order, Templates: []platform.Template{template()},
		Receipts: &receipt.Signer{Key: office, Chain: []*smx509.Certificate{cert}},
	})
	Must(w.t, err)
	w.t.Cleanup(func() { _ = p.Close() })
	inner = p.Handler()
	Must(w.t, p.Import(w.t.Context(), platform.Seed{Organisations: []platformapi.Organisation{org(buyer), org(seller)}, Lots: lots()}))
	w.server = p
	return server.URL
}

// AddAccount gives the purchaser its account: to hash its password takes longer than to make the rest of a world.
func (w *World) AddAccount() {
	w.t.Helper()
	Must(w.t, w.server.AddAccount(w.t.Context(), Account, buyer.Handler, Password, buyer.USCC))
}

func org(s ca.Subject) platformapi.Organisation {
	return platformapi.Organisation{Name: s.Name, USCC: s.USCC}
}

// template is a text to begin a contract with.
func template() platform.Template {
	content := assets.SampleContract()
	sum := sha256.Sum256(content)
	return platform.Template{Content: content, Template: platformapi.Template{
		ID: "goods", Name: "货物类采购合同（示范文本）", Note: "设备、物资采购；含付款、验收、违约条款", File: "货物类采购合同.docx",
		Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]),
	}}
}

func lots() []platform.Lot {
	day := func(n int) time.Time { return time.Now().AddDate(0, 0, n).Truncate(time.Minute) }
	out := []platform.Lot{
		{ID: "lot-1", ProjectNumber: "ZC-2026-001842", ProjectName: "云台县第一人民医院医疗设备采购项目", Number: "标段二", Name: "影像与检验设备",
			Kind: platformapi.LotProcurement, Method: platformapi.MethodOpenTender, AwardFen: 328_600_000, TradedAt: day(-9), AwardSentAt: day(-6)},
		{ID: "lot-2", ProjectNumber: "云财公开采购-2026-18", ProjectName: "云台县第一人民医院病房护理设备采购项目", Number: "B包", Name: "多功能护理床及床头柜",
			Kind: platformapi.LotProcurement, Method: platformapi.MethodNegotiation, AwardFen: 46_350_000, TradedAt: day(-28), AwardSentAt: day(-25)},
		{ID: "lot-3", ProjectNumber: "云建公开-2026-07", ProjectName: "云台县第一人民医院门诊楼净化工程", Number: "一标段", Name: "手术部净化装修及设备安装",
			Kind: platformapi.LotWorks, Method: platformapi.MethodOpenTender, AwardFen: 392_718_560, TradedAt: day(-34), AwardSentAt: day(-33)},
		{ID: "lot-4", ProjectNumber: "云财询价采购-2026-44", ProjectName: "云台县第一人民医院检验试剂采购项目", Number: "C包", Name: "生化检验试剂（一年期）",
			Kind: platformapi.LotProcurement, Method: platformapi.MethodInquiry, AwardFen: 17_980_000, TradedAt: day(-1)},
	}
	for i := range out {
		l := &out[i]
		l.Purchaser, l.Supplier = org(buyer), org(seller)
		done := func(name string, days int) platformapi.FlowStep {
			return platformapi.FlowStep{Name: name, State: platformapi.StepDone, Since: l.TradedAt.AddDate(0, 0, days)}
		}
		l.Phases = []platformapi.FlowPhase{
			{Phase: platformapi.PhaseBefore, Steps: []platformapi.FlowStep{done("邀请书确认", -21), done("交易文件下载", -20), done("澄清答复", -12)}},
			{Phase: platformapi.PhaseTrading, Steps: []platformapi.FlowStep{done("开标签到解密", 0), done("评审结果", 0)}},
		}
	}
	return out
}

// Buyer and Seller log one of the parties in.
func (w *World) Buyer() *desk.Session { return w.login(buyer) }

// Seller logs the supplier in.
func (w *World) Seller() *desk.Session { return w.login(seller) }

// SellerElsewhere logs the supplier in at another computer, whose desk has nothing of this one's.
func (w *World) SellerElsewhere() *desk.Session {
	w.t.Helper()
	c := w.config
	c.Folders, c.Keyring = desk.Folders{Data: filepath.Join(w.dir, "elsewhere"), Cache: c.Folders.Cache}, nil
	d, err := desk.Open(w.t.Context(), c)
	Must(w.t, err)
	w.t.Cleanup(func() { _ = d.Close() })
	return w.loginAt(d, seller)
}

func (w *World) login(who ca.Subject) *desk.Session {
	w.t.Helper()
	return w.loginAt(w.Desk, who)
}

func (w *World) loginAt(d *desk.Desk, who ca.Subject) *desk.Session {
	w.t.Helper()
	keys, err := d.Keys(w.t.Context())
	Must(w.t, err)
	for _, k := range keys {
		if k.USCC == who.USCC {
			s, err := d.Login(w.t.Context(), desk.LoginRequest{Key: k, PIN: []byte(PIN)})
			Must(w.t, err)
			w.t.Cleanup(func() {
				if !s.Closed() {
					s.Close()
				}
			})
			return s
		}
	}
	w.t.Fatalf("no key of %s", who.Name)
	return nil
}

// Begin starts a contract for the nth lot of a session.
func (w *World) Begin(s *desk.Session, lot string) *desk.Work {
	w.t.Helper()
	all, err := s.Lots(w.t.Context(), "")
	Must(w.t, err)
	for _, l := range all {
		if l.ID == lot {
			work, err := s.NewWork(w.t.Context(), l)
			Must(w.t, err)
			return work
		}
	}
	w.t.Fatalf("no lot %s", lot)
	return nil
}

// Clean attaches a file to a contract and makes the clean copy of it.
func (w *World) Clean(work *desk.Work, file string) {
	w.t.Helper()
	Must(w.t, work.AttachFiling(w.t.Context(), file))
	_, err := work.Clean(w.t.Context(), nil)
	Must(w.t, err)
	Must(w.t, work.ConfirmClean())
}

// Seal takes a contract from its file to the seal.
func (w *World) Seal(s *desk.Session, work *desk.Work) {
	w.t.Helper()
	ctx := w.t.Context()
	if work.View(ctx).Starter && work.View(ctx).Filing.Stage() != desk.StageCleaned {
		w.Clean(work, w.Paper())
	}
	shown, err := work.Preview(ctx)
	Must(w.t, err)
	Must(w.t, shown.Close())
	seals, err := s.Seals()
	Must(w.t, err)
	place, err := seal.ParsePlace("page=last,x=70mm,y=200mm")
	Must(w.t, err)
	if !work.View(ctx).Starter {
		place, err = seal.ParsePlace("page=last,x=140mm,y=200mm")
		Must(w.t, err)
	}
	_, err = work.Seal(ctx, desk.SealRequest{Seal: seals[0], Places: []seal.Place{place}, PIN: []byte(PIN)}, nil)
	Must(w.t, err)
}

// Deliver waits for the receipt of what was sent.
func (w *World) Deliver(sent desk.Sent, err error) {
	w.t.Helper()
	Must(w.t, err)
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	_, err = sent.Wait(ctx)
	Must(w.t, err)
}

// Submitted is a contract that the purchaser sealed and submitted.
func (w *World) Submitted(s *desk.Session, lot string) *desk.Work {
	w.t.Helper()
	work := w.Begin(s, lot)
	fields := work.View(w.t.Context()).Fields
	fields.TermDays = 180
	Must(w.t, work.Type(fields))
	w.Seal(s, work)
	w.Deliver(work.Submit(w.t.Context()))
	return work
}

// Concluded is a contract that both sides sealed, on the purchaser's desk.
func (w *World) Concluded(first, second *desk.Session, lot string) *desk.Work {
	w.t.Helper()
	work := w.Submitted(first, lot)
	theirs, err := second.Open(w.t.Context(), work.ID())
	Must(w.t, err)
	Must(w.t, theirs.Receive(w.t.Context()))
	w.Seal(second, theirs)
	w.Deliver(theirs.Agree(w.t.Context(), "同意"))
	Must(w.t, work.Refresh(w.t.Context()))
	return work
}

// judge tells the platform what holds of a seal.
type judge struct{ roots []*smx509.Certificate }

func (j judge) Judge(ctx context.Context, r io.ReaderAt, size int64) ([]platform.SignatureFact, error) {
	report, err := verify.File(ctx, r, size, verify.Options{Roots: j.roots, Now: time.Now()})
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
			sum := sha256.Sum256(s.Certificate.Raw)
			f.CertSHA256, f.SignerUSCC = hex.EncodeToString(sum[:]), platform.OrganisationCode(s.Certificate)
		}
		facts = append(facts, f)
	}
	return facts, nil
}
