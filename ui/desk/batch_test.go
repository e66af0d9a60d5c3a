package desk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/signer/batch"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/seal"
)

// contracts is a folder of n contracts, of one to three pages in turn, and one that is damaged.
func (w *world) contracts(n int) string {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "合同")
	must(w.t, os.MkdirAll(dir, 0o700))
	for i := range n {
		must(w.t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("合同%02d.pdf", i)), pdftest.Document(pdftest.Options{Pages: 1 + i%3}), 0o600))
	}
	must(w.t, os.WriteFile(filepath.Join(dir, "坏.pdf"), []byte("%PDF-1.7\nnothing"), 0o600))
	return dir
}

func (w *world) rule(s *Session, place string) BatchRule {
	w.t.Helper()
	seals, err := s.Seals()
	must(w.t, err)
	p, err := seal.ParsePlace(place)
	must(w.t, err)
	return BatchRule{Seal: seals[0], Places: []seal.Place{p}}
}

func TestABatchIsCheckedAndSealed(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	b := s.NewBatch()
	must(t, b.Add(w.contracts(4)))
	b.SetRule(w.rule(s, "page=last,x=60mm,y=200mm"))
	if err := b.Run(t.Context(), BatchRequest{PIN: []byte(rightPIN)}, nil); err == nil {
		t.Fatal("files were sealed that were not shown")
	}
	steps := 0
	must(t, b.Check(t.Context(), func(done, total int, _ batch.Outcome) {
		if steps++; done != steps || total != 5 {
			t.Errorf("%d of %d", done, total)
		}
	}))
	v := b.View()
	if v.Count[batch.Ready] != 4 || v.Count[batch.Failed] != 1 || len(v.Groups) != 1 || v.Groups[0].Problem.What == "" || v.Groups[0].Names[0] != "坏.pdf" {
		t.Fatalf("%v %+v", v.Count, v.Groups)
	}
	shown, spots, err := b.Preview(t.Context(), v.Rows[1].Item.Name)
	must(t, err)
	x, y, width, _, err := SpotMM(t.Context(), shown.Document, spots[0])
	must(t, err)
	if spots[0].Page != 2 || x < 59 || x > 61 || y < 199 || y > 201 || width < 41 || shown.Document.SHA256() != v.Rows[1].SourceSHA256 {
		t.Errorf("the seal goes to %+v: %f, %f, %f mm", spots, x, y, width)
	}
	must(t, shown.Close())

	w.told(b.Run(t.Context(), BatchRequest{PIN: []byte("wrong")}, nil), CodePINWrong)
	if k := key(t, s.Desk(), buyer); k.Tries != tries-1 {
		t.Errorf("a wrong PIN cost %d tries", tries-k.Tries)
	}
	if v := b.View(); v.Count[batch.Ready] != 4 {
		t.Fatalf("%v", v.Count)
	}
	must(t, b.Run(t.Context(), BatchRequest{PIN: []byte(rightPIN)}, nil))
	v = b.View()
	if v.Count[batch.Signed] != 4 {
		t.Fatalf("%v %+v", v.Count, v.Groups)
	}
	for _, o := range v.Rows {
		if o.State != batch.Signed {
			continue
		}
		if r, err := s.Desk().Verify(t.Context(), o.Path); err != nil || !s.signed(r) || len(r.Signatures) != 1 {
			t.Errorf("%s: %v", o.Path, err)
		}
	}
	table, err := os.ReadFile(filepath.Join(v.Out, BatchSummary))
	must(t, err)
	if n := strings.Count(string(table), "\r\n"); n != 6 || !strings.Contains(string(table), "合同03.pdf") || !strings.Contains(string(table), "已盖章") {
		t.Errorf("the summary has %d lines:\n%s", n, table)
	}

	// The one that failed is mended and done, and no other is sealed again.
	bad := filepath.Join(filepath.Dir(v.Rows[0].Item.In), "坏.pdf")
	must(t, os.WriteFile(bad, pdftest.Document(pdftest.Options{Pages: 2}), 0o600))
	must(t, b.CheckAgain(t.Context(), nil))
	must(t, b.Run(t.Context(), BatchRequest{PIN: []byte(rightPIN)}, nil))
	if v := b.View(); v.Count[batch.Signed] != 5 || s.UnfinishedBatch() != nil {
		t.Errorf("%v", v.Count)
	}
}

// A document that is changed between being shown and the PIN is not sealed.
func TestNothingIsSealedInABatchThatWasNotShown(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	b := s.NewBatch()
	must(t, b.Add(w.contracts(2)))
	b.SetRule(w.rule(s, "page=1,x=60mm,y=200mm"))
	must(t, b.Check(t.Context(), nil))
	changed := b.View().Rows[0]
	must(t, os.WriteFile(changed.Item.In, pdftest.Document(pdftest.Options{Pages: 3}), 0o600))
	if _, _, err := b.Preview(t.Context(), changed.Item.Name); err == nil {
		t.Error("it is shown as it was not checked")
	}
	must(t, b.Run(t.Context(), BatchRequest{PIN: []byte(rightPIN)}, nil))
	v := b.View()
	if v.Rows[0].State != batch.Failed || v.Rows[1].State != batch.Signed {
		t.Errorf("%v %+v", v.Count, v.Groups)
	}
}

// A batch that was stopped is offered again after the next login, and goes on.
func TestABatchGoesOnAfterARestart(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	b := s.NewBatch()
	must(t, b.Add(w.contracts(60)))
	b.SetRule(w.rule(s, "page=last,x=60mm,y=200mm"))
	must(t, b.Check(t.Context(), nil))
	ctx, stop := context.WithCancel(t.Context())
	err := b.Run(ctx, BatchRequest{PIN: []byte(rightPIN)}, func(done, _ int, _ batch.Outcome) {
		if done == 2 {
			stop()
		}
	})
	before := b.View()
	if !errors.Is(err, context.Canceled) || before.Count[batch.Ready] == 0 || before.Count[batch.Signed] < 2 {
		t.Fatalf("%v: %v", before.Count, err)
	}
	s = w.restart(s, buyer)
	b = s.UnfinishedBatch()
	if b == nil {
		t.Fatal("no batch is offered")
	}
	must(t, b.Check(t.Context(), nil))
	if v := b.View(); v.Count[batch.Signed] != before.Count[batch.Signed] || v.Count[batch.Ready] != before.Count[batch.Ready] {
		t.Fatalf("%v, it was %v", v.Count, before.Count)
	}
	must(t, b.Run(t.Context(), BatchRequest{PIN: []byte(rightPIN)}, nil))
	if v := b.View(); v.Count[batch.Signed] != 60 {
		t.Errorf("%v", v.Count)
	}
}

func TestFilesOfABatchAreChosen(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	b := s.NewBatch()
	dir := w.contracts(3)
	must(t, b.Add(filepath.Join(dir, "合同00.pdf")))
	must(t, b.Add(dir))
	v := b.View()
	if len(v.Rows) != 4 || filepath.Base(v.Out) != "已签章" {
		t.Fatalf("%d files to %s", len(v.Rows), v.Out)
	}
	b.Remove(v.Rows[0].Item.Name)
	if v := b.View(); len(v.Rows) != 3 {
		t.Errorf("%d files", len(v.Rows))
	}
}

// A name in the summary is never a formula.
func TestTheSummaryHoldsNoFormula(t *testing.T) {
	w := newWorld(t)
	rows := []batch.Outcome{{Item: batch.Item{Name: `=HYPERLINK("x").pdf`}, State: batch.Signed}}
	if text := string(BatchTable(w.words, rows)); !strings.Contains(text, `"'=HYPERLINK(""x"").pdf"`) {
		t.Error(text)
	}
}
