package verify

import (
	"bytes"
	"context"
	"crypto/x509/pkix"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/revocation"
)

// saying answers for every certificate of a signer's chain in turn, and counts; of a time-stamp authority it knows nothing bad.
type saying struct {
	answers []revocation.Answer
	asked   int
}

func (s *saying) CheckChain(_ context.Context, chain []*smx509.Certificate) []revocation.Answer {
	if chain[0].Subject.CommonName == "TSA" {
		return slices.Repeat([]revocation.Answer{{Status: revocation.Good}}, len(chain)-1)
	}
	s.asked++
	return s.answers[:len(chain)-1]
}

func TestRevocation(t *testing.T) {
	good := revocation.Answer{Status: revocation.Good}
	unknown := revocation.Answer{Status: revocation.NotKnown, Why: revocation.Stale, Detail: "of yesterday"}
	revokedAt := func(y int) revocation.Answer {
		return revocation.Answer{Status: revocation.Revoked, RevokedAt: year(y), Reason: "keyCompromise"}
	}
	authority := cmstest.New(t, "ecdsa", cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
	for _, tc := range []struct {
		name          string
		leaf, issuer  revocation.Answer
		stamped       time.Time
		verdict       Verdict
		code, message string
	}{
		{"good", good, good, time.Time{}, Valid, "", ""},
		{"not known", unknown, good, time.Time{}, Valid, "revocation.stale", "whether 测试采购人 was revoked is not known: the answer is too old: of yesterday"},
		{"not known to its authority", revocation.Answer{Status: revocation.NotKnown, Why: revocation.NotListed}, good, time.Time{}, Untrusted, "revocation.not_listed", ""},
		{"revoked", revokedAt(2024), good, time.Time{}, Untrusted, "revocation.revoked", "测试采购人 was revoked at 2024-06-01T00:00:00Z: keyCompromise"},
		{"revoked after the claimed time, which proves nothing", revokedAt(2026), good, time.Time{}, Untrusted, "revocation.revoked", ""},
		{"the issuer revoked", good, revokedAt(2024), time.Time{}, Untrusted, "revocation.revoked", ""},
		{"revoked after the time stamp", revokedAt(2026), good, year(2025).Add(24 * time.Hour), Valid, "verify.revoked_since", ""},
		{"revoked before the time stamp", revokedAt(2025), good, year(2025).Add(24 * time.Hour), Untrusted, "revocation.revoked", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			by := cmstest.New(t, "ecdsa", cmstest.Options{})
			p := newPaper(t)
			p.sign(by, signing{padding: 20_000, contents: func(der []byte) []byte {
				if tc.stamped.IsZero() {
					return der
				}
				sd, err := cms.Parse(der)
				if err != nil {
					t.Fatal(err)
				}
				if der, err = sd.AddTimeStamp(stamp(t, authority, tc.stamped, sd.SignatureValue())); err != nil {
					t.Fatal(err)
				}
				return der
			}})
			asked := &saying{answers: []revocation.Answer{tc.leaf, tc.issuer}}
			r := verifyWith(t, p.data, Options{Now: testNow, Roots: []*smx509.Certificate{by.Root, authority.Root}, Revocation: asked})
			codes := allCodes(r)
			if r.Verdict != tc.verdict || tc.code != "" && !slices.Contains(codes, tc.code) || asked.asked != 1 {
				t.Errorf("%s: %v, asked %d times", r.Verdict, codes, asked.asked)
			}
			if slices.Contains(codes, "verify.revocation_unknown") || tc.code == "" && len(codes) != 0 {
				t.Errorf("%v", codes)
			}
			for _, f := range r.Signatures[0].Findings {
				if tc.message != "" && f.Code == tc.code && f.Message != tc.message {
					t.Errorf("%q", f.Message)
				}
			}
			// Whose signer is not trusted is not asked about.
			asked = &saying{answers: []revocation.Answer{tc.leaf, tc.issuer}}
			verifyWith(t, p.data, Options{Now: testNow, Roots: []*smx509.Certificate{authority.Root}, Revocation: asked})
			if asked.asked != 0 {
				t.Error("asked about a stranger")
			}
		})
	}
}

// A signature in a file of its own is asked about too, and a time stamp in it proves when it was there.
func TestRevocationOfDetachedSignatures(t *testing.T) {
	content := []byte("any file")
	revoked := revocation.Answer{Status: revocation.Revoked, RevokedAt: year(2026), Reason: "keyCompromise"}
	good := revocation.Answer{Status: revocation.Good}
	authority := cmstest.New(t, "ecdsa", cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
	for _, tc := range []struct {
		name    string
		answer  revocation.Answer
		stamped bool
		verdict Verdict
		level   string
		status  revocation.Status
	}{
		{"good", good, false, Valid, "B", revocation.Good},
		{"revoked", revoked, false, Untrusted, "B", revocation.Revoked},
		{"good and stamped", good, true, Valid, "T", revocation.Good},
		{"revoked after the time stamp", revoked, true, Valid, "T", revocation.Good},
	} {
		t.Run(tc.name, func(t *testing.T) {
			by := cmstest.New(t, "ecdsa", cmstest.Options{})
			b := cms.Builder{Signer: by.Key, Chain: by.Chain, SigningTime: year(2025)}
			h, err := b.Hash()
			if err != nil {
				t.Fatal(err)
			}
			h.Write(content)
			der, err := b.Sign(h.Sum(nil))
			if err != nil {
				t.Fatal(err)
			}
			if tc.stamped {
				sd, err := cms.Parse(der)
				if err != nil {
					t.Fatal(err)
				}
				if der, err = sd.AddTimeStamp(stamp(t, authority, year(2025), sd.SignatureValue())); err != nil {
					t.Fatal(err)
				}
			}
			asked := &saying{answers: []revocation.Answer{tc.answer, good}}
			r, err := Detached(t.Context(), der, bytes.NewReader(content), int64(len(content)),
				Options{Now: testNow, Roots: []*smx509.Certificate{by.Root, authority.Root}, Revocation: asked})
			if err != nil {
				t.Fatal(err)
			}
			if s := r.Signatures[0]; r.Verdict != tc.verdict || s.Level != tc.level || s.Revocation != tc.status || (s.StampedAt != nil) != tc.stamped || asked.asked != 1 {
				t.Errorf("%s, level %s, revocation %s, stamped at %v, asked %d times: %v", r.Verdict, s.Level, s.Revocation, s.StampedAt, asked.asked, s.Findings)
			}
		})
	}
}
