package verify

import (
	"encoding/asn1"
	"slices"
	"testing"

	"github.com/emmansun/gmsm/smx509"
)

func TestPolicies(t *testing.T) {
	good, other := asn1.ObjectIdentifier{1, 2, 156, 1}, asn1.ObjectIdentifier{1, 2, 156, 2}
	cert := func(policies ...asn1.ObjectIdentifier) *smx509.Certificate {
		return &smx509.Certificate{PolicyIdentifiers: policies}
	}
	root := cert()
	for name, tc := range map[string]struct {
		chain []*smx509.Certificate
		want  []asn1.ObjectIdentifier
		ok    bool
	}{
		"nothing is asked for":           {[]*smx509.Certificate{cert(), root}, nil, true},
		"the signer's own":               {[]*smx509.Certificate{cert(other, good), root}, []asn1.ObjectIdentifier{good}, true},
		"one of two":                     {[]*smx509.Certificate{cert(good), root}, []asn1.ObjectIdentifier{other, good}, true},
		"another":                        {[]*smx509.Certificate{cert(other), root}, []asn1.ObjectIdentifier{good}, false},
		"none":                           {[]*smx509.Certificate{cert(), root}, []asn1.ObjectIdentifier{good}, false},
		"any is not a signer's":          {[]*smx509.Certificate{cert(anyPolicy), root}, []asn1.ObjectIdentifier{good}, false},
		"the authority may issue any":    {[]*smx509.Certificate{cert(good), cert(anyPolicy), root}, []asn1.ObjectIdentifier{good}, true},
		"the authority has it":           {[]*smx509.Certificate{cert(good), cert(good), root}, []asn1.ObjectIdentifier{good}, true},
		"the authority has another":      {[]*smx509.Certificate{cert(good), cert(other), root}, []asn1.ObjectIdentifier{good}, false},
		"the authority has none":         {[]*smx509.Certificate{cert(good), cert(), root}, []asn1.ObjectIdentifier{good}, false},
		"the signer is a root":           {[]*smx509.Certificate{cert(good)}, []asn1.ObjectIdentifier{good}, true},
		"who is not trusted has no word": {nil, []asn1.ObjectIdentifier{good}, true},
	} {
		s := &judged{}
		s.Chain, s.Certificate = tc.chain, cert(other)
		if tc.chain != nil {
			s.Certificate = tc.chain[0]
		}
		s.judgePolicies(tc.want)
		if s.Findings.Has("verify.policy_other") == tc.ok {
			t.Errorf("%s: %v", name, s.Findings)
		}
		for _, p := range s.Certificate.PolicyIdentifiers {
			if !slices.Contains(s.Policies, p.String()) {
				t.Errorf("%s: %v is not told", name, p)
			}
		}
	}
	(&judged{}).judgePolicies([]asn1.ObjectIdentifier{good}) // no certificate could be read
}
