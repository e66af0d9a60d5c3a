package bid

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/signer/verify"
)

// seeds gives the vectors' files.
func seeds(f *testing.F, each func(data []byte)) {
	files, err := filepath.Glob("testdata/vectors/*.vec")
	if err != nil || len(files) < 100 {
		f.Fatalf("%d vectors, %v", len(files), err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := strings.Cut(string(text), "\n\n")
		data, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			f.Fatal(err)
		}
		each(data)
	}
}

// FuzzOpen: whatever a file holds, reading it ends in an answer, and what passes for a bid is all there.
func FuzzOpen(f *testing.F) {
	seeds(f, func(data []byte) { f.Add(data) })
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		report, err := b.Verify(ctx, verify.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range b.Manifest().Parts {
			if p.Sealed() {
				continue
			}
			r, err := b.Part(p.Code)
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
			if err == nil && int64(len(content)) != p.Size || err != nil && len(report.Damage) == 0 {
				t.Fatalf("part %s: %d bytes of %d, %v", p.Code, len(content), p.Size, err)
			}
		}
		// Written anew it is the same file.
		h := head{uint32(len(b.raw)), uint32(len(b.area)), uint32(len(joinEnvelopes(b.ders)))}
		again := bytes.Join([][]byte{h.bytes(), b.raw, b.area, joinEnvelopes(b.ders)}, nil)
		if !bytes.HasPrefix(data, again) {
			t.Fatal("the frame is written otherwise than it was read")
		}
	})
}

// FuzzManifest: what is read as a manifest is written as it was, and lays out a file of a size that can be.
func FuzzManifest(f *testing.F) {
	seeds(f, func(data []byte) {
		if h, err := readHead(data); err == nil && int64(len(data)) > headSize+int64(h.manifest) {
			f.Add(data[headSize : headSize+h.manifest])
		}
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		again, err := canonical(m)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("read %q, written %q, %v", data, again, err)
		}
		places, size := m.places(headSize)
		at := int64(0)
		for _, p := range places {
			at += p.chunks*digestSize + p.part.Size + p.chunks*p.tag
			offset, n := p.span(p.chunks - 1)
			if n < p.tag || offset+n > size || p.chunks > MaxChunks {
				t.Fatalf("part %+v in a file of %d bytes", p, size)
			}
		}
		if at != size-headSize {
			t.Fatalf("%d bytes of parts in a file of %d", at, size)
		}
		_, _ = m.Reveal([]byte(`{"fields":[],"nonce":""}`))
	})
}

// FuzzOutline: an outline that is read can be held against any bid.
func FuzzOutline(f *testing.F) {
	f.Add(`{"tender":"T","lot":"1","name":"N","parts":[{"code":"a","name":"A","kind":"technical","required":true,"envelope":"技术","types":[".pdf"]}],` +
		`"price":{"envelope":"报价","fields":[{"name":"投标总价","kind":"amount","required":true,"capitals":true,"max":"100"},{"name":"工期","kind":"days","required":false}]}}`)
	f.Add(`{"tender":"T","lot":"1","name":"","parts":[{"code":"a","name":"A","kind":"k","required":false,"envelope":""}]}`)
	f.Add(`[]`)
	money := func(text string) (int64, string, error) { return int64(len(text)), text, nil }
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ReadOutline(strings.NewReader(text))
		if err != nil {
			if e, ok := err.(*Error); !ok || e.Kind != BadOutline {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		b := Builder{Parts: []Source{{Code: o.Parts[0].Code, Path: "x.pdf"}}, Price: Price{[]Field{{Name: "投标总价", Value: "1"}}}}
		o.Apply(&b)
		if b.Tender == "" || b.Lot == "" || b.Parts[0].Kind == "" {
			t.Fatalf("%+v", b)
		}
		o.Check(&b, money)
		o.CheckManifest(&Manifest{Parts: []Part{{Code: "a"}}})
	})
}
