package bid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/verify"
)

// manifestOf is a manifest of two parts in an envelope, of which one is a price.
func manifestOf() *Manifest {
	digest := strings.Repeat("0a", 32)
	who := Certificate{Digest: digest, Issuer: "CN=CA", Serial: "01"}
	return &Manifest{
		Format: Version, ID: strings.Repeat("0", 32), Tender: "T", Lot: "1", Bidder: Bidder{Code: "C", Name: "N"}, Program: "P", Built: "2026-01-02T03:04:05Z", Cipher: SM4GCM, ChunkSize: 64,
		Signer: who, Recipients: []Certificate{who}, Envelopes: []Envelope{{Digest: digest, Key: digest, Name: "E"}},
		Parts: []Part{
			{Code: "a", Kind: "k", Name: "a.pdf", Envelope: "E", Digest: digest, Size: 10}, {Code: "b", Kind: "k", Name: "b.pdf", Digest: digest},
			{Code: "p", Kind: KindOpening, Name: "p.json", Envelope: "E", Digest: digest, Size: 1024},
		},
		Commitments: []Commitment{{Digest: digest, Name: PriceCommitment, Part: "p"}},
	}
}

func TestManifestsThatAreNone(t *testing.T) {
	parse := func(m *Manifest) error {
		raw, err := canonical(m)
		if err != nil {
			t.Fatal(err)
		}
		_, err = parseManifest(raw)
		return err
	}
	if err := parse(manifestOf()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(m *Manifest){
		"no bidder's code":       func(m *Manifest) { m.Bidder.Code = "" },
		"no list of recipients":  func(m *Manifest) { m.Recipients = nil },
		"no list of parts":       func(m *Manifest) { m.Parts = nil },
		"no list of envelopes":   func(m *Manifest) { m.Envelopes = nil },
		"no list of commitments": func(m *Manifest) { m.Commitments = nil },
		"too many recipients":    func(m *Manifest) { m.Recipients = slices.Repeat(m.Recipients, maxRecipients+1) },
		"too many envelopes":     func(m *Manifest) { m.Envelopes = slices.Repeat(m.Envelopes, MaxEnvelopes+1) },
		"too many commitments":   func(m *Manifest) { m.Commitments = slices.Repeat(m.Commitments, MaxEnvelopes+1) },
		"too many parts":         func(m *Manifest) { m.Parts = slices.Repeat(m.Parts, MaxParts/2) },
		"a check of no form":     func(m *Manifest) { m.Envelopes[0].Key = "0" },
		"a committed digest":     func(m *Manifest) { m.Commitments[0].Digest = "0" },
		"a commitment's name":    func(m *Manifest) { m.Commitments[0].Name = " " },
		"a price for all to see": func(m *Manifest) { m.Parts[2].Envelope = "" },
		"a price of great size":  func(m *Manifest) { m.Parts[2].Size = maxOpening + 1 },
		"a name that ends badly": func(m *Manifest) { m.Parts[0].Name = "a." },
		"an issuer of two lines": func(m *Manifest) { m.Signer.Issuer = "a\nb" },
		"a program's odd name":   func(m *Manifest) { m.Program = "P\u2029" },
		"a tender's odd name":    func(m *Manifest) { m.Tender = "T\ufffd" },
		"a huge text":            func(m *Manifest) { m.Program = strings.Repeat("P", maxManifest) },
	} {
		m := manifestOf()
		change(m)
		if err := parse(m); !errors.Is(err, &Error{Kind: Malformed}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if isText("a\xff", 9) {
		t.Error("what is no UTF-8 is a text")
	}
	other := manifestOf()
	if other.Parts[0].Size++; !errors.Is(manifestOf().SameOffer(other), &Error{Kind: OtherOffer}) {
		t.Error("another offer is the same")
	}
}

func TestNamesOfCertificates(t *testing.T) {
	s := suites[0]
	c := &smx509.Certificate{SerialNumber: new(big.Int)}
	c.Issuer.CommonName = strings.Repeat("长", 400)
	if got := s.name(c); got.Serial != "00" || len(got.Issuer) > maxText || !got.fits() {
		t.Errorf("%+v", got)
	}
	c.Issuer.CommonName = "two\nlines\u202e\xff"
	if got := s.name(c); got.Issuer != "CN=two\ufffdlines\ufffd\ufffd" {
		t.Errorf("%q", got.Issuer)
	}
	if got := s.name(nil); got != (Certificate{}) {
		t.Errorf("%+v", got)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		err        *Error
		text, code string
	}{
		{&Error{Kind: Cut}, "bid: cut", "bid.cut_early"},
		{&Error{Kind: Cut, Part: "a", Chunk: 2}, "bid: cut (part a, chunk 2)", "bid.cut"},
		{&Error{Kind: Malformed, Detail: "odd", cause: io.ErrUnexpectedEOF}, "bid: malformed: odd: unexpected EOF", "bid.malformed"},
	} {
		if tt.err.Error() != tt.text || tt.err.Code() != tt.code || errors.Is(tt.err, &Error{Kind: Exists}) || errors.Is(tt.err, io.EOF) {
			t.Errorf("%v, %s", tt.err, tt.err.Code())
		}
	}
	for err, path := range map[error]string{os.ErrExist: "f/x", os.ErrPermission: "f", errors.New("odd"): "f/x"} {
		var e *Error
		if !errors.As(onOutput("f/x", err), &e) || e.Path != path || !errors.Is(e, err) {
			t.Errorf("%v: %+v", err, e)
		}
	}
	for verdict, intact := range map[verify.Verdict]bool{verify.Valid: true, verify.Untrusted: true, verify.Invalid: false} {
		if (&Report{Verdict: verdict}).Intact() != intact {
			t.Errorf("%s", verdict)
		}
	}
}

func TestHeads(t *testing.T) {
	whole := head{1, 1, 0}.bytes()
	for n := range whole {
		want := Cut
		if n == 0 {
			want = NotABid
		}
		if _, err := readHead(whole[:n]); !errors.Is(err, &Error{Kind: want}) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	for text, kind := range map[string]Kind{"%PD": NotABid, "%PDF-1.7\n": NotABid} {
		if _, err := readHead([]byte(text)); !errors.Is(err, &Error{Kind: kind}) {
			t.Errorf("%q: %v", text, err)
		}
	}
	lost := errors.New("the disk is gone")
	for _, r := range []io.Reader{iotest.ErrReader(lost), strings.NewReader("abc")} {
		err := readFull(readerAt{r}, make([]byte, 4), 0)
		if errors.Is(err, lost) != errors.Is(err, &Error{Kind: InputUnreadable}) || !errors.Is(err, lost) && !errors.Is(err, &Error{Kind: Cut}) {
			t.Error(err)
		}
	}
	if _, err := Open(readerAt{iotest.ErrReader(lost)}, 100); !errors.Is(err, lost) {
		t.Error(err)
	}
}

type readerAt struct{ io.Reader }

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) { return r.Read(p) }

func TestPricesThatAreNone(t *testing.T) {
	field := Field{Name: "总价", Value: "1"}
	for name, fields := range map[string][]Field{
		"too many fields": slices.Repeat([]Field{field}, maxFields+1), "a field without a name": {{Value: "1"}}, "capitals of two lines": {{Name: "a", Capitals: "a\nb"}}, "twice": {field, field},
	} {
		if err := (Price{fields}).check(); !errors.Is(err, &Error{Kind: BadRequest}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Price{[]Field{{Name: "备注"}}}).check(); err != nil {
		t.Errorf("a field without a value: %v", err)
	}
	if _, err := padOpening(make([]byte, maxOpening+1)); !errors.Is(err, &Error{Kind: BadRequest}) {
		t.Error(err)
	}
	m := manifestOf()
	for name, revealed := range map[string]string{
		"too long": strings.Repeat(" ", maxOpening+1), "no JSON": "x", "no nonce": `{"fields":[],"nonce":"00"}`, "no hexadecimal": `{"fields":[],"nonce":"x"}`,
		"no fields": `{"fields":[],"nonce":"` + strings.Repeat("00", nonceBytes) + `"}`, "others": `{"fields":[{"capitals":"","name":"a","value":"1"}],"nonce":"` + strings.Repeat("00", nonceBytes) + `"}`,
	} {
		if _, err := m.Reveal([]byte(revealed)); !errors.Is(err, &Error{Kind: PriceMismatch}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m.Cipher = "ROT13"
	if _, err := m.Reveal(nil); !errors.Is(err, &Error{Kind: Malformed}) {
		t.Error(err)
	}
	m.Commitments = nil
	if _, err := m.Reveal(nil); !errors.Is(err, &Error{Kind: NoPrice}) {
		t.Error(err)
	}
}

func TestOutlinesThatAreNone(t *testing.T) {
	const part, field = `{"code":"a","name":"A","kind":"k"}`, `{"name":"a","kind":"text"}`
	outline := func(parts, price string) string {
		return `{"tender":"T","lot":"1","name":"N","parts":[` + parts + `]` + price + `}`
	}
	form := func(fields string) string { return `,"price":{"envelope":"E","fields":[` + fields + `]}` }
	many := func(n int, format string) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(format, i))
		}
		return strings.Join(list, ",")
	}
	for name, text := range map[string]string{
		"too long": strings.Repeat(" ", maxOutline+1), "no lot": strings.Replace(outline(part, ""), `"1"`, `""`, 1), "too many parts": outline(many(MaxParts, `{"code":"a%d","name":"A","kind":"k"}`), ""),
		"no code": outline(`{"name":"A","kind":"k"}`, ""), "no name": outline(`{"code":"a","kind":"k"}`, ""), "no kind": outline(`{"code":"a","name":"A"}`, ""), "an odd envelope": outline(`{"code":"a","name":"A","kind":"k","envelope":" "}`, ""),
		"no fields": outline(part, form("")), "too many fields": outline(part, form(many(maxFields+1, `{"name":"a%d","kind":"text"}`))), "a field without a name": outline(part, form(`{"kind":"text"}`)),
		"a ceiling for text": outline(part, form(`{"name":"a","kind":"text","max":"1"}`)),
	} {
		if _, err := ReadOutline(strings.NewReader(text)); !errors.Is(err, &Error{Kind: BadOutline}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lost := errors.New("the disk is gone")
	if _, err := ReadOutline(iotest.ErrReader(lost)); !errors.Is(err, &Error{Kind: BadOutline}) || !errors.Is(err, lost) {
		t.Error(err)
	}
	o, err := ReadOutline(strings.NewReader(outline(part, form(field+`,{"name":"总价","kind":"amount"},{"name":"上限","kind":"amount","max":"0.50"}`))))
	if err != nil {
		t.Fatal(err)
	}
	b := &Builder{Parts: []Source{{Code: "a", Name: "own.pdf", Path: "x/y.pdf"}}}
	if o.Apply(b); b.Parts[0].Name != "own.pdf" || b.Parts[0].Kind != "k" {
		t.Errorf("%+v", b.Parts[0])
	}
	money := func(text string) (int64, string, error) {
		switch text {
		case "1":
			return 100, "壹元整", nil
		case "0.50":
			return 50, "伍角", nil
		}
		return 0, "", errors.New("no sum")
	}
	for _, tt := range []struct {
		field Field
		code  string
	}{
		{Field{Name: "总价", Value: "1"}, ""}, {Field{Name: "总价", Value: "1", Capitals: "壹元整"}, ""}, {Field{Name: "总价", Value: "1", Capitals: "贰元整"}, "bid.price_capitals"}, {Field{Name: "上限", Value: "1"}, "bid.price_above"},
	} {
		found := o.CheckPrice(Price{[]Field{tt.field}}, money)
		if len(found) != min(len(tt.code), 1) || len(found) > 0 && found[0].Code != tt.code {
			t.Errorf("%+v: %+v", tt.field, found)
		}
	}
}

// built is a bid in a file that can still be written to, of a part of so many chunks that everybody can read.
func built(t *testing.T, chunks int) (*Bid, *os.File) {
	t.Helper()
	signer := cmstest.New(t, "ecdsa", cmstest.Options{})
	content := make([]byte, chunks*minChunk)
	for i := range chunks {
		copy(content[i*minChunk:], fmt.Sprint(i))
	}
	out := filepath.Join(t.TempDir(), "out.bid")
	_, err := Builder{
		Tender: "T", Lot: "1", Bidder: Bidder{Code: "C", Name: "N"}, Program: "P", Signer: signer.Key, Chain: signer.Chain, ChunkSize: minChunk,
		Parts: []Source{{Code: "a", Kind: "k", Name: "a", Content: bytes.NewReader(content)}}, Out: out,
	}.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(out, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return b, f
}

// So much is altered that nobody looks where it came from.
func TestAlteredAllOver(t *testing.T) {
	b, f := built(t, mostMoved+10)
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xff}, int(b.size-b.places[0].data)), b.places[0].data); err != nil {
		t.Fatal(err)
	}
	r, err := b.Verify(t.Context(), verify.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Damage) != 1 || r.Damage[0].Kind != Altered || r.Damage[0].Count != mostMoved+10 || r.Intact() {
		t.Errorf("%+v", r.Damage)
	}
	reader, err := b.Part("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("it is read before its beginning")
	}
	if _, err := reader.ReadAt(make([]byte, 1), 0); !errors.Is(err, &Error{Kind: Altered}) {
		t.Error(err)
	}
}

// A file that becomes shorter is no bid that somebody altered.
func TestCutMeanwhile(t *testing.T) {
	b, f := built(t, 100)
	if err := f.Truncate(b.places[0].data + 5); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Verify(t.Context(), verify.Options{}, nil); !errors.Is(err, &Error{Kind: Cut}) {
		t.Errorf("verified: %v", err)
	}
	out := filepath.Join(t.TempDir(), "copy.bid")
	if err := b.Unwrapped(t.Context(), out, nil); !errors.Is(err, &Error{Kind: Cut}) {
		t.Errorf("copied: %v", err)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Error("there is a copy")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Unwrapped(ctx, out, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Unwrapped(t.Context(), out, nil); !errors.Is(err, &Error{Kind: InputUnreadable}) {
		t.Errorf("of a file that is closed: %v", err)
	}
	if _, err := b.Verify(t.Context(), verify.Options{}, nil); !errors.Is(err, &Error{Kind: InputUnreadable}) {
		t.Errorf("of a file that is closed: %v", err)
	}
	if err := b.Wrap(t.Context(), nil, out, nil); !errors.Is(err, &Error{Kind: OtherPlatform}) {
		t.Errorf("for nobody: %v", err)
	}
}
