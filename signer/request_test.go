package signer_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/cms"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
)

// TestJobsThatContradictThemselves are refused before anything is read, whichever way they go.
func TestJobsThatContradictThemselves(t *testing.T) {
	f := newFixture(t, "ecdsa")
	sealed := newFixture(t, "sm2")
	sealed.withSeal(t, nil)
	bad := &signer.Error{Kind: signer.BadRequest}
	for _, tc := range []struct {
		name              string
		change            func(j *signer.Job)
		run, check, begin bool // who refuses it
	}{
		{"no input", func(j *signer.Job) { j.In = "" }, true, true, true},
		{"no output", func(j *signer.Job) { j.Out = "" }, true, false, true},
		{"no key", func(j *signer.Job) { j.Key = nil }, true, false, false},
		{"no chain", func(j *signer.Job) { j.Chain = nil }, true, true, true},
		{"no certificate", func(j *signer.Job) { j.Chain = []*smx509.Certificate{nil} }, true, true, true},
		{"a place without a seal", func(j *signer.Job) { j.Seal = nil }, true, true, false},
		{"a seal without a size", func(j *signer.Job) { s := *j.Seal; s.WidthMM = 0; j.Seal = &s }, true, true, false},
		{"level T without a time-stamp service", func(j *signer.Job) { j.Level = signer.LevelT }, true, true, false},
		{"level LT without a time-stamp service", func(j *signer.Job) { j.Level, j.Revocation = signer.LevelLT, &registry{t: t} }, true, true, false},
		{"level LTA without somebody to ask", func(j *signer.Job) { j.Level, j.Stamps = signer.LevelLTA, &tsa.Client{} }, true, true, false},
		{"an unknown level", func(j *signer.Job) { j.Level = "X" }, true, true, false},
		{"an electronic seal of level LT", func(j *signer.Job) {
			*j = sealed.job
			j.Level, j.Stamps, j.Revocation = signer.LevelLT, &tsa.Client{}, &registry{t: t}
		}, true, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j := f.job
			tc.change(&j)
			if _, err := j.Run(t.Context()); errors.Is(err, bad) != tc.run {
				t.Errorf("run: %v", err)
			}
			if _, err := j.Check(t.Context()); errors.Is(err, bad) != tc.check {
				t.Errorf("check: %v", err)
			}
			c, err := j.Begin(t.Context())
			if errors.Is(err, bad) != tc.begin {
				t.Errorf("begin: %v", err)
			}
			if c == nil {
				return
			}
			if _, err := c.Check(t.Context(), j); errors.Is(err, bad) != tc.check {
				t.Errorf("check of the copy: %v", err)
			}
			if _, err := c.Finish(t.Context(), j); !errors.Is(err, bad) {
				t.Errorf("finish: %v", err)
			}
		})
	}
	f.clean(t)
	sealed.clean(t)
	if f.key.asked+sealed.key.asked != 0 {
		t.Error("a key was asked")
	}
	d := signer.Detached{In: f.job.In, Out: f.job.Out, Key: f.key, Chain: f.job.Chain}
	for name, change := range map[string]func(d *signer.Detached){
		"no input": func(d *signer.Detached) { d.In = "" }, "no output": func(d *signer.Detached) { d.Out = "" },
		"no chain": func(d *signer.Detached) { d.Chain = nil }, "no certificate": func(d *signer.Detached) { d.Chain = []*smx509.Certificate{nil} },
	} {
		d := d
		if change(&d); !refused(d.Run(t.Context())) {
			t.Errorf("detached, %s: not refused", name)
		}
	}
}

func refused(_ signer.Result, err error) bool {
	return errors.Is(err, &signer.Error{Kind: signer.BadRequest})
}

// TestACopyIsOfItsJob: it is of one document and one folder, and of a certificate whose key can sign.
func TestACopyIsOfItsJob(t *testing.T) {
	f := newFixture(t, "ecdsa")
	other := filepath.Join(t.TempDir(), "other.pdf")
	if err := os.WriteFile(other, f.input, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(j *signer.Job){
		"another document": func(j *signer.Job) { j.In = other },
		"another folder":   func(j *signer.Job) { j.Out = other + ".out" },
	} {
		j := f.job
		change(&j)
		if _, err := f.begin(t).Finish(t.Context(), j); !errors.Is(err, &signer.Error{Kind: signer.BadRequest}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := f.begin(t)
	if _, err := c.Check(t.Context(), signer.Job{}); !errors.Is(err, &signer.Error{Kind: signer.BadRequest}) {
		t.Errorf("a check without a certificate: %v", err)
	}
	checked, err := c.Check(t.Context(), f.job)
	if err != nil || checked.SHA256 != sum(f.input) || checked.Pages != 3 || len(checked.Places) != 1 {
		t.Errorf("%+v %v", checked, err)
	}
	j := f.job
	j.ExpectSHA256 = sum(nil)
	if _, err := c.Check(t.Context(), j); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.Changed}) {
		t.Errorf("another document is expected: %v", err)
	}
	// What was touched is read again, unless nobody waits for it any more.
	if err := c.Current(t.Context()); err != nil {
		t.Error(err)
	}
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(f.job.In, then, then); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Current(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if err := c.Current(t.Context()); err != nil {
		t.Errorf("the same bytes: %v", err)
	}
	c.Discard()
	f.clean(t)
}

// TestWhoMaySignAfterOthers: whoever is shown the earlier signatures may refuse.
func TestWhoMaySignAfterOthers(t *testing.T) {
	f := newFixture(t, "ecdsa")
	first, err := f.job.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	no := errors.New("not after these")
	f.job.In, f.job.Out, f.job.ExpectSHA256 = first.Path, filepath.Join(f.dir, "2.pdf"), first.SHA256
	f.job.Seal, f.job.Places, f.job.Name = nil, nil, "供应商"
	shown := 0
	f.job.Admit = func(before *verify.Report) error { shown = len(before.Signatures); return no }
	if _, err := f.job.Run(t.Context()); !errors.Is(err, no) || shown != 1 || f.key.asked != 1 {
		t.Errorf("error %v, %d signatures were shown, the key was asked %d times", err, shown, f.key.asked)
	}
	f.job.Admit = func(*verify.Report) error { return nil }
	second, err := f.job.Run(t.Context())
	if err != nil || len(second.Report.Signatures) != 2 || len(second.Report.Signatures[1].Widgets) != 1 {
		t.Errorf("%+v %v", second, err)
	}
}

// TestCalledOffAnywhere: whenever a person calls it off, the key is not asked, and nothing is left.
func TestCalledOffAnywhere(t *testing.T) {
	for name, tc := range map[string]func(f *fixture, cancel func()){
		"when the earlier signatures are shown": func(f *fixture, cancel func()) { f.job.Admit = func(*verify.Report) error { cancel(); return nil } },
		"when words are looked for": func(f *fixture, cancel func()) {
			f.job.Places, f.job.Find = []seal.Place{place(t, "keyword=盖章")}, finder(func() (preview.Found, error) {
				cancel()
				return preview.Found{Hits: []preview.Hit{{Page: 1, Rect: [4]float64{200, 400, 300, 420}}}}, nil
			})
		},
		"before the key": func(f *fixture, cancel func()) {
			f.job.Progress = func(s signer.Step, _, _ int64) {
				if s == signer.StepSign {
					cancel()
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ecdsa")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			tc(f, cancel)
			if _, err := f.job.Run(ctx); !errors.Is(err, context.Canceled) || f.key.asked != 0 {
				t.Errorf("error %v, the key was asked %d times", err, f.key.asked)
			}
			if f.job.Progress == nil {
				if _, err := f.job.Check(ctx); !errors.Is(err, context.Canceled) {
					t.Errorf("check: %v", err)
				}
			}
			f.clean(t)
		})
	}
	f := newFixture(t, "ecdsa")
	ctx, cancel := context.WithCancel(t.Context())
	c := f.begin(t)
	cancel()
	if _, err := c.Finish(ctx, f.job); !errors.Is(err, context.Canceled) || f.key.asked != 0 {
		t.Errorf("finish: %v, the key was asked %d times", err, f.key.asked)
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	f.job.Progress = func(s signer.Step, _, _ int64) {
		if s == signer.StepVerify {
			cancel()
		}
	}
	if _, err := f.job.Run(ctx); !errors.Is(err, context.Canceled) || f.key.asked != 1 {
		t.Errorf("while it is read back: %v, the key was asked %d times", err, f.key.asked)
	}
	f.clean(t)
}

// finder is a Finder that answers what it likes.
type finder func() (preview.Found, error)

func (f finder) Find(context.Context, string) (preview.Found, error) { return f() }

// TestADocumentThatShrinksIsNotSigned, nor another file's signature made of it.
func TestADocumentThatShrinksIsNotSigned(t *testing.T) {
	f := newFixture(t, "ecdsa")
	f.rewrite(t, pdftest.Document(pdftest.Options{Pages: 3, Padding: 1 << 20}))
	cut := func(size int64) func(signer.Step, int64, int64) {
		return func(s signer.Step, done, total int64) {
			if done > 0 {
				_ = os.Truncate(f.job.In, size)
			}
		}
	}
	changed := &pdfsig.Error{Kind: pdfsig.Changed}
	f.job.Progress = cut(1000)
	if _, err := f.job.Run(t.Context()); !errors.Is(err, changed) || f.key.asked != 0 {
		t.Errorf("error %v, the key was asked %d times", err, f.key.asked)
	}
	for name, tc := range map[string]struct {
		size int64
		want error
	}{"shorter": {3 << 20, &signer.Error{Kind: signer.InputUnreadable}}, "longer": {5 << 20, changed}} {
		data := make([]byte, 4<<20)
		f.rewrite(t, data)
		d := signer.Detached{In: f.job.In, Out: f.job.Out, Key: f.key, Chain: f.job.Chain, Progress: cut(tc.size)}
		if _, err := d.Run(t.Context()); !errors.Is(err, tc.want) || f.key.asked != 0 {
			t.Errorf("detached, %s: %v, the key was asked %d times", name, err, f.key.asked)
		}
	}
}

// TestKeysThatCannotSign are refused by their certificates.
func TestKeysThatCannotSign(t *testing.T) {
	f := newFixture(t, "ecdsa")
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := smx509.CreateCertificate(rand.Reader, &smx509.Certificate{SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: "Ed25519"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}, f.party.Chain[1], public, f.party.IssuerKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := smx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	f.job.Chain, f.job.Key = []*smx509.Certificate{cert}, key
	_, errRun := f.job.Run(t.Context())
	_, errBegin := f.job.Begin(t.Context())
	_, errCheck := f.job.Check(t.Context())
	for _, err := range []error{errRun, errBegin, errCheck} {
		if !errors.Is(err, &cms.Error{Kind: cms.UnsupportedAlgorithm}) {
			t.Errorf("error %v", err)
		}
	}
	f.clean(t)
}

// TestPlacesThatCannotBe are refused with what is wrong with them.
func TestPlacesThatCannotBe(t *testing.T) {
	l := layout(t, pdftest.Document(pdftest.Options{Pages: 3}), nil)
	whole := signer.Placing{Seal: *redSeal(), Day: time.Now(), Find: words{Hits: []preview.Hit{{Page: 2, Rect: [4]float64{200, 400, 300, 420}}}}}
	bad := &signer.Error{Kind: signer.BadRequest}
	var missing *seal.NoSuchPageError
	noPage := func(err error) bool { return errors.As(err, &missing) && missing.Page == 9 }
	is := func(want error) func(error) bool { return func(err error) bool { return errors.Is(err, want) } }
	lost := errors.New("the finder broke")
	for _, tc := range []struct {
		name, place string
		change      func(p *signer.Placing)
		want        func(error) bool
	}{
		{"no picture", "page=1,x=60mm,y=80mm", func(p *signer.Placing) { p.Seal.Image = nil }, is(bad)},
		{"no width", "page=1,x=60mm,y=80mm", func(p *signer.Placing) { p.Seal.WidthMM = 0 }, is(bad)},
		{"no height", "page=1,x=60mm,y=80mm", func(p *signer.Placing) { p.Seal.HeightMM = -1 }, is(bad)},
		{"of no kind", "page=1,x=60mm,y=80mm", func(p *signer.Placing) { p.Places[0].Kind = 99 }, is(bad)},
		{"a date without a font", "page=1,x=60mm,y=80mm,date", nil, is(bad)},
		{"a date at words without a font", "keyword=盖章,date", nil, is(bad)},
		{"words on a page that is not there", "keyword=盖章,pages=9", nil, noPage},
		{"words beyond the end", "keyword=盖章", func(p *signer.Placing) {
			p.Find = words{Hits: []preview.Hit{{Page: 2, Rect: [4]float64{300, 400, 200, 420}}}}
		}, is(bad)},
		{"a finder that fails", "keyword=盖章", func(p *signer.Placing) {
			p.Find = finder(func() (preview.Found, error) { return preview.Found{}, lost })
		}, is(lost)},
		{"edges of a page that is not there", "edge,pages=1-9", nil, noPage},
	} {
		p := whole
		p.Places = []seal.Place{place(t, tc.place)}
		if tc.change != nil {
			tc.change(&p)
		}
		if got, err := l.Locate(t.Context(), p); !tc.want(err) {
			t.Errorf("%s: %+v, %v", tc.name, got, err)
		}
	}
	for _, r := range []struct {
		page int
		rect [4]float64
		ok   bool
	}{
		{1, [4]float64{1, 1, 2, 2}, true}, {3, [4]float64{1, 1, 2, 2}, true}, {0, [4]float64{1, 1, 2, 2}, false}, {4, [4]float64{1, 1, 2, 2}, false},
		{1, [4]float64{2, 1, 2, 2}, false}, {1, [4]float64{1, 2, 2, 2}, false},
	} {
		if _, ok := l.Box(r.page, r.rect); ok != r.ok {
			t.Errorf("page %d, %v: %t", r.page, r.rect, ok)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Locate(gone, signer.Placing{Seal: *redSeal(), Places: []seal.Place{place(t, "edge")}}); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

// TestWhatFieldsAskForIsTold: what a field's lock and seed value say, and that a place which is not shown is none.
func TestWhatFieldsAskForIsTold(t *testing.T) {
	for _, tc := range []struct {
		more pdf.Dict
		want []signer.Wish
	}{
		{nil, nil},
		{pdf.Dict{"Lock": pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Array{pdf.TextString("金额"), pdf.TextString("乙方")}}},
			[]signer.Wish{{Code: "field.locks_include", Wanted: "金额, 乙方"}}},
		{pdf.Dict{"Lock": pdf.Dict{"Action": pdf.Name("All"), "P": pdf.Integer(1)}}, []signer.Wish{{Code: "field.locks_all"}, {Code: "field.locks_document"}}},
	} {
		l := layout(t, pdftest.Fields(pdftest.Options{}, tc.more), nil)
		if got := l.Fields()[0].Wishes(); !slices.Equal(got, tc.want) {
			t.Errorf("%v: %v, want %v", tc.more, got, tc.want)
		}
	}
	hidden := bytes.ReplaceAll(pdftest.Fields(pdftest.Options{}, nil), []byte("/F 4"), []byte("/F 2"))
	l := layout(t, hidden, nil)
	if f := l.Fields()[0]; len(f.Boxes) != 0 || len(f.Widgets) != 1 {
		t.Errorf("%+v", f)
	}
	got, err := l.Locate(t.Context(), signer.Placing{Seal: *redSeal(), Places: []seal.Place{place(t, "field=采购人签章")}})
	if err != nil || len(got.Impressions) != 0 || got.Field != "采购人签章" {
		t.Errorf("%+v %v", got, err)
	}
	file, err := pdf.Open(bytes.NewReader(hidden), int64(len(hidden)))
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := signer.ReadLayout(gone, file, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}
