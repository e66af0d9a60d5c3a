package signer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/internal/midstate"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/preview"
	"sealdesk/signer/ses/sestest"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
)

// unsealed is a job without a seal in a folder of its own.
func unsealed(t *testing.T, p *cmstest.Party) Job {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(in, pdftest.Document(pdftest.Options{Pages: 2}), 0o600); err != nil {
		t.Fatal(err)
	}
	return Job{In: in, Out: filepath.Join(dir, "1.pdf"), Key: p.Key, Chain: p.Chain, Roots: []*smx509.Certificate{p.Root}}
}

// TestASignedFileIsJudgedBeforeItGetsItsName: what does not hold, or is not what was asked for, is thrown away, and it is said why.
func TestASignedFileIsJudgedBeforeItGetsItsName(t *testing.T) {
	p, other := cmstest.New(t, "sm2", cmstest.Options{}), cmstest.New(t, "sm2", cmstest.Options{Name: "供应商"})
	job := unsealed(t, p)
	one, err := job.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second := job
	second.In, second.Out, second.Key, second.Chain = one.Path, filepath.Join(filepath.Dir(job.Out), "2.pdf"), other.Key, other.Chain
	two, err := second.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) []byte {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	signed, both := read(one.Path), read(two.Path)
	altered := func(data []byte) []byte {
		return bytes.Replace(data, []byte("(Contract, page 1)"), []byte("(Contract, page 9)"), 1)
	}
	maker := cmstest.New(t, "sm2", cmstest.Options{Name: "制章中心"})
	seal := sestest.Make(t, maker.Key, maker.Chain[0], sestest.Info(t, p.Chain[0]))
	for _, tc := range []struct {
		name   string
		data   []byte
		before int // signatures
		change func(j *Job)
		want   string
	}{
		{"as it was asked for", signed, 0, nil, ""},
		{"both", both, 1, func(j *Job) { j.Chain = other.Chain }, ""},
		{"no signature was added", signed, 1, nil, "1 signatures instead of 2"},
		{"altered", altered(signed), 0, nil, "signature \"Signature1\""},
		{"an earlier one is broken", altered(both), 1, func(j *Job) { j.Chain = other.Chain }, "signature \"Signature1\""},
		{"something after it", append(bytes.Clone(signed), "% more\n"...), 0, nil, "Signature1"},
		{"another certificate", signed, 0, func(j *Job) { j.Chain = other.Chain }, "another certificate"},
		{"no time stamp", signed, 0, func(j *Job) { j.Stamps = &tsa.Client{} }, "its time stamp"},
		{"no seal", signed, 0, func(j *Job) { j.Electronic = seal }, "another seal"},
		{"no PDF", []byte("hello"), 0, nil, "0 signatures instead of 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j := job
			if tc.change != nil {
				tc.change(&j)
			}
			path := filepath.Join(t.TempDir(), "out.pdf")
			if err := os.WriteFile(path, tc.data, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			c := Copy{before: &verify.Report{Signatures: make([]verify.Signature, tc.before)}}
			report, err := c.judge(t.Context(), j, f, int64(len(tc.data)))
			if (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, &Error{Kind: NotVerified}) || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error %v", err)
			}
			if err == nil && len(report.Signatures) != tc.before+1 {
				t.Errorf("%+v", report)
			}
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := c.judge(gone, j, f, int64(len(tc.data))); !errors.Is(err, context.Canceled) {
				t.Errorf("called off: %v", err)
			}
			f.Close()
			if _, err := c.judge(t.Context(), j, f, int64(len(tc.data))); !errors.Is(err, &Error{Kind: NotVerified}) {
				t.Errorf("a file that cannot be read: %v", err)
			}
		})
	}
}

// TestWhatTheDiskHoldsIsRead: nothing but the document and the update behind it.
func TestWhatTheDiskHoldsIsRead(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	update := []byte("the update")
	for _, again := range []bool{true, false} {
		for _, tc := range []struct {
			name   string
			change func(f *os.File, size int64) error
			want   string
		}{
			{"as it was written", nil, ""},
			{"another update", func(f *os.File, size int64) error { _, err := f.WriteAt([]byte("XX"), size); return err }, "other bytes"},
			{"longer", func(f *os.File, size int64) error { return f.Truncate(size + 11) }, "another file"},
			{"shorter", func(f *os.File, size int64) error { return f.Truncate(size + 9) }, "another file"},
			{"the document is another", func(f *os.File, _ int64) error { _, err := f.WriteAt([]byte("X"), 20); return err }, "begin with the document"},
		} {
			job := unsealed(t, p)
			c, err := job.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Discard()
			if _, err := c.draft.Write(update); err != nil {
				t.Fatal(err)
			}
			if tc.change != nil {
				if err := tc.change(c.draft.File, c.size); err != nil {
					t.Fatal(err)
				}
			}
			f, err := os.Open(c.draft.Path())
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			seen := tc.want == "" || !again && strings.Contains(tc.want, "document") // that is known, and not read again
			sum, err := c.reread(t.Context(), f, update, again)
			if seen != (err == nil) || err != nil && (!errors.Is(err, &Error{Kind: NotVerified}) || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%s, again %t: %s, %v", tc.name, again, sum, err)
			}
			if err == nil && len(sum) != 2*sha256.Size {
				t.Errorf("%s: digest %q", tc.name, sum)
			}
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if tc.want == "" {
				if _, err := c.reread(gone, f, update, again); !errors.Is(err, context.Canceled) {
					t.Errorf("called off: %v", err)
				}
			}
			f.Close()
			if _, err := c.reread(t.Context(), f, update, again); !errors.Is(err, &Error{Kind: NotVerified}) {
				t.Errorf("%s: a file that cannot be read: %v", tc.name, err)
			}
		}
	}
}

// TestADiskThatFailsAfterTheClick is told, and the copy is gone.
func TestADiskThatFailsAfterTheClick(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	for name, tc := range map[string]struct {
		spoil func(c *Copy) error
		want  Kind
	}{
		"it said so before": {func(c *Copy) error {
			<-c.draft.early
			c.draft.early <- &os.PathError{Op: "sync", Path: c.draft.Path(), Err: syscall.EIO}
			return nil
		}, WriteFailed},
		"the folder is gone":      {func(c *Copy) error { return os.RemoveAll(c.draft.folder) }, InputMissing},
		"the copy's name is gone": {func(c *Copy) error { return os.Remove(c.draft.Path()) }, NoFolder},
		"it is not to be read":    {func(c *Copy) error { return c.draft.File.Close() }, NotVerified},
	} {
		job := unsealed(t, p)
		c, err := job.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := tc.spoil(c); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Finish(t.Context(), job); !errors.Is(err, &Error{Kind: tc.want}) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(job.Out), "*.tmp")); len(left) != 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

// broken is a file of which reading fails.
type broken struct{ err error }

func (b broken) ReadAt([]byte, int64) (int, error) { return 0, b.err }

// failing takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestReadingThatFails is told for what it is by everything that reads a document.
func TestReadingThatFails(t *testing.T) {
	eio := syscall.EIO
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	copying := func(ctx context.Context, in io.ReaderAt) error {
		d, err := newDraft(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Discard()
		c := &Copy{draft: d, size: 10, known: &midstate.Trail{}}
		return c.fill(ctx, Job{In: "in", Out: "out"}, in, sha256.New())
	}
	hashing := func(ctx context.Context, in io.ReaderAt) error { return Detached{In: "in"}.hash(ctx, in, 10, nil) }
	taking := func(ctx context.Context, in io.ReaderAt) error { return readInto(ctx, io.Discard, in, 0, 10) }
	moving := func(ctx context.Context, in io.ReaderAt) error {
		return copyTo(ctx, io.Discard, in, 10, func(int64) {})
	}
	summing := func(ctx context.Context, in io.ReaderAt) error { _, err := digest(ctx, in, 10); return err }
	for _, tc := range []struct {
		name string
		read func(context.Context, io.ReaderAt) error
		ctx  context.Context
		in   io.ReaderAt
		want error
	}{
		{"copy, broken", copying, t.Context(), broken{eio}, &Error{Kind: InputUnreadable}},
		{"copy, shorter", copying, t.Context(), strings.NewReader("123"), &pdfsig.Error{Kind: pdfsig.Changed}},
		{"copy, a reader that says nothing", copying, t.Context(), broken{nil}, &pdfsig.Error{Kind: pdfsig.Changed}},
		{"copy, called off", copying, gone, strings.NewReader("1234567890"), context.Canceled},
		{"hash, broken", hashing, t.Context(), broken{eio}, &Error{Kind: InputUnreadable}},
		{"hash, shorter", hashing, t.Context(), strings.NewReader("123"), &Error{Kind: InputUnreadable}},
		{"hash, called off", hashing, gone, strings.NewReader("1234567890"), context.Canceled},
		{"read, broken", taking, t.Context(), broken{eio}, eio},
		{"read, shorter", taking, t.Context(), strings.NewReader("123"), io.ErrUnexpectedEOF},
		{"read, a reader that says nothing", taking, t.Context(), broken{nil}, io.ErrUnexpectedEOF},
		{"read, called off", taking, gone, strings.NewReader("1234567890"), context.Canceled},
		{"move, broken", moving, t.Context(), broken{eio}, eio},
		{"move, shorter", moving, t.Context(), strings.NewReader("123"), io.ErrUnexpectedEOF},
		{"move, called off", moving, gone, strings.NewReader("1234567890"), context.Canceled},
		{"digest, broken", summing, t.Context(), broken{eio}, eio},
		{"digest, called off", summing, gone, strings.NewReader("1234567890"), context.Canceled},
	} {
		if err := tc.read(tc.ctx, tc.in); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
	if err := readInto(t.Context(), failing{eio}, strings.NewReader("1234567890"), 0, 10); !errors.Is(err, eio) {
		t.Errorf("a writer that fails: %v", err)
	}
	var w *writing
	if err := copyTo(t.Context(), failing{eio}, strings.NewReader("1234567890"), 10, nil); !errors.As(err, &w) || !errors.Is(err, eio) {
		t.Errorf("a copy that cannot be written: %v", err)
	}
	if err := inputFailure(gone, "in", eio); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if err := inputFailure(t.Context(), "in", eio); !errors.Is(err, &Error{Kind: InputUnreadable}) || !errors.Is(err, eio) {
		t.Errorf("a document that fails: %v", err)
	}
}

// TestASignatureOfItsOwnIsReadBack: what the disk holds is judged, over the input as it is.
func TestASignatureOfItsOwnIsReadBack(t *testing.T) {
	p, other := cmstest.New(t, "ecdsa", cmstest.Options{}), cmstest.New(t, "ecdsa", cmstest.Options{})
	job := unsealed(t, p)
	d := Detached{In: job.In, Out: job.Out, Key: p.Key, Chain: p.Chain, Time: sestest.Info(t).From.AddDate(0, 1, 0)}
	made, err := d.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if at := made.Report.Signatures[0].SignedAt; at == nil || !at.Equal(d.Time) {
		t.Errorf("signed at %v", at)
	}
	value, err := ReadDetached(d.Out)
	if err != nil {
		t.Fatal(err)
	}
	input, err := os.ReadFile(d.In)
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct {
		name string
		ctx  context.Context
		path string
		in   io.ReaderAt
		by   *cmstest.Party
		want error
		says string
	}{
		{"as it was written", t.Context(), d.Out, bytes.NewReader(input), p, nil, ""},
		{"no file", t.Context(), d.Out + "x", bytes.NewReader(input), p, &Error{Kind: NotVerified}, "cannot be read back"},
		{"another file", t.Context(), d.In, bytes.NewReader(input), p, &Error{Kind: NotVerified}, "other bytes"},
		{"another input", t.Context(), d.Out, bytes.NewReader(bytes.ToUpper(input)), p, &Error{Kind: NotVerified}, "thrown away"},
		{"another certificate", t.Context(), d.Out, bytes.NewReader(input), other, &Error{Kind: NotVerified}, "another certificate"},
		{"an input that fails", t.Context(), d.Out, broken{syscall.EIO}, p, &Error{Kind: InputUnreadable}, ""},
		{"called off", gone, d.Out, bytes.NewReader(input), p, context.Canceled, ""},
	} {
		d.Chain = tc.by.Chain
		_, err := d.readBack(tc.ctx, tc.path, value, tc.in, int64(len(input)))
		if !errors.Is(err, tc.want) || tc.says != "" && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if _, err := ReadDetached(d.Out + "x"); !errors.Is(err, &Error{Kind: InputMissing}) {
		t.Errorf("no file: %v", err)
	}
	if _, err := ReadDetached(filepath.Dir(d.Out)); !errors.Is(err, &Error{Kind: InputUnreadable}) {
		t.Errorf("a folder: %v", err)
	}
}

// TestErrorsTellWhatTheyKnow: the code and the parameters, of which sentences are made, and the cause for the log.
func TestErrorsTellWhatTheyKnow(t *testing.T) {
	near := []preview.Hit{{Page: 3, Text: "采购人"}}
	for _, tc := range []struct {
		err    *Error
		text   string
		code   string
		params int
	}{
		{&Error{Kind: BadRequest, Detail: "no"}, "signer: no", "signer.bad_request", 0},
		{&Error{Kind: InputMissing, Path: "a", Detail: "no", cause: fs.ErrNotExist}, "signer: no: " + fs.ErrNotExist.Error(), "signer.input_missing", 1},
		{&Error{Kind: HitMissing, Words: "盖章", Count: 2, Detail: "no"}, "signer: no", "signer.hit_missing", 2},
		{&Error{Kind: KeywordNotFound, Words: "盖章", Near: near, Detail: "no"}, "signer: no", "signer.keyword_near", 3},
	} {
		if tc.err.Error() != tc.text || tc.err.Code() != tc.code || len(tc.err.Params()) != tc.params {
			t.Errorf("%q, %s, %v", tc.err.Error(), tc.err.Code(), tc.err.Params())
		}
		if errors.Is(tc.err, &Error{Kind: Revoked}) || errors.Is(tc.err, fs.ErrExist) {
			t.Errorf("%v is taken for another error", tc.err)
		}
	}
}
