package demo

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/dss"
	"sealdesk/signer/fetch"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/revocation"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/ca"
)

// archive is all that it takes to keep a contract: an authority that answers for its certificates, a signer, a time-stamp
// service, and a clock for the latter.
type archive struct {
	authority *ca.Authority
	server    *httptest.Server
	cert      *smx509.Certificate
	stampCert *smx509.Certificate
	job       signer.Job
	ask       *revocation.Checker
	dir       string
}

func newArchive(t *testing.T, alg ca.Algorithm, ends, stampEnds time.Time) *archive {
	t.Helper()
	authority, err := ca.New(alg)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{authority: authority, dir: t.TempDir(), ask: &revocation.Checker{Fetcher: &fetch.Client{Private: true}}}
	mux := http.NewServeMux()
	mux.Handle("/", authority.Handler())
	a.server = httptest.NewServer(mux)
	t.Cleanup(a.server.Close)
	pair := func(name string, purpose ca.Purpose, until time.Time, byList bool) tsa.Pair {
		key, err := ca.GenerateKey(alg)
		if err != nil {
			t.Fatal(err)
		}
		req := ca.Request{Subject: ca.Subject{Name: name}, PublicKey: key.Public(), Usage: token.UsageSign, Purpose: purpose,
			OCSP: a.server.URL + ca.OCSPPath, NotBefore: time.Now().AddDate(0, -1, 0), NotAfter: until}
		if byList {
			req.OCSP, req.CRL = "", a.server.URL+ca.CRLPath(alg)
		}
		cert, err := authority.Issue(req)
		if err != nil {
			t.Fatal(err)
		}
		return tsa.Pair{Key: key, Chain: []*smx509.Certificate{cert}}
	}
	signs, stamps := pair("某某医院", ca.ForDocuments, ends, false), pair("某某授时", ca.ForTimeStamps, stampEnds, true)
	service, err := tsa.NewAuthority(tsa.AuthorityConfig{Pairs: []tsa.Pair{stamps}, Policy: asn1.ObjectIdentifier{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("POST /tsa", func(w http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		answer, err := service.Stamp(r.Context(), query)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", tsa.AnswerType)
		_, _ = w.Write(answer)
	})
	a.cert, a.stampCert = signs.Chain[0], stamps.Chain[0]
	in := filepath.Join(a.dir, "in.pdf")
	if err := os.WriteFile(in, pdftest.Document(pdftest.Options{Pages: 2}), 0o600); err != nil {
		t.Fatal(err)
	}
	a.job = signer.Job{In: in, Key: signs.Key, Chain: signs.Chain, Roots: authority.Roots(), Revocation: a.ask,
		Stamps: &tsa.Client{URL: a.server.URL + "/tsa", Roots: authority.Roots()}}
	return a
}

func (a *archive) path(name string) string { return filepath.Join(a.dir, name) }

func (a *archive) sign(t *testing.T, name string, level signer.Level) string {
	t.Helper()
	job := a.job
	job.Out, job.Level = a.path(name), level
	if level == signer.LevelB {
		job.Stamps = nil
	}
	if _, err := job.Run(t.Context()); err != nil {
		t.Fatalf("%s: %v", level, err)
	}
	return job.Out
}

// extend brings a file to a level.
func (a *archive) extend(t *testing.T, in, out string, level signer.Level) (string, error) {
	t.Helper()
	result, err := signer.Extension{In: in, Out: a.path(out), Level: level, Revocation: a.ask, Stamps: a.job.Stamps,
		Judging: verify.Options{Roots: a.job.Roots}}.Run(t.Context())
	return result.Path, err
}

func (a *archive) judge(t *testing.T, path string, now time.Time, ask verify.Revocation) *verify.Report {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.File(t.Context(), f, info.Size(), verify.Options{Roots: a.job.Roots, Now: now, Revocation: ask})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func codesOf(r *verify.Report) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Code)
	}
	for _, s := range r.Signatures {
		for _, f := range s.Findings {
			out = append(out, f.Code)
		}
	}
	return out
}

// From end to end, with every algorithm: a contract is signed at each level. When the certificate has ended and nobody can
// be asked any more, LT and LTA stand, and B does not; when it was revoked after it signed, too.
func TestLongTermLevels(t *testing.T) {
	for _, alg := range ca.Algorithms() {
		t.Run(string(alg), func(t *testing.T) {
			now := time.Now()
			a := newArchive(t, alg, now.Add(24*time.Hour), now.AddDate(5, 0, 0))
			files := map[signer.Level]string{}
			for _, level := range []signer.Level{signer.LevelB, signer.LevelT, signer.LevelLT, signer.LevelLTA} {
				files[level] = a.sign(t, string(level)+".pdf", level)
			}
			for level, file := range files {
				r := a.judge(t, file, now.Add(time.Minute), nil)
				s := r.Signatures[0]
				if r.Verdict != verify.Valid || signer.Level(s.Level) != level || len(r.Signatures) != 1 {
					t.Errorf("%s: %s, level %s, %v", level, r.Verdict, s.Level, codesOf(r))
				}
				lasting := level == signer.LevelLT || level == signer.LevelLTA
				if lasting != (s.Revocation == revocation.Good) || lasting == r.Signatures[0].Findings.Has("verify.revocation_unknown") {
					t.Errorf("%s: revocation %s, %v", level, s.Revocation, codesOf(r))
				}
				if len(r.Stamps) != map[bool]int{true: 1}[level == signer.LevelLTA] {
					t.Errorf("%s: %d document time stamps", level, len(r.Stamps))
				}
			}
			// Three years later, offline.
			later := now.AddDate(3, 0, 0)
			for level, want := range map[signer.Level]verify.Verdict{signer.LevelB: verify.Untrusted, signer.LevelT: verify.Valid, signer.LevelLT: verify.Valid, signer.LevelLTA: verify.Valid} {
				r := a.judge(t, files[level], later, nil)
				if r.Verdict != want || level != signer.LevelB && signer.Level(r.Signatures[0].Level) != level {
					t.Errorf("%s in three years: %s, level %s, %v", level, r.Verdict, r.Signatures[0].Level, codesOf(r))
				}
			}
			// The key is stolen after it signed.
			if err := a.authority.Revoke(a.cert, ca.KeyCompromise, time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			for level, want := range map[signer.Level]verify.Verdict{signer.LevelB: verify.Untrusted, signer.LevelT: verify.Valid, signer.LevelLTA: verify.Valid} {
				if r := a.judge(t, files[level], time.Now().Add(2*time.Second), a.ask); r.Verdict != want {
					t.Errorf("%s, revoked afterwards: %s, %v", level, r.Verdict, codesOf(r))
				}
			}
		})
	}
}

// A file is brought from level to level without a key. What was signed is the beginning of what comes of it, nothing is put
// in twice, and in the end the file can be kept for good by stamping it again.
func TestExtension(t *testing.T) {
	now := time.Now()
	for _, alg := range ca.Algorithms() {
		t.Run(string(alg), func(t *testing.T) {
			a := newArchive(t, alg, now.Add(24*time.Hour), now.AddDate(5, 0, 0))
			step := func(in, out string, level signer.Level, stamps int) string {
				t.Helper()
				path, err := a.extend(t, in, out, level)
				if err != nil {
					t.Fatalf("%s: %v", out, err)
				}
				before, errA := os.ReadFile(in)
				after, errB := os.ReadFile(path)
				if errA != nil || errB != nil || !bytes.HasPrefix(after, before) {
					t.Errorf("%s does not begin with %s: %v, %v", out, in, errA, errB)
				}
				r := a.judge(t, path, now.Add(time.Minute), nil)
				if r.Verdict != verify.Valid || r.Signatures[0].Level != string(level) || len(r.Stamps) != stamps || len(r.Signatures) != 1 {
					t.Errorf("%s: %s, level %s, %d stamps: %v", out, r.Verdict, r.Signatures[0].Level, len(r.Stamps), codesOf(r))
				}
				return path
			}
			b, st := a.sign(t, "b.pdf", signer.LevelB), a.sign(t, "t.pdf", signer.LevelT)
			step(b, "b-lt.pdf", signer.LevelLT, 1)
			step(b, "b-lta.pdf", signer.LevelLTA, 2)
			lt := step(st, "lt.pdf", signer.LevelLT, 0)
			lta := step(lt, "lta.pdf", signer.LevelLTA, 1)
			again := step(lta, "lta2.pdf", signer.LevelLTA, 2)
			// The last time stamp's own answers can be kept, too, once.
			answered, err := a.extend(t, lta, "answered.pdf", signer.LevelLT)
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{lt, answered} {
				if _, err := a.extend(t, file, "x.pdf", signer.LevelLT); codeOf(err) != "signer.nothing_to_extend" {
					t.Errorf("%s to LT: %v", file, err)
				}
			}
			store := storeOf(t, again)
			seen := map[string]bool{}
			for _, item := range slices.Concat(store.Certs, store.OCSPs, store.CRLs) {
				if seen[string(item.DER)] {
					t.Error("something is in the store twice")
				}
				seen[string(item.DER)] = true
			}
			if len(store.Certs) < 3 || len(store.OCSPs) != 1 || len(store.CRLs) != 1 {
				t.Errorf("%d certificates, %d answers, %d lists", len(store.Certs), len(store.OCSPs), len(store.CRLs))
			}
			if vri, ok := store.Dict[dss.KeyVRI].(pdf.Dict); !ok || vri[pdf.Name(a.judge(t, again, now, nil).Signatures[0].StoreName)] == nil {
				t.Errorf("VRI has no entry of the signature: %v", store.Dict)
			}
			// The counterparty signs on top of it all.
			job := a.job
			job.In, job.Out, job.Level = again, a.path("two.pdf"), signer.LevelLTA
			result, err := job.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range result.Report.Signatures {
				if s.Level != "LTA" || s.Verdict != verify.Valid {
					t.Errorf("%s: %s, level %s: %v", s.Field, s.Verdict, s.Level, s.Findings)
				}
			}
		})
	}
}

func storeOf(t *testing.T, path string) *dss.Store {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	store, err := dss.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func codeOf(err error) string {
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	return ""
}

// What cannot be had leaves no file behind, and is told for what it is: bad is not the same as not known.
func TestLongTermRefusals(t *testing.T) {
	now := time.Now()
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, a *archive)
		code  string
	}{
		"nobody answers": {func(t *testing.T, a *archive) {
			a.ask.Fetcher = &fetch.Client{} // which may not go where the authority is
		}, "signer.revocation_unknown"},
		"revoked before": {func(t *testing.T, a *archive) {
			if err := a.authority.Revoke(a.cert, ca.KeyCompromise, now.Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
		}, "signer.revoked"},
		"the time-stamp authority is revoked": {func(t *testing.T, a *archive) {
			if err := a.authority.Revoke(a.stampCert, ca.KeyCompromise, now.Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
		}, "signer.not_verified"},
		"no time-stamp service": {func(t *testing.T, a *archive) { a.job.Stamps = nil }, "signer.no_stamps"},
		"it is down":            {func(t *testing.T, a *archive) { a.job.Stamps.URL = "http://127.0.0.1:1/" }, "fetch.unreachable"},
		"the signer is unknown": {func(t *testing.T, a *archive) { a.job.Roots = nil }, "signer.not_trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newArchive(t, ca.ECDSA, now.AddDate(1, 0, 0), now.AddDate(5, 0, 0))
			file := a.sign(t, "t.pdf", signer.LevelT)
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tc.spoil(t, a)
			if _, err := a.extend(t, file, "out.pdf", signer.LevelLTA); codeOf(err) != tc.code {
				t.Errorf("%v", err)
			}
			job := a.job
			job.Out, job.Level = a.path("signed.pdf"), signer.LevelLTA
			if name != "the signer is unknown" && name != "no time-stamp service" {
				if _, err := job.Run(t.Context()); codeOf(err) != tc.code {
					t.Errorf("signing: %v", err)
				}
			}
			after, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the document was touched: %v", err)
			}
			if left, err := os.ReadDir(a.dir); err != nil || len(left) != 2 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
	a := newArchive(t, ca.ECDSA, now.AddDate(1, 0, 0), now.AddDate(5, 0, 0))
	if _, err := a.extend(t, a.job.In, "out.pdf", signer.LevelLT); codeOf(err) != "signer.nothing_to_extend" {
		t.Errorf("unsigned: %v", err)
	}
	file := a.sign(t, "t.pdf", signer.LevelT)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[bytes.Index(data, []byte("stream"))+20] ^= 1
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.extend(t, file, "out.pdf", signer.LevelLT); codeOf(err) != "signer.earlier_broken" {
		t.Errorf("altered: %v", err)
	}
}

// A document that is certified against any change may be kept all the same, in both forms of cross-reference sections.
func TestLongTermUnderCertification(t *testing.T) {
	now := time.Now()
	for _, options := range []pdftest.Options{{Pages: 2}, {Pages: 2, Form: pdf.XRefStream}} {
		a := newArchive(t, ca.ECDSA, now.AddDate(1, 0, 0), now.AddDate(5, 0, 0))
		if err := os.WriteFile(a.job.In, pdftest.Document(options), 0o600); err != nil {
			t.Fatal(err)
		}
		a.job.Certify = 1
		file := a.sign(t, "lta.pdf", signer.LevelLTA)
		path, err := a.extend(t, file, "lta2.pdf", signer.LevelLTA)
		if err != nil {
			t.Fatal(err)
		}
		r := a.judge(t, path, now.Add(time.Minute), nil)
		if s := r.Signatures[0]; r.Verdict != verify.Valid || s.Level != "LTA" || s.Certifies != 1 || len(r.Stamps) != 2 {
			t.Errorf("%s, level %s: %v", r.Verdict, s.Level, codesOf(r))
		}
	}
}
