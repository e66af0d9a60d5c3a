package signer_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/ses"
	"sealdesk/signer/verify"
)

// The signature of an electronic seal has its time stamp, which is over the value, and judged.
func TestAnElectronicSealIsStamped(t *testing.T) {
	for _, version := range []ses.Version{ses.V4, ses.V5} {
		f, s := newFixture(t, "sm2"), newStampService(t, "sm2")
		f.withSeal(t, func(i *ses.Info) { i.Version = version })
		f.job.Stamps = s.client()
		s.before = func() {
			if f.key.asked != 1 {
				t.Error("the service was asked before the key")
			}
		}
		result, err := f.job.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sig := result.Report.Signatures[0]
		if !result.Report.Valid() || sig.StampedBy != "Test TSA" || time.Since(*sig.StampedAt).Abs() > time.Minute || sig.Findings.Has("ses.timestamp") {
			t.Errorf("version %d: %s, stamped at %v by %q: %v", version, sig.Verdict, sig.StampedAt, sig.StampedBy, sig.Findings)
		}
		if s.asked != 1 || f.key.asked != 1 {
			t.Errorf("asked the service %d times, the key %d times", s.asked, f.key.asked)
		}

		// A stamp of an authority that nobody knows proves nothing; one that was altered is a doubt.
		data, err := os.ReadFile(result.Path)
		if err != nil {
			t.Fatal(err)
		}
		stranger := cmstest.New(t, "sm2", cmstest.Options{Name: "nobody"})
		judge := func(data []byte, known *cmstest.Party) verify.Signature {
			o := verify.Options{Roots: f.job.Roots, Makers: f.job.Makers, Intermediates: f.party.Chain[1:], StampRoots: []*smx509.Certificate{known.Root}}
			r, err := verify.File(t.Context(), bytes.NewReader(data), int64(len(data)), o)
			if err != nil {
				t.Fatal(err)
			}
			return r.Signatures[0]
		}
		if got := judge(data, stranger); got.StampedAt != nil || got.Verdict != verify.Valid || !got.Findings.Has("verify.timestamp_untrusted") {
			t.Errorf("an unknown authority: %s %v", got.Verdict, got.Findings)
		}
		gap := data[sig.ByteRange[1]+1 : sig.ByteRange[2]-1]
		der, err := hex.DecodeString(string(gap))
		if err != nil {
			t.Fatal(err)
		}
		end := len(bytes.TrimRight(der, "\x00"))
		der[end-3] ^= 1 // in the stamp's own signature, which comes last
		hex.Encode(gap, der)
		if got := judge(data, s.party); got.StampedAt != nil || got.Verdict != verify.Untrusted || !got.Findings.Has("verify.timestamp_wrong") {
			t.Errorf("an altered stamp: %s %v", got.Verdict, got.Findings)
		}
	}
}

// A seal of the first version has no place for one; that is told before the key is asked.
func TestAnOldSealIsNotStamped(t *testing.T) {
	f, s := newFixture(t, "sm2"), newStampService(t, "sm2")
	f.withSeal(t, func(i *ses.Info) { i.Version = ses.V1 })
	f.job.Stamps = s.client()
	_, err := f.job.Run(t.Context())
	var e *ses.Error
	if !errors.As(err, &e) || e.Code() != "ses.not_stamped" || f.key.asked != 0 || s.asked != 0 {
		t.Errorf("%v, the key was asked %d times", err, f.key.asked)
	}
}
