package audit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"testing"
	"time"

	"sealdesk/platformapi/web/audit"
)

func trail(t *testing.T, n int) ([]audit.Row, audit.Head) {
	t.Helper()
	var rows []audit.Row
	var head audit.Head
	for range n {
		row, err := head.Append(audit.Entry{At: time.Date(2026, 11, 26, 1, 2, 3, 4000, time.UTC), Act: audit.Login, Person: "张三 <b> \u2028", USCC: "91410800MA40000001"})
		if err != nil {
			t.Fatal(err)
		}
		rows, head = append(rows, row), audit.Head{Seq: row.Seq, Hash: row.Hash}
	}
	return rows, head
}

func each(rows []audit.Row) iter.Seq2[audit.Row, error] {
	return func(yield func(audit.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// The chain is what the documentation says, so that others can follow it with their own tools.
func TestChainIsAsItIsWrittenDown(t *testing.T) {
	rows, _ := trail(t, 2)
	// RFC 8785: members sorted, nothing escaped that need not be.
	const want = `{"act":"login","at":"2026-11-26T01:02:03.000004Z","person":"张三 <b> ` + "\u2028" + `","seq":1,"uscc":"91410800MA40000001"}`
	if rows[0].Data != want {
		t.Errorf("%s\nwant %s", rows[0].Data, want)
	}
	first := sha256.Sum256(append(make([]byte, 32), want...))
	second := sha256.Sum256(append(first[:], rows[1].Data...))
	if rows[0].Hash != hex.EncodeToString(first[:]) || rows[1].Hash != hex.EncodeToString(second[:]) {
		t.Errorf("%+v", rows)
	}
}

func TestCheck(t *testing.T) {
	rows, head := trail(t, 5)
	n := 0
	if err := audit.Check(each(rows), head, func(r audit.Row, e audit.Entry) error {
		if n++; e.Seq != int64(n) || e.Person == "" || r.Seq != e.Seq {
			t.Errorf("%+v", e)
		}
		return nil
	}); err != nil || n != 5 {
		t.Errorf("%d rows, %v", n, err)
	}
	none := func(audit.Row, audit.Entry) error { return nil }
	if err := audit.Check(each(nil), audit.Head{}, none); err != nil {
		t.Errorf("an empty trail: %v", err)
	}
	// Every single character counts: none can be another one.
	for i := range rows {
		for at := range []byte(rows[i].Data) {
			spoilt := append([]audit.Row(nil), rows...)
			data := []byte(spoilt[i].Data)
			data[at] ^= 1
			spoilt[i].Data = string(data)
			f, ok := errors.AsType[*audit.Fault](audit.Check(each(spoilt), head, none))
			if !ok || f.Seq > int64(i+1) {
				t.Fatalf("row %d, byte %d: %v", i+1, at, f)
			}
		}
	}
	wrong := errors.New("no")
	if err := audit.Check(each(rows), head, func(audit.Row, audit.Entry) error { return wrong }); !errors.Is(err, wrong) {
		t.Error(err)
	}
	if err := audit.Check(func(yield func(audit.Row, error) bool) { yield(audit.Row{}, wrong) }, head, none); !errors.Is(err, wrong) {
		t.Error(err)
	}
}
