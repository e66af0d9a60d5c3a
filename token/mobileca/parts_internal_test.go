package mobileca

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca/internal/wire"
)

// What the service calls a problem by is told in the words of this package, or with the service's own name, which is bounded.
func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		status      int
		code, state string
		want        error // nil: the service's own alone
	}{
		{409, "mca.pairing_over", "", ErrEnded},
		{409, "mca.session_over", "", ErrEnded},
		{409, "mca.not_linked", "expired", ErrUnconfirmed},
		{404, "platform.not_found", "ended", ErrEnded},
		{403, "mca.pin_locked", "", token.ErrPINLocked},
		{403, "mca.cert_other_use", "", token.ErrWrongUsage},
		{403, "mca.not_in_session", "", token.ErrWrongUsage},
		{422, "mca.request_wrong", "", ErrNotShown},
		{400, "mca.of_tomorrow", "", nil},
		{400, strings.Repeat("x", 1000), "", nil},
		{429, "platform.slower", "", ErrUnreachable},
		{503, "platform.unavailable", "", ErrUnreachable},
	} {
		body, err := json.Marshal(wire.Problem{Code: tt.code, State: tt.state})
		if err != nil {
			t.Fatal(err)
		}
		got := problem(tt.status, body)
		e, ok := errors.AsType[*ServiceError](got)
		if !errors.Is(got, tt.want) && tt.want != nil || !ok || e.Status != tt.status || len(e.Name) > maxCode || e.Params()["code"] != e.Name || e.Code() == "" {
			t.Errorf("%d %.20s: %v", tt.status, tt.code, got)
		}
	}
	if err := problem(502, []byte("<html>")); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a gateway's page: %v", err)
	}
	if e, ok := errors.AsType[*ServiceError](problem(404, []byte("{}"))); !ok || e.Name != "http" {
		t.Errorf("a page of somebody's: %v", e)
	}
	other := errors.New("another's")
	if err := turn(other); err != other {
		t.Errorf("an error that is not the service's: %v", err)
	}
}

// A document is told of whatever is known of it.
func TestDocuments(t *testing.T) {
	if d := (*Document)(nil).wire(digest); d.Title == "" || d.Digest == "" {
		t.Errorf("a document that nobody named: %+v", d)
	}
	if d := (&Document{Pages: -1, Parties: make([]string, 20)}).wire(digest); d.Title == "" || d.Pages != 0 || len(d.Parties) != 10 {
		t.Errorf("one with nothing and too much: %+v", d)
	}
}

// What is nearly a digest's place is none.
func TestNearlyADigest(t *testing.T) {
	in := func(tag asn1.Tag, parts ...[]byte) []byte {
		var b cryptobyte.Builder
		b.AddASN1(tag, func(b *cryptobyte.Builder) {
			for _, p := range parts {
				b.AddBytes(p)
			}
		})
		return b.BytesOrPanic()
	}
	oid := func(id []int) []byte {
		var b cryptobyte.Builder
		b.AddASN1ObjectIdentifier(id)
		return b.BytesOrPanic()
	}
	value, one, other := in(asn1.OCTET_STRING, digest), []byte{2, 1, 1}, oid([]int{1, 2, 3})
	id := oid(oidMessageDigest)
	bits := in(asn1.BIT_STRING, append([]byte{0}, digest...))
	seq := in(asn1.SEQUENCE, one)
	good := in(asn1.SEQUENCE, id, in(asn1.SET, value))
	if d, ok := attributesDigest(in(asn1.SET, in(asn1.SEQUENCE, other, in(asn1.SET, one)), good)); !ok || !bytes.Equal(d, digest) {
		t.Fatalf("another attribute before it: %x, %t", d, ok)
	}
	for name, tbs := range map[string][]byte{
		"what is no attribute":      in(asn1.SET, one),
		"one without a name":        in(asn1.SET, in(asn1.SEQUENCE, one)),
		"one without values":        in(asn1.SET, in(asn1.SEQUENCE, id, one)),
		"one with more":             in(asn1.SET, in(asn1.SEQUENCE, id, in(asn1.SET, value), one)),
		"a value of another kind":   in(asn1.SET, in(asn1.SEQUENCE, id, in(asn1.SET, one))),
		"two values":                in(asn1.SET, in(asn1.SEQUENCE, id, in(asn1.SET, value, value))),
		"no version":                in(asn1.SEQUENCE, seq),
		"no seal":                   in(asn1.SEQUENCE, one, one),
		"no time":                   in(asn1.SEQUENCE, one, seq),
		"no hash":                   in(asn1.SEQUENCE, one, seq, one, one),
		"a hash of bits":            in(asn1.SEQUENCE, one, seq, one, in(asn1.BIT_STRING, append([]byte{1}, digest...))),
		"something behind the seal": append(in(asn1.SEQUENCE, one, seq, one, bits), 0),
	} {
		if d, ok := attributesDigest(tbs); ok {
			t.Errorf("%s: attributes with %x", name, d)
		}
		if d, ok := sealDigest(tbs); ok {
			t.Errorf("%s: a seal with %x", name, d)
		}
	}
}

// What the phone sealed is opened; whatever of it was changed on the way is not.
func TestSealedAnswers(t *testing.T) {
	k, err := newDesktopKey()
	if err != nil {
		t.Fatal(err)
	}
	text := func(n int) string { return b64.EncodeToString(make([]byte, n)) }
	other, err := newDesktopKey()
	if err != nil {
		t.Fatal(err)
	}
	point, err := other.private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y := b64.EncodeToString(point[1:33]), b64.EncodeToString(point[33:])
	for name, s := range map[string]wire.Sealed{
		"no base64":          {Epk: wire.JWK{X: "*", Y: y}, IV: text(12), Ciphertext: text(32)},
		"a short x":          {Epk: wire.JWK{X: text(31), Y: y}, IV: text(12), Ciphertext: text(32)},
		"a short y":          {Epk: wire.JWK{X: x, Y: text(31)}, IV: text(12), Ciphertext: text(32)},
		"a short IV":         {Epk: wire.JWK{X: x, Y: y}, IV: text(11), Ciphertext: text(32)},
		"no point":           {Epk: wire.JWK{X: x, Y: x}, IV: text(12), Ciphertext: text(32)},
		"another ciphertext": {Epk: wire.JWK{X: x, Y: y}, IV: text(12), Ciphertext: text(32)},
	} {
		if plain, err := k.open(&s, "request"); !errors.Is(err, errSealed) {
			t.Errorf("%s: %x, %v", name, plain, err)
		}
	}
}

// Certificates are remembered once each, as many as there is room for; a memory that cannot be kept is an error and no more.
func TestWhatIsRemembered(t *testing.T) {
	a, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ca.GenerateKey(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	issued := func() remembered {
		cert, err := a.Issue(ca.Request{Subject: ca.Subject{Name: "云溪县财政局"}, PublicKey: key.Public(), Usage: token.UsageSign})
		if err != nil {
			t.Fatal(err)
		}
		return remembered{Use: token.UsageSign, Chain: []string{b64.EncodeToString(cert.Raw)}}
	}
	r := issued()
	one, err := r.certificate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "settings", "phones.json")
	for range 3 {
		if err := remember(path, []certificate{one}); err != nil {
			t.Fatal(err)
		}
	}
	if got := recall(path); len(got) != 1 || got[0].id != one.id {
		t.Errorf("%+v", got)
	}
	for range maxRemembered + 2 {
		next, err := issued().certificate()
		if err == nil {
			err = remember(path, []certificate{next})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := recall(path); len(got) != maxRemembered {
		t.Errorf("%d are remembered", len(got))
	}
	long := r
	for len(long.Chain) <= maxChain {
		long.Chain = append(long.Chain, r.Chain[0])
	}
	for name, r := range map[string]remembered{"a long chain": long, "no base64": {Chain: []string{"*"}}, "no certificate": {Chain: []string{"AAAA"}}, "nothing": {}} {
		if c, err := r.certificate(); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
	data, err := json.Marshal(make([]remembered, maxRemembered+1))
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := recall(path); got != nil {
		t.Errorf("too many: %+v", got)
	}
	if err := remember(filepath.Join(path, "phones.json"), nil); err == nil {
		t.Error("a folder in a file was remembered in")
	}
	if err := errors.Join(remember("", []certificate{one}), os.Remove(path), os.MkdirAll(filepath.Join(path, "x"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := remember(path, []certificate{one}); err == nil || recall(path) != nil {
		t.Error("a folder is a memory")
	}
}

// answers is a service that gives one answer after the other.
type answers []func(*http.Request) (*http.Response, error)

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	next := (*a)[0]
	*a = (*a)[1:]
	return next(r)
}

func answer(status int, date string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Date": {date}}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	}
}

// A proof that is not believed is made anew once, by the clock that the service tells, and only where it tells another one.
func TestAProofThatIsNotBelieved(t *testing.T) {
	ahead := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for name, tt := range map[string]struct {
		answers answers
		status  int
	}{
		"another clock":         {answers{answer(401, ahead), answer(200, ahead)}, 200},
		"still not":             {answers{answer(401, ahead), answer(401, ahead)}, 401},
		"the same clock":        {answers{answer(401, time.Now().UTC().Format(http.TimeFormat))}, 401},
		"a clock of no reading": {answers{answer(401, "yesterday")}, 401},
	} {
		key, err := newDesktopKey()
		if err != nil {
			t.Fatal(err)
		}
		c, err := (&service{origin: "https://mca.example", transport: &tt.answers}).by(key)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.wire.GetPairing(t.Context(), "x", nil)
		if err != nil || resp.StatusCode != tt.status || len(tt.answers) != 0 {
			t.Errorf("%s: %v, %v, %d answers are left", name, resp, err, len(tt.answers))
		}
	}
}

// Who waits for a service that is away is told so, and stops when the time is over or nobody waits any more.
func TestPatience(t *testing.T) {
	away := fmt.Errorf("%w: no route", ErrUnreachable)
	told := []bool{}
	tell := func(off bool) { told = append(told, off) }
	tries := 0
	err := patiently(t.Context(), time.Now().Add(time.Minute), tell, func(wait int) error {
		if tries++; tries == 1 {
			return away
		}
		if wait != 0 {
			t.Errorf("it waits for %d seconds at a service that was away", wait)
		}
		return nil
	})
	if err != nil || tries != 2 || len(told) != 2 || !told[0] || told[1] {
		t.Errorf("%v after %d tries, told %v", err, tries, told)
	}
	if err := patiently(t.Context(), time.Now(), tell, func(int) error { return away }); !errors.Is(err, ErrUnreachable) {
		t.Errorf("when the time is over: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := patiently(ctx, time.Now().Add(time.Minute), tell, func(int) error { cancel(); return away }); !errors.Is(err, context.Canceled) {
		t.Errorf("when nobody waits: %v", err)
	}
}

func TestOrigins(t *testing.T) {
	for address, want := range map[string]string{
		"https://MCA.example/": "https://mca.example", "http://[::1]:80": "http://[::1]:80", "http://10.0.0.1": "", "https://mca.example#x": "", "://": "",
	} {
		if got, err := Origin(address); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
}
