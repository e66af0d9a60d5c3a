package batch_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/batch"
	"sealdesk/signer/seal"
)

func isKind(err error, kind signer.Kind) bool { return errors.Is(err, &signer.Error{Kind: kind}) }

func TestBatchesThatAreNone(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(1)
	for name, change := range map[string]func(*batch.Batch){
		"no files":               func(bt *batch.Batch) { bt.Items = nil },
		"no folder":              func(bt *batch.Batch) { bt.Out = "" },
		"no certificates":        func(bt *batch.Batch) { bt.Job.Chain = nil },
		"a certificate of none":  func(bt *batch.Batch) { bt.Job.Chain = []*smx509.Certificate{nil} },
		"more files than may be": func(bt *batch.Batch) { bt.Items = make([]batch.Item, batch.MaxItems+1) },
	} {
		bt := b.batch()
		change(bt)
		_, err := bt.Run(t.Context())
		_, cerr := bt.Check(t.Context())
		for _, err := range []error{err, cerr} {
			if !isKind(err, signer.BadRequest) && (len(bt.Items) < 2 || !errors.Is(err, batch.ErrTooMany)) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	bt := b.batch()
	bt.Job.Key = nil
	if _, err := bt.Run(t.Context()); !isKind(err, signer.BadRequest) {
		t.Errorf("no key: %v", err)
	}
	if _, err := os.Stat(b.out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}

// What stands in the way in the folder of the signed files is told, and nothing is signed.
func TestTheFolderIsInDisorder(t *testing.T) {
	for name, tt := range map[string]struct {
		lay   func(out string) error
		where string // of the file
		want  func(error) bool
	}{
		"a folder for the lock":   {func(out string) error { return os.MkdirAll(filepath.Join(out, ".sealdesk-batch.lock"), 0o700) }, "a.pdf", func(err error) bool { return isKind(err, signer.WriteFailed) }},
		"a folder for the ledger": {func(out string) error { return os.MkdirAll(filepath.Join(out, batch.LedgerName), 0o700) }, "a.pdf", func(err error) bool { return errors.Is(err, batch.ErrLedger) }},
		"a ledger that leads nowhere": {func(out string) error { return os.Symlink(batch.LedgerName, filepath.Join(out, batch.LedgerName)) }, "a.pdf",
			func(err error) bool { return errors.Is(err, batch.ErrLedger) }},
		"a file for a folder": {func(out string) error { return os.WriteFile(filepath.Join(out, "sub"), nil, 0o600) }, "sub/a.pdf", func(err error) bool { return isKind(err, signer.WriteFailed) }},
	} {
		b := newBench(t, "ecdsa")
		b.write("a.pdf", document(1))
		must(t, os.MkdirAll(b.out, 0o700))
		must(t, tt.lay(b.out))
		bt := b.batch()
		bt.Items[0].Name = tt.where
		if _, err := bt.Run(t.Context()); !tt.want(err) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := bt.Check(t.Context()); name != "a folder for the lock" && !tt.want(err) { // which a check does not ask for
			t.Errorf("check, %s: %v", name, err)
		}
		if b.key.asked.Load() != 0 {
			t.Errorf("%s: the key was asked", name)
		}
	}
}

// A file of a signed file's name that is not what the program would have left stays, and is in the way.
func TestWhatIsNotAdopted(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(1)
	bt := b.batch()
	first := b.run(bt)
	signed, err := os.ReadFile(first[0].Path)
	must(t, err)
	source, err := os.ReadFile(first[0].Item.In)
	must(t, err)
	ledger := filepath.Join(b.out, batch.LedgerName)
	altered := bytes.Clone(signed)
	i := bytes.LastIndex(altered, []byte("/M (D:20"))
	if i < len(source) {
		t.Fatal("no date in the signature")
	}
	altered[i+len("/M (D:20")] ^= 1
	for name, data := range map[string][]byte{
		"another document":           append(bytes.Repeat([]byte("%PDF-1.7\n"), 99), source...),
		"the document with more":     append(bytes.Clone(source), '\n'),
		"the document with no end":   append(bytes.Clone(source), "startxref\n1\n%%EOF\n"...),
		"signed, and altered":        altered,
		"signed, and more behind it": append(bytes.Clone(signed), bytes.Repeat([]byte("% more\n"), 999)...),
	} {
		must(t, os.WriteFile(first[0].Path, data, 0o600))
		must(t, os.Remove(ledger))
		if o := b.run(bt)[0]; !isKind(o.Err, signer.Exists) || o.State != batch.Failed {
			t.Errorf("%s: %s %v", name, o.State, o.Err)
		}
		if now, err := os.ReadFile(first[0].Path); err != nil || !bytes.Equal(now, data) {
			t.Errorf("%s: it was touched: %v", name, err)
		}
	}
	// The very file is taken up; a check tells that without noting it.
	must(t, os.WriteFile(first[0].Path, signed, 0o600))
	must(t, os.Remove(ledger))
	outcomes, err := bt.Check(t.Context())
	must(t, err)
	if o := outcomes[0]; o.State != batch.Signed || !o.Earlier || o.SHA256 != first[0].SHA256 {
		t.Errorf("%+v", o)
	}
	if _, err := os.Stat(ledger); !errors.Is(err, os.ErrNotExist) {
		t.Error("a check wrote the ledger")
	}
	// A folder of the name is in the way too, before and after the file was noted.
	for _, noted := range []bool{true, false} {
		if noted {
			b.run(bt)
		}
		must(t, os.RemoveAll(first[0].Path))
		must(t, os.Mkdir(first[0].Path, 0o700))
		if !noted {
			must(t, os.Remove(ledger))
		}
		if o := b.run(bt)[0]; o.State != batch.Failed || !isKind(o.Err, signer.InputUnreadable) {
			t.Errorf("a folder, noted %t: %s %v", noted, o.State, o.Err)
		}
	}
	if b.key.asked.Load() != 1 {
		t.Errorf("the key was asked %d times", b.key.asked.Load())
	}
}

func TestInputsThatBecameFolders(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(2)
	bt := b.batch()
	in := bt.Items[0].In
	bt.Items = bt.Items[:1]
	b.run(bt)
	must(t, os.Remove(in))
	must(t, os.Mkdir(in, 0o700))
	if o := b.run(bt)[0]; o.State != batch.Failed || !isKind(o.Err, signer.InputUnreadable) {
		t.Errorf("signed before: %s %v", o.State, o.Err)
	}
	other := b.batch()
	other.Out = filepath.Join(t.TempDir(), "other")
	other.Items = []batch.Item{{In: in, Name: "x.pdf"}}
	if o := b.run(other)[0]; o.State != batch.Failed || !isKind(o.Err, signer.InputUnreadable) {
		t.Errorf("new: %s %v", o.State, o.Err)
	}
}

// What goes wrong with a clean copy is the document's; what goes wrong with the folder stops the batch.
func TestCleanCopiesFail(t *testing.T) {
	broken := errors.New("the document is broken")
	good := func(_ context.Context, _, out, report string) error {
		return errors.Join(os.WriteFile(out, document(1), 0o600), os.WriteFile(report, []byte("{}"), 0o600))
	}
	const clean = ".sealdesk-batch-clean"
	tests := []struct {
		name  string
		lay   func(out string) error
		clean func(ctx context.Context, in, out, report string) error
		state batch.State
		err   func(error) bool // of the file, or of the batch where the file is to be done yet
	}{
		{"cannot be made", nil, func(context.Context, string, string, string) error { return broken }, batch.Failed, func(err error) bool { return errors.Is(err, broken) }},
		{"gives up by itself", nil, func(context.Context, string, string, string) error { return context.Canceled }, batch.Failed, func(err error) bool { return errors.Is(err, context.Canceled) }},
		{"took too long", nil, func(context.Context, string, string, string) error { return context.DeadlineExceeded }, batch.Failed, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		{"is not there", nil, func(context.Context, string, string, string) error { return nil }, batch.Failed, func(err error) bool { return isKind(err, signer.InputMissing) }},
		{"has no report", nil, func(_ context.Context, _, out, _ string) error { return os.WriteFile(out, document(1), 0o600) }, batch.Waiting, func(err error) bool { return isKind(err, signer.WriteFailed) }},
		{"has no folder", func(out string) error { return os.WriteFile(filepath.Join(out, clean), nil, 0o600) }, good, batch.Waiting, func(err error) bool { return isKind(err, signer.WriteFailed) }},
		{"has a folder in its place", func(out string) error { return os.MkdirAll(filepath.Join(out, clean, "a.pdf", "x"), 0o700) }, good, batch.Waiting, func(err error) bool { return isKind(err, signer.WriteFailed) }},
		{"has a report of another's beside it", func(out string) error {
			return os.WriteFile(filepath.Join(out, "a.pdf.clean.json"), []byte("mine"), 0o600)
		}, good, batch.Signed, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, "ecdsa")
			b.write("a.doc", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"))
			must(t, os.MkdirAll(b.out, 0o700))
			if tt.lay != nil {
				must(t, tt.lay(b.out))
			}
			bt := b.batch()
			bt.Clean = tt.clean
			outcomes, err := bt.Run(t.Context())
			if len(outcomes) != 1 || outcomes[0].State != tt.state {
				t.Fatalf("%+v, %v", outcomes, err)
			}
			if tt.state == batch.Failed {
				err = errors.Join(err, outcomes[0].Err)
			}
			if tt.err == nil && err != nil || tt.err != nil && !tt.err(err) {
				t.Errorf("%v", err)
			}
			if tt.state == batch.Signed {
				if data, err := os.ReadFile(filepath.Join(b.out, "a.pdf.clean.json")); err != nil || string(data) != "mine" {
					t.Errorf("another's report is %q, %v", data, err)
				}
			}
		})
	}
}

// A clean copy is made anew where the document or the copy has changed since.
func TestCleanCopiesAreMadeAnew(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.write("a.docx", []byte("PK\x03\x04one"))
	bt := b.batch()
	cleaned := 0
	bt.Clean = func(_ context.Context, _, out, report string) error {
		cleaned++
		return errors.Join(os.WriteFile(out, document(cleaned), 0o600), os.WriteFile(report, fmt.Appendf(nil, "%d", cleaned), 0o600))
	}
	check := func(want int) string {
		t.Helper()
		outcomes, err := bt.Check(t.Context())
		must(t, err)
		expect(t, outcomes, map[string]int{"ready": 1})
		report := filepath.Join(b.out, "a.pdf.clean.json")
		if data, err := os.ReadFile(report); err != nil || string(data) != fmt.Sprint(want) || cleaned != want {
			t.Errorf("cleaned %d times, the report is %q, %v", cleaned, data, err)
		}
		return outcomes[0].Source
	}
	copied := check(1)
	check(1)
	must(t, os.WriteFile(copied, document(9), 0o600)) // by somebody
	check(2)
	must(t, os.Remove(copied))
	check(3)
	b.write("a.docx", []byte("PK\x03\x04two"))
	check(4)
	must(t, os.Remove(filepath.Join(b.out, "a.pdf.clean.json")))
	b.write("a.docx", []byte("PK\x03\x04three"))
	check(5)
	b.write("a.docx", []byte("PK\x03\x04four"))
	must(t, os.Remove(filepath.Join(b.out, "a.pdf.clean.json")))
	must(t, os.MkdirAll(filepath.Join(b.out, "a.pdf.clean.json", "x"), 0o700))
	if _, err := bt.Check(t.Context()); !isKind(err, signer.WriteFailed) {
		t.Errorf("a folder in the report's place: %v", err)
	}
}

// A batch whose time is over leaves the file that it was at to be done.
func TestABatchRunsOutOfTime(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.write("a.docx", []byte("PK\x03\x04one"))
	bt := b.batch()
	bt.Workers = 1
	bt.Clean = func(ctx context.Context, _, _, _ string) error { <-ctx.Done(); return ctx.Err() }
	bt.Told = func(o batch.Outcome) { t.Errorf("told of %+v", o) }
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	outcomes, err := bt.Run(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || len(outcomes) != 1 || outcomes[0].State != batch.Waiting {
		t.Errorf("%+v, %v", outcomes, err)
	}
}

// refusing is a key that gives no key for a file.
type refusing struct{ crypto.Signer }

var errNoKey = errors.New("refused on the phone")

func (refusing) For(string) (crypto.Signer, error) { return nil, errNoKey }

func TestAKeyThatRefusesAFile(t *testing.T) {
	b := newBench(t, "ecdsa")
	b.contracts(2)
	bt := b.batch()
	bt.Job.Key = refusing{b.key}
	bt.Find = func(string) signer.Finder { return nil }
	outcomes, err := bt.Run(t.Context())
	var key *batch.KeyError
	if !errors.Is(err, errNoKey) || !errors.As(err, &key) {
		t.Error(err)
	}
	expect(t, outcomes, map[string]int{"waiting": 2})
}

// Another party's signature is no reason not to sign.
func TestAnotherPartySignedBefore(t *testing.T) {
	b, other := newBench(t, "ecdsa"), newBench(t, "ecdsa")
	b.write("a.pdf", document(1))
	first := b.batch()
	job := first.Job
	job.Key, job.Chain, job.Roots = other.key, other.party.Chain, nil
	job.In, job.Out = first.Items[0].In, filepath.Join(b.in, "b.pdf")
	_, err := job.Run(t.Context())
	must(t, err)
	must(t, os.Remove(job.In))
	bt := b.batch()
	place, err := seal.ParsePlace("page=1,x=120mm,y=200mm") // beside the first
	must(t, err)
	bt.Job.Places = []seal.Place{place}
	bt.Job.Roots = nil
	expect(t, b.run(bt), map[string]int{"signed": 1})
}

func TestListsThatAreBounded(t *testing.T) {
	dir := t.TempDir()
	many := make([]string, batch.MaxItems+1)
	for i := range many {
		many[i] = filepath.Join(dir, fmt.Sprint(i))
	}
	if _, err := batch.List(many, ""); !errors.Is(err, batch.ErrTooMany) {
		t.Errorf("%v", err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "a.pdf"), nil, 0o600))
	if _, err := batch.List(append(many[:batch.MaxItems:batch.MaxItems], dir), ""); !errors.Is(err, batch.ErrTooMany) {
		t.Errorf("of a folder: %v", err)
	}
	deep := filepath.Join(dir, filepath.Join(strings.Split(strings.Repeat("d/", 40), "/")...))
	must(t, os.MkdirAll(deep, 0o700))
	must(t, os.WriteFile(filepath.Join(deep, "deep.pdf"), nil, 0o600))
	items, err := batch.List([]string{dir}, "")
	if err != nil || len(items) != 1 {
		t.Errorf("%+v, %v", items, err)
	}
	items, err = batch.List([]string{filepath.Join(dir, "读我.txt")}, "")
	if err != nil || len(items) != 1 || items[0].Name != "读我.txt.pdf" {
		t.Errorf("%+v, %v", items, err)
	}

	list := filepath.Join(dir, "list.txt")
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"too many lines":     {strings.Repeat("a\n", batch.MaxItems+1), batch.ErrTooMany},
		"a line too long":    {strings.Repeat("a", 100<<10), batch.ErrList},
		"a list too long":    {strings.Repeat("# comment\n", 500<<10), batch.ErrList},
		"a path of its own":  {"/x/a.pdf\n", nil},
		"nothing but spaces": {"  \n", nil},
	} {
		must(t, os.WriteFile(list, []byte(tt.text), 0o600))
		if paths, err := batch.ReadList(list); !errors.Is(err, tt.want) || strings.HasPrefix(tt.text, "/") && (len(paths) != 1 || paths[0] != "/x/a.pdf") {
			t.Errorf("%s: %q, %v", name, paths, err)
		}
	}
	_, err = batch.ReadList(filepath.Join(dir, "none"))
	var own *batch.Error
	if !errors.As(err, &own) || !errors.Is(err, batch.ErrList) || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "no such file") || own.Params()["path"] != filepath.Join(dir, "none") {
		t.Errorf("%v", err)
	}
	if batch.ErrKind.Error() != "batch: the file is no PDF and no Word document" {
		t.Error(batch.ErrKind)
	}
}
