//go:build unix

package office

import (
	"os"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	w := NewWarm(Office{})
	defer w.Close()
	for range 4 {
		s := time.Now()
		out, err := w.Convert(t.Context(), "../../../assets/samples/sample-contract.docx", t.TempDir(), PDFA2b)
		st, _ := os.Stat(out)
		t.Log(time.Since(s), out, err, w.State(), st)
	}
}
