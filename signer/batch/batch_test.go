package batch_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/batch"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
)

// aKey counts how often it is asked, and by how many at once.
type aKey struct {
	crypto.Signer
	asked, inside, most atomic.Int32
	sign                func(n int32) error // before the nth signature, from 1
}

func (k *aKey) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if now := k.inside.Add(1); now > k.most.Load() {
		k.most.Store(now)
	}
	defer k.inside.Add(-1)
	n := k.asked.Add(1)
	if k.sign != nil {
		if err := k.sign(n); err != nil {
			return nil, err
		}
	}
	return k.Signer.Sign(r, digest, opts)
}

func redSeal(px int) *seal.Seal {
	m := image.NewNRGBA(image.Rect(0, 0, px, px))
	for y := range px {
		for x := range px {
			if dx, dy := x-px/2, y-px/2; dx*dx+dy*dy < px*px/4 {
				m.SetNRGBA(x, y, color.NRGBA{0xd7, 0x19, 0x1f, 0xff})
			}
		}
	}
	return &seal.Seal{Name: "测试", Image: m, WidthMM: 42, HeightMM: 42}
}

// A bench is a folder of documents, one for the signed files, and a key.
type bench struct {
	t       testing.TB
	in, out string
	party   *cmstest.Party
	key     *aKey
}

func newBench(t testing.TB, algorithm string) *bench {
	t.Helper()
	b := &bench{t: t, in: t.TempDir(), out: filepath.Join(t.TempDir(), "签章"), party: cmstest.New(t, algorithm, cmstest.Options{})}
	b.key = &aKey{Signer: b.party.Key}
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) write(name string, data []byte) {
	b.t.Helper()
	path := filepath.Join(b.in, name)
	must(b.t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(b.t, os.WriteFile(path, data, 0o600))
}

// document is a PDF of its own: no two have the same bytes.
func document(n int) []byte {
	return pdftest.Document(pdftest.Options{Pages: 1 + n%3, Page: pdf.Dict{"Number": pdf.Integer(n)}})
}

// contracts writes n documents, some in subfolders.
func (b *bench) contracts(n int) {
	for i := range n {
		name := fmt.Sprintf("合同%03d.pdf", i)
		if i%3 == 2 {
			name = filepath.Join("第二批", name)
		}
		b.write(name, document(i))
	}
}

func (b *bench) batch() *batch.Batch {
	b.t.Helper()
	items, err := batch.List([]string{b.in}, b.out)
	must(b.t, err)
	place, err := seal.ParsePlace("page=1,x=60mm,y=80mm")
	must(b.t, err)
	return &batch.Batch{Items: items, Out: b.out, Job: signer.Job{
		Key: b.key, Chain: b.party.Chain, Seal: redSeal(60), Places: []seal.Place{place}, Roots: []*smx509.Certificate{b.party.Root},
	}}
}

func (b *bench) run(bt *batch.Batch) []batch.Outcome {
	b.t.Helper()
	outcomes, err := bt.Run(b.t.Context())
	must(b.t, err)
	return outcomes
}

// states counts the outcomes, and those that were there before.
func states(outcomes []batch.Outcome) map[string]int {
	n := map[string]int{}
	for _, o := range outcomes {
		n[string(o.State)]++
		if o.Earlier {
			n["earlier"]++
		}
	}
	return n
}

func expect(t testing.TB, outcomes []batch.Outcome, want map[string]int) {
	t.Helper()
	got := states(outcomes)
	for k, n := range want {
		if got[k] != n {
			t.Fatalf("outcomes %v, want %v; %v", got, want, firstError(outcomes))
		}
	}
}

func firstError(outcomes []batch.Outcome) error {
	for _, o := range outcomes {
		if o.Err != nil {
			return fmt.Errorf("%s: %w", o.Item.Name, o.Err)
		}
	}
	return nil
}

// once fails unless every outcome that says so has a signed file with one signature, and nothing else lies in the folder.
func (b *bench) once(outcomes []batch.Outcome) {
	b.t.Helper()
	want := map[string]bool{}
	for _, o := range outcomes {
		if o.State != batch.Signed {
			continue
		}
		want[o.Path] = true
		data, err := os.ReadFile(o.Path)
		must(b.t, err)
		sum := sha256.Sum256(data)
		if hex.EncodeToString(sum[:]) != o.SHA256 {
			b.t.Errorf("%s: not the digest that was told", o.Item.Name)
		}
		original, err := os.ReadFile(o.Item.In)
		must(b.t, err)
		if !bytes.HasPrefix(data, original) {
			b.t.Errorf("%s does not continue its document", o.Item.Name)
		}
		r, err := verify.File(b.t.Context(), bytes.NewReader(data), int64(len(data)), verify.Options{Roots: []*smx509.Certificate{b.party.Root}})
		must(b.t, err)
		if r.Verdict != verify.Valid || len(r.Signatures) != 1 || !r.Signatures[0].CoversWholeFile {
			b.t.Errorf("%s: %s, %d signatures", o.Item.Name, r.Verdict, len(r.Signatures))
		}
	}
	must(b.t, filepath.WalkDir(b.out, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !want[path] && !strings.Contains(filepath.Base(path), "sealdesk-batch") {
			b.t.Errorf("left in the folder: %s", path)
		}
		return err
	}))
}

func TestEachFileIsSignedOnce(t *testing.T) {
	for _, alg := range []string{"rsa", "sm2"} {
		t.Run(alg, func(t *testing.T) {
			b := newBench(t, alg)
			b.contracts(12)
			bt := b.batch()
			var told []string
			bt.Told = func(o batch.Outcome) { told = append(told, o.Item.Name) }
			outcomes := b.run(bt)
			expect(t, outcomes, map[string]int{"signed": 12, "earlier": 0})
			b.once(outcomes)
			if b.key.asked.Load() != 12 || b.key.most.Load() != 1 || len(told) != 12 {
				t.Errorf("the key was asked %d times, %d at once; %d told", b.key.asked.Load(), b.key.most.Load(), len(told))
			}
			for i, o := range outcomes {
				if o.Item != bt.Items[i] {
					t.Errorf("outcome %d is of %s", i, o.Item.Name)
				}
			}
			if !slices.ContainsFunc(outcomes, func(o batch.Outcome) bool { return strings.HasPrefix(o.Item.Name, "第二批/") }) {
				t.Error("the subfolder is lost")
			}
			// Again, nothing is left to do, and the key is not asked.
			again := b.run(bt)
			expect(t, again, map[string]int{"signed": 12, "earlier": 12})
			b.once(again)
			if b.key.asked.Load() != 12 {
				t.Errorf("the key was asked %d times", b.key.asked.Load())
			}
		})
	}
}

func TestWhatIsWrongWithAFileStopsNothing(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(3)
	b.write("a坏.pdf", []byte("%PDF-1.7\nnothing"))
	b.write("b文.docx", []byte("PK\x03\x04rest"))
	b.write("c假.pdf", []byte("no document at all"))
	b.write(".隐藏.pdf", document(90))
	b.write("说明.txt", []byte("x"))
	b.write("e头.pdf", append([]byte("HTTP/1.1 200 OK\n\n"), document(5)...))
	signed := filepath.Join(b.in, "d已签.pdf")
	b.write("d.pdf", document(91))
	job := b.batch().Job
	job.In, job.Out = filepath.Join(b.in, "d.pdf"), signed
	if _, err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, os.Remove(job.In))
	b.key.asked.Store(0)

	bt := b.batch()
	bt.Items = append(bt.Items, batch.Item{In: filepath.Join(b.in, "没有.pdf"), Name: "没有.pdf"}, batch.Item{In: signed, Name: "../外.pdf"})
	for _, outcomes := range [][]batch.Outcome{check(t, bt), b.run(bt)} {
		want := map[string]error{
			"a坏.pdf": nil, "b文.pdf": batch.ErrNeedsClean, "c假.pdf": batch.ErrKind, "d已签.pdf": batch.ErrSigned, "e头.pdf": nil,
			"没有.pdf": &signer.Error{Kind: signer.InputMissing}, "../外.pdf": &signer.Error{Kind: signer.BadRequest},
		}
		for _, o := range outcomes {
			expected, bad := want[o.Item.Name]
			switch {
			case !bad && (o.State != batch.Signed && o.State != batch.Ready || o.Err != nil):
				t.Errorf("%s: %s %v", o.Item.Name, o.State, o.Err)
			case bad && (o.Err == nil || expected != nil && !errors.Is(o.Err, expected)):
				t.Errorf("%s: %s %v, want %v", o.Item.Name, o.State, o.Err, expected)
			}
			delete(want, o.Item.Name)
		}
		if len(want) > 0 {
			t.Errorf("not told: %v", want)
		}
	}
	if b.key.asked.Load() != 3 {
		t.Errorf("the key was asked %d times", b.key.asked.Load())
	}
}

func check(t *testing.T, bt *batch.Batch) []batch.Outcome {
	t.Helper()
	outcomes, err := bt.Check(t.Context())
	must(t, err)
	if _, err := os.Stat(bt.Out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a check made the folder: %v", err)
	}
	return outcomes
}

// A check tells of each file what is shown before the PIN is asked: its digest, pages, and where the seal goes.
func TestCheckFindsTheSpots(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(2)
	bt := b.batch()
	bt.Job.Key = nil
	place, err := seal.ParsePlace("page=2,x=60mm,y=80mm")
	must(t, err)
	bt.Job.Places = append(bt.Job.Places, place)
	outcomes := check(t, bt)
	if o := outcomes[0]; o.State != batch.Failed || !strings.Contains(o.Err.Error(), "page 2") {
		t.Errorf("a document of one page: %s %v", o.State, o.Err)
	}
	data, err := os.ReadFile(bt.Items[1].In)
	must(t, err)
	sum := sha256.Sum256(data)
	if o := outcomes[1]; o.State != batch.Ready || len(o.Spots) != 2 || o.Spots[1].Page != 2 || o.Pages != 2 || o.SourceSHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%+v", o)
	}
	// What was shown is what is signed.
	bt.Job.Key, bt.Items = b.key, bt.Items[1:]
	bt.Items[0].ExpectSHA256 = outcomes[1].SourceSHA256
	must(t, os.WriteFile(bt.Items[0].In, document(77), 0o600))
	outcomes = b.run(bt)
	expect(t, outcomes, map[string]int{"failed": 1})
	if b.key.asked.Load() != 0 {
		t.Error("the key was asked for a document that was not shown")
	}
}

// The first failure of the key stops the batch, and it is not asked again; the next run does the rest.
func TestAKeyThatFailsStopsTheBatch(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(10)
	gone := errors.New("the token was removed")
	b.key.sign = func(n int32) error {
		if n == 4 {
			return gone
		}
		return nil
	}
	bt := b.batch()
	outcomes, err := bt.Run(t.Context())
	var key *batch.KeyError
	if !errors.Is(err, gone) || !errors.As(err, &key) {
		t.Fatalf("%v", err)
	}
	expect(t, outcomes, map[string]int{"signed": 3, "waiting": 7})
	if n := b.key.asked.Load(); n != 4 {
		t.Errorf("the key was asked %d times", n)
	}
	b.once(outcomes)
	b.key.sign = nil
	outcomes = b.run(bt)
	expect(t, outcomes, map[string]int{"signed": 10, "earlier": 3})
	if n := b.key.asked.Load(); n != 11 {
		t.Errorf("the key was asked %d times", n)
	}
	b.once(outcomes)
}

// A batch that is called off finishes the file that has been to the key, and no other is begun.
func TestABatchIsCalledOff(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(10)
	ctx, cancel := context.WithCancel(t.Context())
	b.key.sign = func(n int32) error {
		if n == 3 {
			cancel()
			time.Sleep(20 * time.Millisecond)
		}
		return nil
	}
	bt := b.batch()
	outcomes, err := bt.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	expect(t, outcomes, map[string]int{"signed": 3, "waiting": 7, "failed": 0})
	b.once(outcomes)
	outcomes = b.run(bt)
	expect(t, outcomes, map[string]int{"signed": 10, "earlier": 3})
	if n := b.key.asked.Load(); n != 10 {
		t.Errorf("the key was asked %d times", n)
	}
}

// Whatever the ledger lost at the moment the power went, nothing is signed twice.
func TestALedgerThatIsCutOffAnywhere(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(4)
	bt := b.batch()
	b.once(b.run(bt))
	path := filepath.Join(b.out, batch.LedgerName)
	whole, err := os.ReadFile(path)
	must(t, err)
	for cut := 0; cut <= len(whole); cut += 37 {
		must(t, os.WriteFile(path, whole[:cut], 0o600))
		outcomes := b.run(bt)
		expect(t, outcomes, map[string]int{"signed": 4, "earlier": 4})
		now, err := os.ReadFile(path)
		must(t, err)
		if n := strings.Count(string(now), `"kind":"signed"`); n < 4 {
			t.Fatalf("cut at %d: the ledger has %d files:\n%s", cut, n, now)
		}
	}
	if b.key.asked.Load() != 4 {
		t.Errorf("the key was asked %d times", b.key.asked.Load())
	}
	// A line that no ledger has is passed over.
	must(t, os.WriteFile(path, append([]byte(strings.Repeat("x", 200<<10)+"\n{}\n[1]\n"), whole...), 0o600))
	expect(t, b.run(bt), map[string]int{"signed": 4, "earlier": 4})
}

// What a person did to the files between two runs is told; nothing is overwritten, and nothing signed a second time.
func TestFilesThatWereTouchedBetweenTwoRuns(t *testing.T) {
	for _, tt := range []struct {
		name  string
		touch func(in, out string) error
		want  error
	}{
		{"the document was changed", func(in, _ string) error { return os.WriteFile(in, document(50), 0o600) }, batch.ErrInputChanged},
		{"the document is gone", func(in, _ string) error { return os.Remove(in) }, nil},
		{"the signed file was changed", func(_, out string) error { return os.WriteFile(out, []byte("%PDF-"), 0o600) }, batch.ErrOutputChanged},
		{"the signed file is gone", func(_, out string) error { return os.Remove(out) }, batch.ErrOutputGone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, "ecdsa")
			b.contracts(2)
			bt := b.batch()
			first := b.run(bt)
			must(t, tt.touch(first[0].Item.In, first[0].Path))
			before, _ := os.ReadFile(first[0].Path)
			second := b.run(bt)
			if !errors.Is(second[0].Err, tt.want) || (tt.want == nil) != (second[0].State == batch.Signed) || second[1].State != batch.Signed {
				t.Errorf("%s %v", second[0].State, second[0].Err)
			}
			if after, _ := os.ReadFile(first[0].Path); !bytes.Equal(before, after) || b.key.asked.Load() != 2 {
				t.Errorf("it was touched; the key was asked %d times", b.key.asked.Load())
			}
		})
	}
}

// A file that is in the way stays: another's, one of another document, and one of another key.
func TestWhatIsInTheWayStays(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(2)
	bt := b.batch()
	must(t, os.MkdirAll(b.out, 0o700))
	other := newBench(t, "ecdsa")
	job := bt.Job
	job.Key, job.Chain, job.Roots = other.key, other.party.Chain, nil
	job.In, job.Out = bt.Items[0].In, filepath.Join(b.out, bt.Items[0].Name)
	_, err := job.Run(t.Context())
	must(t, err)
	must(t, os.WriteFile(filepath.Join(b.out, bt.Items[1].Name), document(1), 0o600)) // not signed
	for _, o := range b.run(bt) {
		if !errors.Is(o.Err, &signer.Error{Kind: signer.Exists}) {
			t.Errorf("%s: %s %v", o.Item.Name, o.State, o.Err)
		}
	}
	if b.key.asked.Load() != 0 {
		t.Errorf("the key was asked %d times", b.key.asked.Load())
	}
}

func TestAnotherRuleNeedsAnotherFolder(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(1)
	b.run(b.batch())
	place, err := seal.ParsePlace("page=1,x=90mm,y=80mm")
	must(t, err)
	for name, change := range map[string]func(*batch.Batch){
		"place": func(bt *batch.Batch) { bt.Job.Places = []seal.Place{place} },
		"seal":  func(bt *batch.Batch) { bt.Job.Seal = redSeal(61) },
		"key": func(bt *batch.Batch) {
			other := newBench(t, "ecdsa")
			bt.Job.Key, bt.Job.Chain = other.key, other.party.Chain
		},
	} {
		bt := b.batch()
		change(bt)
		if _, err := bt.Run(t.Context()); !errors.Is(err, batch.ErrOtherRule) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := bt.Check(t.Context()); !errors.Is(err, batch.ErrOtherRule) {
			t.Errorf("check, %s: %v", name, err)
		}
	}
}

// Two programs never work in one folder, and a folder that cannot be written to is told at once.
func TestTheFolderIsOneBatchsOwn(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(2)
	var once sync.Once
	b.key.sign = func(int32) error {
		once.Do(func() {
			if _, err := b.batch().Run(t.Context()); !errors.Is(err, batch.ErrBusy) {
				t.Errorf("a second batch: %v", err)
			}
		})
		return nil
	}
	expect(t, b.run(b.batch()), map[string]int{"signed": 2})

	bt := b.batch()
	bt.Out = filepath.Join(b.in, "合同000.pdf", "x")
	if _, err := bt.Run(t.Context()); err == nil {
		t.Error("a folder below a file")
	}
}

// A Word document is signed as its clean copy, which is made once; its report lies beside.
func TestWordDocumentsAreCleanedWhenAsked(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.write("合同.docx", []byte("PK\x03\x04one"))
	bt := b.batch()
	cleaned := 0
	bt.Clean = func(_ context.Context, in, out, report string) error {
		cleaned++
		return errors.Join(os.WriteFile(out, document(cleaned), 0o600), os.WriteFile(report, []byte(`{}`), 0o600))
	}
	outcomes, err := bt.Check(t.Context())
	must(t, err)
	expect(t, outcomes, map[string]int{"ready": 1})
	bt.Items[0].ExpectSHA256 = outcomes[0].SourceSHA256
	signed := b.run(bt)
	expect(t, signed, map[string]int{"signed": 1})
	if cleaned != 1 || signed[0].Source == bt.Items[0].In || signed[0].SourceSHA256 != outcomes[0].SourceSHA256 {
		t.Errorf("cleaned %d times: %+v", cleaned, signed[0])
	}
	if _, err := os.Stat(signed[0].Path + ".clean.json"); err != nil {
		t.Error(err)
	}
	expect(t, b.run(bt), map[string]int{"signed": 1, "earlier": 1})
	// A document that is changed after it was signed as its clean copy is told.
	must(t, os.WriteFile(bt.Items[0].In, []byte("PK\x03\x04two"), 0o600))
	again := b.run(bt)
	if !errors.Is(again[0].Err, batch.ErrInputChanged) || cleaned != 1 {
		t.Errorf("%+v", again[0])
	}
}

func TestListKeepsNamesAndSubfolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.pdf", "A.docx", "b/a.PDF", "b/~$x.docx", ".git/x.pdf", "out/z.pdf", "x.txt"} {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, nil, 0o600))
	}
	must(t, os.Symlink(filepath.Join(dir, "a.pdf"), filepath.Join(dir, "link.pdf")))
	list := filepath.Join(dir, "清单.txt")
	must(t, os.WriteFile(list, []byte("\ufeffa.pdf\r\n\r\n# 说明\r\nb/a.PDF\r\n"), 0o600))
	names := func(paths ...string) (out []string) {
		items, err := batch.List(paths, filepath.Join(dir, "out"))
		must(t, err)
		for _, i := range items {
			out = append(out, i.Name)
		}
		return out
	}
	if got, want := names(dir), []string{"A.pdf", "a (2).pdf", "b/a.pdf"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := names(filepath.Join(dir, "b"), filepath.Join(dir, "a.pdf"), filepath.Join(dir, "a.pdf")), []string{"b/a.pdf", "a.pdf"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	paths, err := batch.ReadList(list)
	must(t, err)
	if want := []string{filepath.Join(dir, "a.pdf"), filepath.Join(dir, "b", "a.PDF")}; !slices.Equal(paths, want) {
		t.Errorf("%q, want %q", paths, want)
	}
	if _, err := batch.ReadList(dir); !errors.Is(err, batch.ErrList) {
		t.Errorf("a folder as a list: %v", err)
	}
}

// Memory does not grow with the number of files.
func TestManyFilesTakeNoMoreMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("signs 400 files")
	}
	b := newBench(t, "ecdsa")
	b.contracts(400)
	bt := b.batch()
	var early, late uint64
	n := 0
	bt.Told = func(batch.Outcome) {
		n++
		if n != 40 && n != 400 {
			return
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if n == 40 {
			early = m.HeapAlloc
		} else {
			late = m.HeapAlloc
		}
	}
	expect(t, b.run(bt), map[string]int{"signed": 400})
	if grown := int64(late) - int64(early); grown > 4<<20 {
		t.Errorf("the heap grew by %d KiB from file 40 to file 400", grown>>10)
	}
}
