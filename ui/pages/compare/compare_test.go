package compare

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"sealdesk/assets"
	"sealdesk/signer/cleancopy"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
)

// opened shows the page as the sidebar opens it.
func opened(t *testing.T, w *pagetest.World) (*pagetest.Host, *Page) {
	t.Helper()
	h := pagetest.NewHost(t, w.Desk, w.Buyer())
	p := New(h).(*Page)
	h.Open(p)
	return h, p
}

func drop(p *Page, at fyne.Position, paths ...string) {
	var files []fyne.URI
	for _, path := range paths {
		files = append(files, storage.NewFileURI(path))
	}
	p.Drop(at, files)
}

// Two files that are dropped are compared; the keys go from one difference to the next in both, round and round.
func TestTwoFilesAreCompared(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	if !h.Says(p.t("compare.first")) || !h.Says(p.t("compare.second")) {
		t.Fatalf("%q", h.Texts())
	}
	h.Fits()
	h.Picture("compare-ask")
	a, b := w.Contract(2), w.Contract(3)
	drop(p, fyne.Position{}, a, b)
	h.Until("the comparison", func() bool { return p.result != nil })
	n := len(p.shown.All)
	if n == 0 || p.shown.Report.Same || !h.Says("处不同") {
		t.Fatalf("%d differences, %q", n, h.Texts())
	}
	h.Fits()
	if p.at != 1 {
		t.Errorf("difference %d is in front", p.at)
	}
	for want := 2; want <= n+1; want++ {
		p.typed(&fyne.KeyEvent{Name: fyne.KeyF7})
		if expect := (want-1)%n + 1; p.at != expect {
			t.Errorf("F7 went to %d, want %d of %d", p.at, expect, n)
		}
	}
	p.typed(&fyne.KeyEvent{Name: fyne.KeyP})
	if p.at != n {
		t.Errorf("p went to %d of %d", p.at, n)
	}
	for _, v := range p.result.views {
		if v.Current() == 0 {
			t.Error("a document is not shown")
		}
	}

	out := filepath.Join(t.TempDir(), "list.json")
	h.Save = func(string) string { return out }
	h.Press(p.t("compare.export"))
	h.Until("the list", func() bool { return len(h.Toasts) > 0 })
	var told struct {
		FileA       string           `json:"fileA"`
		Differences []map[string]any `json:"differences"`
	}
	data, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(data, &told)
	}
	if err != nil || told.FileA != filepath.Base(a) || len(told.Differences) != len(p.shown.Report.Differences) {
		t.Errorf("%v: %s", err, data)
	}

	// It is offered again the next time.
	p.again()
	h.Until("what was compared", func() bool { return h.Says(p.t("compare.lately")) })
	h.Fits()
	h.Press(p.t("compare.once_more"))
	h.Until("the comparison", func() bool { return p.result != nil })
}

// The same words in both files are said to be the same, and there is nothing to go to.
func TestFilesThatAreTheSame(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	drop(p, fyne.Position{}, w.Contract(2), w.Contract(2))
	h.Until("the comparison", func() bool { return p.result != nil })
	if !h.Says(p.t("compare.none")) || !h.Says(p.t("compare.said.same")) {
		t.Errorf("%q", h.Texts())
	}
	p.typed(&fyne.KeyEvent{Name: fyne.KeyF7})
	if p.at != 0 {
		t.Errorf("difference %d is in front of none", p.at)
	}
	h.Fits()
	h.Settle(300 * time.Millisecond)
	h.Picture("compare-same")
}

// What cannot be compared is named with the reason, and another file may be chosen.
func TestWhatCannotBeCompared(t *testing.T) {
	w := pagetest.NewWorld(t)
	torn := filepath.Join(t.TempDir(), "破损.pdf")
	if err := os.WriteFile(torn, []byte("%PDF-1.7\nnothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, file, says string }{
		{"damaged", torn, "“破损.pdf”无法比对"},
		{"word", w.Sample, "是 Word 文件"},
		{"gone", filepath.Join(t.TempDir(), "没有.pdf"), "“没有.pdf”无法比对"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, p := opened(t, w)
			drop(p, fyne.NewPos(0, 100), w.Contract(1))
			if p.sides[0].paper == nil || p.sides[1].paper != nil {
				t.Fatal("a file that fell on the left is not there")
			}
			drop(p, fyne.NewPos(5000, 100), tt.file)
			h.Until("the reason", func() bool { return h.Says(tt.says) })
			h.Fits()
			h.Picture("compare-refused-" + tt.name)
			h.Press(p.t("compare.other_files"))
			if !h.Says(p.t("compare.drop")) {
				t.Errorf("%q", h.Texts())
			}
		})
	}
}

// Cancelling goes back to the files, and the documents are closed.
func TestComparingIsCancelled(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	drop(p, fyne.Position{}, w.Contract(60), w.Contract(61))
	h.Press(p.t("button.cancel"))
	h.Until("the files", func() bool { return h.Says(p.t("compare.change")) })
	if p.shown != nil || p.result != nil {
		t.Error("a comparison that was cancelled is shown")
	}
}

// The views go together: a page that was put in on the right leaves the left one where it is.
func TestViewsScrollTogether(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	drop(p, fyne.Position{}, w.Contract(9), w.Contract(9))
	h.Until("the comparison", func() bool { return p.result != nil })
	left, right := p.result.views[0], p.result.views[1]
	left.GoTo(5)
	if l, r := left.Current(), right.Current(); l != r || l < 4 {
		t.Errorf("left on page %d, right on page %d", l, r)
	}
	left.ZoomIn()
	if left.Zoom() != right.Zoom() {
		t.Errorf("left at %s, right at %s", left.Zoom(), right.Zoom())
	}
	right.GoTo(2)
	if l, r := left.Current(), right.Current(); l != r {
		t.Errorf("left on page %d, right on page %d", l, r)
	}
}

// Pictures of a contract as it comes back from the other party, in both languages and in both sizes of the window.
func TestPictures(t *testing.T) {
	if os.Getenv("SEALDESK_PICTURES") == "" {
		t.Skip("for looking at: set SEALDESK_PICTURES")
	}
	for _, lang := range []string{words.Chinese, words.English} {
		for _, size := range []fyne.Size{fyne.NewSize(1366-216, 768-56), fyne.NewSize(1024-216, 680-56)} {
			w := pagetest.NewWorldIn(t, lang)
			h, p := opened(t, w)
			h.Window().Resize(size)
			name := "compare-" + lang + "-" + map[bool]string{true: "1366", false: "1024"}[size.Width > 1000]
			h.Settle(100 * time.Millisecond)
			h.Picture(name + "-ask")
			a, b := cleaned(t, "甲.pdf", nil), cleaned(t, "乙.pdf", changes)
			drop(p, fyne.Position{}, a, b)
			h.Until("the comparison", func() bool { return p.result != nil })
			h.Settle(time.Second)
			h.Picture(name)
			for range 4 {
				p.typed(&fyne.KeyEvent{Name: fyne.KeyN})
			}
			h.Settle(time.Second)
			h.Picture(name + "-next")
			t.Log(p.shown.Sentence())
		}
	}
}

// A picture of a Word document beside its clean copy.
func TestPictureOfTheUpload(t *testing.T) {
	if os.Getenv("SEALDESK_PICTURES") == "" {
		t.Skip("for looking at: set SEALDESK_PICTURES")
	}
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	w.Clean(work, w.Sample)
	uploaded, err := work.Uploaded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clean := work.Paper(*work.View(t.Context()).Filing.Clean)
	h := pagetest.NewHost(t, w.Desk, s)
	h.Window().Resize(fyne.NewSize(1366-216, 768-56))
	p := Of(h, &uploaded, RoleUploaded, &clean, RoleClean).(*Page)
	h.Open(p)
	h.Until("the comparison", func() bool { return p.result != nil })
	h.Settle(time.Second)
	h.Picture("compare-upload")
}

var changes = strings.NewReplacer("采购人", "采购方", "日内", "个工作日内", "验收合格", "到货")

// cleaned is the sample contract with its words changed, as a clean copy.
func cleaned(t *testing.T, name string, change *strings.Replacer) string {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "in.docx")
	data := assets.SampleContract()
	if change != nil {
		data = changed(t, data, change)
	}
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, name)
	if _, err := (cleancopy.Cleaner{}).Clean(t.Context(), in, out, cleancopy.Options{}); err != nil {
		t.Fatal(err)
	}
	return out
}

func changed(t *testing.T, docx []byte, change *strings.Replacer) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(docx), int64(len(docx)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "word/document.xml" {
			data = []byte(change.Replace(string(data)))
		}
		to, err := out.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Files that are dropped while others are compared take their place, and how far the work is stays in sight.
func TestOtherFilesAreDroppedMeanwhile(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	drop(p, fyne.Position{}, w.Contract(60), w.Contract(61))
	drop(p, fyne.Position{}, w.Contract(2), w.Contract(3))
	asked := false
	h.Until("the comparison", func() bool {
		asked = asked || h.Says(p.t("compare.lead"))
		return p.result != nil
	})
	if asked {
		t.Error("it asks for files while it compares those that it has")
	}
}
