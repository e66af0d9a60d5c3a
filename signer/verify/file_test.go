package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

// TestJSON holds the form that `verify --json` documents.
func TestJSON(t *testing.T) {
	buyer := cmstest.New(t, "sm2", cmstest.Options{Name: "某县财政局"})
	p := newPaper(t)
	p.sign(buyer, signing{fieldName: "First"})
	p.sign(buyer, signing{fieldName: "Second"})
	text, err := json.Marshal(p.verify(buyer))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, []string{"findings", "signatures", "timeStamps", "verdict"}) {
		t.Errorf("keys %v", keys)
	}
	first := got["signatures"].([]any)[0].(map[string]any)
	want := []string{"algorithm", "changesAfter", "coversWholeFile", "field", "findings", "level", "revocation", "signedAt", "signer", "stampedAt", "stampedBy", "verdict"}
	if keys := slices.Sorted(maps.Keys(first)); !slices.Equal(keys, want) {
		t.Errorf("keys of a signature %v", keys)
	}
	for k, v := range map[string]any{"algorithm": "SM2-SM3", "coversWholeFile": false, "field": "First", "level": "B", "revocation": "not_known",
		"signedAt": "2025-06-01T12:00:00+08:00", "signer": "某县财政局", "verdict": "valid"} {
		if first[k] != v {
			t.Errorf("%s is %v, want %v", k, first[k], v)
		}
	}
	finding := first["findings"].([]any)[0].(map[string]any)
	if keys := slices.Sorted(maps.Keys(finding)); !slices.Equal(keys, []string{"code", "message"}) {
		t.Errorf("keys of a finding %v", keys)
	}
	if text, err = json.Marshal(newPaper(t).verify()); err != nil || string(text) != `{"verdict":"unsigned","signatures":[],"timeStamps":[],"findings":[]}` {
		t.Errorf("unsigned: %s %v", text, err)
	}
}

// TestCatalogue: every finding has a message, and no placeholder stays open.
func TestCatalogue(t *testing.T) {
	for code, known := range catalogue.Known {
		f := find(code, "detail", "d", "field", "f", "algorithm", "a", "subfilter", "s", "page", 1, "name", "n", "at", "t", "policies", "p")
		if known.Message == "" || strings.ContainsAny(f.Message, "{}") {
			t.Errorf("%s: %q", code, f.Message)
		}
	}
}

type faulty struct {
	io.ReaderAt
	at  int64
	err error
}

func (f faulty) ReadAt(p []byte, off int64) (int, error) {
	if off <= f.at && f.at < off+int64(len(p)) {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(p, off)
}

// TestBrokenDisk: an error of reading is an error, not a verdict.
func TestBrokenDisk(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.sign(buyer, signing{})
	disk := errors.New("bad sector")
	for at := range int64(len(p.data)) {
		if at%37 != 0 {
			continue
		}
		r, err := File(context.Background(), faulty{bytes.NewReader(p.data), at, disk}, int64(len(p.data)), Options{Now: testNow})
		if !errors.Is(err, disk) || r != nil {
			t.Fatalf("fault at byte %d: %v %v", at, r, err)
		}
	}
	// A file that is shorter than it was said to be.
	if r, err := File(context.Background(), bytes.NewReader(p.data[:100]), int64(len(p.data)), Options{}); err == nil {
		t.Errorf("a file that shrank is %s", r.Verdict)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := newPaper(t)
	if r, err := File(ctx, bytes.NewReader(p.data), int64(len(p.data)), Options{}); !errors.Is(err, context.Canceled) || r != nil {
		t.Errorf("%v %v", r, err)
	}
}

func TestNotPDF(t *testing.T) {
	for _, data := range []string{"", "hello", "%PDF-1.7\n", "%PDF-1.7\nstartxref\n0\n%%EOF\n", strings.Repeat("%PDF-", 1000)} {
		if r := verifyBytes(t, []byte(data)); r.Verdict != Invalid || len(r.Findings) == 0 {
			t.Errorf("%.20q is %s", data, r.Verdict)
		}
	}
}

// bigPaper is a signed file with a stream of that many bytes.
func bigPaper(t testing.TB, size int, by *cmstest.Party) *paper {
	p := newPaper(t)
	p.update(map[int]string{objText: stream("", strings.Repeat("q Q ", size/4))})
	p.objects[objText] = ""
	p.sign(by, signing{})
	return p
}

// TestMemoryIsFlat: judging 64 MiB takes no more memory than judging little.
func TestMemoryIsFlat(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := bigPaper(t, 64<<20, buyer)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := p.verify(buyer)
	runtime.ReadMemStats(&after)
	if !r.Valid() {
		t.Fatal(allCodes(r))
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
}

func BenchmarkFile256MiB(b *testing.B) {
	buyer := cmstest.New(b, "rsa", cmstest.Options{})
	p := bigPaper(b, 256<<20, buyer)
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(int64(len(p.data)))
		b.ReportAllocs()
		for b.Loop() {
			if r := p.verify(buyer); !r.Valid() {
				b.Fatal(allCodes(r))
			}
		}
	})
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(int64(len(p.data)))
		for b.Loop() {
			sha256.Sum256(p.data)
		}
	})
}

func FuzzFile(f *testing.F) {
	buyer := cmstest.New(f, "ecdsa", cmstest.Options{})
	p := newPaper(f)
	p.sign(buyer, signing{rect: "[0 0 9 9]"})
	signed := bytes.Clone(p.data)
	f.Add(p.data)
	p.sign(buyer, signing{})
	f.Add(p.data)
	f.Add([]byte("%PDF-1.7\n"))
	office := newOffice(f, nil)
	f.Add(office.sealed(f, newPaper(f).data, sealingTime, ""))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := verifyBytes(t, data, buyer)
		if !r.Valid() {
			return
		}
		b := r.Signatures[0].ByteRange
		if !bytes.HasPrefix(signed, data[:b[1]]) || !bytes.Equal(signed[b[2]:], data[b[2]:b[2]+b[3]]) {
			t.Fatal("a file that nobody signed is valid")
		}
	})
}
