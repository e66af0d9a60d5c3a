package signer_test

import (
	"bytes"
	"context"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/fetch"
	"sealdesk/signer/seal"
	"sealdesk/signer/tsa"
)

// stampService answers time-stamp requests, and counts them.
type stampService struct {
	party  *cmstest.Party
	url    string
	asked  int
	before func()
}

func newStampService(t *testing.T, algorithm string) *stampService {
	t.Helper()
	s := &stampService{party: cmstest.New(t, algorithm, cmstest.Options{Name: "Test TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})}
	authority, err := tsa.NewAuthority(tsa.AuthorityConfig{Pairs: []tsa.Pair{{Key: s.party.Key, Chain: s.party.Chain}}, Policy: asn1.ObjectIdentifier{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked++
		if s.before != nil {
			s.before()
		}
		query, err := io.ReadAll(r.Body)
		var answer []byte
		if err == nil {
			answer, err = authority.Stamp(r.Context(), query)
		}
		if r.Context().Err() != nil { // who asked hung up
			return
		}
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", tsa.AnswerType)
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *stampService) client() *tsa.Client {
	return &tsa.Client{URL: s.url, Roots: []*smx509.Certificate{s.party.Root}}
}

// A job with a time-stamp service makes PAdES baseline T: one question, one answer of the key.
func TestJobStamps(t *testing.T) {
	for _, alg := range []string{"rsa", "ecdsa", "sm2"} {
		t.Run(alg, func(t *testing.T) {
			f, s := newFixture(t, alg), newStampService(t, alg)
			f.job.Stamps = s.client()
			s.before = func() {
				if f.key.asked != 1 {
					t.Error("the service was asked before the key")
				}
			}
			result, err := f.job.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			sig := result.Report.Signatures[0]
			if !result.Report.Valid() || sig.Level != "T" || sig.StampedBy != "Test TSA" || time.Since(*sig.StampedAt).Abs() > time.Minute {
				t.Errorf("%s, level %s, stamped at %v by %q: %v", sig.Verdict, sig.Level, sig.StampedAt, sig.StampedBy, sig.Findings)
			}
			if s.asked != 1 || f.key.asked != 1 {
				t.Errorf("asked the service %d times, the key %d times", s.asked, f.key.asked)
			}
			data, err := os.ReadFile(result.Path)
			if err != nil {
				t.Fatal(err)
			}
			if alg != "sm2" {
				opensslStamp(t, contentsOf(t, data, sig.ByteRange), s.party)
			}
			s.before = nil
			// The second party signs on top; the first one's time stamp stands.
			f.job.In, f.job.Out, f.job.ExpectSHA256, f.job.Stamps = result.Path, filepath.Join(f.dir, "two.pdf"), result.SHA256, s.client()
			f.job.Places = []seal.Place{place(t, "page=3,x=60mm,y=80mm")}
			second, err := f.job.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for _, sig := range second.Report.Signatures {
				if sig.Level != "T" || !sig.Intact {
					t.Errorf("%s: level %s, %v", sig.Field, sig.Level, sig.Findings)
				}
			}
		})
	}
}

// contentsOf is the signature's value.
func contentsOf(t *testing.T, data []byte, byteRange [4]int64) *cms.SignedData {
	t.Helper()
	raw := make([]byte, (byteRange[2]-byteRange[1]-2)/2)
	if _, err := hex.Decode(raw, data[byteRange[1]+1:byteRange[2]-1]); err != nil {
		t.Fatal(err)
	}
	der, _, err := cms.ToDER(raw)
	if err != nil {
		t.Fatal(err)
	}
	sd, err := cms.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	return sd
}

// opensslStamp has openssl judge the time stamp over the signature's value.
func opensslStamp(t *testing.T, sd *cms.SignedData, party *cmstest.Party) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Log("openssl is not installed: the time stamp is judged by package verify only")
		return
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certs := func(name string, list ...*smx509.Certificate) string {
		var b bytes.Buffer
		for _, c := range list {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
		}
		return write(name, b.Bytes())
	}
	tokens, _ := sd.TimeStamps()
	if len(tokens) != 1 {
		t.Fatalf("%d time stamps", len(tokens))
	}
	verify := func(value []byte) (string, error) {
		out, err := exec.Command("openssl", "ts", "-verify", "-data", write("value", value), "-in", write("token", tokens[0]), "-token_in",
			"-CAfile", certs("root.pem", party.Root), "-untrusted", certs("chain.pem", party.Chain...)).CombinedOutput()
		return string(out), err
	}
	if out, err := verify(sd.SignatureValue()); err != nil {
		t.Errorf("openssl refuses: %s", out)
	}
	if out, err := verify(sd.SignatureValue()[1:]); err == nil {
		t.Errorf("openssl accepts it for another value: %s", out)
	}
}

func TestAJobWithoutItsTimeStampLeavesNothingBehind(t *testing.T) {
	down := httptest.NewServer(nil)
	down.Close()
	for name, tc := range map[string]struct {
		change func(f *fixture, s *stampService)
		code   string
		kind   error
	}{
		"the service is down":                     {func(f *fixture, s *stampService) { f.job.Stamps.URL = down.URL }, "fetch.unreachable", &fetch.Error{Kind: fetch.Unreachable}},
		"its root is not trusted":                 {func(f *fixture, s *stampService) { f.job.Stamps.Roots = f.job.Roots }, "tsa.untrusted", &tsa.Error{Kind: tsa.Untrusted}},
		"it does not hold at the time of the job": {func(f *fixture, s *stampService) { f.job.Time = time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC) }, "signer.not_verified", nil},
		"it is refused":                           {func(f *fixture, s *stampService) { f.job.Stamps.Policy = asn1.ObjectIdentifier{1, 2, 9} }, "tsa.refused", &tsa.Error{Kind: tsa.Refused}},
	} {
		t.Run(name, func(t *testing.T) {
			f, s := newFixture(t, "ecdsa"), newStampService(t, "ecdsa")
			f.job.Stamps = s.client()
			tc.change(f, s)
			if _, err := f.job.Run(context.Background()); codeOf(err) != tc.code || tc.kind != nil && !errors.Is(err, tc.kind) {
				t.Errorf("%v", err)
			}
			f.clean(t)
		})
	}
	t.Run("called off while it is asked", func(t *testing.T) {
		f, s := newFixture(t, "ecdsa"), newStampService(t, "ecdsa")
		f.job.Stamps = s.client()
		ctx, cancel := context.WithCancel(context.Background())
		s.before = cancel
		if _, err := f.job.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		f.clean(t)
	})
}
