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
	_, err = work.Uploaded(t.Context())
	must(t, err)
	if got := s.desk.Converter(); got.Documents != 3 || got.Cold != nil {
		t.Errorf("the upload's pages: %+v", got)
	}
	b := s.NewBatch()
	must(t, b.Add(write(t, "补充合同.docx", assets.SampleContract())))
	rule := w.rule(s, "page=1,x=60mm,y=200mm")
	rule.Clean = true
	b.SetRule(rule)
	must(t, b.Check(t.Context(), nil))
	if got := s.desk.Converter(); got.Documents != 4 || got.Cold != nil {
		t.Errorf("a batch: %+v", got)
	}
	w.shut(s)
	if got := s.desk.Converter(); got.Running {
		t.Errorf("it outlives the desk: %+v", got)
	}
}
