package platformtest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509/pkix"
	"encoding/asn1"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/receipt"
	"sealdesk/platformapi/web"
)

// The organisations of the world.
var (
	Purchaser = platformapi.Organisation{USCC: "91410800MA40000001", Name: "修武县第一中学"}
	Supplier  = platformapi.Organisation{USCC: "91410800MA40000002", Name: "国泰测试（焦作）有限公司"}
	Stranger  = platformapi.Organisation{USCC: "91410800MA40000003", Name: "无关科技有限公司"}

	// Those of tenders; Supplier and Stranger bid beside Third.
	Third      = platformapi.Organisation{USCC: "91410800MA40000004", Name: "豫北仪器有限公司"}
	Agency     = platformapi.Organisation{USCC: "91410800MA40000005", Name: "焦作市招标代理有限公司"}
	Supervisor = platformapi.Organisation{USCC: "11410800MB00000006", Name: "修武县公共资源监管局"}
	Hall       = platformapi.Organisation{USCC: "12410800MB00000007", Name: "修武县开标中心"}
)

// The lots of the world; the award notice of LotEarly was not sent.
const (
	LotID    = "lot-1"
	LotOther = "lot-2"
	LotEarly = "lot-3"
	// LotSecret is 涉密.
	LotSecret = "lot-4"
	AwardFen  = 111100
)

// Identity is a key with its certificate.
type Identity struct {
	Key   crypto.Signer
	Chain []*smx509.Certificate
}

// CA issues certificates.
type CA struct {
	key  crypto.Signer
	cert *smx509.Certificate
}

// NewKey makes a key: "rsa", "ecdsa" or "sm2".
func NewKey(t testing.TB, algorithm string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch algorithm {
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ecdsa":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "sm2":
		key, err = sm2.GenerateKey(rand.Reader)
	default:
		t.Fatalf("no algorithm %q", algorithm)
	}
	must(t, err)
	return key
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// NewCA makes a CA.
func NewCA(t testing.TB, algorithm string) *CA {
	t.Helper()
	ca := &CA{key: NewKey(t, algorithm)}
	ca.cert = ca.sign(t, &smx509.Certificate{
		Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: smx509.KeyUsageCertSign,
	}, ca.key)
	return ca
}

// Certificate is the CA's own.
func (ca *CA) Certificate() *smx509.Certificate { return ca.cert }

// Pool holds the CA's certificate.
func (ca *CA) Pool() *smx509.CertPool {
	p := smx509.NewCertPool()
	p.AddCert(ca.cert)
	return p
}

func (ca *CA) sign(t testing.TB, template *smx509.Certificate, key crypto.Signer) *smx509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	must(t, err)
	template.SerialNumber = serial
	if template.NotBefore.IsZero() {
		template.NotBefore = time.Now().Add(-time.Hour)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().AddDate(2, 0, 0) // tests let months pass
	}
	parent := template
	if ca.cert != nil {
		parent = ca.cert
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, parent, key.Public(), ca.key)
	must(t, err)
	cert, err := smx509.ParseCertificate(der)
	must(t, err)
	return cert
}

// Issue makes an organisation's signing identity. Changes are made to the certificate before it is signed.
func (ca *CA) Issue(t testing.TB, algorithm string, org platformapi.Organisation, changes ...func(*smx509.Certificate)) Identity {
	t.Helper()
	key := NewKey(t, algorithm)
	template := &smx509.Certificate{
		Subject: pkix.Name{
			CommonName: org.Name, Organization: []string{org.Name},
			ExtraNames: []pkix.AttributeTypeAndValue{
				{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: "NTRCN-" + org.USCC},
				{Type: asn1.ObjectIdentifier{2, 5, 4, 41}, Value: "张三"},
			},
		},
		KeyUsage: smx509.KeyUsageDigitalSignature | smx509.KeyUsageContentCommitment,
	}
	for _, change := range changes {
		change(template)
	}
	return Identity{Key: key, Chain: []*smx509.Certificate{ca.sign(t, template, key)}}
}

// Clock is a clock that only moves when told.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(time.Millisecond)
	return c.t
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// World is a platform that serves, and the identities of its organisations.
type World struct {
	URL    string
	CA     *CA
	Clock  *Clock
	Server *platform.Server
	ids    map[string]Identity
}

// NewWorld starts a platform over real HTTP on a loopback port, with data in dir. wrap, if not nil, stands before its
// handler.
func NewWorld(t testing.TB, dir string, wrap func(http.Handler) http.Handler) *World {
	t.Helper()
	return NewWorldOf(t, dir, func(*platform.Config) {}, wrap)
}

// NewWorldOf is NewWorld for a platform that differs from the usual one by what change sets.
func NewWorldOf(t testing.TB, dir string, change func(*platform.Config), wrap func(http.Handler) http.Handler) *World {
	t.Helper()
	w := &World{CA: NewCA(t, "ecdsa"), Clock: &Clock{t: time.Now()}, ids: map[string]Identity{}}
	server := httptest.NewUnstartedServer(nil)
	w.URL = "http://" + server.Listener.Addr().String()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	office := w.CA.Issue(t, "ecdsa", platformapi.Organisation{Name: "platform"}, func(c *smx509.Certificate) {
		c.Subject = pkix.Name{CommonName: "platform"}
		c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	})
	config := platform.Config{
		Dir: dir, Judge: PaperJudge{}, Roots: w.CA.Pool(), Origins: []string{w.URL}, Now: w.Clock.Now, Log: log, MaxFile: 1 << 20,
		Order: platformapi.OrderSealFirst, Templates: []platform.Template{template()},
		Receipts:        &receipt.Signer{Key: office.Key, Chain: office.Chain},
		VerificationURI: "https://mobile-ca.example/device",
		Bidding:         PaperBidding{},
	}
	change(&config)
	p, err := platform.New(context.Background(), config)
	must(t, err)
	w.Server = p
	h := p.Handler()
	if wrap != nil {
		h = wrap(h)
	}
	server.Config = web.NewServer(h, log)
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	must(t, p.Import(context.Background(), Seed(w.Clock.Now())))
	for _, o := range []platformapi.Organisation{Purchaser, Supplier, Stranger, Third, Agency, Supervisor, Hall} {
		w.ids[o.USCC] = w.CA.Issue(t, "ecdsa", o)
	}
	return w
}

// template is a text to begin a contract with.
func template() platform.Template {
	content := DOCX("template")
	return platform.Template{Content: content, Template: platformapi.Template{
		ID: "goods", Name: "货物类合同示范文本", File: "货物类合同.docx", Size: int64(len(content)), SHA256: digest(content),
	}}
}

// Seed is what the world's platform knows.
func Seed(now time.Time) platform.Seed {
	lot := func(id, name string, sent time.Time) platform.Lot {
		return platform.Lot{
			ID: id, ProjectNumber: "修财采购-2026-12", ProjectName: "教学设备采购", Number: "ZB-" + id, Name: name,
			Kind: platformapi.LotProcurement, Method: platformapi.MethodNegotiation, Purchaser: Purchaser, Supplier: Supplier,
			AwardFen: AwardFen, TradedAt: now.Add(-72 * time.Hour), AwardSentAt: sent,
			Phases: []platformapi.FlowPhase{
				{Phase: platformapi.PhaseBefore, Steps: []platformapi.FlowStep{{Name: "邀请书确认", State: platformapi.StepAttention}, {Name: "交易文件下载", State: platformapi.StepDone}}},
				{Phase: platformapi.PhaseTrading, Steps: []platformapi.FlowStep{{Name: "开标签到解密", State: platformapi.StepDone}}},
			},
		}
	}
	sent := now.Add(-48 * time.Hour).Truncate(time.Second)
	secret := lot(LotSecret, "第四标段", sent)
	secret.Secret = true
	return platform.Seed{
		Organisations: []platformapi.Organisation{Purchaser, Supplier, Stranger, Third, Agency, Supervisor, Hall},
		Kinds: map[string]platformapi.OrganisationKind{
			Agency.USCC: platformapi.OrganisationAgency, Supervisor.USCC: platformapi.OrganisationSupervisor, Hall.USCC: platformapi.OrganisationHall,
		},
		Lots: []platform.Lot{lot(LotID, "第一标段", sent), lot(LotOther, "第二标段", sent), lot(LotEarly, "第三标段", time.Time{}), secret},
	}
}

// Identity is an organisation's key and certificate.
func (w *World) Identity(o platformapi.Organisation) Identity { return w.ids[o.USCC] }

// Login opens a session for an organisation, which believes signed receipts only.
func (w *World) Login(t testing.TB, o platformapi.Organisation, opts client.Options) *client.Client {
	t.Helper()
	id := w.ids[o.USCC]
	if opts.ReceiptRoots == nil {
		opts.ReceiptRoots = w.CA.Pool()
	}
	c, err := client.Login(t.Context(), w.URL, id.Key, id.Chain, opts)
	must(t, err)
	return c
}

// Harness is what the suite runs against: a platform with the world's lots, seen by each organisation.
func (w *World) Harness(t *testing.T) Harness {
	t.Helper()
	return Harness{
		Purchaser: w.Login(t, Purchaser, client.Options{}), Supplier: w.Login(t, Supplier, client.Options{}),
		Stranger: w.Login(t, Stranger, client.Options{}), Seal: Seal, Clock: w.Clock.Add,
		Login: func(o platformapi.Organisation) platformapi.Platform { return w.Login(t, o, client.Options{}) },
	}
}

// TenderHarness is what the suite of tenders runs against.
func (w *World) TenderHarness(t *testing.T) TenderHarness {
	t.Helper()
	return TenderHarness{
		As: func(t *testing.T, o platformapi.Organisation) platformapi.Tendering {
			t.Helper()
			return w.Login(t, o, client.Options{Piece: 512})
		},
		Now: w.Clock.Now, Clock: w.Clock.Add, Outline: PaperOutline.JSON, Bid: PaperBid.File, Open: PaperKey, Sign: paperSignature,
	}
}
