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
	b.ReportMetric(ours/theirs, "x-peer")
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

// BenchmarkStart measures from nothing to a sandbox that can open documents: cold
// compiles PDFium, as once after an installation; warm finds it compiled.
func BenchmarkStart(b *testing.B) {
	start := func(b *testing.B, dir string) {
		b.Helper()
		r := preview.New(preview.Options{CacheDir: dir})
		defer r.Close()
		if err := r.Warm(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			start(b, b.TempDir())
		}
	})
	b.Run("warm", func(b *testing.B) {
		dir := b.TempDir()
		start(b, dir)
		for b.Loop() {
			start(b, dir)
		}
	})
}

// BenchmarkFirstPage measures from the choice of a file of 300 pages to its first
// page at the size of a screen, beside another program that draws that page.
func BenchmarkFirstPage(b *testing.B) {
	const pages, width, dpi = 300, 1240, "150"
	lines := make([]string, 25)
	for i := range lines {
		lines[i] = strconv.Itoa(i) + "本合同未尽事宜，由双方另行签订补充协议，补充协议与本合同具有同等效力。"
	}
	all := make([]testPage, pages)
	for i := range all {
		all[i].lines = lines
	}
	path := filepath.Join(b.TempDir(), "long.pdf")
	if err := os.WriteFile(path, makePDF(all, ""), 0o600); err != nil {
		b.Fatal(err)
	}
	tool, err := exec.LookPath("pdftoppm")
	if err != nil {
		b.Skip("pdftoppm, beside which this is measured, is not installed")
	}
	if err := shared.Warm(b.Context()); err != nil {
		b.Fatal(err)
	}
	out := filepath.Join(b.TempDir(), "p")
	var ours, theirs time.Duration
	for b.Loop() {
		begin := time.Now()
		d, err := shared.OpenFile(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		render(b, d, 1, width)
		ours += time.Since(begin)
		d.Close()

		b.StopTimer()
		begin = time.Now()
		if err := exec.Command(tool, "-r", dpi, "-f", "1", "-l", "1", path, out).Run(); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(begin)
		b.StartTimer()
	}
	b.ReportMetric(float64(theirs.Milliseconds())/float64(b.N), "pdftoppm-ms/op")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "x-peer")
}
