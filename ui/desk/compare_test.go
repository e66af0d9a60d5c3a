package desk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/assets"
	"sealdesk/signer/compare"
	"sealdesk/signer/pdf/pdftest"
)

func (w *world) paper(name string, o pdftest.Options) Paper {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	must(w.t, os.WriteFile(path, pdftest.Document(o), 0o600))
	return PaperAt(path)
}

func TestComparisonOfTwoFiles(t *testing.T) {
	w := newWorld(t)
	d := w.desk("a")
	a, b := w.paper("甲.pdf", pdftest.Options{Pages: 2}), w.paper("乙.pdf", pdftest.Options{Pages: 3})
	steps := map[string]bool{}
	c, err := d.Compare(t.Context(), a, b, compare.Options{}, func(step string, _, _ int64) { steps[step] = true })
	must(t, err)
	defer c.Close()
	if len(c.All) == 0 || !strings.Contains(c.Sentence(), "1 页") || c.Partner(1, true) != 1 || !steps["compare.read"] {
		t.Errorf("%s: %+v, steps %v", c.Sentence(), c.Report, steps)
	}
	out := filepath.Join(t.TempDir(), "清单.txt")
	must(t, c.Export(t.Context(), out))
	text, err := os.ReadFile(out)
	must(t, err)
	for _, want := range []string{"甲.pdf", "乙.pdf", c.Sentence(), "新增页"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the list lacks %q:\n%s", want, text)
		}
	}
	if err := c.Export(t.Context(), out); err == nil {
		t.Error("a file was overwritten")
	}
}

// What cannot be compared is named, and the other document is closed again.
func TestNotComparable(t *testing.T) {
	w := newWorld(t)
	d := w.desk("a")
	good := w.paper("好.pdf", pdftest.Options{Pages: 1})
	torn := filepath.Join(t.TempDir(), "坏.pdf")
	must(t, os.WriteFile(torn, []byte("%PDF-1.7\n"), 0o600))
	word := filepath.Join(t.TempDir(), "合同.docx")
	must(t, os.WriteFile(word, []byte("PK\x03\x04"), 0o600))
	kept := good
	kept.SHA256 = strings.Repeat("0", 64)
	for name, tt := range map[string]struct {
		paper Paper
		says  string
	}{
		"damaged": {PaperAt(torn), "“坏.pdf”无法比对"},
		"word":    {PaperAt(word), "Word 文件"},
		"gone":    {PaperAt(filepath.Join(t.TempDir(), "无.pdf")), "“无.pdf”无法比对"},
		"changed": {kept, "“好.pdf”无法比对"},
	} {
		for _, pair := range [][2]Paper{{good, tt.paper}, {tt.paper, good}} {
			c, err := d.Compare(t.Context(), pair[0], pair[1], compare.Options{}, nil)
			if err == nil {
				t.Fatalf("%s was compared: %+v", name, c.Report)
			}
			if p := w.words.Problem(err); !strings.Contains(p.What, tt.says) || p.Do == "" {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
}

func TestComparedLately(t *testing.T) {
	w := newWorld(t)
	d := w.desk("a")
	var last Pair
	for range 7 {
		last = Pair{A: w.paper("甲.pdf", pdftest.Options{Pages: 1}).Path, B: w.paper("乙.pdf", pdftest.Options{Pages: 1}).Path}
		must(t, d.RememberCompared(last))
	}
	must(t, d.RememberCompared(last))
	pairs := d.ComparedLately()
	if len(pairs) != 5 || pairs[0] != last || pairs[1] == last {
		t.Fatalf("%+v", pairs)
	}
	must(t, os.Remove(last.A))
	if pairs := d.ComparedLately(); len(pairs) != 4 {
		t.Errorf("a file that is gone is offered: %+v", pairs)
	}
}

// The other side compares what it received with the round before; the starter what came back with what it sent.
func TestVersionsOfAContract(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	mine := w.submitted(w.at(buyer), "lot-1")
	if ours, theirs := mine.Versions(ctx); ours != nil || theirs != nil {
		t.Errorf("nothing came, but %v and %v", ours, theirs)
	}
	theirSession := w.at(seller)
	other := w.open(theirSession, mine.ID())
	ours, first := other.Versions(ctx)
	if first == nil || ours != nil || first.SHA256 != mine.View(ctx).Filing.Sealed.SHA256 {
		t.Fatalf("the first round: %v, %v", ours, first)
	}
	sent, err := other.Refuse(ctx, "金额不对")
	w.deliver(sent, err)
	must(t, mine.Refresh(ctx))
	corrected := filepath.Join(t.TempDir(), "修改稿.pdf")
	must(t, os.Link(w.file, corrected))
	w.file = corrected
	w.clean(mine)
	w.seal(mine)
	sent, err = mine.Submit(ctx)
	w.deliver(sent, err)
	must(t, other.Refresh(ctx))
	ours, second := other.Versions(ctx)
	if ours == nil || second == nil || ours.SHA256 != first.SHA256 || second.SHA256 == first.SHA256 {
		t.Fatalf("the second round: %+v, %+v", ours, second)
	}
	if ours.Name != first.Name || second.Name != "修改稿.pdf" {
		t.Errorf("%q beside %q", ours.Name, second.Name)
	}
	c, err := theirSession.Desk().Compare(ctx, *ours, *second, compare.Options{}, nil)
	must(t, err)
	must(t, c.Close())
}

// A Word document is shown beside its clean copy as it was uploaded; its pages are made once.
func TestTheUploadBesideItsCleanCopy(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	word := filepath.Join(t.TempDir(), "合同.docx")
	must(t, os.WriteFile(word, assets.SampleContract(), 0o600))
	must(t, work.AttachFiling(t.Context(), word))
	_, err := work.Clean(t.Context(), nil)
	must(t, err)
	uploaded, err := work.Uploaded(t.Context())
	must(t, err)
	c, err := s.Desk().Compare(t.Context(), uploaded, work.Paper(*work.View(t.Context()).Filing.Clean), compare.Options{}, nil)
	must(t, err)
	defer c.Close()
	if c.Report.Same || c.Report.TooDifferent || uploaded.Name != "合同.docx" {
		t.Errorf("%s", c.Sentence())
	}
	before, err := os.Stat(stored(work, &uploaded.file))
	must(t, err)
	again, err := work.Uploaded(t.Context())
	must(t, err)
	if after, err := os.Stat(stored(work, &again.file)); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("it was made anew: %v", err)
	}

	must(t, work.AttachFiling(t.Context(), w.file))
	if p, err := work.Uploaded(t.Context()); err != nil || p.SHA256 == "" || p.file != *work.View(t.Context()).Filing.Original {
		t.Errorf("a PDF shows itself: %+v, %v", p, err)
	}
}
