package judge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/platform"
	"sealdesk/signer/verify"
)

// Judge implements platform.Judge.
type Judge struct{ roots, makers []*smx509.Certificate }

// New trusts these roots of signers and these makers of seals, and no others.
func New(roots, makers []*smx509.Certificate) *Judge {
	return &Judge{roots: slices.Clone(roots), makers: slices.Clone(makers)}
}

// ParseRoots reads PEM certificates; a block of anything else is an error. Text beside the blocks is passed over, as most files of roots
// have some.
func ParseRoots(text []byte) ([]*smx509.Certificate, error) {
	var roots []*smx509.Certificate
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("roots: a %s is not a certificate", block.Type)
		}
		c, err := smx509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("roots: certificate %d: %w", len(roots)+1, err)
		}
		roots, text = append(roots, c), rest
	}
	if len(roots) == 0 {
		return nil, errors.New("roots: no certificate")
	}
	return roots, nil
}

// Judge verifies a file. What makes the file as a whole invalid, such as a signature that was there and is gone, is an
// error, whatever holds of each signature; so is an encrypted file, of which nothing is known.
func (j *Judge) Judge(ctx context.Context, r io.ReaderAt, size int64) ([]platform.SignatureFact, error) {
	report, err := verify.File(ctx, r, size, verify.Options{Roots: j.roots, Makers: j.makers, Now: time.Now()})
	if err != nil {
		return nil, err
	}
	invalid := false
	facts := make([]platform.SignatureFact, 0, len(report.Signatures))
	for _, s := range report.Signatures {
		f := platform.SignatureFact{
			Field: s.Field, Intact: s.Intact && s.Verdict != verify.Invalid, Trusted: s.Verdict == verify.Valid,
			CoversWholeFile: s.CoversWholeFile, SignerName: s.Signer, RangeEnd: s.ByteRange[2] + s.ByteRange[3],
		}
		if s.Certificate != nil {
			sum := sha256.Sum256(s.Certificate.Raw)
			f.CertSHA256, f.SignerUSCC = hex.EncodeToString(sum[:]), platform.OrganisationCode(s.Certificate)
		}
		for _, x := range s.Findings {
			f.Findings = append(f.Findings, x.Code)
		}
		invalid = invalid || !f.Intact
		facts = append(facts, f)
	}
	unread := len(facts) == 0 && report.Verdict != verify.Unsigned
	if report.Verdict == verify.Invalid && !invalid || unread {
		codes := make([]string, 0, len(report.Findings))
		for _, x := range report.Findings {
			codes = append(codes, x.Code)
		}
		return nil, fmt.Errorf("judge: the file is not judged or invalid: %v", codes)
	}
	return facts, nil
}
