package verify

import (
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/finding"
)

func codes(findings finding.List) []string {
	out := []string{}
	for _, f := range findings {
		out = append(out, f.Code)
	}
	return out
}

func year(y int) time.Time { return time.Date(y, 6, 1, 0, 0, 0, 0, time.UTC) }

func TestTrust(t *testing.T) {
	for _, algorithm := range []string{"rsa", "ecdsa", "sm2"} {
		p := cmstest.New(t, algorithm, cmstest.Options{NotBefore: year(2024), NotAfter: year(2027)})
		encryption := cmstest.New(t, algorithm, cmstest.Options{KeyUsage: smx509.KeyUsageKeyEncipherment})
		long := cmstest.New(t, algorithm, cmstest.Options{NotAfter: year(2060)}) // which is longer than its authority's
		stranger := cmstest.New(t, "ecdsa", cmstest.Options{})
		for _, tc := range []struct {
			name    string
			party   *cmstest.Party
			roots   []*smx509.Certificate
			claimed time.Time
			now     time.Time
			chain   int
			want    []string
		}{
			{"trusted", p, []*smx509.Certificate{stranger.Root, p.Root}, year(2025), year(2026), 3, nil},
			{"no time claimed", p, []*smx509.Certificate{p.Root}, time.Time{}, year(2026), 3, []string{"verify.signed_time_missing"}},
			{"no roots", p, nil, year(2025), year(2026), 0, []string{"verify.no_roots"}},
			{"another's root", p, []*smx509.Certificate{stranger.Root}, year(2025), year(2026), 0, []string{"verify.signer_unknown"}},
			{"another's root, expired", p, []*smx509.Certificate{stranger.Root}, year(2025), year(2030), 0, []string{"verify.signer_unknown"}},
			{"expired since", p, []*smx509.Certificate{p.Root}, year(2025), year(2030), 3, []string{"verify.certificate_expired"}},
			{"expired when signing", p, []*smx509.Certificate{p.Root}, year(2029), year(2030), 3, []string{"verify.certificate_expired"}},
			{"its authority expired since", long, []*smx509.Certificate{long.Root}, year(2025), year(2055), 3, []string{"verify.certificate_expired"}},
			{"before its time", p, []*smx509.Certificate{p.Root}, year(2021), year(2026), 0, []string{"verify.not_valid_when_signed"}},
			{"in the future", p, []*smx509.Certificate{p.Root}, year(2026).AddDate(0, 1, 0), year(2026), 3, []string{"verify.signed_in_future"}},
			{"encryption certificate", encryption, []*smx509.Certificate{encryption.Root}, year(2025), year(2026), 3, []string{"verify.key_usage"}},
		} {
			t.Run(algorithm+"/"+tc.name, func(t *testing.T) {
				claimed := &tc.claimed
				if tc.claimed.IsZero() {
					claimed = nil
				}
				chain, findings := trust(tc.party.Chain[0], tc.party.Chain, claimed, nil, Options{Roots: tc.roots, Now: tc.now})
				if got := codes(findings); !slices.Equal(got, append([]string{}, tc.want...)) || len(chain) != tc.chain {
					t.Errorf("got %v with a chain of %d, want %v with %d", got, len(chain), tc.want, tc.chain)
				}
			})
		}
	}
}

// TestEmbeddedRootIsNotTrusted: a file cannot bring its own root.
func TestEmbeddedRootIsNotTrusted(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	now := year(2026)
	_, findings := trust(p.Chain[0], append(p.Chain, p.Root), &now, nil, Options{Roots: []*smx509.Certificate{cmstest.New(t, "ecdsa", cmstest.Options{}).Root}, Now: now})
	if got := codes(findings); !slices.Equal(got, []string{"verify.signer_unknown"}) {
		t.Errorf("got %v", got)
	}
}
