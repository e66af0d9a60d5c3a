package platform

import (
	"context"
	"io"
)

// Judge verifies the signatures in a PDF. The platform declares what it must know and is handed the verifier.
type Judge interface {
	// Judge reports every signature in the file, the oldest first; none is an empty answer. An error means that the file
	// could not be judged at all, and counts as a seal that does not hold unless ctx ended.
	Judge(ctx context.Context, r io.ReaderAt, size int64) ([]SignatureFact, error)
}

// SignatureFact is what holds of one signature.
type SignatureFact struct {
	Field           string
	Intact          bool // the bytes and everything that was added after them are as the signer allows
	Trusted         bool // the certificate leads to a root the platform trusts
	CoversWholeFile bool
	SignerUSCC      string // 统一社会信用代码 in the certificate, "" when there is none
	SignerName      string
	CertSHA256      string   // of the certificate's DER, lower-case hex
	RangeEnd        int64    // where the signed bytes end in the file
	Findings        []string // codes of what was found
}
