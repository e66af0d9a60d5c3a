package phone

import (
	"context"
	"crypto/rand"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/store/sqlite"
	"sealdesk/platformapi/mobileca/wire"
)

// service is a mobile CA on a port of this machine, which browsers trust like https.
type service struct {
	t              *testing.T
	origin         string
	name, idNumber string   // of the person
	code           []string // the recovery code that was shown last

	mu   sync.Mutex
	sent map[string]string // the last code to a number
}

func startService(t *testing.T) *service {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, origin: "http://" + listener.Addr().String(), name: "李秀英", idNumber: "330127198506150021", sent: map[string]string{}}
	kept, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ca.db"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := mobileca.New(context.Background(), mobileca.Config{
		Store: kept, Master: random(mobileca.MasterSize), Issuer: newAuthority(t), Messenger: s, Identity: s, Origins: []string{s.origin}, Name: "云溪移动 CA",
		Platforms: []wire.TradingPlatform{
			{ID: "yunxi", Name: "云溪县公共资源交易平台", Region: "浙江 杭州", Origin: asking["origin"].(string), Lat: 30.25, Lon: 120.17},
			{ID: "jiaozuo", Name: "焦作市公共资源交易平台", Region: "河南 焦作", Origin: "https://ggzy.jiaozuo.example", Lat: 35.22, Lon: 113.24},
		},
		App: Files, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: time.Second}
	go func() { _ = web.Serve(listener) }()
	t.Cleanup(func() {
		server.Drain()
		_ = web.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

var digits = regexp.MustCompile(`[0-9]{6}`)

// Send keeps the code of a short message (mobileca.Messenger).
func (s *service) Send(_ context.Context, number, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent[number] = digits.FindString(text)
	return nil
}

// sms waits for a code and takes it.
func (s *service) sms(number string) string {
	s.t.Helper()
	for end := time.Now().Add(waitTime); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		code := s.sent[number]
		delete(s.sent, number)
		s.mu.Unlock()
		if code != "" {
			return code
		}
	}
	s.t.Fatal("no short message came")
	return ""
}

// Check knows one person (mobileca.IdentityChecker).
func (s *service) Check(_ context.Context, r wire.IdentityRequest) error {
	if r.Name != s.name || r.IDNumber != s.idNumber {
		return &mobileca.IdentityRefused{Reason: "no such person"}
	}
	return nil
}

// certify has the phone's person checked, and an application granted.
func (s *service) certify(p *phone) {
	p.t.Helper()
	p.api("POST", "/identity", object{"method": "cfca", "name": s.name, "id_number": s.idNumber})
	p.api("POST", "/applications", object{"kind": "claim", "data": object{"uscc": "91330127MA2XKQ713A", "name": "华东医疗器械有限公司"}})
}

// authority is a CA as small as it can be (mobileca.Issuer).
type authority struct {
	mu   sync.Mutex
	key  *sm2.PrivateKey
	root *smx509.Certificate
	last int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &smx509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "测试根证书"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: smx509.KeyUsageCertSign,
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	root, err := smx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{key: key, root: root, last: 1}
}

func (a *authority) Issue(_ context.Context, r mobileca.Certified) ([][]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	usage := smx509.KeyUsageDigitalSignature | smx509.KeyUsageContentCommitment
	if r.Use == wire.UseEncrypt {
		usage = smx509.KeyUsageKeyEncipherment | smx509.KeyUsageDataEncipherment
	}
	template := &smx509.Certificate{
		SerialNumber: big.NewInt(a.last), Subject: pkix.Name{Country: []string{"CN"}, Organization: []string{r.Subject.Name}, CommonName: r.Subject.Name},
		NotBefore: r.NotBefore, NotAfter: r.NotAfter, KeyUsage: usage,
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, a.root, r.Public, a.key)
	return [][]byte{der}, err
}

func (a *authority) Revoke(context.Context, []byte, wire.RevocationRequestReason, time.Time) error {
	return nil
}

func (a *authority) Roots() [][]byte { return [][]byte{a.root.Raw} }
