package signer

import (
	"strings"
	"testing"

	"sealdesk/signer/finding"
	"sealdesk/signer/verify"
)

// TestStampOverASignatureThatCannotBeRead: of one whose kind is not known there is no certificate.
func TestStampOverASignatureThatCannotBeRead(t *testing.T) {
	if chinese(&verify.Report{Signatures: []verify.Signature{{Field: "Signature1"}}}) {
		t.Error("a signature without a certificate is taken as SM2's")
	}
}

// TestWhyAStampDoesNotCount: each way in which a new time stamp over the document fails is called by its own name.
func TestWhyAStampDoesNotCount(t *testing.T) {
	good := verify.Stamp{Verdict: verify.Valid, CoversWholeFile: true}
	said := func(s finding.Severity, what string) finding.List {
		return finding.List{{Code: "x." + what, Message: what, Severity: s}}
	}
	for _, tc := range []struct {
		why    string // words of it; "" where it counts
		before int
		after  verify.Report
	}{
		{"", 1, verify.Report{Stamps: []verify.Stamp{good, good}}},
		{"the document: broken apart", 0, verify.Report{Stamps: []verify.Stamp{good}, Findings: said(finding.Fatal, "broken apart")}},
		{"has 1 of them, and had 1", 1, verify.Report{Stamps: []verify.Stamp{good}}},
		{"does not hold: altered", 0, verify.Report{Stamps: []verify.Stamp{{Verdict: verify.Invalid, CoversWholeFile: true, Findings: said(finding.Fatal, "altered")}}}},
		{"not trusted: unknown", 0, verify.Report{Stamps: []verify.Stamp{{Verdict: verify.Untrusted, CoversWholeFile: true, Findings: said(finding.Doubt, "unknown")}}}},
		{"not cover the whole", 1, verify.Report{Stamps: []verify.Stamp{good, {Verdict: verify.Valid}}}},
	} {
		got := stampFault(&verify.Report{Stamps: make([]verify.Stamp, tc.before)}, &tc.after)
		if tc.why == "" && got != "" || !strings.Contains(got, tc.why) {
			t.Errorf("%q, want %q", got, tc.why)
		}
	}
}
