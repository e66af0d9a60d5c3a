package phonetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509/pkix"
	"errors"
	"io/fs"
	"log/slog"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/demo"
	"sealdesk/platformapi/mobileca/store/sqlite"
	"sealdesk/platformapi/mobileca/wire"
)

// The person of the tests, and his PIN. The number is invented; its check character is right.
const (
	Number   = "13812345678"
	Name     = "王建国"
	IDNumber = "410821199001011231"
	PIN      = "135790"
)

// Hospital is the organisation of the tests.
var Hospital = &wire.OrganisationData{USCC: "1233012747013082XH", Name: "云溪县人民医院"}

// Issuer is a certificate authority in memory.
type Issuer struct {
	key  *sm2.PrivateKey
	root *smx509.Certificate

	mu      sync.Mutex
	serial  int64
	Revoked map[string]wire.RevocationRequestReason // by the certificate's serial number
}

// newIssuer makes one.
func newIssuer() (*Issuer, error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &smx509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Root"}, NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(50, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: smx509.KeyUsageCertSign,
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	root, err := smx509.ParseCertificate(der)
	return &Issuer{key: key, root: root, serial: 1, Revoked: map[string]wire.RevocationRequestReason{}}, err
}

// Issue certifies a key.
func (i *Issuer) Issue(_ context.Context, r mobileca.Certified) ([][]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.serial++
	template := &smx509.Certificate{
		SerialNumber: big.NewInt(i.serial), Subject: pkix.Name{CommonName: r.Subject.Name, Organization: []string{r.Subject.Name}},
		NotBefore: r.NotBefore, NotAfter: r.NotAfter, KeyUsage: smx509.KeyUsageDigitalSignature,
	}
	if r.Use == wire.UseEncrypt {
		template.KeyUsage = smx509.KeyUsageKeyEncipherment | smx509.KeyUsageDataEncipherment
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, i.root, r.Public, i.key)
	return [][]byte{der}, err
}

// Revoke remembers.
func (i *Issuer) Revoke(_ context.Context, der []byte, reason wire.RevocationRequestReason, _ time.Time) error {
	c, err := smx509.ParseCertificate(der)
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.Revoked[c.SerialNumber.Text(16)] = reason
	return nil
}

// Roots is its root.
func (i *Issuer) Roots() [][]byte { return [][]byte{i.root.Raw} }

// Messages are short messages that were not sent.
type Messages struct {
	mu   sync.Mutex
	last map[string]string
	N    int
}

// Send keeps one.
func (m *Messages) Send(_ context.Context, phone, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil {
		m.last = map[string]string{}
	}
	m.last[phone], m.N = text, m.N+1
	return nil
}

var six = regexp.MustCompile(`[0-9]{6}`)

// Code is the code of the newest message to a number.
func (m *Messages) Code(phone string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return six.FindString(m.last[phone])
}

// Take is Code, once: "" until another message is sent.
func (m *Messages) Take(phone string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	code := six.FindString(m.last[phone])
	delete(m.last, phone)
	return code
}

// Clock is a clock that tests turn.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is its time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add turns it.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// World is a service of its own on SQLite.
type World struct {
	*Service
	T        testing.TB
	Server   *mobileca.Server
	Issuer   *Issuer
	Messages *Messages
	Clock    *Clock
	File     string // of the store
}

// NewWorld starts one; change may change what it is made of.
func NewWorld(t testing.TB, change ...func(*mobileca.Config)) *World {
	t.Helper()
	w := &World{T: t, Messages: &Messages{}, Clock: &Clock{now: time.Now().UTC().Truncate(time.Second)}, File: filepath.Join(t.TempDir(), "mobileca.db")}
	var err error
	if w.Issuer, err = newIssuer(); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), w.File)
	if err != nil {
		t.Fatal(err)
	}
	http := httptest.NewUnstartedServer(nil)
	http.Start()
	cfg := mobileca.Config{
		Store: s, Master: random(mobileca.MasterSize), Issuer: w.Issuer, Messenger: w.Messages, Identity: demo.Identities{}, Clerk: demo.Clerk{}, Cashier: demo.Cashier{}, Origins: []string{http.URL},
		Name: "测试移动CA", Now: w.Clock.Now, Log: slog.New(slog.NewTextHandler(testLog{t}, nil)),
	}
	for _, f := range change {
		f(&cfg)
	}
	if w.Server, err = mobileca.New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	http.Config.Handler = w.Server.Handler()
	w.Service = &Service{URL: http.URL, Client: http.Client(), Now: w.Clock.Now}
	t.Cleanup(func() {
		w.Server.Drain()
		http.Close()
		if err := w.Server.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Logf("%s", b)
	return len(b), nil
}

// SendCode has a code sent, and gives it.
func (w *World) SendCode(ctx context.Context, phone string, purpose wire.CodePurpose) (string, error) {
	p, err := NewPhone(w.Service)
	if err != nil {
		return "", err
	}
	err = p.Call(ctx, "POST", "/codes", wire.CodeRequest{Phone: phone, Purpose: purpose}, nil)
	return w.Messages.Code(phone), err
}

// Phone is a phone that logged in by a code.
func (w *World) Phone(number string) *Phone {
	w.T.Helper()
	ctx := w.T.Context()
	p, err := NewPhone(w.Service)
	if err != nil {
		w.T.Fatal(err)
	}
	code, err := w.SendCode(ctx, number, wire.CodeLogin)
	if err == nil {
		err = p.Login(ctx, wire.LoginRequest{Phone: number, Code: code})
	}
	if err != nil {
		w.T.Fatal(err)
	}
	w.Clock.Add(61 * time.Second) // so that another code can be sent
	return p
}

// Holder is a phone with both certificates of the hospital.
func (w *World) Holder() *Phone {
	w.T.Helper()
	p := w.Phone(Number)
	if err := p.Enrol(w.T.Context(), Hospital); err != nil {
		w.T.Fatal(err)
	}
	return p
}

// Enrol checks the identity, applies and downloads.
func (p *Phone) Enrol(ctx context.Context, org *wire.OrganisationData) error {
	if err := p.Identify(ctx, Name, IDNumber); err != nil {
		return err
	}
	a, err := p.Apply(ctx, org)
	if err != nil {
		return err
	}
	return p.Download(ctx, a.ID, PIN)
}

// Link scans a desktop's code, compares the match codes and accepts.
func Link(ctx context.Context, d *Desktop, p *Phone, session *wire.SessionChoice) error {
	if _, err := p.Scan(ctx, d.QR()); err != nil {
		return err
	}
	there, err := d.Match(ctx)
	if err != nil {
		return err
	}
	here, err := p.Match(ctx, d.Pairing.ID)
	if err != nil {
		return err
	}
	if here != there {
		return errors.New("phonetest: the match codes differ: " + here + ", " + there)
	}
	if _, err := p.Accept(ctx, d.Pairing.ID, session); err != nil {
		return err
	}
	return d.Refresh(ctx, 0)
}

// Public is the key of a certificate.
func Public(der []byte) (*ecdsa.PublicKey, error) {
	c, err := smx509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("phonetest: not an SM2 certificate")
	}
	return key, nil
}

// Contents are the bytes of the store, with what is not yet written into its file.
func (w *World) Contents() []byte {
	w.T.Helper()
	var all []byte
	for _, name := range []string{w.File, w.File + "-wal"} {
		b, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.T.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}
