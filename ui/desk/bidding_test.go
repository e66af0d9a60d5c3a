package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/signer/bid"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11"
	"sealdesk/token/pkcs11/softhsmtest"
	"sealdesk/token/profile"
	"sealdesk/token/skf"
	"sealdesk/token/soft"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
	"sealdesk/ui/desk/bids"
)

const outlineJSON = `{"tender": "ZC-2026-0117", "lot": "01", "name": "云台县医院检验设备采购项目", "parts": [
  {"code": "qual", "name": "资格证明文件", "kind": "qualification", "required": true, "envelope": "", "stamp": true, "types": [".pdf"]},
  {"code": "tech", "name": "技术方案", "kind": "technical", "required": true, "envelope": "技术", "stamp": true, "types": [".pdf"]},
  {"code": "list", "name": "分项报价表", "kind": "price", "required": true, "envelope": "报价", "types": [".xlsx", ".csv"]},
  {"code": "other", "name": "其他材料", "kind": "other", "required": false, "envelope": "技术"}],
 "price": {"envelope": "报价", "fields": [
  {"name": "投标总价", "kind": "amount", "required": true, "capitals": true, "max": "3500000.00"},
  {"name": "供货期", "kind": "days", "required": true}]}}`

// bidder is a party's session with a bid begun by the outline in a file.
func bidder(t *testing.T, w *world, s *Session) *bids.Project {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outline.json")
	must(t, os.WriteFile(path, []byte(outlineJSON), 0o600))
	p, err := s.Bids().NewFromFile(t.Context(), path)
	must(t, err)
	return p
}

// fillIn adds all that the outline asks for, but for seals.
func fillIn(t *testing.T, p *bids.Project) {
	t.Helper()
	dir := t.TempDir()
	pdf, table := filepath.Join(dir, "投标材料.pdf"), filepath.Join(dir, "分项报价表.csv")
	must(t, os.WriteFile(pdf, pdftest.Document(pdftest.Options{Pages: 2}), 0o600))
	must(t, os.WriteFile(table, []byte(secretPrice), 0o600))
	for code, path := range map[string]string{"qual": pdf, "tech": pdf, "list": table} {
		must(t, p.Add(t.Context(), code, bids.Addition{Path: path}, nil))
	}
	for _, n := range p.View().Nodes {
		if n.Stage == bids.Added {
			must(t, p.Confirm(t.Context(), n.Code))
		}
	}
	must(t, p.SetPrice(t.Context(), "投标总价", "3286000.00", ""))
	must(t, p.SetPrice(t.Context(), "供货期", "90", ""))
}

const secretPrice = "名称,单价\n全自动生化分析仪,3286000.00 SECRET PRICE\n"

func use(pin string) KeyUse { return KeyUse{PIN: []byte(pin)} }

// sealAll puts the first seal at the foot of the last pages.
func sealAll(t *testing.T, s *Session, p *bids.Project, pin string) error {
	t.Helper()
	seals, err := s.Seals()
	must(t, err)
	return s.SealBid(t.Context(), p, p.View().ToStamp(), BidSeal{Seal: seals[0], KeyUse: use(pin),
		Places: []seal.Place{{Kind: seal.AtPosition, Pages: seal.Last(), X: 140, Y: 230}}}, nil)
}

func found(p *bids.Project) string {
	var codes []string
	for _, f := range p.Check() {
		codes = append(codes, strings.TrimPrefix(strings.TrimPrefix(f.Code, "bids."), "bid."))
	}
	return strings.Join(codes, " ")
}

// provision puts a pair of keys of the bidder's on the one token of a driver, as a CA's counter does.
func provision(t *testing.T, w *world, driver token.Driver, pin string) {
	t.Helper()
	tokens, err := driver.Tokens(t.Context())
	must(t, err)
	tok := tokens[0]
	defer tok.Close()
	must(t, tok.Unlock(t.Context(), []byte(pin)))
	for _, usage := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
		id, public, err := tok.(token.Provisioner).NewKey(t.Context(), "bidder", string(w.algorithm), usage)
		must(t, err)
		cert, err := w.ca.Issue(ca.Request{Subject: seller, PublicKey: public, Usage: usage})
		must(t, err)
		must(t, tok.(token.Provisioner).StoreCertificate(t.Context(), id, cert, []*smx509.Certificate{w.ca.Root(w.algorithm)}))
	}
}

// bidKeys are the kinds of keys that bids are made with: how they are made, and their PIN.
var bidKeys = []struct {
	name string
	algo ca.Algorithm
	make func(t *testing.T, w *world) (token.Driver, string)
}{
	{"soft SM2", ca.SM2, func(t *testing.T, w *world) (token.Driver, string) {
		driver, err := soft.Open(w.keys)
		must(t, err)
		return driver, rightPIN
	}},
	{"SoftHSM2 RSA", ca.RSA, func(t *testing.T, w *world) (token.Driver, string) {
		softhsmtest.Empty(t, t.TempDir())
		library, p := softhsmtest.Library(t)
		driver, err := pkcs11.Open(library, *p.PKCS11)
		must(t, err)
		t.Cleanup(func() { _ = driver.Close() })
		guarded := token.Guard(driver, token.Limits{})
		provision(t, w, guarded, softhsmtest.PIN)
		return guarded, softhsmtest.PIN
	}},
	{"SKF SM2", ca.SM2, func(t *testing.T, w *world) (token.Driver, string) {
		server, library := softkeytest.Start(t, softkey.SKFLongmai)
		device, err := server.Add(softkey.DeviceOptions{Label: "bidder", PIN: []byte(rightPIN)})
		must(t, err)
		var pairs []softkey.KeyPair
		for _, usage := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
			key, err := ca.GenerateKey(ca.SM2)
			must(t, err)
			cert, err := w.ca.Issue(ca.Request{Subject: seller, PublicKey: key.Public(), Usage: usage})
			must(t, err)
			pairs = append(pairs, softkey.KeyPair{Key: key, Certificate: cert})
		}
		must(t, device.AddContainer("c", pairs[0], pairs[1]))
		driver, err := skf.Open(library, profile.SKF{})
		must(t, err)
		t.Cleanup(func() { _ = driver.Close() })
		return token.Guard(driver, token.Limits{}), rightPIN
	}},
}

// bidding logs the bidder in with a key of the driver's.
func (w *world) bidder(driver token.Driver, pin string) *Session {
	w.t.Helper()
	d := w.desk("desk-of-bidder")
	d.cfg.Drivers = []token.Driver{driver}
	keys, err := d.Keys(w.t.Context())
	must(w.t, err)
	i := slices.IndexFunc(keys, func(k Key) bool { return k.USCC == seller.USCC })
	if i < 0 {
		w.t.Fatalf("no key of the bidder among %d", len(keys))
	}
	s, err := d.Login(w.t.Context(), LoginRequest{Key: keys[i], PIN: []byte(pin)})
	must(w.t, err)
	w.t.Cleanup(s.Close)
	return s
}

// readBid opens the file of a bid with the bidder's key, found by its serial number, and gives the price and each part.
func readBid(t *testing.T, s *Session, path, pin string) (bid.Price, map[string][]byte) {
	t.Helper()
	f, err := bid.OpenFile(path)
	must(t, err)
	defer f.Close()
	tok, _, err := s.desk.open(t.Context(), s.key)
	must(t, err)
	defer tok.Close()
	must(t, tok.Unlock(t.Context(), []byte(pin)))
	ids, err := tok.Identities(t.Context())
	must(t, err)
	var certs []*smx509.Certificate
	for _, id := range ids {
		certs = append(certs, id.Certificate())
	}
	var price bid.Price
	parts := map[string][]byte{}
	opened := map[string]*bid.Opened{}
	for _, e := range f.Manifest().Envelopes {
		cert, err := f.Find(e.Name, certs)
		must(t, err)
		decrypter, err := ids[slices.Index(certs, cert)].Decrypter(t.Context())
		must(t, err)
		opened[e.Name], err = f.OpenInner(e.Name, bid.Key{Certificate: cert, Decrypter: decrypter})
		must(t, err)
	}
	price, err = opened["报价"].Price()
	must(t, err)
	for _, part := range f.Manifest().Parts {
		r, err := f.Part(part.Code)
		if part.Sealed() {
			r, err = opened[part.Envelope].Part(part.Code)
		}
		must(t, err)
		data := make([]byte, r.Size())
		_, err = r.ReadAt(data, 0)
		must(t, err)
		parts[part.Code] = data
	}
	return price, parts
}

// A bid is made with each kind of key, from the outline to the verified file, and what was put in comes out with the same key.
func TestABidIsMade(t *testing.T) {
	for _, tc := range bidKeys {
		t.Run(tc.name, func(t *testing.T) {
			w := makeWorld(t, tc.algo, nil, platformapi.OrderSealFirst)
			driver, pin := tc.make(t, w)
			s := w.bidder(driver, pin)
			p := bidder(t, w, s)
			if got := found(p); got != "certify part_missing part_missing part_missing price_missing price_missing no_platform" {
				t.Errorf("of an empty bid: %s", got)
			}
			must(t, s.CertifyBid(t.Context(), p, use(pin)))
			if id := p.View().Identity; id.Code != seller.USCC || id.Serial == id.EncryptionSerial || id.EncryptionSerial == "" {
				t.Errorf("certified: %+v", id)
			}
			fillIn(t, p)
			if got := found(p); got != "stamp_missing stamp_missing no_platform" {
				t.Errorf("before the seals: %s", got)
			}
			if err := s.BuildBid(t.Context(), p, use(pin), nil); !errors.As(err, new(*bids.Error)) {
				t.Errorf("built without seals: %v", err)
			}
			must(t, sealAll(t, s, p, pin))
			if got := found(p); got != "no_platform" {
				t.Errorf("before it is built: %s", got)
			}
			steps := map[string]bool{}
			must(t, s.BuildBid(t.Context(), p, use(pin), func(step string, _, _ int64) { steps[step] = true }))
			if len(steps) != 3 {
				t.Errorf("steps: %v", steps)
			}
			report, err := s.VerifyBid(t.Context(), p, nil)
			must(t, err)
			if report.Verdict != verify.Valid {
				t.Errorf("the verdict: %s", report.Verdict)
			}
			path, built, err := p.BuiltFile()
			must(t, err)
			if len(built.Recipients) != 1 || built.Recipients[0] != p.View().Identity.EncryptionSerial {
				t.Errorf("encrypted to %v", built.Recipients)
			}
			price, parts := readBid(t, s, path, pin)
			if len(price.Fields) != 2 || price.Fields[0].Capitals != "叁佰贰拾捌万陆仟元整" {
				t.Errorf("the price: %+v", price)
			}
			if string(parts["list"]) != secretPrice {
				t.Errorf("the list: %q", parts["list"])
			}
			for _, n := range p.View().Nodes[:2] {
				if sum := sha256.Sum256(parts[n.Code]); hex.EncodeToString(sum[:]) != n.File.SHA256 {
					t.Errorf("%s is another file", n.Code)
				}
				sealed := filepath.Join(t.TempDir(), "a.pdf")
				must(t, os.WriteFile(sealed, parts[n.Code], 0o600))
				if r, err := s.desk.Verify(t.Context(), sealed); err != nil || len(r.Signatures) != 1 || r.Verdict != verify.Valid {
					t.Errorf("%s bears no seal: %v", n.Code, err)
				}
			}
		})
	}
}

// After a renewal the old encryption key stays on the token, is listed, and opens the bid by its serial number; a bid is not built
// with the new pair by mistake.
func TestARenewedKeyStillOpensTheBid(t *testing.T) {
	w := makeWorld(t, ca.SM2, nil, platformapi.OrderSealFirst)
	server, library := softkeytest.Start(t, softkey.SKFLongmai)
	device, err := server.Add(softkey.DeviceOptions{Label: "bidder", PIN: []byte(rightPIN)})
	must(t, err)
	container := func(name string) {
		var pairs []softkey.KeyPair
		for _, usage := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
			key, err := ca.GenerateKey(ca.SM2)
			must(t, err)
			cert, err := w.ca.Issue(ca.Request{Subject: seller, PublicKey: key.Public(), Usage: usage})
			must(t, err)
			pairs = append(pairs, softkey.KeyPair{Key: key, Certificate: cert})
		}
		must(t, device.AddContainer(name, pairs[0], pairs[1]))
	}
	container("old")
	driver, err := skf.Open(library, profile.SKF{})
	must(t, err)
	t.Cleanup(func() { _ = driver.Close() })
	guarded := token.Guard(driver, token.Limits{})
	s := w.bidder(guarded, rightPIN)
	p := bidder(t, w, s)
	must(t, s.CertifyBid(t.Context(), p, use(rightPIN)))
	fillIn(t, p)
	must(t, sealAll(t, s, p, rightPIN))
	must(t, s.BuildBid(t.Context(), p, use(rightPIN), nil))
	old := p.View().Identity.EncryptionSerial
	path, _, err := p.BuiltFile()
	must(t, err)

	container("renewed")
	media, err := s.desk.Media(t.Context())
	must(t, err)
	listed := map[string]bool{}
	for _, c := range media[0].Certificates {
		if c.Encrypts {
			listed[c.Number] = true
		}
	}
	if held := s.Bids().Held(t.Context()); len(listed) != 2 || !listed[old] || len(held) != 1 || held[0].Serials[0] != old || held[0].HandedIn {
		t.Errorf("listed are %v, held %+v", listed, held)
	}
	if _, parts := readBid(t, s, path, rightPIN); string(parts["list"]) != secretPrice {
		t.Error("the old key does not open the bid")
	}
	keys, err := s.desk.Keys(t.Context())
	must(t, err)
	i := slices.IndexFunc(keys, func(k Key) bool { return k.ID != s.key.ID })
	must(t, s.SignWith(keys[i]))
	if err := s.BuildBid(t.Context(), p, use(rightPIN), nil); !errors.Is(err, fault("bid_other_key", nil)) {
		t.Errorf("built with the renewed key: %v", err)
	}
	must(t, s.CertifyBid(t.Context(), p, use(rightPIN)))
	if v := p.View(); !v.Stale || v.Identity.EncryptionSerial == old {
		t.Error("a bid for the old certificate is not out of date")
	}
	must(t, s.BuildBid(t.Context(), p, use(rightPIN), nil))
}

// A phone certifies, seals and signs a bid; each is asked for there, in words.
func TestABidIsMadeByPhone(t *testing.T) {
	w, d, phone := withPhone(t, seller)
	s := w.login(d, seller)
	must(t, s.SignWith(d.PhoneKey(s.key)))
	var kinds []ScanKind
	d.ShowScans(func(scan *Scan) {
		kinds = append(kinds, scan.About.Kind)
		for code := ""; ; {
			v, news := scan.View()
			if v.QR != "" && v.QR != code {
				code = v.QR
				go func() { _ = phone.Scan(code) }()
			}
			select {
			case <-news:
			case <-scan.Over():
				return
			}
		}
	})
	p := bidder(t, w, s)
	must(t, s.CertifyBid(t.Context(), p, KeyUse{}))
	if id := p.View().Identity; !id.Phone || id.Code != seller.USCC {
		t.Errorf("certified: %+v", id)
	}
	fillIn(t, p)
	// Without a session the phone signs once; what it sealed stays so, and the rest goes on with a session.
	if err := sealAll(t, s, p, ""); !errors.Is(err, ErrKeyLocked) || len(p.View().ToStamp()) != 1 {
		t.Errorf("without a session: %v, left are %v", err, p.View().ToStamp())
	}
	phone.Session, phone.Auto = true, true
	must(t, sealAll(t, s, p, ""))
	must(t, s.BuildBid(t.Context(), p, KeyUse{}, nil))
	if r, err := s.VerifyBid(t.Context(), p, nil); err != nil || !r.Intact() {
		t.Errorf("the bid: %v", err)
	}
	if len(kinds) < 3 || kinds[0] != ScanBid || kinds[len(kinds)-1] != ScanBid {
		t.Errorf("the phone was asked for %v", kinds)
	}
	if held := s.Bids().Held(t.Context()); len(held) != 1 || !held[0].Phone {
		t.Errorf("held: %+v", held)
	}
}

// A program that is killed while it builds leaves nothing readable and no half file, and the bid can be built afterwards.
func TestKilledWhileBuilding(t *testing.T) {
	if dir := os.Getenv(dying); dir != "" {
		w := makeWorld(t, ca.SM2, nil, platformapi.OrderSealFirst)
		w.dir = dir
		s := w.at(seller)
		p := bidder(t, w, s)
		must(t, s.CertifyBid(t.Context(), p, use(rightPIN)))
		fillIn(t, p)
		must(t, sealAll(t, s, p, rightPIN))
		must(t, os.WriteFile(filepath.Join(dir, "begun"), []byte(p.ID()), 0o600))
		must(t, s.BuildBid(t.Context(), p, use(rightPIN), func(step string, done, _ int64) {
			if step == os.Getenv(dyingAt) && (done > 0 || step == "bid.step_sign") {
				self, err := os.FindProcess(os.Getpid())
				must(t, err)
				must(t, self.Kill())
				select {}
			}
		}))
		return
	}
	for _, step := range []string{"bid.step_seal", "bid.step_sign", "bid.step_check"} {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWhileBuilding$")
			child.Env = append(os.Environ(), dying+"="+dir, dyingAt+"="+step, "TMPDIR="+t.TempDir())
			out, err := child.CombinedOutput()
			id, readErr := os.ReadFile(filepath.Join(dir, "begun"))
			if err == nil || readErr != nil {
				t.Fatalf("it was not killed: %v, %v\n%s", err, readErr, out)
			}
			clean := func(when string) {
				t.Helper()
				for _, plain := range []string{"%PDF-", "SECRET PRICE"} {
					if found := inThePlain(t, []byte(plain), dir); len(found) > 0 {
						t.Errorf("%s in the plain: %v", when, found)
					}
				}
				if found, _ := filepath.Glob(filepath.Join(dir, "*", "parties", "*", "bids", "*", "*.bid")); len(found) > 0 {
					t.Errorf("%s a file has its name: %v", when, found)
				}
			}
			clean("at once")
			w := makeWorld(t, ca.SM2, nil, platformapi.OrderSealFirst)
			w.dir = dir
			s := w.at(seller)
			clean("at the next login")
			p, err := s.Bids().Open(t.Context(), string(id))
			must(t, err)
			if v := p.View(); v.Built != nil || len(v.ToStamp()) != 0 || v.Nodes[1].Stage != bids.Stamped {
				t.Errorf("what is left of the bid: %+v", v.Nodes)
			}
			must(t, s.CertifyBid(t.Context(), p, use(rightPIN))) // another key of the same bidder's in this world
			must(t, s.BuildBid(t.Context(), p, use(rightPIN), nil))
			if v := p.View(); v.Built == nil || v.Stale {
				t.Error("it was not built")
			}
		})
	}
}

// dyingAt is the step at which the child process of TestKilledWhileBuilding is killed.
const dyingAt = "SEALDESK_DYING_AT"

// What goes wrong with a bid is told in whole sentences, and what was there stays.
func TestTroublesOfABid(t *testing.T) {
	w := makeWorld(t, ca.SM2, nil, platformapi.OrderSealFirst)
	s := w.at(seller)
	p := bidder(t, w, s)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	add := func(code, path string) error { return p.Add(t.Context(), code, bids.Addition{Path: path}, nil) }
	w.told(add("none", w.file), "bids.no_part")
	w.told(add("qual", filepath.Join(dir, "none.pdf")), "bids.file_unreadable")
	w.told(add("qual", dir), "bids.file_unreadable")
	w.told(add("qual", file("empty.pdf", "")), "bids.file_empty")
	w.told(add("list", file("a.exe", "MZ")), "bids.file_type")
	w.told(add("list", w.file), "bids.file_type")
	if err := add("qual", file("broken.pdf", "%PDF-1.7\nnothing")); err == nil {
		t.Error("a broken PDF is taken")
	}
	if v := p.View(); slices.ContainsFunc(v.Nodes, func(n bids.Node) bool { return n.Stage != bids.None }) {
		t.Errorf("what was refused is there: %+v", v.Nodes)
	}
	if left, err := filepath.Glob(filepath.Join(s.dir, bidsFolder, "*", "original-*")); err != nil || len(left) > 0 {
		t.Errorf("left of what was refused: %v", left)
	}
	w.told(p.SetPrice(t.Context(), "x", "1", ""), "bids.no_field")
	w.told(s.BuildBid(t.Context(), p, use(rightPIN), nil), "bids.lacking")
	_, err := s.VerifyBid(t.Context(), p, nil)
	w.told(err, "bids.not_built")
	_, err = s.Bids().NewFromFile(t.Context(), filepath.Join(dir, "none.json"))
	w.told(err, "bids.outline_unreadable")
	_, err = s.SendBid(t.Context(), p, nil)
	w.told(err, "bids.not_built")
	_, err = s.WithdrawBid(t.Context(), p)
	w.told(err, "desk.bid_not_sent")

	must(t, s.CertifyBid(t.Context(), p, use(rightPIN)))
	fillIn(t, p)
	must(t, sealAll(t, s, p, rightPIN))
	must(t, s.BuildBid(t.Context(), p, use(rightPIN), nil))
	_, err = s.SendBid(t.Context(), p, nil)
	w.told(err, "bids.no_tender")
	path, _, err := p.BuiltFile()
	must(t, err)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	info, err := f.Stat()
	must(t, err)
	_, err = f.WriteAt([]byte{0xff, 0xff, 0xff, 0xff}, info.Size()-8)
	must(t, errors.Join(err, f.Close()))
	_, err = s.VerifyBid(t.Context(), p, nil)
	w.told(err, "bids.built_damaged")
	must(t, p.SetPrice(t.Context(), "供货期", "60", ""))
	_, err = s.VerifyBid(t.Context(), p, nil)
	w.told(err, "bids.stale")

	// A document on the shelf that was changed is found before anything is made of it.
	shelved, err := filepath.Glob(filepath.Join(s.dir, bidsFolder, "*", "sealed-*"))
	if err != nil || len(shelved) != 2 {
		t.Fatalf("%v %v", shelved, err)
	}
	must(t, os.Truncate(shelved[0], 100))
	w.told(s.BuildBid(t.Context(), p, use(rightPIN), nil), "bids.file_changed")
	state, err := filepath.Glob(filepath.Join(s.dir, bidsFolder, "*", "bid.json*"))
	if err != nil || len(state) != 1 {
		t.Fatalf("%v %v", state, err)
	}
	must(t, os.Truncate(state[0], 20))
	again := w.restart(s, seller)
	all, err := again.Bids().List(t.Context())
	w.told(err, "bids.damaged")
	if len(all) != 0 {
		t.Errorf("%d bids", len(all))
	}
}

// outlined is a platform whose tenders all have the same outline.
type outlined struct {
	platformapi.Platform
	platformapi.Tendering
}

func (outlined) Outline(context.Context, platformapi.Tender) ([]byte, error) {
	return []byte(outlineJSON), nil
}

// A bid that cannot be read is told of by the list, and keeps nobody from beginning another one.
func TestADamagedBidHindersNoOther(t *testing.T) {
	w := newWorld(t)
	s := w.at(seller)
	must(t, os.MkdirAll(filepath.Join(s.dir, bidsFolder, bids.Prefix+"damaged"), 0o700))
	// The same desk by another platform; the session itself keeps its own, which it watches all the while.
	other := &Session{desk: s.desk, platform: outlined{}, bids: s.bids, box: s.box}
	p, err := other.NewBid(t.Context(), platformapi.Tender{ID: "tender"})
	must(t, err)
	if again, err := other.NewBid(t.Context(), platformapi.Tender{ID: "tender"}); err != nil || again != p {
		t.Errorf("begun twice: %v", err)
	}
	all, err := s.Bids().List(t.Context())
	w.told(err, "bids.damaged")
	if len(all) != 1 || all[0] != p {
		t.Errorf("%d bids", len(all))
	}
}
