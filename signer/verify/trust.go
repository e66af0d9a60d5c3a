package verify

import (
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/finding"
)

// clockSkew is how far the signer's clock may be ahead of ours.
const clockSkew = 10 * time.Minute

// trust looks for a chain from the signer's certificate to a trusted root. At the
// time that a time stamp proves, the chain must hold. Without one the time of signing is
// only claimed: the chain must hold at that time and now. Embedded certificates serve as intermediates.
func trust(leaf *smx509.Certificate, embedded []*smx509.Certificate, claimed, proven *time.Time, opts Options) ([]*smx509.Certificate, []finding.Finding) {
	var out []finding.Finding
	if claimed == nil && proven == nil {
		out = append(out, find("signed_time_missing"))
	} else if claimed != nil && claimed.After(opts.Now.Add(clockSkew)) {
		out = append(out, find("signed_in_future"))
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&(smx509.KeyUsageDigitalSignature|smx509.KeyUsageContentCommitment) == 0 {
		out = append(out, find("key_usage"))
	}
	if len(opts.Roots) == 0 {
		return nil, append(out, find("no_roots"))
	}
	roots, intermediates := smx509.NewCertPool(), smx509.NewCertPool()
	for _, c := range opts.Roots {
		roots.AddCert(c)
	}
	for _, c := range embedded {
		intermediates.AddCert(c)
	}
	at := func(t time.Time) ([]*smx509.Certificate, error) {
		chains, err := leaf.Verify(smx509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: t,
			// Vendors' certificates for documents carry all kinds of extended usages, or none.
			KeyUsages: []smx509.ExtKeyUsage{smx509.ExtKeyUsageAny}})
		if err != nil {
			return nil, err
		}
		return chains[0], nil
	}
	if proven != nil {
		if chain, err := at(*proven); err == nil {
			return chain, out
		}
		claimed = proven
	}
	chain, errNow := at(opts.Now)
	chainThen, errThen := chain, errNow
	if claimed != nil {
		chainThen, errThen = at(*claimed)
	}
	switch {
	case errNow == nil && errThen == nil:
		return chain, out
	case errNow == nil:
		return nil, append(out, find("not_valid_when_signed"))
	case errThen == nil && claimed != nil:
		return chainThen, append(out, find("certificate_expired"))
	}
	// A certificate that is out of its time is refused before its issuer is
	// looked for; ask for the last moment at which it was valid.
	if chain, err := at(leaf.NotAfter); err == nil {
		return chain, append(out, find("certificate_expired"))
	}
	return nil, append(out, find("signer_unknown"))
}
