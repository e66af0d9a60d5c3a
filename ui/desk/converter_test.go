package desk

import (
	"testing"
	"time"

	"sealdesk/assets"
)

// One LibreOffice serves the desk from the first Word file until the desk closes.
func TestAConverterIsKept(t *testing.T) {
	w := newWorld(t)
	w.cleaner = nil // the desk takes its own
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	must(t, work.AttachFiling(t.Context(), w.file))
	_, err := work.Clean(t.Context(), nil)
	must(t, err)
	if got := s.desk.Converter(); got.Running {
		t.Errorf("it runs for a PDF: %+v", got)
	}
	must(t, work.AttachFiling(t.Context(), write(t, "采购合同.docx", assets.SampleContract())))
	for deadline := time.Now().Add(patience); !s.desk.Converter().Running; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not start for a Word file")
		}
	}
	for range 2 {
		_, err = work.Clean(t.Context(), nil)
		must(t, err)
	}
	if got := s.desk.Converter(); got.Documents != 2 || got.Cold != nil || got.Memory == 0 {
		t.Errorf("%+v", got)
	}
	w.shut(s)
	if got := s.desk.Converter(); got.Running {
		t.Errorf("it outlives the desk: %+v", got)
	}
}
