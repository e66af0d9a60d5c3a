package bid_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"
	"pgregory.net/rapid"

	"sealdesk/signer/bid"
	"sealdesk/signer/cms/cmstest"
)

// left lists what is in the output's folder beside the parts.
func left(t *testing.T, b bid.Builder) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(b.Out))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if len(e.Name()) > 1 {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestBuildRefuses(t *testing.T) {
	p := newParties(t, "sm2")
	signing := cmstest.New(t, "sm2", cmstest.Options{}).Chain[0]
	for name, tc := range map[string]struct {
		change func(b *bid.Builder)
		want   bid.Kind
	}{
		"no key":                {func(b *bid.Builder) { b.Signer = nil }, bid.BadRequest},
		"no certificate":        {func(b *bid.Builder) { b.Chain = nil }, bid.BadRequest},
		"a certificate of none": {func(b *bid.Builder) { b.Chain = []*smx509.Certificate{nil} }, bid.BadRequest},
		"a recipient of none":   {func(b *bid.Builder) { b.Recipients = []*smx509.Certificate{nil} }, bid.NotForEncryption},
		"a code of two words":   {func(b *bid.Builder) { b.Parts[0].Code = "a b" }, bid.BadPart},
		"a kind of two words":   {func(b *bid.Builder) { b.Parts[0].Kind = "a b" }, bid.BadPart},
		"a part of great size":  {func(b *bid.Builder) { b.Parts[0].Content = sized(bid.MaxPart + 1) }, bid.BadPart},
		"a part of many chunks": {func(b *bid.Builder) { b.Parts[0].Content, b.ChunkSize = sized(1<<30), 16 }, bid.BadPart},
		"a price of great size": {func(b *bid.Builder) {
			b.Price = bid.Price{}
			for i := range 60 {
				b.Price.Fields = append(b.Price.Fields, bid.Field{Name: fmt.Sprint(i) + strings.Repeat("x", 90), Value: strings.Repeat("9", 500), Capitals: strings.Repeat("玖", 160)})
			}
		}, bid.BadRequest},
		"no parts":                 {func(b *bid.Builder) { b.Parts, b.Price = nil, bid.Price{} }, bid.BadRequest},
		"no recipients":            {func(b *bid.Builder) { b.Recipients = nil }, bid.BadRequest},
		"no platform to encrypt":   {func(b *bid.Builder) { b.Platform = nil }, bid.BadRequest},
		"a signing certificate":    {func(b *bid.Builder) { b.Recipients = []*smx509.Certificate{signing} }, bid.NotForEncryption},
		"the platform's, likewise": {func(b *bid.Builder) { b.Platform = signing }, bid.NotForEncryption},
		"no tender":                {func(b *bid.Builder) { b.Tender = "" }, bid.BadRequest},
		"a bidder of two lines":    {func(b *bid.Builder) { b.Bidder.Name = "a\nb" }, bid.BadRequest},
		"no envelope for a price":  {func(b *bid.Builder) { b.PriceEnvelope = "" }, bid.BadRequest},
		"a field twice":            {func(b *bid.Builder) { b.Price.Fields = append(slices.Clone(price.Fields), price.Fields[0]) }, bid.BadRequest},
		"a huge field": {func(b *bid.Builder) {
			b.Price = bid.Price{Fields: []bid.Field{{Name: "x", Value: strings.Repeat("9", 501)}}}
		}, bid.BadRequest},
		"no file":                 {func(b *bid.Builder) { b.Parts[0].Path += "x" }, bid.InputMissing},
		"a folder":                {func(b *bid.Builder) { b.Parts[0].Path = filepath.Dir(b.Out) }, bid.InputUnreadable},
		"a name with a folder":    {func(b *bid.Builder) { b.Parts[0].Name = "../x" }, bid.BadPart},
		"the opening's kind":      {func(b *bid.Builder) { b.Parts[0].Kind = bid.KindOpening }, bid.BadPart},
		"a code twice":            {func(b *bid.Builder) { b.Parts[1].Code = b.Parts[0].Code }, bid.BadRequest},
		"a cipher":                {func(b *bid.Builder) { b.Cipher = "ROT13" }, bid.BadRequest},
		"chunks":                  {func(b *bid.Builder) { b.ChunkSize = 8 }, bid.BadRequest},
		"no output":               {func(b *bid.Builder) { b.Out = "" }, bid.BadRequest},
		"no folder":               {func(b *bid.Builder) { b.Out = filepath.Join(b.Out, "x.bid") }, bid.NoFolder},
		"an output that is there": {func(b *bid.Builder) { b.Out = b.Parts[0].Path }, bid.Exists},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := p.builder(t, 100, 200, 300)
			folder := b
			tc.change(&b)
			_, err := b.Build(context.Background())
			wantKind(t, name, err, tc.want)
			if names := left(t, folder); len(names) > 0 {
				t.Errorf("left: %v", names)
			}
		})
	}
}

// sized is content of which only the size is known.
type sized int64

func (s sized) Size() int64                       { return int64(s) }
func (s sized) ReadAt([]byte, int64) (int, error) { return 0, errors.New("it is not read") }

// A file that changes while it is read makes no bid.
func TestInputChanges(t *testing.T) {
	p := newParties(t, "sm2")
	for name, change := range map[string]func(path string) error{
		"cut":      func(path string) error { return os.Truncate(path, 10) },
		"longer":   func(path string) error { return os.Truncate(path, 1<<20) },
		"replaced": func(path string) error { return os.WriteFile(path, make([]byte, 3000), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := p.builder(t, 3000, 3000)
			b.ChunkSize = 1000
			changed := false
			b.Progress = func(step bid.Step, done, total int64) {
				if step == bid.StepSeal && done > 0 && !changed {
					changed = true
					if err := change(b.Parts[1].Path); err != nil {
						t.Error(err)
					}
				}
			}
			_, err := b.Build(context.Background())
			if e := wantKind(t, name, err, bid.InputChanged); e.Path != b.Parts[1].Path {
				t.Errorf("the path is %s", e.Path)
			}
			if names := left(t, b); len(names) > 0 {
				t.Errorf("left: %v", names)
			}
		})
	}
}

// Called off at any step, nothing is left.
func TestCalledOff(t *testing.T) {
	p := newParties(t, "sm2")
	for _, at := range []bid.Step{bid.StepSeal, bid.StepCheck} {
		b, _ := p.builder(t, 1<<20, 1<<20)
		b.ChunkSize = 4096
		ctx, cancel := context.WithCancel(context.Background())
		b.Progress = func(step bid.Step, done, total int64) {
			if step == at {
				cancel()
			}
		}
		if _, err := b.Build(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", at, err)
		}
		if names := left(t, b); len(names) > 0 {
			t.Errorf("%s: left %v", at, names)
		}
	}
}

// One commitment's size says nothing of the price, and no two are alike.
func TestCommitmentsTellNothing(t *testing.T) {
	p := newParties(t, "sm2")
	sizes, digests := map[int64]bool{}, map[string]bool{}
	for _, value := range []string{"1", "1", "3286000.00", "999999999999.99"} {
		b, _ := p.builder(t, 10)
		b.Price = bid.Price{Fields: []bid.Field{{Name: "投标总价", Value: value}}}
		m := build(t, b).Manifest()
		opening, _ := m.Part(m.Commitments[0].Part)
		sizes[opening.Size], digests[m.Commitments[0].Digest] = true, true
	}
	if len(sizes) != 1 || len(digests) != 4 {
		t.Errorf("sizes %v, digests %v", sizes, digests)
	}
}

// Whatever the parts and chunks, what was put in comes out, and no bit anywhere can be turned without that being seen.
func TestAnyBid(t *testing.T) {
	all := newParties(t, "sm2")
	rapid.Check(t, func(r *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 400), 1, 5).Draw(r, "sizes")
		b, contents := all.builder(t, sizes...)
		b.Out = filepath.Join(t.TempDir(), "out.bid")
		b.ChunkSize = rapid.Int64Range(16, 200).Draw(r, "chunk")
		b.Outer = false
		f := build(t, b)
		opened := map[string]*bid.Opened{}
		for _, e := range f.Manifest().Envelopes {
			var err error
			if opened[e.Name], err = f.OpenInner(e.Name, all.bidder); err != nil {
				r.Fatal(err)
			}
		}
		for i, s := range b.Parts {
			read, err := f.Part(s.Code)
			if s.Envelope != "" {
				read, err = opened[s.Envelope].Part(s.Code)
			}
			if err != nil {
				r.Fatal(err)
			}
			got := make([]byte, read.Size())
			if _, err := read.ReadAt(got, 0); err != nil || !bytes.Equal(got, contents[i]) {
				r.Fatalf("part %s: %v", s.Code, err)
			}
		}
		data, err := os.ReadFile(b.Out)
		if err != nil {
			r.Fatal(err)
		}
		at := rapid.IntRange(0, len(data)-1).Draw(r, "at")
		if signature, _ := f.Signature(); at >= bytes.Index(data, signature) && at < bytes.Index(data, signature)+len(signature) {
			return // certificates of issuers stand there that nobody signed for; they prove themselves
		}
		data[at] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
		if got := outcome(data, []bid.Key{all.bidder}); strings.HasPrefix(got, "ok") || strings.HasPrefix(got, "untyped") {
			r.Fatalf("byte %d of %d: %s", at, len(data), got)
		}
	})
}

// cutShort gives less than it says that it has.
type cutShort struct{ *bytes.Reader }

func (c cutShort) Size() int64 { return c.Reader.Size() + 1 }

// Content that lies in no file goes into a bid as a file does, and is held to its size.
func TestBuildReadsContent(t *testing.T) {
	p := newParties(t, "sm2")
	b, contents := p.builder(t, 100_000, 200)
	b.Outer = false
	if err := os.Remove(b.Parts[0].Path); err != nil {
		t.Fatal(err)
	}
	b.Parts[0].Content = cutShort{bytes.NewReader(contents[0])}
	_, err := b.Build(context.Background())
	wantKind(t, "cut short", err, bid.InputChanged)
	b.Parts[0].Content = bytes.NewReader(contents[0])
	opened, err := build(t, b).OpenInner(b.Parts[0].Envelope, p.bidder)
	if err != nil {
		t.Fatal(err)
	}
	r, err := opened.Part(b.Parts[0].Code)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, r.Size())
	if _, err := r.ReadAt(got, 0); err != nil || !bytes.Equal(got, contents[0]) {
		t.Errorf("%d bytes came out, not the %d that went in: %v", len(got), len(contents[0]), err)
	}
}
