package ses_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/finding"
	"sealdesk/signer/ses"
)

var update = flag.Bool("update", false, "make the vectors in testdata anew, with new keys")

// A vector is one file of testdata/vectors with what must be found in it. Whoever
// judges it trusts makers.pem for seals and roots.pem for signatures.
type vector struct {
	File     string    `json:"file"`
	Kind     string    `json:"kind"` // SESeal or SES_Signature
	Version  int       `json:"version"`
	Fault    string    `json:"fault"` // in words; of a good one, what is special
	Want     string    `json:"want"`  // the one code that decides; "" for valid
	Without  []string  `json:"without,omitempty"`
	Now      time.Time `json:"now"`
	Digest   string    `json:"digest,omitempty"`   // of the document
	Property string    `json:"property,omitempty"` // of the document

	data []byte
}

const vectorFolder = "testdata/vectors"

type trusted struct{ makers, roots, between []*smx509.Certificate }

func makeVectors(t *testing.T) ([]vector, trusted) {
	t.Helper()
	c := newCast(t)
	var who trusted
	for _, p := range c.trustedMakers() {
		who.makers = append(who.makers, p.Root)
		who.between = append(who.between, p.Chain[1])
	}
	for _, p := range c.trustedSigners() {
		who.roots = append(who.roots, p.Root)
		who.between = append(who.between, p.Chain[1])
	}
	var out []vector
	for _, f := range faults(c) {
		v := vector{File: f.name + ".der", Kind: "SESeal", Version: f.version, Fault: f.what, Without: f.without, Now: f.now}
		if v.Version == 0 {
			v.Version = 4
		}
		if f.want != "" {
			v.Want = "ses." + f.want
		}
		if v.Now.IsZero() {
			v.Now = date(2026, 6, 1)
		}
		if f.seal != nil {
			frame := newSeal(c, v.Version)
			f.seal(frame)
			v.data = frame.build()
		} else {
			frame := newStamp(c, v.Version)
			f.sign(frame)
			v.Kind, v.Digest, v.Property = "SES_Signature", hex.EncodeToString(frame.docDigest), frame.docProperty
			v.data = frame.build()
		}
		out = append(out, v)
	}
	return out, who
}

func writeVectors(t *testing.T, vectors []vector, who trusted) {
	t.Helper()
	if err := os.RemoveAll(vectorFolder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(vectorFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(vectorFolder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, certs := range map[string][]*smx509.Certificate{
		"makers.pem": who.makers, "roots.pem": who.roots, "between.pem": who.between,
	} {
		var b bytes.Buffer
		for _, c := range certs {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
		}
		write(name, b.Bytes())
	}
	for _, v := range vectors {
		write(v.File, v.data)
	}
	index, err := json.MarshalIndent(vectors, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	write("vectors.json", append(index, '\n'))
}

func readVectors(t testing.TB) ([]vector, trusted) {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(vectorFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	certs := func(name string) (out []*smx509.Certificate) {
		for block, rest := pem.Decode(read(name)); block != nil; block, rest = pem.Decode(rest) {
			out = append(out, must(smx509.ParseCertificate(block.Bytes)))
		}
		return out
	}
	var vectors []vector
	if err := json.Unmarshal(read("vectors.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	for i := range vectors {
		vectors[i].data = read(vectors[i].File)
	}
	return vectors, trusted{certs("makers.pem"), certs("roots.pem"), certs("between.pem")}
}

// judge gives the report, or the error as its only finding.
func (v vector) judge(who trusted) *ses.Report {
	opts := ses.Options{Makers: who.makers, Roots: who.roots, Intermediates: who.between, Now: v.Now}
	if slices.Contains(v.Without, "makers") {
		opts.Makers = nil
	}
	if slices.Contains(v.Without, "roots") {
		opts.Roots = nil
	}
	var err error
	if v.Kind == "SESeal" {
		var s *ses.Seal
		if s, err = ses.ParseSeal(v.data); err == nil {
			return s.Judge(opts)
		}
	} else {
		var s *ses.Signature
		if s, err = ses.ParseSignature(v.data); err == nil {
			return s.Judge(ses.Document{Digest: must(hex.DecodeString(v.Digest)), PropertyInfo: v.Property}, opts)
		}
	}
	var e *ses.Error
	if !errors.As(err, &e) {
		panic(err)
	}
	return &ses.Report{Verdict: finding.Invalid, Findings: finding.List{e.Finding}}
}

// Each vector has one fault, and that is what is found: no other, and nothing in a good one.
func TestVectors(t *testing.T) {
	fresh, who := makeVectors(t)
	if *update {
		writeVectors(t, fresh, who)
	}
	kept, keptWho := readVectors(t)
	if len(kept) != len(fresh) || len(kept) < 100 {
		t.Errorf("%d vectors in testdata, %d are made: run go test -update", len(kept), len(fresh))
	}
	check := func(vectors []vector, who trusted) func(*testing.T) {
		return func(t *testing.T) {
			for _, v := range vectors {
				r := v.judge(who)
				var found []string
				for _, f := range r.Findings {
					if f.Severity != finding.Note {
						found = append(found, f.Code)
					}
				}
				var want []string
				if v.Want != "" {
					want = []string{v.Want}
				}
				// Without makers there is one more doubt about a seal whose maker nobody could trust anyway.
				if slices.Contains(v.Without, "makers") && v.Want != "ses.no_makers" {
					want = append(want, "ses.no_makers")
				}
				if !slices.Equal(found, want) {
					t.Errorf("%s (%s): found %v, want %v", v.File, v.Fault, found, want)
				}
				if r.Valid() != (v.Want == "") {
					t.Errorf("%s (%s): %s", v.File, v.Fault, r.Verdict)
				}
			}
		}
	}
	t.Run("kept", check(kept, keptWho))
	t.Run("fresh", check(fresh, who))
	t.Run("named", func(t *testing.T) {
		for i := range min(len(kept), len(fresh)) {
			k, f := kept[i], fresh[i]
			if k.File != f.File || k.Fault != f.Fault || k.Want != f.Want || k.Kind != f.Kind {
				t.Errorf("testdata has %s (%s), the generator %s (%s)", k.File, k.Fault, f.File, f.Fault)
			}
		}
	})
}

// Whatever a good vector says is encoded again to the same bytes, and its every cut is refused.
func TestCutsAreRefused(t *testing.T) {
	vectors, _ := readVectors(t)
	for _, v := range vectors {
		if v.File != "good-seal-v4.der" && v.File != "good-sign-v1.der" && v.File != "good-sign-v5.der" {
			continue
		}
		for n := range v.data {
			cut := v
			cut.data = v.data[:n]
			if r := cut.judge(trusted{}); r.Findings[0].Severity != finding.Fatal {
				t.Fatalf("%s: the first %d bytes are taken", v.File, n)
			}
		}
	}
}

// No single bit of a good vector can change and leave it valid.
func TestEveryBitCounts(t *testing.T) {
	vectors, who := readVectors(t)
	for _, v := range vectors {
		switch v.File {
		case "good-seal-v1.der", "good-seal-v4.der", "good-seal-rsa.der", "good-sign-v1.der", "good-sign-v5.der":
		default:
			continue
		}
		if r := v.judge(who); !r.Valid() {
			t.Fatalf("%s: %v", v.File, r.Findings)
		}
		for at := 0; at < len(v.data); at++ {
			flipped := v
			flipped.data = bytes.Clone(v.data)
			flipped.data[at] ^= 1 << (at % 8)
			// Chains are slow to look at, and needed only where the rest found nothing.
			if flipped.judge(trusted{}).Verdict != finding.Invalid && flipped.judge(who).Valid() {
				t.Errorf("%s: byte %d may change", v.File, at)
			}
		}
	}
}
