package cleancopy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/cleancopy"
	"sealdesk/signer/cleancopy/docxtest"
	"sealdesk/signer/cleancopy/office"
)

// pages is a contract of so many full pages.
func pages(n int) []byte {
	line := `<w:p><w:r><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="仿宋"/></w:rPr><w:t>` +
		strings.Repeat("本合同未尽事宜，由双方另行签订补充协议，补充协议与本合同具有同等效力。", 2) + `</w:t></w:r></w:p>`
	const last = `<w:p><w:r><w:br w:type="page"/></w:r></w:p>`
	one := strings.Repeat(line, 15)
	return docxtest.Document{Body: strings.Repeat(one+last, n-1) + one}.Bytes()
}

// BenchmarkCleanWord measures clean copies beside a bare conversion of the same file by the same LibreOffice, run in turn
// with each. The bare one has a profile that exists; ours is private and made anew for a cold one. x-peer is our time
// divided by the other's.
func BenchmarkCleanWord(b *testing.B) {
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		b.Skip("LibreOffice is not installed")
	}
	for _, n := range []int{1, 51} {
		clean := func(b *testing.B, w *office.Warm, in string) {
			b.Helper()
			c := cleancopy.Cleaner{Office: w}
			c.Prepare(in)
			report, err := c.Clean(b.Context(), in, filepath.Join(b.TempDir(), "out.pdf"), cleancopy.Options{})
			if err != nil || report.Pages != n {
				b.Fatalf("%d pages of %d, %v", report.Pages, n, err)
			}
		}
		in := filepath.Join(b.TempDir(), "in.docx")
		if err := os.WriteFile(in, pages(n), 0o600); err != nil {
			b.Fatal(err)
		}
		profile, out := b.TempDir(), b.TempDir()
		bare := func(b *testing.B) time.Duration {
			b.Helper()
			begin := time.Now()
			said, err := exec.Command(soffice, "-env:UserInstallation=file://"+profile, "--headless", "--convert-to", "pdf", "--outdir", out, in).CombinedOutput()
			if err != nil {
				b.Fatalf("%v: %s", err, said)
			}
			return time.Since(begin)
		}
		measure := func(b *testing.B, ours func()) {
			b.Helper()
			bare(b) // the profile exists from now on
			var spent, theirs time.Duration
			for b.Loop() {
				begin := time.Now()
				ours()
				spent += time.Since(begin)
				b.StopTimer()
				theirs += bare(b)
				b.StartTimer()
			}
			b.ReportMetric(float64(theirs.Milliseconds())/float64(b.N), "soffice-ms/op")
			b.ReportMetric(spent.Seconds()/theirs.Seconds(), "x-peer")
		}
		b.Run(fmt.Sprintf("cold/pages=%d", n), func(b *testing.B) {
			measure(b, func() {
				w := office.NewWarm(office.Office{})
				defer w.Close()
				clean(b, w, in)
			})
		})
		b.Run(fmt.Sprintf("warm/pages=%d", n), func(b *testing.B) {
			w := office.NewWarm(office.Office{})
			defer w.Close()
			clean(b, w, in) // the second document is what is measured
			measure(b, func() { clean(b, w, in) })
			b.ReportMetric(float64(w.State().Memory>>20), "MiB-kept")
		})
	}
}
