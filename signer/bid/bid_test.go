package bid_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/bid"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/verify"
)

// parties are those who have a hand in a bid, with the keys of one kind.
type parties struct {
	signer           *cmstest.Party
	bidder, platform bid.Key
	stranger         bid.Key
}

var encipher = cmstest.Options{KeyUsage: smx509.KeyUsageKeyEncipherment | smx509.KeyUsageDataEncipherment}

func key(t testing.TB, algorithm, name string, serial int64) bid.Key {
	o := encipher
	o.Name, o.Serial = name, serial
	p := cmstest.New(t, algorithm, o)
	return bid.Key{Certificate: p.Chain[0], Decrypter: p.Key.(crypto.Decrypter)}
}

func newParties(t testing.TB, algorithm string) parties {
	return parties{
		signer: cmstest.New(t, algorithm, cmstest.Options{Name: "某某公司"}),
		bidder: key(t, algorithm, "某某公司", 0x1001), platform: key(t, algorithm, "某县平台", 0x2002), stranger: key(t, algorithm, "别人", 0x3003),
	}
}

var price = bid.Price{Fields: []bid.Field{
	{Name: "投标总价", Value: "3286000.00", Capitals: "叁佰贰拾捌万陆仟元整"}, {Name: "工期", Value: "90"},
}}

// builder is one of a bid with two envelopes, in a folder of its own; sizes are those of the parts in bytes.
func (p parties) builder(t testing.TB, sizes ...int) (bid.Builder, [][]byte) {
	dir := t.TempDir()
	b := bid.Builder{
		Tender: "XX-2026-0117", Lot: "1", Bidder: bid.Bidder{Code: "91330100MA27XXXX0X", Name: "某某公司"}, Program: "SealDesk test",
		Price: price, PriceEnvelope: "报价", Signer: p.signer.Key, Chain: p.signer.Chain,
		Recipients: []*smx509.Certificate{p.bidder.Certificate}, Platform: p.platform.Certificate, Outer: true, Out: filepath.Join(dir, "out.bid"),
	}
	var contents [][]byte
	for i, size := range sizes {
		content := make([]byte, size)
		rand.NewChaCha8([32]byte{byte(i), byte(size)}).Read(content)
		contents = append(contents, content)
		s := bid.Source{Code: string(rune('a' + i)), Kind: "technical", Name: string(rune('a'+i)) + ".pdf", Envelope: []string{"技术", "报价", ""}[i%3], Path: filepath.Join(dir, string(rune('a'+i)))}
		if err := os.WriteFile(s.Path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		b.Parts = append(b.Parts, s)
	}
	return b, contents
}

func build(t testing.TB, b bid.Builder) *bid.File {
	t.Helper()
	if _, err := b.Build(context.Background()); err != nil {
		t.Fatal(err)
	}
	return open(t, b.Out)
}

func open(t testing.TB, path string) *bid.File {
	t.Helper()
	f, err := bid.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func wantKind(t testing.TB, what string, err error, k bid.Kind) *bid.Error {
	t.Helper()
	var e *bid.Error
	if !errors.As(err, &e) || e.Kind != k {
		t.Fatalf("%s: %v, want %s", what, err, k)
	}
	return e
}

var ciphers = map[bid.Cipher]string{bid.SM4GCM: "sm2", bid.AES256GCM: "rsa"}

func TestBothLayers(t *testing.T) {
	ctx := context.Background()
	for cipher, algorithm := range ciphers {
		t.Run(string(cipher), func(t *testing.T) {
			p := newParties(t, algorithm)
			b, contents := p.builder(t, 3<<20+5, 1<<20, 100, 0)
			b.Parts[3].Envelope = "技术"
			f := build(t, b)
			if f.Manifest().Cipher != cipher {
				t.Fatalf("cipher %s", f.Manifest().Cipher)
			}
			report, err := f.Verify(ctx, verify.Options{Roots: []*smx509.Certificate{p.signer.Root}}, nil)
			if err != nil || report.Verdict != verify.Valid {
				t.Fatalf("%+v %v", report, err)
			}
			for _, name := range []string{"技术", "报价"} {
				// The bidder alone opens nothing, nor does a stranger.
				_, err := f.OpenInner(name, p.bidder)
				wantKind(t, "before the platform", err, bid.StillClosed)
				_, err = f.OpenOuter(name, p.bidder)
				e := wantKind(t, "the bidder at the platform's layer", err, bid.NoKey)
				if len(e.Needed) != 1 || e.Needed[0] != bid.Serial(p.platform.Certificate) || e.Found[0] != bid.Serial(p.bidder.Certificate) {
					t.Errorf("needed %v, found %v", e.Needed, e.Found)
				}
				_, err = f.OpenOuter(name, bid.Key{Certificate: p.platform.Certificate, Decrypter: p.stranger.Decrypter})
				wantKind(t, "another key under the platform's name", err, bid.WrongKey)
			}
			inner, err := f.OpenOuter("技术", p.platform)
			if err != nil {
				t.Fatal(err)
			}
			if !f.Closed("报价") || f.Closed("技术") {
				t.Error("both layers are off")
			}
			// The platform alone reads nothing.
			_, err = f.OpenInner("技术", p.platform)
			wantKind(t, "the platform at the bidder's layer", err, bid.NoKey)
			_, err = f.OpenInner("技术", bid.Key{Certificate: p.bidder.Certificate, Decrypter: p.stranger.Decrypter})
			wantKind(t, "another key under the bidder's name", err, bid.WrongKey)

			// The bidder's own copy needs the inner envelope only.
			mine := open(t, b.Out)
			if err := mine.SetInner("技术", inner); err != nil {
				t.Fatal(err)
			}
			wantKind(t, "another envelope's", mine.SetInner("报价", inner), bid.EnvelopeAltered)
			opened, err := mine.OpenInner("技术", p.bidder)
			if err != nil {
				t.Fatal(err)
			}
			for i, code := range []string{"a", "d"} {
				holdPart(t, opened, code, contents[i*3])
			}
			_, err = opened.Part("b")
			wantKind(t, "a part of the other envelope", err, bid.OtherEnvelope)
			_, err = opened.Price()
			wantKind(t, "the price of the other envelope", err, bid.NoPrice)
			r, err := mine.Part("c")
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size())); err != nil || !bytes.Equal(got, contents[2]) {
				t.Errorf("the part that is not sealed: %v", err)
			}

			if _, err := f.OpenOuter("报价", p.platform); err != nil {
				t.Fatal(err)
			}
			unwrapped := filepath.Join(t.TempDir(), "inner.bid")
			if err := f.Unwrapped(ctx, unwrapped, nil); err != nil {
				t.Fatal(err)
			}
			last := open(t, unwrapped)
			if len(last.ClosedOuter()) != 0 {
				t.Error("a layer is left")
			}
			if opened, err = last.OpenInner("报价", p.bidder); err != nil {
				t.Fatal(err)
			}
			holdPart(t, opened, "b", contents[1])
			// What the key found opens the bid without the key, as a platform does it that was handed the secret.
			handed := open(t, b.Out)
			_, err = handed.OpenSecret("技术", opened.Secret())
			wantKind(t, "another envelope's secret", err, bid.WrongKey)
			_, err = handed.OpenSecret("报价", nil)
			wantKind(t, "no secret", err, bid.WrongKey)
			_, err = handed.OpenSecret("别的", opened.Secret())
			wantKind(t, "no such envelope", err, bid.BadRequest)
			byHand, err := handed.OpenSecret("报价", opened.Secret())
			if err != nil {
				t.Fatal(err)
			}
			holdPart(t, byHand, "b", contents[1])
			got, err := opened.Price()
			if err != nil || len(got.Fields) != 2 || got.Fields[0] != price.Fields[0] {
				t.Errorf("%v %v", got, err)
			}
			// Put on again, it is the same offer in another file.
			again := filepath.Join(t.TempDir(), "again.bid")
			if err := last.Wrap(ctx, p.platform.Certificate, again, nil); err != nil {
				t.Fatal(err)
			}
			if err := open(t, again).Manifest().SameOffer(f.Manifest()); err != nil {
				t.Error(err)
			}
			wantKind(t, "another platform", last.Wrap(ctx, p.stranger.Certificate, again+"2", nil), bid.OtherPlatform)
			wantKind(t, "a second layer", f.Wrap(ctx, p.bidder.Certificate, again+"2", nil), bid.OtherPlatform)
		})
	}
}

func holdPart(t *testing.T, o *bid.Opened, code string, want []byte) {
	t.Helper()
	r, err := o.Part(code)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "part")
	if err := r.Save(context.Background(), path, nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("part %s: %d bytes, want %d, %v", code, len(got), len(want), err)
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	wantKind(t, "a file of the name", r.Save(context.Background(), path, nil), bid.Exists)
	// Anywhere, in any piece.
	for range 50 {
		at, n := rand.IntN(len(want)+10), rand.IntN(1<<20)
		piece := make([]byte, n)
		got, err := r.ReadAt(piece, int64(at))
		end := max(min(at+n, len(want)), min(at, len(want)))
		if from := min(at, len(want)); !bytes.Equal(piece[:got], want[from:end]) || (got < n) != (err == io.EOF) {
			t.Fatalf("%d bytes at %d of %d: %d, %v", n, at, len(want), got, err)
		}
	}
}

// trouble is an error of a key, with a code of its own.
type trouble string

func (e trouble) Error() string { return string(e) }
func (e trouble) Code() string  { return string(e) }

// failing is a key that fails.
type failing struct {
	crypto.Decrypter
	err error
}

func (f failing) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) { return nil, f.err }

// A key that is gone is not called the wrong one: at an opening, that decides who is to blame.
func TestTroubleOfAKeyIsPassedOn(t *testing.T) {
	p := newParties(t, "sm2")
	b, _ := p.builder(t, 10)
	f := build(t, b)
	for _, err := range []error{trouble("token.removed"), trouble("token.pin_locked"), context.Canceled, context.DeadlineExceeded} {
		_, got := f.OpenOuter("技术", bid.Key{Certificate: p.platform.Certificate, Decrypter: failing{p.platform.Decrypter, err}})
		if !errors.Is(got, err) || errors.Is(got, &bid.Error{Kind: bid.WrongKey}) {
			t.Errorf("%v becomes %v", err, got)
		}
	}
	for _, err := range []error{trouble("token.decrypt_failed"), errors.New("rsa: decryption error")} {
		_, got := f.OpenOuter("技术", bid.Key{Certificate: p.platform.Certificate, Decrypter: failing{p.platform.Decrypter, err}})
		wantKind(t, err.Error(), got, bid.WrongKey)
	}
}

func TestReaderIsShared(t *testing.T) {
	p := newParties(t, "sm2")
	b, contents := p.builder(t, 1000, 1000, 1000)
	b.ChunkSize, b.Outer = 64, false
	f := build(t, b)
	opened, err := f.OpenInner("技术", p.bidder)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := opened.Part("a")
	if err != nil {
		t.Fatal(err)
	}
	open, err := f.Part("c")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				at := rand.IntN(900)
				for r, want := range map[*bid.Reader][]byte{sealed: contents[0], open: contents[2]} {
					got := make([]byte, 100)
					if _, err := r.ReadAt(got, int64(at)); err != nil || !bytes.Equal(got, want[at:at+100]) {
						t.Errorf("at %d: %v", at, err)
					}
				}
			}
		})
	}
	all.Wait()
}
