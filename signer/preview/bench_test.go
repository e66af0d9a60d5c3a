package preview_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"sealdesk/signer/preview"
)

// benchFile is a document to measure with: the one that SEALDESK_BENCH_PDF names,
// or pages of our own.
func benchFile(b *testing.B) (string, []byte) {
	b.Helper()
	if path := os.Getenv("SEALDESK_BENCH_PDF"); path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		return path, data
	}
	lines := make([]string, 25)
	for i := range lines {
		lines[i] = strconv.Itoa(i) + "本合同未尽事宜，由双方另行签订补充协议，补充协议与本合同具有同等效力。"
	}
	pages := make([]testPage, 10)
	for i := range pages {
		pages[i].lines = lines
	}
	pages[9].lines = append([]string{"采购人（盖章）："}, lines[:10]...)
	data := makePDF(pages, "")
	path := filepath.Join(b.TempDir(), "bench.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	return path, data
}

func BenchmarkRender150dpi(b *testing.B) {
	path, data := benchFile(b)
	d := open(b, data)
	n := 0
	start := time.Now()
	for b.Loop() {
		render(b, d, 1+n%d.Pages(), 1240)
		n++
	}
	ours := time.Since(start).Seconds() / float64(n)

	tool, err := exec.LookPath("pdftoppm")
	if err != nil {
		return
	}
	start = time.Now()
	if err := exec.Command(tool, "-r", "150", path, filepath.Join(b.TempDir(), "p")).Run(); err != nil {
		b.Fatal(err)
	}
	theirs := time.Since(start).Seconds() / float64(d.Pages())
	b.ReportMetric(theirs*1000, "pdftoppm-ms/page")
	b.ReportMetric(ours/theirs, "ratio")
}

func BenchmarkFind(b *testing.B) {
	_, data := benchFile(b)
	d := open(b, data)
	for b.Loop() {
		if _, err := d.Find(b.Context(), "采购人（盖章）"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(d.Pages()), "pages")
}

func BenchmarkOpen(b *testing.B) {
	_, data := benchFile(b)
	for b.Loop() {
		d, err := shared.OpenBytes(b.Context(), data)
		if err != nil {
			b.Fatal(err)
		}
		d.Close()
	}
}

func BenchmarkStart(b *testing.B) {
	for _, c := range []struct {
		name string
		dir  func() string
	}{
		{"cold", b.TempDir},
		{"warm", func() func() string { dir := b.TempDir(); return func() string { return dir } }()},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				r := preview.New(preview.Options{CacheDir: c.dir()})
				if err := r.Warm(b.Context()); err != nil {
					b.Fatal(err)
				}
				r.Close()
			}
		})
	}
}
