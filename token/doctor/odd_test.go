package doctor_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/doctor"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
)

// odd is a key that says what a test has it say; it is its own driver.
type odd struct {
	token.Token
	info             token.Info
	ids              []token.Identity
	listed, told, of error // what fails: the list of keys, what the key tells, its certificates
}

func (o *odd) Tokens(context.Context) ([]token.Token, error)        { return []token.Token{o}, o.listed }
func (o *odd) Watch(context.Context) (<-chan token.Event, error)    { return nil, token.ErrNotSupported }
func (o *odd) Info(context.Context) (token.Info, error)             { return o.info, o.told }
func (o *odd) Identities(context.Context) ([]token.Identity, error) { return o.ids, o.of }
func (o *odd) Close() error                                         { return nil }

// oddIdentity is a certificate for some use.
type oddIdentity struct {
	token.Identity
	cert *smx509.Certificate
	use  token.Usage
}

func (o oddIdentity) Certificate() *smx509.Certificate { return o.cert }
func (o oddIdentity) Usage() token.Usage               { return o.use }

// What a key tells of its PIN, and what goes wrong while it is asked, is told by a code that has its sentences.
func TestWhatKeysTell(t *testing.T) {
	set := open(t)
	for _, tt := range []struct {
		name  string
		key   odd
		code  string
		state doctor.State
	}{
		{"a wrong PIN before", odd{info: token.Info{PIN: token.PINState{Tries: -1, Max: -1, Low: true}}}, "doctor.key_wrong_before", doctor.Warning},
		{"a pad of its own", odd{info: token.Info{PIN: token.PINState{Tries: -1, Max: -1, ProtectedPath: true}}}, "doctor.key_pad", doctor.OK},
		{"one try and no more", odd{info: token.Info{PIN: token.PINState{Tries: 1, Max: 1}}}, "doctor.key_tries", doctor.OK},
		{"nothing on it", odd{}, "doctor.key_empty", doctor.Warning},
		{"it cannot be listed", odd{listed: token.ErrRemoved}, "token.removed", doctor.Broken},
		{"it does not answer", odd{told: context.DeadlineExceeded}, "token.timeout", doctor.Broken},
		{"nobody waited for it", odd{told: context.Canceled}, "token.cancelled", doctor.Broken},
		{"its certificates cannot be read", odd{of: token.ErrRemoved}, "token.removed", doctor.Broken},
		{"it fails for no known reason", odd{of: errors.New("e\u202er" + strings.Repeat("长", 400) + "\ufffd")}, "token.driver_failed", doctor.Broken},
	} {
		r := doctor.Examine(t.Context(), set, doctor.Options{Root: tree(t), System: "linux", Others: []token.Driver{&tt.key}})
		i := slices.IndexFunc(r.Checks, func(c doctor.Check) bool { return c.Step == doctor.Key && c.Code == tt.code })
		if i < 0 || r.Checks[i].State != tt.state {
			t.Errorf("%s: %s", tt.name, text(t, of(r, doctor.Key)))
			continue
		}
		if d := r.Checks[i].Detail; len([]rune(d)) > 300 || strings.ContainsAny(d, "\u202e\ufffd") {
			t.Errorf("%s: the detail is %q", tt.name, d)
		}
	}
}

// Certificates of each kind of key and use are described, with their number where they name no organisation.
func TestWhatCertificatesTell(t *testing.T) {
	a, err := ca.New(ca.RSA)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ca.GenerateKey(ca.RSA)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: key.Public(), Usage: token.UsageSign})
	if err != nil {
		t.Fatal(err)
	}
	nameless, other := *cert, *cert
	nameless.Subject.Organization = nil
	other.Subject.Organization, other.PublicKey = []string{"\u202e"}, nil
	o := &odd{ids: []token.Identity{
		oddIdentity{cert: cert, use: token.UsageSign | token.UsageEncrypt}, oddIdentity{cert: &nameless, use: token.UsageEncrypt}, oddIdentity{cert: &other},
	}}
	now := time.Now()
	r := doctor.Examine(t.Context(), open(t), doctor.Options{Root: tree(t), System: "linux", Others: []token.Driver{o}, Now: func() time.Time { return now }})
	got := of(r, doctor.Certificate)
	if len(got) != 3 {
		t.Fatalf("%s", text(t, got))
	}
	number := got[0].Params["number"]
	for i, want := range []map[string]any{
		{"owner": "青川县教育局", "usage": "both", "algorithm": "RSA"}, {"owner": number, "usage": "encrypt", "algorithm": "RSA"},
		{"owner": number, "usage": "none", "algorithm": "?"},
	} {
		for name, v := range want {
			if got[i].Params[name] != v {
				t.Errorf("certificate %d: %s is %v, want %v", i, name, got[i].Params[name], v)
			}
		}
	}
	// Of a key that only decrypts it is said that nothing can be signed with it.
	o.ids = o.ids[1:2]
	r = doctor.Examine(t.Context(), open(t), doctor.Options{Root: tree(t), System: "linux", Others: []token.Driver{o}})
	if c := find(t, r, "doctor.certificate_none_signs"); c.State != doctor.Broken {
		t.Errorf("%s", text(t, c))
	}
}

// A key that its library reaches through the PC/SC service is not looked for in its device file, and is missed without the service.
func TestAKeyThatTheServiceReaches(t *testing.T) {
	b := newBench(t, softkey.PKCS11, softkey.DeviceOptions{})
	p := product(t, "soft", "f055:0001", profile.InterfacePKCS11, b.path)
	p.PCSC = []string{"libsoftkey*"}
	b.set = open(t, p)
	plug(t, b.root, "1-3", "f055", "0001", "0b")
	write(t, filepath.Join(b.root, "sys/bus/usb/devices/1-3:1.1/bInterfaceClass"), "03\n")
	r := b.examine(t)
	if c := find(t, r, "doctor.service_missing"); c.State != doctor.Broken {
		t.Errorf("%s", text(t, c))
	}
	if c := find(t, r, "doctor.access_no_key"); c.State != doctor.NotApplicable {
		t.Errorf("%s", text(t, c))
	}
	// Another number of the same device cannot be read: its device file is not known then.
	write(t, filepath.Join(b.root, "sys/bus/usb/devices/1-3/devnum"), "x\n")
	if c := find(t, b.examine(t), "doctor.usb_key"); c.State != doctor.OK {
		t.Errorf("%s", text(t, c))
	}
}
