package signer_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/signer"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
)

// large is more than what is read again in any case.
const large = 9 << 20

func (f *fixture) begin(t *testing.T) *signer.Copy {
	t.Helper()
	j := f.job
	j.Key, j.Seal, j.Places, j.Out = nil, nil, nil, filepath.Join(f.dir, "anything")
	c, err := j.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Discard)
	return c
}

// TestACopyIsSignedAsTheDocumentWouldBe signs what was copied before, first as one party, then as the other.
func TestACopyIsSignedAsTheDocumentWouldBe(t *testing.T) {
	for _, algorithms := range [][2]string{{"rsa", "rsa"}, {"sm2", "rsa"}, {"ecdsa", "sm2"}, {"sm2", "sm2"}} {
		t.Run(algorithms[0]+" "+algorithms[1], func(t *testing.T) {
			f := newFixture(t, algorithms[0])
			f.rewrite(t, pdftest.Document(pdftest.Options{Pages: 3, Padding: large}))
			first, err := f.begin(t).Finish(context.Background(), f.job)
			if err != nil {
				t.Fatal(err)
			}
			other := cmstest.New(t, algorithms[1], cmstest.Options{Name: "供应商"})
			f.job.In, f.job.Out, f.job.ExpectSHA256 = first.Path, filepath.Join(f.dir, "2.pdf"), first.SHA256
			f.job.Key, f.job.Chain, f.job.Roots = other.Key, other.Chain, append(f.job.Roots, other.Root)
			f.job.Places = []seal.Place{place(t, "page=1,x=60mm,y=150mm")}
			second, err := f.begin(t).Finish(context.Background(), f.job)
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(second.Path)
			if err != nil {
				t.Fatal(err)
			}
			// Judged anew, with nothing known before.
			report, err := verify.File(context.Background(), bytes.NewReader(data), int64(len(data)), verify.Options{Roots: f.job.Roots})
			if err != nil || report.Verdict != verify.Valid || len(report.Signatures) != 2 {
				t.Errorf("error %v, verdict %+v", err, report)
			}
			if sum(data) != second.SHA256 || second.InputSHA256 != first.SHA256 || second.Report.Verdict != verify.Valid {
				t.Error("the result does not describe the file")
			}
			if entries, _ := os.ReadDir(f.dir); len(entries) != 3 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

// TestWhatChangesAfterItWasCopiedIsNotSigned changes the document or the copy between Begin and Finish.
func TestWhatChangesAfterItWasCopiedIsNotSigned(t *testing.T) {
	overwrite := func(t *testing.T, path string, at int64) {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.WriteAt([]byte("X"), at); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil { // as if nothing had been
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		change func(t *testing.T, f *fixture)
		code   string
	}{
		{"nothing", func(t *testing.T, f *fixture) {}, ""},
		{"the same bytes again", func(t *testing.T, f *fixture) { f.rewrite(t, f.input) }, ""},
		{"another content of the same size and time", func(t *testing.T, f *fixture) { overwrite(t, f.job.In, 5<<20) }, "pdfsig.changed"},
		{"another file of that name", func(t *testing.T, f *fixture) {
			other := f.job.In + ".new"
			if err := os.WriteFile(other, pdftest.Document(pdftest.Options{Pages: 3, Padding: large - 1}), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(other, f.job.In); err != nil {
				t.Fatal(err)
			}
		}, "pdfsig.changed"},
		{"no file any more", func(t *testing.T, f *fixture) { os.Remove(f.job.In) }, "signer.input_missing"},
		{"another document is expected", func(t *testing.T, f *fixture) { f.job.ExpectSHA256 = sum(nil) }, "pdfsig.changed"},
		{"somebody wrote to the copy", func(t *testing.T, f *fixture) { overwrite(t, f.draft(t), 5<<20) }, "signer.not_verified"},
		{"somebody wrote to the copy's end", func(t *testing.T, f *fixture) { overwrite(t, f.draft(t), int64(len(f.input))-3) }, "signer.not_verified"},
		{"the copy was cut short", func(t *testing.T, f *fixture) {
			if err := os.Truncate(f.draft(t), 5<<20); err != nil {
				t.Fatal(err)
			}
		}, "signer.not_verified"},
		{"another file in the copy's place", func(t *testing.T, f *fixture) {
			draft := f.draft(t)
			os.Remove(draft)
			if err := os.WriteFile(draft, f.input, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "signer.not_verified"},
		{"the output came up", func(t *testing.T, f *fixture) { os.WriteFile(f.job.Out, []byte("precious"), 0o600) }, "signer.exists"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, "sm2")
			f.rewrite(t, pdftest.Document(pdftest.Options{Pages: 3, Padding: large}))
			c := f.begin(t)
			time.Sleep(20 * time.Millisecond) // file systems' clocks tick slowly
			tt.change(t, f)
			res, err := c.Finish(context.Background(), f.job)
			if (err == nil) != (tt.code == "") || !strings.HasPrefix(codeOf(err), tt.code) {
				t.Fatalf("error %v", err)
			}
			if err == nil {
				if data, _ := os.ReadFile(res.Path); sum(data) != res.SHA256 || !bytes.HasPrefix(data, f.input) {
					t.Error("the result does not describe the file")
				}
			}
			if left, _ := filepath.Glob(filepath.Join(f.dir, ".sealdesk-*")); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
			if _, err := os.Lstat(f.job.Out); tt.code != "" && tt.code != "signer.exists" && !errors.Is(err, os.ErrNotExist) {
				t.Error("there is an output")
			}
		})
	}
}

// draft is the copy's own file.
func (f *fixture) draft(t *testing.T) string {
	t.Helper()
	drafts, _ := filepath.Glob(filepath.Join(f.dir, ".sealdesk-*"))
	if len(drafts) != 1 {
		t.Fatalf("copies: %v", drafts)
	}
	return drafts[0]
}

// TestADocumentThatChangesWhileItIsCopiedIsRefused, also where nobody knows its digest beforehand.
func TestADocumentThatChangesWhileItIsCopiedIsRefused(t *testing.T) {
	for _, expected := range []bool{true, false} {
		f := newFixture(t, "ecdsa")
		f.rewrite(t, pdftest.Document(pdftest.Options{Pages: 3, Padding: large}))
		if !expected {
			f.job.ExpectSHA256 = ""
		}
		once := false
		f.job.Progress = func(s signer.Step, done, total int64) {
			if s == signer.StepPrepare && done > total/2 && !once {
				once = true
				time.Sleep(20 * time.Millisecond)
				file, _ := os.OpenFile(f.job.In, os.O_WRONLY, 0)
				file.WriteAt([]byte("X"), int64(len(f.input))-1<<20)
				file.Close()
			}
		}
		_, err := f.job.Begin(context.Background())
		if !errors.Is(err, &pdfsig.Error{Kind: pdfsig.Changed}) || !once {
			t.Errorf("error %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(f.dir, ".sealdesk-*")); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func TestACancelledCopyLeavesNothing(t *testing.T) {
	f := newFixture(t, "sm2")
	f.rewrite(t, pdftest.Document(pdftest.Options{Pages: 3, Padding: large}))
	ctx, cancel := context.WithCancel(context.Background())
	f.job.Progress = func(s signer.Step, done, total int64) {
		if done > 3<<20 {
			cancel()
		}
	}
	if _, err := f.job.Begin(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	f.clean(t)
	// Or it is there, and nobody wants it.
	f.job.Progress = nil
	c := f.begin(t)
	c.Discard()
	c.Discard()
	f.clean(t)
	if _, err := c.Finish(context.Background(), f.job); err == nil || f.key.asked != 0 {
		t.Errorf("error %v, the key was asked %d times", err, f.key.asked)
	}
	f.clean(t)
}

// TestTwoJobsOfOneDocument run beside each other; of two with one name the second is refused.
func TestTwoJobsOfOneDocument(t *testing.T) {
	f := newFixture(t, "ecdsa")
	one, two := f.begin(t), f.begin(t)
	if _, err := one.Finish(context.Background(), f.job); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Finish(context.Background(), f.job); codeOf(err) != "signer.exists" {
		t.Errorf("error %v", err)
	}
	three := f.begin(t)
	f.job.Out = filepath.Join(f.dir, "third.pdf")
	if _, err := three.Finish(context.Background(), f.job); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(f.dir); len(entries) != 3 {
		t.Errorf("the folder holds %v", entries)
	}
}

func TestAFullDiskIsSaidOfACopy(t *testing.T) {
	small := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=10m", "none", small).CombinedOutput(); err != nil {
		t.Skipf("no small file system here: %v %s", err, out)
	}
	defer exec.Command("umount", small).Run()
	f := newFixture(t, "ecdsa")
	f.rewrite(t, pdftest.Document(pdftest.Options{Pages: 2, Padding: 11 << 20}))
	f.job.Out = filepath.Join(small, "a.pdf")
	if _, err := f.job.Begin(context.Background()); codeOf(err) != "signer.disk_full" {
		t.Errorf("error %v", err)
	}
	// There is room for the copy, but none for the signature.
	f.rewrite(t, pdftest.Document(pdftest.Options{Pages: 2, Padding: 9 << 20}))
	c, err := f.job.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(small, "fills"), make([]byte, 2<<20), 0o600); err == nil {
		t.Fatal("the disk is not full, and nothing is tested")
	}
	if _, err := c.Finish(context.Background(), f.job); codeOf(err) != "signer.disk_full" {
		t.Errorf("error %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(small, ".sealdesk-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	f.clean(t)
}

// placing is how long a person takes, at the least, to put a seal on a page.
const placing = time.Second

// BenchmarkClick signs what was copied before: what a person waits for after the click, beside the key's own time.
func BenchmarkClick(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int64
	}{{"1MB", 1 << 20}, {"200MB", 200 << 20}, {"1GB", 1 << 30}} {
		for _, alg := range []string{"rsa", "sm2"} {
			b.Run(size.name+"/"+alg, func(b *testing.B) {
				dir := b.TempDir()
				p := cmstest.New(b, alg, cmstest.Options{})
				in := filepath.Join(dir, "in.pdf")
				writeLarge(b, in, size.bytes)
				key := &timedKey{countingKey: countingKey{Signer: p.Key}}
				job := signer.Job{In: in, Out: filepath.Join(dir, "out.pdf"), Key: key, Chain: p.Chain,
					Seal: redSeal(), Places: []seal.Place{place(b, "page=1,x=60mm,y=80mm")}}
				var own time.Duration
				for b.Loop() {
					os.Remove(job.Out)
					c, err := job.Begin(b.Context())
					if err != nil {
						b.Fatal(err)
					}
					time.Sleep(placing)
					key.took = 0
					started := time.Now()
					if _, err := c.Finish(b.Context(), job); err != nil {
						b.Fatal(err)
					}
					own += time.Since(started) - key.took
				}
				b.ReportMetric(float64(own.Microseconds())/1000/float64(b.N), "own-ms/click")
				b.ReportMetric(0, "ns/op") // most of which went before the click
			})
		}
	}
}

// timedKey tells how long the key took.
type timedKey struct {
	countingKey
	took time.Duration
}

func (k *timedKey) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	started := time.Now()
	defer func() { k.took += time.Since(started) }()
	return k.countingKey.Sign(r, digest, opts)
}

func writeLarge(b *testing.B, path string, size int64) {
	b.Helper()
	doc := pdftest.NewLarge(pdf.Table, size)
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, io.NewSectionReader(doc, 0, doc.Size())); err != nil {
		b.Fatal(err)
	}
}
