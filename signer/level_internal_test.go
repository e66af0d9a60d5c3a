package signer

import (
	"testing"

	"sealdesk/signer/verify"
)

// TestStampOverASignatureThatCannotBeRead: of one whose kind is not known there is no certificate.
func TestStampOverASignatureThatCannotBeRead(t *testing.T) {
	if chinese(&verify.Report{Signatures: []verify.Signature{{Field: "Signature1"}}}) {
		t.Error("a signature without a certificate is taken as SM2's")
	}
}
