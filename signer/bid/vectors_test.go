package bid_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/bid"
	"sealdesk/signer/verify"
)

// leastVectors is how many there are at least, so that a walk in the wrong place fails.
const leastVectors = 100

// said writes what became of a bid as vectors do: the kind of error with its part and chunk.
func said(err error) string {
	var e *bid.Error
	if !errors.As(err, &e) {
		return fmt.Sprintf("untyped: %v", err)
	}
	s := string(e.Kind)
	if e.Part != "" && e.Kind != bid.PriceMismatch {
		s += " " + e.Part
		if e.Kind != bid.DigestsAltered {
			s += fmt.Sprintf(" %d", e.Chunk)
		}
	}
	return s
}

// outcome reads a bid to the end, in the order of FORMAT.md, 9.
func outcome(data []byte, keys []bid.Key) string {
	ctx := context.Background()
	b, err := bid.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return said(err)
	}
	report, err := b.Verify(ctx, verify.Options{}, nil)
	switch {
	case err != nil:
		return said(err)
	case !report.Signature.Intact:
		return string(bid.BadSignature)
	case len(report.Damage) > 0:
		return said(report.Damage[0])
	}
	var certs []*smx509.Certificate
	for _, k := range keys {
		certs = append(certs, k.Certificate)
	}
	find := func(name string) (bid.Key, error) {
		c, err := b.Find(name, certs)
		if err != nil {
			return bid.Key{}, err
		}
		for _, k := range keys {
			if k.Certificate == c {
				return k, nil
			}
		}
		panic("another certificate was found than was given")
	}
	opened := map[string]*bid.Opened{}
	for _, e := range b.Manifest().Envelopes {
		if b.Closed(e.Name) {
			k, err := find(e.Name)
			if err != nil {
				return said(err)
			}
			if _, err := b.OpenOuter(e.Name, k); err != nil {
				return said(err)
			}
		}
		k, err := find(e.Name)
		if err != nil {
			return said(err)
		}
		if opened[e.Name], err = b.OpenInner(e.Name, k); err != nil {
			return said(err)
		}
	}
	h := sha256.New()
	for _, p := range b.Manifest().Parts {
		var r *bid.Reader
		if p.Sealed() {
			r, err = opened[p.Envelope].Part(p.Code)
		} else {
			r, err = b.Part(p.Code)
		}
		if err != nil {
			return said(err)
		}
		content, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
		if err != nil {
			return said(err)
		}
		if p.Kind != bid.KindOpening {
			h.Write(content)
		}
	}
	for _, c := range b.Manifest().Commitments {
		p, _ := b.Manifest().Part(c.Part)
		if _, err := opened[p.Envelope].Price(); err != nil {
			return said(err)
		}
	}
	return "ok " + hex.EncodeToString(h.Sum(nil))
}

func vectorFiles(t testing.TB) []string {
	files, err := filepath.Glob(filepath.Join(vectors, "*.vec"))
	if err != nil || len(files) < leastVectors {
		t.Fatalf("%d vectors, %v", len(files), err)
	}
	return files
}

func TestVectors(t *testing.T) {
	for _, path := range vectorFiles(t) {
		fields, data := readVector(t, path)
		var keys []bid.Key
		for _, name := range strings.Fields(fields["keys"]) {
			keys = append(keys, readKey(t, name))
		}
		if got := outcome(data, keys); got != fields["want"] {
			t.Errorf("%s (%s): %s, want %s", filepath.Base(path), fields["note"], got, fields["want"])
		}
	}
}

// The decoder that is kept beside the format, which shares no code with this package, comes to the same.
func TestIndependentDecoder(t *testing.T) {
	out := decode(t, "--vectors", vectors)
	decoded := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		name, what, _ := strings.Cut(lines.Text(), " ")
		decoded[name] = what
	}
	for _, path := range vectorFiles(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".vec")
		if fields, _ := readVector(t, path); decoded[name] != fields["want"] {
			t.Errorf("%s (%s): %s, want %s", name, fields["note"], decoded[name], fields["want"])
		}
	}
}

// decode runs the decoder.
func decode(t *testing.T, args ...string) []byte {
	t.Helper()
	for _, program := range []string{"python3", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not here")
		}
	}
	out, err := exec.Command("python3", append([]string{"-B", "decode.py"}, args...)...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v\n%s%s", err, out, exit.Stderr)
		}
		t.Fatal(err)
	}
	return out
}

// It reads what a Builder made.
func TestIndependentDecoderReadsOurs(t *testing.T) {
	for cipher, algorithm := range ciphers {
		t.Run(string(cipher), func(t *testing.T) {
			p := newParties(t, algorithm)
			p.bidder, p.platform = readKey(t, "bidder-"+algorithm), readKey(t, "platform-"+algorithm)
			b, contents := p.builder(t, 5000, 3000, 100)
			b.ChunkSize = 1024
			build(t, b)
			dir := t.TempDir()
			name := func(who string) string { return filepath.Join(vectors, "keys", who+"-"+algorithm+".pem") }
			out := decode(t, b.Out, name("platform"), name("bidder"), "-o", dir)
			if !strings.Contains(string(out), "投标总价 3286000.00 叁佰贰拾捌万陆仟元整") {
				t.Errorf("%s", out)
			}
			for i, s := range b.Parts {
				if got, err := os.ReadFile(filepath.Join(dir, s.Name)); err != nil || !bytes.Equal(got, contents[i]) {
					t.Errorf("part %s: %d bytes, %v", s.Code, len(got), err)
				}
			}
		})
	}
}
