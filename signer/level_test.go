package signer_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/ocsp"

	"sealdesk/signer"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/fetch"
	"sealdesk/signer/revocation"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
)

// registry answers about the certificates of parties: with lists that their authorities sign, and about one of them by OCSP.
type registry struct {
	t       testing.TB
	parties []*cmstest.Party
	revoked *smx509.Certificate // a minute ago
	byOCSP  *smx509.Certificate
	told    func() []revocation.Answer // instead of all that
	asked   int
}

// issuer is the certificate with the key that answers for it.
func (r *registry) issuer(c *smx509.Certificate) (crypto.Signer, bool) {
	for _, p := range r.parties {
		switch {
		case bytes.Equal(c.Raw, p.Root.Raw):
			return p.RootKey, true
		case bytes.Equal(c.Raw, p.Chain[1].Raw):
			return p.IssuerKey, true
		}
	}
	return nil, false
}

// CheckChain implements verify.Revocation.
func (r *registry) CheckChain(_ context.Context, chain []*smx509.Certificate) []revocation.Answer {
	r.t.Helper()
	r.asked++
	if r.told != nil {
		return r.told()
	}
	var out []revocation.Answer
	for i, cert := range chain[:len(chain)-1] {
		issuer := chain[i+1]
		key, ok := r.issuer(issuer)
		if !ok {
			r.t.Errorf("asked about %s", cert.Subject)
		}
		now := time.Now()
		if r.byOCSP != nil && bytes.Equal(cert.Raw, r.byOCSP.Raw) {
			out = append(out, revocation.JudgeOCSP(r.response(cert, issuer, key), cert, issuer, revocation.Question{}))
			continue
		}
		list := &smx509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Second), NextUpdate: now.Add(time.Hour)}
		if r.revoked != nil && bytes.Equal(cert.Raw, r.revoked.Raw) {
			list.RevokedCertificateEntries = []smx509.RevocationListEntry{{SerialNumber: cert.SerialNumber, RevocationTime: now.Add(-time.Minute), ReasonCode: 1}}
		}
		der, err := smx509.CreateRevocationList(rand.Reader, list, issuer, key)
		if err != nil {
			r.t.Fatal(err)
		}
		out = append(out, revocation.JudgeCRL(der, cert, issuer, revocation.Question{}))
	}
	return out
}

// response is one of OCSP, signed by a responder that the issuer appointed.
func (r *registry) response(cert, issuer *smx509.Certificate, key crypto.Signer) []byte {
	r.t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		r.t.Fatal(err)
	}
	noCheck := pkix.Extension{Id: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: []byte{5, 0}}
	der, err := smx509.CreateCertificate(rand.Reader, &smx509.Certificate{SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "Responder"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: smx509.KeyUsageDigitalSignature,
		ExtKeyUsage: []smx509.ExtKeyUsage{smx509.ExtKeyUsageOCSPSigning}, ExtraExtensions: []pkix.Extension{noCheck}}, issuer, own.Public(), key)
	if err != nil {
		r.t.Fatal(err)
	}
	responder, errA := x509.ParseCertificate(der)
	parent, errB := x509.ParseCertificate(issuer.Raw)
	if err := errors.Join(errA, errB); err != nil {
		r.t.Fatal(err)
	}
	answer, err := ocsp.CreateResponse(parent, responder, ocsp.Response{Status: ocsp.Good, SerialNumber: cert.SerialNumber,
		ThisUpdate: time.Now().Add(-time.Second), NextUpdate: time.Now().Add(time.Hour), Certificate: responder}, own)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer
}

// archive is a fixture whose signatures can be kept.
type archive struct {
	*fixture
	stamps   *stampService
	registry *registry
}

func newArchive(t *testing.T, algorithm string) *archive {
	t.Helper()
	a := &archive{fixture: newFixture(t, algorithm), stamps: newStampService(t, algorithm)}
	a.registry = &registry{t: t, parties: []*cmstest.Party{a.party, a.stamps.party}}
	a.job.Stamps, a.job.Revocation = a.stamps.client(), a.registry
	return a
}

// sign makes a file of a level; only the input and that file are in the folder then.
func (a *archive) sign(t *testing.T, level signer.Level) string {
	t.Helper()
	job := a.job
	job.Out, job.Level = filepath.Join(a.dir, string(level)+".pdf"), level
	if level == signer.LevelB {
		job.Stamps = nil
	}
	if _, err := job.Run(t.Context()); err != nil {
		t.Fatalf("%s: %v", level, err)
	}
	return job.Out
}

// extension brings a file to a level.
func (a *archive) extension(in string, level signer.Level) signer.Extension {
	return signer.Extension{In: in, Out: filepath.Join(a.dir, "out.pdf"), Level: level, Revocation: a.registry, Stamps: a.job.Stamps,
		Judging: verify.Options{Roots: []*smx509.Certificate{a.party.Root, a.stamps.party.Root}}}
}

// A job makes each level at once, and an extension makes one from the other without the key. Each authority is asked about each
// certificate once.
func TestLevels(t *testing.T) {
	for _, algorithm := range []string{"ecdsa", "sm2"} {
		t.Run(algorithm, func(t *testing.T) {
			a := newArchive(t, algorithm)
			if algorithm == "ecdsa" {
				a.registry.byOCSP = a.party.Chain[0]
			}
			job := a.job
			job.Out, job.Level = filepath.Join(a.dir, "lta.pdf"), signer.LevelLTA
			made, err := job.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s := made.Report.Signatures[0]; s.Level != "LTA" || s.Verdict != verify.Valid || len(made.Report.Stamps) != 1 || a.key.asked != 1 {
				t.Errorf("level %s, %s, %d stamps, the key was asked %d times", s.Level, s.Verdict, len(made.Report.Stamps), a.key.asked)
			}
			if a.registry.asked != 4 { // the signer's and the stamp's certificates, and their authorities'
				t.Errorf("asked %d times", a.registry.asked)
			}
			from := a.sign(t, signer.LevelB)
			for _, step := range []struct {
				level         signer.Level
				stamps, asked int
			}{{signer.LevelLT, 1, 4}, {signer.LevelLTA, 2, 0}, {signer.LevelLTA, 3, 0}} {
				before, err := os.ReadFile(from)
				if err != nil {
					t.Fatal(err)
				}
				steps := map[signer.Step]bool{}
				e := a.extension(from, step.level)
				e.Out = from + "+"
				e.Progress = func(s signer.Step, done, total int64) {
					if steps[s] = true; done > total {
						t.Errorf("%d of %d", done, total)
					}
				}
				asked := a.registry.asked
				result, err := e.Run(t.Context())
				if err != nil {
					t.Fatalf("to %s: %v", step.level, err)
				}
				if asked = a.registry.asked - asked; asked != step.asked {
					t.Errorf("to %s: asked %d times", step.level, asked)
				}
				after, err := os.ReadFile(result.Path)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.HasPrefix(after, before) || result.InputSHA256 != sum(before) || result.SHA256 != sum(after) || result.Size != int64(len(after)) {
					t.Errorf("to %s: the result does not describe the file", step.level)
				}
				if s := result.Report.Signatures[0]; s.Level != string(step.level) || s.Verdict != verify.Valid || len(result.Report.Stamps) != step.stamps || len(steps) != 4 {
					t.Errorf("to %s: level %s, %s, %d stamps, steps %v", step.level, s.Level, s.Verdict, len(result.Report.Stamps), steps)
				}
				from = result.Path
			}
			if a.key.asked != 2 {
				t.Errorf("the key was asked %d times", a.key.asked)
			}
			// The other party's signature is made of a level on top; the first one's stays.
			other := cmstest.New(t, algorithm, cmstest.Options{Name: "供应商"})
			a.registry.parties = append(a.registry.parties, other)
			job.In, job.ExpectSHA256, job.Out, job.Level = from, "", filepath.Join(a.dir, "two.pdf"), signer.LevelLT
			job.Key, job.Chain, job.Roots = other.Key, other.Chain, []*smx509.Certificate{a.party.Root, other.Root}
			job.Seal, job.Places, job.Name = nil, nil, "乙方"
			both, err := job.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s := both.Report.Signatures; len(s) != 2 || s[0].Level != "LTA" || s[1].Level != "LT" || s[1].Verdict != verify.Valid {
				t.Errorf("%+v", s)
			}
		})
	}
}

// What cannot be kept leaves no file, is told for what it is, and leaves what there was untouched.
func TestLevelRefusals(t *testing.T) {
	stranger := cmstest.New(t, "ecdsa", cmstest.Options{})
	answer := func(as ...revocation.Answer) func(*archive, *signer.Extension, func()) {
		return func(a *archive, _ *signer.Extension, _ func()) {
			a.registry.told = func() []revocation.Answer { return as }
		}
	}
	is := func(k signer.Kind) error { return &signer.Error{Kind: k} }
	made := newArchive(t, "ecdsa")
	files := map[signer.Level][]byte{"": made.input}
	for _, level := range []signer.Level{signer.LevelB, signer.LevelT, signer.LevelLT} {
		data, err := os.ReadFile(made.sign(t, level))
		if err != nil {
			t.Fatal(err)
		}
		files[level] = data
	}
	for _, tc := range []struct {
		name  string
		from  signer.Level
		spoil func(a *archive, e *signer.Extension, cancel func())
		want  error
	}{
		{"no input named", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) { e.In = "" }, is(signer.BadRequest)},
		{"no output named", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) { e.Out = "" }, is(signer.BadRequest)},
		{"a level that a key makes", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) { e.Level = signer.LevelT }, is(signer.BadRequest)},
		{"no such input", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) { e.In += "x" }, is(signer.InputMissing)},
		{"over the input", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) { e.Out = e.In }, is(signer.Exists)},
		{"no such folder", signer.LevelT, func(a *archive, e *signer.Extension, _ func()) { e.Out = filepath.Join(a.dir, "none", "out.pdf") }, is(signer.NoFolder)},
		{"called off while it is copied", signer.LevelT, func(_ *archive, e *signer.Extension, cancel func()) {
			e.Progress = func(signer.Step, int64, int64) { cancel() }
		}, context.Canceled},
		{"called off while somebody is asked", signer.LevelT, func(a *archive, _ *signer.Extension, cancel func()) {
			a.registry.told = func() []revocation.Answer { cancel(); return nil }
		}, context.Canceled},
		{"called off at the time stamp", signer.LevelT, func(a *archive, _ *signer.Extension, cancel func()) { a.stamps.before = cancel }, context.Canceled},
		{"called off at the first time stamp", signer.LevelB, func(a *archive, _ *signer.Extension, cancel func()) { a.stamps.before = cancel }, context.Canceled},
		{"called off before the time stamp", signer.LevelT, func(_ *archive, e *signer.Extension, cancel func()) {
			e.Progress = func(s signer.Step, _, _ int64) {
				if s == signer.StepVerify {
					cancel()
				}
			}
		}, context.Canceled},
		{"the input shrinks meanwhile", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) {
			e.Progress = func(s signer.Step, _, _ int64) {
				if s == signer.StepPrepare {
					_ = os.Truncate(e.In, 100)
				}
			}
		}, is(signer.InputUnreadable)},
		{"somebody takes the name", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) {
			e.Progress = func(s signer.Step, _, _ int64) {
				if s == signer.StepStore {
					_ = os.WriteFile(e.Out, []byte("theirs"), 0o600)
				}
			}
		}, is(signer.Exists)},
		{"there is nobody to ask", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) { e.Revocation = nil }, is(signer.RevocationUnknown)},
		{"fewer answers than questions", signer.LevelT, answer(), is(signer.RevocationUnknown)},
		{"an answer that knows nothing", signer.LevelT, answer(revocation.Answer{Status: revocation.NotKnown, Why: revocation.Unreachable}), is(signer.RevocationUnknown)},
		{"an answer that does not hold", signer.LevelT, answer(revocation.Answer{Status: revocation.Good, Source: revocation.OCSP, Raw: []byte{0x30, 0}}), is(signer.NotVerified)},
		{"revoked", signer.LevelT, func(a *archive, _ *signer.Extension, _ func()) { a.registry.revoked = a.party.Chain[0] }, is(signer.Revoked)},
		{"no time-stamp service", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) { e.Stamps = nil }, is(signer.NoStamps)},
		{"none for the first time stamp", signer.LevelB, func(_ *archive, e *signer.Extension, _ func()) { e.Stamps, e.Level = nil, signer.LevelLT }, is(signer.NoStamps)},
		{"the service is down", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) {
			e.Stamps = &tsa.Client{URL: "http://127.0.0.1:1/", Roots: e.Stamps.Roots}
		}, &fetch.Error{Kind: fetch.Unreachable}},
		{"its authority is trusted by none who judges", signer.LevelB, func(a *archive, e *signer.Extension, _ func()) { e.Judging.Roots = []*smx509.Certificate{a.party.Root} }, is(signer.NotVerified)},
		{"the signer is not known", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) {
			e.Judging.Roots = []*smx509.Certificate{stranger.Root}
		}, is(signer.NotTrusted)},
		{"altered", signer.LevelT, func(_ *archive, e *signer.Extension, _ func()) { alter(e.In, "(Contract, page 1)", 3) }, is(signer.EarlierBroken)},
		{"has the level", signer.LevelLT, func(_ *archive, e *signer.Extension, _ func()) { e.Level = signer.LevelLT }, is(signer.NothingToExtend)},
		{"has no signature", "", func(*archive, *signer.Extension, func()) {}, is(signer.NothingToExtend)},
		{"is no PDF", "", func(_ *archive, e *signer.Extension, _ func()) { _ = os.WriteFile(e.In, []byte("hello"), 0o600) }, is(signer.NotVerified)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := &archive{&fixture{dir: t.TempDir(), party: made.party, job: made.job}, made.stamps, &registry{t: t, parties: made.registry.parties}}
			a.stamps.before = nil
			in := filepath.Join(a.dir, "in.pdf")
			if err := os.WriteFile(in, files[tc.from], 0o600); err != nil {
				t.Fatal(err)
			}
			e := a.extension(in, signer.LevelLTA)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			tc.spoil(a, &e, cancel)
			entries, err := os.ReadDir(a.dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := e.Run(ctx); !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			left, err := os.ReadDir(a.dir)
			left = slices.DeleteFunc(left, func(d os.DirEntry) bool { return tc.name == "somebody takes the name" && d.Name() == "out.pdf" })
			if err != nil || len(left) != len(entries) {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A time stamp over the document that does not hold proves nothing, and is in nobody's way.
func TestABrokenTimeStampIsStampedOver(t *testing.T) {
	a := newArchive(t, "ecdsa")
	in := a.sign(t, signer.LevelLTA)
	alter(in, "/F 132", 3)
	result, err := a.extension(in, signer.LevelLTA).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stamps := result.Report.Stamps
	if len(stamps) != 2 || stamps[0].Verdict != verify.Invalid || stamps[1].Verdict != verify.Valid || result.Report.Signatures[0].Level != "LTA" {
		t.Errorf("%+v, level %s", stamps, result.Report.Signatures[0].Level)
	}
}

// alter puts another digit into a file, so many bytes after where some words stand last.
func alter(path, words string, after int) {
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	at := &data[bytes.LastIndex(data, []byte(words))+after]
	if *at != '0' {
		*at = '0'
	} else {
		*at = '1'
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		panic(err)
	}
}
