package demo

import (
	"encoding/asn1"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/fetch"
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
