package verify

import (
	"encoding/asn1"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/smx509"
)

// anyPolicy stands for all policies in the certificate of an authority (RFC 5280, 4.2.1.4).
var anyPolicy = asn1.ObjectIdentifier{2, 5, 29, 32, 0}

// judgePolicies says which policies the signer's certificate was issued under, and whether one of those that are asked for
// holds along the chain (RFC 5280, 6.1, without mappings, which no chain is read for here).
func (s *judged) judgePolicies(wanted []asn1.ObjectIdentifier) {
	if s.Certificate == nil {
		return
	}
	for _, p := range s.Certificate.PolicyIdentifiers {
		s.Policies = append(s.Policies, p.String())
	}
	if len(wanted) > 0 && s.Chain != nil && !slices.ContainsFunc(wanted, func(p asn1.ObjectIdentifier) bool { return holdsAlong(s.Chain, p) }) {
		s.add(find("policy_other", "policies", strings.Join(s.Policies, ", ")))
	}
}

// holdsAlong says whether a policy stands in the signer's certificate and in that of each authority below the root, whose
// own says nothing (RFC 5280, 6.1.1: it is an input).
func holdsAlong(chain []*smx509.Certificate, policy asn1.ObjectIdentifier) bool {
	for i, c := range chain[:max(1, len(chain)-1)] {
		if !slices.ContainsFunc(c.PolicyIdentifiers, func(p asn1.ObjectIdentifier) bool { return p.Equal(policy) || i > 0 && p.Equal(anyPolicy) }) {
			return false
		}
	}
	return true
}
